//! A day of realistic logs that ends now: recorded streams of real programs, moved in time.
//!
//! `plan` says what runs when, `recording` holds what the programs printed, `retime` moves the times inside their
//! lines along, and `task` makes the ECS events of each run. The result is text; whoever asks writes it to files.

mod plan;
mod recording;
mod retime;
mod task;
#[cfg(test)]
mod tests;

use serde_json::json;

use crate::time::Timestamp;

/// One file of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it belongs below the folder, with `/` between the parts.
    pub path: String,
    /// One envelope a line, in the order of time.
    pub text: String,
}

/// One event of the day.
struct Line {
    timestamp: i64,
    message: String,
}

/// Returns the files of the day before `now`, in the order of their paths.
pub fn day(now: Timestamp) -> Vec<File> {
    // The times inside lines have no zone of their own, so only whole seconds can be moved without a trace.
    let now = now.as_millis() / 1000 * 1000;
    let mut files = Vec::new();
    let mut states = [Vec::new(), Vec::new()];
    for (index, run) in plan::RUNS.iter().enumerate() {
        let task = task::Task::new(run, index, now);
        if !task.lines.is_empty() {
            files.push(file(run.stage, "batch", &task.stream(), &task.lines));
        }
        let at = usize::from(run.stage == plan::STAGING);
        states[at].extend(task.states());
    }
    for service in plan::SERVICES {
        let lines = service_lines(service, now);
        files.push(file(plan::PRODUCTION, service.name, service.stream, &lines));
    }
    for (stage, mut lines) in [plan::PRODUCTION, plan::STAGING].into_iter().zip(states) {
        lines.sort_by_key(|line| line.timestamp);
        files.push(tasks_file(stage, &lines));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn service_lines(service: &plan::Service, now: i64) -> Vec<Line> {
    let mut lines = Vec::new();
    for clip in service.clips {
        let recorded = recording::lines(clip.recording);
        let wanted = &recorded[clip.lines.clone()];
        for &minutes in clip.minutes_ago {
            // Beats on the minute look made up.
            let odd = (minutes * 7919) % 53 * 1000;
            lines.extend(retime::placed(wanted, now - minutes * 60_000 - odd, 1));
        }
    }
    lines.sort_by_key(|line| line.timestamp);
    lines
}

fn file(stage: &str, service: &str, stream: &str, lines: &[Line]) -> File {
    let group = format!("/ecs/{stage}-{service}");
    let name = stream.rsplit('/').next().unwrap_or(stream);
    envelopes(
        format!("{stage}-{service}/{name}.jsonl"),
        &group,
        stream,
        lines,
    )
}

fn tasks_file(stage: &str, lines: &[Line]) -> File {
    let group = format!("/aws/events/{stage}-ecs-tasks");
    envelopes(
        format!("{stage}-ecs-tasks/state-changes.jsonl"),
        &group,
        "state-changes",
        lines,
    )
}

fn envelopes(path: String, group: &str, stream: &str, lines: &[Line]) -> File {
    let mut text = String::new();
    for line in lines {
        let envelope = json!({
            "timestamp": line.timestamp,
            "message": line.message,
            "logGroup": group,
            "logStream": stream,
        });
        text.push_str(&envelope.to_string());
        text.push('\n');
    }
    File { path, text }
}
