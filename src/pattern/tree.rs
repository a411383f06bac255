//! The tree of a filter pattern, with the place of every part, and its printed form.
//!
//! Printing gives text that parses to the same tree: layout and superfluous parentheses are gone, everything that
//! bears on the meaning stays, so whether a value was quoted is part of the tree.

use std::fmt::{self, Display, Formatter, Write};
use std::ops::Range;

/// Where a part stands in the pattern, in bytes.
pub(crate) type Span = Range<usize>;

/// A whole pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Nothing but blanks.
    Blank,
    /// Terms to look for in the message.
    Terms(Vec<Term>),
    /// `{ … }`: conditions on a JSON object.
    Json(Expression<Condition>),
    /// `[ … ]`: the fields of a line.
    Delimited(Vec<Entry>),
}

/// Conditions joined by `&&` and `||`; the lists hold at least two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression<A> {
    /// One condition.
    Atom(A),
    /// `… && …`
    All(Vec<Self>),
    /// `… || …`
    Any(Vec<Self>),
}

impl<A> Expression<A> {
    /// Returns whether the expression holds when `test` says which atoms do.
    pub(crate) fn holds(&self, test: &impl Fn(&A) -> bool) -> bool {
        match self {
            Self::Atom(atom) => test(atom),
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
        }
    }

    /// Turns every atom into another; nothing when one of them has no counterpart. All are visited.
    pub(crate) fn resolve<B>(
        &self,
        atom: &mut impl FnMut(&A) -> Option<B>,
    ) -> Option<Expression<B>> {
        Some(match self {
            Self::Atom(one) => Expression::Atom(atom(one)?),
            Self::All(parts) => Expression::All(resolve_all(parts, atom)?),
            Self::Any(parts) => Expression::Any(resolve_all(parts, atom)?),
        })
    }

    /// Calls `visit` with every atom, in the order they are written.
    pub(crate) fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a A)) {
        match self {
            Self::Atom(atom) => visit(atom),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.visit(visit);
                }
            }
        }
    }
}

fn resolve_all<A, B>(
    parts: &[Expression<A>],
    atom: &mut impl FnMut(&A) -> Option<B>,
) -> Option<Vec<Expression<B>>> {
    // First collect, so that a part without counterpart does not hide the mistakes of those behind it.
    let resolved: Vec<Option<Expression<B>>> =
        parts.iter().map(|part| part.resolve(atom)).collect();
    resolved.into_iter().collect()
}

/// One term and what its presence means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) sign: Sign,
    pub(crate) value: Value,
}

/// What stands before a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Nothing: it must occur.
    Required,
    /// `-`: it must not occur.
    Excluded,
    /// `?`: it or another such term must occur.
    Optional,
}

/// A text, number or regex as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) form: Form,
    /// The text with quotes and their escapes undone, or what stands between the `%` of a regex.
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// How a value is written; it decides how numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Without quotes.
    Bare,
    /// `"…"`
    Quoted,
    /// `%…%`
    Regex,
}

/// A condition on what a selector selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) selector: Selector,
    pub(crate) test: Test,
}

/// What is asked of a selected node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Compare(Comparison),
    IsNull,
    IsTrue,
    IsFalse,
    NotExists,
}

/// An operator and the value behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) operator: Operator,
    pub(crate) operand: Value,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A path into a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) steps: Vec<Step>,
    pub(crate) span: Span,
}

impl Selector {
    /// Returns the names with dots between them; nothing where a step is more than a name.
    pub(crate) fn path(&self) -> Option<String> {
        let names = self.steps.iter().map(|step| match step {
            Step::Name(name) => Some(name.as_str()),
            _ => None,
        });
        Some(names.collect::<Option<Vec<&str>>>()?.join("."))
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `.name` or `.['name']`
    Name(String),
    /// `[0]`
    Index(usize),
    /// `.*`
    AnyName,
    /// `[*]`
    AnyIndex,
}

impl Step {
    /// Returns whether the step selects more than one node.
    pub(crate) fn is_wildcard(&self) -> bool {
        matches!(self, Self::AnyName | Self::AnyIndex)
    }
}

/// One entry of a space-delimited pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `...`: any number of fields.
    Ellipsis(Span),
    /// Nothing between two commas: a field of no interest.
    Unnamed,
    /// A name, with conditions or without.
    Field(Expression<FieldTest>),
}

/// A field's name and what it is compared with, if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldTest {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) comparison: Option<Comparison>,
}

/// Returns whether `c` may stand in a property name that is not in `['…']`.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Returns `text` as a quoted string.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Terms(terms) => write_joined(f, terms, " "),
            Self::Json(expression) => write!(f, "{{ {expression} }}"),
            Self::Delimited(entries) => {
                f.write_char('[')?;
                write_joined(f, entries, ", ")?;
                f.write_char(']')
            }
        }
    }
}

fn write_joined(f: &mut Formatter<'_>, parts: &[impl Display], between: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        part.fmt(f)?;
    }
    Ok(())
}

/// Puts parentheses where the tree is deeper than precedence alone says.
impl<A: Display> Display for Expression<A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (parts, between) = match self {
            Self::Atom(atom) => return atom.fmt(f),
            Self::All(parts) => (parts, " && "),
            Self::Any(parts) => (parts, " || "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(between)?;
            }
            match (self, part) {
                (_, Self::Atom(_)) | (Self::Any(_), Self::All(_)) => part.fmt(f)?,
                _ => write!(f, "({part})")?,
            }
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Required => "",
            Sign::Excluded => "-",
            Sign::Optional => "?",
        };
        write!(f, "{sign}{}", self.value)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Bare => f.write_str(&self.text),
            Form::Quoted => f.write_str(&quoted(&self.text)),
            Form::Regex => write!(f, "%{}%", self.text),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.selector)?;
        match &self.test {
            Test::Compare(comparison) => comparison.fmt(f),
            Test::IsNull => f.write_str("IS NULL"),
            Test::IsTrue => f.write_str("IS TRUE"),
            Test::IsFalse => f.write_str("IS FALSE"),
            Test::NotExists => f.write_str("NOT EXISTS"),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operator, self.operand)
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('$')?;
        self.steps.iter().try_for_each(|step| step.fmt(f))
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) if !name.is_empty() && name.chars().all(is_name_char) => {
                write!(f, ".{name}")
            }
            Self::Name(name) => write!(f, ".['{name}']"),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::AnyName => f.write_str(".*"),
            Self::AnyIndex => f.write_str("[*]"),
        }
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ellipsis(_) => f.write_str("..."),
            Self::Unnamed => Ok(()),
            Self::Field(expression) => expression.fmt(f),
        }
    }
}

impl Display for FieldTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.comparison {
            Some(comparison) => write!(f, " {comparison}"),
            None => Ok(()),
        }
    }
}
