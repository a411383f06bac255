//! Log text made safe for a terminal: control characters and direction overrides are shown, not obeyed.

use std::borrow::Cow;

use unicode_segmentation::GraphemeCursor;

/// What is done with line ends and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// They are shown as `\n` and `\t`: the text has to stay on one line.
    Shown,
    /// They are kept.
    Kept,
}

/// Appends text with everything that a terminal would obey written as an escape.
pub fn write_safe(text: &str, lines: Lines, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut written = 0;
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| SUSPECT[*byte as usize]) {
        at += found;
        // Every suspect byte begins a character, so this is a boundary.
        let c = text[at..].chars().next().unwrap_or_default();
        let end = at + c.len_utf8();
        let is_kept = lines == Lines::Kept && matches!(c, '\n' | '\t');
        if is_obeyed(c) && !is_kept && !joins(text, c, end) {
            out.extend_from_slice(&bytes[written..at]);
            write_escape(c, out);
            written = end;
        }
        at = end;
    }
    out.extend_from_slice(&bytes[written..]);
}

/// Returns text on one line that a terminal only shows.
pub fn safe(text: &str) -> Cow<'_, str> {
    rewritten(text, Lines::Shown)
}

/// Returns text that a terminal only shows, with its lines as they are.
pub fn safe_lines(text: &str) -> Cow<'_, str> {
    rewritten(text, Lines::Kept)
}

fn rewritten(text: &str, lines: Lines) -> Cow<'_, str> {
    if !text.bytes().any(|byte| SUSPECT[byte as usize]) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    write_safe(text, lines, &mut out);
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Returns whether a text may steer the terminal that shows it, or hide what it says: control characters, and marks
/// that turn the direction of writing.
pub fn steers(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Bytes that begin a character to look at: controls, and the lead bytes of C1 controls and of direction marks.
const SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[0x7f] = true;
    table[0xc2] = true;
    table[0xd8] = true;
    table[0xe2] = true;
    table[0xef] = true;
    table
};

/// Returns whether a joiner stands inside what a reader sees as one character, such as the emoji of a family.
fn joins(text: &str, c: char, end: usize) -> bool {
    let is_inside = || {
        let boundary = GraphemeCursor::new(end, text.len(), true).is_boundary(text, 0);
        end < text.len() && boundary == Ok(false)
    };
    matches!(c, '\u{200c}' | '\u{200d}') && is_inside()
}

fn is_obeyed(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn write_escape(c: char, out: &mut Vec<u8>) {
    match c {
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\0'..='\x7f' => out.extend_from_slice(format!("\\x{:02x}", c as u32).as_bytes()),
        _ => out.extend_from_slice(format!("\\u{{{:x}}}", c as u32).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        assert_eq!(
            safe("\x1b[31mred\x1b]0;title\x07"),
            "\\x1b[31mred\\x1b]0;title\\x07"
        );
        assert_eq!(safe("a\u{9b}31mb"), "a\\u{9b}31mb");
        assert_eq!(safe("user\u{202e}nimda"), "user\\u{202e}nimda");
        assert_eq!(safe("one\r\ntwo\tthree"), "one\\r\\ntwo\\tthree");
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        assert!(matches!(
            safe("予約を同期しました ¥1,200 – ｶﾅ é"),
            Cow::Borrowed(_) | Cow::Owned(_)
        ));
        assert_eq!(
            safe("予約を同期しました ¥1,200 – ｶﾅ é"),
            "予約を同期しました ¥1,200 – ｶﾅ é"
        );
    }

    #[test]
    fn a_joiner_stays_where_it_joins() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(safe(family), family);
        assert_eq!(safe("ad\u{200d}min"), "ad\\u{200d}min");
        assert_eq!(safe("end\u{200d}"), "end\\u{200d}");
        assert_eq!(safe("\u{200d}"), "\\u{200d}");
    }

    #[test]
    fn lines_can_be_kept() {
        let mut out = Vec::new();
        write_safe("a\n\tb\x1b", Lines::Kept, &mut out);
        assert_eq!(out, b"a\n\tb\\x1b");
    }

    proptest! {
        #[test]
        fn nothing_obeyed_is_left(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(steers));
        }
    }
}
