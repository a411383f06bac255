//! The network side: connections, what a request is signed with, waiting, and what goes wrong on the way.

mod control;
mod session;
mod signature;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::api::{self, Answer, Context, Refusal};
use crate::body::Answered;
use crate::fault::FaultKind;
use crate::service::{Arrival, Service};

type Reply = io::Result<Response<Answered>>;

/// Serves connections, in a set of their own, so that they end with the server.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connect(stream, service.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connect(stream: TcpStream, service: Arc<Service>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| respond(service.clone(), request));
    let mut connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer);
    if (&mut connection).await.is_err() {
        // Closing it now is a reset, and not an end that could be taken for a good one.
        let stream = connection.into_parts().io.into_inner();
        let _ = stream.set_zero_linger();
    }
}

async fn respond(service: Arc<Service>, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if head.uri.path().starts_with("/_") {
        return Ok(control::answer(&service, &head, &body));
    }
    let action = action(&head, &body);
    let request = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let key = signature::access_key(&head).unwrap_or_default();
    let region = signature::region(&head).unwrap_or_default();
    let arrival = service.arrive(&action, key, region, request);
    let result = check(&service, &arrival, &head, &action);
    if action == "StartLiveTail"
        && let Ok(context) = result
    {
        let context = context.into_context(&service);
        return session::start(&service, arrival, &context, &body).await;
    }
    let result =
        result.and_then(|checked| api::answer(&checked.into_context(&service), &action, &body));
    finish(&service, &arrival, &action, result).await
}

/// Returns the name of the action: from the header, or from the form of the services that have none.
fn action(head: &Parts, body: &Bytes) -> String {
    let target = head
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    if let Some(target) = target {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let form = std::str::from_utf8(body).unwrap_or_default();
    let action = form
        .split('&')
        .find_map(|part| part.strip_prefix("Action="));
    action.unwrap_or("Unknown").to_owned()
}

/// What a call that may be answered is answered from.
struct Checked {
    behaviour: Arc<crate::settings::Behaviour>,
    faults: Vec<FaultKind>,
    number: u64,
    region: String,
}

impl Checked {
    fn into_context(self, service: &Service) -> Context<'_> {
        Context {
            service,
            behaviour: self.behaviour,
            now: service.now(),
            number: self.number,
            region: self.region,
            faults: self.faults,
        }
    }
}

/// Checks what is the same for each action: who asks, how often, and what may be asked.
fn check(
    service: &Service,
    arrival: &Arrival,
    head: &Parts,
    action: &str,
) -> Result<Checked, Refusal> {
    let behaviour = &arrival.behaviour;
    let has = |fault| arrival.faults.contains(&fault);
    signature::check(head, behaviour)?;
    if has(FaultKind::ExpiredToken) {
        let message = "The security token included in the request is expired";
        return Err(Refusal::new(400, "ExpiredTokenException", message));
    }
    if arrival.over_quota || has(FaultKind::Throttle) {
        return Err(Refusal::new(400, "ThrottlingException", "Rate exceeded"));
    }
    let permission = permission(action);
    if has(FaultKind::Denied) || behaviour.deny.contains(&permission) {
        return Err(denied(service, &permission));
    }
    if has(FaultKind::Full) {
        let message = "You have reached the maximum number of resources that can be created.";
        return Err(Refusal::new(400, "LimitExceededException", message));
    }
    if has(FaultKind::ServerError) {
        return Err(Refusal::new(
            500,
            "InternalFailure",
            "An internal error occurred.",
        ));
    }
    if has(FaultKind::Unavailable) {
        let message = "The service cannot complete the request.";
        return Err(Refusal::new(503, "ServiceUnavailableException", message));
    }
    Ok(Checked {
        behaviour: behaviour.clone(),
        faults: arrival.faults.clone(),
        number: arrival.number,
        region: arrival.region.clone(),
    })
}

fn permission(action: &str) -> String {
    let service = if action == "GetCallerIdentity" {
        "sts"
    } else {
        "logs"
    };
    format!("{service}:{action}")
}

fn denied(service: &Service, permission: &str) -> Refusal {
    let account = &service.account;
    let resource = service.group_arn("*");
    Refusal::new(
        400,
        "AccessDeniedException",
        format!(
            "User: arn:aws:iam::{account}:user/tester is not authorized to perform: {permission} on resource: \
             {resource} because no identity-based policy allows the {permission} action"
        ),
    )
}

/// Waits as long as the call takes, and answers in the way that is meant for it.
async fn finish(
    service: &Service,
    arrival: &Arrival,
    action: &str,
    result: Result<Answer, Refusal>,
) -> Reply {
    let throttled = matches!(&result, Err(refusal) if refusal.code == "ThrottlingException");
    if !throttled {
        let latency = arrival.behaviour.latency(action, arrival.number);
        tokio::time::sleep_until((arrival.at + latency).into()).await;
    }
    if arrival.faults.contains(&FaultKind::Hang) {
        arrival.note(|call| "hang".clone_into(&mut call.answer));
        tokio::time::sleep(Duration::from_hours(1)).await;
        return Err(crate::body::reset());
    }
    let cut = arrival.faults.contains(&FaultKind::Reset);
    let (status, answer, body, events, scanned) = match result {
        Ok(answer) => (200, "ok", answer.body, answer.events, answer.scanned),
        Err(refusal) if action == "GetCallerIdentity" => {
            let body = api::identity::refusal(&refusal);
            (refusal.status, refusal.code, body, 0, 0)
        }
        Err(refusal) => (refusal.status, refusal.code, refusal.body(), 0, 0),
    };
    arrival.note(|call| {
        call.status = status;
        if cut { "reset" } else { answer }.clone_into(&mut call.answer);
        call.took_ms = arrival.at.elapsed().as_secs_f64() * 1000.0;
        call.bytes = body.len() as u64;
        (call.events, call.scanned) = (events, scanned);
    });
    let response = head(service, arrival, action, status).header("content-length", body.len());
    let body = if cut {
        Answered::cut(body)
    } else if arrival.slow.is_zero() {
        Answered::whole(body)
    } else {
        Answered::slow(body, arrival.slow)
    };
    response.body(body).map_err(io::Error::other)
}

/// Begins an answer.
fn head(
    _service: &Service,
    arrival: &Arrival,
    action: &str,
    status: u16,
) -> hyper::http::response::Builder {
    let kind = match action {
        "StartLiveTail" if status == 200 => "application/vnd.amazon.eventstream",
        "GetCallerIdentity" => "text/xml",
        _ => "application/x-amz-json-1.1",
    };
    let skew = arrival.behaviour.clock_skew_ms;
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header(
            "date",
            signature::http_date(crate::service::system_now() + skew),
        )
        .header(
            "x-amzn-requestid",
            format!("00000000-0000-4000-8000-{:012}", arrival.number),
        )
}
