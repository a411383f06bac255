//! CloudWatch Logs as a source of events: which window of the log groups is read, and how.

use std::sync::Arc;

use super::super::Failure;
use super::super::context::Context;
use super::super::source::Wanted;
use super::regions;
use crate::cloudwatch::tail::{self, Notice, Tail};
use crate::cloudwatch::{Cache, Client, Direction, Quotas, Request, Site, Source};
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
        let runtime = super::runtime()?;
        let mut sites = Vec::new();
        for region in regions::find(context, wanted.groups)? {
            let (client, account) = runtime.block_on(region.client(context))?;
            sites.push(Site {
                account,
                place: Arc::new(client.place().clone()),
                service: Arc::new(client),
                groups: region.groups,
            });
        }
        Ok(Self {
            sites,
            request: request(context, wanted),
        })
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
        let request = tail::Request {
            since: context.window.since.map(|since| since.0),
            pattern: request.pattern,
            late: context.config.cloudwatch.ingestion_delay,
            polls,
            time_out: context.time_out,
            quotas: request.quotas,
            cache: request.cache,
            clock: Arc::new(|| jiff::Timestamp::now().as_millisecond()),
        };
        Ok(Tail::open(sites, &request, context.interrupt.flag(), tell))
    }

    /// Starts to read.
    pub(in crate::cli) fn open(self, context: &Context) -> Source {
        Source::open(self.sites, &self.request, context.interrupt.flag())
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
        ..Request::default()
    }
}
