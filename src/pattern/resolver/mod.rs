//! Tree to matcher: regexes are compiled, values told apart, quotas and names checked.
//!
//! Here too is what a pattern's author should hear without having made a mistake: see [`warnings`].

mod warnings;

use super::decimal::Decimal;
use super::matcher::Matcher;
use super::matcher::fields::{FieldCondition, Fields};
use super::matcher::json::{JsonConditions, NodeTest};
use super::matcher::terms::{Needle, Terms};
use super::notes::Notes;
use super::operand::{Check, Operand};
use super::regex::Regex;
use super::tree::{
    Comparison, Condition, Entry, Expression, FieldTest, Form, Operator, Sign, Span, Step, Term,
    Test, Tree, Value,
};
use super::wildcard::Wildcard;
use crate::decode::json::Kind;
use crate::diagnostic::{Diagnostic, codes};

/// The service's limits for one pattern; for a term pattern none on regexes is documented.
const MOST_REGEXES: usize = 2;
const MOST_WILDCARD_SELECTORS: usize = 3;

/// Compiles a tree; mistakes and doubts go to `notes`.
pub(crate) fn resolve(tree: &Tree, notes: &mut Notes) -> Option<Matcher> {
    warnings::warn(tree, notes);
    match tree {
        Tree::Blank => Some(Matcher::Everything),
        Tree::Terms(terms) => resolve_terms(terms, notes),
        Tree::Json(expression) => resolve_json(expression, notes),
        Tree::Delimited(entries) => Some(resolve_fields(entries, notes)),
    }
}

fn resolve_terms(terms: &[Term], notes: &mut Notes) -> Option<Matcher> {
    // A single phrase of blanks is the guide's way to match every event, also one without a blank.
    if let [
        Term {
            sign: Sign::Required,
            value,
        },
    ] = terms
        && value.form == Form::Quoted
        && value.text.trim().is_empty()
    {
        return Some(Matcher::Everything);
    }
    let mut needles = Vec::new();
    let mut complete = true;
    for term in terms {
        match needle(&term.value, notes) {
            Some(needle) => needles.push((term.sign, needle)),
            None => complete = false,
        }
    }
    complete.then(|| Matcher::Terms(Terms::new(needles)))
}

fn needle(value: &Value, notes: &mut Notes) -> Option<Needle> {
    match value.form {
        Form::Regex => Regex::compile(value, notes).map(Needle::Regex),
        Form::Bare | Form::Quoted => {
            let finder = memchr::memmem::Finder::new(&value.text).into_owned();
            Some(Needle::Text(Box::new(finder)))
        }
    }
}

fn resolve_json(expression: &Expression<Condition>, notes: &mut Notes) -> Option<Matcher> {
    check_wildcards(expression, notes);
    let mut regexes = Vec::new();
    expression.visit(&mut |condition| {
        if let Test::Compare(comparison) = &condition.test {
            regexes.extend(regex_span(comparison));
        }
    });
    check_regexes(&regexes, notes);
    let resolved = expression.resolve(&mut |condition| {
        let test = match &condition.test {
            Test::Compare(comparison) => NodeTest::Check(check(comparison, notes)?),
            Test::IsNull => NodeTest::Is(Kind::Null),
            Test::IsTrue => NodeTest::Is(Kind::True),
            Test::IsFalse => NodeTest::Is(Kind::False),
            Test::NotExists => NodeTest::NotExists,
        };
        Some((condition.selector.steps.clone(), test))
    })?;
    Some(Matcher::Json(JsonConditions::new(&resolved)))
}

fn check_wildcards(expression: &Expression<Condition>, notes: &mut Notes) {
    let mut selectors = 0;
    expression.visit(&mut |Condition { selector, .. }| {
        let wildcards = selector.steps.iter().filter(|step| step.is_wildcard());
        let count = wildcards.count();
        selectors += usize::from(count > 0);
        if count > 1 {
            let message = format!("a selector with {count} wildcards");
            let hint = "keep one, and write the other steps out, as in `[0]` or `.name`";
            let span = selector.span.clone();
            let error = Diagnostic::new(codes::WILDCARD_QUOTA, span, message);
            notes.error(error.label("at most one is allowed").hint(hint.to_owned()));
        } else if count > 0 && selectors > MOST_WILDCARD_SELECTORS {
            let message = "too many selectors with a wildcard";
            let hint = "write the steps out in some of them, as in `[0]` or `.name`";
            let span = selector.span.clone();
            let error = Diagnostic::new(codes::WILDCARD_QUOTA, span, message);
            notes.error(
                error
                    .label("at most three are allowed")
                    .hint(hint.to_owned()),
            );
        }
    });
}

fn regex_span(comparison: &Comparison) -> Option<Span> {
    let operand = &comparison.operand;
    (operand.form == Form::Regex).then(|| operand.span.clone())
}

fn check_regexes(spans: &[Span], notes: &mut Notes) {
    for span in spans.iter().skip(MOST_REGEXES) {
        let hint = "join alternatives with `|` in one regex, or use `*` in a quoted value";
        let error = Diagnostic::new(codes::REGEX_QUOTA, span.clone(), "too many regexes")
            .label("at most two are allowed")
            .hint(hint.to_owned());
        notes.error(error);
    }
}

