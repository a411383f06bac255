//! What was found, as a person reads it and as a program does.

use crate::render::{Ending, Look, Paint, Renderer, escape};
use crate::row::{Columns, Row};
use crate::value::Value;

/// How wide the column of verdicts is.
const VERDICT: usize = 8;
/// Names longer than this do not push the others aside.
const WIDEST: usize = 44;

/// Whether a thing is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is good.
    Ok,
    /// It works, and will or may not always.
    Warning,
    /// It does not work.
    Wrong,
    /// It could not be looked at.
    Unknown,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Wrong, Self::Warning, Self::Unknown, Self::Ok];

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }

    fn style(self, paint: Paint) -> &'static str {
        match self {
            Self::Ok => paint.green,
            Self::Warning => paint.yellow,
            Self::Wrong => paint.red,
            Self::Unknown => paint.cyan,
        }
    }

    fn counted(self, number: usize) -> String {
        match (self, number) {
            (Self::Warning, 2..) => format!("{number} warnings"),
            _ => format!("{number} {}", self.name()),
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What it is a part of.
    pub(super) area: &'static str,
    /// What it is.
    pub(super) subject: String,
    pub(super) verdict: Verdict,
    /// What was seen.
    pub(super) detail: String,
    /// Where a value was read.
    pub(super) origin: Option<String>,
    /// What mends it.
    pub(super) mend: Option<String>,
}

impl Finding {
    /// Creates what was found of a thing.
    pub(super) fn new(
        area: &'static str,
        subject: impl Into<String>,
        verdict: Verdict,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            area,
            subject: subject.into(),
            verdict,
            detail: detail.into(),
            origin: None,
            mend: None,
        }
    }

    /// Says where the value was read.
    pub(super) fn from(mut self, origin: impl Into<Option<String>>) -> Self {
        self.origin = origin.into();
        self
    }

    /// Says what mends it.
    pub(super) fn mend(mut self, mend: impl Into<Option<String>>) -> Self {
        self.mend = mend.into();
        self
    }

    /// Returns whether it is a setting that nobody set: these are many, and seldom looked for.
    fn is_default(&self) -> bool {
        self.origin.as_deref() == Some(DEFAULT) && self.verdict == Verdict::Ok
    }
}

/// The origin of a value that nobody set.
pub(super) const DEFAULT: &str = "default";

/// Returns whether something does not work.
pub(super) fn is_bad(findings: &[Finding]) -> bool {
    findings.iter().any(|one| one.verdict == Verdict::Wrong)
}

/// Writes the findings for people: by area, with what mends them, and how many there are of each kind.
pub(super) fn write(findings: &[Finding], look: &Look, out: &mut Vec<u8>) {
    let paint = Paint::new(look.color);
    let mut rest = findings;
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|one| one.area == first.area).count();
        let (area, others) = rest.split_at(length);
        write_area(area, paint, out);
        rest = others;
    }
    let counts = Verdict::ALL.map(|verdict| {
        let number = findings.iter().filter(|one| one.verdict == verdict).count();
        (number > 0).then(|| verdict.counted(number))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    push(out, &[&counts.join(", "), "\n"]);
}

fn write_area(area: &[Finding], paint: Paint, out: &mut Vec<u8>) {
    push(out, &[paint.bold, area[0].area, paint.reset, "\n"]);
    let (defaults, shown): (Vec<&Finding>, Vec<&Finding>) =
        area.iter().partition(|one| one.is_default());
    let widths = shown.iter().map(|one| one.subject.chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for one in shown {
        write_finding(one, width, paint, out);
    }
    if !defaults.is_empty() {
        let values: Vec<String> = defaults
            .iter()
            .map(|one| format!("{} = {}", one.subject, one.detail))
            .collect();
        let all = Finding::new(area[0].area, "by default", Verdict::Ok, values.join("\n"));
        write_finding(&all, width, paint, out);
    }
    push(out, &["\n"]);
}

fn write_finding(one: &Finding, width: usize, paint: Paint, out: &mut Vec<u8>) {
    let verdict = format!("{:<VERDICT$}", one.verdict.name());
    let subject = escape::safe(&one.subject).into_owned();
    let pad = " ".repeat(width.saturating_sub(subject.chars().count()));
    push(
        out,
        &[
            "  ",
            one.verdict.style(paint),
            &verdict,
            paint.reset,
            " ",
            &subject,
            &pad,
        ],
    );
    let indent = " ".repeat(2 + VERDICT + 1 + width + 2);
    let detail = if one.detail.is_empty() {
        "-"
    } else {
        &one.detail
    };
    for (at, line) in detail.lines().enumerate() {
        let before = if at == 0 { "  " } else { indent.as_str() };
        let end = if at == 0 {
            origin(one, paint)
        } else {
            String::new()
        };
        push(out, &[before, &escape::safe(line), &end, "\n"]);
    }
    if let Some(mend) = &one.mend {
        push(out, &[&indent, "mend: ", &escape::safe(mend), "\n"]);
    }
}

fn origin(one: &Finding, paint: Paint) -> String {
    match &one.origin {
        Some(origin) => format!("  {}({}){}", paint.dim, escape::safe(origin), paint.reset),
        None => String::new(),
    }
}

/// Writes the findings as rows.
pub(super) fn write_rows(findings: &[Finding], renderer: &mut dyn Renderer, out: &mut Vec<u8>) {
    let names = ["area", "subject", "verdict", "detail", "origin", "mend"];
    let columns: Columns = names.map(Into::into).into();
    renderer.start(&columns, out);
    for one in findings {
        let values = vec![
            Value::from(one.area.to_owned()),
            Value::from(one.subject.clone()),
            Value::from(one.verdict.name().to_owned()),
            Value::from(one.detail.clone()),
            Value::from(one.origin.clone()),
            Value::from(one.mend.clone()),
        ];
        let columns = columns.clone();
        renderer.row(&Row { columns, values }, out);
    }
    let ending = Ending {
        complete: true,
        truncated: false,
    };
    renderer.finish(ending, out);
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    fn shown(findings: &[Finding], color: bool) -> String {
        let look = Look {
            zone: Zone::utc(),
            width: None,
            color,
            ambiguous_width: 1,
            durations: &[],
            bom: false,
        };
        let mut out = Vec::new();
        write(findings, &look, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn findings_stand_by_area_with_what_mends_them() {
        let findings = [
            Finding::new("configuration", "timezone", Verdict::Ok, "Asia/Tokyo")
                .from("logq.toml:1".to_owned()),
            Finding::new("configuration", "runs.settle", Verdict::Ok, "5 min")
                .from(DEFAULT.to_owned()),
            Finding::new(
                "clock",
                "this machine",
                Verdict::Wrong,
                "6 min behind\nby AWS's",
            )
            .mend("set the clock".to_owned()),
            Finding::new("clock", "x\x1b[2J", Verdict::Warning, ""),
            Finding::new("clock", "y", Verdict::Warning, "z"),
        ];
        insta::assert_snapshot!(shown(&findings, false), @r"
        configuration
          ok       timezone  Asia/Tokyo  (logq.toml:1)
          ok       by default  runs.settle = 5 min

        clock
          wrong    this machine  6 min behind
                                 by AWS's
                                 mend: set the clock
          warning  x\x1b[2J      -
          warning  y             z

        1 wrong, 2 warnings, 2 ok
        ");
        assert!(is_bad(&findings));
        assert!(!is_bad(&findings[..2]));
        assert!(shown(&findings, true).contains("\x1b[31mwrong   \x1b[0m this machine"));
    }
}
