//! JSON selectors: `{ $.level = "ERROR" && ($.status >= 500 || $.path = "/api/*") }`.
//!
//! The whole message is read as JSON for each condition, and a wildcard is tried at every place.

use serde_json::Value;

/// A condition on a message that is a JSON object.
#[derive(Debug)]
pub(crate) struct Selector {
    condition: Condition,
}

#[derive(Debug)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare(Path, Operator, Operand),
    Is(Path, Test),
}

/// The way to a member: names and indexes.
type Path = Vec<Step>;

#[derive(Debug)]
enum Step {
    Name(String),
    Index(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug)]
enum Operand {
    Number(f64),
    Text(String),
    Regex(regex::bytes::Regex),
}

#[derive(Clone, Copy, Debug)]
enum Test {
    Null,
    True,
    False,
    Missing,
}

impl Selector {
    /// Parses what is between the braces.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text };
        let condition = parser.any()?;
        if parser.blank().is_empty() {
            Ok(Self { condition })
        } else {
            Err(format!(
                "Invalid filter pattern (not simulated): {}",
                parser.rest
            ))
        }
    }

    /// Returns whether a message has what is asked for.
    pub(super) fn matches(&self, message: &str) -> bool {
        if self.condition.cannot_be_in(message) {
            return false;
        }
        let value = serde_json::from_str::<Value>(message);
        value.is_ok_and(|value| value.is_object() && self.condition.holds(&value))
    }
}

impl Condition {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(value)),
            Self::Compare(path, operator, operand) => {
                member(value, path).is_some_and(|member| compare(member, *operator, operand))
            }
            Self::Is(path, test) => {
                let member = member(value, path);
                match test {
                    Test::Null => member == Some(&Value::Null),
                    Test::True => member == Some(&Value::Bool(true)),
                    Test::False => member == Some(&Value::Bool(false)),
                    Test::Missing => member.is_none(),
                }
            }
        }
    }

    /// Returns whether the bytes alone rule it out: a text without escapes must be there as it is. This is only for
    /// speed, and only where nothing in the message could be written in another way.
    fn cannot_be_in(&self, message: &str) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(|part| part.cannot_be_in(message)),
            Self::Compare(_, Operator::Equal, Operand::Text(text)) => {
                let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let find = |needle: &[u8]| memchr::memmem::find(message.as_bytes(), needle);
                plain && find(text.as_bytes()).is_none() && find(b"\\u").is_none()
            }
            _ => false,
        }
    }
}

fn member<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Index(index) => value.get(index),
    })
}

fn compare(member: &Value, operator: Operator, operand: &Operand) -> bool {
    match (operand, member) {
        (Operand::Number(wanted), Value::Number(number)) => {
            compare_numbers(number.as_f64().unwrap_or(f64::NAN), operator, *wanted)
        }
        (Operand::Text(wanted), member) => match (operator, scalar(member)) {
            (Operator::Equal, Some(text)) => wildcard(wanted, &text),
            (Operator::Unequal, Some(text)) => !wildcard(wanted, &text),
            _ => false,
        },
        (Operand::Regex(regex), member) => match (operator, scalar(member)) {
            (Operator::Equal, Some(text)) => regex.is_match(text.as_bytes()),
            (Operator::Unequal, Some(text)) => !regex.is_match(text.as_bytes()),
            _ => false,
        },
        (Operand::Number(_), _) => operator == Operator::Unequal && scalar(member).is_some(),
    }
}

fn compare_numbers(number: f64, operator: Operator, wanted: f64) -> bool {
    match operator {
        Operator::Equal => number.total_cmp(&wanted).is_eq(),
        Operator::Unequal => number.total_cmp(&wanted).is_ne(),
        Operator::Less => number < wanted,
        Operator::AtMost => number <= wanted,
        Operator::Greater => number > wanted,
        Operator::AtLeast => number >= wanted,
    }
}

/// Returns a text or number as a text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns whether a text is what the pattern says, where `*` stands for anything.
fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let mut places = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            places.any(|at| wildcard(after, &rest[at..]))
        }),
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn blank(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    fn eat(&mut self, token: &str) -> bool {
        let after = self.blank().strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn error<T>(&self) -> Result<T, String> {
        Err(format!(
            "Invalid filter pattern (not simulated) at: {}",
            self.rest
        ))
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.eat("||") {
            parts.push(self.all()?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.one()?];
        while self.eat("&&") {
            parts.push(self.one()?);
        }
        Ok(Condition::All(parts))
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.eat("(") {
            let inner = self.any()?;
            return if self.eat(")") {
                Ok(inner)
            } else {
                self.error()
            };
        }
        let path = self.path()?;
        for (words, test) in [
            (["IS", "NULL"], Test::Null),
            (["IS", "TRUE"], Test::True),
            (["IS", "FALSE"], Test::False),
            (["NOT", "EXISTS"], Test::Missing),
        ] {
            let start = self.rest;
            if self.eat(words[0]) && self.eat(words[1]) {
                return Ok(Condition::Is(path, test));
            }
            self.rest = start;
        }
        for (sign, operator) in [
            ("!=", Operator::Unequal),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("=", Operator::Equal),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ] {
            if self.eat(sign) {
                return Ok(Condition::Compare(path, operator, self.operand()?));
            }
        }
        self.error()
    }

    fn path(&mut self) -> Result<Path, String> {
        if !self.eat("$") {
            return self.error();
        }
        let mut path = Path::new();
        loop {
            if let Some(after) = self.rest.strip_prefix('.') {
                self.rest = after;
                let name = self.word(|c| c.is_alphanumeric() || "_-@#:".contains(c));
                if name.is_empty() {
                    return self.error();
                }
                path.push(Step::Name(name.to_owned()));
            } else if let Some(after) = self.rest.strip_prefix('[') {
                self.rest = after;
                path.push(self.bracket()?);
            } else if path.is_empty() {
                return self.error();
            } else {
                return Ok(path);
            }
        }
    }

    fn bracket(&mut self) -> Result<Step, String> {
        let end = self.rest.find(']');
        let Some(end) = end else { return self.error() };
        let inner = &self.rest[..end];
        let quoted = |quote: char| inner.strip_prefix(quote)?.strip_suffix(quote);
        let step = if let Ok(index) = inner.parse() {
            Step::Index(index)
        } else if let Some(name) = quoted('\'').or_else(|| quoted('"')) {
            Step::Name(name.to_owned())
        } else {
            return self.error();
        };
        self.rest = &self.rest[end + 1..];
        Ok(step)
    }

    fn word(&mut self, part: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.eat("\"") {
            let (text, after) = super::parse_quoted(self.rest)?;
            self.rest = after;
            return Ok(Operand::Text(text));
        }
        if self.eat("%") {
            let (regex, after) = super::parse_regex(self.rest)?;
            self.rest = after;
            return Ok(Operand::Regex(regex));
        }
        self.blank();
        let word = self.word(|c| !c.is_whitespace() && !"()&|\"".contains(c));
        match word.parse() {
            Ok(number) => Ok(Operand::Number(number)),
            Err(_) if !word.is_empty() => Ok(Operand::Text(word.to_owned())),
            Err(_) => self.error(),
        }
    }
}
