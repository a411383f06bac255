//! `logq init`: a `logq.toml` to begin with, from what AWS has, what flags say and what a person answers.
//!
//! `discover` lists the log groups, `guess` finds stages and services in their names, `ask` talks to the person at the
//! terminal, `text` writes what came of it, and `file` puts it where it belongs.

mod ask;
#[cfg(feature = "aws")]
mod discover;
mod file;
mod guess;
mod plan;
mod text;

use std::io;
use std::path::PathBuf;

use super::super::args::Flags;
use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::terminal::Input;
use super::super::{Exit, Failure};
use crate::config::{Config, FILE_NAME};
use ask::Person;
use file::Existing;
use plan::Wishes;
use text::Plan;

/// Write a logq.toml to begin with, from the log groups that there are
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq init                                       asks, on a terminal
  logq init production staging --region ap-northeast-1 --yes
  logq init production=ap-northeast-1 staging=us-east-1 --profile shop
  logq init --dry-run                             prints the file
  logq init production --no-aws                   asks nobody")]
#[command(after_help = "\
Lists the log groups with logs:DescribeLogGroups, and guesses from their names which part is the
stage and which the service. A file that is there stays, unless --force is given.")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::cli) struct Args {
    /// The stages, each with its region where they differ; else `--stage`, else those that are found
    #[arg(value_name = "STAGE[=REGION]")]
    stages: Vec<String>,

    /// Read and show local times in this zone, as --tz
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,

    /// Take what is found, and ask no questions
    #[arg(short, long)]
    yes: bool,

    /// Replace a file that is there
    #[arg(long)]
    force: bool,

    /// Print the file instead of writing it
    #[arg(long)]
    dry_run: bool,

    /// Ask no service of AWS: flags and defaults say it all
    #[arg(long)]
    no_aws: bool,

    /// The file that `--config` names.
    #[arg(skip)]
    path: Option<PathBuf>,
}

/// The log groups of a region.
#[cfg_attr(
    not(feature = "aws"),
    allow(dead_code, reason = "only AWS tells of any")
)]
struct Found {
    region: String,
    names: Vec<String>,
}

impl Args {
    /// Takes those of the flags of all commands that mean something else here.
    pub(in crate::cli) fn take_flags(&mut self, flags: &mut Flags) {
        // These need not be known yet.
        if let Some(stages) = flags.source.stage.take() {
            self.stages.extend(stages.split(',').map(str::to_owned));
        }
        if self.timezone.is_some() {
            flags.time.tz = self.timezone.take();
        }
        self.path = flags.source.config.take();
    }

    fn path(&self, context: &Context) -> PathBuf {
        let environment = &context.environment;
        let variable = || environment.variable("LOGQ_CONFIG").map(PathBuf::from);
        let named = self.path.clone().or_else(variable);
        let path = named.unwrap_or_else(|| PathBuf::from(FILE_NAME));
        environment.folder.join(path)
    }
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let path = args.path(context);
    let existing = if args.force {
        Existing::Replaced
    } else {
        Existing::Kept
    };
    if !args.dry_run {
        file::refuse_existing(&path, existing)?;
    }
    let wishes = Wishes::of(context, &args.stages)?;
    let is_asked = !args.yes && !args.dry_run && is_somebody_there(context);
    let (plan, found) = if is_asked {
        let mut person = Person {
            answers: &mut io::stdin().lock(),
            questions: &mut io::stderr(),
        };
        let Some(answered) = talk(context, args, &wishes, &mut person)? else {
            context.notices.remark("nothing is written");
            return Ok(Exit::Done);
        };
        answered
    } else {
        let found = look(context, args, &wishes.regions());
        (plan::make(&wishes, &found), found)
    };
    let text = plan.text();
    check(&text)?;
    warn_of_missing(context, &plan, &found);
    if args.dry_run {
        output::print_text(&text)?;
        return Ok(Exit::Done);
    }
    file::write(&path, &text, existing)?;
    tell(context, &plan, &path);
    Ok(Exit::Done)
}

/// Returns whether there is a person who reads questions and writes answers.
fn is_somebody_there(context: &Context) -> bool {
    context.streams.input == Input::Terminal && context.streams.error_is_terminal
}

/// Asks a person; `None` when nothing is to be written.
fn talk(
    context: &Context,
    args: &Args,
    wishes: &Wishes,
    person: &mut Person<'_>,
) -> Result<Option<(Plan, Vec<Found>)>, Failure> {
    let wishes = plan::ask_region(context, wishes, !args.no_aws, person)?;
    let found = look(context, args, &wishes.regions());
    let plan = plan::ask(&wishes, &found, person)?;
    let is_wanted = person.confirm("Write it?")?;
    Ok(is_wanted.then_some((plan, found)))
}

/// Lists the log groups; when that cannot be done it is said, and the usual names stand for them.
fn look(context: &Context, args: &Args, regions: &[Option<String>]) -> Vec<Found> {
    if args.no_aws {
        return Vec::new();
    }
    match discover(context, regions) {
        Ok(found) => {
            for one in &found {
                let groups = counted(one.names.len() as u64, "log group", "log groups");
                context
                    .notices
                    .remark(&format!("{groups} in {}", one.region));
            }
            found
        }
        Err(failure) => {
            let (text, hint) = failure.parts();
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            let said = format!(
                "the log groups are not known, so their usual names are taken: {text}{hint}"
            );
            context.notices.warn(&said);
            Vec::new()
        }
    }
}

#[cfg(feature = "aws")]
fn discover(context: &Context, regions: &[Option<String>]) -> Result<Vec<Found>, Failure> {
    discover::discover(context, regions)
}

#[cfg(not(feature = "aws"))]
fn discover(_context: &Context, _regions: &[Option<String>]) -> Result<Vec<Found>, Failure> {
    Err(Failure::usage("this build of logq does not ask AWS"))
}

/// Makes sure that what is written can be read.
fn check(text: &str) -> Result<(), Failure> {
    let read = Config::default().read(text, FILE_NAME.as_ref());
    read.map_err(|faults| Failure::text(faults, FILE_NAME, text))
}

/// Says which log groups the file names that are not there: one template stands for all stages.
fn warn_of_missing(context: &Context, plan: &Plan, found: &[Found]) {
    let is_missing = |region: Option<&str>, group: &String| {
        let mut of_region = found
            .iter()
            .filter(|one| Some(one.region.as_str()) == region);
        of_region.any(|one| !one.names.contains(group))
    };
    let groups = plan.log_groups().into_iter();
    let missing = groups.filter(|(region, group)| is_missing(*region, group));
    let missing: Vec<String> = missing.map(|(_, group)| format!("`{group}`")).collect();
    if !missing.is_empty() {
        let said = format!(
            "not there, though other stages have it: {}",
            missing.join(", ")
        );
        context.notices.warn(&said);
    }
}

fn tell(context: &Context, plan: &Plan, path: &std::path::Path) {
    let stages = counted(plan.stages.len() as u64, "stage", "stages");
    let groups = plan.groups.values().flatten().count() as u64;
    let groups = counted(groups, "log group", "log groups");
    let shown = path
        .strip_prefix(&context.environment.folder)
        .unwrap_or(path);
    context.notices.remark(&format!(
        "{} is written: {stages}, {groups} each; `logq doctor` says whether it is right",
        shown.display()
    ));
}
