//! Where events come from: `--source`, `LOGQ_SOURCE`, standard input when something is piped in, `logq.toml`.

use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Failure;
use super::context::Context;
use super::environment::Environment;
use super::interrupt::Interrupt;
use super::output::Notices;
use super::terminal::Input;
use crate::config::Config;
use crate::query::Program;
use crate::time::Timestamp;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Files and folders.
    Files(Vec<PathBuf>),
    /// Standard input.
    Standard {
        /// Whether nobody asked for it by name.
        guessed: bool,
    },
    /// CloudWatch Logs.
    Aws,
}

/// What a command wants of a source that can choose: events that do not fit may come all the same.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(
    not(feature = "aws"),
    allow(dead_code, reason = "only CloudWatch Logs needs it")
)]
pub(super) struct Wanted<'a> {
    /// The filter pattern that events match.
    pub(super) pattern: Option<&'a str>,
    /// The logical groups that they are of; empty: all.
    pub(super) groups: &'a [String],
    /// Whether runs are made of them, which may have begun before the window.
    pub(super) whole_runs: bool,
    /// Which of those runs matter, where that is known: then only these have to come.
    pub(super) runs: Option<Runs<'a>>,
    /// Whether the newest come first.
    pub(super) newest_first: bool,
    /// From when on events matter, where that is before the window; else the window says it.
    pub(super) since: Option<Timestamp>,
}

/// Which runs matter.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "aws"),
    allow(dead_code, reason = "only CloudWatch Logs needs it")
)]
pub(super) enum Runs<'a> {
    /// Those that a query can let through.
    Of(&'a Program),
    /// Those of a task, by its id, the beginning of one, its ARN or its log stream.
    Task(&'a str),
}

impl Source {
    /// Returns whether there may be several files, whose events are to be put into the order of time.
    pub(super) fn has_many(&self) -> bool {
        match self {
            Self::Files(paths) => paths.len() > 1 || paths.iter().any(|path| path.is_dir()),
            // The service's events come in order.
            Self::Standard { .. } | Self::Aws => false,
        }
    }

    /// Returns whether there may be several streams, so that a line should say which it is of.
    pub(super) fn has_streams(&self) -> bool {
        *self == Self::Aws || self.has_many()
    }

    /// Describes it for a headline: a path, or `standard input`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Files(paths) => match paths.as_slice() {
                [one] => one.display().to_string(),
                many => format!("{} sources", many.len()),
            },
            Self::Standard { .. } => "standard input".to_owned(),
            Self::Aws => "CloudWatch Logs".to_owned(),
        }
    }
}

/// The sources as a person wrote them.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// Paths, `-` or `aws`; empty: none was named.
    paths: Vec<String>,
    /// Where they were written.
    place: &'static str,
}

impl Written {
    /// Returns the paths, `-` or `aws`; empty when none was named.
    #[cfg(feature = "aws")]
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }
}

/// Returns the sources as written in flags or environment.
pub(super) fn written(flags: Vec<String>, environment: &Environment) -> Written {
    if !flags.is_empty() {
        return Written {
            paths: flags,
            place: "--source",
        };
    }
    let variable = environment.variable("LOGQ_SOURCE");
    Written {
        paths: variable.map(str::to_owned).into_iter().collect(),
        place: "LOGQ_SOURCE",
    }
}

/// Decides what to read, and says at `-v` what that and the rest depends on.
pub(super) fn resolve(context: &Context) -> Result<Source, Failure> {
    let source = decide(context)?;
    context.tell_decisions(&source.describe());
    Ok(source)
}

fn decide(context: &Context) -> Result<Source, Failure> {
    let written = &context.sources.paths;
    if written.iter().any(|one| one == "aws") {
        if written.len() > 1 {
            return Err(
                Failure::usage("CloudWatch Logs cannot be read beside other sources")
                    .hint("give `--source aws` alone".to_owned()),
            );
        }
        return service();
    }
    if written.iter().any(|one| one == "-") {
        if written.len() > 1 {
            return Err(
                Failure::usage("standard input cannot be read beside other sources")
                    .hint("give `--source -` alone".to_owned()),
            );
        }
        return Ok(Source::Standard { guessed: false });
    }
    if !written.is_empty() {
        return files(&context.sources);
    }
    match context.streams.input {
        Input::Redirected => Ok(Source::Standard { guessed: true }),
        Input::Terminal | Input::Nothing if !context.config.files.is_empty() => service(),
        Input::Terminal | Input::Nothing => Err(Failure::usage("there is nothing to read")
            .cause("no `--source`, nothing piped in, and no `logq.toml`")
            .hint("name a file or folder of logs: --source PATH; or try `logq demo`".to_owned())),
    }
}

