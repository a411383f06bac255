//! A saved query as the text that the Logs Insights service takes, with its filter pattern and its parameters.
//!
//! Only what means there what it means here is handed over; everything else is refused, with the reason.

use super::Unusable;
use super::portable::{Told, portable};
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::Pattern;
use crate::query::portability::{self, Seen, Verdict};
use crate::query::{Table, parser};
use crate::saved::{Expanded, Param, SavedQuery};

/// How many parameters the service takes.
const MOST_PARAMETERS: usize = 20;

/// A saved query for the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The query, below comments that say its title and which parameters were filled in.
    pub text: String,
    /// The parameters that stand in it as `{{name}}`: name, default, description.
    pub parameters: Vec<(String, String, String)>,
    /// Whether the query itself says which log groups it reads.
    pub names_groups: bool,
    /// In how many ways the service may take it otherwise.
    pub doubts: usize,
}

/// Writes a saved query for the service; the error says why it cannot be.
pub fn publish(query: &SavedQuery) -> Result<Published, String> {
    let told = portable(query).map_err(unusable)?;
    let refused = |one: &&Told| one.verdict == Verdict::Refused;
    if let Some(first) = told.iter().find(refused) {
        return Err(reason(first, told.iter().filter(refused).count() - 1));
    }
    let expanded = query.expand(&[]).map_err(|error| error.message)?;
    let (body, open) = match query.left_open(&expanded) {
        (_, open) if open.len() > MOST_PARAMETERS => (expanded.query.clone(), Vec::new()),
        found => found,
    };
    let pattern = expanded.filter.as_deref();
    on_service(pattern, &expanded.query)?;
    let body = filtered(pattern, &body)?;
    let doubtful = |one: &&Told| {
        // The pattern has become a part of the query.
        one.at
            .faults
            .0
            .iter()
            .any(|fault| fault.code != codes::PATTERN_STAYS)
    };
    Ok(Published {
        text: format!("{}{body}", comments(query, &expanded, &open)),
        parameters: open.into_iter().map(parameter).collect(),
        names_groups: parser::parse(&expanded.query).is_ok_and(|query| query.source.is_some()),
        doubts: told.iter().filter(doubtful).count(),
    })
}

/// Returns a query as the service takes it, with the filter pattern in front of it; the error says why it does not.
pub fn on_service(pattern: Option<&str>, query: &str) -> Result<String, String> {
    let text = filtered(pattern, query)?;
    refuse_strange(&text)?;
    Ok(text)
}

fn filtered(pattern: Option<&str>, query: &str) -> Result<String, String> {
    match pattern.map(as_condition).transpose()?.flatten() {
        Some(condition) => behind_filter(query, &condition),
        None => Ok(query.trim().to_owned()),
    }
}

fn unusable(error: Unusable) -> String {
    match error {
        Unusable::Mistakes(at) => first_message(&at.faults.0),
        Unusable::Parameters(message) => message,
        Unusable::NoTable(input) => format!("only this program has the table `{}`", input.name()),
    }
}

fn reason(first: &Told, others: usize) -> String {
    let message = first_message(&first.at.faults.0);
    match others {
        0 => message,
        more => format!("{message}, and {more} more"),
    }
}

fn first_message(faults: &[Diagnostic]) -> String {
    faults
        .first()
        .map(|fault| fault.message.clone())
        .unwrap_or_default()
}

/// Returns a filter pattern as a condition; nothing for one that matches everything.
fn as_condition(pattern: &str) -> Result<Option<String>, String> {
    let read = Pattern::parse(pattern).map_err(|faults| first_message(&faults.0))?;
    read.as_condition().map_err(|untold| {
        format!("its filter pattern cannot be said in the query language: {untold}")
    })
}

/// Puts a filter before the first command; comments above that stay above.
fn behind_filter(body: &str, condition: &str) -> Result<String, String> {
    let body = body.trim();
    let query = parser::parse(body).map_err(|faults| first_message(&faults.0))?;
    let Some(first) = query.commands.first() else {
        return Ok(format!("filter {condition}"));
    };
    if query.source.is_some() {
        return Err("a filter pattern cannot stand before `SOURCE`".to_owned());
    }
    let (above, commands) = body.split_at(first.span.start);
    Ok(format!("{above}filter {condition}\n| {commands}"))
}

