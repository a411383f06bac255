//! One run on one page: what it was and how it ended, in the order in which somebody on call asks.

use super::output::{counted, thousands};
use crate::alert::{Alert, Place, Standing, Status, Subject, links};
use crate::config::Config;
use crate::decode::level::Level;
use crate::detect::{Migration, Outcome, Run, StepState};
use crate::drive::Line;
use crate::language::Language;
use crate::record::Record;
use crate::render::escape::{self, Lines};
use crate::render::{Look, Paint, Pretty};
use crate::severity::Severity;
use crate::time::{Timestamp, duration};

/// The width of the names of facts.
const NAME_WIDTH: usize = 10;

/// Writes what is known of a run but its lines.
pub(super) fn write(run: &Run, config: &Config, look: &Look, out: &mut Vec<u8>) {
    let paint = Paint::new(look.color);
    let (headline, summary) = words(run, config);
    push(
        out,
        &[
            paint.bold,
            paint.of_word(run.outcome.as_str()),
            &escape::safe(&headline),
            paint.reset,
            "\n",
        ],
    );
    if !summary.is_empty() {
        push(out, &[&escape::safe(&summary), "\n"]);
    }
    push(out, &["\n"]);
    for (name, value) in facts(run, config, look) {
        write_fact(name, &value, paint, out);
    }
    if let Some(migration) = &run.migration {
        write_steps(migration, paint, out);
    }
    write_error(run, paint, out);
}

/// Writes what is known of a task that is no run.
pub(super) fn write_other(lines: &[&Line], config: &Config, look: &Look, out: &mut Vec<u8>) {
    let paint = Paint::new(look.color);
    let Some(first) = lines.first() else {
        return;
    };
    let stream = escape::safe(&first.origin.stream).into_owned();
    push(
        out,
        &[
            paint.bold,
            &stream,
            paint.reset,
            ": not a run of a batch, migration or one-off task\n\n",
        ],
    );
    write_fact("log", &first.origin.group, paint, out);
    if let Some(link) = link_of(first, config) {
        write_fact("link", &link, paint, out);
    }
}

/// Returns the address of the page that shows a task's lines, where the configuration has its region.
fn link_of(first: &Line, config: &Config) -> Option<String> {
    let (group, stream) = (&*first.origin.group, &*first.origin.stream);
    let stage = config.stages.get(config.locate(group)?.stage)?;
    let region = stage.region.as_deref()?;
    let from = first.timestamp.known();
    (!stream.is_empty()).then(|| links::of_stream(region, group, stream, from))
}

/// Writes the last lines, with errors marked; `cut_by` is the flag that brings the others.
pub(super) fn write_lines(
    run: Option<&Run>,
    total: usize,
    shown: &[&Line],
    cut_by: &str,
    look: &Look,
    out: &mut Vec<u8>,
) {
    let paint = Paint::new(look.color);
    let head = match (shown.len(), total) {
        (_, 0) => "no lines".to_owned(),
        (shown, total) if shown == total => "lines".to_owned(),
        (shown, total) => format!("last {shown} of {total} lines; {cut_by} 0 shows all"),
    };
    let zone = shown.first().map(|line| look.zone.name_at(line.timestamp));
    let zone = zone.map(|zone| format!(" ({zone})")).unwrap_or_default();
    push(out, &["\n", paint.bold, &head, paint.reset, &zone, "\n"]);
    let mut pretty = Pretty::new(&look.zone, look.color);
    for line in shown {
        let record = Record::new(line.event());
        let mark = if is_error(&record, run) {
            [paint.red, "> ", paint.reset]
        } else {
            ["  ", "", ""]
        };
        push(out, &mark);
        pretty.event(&record, out);
    }
}

/// An error is a record that says so, or the plain line that names the exception which ended the run.
fn is_error(record: &Record<'_>, run: Option<&Run>) -> bool {
    if let Some(level) = record.level() {
        return level >= Level::Error;
    }
    let Some((error, at)) = run.and_then(|run| run.error.as_ref().zip(run.error_at.as_ref()))
    else {
        return false;
    };
    let named = !error.kind.is_empty() && record.event.message.starts_with(error.kind.as_bytes());
    named && at.timestamp == record.event.timestamp
}

/// Returns the sentence that says it all and the few behind it: those an alert would have.
fn words(run: &Run, config: &Config) -> (String, String) {
    if run.outcome == Outcome::Running {
        return (running(run), String::new());
    }
    let at = run.timestamp();
    let standing = Standing {
        id: String::new(),
        status: Status::Firing,
        severity: Severity::Info,
        rule: String::new(),
        occurrences: 1,
        suppressed: 0,
        first_seen: at,
        last_seen: at,
        remarks: Vec::new(),
    };
    let runbook = config
        .batches
        .get(&run.name)
        .and_then(|batch| batch.runbook.as_deref());
    let place = Place {
        runbook,
        ..Place::default()
    };
    let alert = Alert::new(Subject::of_run(run), standing, place, Language::English);
    (alert.title, alert.summary)
}

