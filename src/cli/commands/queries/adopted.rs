//! A query definition as a file of a saved query.

use sha2::{Digest, Sha256};

use super::sites::FOLDER;
use crate::cloudwatch::{Definition, Maker, Parameter};
use crate::config::Config;
use crate::drive::{self, Unusable};
use crate::saved::{Draft, SavedQuery, SourceFile, file_name, is_param, quoted};

/// Returns what the saved query of a definition is called: nothing in it can lead out of the folder.
pub(super) fn name(definition: &Definition) -> String {
    let name = definition
        .name
        .strip_prefix(FOLDER)
        .unwrap_or(&definition.name);
    file_name(name).unwrap_or_else(|| {
        // Names without a letter that a command could have differ in their checksum.
        let sum = Sha256::digest(name.as_bytes());
        format!(
            "query-{:02x}{:02x}{:02x}{:02x}",
            sum[0], sum[1], sum[2], sum[3]
        )
    })
}

/// Writes the file; the error says why it would not be a saved query that can be used.
pub(super) fn file(
    definition: &Definition,
    name: &str,
    region: &str,
    config: &Config,
) -> Result<String, String> {
    if let Some(language) = &definition.language {
        return Err(format!(
            "it is written in {language}, which only the service reads"
        ));
    }
    let body = definition.body();
    let (title, body) = title(definition, body);
    let meant = filled(body, &definition.parameters, |_| false)?;
    let is_open = |one: &Parameter| default(one).is_some();
    let attempts = [
        filled(body, &definition.parameters, is_open)?,
        meant.clone(),
    ];
    let mut problem = String::new();
    for (attempt, query) in attempts.iter().enumerate() {
        let open = definition
            .parameters
            .iter()
            .filter(|one| attempt == 0 && is_open(one));
        let draft = draft(definition, &title, query, open, region, config);
        // A file that names no group is about all of them.
        if draft.groups.is_empty() && !definition.groups.is_empty() {
            return Err("it reads only log groups that `[groups]` does not have".to_owned());
        }
        let text = draft.text();
        match usable(name, &text, &meant, config) {
            Ok(()) => return Ok(text),
            Err(why) => problem = why,
        }
    }
    Err(problem)
}

/// Splits the title off, which logq writes as a comment; other definitions are called what they are called.
fn title<'a>(definition: &Definition, body: &'a str) -> (String, &'a str) {
    let written = body
        .strip_prefix("# ")
        .and_then(|rest| rest.split_once('\n'));
    match written {
        Some((title, rest)) if definition.maker() != Maker::Others && !title.trim().is_empty() => {
            (title.to_owned(), rest)
        }
        _ => (definition.name.clone(), body),
    }
}

/// Puts `${name}` for the parameters that stay open, and the defaults for the others.
fn filled(
    body: &str,
    parameters: &[Parameter],
    is_open: impl Fn(&Parameter) -> bool,
) -> Result<String, String> {
    let mut text = body.to_owned();
    for one in parameters {
        let written = format!("{{{{{}}}}}", one.name);
        if !text.contains(&written) {
            continue;
        }
        let value = match &one.default {
            _ if is_open(one) => format!("${{{}}}", one.name),
            Some(default) => default.clone(),
            None => return Err(format!("its parameter `{}` has no default", one.name)),
        };
        text = text.replace(&written, &value);
    }
    Ok(text)
}

/// Returns the default of a parameter that can stay one, as TOML spells it: a number or a period, which stand in a
/// query as they are.
fn default(parameter: &Parameter) -> Option<String> {
    let value = parameter
        .default
        .as_deref()
        .filter(|_| is_param(&parameter.name))?;
    let is_number = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let begins = value.starts_with(|c: char| c.is_ascii_digit());
    match (begins, is_number) {
        (true, true) => Some(value.to_owned()),
        (true, false) => Some(quoted(value)),
        (false, _) => None,
    }
}

fn draft<'a>(
    definition: &'a Definition,
    title: &'a str,
    query: &'a str,
    open: impl Iterator<Item = &'a Parameter>,
    region: &str,
    config: &'a Config,
) -> Draft<'a> {
    let mut comments = vec![format!("Pulled from `{}` in {region}.", definition.name)];
    let mut groups = Vec::new();
    let mut unknown = Vec::new();
    for group in &definition.groups {
        let group = group
            .rsplit_once(":log-group:")
            .map_or(&**group, |(_, name)| name);
        let group = group.strip_suffix(":*").unwrap_or(group);
        match config.locate(group).map(|found| found.service) {
            Some(service) if config.groups.names().any(|known| known == service) => {
                groups.push(service);
            }
            _ => unknown.push(group),
        }
    }
    groups.sort_unstable();
    groups.dedup();
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        comments.push(format!(
            "Not in [groups] of logq.toml, so not read: {unknown}"
        ));
    }
    let params = open.map(|one| {
        let default = default(one).unwrap_or_default();
        (
            one.name.as_str(),
            default,
            one.description.as_deref().unwrap_or_default(),
        )
    });
    Draft {
        comments,
        title,
        groups,
        query,
        params: params.collect(),
    }
}

