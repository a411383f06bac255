//! Values that stand behind a name such as `password`, in all the ways in which programs print the two.
//!
//! `password=hunter2`, `"api_key": "..."`, `{'token': ['...']}`, `('password', '...')`, `--password hunter2`,
//! `<password>...</password>`, `Authorization: Bearer ...`, and the same inside a quoted text, with its quotes
//! escaped. `value` finds where the value ends; what only names a secret, as `password=settings.DB_PASSWORD` in a
//! line of a traceback, stays.

use std::borrow::Cow;
use std::ops::Range;

use regex::{Captures, Regex};

use super::REDACTED;
use super::value::{self, Prose, Reader};

/// What the name of a secret ends in. Longer ones stand before those that they begin with.
const NAMES: &str = r"pass(?:word|wd|phrase|code)|passwort|pwd|(?:secret|private|signing|encryption|account|master|subscription|api|access|auth)[_-]?key(?:[_-]?id)?|secret|token|credentials?|authorization|auth|signature|sig|session[_-]?(?:id|key)|cookie|パスワード|暗証番号";

/// How far back the beginning of a name is looked for.
const LONGEST_NAME: usize = 64;

/// Returns the pattern of a name with what joins it to its value.
pub(super) fn pattern() -> Regex {
    let pattern = format!(
        r#"(?i)(?P<name>{NAMES})(?:(?P<quote>\\*["'])?\]?[ \t]*(?P<sign>=>|:=|==?|[:：＝]|%3[ad])[ \t]*|\\*["'][ \t]*(?P<comma>,)[ \t]*|(?P<tag>>)|(?P<blank>[ \t]+))"#
    );
    Regex::new(&pattern).expect("a constant pattern that a test compiles")
}

/// Takes out the values behind names.
pub(super) fn redact<'t>(pattern: &Regex, text: &'t str) -> Cow<'t, str> {
    let mut out = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = pattern.captures_at(text, from) {
        let start = found.get_match().end();
        // Joins may overlap the next name, so the search goes on behind the name and not behind the join.
        let name_end = found.name("name").map_or(start, |name| name.end());
        from = name_end;
        if !joins(text, &found) {
            continue;
        }
        for secret in reader(text, &found).secrets(start) {
            out.push_str(&text[copied..secret.start]);
            out.push_str(REDACTED);
            copied = secret.end;
            from = from.max(secret.end);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn reader<'t>(text: &'t str, found: &Captures<'t>) -> Reader<'t> {
    let word = word(found).to_lowercase();
    let sign = found.name("sign").map_or("", |sign| sign.as_str());
    let is_sentence = found.name("quote").is_none() && sign == ":";
    let is_also_prose = matches!(
        word.as_str(),
        "token" | "authorization" | "signature" | "sig" | "cookie" | "credential" | "credentials"
    );
    Reader {
        text,
        name: &text[whole_name(text, found)],
        prose: if is_sentence && is_also_prose {
            Prose::Likely
        } else {
            Prose::No
        },
        is_authorization: word == "authorization",
        is_cookie: word == "cookie",
        is_tag: found.name("tag").is_some(),
    }
}

/// Returns whether what stands between name and value joins the two.
fn joins(text: &str, found: &Captures<'_>) -> bool {
    let name = whole_name(text, found);
    let before = &text[..name.start];
    let name = &text[name];
    let word = word(found);
    let value = &text[found.get_match().end()..];
    if !is_whole(name, word) {
        return false;
    }
    if found.name("comma").is_some() {
        let opened = before.trim_end_matches(['"', '\'', '\\']);
        let opened = opened.strip_suffix(['b', 'u']).unwrap_or(opened);
        return opened.ends_with('(') && value::is_quoted(value);
    }
    if found.name("tag").is_some() {
        return before.ends_with(['<', ':']);
    }
    if found.name("blank").is_some() {
        let is_flag = name.starts_with("--") && !value.starts_with('-');
        let is_pass = word.to_lowercase().starts_with("pass") || word.starts_with("パス");
        return is_flag || (is_pass && value::is_quoted(value));
    }
    // The name of a secret in Secrets Manager: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:db`.
    let account = before.strip_suffix(':').unwrap_or_default();
    if account.ends_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    // `auth` alone is a word of prose; `auth=('user', 'password')` is an argument.
    let sign = found.name("sign").map_or("", |sign| sign.as_str());
    !(word.eq_ignore_ascii_case("auth") && sign == ":" && found.name("quote").is_none())
}

/// Short words end many others: they count alone, or as the last part of a name.
fn is_whole(name: &str, word: &str) -> bool {
    let before = &name[..name.len() - word.len()];
    !matches!(word.to_ascii_lowercase().as_str(), "sig" | "auth" | "pwd")
        || before.is_empty()
        || before.ends_with(['_', '-', '.'])
}

fn word<'t>(found: &Captures<'t>) -> &'t str {
    found.name("name").map_or("", |word| word.as_str())
}

/// Returns the place of the identifier that ends in the found word.
fn whole_name(text: &str, found: &Captures<'_>) -> Range<usize> {
    let Some(word) = found.name("name") else {
        return 0..0;
    };
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let before = text.as_bytes()[..word.start()].iter().rev();
    let length = before.take(LONGEST_NAME).take_while(|b| is_part(b)).count();
    word.start() - length..word.end()
}
