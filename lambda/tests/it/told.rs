//! Who was told what: alerts counted at the far end, in the queue behind the topic and in Slack's channel.

use std::fmt::Write as _;

use crate::aws::Published;
use crate::bed::Bed;
use crate::corpus::Recording;
use crate::slack::Message;

/// What arrived.
pub(crate) struct Told {
    pub(crate) sns: Vec<Published>,
    pub(crate) slack: Vec<Message>,
}

impl Told {
    /// Looks at what a stack has told up to now; threads are no alerts of their own.
    pub(crate) async fn by(bed: &Bed) -> Self {
        Self {
            sns: bed.aws.published().await,
            slack: bed.slack.posts(),
        }
    }

    /// Counts alerts that name a task, by sink: neither that it works again, nor that it logged errors on the way.
    ///
    /// A run that failed may have been told as a piece of news before its lines were known; that does not count.
    pub(crate) fn about(&self, run: &Recording) -> Counts {
        let failed = run.outcome == "failed";
        let sns = self.sns.iter().filter(|one| {
            one.attribute("status") != "resolved"
                && one.attribute("rule") != "batch-errors"
                && !(failed && one.attribute("severity") == "info")
                && one.message.contains(run.task())
        });
        let slack = self.slack.iter().filter(|one| {
            let text = one.first["text"].as_str().unwrap_or_default();
            let errors = text.contains("but logged") && !run.migrates();
            let beside = text.starts_with("Resolved") || errors;
            let beside = beside || (failed && text.starts_with("Info"));
            !beside && one.said_first(run.task())
        });
        Counts {
            sns: sns.count(),
            slack: slack.count(),
        }
    }

    /// Counts alerts of a rule that are no resolutions.
    pub(crate) fn of_rule(&self, rule: &str) -> Vec<&Published> {
        let sns = self.sns.iter();
        sns.filter(|one| one.attribute("rule") == rule && one.attribute("status") != "resolved")
            .collect()
    }

    /// Returns whether no run is told less often than it should be.
    pub(crate) fn all_told(&self, runs: &[Recording]) -> bool {
        runs.iter().all(|run| {
            let counts = self.about(run);
            counts.sns.min(counts.slack) >= run.alerts()
        })
    }

    /// Returns what is wrong when each of these runs should be told as often as its manifest says.
    pub(crate) fn wrong(&self, runs: &[Recording]) -> String {
        let mut wrong = String::new();
        for run in runs {
            let (counts, expected) = (self.about(run), Counts::each(run.alerts()));
            if counts != expected {
                let _ = writeln!(wrong, "{}: {counts:?} not {expected:?}", run.file);
            }
        }
        wrong
    }

    /// Fails when a run is not told exactly once by each sink, or when one that went well is told.
    pub(crate) fn check(&self, runs: &[Recording]) {
        let wrong = self.wrong(runs);
        assert!(wrong.is_empty(), "\n{wrong}\n{}", self.summary());
    }

    /// Returns all that was told, for a person who looks at a test that failed.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for one in &self.sns {
            let subject = one.subject.as_deref().unwrap_or_default();
            let _ = writeln!(text, "sns   {} {subject}", one.attribute("rule"));
        }
        for one in &self.slack {
            let _ = writeln!(text, "slack {}", one.text());
        }
        text
    }
}

/// How often each sink told of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sns: usize,
    pub(crate) slack: usize,
}

impl Counts {
    pub(crate) fn each(times: usize) -> Self {
        Self {
            sns: times,
            slack: times,
        }
    }
}
