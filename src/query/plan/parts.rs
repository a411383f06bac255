//! Whether the answer to a query can be put together from its answers over parts of the events: over several log
//! groups, or over several stretches of time.

use std::sync::Arc;

use super::{Among, Expr, Operator, Plan, Slot};
use crate::query::ast::Direction;

/// How the answers over parts of the events are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The columns that rows are ordered by, by their number; empty when no column tells the order.
    pub keys: Vec<(usize, Direction)>,
    /// Which time comes first, where rows are in the order of time alone.
    pub time: Option<Direction>,
    /// How many rows are kept, where the query says it.
    pub limit: Option<u64>,
    /// Whether each stretch of time gives the same rows by itself as in the whole window.
    pub by_time: bool,
}

/// Why the answers over parts cannot be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// Aggregates are computed.
    Stats,
    /// Another query stands inside it.
    Subquery,
    /// Rows are compared with each other: by this command.
    Rows(&'static str),
    /// Something follows a `limit` that depends on which rows are kept.
    BehindLimit,
}

impl Plan {
    /// Returns how the answer is put together from those over parts, or why it cannot be.
    pub fn parts(&self) -> Result<Parts, Whole> {
        if !self.subqueries.is_empty() {
            return Err(Whole::Subquery);
        }
        if self.back.is_some() {
            return Err(Whole::Rows("diff"));
        }
        let mut parts = Walk::default();
        for operator in &self.operators {
            parts.pass(operator)?;
        }
        Ok(parts.finish(self))
    }

    fn column_at(&self, slot: Slot) -> Option<usize> {
        self.columns.iter().position(|(_, at)| *at == slot)
    }

    fn is_time(&self, slot: Slot) -> bool {
        let name: Option<&Arc<str>> = self.fields.get(slot.0);
        name.is_some_and(|name| **name == *"@timestamp")
    }
}

/// What is known of the operators up to one of them.
#[derive(Default)]
struct Walk {
    keys: Option<Vec<(Slot, Direction)>>,
    limit: Option<u64>,
    asks_window: bool,
}

impl Walk {
    fn pass(&mut self, operator: &Operator) -> Result<(), Whole> {
        let is_limited = self.limit.is_some();
        match operator {
            Operator::Filter(_) | Operator::Spread(_) | Operator::Sort(_) if is_limited => {
                return Err(Whole::BehindLimit);
            }
            Operator::Filter(all) => self.look(all.iter()),
            Operator::Extend(values) => self.look(values.iter().map(|(_, expr)| expr)),
            Operator::Parse(parse) => self.look([&parse.source].into_iter()),
            Operator::Spread(spread) => self.look([&spread.source].into_iter()),
            Operator::Lookup(_) => {}
            Operator::Sort(keys) => {
                self.keys = Some(keys.iter().map(|key| (key.slot, key.direction)).collect());
            }
            Operator::TopK(keys, count) => {
                self.keys = Some(keys.iter().map(|key| (key.slot, key.direction)).collect());
                self.keep(*count);
            }
            Operator::Limit(count) | Operator::LimitAny(count) => self.keep(*count),
            Operator::Stats(_) => return Err(Whole::Stats),
            Operator::Dedup(_) => return Err(Whole::Rows("dedup")),
            Operator::Join(_) => return Err(Whole::Subquery),
            Operator::Ordered(_) => return Err(Whole::Rows("a command that compares rows")),
        }
        Ok(())
    }

    fn keep(&mut self, count: u64) {
        self.limit = Some(self.limit.map_or(count, |before| before.min(count)));
    }

