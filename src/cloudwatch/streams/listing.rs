//! Finds the streams of a group that may hold events of a window, by `DescribeLogStreams`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::Action;
use super::calls::{Caller, Failed};
use super::service::{DescribeCall, StreamFacts, StreamService};

/// How far behind the time of a stream's last event may be, as the service tells it.
pub(super) const LAG: i64 = 3 * 3_600_000;
/// How many pages of streams are looked through. One may be empty and lead on.
const MOST: usize = 200;
/// How many pages may lead back to themselves, one after the other.
const STANDING: usize = 20;
/// How many pages there may be of streams whose names begin in one way.
const MOST_NAMED: usize = 20;

/// The streams of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    /// Those that may hold events from an instant on, the last written to first.
    pub(super) streams: Vec<StreamFacts>,
    /// How names of streams begin, up to the task's id: also of streams that are too old.
    pub(super) beginnings: BTreeSet<String>,
    /// Whether there were more than were looked through.
    pub(super) is_cut: bool,
}

/// Lists the streams of a group that may hold events from `start` on.
pub(super) async fn list<S: StreamService>(
    service: &S,
    caller: &Caller,
    group: &Arc<str>,
    start: i64,
) -> Result<Listing, Failed> {
    let mut found = Listing::default();
    let mut token = None;
    let mut standing = 0;
    for _ in 0..MOST {
        let page = describe(service, caller, group, None, token.clone()).await?;
        let is_past = |stream: &StreamFacts| stream.last.is_some_and(|last| last < start - LAG);
        let reached = page.streams.iter().any(is_past);
        found
            .beginnings
            .extend(page.streams.iter().filter_map(beginning));
        let streams = page.streams.into_iter().filter(|one| !is_past(one));
        found.streams.extend(streams);
        standing = if page.token == token { standing + 1 } else { 0 };
        if reached || page.token.is_none() || standing > STANDING {
            found.is_cut = standing > STANDING;
            found.tidy();
            return Ok(found);
        }
        token = page.token;
    }
    found.is_cut = true;
    found.tidy();
    Ok(found)
}

/// Lists the streams of a group whose names begin so.
pub(super) async fn named<S: StreamService>(
    service: &S,
    caller: &Caller,
    group: &Arc<str>,
    prefix: &str,
) -> Result<Listing, Failed> {
    let mut found = Listing::default();
    let mut token = None;
    for _ in 0..MOST_NAMED {
        let prefix = Some(prefix.to_owned());
        let page = describe(service, caller, group, prefix, token).await?;
        found.streams.extend(page.streams);
        token = page.token;
        if token.is_none() {
            break;
        }
    }
    found.is_cut = token.is_some();
    found.tidy();
    Ok(found)
}

async fn describe<S: StreamService>(
    service: &S,
    caller: &Caller,
    group: &Arc<str>,
    prefix: Option<String>,
    token: Option<String>,
) -> Result<super::service::StreamsPage, Failed> {
    let call = DescribeCall {
        group: Arc::clone(group),
        prefix,
        token,
    };
    let make = || service.describe_log_streams(call.clone());
    caller.call(Action::DescribeLogStreams, group, make).await
}

impl Listing {
    /// Leaves each stream once: a page may come twice, and a stream may move up while others are read.
    fn tidy(&mut self) {
        let mut seen = BTreeSet::new();
        self.streams
            .retain(|stream| seen.insert(Arc::clone(&stream.name)));
    }
}

/// Returns what stands in front of a task's id.
fn beginning(stream: &StreamFacts) -> Option<String> {
    let (before, _) = stream.name.rsplit_once('/')?;
    Some(format!("{before}/"))
}
