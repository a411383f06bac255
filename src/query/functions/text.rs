//! Functions of text; other values are taken in their printed form.

use std::borrow::Cow;

use regex::Regex;

use super::{Args, Arity, Function, Level, Run, slice};
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "strlen",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "strlen(text)",
        summary: "the length of a text in characters",
        examples: &[("strlen('héllo')", "5")],
        run: Some(Run::Values(strlen)),
    },
    Function {
        name: "toupper",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "toupper(text)",
        summary: "the text in capitals",
        examples: &[("toupper('Get')", "GET")],
        run: Some(Run::Values(to_upper)),
    },
    Function {
        name: "tolower",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "tolower(text)",
        summary: "the text in small letters",
        examples: &[("tolower('ERROR')", "error")],
        run: Some(Run::Values(to_lower)),
    },
    Function {
        name: "concat",
        aliases: &[],
        arity: Arity::at_least(1),
        level: Level::Core,
        signature: "concat(text, ...)",
        summary: "all texts in a row",
        examples: &[
            ("concat('Put', '-', 200)", "Put-200"),
            ("concat('a', missing)", "null"),
        ],
        run: Some(Run::Values(concat)),
    },
    Function {
        name: "substr",
        aliases: &[],
        arity: Arity::between(2, 3),
        level: Level::Core,
        signature: "substr(text, start[, length])",
        summary: "a part of the text, counted in characters from 0",
        examples: &[
            ("substr('xyZfoo', 3)", "foo"),
            ("substr('aéb', 1, 1)", "é"),
            ("substr('abc', 1, 99)", "bc"),
        ],
        run: Some(Run::Values(substr)),
    },
    Function {
        name: "replace",
        aliases: &[],
        arity: Arity::exactly(3),
        level: Level::Core,
        signature: "replace(text, what, by)",
        summary: "the text with all of one text replaced by another",
        examples: &[("replace('a.a', '.', '-')", "a-a")],
        run: Some(Run::Values(replace)),
    },
    Function {
        name: "regexReplace",
        aliases: &["regex_replace"],
        arity: Arity::exactly(3),
        level: Level::Core,
        signature: "regexReplace(text, regex, by)",
        summary: "the text with all matches replaced; `$1` stands for a group",
        examples: &[
            ("regexReplace('/o/42/i/7', '[0-9]+', 'N')", "/o/N/i/N"),
            ("regexReplace('a-b', '(\\\\w)-(\\\\w)', '$2_$1')", "b_a"),
        ],
        run: Some(Run::Regex(1, regex_replace)),
    },
    Function {
        name: "trim",
        aliases: &[],
        arity: Arity::between(1, 2),
        level: Level::Core,
        signature: "trim(text[, characters])",
        summary: "the text without white space, or these characters, at both ends",
        examples: &[("trim('  a b ')", "a b"), ("trim('- a -', '-')", " a ")],
        run: Some(Run::Values(trim)),
    },
    Function {
        name: "ltrim",
        aliases: &[],
        arity: Arity::between(1, 2),
        level: Level::Core,
        signature: "ltrim(text[, characters])",
        summary: "the text without white space, or these characters, at its start",
        examples: &[("ltrim('xyZfooxyZ', 'Zxy')", "fooxyZ")],
        run: Some(Run::Values(ltrim)),
    },
    Function {
        name: "rtrim",
        aliases: &[],
        arity: Arity::between(1, 2),
        level: Level::Core,
        signature: "rtrim(text[, characters])",
        summary: "the text without white space, or these characters, at its end",
        examples: &[("rtrim('xyZfooxyZ', 'Zxy')", "xyZfoo")],
        run: Some(Run::Values(rtrim)),
    },
    Function {
        name: "startsWith",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Core,
        signature: "startsWith(text, part)",
        summary: "1 when the text begins with the part",
        examples: &[("startsWith('/api/orders', '/api')", "1")],
        run: Some(Run::Values(starts_with)),
    },
    Function {
        name: "endsWith",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Core,
        signature: "endsWith(text, part)",
        summary: "1 when the text ends with the part",
        examples: &[("endsWith('/api/orders', '/')", "0")],
        run: Some(Run::Values(ends_with)),
    },
    Function {
        name: "strcontains",
        aliases: &[],
        arity: Arity::between(2, 3),
        level: Level::Core,
        signature: "strcontains(text, part[, ignore_case])",
        summary: "1 when the part occurs in the text",
        examples: &[
            ("strcontains('an error', 'ERR')", "0"),
            ("strcontains('an error', 'ERR', true)", "1"),
        ],
        run: Some(Run::Values(contains)),
    },
    Function {
        name: "isempty",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "isempty(field)",
        summary: "1 when the field is missing or an empty text",
        examples: &[("isempty(missing)", "1"), ("isempty(' ')", "0")],
        run: Some(Run::Values(is_empty)),
    },
    Function {
        name: "isblank",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "isblank(field)",
        summary: "1 when the field is missing or holds only white space",
        examples: &[("isblank(missing)", "1"), ("isblank(' \\t')", "1")],
        run: Some(Run::Values(is_blank)),
    },
    Function {
        name: "split",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Wanted,
        signature: "split(text, separator)",
        summary: "the list of the parts between separators",
        examples: &[("split('a,b', ',')", "[\"a\",\"b\"]")],
        run: Some(Run::Values(split)),
    },
];

