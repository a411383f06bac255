//! What a line must hold for a query to look at it: the raw-byte test that its first filters imply.
//!
//! A comparison with a missing field is never true, so that almost every condition needs at least the names of
//! its fields. A condition that nothing can be said of needs nothing: the test may let lines through, and never
//! rules one out that matters.

use super::ast::BinaryOp;
use super::plan::{Expr, Operator, Plan, Slot};
use crate::scan::need::Need;
use crate::value::Value;

impl Plan {
    /// Returns what each line must hold that can matter to this plan over events.
    pub fn need(&self) -> Need {
        let subqueries = self.subqueries.iter().map(|one| one.plan.need());
        subqueries.fold(self.own_need(), Need::or)
    }

    fn own_need(&self) -> Need {
        let mut need = Need::Anything;
        for operator in &self.operators {
            match operator {
                Operator::Filter(conditions) => {
                    for condition in conditions {
                        need = need.and(self.condition(condition));
                    }
                }
                // These let every row through, once or several times, and conditions on what they make say nothing of the line.
                Operator::Extend(_)
                | Operator::Parse(_)
                | Operator::Sort(_)
                | Operator::Spread(_)
                | Operator::Lookup(_) => {}
                _ => break,
            }
        }
        need
    }

    /// Returns what a line must hold for the condition to be true.
    fn condition(&self, condition: &Expr) -> Need {
        match condition {
            Expr::And(all) => all
                .iter()
                .fold(Need::Anything, |need, one| need.and(self.condition(one))),
            Expr::Or(all) => {
                let mut all = all.iter().map(|one| self.condition(one));
                let first = all.next().unwrap_or(Need::Anything);
                all.fold(first, Need::or)
            }
            Expr::Binary(left, BinaryOp::Equal, right) => {
                let text = self
                    .equal_text(left, right)
                    .and(self.equal_text(right, left));
                self.present(condition).and(text)
            }
            Expr::Contains {
                value,
                text,
                negated: false,
            } => self.present(value).and(self.text_in(value, text)),
            Expr::Matches {
                value,
                regex,
                negated: false,
            } => {
                let literal = literal(regex).unwrap_or_default();
                self.present(value).and(self.text_in(value, &literal))
            }
            Expr::In {
                value,
                list,
                negated: false,
            } => {
                let mut texts = list.iter().map(|one| self.equal_text(value, one));
                let first = texts.next().unwrap_or(Need::Anything);
                self.present(value).and(texts.fold(first, Need::or))
            }
            Expr::Call(name, arguments) => self.call(name, arguments),
            // What is not true is not missing either.
            Expr::Not(one) => self.present(one),
            other => self.present(other),
        }
    }

    fn call(&self, name: &str, arguments: &[Expr]) -> Need {
        match (name, arguments) {
            ("ispresent", [value]) => self.present(value),
            (
                "strcontains" | "startsWith" | "endsWith",
                [value, Expr::Constant(Value::Text(text))],
            ) => self.present(value).and(self.text_in(value, text)),
            _ => Need::Anything,
        }
    }

    /// Returns the names of the fields without which an expression has no value.
    fn present(&self, expr: &Expr) -> Need {
        match expr {
            Expr::Slot(slot) => self.field_name(*slot),
            Expr::Negate(one) | Expr::Not(one) => self.present(one),
            Expr::Binary(left, _, right) => self.present(left).and(self.present(right)),
            Expr::Contains { value, .. }
            | Expr::Matches { value, .. }
            | Expr::In { value, .. }
            | Expr::InQuery { value, .. } => self.present(value),
            // Functions may have a result without their arguments; `and` and `or` without an operand.
            _ => Need::Anything,
        }
    }