/// Makes sure that the file can be read, says what the definition says, and passes the check of saved queries.
fn usable(name: &str, text: &str, meant: &str, config: &Config) -> Result<(), String> {
    let file = SourceFile {
        path: format!("queries/{name}.toml"),
        text: text.to_owned(),
        builtin: false,
    };
    let first = |faults: &crate::diagnostic::Diagnostics| {
        let first = faults.0.first().map(|fault| fault.message.clone());
        first.unwrap_or_else(|| "it cannot be read".to_owned())
    };
    let query = SavedQuery::parse(name, file).map_err(|faults| first(&faults))?;
    let expanded = query.expand(&[]).map_err(|error| error.message)?;
    if expanded.query.trim() != meant.trim() {
        return Err("`${` in it would be a parameter of the file".to_owned());
    }
    drive::check(&query, config)
        .map(drop)
        .map_err(|error| match error {
            Unusable::Mistakes(at) => first(&at.faults),
            Unusable::Parameters(message) => message,
            Unusable::NoTable(input) => {
                format!("the table `{}` is not in this version", input.name())
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, text: &str) -> Definition {
        Definition {
            name: name.to_owned(),
            text: text.to_owned(),
            groups: vec![
                "/ecs/production-worker".to_owned(),
                "/aws/lambda/x".to_owned(),
            ],
            ..Definition::default()
        }
    }

    fn parameter(name: &str, default: Option<&str>) -> Parameter {
        Parameter {
            name: name.to_owned(),
            default: default.map(str::to_owned),
            description: Some("what\nfor".to_owned()),
        }
    }

    fn made(definition: &Definition) -> Result<String, String> {
        file(
            definition,
            &name(definition),
            "eu-west-1",
            &Config::default(),
        )
    }

    #[test]
    fn a_definition_of_the_console_becomes_a_file_that_passes_the_check() {
        let mut one = definition(
            "Team/Slow 'ones'",
            "filter took > {{seconds}} and path = \"{{path}}\"\n| limit 5",
        );
        one.parameters = vec![
            parameter("seconds", Some("10")),
            parameter("path", Some("/api")),
        ];
        assert_eq!(name(&one), "team-slow-ones");
        insta::assert_snapshot!(made(&one).expect("it is a saved query"), @r#"
        # Pulled from `Team/Slow 'ones'` in eu-west-1.
        # Not in [groups] of logq.toml, so not read: /aws/lambda/x
        title = "Team/Slow 'ones'"
        groups = ["worker"]
        query = '''
        filter took > ${seconds} and path = "/api"
        | limit 5
        '''

        [params.seconds]
        description = "what\nfor"
        default = 10
        "#);
    }

    #[test]
    fn a_parameter_that_would_mean_something_else_is_filled_in() {
        // Behind `like` a number of a file becomes a regex.
        let mut one = definition("x", "filter a like {{n}} | limit 5");
        one.parameters = vec![parameter("n", Some("5"))];
        let refused = made(&one);
        assert!(refused.is_err(), "{refused:?}");
        let mut one = definition("x", "filter a like \"{{n}}\" | limit 5");
        one.parameters = vec![parameter("N", Some("5")), parameter("n", Some("007"))];
        let text = made(&one).expect("it is a saved query");
        assert!(
            text.contains("\"007\"") && !text.contains("[params"),
            "{text}"
        );
    }

    #[test]
    fn what_could_not_be_used_is_refused_with_the_reason() {
        let refused = |text: &str, language: Option<&str>, parameters: Vec<Parameter>| {
            let mut one = definition("x", text);
            one.language = language.map(str::to_owned);
            one.parameters = parameters;
            made(&one).expect_err("it is refused")
        };
        insta::assert_snapshot!(refused("source = x", Some("PPL"), Vec::new()), @"it is written in PPL, which only the service reads");
        insta::assert_snapshot!(refused("filter a = {{b}}", None, vec![parameter("b", None)]), @"its parameter `b` has no default");
        insta::assert_snapshot!(refused("filter a = \"${b}\"", None, Vec::new()), @"`${b}` stands in the text, but there is no `[params.b]`");
        insta::assert_snapshot!(refused("fitler a = 1", None, Vec::new()), @"unknown command `fitler`");
    }

    #[test]
    fn names_stay_in_the_folder() {
        let of = |other: &str| name(&definition(other, "limit 5"));
        assert_eq!(of("logq/errors"), "errors");
        assert_eq!(of("logq/../../x"), "x");
        assert_eq!(of("query"), "query-query");
        assert_eq!(of("予約"), of("予約"));
        assert!(of("予約").starts_with("query-") && of("予約") != of("旅券"));
    }
}
