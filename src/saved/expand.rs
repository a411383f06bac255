//! Filling in parameters: from a saved query and values to the text that is compiled.

use std::fmt;
use std::ops::Range;

use super::quote::{self, Language};
use super::{Param, ParamKind, SavedQuery, Template};
use crate::diagnostic::Diagnostics;
use crate::suggest::did_you_mean;

/// A saved query with its parameters filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The filter pattern, if there is one.
    pub filter: Option<String>,
    /// The query.
    pub query: String,
    filter_pieces: Vec<Piece>,
    query_pieces: Vec<Piece>,
}

/// A placeholder, and what was filled in for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Where the value stands in the text that is compiled.
    filled: Range<usize>,
    /// Where the placeholder stands in the text as TOML gives it.
    written: Range<usize>,
}

/// Mistakes in a text of a saved query, with the text to show them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What is wrong, pointing into the text.
    pub faults: Diagnostics,
    /// The whole file, or the filled-in text where that stands in the file in another form.
    pub text: String,
    /// The line of the file on which the text begins.
    pub first_line: usize,
}

/// A parameter that is unknown, missing or cannot have the value given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParameterError {}

impl SavedQuery {
    /// Fills in the given values, and defaults for the rest.
    ///
    /// A value is quoted for the place it stands in: whatever it holds, the query around it stays the same.
    pub fn expand(&self, given: &[(String, String)]) -> Result<Expanded, ParameterError> {
        if let Some((name, _)) = given.iter().find(|(name, _)| self.param(name).is_none()) {
            return Err(self.unknown(name));
        }
        let value = |param: &Param| -> Result<String, ParameterError> {
            let last = given.iter().rev().find(|(name, _)| *name == param.name);
            let value = last
                .map(|(_, value)| value.clone())
                .or_else(|| param.default.clone());
            checked(param, value.ok_or_else(|| self.missing(param))?)
        };
        let values: Vec<(&Param, String)> = self
            .params
            .iter()
            .map(|param| Ok((param, value(param)?)))
            .collect::<Result<_, ParameterError>>()?;
        let filter = self
            .filter
            .as_ref()
            .map(|filter| fill(filter, Language::Pattern, &values))
            .transpose()?;
        let (filter, filter_pieces) = filter.unzip();
        let (query, query_pieces) = fill(&self.query, Language::Query, &values)?;
        Ok(Expanded {
            filter,
            query,
            filter_pieces: filter_pieces.unwrap_or_default(),
            query_pieces,
        })
    }

    /// Returns the filled-in query with some parameters left open as `{{name}}`, and which those are: what another
    /// program fills in as it is written stands for the same only where it is a number or a period, so all others have
    /// their values.
    pub fn left_open(&self, expanded: &Expanded) -> (String, Vec<&Param>) {
        let open: Vec<&Param> = self
            .params
            .iter()
            .filter(|param| self.can_be_open(param, expanded))
            .collect();
        let mut text = expanded.query.clone();
        let mut used = Vec::new();
        for piece in expanded.query_pieces.iter().rev() {
            let name = self.query.name_of(piece);
            if let Some(param) = open.iter().find(|param| param.name == name) {
                text.replace_range(piece.filled.clone(), &format!("{{{{{name}}}}}"));
                used.push(*param);
            }
        }
        let is_used = |param: &&Param| used.iter().any(|one| one.name == param.name);
        (text, open.into_iter().filter(is_used).collect())
    }

    /// Returns whether the query or the pattern in front of it has a parameter.
    pub fn uses(&self, expanded: &Expanded, name: &str) -> bool {
        let filter = self.filter.as_ref();
        let in_filter = |piece: &Piece| filter.is_some_and(|filter| filter.name_of(piece) == name);
        expanded.filter_pieces.iter().any(in_filter)
            || expanded
                .query_pieces
                .iter()
                .any(|piece| self.query.name_of(piece) == name)
    }

    /// Returns whether a parameter stands everywhere as its default is written, and nothing else looks like it.
    fn can_be_open(&self, param: &Param, expanded: &Expanded) -> bool {
        let Some(default) = &param.default else {
            return false;
        };
        let as_written = |piece: &Piece| {
            self.query.name_of(piece) != param.name
                || expanded.query[piece.filled.clone()] == **default
        };
        let in_filter = |piece: &Piece| {
            let filter = self.filter.as_ref();
            filter.is_some_and(|filter| filter.name_of(piece) == param.name)
        };
        param.kind != ParamKind::Text
            && !param.name.contains('-')
            && !self.query.text.contains("{{")
            && expanded.query_pieces.iter().all(as_written)
            && !expanded.filter_pieces.iter().any(in_filter)
    }

    /// Finds mistakes in the filled-in query where they stand in the file.
    pub fn locate_query(&self, expanded: &Expanded, faults: Diagnostics) -> Located {
        let (filled, pieces) = (&expanded.query, &expanded.query_pieces);
        locate(&self.query, &self.file.text, filled, pieces, faults)
    }

