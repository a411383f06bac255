//! CloudWatch Logs as a source of events: which window of the log groups is read, and how.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;

use super::super::Failure;
use super::super::context::Context;
use super::super::run;
use super::super::source::{Runs, Wanted};
use super::clock::{self, ServiceClock};
use super::regions;
use crate::cloudwatch::streams::{self, Question, RunSource};
use crate::cloudwatch::tail::{self, Notice, Tail};
use crate::cloudwatch::{Cache, Client, Direction, Quotas, Request, Site, Source};
use crate::detect::{Outcome, RunKind};
use crate::drive;
use crate::query::Program;
use crate::time::Timestamp;

/// How far back is read when nothing says it.
const HOUR: i64 = 3_600_000;
/// How far back a single run is looked for.
const DAY: i64 = 24 * HOUR;
/// How long before the window a run may have begun that ends in it.
const LONGEST_RUN: i64 = 6 * HOUR;
/// How far clocks of those who log may be ahead.
const AHEAD: i64 = 60_000;

/// The log groups that a call reads.
pub(in crate::cli) struct Logs {
    sites: Vec<Site<Client>>,
    request: Request,
}

impl Logs {
    /// Finds groups, regions and credentials; nothing is read yet.
    pub(in crate::cli) fn find(context: &Context, wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let began = Instant::now();
        let runtime = super::runtime()?;
        let found = runtime.block_on(within(context, regions::sites(context, wanted.groups)));
        // A look-up of a name cannot be called off: nobody waits for one.
        runtime.shutdown_background();
        let found = found?;
        let request = request(context, wanted);
        Ok(Self {
            sites: found.sites,
            request: Request {
                optional: found.optional,
                time_out: request
                    .time_out
                    .map(|all| all.saturating_sub(began.elapsed())),
                ..request
            },
        })
    }

    /// Returns what is read, and how, for who reads it in parts.
    pub(in crate::cli) fn into_parts(self) -> (Vec<Site<Client>>, Request) {
        (self.sites, self.request)
    }

    /// Begins to follow; `tell` is called for what happens on the way.
    pub(in crate::cli) fn tail(
        context: &Context,
        pattern: &str,
        polls: bool,
        tell: Box<dyn FnMut(&Notice) + Send>,
    ) -> Result<Tail, Failure> {
        let wanted = Wanted {
            pattern: Some(pattern),
            ..Wanted::default()
        };
        let Self { sites, request } = Self::find(context, &wanted)?;
        let (clock, sites) = super::runtime()?.block_on(ServiceClock::watch(context, sites));
        let ahead = clock.ahead().unwrap_or(0);
        warn_of_clock(context, ahead);
        let now = Timestamp(context.clock.now.0 + ahead);
        let request = tail::Request {
            since: context.since_as_of(now).map(|since| since.0),
            pattern: request.pattern,
            prefixes: request.prefixes,
            optional: request.optional,
            late: context.config.cloudwatch.ingestion_delay,
            polls,
            time_out: context.time_out,
            quotas: request.quotas,
            cache: request.cache,
            spent: clock.asked(),
            clock: Arc::new(move || clock.earliest()),
        };
        Ok(Tail::open(sites, &request, context.interrupt.flag(), tell))
    }

    /// Starts to read.
    pub(in crate::cli) fn open(self, context: &Context) -> Source {
        Source::open(self.sites, &self.request, context.interrupt.flag())
    }
}

/// Tells that times count from another clock than that of this machine.
fn warn_of_clock(context: &Context, ahead: i64) {
    if ahead.abs() > clock::ODD {
        let apart = clock::apart(ahead);
        context.notices.warn(&format!(
            "the clock of this machine is {apart}, and AWS's counts"
        ));
    }
}

/// Waits for what comes before the first call, as long as `--timeout` allows.
pub(in crate::cli) async fn within<T>(
    context: &Context,
    found: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(time_out) = context.time_out else {
        return found.await;
    };
    timeout(time_out, found).await.unwrap_or_else(|_| {
        Err(
            Failure::incomplete("time is up before AWS gave credentials and log groups").hint(
                "give it longer with --timeout, or check what gives the credentials".to_owned(),
            ),
        )
    })
}

impl Logs {
    /// Starts to look for runs.
    pub(in crate::cli) fn open_runs(self, context: &Context, runs: Runs<'_>) -> RunSource {
        let config = drive::run_config(&context.config);
        let question = Question {
            start: self.request.start + LONGEST_RUN,
            end: self.request.end,
            last: self.request.end.max(context.environment.now.0 + AHEAD),
            as_of: context.as_of.map(Timestamp::as_millis),
            wanted: wanted(runs),
            groups: config.groups,
            main_container: config.main_container,
            with_ids: matches!(runs, Runs::Of(program) if reads_link(program)),
            second: streams::SECOND,
            request: self.request,
        };
        RunSource::open(self.sites, question, context.interrupt.flag())
    }
}

/// The address of a run's page holds the id of an event.
fn reads_link(program: &Program) -> bool {
    let mut names = program.fields().names().iter();
    names.any(|name| **name == *"link")
}

fn wanted(runs: Runs<'_>) -> streams::Wanted {
    match runs {
        Runs::Of(program) => {
            let program = program.clone();
            let may_be = move |kind: RunKind, outcome: Outcome, name: Option<&str>| {
                run::may_be(&program, kind, outcome, name)
            };
            streams::Wanted::Runs(streams::Runs {
                may_be: Arc::new(may_be),
            })
        }
        Runs::Task(written) => {
            let wanted = drive::WantedTask::of(written);
            streams::Wanted::Task(streams::Task {
                written: written.to_owned(),
                id: drive::named_task(written).to_owned(),
                is_of: Arc::new(move |origin| wanted.is(origin.task(), origin)),
            })
        }
    }
}

/// Returns the cache; nothing when the user has no folder for one.
pub(in crate::cli) fn cache(context: &Context) -> Option<Cache> {
    let folder = context.environment.user_cache()?;
    Some(Cache::new(folder, context.config.cloudwatch.cache_size))
}

fn request(context: &Context, wanted: &Wanted<'_>) -> Request {
    let now = context.environment.now;
    let until = context.window.until;
    let end = until.unwrap_or(Timestamp(now.0 + AHEAD));
    let since = wanted.since.or(context.window.since);
    let usual = if wanted.whole_runs { DAY } else { HOUR };
    let start = since.map_or(until.unwrap_or(now).0 - usual, |since| since.0);
    Request {
        start: start - if wanted.whole_runs { LONGEST_RUN } else { 0 },
        end: end.0,
        // What matches everything need not be asked.
        pattern: wanted
            .pattern
            .filter(|text| !matches!(text.trim(), "" | "\"\""))
            .map(Arc::from),
        direction: if wanted.newest_first {
            Direction::NewestFirst
        } else {
            Direction::OldestFirst
        },
        time_out: context.time_out,
        cache: cache(context).filter(|_| !context.no_cache),
        closed: now.0 - context.config.cloudwatch.ingestion_delay.as_millis() as i64,
        quotas: Quotas(context.config.cloudwatch.quotas.clone()),
        // The events that ECS sends about a run are in a stream of another name.
        prefixes: context
            .scope
            .prefixes()
            .filter(|_| !wanted.whole_runs)
            .map(Arc::from)
            .collect(),
        ..Request::default()
    }
}
