//! Printing the tree as a query that parses to the same tree.
//!
//! Only as many parentheses are written as the grammar needs; those of the original are not kept.

use std::fmt::{self, Display, Formatter};

use super::ast::{
    BinaryOp, Command, CommandKind, Direction, Expr, ExprKind, Field, FillName, Item, Key,
    LikePattern, Match, Output, Parse, ParseMethod, Period, Query, Regex, Select, SelectOption,
    Setting, Source, Stats, Text,
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}")?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            if at > 0 || self.source.is_some() {
                f.write_str(" | ")?;
            }
            write!(f, "{command}")?;
        }
        Ok(())
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.select {
            Select::Group(name) => write!(f, "SOURCE {name}"),
            Select::Groups(options) => write!(f, "SOURCE logGroups({})", list(options)),
            Select::Service(name, texts) => write!(f, "SOURCE {}([{}])", name.text, list(texts)),
        }
    }
}

impl Display for SelectOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [{}]", self.name.text, list(&self.values))
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

impl Display for CommandKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields(items) => write!(f, "fields {}", list(items)),
            Self::Display(items) => write!(f, "display {}", list(items)),
            Self::Filter(condition) => write!(f, "filter {condition}"),
            Self::FilterIndex(condition) => write!(f, "filterIndex {condition}"),
            Self::Stats(stats) => write!(f, "{stats}"),
            Self::Sort(keys) => write!(f, "sort {}", list(keys)),
            Self::Limit(limit) if limit.any => write!(f, "limit any {}", limit.count),
            Self::Limit(limit) => write!(f, "limit {}", limit.count),
            Self::Dedup(fields) => write!(f, "dedup {}", list(fields)),
            Self::Parse(parse) => write!(f, "{parse}"),
            Self::Json(json) => {
                write!(
                    f,
                    "json field={} {} as {}",
                    json.field, json.path, json.name
                )
            }
            Self::Unnest(field, name) => write!(f, "unnest {field} into {name}"),
            Self::Expand(field) => write!(f, "expand {field}"),
            Self::Lookup(lookup) => write!(
                f,
                "lookup {} {} {} {}",
                lookup.table,
                list(&lookup.matches),
                lookup.output,
                list(&lookup.names)
            ),
            Self::CidrLookup(lookup) => write!(
                f,
                "cidrlookup {} {}{} {} {}",
                lookup.table,
                lookup.address,
                alias(lookup.column.as_ref()),
                lookup.output,
                list(&lookup.names)
            ),
            Self::Join(join) => write!(
                f,
                "join {}where {} = {} ({})",
                settings(&join.settings),
                join.on.0,
                join.on.1,
                join.query
            ),
            Self::AddTotals(totals) => {
                let options = settings(&totals.settings);
                write!(f, "addtotals {options}{}", list(&totals.names))
            }
            Self::Outlier(options, fields) => {
                write!(f, "outlier {}{}", settings(options), blank_list(fields))
            }
            Self::AppendCols(options, query) => {
                write!(f, "appendcols {}({query})", settings(options))
            }
            _ => self.fmt_rest(f),
        }
    }
}

impl CommandKind {
    /// Prints the commands with a plain form of their own.
    fn fmt_rest(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(value) => write!(f, "pattern {value}"),
            Self::Diff(None) => f.write_str("diff"),
            Self::Diff(Some(kind)) => write!(f, "diff {}", kind.text),
            Self::Anomaly(words) => words_after(f, "anomaly", words),
            Self::Unmask(words) => words_after(f, "unmask", words),
            Self::RelevantFields(names, condition) => {
                write!(f, "relevantfields {}", list(names))?;
                match condition {
                    Some(condition) => write!(f, " where {condition}"),
                    None => Ok(()),
                }
            }
            Self::Accum(field, name) => write!(f, "accum {field}{}", alias(name.as_ref())),
            Self::Autoregress(one) => {
                write!(f, "autoregress {}{}", one.field, alias(one.name.as_ref()))?;
                match one.distance {
                    Some((first, last)) if first == last => write!(f, " p={first}"),
                    Some((first, last)) => write!(f, " p={first}-{last}"),
                    None => Ok(()),
                }
            }
            Self::FillDown(names) => write!(f, "filldown {}", blank_list(names)),
            Self::FillMissing(fills) => {
                f.write_str("fillmissing")?;
                for (at, (value, field)) in fills.iter().enumerate() {
                    let before = if at == 0 { " with" } else { "," };
                    write!(f, "{before} {value} for {field}")?;
                }
                Ok(())
            }
            Self::Sessionize(one) => {
                write!(f, "sessionize {}", list(&one.names))?;
                if let Some(period) = one.maxspan {
                    write!(f, " maxspan {period}")?;
                }
                f.write_str(&alias(one.name.as_ref()))
            }
            Self::CountFrequent(fields) => write!(f, "countFrequent {}", list(fields)),
            Self::LogCompare(period) => write!(f, "logcompare timeshift {period}"),
            // All others have been printed by the caller.
            _ => f.write_str("estimate"),
        }
    }
}

