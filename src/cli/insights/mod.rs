//! `--engine insights`: a question answered by the Logs Insights service.
//!
//! `plan` decides what is sent, `size` what that will look at, `told` words what came of it. The queries themselves are
//! `cloudwatch::insights`.

mod explain;
mod plan;
mod rehearsal;
mod size;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::aws::regions::{self, Sites};
use super::commands::ask::{self, Question};
use super::context::Context;
use super::opened::Volume;
use super::progress::{Progress, State};
use super::run::{Answer, Ask};
use super::source::Written;
use super::{Exit, Failure};
use crate::cloudwatch::insights::{self, Halt, MOST_GROUPS, Part, Region, Request, Spent, joined};
use crate::cloudwatch::{Client, Pace, Quotas, Site};
use crate::query::plan::{Parts, Whole};
use plan::Plan;
use size::Size;

pub(super) use explain::explain;

/// Answers a question on standard output.
pub(super) fn answer(
    context: &Context,
    question: &Question<'_>,
    ask: &Ask<'_>,
) -> Result<Exit, Failure> {
    check_source(&context.sources)?;
    let plan = plan::plan(context, ask)?;
    for doubt in &plan.doubts {
        let notices = &context.notices;
        notices.decision(&format!("in doubt on the service: {}", doubt.message));
    }
    context.tell_decisions(SOURCE);
    let runtime = runtime()?;
    context.interrupt.listen();
    let halt = Halt::new(context.interrupt.flag(), context.time_out);
    let found = runtime.block_on(halt.before(Box::pin(parts(context, ask, &plan))));
    let Some(found) = found else {
        // A look-up of a name cannot be called off: nobody waits for one.
        runtime.shutdown_background();
        return told::too_soon(context);
    };
    let Parted {
        mut parts,
        optional,
    } = found?;
    check_joint(&plan, parts.len())?;
    let size = size::of(context, &plan, &mut parts, &optional, &halt);
    let size = runtime.block_on(size)?;
    if context.dry_run {
        return rehearsal::print(context, &plan, &parts, &size);
    }
    // When nobody waits any more, no query is started.
    if size.halted.is_none() {
        size.check(context)?;
    }
    if parts.is_empty() {
        return nothing(context, question, &plan, &size);
    }
    let progress = Arc::new(insights::Progress::default());
    let bar = bar(context, &progress, &size);
    let found = runtime.block_on(insights::run(&parts, &plan.request, &halt, &progress));
    drop(bar);
    // What is on its way is not waited for.
    runtime.shutdown_background();
    if let Some(malformed) = found.malformed() {
        return Err(told::malformed(ask, &plan, malformed));
    }
    finish(context, question, &plan, &parts, found, &size)
}

/// What is read, in words.
const SOURCE: &str = "Logs Insights";

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::incomplete("cannot wait for AWS").cause(error.to_string()))
}

/// Refuses sources that the service does not read; a pipe that was only guessed does not count.
fn check_source(sources: &Written) -> Result<(), Failure> {
    match sources.paths().iter().find(|one| *one != "aws") {
        None => Ok(()),
        Some(other) => Err(Failure::usage(format!(
            "Logs Insights reads log groups, and not `{other}`"
        ))
        .hint("leave out `--source`, or `--engine insights`".to_owned())),
    }
}

/// What is asked, part by part.
struct Parted {
    parts: Vec<Part<Client>>,
    /// Groups that need not be there.
    optional: BTreeSet<Arc<str>>,
}

/// Finds the log groups, and a client for each region.
async fn parts(context: &Context, ask: &Ask<'_>, plan: &Plan) -> Result<Parted, Failure> {
    let found = match plan.source {
        Some(_) => without_groups(context).await?,
        None => regions::sites(context, ask.groups).await?,
    };
    let quotas = Quotas(context.config.cloudwatch.quotas.clone());
    let mut parts = Vec::new();
    for site in found.sites {
        let region = Arc::new(Region {
            pace: Pace::new(&quotas, &site.place.region),
            place: site.place,
            service: site.service,
        });
        let part = |groups: &[Arc<str>]| Part {
            region: Arc::clone(&region),
            groups: groups.to_vec(),
        };
        if plan.source.is_some() {
            parts.push(part(&[]));
        } else {
            parts.extend(site.groups.chunks(MOST_GROUPS).map(part));
        }
    }
    Ok(Parted {
        parts,
        optional: found.optional,
    })
}

