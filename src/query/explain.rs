//! What became of a query, phase by phase, as text.

use std::fmt::{self, Display, Formatter};

use super::ast::Query;
use super::plan::Plan;
use crate::scan::need::Need;

/// The phases of a query in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explain {
    /// A title and a text for each phase.
    pub sections: Vec<(&'static str, String)>,
}

impl Explain {
    /// Explains the phases from the tree to what the raw lines must hold.
    pub fn new(query: &Query, plan: &Plan, optimized: &Plan, need: &Need) -> Self {
        Self {
            sections: vec![
                ("query", query_lines(query)),
                ("plan", plan.to_string()),
                ("optimized", optimized.to_string()),
                ("lines must hold", need_text(need)),
            ],
        }
    }

    /// Adds a phase at the end.
    pub fn add(&mut self, title: &'static str, text: String) {
        self.sections.push((title, text));
    }
}

impl Display for Explain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, (title, text)) in self.sections.iter().enumerate() {
            f.write_str(if at > 0 { "\n" } else { "" })?;
            writeln!(f, "{title}:")?;
            for line in text.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

/// Prints a query with a line for each command.
fn query_lines(query: &Query) -> String {
    let source = query.source.iter().map(ToString::to_string);
    let commands = query.commands.iter().map(ToString::to_string);
    source.chain(commands).collect::<Vec<_>>().join("\n| ")
}

fn need_text(need: &Need) -> String {
    let join = |all: &[Need], between| all.iter().map(need_text).collect::<Vec<_>>().join(between);
    match need {
        Need::Anything => "anything".to_owned(),
        Need::Text(text) => super::print::quoted(text),
        Need::Whole(text) => format!("the string {}", super::print::quoted(text)),
        Need::All(all) => join(all, " and "),
        Need::Any(any) => format!("({})", join(any, " or ")),
    }
}
