//! A source that says, at `-vv`, which files were read and how long each took; at `-vvv` also each block.

use std::sync::Arc;
use std::time::Instant;

use super::output::{Notices, size};
use crate::scan::{Block, Blocks};
use crate::source::{Progress, Report, Source};

/// A source, and what is told of it.
pub(super) struct Watched {
    source: Source,
    notices: Notices,
    bytes: Arc<Progress>,
    current: Option<Current>,
}

/// The file that is being read.
struct Current {
    name: Arc<str>,
    opened: Instant,
    /// How many bytes of all files were read before it.
    before: u64,
    blocks: u64,
}

impl Watched {
    /// Watches a source that counts its bytes.
    pub(super) fn new(source: Source, notices: Notices, bytes: Arc<Progress>) -> Self {
        Self {
            source,
            notices,
            bytes,
            current: None,
        }
    }

    /// Ends reading and returns the report.
    pub(super) fn into_report(mut self) -> Report {
        self.close();
        self.source.into_report()
    }

    fn close(&mut self) {
        let Some(file) = self.current.take() else {
            return;
        };
        let read = self.bytes.read().saturating_sub(file.before);
        self.notices.detail(
            2,
            &format!(
                "{}: {} read in {}",
                file.name,
                size(read),
                elapsed(file.opened)
            ),
        );
    }

    fn tell(&mut self, block: &Block, asked: Instant, before: u64) {
        let is_next = |file: &Current| file.name != block.file;
        if self.current.as_ref().is_none_or(is_next) {
            self.close();
            self.current = Some(Current {
                name: Arc::clone(&block.file),
                opened: asked,
                before,
                blocks: 0,
            });
        }
        if let Some(file) = &mut self.current {
            file.blocks += 1;
            self.notices.detail(
                3,
                &format!(
                    "{}: block {} at byte {}, {} of lines, log group `{}`, stream `{}`",
                    block.file,
                    file.blocks,
                    block.offset,
                    size(block.bytes().len() as u64),
                    block.origin.group,
                    block.origin.stream
                ),
            );
        }
    }
}

impl Blocks for Watched {
    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn next_into(&mut self, block: &mut Block) -> bool {
        if !self.notices.says(2) {
            return self.source.next_into(block);
        }
        let (asked, before) = (Instant::now(), self.bytes.read());
        let found = self.source.next_into(block);
        if found {
            self.tell(block, asked, before);
        } else {
            self.close();
        }
        found
    }
}

/// Returns how long ago something began: `12 ms`, `3.4 s`.
pub(super) fn elapsed(since: Instant) -> String {
    let time = since.elapsed();
    if time.as_secs() == 0 {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
