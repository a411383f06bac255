//! The file: what is known, and as comments what else can be said.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::guess::{self, TASKS};

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The zone of local times, when it has a name.
    pub(super) timezone: Option<String>,
    pub(super) stages: Vec<Stage>,
    /// The templates by logical name; `None`: there is no such group.
    pub(super) groups: BTreeMap<String, Option<String>>,
    /// Where the groups were found, such as `us-east-1`; `None` when nobody was asked.
    pub(super) found_in: Option<String>,
}

/// A stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) region: Option<String>,
}

impl Plan {
    /// Returns the log groups that the file would have read, with the region of each.
    pub(super) fn log_groups(&self) -> Vec<(Option<&str>, String)> {
        let mut groups = Vec::new();
        for stage in &self.stages {
            let region = stage.region.as_deref();
            let templates = self.groups.values().flatten();
            groups.extend(
                templates.map(|template| (region, template.replace("{stage}", &stage.name))),
            );
        }
        groups
    }

    /// Returns the file's text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        text.push_str(
            "# Where the logs of this application are, and how they are read.\n\
             # `logq doctor` says whether it is right; `logq help environment` lists all settings.\n\n\
             # The zone that times print in, and that times without a zone are read in.\n",
        );
        match &self.timezone {
            Some(zone) => line(&mut text, "timezone", zone),
            None => text.push_str("# timezone = \"Asia/Tokyo\"\n"),
        }
        for stage in &self.stages {
            stage_table(stage, &mut text);
        }
        self.group_table(&mut text);
        let stage = self
            .stages
            .first()
            .map_or("production", |stage| &stage.name);
        text.push_str(&REST.replace("STAGE", stage));
        text
    }

    fn group_table(&self, text: &mut String) {
        text.push_str("\n# The log groups; `{stage}` stands for the stage's name.");
        match &self.found_in {
            Some(place) => {
                let _ = writeln!(text, " These were found in {place}.");
            }
            None => text.push_str(" Nobody was asked whether they are there.\n"),
        }
        text.push_str("[groups]\n");
        for (name, template) in &self.groups {
            if name == TASKS {
                text.push_str(
                    "# The \"ECS Task State Change\" events, which an EventBridge rule writes; they have the exit codes.\n",
                );
            }
            match template {
                Some(template) => line(text, &key(name), template),
                None => {
                    let _ = writeln!(text, "{} = false    # there is none", key(name));
                }
            }
        }
    }
}

/// What can be said beside what is known.
const REST: &str = "
# [runs]
# settle = \"5m\"            # quiet for so long is over, when no ECS event tells
# name_field = \"batch\"     # the field of a record that names the batch
# app_roots = [\"/app\"]     # frames below are the application's

# [batches.\"sync-reservations\"]
# owner = \"booking team\"
# runbook = \"https://wiki.example.com/sync\"

# [cloudwatch]
# call_timeout = \"30s\"
# cache_size = \"2 GB\"

# Queries of your own: a file queries/NAME.toml beside this one is the command `logq NAME`. One to begin with:
#   mkdir -p queries && logq queries show errors > queries/my-errors.toml
# Then:
#   logq batch-failures -s STAGE --since 1d
";

fn stage_table(stage: &Stage, text: &mut String) {
    let _ = writeln!(text, "\n[stages.{}]", key(&stage.name));
    match &stage.region {
        Some(region) => line(text, "region", region),
        None => {
            text.push_str("# region = \"ap-northeast-1\"    # else AWS_REGION, or the profile's\n");
        }
    }
    let _ = writeln!(
        text,
        "# table = \"logq-{}-state\"    # for `logq silence`: the stack's output `TableName`",
        stage.name
    );
}

fn line(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key} = {}", toml::Value::from(value));
}

/// Spells a key: bare where it may be.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        toml::Value::from(name).to_string()
    }
}

/// Returns the templates that go without saying.
pub(super) fn usual_groups() -> BTreeMap<String, Option<String>> {
    let defaults = crate::config::GroupNames::default();
    let groups = defaults.iter();
    groups
        .map(|(name, template)| (name.to_owned(), Some(template.to_owned())))
        .collect()
}

/// Returns what was found, with those that logq knows and that are not there.
pub(super) fn found_groups(found: &BTreeMap<String, String>) -> BTreeMap<String, Option<String>> {
    let known = guess::roles().chain([TASKS]);
    let mut groups: BTreeMap<String, Option<String>> =
        known.map(|name| (name.to_owned(), None)).collect();
    for (name, template) in found {
        groups.insert(name.clone(), Some(template.clone()));
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn read(plan: &Plan) -> Config {
        let text = plan.text();
        let mut config = Config::default();
        let read = config.read(&text, Path::new("logq.toml"));
        read.unwrap_or_else(|faults| panic!("{}", faults.render("logq.toml", &text, 1, false)));
        config
    }

    #[test]
    fn the_file_says_what_the_plan_says() {
        let stage = |name: &str, region: Option<&str>| Stage {
            name: name.to_owned(),
            region: region.map(str::to_owned),
        };
        let mut groups = usual_groups();
        groups.insert("worker".to_owned(), None);
        groups.insert(
            "admin.web".to_owned(),
            Some("/ecs/{stage}-admin.web".to_owned()),
        );
        let config = read(&Plan {
            timezone: Some("Asia/Tokyo".to_owned()),
            stages: vec![
                stage("production", Some("ap-northeast-1")),
                stage("pre.prod", None),
            ],
            groups,
            found_in: Some("ap-northeast-1".to_owned()),
        });
        let names: Vec<&str> = config.stage_names().collect();
        assert_eq!(names, ["pre.prod", "production"]);
        let region = config.stages["production"].region.as_deref();
        assert_eq!(region, Some("ap-northeast-1"));
        let names: Vec<&str> = config.groups.names().collect();
        assert_eq!(names, ["admin.web", "batch", "tasks", "webapp"]);
        assert_eq!(
            config.timezone.map(|zone| zone.name()).as_deref(),
            Some("Asia/Tokyo")
        );
    }

    #[test]
    fn everything_that_is_commented_out_can_be_taken_in() {
        let plan = Plan {
            stages: vec![Stage::default()],
            ..Plan::default()
        };
        let mut taken_in = String::new();
        for line in plan
            .text()
            .lines()
            .filter(|line| !line.starts_with("[stages"))
        {
            let inner = line.strip_prefix("# ").unwrap_or(line);
            let is_setting = inner.starts_with('[')
                || inner.split_once(" = ").is_some_and(|(key, _)| {
                    key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                });
            if is_setting && !inner.starts_with("region") && !inner.starts_with("table") {
                taken_in.push_str(inner);
                taken_in.push('\n');
            }
        }
        let mut config = Config::default();
        let read = config.read(&taken_in, Path::new("logq.toml"));
        assert!(read.is_ok(), "{taken_in}\n{read:?}");
        assert_eq!(config.runs.name_field.as_deref(), Some("batch"));
        assert_eq!(config.batches.len(), 1);
    }
}
