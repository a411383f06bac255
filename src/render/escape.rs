//! Log text made safe for a terminal: control characters and direction overrides are shown, not obeyed.

use std::borrow::Cow;

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
        if is_obeyed(c) && !(lines == Lines::Kept && matches!(c, '\n' | '\t')) {
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
    if !text.bytes().any(|byte| SUSPECT[byte as usize]) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    write_safe(text, Lines::Shown, &mut out);
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
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
    fn lines_can_be_kept() {
        let mut out = Vec::new();
        write_safe("a\n\tb\x1b", Lines::Kept, &mut out);
        assert_eq!(out, b"a\n\tb\\x1b");
    }

    proptest! {
        #[test]
        fn nothing_obeyed_is_left(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(is_obeyed));
        }
    }
}
