//! A second, slow reading of filter patterns: patterns and events as plain data that print themselves, and a
//! matcher over that data which shares no code with the first.

use std::fmt::Write;

use proptest::prelude::*;

/// A pattern as data.
#[derive(Clone, Debug)]
pub(super) enum Model {
    Terms(Vec<(char, Text)>),
    Json(Logic<(Vec<Step>, Ask)>),
    Fields(Vec<Slot>),
}

#[derive(Clone, Debug)]
pub(super) enum Logic<A> {
    One(A),
    And(Vec<Logic<A>>),
    Or(Vec<Logic<A>>),
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Name(&'static str),
    Index(usize),
    AnyName,
    AnyIndex,
}

#[derive(Clone, Debug)]
pub(super) enum Ask {
    Compare(&'static str, Text),
    Null,
    True,
    False,
    Absent,
}

#[derive(Clone, Debug)]
pub(super) enum Slot {
    Ellipsis,
    Unnamed,
    Field(Option<Logic<(&'static str, Text)>>),
}

/// A value of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Bare(&'static str),
    Quoted(String),
    /// One of [`REGEXES`].
    Regex(usize),
}

/// A regex, and its meaning in other words.
type Known = (&'static str, fn(&str) -> bool);

const REGEXES: &[Known] = &[
    ("AB", |text| text.contains("AB")),
    ("^A", |text| text.starts_with('A')),
    ("B$", |text| text.ends_with('B')),
    ("^ERR.R$|10+", |text| {
        let rest = text
            .strip_prefix("ERR")
            .and_then(|rest| rest.strip_suffix('R'));
        text.contains("10") || rest.is_some_and(|rest| rest.chars().count() == 1 && rest != "\n")
    }),
    ("A[^B]C", |text| {
        let chars: Vec<char> = text.chars().collect();
        chars
            .windows(3)
            .any(|run| run[0] == 'A' && run[1] != 'B' && run[2] == 'C')
    }),
    ("\\d\\s\\w", |text| {
        let blank = |c| matches!(c, ' ' | '\t' | '\n');
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let chars: Vec<char> = text.chars().collect();
        chars
            .windows(3)
            .any(|run| run[0].is_ascii_digit() && blank(run[1]) && word(run[2]))
    }),
];

/// A JSON value, with numbers as they are written.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(&'static str),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(&'static str, Node)>),
}

const NAMES: &[&str] = &["a", "bb", "level", "a.b", "x-y", "é\""];
const NUMBERS: &[&str] = &[
    "0", "-0.0", "12", "12.0", "1e3", "1000", "-5", "0.5", "100", "1E-1",
];
const BARE: &[&str] = &[
    "12", "12.0", "1e3", "+5", ".5", "A", "AB", "ERROR", "A*", "*B", "*", "A*B", "1*", "a-b",
    "1.2.3", "null",
];
const PIECES: &[&str] = &[
    "A", "B", "C", "AB", "ERROR", "level", " ", "\t", "\n", "é", "\"", "[", "]", "\\", "/", "12",
    "1000", "*", "-5", "{",
];

fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..5).prop_map(|pieces| pieces.concat())
}

fn any_value() -> impl Strategy<Value = Text> {
    prop_oneof![
        3 => prop::sample::select(BARE).prop_map(Text::Bare),
        3 => any_text().prop_map(Text::Quoted),
        1 => prop::sample::select(NUMBERS).prop_map(|number| Text::Quoted(number.to_owned())),
        1 => (0..REGEXES.len()).prop_map(Text::Regex),
    ]
}

fn any_comparison() -> impl Strategy<Value = (&'static str, Text)> {
    let ordering = prop::sample::select(vec!["<", "<=", ">", ">="]);
    prop_oneof![
        2 => any_value().prop_map(|value| ("=", value)),
        1 => any_value().prop_map(|value| ("!=", value)),
        1 => (ordering, prop::sample::select(NUMBERS)).prop_map(|(operator, number)| (operator, Text::Bare(number))),
    ]
}

fn any_logic<A: Clone + std::fmt::Debug + 'static>(
    atom: impl Strategy<Value = A> + 'static,
) -> impl Strategy<Value = Logic<A>> {
    atom.prop_map(Logic::One).prop_recursive(2, 4, 2, |inner| {
        let parts = prop::collection::vec(inner, 2..3);
        (any::<bool>(), parts).prop_map(|(all, parts)| {
            if all {
                Logic::And(parts)
            } else {
                Logic::Or(parts)
            }
        })
    })
}

