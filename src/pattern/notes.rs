//! What the phases have to say about a pattern: mistakes, and what is accepted but doubtful.

use crate::diagnostic::{Diagnostic, Diagnostics};

/// Collects diagnostics across the phases, so that one run shows every mistake.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Notes {
    /// Records a mistake.
    pub(crate) fn error(&mut self, error: Diagnostic) {
        self.errors.push(error);
    }

    /// Records a doubt.
    pub(crate) fn warn(&mut self, warning: Diagnostic) {
        self.warnings.push(warning);
    }

    /// Returns what was made of the pattern together with the doubts, or the mistakes in the order of their places.
    pub(crate) fn finish<T>(
        mut self,
        made: Option<T>,
    ) -> Result<(T, Vec<Diagnostic>), Diagnostics> {
        match made {
            Some(made) if self.errors.is_empty() => {
                self.warnings.sort_by_key(|warning| warning.span.start);
                Ok((made, self.warnings))
            }
            _ => {
                debug_assert!(!self.errors.is_empty(), "what cannot be made has a mistake");
                self.errors.sort_by_key(|error| error.span.start);
                Err(Diagnostics(self.errors))
            }
        }
    }
}
