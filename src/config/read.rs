//! One `logq.toml` text, read key by key into a [`Config`], with every mistake pointed at.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, Origin};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::suggest::did_you_mean;
use crate::time::{Zone, duration};

pub(super) type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl Config {
    /// Reads a file's text over the settings there are; `path` only names it.
    ///
    /// All mistakes are collected. After an error the settings are half read and of no use.
    pub fn read(&mut self, text: &str, path: &Path) -> Result<(), Diagnostics> {
        let root = DeTable::parse(text).map_err(|error| syntax(&error, text))?;
        let mut reader = Reader {
            config: self,
            text,
            path,
            faults: Vec::new(),
        };
        reader.root(root.get_ref());
        let mut faults = reader.faults;
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort_by_key(|fault| fault.span.start);
        Err(Diagnostics(faults))
    }
}

pub(super) struct Reader<'a> {
    pub(super) config: &'a mut Config,
    text: &'a str,
    path: &'a Path,
    pub(super) faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn root(&mut self, table: &DeTable<'_>) {
        const KEYS: [&str; 10] = [
            "timezone",
            "ambiguous_width",
            "stages",
            "groups",
            "runs",
            "batches",
            "route",
            "redact",
            "alerts",
            "cloudwatch",
        ];
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "timezone" => self.timezone(key, value),
                "ambiguous_width" => self.ambiguous_width(key, value),
                "stages" => self.each_table(value, "stages", Self::stage),
                "groups" => self.groups(value),
                "runs" => self.runs(value),
                "batches" => self.each_table(value, "batches", Self::batch),
                "route" => self.routes(key, value),
                "redact" => self.redact(value),
                "alerts" => self.alerts(value),
                "cloudwatch" => self.cloudwatch(value),
                _ => self.unknown(key, "", &KEYS),
            }
        }
    }

    fn timezone(&mut self, key: &Key<'_>, value: &Value<'_>) {
        let Some(name) = self.text_of(value, "timezone") else {
            return;
        };
        match Zone::named(&name) {
            Ok(zone) => {
                self.config.timezone = Some(zone);
                self.note("timezone", key);
            }
            Err(faults) => self.inside(value, faults),
        }
    }

    fn ambiguous_width(&mut self, key: &Key<'_>, value: &Value<'_>) {
        match value.get_ref() {
            DeValue::Integer(number) if matches!(number.as_str(), "1" | "2") => {
                self.config.ambiguous_width = if number.as_str() == "2" { 2 } else { 1 };
                self.note("ambiguous_width", key);
            }
            _ => self.fault(
                codes::CONFIG_VALUE,
                value.span(),
                "`ambiguous_width` is 1 or 2",
            ),
        }
    }

    fn groups(&mut self, value: &Value<'_>) {
        let Some(table) = self.table_of(value, "groups") else {
            return;
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if matches!(value.get_ref(), DeValue::Boolean(false)) {
                self.config.groups.remove(name);
                self.note(&format!("groups.{name}"), key);
                continue;
            }
            let Some(template) = self.text_of(value, name) else {
                continue;
            };
            if let Some(complaint) = wrong_template(&template) {
                self.fault(codes::CONFIG_VALUE, value.span(), complaint);
                continue;
            }
            self.config.groups.insert(name.to_owned(), template);
            self.note(&format!("groups.{name}"), key);
        }
    }

    fn runs(&mut self, value: &Value<'_>) {
        let Some(table) = self.table_of(value, "runs") else {
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "settle" => {
                    if let Some(millis) = self.millis_of(value, "settle") {
                        self.config.runs.settle_ms = millis;
                    }
                }
                "lost" => {
                    if let Some(millis) = self.millis_of(value, "lost") {
                        self.config.runs.lost_ms = millis;
                    }
                }
                "name_field" => self.config.runs.name_field = self.text_of(value, "name_field"),
                "app_roots" => self.config.runs.app_roots = self.texts_of(value, "app_roots"),
                _ => {
                    let known = ["settle", "lost", "name_field", "app_roots"];
                    self.unknown(key, "runs", &known);
                    continue;
                }
            }
            self.note(&format!("runs.{}", key.get_ref()), key);
        }
    }

    fn millis_of(&mut self, value: &Value<'_>, key: &str) -> Option<i64> {
        let length = self.length_of(value, key)?;
        Some(length.as_millis() as i64)
    }

    /// Reads a length of time such as `5m`.
    pub(super) fn length_of(&mut self, value: &Value<'_>, name: &str) -> Option<Duration> {
        let written = self.text_of(value, name)?;
        match duration::parse(&written) {
            Ok(millis) => Some(Duration::from_millis(millis.unsigned_abs())),
            Err(faults) => {
                self.inside(value, faults);
                None
            }
        }
    }

    fn stage(&mut self, name: &str, table: &DeTable<'_>) {
        let mut stage = self.config.stages.get(name).cloned().unwrap_or_default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "region" => stage.region = self.text_of(value, "region"),
                "table" => stage.table = self.text_of(value, "table"),
                _ => {
                    self.unknown(key, &format!("stages.{name}"), &["region", "table"]);
                    continue;
                }
            }
            self.note(&format!("stages.{name}.{}", key.get_ref()), key);
        }
        self.config.stages.insert(name.to_owned(), stage);
    }

    fn batch(&mut self, name: &str, table: &DeTable<'_>) {
        let mut batch = self.config.batches.get(name).cloned().unwrap_or_default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "owner" => batch.owner = self.text_of(value, "owner"),
                "runbook" => batch.runbook = self.text_of(value, "runbook"),
                _ => {
                    self.unknown(key, &format!("batches.{name}"), &["owner", "runbook"]);
                    continue;
                }
            }
            self.note(&format!("batches.{name}.{}", key.get_ref()), key);
        }
        self.config.batches.insert(name.to_owned(), batch);
    }

    /// Reads a table whose members are tables named by the user.
    fn each_table(
        &mut self,
        value: &Value<'_>,
        what: &str,
        read: fn(&mut Self, &str, &DeTable<'_>),
    ) {
        let Some(tables) = self.table_of(value, what) else {
            return;
        };
        for (key, value) in tables {
            let name = key.get_ref().as_ref();
            if let Some(table) = self.table_of(value, name) {
                read(self, name, table);
            }
        }
    }

    pub(super) fn table_of<'v, 'i>(
        &mut self,
        value: &'v Value<'i>,
        name: &str,
    ) -> Option<&'v DeTable<'i>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        self.wrong_type(value, name, "a table");
        None
    }

    pub(super) fn text_of(&mut self, value: &Value<'_>, name: &str) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.clone().into_owned());
        }
        self.wrong_type(value, name, "a text in quotes");
        None
    }

    pub(super) fn texts_of(&mut self, value: &Value<'_>, name: &str) -> Vec<String> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(value, name, "a list of texts");
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.text_of(item, name))
            .collect()
    }

    pub(super) fn note(&mut self, dotted: &str, key: &Key<'_>) {
        let line = 1 + self.text[..key.span().start].matches('\n').count();
        let origin = Origin::File(self.path.to_owned(), line);
        self.config.origins.insert(dotted.to_owned(), origin);
    }

    pub(super) fn unknown(&mut self, key: &Key<'_>, table: &str, known: &[&str]) {
        let name = key.get_ref();
        let place = match table {
            "" => String::new(),
            table => format!(" in `[{table}]`"),
        };
        let hint = did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("known keys here: `{}`", known.join("`, `")));
        let fault = Diagnostic::new(
            codes::CONFIG_UNKNOWN_KEY,
            key.span(),
            format!("unknown key `{name}`{place}"),
        );
        self.faults.push(fault.hint(hint));
    }

    pub(super) fn wrong_type(&mut self, value: &Value<'_>, name: &str, wanted: &str) {
        let message = format!("`{name}` is not {wanted}");
        self.fault(codes::CONFIG_TYPE, value.span(), message);
    }

    pub(super) fn fault(&mut self, code: Code, span: Range<usize>, message: impl Into<String>) {
        self.faults.push(Diagnostic::new(code, span, message));
    }

    /// Takes over mistakes found inside a quoted value, with their places moved into the file.
    fn inside(&mut self, value: &Value<'_>, faults: Diagnostics) {
        let quoted = value.span().start + 1..value.span().end.saturating_sub(1);
        for mut fault in faults.0 {
            let end = (quoted.start + fault.span.end).min(quoted.end);
            fault.span = (quoted.start + fault.span.start).min(end)..end;
            self.faults.push(fault);
        }
    }
}

