//! `logq pull`: a window of CloudWatch Logs as files, which are then a source.
//!
//! Which stretches of which groups are missing stands in `copies`; here they are read, all groups of a region at a
//! time, and written, a file for each group.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::super::aws::Logs;
use super::super::context::Context;
use super::super::copies::Copies;
use super::super::opened::Watch;
use super::super::output::{self, counted, size};
use super::super::progress::Progress;
use super::super::reader;
use super::super::source::{Source, Wanted};
use super::super::{Exit, Failure};
use super::ask;
use crate::cloudwatch::streams::SECOND;
use crate::cloudwatch::{self, CallError, Client, Report, Request, Site};
use crate::decode::envelope::{Envelope, Object};
use crate::decode::json::Json;
use crate::decode::stamp::Clock;
use crate::event::{Event, Origin};
use crate::pattern::Pattern;
use crate::record::Record;
use crate::scan::{Block, Blocks, lines};
use crate::time::Timestamp;

/// The file that is locked while a folder is copied into: one that no source reads.
const LOCK: &str = ".logq-pull.lock";

/// Copy a window of CloudWatch Logs into a folder, to be read with --source
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq pull logs/ --since 1d
  logq pull logs/ --since 2026-11-20 --until 2026-11-21 -t batch
  logq errors --source logs/

What the folder has of the window already is not copied again.")]
pub(in crate::cli) struct Args {
    /// The folder, which is made if it is not there
    folder: PathBuf,

    /// Copy only events that match this filter pattern
    #[arg(short, long, value_name = "PATTERN")]
    pattern: Option<String>,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let pattern = args.pattern.as_deref();
    let parsed = pattern.map(|text| ask::parse_pattern(context, text, None));
    let parsed = parsed.transpose()?;
    check_source(context)?;
    context.tell_decisions(&Source::Aws.describe());
    context.interrupt.listen();
    let wanted = Wanted {
        pattern,
        ..Wanted::default()
    };
    let (sites, request) = Logs::find(context, &wanted)?.into_parts();
    let folder = context.environment.folder.join(&args.folder);
    let _held = if context.dry_run {
        None
    } else {
        hold(&folder)?
    };
    let mut pull = Pull {
        context,
        folder,
        pattern: parsed,
        request,
        started: Instant::now(),
        done: Done::default(),
    };
    let plans: Result<Vec<Jobs>, Failure> =
        sites.iter().map(|site| pull.plan(site, pattern)).collect();
    let plans = plans?;
    if context.dry_run {
        return pull.preview(&sites, &plans);
    }
    for (site, jobs) in sites.iter().zip(plans) {
        pull.site(site, jobs)?;
    }
    pull.tell_absent(sites.iter().map(|site| site.groups.len()).sum());
    pull.tell();
    Ok(output::exit(
        context,
        pull.done.events,
        !pull.done.has_failed,
    ))
}

/// Refuses sources that are files already; a pipe that was only guessed does not count.
fn check_source(context: &Context) -> Result<(), Failure> {
    let is_other = |path: &&String| *path != "aws";
    let Some(other) = context.sources.paths().iter().find(is_other) else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "only CloudWatch Logs can be pulled, and not `{other}`"
    ))
    .hint("files are read as they are; `--source aws` pulls whatever LOGQ_SOURCE says".to_owned()))
}

/// Keeps other processes from copying into the folder as long as the file is open: their copies and ours could overlap.
fn hold(folder: &Path) -> Result<Option<fs::File>, Failure> {
    let path = folder.join(LOCK);
    // Where nothing can be written, copying says why, and there may be nothing to copy.
    let Ok(file) = fs::create_dir_all(folder).and_then(|()| fs::File::create(path)) else {
        return Ok(None);
    };
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(Failure::incomplete(format!(
            "another `logq pull` copies into `{}`",
            folder.display()
        ))
        .hint("pull again when it is done".to_owned())),
        // Some file systems have no locks.
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// What is copied at once: a stretch of time, and the groups that lack it.
type Jobs = BTreeMap<(i64, i64), Vec<Job>>;

/// A stretch of one group.
struct Job {
    group: Arc<str>,
    path: PathBuf,
    /// Copies that are of no use once this one is there.
    replaces: Vec<PathBuf>,
}

/// The whole of it.
struct Pull<'a> {
    context: &'a Context,
    folder: PathBuf,
    pattern: Option<Pattern>,
    request: Request,
    started: Instant,
    done: Done,
}

