//! Java date patterns, which `parseDate` takes, written as strftime formats that read the same.

/// Why a pattern cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// These letters have no meaning, or none that a date is read by.
    Letters(String),
    /// A quoted text has no end.
    Quote,
}

/// Writes a Java date pattern as a strftime format.
pub(super) fn strftime_of(pattern: &str) -> Result<String, Unreadable> {
    let mut format = String::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (literal, behind) = quoted(&rest[1..]).ok_or(Unreadable::Quote)?;
            format.push_str(&literal.replace('%', "%%"));
            rest = behind;
            continue;
        }
        let behind = rest.trim_start_matches(first);
        let count = (rest.len() - behind.len()) / first.len_utf8();
        if first.is_ascii_alphabetic() {
            let letters = || Unreadable::Letters(rest[..count].to_owned());
            format.push_str(directive(first, count).ok_or_else(letters)?);
        } else {
            let literal = if first == '%' {
                "%%"
            } else {
                &rest[..first.len_utf8()]
            };
            format.push_str(&literal.repeat(count));
        }
        rest = behind;
    }
    Ok(format)
}

/// Splits behind the closing quote; two quotes in a row mean one.
fn quoted(text: &str) -> Option<(&str, &str)> {
    if let Some(behind) = text.strip_prefix('\'') {
        return Some(("'", behind));
    }
    text.split_once('\'')
}

fn directive(letter: char, count: usize) -> Option<&'static str> {
    Some(match (letter, count) {
        ('y' | 'u', 2) => "%y",
        ('y' | 'u', _) => "%Y",
        ('M' | 'L', 1 | 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', _) => "%B",
        ('d', _) => "%d",
        ('D', _) => "%j",
        ('H', _) => "%H",
        ('h', _) => "%I",
        ('m', _) => "%M",
        ('s', _) => "%S",
        ('S', _) => "%f",
        ('a', _) => "%p",
        ('E', 1..=3) => "%a",
        ('E', _) => "%A",
        ('Z', _) | ('X' | 'x', 1 | 2) => "%z",
        ('X' | 'x', 3) => "%:z",
        ('V', 2) => "%Q",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_directives_and_the_rest_stays() {
        for (pattern, format) in [
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "%Y-%m-%dT%H:%M:%S.%f%:z"),
            ("EEE, d MMM yy h 'o''clock' a", "%a, %d %b %y %I o"),
            ("'100%' dd", "100%% %d"),
            ("yyyy年MM月dd日", "%Y年%m月%d日"),
        ] {
            let found = strftime_of(pattern).expect("it can be read");
            assert!(found.starts_with(format), "{pattern}: {found}");
        }
    }

    #[test]
    fn what_has_no_counterpart_is_named() {
        let letters = |letters: &str| Err(Unreadable::Letters(letters.to_owned()));
        assert_eq!(strftime_of("yyyy-qq"), letters("qq"));
        assert_eq!(strftime_of("HH:mm z"), letters("z"));
        assert_eq!(strftime_of("yyyy 'o"), Err(Unreadable::Quote));
    }
}
