//! One Lambda function in one execution environment: a process, the Runtime API that it polls, and what it prints.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::runtime_api::{Answered, RuntimeApi};

/// How long an invocation gets when the test does not say.
const TIME: Duration = Duration::from_secs(30);
/// How often Lambda tries an event that came without anybody waiting for the answer.
const TRIES: usize = 3;

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Response(Value),
    Error(Value),
    /// The process ended before it answered.
    Exited,
    /// The deadline passed, and Lambda killed the process.
    TimedOut,
}

impl Outcome {
    pub(crate) fn is_response(&self) -> bool {
        matches!(self, Self::Response(_))
    }
}

/// An invocation that is under way.
pub(crate) struct Running {
    id: String,
    answer: oneshot::Receiver<Answered>,
    time: Duration,
}

/// What a process and its successors printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Printed {
    pub(crate) out: Vec<String>,
    pub(crate) err: Vec<String>,
}

impl Printed {
    /// Returns the lines of standard output that are JSON objects.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let objects = self.out.iter().filter_map(|line| {
            let value: Value = serde_json::from_str(line).ok()?;
            value.is_object().then_some(value)
        });
        objects.collect()
    }

    /// Adds up a metric of the Embedded Metric Format over all lines.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        self.metric_where(name, |_| true)
    }

    /// Adds up a metric over the lines that the test picks.
    pub(crate) fn metric_where(&self, name: &str, pick: impl Fn(&Value) -> bool) -> f64 {
        let lines = self.objects();
        let metrics = lines
            .iter()
            .filter(|line| line.get("_aws").is_some() && pick(line));
        metrics.map(|line| number(&line[name])).sum()
    }

    /// Returns everything that was printed, to look for what must not be in it.
    pub(crate) fn text(&self) -> String {
        [self.out.join("\n"), self.err.join("\n")].join("\n")
    }
}

/// A metric is a number, or a list of them.
fn number(value: &Value) -> f64 {
    match value {
        Value::Array(values) => values.iter().map(number).sum(),
        value => value.as_f64().unwrap_or(0.0),
    }
}

struct Process {
    child: Child,
    readers: [JoinHandle<()>; 2],
}

/// A function, started when it is first invoked, as Lambda does.
pub(crate) struct Function {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    api: RuntimeApi,
    process: Option<Process>,
    printed: Arc<Mutex<Printed>>,
    starts: usize,
}

impl Function {
    /// Makes a function of a program; no process runs yet.
    pub(crate) async fn new(program: impl Into<PathBuf>) -> Self {
        let api = RuntimeApi::start().await;
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: standard(&api.address()),
            api,
            process: None,
            printed: Arc::default(),
            starts: 0,
        }
    }

    pub(crate) fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable for the processes that start from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.retain(|(other, _)| other != name);
    }

    pub(crate) fn api(&self) -> &RuntimeApi {
        &self.api
    }

    /// Returns how many processes were started.
    pub(crate) fn starts(&self) -> usize {
        self.starts
    }

    /// Starts a process, when none runs.
    pub(crate) fn start(&mut self) {
        if self.alive() {
            return;
        }
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("standard output is a pipe");
        let err = child.stderr.take().expect("standard error is a pipe");
        let readers = [
            tokio::spawn(keep(out, self.printed.clone(), |printed| &mut printed.out)),
            tokio::spawn(keep(err, self.printed.clone(), |printed| &mut printed.err)),
        ];
        self.process = Some(Process { child, readers });
        self.starts += 1;
    }

    fn alive(&mut self) -> bool {
        let process = self.process.as_mut();
        process.is_some_and(|process| matches!(process.child.try_wait(), Ok(None)))
    }

    /// Returns the process's id, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref()?.child.id()
    }

    /// Returns the most memory that the process had at once, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kilobytes << 10)
    }

    /// Kills the process as Lambda and the kernel do: it is told nothing.
    pub(crate) async fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let _ = process.child.kill().await;
        for reader in process.readers {
            let _ = reader.await;
        }
    }

    /// Kills the process and returns all that it and those before it printed.
    pub(crate) async fn stop(&mut self) -> Printed {
        self.kill().await;
        self.printed()
    }

    /// Returns what was printed up to now; a line may still be on its way while the process runs.
    pub(crate) fn printed(&self) -> Printed {
        self.printed.lock().expect("no reader panics").clone()
    }

    /// Hands an invocation to the function and does not wait for it.
    pub(crate) fn begin(&mut self, payload: &[u8], time: Duration) -> Running {
        self.start();
        let (id, answer) = self.api.queue(payload, time);
        Running { id, answer, time }
    }

    /// Waits for the end of an invocation: the answer, the process's end, or the deadline.
    pub(crate) async fn finish(&mut self, running: Running) -> Outcome {
        let process = self.process.as_mut().expect("an invocation has a process");
        let Running { id, answer, time } = running;
        let outcome = tokio::select! {
            biased;
            answered = answer => match answered {
                Ok(Answered::Response(value)) => Outcome::Response(value),
                Ok(Answered::Error(value)) => Outcome::Error(value),
                Err(_) => Outcome::Exited,
            },
            _ = process.child.wait() => Outcome::Exited,
            () = tokio::time::sleep(time) => Outcome::TimedOut,
        };
        if matches!(outcome, Outcome::Exited | Outcome::TimedOut) {
            self.api.forget(&id);
            self.kill().await;
        }
        outcome
    }

    /// Kills the process in the middle of an invocation.
    pub(crate) async fn kill_during(&mut self, running: Running) {
        self.kill().await;
        self.api.forget(&running.id);
    }

    /// Invokes the function once and waits.
    pub(crate) async fn invoke(&mut self, payload: &[u8]) -> Outcome {
        self.invoke_within(payload, TIME).await
    }

    /// Invokes the function once with that much time.
    pub(crate) async fn invoke_within(&mut self, payload: &[u8], time: Duration) -> Outcome {
        let running = self.begin(payload, time);
        self.finish(running).await
    }

    /// Delivers an event as Lambda's own queue does, without the minutes between tries: again when the function
    /// fails, and after the last try to the on-failure destination, here the last outcome.
    pub(crate) async fn deliver(&mut self, payload: &[u8]) -> Outcome {
        let mut outcome = self.invoke(payload).await;
        for _ in 1..TRIES {
            if outcome.is_response() {
                break;
            }
            outcome = self.invoke(payload).await;
        }
        outcome
    }

    /// Delivers an event that must not fail.
    pub(crate) async fn deliver_well(&mut self, payload: &[u8]) -> Value {
        match self.deliver(payload).await {
            Outcome::Response(value) => value,
            other => panic!("{other:?}\n{}", self.stop().await.text()),
        }
    }
}

/// What Lambda sets for each function.
fn standard(api: &str) -> Vec<(String, String)> {
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("AWS_LAMBDA_FUNCTION_NAME", "logq-production"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/logq-production"),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/11/24/[$LATEST]5d2cee90bf7c211d",
        ),
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_DEFAULT_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_SESSION_TOKEN", "example"),
        ("TZ", ":UTC"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ];
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

async fn keep(
    pipe: impl AsyncRead + Unpin,
    printed: Arc<Mutex<Printed>>,
    which: fn(&mut Printed) -> &mut Vec<String>,
) {
    let mut lines = BufReader::new(pipe);
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        which(&mut printed.lock().expect("no reader panics")).push(text);
        line.clear();
    }
}
