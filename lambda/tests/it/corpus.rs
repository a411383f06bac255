//! The recorded streams and samples of the project's `tests/data`, made new: moved to a time that a test picks.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::payload::Stream;

pub(crate) const TASKS_GROUP: &str = "/aws/events/production-ecs-tasks";

/// What the manifest says about a stream.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Recording {
    pub(crate) file: String,
    #[serde(rename = "logGroup")]
    group: String,
    #[serde(rename = "logStream")]
    pub(crate) stream: String,
    pub(crate) kind: String,
    pub(crate) command: String,
    pub(crate) exit_code: i64,
    pub(crate) outcome: String,
    pub(crate) evident: String,
    started: i64,
    ended: i64,
    #[serde(default, skip_deserializing)]
    moved: i64,
}

#[derive(Deserialize)]
struct Line {
    timestamp: i64,
    message: String,
}

/// Returns the folder of the project's test data.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data")
}

/// Reads the lines of a file at `\n` only: messages hold other separators.
fn lines<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    let text = std::fs::read_to_string(data().join(file)).expect("the data is there");
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// Returns the sample files of a folder with what is expected of each: name, bytes, expectation.
pub(crate) fn samples(folder: &str) -> Vec<(String, Vec<u8>, Value)> {
    let expected: Vec<Value> = lines(&format!("{folder}/expected.jsonl"));
    let sample = |expected: Value| {
        let name = expected["file"]
            .as_str()
            .expect("each line names a file")
            .to_owned();
        let bytes = std::fs::read(data().join(folder).join(&name)).expect("the file is there");
        (name, bytes, expected)
    };
    expected.into_iter().map(sample).collect()
}

/// Returns the manifest's recordings.
pub(crate) fn recordings() -> Vec<Recording> {
    lines("corpus/manifest.jsonl")
}

/// Returns one recording by its file's name.
pub(crate) fn recording(file: &str) -> Recording {
    let found = recordings()
        .into_iter()
        .find(|recording| recording.file == file);
    found.unwrap_or_else(|| panic!("no recording {file}"))
}

impl Recording {
    /// Returns the recording as if it had ended at that time.
    pub(crate) fn ending(mut self, at: i64) -> Self {
        let moved = (at - self.ended).div_euclid(1000) * 1000;
        self.started += moved;
        self.ended += moved;
        self.moved += moved;
        self
    }

    /// Tells management commands and migrations from services.
    pub(crate) fn is_run(&self) -> bool {
        matches!(self.kind.as_str(), "batch" | "migrate")
    }

    /// Returns the lines; times inside of messages stay as they were recorded.
    pub(crate) fn lines(&self) -> Stream {
        let lines: Vec<Line> = lines(&format!("corpus/{}", self.file));
        let lines = lines.into_iter();
        let moved = lines.map(|line| (line.timestamp + self.moved, line.message));
        Stream::new(&self.group, &self.stream, moved)
    }

    /// Returns how often the run is to be told when its exit code is known: failed runs and migrations, once.
    ///
    /// Runs that only logged errors are a warning for each batch, not for each run, and are counted elsewhere.
    pub(crate) fn alerts(&self) -> usize {
        usize::from(self.outcome == "failed" || self.migrates())
    }

    /// Tells migrations from management commands that only look at them.
    pub(crate) fn migrates(&self) -> bool {
        let looks = ["--plan", "--check"];
        self.command.contains("manage.py migrate")
            && !looks.iter().any(|option| self.command.contains(option))
    }

    /// Returns the task's id.
    pub(crate) fn task(&self) -> &str {
        self.stream.rsplit('/').next().unwrap_or_default()
    }

    fn container(&self) -> &str {
        self.stream.rsplit('/').nth(1).unwrap_or_default()
    }

    /// Splits the command line, whose only quoted word is the script of a shell.
    fn words(&self) -> Vec<&str> {
        let (plain, script) = self.command.split_once(" '").unwrap_or((&self.command, ""));
        let mut words: Vec<&str> = plain.split(' ').collect();
        if !script.is_empty() {
            words.push(script.trim_end_matches('\''));
        }
        words
    }

    /// Returns the event that ECS sends through EventBridge when the task has stopped.
    pub(crate) fn stopped(&self) -> Value {
        let text = include_str!("../../../tests/data/ecs-events/scheduled-exit1.json");
        let mut event: Value = serde_json::from_str(text).expect("the sample is JSON");
        let arn = format!(
            "arn:aws:ecs:ap-northeast-1:111122223333:task/production/{}",
            self.task()
        );
        let stopped = rfc3339(self.ended + 25_000);
        event["id"] = format!("{}-stopped", self.task()).into();
        event["time"] = stopped.clone().into();
        event["region"] = "ap-northeast-1".into();
        event["resources"] = json!([arn]);
        let detail = &mut event["detail"];
        detail["taskArn"] = arn.into();
        detail["clusterArn"] = "arn:aws:ecs:ap-northeast-1:111122223333:cluster/production".into();
        detail["group"] = "family:batch".into();
        for (name, at) in [
            ("createdAt", self.started - 40_000),
            ("pullStartedAt", self.started - 20_000),
            ("pullStoppedAt", self.started - 5_000),
            ("startedAt", self.started),
            ("executionStoppedAt", self.ended),
            ("stoppingAt", self.ended),
        ] {
            detail[name] = rfc3339(at).into();
        }
        detail["stoppedAt"] = stopped.clone().into();
        detail["updatedAt"] = stopped.into();
        detail["containers"] = json!([{
            "name": self.container(), "lastStatus": "STOPPED", "exitCode": self.exit_code,
        }]);
        detail["overrides"] = json!({
            "containerOverrides": [{"name": self.container(), "command": self.words()}],
        });
        event
    }

    /// Returns the stop as the rule writes it to the log group of task events.
    pub(crate) fn stopped_in_log(&self) -> Stream {
        let name = format!("{}-stopped", self.task());
        Stream::new(
            TASKS_GROUP,
            &name,
            [(self.ended + 26_000, self.stopped().to_string())],
        )
    }
}

fn rfc3339(millis: i64) -> String {
    logq::time::Timestamp(millis).to_string()
}