fn any_path() -> impl Strategy<Value = Vec<Step>> {
    let name = || prop::sample::select(NAMES).prop_map(Step::Name);
    let plain = || prop_oneof![3 => name(), 1 => (0_usize..3).prop_map(Step::Index)];
    let wild = prop_oneof![Just(Step::AnyName), Just(Step::AnyIndex)];
    let deep = (name(), prop::collection::vec(plain(), 0..2));
    let deep = deep.prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    });
    let wild = (name(), wild, prop::option::of(plain()))
        .prop_map(|(first, wild, rest)| [first, wild].into_iter().chain(rest).collect());
    let top = prop::option::of(plain())
        .prop_map(|rest| std::iter::once(Step::AnyName).chain(rest).collect());
    prop_oneof![8 => deep, 2 => wild, 1 => top]
}

fn any_json_model() -> impl Strategy<Value = Model> {
    let ask = prop_oneof![
        6 => any_comparison().prop_map(|(operator, value)| Ask::Compare(operator, value)),
        1 => Just(Ask::Null),
        1 => Just(Ask::True),
        1 => Just(Ask::False),
        1 => Just(Ask::Absent),
    ];
    any_logic((any_path(), ask)).prop_map(Model::Json)
}

/// Generates patterns, some of which break a quota.
pub(super) fn any_model() -> impl Strategy<Value = Model> {
    let word = prop_oneof![
        prop::sample::select(vec!["A", "AB", "ERROR", "12", "level"]).prop_map(Text::Bare),
        any_text().prop_map(Text::Quoted),
        (0..REGEXES.len()).prop_map(Text::Regex),
    ];
    let term = (prop::sample::select(vec!['+', '-', '?']), word);
    let slot = prop_oneof![
        1 => Just(Slot::Ellipsis),
        1 => Just(Slot::Unnamed),
        2 => Just(Slot::Field(None)),
        3 => any_logic(any_comparison()).prop_map(|logic| Slot::Field(Some(logic))),
    ];
    prop_oneof![
        prop::collection::vec(term, 1..4).prop_map(Model::Terms),
        any_json_model(),
        prop::collection::vec(slot, 2..5).prop_map(Model::Fields),
    ]
}

/// Generates objects with the names and values that patterns ask for.
pub(super) fn any_object() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        1 => Just(Node::Null),
        1 => any::<bool>().prop_map(Node::Bool),
        3 => prop::sample::select(NUMBERS).prop_map(Node::Number),
        4 => any_text().prop_map(Node::Text),
        1 => prop::sample::select(BARE).prop_map(|text| Node::Text(text.to_owned())),
    ];
    let node = leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Node::List),
            members(inner).prop_map(Node::Object),
        ]
    });
    members(node).prop_map(Node::Object)
}

/// Names repeat now and then, so that one replaces another.
fn members(node: impl Strategy<Value = Node>) -> impl Strategy<Value = Vec<(&'static str, Node)>> {
    prop::collection::vec((prop::sample::select(NAMES), node), 0..5)
}

/// Generates lines of words, quotes and brackets.
pub(super) fn any_line() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..9).prop_map(|pieces| pieces.concat())
}

