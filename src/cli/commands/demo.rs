//! `logq demo`: a day of logs, what would have been told about it, and where to go from there.

use std::fmt::Write;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::super::args::Flags;
use super::super::context::Context;
use super::super::output::{self, counted};
use super::super::run::{self, Ask, Sink};
use super::super::source::Source;
use super::super::{Exit, Failure};
use super::replay;
use crate::alert::text::{self, Style};
use crate::alert::{Alert, quoted};
use crate::demo;
use crate::query::Table;
use crate::render::{self, Ending, Format, Look, Renderer};
use crate::row::{Columns, Row};
use crate::saved::SavedQuery;

/// Marks a folder as one that may be written over.
const MARKER: &str = ".logq-demo";

/// Make a day of realistic logs and run everything on it
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq demo
  logq demo --dir /tmp/hotel --tz Asia/Tokyo
It is about all of the day, so flags that choose a part of it or a format are refused;
ask the logs that it writes for those.")]
pub(in crate::cli) struct Args {
    /// Where to write the logs; default: logq-demo in the folder for temporary files
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Refuses flags that would change nothing: the demo shows a page about all of the day that it makes.
pub(in crate::cli) fn refuse_idle(flags: &Flags) -> Result<(), Failure> {
    let (time, output) = (&flags.time, &flags.output);
    let idle = [
        ("--since", time.since.is_some() || time.from.is_some()),
        ("--until", time.until.is_some() || time.to.is_some()),
        ("--source", !flags.source.source.is_empty()),
        ("--stage", flags.source.stage.is_some()),
        ("--target", !flags.source.target.is_empty()),
        ("--output", output.output.is_some()),
        ("--limit", output.limit.is_some()),
        ("--fail-on-match", output.fail_on_match),
        ("--fail-on-empty", output.fail_on_empty),
    ];
    match idle.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Failure::usage(format!(
            "`logq demo` is a page about the whole day that it makes: `{flag}` changes nothing"
        ))
        .hint("ask the logs that it writes: logq replay --source FOLDER".to_owned())),
    }
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let folder = args
        .dir
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join("logq-demo"));
    // What is shown is to be pasted, perhaps elsewhere.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let files = demo::day(context.clock.now);
    write(&folder, &files)?;
    let source = || Source::Files(vec![folder.clone()]);
    let rules = replay::rules(context, &[])?;
    let (alerts, answer) = replay::replay(context, source(), rules)?;
    let mut page = opening(context, &folder, &files, answer.events);
    page.push_str(&told(context, &alerts));
    for name in ["batch-failures", "migrations"] {
        page.push_str(&table(context, source(), name)?);
    }
    page.push_str(&next(&folder, &alerts));
    output::print_text(&page)?;
    Ok(Exit::Done)
}

/// Writes the files; a folder with other things in it is left alone.
fn write(folder: &Path, files: &[demo::File]) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::incomplete(format!("cannot write the logs to `{}`", folder.display()))
            .cause(error.to_string())
            .hint("name another folder: logq demo --dir FOLDER".to_owned())
    };
    if !is_ours(folder).map_err(cannot)? {
        return Err(Failure::usage(format!(
            "`{}` holds other things, so the demo leaves it alone",
            folder.display()
        ))
        .hint("name a new folder: logq demo --dir FOLDER".to_owned()));
    }
    put(folder, files).map_err(cannot)
}

