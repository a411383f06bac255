//! `logq queries pull`: query definitions as files of saved queries.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::super::context::Context;
use super::super::super::output::{self, counted};
use super::super::super::{Exit, Failure};
use super::adopted;
use super::changes::{self, Change, State};
use super::difference;
use super::sites::{self, FOLDER, Sites, Stop};
use crate::cloudwatch::Definition;
use crate::suggest::did_you_mean;

pub(super) const LONG: &str = "\
Make files of the queries that are saved in CloudWatch: of those below `logq/`, or of all.

Each becomes `queries/NAME.toml` next to logq.toml, where `logq queries check` reads it. A file that says something \
else is only replaced with --force.";

/// Make files of the queries that are saved in CloudWatch
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq queries pull --dry-run
  logq queries pull slow-requests --force
  logq queries pull 'Team/Errors by hour'")]
pub(super) struct Args {
    /// Only these definitions, by the name of the saved query or their own; default: those below `logq/`
    names: Vec<String>,

    /// All definitions of the account, not only those below `logq/`
    #[arg(long, conflicts_with = "names")]
    all: bool,

    /// Show what would change, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Replace files that say something else
    #[arg(long)]
    force: bool,
}

/// A file to write, or to leave.
struct Step {
    change: Change,
    path: PathBuf,
    text: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let Some(folder) = context.config.folder().map(|folder| folder.join("queries")) else {
        return Err(
            Failure::usage("there is no logq.toml, and so no folder for saved queries")
                .hint("an empty file is enough: touch logq.toml".to_owned()),
        );
    };
    context.interrupt.listen();
    let mut sites = Sites::open(context)?;
    let Some(mut all) = definitions(context, args, &mut sites)? else {
        context.notices.remark("interrupted; nothing was written");
        return Ok(Exit::Interrupted);
    };
    // Where two make the same file, it is that of ours.
    all.sort_by_key(|(_, one)| !one.name.starts_with(FOLDER));
    let missing = missing(args, &all);
    let chosen = |one: &&(usize, Definition)| {
        args.names.is_empty() || args.names.iter().any(|name| is_named(&one.1, name))
    };
    let mut steps: Vec<Step> = Vec::new();
    for (site, definition) in all.iter().filter(chosen) {
        let step = compare(context, &sites, *site, definition, &folder);
        add(&mut steps, step);
    }
    let mut left = 0;
    for step in &mut steps {
        if step.change.state == State::Differs && !args.force {
            step.text = None;
            left += 1;
        }
        if !args.dry_run {
            write(step);
        }
    }
    let changes: Vec<Change> = steps.into_iter().map(|step| step.change).collect();
    // What is not replaced is shown, since nobody can look at it otherwise.
    changes::print(context, &changes, args.dry_run || left > 0)?;
    tell(context, args, &changes, if args.dry_run { 0 } else { left });
    for failure in &missing {
        output::complain(&failure.render(context.notices.color));
    }
    let has = |state| changes.iter().any(|change| change.state == state);
    let is_whole = missing.is_empty()
        && (left == 0 || args.dry_run)
        && !has(State::Failed)
        && (args.names.is_empty() || !has(State::Refused));
    let differ = changes.iter().filter(|change| change.is_one()).count();
    Ok(output::exit(context, differ as u64, is_whole))
}

/// Returns the definitions among which are those that are asked for, with the regions they are in; nothing when the person wants no more.
fn definitions(
    context: &Context,
    args: &Args,
    sites: &mut Sites,
) -> Result<Option<Vec<(usize, Definition)>>, Failure> {
    let prefix = if args.all || !args.names.is_empty() {
        ""
    } else {
        FOLDER
    };
    let mut all = Vec::new();
    for site in 0..sites.all.len() {
        match sites.describe(context, site, prefix) {
            Ok(found) => all.extend(found.into_iter().map(|one| (site, one))),
            Err(Stop::Interrupted) => return Ok(None),
            Err(Stop::Failed(error)) => return Err(sites::failure(&error)),
        }
    }
    Ok(Some(all))
}

fn is_named(definition: &Definition, name: &str) -> bool {
    definition.name == name || definition.name.strip_prefix(FOLDER) == Some(name)
}