    fn look<'e>(&mut self, mut exprs: impl Iterator<Item = &'e Expr>) {
        self.asks_window |= exprs.any(asks_window);
    }

    fn finish(self, plan: &Plan) -> Parts {
        let time = match self.keys.as_deref() {
            None => Some(Direction::Descending),
            Some([(slot, direction)]) if plan.is_time(*slot) => Some(*direction),
            Some(_) => None,
        };
        let keys = match self.keys {
            None => plan
                .columns
                .iter()
                .position(|(_, slot)| plan.is_time(*slot))
                .map(|at| vec![(at, Direction::Descending)]),
            Some(keys) => keys
                .iter()
                .map(|(slot, direction)| Some((plan.column_at(*slot)?, *direction)))
                .collect(),
        };
        Parts {
            keys: keys.unwrap_or_default(),
            time,
            limit: self.limit,
            by_time: time.is_some() && self.limit.is_none() && !self.asks_window,
        }
    }
}

/// Returns whether an expression depends on the window or on when the query is run.
fn asks_window(expr: &Expr) -> bool {
    const ASKING: [&str; 4] = ["now", "queryStartTime", "queryEndTime", "queryTimeRange"];
    match expr {
        Expr::Call(name, arguments) => ASKING.contains(name) || arguments.iter().any(asks_window),
        Expr::Access(one, _) | Expr::Negate(one) | Expr::Not(one) => asks_window(one),
        Expr::And(all) | Expr::Or(all) => all.iter().any(asks_window),
        Expr::Binary(left, _, right) => asks_window(left) || asks_window(right),
        Expr::Contains { value, .. } | Expr::Matches { value, .. } => asks_window(value),
        Expr::In { value, list, .. } => asks_window(value) || list.iter().any(asks_window),
        Expr::InQuery { value, among, .. } => {
            matches!(among, Among::Query(_)) || asks_window(value)
        }
        Expr::Constant(_) | Expr::Period(_) | Expr::Slot(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::resolve::resolve;
    use crate::query::{Table, parser};

    fn parts(text: &str) -> Result<Parts, Whole> {
        let query = parser::parse(text).expect(text);
        let resolved = resolve(&query, text, Table::Events).expect(text);
        resolved.plan.parts()
    }

    fn found(text: &str) -> Parts {
        parts(text).expect(text)
    }

    #[test]
    fn rows_that_go_by_themselves_are_put_together_in_their_order() {
        let bare = found("filter a = 1");
        assert_eq!(bare.keys, [(0, Direction::Descending)]);
        assert_eq!(bare.time, Some(Direction::Descending));
        assert!(bare.by_time);
        let oldest = found("fields name, @timestamp | sort @timestamp asc");
        assert_eq!(oldest.keys, [(1, Direction::Ascending)]);
        assert!(oldest.by_time);
        let by_name = found("fields @timestamp, name | sort name asc, @timestamp desc | limit 5");
        let keys = [(1, Direction::Ascending), (0, Direction::Descending)];
        assert_eq!((by_name.keys, by_name.limit), (keys.to_vec(), Some(5)));
        assert!(!by_name.by_time);
    }

    #[test]
    fn an_order_that_no_column_shows_is_not_known_to_who_joins_rows() {
        let hidden = found("fields name | sort duration desc");
        assert_eq!((hidden.keys, hidden.time), (vec![], None));
        let newest = found("fields name");
        assert_eq!(newest.keys, []);
        assert!(newest.by_time, "stretches of time follow each other");
    }

    #[test]
    fn what_compares_events_needs_all_of_them() {
        assert_eq!(parts("stats count(*)"), Err(Whole::Stats));
        assert_eq!(parts("dedup name"), Err(Whole::Rows("dedup")));
        assert_eq!(parts("limit 5 | filter a = 1"), Err(Whole::BehindLimit));
        assert_eq!(
            parts("filter a in (SOURCE 'g' | fields b)"),
            Err(Whole::Subquery)
        );
    }

    #[test]
    fn what_depends_on_the_window_is_not_cut_in_time() {
        assert!(!found("fields @timestamp, queryTimeRange() as t").by_time);
        assert!(!found("filter toMillis(@timestamp) > now() * 1000 - 5").by_time);
        assert!(!found("limit 5").by_time);
    }
}
