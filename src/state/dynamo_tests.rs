//! What is done when the service has no room: a server of the test answers in the order of a script.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};

use super::conformance::moto::block_on;
use super::*;

const NOW: Timestamp = Timestamp(1_795_600_000_000);

/// Starts a server that answers each request with the next of these; its result is the requests' bodies.
fn serve(script: Vec<(u16, String)>) -> (Dynamo, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let one = |(status, body): (u16, String)| {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
            let mut length = 0;
            for line in reader.by_ref().lines().map(|line| line.expect("text")) {
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut request = vec![0; length];
            reader.read_exact(&mut request).expect("a body");
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .expect("written");
            String::from_utf8(request).expect("text")
        };
        script.into_iter().map(one).collect()
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(format!("http://{address}"));
    (Dynamo::new(&Client::from_conf(config.build()), "t"), server)
}

fn cancelled(codes: &[&str]) -> (u16, String) {
    let reasons: Vec<String> = codes
        .iter()
        .map(|code| format!(r#"{{"Code":"{code}"}}"#))
        .collect();
    let reasons = reasons.join(",");
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    (
        400,
        format!(r#"{{"__type":"{kind}","CancellationReasons":[{reasons}]}}"#),
    )
}

fn error(code: &str) -> (u16, String) {
    (400, format!(r#"{{"__type":"x#{code}","message":"m"}}"#))
}

fn good() -> (u16, String) {
    (200, "{}".to_owned())
}

fn write(expected: Expected) -> Vec<Write> {
    vec![Write::Put {
        key: Key::new("p", "s"),
        body: "1".to_owned(),
        expires: Timestamp(NOW.0 + 1000),
        expected,
    }]
}

/// Commits against a script, which must be used up; returns the code of the error.
fn committed(expected: Expected, script: Vec<(u16, String)>) -> Result<Committed, Option<String>> {
    let (store, server) = serve(script);
    let answer = block_on(store.commit(write(expected), NOW));
    server.join().expect("the script was used up");
    answer.map_err(|error| error.code)
}

#[test]
fn a_commit_waits_for_room() {
    let script = vec![
        cancelled(&["None", "ThrottlingError"]),
        cancelled(&["ProvisionedThroughputExceeded"]),
        error("ThrottlingException"),
        error("TransactionInProgressException"),
        good(),
    ];
    assert_eq!(committed(Expected::Absent, script), Ok(Committed::Made));
}

#[test]
fn every_try_is_the_same_transaction() {
    let (store, server) = serve(vec![error("ThrottlingException"), good()]);
    block_on(store.commit(write(Expected::Absent), NOW)).expect("made");
    let requests = server.join().expect("two requests");
    assert!(requests[0].contains("ClientRequestToken"));
    assert_eq!(requests[0], requests[1]);
}

#[test]
fn no_room_for_long_is_an_error() {
    let script = vec![error("ThrottlingException"); 6];
    let code = Some("ThrottlingException".to_owned());
    assert_eq!(committed(Expected::Absent, script), Err(code));
}

#[test]
fn what_does_not_pass_is_told_at_once() {
    let conflict = vec![cancelled(&["ThrottlingError", "ConditionalCheckFailed"])];
    assert_eq!(
        committed(Expected::Absent, conflict),
        Ok(Committed::Conflict)
    );
    for script in [
        cancelled(&["ThrottlingError", "ValidationError"]),
        cancelled(&[]),
    ] {
        let code = Some("TransactionCanceledException".to_owned());
        assert_eq!(committed(Expected::Absent, vec![script]), Err(code));
    }
}

#[test]
fn a_write_that_expects_nothing_waits_for_its_turn() {
    let script = vec![cancelled(&["TransactionConflict"]), good()];
    assert_eq!(committed(Expected::Anything, script), Ok(Committed::Made));
}

#[test]
fn reads_wait_for_room() {
    let (store, server) = serve(vec![error("ThrottlingException"), good()]);
    assert!(block_on(store.list("p", 1, NOW)).expect("read").is_empty());
    server.join().expect("two requests");
    let (store, server) = serve(vec![error("ThrottlingException"), good()]);
    let read = block_on(store.get(&[Key::new("p", "s")], NOW));
    assert!(read.expect("read").is_empty());
    server.join().expect("two requests");
}

#[test]
fn a_service_at_fault_is_asked_once_more_and_by_nobody_else() {
    let fault = || (500, r#"{"__type":"x#InternalServerError"}"#.to_owned());
    let script = vec![fault(), good()];
    assert_eq!(committed(Expected::Absent, script), Ok(Committed::Made));
    let code = Some("InternalServerError".to_owned());
    let script = vec![fault(), fault()];
    assert_eq!(committed(Expected::Absent, script), Err(code));
}