impl Model {
    /// Writes the pattern.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Terms(terms) => {
                let terms = terms.iter().map(|(sign, text)| {
                    let sign = if *sign == '+' {
                        String::new()
                    } else {
                        sign.to_string()
                    };
                    sign + &text.print()
                });
                terms.collect::<Vec<_>>().join("  ")
            }
            Self::Json(logic) => format!(
                "{{{}}}",
                logic.print(&|(steps, ask)| format!("{}{}", print_path(steps), ask.print()))
            ),
            Self::Fields(slots) => {
                let slots = slots.iter().enumerate().map(|(at, slot)| match slot {
                    Slot::Ellipsis => "...".to_owned(),
                    Slot::Unnamed => " ".to_owned(),
                    Slot::Field(None) => format!("w{at}"),
                    Slot::Field(Some(logic)) => logic
                        .print(&|(operator, value)| format!("w{at}{operator}{}", value.print())),
                });
                format!("[{}]", slots.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Returns whether a line matches that is not JSON.
    pub(super) fn match_line(&self, line: &str) -> bool {
        match self {
            Self::Terms(terms) => match_terms(terms, line),
            Self::Json(_) => false,
            Self::Fields(slots) => match_fields(slots, line),
        }
    }

    /// Returns whether a line matches that is this object.
    pub(super) fn match_object(&self, object: &Node, line: &str) -> bool {
        match self {
            Self::Json(logic) => logic.holds(&|(steps, ask)| ask.holds(&select(object, steps))),
            _ => self.match_line(line),
        }
    }
}

impl<A> Logic<A> {
    fn print(&self, atom: &dyn Fn(&A) -> String) -> String {
        let (parts, operator) = match self {
            Self::One(one) => return atom(one),
            Self::And(parts) => (parts, "&&"),
            Self::Or(parts) => (parts, " ||"),
        };
        let parts: Vec<String> = parts
            .iter()
            .map(|part| format!("({})", part.print(atom)))
            .collect();
        parts.join(operator)
    }

    fn holds(&self, atom: &dyn Fn(&A) -> bool) -> bool {
        match self {
            Self::One(one) => atom(one),
            Self::And(parts) => parts.iter().all(|part| part.holds(atom)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(atom)),
        }
    }
}

impl Text {
    fn print(&self) -> String {
        match self {
            Self::Bare(text) => (*text).to_owned(),
            Self::Quoted(text) => {
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
            Self::Regex(index) => format!("%{}%", REGEXES[*index].0),
        }
    }

    /// Returns whether the text occurs in a message.
    fn occurs(&self, message: &str) -> bool {
        match self {
            Self::Bare(text) => message.contains(text),
            Self::Quoted(text) => message.contains(text.as_str()),
            Self::Regex(index) => REGEXES[*index].1(message),
        }
    }

    fn equals(&self, text: &str, number: bool) -> bool {
        let value = match self {
            Self::Regex(index) => return REGEXES[*index].1(text),
            Self::Bare(value) => *value,
            Self::Quoted(value) => value,
        };
        if value.contains('*') {
            return glob(value, text);
        }
        match (self, as_number(value)) {
            (Self::Bare(_), Some(value)) if number => as_number(text) == Some(value),
            _ => value == text,
        }
    }
}

/// A double is exact enough for the numbers that are generated here.
fn as_number(text: &str) -> Option<f64> {
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    plain.then(|| text.parse().ok()).flatten()
}

fn glob(value: &str, text: &str) -> bool {
    let pieces: Vec<&str> = value.split('*').collect();
    let Some(mut rest) = text.strip_prefix(pieces[0]) else {
        return false;
    };
    for piece in &pieces[1..] {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    value.ends_with('*') || rest.is_empty()
}

fn compare(operator: &str, value: &Text, text: &str, number: bool) -> bool {
    match operator {
        "=" => value.equals(text, number),
        "!=" => !value.equals(text, number),
        _ => {
            let (Text::Bare(bound), true) = (value, number) else {
                return false;
            };
            let (left, right) = (
                as_number(text).expect("a number"),
                as_number(bound).expect("a number"),
            );
            match operator {
                "<" => left < right,
                "<=" => left <= right,
                ">" => left > right,
                _ => left >= right,
            }
        }
    }
}

fn match_terms(terms: &[(char, Text)], message: &str) -> bool {
    if let [('+', Text::Quoted(text))] = terms
        && text.trim().is_empty()
    {
        return true;
    }
    let with = |wanted: char| terms.iter().filter(move |(sign, _)| *sign == wanted);
    let only_optional = terms.iter().all(|(sign, _)| *sign == '?');
    with('+').all(|(_, text)| text.occurs(message))
        && !with('-').any(|(_, text)| text.occurs(message))
        && (!only_optional || with('?').any(|(_, text)| text.occurs(message)))
}

fn print_path(steps: &[Step]) -> String {
    let mut text = "$".to_owned();
    for step in steps {
        let _ = match step {
            Step::Name(name @ ("a.b" | "é\"")) => write!(text, ".['{name}']"),
            Step::Name(name) => write!(text, ".{name}"),
            Step::Index(index) => write!(text, "[{index}]"),
            Step::AnyName => write!(text, ".*"),
            Step::AnyIndex => write!(text, "[*]"),
        };
    }
    text
}

impl Ask {
    fn print(&self) -> String {
        match self {
            Self::Compare(operator, value) => format!("{operator} {}", value.print()),
            Self::Null => "\tIS NULL".to_owned(),
            Self::True => " IS TRUE".to_owned(),
            Self::False => " IS  FALSE".to_owned(),
            Self::Absent => " NOT EXISTS".to_owned(),
        }
    }

    fn holds(&self, nodes: &[&Node]) -> bool {
        nodes.iter().any(|node| match (self, node) {
            (Self::Null, Node::Null) => true,
            (Self::True, Node::Bool(value)) => *value,
            (Self::False, Node::Bool(value)) => !value,
            (Self::Compare(operator, value), Node::Number(text)) => {
                compare(operator, value, text, true)
            }
            (Self::Compare(operator, value), Node::Text(text)) => {
                compare(operator, value, text, false)
            }
            _ => false,
        }) || matches!(self, Self::Absent) && nodes.is_empty()
    }
}

fn select<'a>(object: &'a Node, steps: &[Step]) -> Vec<&'a Node> {
    let mut nodes = vec![object];
    for step in steps {
        nodes = nodes
            .into_iter()
            .flat_map(|node| children(node, step))
            .collect();
    }
    nodes
}

fn children<'a>(node: &'a Node, step: &Step) -> Vec<&'a Node> {
    match (step, node) {
        (Step::Name(name), Node::Object(members)) => {
            let named = members.iter().filter(|(known, _)| known == name);
            named
                .map(|(_, value)| value)
                .next_back()
                .into_iter()
                .collect()
        }
        (Step::Index(index), Node::List(items)) => items.get(*index).into_iter().collect(),
        (Step::AnyIndex | Step::AnyName, Node::List(items)) => items.iter().collect(),
        (Step::AnyName, Node::Object(members)) => {
            let last = |at: usize| {
                !members[at + 1..]
                    .iter()
                    .any(|later| later.0 == members[at].0)
            };
            let kept = (0..members.len()).filter(|&at| last(at));
            kept.map(|at| &members[at].1).collect()
        }
        _ => Vec::new(),
    }
}