/// Returns whether the folder is new, empty, or was written by the demo.
fn is_ours(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(folder.join(MARKER).is_file() || entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn put(folder: &Path, files: &[demo::File]) -> io::Result<()> {
    // An earlier day would double everything: its folders go, and nothing but them.
    let mut tops: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .collect();
    tops.dedup();
    for top in tops {
        match fs::remove_dir_all(folder.join(top)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join(MARKER), "")?;
    for file in files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, &file.text)?;
    }
    Ok(())
}

fn opening(context: &Context, folder: &Path, files: &[demo::File], events: u64) -> String {
    let events = counted(events, "event", "events");
    let files = counted(files.len() as u64, "file", "files");
    let zone = context.clock.zone.name_at(context.clock.now);
    format!(
        "A day in the logs of a hotel booking system, from recorded programs, ending now.\n\
         {events} in {files} under {}. Times are in {zone}.\n",
        folder.display(),
    )
}

fn told(context: &Context, alerts: &[Alert]) -> String {
    let style = Style {
        zone: context.clock.zone.clone(),
        color: context.look.color,
    };
    let mut page = heading(
        context,
        "What you would have been told",
        &replay::summary(alerts),
    );
    let texts: Vec<String> = alerts
        .iter()
        .map(|alert| text::brief(alert, &style) + "\n")
        .collect();
    page.push_str(&texts.join("\n"));
    page
}

/// Runs a saved query on the demo's files.
fn table(context: &Context, source: Source, name: &str) -> Result<String, Failure> {
    let query = super::run::find(context, name)?;
    let expanded = query
        .expand(&[])
        .map_err(|error| Failure::usage(error.message).hint(error.hint))?;
    let ask = Ask {
        table: Table::Runs,
        pattern: None,
        query: &expanded.query,
        saved: Some((query, &expanded)),
        groups: &query.groups,
    };
    let program = run::compile(context, &ask)?;
    let mut rows = Rows::new(context);
    run::query(context, source, &ask, &program, &mut rows)?;
    let mut page = heading(context, &query.title, &command(query));
    page.push_str(&rows.finish());
    Ok(page)
}

fn command(query: &SavedQuery) -> String {
    format!("logq {} --since 1d", query.name)
}

/// Rows of a table that is part of a page.
struct Rows {
    renderer: Box<dyn Renderer>,
    out: Vec<u8>,
}

impl Rows {
    fn new(context: &Context) -> Self {
        let look = Look {
            durations: &["duration"],
            ..context.look.clone()
        };
        let renderer = render::renderer(Format::Table, &look, render::Question::default());
        Self {
            renderer,
            out: Vec::new(),
        }
    }

    fn finish(mut self) -> String {
        let ending = Ending {
            complete: true,
            truncated: false,
        };
        self.renderer.finish(ending, &mut self.out);
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

impl Sink for Rows {
    fn columns(&mut self, columns: &Columns) {
        self.renderer.start(columns, &mut self.out);
    }

    fn row(&mut self, row: &Row) -> ControlFlow<()> {
        self.renderer.row(row, &mut self.out);
        ControlFlow::Continue(())
    }
}

fn heading(context: &Context, title: &str, note: &str) -> String {
    let (start, end) = if context.look.color {
        ("\x1b[1m", "\x1b[0m")
    } else {
        ("", "")
    };
    format!("\n{start}{title}{end}  ({note})\n\n")
}

fn next(folder: &Path, alerts: &[Alert]) -> String {
    let shown = alerts
        .iter()
        .find(|alert| alert.command.starts_with("logq show"));
    let task = shown
        .and_then(|alert| alert.command.split(' ').nth(2))
        .unwrap_or("TASK");
    let steps = [
        (format!("logq show {task}"), "one run, as it happened"),
        (
            "logq batch-runs batch=sync_*".to_owned(),
            "how a batch has been doing",
        ),
        ("logq errors --since 12h".to_owned(), "errors by kind"),
        ("logq replay --full".to_owned(), "each alert as it is sent"),
        (
            "logq query 'stats count(*) by @service, @level'".to_owned(),
            "anything else",
        ),
        ("logq queries".to_owned(), "all saved queries"),
    ];
    let widest = steps
        .iter()
        .map(|(command, _)| command.len())
        .max()
        .unwrap_or_default();
    let mut page = format!(
        "\nTry next\n\n  export LOGQ_SOURCE={}\n",
        quoted(&folder.to_string_lossy())
    );
    for (command, what) in steps {
        writeln!(page, "  {command:widest$}   {what}").expect("a string takes all text");
    }
    page
}
