//! Where events come from: `--source`, `LOGQ_SOURCE`, standard input when something is piped in, `logq.toml`.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Failure;
use super::context::Context;
use super::environment::Environment;
use super::output::Notices;
use super::terminal::Input;

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
}

impl Source {
    /// Describes it for a headline: a path, or `standard input`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Files(paths) => match paths.as_slice() {
                [one] => one.display().to_string(),
                many => format!("{} sources", many.len()),
            },
            Self::Standard { .. } => "standard input".to_owned(),
        }
    }
}

/// Returns the sources as written in flags or environment.
pub(super) fn written(flags: Vec<String>, environment: &Environment) -> Vec<String> {
    if !flags.is_empty() {
        return flags;
    }
    environment
        .variable("LOGQ_SOURCE")
        .map(|one| vec![one.to_owned()])
        .unwrap_or_default()
}

/// Decides what to read.
pub(super) fn resolve(context: &Context) -> Result<Source, Failure> {
    let written = &context.sources;
    if written.iter().any(|one| one == "aws") {
        return Err(no_service());
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
        return files(written);
    }
    match context.streams.input {
        Input::Redirected => Ok(Source::Standard { guessed: true }),
        Input::Terminal | Input::Nothing if !context.config.files.is_empty() => Err(no_service()),
        Input::Terminal | Input::Nothing => Err(Failure::usage("there is nothing to read")
            .cause("no `--source`, nothing piped in, and no `logq.toml`")
            .hint("name a file or folder of logs: --source PATH; or try `logq demo`".to_owned())),
    }
}

fn files(written: &[String]) -> Result<Source, Failure> {
    let paths: Vec<PathBuf> = written.iter().map(PathBuf::from).collect();
    match paths.iter().find(|path| !path.exists()) {
        None => Ok(Source::Files(paths)),
        Some(missing) => Err(Failure::usage(format!(
            "there is no file or folder `{}`",
            missing.display()
        ))
        .hint("check `--source`".to_owned())),
    }
}

fn no_service() -> Failure {
    Failure::usage("this build of logq cannot read CloudWatch Logs")
        .hint("export the logs to files and read those: --source PATH".to_owned())
}

/// Standard input that watches whether anything comes.
///
/// A pipe that was only guessed may be one that nobody ever writes to: after a second of silence the person is told
/// what is being waited for, and that nothing came at all is an error for the caller to raise.
pub(super) struct StandardInput {
    read: Arc<AtomicU64>,
}

impl StandardInput {
    /// Starts watching; `guessed` says whether silence is worth a word.
    pub(super) fn watch(guessed: bool, notices: Notices) -> Self {
        let read = Arc::new(AtomicU64::new(0));
        if guessed && !notices.quiet {
            let read = Arc::clone(&read);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_secs(1));
                if read.load(Ordering::Relaxed) == 0 {
                    notices.remark("reading standard input; name another source with --source");
                }
            });
        }
        Self { read }
    }

    /// Returns how many bytes have come, as a count to keep.
    pub(super) fn count(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl Read for StandardInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = io::stdin().lock().read(buffer)?;
        // The end of input counts as an answer too: it ends the wait.
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
