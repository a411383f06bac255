//! Paths that no AWS client asks for: the journal, the behaviour, and new events.

use std::collections::BTreeMap;

use hyper::Response;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::body::Answered;
use crate::journal;
use crate::logs::Line;
use crate::service::Service;

/// Answers a request to the simulator itself.
pub(super) fn answer(service: &Service, head: &Parts, body: &Bytes) -> Response<Answered> {
    let (status, body) = match (head.method.as_str(), head.uri.path()) {
        ("GET", "/_journal") => {
            let calls = service.journal();
            let summary = journal::summarize(&calls);
            (200, json!({ "summary": summary, "calls": calls }))
        }
        ("GET", "/_summary") => (200, json!(journal::summarize(&service.journal()))),
        ("DELETE", "/_journal") => {
            service.forget();
            (200, json!({}))
        }
        ("GET", "/_behaviour") => (200, json!(*service.behaviour())),
        ("PUT", "/_behaviour") => told(behave(service, body)),
        ("POST", "/_events") => told(put(service, body)),
        _ => (404, json!({ "error": "there is no such path" })),
    };
    let mut response = Response::new(Answered::whole(body.to_string().into_bytes()));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn told(result: Result<(), String>) -> (u16, Value) {
    match result {
        Ok(()) => (200, json!({})),
        Err(error) => (400, json!({ "error": error })),
    }
}

/// Changes the behaviour; what the body does not name becomes what it is by default.
fn behave(service: &Service, body: &[u8]) -> Result<(), String> {
    let behaviour = serde_json::from_slice(body);
    service.behave(behaviour.map_err(|error| error.to_string())?);
    Ok(())
}

/// Adds events, a line of JSON each, with the name of their group.
fn put(service: &Service, body: &[u8]) -> Result<(), String> {
    let lines = serde_json::Deserializer::from_slice(body).into_iter::<Line>();
    let mut by_group = BTreeMap::<String, Vec<Line>>::new();
    for line in lines {
        let line = line.map_err(|error| error.to_string())?;
        by_group
            .entry(line.log_group_name.clone())
            .or_default()
            .push(line);
    }
    for (group, lines) in by_group {
        service
            .put(&group, lines)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}