fn strlen<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.text(0).map(|text| text.chars().count() as f64).into()
}

fn to_upper<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.text(0).map(|text| text.to_uppercase()).into()
}

fn to_lower<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.text(0).map(|text| text.to_lowercase()).into()
}

fn concat<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let mut joined = String::new();
    for at in 0..args.len() {
        match args.text(at) {
            Some(text) => joined.push_str(&text),
            None => return Value::Null,
        }
    }
    joined.into()
}

fn substr<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let length = match args.len() {
        2 => Some(usize::MAX),
        _ => args.number(2).map(|length| length as usize),
    };
    let (Some(start), Some(length), Some(text)) = (args.number(1), length, args.text(0)) else {
        return Value::Null;
    };
    // Casting a negative number gives 0.
    let start = byte_of(&text, start as usize);
    let end = start + byte_of(&text[start..], length);
    slice(text, start, end).into()
}

/// Returns where the character at a position begins, or the end of the text.
fn byte_of(text: &str, position: usize) -> usize {
    text.char_indices()
        .nth(position)
        .map_or(text.len(), |(byte, _)| byte)
}

fn replace<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    match (args.text(0), args.text(1), args.text(2)) {
        (Some(text), Some(what), Some(by)) if !what.is_empty() => text.replace(&*what, &by).into(),
        (Some(text), Some(_), Some(_)) => text.into(),
        _ => Value::Null,
    }
}

fn regex_replace<'a>(args: &mut Args<'_, 'a>, regex: &Regex) -> Value<'a> {
    let (Some(text), Some(by)) = (args.text(0), args.text(2)) else {
        return Value::Null;
    };
    let replaced = regex.replace_all(&text, &*replacement(&by)).into_owned();
    replaced.into()
}

/// Writes `$12` as `${12}`, so that letters behind a group's number are not read as part of its name.
fn replacement(by: &str) -> Cow<'_, str> {
    if !by.contains('$') {
        return Cow::Borrowed(by);
    }
    let mut written = String::with_capacity(by.len() + 4);
    let mut rest = by;
    while let Some(dollar) = rest.find('$') {
        let number = &rest[dollar + 1..];
        let digits = number.len()
            - number
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        written.push_str(&rest[..=dollar]);
        if digits > 0 {
            written.extend(["{", &number[..digits], "}"]);
        }
        rest = &number[digits..];
    }
    written.push_str(rest);
    Cow::Owned(written)
}

fn trim<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    trimmed(args, true, true)
}

fn ltrim<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    trimmed(args, true, false)
}

fn rtrim<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    trimmed(args, false, true)
}

fn trimmed<'a>(args: &mut Args<'_, 'a>, left: bool, right: bool) -> Value<'a> {
    let given = args.len() > 1;
    let (Some(text), characters) = (args.text(0), args.text(1)) else {
        return Value::Null;
    };
    let cut = |character: char| match &characters {
        Some(characters) => characters.contains(character),
        None => character.is_whitespace(),
    };
    if given && characters.is_none() {
        return Value::Null;
    }
    let end = if right {
        text.trim_end_matches(cut).len()
    } else {
        text.len()
    };
    let start = if left {
        end - text[..end].trim_start_matches(cut).len()
    } else {
        0
    };
    slice(text, start, end).into()
}

fn starts_with<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about_two(args, |text, part| text.starts_with(part))
}

fn ends_with<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about_two(args, |text, part| text.ends_with(part))
}

/// The third argument ignores case, as documented (D20).
fn contains<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    if args.get(2).truth() == Some(true) {
        about_two(args, |text, part| {
            text.to_lowercase().contains(&part.to_lowercase())
        })
    } else {
        about_two(args, |text, part| text.contains(part))
    }
}

fn about_two<'a>(args: &mut Args<'_, 'a>, test: impl Fn(&str, &str) -> bool) -> Value<'a> {
    let both = args.text(0).zip(args.text(1));
    both.map(|(text, part)| test(&text, &part)).into()
}

fn is_empty<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    Value::Bool(match args.get(0) {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        _ => false,
    })
}

fn is_blank<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    Value::Bool(match args.get(0) {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        _ => false,
    })
}

fn split<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let (Some(text), Some(separator)) = (args.text(0), args.text(1)) else {
        return Value::Null;
    };
    if separator.is_empty() {
        return Value::List(vec![text.into()]);
    }
    let parts = text.split(&*separator);
    Value::List(parts.map(|part| Value::from(part.to_owned())).collect())
}
