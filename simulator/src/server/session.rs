//! A live tail session on its connection: an update at each tick, until the time is over or the client is gone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Reply, finish, head};
use crate::api::live_tail::{Request, Session};
use crate::api::{Context, Refusal, parse};
use crate::body::{Answered, reset};
use crate::service::{Arrival, Service};

/// Starts a session, or says why not.
pub(super) async fn start(
    service: &Arc<Service>,
    arrival: Arrival,
    context: &Context<'_>,
    body: &Bytes,
) -> Reply {
    let session = parse::<Request>(body).and_then(|request| Session::start(context, &request));
    let session = session.and_then(|session| {
        let most = session.settings.sessions;
        let open = service.sessions.fetch_add(1, Ordering::SeqCst);
        if open < most {
            return Ok(session);
        }
        service.sessions.fetch_sub(1, Ordering::SeqCst);
        let message = "The limit of concurrent live tail sessions is reached.";
        Err(Refusal::new(400, "LimitExceededException", message))
    });
    let session = match session {
        Ok(session) => session,
        Err(refusal) => return finish(service, &arrival, "StartLiveTail", Err(refusal)).await,
    };
    let latency = context.behaviour.latency("StartLiveTail", arrival.number);
    tokio::time::sleep_until((arrival.at + latency).into()).await;
    arrival.note(|call| {
        (call.status, call.answer) = (200, "ok".to_owned());
        call.took_ms = arrival.at.elapsed().as_secs_f64() * 1000.0;
    });
    let response = head(service, &arrival, "StartLiveTail", 200);
    let (sender, receiver) = mpsc::channel(10);
    let open = Open(service.clone());
    tokio::spawn(async move {
        // A client that is gone ends the session.
        let _ = run(&open.0, &arrival, session, &sender).await;
    });
    let response = response.body(Answered::Sent(receiver));
    response.map_err(io::Error::other)
}

/// Counts a session as long as it is there.
struct Open(Arc<Service>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::SeqCst);
    }
}

type Sent = Result<(), mpsc::error::SendError<io::Result<Bytes>>>;

async fn run(
    service: &Service,
    arrival: &Arrival,
    mut session: Session,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> Sent {
    let started = Instant::now();
    let after = |ms| started + Duration::from_millis(ms);
    let end = after(session.settings.session_ms);
    let cut = session.settings.cut_after_ms.map(after);
    let tick = Duration::from_millis(session.settings.tick_ms.max(1));
    sender.send(Ok(session.opening().into())).await?;
    let mut next = started + tick;
    loop {
        let until = next.min(end).min(cut.unwrap_or(end));
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = sender.closed() => return Ok(()),
        }
        if cut == Some(until) {
            return sender.send(Err(reset())).await;
        }
        let (update, events) = session.update(service, service.now());
        arrival.note(|call| {
            call.events += events as u64;
            call.bytes += update.len() as u64;
        });
        sender.send(Ok(update.into())).await?;
        if until == end {
            return sender.send(Ok(Session::timeout().into())).await;
        }
        next += tick;
    }
}
