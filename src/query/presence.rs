//! Which rows a query cannot let through for want of a field.

use super::ast::BinaryOp;
use super::plan::{Expr, Operator, Plan};

impl Plan {
    /// Returns whether only rows pass that have a field whose name begins with `prefix`.
    ///
    /// It may say no of a query that is so; it never says yes of one that is not.
    pub fn requires(&self, prefix: &str) -> bool {
        let mut subqueries = self.subqueries.iter();
        subqueries.all(|one| one.plan.requires(prefix)) && self.requires_itself(prefix)
    }

    fn requires_itself(&self, prefix: &str) -> bool {
        for operator in &self.operators {
            match operator {
                Operator::Filter(conditions) => {
                    if conditions
                        .iter()
                        .any(|one| self.holds_only_with(one, prefix))
                    {
                        return true;
                    }
                }
                // These let every row through, once or several times.
                Operator::Extend(_)
                | Operator::Parse(_)
                | Operator::Sort(_)
                | Operator::Spread(_)
                | Operator::Lookup(_) => {}
                _ => return false,
            }
        }
        false
    }

    fn holds_only_with(&self, condition: &Expr, prefix: &str) -> bool {
        match condition {
            Expr::And(all) => all.iter().any(|one| self.holds_only_with(one, prefix)),
            Expr::Or(all) => all.iter().all(|one| self.holds_only_with(one, prefix)),
            Expr::Call(name, arguments) if *name == "ispresent" => {
                arguments.iter().all(|one| self.is_field(one, prefix))
            }
            // A comparison with a missing value is never true.
            Expr::Binary(left, operator, right) if compares(*operator) => {
                self.is_field(left, prefix) || self.is_field(right, prefix)
            }
            Expr::Contains { value, .. }
            | Expr::Matches { value, .. }
            | Expr::In { value, .. }
            | Expr::InQuery { value, .. } => self.is_field(value, prefix),
            _ => false,
        }
    }

    fn is_field(&self, expr: &Expr, prefix: &str) -> bool {
        let Expr::Slot(slot) = expr else { return false };
        let name = self.fields.get(slot.0);
        name.is_some_and(|name| name.starts_with(prefix))
    }
}

fn compares(operator: BinaryOp) -> bool {
    matches!(
        operator,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
    )
}

#[cfg(test)]
mod tests {
    use crate::query::{Table, parser::parse, resolve::resolve};

    fn needs_error(text: &str) -> bool {
        let query = parse(text).expect("the query parses");
        let resolved = resolve(&query, text, Table::Events).expect("the query resolves");
        resolved.plan.requires("@error.")
    }

    #[test]
    fn a_condition_on_an_error_needs_one() {
        for text in [
            "filter ispresent(@error.fingerprint) and @level = 'ERROR'",
            "filter @level = 'ERROR' | filter @error.type = 'KeyError'",
            "fields toupper(@error.type) as t | filter @error.type in ['A', 'B']",
            "filter @error.type like 'Key' or @error.message not like 'x'",
        ] {
            assert!(needs_error(text), "{text}");
        }
    }

    #[test]
    fn nothing_is_claimed_of_what_may_pass_without() {
        for text in [
            "filter @level = 'ERROR'",
            "filter @error.type = 'KeyError' or @level = 'ERROR'",
            "filter not ispresent(@error.type)",
            "filter coalesce(@error.type, 'x') = 'x'",
            "limit 5 | filter ispresent(@error.type)",
        ] {
            assert!(!needs_error(text), "{text}");
        }
    }
}
