//! What is remembered between invocations and shared with the command line: small documents in one table.
//!
//! A [`Store`] knows documents, versions and nothing of what is in them. Every write may be made dependent on the
//! version that was read, and several are made together or not at all: that is all it takes for two programs at
//! once to count each failure once and to tell it once. [`Memory`] keeps the documents in this process, [`Dynamo`]
//! in a DynamoDB table; `conformance` is what both are held to.
//!
//! Time is an argument. A document that has expired is not there, whether or not the table still holds it: DynamoDB
//! may take days to delete what its TTL says
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>).

#[cfg(test)]
mod conformance;
#[cfg(feature = "aws")]
mod dynamo;
#[cfg(all(test, feature = "aws"))]
mod dynamo_tests;
mod memory;
mod silence;

use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::time::Timestamp;

#[cfg(feature = "aws")]
pub use dynamo::Dynamo;
pub use memory::Memory;
pub use silence::{Silence, Target, end_silence, put_silence, silences};

/// How many writes can be made together; the limit is DynamoDB's.
pub const MOST_WRITES: usize = 100;

/// The name of a document: those of one partition can be listed in the order of their second part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of document it is, or whose.
    pub partition: String,
    /// Which one of the partition.
    pub sort: String,
}

/// A document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub key: Key,
    /// Grows by one with each write.
    pub version: u64,
    /// JSON.
    pub body: String,
    /// When it is forgotten.
    pub expires: Timestamp,
}

/// Some documents of a partition, about as many as a megabyte holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the second part of their names.
    pub documents: Vec<Document>,
    /// Behind which name the next page begins; `None` when there is none.
    pub more: Option<String>,
}

/// What must hold of a document for a write to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is not there, or has expired.
    Absent,
    /// It is there, and nobody wrote it since it was read.
    Version(u64),
    /// Nothing.
    Anything,
}

/// One of several writes that are made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Puts a document in the place of the one there may be.
    Put {
        /// Its name.
        key: Key,
        /// JSON.
        body: String,
        /// When it is forgotten.
        expires: Timestamp,
        /// What must hold.
        expected: Expected,
    },
    /// Removes a document.
    Delete {
        /// Its name.
        key: Key,
        /// What must hold.
        expected: Expected,
    },
}

/// What became of writes that were to be made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// They are made, all of them.
    Made,
    /// Somebody was quicker, and none is made: read again and decide anew.
    Conflict,
}

/// The store did not answer, or said no: what it holds is not known.
#[derive(Debug, thiserror::Error)]
#[error("the store cannot be used: {operation} on table `{table}`: {reason}")]
pub struct StoreError {
    /// The call, such as `Query`.
    pub operation: &'static str,
    /// The table.
    pub table: String,
    /// The service's code, such as `AccessDeniedException`; `None` when there is none.
    pub code: Option<String>,
    /// The code and the service's message, or why there was no answer.
    pub reason: String,
}

/// Documents with versions.
pub trait Store: Send + Sync {
    /// Returns those of the documents that are there, in no particular order.
    fn get(
        &self,
        keys: &[Key],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Document>, StoreError>> + Send;

    /// Returns some documents of a partition, by the second part of their names: the first of all, or of those behind
    /// `after`. A page may hold none although more follow.
    fn page(
        &self,
        partition: &str,
        after: Option<&str>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Returns the first documents of a partition, by the second part of their names.
    fn list(
        &self,
        partition: &str,
        most: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Document>, StoreError>> + Send {
        async move {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = self.page(partition, after.as_deref(), now).await?;
                found.extend(page.documents);
                after = page.more;
                if after.is_none() || found.len() >= most {
                    found.truncate(most);
                    return Ok(found);
                }
            }
        }
    }

    /// Makes all of these writes, of at most [`MOST_WRITES`] different documents, or none. To name a document twice is
    /// an error.
    fn commit(
        &self,
        writes: Vec<Write>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send;
}

impl Key {
    /// Creates a key of its two parts.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.into(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.partition, self.sort)
    }
}

impl Document {
    /// Reads the document; `None` when another version of the program wrote it in a way that this one cannot read.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.body).ok()
    }

    /// Returns the condition that nobody wrote it since.
    pub fn unchanged(&self) -> Expected {
        Expected::Version(self.version)
    }
}

impl Write {
    /// Puts a value as a document.
    ///
    /// # Panics
    ///
    /// When the value has no JSON form, such as a map whose keys are no texts; no type of this program is so.
    pub fn put(key: Key, value: &impl Serialize, expires: Timestamp, expected: Expected) -> Self {
        let body = serde_json::to_string(value).expect("documents have a JSON form");
        Self::Put {
            key,
            body,
            expires,
            expected,
        }
    }

    /// Returns how many bytes of JSON are written.
    pub fn len(&self) -> usize {
        match self {
            Self::Put { body, .. } => body.len(),
            Self::Delete { .. } => 0,
        }
    }

    /// Returns whether nothing is written, only removed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the document's name.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
        }
    }

    fn expected(&self) -> Expected {
        match self {
            Self::Put { expected, .. } | Self::Delete { expected, .. } => *expected,
        }
    }
}
