//! A loopback Slack: one incoming webhook, and the two methods of the Web API that a bot posts and edits with.
//!
//! It keeps every request, and what its channels show because of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Answer, Reply, Request, Server, hang};

const HOOK: &str = "/services/T0000/B0000/webhook-secret-of-the-tests";
/// What must never be printed: the last part of the webhook's address, and the bot's token.
pub(crate) const SECRETS: [&str; 2] = ["webhook-secret-of-the-tests", TOKEN];
pub(crate) const TOKEN: &str = "xoxb-token-of-the-tests";
/// The channel's name, and the id that the API calls it by.
pub(crate) const CHANNEL: &str = "#alerts";
const CHANNEL_ID: &str = "C0000000001";

/// How the service takes a request.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    /// As it should.
    Well,
    /// Answers 429, with that `Retry-After` in seconds or without.
    Limited(Option<u64>),
    /// Answers with that status and body, and shows nothing.
    Refused(u16, &'static str),
    /// Shows the message, and closes the connection instead of answering.
    LosesAnswer,
    /// Shows the message, and never answers.
    HangsAfterwards,
    /// Never answers.
    Hangs,
    /// Closes the connection.
    Closes,
}

/// A request, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) shown: bool,
}

/// A message as a channel shows it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) ts: String,
    pub(crate) channel: String,
    /// The message whose thread this one is in.
    pub(crate) thread: Option<String>,
    pub(crate) body: Value,
    /// As it was posted, before any edit.
    pub(crate) first: Value,
    pub(crate) edits: usize,
}

impl Message {
    /// Returns the text that notifications show.
    pub(crate) fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }

    /// Returns whether any of its parts holds the words.
    pub(crate) fn says(&self, words: &str) -> bool {
        holds(&self.body, words)
    }

    /// Returns whether any of its parts held the words before any edit.
    pub(crate) fn said_first(&self, words: &str) -> bool {
        holds(&self.first, words)
    }
}

fn holds(value: &Value, words: &str) -> bool {
    match value {
        Value::String(text) => text.contains(words),
        Value::Array(items) => items.iter().any(|item| holds(item, words)),
        Value::Object(members) => members.values().any(|member| holds(member, words)),
        _ => false,
    }
}

#[derive(Default)]
struct Room {
    /// One for each of the next requests.
    script: VecDeque<Mood>,
    /// What holds for requests after the script.
    mood: Option<Mood>,
    received: Vec<Received>,
    messages: BTreeMap<String, Message>,
}

/// The service.
pub(crate) struct Slack {
    server: Server,
    room: Arc<Mutex<Room>>,
}

impl Slack {
    pub(crate) async fn start() -> Self {
        let room: Arc<Mutex<Room>> = Arc::default();
        let state = room.clone();
        let server = Server::start(move |request| answer(state.clone(), request)).await;
        Self { server, room }
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().expect("no test panics in the room")
    }

    /// Returns the webhook's address, which is a secret.
    pub(crate) fn webhook(&self) -> String {
        format!("http://{}{HOOK}", self.server.address())
    }

    /// Returns the base of the Web API.
    pub(crate) fn api(&self) -> String {
        format!("http://{}/api", self.server.address())
    }

    /// Says how the next requests are taken, one each; those after them are as before.
    pub(crate) fn script(&self, moods: impl IntoIterator<Item = Mood>) {
        self.room().script.extend(moods);
    }

    /// Says how all requests are taken from now on.
    pub(crate) fn always(&self, mood: Mood) {
        self.room().mood = Some(mood);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.room().received.clone()
    }

