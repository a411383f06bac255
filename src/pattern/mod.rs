//! CloudWatch filter patterns: the small language of metric filters, subscription filters, `FilterLogEvents` and
//! Live Tail, evaluated here exactly as far as the service's behaviour is known.
//!
//! ```text
//! text ─ lexer ─▶ tokens ─ parser ─▶ tree ─ resolver ─▶ matcher ─▶ yes or no
//!                                     │                   └──────▶ need
//!                                     └ prints itself
//! ```
//!
//! [`Pattern`] is all that others see. `docs/filter-pattern.md` describes the language; this module does not know
//! where events come from, and extracts no values for metrics.

mod decimal;
mod lexer;
mod matcher;
mod notes;
mod operand;
mod parser;
mod regex;
mod resolver;
mod translate;
mod tree;
mod wildcard;

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Formatter};

pub use translate::Untold;

use matcher::Matcher;
use notes::Notes;
use tree::Tree;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::record::Record;
use crate::scan::need::Need;

/// A filter pattern, parsed and ready to match.
///
/// ```
/// use logq::pattern::Pattern;
///
/// let pattern = Pattern::parse("{ $.levelname = ERROR }")?;
/// assert_eq!(pattern.to_string(), "{ $.levelname = ERROR }");
/// # Ok::<(), logq::diagnostic::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    tree: Tree,
    matcher: Matcher,
    warnings: Vec<Diagnostic>,
}

impl Pattern {
    /// Parses and compiles a pattern, or reports every mistake that could be found in it.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let mut notes = Notes::default();
        let made = parser::parse(text, &mut notes).and_then(|tree| {
            let matcher = resolver::resolve(&tree, &mut notes)?;
            Some((tree, matcher))
        });
        let ((tree, matcher), warnings) = notes.finish(made)?;
        Ok(Self {
            tree,
            matcher,
            warnings,
        })
    }

    /// Returns whether the message of a record matches.
    pub fn matches(&self, record: &Record<'_>) -> bool {
        self.matcher.matches(record)
    }

    /// Returns what the bytes of every matching line hold.
    pub fn need(&self) -> Need {
        self.matcher.need()
    }

    /// Returns the paths of the JSON members that the pattern asks for, with dots between names.
    pub fn fields(&self) -> Vec<String> {
        let mut fields = Vec::new();
        if let Tree::Json(expression) = &self.tree {
            expression.visit(&mut |condition| fields.extend(condition.selector.path()));
        }
        fields
    }

    /// Returns what is accepted here but is likely not meant, or may be read differently by the service.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// Prints the pattern so that it parses to the same tree.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.tree.fmt(f)
    }
}
