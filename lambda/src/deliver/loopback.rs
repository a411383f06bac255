//! A server of the tests: answers in the order of its script, and keeps what it was asked.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ssm::config::{Credentials, SharedCredentialsProvider};
use logq::alert::sink::Storm;
use logq::alert::{Alert, Failure, Kind, Place, Standing, Status, Subject};
use logq::language::Language;
use logq::severity::Severity;
use logq::time::Timestamp;

use crate::sdk::Sdk;

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Says {
        status: u16,
        headers: String,
        body: String,
    },
    Hangs,
    Closes,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self::Says {
            status,
            headers: String::new(),
            body: body.into(),
        }
    }

    pub(crate) fn header(mut self, line: &str) -> Self {
        if let Self::Says { headers, .. } = &mut self {
            headers.push_str(line);
            headers.push_str("\r\n");
        }
        self
    }

    pub(crate) fn hanging() -> Self {
        Self::Hangs
    }

    pub(crate) fn closing() -> Self {
        Self::Closes
    }

    /// Parameter Store's answer with a value.
    pub(crate) fn parameter(value: &str) -> Self {
        Self::new(200, format!(r#"{{"Parameter":{{"Value":"{value}"}}}}"#))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Request>>,
    is_over: AtomicBool,
}

pub(crate) struct Loopback {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Loopback {
    pub(crate) fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        *state.script.lock().expect("not poisoned") = script.into();
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || serve(&listener, &shared));
        Self {
            address,
            state,
            thread: Some(thread),
        }
    }

    pub(crate) fn push(&self, answer: Answer) {
        self.state
            .script
            .lock()
            .expect("not poisoned")
            .push_back(answer);
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().expect("not poisoned").clone()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // A last visit ends the wait for one.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server did not panic");
        }
    }
}

fn serve(listener: &TcpListener, state: &State) {
    let mut hanging = Vec::new();
    for stream in listener.incoming() {
        if state.is_over.load(Ordering::SeqCst) {
            return;
        }
        let mut stream = stream.expect("a connection");
        let patience = Some(Duration::from_secs(5));
        stream.set_read_timeout(patience).expect("a timeout");
        let Some(request) = read(&stream) else {
            continue;
        };
        state.requests.lock().expect("not poisoned").push(request);
        let answer = state.script.lock().expect("not poisoned").pop_front();
        match answer.expect("no more requests than the script has answers") {
            Answer::Says {
                status,
                headers,
                body,
            } => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).expect("written");
                stream.write_all(body.as_bytes()).expect("written");
            }
            Answer::Hangs => hanging.push(stream),
            Answer::Closes => drop(stream),
        }
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        headers.push_str(&header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        line: line.trim().to_owned(),
        headers,
        body: String::from_utf8(body).expect("text"),
    })
}

/// Returns a configuration whose services are all this server.
pub(crate) fn sdk_config(server: &Loopback) -> Sdk {
    let credentials = Credentials::new("id", "key", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(server.address())
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    config.build().into()
}

pub(crate) fn alert() -> Alert {
    let error = Failure {
        kind: Some("KeyError".to_owned()),
        message: Some("'price'".to_owned()),
        traceback: Some("Traceback (most recent call last):\nKeyError: 'price'".to_owned()),
        ..Failure::default()
    };
    let subject = Subject {
        stage: Some("production".to_owned()),
        service: Some("batch".to_owned()),
        kind: Kind::Batch,
        name: Some("sync-reservations".to_owned()),
        outcome: Some("failed".to_owned()),
        error: Some(error),
        ..Subject::default()
    };
    let standing = Standing {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        status: Status::Firing,
        severity: Severity::Critical,
        rule: "batch-failures".to_owned(),
        occurrences: 1,
        suppressed: 0,
        first_seen: Timestamp(1_795_400_000_000),
        last_seen: Timestamp(1_795_400_000_000),
        remarks: Vec::new(),
    };
    Alert::new(subject, standing, Place::default(), Language::English)
}

pub(crate) fn storm() -> Storm {
    Storm {
        language: Language::English,
        stage: "production".to_owned(),
        since: Timestamp(1_795_400_000_000),
        until: Timestamp(1_795_400_060_000),
        alerts: 50,
        occurrences: 10_000,
        worst: Severity::Error,
        kinds: vec![("New error in webapp: KeyError".to_owned(), 9_000)],
        command: "logq errors --stage production".to_owned(),
    }
}
