//! Where alerts go and what is taken out of them: `[[route]]`, `[redact]` and `[alerts]`.

use regex::Regex;
use toml::de::{DeTable, DeValue};

use super::read::{Key, Reader, Value};
use super::{Redact, Route, Sink};
use crate::diagnostic::{Diagnostic, codes};
use crate::language::Language;
use crate::severity::Severity;
use crate::suggest::did_you_mean;

impl Sink {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Sns, Self::Slack];

    /// Returns the word used in files and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sns => "sns",
            Self::Slack => "slack",
        }
    }
}

impl Default for Redact {
    fn default() -> Self {
        Self {
            enabled: true,
            patterns: Vec::new(),
        }
    }
}

impl Route {
    /// Returns whether the route is for an alert of this severity, stage, service and rule.
    pub fn takes(&self, severity: Severity, stage: &str, service: &str, rule: &str) -> bool {
        let fits = |wanted: &[String], word: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted == word)
        };
        (self.severity.is_empty() || self.severity.contains(&severity))
            && fits(&self.stage, stage)
            && fits(&self.service, service)
            && fits(&self.rule, rule)
    }
}

impl super::Config {
    /// Returns where an alert goes: what the first route that takes it says, else to every sink.
    pub fn sinks_for(&self, severity: Severity, stage: &str, service: &str, rule: &str) -> &[Sink] {
        self.routes
            .iter()
            .find(|route| route.takes(severity, stage, service, rule))
            .map_or(&Sink::ALL, |route| route.sinks.as_slice())
    }
}

impl Reader<'_> {
    pub(super) fn routes(&mut self, key: &Key<'_>, value: &Value<'_>) {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(value, "route", "a list of tables, each under `[[route]]`");
            return;
        };
        // The nearest file's list counts as a whole: which route is first decides.
        self.config.routes.clear();
        for item in items {
            if let Some(table) = self.table_of(item, "route") {
                self.route(item, table);
            }
        }
        self.note("route", key);
    }

    fn route(&mut self, item: &Value<'_>, table: &DeTable<'_>) {
        const KEYS: [&str; 5] = ["severity", "stage", "service", "rule", "sinks"];
        let mut route = Route::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match name {
                "severity" => {
                    let all = Severity::ALL.map(|severity| (severity.name(), severity));
                    route.severity = self.words_of(value, name, &all);
                }
                "stage" => route.stage = self.texts_of(value, name),
                "service" => route.service = self.texts_of(value, name),
                "rule" => route.rule = self.texts_of(value, name),
                "sinks" => {
                    let all = Sink::ALL.map(|sink| (sink.name(), sink));
                    route.sinks = self.words_of(value, name, &all);
                }
                _ => self.unknown(key, "[route]", &KEYS),
            }
        }
        if !table.iter().any(|(key, _)| key.get_ref() == "sinks") {
            let fault = Diagnostic::new(
                codes::CONFIG_VALUE,
                item.span(),
                "a route does not say where to: `sinks` is missing",
            );
            let hint = "write `sinks = [\"slack\"]`, or `sinks = []` for nowhere".to_owned();
            self.faults.push(fault.hint(hint));
        }
        self.config.routes.push(route);
    }

    /// Reads a list of words out of a fixed set.
    fn words_of<T: Copy>(&mut self, value: &Value<'_>, name: &str, known: &[(&str, T)]) -> Vec<T> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(value, name, "a list of texts");
            return Vec::new();
        };
        let mut words = Vec::new();
        for item in items {
            let Some(written) = self.text_of(item, name) else {
                continue;
            };
            match known.iter().find(|(word, _)| *word == written) {
                Some((_, meant)) => words.push(*meant),
                None => self.faults.push(unknown_word(item, name, &written, known)),
            }
        }
        words
    }

    pub(super) fn alerts(&mut self, value: &Value<'_>) {
        let Some(table) = self.table_of(value, "alerts") else {
            return;
        };
        for (key, value) in table {
            if key.get_ref() != "language" {
                self.unknown(key, "alerts", &["language"]);
                continue;
            }
            let Some(written) = self.text_of(value, "language") else {
                continue;
            };
            let all = Language::ALL.map(|language| (language.name(), language));
            match all.iter().find(|(word, _)| *word == written) {
                Some((_, meant)) => self.config.alerts.language = *meant,
                None => self
                    .faults
                    .push(unknown_word(value, "language", &written, &all)),
            }
            self.note("alerts.language", key);
        }
    }

    pub(super) fn redact(&mut self, value: &Value<'_>) {
        let Some(table) = self.table_of(value, "redact") else {
            return;
        };
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("enabled", DeValue::Boolean(enabled)) => self.config.redact.enabled = *enabled,
                ("enabled", _) => self.wrong_type(value, "enabled", "`true` or `false`"),
                ("patterns", DeValue::Array(items)) => {
                    let items = items.iter();
                    self.config.redact.patterns =
                        items.filter_map(|item| self.pattern(item)).collect();
                }
                ("patterns", _) => self.wrong_type(value, "patterns", "a list of texts"),
                _ => {
                    self.unknown(key, "redact", &["enabled", "patterns"]);
                    continue;
                }
            }
            self.note(&format!("redact.{}", key.get_ref()), key);
        }
    }

    fn pattern(&mut self, value: &Value<'_>) -> Option<Regex> {
        let written = self.text_of(value, "patterns")?;
        let complaint = match Regex::new(&written) {
            Ok(regex) if regex.is_match("") => {
                "this regex matches where nothing stands, so everywhere".to_owned()
            }
            Ok(regex) => return Some(regex),
            Err(error) => format!("not a regex: {}", reason(&error)),
        };
        self.fault(codes::CONFIG_VALUE, value.span(), complaint);
        None
    }
}

