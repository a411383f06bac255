//! Lengths: what a service counts, and cuts that never split a character.

use unicode_segmentation::UnicodeSegmentation;

/// Stands at the end of what was cut.
const ELLIPSIS: &str = "…";

/// Returns text without control characters and direction overrides; line breaks stay, a tab is a blank.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Returns printable text on one line.
pub(super) fn line(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// Returns how long a text is for services that count as JavaScript does; never less than its characters.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Returns the text, its beginning where it is longer than `longest` units.
///
/// `write` turns each character, with its accents, into what is sent, and is never cut within that.
pub(super) fn cut(text: &str, longest: usize, write: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut used = 0;
    // Where the ellipsis still fits.
    let mut fallback = 0;
    for character in text.graphemes(true) {
        let written = write(character);
        used += units(&written);
        if used > longest {
            out.truncate(fallback);
            if longest > 0 {
                out.push_str(ELLIPSIS);
            }
            return out;
        }
        out.push_str(&written);
        if used < longest {
            fallback = out.len();
        }
    }
    out
}

/// Returns the text, its beginning where it is longer than `longest` units.
pub(super) fn cut_plain(text: &str, longest: usize) -> String {
    cut(text, longest, str::to_owned)
}

/// Returns the last lines of a text that fit into `longest` units as written, and how many lines stand before them.
pub(super) fn last_lines(
    text: &str,
    longest: usize,
    write: impl Fn(&str) -> String,
) -> (Vec<String>, usize) {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept = Vec::new();
    let mut left = longest;
    for line in lines.iter().rev() {
        let written = write(line);
        let cost = units(&written) + 1;
        if cost > left {
            break;
        }
        left -= cost;
        kept.push(written);
    }
    kept.reverse();
    let dropped = lines.len() - kept.len();
    (kept, dropped)
}

/// Returns the longest beginning of a text that takes no more than `longest` bytes.
pub(super) fn bytes(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}
