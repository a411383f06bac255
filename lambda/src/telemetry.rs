//! What the function says of itself: one line of JSON for each invocation, with the counters in CloudWatch's
//! Embedded Metric Format, and a line for each problem.
//!
//! Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
//! Dimensions are few words that do not vary with the input: each set of values is a metric that costs money.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use logq::detect::Outcome;
use logq::time::Timestamp;
use logq::watch::Lines;
use serde_json::{Map, Value, json};

use crate::deliver::{Delivered, DeliveryError};

/// What one invocation did.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Log events that were delivered.
    pub events: u64,
    /// Of these, lines that begin as a JSON record.
    pub records: u64,
    /// Records that do not end, events without a time or text, ECS events that cannot be read.
    pub parse_failures: u64,
    /// Messages that only test whether the function can be reached.
    pub control: u64,
    /// ECS events.
    pub task_events: u64,
    /// Alerts that were written down.
    pub alerts: u64,
    /// Sightings that made no alert.
    pub suppressed: u64,
    /// Sightings that had been counted before.
    pub repeated: u64,
    /// Alerts that some sink does not have yet.
    pub undelivered: u64,
    /// What was due and could not be looked at.
    pub put_off: u64,
    /// Messages that a sink will never take.
    pub refused: u64,
    /// Streams that could not be read.
    pub stream_errors: u64,
    /// Whether the store could not be used.
    pub store_errors: u64,
    /// Whether this was a tick.
    pub heartbeat: bool,
    /// Whether work was left for want of time.
    pub partial: bool,
    /// Whether the input turned out to be none.
    pub not_taken: bool,
    poison: BTreeMap<&'static str, u64>,
    runs: BTreeMap<&'static str, i64>,
    sinks: BTreeMap<(String, &'static str), u64>,
    delay: Option<i64>,
}

impl Counts {
    pub(crate) fn poison(&mut self, reason: &'static str) {
        *self.poison.entry(reason).or_default() += 1;
    }

    /// Counts a run by how it ended. One that was counted otherwise before is taken from there, so that the sum over
    /// all outcomes is the number of runs.
    pub(crate) fn run(&mut self, outcome: Outcome, before: Option<Outcome>) {
        if before == Some(outcome) {
            return;
        }
        *self.runs.entry(outcome.as_str()).or_default() += 1;
        if let Some(before) = before {
            *self.runs.entry(before.as_str()).or_default() -= 1;
        }
    }

    /// Adds what a pass over the same input has sent that could write nothing down. What it has counted beside is
    /// counted by the try that writes it down.
    pub(crate) fn add_sent(&mut self, other: Self) {
        self.refused += other.refused;
        self.stream_errors += other.stream_errors;
        self.partial |= other.partial;
        self.heartbeat |= other.heartbeat;
        for (sink, number) in other.sinks {
            *self.sinks.entry(sink).or_default() += number;
        }
    }

    /// Counts the lines of a delivery that begin as records, and those that do not end as such.
    pub(crate) fn lines(&mut self, lines: Lines) {
        self.records += lines.records;
        self.parse_failures += lines.cut;
    }

    /// Notes how late the last event of a delivery came.
    pub(crate) fn delay(&mut self, last: Option<Timestamp>, now: Timestamp) {
        self.delay = last.map(|last| (now.as_millis() - last.as_millis()).max(0));
    }

    pub(crate) fn delivery(&mut self, sink: &str, answer: &Result<Delivered, DeliveryError>) {
        let result = match answer {
            Ok(_) => "sent",
            Err(DeliveryError::Later { .. }) => "failed",
            Err(DeliveryError::Refused { .. }) => "refused",
        };
        self.refused += u64::from(result == "refused");
        *self.sinks.entry((sink.to_owned(), result)).or_default() += 1;
    }

    /// Returns what became of the messages to each sink, such as `{"slack": {"sent": 2}}`.
    pub(crate) fn deliveries(&self) -> Value {
        let mut sinks = json!({});
        for ((sink, result), number) in &self.sinks {
            sinks[sink][*result] = (*number).into();
        }
        sinks
    }

    /// Returns how many runs there were, by how they ended.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> Value {
        json!(self.runs)
    }

    pub(crate) fn storm(&mut self, sink: &str, answer: &Result<Delivered, DeliveryError>) {
        let result = if answer.is_ok() { "storm" } else { "failed" };
        *self.sinks.entry((sink.to_owned(), result)).or_default() += 1;
    }
}

/// The function's own log: JSON lines on standard output, or kept for a test.
#[derive(Clone, Debug, Default)]
pub struct Log {
    stage: String,
    namespace: String,
    kept: Option<Arc<Mutex<Vec<String>>>>,
}

/// What is said of an invocation beside its counts.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    /// The request's id.
    pub request: &'a str,
    /// What it was called with.
    pub input: &'a str,
    /// How it ended.
    pub result: &'a str,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// When it ended.
    pub now: Timestamp,
}