    /// Finds mistakes in the filled-in filter pattern where they stand in the file.
    pub fn locate_filter(&self, expanded: &Expanded, faults: Diagnostics) -> Located {
        let filled = expanded.filter.as_deref().unwrap_or_default();
        let pieces = &expanded.filter_pieces;
        let template = self.filter.as_ref().unwrap_or(&self.query);
        locate(template, &self.file.text, filled, pieces, faults)
    }

    fn unknown(&self, written: &str) -> ParameterError {
        let names: Vec<&str> = self
            .params
            .iter()
            .map(|param| param.name.as_str())
            .collect();
        let all = || match names.as_slice() {
            [] => format!("`{}` takes no parameters", self.name),
            _ => format!("`{}` takes `{}`", self.name, names.join("`, `")),
        };
        ParameterError {
            message: format!("`{}` has no parameter `{written}`", self.name),
            hint: Some(did_you_mean(written, names.iter().copied()).unwrap_or_else(all)),
        }
    }

    fn missing(&self, param: &Param) -> ParameterError {
        ParameterError {
            message: format!("`{}` needs the parameter `{}`", self.name, param.name),
            hint: Some(format!("logq {} {}=VALUE", self.name, param.name)),
        }
    }
}

impl Template {
    /// Returns the name of the parameter that stands in a place.
    fn name_of(&self, piece: &Piece) -> &str {
        let written = &self.text[piece.written.clone()];
        written.trim_start_matches("${").trim_end_matches('}')
    }
}

fn checked(param: &Param, value: String) -> Result<String, ParameterError> {
    let wanted = match param.kind {
        ParamKind::Number if !is_number(&value) => "a number such as `10` or `0.5`",
        ParamKind::Period if !is_period(&value) => "a period such as `5m` or `1h`",
        _ => return Ok(value),
    };
    Err(ParameterError {
        message: format!("`{}={value}`: it should be {wanted}", param.name),
        hint: None,
    })
}

fn locate(
    template: &Template,
    file: &str,
    filled: &str,
    pieces: &[Piece],
    mut faults: Diagnostics,
) -> Located {
    let written = file.get(template.span.clone()).unwrap_or_default();
    // A text with escapes in it does not stand in the file as it is read.
    let Some(start) = written.find(&template.text) else {
        return Located {
            faults,
            text: filled.to_owned(),
            first_line: template.first_line,
        };
    };
    let base = template.span.start + start;
    let last = filled.trim_end().len();
    for fault in &mut faults.0 {
        // What is missing at the end is missing behind the last word, not behind the line end before the quotes.
        let (start, end) = (fault.span.start.min(last), fault.span.end.min(last));
        let start = base + original(start, pieces, |piece| piece.written.start);
        let end = base + original(end, pieces, |piece| piece.written.end);
        fault.span = start..end.max(start);
    }
    Located {
        faults,
        text: file.to_owned(),
        first_line: 1,
    }
}

/// Returns where a byte of the filled-in text stood before; one inside a value is moved to an edge of its placeholder.
fn original(at: usize, pieces: &[Piece], edge: impl Fn(&Piece) -> usize) -> usize {
    let before = pieces.iter().rev().find(|piece| piece.filled.start <= at);
    match before {
        None => at,
        Some(piece) if at < piece.filled.end => edge(piece),
        Some(piece) => at - piece.filled.end + piece.written.end,
    }
}

fn fill(
    template: &Template,
    language: Language,
    values: &[(&Param, String)],
) -> Result<(String, Vec<Piece>), ParameterError> {
    let wrong = |message: String| ParameterError {
        message,
        hint: None,
    };
    let text = &template.text;
    let mut out = String::with_capacity(text.len() + 64);
    let mut pieces = Vec::new();
    let mut done = 0;
    for place in quote::places(text, language).map_err(wrong)? {
        let known = values.iter().find(|(param, _)| param.name == place.name);
        let (param, value) =
            known.ok_or_else(|| wrong(format!("there is no parameter `{}`", place.name)))?;
        out.push_str(&text[done..place.span.start]);
        done = place.span.end;
        let quoted = match param.kind {
            ParamKind::Text => quote::text(value, place.context),
            ParamKind::Number | ParamKind::Period => Ok(quote::plain(value, place.context)),
        };
        let quoted = quoted.map_err(|said| wrong(format!("`{}={value}`: {said}", param.name)))?;
        pieces.push(Piece {
            filled: out.len()..out.len() + quoted.len(),
            written: place.span,
        });
        out.push_str(&quoted);
    }
    out.push_str(&text[done..]);
    Ok((out, pieces))
}

/// Returns whether a text is a number without a sign: a minus would bring an operator along.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

/// Returns whether a text is a period of the query language, such as `5m` or `1hour`.
pub(super) fn is_period(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "ms",
        "msec",
        "millisecond",
        "s",
        "sec",
        "second",
        "m",
        "min",
        "minute",
        "h",
        "hr",
        "hour",
        "d",
        "day",
        "w",
        "week",
        "mo",
        "mon",
        "month",
        "q",
        "qtr",
        "quarter",
        "y",
        "yr",
        "year",
    ];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = &text[digits..];
    let singular = unit
        .strip_suffix('s')
        .filter(|unit| unit.len() > 1)
        .unwrap_or(unit);
    (1..=9).contains(&digits) && (UNITS.contains(&unit) || UNITS.contains(&singular))
}
