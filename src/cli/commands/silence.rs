//! `logq silence`: what is not to be told for a while, kept in the table of the stage's function.

use clap::Subcommand;

use super::super::args::TimeArgs;
use super::super::aws::{Place, Service};
use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::{Exit, Failure, completions};
use crate::state::{Silence, Target, end_silence, put_silence, silences};
use crate::suggest::did_you_mean;
use crate::time::{Timestamp, duration, expression};
use crate::value::Value;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// What is silent for longer is forgotten by people.
const LONGEST: i64 = 30 * DAY;
/// The reason travels in every alert that comes after.
const LONGEST_REASON: usize = 500;

/// Keep a batch, a saved query or a stage from alerting for a while
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq silence sync-reservations --for 2h --reason 'the partner is down'
  logq silence new-errors --until '2026-11-24 09:00' --reason deploy --stage staging
  logq silence --all --for 1h --reason maintenance
  logq silence                             lists those in force
  logq silence end sync-reservations")]
#[command(after_help = "\
Failures are still counted; the first alert afterwards says how many there were and why they
were not told. Silences are kept in the table of the stage's stack: `table` below
`[stages.NAME]` in logq.toml, or LOGQ_TABLE.")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// A batch, or a saved query with an alert
    #[arg(add = clap_complete::ArgValueCandidates::new(completions::alert_names))]
    name: Option<String>,

    /// Silence the whole stage
    #[arg(long)]
    all: bool,

    /// For so long, such as `2h` or `1d12h`; 30 days at most. Or give `--until TIME`
    #[arg(long = "for", value_name = "DURATION")]
    length: Option<String>,

    /// Why; the first alert afterwards says so
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Say what would be done, and ask nobody
    #[arg(long, global = true)]
    dry_run: bool,

    /// What `--until` says, which is no window here.
    #[arg(skip)]
    until: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the silences in force
    List,
    /// End a silence early
    End {
        /// What it is about
        #[arg(add = clap_complete::ArgValueCandidates::new(completions::alert_names))]
        name: Option<String>,
        /// End the silence of the whole stage
        #[arg(long)]
        all: bool,
    },
}

impl Args {
    /// Takes the end of the silence out of the flags about time.
    pub(in crate::cli) fn take_end(&mut self, time: &mut TimeArgs) {
        self.until = time.until.take().or_else(|| time.to.take());
    }

    /// Returns whether a silence begins or ends.
    pub(in crate::cli) fn changes(&self) -> bool {
        matches!(self.action, Some(Action::End { .. })) || !self.is_empty()
    }

    fn is_empty(&self) -> bool {
        let texts = [&self.name, &self.length, &self.reason, &self.until];
        !self.all && texts.iter().all(|text| text.is_none())
    }
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match &args.action {
        Some(_) if !args.is_empty() => Err(Failure::usage(
            "`list` and `end` take no flags of a new silence",
        )
        .hint("logq silence list; logq silence end NAME".to_owned())),
        Some(Action::End { name, all }) => {
            end(context, &target(name.as_deref(), *all)?, args.dry_run)
        }
        None if !args.is_empty() => begin(context, args),
        None | Some(Action::List) => list(context),
    }
}

fn begin(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let silence = Silence {
        target: target(args.name.as_deref(), args.all)?,
        stage: stage(context)?,
        since: context.clock.now.as_millis(),
        until: until(context, args)?.as_millis(),
        reason: reason(args.reason.as_deref())?,
    };
    let place = Place::of_stage(context, Some(&silence.stage))?;
    if let Target::Name(name) = &silence.target {
        warn_of_unknown(context, name);
    }
    let what = named(&silence.target, &silence.stage);
    let end = local(context, silence.until);
    if args.dry_run {
        print(context, std::slice::from_ref(&silence))?;
        let said = format!("{what} would be silent until {end}");
        return Ok(only_said(context, &said, "dynamodb:PutItem", &place));
    }
    let service = Service::open(place)?;
    let put = put_silence(&service.store, &silence, context.clock.now);
    service.wait("dynamodb:PutItem", put)?;
    print(context, &[silence])?;
    context
        .notices
        .remark(&format!("{what} is silent until {end}"));
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let stage = match stage(context) {
        Err(_) if context.environment.variable("LOGQ_TABLE").is_some() => None,
        found => Some(found?),
    };
    let service = Service::open(Place::of_stage(context, stage.as_deref())?)?;
    let found = in_force(context, &service, stage.as_deref())?;
    print(context, &found)?;
    if found.is_empty() {
        let place = stage.map(|stage| format!(" in {stage}"));
        let place = place.unwrap_or_default();
        context
            .notices
            .remark(&format!("no silence is in force{place}"));
    }
    Ok(output::exit(context, found.len() as u64, true))
}

