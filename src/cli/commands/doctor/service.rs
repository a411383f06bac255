//! What AWS says: everything is asked side by side, and no longer than a call may take.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::super::super::aws::{self, Caller, Opened, Region, ServiceClock};
use super::super::super::context::Context;
use super::super::super::{Exit, Failure};
use super::report::Finding;
use super::{access, cache, credentials, groups, place, table};
use crate::cloudwatch::{
    Action, CallError, GroupFacts, Kind, Pace, Quotas, StreamFacts, Subject, find_group,
};

/// A region, with what it takes to ask there.
pub(super) struct Site {
    /// The region as flags and configuration name it.
    pub(super) asked: Option<String>,
    pub(super) opened: Opened,
    groups: Vec<Arc<str>>,
    pace: Pace,
    deadline: Instant,
    /// An instant at which there may be events.
    now: i64,
}

/// How often a call is made that fails: what is not well is told soon.
const TRIES: u32 = 3;

/// What was seen of a region.
pub(super) struct Seen {
    pub(super) site: Arc<Site>,
    /// How the first call ended, which tells whether others are worth making.
    pub(super) first: Result<(), CallError>,
    /// How many milliseconds the service's clock is ahead.
    pub(super) ahead: Option<i64>,
    pub(super) groups: Vec<GroupSeen>,
    /// How the calls ended that are about no log group.
    pub(super) trials: Vec<Tried>,
}

impl Seen {
    /// Returns whether none of the log groups is there.
    pub(super) fn has_no_group(&self) -> bool {
        let mut groups = self.groups.iter();
        groups.all(|group| matches!(group.facts, Ok(None)))
    }
}

/// How a call ended.
pub(super) type Tried = (Action, Result<(), CallError>);

/// What was seen of a log group.
pub(super) struct GroupSeen {
    pub(super) name: Arc<str>,
    pub(super) facts: Result<Option<GroupFacts>, CallError>,
    pub(super) newest: Option<StreamFacts>,
    pub(super) trials: Vec<Tried>,
}

/// A region, or why it cannot be asked.
pub(super) type Visited = Result<Seen, Failure>;

/// Asks AWS about everything that the configuration has.
pub(super) fn findings(context: &Context) -> Result<Vec<Finding>, Failure> {
    let patience = context.time_out;
    let patience = patience.unwrap_or(context.config.cloudwatch.call_timeout);
    let runtime = aws::runtime()?;
    let findings = runtime.block_on(look(context, patience));
    // A look-up of a name that nobody waits for any more is no reason to stay.
    runtime.shutdown_background();
    Ok(findings)
}

async fn look(context: &Context, patience: Duration) -> Vec<Finding> {
    let deadline = Instant::now() + patience;
    let (regions, unknown) = match find(context, deadline).await {
        Ok(regions) => (regions, None),
        // Without a stage there are no groups, and everything else can be looked at.
        Err(failure) => (vec![Region::of_stage(context, None)], Some(failure)),
    };
    let sites = open(context, regions, deadline).await;
    let tables = table::start(context, &sites, deadline);
    let first = sites.iter().find_map(|site| site.as_ref().ok()).cloned();
    let caller = caller(first, deadline);
    let (visited, caller) = tokio::join!(visit(sites), caller);
    let mut findings = credentials::findings(context, &visited, caller.as_ref());
    findings.extend(place::regions(context, &visited, unknown.as_ref()));
    findings.extend(place::clock(&visited));
    findings.extend(groups::findings(context, &visited));
    findings.extend(access::findings(&visited, caller.as_ref()));
    findings.extend(place::quotas(context, &visited));
    findings.extend(table::findings(tables).await);
    findings.extend(cache::findings(context));
    findings
}

/// Finds the log groups that reading finds: those of the stages, or of the account where no stage is known.
async fn find(context: &Context, deadline: Instant) -> Result<Vec<Region>, Failure> {
    let found = timeout_at(deadline, aws::found_regions(context, &[])).await;
    let found = found.unwrap_or_else(|_| aws::find_regions(context, &[]));
    // What is wrong with the credentials is told where they are looked at.
    found.or_else(|failure| match failure.exit {
        Exit::Incomplete => aws::find_regions(context, &[]),
        _ => Err(failure),
    })
}

/// Finds the credentials for each region.
async fn open(
    context: &Context,
    regions: Vec<Region>,
    deadline: Instant,
) -> Vec<Result<Arc<Site>, Failure>> {
    let mut sites = Vec::new();
    for region in regions {
        let opened = timeout_at(deadline, region.open(context)).await;
        let late = || {
            Failure::incomplete("time is up before AWS credentials were found")
                .hint("give it longer with --timeout".to_owned())
        };
        sites.push(opened.unwrap_or_else(|_| Err(late())).map(|opened| {
            let quotas = Quotas(context.config.cloudwatch.quotas.clone());
            let name = &opened.client.place().region;
            Arc::new(Site {
                asked: region.account.region().map(str::to_owned),
                groups: region.groups,
                pace: Pace::new(&quotas, name).with_tries(TRIES),
                deadline,
                now: context.environment.now.0,
                opened,
            })
        }));
    }
    sites
}

