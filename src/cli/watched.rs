//! A source that says, at `-vv`, which files were read and how long each took; at `-vvv` also each block.
//!
//! Blocks of plain files are read by the workers, so a file's time is that until the next one is begun.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::opened::{Opened, Reported};
use super::output::{Notices, counted};
use crate::scan::{Block, Blocks};

/// A source, and what is told of it.
pub(super) struct Watched {
    source: Opened,
    notices: Notices,
    current: Option<Current>,
}

/// The file that is being read.
struct Current {
    name: Arc<str>,
    opened: Instant,
    blocks: u64,
}

impl Watched {
    /// Watches a source.
    pub(super) fn new(source: Opened, notices: Notices) -> Self {
        Self {
            source,
            notices,
            current: None,
        }
    }

    /// Ends reading and returns the report.
    pub(super) fn into_report(mut self) -> Reported {
        self.close();
        self.source.into_report()
    }

    fn close(&mut self) {
        let Some(file) = self.current.take() else {
            return;
        };
        let blocks = counted(file.blocks, "block", "blocks");
        let time = elapsed(file.opened);
        // Blocks of log groups are of no file.
        let of = match &*file.name {
            "" => String::new(),
            name => format!("{name}: "),
        };
        self.notices.detail(2, &format!("{of}{blocks} in {time}"));
    }

    fn tell(&mut self, block: &Block, asked: Instant) {
        let is_next = |file: &Current| file.name != block.file;
        if self.current.as_ref().is_none_or(is_next) {
            self.close();
            self.current = Some(Current {
                name: Arc::clone(&block.file),
                opened: asked,
                blocks: 0,
            });
        }
        if let Some(file) = &mut self.current {
            file.blocks += 1;
            let (origin, offset) = (&block.origin, block.offset);
            let said = format!(
                "{}: block {} from byte {offset}, log group `{}`, stream `{}`",
                block.file, file.blocks, origin.group, origin.stream
            );
            self.notices.detail(3, &said);
        }
    }
}

impl Blocks for Watched {
    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn hands_over(&self) -> bool {
        self.source.hands_over()
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        self.source.halt()
    }

    fn claim(&mut self, block: &mut Block) -> bool {
        let asked = Instant::now();
        let found = self.source.claim(block);
        if !self.notices.says(2) {
            return found;
        }
        if found {
            self.tell(block, asked);
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
