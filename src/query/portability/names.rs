//! Fields that only this program has, and names that the service takes for fields it knows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Seen, doubt, refuse, walk};
use crate::diagnostic::codes;
use crate::query::ast::{Command, CommandKind, Field, Span};
use crate::query::tables::LOCAL;

/// Checks the names of a query, command by command.
pub(super) fn check(commands: &[Command], seen: &Seen) -> Vec<Finding> {
    let mut names = Names {
        seen,
        made: BTreeSet::new(),
        read: BTreeMap::new(),
        findings: Vec::new(),
    };
    for command in commands {
        for field in walk::reads(command) {
            names.read(field);
        }
        for (name, span) in walk::makes(command) {
            names.make(name, span);
        }
        // Behind it no event's field is left.
        if matches!(command.kind, CommandKind::Stats(_)) {
            break;
        }
    }
    names.check_discovery();
    names.findings
}

struct Names<'s> {
    seen: &'s Seen,
    /// What the query made up to here.
    made: BTreeSet<String>,
    /// The fields of events that it read up to here, and where first.
    read: BTreeMap<String, Span>,
    findings: Vec<Finding>,
}

impl Names<'_> {
    fn read(&mut self, field: &Field) {
        let name = field.name();
        let mut beginnings = (1..=field.path.len()).map(|length| field.path[..length].join("."));
        if beginnings.any(|name| self.made.contains(&name)) {
            return;
        }
        // What was said of it once holds for the whole query.
        if self.read.contains_key(&name) {
            return;
        }
        if LOCAL.contains(&name.as_str()) {
            let message = format!("only this program knows `{name}`");
            self.findings.push(refuse(
                codes::LOCAL_ONLY,
                field.span,
                message,
                instead(&name),
            ));
        }
        if self.seen.is_beyond(&name) {
            let message = format!("`{name}` stands behind the first 200 values of some events");
            let hint = format!(
                "read it from the text: `fields jsonParse(@message) as j | display j.{name}`"
            );
            self.findings
                .push(doubt(codes::FIELDS_BEYOND, field.span, message, hint));
        }
        self.read.insert(name, field.span);
    }

    /// Makes a name; one that events have is taken on the service, which knows their fields (D14).
    fn make(&mut self, name: String, span: Span) {
        // A column named `@timestamp` is how time is kept for a second `stats`.
        let system = name.starts_with('@');
        let reason = if self.read.contains_key(&name) {
            Some("which the query reads as a field of events before")
        } else if self.seen.has(&name) {
            Some("which events have as a field")
        } else {
            None
        };
        if let Some(reason) = reason.filter(|_| !system) {
            let message = format!("the service takes no new name `{name}`, {reason}");
            let hint = format!("choose another name, such as `{name}2`");
            self.findings
                .push(refuse(codes::TAKEN_NAME, span, message, hint));
        }
        self.made.insert(name);
    }

    /// Doubts the fields of events in which the service finds none.
    fn check_discovery(&mut self) {
        let fields = self.read.iter().filter(|(name, _)| !name.starts_with('@'));
        let Some(span) = fields.map(|(_, span)| *span).min_by_key(|span| span.start) else {
            return;
        };
        let Seen {
            events,
            prefixed,
            broken,
            ..
        } = self.seen;
        if *prefixed > 0 {
            let message = format!(
                "{prefixed} of {events} events have text before their JSON, and so no fields"
            );
            let hint = "cut the JSON out first: `parse @message /(?<json>\\{.*\\})/ | fields jsonParse(json) as j`";
            self.findings
                .push(doubt(codes::NOT_DISCOVERED, span, message, hint));
        } else if *broken > 0 {
            let message = format!("the JSON of {broken} of {events} events breaks off");
            let hint = "the service finds no fields in it, this program those before the break";
            self.findings
                .push(doubt(codes::NOT_DISCOVERED, span, message, hint));
        }
    }
}

/// Returns how to do without a field of this program.
fn instead(name: &str) -> &'static str {
    match name {
        "@level" => "use the field of the records, as in `levelname = \"ERROR\"`",
        "@stage" => "look at the name of the log group: `@log like \"production\"`",
        "@service" => "look at the name of the log group: `@log like \"webapp\"`",
        _ => "take it from the text: `parse @message /(?<error>\\w+Error): (?<what>.*)/`",
    }
}
