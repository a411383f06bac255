//! The Runtime API that Lambda offers to a function, version 2018-06-01.
//!
//! One server is one execution environment: it hands out one invocation at a time, in order.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use crate::http::{Answer, Reply, Request, Server};

const PREFIX: &str = "/2018-06-01/runtime/";
pub(crate) const FUNCTION_ARN: &str =
    "arn:aws:lambda:ap-northeast-1:123456789012:function:logq-production";

/// What a function said about an invocation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answered {
    Response(Value),
    Error(Value),
}

struct Invocation {
    id: String,
    payload: Vec<u8>,
    deadline: SystemTime,
}

#[derive(Default)]
struct Desk {
    queue: VecDeque<Invocation>,
    waiting: HashMap<String, oneshot::Sender<Answered>>,
    invoked: u64,
    polls: u64,
    init_errors: Vec<Value>,
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    queued: Notify,
    polled: Notify,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("no test panics with the desk open")
    }
}

/// A server that a process polls for work.
pub(crate) struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let state = shared.clone();
        let server = Server::start(move |request| route(state.clone(), request)).await;
        Self { server, shared }
    }

    /// Returns the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.server.address()
    }

    /// Queues an invocation that has that much time from now on; the function's word arrives at the receiver.
    pub(crate) fn queue(
        &self,
        payload: &[u8],
        time: Duration,
    ) -> (String, oneshot::Receiver<Answered>) {
        let (sender, receiver) = oneshot::channel();
        let mut desk = self.shared.desk();
        desk.invoked += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012x}", desk.invoked);
        desk.waiting.insert(id.clone(), sender);
        desk.queue.push_back(Invocation {
            id: id.clone(),
            payload: payload.to_vec(),
            deadline: SystemTime::now() + time,
        });
        drop(desk);
        self.shared.queued.notify_one();
        (id, receiver)
    }

    /// Takes back an invocation whose process is gone.
    pub(crate) fn forget(&self, id: &str) {
        let mut desk = self.shared.desk();
        desk.waiting.remove(id);
        desk.queue.retain(|invocation| invocation.id != id);
    }

    /// Returns how often a function asked for work.
    pub(crate) fn polls(&self) -> u64 {
        self.shared.desk().polls
    }

    /// Waits until the function has asked for work more often than that.
    pub(crate) async fn polled(&self, more_than: u64) {
        loop {
            let polled = self.shared.polled.notified();
            if self.polls() > more_than {
                return;
            }
            polled.await;
        }
    }

    /// Returns what the function said about starts that failed.
    pub(crate) fn init_errors(&self) -> Vec<Value> {
        self.shared.desk().init_errors.clone()
    }
}

async fn route(shared: Arc<Shared>, request: Request) -> Reply {
    let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["invocation", "next"]) => next(&shared).await,
        ("POST", ["invocation", id, "response"]) => {
            answer(&shared, id, Answered::Response(document(&request)))
        }
        ("POST", ["invocation", id, "error"]) => {
            answer(&shared, id, Answered::Error(document(&request)))
        }
        ("POST", ["init", "error"]) => {
            shared.desk().init_errors.push(document(&request));
            Reply::Answer(Answer::new(202, r#"{"status":"OK"}"#))
        }
        _ => Reply::Answer(Answer::new(404, r#"{"errorType":"NotFound"}"#)),
    }
}

/// Returns a body's JSON; what is none becomes a string.
fn document(request: &Request) -> Value {
    serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&request.body).into_owned().into())
}

/// Waits for an invocation; a poll whose process was killed is dropped here, and takes none with it.
async fn next(shared: &Shared) -> Reply {
    shared.desk().polls += 1;
    shared.polled.notify_waiters();
    loop {
        let queued = shared.queued.notified();
        let first = shared.desk().queue.pop_front();
        if let Some(invocation) = first {
            return Reply::Answer(handed_out(invocation));
        }
        queued.await;
    }
}

fn handed_out(invocation: Invocation) -> Answer {
    let deadline = invocation.deadline.duration_since(SystemTime::UNIX_EPOCH);
    let deadline = deadline.expect("after 1970").as_millis();
    Answer::new(200, invocation.payload)
        .with("content-type", "application/json")
        .with("lambda-runtime-aws-request-id", &invocation.id)
        .with("lambda-runtime-deadline-ms", &deadline.to_string())
        .with("lambda-runtime-invoked-function-arn", FUNCTION_ARN)
        .with(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        )
}

fn answer(shared: &Shared, id: &str, answered: Answered) -> Reply {
    match shared.desk().waiting.remove(id) {
        Some(waiting) => {
            // Nobody listens when the test has given the invocation up.
            let _ = waiting.send(answered);
            Reply::Answer(Answer::new(202, r#"{"status":"OK"}"#))
        }
        None => Reply::Answer(Answer::new(
            400,
            r#"{"errorType":"InvalidRequestID","errorMessage":"no such invocation"}"#,
        )),
    }
}
