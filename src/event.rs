//! One log event as delivered, borrowed from the block or delivery it came in.

use std::sync::Arc;

use crate::time::Timestamp;

/// Where an event was written: shared by all events of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The log group, such as `/ecs/production-batch`; empty when nothing tells.
    pub group: Arc<str>,
    /// The log stream, such as `ecs/batch/TASK-ID`; empty when nothing tells.
    pub stream: Arc<str>,
}

impl Origin {
    /// Creates an origin from its two names.
    pub fn new(group: impl Into<Arc<str>>, stream: impl Into<Arc<str>>) -> Self {
        Self {
            group: group.into(),
            stream: stream.into(),
        }
    }

    /// Returns the ECS task id: the last part of an awslogs stream name `prefix/container/task-id`.
    pub fn task(&self) -> Option<&str> {
        let (rest, task) = self.stream.rsplit_once('/')?;
        (!task.is_empty() && !rest.is_empty()).then_some(task)
    }

    /// Returns the container name: the last part but one of the stream name.
    pub fn container(&self) -> Option<&str> {
        let (rest, _) = self.stream.rsplit_once('/')?;
        Some(
            rest.rsplit_once('/')
                .map_or(rest, |(_, container)| container),
        )
    }
}

/// One log event.
///
/// The message is bytes: files may hold text that is not UTF-8, and most events are ruled out before anybody
/// needs them as text.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// When it was logged. Sources resolve it before handing the event out (`decode::time` has the order).
    pub timestamp: Timestamp,
    /// When the service took it in, where the source says so.
    pub ingestion: Option<Timestamp>,
    /// The message without its line end.
    pub message: &'a [u8],
    /// Log group and stream.
    pub origin: &'a Origin,
    /// The service's event id, where the source has it: the key for dropping redelivered events.
    pub id: Option<&'a str>,
}
