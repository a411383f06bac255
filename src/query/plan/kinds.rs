//! What kind of values the columns of a plan have, as far as the plan alone tells it.
//!
//! The service gives every value as text. This tells which of them are numbers, times or lists, so that its rows can
//! be given the values that the same query has here.

use super::{Aggregate, Expr, Operator, Parse, ParseMethod, Plan, Slot, SpreadMethod, Stats};
use crate::value::Value;

/// What kind of values a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Texts, also where they look like numbers.
    Text,
    /// Numbers.
    Number,
    /// Instants.
    Time,
    /// Lists, maps, or what stands in them.
    Nested,
    /// Whatever the field of an event has: a number where it looks like one.
    Field,
}

impl Plan {
    /// Returns the kinds of the columns, in order.
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds = Kinds::of_fields(self);
        for operator in &self.operators {
            kinds.pass(operator);
        }
        let columns = self.columns.iter();
        columns.map(|(_, slot)| kinds.at(*slot)).collect()
    }
}

/// The kinds of the slots of one layout.
struct Kinds(Vec<Kind>);

impl Kinds {
    fn of_fields(plan: &Plan) -> Self {
        let mut kinds: Vec<Kind> = plan.fields.iter().map(|name| of_field(name)).collect();
        kinds.resize(plan.width.max(kinds.len()), Kind::Field);
        Self(kinds)
    }

    fn at(&self, slot: Slot) -> Kind {
        self.0.get(slot.0).copied().unwrap_or(Kind::Field)
    }

    fn set(&mut self, slot: Slot, kind: Kind) {
        if let Some(at) = self.0.get_mut(slot.0) {
            *at = kind;
        }
    }

    fn pass(&mut self, operator: &Operator) {
        match operator {
            Operator::Extend(values) => {
                let kinds: Vec<Kind> = values.iter().map(|(_, expr)| self.of(expr)).collect();
                for ((slot, _), kind) in values.iter().zip(kinds) {
                    self.set(*slot, kind);
                }
            }
            Operator::Parse(parse) => self.parsed(parse),
            Operator::Stats(stats) => *self = self.behind(stats),
            Operator::Spread(spread) => {
                let kind = match spread.method {
                    SpreadMethod::Matches { .. } => Kind::Text,
                    SpreadMethod::Elements(_) | SpreadMethod::Texts(_) => Kind::Nested,
                };
                for slot in spread.method.slots() {
                    self.set(slot, kind);
                }
            }
            Operator::Lookup(lookup) => {
                for output in &lookup.outputs {
                    self.set(output.slot, Kind::Text);
                }
            }
            // The others make nothing, or what is best told by the values themselves.
            _ => {}
        }
    }

    /// What is cut out of a text is text.
    fn parsed(&mut self, parse: &Parse) {
        match &parse.method {
            ParseMethod::Glob { slots, .. } | ParseMethod::Csv(slots) => {
                for slot in slots {
                    self.set(*slot, Kind::Text);
                }
            }
            ParseMethod::Regex { groups, .. } => {
                for (_, slot) in groups {
                    self.set(*slot, Kind::Text);
                }
            }
            ParseMethod::Logfmt(slot) => self.set(*slot, Kind::Nested),
        }
    }

    fn behind(&self, stats: &Stats) -> Self {
        let keys = stats.by.iter().map(|expr| self.of(expr));
        let aggregates = stats.aggregates.iter().map(|one| self.of_aggregate(one));
        let mut next = Self(keys.chain(aggregates).collect());
        next.0.resize(stats.width.max(next.0.len()), Kind::Field);
        for (slot, expr) in &stats.post {
            let kind = next.of(expr);
            next.set(*slot, kind);
        }
        next
    }

    fn of_aggregate(&self, aggregate: &Aggregate) -> Kind {
        let argument = aggregate.arguments.first();
        let of_argument = argument.map_or(Kind::Field, |expr| self.of(expr));
        match (aggregate.function, of_argument) {
            ("values" | "topk", _) => Kind::Nested,
            // Instants come out of these as milliseconds (D6).
            ("min" | "max" | "earliest" | "latest", Kind::Time) => Kind::Number,
            ("min" | "max" | "earliest" | "latest" | "sortsFirst" | "sortsLast", kind) => kind,
            _ => Kind::Number,
        }
    }

    fn of(&self, expr: &Expr) -> Kind {
        match expr {
            Expr::Constant(Value::Text(_)) => Kind::Text,
            Expr::Constant(Value::Timestamp(_)) => Kind::Time,
            Expr::Constant(Value::List(_) | Value::Map(_)) | Expr::Access(..) => Kind::Nested,
            Expr::Slot(slot) => self.at(*slot),
            Expr::Call(name, arguments) => self.of_call(name, arguments),
            Expr::Constant(_)
            | Expr::Period(_)
            | Expr::Negate(_)
            | Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Binary(..)
            | Expr::Contains { .. }
            | Expr::Matches { .. }
            | Expr::In { .. }
            | Expr::InQuery { .. } => Kind::Number,
        }
    }