impl Log {
    /// Writes to standard output, with metrics of a namespace and stage.
    pub fn stdout(namespace: impl Into<String>, stage: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            stage: stage.into(),
            kept: None,
        }
    }

    /// Keeps the lines.
    pub fn kept() -> (Self, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Self {
            namespace: "logq".to_owned(),
            stage: "test".to_owned(),
            kept: Some(lines.clone()),
        };
        (log, lines)
    }

    /// Says that something did not work, and what goes on without it.
    pub(crate) fn problem(&self, what: &str, said: &str) {
        self.line(
            &json!({"level": "WARNING", "message": said, "about": what, "stage": self.stage}),
        );
    }

    /// Says that the table is down, and that alerts are sent without it.
    pub(crate) fn store_down(&self, said: &str) {
        self.line(
            &json!({"level": "ERROR", "message": said, "about": "store", "stage": self.stage}),
        );
    }

    /// Says why an input was not taken.
    pub(crate) fn refused(&self, reason: &str, words: &str, head: &str) {
        self.line(&json!({
            "level": "ERROR",
            "message": format!("input refused: {words}"),
            "reason": reason,
            "head": head,
            "stage": self.stage,
        }));
    }

    /// Says that a saved query is not watched for.
    pub fn bad_rule(&self, name: &str, said: &str) {
        self.line(&json!({
            "level": "ERROR",
            "message": format!("the saved query `{name}` is not watched for: {said}"),
            "stage": self.stage,
        }));
    }

    /// Says what an invocation did, in one line that is its metrics too.
    pub fn invocation(&self, invocation: &Invocation<'_>, counts: &Counts) {
        let metrics = metrics(counts, invocation.took_ms);
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            self.directives(counts, &metrics, invocation.now),
        );
        line.insert("level".to_owned(), "INFO".into());
        line.insert("message".to_owned(), invocation.result.into());
        line.insert("input".to_owned(), invocation.input.into());
        line.insert("request".to_owned(), invocation.request.into());
        line.insert("stage".to_owned(), self.stage.as_str().into());
        line.insert("partial".to_owned(), counts.partial.into());
        line.extend(
            metrics
                .into_iter()
                .map(|(name, value, _)| (name.to_owned(), value)),
        );
        self.line(&Value::Object(line));
        self.by_word(("reason", "Poison"), &counts.poison, invocation.now);
        self.by_word(("outcome", "Runs"), &counts.runs, invocation.now);
        for ((sink, result), number) in &counts.sinks {
            let words = [("sink", sink.as_str()), ("result", result)];
            self.one("Deliveries", &(*number).into(), &words, invocation.now);
        }
    }

    fn directives(
        &self,
        counts: &Counts,
        metrics: &[(&'static str, Value, &'static str)],
        now: Timestamp,
    ) -> Value {
        let listed = metrics
            .iter()
            .filter(|(name, ..)| counts.heartbeat || *name != "Heartbeat");
        let metrics: Vec<Value> = listed
            .map(|(name, _, unit)| json!({"Name": name, "Unit": unit}))
            .collect();
        directive(&self.namespace, &["stage"], &metrics, now)
    }

    fn by_word<N: Copy + Into<Value>>(
        &self,
        (dimension, metric): (&str, &str),
        counts: &BTreeMap<&'static str, N>,
        now: Timestamp,
    ) {
        for (word, number) in counts {
            self.one(metric, &(*number).into(), &[(dimension, word)], now);
        }
    }

    fn one(&self, metric: &str, number: &Value, words: &[(&str, &str)], now: Timestamp) {
        let mut dimensions = vec!["stage"];
        dimensions.extend(words.iter().map(|(name, _)| *name));
        let metrics = [json!({"Name": metric, "Unit": "Count"})];
        let mut line = json!({
            "_aws": directive(&self.namespace, &dimensions, &metrics, now),
            "stage": self.stage,
            metric: number,
        });
        for (name, word) in words {
            line[*name] = (*word).into();
        }
        self.line(&line);
    }

    #[expect(
        clippy::print_stdout,
        reason = "the function's log is its standard output"
    )]
    fn line(&self, line: &Value) {
        match &self.kept {
            Some(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push(line.to_string());
            }
            None => println!("{line}"),
        }
    }
}

fn directive(namespace: &str, dimensions: &[&str], metrics: &[Value], now: Timestamp) -> Value {
    json!({
        "Timestamp": now.as_millis(),
        "CloudWatchMetrics": [{
            "Namespace": namespace,
            "Dimensions": [dimensions],
            "Metrics": metrics,
        }],
    })
}

fn metrics(counts: &Counts, took_ms: f64) -> Vec<(&'static str, Value, &'static str)> {
    let count = |name, number: u64| (name, Value::from(number), "Count");
    let mut metrics = vec![
        count("Events", counts.events),
        count("Records", counts.records),
        count("ParseFailures", counts.parse_failures),
        count("ControlMessages", counts.control),
        count("TaskEvents", counts.task_events),
        count("Alerts", counts.alerts),
        count("Suppressed", counts.suppressed),
        count("Repeated", counts.repeated),
        count("Undelivered", counts.undelivered),
        count("PutOff", counts.put_off),
        count("Refused", counts.refused),
        count("StreamErrors", counts.stream_errors),
        count("StoreErrors", counts.store_errors),
        count("Partial", u64::from(counts.partial)),
        ("Took", took_ms.into(), "Milliseconds"),
    ];
    if counts.heartbeat {
        metrics.push(count("Heartbeat", 1));
    }
    if let Some(delay) = counts.delay {
        metrics.push(("DeliveryDelay", delay.into(), "Milliseconds"));
    }
    metrics
}
