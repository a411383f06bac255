//! Lines of a block: each ends at a line feed; other characters that some call line ends are text.

use std::ops::Range;

use memchr::{memchr, memrchr};

/// Walks the lines of `bytes` from offset `from`, as ranges without the line feed; the last may have none.
pub fn lines(bytes: &[u8], from: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = from;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let line = at..at + memchr(b'\n', rest).unwrap_or(rest.len());
        at = line.end + 1;
        Some(line)
    })
}

/// Walks the lines that end before offset `until`, last first, down to the one that begins at `from` or behind it.
pub fn lines_back(bytes: &[u8], from: usize, until: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = until;
    std::iter::from_fn(move || {
        if at <= from {
            return None;
        }
        // The byte before `at` ends the line that is looked for.
        let end = at - usize::from(bytes[at - 1] == b'\n');
        let start = memrchr(b'\n', &bytes[from..end]).map_or(from, |found| from + found + 1);
        at = start;
        Some(start..end)
    })
}

/// Returns the line that holds offset `at`.
pub fn line_around(bytes: &[u8], at: usize) -> Range<usize> {
    let start = memrchr(b'\n', &bytes[..at]).map_or(0, |found| found + 1);
    let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found);
    start..end
}

/// Returns the line without the carriage return that a Windows program ends it with.
pub fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(bytes: &[u8]) -> Vec<&[u8]> {
        let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        if lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        lines
    }

    proptest! {
        #[test]
        fn lines_are_what_stands_between_line_feeds(text in "[a\n\r]{0,20}") {
            let bytes = text.as_bytes();
            let found: Vec<Range<usize>> = lines(bytes, 0).collect();
            let texts: Vec<&[u8]> = found.iter().map(|line| &bytes[line.clone()]).collect();
            prop_assert_eq!(texts, naive(bytes));
            let mut back: Vec<Range<usize>> = lines_back(bytes, 0, bytes.len()).collect();
            back.reverse();
            prop_assert_eq!(&back, &found);
            for line in found {
                for at in line.start..=line.end.min(bytes.len().saturating_sub(1)) {
                    prop_assert_eq!(line_around(bytes, at), line.clone());
                }
            }
        }
    }
}