impl Display for Stats {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "stats {}", list(&self.items))?;
        if !self.by.is_empty() {
            write!(f, " by {}", list(&self.by))?;
        }
        match self.offset {
            Some(period) => write!(f, " offset {period}"),
            None => Ok(()),
        }
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expr, alias(self.alias.as_ref()))
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        };
        write!(f, "{} {direction}", self.field)
    }
}

impl Display for Parse {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("parse ")?;
        if let Some(source) = &self.source {
            write!(f, "{source} ")?;
        }
        write!(f, "{}", self.method)
    }
}

impl Display for ParseMethod {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob, names) => write!(f, "{glob} as {}", list(names)),
            Self::Regex {
                regex,
                names,
                multi,
            } => {
                write!(f, "{regex}")?;
                if !names.is_empty() {
                    write!(f, " as {}", list(names))?;
                }
                f.write_str(if *multi { " multi" } else { "" })
            }
            Self::Logfmt(name) => write!(f, "logfmt as {name}"),
            Self::Csv(names) => write!(f, "csv as {}", list(names)),
        }
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.column, alias(self.field.as_ref()))
    }
}

impl Display for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replace => "OUTPUT",
            Self::Fill => "OUTPUTNEW",
        })
    }
}

impl Display for FillName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "{field}"),
            Self::Prefix(prefix) => write!(f, "{}*", prefix.text),
        }
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.name.text)?;
        // A number or a plain word reads back as it is; anything else needs the quotes.
        if is_name(&self.value.text) || is_number(&self.value.text) {
            f.write_str(&self.value.text)
        } else {
            quote(f, &self.value.text)
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        quote(f, &self.value)
    }
}

impl Display for Regex {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.source.replace('/', "\\/"))
    }
}

impl Display for Period {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.symbol())
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, part) in self.path.iter().enumerate() {
            f.write_str(if at > 0 { "." } else { "" })?;
            if is_member(part) && (at > 0 || is_plain(part)) {
                f.write_str(part)?;
            } else {
                write!(f, "`{part}`")?;
            }
        }
        Ok(())
    }
}

/// How tightly an expression binds, from the loosest on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Unary,
    Power,
    Postfix,
}

impl Expr {
    fn level(&self) -> Level {
        match &self.kind {
            ExprKind::Or(_) => Level::Or,
            ExprKind::And(_) => Level::And,
            ExprKind::Not(_) => Level::Not,
            ExprKind::Like { .. } | ExprKind::In { .. } | ExprKind::InQuery { .. } => {
                Level::Comparison
            }
            ExprKind::Binary(_, op, _) => op.level(),
            ExprKind::Negate(_) => Level::Unary,
            _ => Level::Postfix,
        }
    }
}

impl BinaryOp {
    fn level(self) -> Level {
        match self {
            Self::Add | Self::Subtract => Level::Sum,
            Self::Multiply | Self::Divide | Self::Remainder => Level::Product,
            Self::Power => Level::Power,
            _ => Level::Comparison,
        }
    }

    /// Returns the operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "^",
        }
    }
}

