//! Rules: the saved queries with an `[alert]` section, compiled.
//!
//! A rule looks at one event or one run at a time. What its query does with many rows (`stats`, `sort`, `limit`) is
//! for people who ask; what is watched for is all up to there.

use std::sync::Arc;

use super::policy::Policy;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::pattern::Pattern;
use crate::query::exec::Head;
use crate::query::fields::{Extras, FieldSet, Slots};
use crate::query::{Program, Settings, Table};
use crate::record::Record;
use crate::saved::{
    AlertRule, Catalog, Input, Located, Mistake, ParameterError, SavedQuery, SourceFile,
};
use crate::severity::Severity;
use crate::time::Timestamp;
use crate::value::Value;

/// A saved query that is watched for.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The saved query's name.
    pub name: Arc<str>,
    /// How bad what it finds is.
    pub severity: Severity,
    /// When to tell.
    pub policy: Policy,
    /// The services it is about.
    groups: Vec<String>,
    pattern: Option<Pattern>,
    program: Program,
    head: Head,
    key: FieldSet,
    /// Where the columns of the key stand that the query makes.
    made: Vec<Option<usize>>,
    about_errors: bool,
}

/// The rules over events and those over runs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Those that look at events.
    pub events: Vec<Rule>,
    /// Those that look at runs.
    pub runs: Vec<Rule>,
}

/// A saved query that cannot be watched for.
#[derive(Clone, Debug)]
pub struct RuleError {
    /// The saved query's name.
    pub name: String,
    /// Its file.
    pub file: SourceFile,
    /// What is wrong.
    pub problem: RuleProblem,
}

/// What is wrong with a rule.
#[derive(Clone, Debug)]
pub enum RuleProblem {
    /// The file cannot be read; whether it would have been watched for, nobody knows.
    File(Diagnostics),
    /// A parameter has no default: nobody is there to give a value.
    Parameter(ParameterError),
    /// The filter pattern or the query does not compile.
    Text(Located),
    /// What it reads is not in this version.
    Schedule,
}

impl Rules {
    /// Compiles all saved queries with an `[alert]` section; one bad rule does not keep the others from watching.
    ///
    /// A file that cannot be read is an error too, unless it plainly has no such section: an alert that somebody
    /// wrote must not be missing in silence.
    pub fn compile(catalog: &Catalog, now: Timestamp) -> (Self, Vec<RuleError>) {
        let mut rules = Self::default();
        let unread = catalog.mistakes().iter().filter(|one| one.may_alert());
        let mut errors: Vec<RuleError> = unread.map(RuleError::of_file).collect();
        for query in catalog.iter() {
            let Some(alert) = &query.alert else { continue };
            match Rule::compile(query, alert, now) {
                Ok(rule) if query.from == Input::Runs => rules.runs.push(rule),
                Ok(rule) => rules.events.push(rule),
                Err(problem) => errors.push(RuleError {
                    name: query.name.clone(),
                    file: query.file.clone(),
                    problem,
                }),
            }
        }
        (rules, errors)
    }
}

impl Rules {
    /// Returns the names of all rules.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.events.iter().chain(&self.runs).map(|rule| &*rule.name)
    }

    /// Drops the rules whose names are not wanted.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.events.retain(|rule| wanted(&rule.name));
        self.runs.retain(|rule| wanted(&rule.name));
    }
}

impl Rule {
    pub(super) fn compile(
        query: &SavedQuery,
        alert: &AlertRule,
        now: Timestamp,
    ) -> Result<Self, RuleProblem> {
        let table = match query.from {
            Input::Events => Table::Events,
            Input::Runs => Table::Runs,
            Input::Schedule => return Err(RuleProblem::Schedule),
        };
        let expanded = query.expand(&[]).map_err(RuleProblem::Parameter)?;
        let pattern = expanded.filter.as_deref().map(Pattern::parse).transpose();
        let pattern =
            pattern.map_err(|faults| RuleProblem::Text(query.locate_filter(&expanded, faults)));
        let settings = Settings {
            table,
            now,
            window: None,
            default_limit: None,
        };
        let program = Program::compile(&expanded.query, &settings)
            .map_err(|faults| RuleProblem::Text(query.locate_query(&expanded, faults)))?;
        if program.has_subqueries() {
            let faults = Diagnostics(vec![waits(&expanded.query)]);
            return Err(RuleProblem::Text(query.locate_query(&expanded, faults)));
        }
        let key: Vec<Arc<str>> = alert
            .key
            .iter()
            .map(|name| Arc::from(name.as_str()))
            .collect();
        let made: Vec<Option<usize>> = key.iter().map(|name| program.made(name)).collect();
        // What the query makes only for the key is nothing that its optimized plan would keep.
        let program = if made.iter().any(Option::is_some) {
            program.unoptimized()
        } else {
            program
        };
        Ok(Self {
            name: Arc::from(query.name.as_str()),
            severity: alert.severity,
            policy: Policy {
                repeat: alert.repeat,
                after: u64::from(alert.after),
                each: u64::from(alert.each),
                forgets: table == Table::Events,
            },
            groups: query.groups.clone(),
            pattern: pattern?,
            head: program.head(),
            about_errors: program.requires("@error."),
            program,
            key: FieldSet::new(key, 0),
            made,
        })
    }