/// Asks whose the credentials are; `None` when there are none.
async fn caller(
    site: Option<Arc<Site>>,
    deadline: Instant,
) -> Option<Result<Caller, (Kind, String)>> {
    let site = site?;
    let answer = timeout_at(deadline, aws::caller(&site.opened.sdk)).await;
    let late = || (Kind::OutOfTime, "there was no answer in time".to_owned());
    Some(answer.unwrap_or_else(|_| Err(late())))
}

async fn visit(sites: Vec<Result<Arc<Site>, Failure>>) -> Vec<Visited> {
    let mut tasks = Vec::new();
    for site in sites {
        tasks.push(site.map(|site| tokio::spawn(see(site))));
    }
    let mut visited = Vec::new();
    for task in tasks {
        visited.push(match task {
            Ok(task) => Ok(task.await.expect("the task does not panic")),
            Err(failure) => Err(failure),
        });
    }
    visited
}

async fn see(site: Arc<Site>) -> Seen {
    let clock = ServiceClock::default();
    let mut first = site.first(&clock).await;
    if matches!(&first, Err(error) if error.kind == Kind::Clock) {
        // The client knows the service's time now, so that the rest can be looked at.
        first = site.first(&clock).await;
    }
    let mut seen = Seen {
        ahead: clock.ahead(),
        groups: Vec::new(),
        trials: vec![(Action::DescribeLogGroups, first.clone())],
        first,
        site: site.clone(),
    };
    if seen.is_worthless() {
        return seen;
    }
    let groups: Vec<_> = site
        .groups
        .iter()
        .map(|name| see_group(site.clone(), name.clone()))
        .collect();
    let groups = together(groups);
    let others = Action::OF_REGION
        .into_iter()
        .filter(|action| *action != Action::DescribeLogGroups);
    let others = together(
        others
            .map(|action| attempt(site.clone(), action, Subject::default()))
            .collect(),
    );
    let (groups, others) = tokio::join!(groups, others);
    seen.groups = groups;
    seen.trials.extend(others);
    seen
}

impl Seen {
    /// Returns whether no other call can succeed either.
    pub(super) fn is_worthless(&self) -> bool {
        matches!(&self.first, Err(error) if error.kind.concerns_all() || error.kind.is_passing())
    }

    /// Returns the region's name.
    pub(super) fn region(&self) -> &str {
        &self.site.opened.client.place().region
    }
}

async fn see_group(site: Arc<Site>, name: Arc<str>) -> GroupSeen {
    let client = &site.opened.client;
    let found = find_group(client, &site.pace, &name);
    let facts = site.in_time(Action::DescribeLogGroups, &name, found).await;
    let mut seen = GroupSeen {
        name: name.clone(),
        newest: None,
        trials: Vec::new(),
        facts,
    };
    if matches!(seen.facts, Ok(None)) {
        return seen;
    }
    let newest = site
        .call(Action::DescribeLogStreams, &name, || {
            client.newest_stream(&name)
        })
        .await;
    seen.newest = newest.as_ref().ok().cloned().flatten();
    let facts = seen.facts.as_ref().ok().cloned().flatten();
    let subject = Subject {
        group: name.clone(),
        arn: facts.and_then(|facts| facts.arn),
        stream: seen.newest.as_ref().map(|stream| stream.name.clone()),
        at: site.now,
    };
    let trials = Action::OF_GROUP.into_iter().filter(|action| match action {
        Action::DescribeLogStreams => false,
        // A session is opened by ARN.
        Action::StartLiveTail => subject.arn.is_some(),
        _ => true,
    });
    let trials = trials.map(|action| attempt(site.clone(), action, subject.clone()));
    seen.trials = together(trials.collect()).await;
    seen.trials
        .push((Action::DescribeLogStreams, newest.map(drop)));
    seen
}

async fn attempt(site: Arc<Site>, action: Action, subject: Subject) -> Tried {
    let client = &site.opened.client;
    let group = subject.group.clone();
    let end = site
        .call(action, &group, || client.try_call(action, subject.clone()))
        .await;
    (action, end)
}

/// Runs everything at once; the answers come in the order of the questions.
async fn together<T, F>(futures: Vec<F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (at, future) in futures.into_iter().enumerate() {
        tasks.spawn(async move { (at, future.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

impl Site {
    /// Makes the first call, and reads the service's clock off its answer.
    async fn first(&self, clock: &ServiceClock) -> Result<(), CallError> {
        let client = &self.opened.client;
        let nothing = Arc::from("");
        let call = || async {
            let call = client.sdk().describe_log_groups().limit(1).customize();
            let end = call.interceptor(clock.clone()).send().await;
            let error = |error| client.error("DescribeLogGroups", &nothing, &error);
            end.map(drop).map_err(error)
        };
        self.call(Action::DescribeLogGroups, &nothing, call).await
    }

    /// Makes a call at the pace of the quotas, for as long as there is time.
    async fn call<T, F>(
        &self,
        action: Action,
        group: &Arc<str>,
        make: impl Fn() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        self.in_time(action, group, self.pace.call(action, make))
            .await
    }

    /// Waits for what calls come to, for as long as there is time.
    async fn in_time<T>(
        &self,
        action: Action,
        group: &Arc<str>,
        calls: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let end = timeout_at(self.deadline, calls).await;
        end.unwrap_or_else(|_| {
            Err(CallError {
                kind: Kind::OutOfTime,
                operation: action.name(),
                group: group.clone(),
                place: Arc::new(self.opened.client.place().clone()),
                reason: "there was no answer in time".to_owned(),
            })
        })
    }
}