fn files(written: &Written) -> Result<Source, Failure> {
    let paths: Vec<PathBuf> = written.paths.iter().map(PathBuf::from).collect();
    match paths.iter().find(|path| !path.exists()) {
        None => Ok(Source::Files(paths)),
        Some(missing) => Err(Failure::usage(format!(
            "there is no file or folder `{}`",
            missing.display()
        ))
        .hint(format!("check `{}`", written.place))),
    }
}

/// Returns whether a call would read CloudWatch Logs.
pub(super) fn is_service(written: &Written, input: Input, config: &Config) -> bool {
    match written.paths.as_slice() {
        [] => input != Input::Redirected && !config.files.is_empty(),
        paths => paths.iter().any(|one| one == "aws"),
    }
}

#[cfg(feature = "aws")]
#[allow(clippy::unnecessary_wraps, reason = "a build without AWS refuses")]
fn service() -> Result<Source, Failure> {
    Ok(Source::Aws)
}

#[cfg(not(feature = "aws"))]
fn service() -> Result<Source, Failure> {
    Err(no_service())
}

#[cfg(not(feature = "aws"))]
pub(super) fn no_service() -> Failure {
    Failure::usage("this build of logq cannot read CloudWatch Logs").hint(
        "pipe in what the AWS command line prints: aws logs filter-log-events --log-group-name GROUP | logq ..."
            .to_owned(),
    )
}

/// Standard input, read by a thread of its own so that an interrupt ends the wait for a silent pipe.
///
/// A pipe that was only guessed may be one that nobody ever writes to: after a second of silence the person is told
/// what is being waited for, and that nothing came at all is an error for the caller to raise.
pub(super) struct StandardInput {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Cursor<Vec<u8>>,
    read: Arc<AtomicU64>,
    beginning: Beginning,
    interrupt: Interrupt,
    /// When silence is worth a word.
    patience: Option<Instant>,
    notices: Notices,
}

impl StandardInput {
    /// How much is read at once.
    const CHUNK: usize = 256 * 1024;
    /// How often an interrupt is looked for.
    const LOOK: Duration = Duration::from_millis(50);

    /// Starts reading; `guessed` says whether silence is worth a word.
    pub(super) fn open(guessed: bool, notices: Notices, interrupt: Interrupt) -> Self {
        let (sender, chunks) = mpsc::sync_channel(4);
        std::thread::spawn(move || read_chunks(&sender));
        Self {
            chunks,
            chunk: Cursor::default(),
            read: Arc::default(),
            beginning: Beginning::default(),
            interrupt,
            patience: guessed.then(|| Instant::now() + Duration::from_secs(1)),
            notices,
        }
    }

    /// Returns how many bytes have come, as a count to keep.
    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// Returns what is kept of what came first.
    pub(super) fn beginning(&self) -> Beginning {
        self.beginning.clone()
    }

    /// Waits for the next chunk; an empty one is the end.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.chunks.recv_timeout(Self::LOOK) {
                Ok(chunk) => return chunk,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) if self.interrupt.is_asked() => {
                    return Ok(Vec::new());
                }
                Err(RecvTimeoutError::Timeout) => self.grow_impatient(),
            }
        }
    }

    fn grow_impatient(&mut self) {
        if self.patience.is_some_and(|until| Instant::now() >= until) {
            self.patience = None;
            self.notices
                .remark("reading standard input; name another source with --source");
        }
    }
}

/// The first bytes of a stream, kept since it cannot be read twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Beginning(Arc<Mutex<Vec<u8>>>);

impl Beginning {
    /// How much is kept: enough to know the fields of its records.
    pub(super) const MOST: usize = 1 << 20;

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = Self::MOST.saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(&bytes[..room]);
    }

    /// Returns what was kept.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads until the end, an error, or until nobody listens.
fn read_chunks(chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut input = io::stdin().lock();
    loop {
        let mut chunk = vec![0; StandardInput::CHUNK];
        let read = input.read(&mut chunk).map(|count| {
            chunk.truncate(count);
            chunk
        });
        let is_last = read.as_ref().map_or(true, Vec::is_empty);
        if chunks.send(read).is_err() || is_last {
            return;
        }
    }
}

impl Read for StandardInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.position() == self.chunk.get_ref().len() as u64 {
            self.chunk = Cursor::new(self.next()?);
            self.beginning.keep(self.chunk.get_ref());
            self.patience = None;
        }
        let count = self.chunk.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The error for standard input that was guessed and held nothing.
pub(super) fn nothing_came() -> Failure {
    Failure::usage("standard input is empty, and no other source was named").hint(
        "name a file or folder of logs: --source PATH, or `--source -` when empty input is fine"
            .to_owned(),
    )
}
