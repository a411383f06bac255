//! From the text of a file to a [`SavedQuery`], with every mistake pointed at.
//!
//! The TOML tree is walked by hand: it keeps the place of each key and value, and one bad key does not
//! hide the next.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{
    AlertRule, Case, Expected, Input, Param, ParamKind, SavedQuery, SourceFile, Template, expand,
    key, name, quote,
};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::severity::Severity;
use crate::suggest::did_you_mean;
use crate::time::duration;

const KEYS: &[&str] = &[
    "title",
    "description",
    "from",
    "groups",
    "filter",
    "query",
    "params",
    "alert",
    "tests",
];
const PARAM_KEYS: &[&str] = &["description", "default"];
const ALERT_KEYS: &[&str] = &["severity", "key", "repeat", "after", "each"];
const TEST_KEYS: &[&str] = &["name", "events", "params", "rows"];

/// Reads one file.
pub(super) fn read(name: &str, file: SourceFile) -> Result<SavedQuery, Diagnostics> {
    let root = DeTable::parse(&file.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Diagnostics::from(Diagnostic::new(codes::SAVED_SYNTAX, span, error.message()))
    })?;
    let mut reader = Reader {
        text: &file.text,
        problems: Vec::new(),
    };
    if let Some(problem) = name::problem(name) {
        reader.problem(codes::SAVED_NAME, 0..0, problem);
    }
    let read = reader.query(name, root.get_ref());
    let problems = reader.problems;
    match read {
        Some(mut query) if problems.is_empty() => {
            let strange = key::problems(&query, root.get_ref());
            if !strange.is_empty() {
                return Err(Diagnostics(strange));
            }
            query.file = file;
            Ok(query)
        }
        _ => Err(Diagnostics(problems)),
    }
}

/// Complains about groups that are not among those known.
pub(super) fn unknown_groups(text: &str, known: &[&str]) -> Vec<Diagnostic> {
    let Ok(root) = DeTable::parse(text) else {
        return Vec::new();
    };
    let groups = root.get_ref().get("groups");
    let groups = groups.and_then(|groups| groups.get_ref().as_array());
    let complain = |item: &Spanned<DeValue<'_>>| {
        let name = item.get_ref().as_str()?;
        if known.contains(&name) {
            return None;
        }
        let hint = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| {
            format!(
                "the groups are `{}`; `[groups]` of logq.toml adds more",
                known.join("`, `")
            )
        });
        let said = format!("there is no log group `{name}`");
        Some(Diagnostic::new(codes::SAVED_VALUE, item.span(), said).hint(hint))
    };
    groups
        .into_iter()
        .flat_map(|list| list.iter())
        .filter_map(complain)
        .collect()
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Diagnostic>,
}

type Key<'a, 'i> = (
    &'a Spanned<std::borrow::Cow<'i, str>>,
    &'a Spanned<DeValue<'i>>,
);

