//! Arguments that are written out in the query, looked at before any row is: those with which a function can
//! never give a result are mistakes.

use std::net::IpAddr;

use jiff::fmt::strtime;

use super::addresses::subnet;
use super::date_pattern::{Unreadable, strftime_of};
use crate::time::Zone;

/// Why an argument never gives a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl Unfit {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// Looks at a text that stands as an argument of a function.
pub fn check_constant(function: &str, at: usize, text: &str) -> Result<(), Unfit> {
    match (function, at) {
        ("formatDate", 1) => check_format(text),
        ("parseDate", 1) => check_pattern(text),
        ("formatDate" | "parseDate", 2) => check_zone(text),
        ("isIpInSubnet", 1) => check_subnet(text, |_| true, "192.0.2.0/24"),
        ("isIpv4InSubnet", 1) => check_subnet(text, IpAddr::is_ipv4, "192.0.2.0/24"),
        ("isIpv6InSubnet", 1) => check_subnet(text, IpAddr::is_ipv6, "2001:db8::/32"),
        _ => Ok(()),
    }
}

fn check_zone(name: &str) -> Result<(), Unfit> {
    let Err(unknown) = Zone::named(name) else {
        return Ok(());
    };
    let hint = unknown.0.first().and_then(|one| one.hint.clone());
    Err(Unfit::new(unknown.to_string(), hint.unwrap_or_default()))
}

/// Tries a strftime format on a date.
fn check_format(format: &str) -> Result<(), Unfit> {
    let zoned = jiff::Timestamp::UNIX_EPOCH.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    if !format.contains('%') {
        let message = "a format without a `%`, which writes the same for every date";
        return Err(Unfit::new(message, strftime_hint(format)));
    }
    strtime::format(format, &zoned).map(drop).map_err(|error| {
        let told = error.to_string();
        let reason = told.rsplit(": ").next().unwrap_or_default();
        let message = format!("the format cannot be written: {reason}");
        Unfit::new(message, strftime_hint(format))
    })
}

/// Returns the same as a strftime format, for a pattern in Java's letters.
fn strftime_hint(format: &str) -> String {
    match strftime_of(format) {
        Ok(same) if same.contains('%') && !format.contains('%') => {
            format!(
                "in strftime's letters it is \"{}\"",
                same.replace(".%f", "%.3f")
            )
        }
        _ => "for example: `formatDate(@timestamp, \"%Y-%m-%d %H:%M\")`".to_owned(),
    }
}

fn check_pattern(pattern: &str) -> Result<(), Unfit> {
    let example = "for example: `parseDate(text, \"yyyy-MM-dd HH:mm:ss\")`";
    if pattern.contains('%') {
        let message = "a pattern in strftime's letters, where Java's are read";
        return Err(Unfit::new(message, example));
    }
    match strftime_of(pattern) {
        Ok(_) => Ok(()),
        Err(Unreadable::Quote) => Err(Unfit::new(
            "a quoted part of the pattern never ends",
            "write '' for a quote",
        )),
        Err(Unreadable::Letters(letters)) if letters.starts_with('z') => {
            let hint = "name the zone as third argument, and put the letters of a fixed one in quotes: `'GMT'`";
            let message = format!("`{letters}`: the name of a zone cannot be read");
            Err(Unfit::new(message, hint))
        }
        Err(Unreadable::Letters(letters)) => {
            let message = format!("`{letters}` is no part of a date that can be read");
            Err(Unfit::new(
                message,
                format!("text stands in quotes, as in `'T'`; {example}"),
            ))
        }
    }
}

fn check_subnet(text: &str, fits: fn(&IpAddr) -> bool, example: &str) -> Result<(), Unfit> {
    match subnet(text) {
        Some((network, _)) if fits(&network) => Ok(()),
        Some(_) => {
            let message = format!("`{text}` is a range of the other version, which never matches");
            Err(Unfit::new(message, "`isIpInSubnet` takes both"))
        }
        None => {
            let message = format!("`{text}` is not a range of addresses");
            Err(Unfit::new(message, format!("write it as `\"{example}\"`")))
        }
    }
}
