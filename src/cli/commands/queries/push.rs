//! `logq queries push`: saved queries as query definitions, which the console of CloudWatch lists.

use super::super::super::context::Context;
use super::super::super::output::{self, counted};
use super::super::super::{Exit, Failure, completions, confirm};
use super::changes::{self, Change, State};
use super::difference;
use super::sites::{self, FOLDER, Sites, Stop};
use crate::cloudwatch::{Definition, Maker};
use crate::saved::{Mistake, SavedQuery};

pub(super) const LONG: &str = "\
Put saved queries into CloudWatch, as query definitions that the console lists below `logq/`.

A parameter that is a number or a period stays one; others have their defaults. Queries about runs, and those with \
fields that only logq has, are left out, and the answer says why. What somebody changed in the console is only \
replaced after a question, or with --yes.";

/// Put saved queries into CloudWatch, where the console lists them
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq queries push --dry-run
  logq queries push slow-requests --stage production
  logq queries push --prune --yes")]
pub(super) struct Args {
    /// Only these queries; default: all
    #[arg(add = clap_complete::ArgValueCandidates::new(completions::query_names))]
    names: Vec<String>,

    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Replace what was changed in the console, and remove without a question
    #[arg(short, long)]
    yes: bool,

    /// Remove definitions below `logq/` whose saved query is gone
    #[arg(long)]
    prune: bool,
}

/// One thing to do, or to leave.
struct Step {
    change: Change,
    site: usize,
    act: Option<Act>,
}

enum Act {
    Put(Definition),
    Delete(String),
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.prune {
        refuse_prune(context, args)?;
    }
    let queries = super::chosen(context, &args.names)?;
    context.interrupt.listen();
    let mut sites = Sites::open(context)?;
    let Some(mut steps) = plan(context, args, &mut sites, &queries)? else {
        context.notices.remark("interrupted; nothing was changed");
        return Ok(Exit::Interrupted);
    };
    let may_replace = args.yes || args.dry_run || ask(context, &steps);
    let left = if may_replace {
        0
    } else {
        leave_others(&mut steps)
    };
    if !args.dry_run {
        carry_out(context, &mut sites, &mut steps);
    }
    let changes: Vec<Change> = steps.into_iter().map(|step| step.change).collect();
    changes::print(context, &changes, args.dry_run)?;
    tell(context, args, &changes, left);
    Ok(exit(context, args, &changes, left))
}

/// Refuses to remove everything for want of the files.
fn refuse_prune(context: &Context, args: &Args) -> Result<(), Failure> {
    if !args.names.is_empty() {
        return Err(Failure::usage("`--prune` is about all saved queries")
            .hint("logq queries push --prune".to_owned()));
    }
    let folder = context.config.folder().map(|folder| folder.join("queries"));
    if folder.is_none_or(|folder| !folder.is_dir()) {
        return Err(Failure::usage(
            "there is no folder `queries` beside a logq.toml, so every definition would be removed",
        )
        .hint("call it where the saved queries are, or with --config PATH".to_owned()));
    }
    Ok(())
}

/// Compares saved queries and definitions; nothing when the person wants no more.
fn plan(
    context: &Context,
    args: &Args,
    sites: &mut Sites,
    queries: &[&SavedQuery],
) -> Result<Option<Vec<Step>>, Failure> {
    let mut steps = Vec::new();
    for site in 0..sites.all.len() {
        let there = match sites.describe(context, site, FOLDER) {
            Ok(there) => there,
            Err(Stop::Interrupted) => return Ok(None),
            Err(Stop::Failed(error)) => return Err(sites::failure(&error)),
        };
        for query in queries {
            steps.push(compare(context, sites, site, query, &there));
        }
        if args.prune {
            let gone = there.iter().filter(|one| is_gone(context, one));
            steps.extend(gone.map(|one| remove(sites, site, one)));
        }
    }
    Ok(Some(merged(steps)))
}

fn compare(
    context: &Context,
    sites: &Sites,
    site: usize,
    query: &SavedQuery,
    there: &[Definition],
) -> Step {
    let name = format!("{FOLDER}{}", query.name);
    let region = &sites.all[site].region;
    let step = |state, reason: String| Step {
        change: Change {
            query: query.name.clone(),
            definition: name.clone(),
            region: region.clone(),
            state,
            reason,
            difference: Vec::new(),
        },
        site,
        act: None,
    };
    let (wanted, doubts) = match sites.all[site].definition(context, query) {
        Ok(wanted) => wanted,
        Err(reason) => return step(State::Refused, reason),
    };
    let found: Vec<&Definition> = there.iter().filter(|one| one.name == name).collect();
    let (state, reason, before) = match found.as_slice() {
        [] => (State::New, "", String::new()),
        [one] if one.says_as(&wanted) => return step(State::Unchanged, String::new()),
        [one] => {
            let (state, reason) = replaced(one.maker());
            (state, reason, sites::document(one))
        }
        many => {
            let count = many.len();
            let reason = format!(
                "there are {count} definitions of this name; remove all but one in the console"
            );
            return step(State::Failed, reason);
        }
    };
    let reason = match (reason, doubts) {
        ("", 1..) => "the service may take it otherwise: logq queries check --engine insights",
        (reason, _) => reason,
    };
    let mut step = step(state, reason.to_owned());
    step.change.difference = difference::between(&before, &sites::document(&wanted));
    let id = found.first().map(|one| one.id.clone()).unwrap_or_default();
    step.act = Some(Act::Put(Definition { id, ..wanted }));
    step
}

fn replaced(maker: Maker) -> (State, &'static str) {
    match maker {
        Maker::Logq => (State::Changed, ""),
        Maker::LogqThenOthers => (State::Differs, "somebody changed it since it was pushed"),
        Maker::Others => (State::Differs, "it was not made by logq"),
    }
}

