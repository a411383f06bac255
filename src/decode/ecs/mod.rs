//! Reads EventBridge's "ECS Task State Change" events: who ran, who started it, and how it ended.
//!
//! The detail is nearly what `DescribeTasks` answers, and grows new members now and then, so nothing here is
//! required but the task's ARN: what is missing or has an unexpected type is absent. Environments are not read, as
//! their values may be secrets, so a [`TaskEvent`] can be kept where the event itself should not be. What an ending means for a
//! run is not decided here but in `detect::outcome`; this module only sorts the words Amazon uses ([`Stop`]).

mod stop;

#[cfg(test)]
mod tests;

pub use stop::{NeverStarted, Stop};

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::decode::json::{Json, Kind};
use crate::time::Timestamp;

/// The `detail-type` of the events this module reads.
pub const DETAIL_TYPE: &str = "ECS Task State Change";

/// One state change of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskEvent {
    /// Grows with each change of the task; a repeat of an event has the same number.
    pub version: u64,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, … `STOPPED`; only the last is final.
    pub last_status: String,
    /// What the task is on its way to.
    pub desired_status: String,
    /// The task id: the last part of its ARN, and of its log streams' names.
    pub task: String,
    /// The task's ARN.
    pub task_arn: String,
    /// The cluster's name.
    pub cluster: String,
    /// The region the task runs in.
    pub region: String,
    /// The account the task runs in.
    pub account: String,
    /// The task definition's family.
    pub family: String,
    /// The task definition's revision.
    pub revision: Option<u64>,
    /// `service:NAME` or `family:NAME`.
    pub group: String,
    /// What keeps or started the task.
    pub kind: TaskKind,
    /// Who asked for it.
    pub started_by: StartedBy,
    /// `stopCode` as written; empty while the task runs.
    pub stop_code: String,
    /// `stoppedReason` as written; empty while the task runs.
    pub stopped_reason: String,
    /// When the task was asked for.
    pub created: Option<Timestamp>,
    /// When its containers had started.
    pub started: Option<Timestamp>,
    /// When its last container had ended.
    pub execution_stopped: Option<Timestamp>,
    /// When the stop began.
    pub stopping: Option<Timestamp>,
    /// When the task was gone.
    pub stopped: Option<Timestamp>,
    /// When the event was sent.
    pub time: Option<Timestamp>,
    /// The containers in the order listed; may be empty.
    pub containers: Vec<Container>,
    /// The overrides the task was started with.
    pub overrides: Vec<ContainerOverride>,
}

/// One container of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its name in the task definition: the last part but one of its log stream's name.
    pub name: String,
    /// Its own last status.
    pub last_status: String,
    /// Absent while it runs, when it never ran, and at times when it was killed. Absent is not 0.
    pub exit_code: Option<i64>,
    /// Why it ended, when ECS has something to say.
    pub reason: String,
}

/// What a caller of `RunTask` changed about one container.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerOverride {
    /// The container's name.
    pub name: String,
    /// The command in place of the task definition's; `None` when it was left alone.
    pub command: Option<Vec<String>>,
}

/// What keeps or started a task.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum TaskKind {
    /// An ECS service keeps it running.
    Service,
    /// A rule or schedule started it.
    Scheduled,
    /// Somebody called `RunTask`.
    #[default]
    OneOff,
}

/// Who asked for a task; ECS cuts the text at 36 characters, so a long name may be only its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StartedBy {
    /// Nothing is said.
    #[default]
    Unknown,
    /// A deployment of a service.
    Service(String),
    /// An `EventBridge` rule.
    Rule(String),
    /// An `EventBridge` Scheduler schedule.
    Schedule(String),
    /// Any other text a caller gave.
    Other(String),
}

impl TaskEvent {
    /// Returns whether a message could be a task state change, by a search of its bytes.
    pub fn is_one(message: &[u8]) -> bool {
        message.trim_ascii_start().starts_with(b"{")
            && memmem::find(message, DETAIL_TYPE.as_bytes()).is_some()
    }

    /// Reads an event's message; `None` when it is not a task state change.
    pub fn parse(message: &[u8]) -> Option<Self> {
        // Most messages are not such events: the search rules them out before any of their JSON is read.
        if !Self::is_one(message) {
            return None;
        }
        let envelope = Json::parse(message).ok()?;
        if text(envelope, "detail-type") != DETAIL_TYPE {
            return None;
        }
        Self::from_detail(envelope, envelope.get("detail")?)
    }

    fn from_detail(envelope: Json<'_>, detail: Json<'_>) -> Option<Self> {
        let task_arn = text(detail, "taskArn");
        let task = last_part(&task_arn).to_owned();
        if task.is_empty() {
            return None;
        }
        let (family, revision) = definition(&text(detail, "taskDefinitionArn"));
        let started_by = StartedBy::parse(&text(detail, "startedBy"));
        let group = text(detail, "group");
        Some(Self {
            version: detail.get("version").and_then(natural).unwrap_or(0),
            last_status: text(detail, "lastStatus"),
            desired_status: text(detail, "desiredStatus"),
            cluster: last_part(&text(detail, "clusterArn")).to_owned(),
            region: first_of([text(envelope, "region"), arn_part(&task_arn, 3)]),
            account: first_of([text(envelope, "account"), arn_part(&task_arn, 4)]),
            kind: TaskKind::of(&group, &started_by),
            stop_code: text(detail, "stopCode"),
            stopped_reason: text(detail, "stoppedReason"),
            created: instant(detail, "createdAt"),
            started: instant(detail, "startedAt"),
            execution_stopped: instant(detail, "executionStoppedAt"),
            stopping: instant(detail, "stoppingAt"),
            stopped: instant(detail, "stoppedAt"),
            time: instant(envelope, "time"),
            containers: list(detail.get("containers"), Container::read),
            overrides: list(
                detail
                    .get("overrides")
                    .and_then(|all| all.get("containerOverrides")),
                ContainerOverride::read,
            ),
            task,
            task_arn,
            family,
            revision,
            started_by,
            group,
        })
    }

