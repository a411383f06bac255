//! Where `${name}` stands in a text, and how a value is written there so that it stays one value.
//!
//! Both languages are walked with the few states that matter: strings, regexes, quoted names, comments.
//! The rules, which the manual repeats:
//!
//! | place | a text value becomes | `*` in it is |
//! | --- | --- | --- |
//! | query, behind `like` or `=~` | a regex for the whole value | any characters |
//! | query, inside `/…/` | its own characters, grouped | any characters |
//! | query, elsewhere bare | a string in quotes | a star |
//! | query, inside quotes | its own characters | a star |
//! | query, inside backticks | the field's name | a star |
//! | pattern, bare or inside quotes | a string in quotes | what the pattern makes of it |
//! | pattern, inside `%…%` | its own characters | any characters |
//!
//! Comments are left alone, and a backslash before `$` inside quotes or a regex keeps it as it is.

use std::fmt::Write;
use std::ops::Range;

/// The language of a text with placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// The query language.
    Query,
    /// The filter pattern language.
    Pattern,
}

/// One `${name}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The parameter's name.
    pub(super) name: String,
    /// The bytes of the placeholder.
    pub(super) span: Range<usize>,
    /// What it stands in.
    pub(super) context: Context,
}

/// What a placeholder stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// A query, by itself.
    Bare,
    /// A query, behind `like` or `=~`.
    Like,
    /// A query's string, with its quote.
    String(char),
    /// A query's regex.
    Regex,
    /// A query's quoted field name.
    Name,
    /// A filter pattern, by itself.
    PatternBare,
    /// A filter pattern's string.
    PatternString,
    /// A filter pattern's regex.
    PatternRegex,
}

/// Finds all placeholders; a text says what is wrong with one that cannot be filled in.
pub(super) fn places(text: &str, language: Language) -> Result<Vec<Place>, String> {
    let mut walk = Walk {
        text,
        at: 0,
        found: Vec::new(),
        last: [""; 2],
    };
    match language {
        Language::Query => walk.query()?,
        Language::Pattern => walk.pattern()?,
    }
    Ok(walk.found)
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Place>,
    /// The last two tokens, newest last: they tell a regex from a division.
    last: [&'a str; 2],
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn token(&mut self, length: usize) {
        self.last = [self.last[1], &self.text[self.at..self.at + length]];
        self.at += length;
    }

    fn query(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            match c {
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                '"' | '\'' => self.quoted(c, Context::String(c))?,
                '`' => self.quoted(c, Context::Name)?,
                '/' if self.regex_may_begin() => self.quoted(c, Context::Regex)?,
                '$' if self.rest().starts_with("${") => {
                    let pattern =
                        matches!(self.last[1].to_ascii_lowercase().as_str(), "like" | "=~");
                    self.placeholder(if pattern {
                        Context::Like
                    } else {
                        Context::Bare
                    })?;
                    self.last = [self.last[1], "$"];
                }
                _ if c.is_whitespace() => self.at += c.len_utf8(),
                _ if is_word(c) => {
                    let rest = self.rest();
                    self.token(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
                }
                _ if self.rest().starts_with("=~") => self.token(2),
                _ => self.token(c.len_utf8()),
            }
        }
        Ok(())
    }

    /// A slash divides behind an operand, and begins a regex where an operand is wanted.
    fn regex_may_begin(&self) -> bool {
        let [before, last] = self.last.map(str::to_ascii_lowercase);
        matches!(last.as_str(), "" | "like" | "=~" | "parse" | "(" | ",") || before == "parse"
    }

    fn pattern(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            match c {
                '"' => self.quoted(c, Context::PatternString)?,
                '%' => self.quoted(c, Context::PatternRegex)?,
                '[' if self.rest().starts_with("['") => self.property()?,
                '$' if self.rest().starts_with("${") => self.placeholder(Context::PatternBare)?,
                _ => self.at += c.len_utf8(),
            }
        }
        Ok(())
    }

    fn property(&mut self) -> Result<(), String> {
        let end = self.rest().find("']").unwrap_or(self.rest().len());
        if self.rest()[..end].contains("${") {
            return Err("a parameter cannot stand in the name of a property".to_owned());
        }
        self.at += end;
        Ok(())
    }

    /// Walks over a string, regex or quoted name, whose first and last character is `quote`.
    fn quoted(&mut self, quote: char, context: Context) -> Result<(), String> {
        let escapes = !matches!(context, Context::Name | Context::PatternRegex);
        let mut class = false;
        self.token(quote.len_utf8());
        while let Some(c) = self.peek() {
            match c {
                '\\' if escapes => {
                    let mut escape = self.rest().chars();
                    self.at += escape.by_ref().take(2).map(char::len_utf8).sum::<usize>();
                    continue;
                }
                '$' if self.rest().starts_with("${") => {
                    if class {
                        return Err("a parameter cannot stand in a character class".to_owned());
                    }
                    self.placeholder(context)?;
                    continue;
                }
                '[' if matches!(context, Context::Regex | Context::PatternRegex) => class = true,
                ']' => class = false,
                _ => {}
            }
            self.at += c.len_utf8();
            if c == quote {
                return Ok(());
            }
        }
        // The language's own reader has the better message for what is not ended.
        Ok(())
    }

    fn placeholder(&mut self, context: Context) -> Result<(), String> {
        let end = self
            .rest()
            .find('}')
            .ok_or("`${` is not closed: write `${name}`")?;
        let name = &self.rest()[2..end];
        if !super::name::is_param(name) {
            return Err(format!(
                "`${{{name}}}` is not a parameter: write `${{name}}`, in lower case"
            ));
        }
        let span = self.at..self.at + end + 1;
        self.at = span.end;
        self.found.push(Place {
            name: name.to_owned(),
            span,
            context,
        });
        Ok(())
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '.')
}

