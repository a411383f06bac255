//! The tree of a query as written: every command and expression of the language, each with its place.
//!
//! The tree covers the whole language, also what only the service can do; the resolver says so. It prints
//! itself as a query that parses to the same tree (`print`).

use std::fmt;
use std::ops::Range;

/// The bytes of the text that a node was read from.
///
/// All spans are equal to each other, so that two trees are equal when they say the same, wherever they stand.
#[derive(Clone, Copy, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// Creates a span from its two ends.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Returns the span as a range of bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A query: commands that work in order on the rows of the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The whole text of it.
    pub span: Span,
    /// Which logs it reads, when the query says so itself.
    pub source: Option<Source>,
    /// At least one command, unless there is a source.
    pub commands: Vec<Command>,
}

/// `SOURCE`: the logs a query reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// From the word `SOURCE` on.
    pub span: Span,
    /// What selects the logs.
    pub select: Select,
}

/// What selects the logs of a [`Source`].
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// One log group by its name.
    Group(Text),
    /// `logGroups(namePrefix: [...], ...)`.
    Groups(Vec<SelectOption>),
    /// `dataSource([...])` and `logGroupTags([...])`, which only the service has: the word and its texts.
    Service(Name, Vec<Text>),
}

/// One `name: ["...", ...]` of `logGroups`.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectOption {
    /// `namePrefix`, `accountIdentifier` or `class`, as written.
    pub name: Name,
    /// The texts in the brackets.
    pub values: Vec<Text>,
}

/// One command between two `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// From the command's word to its last argument.
    pub span: Span,
    /// The command's word alone.
    pub word: Span,
    /// What it is.
    pub kind: CommandKind,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandKind {
    /// `fields`: adds columns.
    Fields(Vec<Item>),
    /// `display`: selects the columns of the result.
    Display(Vec<Item>),
    /// `filter`, `where`: keeps the rows whose condition is true.
    Filter(Expr),
    /// `filterIndex`: a filter that lets the service skip log groups.
    FilterIndex(Expr),
    /// `stats`: groups and computes aggregates.
    Stats(Stats),
    /// `sort`: orders rows.
    Sort(Vec<Key>),
    /// `limit`, `head`: keeps the first rows.
    Limit(Limit),
    /// `dedup`: keeps the first row of each combination of values.
    Dedup(Vec<Field>),
    /// `parse`: makes fields from a text.
    Parse(Parse),
    /// `json field=F "path" as name`: reads a path of a JSON text.
    Json(JsonPath),
    /// `unnest list into name`: one row for each element.
    Unnest(Field, Field),
    /// `expand field`: one row for each element, under the same name.
    Expand(Field),
    /// `lookup`: adds the columns of a table's row.
    Lookup(Lookup),
    /// `cidrlookup`: adds the columns of the table row with the longest prefix.
    CidrLookup(CidrLookup),
    /// `join`: pairs rows with those of another query.
    Join(Join),
    /// `pattern`: clusters texts.
    Pattern(Expr),
    /// `diff`: compares patterns with an earlier time.
    Diff(Option<Name>),
    /// `anomaly`, with the words after it.
    Anomaly(Vec<Name>),
    /// `unmask`: shows masked data.
    Unmask(Vec<Name>),
    /// `relevantfields`: fields that tell two sets of events apart.
    RelevantFields(Vec<Field>, Option<Expr>),
    /// `addtotals`: sums of rows and columns.
    AddTotals(AddTotals),
    /// `accum f as out`: a running sum.
    Accum(Field, Option<Field>),
    /// `autoregress f as out p=N-M`: values of rows before.
    Autoregress(Autoregress),
    /// `filldown`: fills missing values with the last one seen.
    FillDown(Vec<FillName>),
    /// `fillmissing`: adds rows for empty bins.
    FillMissing(Vec<(Expr, Field)>),
    /// `sessionize`: numbers the sessions of rows with the same keys.
    Sessionize(Sessionize),
    /// `countFrequent`: the most frequent combinations.
    CountFrequent(Vec<Field>),
    /// `outlier`: marks, changes or removes extreme values; its `name=value` options and fields.
    Outlier(Vec<Setting>, Vec<Field>),
    /// `appendcols`: adds the columns of another query, row by row.
    AppendCols(Vec<Setting>, Box<Query>),
    /// `logcompare timeshift P`.
    LogCompare(Period),
    /// `estimate`: what the query would cost.
    Estimate,
}

/// A plain word with its place: an option, a function, a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Where it stands.
    pub span: Span,
    /// The word as written.
    pub text: String,
}

/// A quoted text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where it stands, quotes included.
    pub span: Span,
    /// The text that the quotes mean.
    pub value: String,
}

/// A regular expression between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regex {
    /// Where it stands, slashes included.
    pub span: Span,
    /// The expression, with `\/` read as `/`.
    pub source: String,
}

/// A field by its path: `error.args.0`, `` j.`user.id` ``, `@message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it stands.
    pub span: Span,
    /// At least one part; a position in a list is a part of digits.
    pub path: Vec<String>,
}

impl Field {
    /// Returns the parts joined with dots: the name of a discovered field, and of a column.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

/// `expr as name` of `fields`, `display` and `stats`.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The expression and its alias.
    pub span: Span,
    /// The value.
    pub expr: Expr,
    /// The name after `as`.
    pub alias: Option<Field>,
}

/// `stats items by items offset period`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// The aggregates, and expressions over them.
    pub items: Vec<Item>,
    /// What groups the rows.
    pub by: Vec<Item>,
    /// How far the edges of bins are moved.
    pub offset: Option<Period>,
}

/// One key of `sort`.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The field to order by.
    pub field: Field,
    /// Which end comes first.
    pub direction: Direction,
}

