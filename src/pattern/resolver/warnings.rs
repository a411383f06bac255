//! What is accepted, and yet may not mean what it seems to, or may mean something else to the service.

use super::wildcard;
use crate::diagnostic::{Code, Diagnostic, codes};
use crate::pattern::decimal::Decimal;
use crate::pattern::notes::Notes;
use crate::pattern::tree::{
    Comparison, Condition, Form, Operator, Sign, Span, Term, Test, Tree, Value, quoted,
};

/// Looks a tree over and records each doubt.
pub(super) fn warn(tree: &Tree, notes: &mut Notes) {
    match tree {
        Tree::Blank => {}
        Tree::Terms(terms) => warn_terms(terms, notes),
        Tree::Json(expression) => {
            expression.visit(&mut |condition| warn_condition(condition, notes));
        }
        Tree::Delimited(entries) => {
            for expression in entries.iter().filter_map(super::field) {
                expression.visit(&mut |test| {
                    if let Some(comparison) = &test.comparison {
                        warn_comparison(comparison, notes);
                    }
                });
            }
        }
    }
}

fn doubt(notes: &mut Notes, code: Code, span: &Span, message: &str, label: &str, hint: &str) {
    let warning = Diagnostic::new(code, span.clone(), message);
    notes.warn(warning.label(label).hint(hint.to_owned()));
}

fn warn_terms(terms: &[Term], notes: &mut Notes) {
    let counts = |term: &&Term| term.sign != Sign::Optional;
    if let Some(other) = terms.iter().find(counts) {
        let (message, hint) = match other.sign {
            Sign::Excluded => (
                "`?` terms have no effect beside `-` terms",
                "leave it out, or leave out the exclusions",
            ),
            _ => (
                "`?` terms have no effect beside required terms",
                "leave it out, or mark all terms with `?`",
            ),
        };
        for term in terms.iter().filter(|term| !counts(term)) {
            let span = &term.value.span;
            doubt(
                notes,
                codes::OPTIONAL_IGNORED,
                span,
                message,
                "ignored",
                hint,
            );
        }
    }
    for Term { sign, value } in terms {
        if value.form == Form::Regex && (terms.len() > 1 || *sign != Sign::Required) {
            let message = "a regex beside other terms, or with a sign";
            let hint = "only a regex that stands alone is documented";
            doubt(
                notes,
                codes::REGEX_COMBINED,
                &value.span,
                message,
                "the service may differ",
                hint,
            );
        }
    }
}

fn warn_condition(condition: &Condition, notes: &mut Notes) {
    let Condition { selector, test } = condition;
    let negative = match test {
        Test::Compare(comparison) => {
            warn_comparison(comparison, notes);
            warn_keyword(comparison, &selector.to_string(), notes);
            comparison.operator == Operator::NotEqual
        }
        _ => true,
    };
    if negative && wildcard(&selector.steps).is_some() {
        let message = "a wildcard selector in a condition that is not `=` or an ordering";
        let hint = match test {
            Test::NotExists => "here it holds when nothing at all is selected",
            _ => "here it holds when one of the selected nodes satisfies it",
        };
        let label = "the service may differ";
        doubt(
            notes,
            codes::WILDCARD_QUANTIFIER,
            &selector.span,
            message,
            label,
            hint,
        );
    }
}

fn warn_comparison(comparison: &Comparison, notes: &mut Notes) {
    let Comparison { operator, operand } = comparison;
    let span = &operand.span;
    match operand.form {
        Form::Regex if *operator == Operator::NotEqual => {
            let hint = "here it holds when the regex is not found";
            let message = "`!=` with a regex is not documented";
            doubt(
                notes,
                codes::REGEX_NEGATED,
                span,
                message,
                "the service may differ",
                hint,
            );
        }
        Form::Regex => {}
        Form::Bare => {
            warn_inner_wildcard(operand, notes);
            warn_bare(operand, notes);
        }
        Form::Quoted => warn_inner_wildcard(operand, notes),
    }
}

fn warn_inner_wildcard(operand: &Value, notes: &mut Notes) {
    if operand.text.trim_matches('*').contains('*') {
        let hint = "only `*` at the start and at the end is documented";
        let message = "a `*` inside the value stands for any text";
        let label = "the service may differ";
        doubt(
            notes,
            codes::WILDCARD_INSIDE,
            &operand.span,
            message,
            label,
            hint,
        );
    }
}

fn warn_bare(operand: &Value, notes: &mut Notes) {
    let text = operand.text.as_str();
    let number = Decimal::parse(text.as_bytes()).is_some();
    let (span, label) = (&operand.span, "the service may differ");
    if !number && text.contains(['-', '+']) {
        let hint = format!("write `{}`", quoted(text));
        let message = "`-` or `+` in an unquoted value is not documented";
        doubt(notes, codes::HYPHEN_UNQUOTED, span, message, label, &hint);
    }
    let mantissa = text.trim_start_matches(['-', '+']);
    let end = mantissa.find(['e', 'E']).unwrap_or(mantissa.len());
    let mantissa = &mantissa[..end];
    if number && (mantissa.starts_with('.') || mantissa.ends_with('.')) {
        let hint = "write a digit on both sides of the point";
        let message = "a number that begins or ends with its point is not documented";
        doubt(notes, codes::NUMBER_POINT, span, message, label, hint);
    }
}

/// Warns about values that look like a JSON keyword, which no comparison is satisfied by.
fn warn_keyword(comparison: &Comparison, selector: &str, notes: &mut Notes) {
    let operand = &comparison.operand;
    let keyword = match operand.text.as_str() {
        _ if operand.form == Form::Regex => return,
        "true" => "IS TRUE",
        "false" => "IS FALSE",
        "null" => "IS NULL",
        _ => return,
    };
    let message = format!("this compares with the text `{}`", operand.text);
    let hint = format!("write `{selector} {keyword}`");
    let label = "no JSON boolean or null satisfies it";
    doubt(
        notes,
        codes::KEYWORD_AS_TEXT,
        &operand.span,
        &message,
        label,
        &hint,
    );
}
