//! A filter pattern as a condition of the query language, where both are known to choose the same events.
//!
//! The two languages compare differently: a pattern looks at the JSON type of a value, the query language at what the
//! value prints as. What could choose other events is not translated; there is no condition that nearly fits. The
//! text is written here and nothing of the query language is imported: the service reads it.

use std::fmt::Write;

use super::Pattern;
use super::matcher::Matcher;
use super::tree::{
    Comparison, Condition, Expression, Form, Operator, Selector, Sign, Step, Term, Test, Tree,
    Value,
};

/// Why a pattern has no condition that chooses the same events, in words.
pub type Untold = &'static str;

impl Pattern {
    /// Returns the condition of the query language that chooses the same events; none when all events match.
    pub fn as_condition(&self) -> Result<Option<String>, Untold> {
        match &self.tree {
            _ if matches!(self.matcher, Matcher::Everything) => Ok(None),
            Tree::Blank => Ok(None),
            Tree::Terms(terms) => of_terms(terms),
            Tree::Json(expression) => of_expression(expression).map(Some),
            Tree::Delimited(_) => Err("lines are not cut into fields there"),
        }
    }
}

fn of_terms(terms: &[Term]) -> Result<Option<String>, Untold> {
    let of_sign = |sign: Sign| terms.iter().filter(move |term| term.sign == sign);
    let all_optional = of_sign(Sign::Optional).count() == terms.len();
    let (chosen, between) = if all_optional {
        (of_sign(Sign::Optional).collect::<Vec<_>>(), " or ")
    } else {
        // Beside other terms the optional ones mean nothing.
        let decisive = terms.iter().filter(|term| term.sign != Sign::Optional);
        (decisive.collect(), " and ")
    };
    let parts: Result<Vec<String>, Untold> = chosen.into_iter().map(of_term).collect();
    Ok(Some(parts?.join(between)))
}

/// Returns what a term asks of the message.
fn of_term(term: &Term) -> Result<String, Untold> {
    let not = if term.sign == Sign::Excluded {
        " not"
    } else {
        ""
    };
    if term.value.form == Form::Regex {
        let regex = of_regex(&term.value.text)?;
        return Ok(format!("@message{not} like {regex}"));
    }
    if term.value.text.trim().is_empty() {
        return Err("a text of blanks means something else there");
    }
    let text = quoted(&term.value.text)?;
    Ok(format!("@message{not} like {text}"))
}

/// Returns a regex when it holds only what means the same in all dialects.
fn of_regex(text: &str) -> Result<String, Untold> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " _:#=@/;,-|()".contains(c);
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err("a regular expression may mean something else there");
    }
    Ok(format!("/{}/", text.replace('/', "\\/")))
}

fn of_expression(expression: &Expression<Condition>) -> Result<String, Untold> {
    let join = |parts: &[Expression<Condition>], between: &str| {
        let parts: Result<Vec<String>, Untold> = parts.iter().map(of_part).collect();
        Ok(parts?.join(between))
    };
    match expression {
        Expression::Atom(condition) => of_condition(condition),
        Expression::All(parts) => join(parts, " and "),
        Expression::Any(parts) => join(parts, " or "),
    }
}

fn of_part(expression: &Expression<Condition>) -> Result<String, Untold> {
    let text = of_expression(expression)?;
    Ok(match expression {
        Expression::Atom(_) => text,
        _ => format!("({text})"),
    })
}

fn of_condition(condition: &Condition) -> Result<String, Untold> {
    let Test::Compare(Comparison { operator, operand }) = &condition.test else {
        return Err(
            "null, true, false and missing are not told apart there as they are in a pattern",
        );
    };
    if *operator != Operator::Equal {
        return Err(
            "numbers, truths and texts of digits compare alike there, and not in a pattern",
        );
    }
    let field = of_selector(&condition.selector)?;
    of_equality(&field, operand)
}

