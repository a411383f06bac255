//! What a computed event says: a line as a web application logs it, in JSON or as plain text.

use std::fmt::Write as _;

/// What an event's message is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) kind: Kind,
    pub(super) random: u64,
    pub(super) timestamp: i64,
    pub(super) stream: u32,
    pub(super) number: u64,
}

/// The kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Usual,
    Error,
    Text,
}

/// A logger, what it says, and whether an identifier follows.
const SAYINGS: [(&str, &str); 8] = [
    ("shop.orders", "order placed"),
    ("shop.orders", "注文を受け付けました"),
    ("shop.payments", "payment captured"),
    ("shop.stock", "stock reserved, \\\"low\\\" soon"),
    ("django.request", "GET /api/items/"),
    ("django.request", "POST /api/cart/"),
    ("celery.worker", "task received"),
    ("shop.mail", "mail queued for naïve café"),
];

impl Fields {
    /// Writes the line, padded to a length where there is something to pad.
    pub(super) fn write(self, length: usize, out: &mut String) {
        let start = out.len();
        match self.kind {
            Kind::Text => self.write_text(out),
            Kind::Usual | Kind::Error => self.write_json(out),
        }
        let missing = length.saturating_sub(out.len() - start + 13);
        if self.kind == Kind::Text || missing == 0 {
            return;
        }
        out.pop();
        out.push_str(", \"detail\": \"");
        out.extend(std::iter::repeat_n('.', missing));
        out.push_str("\"}");
    }

    fn write_json(self, out: &mut String) {
        let (logger, saying) = SAYINGS[(self.random % 8) as usize];
        let (level, status) = match self.kind {
            Kind::Error => ("ERROR", 500),
            _ if self.random >> 8 & 15 < 1 => ("WARNING", 404),
            _ => ("INFO", 200),
        };
        out.push_str("{\"asctime\": \"");
        self.write_time(',', out);
        for part in ["\", \"levelname\": \"", level, "\", \"name\": \"", logger] {
            out.push_str(part);
        }
        for part in ["\", \"message\": \"", saying, "\", \"request_id\": \""] {
            out.push_str(part);
        }
        let duration = self.random >> 16 & 1023;
        let _ = write!(
            out,
            "{:016x}\", \"status\": {status}, \"duration_ms\": {duration}, \"stream\": {}, \"n\": {}",
            super::mix(self.random),
            self.stream,
            self.number
        );
        if self.kind == Kind::Error {
            out.push_str(", \"exc_info\": \"Traceback (most recent call last):\\n  File \\\"/app/shop/views.py\\\", line 41, in get\\nValueError: no such item\"");
        }
        out.push('}');
    }

    fn write_text(self, out: &mut String) {
        self.write_time('.', out);
        let _ = write!(
            out,
            " [{}] [INFO] Booting worker with pid: {}",
            self.stream, self.number
        );
    }

    /// Writes `2026-11-20 00:00:00` and the milliseconds after their separator.
    fn write_time(self, separator: char, out: &mut String) {
        write_time(self.timestamp, separator, out);
    }
}

/// Writes a time in UTC to the millisecond.
pub(crate) fn write_time(timestamp: i64, separator: char, out: &mut String) {
    let time = jiff::Timestamp::from_millisecond(timestamp).unwrap_or_default();
    let time = jiff::tz::Offset::UTC.to_datetime(time);
    let _ = write!(
        out,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}{separator}{:03}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_of_the_length_that_was_asked_for() {
        for random in 0..8 {
            for kind in [Kind::Usual, Kind::Error] {
                let fields = Fields {
                    kind,
                    random,
                    timestamp: 1_795_132_800_123,
                    stream: 3,
                    number: 17,
                };
                let mut line = String::new();
                fields.write(700, &mut line);
                let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
                assert_eq!(value["n"], 17);
                assert_eq!(value["asctime"], "2026-11-20 00:00:00,123");
                assert_eq!(value["levelname"] == "ERROR", kind == Kind::Error);
                assert_eq!(line.len(), 700 + 1);
            }
        }
    }
}
