//! Log groups that are followed, and the words for what happens on the way.

use std::sync::Arc;
use std::time::Duration;

use super::super::Failure;
use super::super::aws::Logs;
use super::super::context::Context;
use super::super::output::Notices;
use super::super::reader::service_problem;
use super::Ending;
use crate::cloudwatch::tail::{Notice, Report, Tail};

/// Finds the log groups, and begins to follow them.
pub(super) fn open(context: &Context, pattern: &str, polls: bool) -> Result<Tail, Failure> {
    let notices = context.notices;
    let mut said = Said::default();
    let tell = move |notice: &Notice| said.tell(notices, notice);
    Logs::tail(context, pattern, polls, Box::new(tell))
}

/// Ends following.
pub(super) fn finish(context: &Context, tail: Tail) -> Ending {
    let Report {
        calls,
        sessions,
        sampled,
        problems,
        is_cut,
        ..
    } = tail.into_report();
    if is_cut {
        context
            .notices
            .problem("time was up before all of the history was read");
    }
    context.notices.detail(
        2,
        &format!("{calls} calls, {sessions} sessions of live tail"),
    );
    Ending {
        is_incomplete: problems > 0 || is_cut,
        sampled,
    }
}

/// What was said already, so that it is said once.
#[derive(Debug, Default)]
struct Said {
    sampled: bool,
    polling: Vec<String>,
    classes: Vec<Arc<str>>,
    problems: Vec<String>,
}

impl Said {
    fn tell(&mut self, notices: Notices, notice: &Notice) {
        match notice {
            Notice::Polling { error, every } => {
                let text = error.to_string();
                if !self.polling.contains(&text) {
                    notices.warn(&format!(
                        "there is no live tail, so new events are asked for every {}: {text}{}",
                        seconds(*every),
                        because(&error.reason)
                    ));
                    self.polling.push(text);
                }
            }
            Notice::NoLiveTail(group) => {
                if !self.classes.contains(group) {
                    notices.warn(&format!(
                        "log group `{group}` is of a class that has no live tail, and is polled"
                    ));
                    self.classes.push(Arc::clone(group));
                }
            }
            Notice::Sampled => {
                if !std::mem::replace(&mut self.sampled, true) {
                    notices.warn(
                        "more than 500 events a second match, and live tail shows a sample of them: narrow the pattern, \
                         or read all with --poll",
                    );
                }
            }
            Notice::Reopening(reason) => {
                notices.decision(&format!("the next session of live tail begins: {reason}"));
            }
            Notice::Trouble(error) => {
                let text = service_problem(error);
                notices.warn(&format!("trying again: {text}"));
            }
            Notice::Absent(error) => {
                let text = error.to_string();
                if !self.problems.contains(&text) {
                    notices.remark(&text);
                    self.problems.push(text);
                }
            }
            Notice::Problem(error) => {
                let text = service_problem(error);
                if !self.problems.contains(&text) {
                    notices.problem(&text);
                    self.problems.push(text);
                }
            }
        }
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        return String::new();
    }
    format!(" ({reason})")
}

fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64().ceil())
}