fn of_equality(field: &str, operand: &Value) -> Result<String, Untold> {
    if operand.form == Form::Regex {
        return Err("a regular expression may mean something else there");
    }
    let text = operand.text.as_str();
    let pieces: Vec<&str> = text.split('*').collect();
    // What has such a character is no number and no truth, whose printed forms differ.
    let is_word = |text: &str| {
        text.chars()
            .any(|c| !(c.is_ascii_digit() || "+-.eE".contains(c)))
    };
    let is_value = |text: &str| {
        text.trim().parse::<f64>().is_ok() || ["true", "false", "null"].contains(&text)
    };
    match pieces.as_slice() {
        [_] if is_word(text) && !is_value(text) => Ok(format!("{field} = {}", quoted(text)?)),
        [start, ""] if is_word(start) => Ok(format!("{field} like /^{}/", escaped(start)?)),
        ["", inner, ""] if is_word(inner) => Ok(format!("{field} like {}", quoted(inner)?)),
        [_] => Err("numbers, truths and texts of digits compare alike there, and not in a pattern"),
        _ => Err("such a wildcard may choose other events there"),
    }
}

/// Returns the name under which the service discovers what is selected.
fn of_selector(selector: &Selector) -> Result<String, Untold> {
    let mut name = String::new();
    for (at, step) in selector.steps.iter().enumerate() {
        if at > 0 {
            name.push('.');
        }
        match step {
            Step::Name(part) if is_plain(part) => name.push_str(part),
            Step::Name(part) if part.contains(['.', '`', '@']) || part.is_empty() => {
                return Err("the name of the field has another meaning there");
            }
            Step::Name(part) => {
                write!(name, "`{part}`").expect("a String takes all text");
            }
            Step::Index(index) => {
                write!(name, "{index}").expect("a String takes all text");
            }
            Step::AnyName | Step::AnyIndex => {
                return Err("there is no wildcard for the name of a field there");
            }
        }
    }
    Ok(name)
}

/// Returns whether a name needs no quotes; words of the language do.
fn is_plain(part: &str) -> bool {
    const WORDS: [&str; 10] = [
        "and", "or", "not", "in", "like", "as", "by", "true", "false", "null",
    ];
    let starts = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.iter().any(|word| part.eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> Result<String, Untold> {
    check_characters(text)?;
    Ok(format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"")
    ))
}

fn escaped(text: &str) -> Result<String, Untold> {
    check_characters(text)?;
    let mut regex = String::new();
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' && c != ' ' {
            regex.push('\\');
        }
        regex.push(c);
    }
    Ok(regex)
}

fn check_characters(text: &str) -> Result<(), Untold> {
    if text.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: Result<Option<&str>, ()>) {
        let parsed = Pattern::parse(pattern).expect(pattern);
        let found = parsed.as_condition();
        let found = found.as_ref().map(Option::as_deref).map_err(|_| ());
        assert_eq!(found, expected, "{pattern}");
    }

    #[test]
    fn terms_are_looked_for_in_the_message() {
        check("", Ok(None));
        check("\"\"", Ok(None));
        check("ERROR", Ok(Some("@message like \"ERROR\"")));
        check(
            "ERROR -\"a \\\"b\\\"\"",
            Ok(Some(
                "@message like \"ERROR\" and @message not like \"a \\\"b\\\"\"",
            )),
        );
        check(
            "?ERROR ?WARN",
            Ok(Some("@message like \"ERROR\" or @message like \"WARN\"")),
        );
        check("\" \"", Ok(None));
        check("\" \" ?x", Err(()));
        check("?ERROR x", Ok(Some("@message like \"x\"")));
        check("%a|b/c%", Ok(Some("@message like /a|b\\/c/")));
        check("%a.b%", Err(()));
    }

    #[test]
    fn texts_of_json_are_compared_as_fields() {
        check(
            "{ $.levelname = \"ERROR\" && ($.a.b[0] = x || $.c-d = \"y*\") }",
            Ok(Some(
                "levelname = \"ERROR\" and (a.b.0 = \"x\" or `c-d` like /^y/)",
            )),
        );
        check("{ $.in = \"*in it*\" }", Ok(Some("`in` like \"in it\"")));
    }

    #[test]
    fn what_could_choose_other_events_is_not_told() {
        for pattern in [
            "{ $.status = 404 }",
            "{ $.status = \"404\" }",
            "{ $.status >= 500 }",
            "{ $.a != \"x\" }",
            "{ $.a = true }",
            "{ $.a IS TRUE }",
            "{ $.a IS NULL }",
            "{ $.a NOT EXISTS }",
            "{ $.a = * }",
            "{ $.a = \"1*\" }",
            "{ $.a = \"*x\" }",
            "{ $.a = \"x*y\" }",
            "{ $.a = %x% }",
            "{ $.a[*] = x }",
            "{ $.['a.b'] = x }",
            "[ip, user, ...]",
        ] {
            check(pattern, Err(()));
        }
    }
}
