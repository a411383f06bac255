//! Finds out how each log group can be followed, and begins to follow it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::super::{Action, CallError, Kind, Pace, Place, Site, find_group};
use super::follow::Follow;
use super::link::{Beginning, Found, Link};
use super::queue::Queue;
use super::service::MOST_GROUPS;
use super::{Group, LiveTail, Notice, Request};

/// How often to poll at most, in milliseconds.
const POLL_EVERY: f64 = 2000.0;
/// Which part of the quota polling uses at most.
const SHARE: f64 = 0.5;

/// How often a call is made that fails before it is told.
const TRIES: u32 = 5;

/// Follows all sites in this thread.
pub(super) fn run<S: LiveTail>(
    sites: Vec<Site<S>>,
    request: &Request,
    floor: i64,
    recent: &[Found],
    queue: &Arc<Queue>,
) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        queue.close();
        return;
    };
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for site in sites {
            let setup = Setup::of(site, request, floor, queue);
            let recent = recent.to_vec();
            running.spawn(async move { setup.run(&recent).await });
        }
        let all = async { while running.join_next().await.is_some() {} };
        tokio::select! {
            () = all => {}
            () = queue.stopped() => {}
        }
    });
    queue.close();
    // A look-up of a name cannot be called off: nobody waits for one.
    runtime.shutdown_background();
}

/// What is known of a site before its groups are.
pub(super) struct Setup<S> {
    site: Site<S>,
    request: Request,
    beginning: Beginning,
    pace: Arc<Pace>,
    every: i64,
    queue: Arc<Queue>,
}

impl<S: LiveTail> Setup<S> {
    pub(super) fn of(site: Site<S>, request: &Request, floor: i64, queue: &Arc<Queue>) -> Self {
        let region = &site.place.region;
        let quota = request.quotas.of(Action::FilterLogEvents, region);
        let calls = site.groups.len() as f64 / (quota * SHARE);
        Self {
            beginning: Beginning {
                floor,
                earliest: request.since.unwrap_or(0),
                late: request.late.as_millis() as i64,
                has_history: request.since.is_some(),
            },
            request: request.clone(),
            pace: Arc::new(Pace::new(&request.quotas, region).with_tries(TRIES)),
            every: POLL_EVERY.max(calls * 1000.0) as i64,
            queue: Arc::clone(queue),
            site,
        }
    }

    /// Finds the groups, and follows them until nobody wants more.
    pub(super) async fn run(self, recent: &[Found]) {
        let (live, polled) = self.groups().await;
        let mut running = JoinSet::new();
        for groups in live.chunks(MOST_GROUPS) {
            let names = groups.iter().map(|group| Arc::clone(&group.name));
            running.spawn(self.follow(groups.to_vec(), names.collect(), recent).run());
        }
        if !polled.is_empty() {
            running.spawn(self.follow(Vec::new(), polled, recent).run());
        }
        while running.join_next().await.is_some() {}
    }

    /// Returns the groups that have a live tail, and those to poll.
    async fn groups(&self) -> (Vec<Group>, Vec<Arc<str>>) {
        if self.request.polls {
            return (Vec::new(), self.site.groups.clone());
        }
        let (mut live, mut polled, mut is_told) = (Vec::new(), Vec::new(), false);
        for name in &self.site.groups {
            self.queue.counts.calls.fetch_add(1, Ordering::Relaxed);
            let found = find_group(&*self.site.service, &self.pace, name).await;
            match found.map(|facts| facts.and_then(Group::of)) {
                Ok(Some(group)) if group.is_live => live.push(group),
                Ok(Some(_)) => {
                    self.queue.say(Notice::NoLiveTail(Arc::clone(name)));
                    polled.push(Arc::clone(name));
                }
                Ok(None) if self.request.optional.contains(name) => {
                    self.queue.say(Notice::Absent(self.missing(name)));
                }
                Ok(None) => self.queue.say(Notice::Problem(self.missing(name))),
                Err(error) if error.kind.concerns_all() => {
                    self.queue.say(Notice::Problem(error));
                    return (Vec::new(), Vec::new());
                }
                Err(error) => {
                    if !is_told {
                        let every = Duration::from_millis(self.every.unsigned_abs());
                        self.queue.say(Notice::Polling { error, every });
                    }
                    is_told = true;
                    polled.push(Arc::clone(name));
                }
            }
        }
        let names = &self.site.groups;
        if let (true, true, Some(name)) = (live.is_empty(), polled.is_empty(), names.first())
            && names
                .iter()
                .all(|name| self.request.optional.contains(name))
        {
            self.queue.say(Notice::Problem(self.missing(name)));
        }
        (live, polled)
    }

    fn follow(&self, live: Vec<Group>, readable: Vec<Arc<str>>, recent: &[Found]) -> Follow<S> {
        let mut link = Link::new(self.beginning);
        for found in recent
            .iter()
            .filter(|found| readable.contains(&found.group))
        {
            link.knows(found);
        }
        Follow {
            service: Arc::clone(&self.site.service),
            place: Arc::clone(&self.site.place),
            live,
            readable,
            pattern: self.request.pattern.clone(),
            prefixes: self.request.prefixes.clone(),
            optional: self.request.optional.clone(),
            link,
            pace: Arc::clone(&self.pace),
            every: self.every,
            queue: Arc::clone(&self.queue),
            clock: Arc::clone(&self.request.clock),
            look: None,
            is_troubled: false,
        }
    }

    fn missing(&self, group: &Arc<str>) -> CallError {
        CallError {
            kind: Kind::Missing,
            operation: "DescribeLogGroups",
            group: Arc::clone(group),
            place: Arc::<Place>::clone(&self.site.place),
            reason: String::new(),
        }
    }
}