/// An expression in a place that takes only what binds at least so tightly.
struct At<'a>(&'a Expr, Level);

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.level() < self.1 {
            write!(f, "({})", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(text) => f.write_str(text),
            ExprKind::Text(text) => quote(f, text),
            ExprKind::Bool(value) => write!(f, "{value}"),
            ExprKind::Period(period) => write!(f, "{period}"),
            ExprKind::Star => f.write_str("*"),
            ExprKind::Field(field) => write!(f, "{field}"),
            ExprKind::Call(name, arguments) => write!(f, "{}({})", name.text, list(arguments)),
            ExprKind::Access(of, part) => fmt_access(f, of, part),
            ExprKind::Negate(operand) => write!(f, "-{}", At(operand, Level::Unary)),
            ExprKind::Not(operand) => write!(f, "not {}", At(operand, Level::Not)),
            ExprKind::And(all) => join(f, all, " and ", Level::Not),
            ExprKind::Or(all) => join(f, all, " or ", Level::And),
            ExprKind::Binary(left, op, right) => fmt_binary(f, left, *op, right),
            ExprKind::Like {
                value,
                negated,
                pattern,
            } => {
                let value = At(value, Level::Sum);
                match pattern {
                    LikePattern::Text(text) => write!(f, "{value}{} like {text}", not(*negated)),
                    LikePattern::Regex(one) => write!(f, "{value}{} like {one}", not(*negated)),
                }
            }
            ExprKind::In {
                value,
                negated,
                list: values,
            } => {
                let value = At(value, Level::Sum);
                write!(f, "{value}{} in [{}]", not(*negated), list(values))
            }
            ExprKind::InQuery {
                value,
                negated,
                query,
            } => {
                let value = At(value, Level::Sum);
                write!(f, "{value}{} in ({query})", not(*negated))
            }
        }
    }
}

fn fmt_binary(f: &mut Formatter<'_>, left: &Expr, op: BinaryOp, right: &Expr) -> fmt::Result {
    let (left_level, right_level) = match op.level() {
        Level::Sum => (Level::Sum, Level::Product),
        Level::Product => (Level::Product, Level::Unary),
        Level::Power => (Level::Postfix, Level::Unary),
        _ => (Level::Sum, Level::Sum),
    };
    let (left, right) = (At(left, left_level), At(right, right_level));
    write!(f, "{left} {} {right}", op.symbol())
}

fn fmt_access(f: &mut Formatter<'_>, of: &Expr, part: &str) -> fmt::Result {
    // Behind a field the part would become one of its own.
    if matches!(of.kind, ExprKind::Call(..) | ExprKind::Access(..)) {
        write!(f, "{of}")?;
    } else {
        write!(f, "({of})")?;
    }
    if is_member(part) {
        write!(f, ".{part}")
    } else {
        write!(f, ".`{part}`")
    }
}

fn not(negated: bool) -> &'static str {
    if negated { " not" } else { "" }
}

fn join(f: &mut Formatter<'_>, all: &[Expr], between: &str, level: Level) -> fmt::Result {
    for (at, one) in all.iter().enumerate() {
        f.write_str(if at > 0 { between } else { "" })?;
        write!(f, "{}", At(one, level))?;
    }
    Ok(())
}

fn list<T: Display>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

fn blank_list<T: Display>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

fn alias(name: Option<&Field>) -> String {
    name.map_or_else(String::new, |name| format!(" as {name}"))
}

/// Prints `name=value` options, each with a blank behind it.
fn settings(all: &[Setting]) -> String {
    all.iter().map(|one| one.to_string() + " ").collect()
}

fn words_after(f: &mut Formatter<'_>, word: &str, words: &[super::ast::Name]) -> fmt::Result {
    f.write_str(word)?;
    words.iter().try_for_each(|one| write!(f, " {}", one.text))
}

/// Returns a text in quotes.
pub(super) fn quoted(text: &str) -> String {
    Quoted(text).to_string()
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        quote(f, self.0)
    }
}

/// Prints a text in quotes; whoever reads it gets the same text.
fn quote(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            _ => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

fn is_member(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@');
    !part.is_empty() && part.chars().all(plain)
}

/// Says whether a text is read as a number, without a sign.
fn is_number(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    text.starts_with(digit) && text.ends_with(digit) && text.parse::<f64>().is_ok()
}

fn is_name(part: &str) -> bool {
    is_member(part) && !part.starts_with(|c: char| c.is_ascii_digit())
}

/// Says whether a name needs no backticks at the beginning of a field.
fn is_plain(name: &str) -> bool {
    /// Words with a meaning behind a field or before one.
    const WORDS: &[&str] = &[
        "and",
        "or",
        "not",
        "like",
        "in",
        "as",
        "by",
        "true",
        "false",
        "group",
        "asc",
        "desc",
        "offset",
        "multi",
        "logfmt",
        "csv",
        "any",
        "with",
        "for",
        "maxspan",
        "where",
        "into",
        "output",
        "outputnew",
        "p",
        "source",
    ];
    is_name(name) && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
}