    fn of_call(&self, name: &str, arguments: &[Expr]) -> Kind {
        match made_by(name) {
            Some(kind) => kind,
            None if name == "coalesce" => self.common(arguments.iter()),
            None if name == "if" => self.common(arguments.iter().skip(1)),
            // Conditions and values take turns; a last one without a partner is the default.
            None => {
                let turns = arguments.iter().enumerate();
                let values = turns.filter(|(at, _)| at % 2 == 1 || at + 1 == arguments.len());
                self.common(values.map(|(_, expr)| expr))
            }
        }
    }

    /// Returns the kind that all have, else that of a field.
    fn common<'e>(&self, exprs: impl Iterator<Item = &'e Expr>) -> Kind {
        let mut kinds = exprs
            .filter(|expr| **expr != Expr::Constant(Value::Null))
            .map(|expr| self.of(expr));
        let first = kinds.next().unwrap_or(Kind::Field);
        if kinds.all(|kind| kind == first) {
            first
        } else {
            Kind::Field
        }
    }
}

fn of_field(name: &str) -> Kind {
    match name {
        "@timestamp" | "@ingestionTime" => Kind::Time,
        "@message" | "@log" | "@logStream" | "@ptr" => Kind::Text,
        _ => Kind::Field,
    }
}

/// Returns what a function makes; nothing where that depends on its arguments.
fn made_by(function: &str) -> Option<Kind> {
    Some(match function {
        "bin" | "datefloor" | "dateceil" | "fromMillis" => Kind::Time,
        "jsonParse" | "split" => Kind::Nested,
        "formatDate" | "urlencode" | "urldecode" | "base64encode" | "base64decode"
        | "hexToAscii" | "decToHex" | "md5" | "sha256" | "jsonStringify" | "toupper"
        | "tolower" | "concat" | "substr" | "replace" | "regexReplace" | "trim" | "ltrim"
        | "rtrim" => Kind::Text,
        "coalesce" | "if" | "case" => return None,
        _ => Kind::Number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::functions::{self, Run};
    use crate::query::resolve::resolve;
    use crate::query::{Table, parser};

    fn kinds(text: &str) -> Vec<(String, Kind)> {
        let query = parser::parse(text).expect(text);
        let plan = resolve(&query, text, Table::Events).expect(text).plan;
        let names = plan.columns.iter().map(|(name, _)| name.to_string());
        names.zip(plan.kinds()).collect()
    }

    fn check(text: &str, expected: &[(&str, Kind)]) {
        let expected: Vec<(String, Kind)> = expected
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect();
        assert_eq!(kinds(text), expected, "{text}");
    }

    #[test]
    fn fields_of_events_are_what_they_are() {
        check(
            "fields @timestamp, @message, status",
            &[
                ("@timestamp", Kind::Time),
                ("@message", Kind::Text),
                ("status", Kind::Field),
            ],
        );
    }

    #[test]
    fn what_is_computed_has_the_kind_of_its_function() {
        check(
            "fields status * 2 as a, bin(1h) as b, tolower(x) as c, jsonParse(@message).d as d, x > 1 as e, \
             if(x, 'a', 'b') as f, coalesce(x, @timestamp) as g",
            &[
                ("a", Kind::Number),
                ("b", Kind::Time),
                ("c", Kind::Text),
                ("d", Kind::Nested),
                ("e", Kind::Number),
                ("f", Kind::Text),
                ("g", Kind::Field),
            ],
        );
    }

    #[test]
    fn what_is_cut_out_of_text_is_text() {
        check(
            "parse @message 'took *ms' as took | display took, took * 1 as number",
            &[("took", Kind::Text), ("number", Kind::Number)],
        );
    }

    #[test]
    fn aggregates_are_numbers_or_what_they_choose_from() {
        check(
            "stats count(*) as n, max(@timestamp) as t, values(a) as v, min(b) as m, n / 2 as h by bin(1h) as hour, c",
            &[
                ("hour", Kind::Time),
                ("c", Kind::Field),
                ("n", Kind::Number),
                ("t", Kind::Number),
                ("v", Kind::Nested),
                ("m", Kind::Field),
                ("h", Kind::Number),
            ],
        );
    }

    /// The examples of every function tell whether its result is a number; a text of digits is the exception.
    #[test]
    fn what_makes_text_is_not_taken_for_a_number() {
        for function in functions::all().filter(|one| one.run.is_some()) {
            let Some(kind) = made_by(function.name) else {
                continue;
            };
            if matches!(function.run, Some(Run::Settings(_))) {
                continue;
            }
            for (call, result) in function.examples {
                let looks = result.parse::<f64>().is_ok() || *result == "null";
                assert!(looks || kind != Kind::Number, "{call}: {result}");
            }
        }
    }
}