fn end(context: &Context, target: &Target, dry_run: bool) -> Result<Exit, Failure> {
    let stage = stage(context)?;
    let place = Place::of_stage(context, Some(&stage))?;
    let what = format!("the silence of {}", named(target, &stage));
    if dry_run {
        let said = format!("{what} would end");
        return Ok(only_said(context, &said, "dynamodb:DeleteItem", &place));
    }
    let service = Service::open(place)?;
    let found = in_force(context, &service, Some(&stage))?;
    let (ending, others): (Vec<Silence>, Vec<Silence>) = found
        .into_iter()
        .partition(|silence| silence.target == *target);
    if ending.is_empty() {
        return Err(nothing_to_end(target, &stage, &others));
    }
    let work = end_silence(&service.store, &stage, target, context.clock.now);
    if !service.wait("dynamodb:DeleteItem", work)? {
        return Err(
            Failure::incomplete(format!("somebody changed {what} at the same moment"))
                .hint("logq silence list".to_owned()),
        );
    }
    context.notices.remark(&format!("{what} has ended"));
    tell_of_others(context, target, &others);
    Ok(Exit::Done)
}

/// Returns the silences of a stage, or of all that share the table.
fn in_force(
    context: &Context,
    service: &Service,
    stage: Option<&str>,
) -> Result<Vec<Silence>, Failure> {
    let work = silences(&service.store, context.clock.now);
    let mut found = service.wait("dynamodb:Query", work)?;
    found.retain(|silence| {
        silence.stage.is_empty() || stage.is_none_or(|stage| stage == silence.stage)
    });
    Ok(found)
}

fn nothing_to_end(target: &Target, stage: &str, others: &[Silence]) -> Failure {
    let names = others.iter().filter_map(|silence| match &silence.target {
        Target::Name(name) => Some(name.as_str()),
        Target::Stage => None,
    });
    let near = match target {
        Target::Name(name) => did_you_mean(name, names),
        Target::Stage => None,
    };
    let what = named(target, stage);
    Failure::incomplete(format!("no silence of {what} is in force"))
        .hint(near.unwrap_or_else(|| "logq silence list".to_owned()))
}

/// Says what goes on being silent, where the person may think that nothing does.
fn tell_of_others(context: &Context, target: &Target, others: &[Silence]) {
    let whole = others.iter().find(|one| one.target == Target::Stage);
    match (target, whole) {
        (Target::Name(_), Some(whole)) => context.notices.warn(&format!(
            "the whole stage is silent until {}",
            local(context, whole.until)
        )),
        (Target::Stage, _) if !others.is_empty() => {
            let more = counted(others.len() as u64, "silence is", "silences are");
            context
                .notices
                .warn(&format!("{more} still in force: logq silence list"));
        }
        _ => {}
    }
}

fn only_said(context: &Context, said: &str, permission: &str, place: &Place) -> Exit {
    let notices = &context.notices;
    notices.remark(said);
    notices.remark(&format!(
        "would ask {permission} on {}; nothing was done",
        place.describe()
    ));
    Exit::Done
}

fn print(context: &Context, found: &[Silence]) -> Result<(), Failure> {
    let row = |silence: &Silence| {
        let name = match &silence.target {
            Target::Stage => "*",
            Target::Name(name) => name,
        };
        [
            Value::from(silence.stage.clone()),
            Value::from(name.to_owned()),
            Value::Timestamp(Timestamp(silence.since)),
            Value::Timestamp(Timestamp(silence.until)),
            Value::from(silence.reason.clone()),
        ]
    };
    let names = ["stage", "name", "since", "until", "reason"];
    let rows = output::rows(context, names, found.iter().map(row), true);
    output::print(context, &rows)
}

fn target(name: Option<&str>, all: bool) -> Result<Target, Failure> {
    match (name, all) {
        (Some("*"), _) => {
            Err(Failure::usage("`*` is no name").hint("the whole stage: `--all`".to_owned()))
        }
        (Some(name), false) if !name.trim().is_empty() => Ok(Target::Name(name.to_owned())),
        (None, true) => Ok(Target::Stage),
        (Some(_), true) => Err(Failure::usage("a name and `--all` exclude each other")
            .hint("a batch or a saved query by its name, or the whole stage: `--all`".to_owned())),
        (_, false) => Err(Failure::usage("neither a name nor `--all` is given")
            .hint("a batch or a saved query by its name, or the whole stage: `--all`".to_owned())),
    }
}