/// The direction of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lowest first.
    Ascending,
    /// Highest first.
    Descending,
}

/// `limit N` and `limit any N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Where the number stands.
    pub span: Span,
    /// Any rows will do.
    pub any: bool,
    /// How many rows.
    pub count: u64,
}

/// `parse source how`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// The field that is read; `@message` when there is none.
    pub source: Option<Field>,
    /// How it is read.
    pub method: ParseMethod,
}

/// How `parse` reads its text.
#[derive(Clone, Debug, PartialEq)]
pub enum ParseMethod {
    /// A text with stars, and a name for each star.
    Glob(Text, Vec<Field>),
    /// A regular expression with named groups, or with a name for each plain group.
    Regex {
        /// The expression.
        regex: Regex,
        /// Names for plain groups.
        names: Vec<Field>,
        /// One row for each match.
        multi: bool,
    },
    /// `logfmt as map`.
    Logfmt(Field),
    /// `csv as names`.
    Csv(Vec<Field>),
}

/// `json field=F "path" as name`.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    /// The field that holds the JSON.
    pub field: Field,
    /// The path within it.
    pub path: Text,
    /// The name for what is there.
    pub name: Field,
}

/// `column as field`, or a column of the same name.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The column of the table.
    pub column: Field,
    /// The field it goes with.
    pub field: Option<Field>,
}

/// Whether `lookup` replaces what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// `OUTPUT`: replaces, also with nothing.
    Replace,
    /// `OUTPUTNEW`: only fills what is missing.
    Fill,
}

/// `lookup table matches OUTPUT names`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// The table's name.
    pub table: Field,
    /// The columns that must be equal.
    pub matches: Vec<Match>,
    /// Whether values are replaced.
    pub output: Output,
    /// The columns that are added.
    pub names: Vec<Field>,
}

/// `cidrlookup table ip as column OUTPUT columns`.
#[derive(Clone, Debug, PartialEq)]
pub struct CidrLookup {
    /// The table's name.
    pub table: Field,
    /// The field with the address.
    pub address: Field,
    /// The column with the ranges.
    pub column: Option<Field>,
    /// Whether values are replaced.
    pub output: Output,
    /// The columns that are added.
    pub names: Vec<Match>,
}

/// `join type=.. left=.. right=.. where a = b ( query )`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// `type=`, `left=` and `right=`, as written.
    pub settings: Vec<Setting>,
    /// The two fields that must be equal.
    pub on: (Field, Field),
    /// The right side.
    pub query: Box<Query>,
}

/// A `name=value` of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The name.
    pub name: Name,
    /// The value: a word, a number, a text or a period, as written.
    pub value: Name,
}

/// `addtotals row=true col=false fieldname=Total names`.
#[derive(Clone, Debug, PartialEq)]
pub struct AddTotals {
    /// The options, as written.
    pub settings: Vec<Setting>,
    /// The fields that are added; all numeric ones when there are none.
    pub names: Vec<Field>,
}

/// `autoregress field as name p=from-to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoregress {
    /// The field.
    pub field: Field,
    /// The name of the result, for a single distance.
    pub name: Option<Field>,
    /// How many rows back, first and last.
    pub distance: Option<(u64, u64)>,
}

/// A field of `filldown`, or all those that begin alike.
#[derive(Clone, Debug, PartialEq)]
pub enum FillName {
    /// One field.
    Field(Field),
    /// `prefix*`.
    Prefix(Name),
}

/// `sessionize names maxspan period as name`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sessionize {
    /// The fields that tell sessions apart.
    pub names: Vec<Field>,
    /// The longest gap within a session.
    pub maxspan: Option<Period>,
    /// The name of the session's id.
    pub name: Option<Field>,
}

/// A length of time: digits and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Where it stands.
    pub span: Span,
    /// How many units, as written: the service's caps are not applied.
    pub count: u64,
    /// The unit.
    pub unit: Unit,
}

/// The unit of a [`Period`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `ms`
    Millisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `mo`
    Month,
    /// `q`
    Quarter,
    /// `y`
    Year,
}

/// A value that is computed for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// From its first to its last byte.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number as written.
    Number(String),
    /// A text.
    Text(String),
    /// `true`, `false`.
    Bool(bool),
    /// A length of time.
    Period(Period),
    /// The `*` of `count(*)`.
    Star,
    /// A field.
    Field(Field),
    /// A function or an aggregate.
    Call(Name, Vec<Expr>),
    /// `.name` or `[0]` after something that is not a field.
    Access(Box<Expr>, String),
    /// `- x`
    Negate(Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// All of them: `a and b and c`; at least two.
    And(Vec<Expr>),
    /// One of them: `a or b or c`; at least two.
    Or(Vec<Expr>),
    /// Two operands and what stands between them.
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `x like "text"`, `x not like /regex/`, `x =~ /regex/`.
    Like {
        /// The text that is looked at.
        value: Box<Expr>,
        /// `not like`.
        negated: bool,
        /// What it is compared with.
        pattern: LikePattern,
    },
    /// `x in [a, b]`, `x not in [a, b]`.
    In {
        /// The value.
        value: Box<Expr>,
        /// `not in`.
        negated: bool,
        /// What it may be.
        list: Vec<Expr>,
    },
    /// `x in ( query )`.
    InQuery {
        /// The value.
        value: Box<Expr>,
        /// `not in`.
        negated: bool,
        /// The query whose only column has the values it may be.
        query: Box<Query>,
    },
}

/// The right side of `like`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LikePattern {
    /// A text that must occur.
    Text(Text),
    /// An expression that must match somewhere.
    Regex(Regex),
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `^`
    Power,
}
