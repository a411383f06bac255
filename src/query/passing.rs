//! Whether a row could pass a query's leading filters, when only some of its fields are known yet.

use super::Settings;
use super::eval;
use super::fields::Cell;
use super::plan::{Expr, Operator, Plan};
use crate::value::Value;

impl Plan {
    /// Returns whether a row could matter; see [`Program::may_pass`](super::Program::may_pass).
    pub(super) fn may_pass<'a>(
        &self,
        settings: &Settings,
        known: &dyn Fn(&str) -> Option<Value<'a>>,
    ) -> bool {
        // What a query inside the query reads is not followed.
        if !self.subqueries.is_empty() {
            return true;
        }
        let mut row: Vec<Cell<'_>> = vec![Cell::Empty; self.width];
        let mut is_known = vec![false; self.width];
        for (slot, name) in self.fields.iter().enumerate() {
            if let Some(value) = known(name) {
                row[slot] = Cell::Value(value);
                is_known[slot] = true;
            }
        }
        for operator in &self.operators {
            match operator {
                Operator::Filter(conditions) => {
                    let holds = |one: &Expr| may_hold(one, &row, &is_known, settings);
                    if !conditions.iter().all(holds) {
                        return false;
                    }
                }
                // These work on each row by itself, and give what they make slots of its own.
                Operator::Extend(_)
                | Operator::Parse(_)
                | Operator::Sort(_)
                | Operator::Spread(_)
                | Operator::Lookup(_) => {}
                // Behind these a row is no longer one of those that were read, or matters to others.
                _ => break,
            }
        }
        true
    }
}

fn may_hold(condition: &Expr, row: &[Cell<'_>], known: &[bool], settings: &Settings) -> bool {
    let mut all = true;
    condition.reads(&mut |slot| all &= known.get(slot.0).copied().unwrap_or_default());
    if all && !condition.waits() {
        return eval::condition(condition, settings).holds(row) == Some(true);
    }
    match condition {
        Expr::And(parts) => parts.iter().all(|one| may_hold(one, row, known, settings)),
        Expr::Or(parts) => parts.iter().any(|one| may_hold(one, row, known, settings)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::query::{Program, Settings, Table};
    use crate::time::Timestamp;
    use crate::value::Value;

    fn may_pass(query: &str, known: &[(&str, &str)]) -> bool {
        let settings = Settings {
            table: Table::Runs,
            now: Timestamp(0),
            window: None,
            default_limit: None,
        };
        let program = Program::compile(query, &settings).expect("a query");
        program.may_pass(&|name| {
            let found = known.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| match *value {
                "" => Value::Null,
                text => Value::from(text),
            })
        })
    }

    #[test]
    fn what_is_known_decides() {
        let query =
            "filter kind in ['batch', 'task'] and outcome = 'failed' | filter name like 'sync'";
        assert!(may_pass(query, &[]));
        assert!(may_pass(query, &[("outcome", "failed")]));
        assert!(!may_pass(query, &[("outcome", "succeeded")]));
        assert!(!may_pass(query, &[("kind", "migration")]));
        assert!(!may_pass(
            query,
            &[("outcome", "failed"), ("name", "report")]
        ));
        assert!(may_pass(
            query,
            &[("outcome", "failed"), ("name", "sync_rates")]
        ));
    }

    #[test]
    fn what_is_not_known_passes() {
        let either = "filter outcome = 'failed' or errors > 3";
        assert!(may_pass(either, &[("outcome", "succeeded")]));
        let computed = "fields toupper(outcome) as o | filter o = 'FAILED'";
        assert!(may_pass(computed, &[("outcome", "succeeded")]));
    }

    #[test]
    fn a_row_that_others_are_counted_with_matters() {
        for query in [
            "stats count(*) as n by outcome | filter outcome = 'failed'",
            "limit 3 | filter outcome = 'failed'",
            "filter outcome = 'failed' and name in (filter outcome = 'succeeded' | display name)",
        ] {
            assert!(may_pass(query, &[("outcome", "succeeded")]), "{query}");
        }
    }

    #[test]
    fn a_missing_field_is_known_to_be_missing() {
        assert!(!may_pass("filter cause = 'oom'", &[("cause", "")]));
        assert!(may_pass("filter not ispresent(cause)", &[("cause", "")]));
    }
}