impl Reader<'_> {
    fn query(&mut self, name: &str, root: &DeTable<'_>) -> Option<SavedQuery> {
        self.known_keys(root, KEYS, "a saved query");
        let title = self.required_text(root, "title", 0..0);
        let description = self.text(root, "description").unwrap_or_default();
        let from = self.from(root);
        let groups = self.groups(root, from);
        let filter = self.template(root, "filter");
        if let (Some(filter), Input::Runs | Input::Schedule) = (&filter, from) {
            let said = format!(
                "`filter` only works on events, not with `from = \"{}\"`",
                from.name()
            );
            self.problem(codes::SAVED_VALUE, filter.span.clone(), said);
        }
        let query = self.template(root, "query");
        if query.is_none() && !root.contains_key("query") {
            self.problem(codes::SAVED_MISSING, 0..0, "`query` is missing");
        }
        let params = self.params(root);
        self.placeholders(query.as_ref(), filter.as_ref(), &params);
        let alert = self.alert(root);
        let tests = self.tests(root, &params);
        Some(SavedQuery {
            name: name.to_owned(),
            file: SourceFile {
                path: String::new(),
                text: String::new(),
                builtin: false,
            },
            title: title?,
            description,
            from,
            groups,
            filter,
            query: query?,
            params,
            alert,
            tests,
        })
    }

    fn problem(
        &mut self,
        code: crate::diagnostic::Code,
        span: Range<usize>,
        message: impl Into<String>,
    ) {
        self.problems.push(Diagnostic::new(code, span, message));
    }

    /// Complains about keys that nothing reads.
    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&str], place: &str) {
        for (key, _) in table {
            let word: &str = key.get_ref();
            if known.contains(&word) {
                continue;
            }
            let said = format!("unknown key `{word}` in {place}");
            let hint = did_you_mean(word, known.iter().copied())
                .unwrap_or_else(|| format!("the keys are `{}`", known.join("`, `")));
            self.problems
                .push(Diagnostic::new(codes::SAVED_KEY, key.span(), said).hint(hint));
        }
    }

    fn expected(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let found = value.get_ref().type_str();
        self.problem(
            codes::SAVED_TYPE,
            value.span(),
            format!("`{key}` should be {wanted}, not a TOML {found}"),
        );
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.expected(value, key, "a text in quotes");
        }
        text
    }

    fn required_text(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        place: Range<usize>,
    ) -> Option<String> {
        if !table.contains_key(key) {
            self.problem(codes::SAVED_MISSING, place, format!("`{key}` is missing"));
            return None;
        }
        self.text(table, key)
    }

    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Option<Vec<String>> {
        let value = table.get(key)?;
        let list = value.get_ref().as_array().and_then(|list| {
            let one = |item: &Spanned<DeValue<'_>>| item.get_ref().as_str().map(str::to_owned);
            list.iter().map(one).collect::<Option<Vec<String>>>()
        });
        if list.is_none() {
            self.expected(value, key, "a list of texts, such as [\"a\", \"b\"]");
        }
        list
    }

    /// Reads a text of one of a few words.
    fn word<T: Copy>(&mut self, table: &DeTable<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let written = self.text(table, key)?;
        let found = words.iter().find(|(word, _)| *word == written);
        if found.is_none() {
            let span = table.get(key).map_or(0..0, Spanned::span);
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let said = format!(
                "`{key}` cannot be `{written}`: it is one of `{}`",
                names.join("`, `")
            );
            let hint = did_you_mean(&written, names);
            self.problems
                .push(Diagnostic::new(codes::SAVED_VALUE, span, said).hint(hint));
        }
        found.map(|(_, value)| *value)
    }

    fn from(&mut self, root: &DeTable<'_>) -> Input {
        let words =
            [Input::Events, Input::Runs, Input::Schedule].map(|input| (input.name(), input));
        self.word(root, "from", &words).unwrap_or_default()
    }

    fn groups(&mut self, root: &DeTable<'_>, from: Input) -> Vec<String> {
        let groups = self.texts(root, "groups").unwrap_or_default();
        if groups.is_empty() {
            from.default_groups()
        } else {
            groups
        }
    }

    fn template(&mut self, root: &DeTable<'_>, key: &str) -> Option<Template> {
        let text = self.text(root, key)?;
        let span = root.get(key).map_or(0..0, Spanned::span);
        let before = &self.text[..span.start];
        let mut first_line = before.matches('\n').count() + 1;
        // TOML drops a line break right behind the opening quotes of a multi-line text.
        let written = &self.text[span.clone()];
        if written.starts_with("'''\n") || written.starts_with("\"\"\"\n") {
            first_line += 1;
        }
        Some(Template {
            text,
            first_line,
            span,
        })
    }

    /// Complains about `${name}` without a parameter, and about parameters that stand nowhere.
    fn placeholders(
        &mut self,
        query: Option<&Template>,
        filter: Option<&Template>,
        params: &[Param],
    ) {
        let mut used: Vec<String> = Vec::new();
        let texts = [
            (query, quote::Language::Query),
            (filter, quote::Language::Pattern),
        ];
        for (template, language) in texts {
            let Some(template) = template else { continue };
            let places = match quote::places(&template.text, language) {
                Ok(places) => places,
                Err(said) => {
                    self.problem(codes::SAVED_PLACEHOLDER, template.span.clone(), said);
                    continue;
                }
            };
            for place in places {
                if !params.iter().any(|param| param.name == place.name) {
                    let said = format!(
                        "`${{{}}}` stands in the text, but there is no `[params.{}]`",
                        place.name, place.name
                    );
                    let hint =
                        did_you_mean(&place.name, params.iter().map(|param| param.name.as_str()));
                    let at = self.placeholder_span(template, &place.name);
                    self.problems
                        .push(Diagnostic::new(codes::SAVED_PLACEHOLDER, at, said).hint(hint));
                }
                used.push(place.name);
            }
        }
        for param in params.iter().filter(|param| !used.contains(&param.name)) {
            let said = format!(
                "the parameter `{}` stands nowhere: write `${{{}}}` in the query",
                param.name, param.name
            );
            self.problem(codes::SAVED_PLACEHOLDER, 0..0, said);
        }
    }

    fn placeholder_span(&self, template: &Template, name: &str) -> Range<usize> {
        let written = format!("${{{name}}}");
        let inside = self.text[template.span.clone()].find(&written);
        inside.map_or(template.span.clone(), |at| {
            let start = template.span.start + at;
            start..start + written.len()
        })
    }

    fn params(&mut self, root: &DeTable<'_>) -> Vec<Param> {
        let mut params = Vec::new();
        for (key, value) in self.table_at(root, "params") {
            let name = key.get_ref().to_string();
            if !name::is_param(&name) {
                let said = format!(
                    "`{name}` is not a name for a parameter: lower-case letters, digits, `_` and `-`"
                );
                self.problem(codes::SAVED_NAME, key.span(), said);
            }
            let Some(table) = value.get_ref().as_table() else {
                self.expected(value, &name, &format!("a table, `[params.{name}]`"));
                continue;
            };
            self.known_keys(table, PARAM_KEYS, "a parameter");
            let description = self.text(table, "description").unwrap_or_default();
            let (default, kind) = self.default(table);
            params.push(Param {
                name,
                description,
                default,
                kind,
            });
        }
        params
    }

    fn default(&mut self, table: &DeTable<'_>) -> (Option<String>, ParamKind) {
        let Some(value) = table.get("default") else {
            return (None, ParamKind::Text);
        };
        if let Some(text) = scalar(value.get_ref()) {
            let kind = match value.get_ref() {
                DeValue::Integer(_) | DeValue::Float(_) => ParamKind::Number,
                _ if expand::is_period(&text) => ParamKind::Period,
                _ => ParamKind::Text,
            };
            return (Some(text), kind);
        }
        self.expected(value, "default", "a text or a number");
        (None, ParamKind::Text)
    }

    fn table_at<'a, 'i>(&mut self, root: &'a DeTable<'i>, key: &str) -> Vec<Key<'a, 'i>> {
        let Some(value) = root.get(key) else {
            return Vec::new();
        };
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.expected(value, key, "a table");
        }
        table
            .map(|table| table.iter().collect())
            .unwrap_or_default()
    }

    fn alert(&mut self, root: &DeTable<'_>) -> Option<AlertRule> {
        let value = root.get("alert")?;
        let Some(table) = value.get_ref().as_table() else {
            self.expected(value, "alert", "a table, `[alert]`");
            return None;
        };
        self.known_keys(table, ALERT_KEYS, "`[alert]`");
        self.required_text(table, "severity", value.span());
        let severity = table
            .get("severity")
            .filter(|severity| severity.get_ref().is_str())
            .and_then(|_| {
                self.word(
                    table,
                    "severity",
                    &Severity::ALL.map(|one| (one.name(), one)),
                )
            });
        let key = self.texts(table, "key").unwrap_or_default();
        if key.is_empty() {
            let said =
                "`[alert]` needs a `key`: the columns that make rows one alert, such as [\"name\"]";
            self.problem(codes::SAVED_MISSING, value.span(), said);
        }
        let repeat = self.repeat(table);
        let after = self.count(table, "after", 1).unwrap_or(1);
        let each = self.count(table, "each", 1).unwrap_or(1);
        Some(AlertRule {
            severity: severity?,
            key,
            repeat,
            after,
            each,
        })
    }

    fn repeat(&mut self, table: &DeTable<'_>) -> Option<i64> {
        let written = self.text(table, "repeat")?;
        match duration::parse(&written) {
            Ok(millis) if millis > 0 => Some(millis),
            _ => {
                let span = table.get("repeat").map_or(0..0, Spanned::span);
                let said = format!(
                    "`repeat` is a length of time such as `30m`, `4h` or `1d`, not `{written}`"
                );
                self.problem(codes::SAVED_VALUE, span, said);
                None
            }
        }
    }

    fn count(&mut self, table: &DeTable<'_>, key: &str, least: u32) -> Option<u32> {
        let value = table.get(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| number.as_str().parse::<u32>().ok());
        let number = number.filter(|&number| number >= least);
        if number.is_none() {
            self.expected(value, key, &format!("a whole number, {least} or more"));
        }
        number
    }

    fn tests(&mut self, root: &DeTable<'_>, params: &[Param]) -> Vec<Case> {
        let Some(value) = root.get("tests") else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.expected(value, "tests", "a list of tables, each under `[[tests]]`");
            return Vec::new();
        };
        let mut cases = Vec::new();
        for item in list {
            match item.get_ref().as_table() {
                Some(table) => cases.extend(self.case(table, item.span(), params)),
                None => self.expected(item, "tests", "a table, under `[[tests]]`"),
            }
        }
        cases
    }

    fn case(&mut self, table: &DeTable<'_>, span: Range<usize>, params: &[Param]) -> Option<Case> {
        self.known_keys(table, TEST_KEYS, "`[[tests]]`");
        let name = self.required_text(table, "name", span.clone());
        let events = self.texts(table, "events");
        if !table.contains_key("events") {
            self.problem(
                codes::SAVED_MISSING,
                span.clone(),
                "the test has no `events`",
            );
        }
        let mut given = Vec::new();
        for (key, value) in self.table_at(table, "params") {
            let word: &str = key.get_ref();
            let known = params.iter().map(|param| param.name.as_str());
            if !params.iter().any(|param| param.name == word) {
                let said = format!("the query has no parameter `{word}`");
                let hint = did_you_mean(word, known);
                self.problems
                    .push(Diagnostic::new(codes::SAVED_PARAM, key.span(), said).hint(hint));
            }
            match scalar(value.get_ref()) {
                Some(text) => given.push((word.to_owned(), text)),
                None => self.expected(value, word, "a text or a number"),
            }
        }
        let rows = self.rows(table, &span)?;
        let line = self.text[..span.start].matches('\n').count() + 1;
        Some(Case {
            name: name?,
            events: events?,
            params: given,
            rows,
            line,
        })
    }

    fn rows(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<Expected> {
        let Some(value) = table.get("rows") else {
            let said = "the test has no `rows`: how many, or one table of fields for each";
            self.problem(codes::SAVED_MISSING, span.clone(), said);
            return None;
        };
        let wanted = "a number of rows, or a list of tables such as [{ name = \"x\" }]";
        let read = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok().map(Expected::Count),
            DeValue::Table(fields) => row(fields).map(|row| Expected::Fields(vec![row])),
            DeValue::Array(list) => {
                let one = |item: &Spanned<DeValue<'_>>| item.get_ref().as_table().and_then(row);
                list.iter()
                    .map(one)
                    .collect::<Option<Vec<_>>>()
                    .map(Expected::Fields)
            }
            _ => None,
        };
        if read.is_none() {
            self.expected(value, "rows", wanted);
        }
        read
    }
}

/// Reads the fields of one expected row; keys with a dot are written in quotes.
fn row(fields: &DeTable<'_>) -> Option<Vec<(String, String)>> {
    let one =
        |(key, value): Key<'_, '_>| Some((key.get_ref().to_string(), scalar(value.get_ref())?));
    fields.iter().map(one).collect()
}

/// Returns a text or number as text.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}