/// What came of it so far.
#[derive(Default)]
struct Done {
    files: u64,
    events: u64,
    bytes: u64,
    has_failed: bool,
    /// Groups that are not there and need not be, by region and name.
    absent: BTreeMap<(String, Arc<str>), CallError>,
}

impl Pull<'_> {
    /// Returns what is to be copied of a site's groups.
    fn plan(&self, site: &Site<Client>, pattern: Option<&str>) -> Result<Jobs, Failure> {
        let Request {
            start, end, closed, ..
        } = self.request;
        let streams = self.request.prefixes.iter().map(|prefix| &**prefix);
        let question: Vec<&str> = pattern.into_iter().chain(streams).collect();
        let mut jobs = Jobs::new();
        for group in &site.groups {
            let copies = Copies::of(&self.folder, &site.place.region, group, &question);
            let plan = copies
                .plan((start, end), closed)
                .map_err(|other| overlaps(&other))?;
            if !self.context.dry_run {
                plan.stale.iter().try_for_each(|old| remove(old))?;
            }
            for one in plan.missing {
                jobs.entry(one.stretch).or_default().push(Job {
                    group: Arc::clone(group),
                    path: copies.path(one.stretch, closed),
                    replaces: one.replaces,
                });
            }
        }
        Ok(jobs)
    }

    /// Prints what would be asked for.
    fn preview(&self, sites: &[Site<Client>], plans: &[Jobs]) -> Result<Exit, Failure> {
        let mut lines = Vec::new();
        for (site, jobs) in sites.iter().zip(plans) {
            for ((start, end), jobs) in jobs {
                let [start, end] = [start, end].map(|at| Timestamp(*at));
                for job in jobs {
                    let (region, group) = (&site.place.region, &job.group);
                    lines.push(format!(
                        "FilterLogEvents  {region}  {group}  {start} to {end}\n"
                    ));
                }
            }
        }
        output::print_text(&lines.concat())?;
        self.context.notices.remark("dry run: nothing was copied");
        Ok(Exit::Done)
    }

    /// Copies what is missing of a site's groups; a group that fails or is not there is not asked for again.
    fn site(&mut self, site: &Site<Client>, jobs: Jobs) -> Result<(), Failure> {
        let mut failed = BTreeSet::new();
        let mut request = Request {
            is_part: true,
            ..self.request.clone()
        };
        for ((start, end), mut jobs) in jobs {
            jobs.retain(|job| !failed.contains(&job.group));
            if jobs.is_empty() || self.context.interrupt.is_asked() {
                continue;
            }
            let began = Instant::now();
            (request.start, request.end) = (start, end);
            let report = self.stretch(site, &request, &jobs)?;
            if began.elapsed() >= SECOND {
                request.spent = 0;
            }
            request.spent += report.calls;
            for job in jobs {
                if is_whole(&report, &job.group) {
                    // One that was there and is not later is gone.
                    request.optional.remove(&job.group);
                } else {
                    failed.insert(job.group);
                }
            }
            self.tell_problems(report);
        }
        Ok(())
    }

    /// Copies one stretch of some groups.
    fn stretch(
        &mut self,
        site: &Site<Client>,
        request: &Request,
        jobs: &[Job],
    ) -> Result<Report, Failure> {
        let site = Site {
            groups: jobs.iter().map(|job| Arc::clone(&job.group)).collect(),
            ..site.clone()
        };
        let left = request
            .time_out
            .map(|all| all.saturating_sub(self.started.elapsed()));
        let request = Request {
            time_out: left,
            ..request.clone()
        };
        let mut source =
            cloudwatch::Source::open(vec![site], &request, self.context.interrupt.flag());
        let watch = Watch::logs(source.progress(), Arc::default());
        let bar = Progress::start(self.context, move || watch.state());
        let mut files = Files::create(jobs)?;
        let written = files.write(&mut source, |event| self.fits(event));
        drop(bar);
        let report = source.into_report();
        let is_over = written.is_err() || self.context.interrupt.is_asked();
        for mut file in files.0 {
            if is_over || !is_whole(&report, &file.job.group) {
                continue;
            }
            self.done.bytes += file.keep()?;
            self.done.events += file.events;
            self.done.files += 1;
        }
        written?;
        Ok(report)
    }

    /// Returns whether an event is one that was asked for; the service is not relied on.
    fn fits(&self, event: Event<'_>) -> bool {
        let prefixes = &self.request.prefixes;
        let stream = &event.origin.stream;
        let stream_fits =
            prefixes.is_empty() || prefixes.iter().any(|prefix| stream.starts_with(&**prefix));
        stream_fits
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.matches(&Record::new(event)))
    }

    fn tell_problems(&mut self, report: Report) {
        let notices = &self.context.notices;
        for problem in reader::service_problems(&report) {
            notices.problem(&problem);
            self.done.has_failed = true;
        }
        if let Some(why) = reader::unkept(&report) {
            notices.warn(&why);
        }
        for error in report.absent {
            let key = (error.place.region.clone(), Arc::clone(&error.group));
            self.done.absent.insert(key, error);
        }
    }

    /// Tells which of so many groups are not there: with none of all, the stage is misspelt.
    fn tell_absent(&mut self, groups: usize) {
        let notices = &self.context.notices;
        let is_none = groups > 0 && self.done.absent.len() == groups;
        for error in self.done.absent.values() {
            if is_none {
                notices.problem(&reader::service_problem(error));
            } else {
                notices.warn(&reader::left_out(error));
            }
        }
        self.done.has_failed |= is_none;
    }

    fn tell(&self) {
        let notices = &self.context.notices;
        let folder = self.folder.display();
        let done = &self.done;
        if done.has_failed || self.context.interrupt.is_asked() {
            notices.remark(
                "the copy is incomplete: what is missing is copied when the same is pulled again",
            );
        } else if done.files == 0 {
            notices.remark(&format!("{folder} has all of it already"));
            return;
        }
        let files = counted(done.files, "file", "files");
        let events = counted(done.events, "event", "events");
        let bytes = size(done.bytes);
        notices.remark(&format!("{events}, {bytes} in {files} below {folder}"));
    }
}

