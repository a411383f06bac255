//! What becomes of each saved query or definition, printed: states, reasons, differences.

use std::fmt::Write;

use super::super::super::Failure;
use super::super::super::context::Context;
use super::super::super::output;
use super::difference::Line;
use crate::render::{Format, escape};
use crate::value::Value;

/// What a saved query and a definition are to each other, or what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// The other side does not have it.
    New,
    /// The other side has another one, which may be replaced.
    Changed,
    /// The other side has another one, which is not replaced without being asked for.
    Differs,
    /// Both are the same.
    Unchanged,
    /// It is only on the other side, where it is to be removed.
    Gone,
    /// It cannot be on the other side.
    Refused,
    /// What was tried did not succeed.
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Differs => "different",
            Self::Unchanged => "unchanged",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What becomes of one.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The saved query.
    pub(super) query: String,
    /// The definition.
    pub(super) definition: String,
    /// The region; empty where it does not matter.
    pub(super) region: String,
    pub(super) state: State,
    /// Why, where that does not go without saying.
    pub(super) reason: String,
    /// What differs.
    pub(super) difference: Vec<Line>,
}

impl Change {
    /// Returns whether the two sides are not the same.
    pub(super) fn is_one(&self) -> bool {
        !matches!(self.state, State::Unchanged | State::Refused)
    }
}

/// Prints them: with their differences for people when `in_full`, and always for programs.
pub(super) fn print(context: &Context, changes: &[Change], in_full: bool) -> Result<(), Failure> {
    let out = match context.format() {
        Format::Table => for_people(changes, in_full, context.look.color).into_bytes(),
        _ => for_programs(context, changes),
    };
    output::print(context, &out)
}

fn for_people(changes: &[Change], in_full: bool, color: bool) -> String {
    let mut text = String::new();
    for change in changes {
        let mut line = format!(
            "{:<9}  {}",
            change.state.name(),
            escape::safe(&change.query)
        );
        if !change.definition.is_empty() {
            write!(line, "  {}", escape::safe(&change.definition))
                .expect("a string takes all text");
        }
        if !change.region.is_empty() {
            write!(line, " in {}", change.region).expect("a string takes all text");
        }
        if !change.reason.is_empty() {
            write!(line, ": {}", escape::safe(&change.reason)).expect("a string takes all text");
        }
        text.push_str(&line);
        text.push('\n');
        if in_full {
            difference(&change.difference, color, &mut text);
        }
    }
    text
}

fn difference(lines: &[Line], color: bool, text: &mut String) {
    for line in lines {
        let (mark, written) = line.parts();
        let (start, end) = match line {
            Line::Gone(_) if color => ("\x1b[31m", "\x1b[0m"),
            Line::New(_) if color => ("\x1b[32m", "\x1b[0m"),
            _ => ("", ""),
        };
        let line = format!("    {start}{mark} {}{end}", escape::safe(written));
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn for_programs(context: &Context, changes: &[Change]) -> Vec<u8> {
    let names = [
        "query",
        "definition",
        "region",
        "state",
        "reason",
        "difference",
    ];
    let row = |change: &Change| {
        let lines = change.difference.iter().map(|line| {
            let (mark, text) = line.parts();
            format!("{mark} {text}")
        });
        let lines = lines.collect::<Vec<_>>().join("\n");
        let known = |text: &String| Value::from(Some(text.clone()).filter(|text| !text.is_empty()));
        [
            known(&change.query),
            known(&change.definition),
            known(&change.region),
            Value::from(change.state.name().to_owned()),
            known(&change.reason),
            known(&lines),
        ]
    };
    let complete = changes.iter().all(|change| change.state != State::Failed);
    output::rows(context, names, changes.iter().map(row), complete)
}

/// Returns `2 new, 1 changed, 7 refused`.
pub(super) fn counted(changes: &[Change]) -> String {
    let mut states: Vec<State> = changes.iter().map(|change| change.state).collect();
    states.sort_unstable();
    let groups = states.chunk_by(|a, b| a == b);
    let counts = groups.map(|group| format!("{} {}", group.len(), group[0].name()));
    counts.collect::<Vec<_>>().join(", ")
}
