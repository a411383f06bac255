//! Tracebacks that a program's standard error turned into one log line per write.
//!
//! Celery's beat, and its workers for what tasks print, log each write to standard error as a WARNING line. A
//! traceback comes out in pieces: whole frames, source text, each caret, and an exception as `IndexError`, `: `
//! and `pop from empty list`. The pieces that matter are put together again.

use crate::decode::traceback::{AppRoots, Block, BlockReader, Step};
use crate::time::Timestamp;

/// Puts the pieces of one process together.
#[derive(Debug)]
pub(super) struct Written {
    reader: BlockReader,
    /// An exception's name without its text so far, and whether the colon has come.
    name: Option<(String, bool)>,
    /// The process whose lines these are, as its head names it.
    pub(super) place: Vec<u8>,
    /// The event with the first piece.
    pub(super) first: u64,
    /// That with the last exception.
    pub(super) exception: Option<u64>,
}

impl Written {
    /// Begins with the head of a traceback; `None` for any other piece.
    pub(super) fn begin(
        piece: &str,
        place: &[u8],
        index: u64,
        at: Timestamp,
        roots: &AppRoots,
    ) -> Option<Self> {
        if !piece.starts_with("Traceback (") {
            return None;
        }
        let mut reader = BlockReader::new(roots.clone());
        (reader.push(piece, at) == Step::Inside).then(|| Self {
            reader,
            name: None,
            place: place.to_owned(),
            first: index,
            exception: None,
        })
    }

    /// Takes the next piece; `false` when it is no part of the traceback.
    pub(super) fn push(&mut self, piece: &str, index: u64, at: Timestamp) -> bool {
        if let Some((name, colon)) = self.name.take() {
            if piece == ": " && !colon {
                self.name = Some((name, true));
                return true;
            }
            let text = if colon {
                format!("{name}: {piece}")
            } else {
                name
            };
            let step = self.reader.push(&text, at);
            self.note(step, index);
            if colon {
                return step != Step::Closed;
            }
        }
        if is_name(piece) && !self.reader.has_exception() {
            self.name = Some((piece.to_owned(), false));
            return true;
        }
        if !is_line(piece) {
            // Source text and carets; behind the exception they would be something else.
            return !self.reader.has_exception() || piece.trim().is_empty();
        }
        let step = self.reader.push(piece, at);
        self.note(step, index);
        step != Step::Closed
    }

    /// Returns whether it could be complete.
    pub(super) fn has_exception(&self) -> bool {
        self.exception.is_some()
    }

    fn note(&mut self, step: Step, index: u64) {
        if step == Step::Exception {
            self.exception = Some(index);
        }
    }

    /// Ends it.
    pub(super) fn finish(mut self, at: Timestamp) -> Option<Block> {
        if let Some((name, _)) = self.name.take() {
            self.reader.push(&name, at);
        }
        self.reader.take()
    }
}

/// Returns whether a piece is a whole line that the reader should see.
fn is_line(piece: &str) -> bool {
    piece.starts_with("  File \"")
        || piece.starts_with("Traceback (")
        || piece.starts_with("The above exception ")
        || piece.starts_with("During handling of ")
        || piece
            .split_once(": ")
            .is_some_and(|(name, _)| is_name(name))
}

fn is_name(piece: &str) -> bool {
    let last = piece.rsplit('.').next().unwrap_or_default();
    last.starts_with(|c: char| c.is_ascii_uppercase())
        && last.contains(|c: char| c.is_ascii_lowercase())
        && piece
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
}
