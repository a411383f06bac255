//! `logq filter 'PATTERN'`: the events that match, as they come.

use std::io;
use std::ops::ControlFlow;

use super::super::context::Context;
use super::super::hint;
use super::super::output::{self, counted};
use super::super::pager::Output;
use super::super::run::{self, Answer};
use super::super::source::{self, Source};
use super::super::{Exit, Failure};
use super::ask;
use crate::drive::filter::{ByTime, Matches};
use crate::render::{self, Events, Format};

/// Print the events that match a filter pattern
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq filter '{ $.levelname = \"ERROR\" }' --since 2h
  logq filter '?Traceback ?CRITICAL' --source logs/ -t batch
  logq filter '{ $.name = \"booking.*\" && $.duration_ms > 1000 }' -o ndjson
  logq filter '\"\"' --source app.log            every event
  logq filter ERROR --newest --limit 20         the last of them, of CloudWatch Logs")]
pub(in crate::cli) struct Args {
    /// The pattern; see `logq help filter-pattern`
    pattern: String,

    /// Begin with the newest event; only for CloudWatch Logs
    #[arg(long)]
    newest: bool,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let pattern = ask::parse_pattern(context, &args.pattern, None)?;
    let source = source::resolve(context)?;
    if args.newest && source != Source::Aws {
        return Err(Failure::usage("files are read from their beginning")
            .hint("leave `--newest` out, or read CloudWatch Logs: --source aws".to_owned()));
    }
    let described = source.describe();
    context.interrupt.listen();
    let mut events = Events::new(context.format(), &context.look);
    if source.has_streams() {
        events = events.with_streams();
    }
    let mut printed = Printed::new(context, &args.pattern);
    printed.slow = source == Source::Aws;
    printed.order = source.has_many().then(|| ByTime::new(MOST_SORTED));
    events.head(context.look.bom, printed.output.buffer());
    let mut answer = run::filter(
        context,
        source,
        (&pattern, &args.pattern),
        args.newest,
        &events,
        |matches| printed.receive(matches),
    )?;
    printed.release();
    answer.truncated |= printed.cut;
    let count = printed.finish(&answer)?;
    tell(context, &described, count, &answer);
    if count == 0 {
        hint::tell(context, &answer.again, &pattern.fields())?;
    }
    Ok(output::exit(context, count, answer.is_complete()))
}

/// How many bytes of events are held back to put them into the order of time.
const MOST_SORTED: usize = 32 << 20;

/// Events on their way to standard output.
struct Printed<'a> {
    context: &'a Context,
    pattern: &'a str,
    output: Output,
    count: u64,
    /// Sorts the events of several files.
    order: Option<ByTime>,
    /// Events of the one document that `json` is, held back since what stands before them is known at the end.
    held: Vec<u8>,
    /// Whether each event is a wait, so that none is looked for that says only that there are more.
    slow: bool,
    /// Whether there were more than wanted, or may be.
    cut: bool,
    failure: Option<io::Error>,
}

impl<'a> Printed<'a> {
    fn new(context: &'a Context, pattern: &'a str) -> Self {
        Self {
            context,
            pattern,
            output: Output::paged(context),
            count: 0,
            order: None,
            held: Vec::new(),
            slow: false,
            cut: false,
            failure: None,
        }
    }

    /// Takes the matches of a block, to be sorted or to be written at once.
    fn receive(&mut self, matches: &Matches) -> ControlFlow<()> {
        let Some(order) = &mut self.order else {
            return self.take(matches);
        };
        let Some(given_back) = order.push(matches) else {
            return ControlFlow::Continue(());
        };
        self.order = None;
        let notices = &self.context.notices;
        notices.warn("too many events to sort by time: they come file by file");
        given_back.iter().try_for_each(|matches| self.take(matches))
    }

    /// Writes what was held back to be sorted.
    fn release(&mut self) {
        if let Some(order) = self.order.take() {
            let _ = self.take(&order.finish());
        }
    }

    /// Takes the matches of a block, as many as are still wanted.
    fn take(&mut self, matches: &Matches) -> ControlFlow<()> {
        let limit = self.context.limit.filter(|limit| *limit > 0);
        let wanted = limit.map_or(u64::MAX, |limit| limit - self.count);
        let found = matches.ends.len() as u64;
        let taken = found.min(wanted);
        let end = match taken {
            0 => 0,
            taken => matches.ends[taken as usize - 1].1,
        };
        self.count += taken;
        self.write(&matches.bytes[..end])?;
        if found > wanted || (self.slow && found == wanted) {
            self.cut = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn write(&mut self, text: &[u8]) -> ControlFlow<()> {
        if self.context.format() == Format::Json {
            self.held.extend_from_slice(text);
            return ControlFlow::Continue(());
        }
        self.output.buffer().extend_from_slice(text);
        // Somebody may be watching, so every block goes out at once.
        match self.output.flush() {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn finish(mut self, answer: &Answer) -> Result<u64, Failure> {
        if let Some(error) = self.failure {
            // A person who has left the pager wants no more; whatever else it was, it comes first.
            let _ = self.output.end();
            return Err(error.into());
        }
        if self.context.format() == Format::Json {
            let question = render::Question {
                query: Some(self.pattern.to_owned()),
                window: self.context.window,
            };
            let ending = render::Ending {
                complete: answer.is_complete() && !self.context.interrupt.is_asked(),
                truncated: answer.truncated,
            };
            render::write_document(&question, ending, &self.held, self.output.buffer());
        }
        let count = self.count;
        self.output.end()?;
        Ok(count)
    }
}

fn tell(context: &Context, source: &str, count: u64, answer: &Answer) {
    let notices = &context.notices;
    ask::tell_problems(context, answer);
    if context.interrupt.is_asked() {
        notices.remark("interrupted: the answer is incomplete");
    } else if !answer.is_complete() {
        notices.remark("the answer is incomplete");
    }
    let window = context.window.describe(&context.clock.zone);
    let zone = context.clock.zone.name_at(context.clock.now);
    let counted = counted(count, "event", "events");
    if count == 0 {
        let volume = answer.volume.words();
        let source = output::read_of(context, source, answer.is_complete());
        notices.remark(&format!("no event matches in {source}, {window}; {volume}"));
    } else if answer.truncated {
        notices.remark(&format!(
            "stopped after {counted}; --limit 0 shows all; {window}"
        ));
    } else if context.format() == Format::Table {
        notices.remark(&format!("{counted}; {window}; times are {zone}"));
    } else {
        notices.decision(&format!("{counted}; {window}"));
    }
}
