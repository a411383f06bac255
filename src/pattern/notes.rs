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

    /// Returns whether a mistake has been recorded.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Returns the mistakes in the order of their places or, without any, the doubts.
    pub(crate) fn finish(mut self) -> Result<Vec<Diagnostic>, Diagnostics> {
        if self.has_errors() {
            self.errors.sort_by_key(|error| error.span.start);
            return Err(Diagnostics(self.errors));
        }
        self.warnings.sort_by_key(|warning| warning.span.start);
        Ok(self.warnings)
    }
}
