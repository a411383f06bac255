//! `logq tail [PATTERN]`: the events that match, as they are logged.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::pager::Output;
use super::super::run;
use super::super::source::{self, Source};
use super::super::tail::{self, Ending};
use super::super::{Exit, Failure};
use super::ask;
use crate::drive::filter::Matches;
use crate::drive::{self, Scope, Seen};
use crate::record::Record;
use crate::render::{Events, Format};
use crate::scan::Blocks;
use crate::time::Window;

/// Follow the logs: print the events that match as they come
#[derive(Debug, clap::Args)]
#[command(
    before_long_help = "\
Examples:
  logq tail                                     every event of the stage's log groups
  logq tail '{ $.levelname = \"ERROR\" }' -t webapp -t worker
  logq tail Traceback --since 10m               with what came before
  logq tail ERROR --limit 1 --timeout 5m --fail-on-match
  logq tail --source app.log                    a file that grows, also when it is rotated
  docker logs -f web 2>&1 | logq tail ERROR",
    after_long_help = "\
Log groups are followed by CloudWatch Logs Live Tail, which AWS charges by the minute, and by FilterLogEvents where that \
is refused. Ends with Ctrl-C, --limit or --timeout."
)]
pub(in crate::cli) struct Args {
    /// The pattern; see `logq help filter-pattern`; without one every event
    #[arg(default_value = "", hide_default_value = true)]
    pattern: String,

    /// Ask for new events every few seconds instead of using Live Tail
    #[arg(long)]
    poll: bool,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let text = match args.pattern.as_str() {
        "" => "\"\"",
        text => text,
    };
    let pattern = ask::parse_pattern(context, text, None)?;
    refuse_ends(context)?;
    let source = source::resolve(context)?;
    if args.poll && source != Source::Aws {
        return Err(
            Failure::usage("only CloudWatch Logs is polled").hint("leave `--poll` out".to_owned())
        );
    }
    let mut events = Events::new(context.format(), &context.look);
    if source.has_streams() {
        events = events.with_streams();
    }
    let scope = scope(context, &source);
    context.interrupt.listen();
    let mut opened = tail::open(context, source, text, args.poll)?;
    let mut lines = Lines::new(context, &events)?;
    let has_left = tail::watch(opened.halt());
    let make_writer = || {
        let mut events = events.clone();
        move |record: &Record<'_>, out: &mut Vec<u8>| events.event(record, out)
    };
    let (zone, stop, seen) = (
        run::log_zone(context),
        context.interrupt.flag(),
        Seen::default(),
    );
    let setting = run::setting(context, &scope, &zone, &stop, &seen);
    drive::filter(&mut opened, &pattern, &setting, make_writer, |matches| {
        lines.take(matches)
    });
    let ending = opened.finish(context)?;
    if has_left.load(Ordering::Relaxed) {
        return Err(Failure::closed_output());
    }
    lines.end(&ending)
}

/// Returns which events count. What log groups bring late is printed, whenever it was logged; of a file the lines before
/// the window are passed over.
fn scope(context: &Context, source: &Source) -> Scope {
    let mut scope = run::scope(context, &[]);
    if *source == Source::Aws {
        scope.window = Window::default();
    }
    scope
}

/// Refuses a window that ends, and a format that needs an end: what is to come has none.
fn refuse_ends(context: &Context) -> Result<(), Failure> {
    if context.format() == Format::Json {
        return Err(
            Failure::usage("`json` is one document, which has no end here")
                .hint("one object a line: -o ndjson".to_owned()),
        );
    }
    if context.as_of.is_some() {
        return Err(
            Failure::usage("nothing can be followed as of another time").hint(
                "leave `--now` and LOGQ_NOW out; `logq filter` prints what was logged".to_owned(),
            ),
        );
    }
    if context.window.until.is_some() {
        return Err(Failure::usage(
            "`logq tail` prints what is still to come, so `--until` has no use",
        )
        .hint("`logq filter` prints a window; `--timeout 10m` ends a tail".to_owned()));
    }
    Ok(())
}

/// Lines on their way to standard output, each as soon as it is there.
struct Lines<'a> {
    context: &'a Context,
    output: Output,
    began: Instant,
    count: u64,
    is_full: bool,
    failure: Option<io::Error>,
}

impl<'a> Lines<'a> {
    fn new(context: &'a Context, events: &Events) -> Result<Self, Failure> {
        let mut output = Output::new();
        events.head(context.look.bom, output.buffer());
        output.flush()?;
        Ok(Self {
            context,
            output,
            began: Instant::now(),
            count: 0,
            is_full: false,
            failure: None,
        })
    }

    fn take(&mut self, matches: &Matches) -> ControlFlow<()> {
        let limit = self.context.limit.filter(|limit| *limit > 0);
        let wanted = limit.map_or(usize::MAX, |limit| (limit - self.count) as usize);
        let taken = matches.ends.len().min(wanted);
        if taken > 0 {
            let end = matches.ends[taken - 1].1;
            self.output
                .buffer()
                .extend_from_slice(&matches.bytes[..end]);
            self.count += taken as u64;
            if let Err(error) = self.output.flush() {
                self.failure = Some(error);
                return ControlFlow::Break(());
            }
        }
        self.is_full = limit.is_some_and(|limit| self.count >= limit);
        if self.is_full {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Says how it ended.
    fn end(self, ending: &Ending) -> Result<Exit, Failure> {
        if let Some(error) = self.failure {
            return Err(error.into());
        }
        let notices = &self.context.notices;
        let count = counted(self.count, "event", "events");
        let time = duration(self.began);
        let sampled = match ending.sampled {
            0 => String::new(),
            seconds => format!(
                "; in {} only a sample came",
                counted(seconds, "second", "seconds")
            ),
        };
        if self.context.interrupt.is_asked() {
            notices.remark(&format!("interrupted after {time}: {count}{sampled}"));
        } else if self.is_full {
            notices.remark(&format!("stopped after {count}, {time}{sampled}"));
        } else {
            notices.remark(&format!("{count} in {time}{sampled}"));
        }
        if ending.is_incomplete {
            notices.remark("the answer is incomplete");
        }
        Ok(output::exit(
            self.context,
            self.count,
            !ending.is_incomplete,
        ))
    }
}

/// Returns how long ago something began: `12 s`, `3 min 12 s`, `2 h 5 min`.
fn duration(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {minutes} min"),
    }
}