    /// Returns whether the rule is about a service.
    pub fn reads(&self, service: &str) -> bool {
        service.is_empty() || self.groups.iter().any(|group| group == service)
    }

    /// Returns whether only events that carry an error can match.
    pub fn is_about_errors(&self) -> bool {
        self.about_errors
    }

    /// Returns the key of an event that the rule is about, `None` for all others.
    pub fn event(&mut self, record: &Record<'_>, extras: &Extras<'_>) -> Option<Vec<String>> {
        let service = extras.service.unwrap_or_default();
        // An event of an unknown group may be anything: a file without names is looked at whole.
        if !self.reads(service) {
            return None;
        }
        if self
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.matches(record))
        {
            return None;
        }
        let mut slots = self.program.fields().slots();
        self.program
            .fields()
            .read(&record.event, extras, &mut slots);
        if !self.head.passes(&mut slots) {
            return None;
        }
        let made = self.made_texts(&slots);
        self.key.read(&record.event, extras, &mut slots);
        let texts = made.into_iter().enumerate();
        Some(
            texts
                .map(|(slot, made)| made.unwrap_or_else(|| text(&slots.get(slot))))
                .collect(),
        )
    }

    /// Returns whether the rule is about a run, whose fields `field` gives.
    pub fn run<'a>(&mut self, field: impl Fn(&str) -> Value<'a>) -> bool {
        let mut slots = self.program.fields().slots();
        self.program.fields().fill(&mut slots, &field);
        self.head.passes(&mut slots)
    }

    /// Returns the key of a run, also of one that the rule is not about.
    pub fn run_key<'a>(&self, field: impl Fn(&str) -> Value<'a>) -> Vec<String> {
        let mut slots = self.program.fields().slots();
        if self.made.iter().any(Option::is_some) {
            self.program.fields().fill(&mut slots, &field);
            self.head.clone().compute(&mut slots);
        }
        let made = self.made_texts(&slots).into_iter();
        made.zip(self.key.names())
            .map(|(made, name)| made.unwrap_or_else(|| text(&field(name))))
            .collect()
    }

    /// Returns the columns of the key that the query made, `None` where the row brought them.
    fn made_texts(&self, slots: &Slots<'_>) -> Vec<Option<String>> {
        let made = self.made.iter();
        made.map(|slot| slot.map(|slot| text(&slots.get(slot))))
            .collect()
    }
}

/// Complains about a query whose answer to one event is known only when all are read.
fn waits(query: &str) -> Diagnostic {
    let message = "an alert cannot wait for a query inside its query";
    let hint = "alert on what a single event tells".to_owned();
    Diagnostic::new(codes::MISPLACED, 0..query.len(), message).hint(hint)
}

fn text(value: &Value<'_>) -> String {
    value.to_text().unwrap_or_default().into_owned()
}

impl RuleError {
    fn of_file(mistake: &Mistake) -> Self {
        Self {
            name: mistake.name.clone(),
            file: mistake.file.clone(),
            problem: RuleProblem::File(mistake.problems.clone()),
        }
    }

    /// Renders what is wrong, with the text it is in.
    pub fn render(&self, color: bool) -> String {
        let path = &self.file.path;
        match &self.problem {
            RuleProblem::File(faults) => faults.render(path, &self.file.text, 1, color),
            RuleProblem::Parameter(error) => {
                format!("error: {error}, and an alert has nobody to ask\n --> {path}")
            }
            RuleProblem::Text(at) => at.faults.render(path, &at.text, at.first_line, color),
            RuleProblem::Schedule => {
                format!("error: the table `schedule` is not in this version\n --> {path}")
            }
        }
    }
}