    /// Returns whether the task has ended for good; exit codes may show before that and still change.
    pub fn is_final(&self) -> bool {
        self.last_status == "STOPPED"
    }

    /// Returns the container whose exit code is the task's.
    ///
    /// The event does not say which containers are essential, and those that are not are stopped with 143 or 137
    /// when the main one ends. So: the one named by the caller, else the one with a command of its own, else the
    /// only one, else the first that does not look like a helper Amazon or a vendor put beside it.
    pub fn main_container(&self, named: Option<&str>) -> Option<&Container> {
        let find = |name: &str| self.containers.iter().find(|one| one.name == name);
        named
            .and_then(find)
            .or_else(|| self.commanded().and_then(|one| find(&one.name)))
            .or_else(|| self.containers.iter().find(|one| !one.is_helper()))
            .or_else(|| self.containers.first())
    }

    /// Returns the command that was given in place of the task definition's.
    pub fn command(&self) -> Option<&[String]> {
        self.commanded()?.command.as_deref()
    }

    /// Returns the service that keeps the task running.
    pub fn service(&self) -> Option<&str> {
        self.group.strip_prefix("service:")
    }

    fn commanded(&self) -> Option<&ContainerOverride> {
        let given = |one: &&ContainerOverride| one.command.as_ref().is_some_and(|c| !c.is_empty());
        self.overrides.iter().find(given)
    }
}

impl Container {
    fn read(json: Json<'_>) -> Self {
        Self {
            name: text(json, "name"),
            last_status: text(json, "lastStatus"),
            exit_code: json.get("exitCode").and_then(Json::as_i64),
            reason: text(json, "reason"),
        }
    }

    /// Returns whether the name is one of a collector, proxy or agent that runs beside the real work.
    fn is_helper(&self) -> bool {
        const HELPERS: [&str; 12] = [
            "otel",
            "collector",
            "xray",
            "x-ray",
            "datadog",
            "envoy",
            "proxy",
            "fluent",
            "log_router",
            "log-router",
            "cloudwatch",
            "guardduty",
        ];
        let name = self.name.to_ascii_lowercase();
        HELPERS.iter().any(|helper| name.contains(helper))
    }
}

impl ContainerOverride {
    fn read(json: Json<'_>) -> Self {
        let command = json.get("command").filter(|c| c.kind() == Kind::Array);
        Self {
            name: text(json, "name"),
            command: command.map(|words| {
                let words = words.items().filter_map(Json::as_str);
                words.map(std::borrow::Cow::into_owned).collect()
            }),
        }
    }
}

impl TaskKind {
    fn of(group: &str, started_by: &StartedBy) -> Self {
        match started_by {
            StartedBy::Service(_) => Self::Service,
            _ if group.starts_with("service:") => Self::Service,
            StartedBy::Rule(_) | StartedBy::Schedule(_) => Self::Scheduled,
            StartedBy::Other(_) | StartedBy::Unknown => Self::OneOff,
        }
    }

    /// Returns the kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Scheduled => "scheduled",
            Self::OneOff => "one_off",
        }
    }
}

impl StartedBy {
    fn parse(text: &str) -> Self {
        let rest = |prefix| text.strip_prefix(prefix).map(str::to_owned);
        if text.is_empty() {
            Self::Unknown
        } else if let Some(id) = rest("ecs-svc/") {
            Self::Service(id)
        } else if let Some(rule) = rest("events-rule/") {
            Self::Rule(rule)
        } else if let Some(schedule) = rest("chronos-schedule/") {
            Self::Schedule(schedule)
        } else {
            Self::Other(text.to_owned())
        }
    }
}

fn text(json: Json<'_>, name: &str) -> String {
    let value = json.get(name).and_then(Json::as_str);
    value.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn natural(json: Json<'_>) -> Option<u64> {
    json.number_text()?.parse().ok()
}

/// Reads an ISO time, or seconds since 1970 as the AWS command line prints them.
fn instant(json: Json<'_>, name: &str) -> Option<Timestamp> {
    let value = json.get(name)?;
    if let Some(seconds) = value.as_f64() {
        let millis = (seconds * 1000.0).round();
        return (millis.abs() < 9e15).then_some(Timestamp(millis as i64));
    }
    let instant: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(Timestamp(instant.as_millisecond()))
}

fn list<T>(json: Option<Json<'_>>, read: impl Fn(Json<'_>) -> T) -> Vec<T> {
    json.map(|array| array.items().map(read).collect())
        .unwrap_or_default()
}

fn first_of(texts: [String; 2]) -> String {
    let [first, second] = texts;
    if first.is_empty() { second } else { first }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

fn arn_part(arn: &str, index: usize) -> String {
    arn.split(':').nth(index).unwrap_or_default().to_owned()
}

/// Splits `…:task-definition/family:7` into family and revision.
fn definition(arn: &str) -> (String, Option<u64>) {
    let name = last_part(arn);
    match name.rsplit_once(':') {
        Some((family, revision)) => (family.to_owned(), revision.parse().ok()),
        None => (name.to_owned(), None),
    }
}