/// Returns the stage that was asked for, else the only one that is known.
fn stage(context: &Context) -> Result<String, Failure> {
    if let Some(stage) = &context.scope.stage {
        return Ok(stage.clone());
    }
    let known: Vec<&str> = context.config.stage_names().collect();
    match known.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(Failure::usage("the stage is not known").hint(
            "`--stage production`, or a table `[stages.production]` in logq.toml".to_owned(),
        )),
        [first, ..] => Err(Failure::usage(format!(
            "the stage is not said, and there are `{}`",
            known.join("`, `")
        ))
        .hint(format!("--stage {first}"))),
    }
}

/// Returns when the silence ends.
fn until(context: &Context, args: &Args) -> Result<Timestamp, Failure> {
    let now = context.clock.now;
    let (end, written) = match (&args.length, &args.until) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage("`--for` and `--until` exclude each other"));
        }
        (None, None) => return Err(no_length(args.name.as_deref())),
        (Some(length), None) => {
            let millis = duration::parse(length)
                .map_err(|faults| Failure::text(faults, "--for", length.as_str()))?;
            let end = Timestamp(now.as_millis().saturating_add(millis));
            (end, format!("--for {length}"))
        }
        (None, Some(time)) => {
            let end = expression::parse(time, &context.clock)
                .map_err(|faults| Failure::text(faults, "--until", time.as_str()))?;
            (end, format!("--until {time}"))
        }
    };
    let described = || {
        let end = local(context, end.as_millis());
        format!("`{written}` is until {end}")
    };
    if end <= now {
        return Err(Failure::usage("the silence would end before it begins")
            .cause(described())
            .hint(with_day(context, end)));
    }
    if end.as_millis().saturating_sub(now.as_millis()) > LONGEST {
        return Err(Failure::usage("a silence lasts 30 days at most")
            .cause(described())
            .hint("`--for 30d`, and again when it ends".to_owned()));
    }
    Ok(end)
}

fn no_length(name: Option<&str>) -> Failure {
    let near = did_you_mean(name.unwrap_or_default(), ["list", "end"]);
    Failure::usage("how long is not said")
        .hint(near.unwrap_or_else(|| "`--for 2h`, or `--until TIME`".to_owned()))
}

/// Words what would have been right: a time without a day is the last such, and tomorrow's only with its day.
fn with_day(context: &Context, end: Timestamp) -> String {
    let now = context.clock.now;
    let next = [end, now]
        .map(|at| Timestamp(at.as_millis() + DAY))
        .into_iter()
        .find(|at| *at > now);
    let zone = &context.clock.zone;
    let next = zone.minutes(next.unwrap_or(now));
    format!("`--for 2h`, or with the day: `--until '{next}'`")
}

fn reason(written: Option<&str>) -> Result<String, Failure> {
    let reason = written.unwrap_or_default().trim();
    let length = reason.chars().count();
    match length {
        0 => Err(Failure::usage("the reason is missing")
            .hint("`--reason deploy`: the first alert afterwards says it".to_owned())),
        1..=LONGEST_REASON => Ok(reason.to_owned()),
        _ => Err(Failure::usage(format!(
            "the reason has {length} characters, expected at most {LONGEST_REASON}"
        ))),
    }
}

/// Says when nothing known has the name. A batch needs no word in the configuration, so it may still be right.
fn warn_of_unknown(context: &Context, name: &str) {
    let queries = context.catalog.iter().filter(|query| query.alert.is_some());
    let queries = queries.map(|query| query.name.as_str());
    let batches = context.config.batches.keys().map(String::as_str);
    let known: Vec<&str> = queries.chain(batches).collect();
    if known.contains(&name) {
        return;
    }
    let what = match context.catalog.get(name) {
        Some(_) => "is a saved query without an alert",
        None => "is no saved query with an alert, and not in `[batches]`",
    };
    let near = did_you_mean(name, known.iter().copied());
    let near = near.filter(|_| context.catalog.get(name).is_none());
    let then = near.unwrap_or_else(|| "it is taken for a batch".to_owned());
    context.notices.warn(&format!("`{name}` {what}; {then}"));
}

fn named(target: &Target, stage: &str) -> String {
    match target {
        Target::Stage => format!("all of {stage}"),
        Target::Name(name) => format!("`{name}` in {stage}"),
    }
}

fn local(context: &Context, millis: i64) -> String {
    let at = Timestamp(millis);
    let zone = &context.clock.zone;
    format!("{} {}", zone.minutes(at), zone.name_at(at))
}