    /// Returns the keys of a field, each of which is somewhere in a line that has the field.
    fn field_name(&self, slot: Slot) -> Need {
        let Some(name) = self
            .fields
            .get(slot.0)
            .filter(|name| !name.starts_with('@'))
        else {
            return Need::Anything;
        };
        if !name.contains('.') {
            return Need::whole(name);
        }
        // A part of digits may be a position in a list, which is not written.
        let keys = name
            .split('.')
            .filter(|key| !key.bytes().all(|b| b.is_ascii_digit()));
        keys.fold(Need::Anything, |need, key| need.and(Need::text(key)))
    }

    /// Returns the need of `value = text`.
    fn equal_text(&self, value: &Expr, text: &Expr) -> Need {
        match text {
            Expr::Constant(Value::Text(text)) => match self.text_in(value, text) {
                // The value of a field is a JSON string of its own; the message is any text.
                Need::Text(_) if !self.is_message(value) => Need::whole(text),
                need => need,
            },
            _ => Need::Anything,
        }
    }

    fn is_message(&self, value: &Expr) -> bool {
        matches!(value, Expr::Slot(slot) if self.fields.get(slot.0).is_some_and(|name| **name == *"@message"))
    }

    /// Returns the need of a text that occurs in the value of a field, as the line spells it.
    fn text_in(&self, value: &Expr, text: &str) -> Need {
        let Expr::Slot(slot) = value else {
            return Need::Anything;
        };
        let written = self
            .fields
            .get(slot.0)
            .is_some_and(|name| **name == *"@message" || !name.starts_with('@'));
        // A number has many spellings, all of which are equal.
        if written && !could_be_number(text) {
            Need::text(text)
        } else {
            Need::Anything
        }
    }
}

/// Says whether a text may be part of a number as JSON or this program writes one.
fn could_be_number(text: &str) -> bool {
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    text.trim().chars().all(numeric) || text.trim().parse::<f64>().is_ok()
}

/// Returns a text that every match of the expression holds, when the expression is simple enough to tell.
///
/// Groups, alternatives and flags give nothing: the longest run of plain characters of a plain sequence is taken.
fn literal(regex: &str) -> Option<String> {
    let mut runs = vec![String::new()];
    let mut chars = regex.chars();
    while let Some(next) = chars.next() {
        match next {
            '(' | ')' | '|' => return None,
            // What a `+` repeats is there once; the others are no character, or any.
            '.' | '^' | '$' | '+' => runs.push(String::new()),
            '*' | '?' | '{' => {
                runs.last_mut()?.pop();
                runs.push(String::new());
                if next == '{' {
                    chars.by_ref().find(|c| *c == '}')?;
                }
            }
            '[' => {
                skip_class(&mut chars)?;
                runs.push(String::new());
            }
            '\\' => match chars.next()? {
                class @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'b' | 'B') => {
                    // The braces of \b{start} belong to it.
                    if class.eq_ignore_ascii_case(&'b') && chars.as_str().starts_with('{') {
                        return None;
                    }
                    runs.push(String::new());
                }
                escaped if escaped.is_ascii_punctuation() => runs.last_mut()?.push(escaped),
                _ => return None,
            },
            plain => runs.last_mut()?.push(plain),
        }
    }
    runs.into_iter().max_by_key(String::len)
}

