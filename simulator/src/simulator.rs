//! A simulator in the test's own process.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use crate::api;
use crate::journal::{self, Call, Summary};
use crate::logs::{Direction, Event, Line, Scope, Window};
use crate::pattern::Pattern;
use crate::server;
use crate::service::Service;
use crate::settings::{Behaviour, Group, Settings};

/// A running simulator on threads of its own; dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    service: Arc<Service>,
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts to serve an account.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind(&settings.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let service = Arc::new(Service::new(settings)?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("cloudwatch-simulator")
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        drop(entered);
        let served = service.clone();
        runtime.spawn(async move { server::serve(listener, served).await });
        Ok(Self {
            address,
            service,
            runtime: Some(runtime),
        })
    }

    /// Returns the address of the endpoint, such as `http://127.0.0.1:40123`; it is that of the proxy as well.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the environment in which AWS clients have credentials and a region, and look for none elsewhere.
    pub fn environment() -> [(&'static str, &'static str); 7] {
        [
            ("AWS_ACCESS_KEY_ID", "AKIASIMULATED"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]
    }

    /// Changes how the service behaves from the next call on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        let mut behaviour = self.service.behaviour().as_ref().clone();
        change(&mut behaviour);
        self.service.behave(behaviour);
    }

    /// Returns all calls in the order in which they came.
    pub fn journal(&self) -> Vec<Call> {
        self.service.journal()
    }

    /// Returns the calls of one action.
    pub fn calls(&self, action: &str) -> Vec<Call> {
        let mut calls = self.journal();
        calls.retain(|call| call.action == action);
        calls
    }

    /// Returns what the calls of an action come to; zeros when there were none.
    pub fn summary(&self, action: &str) -> Summary {
        self.summaries().remove(action).unwrap_or_default()
    }

    /// Returns what the calls come to, by action.
    pub fn summaries(&self) -> BTreeMap<String, Summary> {
        journal::summarize(&self.journal())
    }

    /// Empties the journal; what faults and quotas count begins anew.
    pub fn forget(&self) {
        self.service.forget();
    }

    /// Returns the query definitions as the service describes them, by name.
    pub fn definitions(&self) -> Vec<serde_json::Value> {
        let mut definitions = self.service.definitions().clone();
        definitions.sort_by(|a, b| a.name().cmp(b.name()));
        definitions
            .iter()
            .map(|one| serde_json::json!(one))
            .collect()
    }

    /// Writes a query definition as a console would, with the members of `PutQueryDefinition`; one that has an id
    /// takes the place of the one that has it.
    ///
    /// # Panics
    ///
    /// When a member is missing or wrong.
    pub fn put_definition(&self, definition: serde_json::Value) {
        api::write_definition(&self.service, definition).expect("the members of a definition");
    }

    /// Adds a log group.
    pub fn add_group(&self, group: Group) -> io::Result<()> {
        self.service.add_group(group)
    }

    /// Deletes a log group.
    pub fn delete_group(&self, name: &str) {
        self.service.delete_group(name);
    }

    /// Writes events into a stream, with their timestamps; they can be read at once. The group and the stream are made when there are
    /// none, as a stream beside the computed ones.
    pub fn put<'a>(
        &self,
        group: &str,
        stream: &str,
        events: impl IntoIterator<Item = (i64, &'a str)>,
    ) -> io::Result<()> {
        let now = self.service.now();
        let line = |(timestamp, message): (i64, &str)| Line {
            log_group_name: group.to_owned(),
            log_stream_name: stream.to_owned(),
            timestamp,
            ingestion_time: Some(now),
            message: message.to_owned(),
        };
        self.service
            .put(group, events.into_iter().map(line).collect())
    }

    /// Returns what time it is for the data, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.service.now()
    }

    /// Returns the events of a group that a filter pattern matches, from the first moment up to but not including the
    /// second, in order: what a client has to find. There are none when there is no such group.
    ///
    /// # Panics
    /// When the pattern is one that the simulator refuses.
    pub fn events(&self, group: &str, pattern: &str, from: i64, to: i64) -> Vec<Event> {
        let pattern = Pattern::parse(pattern);
        let pattern = pattern.expect("a pattern that is simulated");
        let Some(group) = self.service.group(group) else {
            return Vec::new();
        };
        let streams = group.streams(&Scope::All);
        let events = streams.read(Window::of(from, to, self.now()), Direction::Forward);
        events
            .filter(|event| pattern.matches(&event.message))
            .collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // Not a wait: the test may be asynchronous itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
