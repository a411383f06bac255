//! The fields of the lines that the Lambda platform writes itself: `START`, `END` and `REPORT`.

use crate::value::{Value, parse_number};

/// The service counts a megabyte as so many bytes.
const MEGABYTE: f64 = 1e6;

/// A field of such a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    Type,
    RequestId,
    /// A length of time, by its label.
    Milliseconds(&'static str),
    /// An amount of memory, by its label.
    Megabytes(&'static str),
}

impl Platform {
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "@type" => Self::Type,
            "@requestId" => Self::RequestId,
            "@duration" => Self::Milliseconds("Duration"),
            "@billedDuration" => Self::Milliseconds("Billed Duration"),
            "@initDuration" => Self::Milliseconds("Init Duration"),
            "@memorySize" => Self::Megabytes("Memory Size"),
            "@maxMemoryUsed" => Self::Megabytes("Max Memory Used"),
            _ => return None,
        })
    }

    /// Reads the field of a message; nothing of one that the platform did not write.
    pub(super) fn read(self, message: &[u8]) -> Value<'_> {
        self.of_line(message).unwrap_or_default()
    }

    fn of_line(self, message: &[u8]) -> Option<Value<'_>> {
        // Most messages are told apart by their first bytes, before they are looked at as text.
        let kinds = ["START", "END", "REPORT"];
        let kind = kinds
            .into_iter()
            .find(|kind| message.starts_with(kind.as_bytes()))?;
        let line = std::str::from_utf8(message).ok()?;
        let rest = line.strip_prefix(kind)?.strip_prefix(" RequestId: ")?;
        match self {
            Self::Type => Some(kind.into()),
            Self::RequestId => rest.split_whitespace().next().map(Value::from),
            Self::Milliseconds(label) => {
                let text = labelled(rest, label, "ms")?;
                Some(Value::Literal(text.into(), parse_number(text)?))
            }
            Self::Megabytes(label) => {
                let text = labelled(rest, label, "MB")?;
                Some(Value::number(parse_number(text)? * MEGABYTE))
            }
        }
    }
}

/// Finds `LABEL: number UNIT` between tabs.
fn labelled<'a>(line: &'a str, label: &str, unit: &str) -> Option<&'a str> {
    line.split('\t').find_map(|part| {
        let number = part.strip_prefix(label)?.strip_prefix(": ")?;
        Some(number.trim_end().strip_suffix(unit)?.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "REPORT RequestId: q1\tDuration: 1200.50 ms\tBilled Duration: 1201 ms\tMemory Size: 128 MB\t\n";

    fn check(message: &str, name: &str, expected: Option<&str>) {
        let field = Platform::find(name).expect("a field of the platform");
        let value = field.read(message.as_bytes());
        assert_eq!(value.to_text().as_deref(), expected, "{name}");
    }

    #[test]
    fn a_report_has_its_figures() {
        check(REPORT, "@type", Some("REPORT"));
        check(REPORT, "@requestId", Some("q1"));
        check(REPORT, "@duration", Some("1200.50"));
        check(REPORT, "@billedDuration", Some("1201"));
        check(REPORT, "@memorySize", Some("128000000"));
        check(REPORT, "@maxMemoryUsed", None);
    }

    #[test]
    fn other_lines_have_none() {
        for message in ["START of something", "{\"a\": 1}", "", "REPORT RequestId: "] {
            check(message, "@requestId", None);
            check(message, "@duration", None);
        }
        check("END RequestId: q3\n", "@type", Some("END"));
    }
}
