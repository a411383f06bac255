//! JSON patterns: conditions on nodes of the message's object, read in place.
//!
//! The members at the top are passed over once, noting where those are that some selector begins with; deeper
//! steps walk on from there. No tree is built and, but for strings with escapes, nothing is copied.

use hashbrown::HashMap;

use super::need_of;
use crate::decode::json::{Json, Kind, Members};
use crate::pattern::operand::{Check, Scalar};
use crate::pattern::tree::{Expression, Step};
use crate::record::Record;
use crate::scan::need::Need;

/// How many distinct properties are noted in the one pass; patterns with more look those up singly.
const NOTED: usize = 8;

/// The conditions of a JSON pattern.
#[derive(Clone, Debug)]
pub(crate) struct JsonConditions {
    /// The distinct properties that selectors begin with.
    roots: Vec<String>,
    expression: Expression<JsonCondition>,
}

/// One condition.
#[derive(Clone, Debug)]
pub(crate) struct JsonCondition {
    start: Start,
    /// The steps behind the start.
    steps: Vec<Step>,
    test: NodeTest,
}

#[derive(Clone, Copy, Debug)]
enum Start {
    /// At the property with this place in the list of roots.
    Root(usize),
    /// At the object itself.
    Object,
}

/// What is asked of the selected nodes: that one of them does so, or that there are none.
#[derive(Clone, Debug)]
pub(crate) enum NodeTest {
    Check(Check),
    Is(Kind),
    NotExists,
}

impl NodeTest {
    fn holds(&self, node: Json<'_>) -> bool {
        match self {
            Self::Is(kind) => node.kind() == *kind,
            Self::Check(check) => match node.kind() {
                Kind::Number => check.holds(Scalar::Number(node.text())),
                Kind::String => match node.as_plain_str() {
                    Some(plain) => check.holds(Scalar::Text(plain)),
                    None => node
                        .as_str()
                        .is_some_and(|text| check.holds(Scalar::Text(text.as_bytes()))),
                },
                _ => false,
            },
            // Selected nodes speak against it, and no one asks them.
            Self::NotExists => false,
        }
    }
}

impl JsonConditions {
    /// Groups conditions by the property they begin with.
    pub(crate) fn new(expression: &Expression<(Vec<Step>, NodeTest)>) -> Self {
        let mut roots: Vec<String> = Vec::new();
        let expression = expression.resolve(&mut |(steps, test)| {
            let (start, steps) = match steps.split_first() {
                Some((Step::Name(name), rest)) => (Start::Root(place(&mut roots, name)), rest),
                _ => (Start::Object, steps.as_slice()),
            };
            let (steps, test) = (steps.to_vec(), test.clone());
            Some(JsonCondition { start, steps, test })
        });
        let expression = expression.expect("every condition has a counterpart");
        Self { roots, expression }
    }

    /// Returns whether the message is an object, and satisfies the conditions.
    pub(crate) fn match_record(&self, record: &Record<'_>) -> bool {
        let Some(noted) = self.note_roots(record) else {
            return false;
        };
        let object = || record.object();
        self.expression.holds(&|condition| {
            let start = match condition.start {
                Start::Object => object(),
                Start::Root(place) => match noted.get(place) {
                    Some(noted) => *noted,
                    None => object().and_then(|object| object.get(&self.roots[place])),
                },
            };
            condition.holds(start)
        })
    }

    /// Passes over the message once: checks that all of it is an object, and notes what selectors begin with.
    fn note_roots<'a>(&self, record: &Record<'a>) -> Option<[Option<Json<'a>>; NOTED]> {
        let message = record.event.message;
        let mut noted = [None; NOTED];
        let mut members = Members::new(message);
        let mut any = false;
        for member in members.by_ref() {
            let (key, value) = match member {
                Ok(member) => member,
                Err(fault) => {
                    // Without a member before it, it is text.
                    record.note_fault(any.then_some(fault));
                    return None;
                }
            };
            any = true;
            for (place, root) in noted.iter_mut().zip(&self.roots) {
                // Of several members with one name the last counts.
                if key.is(root) {
                    *place = Some(value);
                }
            }
        }
        let behind = &message[members.position()..];
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        behind.iter().all(blank).then_some(noted)
    }

    /// Derives what the bytes of every matching line hold.
    pub(crate) fn need(&self) -> Need {
        need_of(&self.expression, &|condition| condition.need(&self.roots))
    }
}

fn place(roots: &mut Vec<String>, name: &str) -> usize {
    let known = roots.iter().position(|root| root == name);
    known.unwrap_or_else(|| {
        roots.push(name.to_owned());
        roots.len() - 1
    })
}

impl JsonCondition {
    fn holds(&self, start: Option<Json<'_>>) -> bool {
        match self.test {
            NodeTest::NotExists => !start.is_some_and(|node| select(node, &self.steps, &|_| true)),
            _ => start.is_some_and(|node| select(node, &self.steps, &|node| self.test.holds(node))),
        }
    }

    fn need(&self, roots: &[String]) -> Need {
        let root = match self.start {
            Start::Root(place) => Need::whole(&roots[place]),
            Start::Object => Need::Anything,
        };
        let names = self.steps.iter().filter_map(|step| match step {
            Step::Name(name) => Some(Need::whole(name)),
            _ => None,
        });
        let value = match &self.test {
            NodeTest::NotExists => return Need::Anything,
            NodeTest::Check(check) => check.need_in_json(),
            NodeTest::Is(Kind::True) => Need::text("true"),
            NodeTest::Is(Kind::False) => Need::text("false"),
            NodeTest::Is(_) => Need::text("null"),
        };
        names.fold(root, Need::and).and(value)
    }
}

/// Returns whether `test` holds for one of the nodes that the steps lead to.
fn select(mut node: Json<'_>, steps: &[Step], test: &dyn Fn(Json<'_>) -> bool) -> bool {
    for (index, step) in steps.iter().enumerate() {
        let rest = &steps[index + 1..];
        let next = match step {
            Step::Name(name) => node.get(name),
            Step::Index(index) => node.item(*index),
            Step::AnyIndex => return node.items().any(|item| select(item, rest, test)),
            Step::AnyName if node.kind() == Kind::Array => {
                return node.items().any(|item| select(item, rest, test));
            }
            Step::AnyName => return any_member(node, &|value| select(value, rest, test)),
        };
        match next {
            Some(next) => node = next,
            None => return false,
        }
    }
    test(node)
}

/// Returns whether `test` holds for a member that no later one of the same name replaces.
fn any_member(object: Json<'_>, test: &dyn Fn(Json<'_>) -> bool) -> bool {
    let values = || object.members().filter_map(Result::ok);
    // Names are only compared once there is something to replace.
    if !values().any(|(_, value)| test(value)) {
        return false;
    }
    let last: HashMap<_, _> = values().map(|(key, value)| (key.text(), value)).collect();
    last.into_values().any(test)
}
