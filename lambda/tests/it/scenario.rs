//! Runs to deliver: recordings at a time of the test's own, the streams they wrote, and the events of their tasks.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bed::{Bed, now};
use crate::corpus::{Recording, recording};
use crate::function::Function;
use crate::payload::{Cut, Random, Stream};
use crate::told::Told;

/// Streams of many kinds: crashes, refusals, kills, half a record, bait, silence, migrations.
pub(crate) const MIXED: [&str; 14] = [
    "batch/close-day-chain-v4.jsonl",
    "batch/sync-commanderror-v1.jsonl",
    "batch/content-taskgroup-v2.jsonl",
    "batch/backfill-partial-v1.jsonl",
    "batch/push-thread-v1.jsonl",
    "batch/sh-retry-v4.jsonl",
    "batch/reconcile-bait-v2.jsonl",
    "batch/backfill-sigkill-v1.jsonl",
    "batch/checkin-unicode-v1.jsonl",
    "batch/close-day-success-v3.jsonl",
    "migrate/masked-failure-v2.jsonl",
    "migrate/retry-loop-v3.jsonl",
    "migrate/noisy-stdout-glued-v1.jsonl",
    "migrate/killed-during-sigterm-v1.jsonl",
];

/// One run that fails with a plain traceback.
pub(crate) const FAILING: &str = "batch/close-day-chain-v4.jsonl";

pub(crate) const TICK: &[u8] = br#"{"logq":"tick"}"#;

/// Some runs that ended a little while ago.
pub(crate) struct Scenario {
    pub(crate) runs: Vec<Recording>,
}

impl Scenario {
    /// Takes recordings by their files' names; they ended one after the other, the last a minute ago.
    pub(crate) fn of(files: &[&str]) -> Self {
        Self::new(files.iter().map(|file| recording(file)).collect())
    }

    pub(crate) fn new(runs: Vec<Recording>) -> Self {
        Self::ending(runs, now() - 60_000)
    }

    /// Places runs in time, a second apart, the last one ending then.
    pub(crate) fn ending(runs: Vec<Recording>, at: i64) -> Self {
        let count = runs.len() as i64;
        let place =
            |(index, run): (usize, Recording)| run.ending(at - (count - index as i64) * 1000);
        Self {
            runs: runs.into_iter().enumerate().map(place).collect(),
        }
    }

    /// Writes what a function may read again.
    pub(crate) async fn written_to(self, bed: &Bed) -> Self {
        let streams: Vec<Stream> = self.runs.iter().map(Recording::lines).collect();
        bed.aws.put_streams(&streams).await;
        self
    }

    /// Returns what is delivered: lines in pieces, and each stop both through the log group and straight.
    pub(crate) fn deliveries(&self, cut: Cut) -> Vec<Vec<u8>> {
        let lines: Vec<Stream> = self.runs.iter().map(Recording::lines).collect();
        let stops: Vec<Stream> = self.runs.iter().map(Recording::stopped_in_log).collect();
        let mut payloads = cut.deliveries(&lines);
        payloads.extend(cut.deliveries(&stops));
        for run in &self.runs {
            let event = run.stopped().to_string().into_bytes();
            payloads.extend(std::iter::repeat_n(event, cut.times));
        }
        if cut.shuffled {
            Random::new(cut.seed ^ 1).shuffle(&mut payloads);
        }
        payloads
    }

    /// Returns what is delivered when the stops come last: pieces of lines in any order, then the stops in any order.
    pub(crate) fn lines_first(&self, cut: Cut) -> Vec<Vec<u8>> {
        let lines: Vec<Stream> = self.runs.iter().map(Recording::lines).collect();
        let stops: Vec<Stream> = self.runs.iter().map(Recording::stopped_in_log).collect();
        let mut payloads = cut.deliveries(&lines);
        payloads.extend(cut.deliveries(&stops));
        payloads
    }

    /// Returns the fewest deliveries that tell all: each stream whole, then the stop of its task.
    pub(crate) fn plainly(&self) -> Vec<Vec<u8>> {
        let whole = |run: &Recording| {
            let lines = run.lines();
            let lines = (!lines.events.is_empty()).then(|| lines.payload());
            lines.into_iter().chain([run.stopped_in_log().payload()])
        };
        self.runs.iter().flat_map(whole).collect()
    }
}

/// How long a claim of an environment that died can last, and then some.
const LONGEST_CLAIM: Duration = Duration::from_secs(80);

/// Lets time pass until all is told that should be, as the schedule does, then once more for what should not.
pub(crate) async fn settle(function: &mut Function, bed: &Bed, runs: &[Recording]) -> Told {
    let until = Instant::now() + LONGEST_CLAIM;
    let mut pause = Duration::from_millis(200);
    loop {
        function.invoke(TICK).await;
        let told = Told::by(bed).await;
        if told.all_told(runs) || Instant::now() > until {
            break;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(3));
    }
    function.deliver_well(TICK).await;
    Told::by(bed).await
}

/// Returns records of one service, as its log driver writes them.
pub(crate) fn records(service: &str, stream: &str, records: &[(i64, Value)]) -> Stream {
    let lines = records.iter().map(|(at, record)| (*at, record.to_string()));
    Stream::new(&format!("/ecs/production-{service}"), stream, lines)
}

/// Returns a record of an error that was raised in a function of that name.
pub(crate) fn raised(kind: &str, culprit: &str, message: &str) -> Value {
    let traceback = format!(
        "Traceback (most recent call last):\n  File \"/app/booking/views.py\", line 88, in {culprit}\n    raise {kind}(text)\n{kind}: {message}"
    );
    json!({"levelname": "ERROR", "name": "booking.views", "message": "request failed", "exc_info": traceback})
}