/// Refuses what became strange by being put together, such as a text that is too long.
fn refuse_strange(body: &str) -> Result<(), String> {
    let findings = portability::check(body, Table::Events, &Seen::default());
    let refused = findings.iter().find(|one| one.verdict == Verdict::Refused);
    refused.map_or(Ok(()), |one| Err(one.diagnostic.message.clone()))
}

/// Returns comments: the title, and the values of parameters that were filled in.
fn comments(query: &SavedQuery, expanded: &Expanded, open: &[&Param]) -> String {
    let filled = query.params.iter().filter(|param| {
        let is_open = open.iter().any(|one| one.name == param.name);
        !is_open && query.uses(expanded, &param.name)
    });
    let filled: Vec<String> = filled
        .map(|param| {
            format!(
                "{}={}",
                param.name,
                param.default.as_deref().unwrap_or_default()
            )
        })
        .collect();
    let mut text = format!("# {}\n", one_line(&query.title));
    if !filled.is_empty() {
        let values = one_line(&filled.join(", "));
        text.push_str("# Filled in: ");
        text.push_str(&values);
        text.push('\n');
    }
    text
}

/// A comment ends where its line does.
fn one_line(text: &str) -> String {
    let parts: Vec<&str> = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .collect();
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn parameter(param: &Param) -> (String, String, String) {
    const LONGEST: usize = 512;
    let description = one_line(&param.description).chars().take(LONGEST).collect();
    let default = param.default.clone().unwrap_or_default();
    (param.name.clone(), default, description)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;
    use crate::event::{Event, Origin};
    use crate::record::Record;
    use crate::saved::{SourceFile, quoted as toml};
    use crate::time::Timestamp;

    fn published(text: &str) -> Result<Published, String> {
        let file = SourceFile {
            path: "queries/mine.toml".to_owned(),
            text: format!("title = \"Mine\"\n{text}"),
            builtin: false,
        };
        publish(&SavedQuery::parse("mine", file).expect("a saved query"))
    }

    #[track_caller]
    fn text(of: &str) -> String {
        published(of).expect("the service takes it").text
    }

    #[track_caller]
    fn refused(of: &str) -> String {
        published(of).expect_err("the service does not take it")
    }

    #[test]
    fn numbers_and_periods_stay_parameters_and_texts_are_filled_in() {
        let made = published(
            "query = 'filter status >= ${least} and path like ${path} | stats count(*) by bin(${every})'\n\
             [params.least]\ndefault = 500\ndescription = \"the least\\nstatus\"\n\
             [params.path]\ndefault = \"/api/*\"\n[params.every]\ndefault = \"5m\"\n",
        );
        let made = made.expect("the service takes it");
        insta::assert_snapshot!(made.text, @r"
        # Mine
        # Filled in: path=/api/*
        filter status >= {{least}} and path like /(?s)^\/api\/.*$/ | stats count(*) by bin({{every}})
        ");
        let names: Vec<_> = made.parameters.iter().map(|one| one.0.as_str()).collect();
        assert_eq!(names, ["every", "least"]);
        assert_eq!(made.parameters[1].1, "500");
        assert_eq!(made.parameters[1].2, "the least status");
    }

    #[test]
    fn a_parameter_that_stands_in_a_regex_or_in_the_pattern_is_filled_in() {
        insta::assert_snapshot!(
            text("query = 'filter a = ${n} or b like /x${n}/'\n[params.n]\ndefault = 5"),
            @r"
        # Mine
        # Filled in: n=5
        filter a = 5 or b like /x(?:5)/
        "
        );
        insta::assert_snapshot!(
            text("filter = 'status ${n}'\nquery = 'filter a = ${n}'\n[params.n]\ndefault = 5"),
            @r#"
        # Mine
        # Filled in: n=5
        filter @message like "status" and @message like "5"
        | filter a = 5
        "#
        );
    }

    #[test]
    fn a_pattern_of_words_becomes_the_first_filter() {
        insta::assert_snapshot!(
            text("filter = 'ERROR \"say \\\"no\\\"\" -health'\nquery = \"\"\"\n# why\nlimit 5\n\"\"\""),
            @r#"
        # Mine
        # why
        filter @message like "ERROR" and @message like "say \"no\"" and @message not like "health"
        | limit 5
        "#
        );
        insta::assert_snapshot!(text("filter = '?a ?b'\nquery = 'limit 5'"), @r#"
        # Mine
        filter @message like "a" or @message like "b"
        | limit 5
        "#);
        insta::assert_snapshot!(text("filter = '\" \"'\nquery = 'limit 5'"), @r"
        # Mine
        limit 5
        ");
    }

    #[test]
    fn what_would_mean_something_else_is_refused_with_the_reason() {
        insta::assert_snapshot!(refused("filter = '%E.*R%'\nquery = 'limit 5'"), @"the filter pattern cannot be said in the query language: a regular expression may mean something else there");
        insta::assert_snapshot!(refused("from = \"runs\"\nquery = 'limit 5'"), @"only this program has the runs table");
        insta::assert_snapshot!(
            refused("query = 'filter @level = \"ERROR\" and @stage = \"x\" | limit 5'"),
            @"only this program knows `@level`, and 1 more"
        );
        insta::assert_snapshot!(
            refused("query = 'filter a = ${a} | limit 5'\n[params.a]"),
            @"`mine` needs the parameter `a`"
        );
        let long = format!(
            "query = 'filter a like \"{}\" | limit 5'",
            "x".repeat(10_000)
        );
        assert!(
            refused(&long).contains("10000 are allowed"),
            "{}",
            refused(&long)
        );
    }

    #[test]
    fn a_title_stays_on_its_line() {
        let made = published("query = 'limit 5'").expect("the service takes it");
        assert_eq!(made.text, "# Mine\nlimit 5");
        assert_eq!(one_line("a\nb | c\u{2028}d\u{1b}"), "a b | c d");
    }

    fn matches(pattern: &Pattern, message: &str) -> bool {
        let origin = Origin::default();
        pattern.matches(&Record::new(Event {
            timestamp: Timestamp::default(),
            ingestion: None,
            message: message.as_bytes(),
            origin: &origin,
            id: None,
        }))
    }

    fn term(text: &str) -> String {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }

    proptest! {
        #[test]
        fn a_pattern_and_its_filter_let_the_same_through(
            terms in prop::collection::vec(("[-?]?", r#"[aAb"\\ %*.']{1,3}"#), 1..4),
            messages in prop::collection::vec(r#"[aAb"\\ %*.']{1,8}"#, 1..6),
        ) {
            let terms = terms.iter().map(|(sign, text)| format!("{sign}{}", term(text)));
            let pattern = terms.collect::<Vec<_>>().join(" ");
            let read = Pattern::parse(&pattern).expect("terms in quotes");
            let rows = messages.iter().filter(|message| matches(&read, message)).count();
            // Texts of blanks alone are refused.
            prop_assume!(read.as_condition().is_ok());
            let made = published(&format!("filter = {}\nquery = 'limit 100'", toml(&pattern)));
            let text = made.expect("words can be handed over").text;
            let events: Vec<String> = messages.iter().map(|message| toml(message)).collect();
            let file = SourceFile {
                path: String::new(),
                text: format!(
                    "title = 't'\nquery = {}\n[[tests]]\nname = 'n'\nevents = [{}]\nrows = {rows}",
                    toml(&text), events.join(", "),
                ),
                builtin: false,
            };
            let query = SavedQuery::parse("mine", file).expect("a saved query");
            let checked = crate::drive::check(&query, &Config::default()).expect("it can be tried");
            prop_assert_eq!(&checked[0].problem, &None, "{}", text);
        }
    }
}