/// Returns what is wrong with the template of a log group's name.
pub fn wrong_template(template: &str) -> Option<String> {
    let rest = template.replace("{stage}", "");
    if rest.contains(['{', '}']) {
        return Some("a group may hold `{stage}` and no other place to fill in".to_owned());
    }
    if template.matches("{stage}").count() > 1 {
        return Some("`{stage}` may stand in a group once".to_owned());
    }
    match rest.chars().find(|c| !may_be_in_a_group(*c)) {
        Some(odd) => Some(format!("a log group's name cannot hold `{odd}`")),
        None if template.is_empty() => Some("a log group's name is missing".to_owned()),
        None => None,
    }
}

/// Returns whether a log group may have this name.
pub fn is_group_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(may_be_in_a_group)
}

fn may_be_in_a_group(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-/.#".contains(c)
}

fn syntax(error: &toml::de::Error, text: &str) -> Diagnostics {
    let span = error.span().unwrap_or(text.len()..text.len());
    let message = error.message().replace('\n', ", ");
    Diagnostic::new(codes::CONFIG_SYNTAX, span, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Diagnostics> {
        let mut config = Config::default();
        config.read(text, Path::new("logq.toml")).map(|()| config)
    }

    fn complaints(text: &str) -> String {
        read(text)
            .expect_err("wrong")
            .render("logq.toml", text, 1, false)
    }

    #[test]
    fn an_empty_file_is_valid() {
        assert!(read("").is_ok());
    }

    #[test]
    fn every_key_of_the_contract_is_read() {
        let config = read(
            r#"
            timezone = "Asia/Tokyo"
            ambiguous_width = 2
            [stages.production]
            region = "ap-northeast-1"
            table = "logq-production-state"
            [groups]
            webapp = "/apps/{stage}/web"
            [runs]
            settle = "10m"
            lost = "12h"
            name_field = "batch"
            app_roots = ["/app", "/srv"]
            [batches."同期"]
            owner = "booking team"
            runbook = "https://example.com/sync"
            "#,
        )
        .expect("valid");
        assert_eq!(
            config.timezone.as_ref().map(Zone::name).as_deref(),
            Some("Asia/Tokyo")
        );
        assert_eq!(config.ambiguous_width, 2);
        assert_eq!(
            config.stages["production"].region.as_deref(),
            Some("ap-northeast-1")
        );
        assert_eq!(
            config.stages["production"].table.as_deref(),
            Some("logq-production-state")
        );
        assert_eq!(
            config.origin("stages.production.table"),
            Origin::File("logq.toml".into(), 6)
        );
        assert_eq!(
            config.groups.group("webapp", "staging").as_deref(),
            Some("/apps/staging/web")
        );
        assert_eq!(
            config.groups.group("batch", "staging").as_deref(),
            Some("/ecs/staging-batch")
        );
        assert_eq!(config.runs.settle_ms, 600_000);
        assert_eq!(config.runs.lost_ms, 43_200_000);
        assert_eq!(config.runs.name_field.as_deref(), Some("batch"));
        assert_eq!(config.runs.app_roots, ["/app", "/srv"]);
        assert_eq!(
            config.batches["同期"].owner.as_deref(),
            Some("booking team")
        );
        assert_eq!(
            config.origin("runs.settle"),
            Origin::File("logq.toml".into(), 10)
        );
        assert_eq!(config.origin("groups.batch"), Origin::Default);
    }

    #[test]
    fn a_group_that_is_not_there_is_taken_out() {
        let config = read("[groups]\nworker = false\n").expect("valid");
        assert_eq!(config.groups.group("worker", "production"), None);
        assert!(!config.groups.names().any(|name| name == "worker"));
        assert!(read("[groups]\nworker = true\n").is_err());
    }

    #[test]
    fn all_mistakes_are_told_with_their_lines() {
        let text = "timezone = \"Asia/Tokio\"\n[runs]\nsetle = \"5m\"\nsettle = \"5M\"\napp_roots = \"/app\"\n";
        insta::assert_snapshot!(complaints(text), @r#"
        error: unknown time zone `Asia/Tokio`
         --> logq.toml:1:13
          |
        1 | timezone = "Asia/Tokio"
          |             ^^^^^^^^^^
        hint: did you mean `Asia/Tokyo` or `Asia/Tomsk`?
        error: unknown key `setle` in `[runs]`
         --> logq.toml:3:1
          |
        3 | setle = "5m"
          | ^^^^^
        hint: did you mean `settle`?
        error: `M` can be read as minutes or as months
         --> logq.toml:4:11
          |
        4 | settle = "5M"
          |           ^^
        hint: `5m` is 5 min; a month has no fixed length, write days: `150d`
        error: `app_roots` is not a list of texts
         --> logq.toml:5:13
          |
        5 | app_roots = "/app"
          |             ^^^^^^
        "#);
    }

    #[test]
    fn a_stage_has_a_region_and_a_table() {
        let text = "[stages.production]\ntabel = \"x\"\ntable = 1\n";
        insta::assert_snapshot!(complaints(text), @r#"
        error: unknown key `tabel` in `[stages.production]`
         --> logq.toml:2:1
          |
        2 | tabel = "x"
          | ^^^^^
        hint: did you mean `table`?
        error: `table` is not a text in quotes
         --> logq.toml:3:9
          |
        3 | table = 1
          |         ^
        "#);
    }

    #[test]
    fn alerts_have_a_language() {
        let config = read("[alerts]\nlanguage = \"ja\"\n").expect("valid");
        assert_eq!(config.alerts.language, crate::language::Language::Japanese);
        let text = "[alerts]\nlanguage = \"jp\"\nlang = \"ja\"\n";
        insta::assert_snapshot!(complaints(text), @r#"
        error: `language` cannot hold `jp`
         --> logq.toml:2:12
          |
        2 | language = "jp"
          |            ^^^^
        hint: known here: `en`, `ja`
        error: unknown key `lang` in `[alerts]`
         --> logq.toml:3:1
          |
        3 | lang = "ja"
          | ^^^^
        hint: known keys here: `language`
        "#);
    }

    #[test]
    fn broken_toml_is_pointed_at() {
        insta::assert_snapshot!(complaints("[runs\nsettle = 1\n"), @r#"
        error: unclosed table, expected `]`
         --> logq.toml:1:6
          |
        1 | [runs
          |      ^
        "#);
    }

    #[test]
    fn templates_hold_nothing_but_the_stage() {
        let text = "[groups]\nbatch = \"/ecs/{stag}-batch\"\n";
        insta::assert_snapshot!(complaints(text), @r#"
        error: a group may hold `{stage}` and no other place to fill in
         --> logq.toml:2:9
          |
        2 | batch = "/ecs/{stag}-batch"
          |         ^^^^^^^^^^^^^^^^^^^
        "#);
    }
}
