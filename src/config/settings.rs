//! Every setting with its value and where that was read: for whoever asks why the program does what it does.

use super::{Config, Origin};
use crate::time::duration;

/// A setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, dotted, as in `runs.settle`.
    pub key: String,
    /// Its value, for people.
    pub value: String,
    /// Where the value was read.
    pub origin: Origin,
}

impl Config {
    /// Returns the settings in force, in the order in which `logq help environment` has them.
    ///
    /// A setting that has neither a value nor a default is left out.
    pub fn settings(&self) -> Vec<Setting> {
        let mut list = List {
            config: self,
            settings: Vec::new(),
        };
        list.general();
        list.stages();
        list.groups();
        list.runs();
        list.batches();
        list.cloudwatch();
        list.alerting();
        list.others();
        list.settings
    }
}

struct List<'a> {
    config: &'a Config,
    settings: Vec<Setting>,
}

impl List<'_> {
    fn add(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let key = key.into();
        self.settings.push(Setting {
            origin: self.config.origin(&key),
            key,
            value: value.into(),
        });
    }

    fn general(&mut self) {
        if let Some(zone) = &self.config.timezone {
            self.add("timezone", zone.name());
        }
        let width = self.config.ambiguous_width;
        self.add("ambiguous_width", width.to_string());
    }

    fn stages(&mut self) {
        for (name, stage) in &self.config.stages {
            let values = [("region", &stage.region), ("table", &stage.table)];
            self.named("stages", name, &values);
        }
    }

    fn groups(&mut self) {
        for (name, template) in self.config.groups.iter() {
            self.add(format!("groups.{name}"), template);
        }
        let is_left = |key: &str| {
            let name = key.strip_prefix("groups.");
            name.is_some_and(|name| self.config.groups.names().all(|known| known != name))
        };
        let origins = self.config.origins().map(|(key, _)| key);
        let left: Vec<String> = origins
            .filter(|key| is_left(key))
            .map(str::to_owned)
            .collect();
        for key in left {
            self.add(key, "none");
        }
    }

    fn runs(&mut self) {
        let runs = &self.config.runs;
        self.add("runs.settle", duration::human(runs.settle_ms));
        self.add("runs.lost", duration::human(runs.lost_ms));
        if let Some(field) = &runs.name_field {
            self.add("runs.name_field", field);
        }
        self.add("runs.app_roots", runs.app_roots.join(", "));
    }

    fn batches(&mut self) {
        for (name, batch) in &self.config.batches {
            let values = [("owner", &batch.owner), ("runbook", &batch.runbook)];
            self.named("batches", name, &values);
        }
    }

    fn cloudwatch(&mut self) {
        let read = &self.config.cloudwatch;
        let length = |length: std::time::Duration| duration::human(length.as_millis() as i64);
        self.add("cloudwatch.call_timeout", length(read.call_timeout));
        self.add("cloudwatch.ingestion_delay", length(read.ingestion_delay));
        let gigabytes = read.cache_size as f64 / 1e9;
        self.add("cloudwatch.cache_size", format!("{gigabytes:.1} GB"));
        for (operation, quota) in &read.quotas {
            let key = format!("cloudwatch.quotas.{operation}");
            self.add(key, format!("{quota} a second"));
        }
    }

    fn alerting(&mut self) {
        let routes = self.config.routes.len();
        self.add("route", format!("{routes} in the list"));
        self.add("alerts.language", self.config.alerts.language.name());
        self.add("redact.enabled", self.config.redact.enabled.to_string());
        let patterns = self.config.redact.patterns.len();
        self.add("redact.patterns", format!("{patterns} in the list"));
    }

    /// Adds what a file has and nothing above knows how to word.
    fn others(&mut self) {
        let known = |key: &str| self.settings.iter().any(|setting| setting.key == key);
        let origins = self.config.origins();
        let others: Vec<Setting> = origins
            .filter(|(key, _)| !known(key))
            .map(|(key, origin)| Setting {
                key: key.to_owned(),
                value: "set".to_owned(),
                origin: origin.clone(),
            })
            .collect();
        self.settings.extend(others);
    }

    /// Adds those values of a table with a name that are set.
    fn named(&mut self, table: &str, name: &str, values: &[(&str, &Option<String>)]) {
        for (key, value) in values {
            if let Some(value) = value {
                self.add(format!("{table}.{name}.{key}"), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_value_comes_with_its_file_and_line_or_is_the_default() {
        let mut config = Config::default();
        let text = "timezone = \"Asia/Tokyo\"\n[stages.production]\nregion = \"ap-northeast-1\"\n\
                    [runs]\nsettle = \"2m\"\n[cloudwatch.quotas]\nFilterLogEvents = 2.5\n";
        config.read(text, Path::new("logq.toml")).expect("valid");
        let settings = config.settings();
        let find = |key: &str| {
            let setting = settings.iter().find(|setting| setting.key == key);
            let setting = setting.expect("it has a value");
            (setting.value.as_str(), setting.origin.clone())
        };
        let line = |line| Origin::File("logq.toml".into(), line);
        assert_eq!(find("timezone"), ("Asia/Tokyo", line(1)));
        assert_eq!(
            find("stages.production.region"),
            ("ap-northeast-1", line(3))
        );
        assert_eq!(find("runs.settle"), ("2 min", line(5)));
        assert_eq!(find("runs.lost"), ("6 h", Origin::Default));
        assert_eq!(
            find("cloudwatch.quotas.FilterLogEvents"),
            ("2.5 a second", line(7))
        );
    }

    #[test]
    fn nothing_that_a_file_can_say_is_left_without_words() {
        let mut config = Config::default();
        let text = "timezone = \"UTC\"\nambiguous_width = 2\n[stages.production]\nregion = \"r\"\ntable = \"t\"\n\
                    [groups]\nbatch = \"/batch\"\nworker = false\n[runs]\nsettle = \"1m\"\nlost = \"1h\"\nname_field = \"n\"\n\
                    app_roots = [\"/app\"]\n[batches.sync]\nowner = \"o\"\nrunbook = \"r\"\n[[route]]\nsinks = []\n\
                    [redact]\nenabled = true\npatterns = ['a']\n[alerts]\nlanguage = \"ja\"\n[cloudwatch]\n\
                    call_timeout = \"1s\"\ningestion_delay = \"1m\"\ncache_size = \"5 MB\"\n\
                    quotas = { GetLogEvents = 3 }\n";
        config.read(text, Path::new("logq.toml")).expect("valid");
        let settings = config.settings();
        assert!(settings.iter().all(|setting| setting.value != "set"));
        for (key, _) in config.origins() {
            assert!(settings.iter().any(|setting| setting.key == key), "{key}");
        }
    }
}