fn check(comparison: &Comparison, notes: &mut Notes) -> Option<Check> {
    let Comparison { operator, operand } = comparison;
    match operator {
        Operator::Equal => resolve_operand(operand, notes).map(Check::Equal),
        Operator::NotEqual => resolve_operand(operand, notes).map(Check::NotEqual),
        ordering => {
            let number = resolve_number(operand, notes)?;
            Some(Check::Ordered(*ordering, number))
        }
    }
}

fn resolve_operand(operand: &Value, notes: &mut Notes) -> Option<Operand> {
    let text = operand.text.as_str();
    if operand.form == Form::Regex {
        return Regex::compile(operand, notes).map(Operand::Regex);
    }
    if let Some(wildcard) = Wildcard::compile(text) {
        return Some(Operand::Wildcard(wildcard));
    }
    let number = match operand.form {
        Form::Bare => Decimal::parse(text.as_bytes()),
        _ => None,
    };
    let text = text.as_bytes().into();
    Some(match number {
        Some(number) => Operand::Number {
            text,
            number: number.into_owned(),
        },
        None => Operand::Text(text),
    })
}

/// Resolves the value of an ordering, which only a bare number can be.
fn resolve_number(operand: &Value, notes: &mut Notes) -> Option<Decimal<'static>> {
    let number = Decimal::parse(operand.text.as_bytes());
    let hint = match (operand.form, number) {
        (Form::Bare, Some(number)) => return Some(number.into_owned()),
        (Form::Quoted, Some(_)) => format!("write `{}`", operand.text),
        (Form::Regex, _) => "write a number, or look for the regex with `=`".to_owned(),
        _ => "write a number such as `100` or `1.5e3`".to_owned(),
    };
    let message = format!("`{operand}` is not a number");
    let error = Diagnostic::new(codes::OPERAND_NOT_NUMBER, operand.span.clone(), message)
        .label("an ordering needs an unquoted number")
        .hint(hint);
    notes.error(error);
    None
}

fn resolve_fields(entries: &[Entry], notes: &mut Notes) -> Matcher {
    check_ellipses(entries, notes);
    check_names(entries, notes);
    let mut regexes = Vec::new();
    for expression in entries.iter().filter_map(field) {
        expression.visit(&mut |test| {
            regexes.extend(test.comparison.as_ref().and_then(regex_span));
        });
    }
    check_regexes(&regexes, notes);
    let mut conditions = Vec::new();
    for entry in entries {
        conditions.push(field_condition(entry, notes));
    }
    let ellipsis = entries
        .iter()
        .position(|entry| matches!(entry, Entry::Ellipsis(_)));
    Matcher::Fields(match ellipsis {
        Some(at) => {
            let back = conditions.split_off(at + 1);
            conditions.pop();
            Fields::with_ends(conditions, back)
        }
        None => Fields::with_rest(conditions),
    })
}

fn field(entry: &Entry) -> Option<&Expression<FieldTest>> {
    match entry {
        Entry::Field(expression) => Some(expression),
        Entry::Ellipsis(_) | Entry::Unnamed => None,
    }
}

/// Compiles an entry's conditions; nothing for a bare name.
fn field_condition(entry: &Entry, notes: &mut Notes) -> Option<FieldCondition> {
    match field(entry)? {
        Expression::Atom(FieldTest {
            comparison: None, ..
        }) => None,
        expression => expression.resolve(&mut |test| {
            test.comparison
                .as_ref()
                .map_or(Some(None), |comparison| check(comparison, notes).map(Some))
        }),
    }
}

fn check_ellipses(entries: &[Entry], notes: &mut Notes) {
    let ellipses = entries.iter().filter_map(|entry| match entry {
        Entry::Ellipsis(span) => Some(span),
        _ => None,
    });
    for span in ellipses.skip(1) {
        let error = Diagnostic::new(codes::ELLIPSIS_REPEATED, span.clone(), "a second `...`")
            .label("a pattern holds at most one")
            .hint("leave it out, or write the fields between out".to_owned());
        notes.error(error);
    }
}

/// Checks that no name is given twice, and that the conditions of an entry are about its own field.
fn check_names(entries: &[Entry], notes: &mut Notes) {
    let mut names: Vec<&str> = Vec::new();
    for expression in entries.iter().filter_map(field) {
        let mut tests: Vec<&FieldTest> = Vec::new();
        expression.visit(&mut |test| tests.push(test));
        let Some((own, others)) = tests.split_first() else {
            continue;
        };
        if names.contains(&own.name.as_str()) {
            notes.error(repeated(own));
        }
        for other in others.iter().filter(|other| other.name != own.name) {
            notes.error(foreign(other, own));
        }
        names.push(&own.name);
    }
}

fn repeated(test: &FieldTest) -> Diagnostic {
    let message = format!("a second field named `{}`", test.name);
    let hint =
        "join the conditions on one field by `&&` or `||` in one entry; fields differ by name";
    Diagnostic::new(codes::FIELD_REPEATED, test.name_span.clone(), message)
        .label("the name is taken")
        .hint(hint.to_owned())
}

fn foreign(other: &FieldTest, own: &FieldTest) -> Diagnostic {
    let message = format!(
        "`{}` has a condition in the entry of `{}`",
        other.name, own.name
    );
    let condition = other.to_string();
    let hint = format!("give it an entry of its own, behind a comma: `, {condition}`");
    Diagnostic::new(codes::FIELD_FOREIGN, other.name_span.clone(), message)
        .label("another field")
        .hint(hint)
}

/// Returns the selector's wildcard step, if it has one.
fn wildcard(steps: &[Step]) -> Option<&Step> {
    steps.iter().find(|step| step.is_wildcard())
}
