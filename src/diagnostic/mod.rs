//! Errors that point at text: a code, a span, a label at the span, and a hint that can be pasted.
//!
//! Languages and configuration readers collect all their complaints before they give up, so that one
//! run shows every mistake. This module does not know where the text came from; the caller names it.

pub mod codes;
pub mod escape;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, Title};

/// A stable identifier of one kind of mistake, such as `P001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub &'static str);

/// One mistake in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake it is.
    pub code: Code,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The bytes of the text that are wrong; empty at a place where something is missing.
    pub span: Range<usize>,
    /// A few words under the span; may be empty.
    pub label: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Creates a diagnostic without label or hint.
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            hint: None,
        }
    }

    /// Adds the words that stand under the span.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a hint; `None` leaves it without one.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Something does not work.
    Error,
    /// Something may not mean what it says.
    Warning,
}

/// All mistakes found in one text; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Renders each mistake with its line of `text`, which is named `origin` (a file or `<query>`).
    ///
    /// `first_line` is the line number of the text's first line within its file, 1 for a text of its own.
    pub fn render(&self, origin: &str, text: &str, first_line: usize, color: bool) -> String {
        let titled = |one: &Diagnostic| Level::ERROR.primary_title(harmless_title(one));
        self.render_titled(titled, origin, text, first_line, color)
    }

    /// Renders each as [`Diagnostics::render`] does, with its rank and its code.
    pub fn render_coded(
        &self,
        rank: Rank,
        origin: &str,
        text: &str,
        first_line: usize,
        color: bool,
    ) -> String {
        let level = match rank {
            Rank::Error => Level::ERROR,
            Rank::Warning => Level::WARNING,
        };
        let titled = |one: &Diagnostic| {
            let title = level.clone().primary_title(harmless_title(one));
            title.id(one.code.0)
        };
        self.render_titled(titled, origin, text, first_line, color)
    }

    fn render_titled(
        &self,
        titled: impl Fn(&Diagnostic) -> Title<'static>,
        origin: &str,
        text: &str,
        first_line: usize,
        color: bool,
    ) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let snippets: Vec<String> = self
            .0
            .iter()
            .map(|one| render_one(one, titled(one), &renderer, origin, text, first_line))
            .collect();
        snippets.join("\n")
    }
}

fn harmless_title(one: &Diagnostic) -> String {
    escape::safe(&one.message).into_owned()
}

fn render_one(
    one: &Diagnostic,
    title: Title<'static>,
    renderer: &Renderer,
    origin: &str,
    text: &str,
    first_line: usize,
) -> String {
    let span = clamp(&one.span, text);
    let source = harmless(text);
    let label = escape::safe(&one.label);
    let origin = escape::safe(origin);
    let mut annotation = AnnotationKind::Primary.span(span);
    if !label.is_empty() {
        annotation = annotation.label(&*label);
    }
    let snippet = Snippet::source(&*source)
        .line_start(first_line)
        .path(&*origin)
        .annotation(annotation);
    let report = [title.element(snippet)];
    let mut text = renderer.render(&report);
    if let Some(hint) = &one.hint {
        text.push_str("\nhint: ");
        text.push_str(&escape::safe_lines(hint));
    }
    text
}

/// Returns a text of the same length in bytes, as spans point into it, with nothing that steers a terminal.
///
/// The renderer does so for most of these characters, but lets the single ones of eight bits through.
fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| !c.is_ascii() && escape::steers(c)) {
        return Cow::Borrowed(text);
    }
    let stand_in = |c: char| match c.len_utf8() {
        2 => '\u{b7}',
        _ => char::REPLACEMENT_CHARACTER,
    };
    let tame = |c: char| {
        if !c.is_ascii() && escape::steers(c) {
            stand_in(c)
        } else {
            c
        }
    };
    Cow::Owned(text.chars().map(tame).collect())
}

/// Moves a span onto character boundaries inside the text, so that a careless span cannot panic.
fn clamp(span: &Range<usize>, text: &str) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// The first message alone: the short form for logs and nested errors.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("invalid text"),
            [one] => f.write_str(&one.message),
            [one, rest @ ..] => write!(f, "{} (and {} more)", one.message, rest.len()),
        }
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_is_shown_with_label_and_hint() {
        let text = "{ $.levelnmae = \"ERROR\" }";
        let one = Diagnostic::new(codes::PATTERN_TOO_LONG, 4..13, "unknown field `levelnmae`")
            .label("never seen")
            .hint("did you mean `levelname`?".to_owned());
        insta::assert_snapshot!(Diagnostics::from(one).render("<pattern>", text, 1, false), @r#"
        error: unknown field `levelnmae`
         --> <pattern>:1:5
          |
        1 | { $.levelnmae = "ERROR" }
          |     ^^^^^^^^^ never seen
        hint: did you mean `levelname`?
        "#);
    }

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        let text = "x \x1b[31m \u{9b}1m \u{202e} y";
        let one = Diagnostic::new(codes::PATTERN_TOO_LONG, 0..1, "odd \x1b[0m")
            .label("\u{9b}")
            .hint("\x1b]0;x\x07".to_owned());
        let rendered = Diagnostics::from(one).render("a\x1b[2J.toml", text, 1, false);
        let left: Vec<char> = rendered
            .chars()
            .filter(|c| *c != '\n' && escape::steers(*c))
            .collect();
        assert!(left.is_empty(), "{rendered:?}");
        assert!(rendered.contains("a\\x1b[2J.toml"), "{rendered}");
    }

    #[test]
    fn a_span_inside_a_character_does_not_panic() {
        let one = Diagnostic::new(codes::PATTERN_TOO_LONG, 1..99, "odd");
        Diagnostics::from(one).render("<pattern>", "日本", 1, false);
    }
}
