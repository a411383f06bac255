//! The text that the service is sent: that of the query, with what the call asks beside it written into it.
//!
//! A filter pattern, the log streams and the ends of a window stand in front of the query's own commands as filters.
//! All else is sent as it was written, so that a mistake which the service finds can be shown where it was made.

use std::ops::Range;

use crate::query::ast::{Command, CommandKind, ExprKind, Query};
use crate::query::parser;

/// The most characters that the service takes.
pub const MOST_CHARACTERS: usize = 10_000;

/// A query to be sent.
#[derive(Clone, Debug)]
pub struct Text {
    written: String,
    /// Where filters are put in front of the commands, in the order of the text: those of the query itself, then
    /// those of the queries inside it.
    places: Vec<Place>,
    /// What events have to satisfy beside the query, for its own commands.
    condition: Option<String>,
    /// What their log streams have to satisfy, for the queries inside it too.
    streams: Option<String>,
    /// Whether it reads events outside its window, which no filter may keep back.
    looks_back: bool,
}

/// Where a filter goes.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    /// Whether it is for the query itself.
    outer: bool,
    /// Whether a command follows, or a `SOURCE` stands before.
    before: bool,
}

/// A text as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The text.
    pub text: String,
    /// What was put in, by where it stands.
    added: Vec<Range<usize>>,
}

impl Text {
    /// Reads a query that is known to parse; `condition` is what its events have to satisfy beside it.
    pub fn new(written: &str, condition: Option<String>) -> Self {
        let query = parser::parse(written).ok();
        let mut places = Vec::new();
        if let Some(query) = &query {
            collect(query, true, &mut places);
        }
        let looks_back = query.as_ref().is_some_and(|query| {
            query.commands.iter().any(|command| {
                matches!(
                    command.kind,
                    CommandKind::Diff(_) | CommandKind::LogCompare(_)
                )
            })
        });
        Self {
            written: written.to_owned(),
            places,
            condition,
            streams: None,
            looks_back,
        }
    }

    /// Keeps to the log streams whose names begin with one of these; to all when there is none.
    #[must_use]
    pub fn of_streams<'p>(mut self, prefixes: impl IntoIterator<Item = &'p str>) -> Self {
        let begins = |prefix| format!("@logStream like /^{}/", escaped(prefix));
        let conditions: Vec<String> = prefixes.into_iter().map(begins).collect();
        self.streams = (!conditions.is_empty()).then(|| conditions.join(" or "));
        self
    }

    /// Returns whether other queries stand inside it.
    pub fn has_queries(&self) -> bool {
        self.places.iter().any(|place| !place.outer)
    }

    /// Returns whether the ends of a window can be told no finer than to the second.
    pub fn has_rough_ends(&self) -> bool {
        self.looks_back
    }

    /// Writes the text for the events from one instant on and before another, where the service would give more.
    pub fn within(&self, since: Option<i64>, until: Option<i64>) -> Sent {
        let since = since.map(|at| format!("toMillis(@timestamp) >= {at}"));
        let until = until.map(|at| format!("toMillis(@timestamp) < {at}"));
        let ends: Vec<String> = since.into_iter().chain(until).collect();
        let ends = (!self.looks_back && !ends.is_empty()).then(|| ends.join(" and "));
        let mut sent = Sent {
            text: String::new(),
            added: Vec::new(),
        };
        let mut copied = 0;
        for place in &self.places {
            sent.text.push_str(&self.written[copied..place.at]);
            copied = place.at;
            let condition = self.condition.as_ref().filter(|_| place.outer);
            let conditions = [ends.as_ref(), self.streams.as_ref(), condition];
            for condition in conditions.into_iter().flatten() {
                sent.add(condition, place.before);
            }
        }
        sent.text.push_str(&self.written[copied..]);
        sent
    }
}

impl Sent {
    fn add(&mut self, condition: &str, before: bool) {
        let start = self.text.len();
        let parts = if before {
            ["filter ", condition, " | "]
        } else {
            [" | filter ", condition, ""]
        };
        self.text.extend(parts);
        self.added.push(start..self.text.len());
    }

    /// Returns where a stretch of the text stands in what was sent, given in UTF-16 units.
    pub fn bytes(&self, units: &Range<usize>) -> Range<usize> {
        let start = self.byte(units.start);
        start..self.byte(units.end).max(start)
    }

    /// Returns where a stretch of the text was written, given in UTF-16 units as the service counts; nothing when it
    /// was put in.
    pub fn written(&self, units: &Range<usize>) -> Option<Range<usize>> {
        let Range { start, end } = self.bytes(units);
        let is_added = |added: &Range<usize>| added.start < end.max(start + 1) && start < added.end;
        if self.added.iter().any(is_added) {
            return None;
        }
        let before = self.added.iter().filter(|added| added.end <= start);
        let shift: usize = before.map(Range::len).sum();
        Some(start - shift..end - shift)
    }

