//! English.

use super::{Ending, Label, Reason, RunTold, Sentence, State, StormTold, Texts, names, thousands};
use crate::alert::{Migrations, Status};
use crate::severity::Severity;
use crate::time::duration;

/// The texts in English.
pub(super) struct English;

impl Texts for English {
    fn state(&self, state: State) -> &'static str {
        match state {
            State::Bad(Severity::Critical) => "Critical",
            State::Bad(Severity::Error) => "Error",
            State::Bad(Severity::Warning) => "Warning",
            State::Bad(Severity::Info) => "Info",
            State::Resolved => "Resolved",
        }
    }

    fn severity(&self, severity: Severity) -> &'static str {
        severity.name()
    }

    fn again(&self, status: Status) -> &'static str {
        match status {
            Status::Firing => "",
            Status::Repeat => ", again",
            Status::Resolved => ", resolved",
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Unnamed => "a run without a name",
            Label::TimeUnknown => "time unknown",
            Label::AnAlert => "An alert",
            Label::NothingMore => "Nothing more is known.",
            Label::ToldAgain => "told again",
            Label::Lines => "lines",
            Label::Show => "show",
            Label::Console => "console",
            Label::Runbook => "runbook",
            Label::Owner => "owner",
            Label::OwnerFact => "Owner",
            Label::Started => "Started",
            Label::FirstSeen => "First seen",
            Label::LastSeen => "Last seen",
            Label::ToSeeIt => "To see it:",
            Label::ToSeeThem => "To see them:",
            Label::TheError => "The error:",
            Label::TheTraceback => "The traceback, its last lines:",
            Label::Raised => "In",
            Label::LogGroup => "Log group",
            Label::LogStream => "Log stream",
            Label::GroupedBy => "Grouped by",
            Label::Alert => "Alert",
            Label::LogLines => "Log lines",
            Label::LogsInsights => "Logs Insights",
            Label::RunbookLink => "Runbook",
            Label::ReadLines => "Read the lines",
            Label::QueryLines => "Query the lines",
            Label::FollowRunbook => "Follow the runbook",
            Label::TestTitle => "Test alert: the way from logq to here works",
            Label::TestSummary => "Nothing has failed. Somebody asked logq to send this.",
        }
    }

    fn duration(&self, millis: i64) -> String {
        duration::human(millis)
    }

    fn listed(&self, names: &[String], more: usize) -> String {
        match (names, more) {
            ([one], 0) => one.clone(),
            ([front @ .., last], 0) => format!("{} and {last}", front.join(", ")),
            (_, more) => format!("{} and {more} more", names.join(", ")),
        }
    }

    fn gap(&self) -> &'static str {
        " "
    }

    fn run(&self, run: &RunTold<'_>, ending: &Ending<'_>) -> String {
        let name = run.name;
        let why = colon(run.why);
        let part = |before: &str, took: Option<i64>| {
            took.map(|took| format!("{before}{}", duration::human(took)))
                .unwrap_or_default()
        };
        let after = part(" after ", run.took);
        let again = run.again.map(|times| format!(" again ({times} in a row)"));
        let again = again.unwrap_or_default();
        match ending {
            Ending::Succeeded => format!("{name} succeeded{}", part(" in ", run.took)),
            Ending::Migrated(migrations) => match done(self, migrations) {
                done if done.is_empty() => {
                    let took = part(", and took ", run.took);
                    format!("{name} had nothing to apply{took}")
                }
                done => format!("{name} {done}{}", part(" in ", run.took)),
            },
            Ending::Errored(errors) => {
                let errors = number(*errors, "error");
                format!("{name} finished{again}{after} but logged {errors}{why}")
            }
            Ending::NeverStarted => format!("{name} never started{again}{why}"),
            Ending::Failed(at) => {
                let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
                format!("{name} failed{again}{at}{after}{why}")
            }
            Ending::Other(outcome) => format!("{name}: outcome {outcome}{again}{after}"),
            Ending::Unknown => format!("{name} ended{again}{after}"),
        }
    }

    fn works_again(&self, name: &str, failures: u64) -> String {
        format!("{name} works again, after {}", number(failures, "failure"))
    }

    fn error(&self, status: Status, occurrences: u64, service: Option<&str>, what: &str) -> String {
        let place = service.map(|service| format!(" in {service}"));
        let place = place.unwrap_or_default();
        match status {
            Status::Firing => format!("New error{place}: {what}"),
            Status::Repeat => format!("{} times{place}: {what}", thousands(occurrences)),
            Status::Resolved => format!("No longer{place}: {what}"),
        }
    }

    fn raised(&self, what: &str, culprit: &str) -> String {
        format!("{what} in {culprit}")
    }

    fn reason(&self, reason: &Reason<'_>) -> String {
        let coded = |what: &str, code: Option<i64>| match code {
            Some(code) => format!("{what} (exit code {code})"),
            None => what.to_owned(),
        };
        match *reason {
            Reason::OutOfMemory(code) => coded("killed, out of memory", code),
            Reason::Spot(code) => coded("its Fargate Spot capacity was taken back", code),
            Reason::Stopped(code, "") => coded("it was stopped", code),
            Reason::Stopped(code, said) => format!("{} ({said})", coded("it was stopped", code)),
            Reason::Signal(Some(signal), code) => coded(&format!("killed by {signal}"), code),
            Reason::Signal(None, code) => coded("killed by a signal", code),
            Reason::Code(code) => format!("exit code {code}, and the log does not say why"),
        }
    }

    fn sentence(&self, sentence: &Sentence<'_>) -> String {
        match *sentence {
            Sentence::Migrations(migrations) => state(self, migrations),
            Sentence::ExitCode(code) => format!("The exit code is {code}."),
            Sentence::Note(note) => begun(&note.to_string()),
            Sentence::LastRun(took) => {
                let took = took.map_or("an unknown time".to_owned(), duration::human);
                format!("The last run took {took}.")
            }
            Sentence::Counted {
                is_logged,
                occurrences,
                span,
                suppressed,
            } => counted(is_logged, occurrences, span, suppressed),
            Sentence::LoggedBy(place) => format!("Logged by {place}."),
            Sentence::Errors(errors) => format!("It logged {}.", number(errors, "error")),
            Sentence::LogLines(0) => "It logged nothing.".to_owned(),
            Sentence::LogLines(lines) => format!("It logged {}.", number(lines, "line")),
            Sentence::LastWell(at) => format!("It last went well at {at}."),
            Sentence::Silenced(times, reason) => silenced(times, reason),
        }
    }

    fn storm(&self, storm: &StormTold<'_>) -> String {
        let place = match storm.stage {
            "" => String::new(),
            stage => format!(" in {stage}"),
        };
        format!(
            "Storm{place}: {} within {}, {} in all",
            number(storm.alerts, "alert"),
            duration::human(storm.span),
            number(storm.occurrences, "occurrence")
        )
    }

    fn storm_summary(&self, worst: Severity) -> String {
        format!(
            "They have no messages of their own. Everything is counted, and nothing is lost; the worst is {}.",
            worst.name()
        )
    }

    fn other_kinds(&self, count: u64) -> String {
        format!("and {}", number(count, "other kind"))
    }

    fn span(&self, since: &str, until: &str) -> String {
        format!("{since} to {until}")
    }

    fn signature(&self, zone: Option<&str>, id: &str, rule: &str) -> String {
        let zone = zone.map(|zone| format!("Times are in {zone}. "));
        let zone = zone.unwrap_or_default();
        format!("{zone}Alert {id} of the rule {rule}.")
    }

    fn characters_cut(&self, count: u64) -> String {
        format!("[{} cut]", number(count, "character"))
    }

    fn cut_here(&self, command: &str) -> String {
        format!("[cut here; to see all: {command}]")
    }

    fn lines_before(&self, count: usize) -> String {
        match count {
            1 => "[1 line before]".to_owned(),
            more => format!("[{more} lines before]"),
        }
    }

    fn details_of(&self, title: &str) -> String {
        format!("Details of: {title}")
    }
}