/// Returns failures for the names that no definition has.
fn missing(args: &Args, all: &[(usize, Definition)]) -> Vec<Failure> {
    let names = args.names.iter();
    let missing = names.filter(|name| !all.iter().any(|(_, one)| is_named(one, name)));
    missing
        .map(|name| {
            let known = all.iter().map(|(_, one)| one.name.as_str());
            let known = known.flat_map(|name| [name, name.strip_prefix(FOLDER).unwrap_or(name)]);
            let hint = did_you_mean(name, known)
                .unwrap_or_else(|| "`logq queries pull --all --dry-run` lists them".to_owned());
            Failure::incomplete(format!(
                "there is no definition `{name}` or `{FOLDER}{name}`"
            ))
            .hint(hint)
        })
        .collect()
}

fn compare(
    context: &Context,
    sites: &Sites,
    site: usize,
    definition: &Definition,
    folder: &Path,
) -> Step {
    let name = adopted::name(definition);
    let path = folder.join(format!("{name}.toml"));
    let region = &sites.all[site].region;
    let mut step = Step {
        change: Change {
            query: name.clone(),
            definition: definition.name.clone(),
            region: region.clone(),
            state: State::Unchanged,
            reason: String::new(),
            difference: Vec::new(),
        },
        path,
        text: None,
    };
    if is_pushed(context, sites, site, &name, definition) {
        return step;
    }
    let text = match adopted::file(definition, &name, region, &context.config) {
        Ok(text) => text,
        Err(reason) => {
            step.change.state = State::Refused;
            step.change.reason = reason;
            return step;
        }
    };
    let (state, reason, before) = match fs::read_to_string(&step.path) {
        Ok(before) if before == text => return step,
        Ok(before) => (State::Differs, "the file says something else", before),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            step.change.state = State::Failed;
            step.change.reason = format!("cannot read `{}`: {error}", step.path.display());
            return step;
        }
        Err(_) => match context.catalog.get(&name) {
            Some(query) => (
                State::Differs,
                "it would take the place of the query that comes with logq",
                query.file.text.clone(),
            ),
            None => (State::New, "", String::new()),
        },
    };
    step.change.state = state;
    reason.clone_into(&mut step.change.reason);
    step.change.difference = difference::between(&before, &text);
    step.text = Some(text);
    step
}

/// Returns whether the definition is what `push` makes of the saved query, whatever its file looks like.
fn is_pushed(
    context: &Context,
    sites: &Sites,
    site: usize,
    name: &str,
    definition: &Definition,
) -> bool {
    let made = |query| sites.all[site].definition(context, query).ok();
    let query = context.catalog.get(name);
    query
        .and_then(made)
        .is_some_and(|(made, _)| definition.name == made.name && definition.says_as(&made))
}

/// Adds a step, unless another definition has its file already.
fn add(steps: &mut Vec<Step>, mut step: Step) {
    let taken = steps
        .iter()
        .find(|known| known.path == step.path && known.change.state != State::Refused);
    if let Some(known) = taken
        && step.change.state != State::Refused
    {
        if known.text == step.text && step.text.is_some() {
            return;
        }
        step.text = None;
        step.change.difference.clear();
        step.change.state = State::Refused;
        let (definition, region) = (&known.change.definition, &known.change.region);
        step.change.reason = format!("`{definition}` in {region} has the same file");
    }
    steps.push(step);
}

/// Writes a file whole or not at all.
fn write(step: &mut Step) {
    let Some(text) = &step.text else {
        return;
    };
    let part = step.path.with_extension("toml.part");
    let written = step
        .path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&part, text))
        .and_then(|()| fs::rename(&part, &step.path));
    if let Err(error) = written {
        // What is not whole is of no use to anybody.
        let _ = fs::remove_file(&part);
        step.change.state = State::Failed;
        step.change.reason = format!("cannot write `{}`: {error}", step.path.display());
    }
}

fn tell(context: &Context, args: &Args, changes: &[Change], left: u64) {
    let mut said = changes::counted(changes);
    if said.is_empty() && !args.names.is_empty() {
        // That none has the name is told by itself.
        return;
    }
    if said.is_empty() {
        let place = if args.all { "" } else { " below `logq/`" };
        said = format!("there is no definition{place}");
    }
    if args.dry_run {
        said.push_str("; nothing was written (--dry-run)");
    }
    context.notices.remark(&said);
    if left > 0 {
        let left = counted(left, "file is left as it is", "files are left as they are");
        let failure = Failure::incomplete(left)
            .hint("logq queries pull NAME --force replaces one".to_owned());
        output::complain(&failure.render(context.notices.color));
    }
}