/// Cuts a line into fields: what each holds, and where it begins.
fn split(line: &str) -> Vec<(&str, usize)> {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(blank) = line[at..].find(|c: char| !c.is_ascii_whitespace()) {
        let start = at + blank;
        let rest = &line[start..];
        let close = match rest.chars().next() {
            Some('"') => rest[1..].find('"'),
            Some('[') => rest[1..].find(']'),
            _ => None,
        };
        if let Some(length) = close {
            fields.push((&rest[1..=length], start));
            at = start + length + 2;
        } else {
            let word = rest.split_ascii_whitespace().next().expect("not blank");
            fields.push((word, start));
            at = start + word.len();
        }
    }
    fields
}

fn match_fields(slots: &[Slot], line: &str) -> bool {
    let mut fields = split(line);
    let ellipsis = slots.iter().position(|slot| matches!(slot, Slot::Ellipsis));
    let mut slots: Vec<&Slot> = slots.iter().collect();
    if let Some(at) = ellipsis {
        slots.remove(at);
        if fields.len() < slots.len() {
            return false;
        }
        let between = fields.len() - slots.len();
        fields.drain(at..at + between);
    } else {
        if fields.len() < slots.len() {
            return false;
        }
        if fields.len() > slots.len() {
            let start = fields[slots.len() - 1].1;
            fields[slots.len() - 1].0 = &line[start..];
        }
    }
    slots
        .iter()
        .zip(fields)
        .all(|(slot, (text, _))| match slot {
            Slot::Field(Some(logic)) => logic.holds(&|(operator, value)| {
                compare(operator, value, text, as_number(text).is_some())
            }),
            _ => true,
        })
}

impl Node {
    /// Writes the value as JSON; `escaped` spells out every character of the strings.
    pub(super) fn print(&self, escaped: bool) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) => (*text).to_owned(),
            Self::Text(text) => print_string(text, escaped),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.print(escaped)).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(members) => {
                let members = members.iter().map(|(name, value)| {
                    format!("{}: {}", print_string(name, escaped), value.print(escaped))
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn print_string(text: &str, escaped: bool) -> String {
    if !escaped {
        return serde_json::to_string(text).expect("a string");
    }
    let codes: String = text.encode_utf16().fold(String::new(), |mut codes, unit| {
        let _ = write!(codes, "\\u{unit:04x}");
        codes
    });
    format!("\"{codes}\"")
}
