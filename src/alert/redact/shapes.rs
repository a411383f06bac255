//! Secrets that are known by their shape alone, whatever stands before them.

use std::borrow::Cow;

use regex::{Captures, Regex};

use super::REDACTED;

/// What issuers print in front of their tokens, and how such a token goes on.
const SHAPES: &[&str] = &[
    // Private keys; a key that was cut off has no end line.
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    // JSON web tokens begin with `{"` in base64.
    r"\beyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,4}",
    // Slack: tokens, and the addresses of webhooks, whose path is the secret.
    r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}",
    r"\bxapp-[A-Za-z0-9-]{8,}",
    r"\bhooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_+-]+",
    // AWS access key ids.
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    // GitHub, GitLab, npm, PyPI.
    r"\bgh[pousr]_[A-Za-z0-9]{16,}",
    r"\bgithub_pat_[A-Za-z0-9_]{16,}",
    r"\bgl[a-z]{2,5}-[A-Za-z0-9_-]{16,}",
    r"\bnpm_[A-Za-z0-9]{30,}",
    r"\bpypi-[A-Za-z0-9_-]{30,}",
    // Payment, mail, maps and model services.
    r"\b[spr]k_(?:live|test)_[A-Za-z0-9]{8,}",
    r"\bwhsec_[A-Za-z0-9+/=]{16,}",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"\bAIza[A-Za-z0-9_-]{30,}",
    r"\bya29\.[A-Za-z0-9_-]{16,}",
    r"\bsk-[A-Za-z0-9_-]{20,}",
    // Django's password hashes.
    r"\b(?:pbkdf2_sha\d+|bcrypt(?:_sha256)?|argon2|scrypt|md5|sha1)\$[A-Za-z0-9$=./+_-]{4,}(?:,[A-Za-z0-9$=./+_-]+)*",
];

pub(super) fn all() -> Vec<Regex> {
    SHAPES.iter().map(|shape| compiled(shape)).collect()
}

/// Returns the pattern of an authorization scheme with what follows it.
pub(super) fn bearer() -> Regex {
    compiled(r"(?i)\b(bearer|basic)([ \t]+)([A-Za-z0-9._~+/=:-]{8,})")
}

/// Returns the pattern of an e-mail address, also of one inside an encoded address.
pub(super) fn email() -> Regex {
    compiled(r"(?i)[a-z0-9._%+-]+(?:@|%40)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}")
}

/// Takes out the credentials behind `Bearer` and `Basic`, not the prose: "basic authentication is required".
pub(super) fn redact_bearer<'t>(pattern: &Regex, text: &'t str) -> Cow<'t, str> {
    pattern.replace_all(text, |found: &Captures<'_>| {
        if looks_random(&found[3]) {
            format!("{}{}{REDACTED}", &found[1], &found[2])
        } else {
            found[0].to_owned()
        }
    })
}

/// Returns whether a word is none of a language: it has digits, capitals inside, or no end.
pub(super) fn looks_random(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.bytes().skip(1).any(|byte| test(&byte));
    word.bytes().any(|byte| byte.is_ascii_digit())
        || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        || word.len() >= 40
}

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern that a test compiles")
}