/// Goes behind a class such as `[^a-z\]]`; nothing when it holds another.
fn skip_class(chars: &mut std::str::Chars<'_>) -> Option<()> {
    let inner = chars.as_str().trim_start_matches('^');
    // A bracket that closes in first place is a member.
    if inner.starts_with(']') {
        return None;
    }
    loop {
        match chars.next()? {
            ']' => return Some(()),
            '[' => return None,
            '\\' => {
                chars.next()?;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Table, parser::parse, resolve::resolve};

    fn need(text: &str) -> String {
        let query = parse(text).expect("the query parses");
        let plan = resolve(&query, text, Table::Events)
            .expect("the query resolves")
            .plan;
        show(&plan.need())
    }

    fn show(need: &Need) -> String {
        let join = |all: &[Need], between| all.iter().map(show).collect::<Vec<_>>().join(between);
        match need {
            Need::Anything => "*".to_owned(),
            Need::Text(text) => text.clone(),
            Need::Whole(text) => format!("'{text}'"),
            Need::All(all) => join(all, " & "),
            Need::Any(any) => format!("({})", join(any, " | ")),
        }
    }

    #[test]
    fn a_field_and_its_text() {
        assert_eq!(need("filter levelname = 'ERROR'"), "'levelname' & 'ERROR'");
        assert_eq!(need("filter 'ERROR' = levelname"), "'levelname' & 'ERROR'");
        assert_eq!(need("filter path = '/orders/'"), "'path' & orders");
        assert_eq!(
            need("filter error.args.0 like 'a key'"),
            "error & args & a key"
        );
        assert_eq!(need("filter @message like 'Booting'"), "Booting");
        assert_eq!(need("filter @message = 'Booting'"), "Booting");
        assert_eq!(
            need("filter level in ['WARN', 'ERROR']"),
            "'level' & ('WARN' | 'ERROR')"
        );
        assert_eq!(need("filter strcontains(path, 'pay')"), "'path' & pay");
    }

    #[test]
    fn numbers_are_spelled_in_many_ways() {
        assert_eq!(need("filter status = 404"), "'status'");
        assert_eq!(need("filter status = '404'"), "'status'");
        assert_eq!(need("filter status = 'nan'"), "'status'");
        assert_eq!(need("filter status in ['on', '404']"), "'status'");
        assert_eq!(need("filter status like '40'"), "'status'");
        assert_eq!(
            need("filter status * 2 > duration"),
            "'status' & 'duration'"
        );
    }

    #[test]
    fn what_is_not_equal_is_there() {
        assert_eq!(need("filter path != '/x'"), "'path'");
        assert_eq!(need("filter path not like 'login'"), "'path'");
        assert_eq!(need("filter not path = 'login'"), "'path'");
        assert_eq!(need("filter path not in ['login']"), "'path'");
    }

    #[test]
    fn nothing_is_said_of_what_may_be_missing() {
        for text in [
            "filter not ispresent(path)",
            "filter coalesce(path, 'x') = 'x'",
            "filter tolower(path) = 'login'",
            "filter not (path = 'login' and name = 'x')",
            "filter @level = 'ERROR'",
            "filter @error.type = 'KeyError'",
            "filter @logStream like 'web'",
            "filter 1 = 1",
            "filter path = 'login' or not ispresent(path)",
            "stats count(*) as n by path | filter path = 'login'",
            "limit 5 | filter path = 'login'",
            "dedup path",
        ] {
            assert_eq!(need(text), "*", "{text}");
        }
    }

    #[test]
    fn conditions_join() {
        assert_eq!(
            need("filter aa = 'xx' | fields b * 2 as c | filter dd like 'yy'"),
            "'aa' & 'xx' & 'dd' & yy"
        );
        assert_eq!(
            need("filter aa = 'xx' or bb = 'yy'"),
            "('aa' & 'xx' | 'bb' & 'yy')"
        );
        assert_eq!(
            need("parse @message '*' as x | filter x = 'yy' and aa > 1"),
            "'aa'"
        );
    }

    #[test]
    fn texts_of_expressions() {
        assert_eq!(need("filter @message like /Task .* failed/"), " failed");
        assert_eq!(need(r"filter @message like /^orders?\/\d+/"), "order");
        assert_eq!(need("filter @message like /a{2}bcd/"), "bcd");
        assert_eq!(need("filter @message like /[^x-z]abc+/"), "abc");
        for regex in [
            "(?i)error",
            "error|warning",
            "(error)",
            "\\x41bc",
            "[[:alpha:]]abc",
            "\\pLabc",
        ] {
            let text = format!("filter @message like /{regex}/");
            assert_eq!(need(&text), "*", "{regex}");
        }
    }
}
