//! Standard output, with a pager in front of it where a person reads more than fits the screen.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use super::context::Context;
use super::output::Notices;
use super::progress::Screen;
use crate::render::Format;

/// Standard output with a buffer; lines go out as they come when somebody may be waiting for them.
pub(super) struct Output {
    target: Target,
    buffer: Vec<u8>,
}

/// Where the bytes go.
enum Target {
    Stream(io::StdoutLock<'static>),
    /// Nowhere yet: a pager is started once there is more than a screen of lines.
    Waiting(Plan),
    Pager(Child),
}

/// The pager to start.
struct Plan {
    command: String,
    rows: usize,
    /// Whether `LESS` is to be set, as the person has not.
    with_flags: bool,
    screen: Screen,
    notices: Notices,
}

impl Output {
    /// How much is collected before it is written.
    const FULL: usize = 64 * 1024;

    /// Takes standard output.
    pub(super) fn new() -> Self {
        Self::to(Target::Stream(io::stdout().lock()))
    }

    /// Takes standard output, through the pager when a table turns out longer than the screen.
    pub(super) fn paged(context: &Context) -> Self {
        match Plan::of(context) {
            Some(plan) => Self::to(Target::Waiting(plan)),
            None => Self::new(),
        }
    }

    fn to(target: Target) -> Self {
        Self {
            target,
            buffer: Vec::with_capacity(Self::FULL + 4096),
        }
    }

    /// Returns the buffer to append to; [`Output::relieve`] empties it.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes the buffer out once it is full.
    pub(super) fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() < Self::FULL {
            return Ok(());
        }
        self.flush()
    }

    /// Writes out what there is; with a pager in sight, only what is more than a screen.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if let Target::Waiting(plan) = &self.target {
            if memchr::memchr_iter(b'\n', &self.buffer).count() < plan.rows {
                return Ok(());
            }
            self.target = plan.start();
        }
        let buffer = &mut self.buffer;
        let written = match &mut self.target {
            Target::Stream(stream) => stream.write_all(buffer).and_then(|()| stream.flush()),
            Target::Pager(child) => write_to(child, buffer),
            Target::Waiting(_) => return Ok(()),
        };
        buffer.clear();
        written
    }

    /// Writes everything out, and waits until the person has left the pager; who leaves it early wants no more.
    pub(super) fn end(mut self) -> io::Result<()> {
        let written = self.flush();
        match self.target {
            Target::Stream(_) => written,
            // It fits the screen.
            Target::Waiting(_) => {
                self.target = Target::Stream(io::stdout().lock());
                self.flush()
            }
            Target::Pager(mut child) => {
                drop(child.stdin.take());
                child.wait()?;
                written.or_else(|error| match error.kind() {
                    io::ErrorKind::BrokenPipe => Ok(()),
                    _ => Err(error),
                })
            }
        }
    }

    /// Returns the whole answer when it was small enough never to be written; it is the caller's then.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}

/// Hands bytes to the pager; that the person left it before the end shows as a closed pipe.
fn write_to(child: &mut Child, bytes: &[u8]) -> io::Result<()> {
    match &mut child.stdin {
        Some(input) => input.write_all(bytes).and_then(|()| input.flush()),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

impl Plan {
    /// Returns the pager to use; `None` when there is no screen, no table, or no wish for one.
    fn of(context: &Context) -> Option<Self> {
        let screen = context.streams.screen?;
        if context.output.no_pager || context.format() != Format::Table {
            return None;
        }
        let environment = &context.environment;
        let wish = environment
            .set("LOGQ_PAGER")
            .or_else(|| environment.set("PAGER"));
        let command = wish.unwrap_or("less").trim();
        (!command.is_empty()).then(|| Self {
            command: command.to_owned(),
            rows: screen.rows,
            with_flags: environment.set("LESS").is_none(),
            screen: context.screen.clone(),
            notices: context.notices,
        })
    }

    /// Starts the pager; where there is none of that name, standard output takes its place.
    fn start(&self) -> Target {
        self.screen.take();
        let mut words = self.command.split_whitespace();
        let program = words.next().unwrap_or_default();
        let mut pager = Command::new(program);
        pager.args(words).stdin(Stdio::piped());
        if self.with_flags {
            pager.env("LESS", "FRX");
        }
        if let Ok(child) = pager.spawn() {
            return Target::Pager(child);
        }
        let notices = self.notices;
        notices.warn(&format!("cannot start the pager `{program}`"));
        Target::Stream(io::stdout().lock())
    }
}
