//! Filter patterns, read and matched in the simplest way there is.
//!
//! Terms (`ERROR`, `"a phrase"`, `?either ?or`, `-not`, `%regex%`) and JSON selectors. What is not read here, such as
//! space-delimited patterns, is an error and never ignored: a test must not pass because a pattern let all through.

mod selector;

use selector::Selector;

/// A filter pattern.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Matches each event.
    All,
    /// Words and phrases.
    Terms {
        required: Vec<Term>,
        optional: Vec<Term>,
        excluded: Vec<Term>,
    },
    /// A condition on the members of a JSON object.
    Json(Selector),
}

/// What is looked for in a message.
#[derive(Debug)]
pub(crate) enum Term {
    Text(String),
    Regex(regex::bytes::Regex),
}

impl Pattern {
    /// Parses a pattern; an error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > 1024 {
            return Err(format!(
                "1 validation error detected: Value '{text}' at 'filterPattern' failed to satisfy constraint: \
                 Member must have length less than or equal to 1024"
            ));
        }
        match text.trim().as_bytes() {
            [] => Ok(Self::All),
            [b'{', .., b'}'] => {
                let inner = text.trim();
                Selector::parse(&inner[1..inner.len() - 1]).map(Self::Json)
            }
            [b'{' | b'[', ..] => Err(format!("Invalid filter pattern (not simulated): {text}")),
            _ => parse_terms(text),
        }
    }

    /// Returns whether it matches a message.
    pub(crate) fn matches(&self, message: &str) -> bool {
        match self {
            Self::All => true,
            Self::Terms {
                required,
                optional,
                excluded,
            } => {
                required.iter().all(|term| term.is_in(message))
                    && !excluded.iter().any(|term| term.is_in(message))
                    && (optional.is_empty() || optional.iter().any(|term| term.is_in(message)))
            }
            Self::Json(selector) => selector.matches(message),
        }
    }
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            // A blank alone is documented to match everything.
            Self::Text(text) if text.trim().is_empty() => true,
            Self::Text(text) => memchr::memmem::find(message.as_bytes(), text.as_bytes()).is_some(),
            Self::Regex(regex) => regex.is_match(message.as_bytes()),
        }
    }
}

fn parse_terms(text: &str) -> Result<Pattern, String> {
    let (mut required, mut optional, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let target = match first {
            '?' => &mut optional,
            '-' => &mut excluded,
            _ => &mut required,
        };
        let start = rest.strip_prefix(['?', '-']).unwrap_or(rest);
        let (term, after) = parse_term(start)?;
        target.push(term);
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(format!(
                "Invalid filter pattern: a blank is missing before '{after}'"
            ));
        }
        rest = after.trim_start();
    }
    if !required.is_empty() || !excluded.is_empty() {
        // Documented: beside other terms, the optional ones are ignored.
        optional.clear();
    }
    Ok(Pattern::Terms {
        required,
        optional,
        excluded,
    })
}

fn parse_term(text: &str) -> Result<(Term, &str), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (phrase, after) = parse_quoted(quoted)?;
        return Ok((Term::Text(phrase), after));
    }
    if let Some(inner) = text.strip_prefix('%') {
        let (regex, after) = parse_regex(inner)?;
        return Ok((Term::Regex(regex), after));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(format!("Invalid character(s) in term '{word}'"));
    }
    Ok((Term::Text(word.to_owned()), after))
}

/// Reads the rest of a quoted text, in which a backslash makes the next character an ordinary one.
fn parse_quoted(text: &str) -> Result<(String, &str), String> {
    let mut phrase = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((phrase, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, next @ ('"' | '\\'))) => phrase.push(next),
                Some((_, next)) => phrase.extend(['\\', next]),
                None => break,
            },
            _ => phrase.push(character),
        }
    }
    Err(format!(
        "Invalid filter pattern: a quote is missing after '{text}'"
    ))
}

/// Reads the rest of a regular expression between percent signs.
fn parse_regex(text: &str) -> Result<(regex::bytes::Regex, &str), String> {
    let end = text.find('%');
    let end = end.ok_or_else(|| "Invalid filter pattern: % is missing".to_owned())?;
    // A shorthand such as `\d` is of ASCII alone.
    let regex = regex::bytes::RegexBuilder::new(&text[..end])
        .unicode(false)
        .build();
    let regex = regex.map_err(|error| format!("Invalid filter pattern: {error}"))?;
    Ok((regex, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of the documentation that logq itself is tested with; what is not simulated is refused.
    #[test]
    fn each_documented_case_is_matched_or_refused() {
        let vectors = include_str!("../../../tests/data/filter-pattern-vectors.jsonl");
        let (mut matched, mut refused) = (0, 0);
        let mut wrong = Vec::new();
        for line in vectors.lines() {
            let vector: serde_json::Value = serde_json::from_str(line).expect("a case");
            let (Some(pattern), Some(message)) =
                (vector["pattern"].as_str(), vector["message"].as_str())
            else {
                continue;
            };
            match Pattern::parse(pattern) {
                Err(_) => refused += 1,
                Ok(parsed) if Some(parsed.matches(message)) == vector["match"].as_bool() => {
                    matched += 1;
                }
                Ok(_) => wrong.push(vector["id"].to_string()),
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(
            matched > 300,
            "{matched} of the cases are matched, {refused} refused"
        );
    }

    #[test]
    fn what_is_not_simulated_is_refused() {
        for pattern in [
            "[a, b]",
            "{ $.a ~ 1 }",
            "a.b",
            "\"open",
            "{ $.a = 1",
            "{ $.a = 1 } x",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