/// Returns whether a group is there and nothing of it is missing.
fn is_whole(report: &Report, group: &Arc<str>) -> bool {
    let concerns = |problem: &CallError| problem.kind.concerns_all() || problem.group == *group;
    let has_unknown_gap = report.has_gaps && report.problems.is_empty();
    let mut failures = report.problems.iter().chain(&report.absent);
    !has_unknown_gap && !failures.any(concerns)
}

fn overlaps(other: &Path) -> Failure {
    let other = other.display();
    Failure::usage(format!(
        "`{other}` has events of the same time, for another pattern or other streams"
    ))
    .hint("name another folder: in one, events would be there twice".to_owned())
}

/// The files that are being written.
struct Files<'a>(Vec<Part<'a>>);

/// A file on its way.
struct Part<'a> {
    job: &'a Job,
    /// Where it is until it is whole.
    draft: PathBuf,
    encoder: Option<zstd::stream::Encoder<'static, BufWriter<fs::File>>>,
    events: u64,
}

impl<'a> Files<'a> {
    fn create(jobs: &'a [Job]) -> Result<Self, Failure> {
        let files: Result<Vec<Part<'a>>, Failure> = jobs.iter().map(Part::create).collect();
        files.map(Self)
    }

    /// Writes the lines of all blocks that fit, each into the file of its group.
    fn write(
        &mut self,
        source: &mut impl Blocks,
        mut fits: impl FnMut(Event<'_>) -> bool,
    ) -> Result<(), Failure> {
        let clock = Clock::utc();
        let mut block = Block::default();
        while source.next_into(&mut block) {
            for line in lines::lines(block.bytes(), 0) {
                let line = &block.bytes()[line];
                let Object::Envelope(envelope) = Object::read(line, &clock) else {
                    continue;
                };
                let group = envelope.group.and_then(Json::as_str).unwrap_or_default();
                let file = self.0.iter_mut().find(|file| *file.job.group == *group);
                if let Some(file) = file
                    && of_envelope(&envelope, &mut fits)
                {
                    file.write(line)?;
                }
            }
        }
        Ok(())
    }
}

/// Hands on the event that an envelope carries.
fn of_envelope<T>(envelope: &Envelope<'_>, take: impl FnOnce(Event<'_>) -> T) -> T {
    let message = envelope.message.as_str().unwrap_or_default();
    let stream = envelope.stream.and_then(Json::as_str);
    let origin = Origin::new("", &*stream.unwrap_or_default());
    take(Event {
        timestamp: envelope.timestamp.unwrap_or(Timestamp(0)),
        ingestion: envelope.ingestion,
        message: message.as_bytes(),
        origin: &origin,
        id: envelope.id,
    })
}