/// Writes a text value as it must stand in `context`.
pub(super) fn text(value: &str, context: Context) -> Result<String, String> {
    Ok(match context {
        Context::Bare => format!("\"{}\"", string(value, '"')),
        Context::String(quote) => string(value, quote),
        Context::Like => like(value),
        Context::Regex => format!("(?:{})", regex(value)),
        Context::Name if value.is_empty() || value.contains(['`', '\n', '\r']) => {
            return Err("it is not the name of a field".to_owned());
        }
        Context::Name => value.to_owned(),
        Context::PatternBare => format!("\"{}\"", pattern_string(value)),
        Context::PatternString => pattern_string(value),
        Context::PatternRegex => pattern_regex(value)?,
    })
}

/// Writes a number or period, which stands as it is except where it would need quotes to be a value.
pub(super) fn plain(value: &str, context: Context) -> String {
    match context {
        Context::Like => like(value),
        Context::Regex => format!("(?:{})", regex(value)),
        Context::PatternRegex => value.replace('.', "\\."),
        _ => value.to_owned(),
    }
}

fn string(value: &str, quote: char) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn like(value: &str) -> String {
    // The flag lets a star stand for line breaks too, as people expect of "anything".
    let flag = if value.contains('*') { "(?s)" } else { "" };
    let body: Vec<String> = value.split('*').map(escaped).collect();
    format!("/{flag}^{}$/", body.join(".*"))
}

fn regex(value: &str) -> String {
    let body: Vec<String> = value.split('*').map(escaped).collect();
    body.join("(?s:.*)")
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' | '.' | '+' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '/' => {
                out.extend(['\\', c]);
            }
            c => out.push(c),
        }
    }
    out
}

fn pattern_string(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

fn pattern_regex(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '*' => out.push_str(".*"),
            c if c.is_ascii_alphanumeric() => out.push(c),
            c if c.is_ascii() => {
                write!(out, "\\x{:02X}", u32::from(c)).expect("a string takes all text");
            }
            _ => {
                return Err(format!(
                    "`{c}` cannot stand in a regex of a filter pattern, which is ASCII only"
                ));
            }
        }
    }
    Ok(out)
}