    /// Returns the byte at which so many UTF-16 units end.
    fn byte(&self, units: usize) -> usize {
        let mut seen = 0;
        let mut found = self.text.char_indices().find_map(|(at, c)| {
            let here = (seen >= units).then_some(at);
            seen += c.len_utf16();
            here
        });
        found.get_or_insert(self.text.len());
        found.unwrap_or_default()
    }
}

/// Spells a text so that a regex means its characters; a slash would end it.
fn escaped(text: &str) -> String {
    let mut regex = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && c != '_' {
            regex.push('\\');
        }
        regex.push(c);
    }
    regex
}

/// Collects where filters go in a query and in those inside it.
fn collect(query: &Query, outer: bool, places: &mut Vec<Place>) {
    match (query.commands.first(), &query.source) {
        (Some(first), _) => places.push(Place {
            at: first.span.start,
            outer,
            before: true,
        }),
        (None, Some(source)) => places.push(Place {
            at: source.span.end,
            outer,
            before: false,
        }),
        (None, None) => {}
    }
    for command in &query.commands {
        for inner in inside(command) {
            collect(inner, false, places);
        }
    }
    places.sort_by_key(|place| place.at);
}

fn inside(command: &Command) -> Vec<&Query> {
    match &command.kind {
        CommandKind::Join(join) => vec![&join.query],
        CommandKind::AppendCols(_, query) => vec![query],
        CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
            let mut queries = Vec::new();
            inside_expr(&condition.kind, &mut queries);
            queries
        }
        _ => Vec::new(),
    }
}

fn inside_expr<'q>(expr: &'q ExprKind, queries: &mut Vec<&'q Query>) {
    match expr {
        ExprKind::InQuery { query, .. } => queries.push(query),
        ExprKind::Not(one) => inside_expr(&one.kind, queries),
        ExprKind::And(all) | ExprKind::Or(all) => {
            for one in all {
                inside_expr(&one.kind, queries);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, condition: Option<&str>, since: Option<i64>, until: Option<i64>) -> Sent {
        Text::new(text, condition.map(str::to_owned)).within(since, until)
    }

    #[test]
    fn a_query_is_sent_as_it_is_written() {
        let text = "# mine\nfields a | limit 5";
        assert_eq!(sent(text, None, None, None).text, text);
    }

    #[test]
    fn ends_and_conditions_stand_before_the_first_command() {
        assert_eq!(
            sent("# mine\nfields a", Some("b = \"c\""), Some(5), Some(9)).text,
            "# mine\nfilter toMillis(@timestamp) >= 5 and toMillis(@timestamp) < 9 | filter b = \"c\" | fields a"
        );
        assert_eq!(
            sent("SOURCE 'g' | fields a", None, None, Some(9)).text,
            "SOURCE 'g' | filter toMillis(@timestamp) < 9 | fields a"
        );
        assert_eq!(
            sent("SOURCE 'g'", Some("x = \"y\""), None, None).text,
            "SOURCE 'g' | filter x = \"y\""
        );
    }

    #[test]
    fn queries_inside_keep_to_the_window_too() {
        assert_eq!(
            sent(
                "filter a in (SOURCE 'g' | fields b) | limit 5",
                Some("c = \"d\""),
                None,
                Some(9)
            )
            .text,
            "filter toMillis(@timestamp) < 9 | filter c = \"d\" | filter a in (SOURCE 'g' | \
             filter toMillis(@timestamp) < 9 | fields b) | limit 5"
        );
    }

    #[test]
    fn log_streams_are_chosen_in_every_query() {
        let text = Text::new("filter a in (SOURCE 'g' | fields b) | diff", None);
        assert_eq!(
            text.of_streams(["ecs/batch/", "x_1.y"])
                .within(None, Some(9))
                .text,
            "filter @logStream like /^ecs\\/batch\\// or @logStream like /^x_1\\.y/ | filter a in (SOURCE 'g' | \
             filter @logStream like /^ecs\\/batch\\// or @logStream like /^x_1\\.y/ | fields b) | diff"
        );
        let all = Text::new("limit 5", None).of_streams([]);
        assert_eq!(all.within(None, None).text, "limit 5");
    }

    #[test]
    fn what_looks_back_is_not_kept_from_it() {
        let text = Text::new("pattern @message | diff", None);
        assert!(text.has_rough_ends());
        assert_eq!(
            text.within(Some(5), Some(9)).text,
            "pattern @message | diff"
        );
    }

    #[test]
    fn a_place_in_what_was_sent_is_found_in_what_was_written() {
        let written = "fields \"😀\", nope(x)";
        let sent = sent(written, Some("a = \"😀\""), None, None);
        let at = sent.text.find("nope").expect("it is there");
        let units = sent.text[..at].encode_utf16().count();
        let place = sent.written(&(units..units + 4)).expect("it was written");
        assert_eq!(&written[place], "nope");
        assert_eq!(sent.written(&(0..6)), None, "the filter was put in");
        let all = sent.text.encode_utf16().count();
        let end = sent.written(&(all..all + 5)).expect("the end");
        assert_eq!(end, written.len()..written.len());
    }
}