fn unknown_word<T>(item: &Value<'_>, name: &str, written: &str, known: &[(&str, T)]) -> Diagnostic {
    let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    let hint = did_you_mean(written, words.iter().copied())
        .unwrap_or_else(|| format!("known here: `{}`", words.join("`, `")));
    let message = format!("`{name}` cannot hold `{written}`");
    Diagnostic::new(codes::CONFIG_VALUE, item.span(), message).hint(hint)
}

/// Returns the last line of the library's words, which says what is wrong; the others draw the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Config {
        let mut config = Config::default();
        config
            .read(text, Path::new("logq.toml"))
            .expect("a valid file");
        config
    }

    fn complaints(text: &str) -> String {
        Config::default()
            .read(text, Path::new("logq.toml"))
            .expect_err("wrong")
            .render("logq.toml", text, 1, false)
    }

    #[test]
    fn without_routes_all_sinks_get_everything() {
        let config = read("");
        let sinks = config.sinks_for(Severity::Info, "staging", "batch", "migrations");
        assert_eq!(sinks, Sink::ALL);
    }

    #[test]
    fn the_first_route_that_fits_decides() {
        let config = read(
            r#"
            [[route]]
            stage = ["staging"]
            severity = ["info", "warning"]
            sinks = []
            [[route]]
            service = ["batch", "worker"]
            rule = ["batch-failures"]
            sinks = ["sns", "slack"]
            [[route]]
            sinks = ["slack"]
            "#,
        );
        let sinks = |severity, stage, service, rule| {
            config.sinks_for(severity, stage, service, rule).to_vec()
        };
        assert_eq!(sinks(Severity::Info, "staging", "batch", "x"), []);
        assert_eq!(
            sinks(Severity::Error, "staging", "batch", "batch-failures"),
            [Sink::Sns, Sink::Slack]
        );
        assert_eq!(
            sinks(Severity::Error, "staging", "webapp", "new-errors"),
            [Sink::Slack]
        );
    }

    #[test]
    fn redaction_is_on_and_takes_patterns() {
        assert!(read("").redact.enabled);
        let config = read("[redact]\nenabled = false\npatterns = ['RES-\\d+']\n");
        assert!(!config.redact.enabled);
        assert!(config.redact.patterns[0].is_match("RES-12"));
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        let text = "[redact]\nenable = true\npatterns = ['(RES', 'x*', 1]\n\n[[route]]\nseverity = ['critcal']\nsinks = ['email']\n[[route]]\nstages = ['x']\n";
        insta::assert_snapshot!(complaints(text), @r#"
        error: unknown key `enable` in `[redact]`
         --> logq.toml:2:1
          |
        2 | enable = true
          | ^^^^^^
        hint: did you mean `enabled`?
        error: not a regex: unclosed group
         --> logq.toml:3:13
          |
        3 | patterns = ['(RES', 'x*', 1]
          |             ^^^^^^
        error: this regex matches where nothing stands, so everywhere
         --> logq.toml:3:21
          |
        3 | patterns = ['(RES', 'x*', 1]
          |                     ^^^^
        error: `patterns` is not a text in quotes
         --> logq.toml:3:27
          |
        3 | patterns = ['(RES', 'x*', 1]
          |                           ^
        error: `severity` cannot hold `critcal`
         --> logq.toml:6:13
          |
        6 | severity = ['critcal']
          |             ^^^^^^^^^
        hint: did you mean `critical`?
        error: `sinks` cannot hold `email`
         --> logq.toml:7:10
          |
        7 | sinks = ['email']
          |          ^^^^^^^
        hint: known here: `sns`, `slack`
        error: a route does not say where to: `sinks` is missing
         --> logq.toml:8:1
          |
        8 | [[route]]
          | ^^^^^^^^^
        hint: write `sinks = ["slack"]`, or `sinks = []` for nowhere
        error: unknown key `stages` in `[[route]]`
         --> logq.toml:9:1
          |
        9 | stages = ['x']
          | ^^^^^^
        hint: did you mean `stage`?
        "#);
    }
}
