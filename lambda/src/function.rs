//! The function: one pipeline for as long as the environment lives, one line of log for each invocation.

use std::time::Duration;

use logq::config::{self, Config, Places};
use logq::saved::{Catalog, builtin};
use logq::state::{Dynamo, Memory};
use logq::time::Timestamp;
use logq::watch::Rules;

use crate::deadline::Deadline;
use crate::input::Input;
use crate::pipeline::{Failure, Pipeline, Sent};
use crate::settings::Settings;
use crate::streams::Streams;
use crate::telemetry::{Counts, Invocation, Log};

/// How many bytes a payload may unpack to: a megabyte of log text rarely unpacks to more than twenty.
const LARGEST_DOCUMENT: usize = 64 << 20;

/// How long a call takes at most when nothing sensible says so.
const USUAL_TIME: Duration = Duration::from_secs(30);

/// Where documents are kept.
#[derive(Debug)]
pub enum Table {
    /// In this process, since no table is configured.
    Memory(Memory),
    /// In DynamoDB; the memory beside it is for when that is down.
    Dynamo(Dynamo, Memory),
}

/// A pipeline and its store.
pub struct Function<R> {
    pipeline: Pipeline<R>,
    table: Table,
}

/// One call of the function.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The request's id.
    pub request: &'a str,
    /// The input as Lambda hands it over.
    pub payload: &'a [u8],
    /// When Lambda ends the call.
    pub deadline: Deadline,
    /// The time it is.
    pub now: Timestamp,
}

impl<R: Streams> Function<R> {
    /// Puts a pipeline on a store.
    pub fn new(pipeline: Pipeline<R>, table: Table) -> Self {
        Self { pipeline, table }
    }

    /// Handles one call, and says in the log what came of it.
    pub async fn call(&mut self, call: Call<'_>) -> Result<serde_json::Value, Failure> {
        let begun = std::time::Instant::now();
        self.pipeline.counts = Counts::default();
        let input = Input::read(call.payload, LARGEST_DOCUMENT);
        let ended = self.handle(&input, call).await;
        let took_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let said = match &ended {
            Ok(_) if self.pipeline.counts.partial => "partial".to_owned(),
            Ok(_) => "done".to_owned(),
            Err(failure) => failure.to_string(),
        };
        let invocation = Invocation {
            request: call.request,
            input: self.name(&input),
            result: &said,
            took_ms: (took_ms * 1000.0).round() / 1000.0,
            now: call.now,
        };
        self.pipeline
            .log
            .invocation(&invocation, &self.pipeline.counts);
        let sent = ended?;
        let counts = &self.pipeline.counts;
        Ok(serde_json::json!({
            "result": said,
            "input": self.name(&input),
            "events": counts.events,
            "alerts": counts.alerts,
            "sent": sent.done,
            "left": sent.left,
            "sinks": counts.deliveries(),
        }))
    }

    fn name(&self, input: &Input<'_>) -> &'static str {
        match input {
            Input::Delivery(..) if self.pipeline.counts.not_taken => "refused",
            Input::Delivery(..) => "delivery",
            Input::Task(..) => "task_event",
            Input::Tick => "tick",
            Input::SelfTest => "selftest",
            Input::Refused(_) => "refused",
        }
    }

    /// When the table is down, alerts are sent all the same: told twice is better than not at all. The call fails then,
    /// so that Lambda makes it again when what it brought can be written down.
    async fn handle(&mut self, input: &Input<'_>, call: Call<'_>) -> Result<Sent, Failure> {
        let (deadline, now) = (call.deadline, call.now);
        let pipeline = &mut self.pipeline;
        // Boxed, since the state of all that can be waited for on the way is large.
        match &self.table {
            Table::Memory(memory) => Box::pin(pipeline.handle(memory, input, deadline, now)).await,
            Table::Dynamo(dynamo, memory) => {
                match Box::pin(pipeline.handle(dynamo, input, deadline, now)).await {
                    Err(Failure::Store(error)) => {
                        pipeline.log.store_down(&error.to_string());
                        pipeline.counts.store_errors += 1;
                        Box::pin(unwritten(pipeline, memory, input, call)).await?;
                        Err(Failure::Store(error))
                    }
                    // What came while the table was down and is not tried again is judged from memory.
                    Ok(sent) if matches!(input, Input::Tick) && !memory.is_empty() => {
                        Box::pin(unwritten(pipeline, memory, input, call)).await?;
                        Ok(sent)
                    }
                    ended => ended,
                }
            }
        }
    }
}

/// Tells from memory what cannot be written down. It is counted when it is, by a later try: counted here too it would
/// be counted twice.
async fn unwritten<R: Streams>(
    pipeline: &mut Pipeline<R>,
    memory: &Memory,
    input: &Input<'_>,
    call: Call<'_>,
) -> Result<Sent, Failure> {
    let counted = std::mem::take(&mut pipeline.counts);
    let ended = pipeline
        .handle(memory, input, call.deadline, call.now)
        .await;
    let sent = std::mem::replace(&mut pipeline.counts, counted);
    pipeline.counts.add_sent(sent);
    ended
}

/// Reads the configuration and the saved queries that travel with the program; what is wrong with one of these is
/// logged, and the others are watched for.
///
/// # Errors
///
/// When there is a configuration that cannot be used: with another one, alerts would go astray.
pub fn rules(settings: &Settings, log: &Log, now: Timestamp) -> Result<(Config, Rules), String> {
    let there = settings.config_named || settings.config.is_file();
    let places = Places {
        named: there.then_some(settings.config.as_path()),
        ..Places::default()
    };
    let config = config::load(&places).map_err(|error| error.to_string())?;
    let mut catalog: Catalog = builtin();
    let folder = settings.config.with_file_name("queries");
    if folder.is_dir()
        && let Err(error) = catalog.add_folder(&folder)
    {
        log.bad_rule("queries", &error.to_string());
    }
    for mistake in catalog.mistakes() {
        log.bad_rule(&mistake.name, &mistake.render(false));
    }
    let (rules, errors) = Rules::compile(&catalog, now);
    for error in &errors {
        log.bad_rule(&error.name, &error.render(false));
    }
    Ok((config, rules))
}

/// Returns how long a call may take when Lambda names a deadline, in milliseconds since 1970.
///
/// No call begins after its deadline: one that is past is none, as emulators send it, and a usual time is taken.
pub fn time_left(deadline_ms: u64, now: Timestamp) -> Duration {
    let left = deadline_ms.saturating_sub(now.as_millis().unsigned_abs());
    match left {
        0 => USUAL_TIME,
        left => Duration::from_millis(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_is_past_is_none() {
        let now = Timestamp(1_795_600_000_000);
        assert_eq!(
            time_left(1_795_600_002_500, now),
            Duration::from_millis(2500)
        );
        assert_eq!(time_left(600_000, now), USUAL_TIME);
    }
}