impl<'a> Part<'a> {
    fn create(job: &'a Job) -> Result<Self, Failure> {
        let draft = unfinished(&job.path);
        let folder = job.path.parent().unwrap_or(Path::new("."));
        let encoder = fs::create_dir_all(folder)
            .and_then(|()| fs::File::create(&draft))
            .and_then(|file| zstd::stream::Encoder::new(BufWriter::new(file), 3))
            .map_err(|error| cannot_write(&job.path, &error))?;
        Ok(Self {
            job,
            draft,
            encoder: Some(encoder),
            events: 0,
        })
    }

    fn write(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.events += 1;
        let Some(encoder) = &mut self.encoder else {
            return Ok(());
        };
        let written = encoder
            .write_all(line)
            .and_then(|()| encoder.write_all(b"\n"));
        written.map_err(|error| cannot_write(&self.job.path, &error))
    }

    /// Gives the file its name, and removes those whose place it takes; returns how long it is.
    fn keep(&mut self) -> Result<u64, Failure> {
        let job = self.job;
        let path = &job.path;
        let finish = |encoder: zstd::stream::Encoder<'static, BufWriter<fs::File>>| {
            let mut file = encoder.finish()?;
            file.flush()?;
            file.get_ref().sync_all()?;
            let length = file.get_ref().metadata()?.len();
            fs::rename(&self.draft, path)?;
            Ok(length)
        };
        let kept: io::Result<u64> = self.encoder.take().map_or(Ok(0), finish);
        let length = kept.map_err(|error| {
            self.discard();
            cannot_write(path, &error)
        })?;
        let mut old = job.replaces.iter().filter(|old| *old != path);
        old.try_for_each(|old| remove(old))?;
        Ok(length)
    }

    fn discard(&mut self) {
        self.encoder = None;
        // One that stays has a name that no source reads.
        let _ = fs::remove_file(&self.draft);
    }
}

impl Drop for Part<'_> {
    /// Removes what was not kept: what is no whole copy is of no use to anybody.
    fn drop(&mut self) {
        if self.encoder.is_some() {
            self.discard();
        }
    }
}

/// Returns the name of a copy that is not whole: one that no source reads.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.part"))
}

fn remove(old: &Path) -> Result<(), Failure> {
    fs::remove_file(old).map_err(|error| {
        let failure = Failure::incomplete(format!("cannot remove `{}`", old.display()));
        failure.cause(error.to_string())
    })
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::incomplete(format!("cannot write `{}`", path.display())).cause(error.to_string())
}