/// Finds the regions for a query that chooses its groups itself: each once, however often and in which ways it is spelt.
async fn without_groups(context: &Context) -> Result<Sites, Failure> {
    let mut sites: Vec<Site<Client>> = Vec::new();
    for region in regions::without_groups(context) {
        let (client, account) = region.client(context).await?;
        let place = Arc::new(client.place().clone());
        let is_same =
            |site: &Site<Client>| site.place.region == place.region && site.account == account;
        if !sites.iter().any(is_same) {
            sites.push(Site {
                account,
                place,
                service: Arc::new(client),
                groups: Vec::new(),
            });
        }
    }
    Ok(Sites {
        sites,
        optional: BTreeSet::new(),
    })
}

/// Refuses a query whose answers over several regions, or over more groups than one query takes, cannot be joined.
fn check_joint(plan: &Plan, parts: usize) -> Result<(), Failure> {
    if parts < 2 {
        return Ok(());
    }
    let why = match &plan.parts {
        Some(Ok(Parts { keys, .. })) if !keys.is_empty() => return Ok(()),
        Some(Ok(_)) => {
            return Err(Failure::usage(format!(
                "the answers of {parts} regions or sets of log groups cannot be put in order"
            ))
            .cause("no column shows what the rows are sorted by")
            .hint("add `@timestamp`, or what `sort` names, to `fields`; or choose a stage: --stage NAME".to_owned()));
        }
        Some(Err(Whole::Stats)) => "aggregates are computed in each of them",
        Some(Err(Whole::Subquery)) => "a query inside it runs in each of them",
        Some(Err(Whole::Rows(_))) => "rows are compared with each other in each of them",
        Some(Err(Whole::BehindLimit)) => "a command behind `limit` chooses among the rows of each",
        None => "only the service knows what the query does",
    };
    Err(Failure::usage(format!(
        "the answers of {parts} regions or sets of log groups cannot be joined"
    ))
    .cause(why)
    .hint(
        "choose a stage, services or a region: --stage NAME, --target NAME, --region NAME"
            .to_owned(),
    ))
}

fn bar(context: &Context, progress: &Arc<insights::Progress>, size: &Size) -> Progress {
    let counts = Arc::clone(progress);
    let total = size.bytes.unwrap_or(0.0) as u64;
    Progress::start(context, move || State {
        read: counts.bytes(),
        total: total.max(counts.bytes()),
        events: counts.events(),
        window: None,
    })
}

/// Answers when none of the groups is there.
fn nothing(
    context: &Context,
    question: &Question<'_>,
    plan: &Plan,
    size: &Size,
) -> Result<Exit, Failure> {
    let (columns, rows) = joined(Vec::new(), plan.shape.clone());
    let answer = Answer {
        problems: size.problems.clone(),
        volume: Volume::Scanned(0, 0),
        again: super::reader::Again::Nothing,
        ..Answer::default()
    };
    ask::print(context, question, SOURCE, (&columns, &rows), &answer)
}

fn finish(
    context: &Context,
    question: &Question<'_>,
    plan: &Plan,
    parts: &[Part<Client>],
    found: insights::Answer,
    size: &Size,
) -> Result<Exit, Failure> {
    let mut problems = size.problems.clone();
    problems.extend(told::problems(&plan.request, &found));
    let mut seen = Spent::default();
    for one in &found.found {
        seen.add(one.seen);
    }
    let cost = told::cost(context, parts, &found, seen);
    let warnings = told::warnings(&plan.request, &found);
    let cells = found.found.into_iter().map(|one| one.rows).collect();
    let (columns, mut rows) = joined(cells, plan.shape.clone());
    let truncated = keep(&mut rows, plan, parts.len(), seen);
    let answer = Answer {
        truncated,
        events: seen.scanned as u64,
        volume: Volume::Scanned(seen.scanned as u64, seen.bytes as u64),
        problems,
        warnings,
        again: super::reader::Again::Nothing,
        ..Answer::default()
    };
    let exit = ask::print(context, question, SOURCE, (&columns, &rows), &answer);
    context.notices.remark(&cost);
    exit
}

/// Keeps as many rows as are wanted; returns whether there are more.
fn keep<R>(rows: &mut Vec<R>, plan: &Plan, parts: usize, seen: Spent) -> bool {
    let Request {
        wanted,
        is_limited,
        most,
        ..
    } = plan.request;
    if is_limited {
        let limit = plan
            .parts
            .as_ref()
            .and_then(|parts| parts.as_ref().ok()?.limit);
        if let Some(limit) = limit.filter(|_| parts > 1) {
            rows.truncate(limit as usize);
        }
        return false;
    }
    let Some(wanted) = wanted else {
        return false;
    };
    let is_cut = rows.len() as u64 > wanted;
    rows.truncate(wanted as usize);
    // No query gives a row more than the most, so that only the count of events tells.
    is_cut || (wanted == most && rows.len() as u64 == most && seen.matched as u64 > most)
}