fn running(run: &Run) -> String {
    match run.started {
        Some(started) => {
            let since = duration::human(run.last_seen.0.saturating_sub(started.0).max(0));
            format!(
                "{} is running; it wrote its last line {since} after its start",
                run.name
            )
        }
        None => format!("{} is running", run.name),
    }
}

/// Returns the facts there are, by name.
fn facts(run: &Run, config: &Config, look: &Look) -> Vec<(&'static str, String)> {
    let time = |at: Timestamp| format!("{} {}", look.zone.seconds(at), look.zone.name_at(at));
    let batch = config.batches.get(&run.name);
    let region = config.stages.get(&run.stage);
    let region = region.and_then(|stage| stage.region.as_deref());
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let cause = run
        .cause
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    let all = [
        ("outcome", Some(format!("{}{cause}", run.outcome))),
        ("told by", text(&run.evidence.join("; "))),
        ("note", run.note.as_ref().map(ToString::to_string)),
        ("exit code", run.exit_code.map(|code| code.to_string())),
        ("stopped", run.stop_reason.clone()),
        ("kind", Some(run.kind.to_string())),
        ("command", run.command.clone()),
        ("stage", text(&run.stage)),
        ("started", run.started.map(time)),
        ("ended", run.ended.map(time)),
        (
            "last line",
            run.last_seen
                .known()
                .filter(|_| run.ended.is_none())
                .map(time),
        ),
        (
            "took",
            run.duration()
                .map(|seconds| duration::human((seconds * 1000.0) as i64)),
        ),
        ("events", Some(counts(run))),
        ("task", run.task.clone()),
        ("log", text(&run.origin.group)),
        ("stream", text(&run.origin.stream)),
        ("owner", batch.and_then(|batch| batch.owner.clone())),
        ("runbook", batch.and_then(|batch| batch.runbook.clone())),
        ("link", run.link.clone()),
        ("insights", links::query_of_run(run, region)),
        ("ecs", links::of_task(run, region)),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn counts(run: &Run) -> String {
    let counts = &run.counts;
    format!(
        "{}, {}, {}",
        thousands(counts.events),
        counted(counts.errors, "error", "errors"),
        counted(counts.warnings, "warning", "warnings")
    )
}

fn write_steps(migration: &Migration, paint: Paint, out: &mut Vec<u8>) {
    if migration.steps.is_empty() {
        return;
    }
    let stopped = migration
        .stopped_where()
        .map(|text| format!(": {text}"))
        .unwrap_or_default();
    push(
        out,
        &[
            "\n",
            paint.bold,
            "migrations",
            paint.reset,
            &escape::safe(&stopped),
            "\n",
        ],
    );
    for step in &migration.steps {
        let (style, state) = match step.state {
            StepState::Failed => (paint.red, "failed"),
            StepState::Faked => ("", "faked"),
            StepState::Open => (paint.yellow, "open"),
            StepState::Done => (paint.green, "done"),
        };
        let took = step
            .seconds
            .map(|seconds| format!("  {}", duration::human((seconds * 1000.0) as i64)));
        let name = escape::safe(&step.name);
        push(
            out,
            &[
                "  ",
                style,
                &format!("{state:<NAME_WIDTH$}"),
                paint.reset,
                "  ",
                &name,
                &took.unwrap_or_default(),
                "\n",
            ],
        );
    }
}

fn write_error(run: &Run, paint: Paint, out: &mut Vec<u8>) {
    let Some(error) = &run.error else {
        return;
    };
    push(out, &["\n", paint.bold, "error", paint.reset, "\n"]);
    if error.traceback.is_empty() {
        let kind = if error.kind.is_empty() {
            String::new()
        } else {
            format!("{}: ", error.kind)
        };
        push(
            out,
            &[
                "  ",
                &escape::safe(&kind),
                &escape::safe(&error.message),
                "\n",
            ],
        );
    }
    write_traceback(&error.traceback, paint, out);
    for (name, value) in [("root cause", &error.cause), ("culprit", &error.culprit)] {
        if let Some(value) = value {
            write_fact(name, value, paint, out);
        }
    }
    let grouped = format!("{}  {}", error.grouped_by, error.fingerprint);
    write_fact("grouped by", &grouped, paint, out);
}

/// Writes a name, dimmed and padded, and its value.
fn write_fact(name: &str, value: &str, paint: Paint, out: &mut Vec<u8>) {
    let name = format!("{name:<NAME_WIDTH$}");
    push(
        out,
        &[
            "  ",
            paint.dim,
            &name,
            paint.reset,
            "  ",
            &escape::safe(value),
            "\n",
        ],
    );
}

/// Writes a traceback with the frames of libraries dimmed: the application's own are what is read.
fn write_traceback(traceback: &str, paint: Paint, out: &mut Vec<u8>) {
    let mut in_library = false;
    for line in traceback.lines() {
        if let Some(place) = line.trim_start().strip_prefix("File \"") {
            in_library = place.contains("/site-packages/") || place.contains("/lib/python");
        } else if !line.starts_with(' ') {
            in_library = false;
        }
        let (start, end) = if in_library {
            (paint.dim, paint.reset)
        } else {
            ("", "")
        };
        push(out, &["  ", start]);
        escape::write_safe(line, Lines::Shown, out);
        push(out, &[end, "\n"]);
    }
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}
