//! Slack's markup around log text: escaped so that it can mention nobody, link nowhere, and end no code block.

use std::fmt::Write;

use crate::alert::catalog::Texts;
use crate::alert::sink::limit::{cut, last_lines, printable, units};

/// A longer address is left out: a cut one would lead somewhere else.
const LONGEST_LINK: usize = 2000;

/// Returns text with the three characters escaped that begin all of Slack's own forms, cut to a length.
///
/// Stars and single backticks cannot be escaped: at worst a word of log text is bold.
pub(in crate::alert::sink) fn escaped(text: &str, longest: usize) -> String {
    cut(&fenced(text), longest, escape)
}

/// Returns text for objects that are not parsed: brackets in another shape, since nothing is escaped there.
pub(super) fn plain(text: &str, longest: usize) -> String {
    let text = fenced(text).replace('\n', " ");
    cut(&text, longest, |part| {
        part.replace('<', "‹").replace('>', "›")
    })
}

/// Returns text in a line of code.
pub(in crate::alert::sink) fn code(text: &str, longest: usize) -> String {
    let text = printable(text).replace('\n', " ").replace('`', "'");
    format!("`{}`", cut(&text, longest.saturating_sub(2), escape))
}

/// Returns the beginning of text in a block of code.
pub(in crate::alert::sink) fn code_block(text: &str, longest: usize) -> String {
    let room = longest.saturating_sub(8);
    format!("```\n{}\n```", cut(&fenced(text), room, escape))
}

/// Returns the end of text, whole lines of it, in a block of code, with a note of how many lines are missing.
pub(super) fn code_block_ending(text: &str, longest: usize, texts: &dyn Texts) -> String {
    let room = longest.saturating_sub(8 + 40);
    let text = fenced(text);
    let (lines, dropped) = last_lines(&text, room, escape);
    if lines.is_empty() {
        return code_block(text.lines().last().unwrap_or_default(), longest);
    }
    let note = match dropped {
        0 => String::new(),
        more => format!("{}\n", texts.lines_before(more)),
    };
    format!("```\n{note}{}\n```", lines.join("\n"))
}

/// Returns a link, or nothing when the address is none that a browser should open.
pub(in crate::alert::sink) fn link(address: &str, label: &str) -> Option<String> {
    if !address.starts_with("https://") && !address.starts_with("http://") {
        return None;
    }
    let mut encoded = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            '&' => encoded.push_str("&amp;"),
            '<' | '>' | '|' | '"' | '`' => {
                write!(encoded, "%{:02X}", c as u32).expect("a string takes all text");
            }
            c if c.is_whitespace() || c.is_control() => {}
            c => encoded.push(c),
        }
    }
    (units(&encoded) <= LONGEST_LINK).then(|| format!("<{encoded}|{label}>"))
}

/// Returns printable text in which nothing begins a block of code, or ends the one that it stands in.
fn fenced(text: &str) -> String {
    printable(text).replace("``", "`\u{200b}`\u{200b}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