/// Returns what a run did to the schema: `applied a and b and took back c`.
fn done(texts: &English, migrations: &Migrations) -> String {
    let mut done = Vec::new();
    if !migrations.applied.is_empty() {
        done.push(format!("applied {}", names(texts, &migrations.applied)));
    }
    if !migrations.unapplied.is_empty() {
        done.push(format!("took back {}", names(texts, &migrations.unapplied)));
    }
    done.join(" and ")
}

fn state(texts: &English, migrations: &Migrations) -> String {
    let verb = |all: &[String]| {
        let are = if all.len() == 1 { "is" } else { "are" };
        format!("{} {are}", names(texts, all))
    };
    let mut parts = Vec::new();
    if !migrations.applied.is_empty() {
        parts.push(format!("{} applied", verb(&migrations.applied)));
    }
    if !migrations.unapplied.is_empty() {
        parts.push(format!("{} taken back", verb(&migrations.unapplied)));
    }
    match &migrations.failed {
        Some(failed) if parts.is_empty() => {
            parts.push(format!("Nothing was applied before {failed} failed"));
        }
        Some(failed) => parts.push(format!("{failed} failed")),
        None => {}
    }
    format!("{}.", parts.join(", "))
}

fn counted(is_logged: bool, occurrences: u64, span: i64, suppressed: u64) -> String {
    let what = if is_logged {
        "It has been logged"
    } else {
        "It has happened"
    };
    let times = thousands(occurrences);
    let said = format!("{what} {times} times in {}", duration::human(span));
    match suppressed {
        0 => format!("{said}."),
        more => format!(
            "{said}, {} of them since the last alert without one of its own.",
            thousands(more)
        ),
    }
}

fn silenced(times: u64, reason: &str) -> String {
    let times = match times {
        1 => "Once it was not told".to_owned(),
        times => format!("{times} times it was not told"),
    };
    match reason {
        "" => format!("{times} because of a silence."),
        reason => format!("{times} because of a silence ({reason})."),
    }
}

/// Begins with a capital and ends with a full stop.
fn begun(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    let first: String = first.collect();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

fn colon(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

/// Returns `1 error`, `12,345 errors`.
fn number(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(count))
}
