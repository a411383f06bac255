//! One run: its lines at their new time, and the task state changes that ECS would have sent.

use std::fmt::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::plan::{End, Run};
use super::{Line, recording, retime};
use crate::time::Timestamp;

const REGION: &str = "ap-northeast-1";
const ACCOUNT: &str = "111122223333";
/// How long a task takes from its creation to its first process, and from its last line to its end.
const STARTING: i64 = 38_000;
const BOOTING: i64 = 2_600;
const STOPPING: i64 = 1_400;
const STOPPED: i64 = 24_000;

/// A run of the plan at its place in time.
pub(super) struct Task<'a> {
    run: &'a Run,
    id: String,
    created: i64,
    pub(super) lines: Vec<Line>,
}

impl<'a> Task<'a> {
    /// Places the run of that index in the day before `now`.
    pub(super) fn new(run: &'a Run, index: usize, now: i64) -> Self {
        let created = now - run.minutes_ago * 60_000;
        let start = created + STARTING + BOOTING;
        let lines = run
            .recording
            .map(|name| retime::placed(&recording::lines(name), start, run.stretch));
        Self {
            run,
            id: task_id(run.command, index, now),
            created,
            lines: lines.unwrap_or_default(),
        }
    }

    /// Returns the name that the awslogs driver gives the stream.
    pub(super) fn stream(&self) -> String {
        format!("ecs/batch/{}", self.id)
    }

    /// Returns the state changes that were sent up to now: one when it runs, one when it stopped.
    pub(super) fn states(&self) -> Vec<Line> {
        let mut states = Vec::new();
        if !matches!(self.run.end, End::NeverStarted(_)) {
            states.push(self.state(self.created + STARTING, 3, "RUNNING"));
        }
        if !matches!(self.run.end, End::Running) {
            states.push(self.state(self.stopping() + STOPPED, 6, "STOPPED"));
        }
        states
    }

    /// Returns when the main process ended.
    fn stopping(&self) -> i64 {
        let started = self.created + STARTING + BOOTING;
        self.lines.last().map_or(started, |line| line.timestamp) + STOPPING
    }

    fn state(&self, at: i64, version: u32, status: &str) -> Line {
        let event = json!({
            "version": "0",
            "id": self.event_id(version),
            "detail-type": "ECS Task State Change",
            "source": "aws.ecs",
            "account": ACCOUNT,
            "time": whole_seconds(at),
            "region": REGION,
            "resources": [self.arn()],
            "detail": self.detail(at, version, status),
        });
        Line {
            timestamp: at,
            message: event.to_string(),
        }
    }

    fn detail(&self, at: i64, version: u32, status: &str) -> Value {
        let family = format!("shop-{}-batch", self.run.stage);
        let words: Vec<&str> = match self.run.command.strip_prefix("sh -c ") {
            Some(script) => vec!["sh", "-c", script],
            None => self.run.command.split(' ').collect(),
        };
        let mut detail = json!({
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop-{}", self.run.stage),
            "taskArn": self.arn(),
            "taskDefinitionArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:41"),
            "group": format!("family:{family}"),
            "startedBy": self.run.started_by,
            "launchType": "FARGATE",
            "createdAt": Timestamp(self.created).to_string(),
            "desiredStatus": status,
            "lastStatus": status,
            "version": version,
            "updatedAt": Timestamp(at).to_string(),
            "overrides": { "containerOverrides": [{ "name": "batch", "command": words }] },
            "containers": [self.container(status)],
        });
        let never_started = matches!(self.run.end, End::NeverStarted(_));
        if !never_started {
            detail["startedAt"] = Timestamp(self.created + STARTING).to_string().into();
        }
        if status == "STOPPED" {
            self.add_stop(&mut detail, at);
        }
        detail
    }

    fn add_stop(&self, detail: &mut Value, at: i64) {
        let (code, reason) = match self.run.end {
            End::NeverStarted(reason) => ("TaskFailedToStart", reason),
            _ => (
                "EssentialContainerExited",
                "Essential container in task exited",
            ),
        };
        detail["stopCode"] = code.into();
        detail["stoppedReason"] = reason.into();
        detail["stoppingAt"] = Timestamp(self.stopping()).to_string().into();
        detail["stoppedAt"] = Timestamp(at).to_string().into();
        if code != "TaskFailedToStart" {
            detail["executionStoppedAt"] = Timestamp(self.stopping()).to_string().into();
        }
    }

    fn container(&self, status: &str) -> Value {
        let mut container = json!({
            "containerArn": format!("{}/main", self.arn().replace(":task/", ":container/")),
            "name": "batch",
            "lastStatus": status,
            "image": "registry.example.com/shop:4f2c1d9",
            "taskArn": self.arn(),
        });
        if status == "STOPPED" {
            match self.run.end {
                End::Exit(code) => container["exitCode"] = code.into(),
                End::OutOfMemory => {
                    container["exitCode"] = 137.into();
                    container["reason"] =
                        "OutOfMemoryError: Container killed due to memory usage".into();
                }
                End::NeverStarted(_) | End::Running => {}
            }
        }
        container
    }

    fn arn(&self) -> String {
        format!(
            "arn:aws:ecs:{REGION}:{ACCOUNT}:task/shop-{}/{}",
            self.run.stage, self.id
        )
    }

    fn event_id(&self, version: u32) -> String {
        let hex = hex(&[self.id.as_bytes(), &version.to_be_bytes()]);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..32]
        )
    }
}

/// Returns the id of a task: other days have other ids.
fn task_id(command: &str, index: usize, now: i64) -> String {
    hex(&[
        command.as_bytes(),
        &(index as u64).to_be_bytes(),
        &now.to_be_bytes(),
    ])
}

fn hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let mut hex = String::with_capacity(32);
    for byte in &hash.finalize()[..16] {
        write!(hex, "{byte:02x}").expect("a string takes all text");
    }
    hex
}

fn whole_seconds(at: i64) -> String {
    let text = Timestamp(at / 1000 * 1000).to_string();
    text.replace(".000Z", "Z")
}
