//! Logfmt: keys and values, `level=error msg="disk full" debug`.

use std::borrow::Cow;

use crate::value::Value;

/// Reads all pairs of a text; null when there is none.
///
/// A key without a value has an empty one, and words without `=` are such keys, as in the format itself; but a
/// text without any `=` is no logfmt (D13).
pub(super) fn map(text: &str) -> Value<'_> {
    if !text.contains('=') {
        return Value::Null;
    }
    let mut members = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace());
        let (key, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let (value, behind) = match behind.strip_prefix('=') {
            Some(value) => value_of(value),
            None => (Cow::Borrowed(""), behind),
        };
        if !key.is_empty() {
            members.push((Cow::Borrowed(key), Value::Text(value)));
        }
        rest = behind.trim_start();
    }
    Value::Map(members)
}

/// Divides a text behind a value, which blanks or quotes end.
fn value_of(text: &str) -> (Cow<'_, str>, &str) {
    if let Some(inner) = text.strip_prefix('"')
        && let Some(end) = closing(inner)
    {
        let value = &inner[..end];
        let value = if value.contains('\\') {
            Cow::Owned(unescaped(value))
        } else {
            Cow::Borrowed(value)
        };
        return (value, &inner[end + 1..]);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (Cow::Borrowed(&text[..end]), &text[end..])
}

/// Finds the quote that ends a value: the first that no backslash stands before.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(next) = chars.next() {
        match next {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values() {
        for (text, expect) in [
            (
                r#"level=error msg="disk full" n=12"#,
                r#"{"level":"error","msg":"disk full","n":"12"}"#,
            ),
            (
                r#"msg="say \"hi\"\n" debug x="#,
                r#"{"msg":"say \"hi\"\n","debug":"","x":""}"#,
            ),
            (r#"a="open b=1"#, r#"{"a":"\"open","b":"1"}"#),
            ("=x a=1", r#"{"a":"1"}"#),
            ("a==b", r#"{"a":"=b"}"#),
        ] {
            assert_eq!(map(text).to_json(), expect, "{text}");
        }
        assert_eq!(map("plain text"), Value::Null);
    }
}
