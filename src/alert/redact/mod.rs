//! Takes secrets out of an alert before it leaves: what log text must not carry to a mailbox or a chat.
//!
//! A [`Redactor`] knows tokens by their shape (`shapes`), values by the name before them (`named`, `value`), user
//! information in addresses (`address`), e-mail addresses, and card numbers by their check digit (`card`); the
//! configuration adds patterns. Each find becomes a short marker. What tells alerts apart and where the lines are
//! (ids, fingerprints, links, stream names, commands) is left alone. Every pass is linear in the text.
//!
//! It reads text, not programs: a secret that looks like an ordinary word, without a name that says so, is not found.

mod address;
mod card;
mod named;
mod shapes;
#[cfg(test)]
pub(super) mod tests;
mod value;

use std::borrow::Cow;

use regex::{NoExpand, Regex};

use super::{Alert, Failure, Subject, title};
use crate::detect::Note;

/// Stands for a secret.
pub const REDACTED: &str = "[redacted]";
/// Stands for an e-mail address.
const EMAIL: &str = "[e-mail]";
/// Stands for a card number.
const CARD: &str = "[card]";

/// Finds secrets in text.
#[derive(Clone, Debug)]
pub struct Redactor {
    patterns: Vec<Regex>,
    shapes: Vec<Regex>,
    bearer: Regex,
    scheme: Regex,
    named: Regex,
    email: Regex,
}

impl Redactor {
    /// Makes a redactor that also takes out what the given patterns match.
    pub fn new(patterns: &[Regex]) -> Self {
        Self {
            patterns: patterns.to_vec(),
            shapes: shapes::all(),
            bearer: shapes::bearer(),
            scheme: address::scheme(),
            named: named::pattern(),
            email: shapes::email(),
        }
    }

    /// Takes secrets out of all texts of an alert that come from the log.
    #[must_use]
    pub fn alert(&self, mut alert: Alert) -> Alert {
        let before = alert.subject.clone();
        self.subject(&mut alert.subject);
        for text in [&mut alert.title, &mut alert.summary] {
            requote(text, &before, &alert.subject);
            self.replace(text);
        }
        alert
    }

    /// Returns the text without its secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for pattern in self.patterns.iter().chain(&self.shapes) {
            then(&mut out, |text| {
                pattern.replace_all(text, NoExpand(REDACTED))
            });
        }
        then(&mut out, |text| address::redact(&self.scheme, text));
        then(&mut out, |text| named::redact(&self.named, text));
        then(&mut out, |text| shapes::redact_bearer(&self.bearer, text));
        then(&mut out, |text| {
            self.email.replace_all(text, NoExpand(EMAIL))
        });
        then(&mut out, card::redact);
        out
    }

    /// Takes secrets out of what happened, before it is kept for a later alert.
    pub fn subject(&self, subject: &mut Subject) {
        let note = subject.note.as_mut().and_then(Note::error_mut);
        let texts = [&mut subject.name, &mut subject.stop_reason];
        for text in texts.into_iter().flatten().chain(note) {
            self.replace(text);
        }
        if let Some(error) = &mut subject.error {
            self.failure(error);
        }
        if let Some(migration) = &mut subject.migration {
            let names = migration.applied.iter_mut();
            for name in names
                .chain(&mut migration.unapplied)
                .chain(&mut migration.failed)
            {
                self.replace(name);
            }
        }
    }

    fn failure(&self, error: &mut Failure) {
        let texts = [
            &mut error.kind,
            &mut error.message,
            &mut error.culprit,
            &mut error.traceback,
            &mut error.grouped_by,
        ];
        for text in texts.into_iter().flatten() {
            self.replace(text);
        }
    }

    fn replace(&self, text: &mut String) {
        if let Cow::Owned(redacted) = self.text(text) {
            *text = redacted;
        }
    }
}

/// Replaces what a sentence quotes of the log by the same quotation without secrets.
///
/// A quotation is cut to a length. Half a token, or a name that was cut off from its value, no longer looks like
/// what it is, so the whole text decides.
fn requote(sentence: &mut String, before: &Subject, after: &Subject) {
    let message = |subject: &Subject| subject.error.as_ref()?.message.clone();
    let reason = |subject: &Subject| subject.stop_reason.clone();
    let pairs = [
        (message(before), message(after)),
        (reason(before), reason(after)),
    ];
    for pair in pairs {
        let (Some(before), Some(after)) = pair else {
            continue;
        };
        let quoted = title::quotation(&before);
        if before != after && !quoted.is_empty() {
            *sentence = sentence.replace(&quoted, &title::quotation(&after));
        }
    }
}

/// Applies one pass to what the passes before it have left.
fn then(text: &mut Cow<'_, str>, pass: impl Fn(&str) -> Cow<'_, str>) {
    if let Cow::Owned(changed) = pass(text) {
        *text = Cow::Owned(changed);
    }
}
