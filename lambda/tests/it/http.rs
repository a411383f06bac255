//! A small HTTP/1.1 server for what the tests stand in for, which can also misbehave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A request that was read whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    async fn read(request: hyper::Request<Incoming>) -> Result<Self, hyper::Error> {
        let (head, body) = request.into_parts();
        Ok(Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    /// Returns a header's text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap_or_default())
    }
}

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Answer(Answer),
    /// Closes the connection without an answer.
    Close,
}

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header's text");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    fn into_response(self) -> hyper::Response<Full<Bytes>> {
        let mut response = hyper::Response::new(Full::new(self.body));
        *response.status_mut() =
            hyper::StatusCode::from_u16(self.status).expect("a status of three digits");
        *response.headers_mut() = self.headers;
        response
    }
}

/// Waits as a service that never answers does: until the other side gives up.
pub(crate) async fn hang() -> Reply {
    tokio::time::sleep(Duration::from_hours(1)).await;
    Reply::Close
}

/// A server on a free port of the loopback interface; dropping it closes the port and every connection.
pub(crate) struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts to answer requests with what the function makes of them.
    pub(crate) async fn start<F, R>(respond: F) -> Self
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let task = tokio::spawn(accept(listener, Arc::new(respond)));
        Self { address, task }
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves connections in a set of its own, so that they end with the server.
async fn accept<F, R>(listener: TcpListener, respond: Arc<F>)
where
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: Future<Output = Reply> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, respond.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve<F, R>(stream: TcpStream, respond: Arc<F>)
where
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: Future<Output = Reply> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let respond = respond.clone();
        async move {
            let request = Request::read(request)
                .await
                .map_err(std::io::Error::other)?;
            match respond(request).await {
                Reply::Answer(answer) => Ok(answer.into_response()),
                Reply::Close => Err(std::io::Error::other("closed as the test wants it")),
            }
        }
    });
    // An error here is a client that went away, or a connection that the test wanted closed.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
