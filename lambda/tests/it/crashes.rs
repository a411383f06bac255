//! The process is killed at each call that it makes, before the service did it and after; then the delivery comes again.
//!
//! Only where a sink has taken an alert and the mark is not written yet can it be told twice: no sink can be asked.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::bed::Bed;
use crate::corpus::Recording;
use crate::function::{Function, Outcome};
use crate::proxy::{Call, Fault};
use crate::scenario::{FAILING, Scenario, settle};
use crate::slack::Mood;
use crate::told::{Counts, Told};

/// Long enough for all that happens before the kill.
const TIME: Duration = Duration::from_secs(30);

struct Stack {
    bed: Bed,
    function: Function,
    scenario: Scenario,
}

impl Stack {
    async fn new() -> Self {
        let bed = Bed::new().await;
        let scenario = Scenario::of(&[FAILING]).written_to(&bed).await;
        let function = bed.function().await;
        Self {
            bed,
            function,
            scenario,
        }
    }

    fn run(&self) -> &Recording {
        &self.scenario.runs[0]
    }

    /// Kills the function, delivers all once more, as Lambda does after the crash, and lets time pass.
    async fn crash(&mut self) -> Crash {
        self.function.kill().await;
        let asked = Counts {
            sns: self.bed.aws.proxy().calls("sns", "Publish").len(),
            slack: self.bed.slack.received().len(),
        };
        self.bed.aws.proxy().mend_all();
        for payload in self.scenario.plainly() {
            self.function.deliver(&payload).await;
        }
        settle(&mut self.function, &self.bed, &self.scenario.runs).await;
        Crash {
            asked,
            told: Told::by(&self.bed).await.about(self.run()),
        }
    }
}

/// Returns the calls that a function makes when nothing fails.
async fn calls() -> Vec<Call> {
    let mut stack = Stack::new().await;
    for payload in stack.scenario.plainly() {
        stack.function.deliver_well(&payload).await;
    }
    let told = Told::by(&stack.bed).await;
    told.check(&stack.scenario.runs);
    stack.bed.aws.proxy().all_calls()
}

/// What was asked of the sinks before the kill, and what they told in the end.
#[derive(Debug)]
struct Crash {
    asked: Counts,
    told: Counts,
}

impl Crash {
    /// Says whether a failure is lost, or told twice although the sink had not been asked before the crash.
    fn wrong(&self, at: &str) -> Option<String> {
        let fine = |asked: usize, told: usize| (1..=1 + asked.min(1)).contains(&told);
        let is_fine =
            fine(self.asked.sns, self.told.sns) && fine(self.asked.slack, self.told.slack);
        (!is_fine).then(|| format!("{at}: {self:?}"))
    }

    fn doubled(&self) -> bool {
        self.told.sns > 1 || self.told.slack > 1
    }
}

/// Kills the function at a call, delivers again, and returns how often each sink told of the run.
async fn killed_at_call(number: usize, fault: Fault) -> Crash {
    let mut stack = Stack::new().await;
    stack.bed.aws.proxy().fail_nth(number, fault);
    for payload in stack.scenario.plainly() {
        let running = stack.function.begin(&payload, TIME);
        tokio::select! {
            () = stack.bed.aws.proxy().met(fault) => break,
            outcome = stack.function.finish(running) => assert!(outcome.is_response(), "{outcome:?}"),
        }
    }
    stack.crash().await
}

/// Kills the function while Slack has its message in hand.
async fn killed_at_slack(mood: Mood) -> Crash {
    let mut stack = Stack::new().await;
    stack.bed.slack.script([mood]);
    for payload in stack.scenario.plainly() {
        let running = stack.function.begin(&payload, TIME);
        tokio::select! {
            () = stack.bed.slack.reached(1) => break,
            outcome = stack.function.finish(running) => assert!(outcome.is_response(), "{outcome:?}"),
        }
    }
    stack.crash().await
}

/// Most of the time passes in waiting for what a dead environment has claimed: all crashes wait together.
#[tokio::test]
async fn whenever_it_is_killed_nothing_is_lost_and_little_is_told_twice() {
    let (before, after, steps, slack) = tokio::join!(
        every_call(Fault::Hangs),
        every_call(Fault::HangsAfterwards),
        every_step(),
        slack_in_hand(),
    );
    let wrong = [before, after, steps, slack].concat();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Kills the function before or after a service did what it was asked, for every call.
async fn every_call(fault: Fault) -> Vec<String> {
    let mut crashes = JoinSet::new();
    for (number, call) in calls().await.into_iter().enumerate() {
        let at = format!(
            "{fault:?} at call {number}, {} {}",
            call.service, call.action
        );
        crashes.spawn(async move { (at, killed_at_call(number, fault).await) });
    }
    let (mut wrong, mut doubled) = (Vec::new(), Vec::new());
    while let Some(crash) = crashes.join_next().await {
        let (at, crash) = crash.expect("no crash panics");
        wrong.extend(crash.wrong(&at));
        if crash.doubled() {
            doubled.push(at);
        }
    }
    // Only between a sink's answer and the mark: once for each sink.
    if doubled.len() > 2 {
        wrong.push(format!("told twice: {doubled:?}"));
    }
    wrong
}

/// Has the function die between the steps of sending.
async fn every_step() -> Vec<String> {
    let mut wrong = Vec::new();
    let mut crashes = JoinSet::new();
    for (point, most) in [("written", 1), ("claimed", 1), ("sent", 2)] {
        crashes.spawn(async move { (point, most, died_at(point).await.told) });
    }
    while let Some(crash) = crashes.join_next().await {
        let (point, most, told) = crash.expect("no crash panics");
        if !(1..=most).contains(&told.sns) || !(1..=most).contains(&told.slack) {
            wrong.push(format!("{point}: {told:?}"));
        }
    }
    wrong
}

async fn died_at(point: &str) -> Crash {
    let mut stack = Stack::new().await;
    stack.function.set("LOGQ_CRASH_AT", point);
    let payloads = stack.scenario.plainly();
    let mut outcomes = Vec::new();
    for payload in &payloads {
        outcomes.push(stack.function.invoke(payload).await);
    }
    assert!(outcomes.contains(&Outcome::Exited), "{point}: {outcomes:?}");
    stack.function.unset("LOGQ_CRASH_AT");
    stack.crash().await
}

async fn slack_in_hand() -> Vec<String> {
    let (before, after) = tokio::join!(
        killed_at_slack(Mood::Hangs),
        killed_at_slack(Mood::HangsAfterwards)
    );
    let mut wrong = Vec::new();
    for (mood, crash) in [("Hangs", before), ("HangsAfterwards", after)] {
        wrong.extend(crash.wrong(mood));
        // What the topic has taken is marked before Slack is asked.
        if crash.told.sns != 1 {
            wrong.push(format!("the topic at {mood}: {crash:?}"));
        }
    }
    wrong
}