    /// Returns what the channels show, in the order in which it came, threads included.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.room().messages.values().cloned().collect()
    }

    /// Returns the messages outside of threads: one for each thing that was told.
    pub(crate) fn posts(&self) -> Vec<Message> {
        let messages = self.messages().into_iter();
        messages
            .filter(|message| message.thread.is_none())
            .collect()
    }

    /// Returns the answers in a message's thread.
    pub(crate) fn thread(&self, ts: &str) -> Vec<Message> {
        let messages = self.messages().into_iter();
        messages
            .filter(|message| message.thread.as_deref() == Some(ts))
            .collect()
    }

    /// Waits until that many requests have come.
    pub(crate) async fn reached(&self, requests: usize) {
        let until = Instant::now() + Duration::from_secs(30);
        while self.room().received.len() < requests {
            assert!(
                Instant::now() < until,
                "Slack was not asked {requests} times"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn answer(room: Arc<Mutex<Room>>, request: Request) -> Reply {
    let (mood, answer) = room
        .lock()
        .expect("no test panics in the room")
        .take(&request);
    match mood {
        Mood::Hangs | Mood::HangsAfterwards => hang().await,
        Mood::Closes | Mood::LosesAnswer => Reply::Close,
        Mood::Limited(after) => Reply::Answer(limited(&request, after)),
        Mood::Refused(status, body) => Reply::Answer(Answer::new(status, body)),
        Mood::Well => Reply::Answer(answer),
    }
}

fn limited(request: &Request, after: Option<u64>) -> Answer {
    let body = match request.path.as_str() {
        HOOK => "rate_limited",
        _ => r#"{"ok":false,"error":"ratelimited"}"#,
    };
    let answer = Answer::new(429, body);
    match after {
        Some(seconds) => answer.with("retry-after", &seconds.to_string()),
        None => answer,
    }
}

fn json(body: &Value) -> Answer {
    Answer::new(200, body.to_string()).with("content-type", "application/json; charset=utf-8")
}

impl Room {
    /// Decides on a request, and shows it when the mood is one that shows it.
    fn take(&mut self, request: &Request) -> (Mood, Answer) {
        let mood = self
            .script
            .pop_front()
            .or(self.mood.clone())
            .unwrap_or(Mood::Well);
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let takes = matches!(mood, Mood::Well | Mood::LosesAnswer | Mood::HangsAfterwards);
        let (answer, shown) = if takes {
            self.show(request, &body)
        } else {
            (Answer::new(500, ""), false)
        };
        self.received.push(Received {
            at: Instant::now(),
            path: request.path.clone(),
            body,
            shown,
        });
        (mood, answer)
    }

    fn show(&mut self, request: &Request, body: &Value) -> (Answer, bool) {
        if request.method != "POST" {
            return (Answer::new(405, "method_not_allowed"), false);
        }
        match request.path.as_str() {
            HOOK if !is_message(body) => (Answer::new(400, "invalid_payload"), false),
            HOOK => {
                self.post(CHANNEL_ID, body);
                (Answer::new(200, "ok"), true)
            }
            "/api/chat.postMessage" | "/api/chat.update" => self.call(request, body),
            _ => (Answer::new(404, "no_service"), false),
        }
    }

    /// Answers a method of the Web API; errors are in the body of a 200, as the service has it.
    fn call(&mut self, request: &Request, body: &Value) -> (Answer, bool) {
        let channel = body["channel"].as_str().unwrap_or_default();
        let posts = request.path.ends_with("chat.postMessage");
        let problem = if request.header("authorization") != format!("Bearer {TOKEN}") {
            Some("invalid_auth")
        } else if !request
            .header("content-type")
            .starts_with("application/json")
        {
            Some("invalid_arguments")
        } else if channel != CHANNEL_ID && !(posts && channel == CHANNEL) {
            Some("channel_not_found")
        } else if !is_message(body) {
            Some("no_text")
        } else {
            None
        };
        if let Some(problem) = problem {
            return (json(&json!({"ok": false, "error": problem})), false);
        }
        if posts {
            let ts = self.post(CHANNEL_ID, body);
            return (
                json(&json!({"ok": true, "channel": CHANNEL_ID, "ts": ts})),
                true,
            );
        }
        let ts = body["ts"].as_str().unwrap_or_default();
        let Some(message) = self.messages.get_mut(ts) else {
            return (
                json(&json!({"ok": false, "error": "message_not_found"})),
                false,
            );
        };
        message.body = body.clone();
        message.edits += 1;
        (
            json(&json!({"ok": true, "channel": CHANNEL_ID, "ts": ts})),
            true,
        )
    }

    fn post(&mut self, channel: &str, body: &Value) -> String {
        let ts = format!("1795500000.{:06}", self.messages.len() + 1);
        let message = Message {
            ts: ts.clone(),
            channel: channel.to_owned(),
            thread: body["thread_ts"].as_str().map(str::to_owned),
            body: body.clone(),
            first: body.clone(),
            edits: 0,
        };
        self.messages.insert(ts.clone(), message);
        ts
    }
}

fn is_message(body: &Value) -> bool {
    body["text"].is_string() || body["blocks"].is_array()
}
