//! Laws of the whole module that need a look inside: trees print and read back.

use proptest::prelude::*;

use super::Pattern;
use super::notes::Notes;
use super::parser;
use super::tree::{
    Comparison, Condition, Entry, Expression, FieldTest, Form, Operator, Selector, Sign, Span,
    Step, Term, Test, Tree, Value,
};

use crate::event::{Event, Origin};
use crate::record::Record;
use crate::time::Timestamp;

/// Trees made here have no places; those that were read lose them before they are compared.
const NOWHERE: Span = 0..0;

fn any_value(bare: &'static str) -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        bare.prop_map(|text| (Form::Bare, text)),
        any::<String>().prop_map(|text| (Form::Quoted, text)),
        r#"[a\\" *%&|]{0,8}"#.prop_map(|text| (Form::Quoted, text)),
        "[a-c^$?.{}0-9 ]{1,8}".prop_map(|text| (Form::Regex, text)),
    ];
    text.prop_map(|(form, text)| Value {
        form,
        text,
        span: NOWHERE,
    })
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    let operator = prop::sample::select(vec![
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ]);
    let operand = any_value("[A-Za-z0-9_.*+-]{1,8}|and|OR|IS");
    (operator, operand).prop_map(|(operator, operand)| Comparison { operator, operand })
}

fn any_name() -> impl Strategy<Value = Step> {
    let name = prop_oneof!["[a-zA-Z0-9_-]{1,6}", "[a-z.' \\[\\]$}é\"]{0,6}"];
    name.prop_filter("ends the name", |name| !name.contains("']"))
        .prop_map(Step::Name)
}

fn any_selector() -> impl Strategy<Value = Selector> {
    let first = prop_oneof![4 => any_name(), 1 => Just(Step::AnyName)];
    let step = prop_oneof![
        4 => any_name(),
        2 => (0_usize..1000).prop_map(Step::Index),
        1 => Just(Step::AnyName),
        1 => Just(Step::AnyIndex),
    ];
    (first, prop::collection::vec(step, 0..4)).prop_map(|(first, mut steps)| {
        steps.insert(0, first);
        let span = NOWHERE;
        Selector { steps, span }
    })
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let test = prop_oneof![
        4 => any_comparison().prop_map(Test::Compare),
        1 => Just(Test::IsNull),
        1 => Just(Test::IsTrue),
        1 => Just(Test::IsFalse),
        1 => Just(Test::NotExists),
    ];
    (any_selector(), test).prop_map(|(selector, test)| Condition { selector, test })
}

fn any_field_test() -> impl Strategy<Value = FieldTest> {
    let comparison = prop::option::of(any_comparison());
    ("[A-Za-z0-9_]{1,5}|and", comparison).prop_map(|(name, comparison)| FieldTest {
        name,
        name_span: NOWHERE,
        comparison,
    })
}

fn any_expression<A: Clone + std::fmt::Debug + 'static>(
    atom: impl Strategy<Value = A> + 'static,
) -> impl Strategy<Value = Expression<A>> {
    atom.prop_map(Expression::Atom)
        .prop_recursive(3, 8, 3, |inner| {
            let parts = prop::collection::vec(inner, 2..4);
            (any::<bool>(), parts).prop_map(|(all, parts)| {
                if all {
                    Expression::All(parts)
                } else {
                    Expression::Any(parts)
                }
            })
        })
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let sign = prop::sample::select(vec![Sign::Required, Sign::Excluded, Sign::Optional]);
    let term = (sign, any_value("[A-Za-z0-9_]{1,8}"));
    let term = term.prop_map(|(sign, value)| Term { sign, value });
    let entry = prop_oneof![
        1 => Just(Entry::Ellipsis(NOWHERE)),
        1 => Just(Entry::Unnamed),
        4 => any_expression(any_field_test()).prop_map(Entry::Field),
    ];
    prop_oneof![
        prop::collection::vec(term, 1..5).prop_map(Tree::Terms),
        any_expression(any_condition()).prop_map(Tree::Json),
        prop::collection::vec(entry, 0..5)
            .prop_filter("a lone nothing is no entry", |entries| entries
                != &[Entry::Unnamed])
            .prop_map(Tree::Delimited),
    ]
}

fn forget_comparison(comparison: &mut Comparison) {
    comparison.operand.span = NOWHERE;
}

fn forget<A>(expression: &mut Expression<A>, atom: &impl Fn(&mut A)) {
    match expression {
        Expression::Atom(one) => atom(one),
        Expression::All(parts) | Expression::Any(parts) => {
            for part in parts {
                forget(part, atom);
            }
        }
    }
}

fn without_places(mut tree: Tree) -> Tree {
    match &mut tree {
        Tree::Blank => {}
        Tree::Terms(terms) => terms.iter_mut().for_each(|term| term.value.span = NOWHERE),
        Tree::Json(expression) => forget(expression, &|condition: &mut Condition| {
            condition.selector.span = NOWHERE;
            if let Test::Compare(comparison) = &mut condition.test {
                forget_comparison(comparison);
            }
        }),
        Tree::Delimited(entries) => entries.iter_mut().for_each(|entry| match entry {
            Entry::Ellipsis(span) => *span = NOWHERE,
            Entry::Unnamed => {}
            Entry::Field(expression) => forget(expression, &|test: &mut FieldTest| {
                test.name_span = NOWHERE;
                test.comparison.iter_mut().for_each(forget_comparison);
            }),
        }),
    }
    tree
}

proptest! {
    #[test]
    fn one_pass_accepts_the_objects_that_the_scanner_accepts(text in r#"[ \n]?\{[\[\]{}",:0-9e.\\nultrfasx \t]{0,16}\}?[ \n]?"#) {
        let pattern = Pattern::parse("{ $.zz NOT EXISTS }").expect("valid");
        let origin = Origin::default();
        let record = Record::new(Event {
            timestamp: Timestamp::default(),
            ingestion: None,
            message: text.as_bytes(),
            origin: &origin,
            id: None,
        });
        prop_assert_eq!(pattern.matches(&record), record.object().is_some());
    }

    #[test]
    fn what_a_tree_prints_parses_to_it(tree in any_tree()) {
        let printed = tree.to_string();
        prop_assume!(printed.chars().count() <= 1024);
        let mut notes = Notes::default();
        let parsed = parser::parse(&printed, &mut notes).map(without_places);
        prop_assert_eq!(&parsed, &Some(tree), "{}", printed);
        prop_assert!(notes.finish(parsed).is_ok(), "{}", printed);
    }
}