/// Returns whether there is no file for a definition, not even one that cannot be read.
fn is_gone(context: &Context, definition: &Definition) -> bool {
    let name = definition.name.strip_prefix(FOLDER).unwrap_or_default();
    context.catalog.get(name).is_none() && context.catalog.mistake(name).is_none()
}

fn remove(sites: &Sites, site: usize, definition: &Definition) -> Step {
    let name = definition.name.strip_prefix(FOLDER).unwrap_or_default();
    let reason = match definition.maker() {
        Maker::Logq => "there is no saved query of this name",
        Maker::LogqThenOthers => {
            "there is no saved query of this name, and somebody changed it since it was pushed"
        }
        Maker::Others => "there is no saved query of this name, and it was not made by logq",
    };
    Step {
        change: Change {
            query: name.to_owned(),
            definition: definition.name.clone(),
            region: sites.all[site].region.clone(),
            state: State::Gone,
            reason: reason.to_owned(),
            difference: difference::between(&sites::document(definition), ""),
        },
        site,
        act: Some(Act::Delete(definition.id.clone())),
    }
}

/// Says once what is refused everywhere for the same reason.
fn merged(steps: Vec<Step>) -> Vec<Step> {
    let mut merged: Vec<Step> = Vec::new();
    for step in steps {
        let is_same = |known: &&mut Step| {
            let (one, other) = (&known.change, &step.change);
            other.state == State::Refused
                && (one.state, &one.query, &one.reason)
                    == (other.state, &other.query, &other.reason)
        };
        match merged.iter_mut().find(is_same) {
            Some(known) => known.change.region = String::new(),
            None => merged.push(step),
        }
    }
    for step in merged
        .iter_mut()
        .filter(|step| step.change.state == State::Refused)
    {
        step.change.definition = String::new();
        step.change.region = String::new();
    }
    merged
}

/// Asks whether to replace and remove what others may miss; true when there is no such thing.
fn ask(context: &Context, steps: &[Step]) -> bool {
    let count = |state| {
        steps
            .iter()
            .filter(|step| step.change.state == state)
            .count() as u64
    };
    let replaced = counted(
        count(State::Differs),
        "definition that others changed",
        "definitions that others changed",
    );
    let removed = counted(count(State::Gone), "definition", "definitions");
    let question = match (count(State::Differs), count(State::Gone)) {
        (0, 0) => return true,
        (_, 0) => format!("replace {replaced}?"),
        (0, _) => format!("remove {removed}?"),
        _ => format!("replace {replaced}, and remove {removed}?"),
    };
    confirm::ask(context, &question)
}

/// Leaves alone what was not asked for; returns how many those are.
fn leave_others(steps: &mut [Step]) -> u64 {
    let is_others = |state| matches!(state, State::Differs | State::Gone);
    let others = steps.iter_mut().filter(|step| is_others(step.change.state));
    others.map(|step| step.act = None).count() as u64
}

/// Makes the calls, up to one after which no other can succeed.
fn carry_out(context: &Context, sites: &mut Sites, steps: &mut [Step]) {
    let mut stopped = "";
    for step in steps {
        let Some(act) = &step.act else {
            continue;
        };
        let done = match act {
            _ if !stopped.is_empty() => Err(stopped.to_owned()),
            Act::Put(definition) => sites
                .put(context, step.site, definition)
                .map_err(|stop| told(context, stop, &mut stopped)),
            Act::Delete(id) => sites
                .delete(context, step.site, id)
                .map_err(|stop| told(context, stop, &mut stopped)),
        };
        if let Err(reason) = done {
            step.change.state = State::Failed;
            step.change.reason = reason;
        }
    }
}

/// Tells why a call did not succeed, and notes whether others can.
fn told(context: &Context, stop: Stop, stopped: &mut &'static str) -> String {
    match stop {
        Stop::Interrupted => {
            *stopped = "interrupted before it was tried";
            "interrupted".to_owned()
        }
        Stop::Failed(error) => {
            if error.kind.concerns_all() {
                *stopped = "not tried any more";
            }
            output::complain(&sites::failure(&error).render(context.notices.color));
            error.to_string()
        }
    }
}

fn tell(context: &Context, args: &Args, changes: &[Change], left: u64) {
    let mut said = changes::counted(changes);
    if said.is_empty() {
        "there is no saved query".clone_into(&mut said);
    }
    if args.dry_run {
        said.push_str("; nothing was changed (--dry-run)");
    }
    context.notices.remark(&said);
    if left > 0 {
        let left = counted(
            left,
            "definition is left as it is",
            "definitions are left as they are",
        );
        let failure = Failure::incomplete(left)
            .hint("`--dry-run` shows the difference, `--yes` replaces and removes".to_owned());
        output::complain(&failure.render(context.notices.color));
    }
    for mistake in unread(context, args) {
        output::complain(&mistake.render(context.notices.color));
    }
}

/// Returns the files that could not be read, when all were meant.
fn unread<'a>(context: &'a Context, args: &Args) -> &'a [Mistake] {
    if args.names.is_empty() {
        context.catalog.mistakes()
    } else {
        &[]
    }
}

fn exit(context: &Context, args: &Args, changes: &[Change], left: u64) -> Exit {
    let has = |state| changes.iter().any(|change| change.state == state);
    if !unread(context, args).is_empty() {
        return Exit::Usage;
    }
    let is_done = left == 0 && !has(State::Failed);
    let is_whole = is_done && (args.names.is_empty() || !has(State::Refused));
    let differ = changes.iter().filter(|change| change.is_one()).count();
    output::exit(context, differ as u64, is_whole)
}
