//! `logq pull`: a window of CloudWatch Logs as a file, which is then a source.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::context::Context;
use super::super::output::{self, counted, size};
use super::super::reader::Reader;
use super::super::run;
use super::super::source::{self, Source, Wanted};
use super::super::{Exit, Failure};
use super::ask;
use crate::scan::{Block, Blocks, lines};
use crate::time::Timestamp;

/// Copy a window of CloudWatch Logs into a folder, to be read with --source
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq pull logs/ --since 1d
  logq pull logs/ --since 2026-11-20 --until 2026-11-21 -t batch
  logq errors --source logs/")]
pub(in crate::cli) struct Args {
    /// The folder, which is made if it is not there
    folder: PathBuf,

    /// Copy only events that match this filter pattern
    #[arg(short, long, value_name = "PATTERN")]
    pattern: Option<String>,
}

/// What was written.
#[derive(Default)]
struct Written {
    events: u64,
    bytes: u64,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if let Some(pattern) = &args.pattern {
        ask::parse_pattern(context, pattern, None)?;
    }
    let source = source::resolve(context)?;
    if source != Source::Aws {
        return Err(Failure::usage("only CloudWatch Logs can be pulled")
            .hint("files are read as they are: --source PATH".to_owned()));
    }
    let path = file(context, args);
    if path.exists() {
        return Err(
            Failure::usage(format!("`{}` is there already", path.display()))
                .hint("remove it, or name another folder".to_owned()),
        );
    }
    context.interrupt.listen();
    let zone = run::log_zone(context);
    let wanted = Wanted {
        pattern: args.pattern.as_deref(),
        ..Wanted::default()
    };
    let mut reader = Reader::open(context, source, &zone, &wanted)?;
    let part = unfinished(&path);
    let written = write(&mut reader.source, &part).map_err(|error| {
        // What is no whole copy is of no use to anybody.
        let _ = fs::remove_file(&part);
        cannot_write(&path, &error)
    })?;
    let answer = reader.into_answer(context)?;
    ask::tell_problems(context, &answer);
    let is_whole = answer.is_complete() && !context.interrupt.is_asked();
    let path = if is_whole {
        fs::rename(&part, &path).map_err(|error| cannot_write(&path, &error))?;
        path
    } else {
        context
            .notices
            .remark("the copy is incomplete, and no source reads it under its name");
        part
    };
    let events = counted(written.events, "event", "events");
    context.notices.remark(&format!(
        "{events}, {} in {}",
        size(written.bytes),
        path.display()
    ));
    Ok(output::exit(context, written.events, answer.is_complete()))
}

/// Returns the file: named by the window, so that one does not replace another.
fn file(context: &Context, args: &Args) -> PathBuf {
    let name = |at: Timestamp| at.to_string().replace(':', "");
    let until = context.window.until.unwrap_or(context.clock.now);
    let since = context.window.since.unwrap_or(until);
    let name = format!("{}-{}.ndjson.zst", name(since), name(until));
    context.environment.folder.join(&args.folder).join(name)
}

/// Returns the name of a copy that is not whole: one that no source reads.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.part"))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::incomplete(format!("cannot write `{}`", path.display())).cause(error.to_string())
}

/// Writes all blocks into a file.
fn write(source: &mut impl Blocks, path: &Path) -> io::Result<Written> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let file = BufWriter::new(fs::File::create(path)?);
    let mut encoder = zstd::stream::Encoder::new(file, 3)?;
    let mut written = Written::default();
    let mut block = Block::default();
    while source.next_into(&mut block) {
        written.events += lines::lines(block.bytes(), 0).count() as u64;
        encoder.write_all(block.bytes())?;
    }
    encoder.finish()?.flush()?;
    written.bytes = fs::metadata(path)?.len();
    Ok(written)
}
