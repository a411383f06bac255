//! What can go wrong with a source: which file it was, what is wrong with it, and what mends it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::decode::subscription::Poison;

/// One input that could not be read, or not to its end.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The file or folder cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Reading failed on the way.
    #[error("cannot read `{file}` beyond byte {at}")]
    Read {
        /// The input's name.
        file: String,
        /// How many bytes, decompressed, were read before.
        at: u64,
        /// Why not.
        source: io::Error,
    },
    /// The compressed data ends in the middle.
    #[error(
        "`{file}` is cut off: its compressed data ends in the middle, after {at} bytes of text"
    )]
    CutOff {
        /// The input's name.
        file: String,
        /// How many bytes, decompressed, were read before.
        at: u64,
    },
    /// Something that is not compressed data follows it.
    #[error("`{file}` has something behind its compressed data that is not read")]
    TrailingGarbage {
        /// The input's name.
        file: String,
    },
    /// The compressed data is damaged.
    #[error("`{file}` is damaged: its compressed data cannot be decoded beyond {at} bytes of text")]
    Damaged {
        /// The input's name.
        file: String,
        /// How many bytes, decompressed, were read before.
        at: u64,
        /// What the decoder says.
        source: io::Error,
    },
    /// A subscription payload cannot be read.
    #[error("`{file}` has a subscription payload at byte {at} that cannot be read")]
    Payload {
        /// The input's name.
        file: String,
        /// Where the payload begins.
        at: u64,
        /// What is wrong with it.
        source: Poison,
    },
    /// A JSON document ends in the middle.
    #[error("`{file}` is cut off: its JSON ends in the middle, at byte {at}")]
    CutDocument {
        /// The input's name.
        file: String,
        /// Where what is not complete begins.
        at: u64,
    },
    /// A JSON document is too long to be read as one.
    #[error(
        "`{file}` has a JSON value at byte {at} that is too long, and is read as lines from there on"
    )]
    LongDocument {
        /// The input's name.
        file: String,
        /// Where it begins.
        at: u64,
    },
    /// The file became shorter while it was read.
    #[error("`{file}` became shorter while it was read: {missing} bytes are missing")]
    Shrunk {
        /// The input's name.
        file: String,
        /// How many of the bytes it had at first were not there any more.
        missing: u64,
    },
}

impl SourceError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "check the path".to_owned(),
                io::ErrorKind::PermissionDenied => "give the user read permission".to_owned(),
                _ => return None,
            },
            Self::CutOff { .. } | Self::Damaged { .. } => {
                "fetch the file again; what could be decoded was read".to_owned()
            }
            Self::TrailingGarbage { .. } => {
                "everything before it was read; compress the file again if the rest matters"
                    .to_owned()
            }
            Self::Shrunk { .. } => "copy the file before reading it if it is rotated".to_owned(),
            Self::CutDocument { .. } => {
                "fetch the events again; what is complete was read".to_owned()
            }
            Self::Read { .. } | Self::Payload { .. } | Self::LongDocument { .. } => return None,
        };
        Some(hint)
    }
}
