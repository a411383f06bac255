//! Reads a transcript from front to back: the errors it shows, which of them ended the program, the migrations.
//!
//! An exception that left the program is told from one that was caught by where its traceback begins, and a
//! refusal from prose that quotes one by what follows it; both rules were measured on real streams.

mod spread;

use std::borrow::Cow;

use crate::decode::exception::ErrorInfo;
use crate::decode::level::Level;
use crate::decode::traceback::{AppRoots, Block, BlockReader, Lead, Step, Traceback, lines_of};
use crate::detect::migration::{Migration, MigrationReader, is_open_line, split_open_line};
use crate::detect::order::Place;
use crate::detect::transcript::{Counts, Entry, ErrorRecord, Transcript};
use crate::record::Record;
use crate::time::Timestamp;

/// A record this many milliseconds after a crash was written by a program that lived on. Until then it may come
/// from an exit handler, or from the other pipe, whose lines are not exactly in order with those of the first.
const LAST_WORDS: i64 = 200;
/// Text this many milliseconds after a refusal did not come out of a buffer at the end.
const LEFT_OVER: i64 = 1_000;
/// Lines of two pipes are in order to this many milliseconds.
const SAME_MOMENT: i64 = 1;
/// A traceback within this many milliseconds of the line before it belongs to that line.
const TOGETHER: i64 = 100;

/// What a transcript shows.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The errors, in the order of their ends.
    pub troubles: Vec<Trouble>,
    /// The migrations.
    pub migration: Option<Migration>,
    /// The last event, when it is a line of text that belongs to nothing else.
    pub last_line: Option<(Place, String)>,
    /// How many records of each level were spread over lines: as lines they could not be told when they came.
    pub spread: Counts,
    /// The name that one of those gives the batch.
    pub name: Option<String>,
}

/// One error.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Where the event stands that names the error.
    pub place: Place,
    /// Where its last line stands.
    pub end: Place,
    /// How it came to be printed.
    pub class: Class,
    /// Whether the program said nothing more.
    pub is_last: bool,
    /// Whether it came out of `migrate`.
    pub in_migrate: bool,
    /// Whether other text was printed at the same moment.
    pub crowded: bool,
    /// The file whose top level the exception left; empty for all but crashes.
    pub script: String,
    /// What it is.
    pub error: ErrorInfo,
}

/// How an error came to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An exception left the program.
    Crash,
    /// An exception left the program, and a hook logged it.
    LoggedCrash,
    /// The program refused to go on, without a traceback.
    Refusal,
    /// A record of level ERROR or more.
    Logged,
    /// A traceback that did not end the program.
    Caught,
}

impl Trouble {
    /// Returns whether it ended a program.
    pub fn is_end(&self) -> bool {
        matches!(
            self.class,
            Class::Crash | Class::LoggedCrash | Class::Refusal
        )
    }
}

impl Reading {
    /// Reads what is kept of a stream.
    ///
    /// `name_field` is the field of a record that names the batch.
    pub fn of(transcript: &Transcript, roots: &AppRoots, name_field: Option<&str>) -> Self {
        let mut reader = Reader::new(roots);
        let mut entries: Vec<_> = transcript.entries().collect();
        let mut records = spread::take(&mut entries).into_iter().peekable();
        for (place, entry) in entries {
            while let Some(record) = records.next_if(|record| record.first <= place) {
                record.each(|record, first, last| {
                    reader.spread(record, first, last, name_field);
                });
            }
            match entry {
                Entry::Text(line) => reader.text(place, line),
                Entry::Error(record) => reader.error(place, record),
                Entry::Record => reader.record(place),
            }
        }
        for record in records {
            record.each(|record, first, last| {
                reader.spread(record, first, last, name_field);
            });
        }
        reader.finish(transcript)
    }

    /// Returns the error after which nothing more was said.
    pub fn end(&self) -> Option<&Trouble> {
        self.troubles
            .iter()
            .rev()
            .find(|trouble| trouble.is_end() && trouble.is_last)
    }

    /// Returns the last error that ended a program, whether or not another one went on.
    pub fn last_crash(&self) -> Option<&Trouble> {
        self.troubles.iter().rev().find(|trouble| trouble.is_end())
    }

    /// Returns the error that says most about a run that went wrong by itself.
    pub fn main_trouble(&self) -> Option<&Trouble> {
        let last = |wanted: &dyn Fn(&&Trouble) -> bool| self.troubles.iter().rev().find(wanted);
        let raised = |trouble: &&Trouble| {
            trouble.class == Class::Logged && !trouble.error.traceback.is_empty()
        };
        self.end()
            .or_else(|| last(&|trouble| trouble.is_end() || raised(trouble)))
            .or_else(|| last(&|trouble| trouble.class == Class::Logged))
            .or_else(|| self.troubles.last())
    }
}

struct Reader<'a> {
    roots: &'a AppRoots,
    blocks: BlockReader,
    /// Where the open block's exception stands, and its last line.
    named: Option<Place>,
    last_inside: Option<Place>,
    /// The log line that the open block follows, by its index.
    lead_error: Option<usize>,
    migrations: MigrationReader,
    last_attempt: Option<Place>,
    /// The last line that belongs to nothing.
    last_free: Option<Timestamp>,
    /// The last one of them that is not the open line of a migration.
    last_talk: Option<Timestamp>,
    /// The end of the last record that was spread over lines.
    last_spread: Option<Place>,
    /// What a `usage:` line says the program is called.
    program: Option<String>,
    found: Reading,
}

impl<'a> Reader<'a> {
    fn new(roots: &'a AppRoots) -> Self {
        Self {
            roots,
            blocks: BlockReader::new(roots.clone()),
            named: None,
            last_inside: None,
            lead_error: None,
            migrations: MigrationReader::default(),
            last_attempt: None,
            last_free: None,
            last_talk: None,
            last_spread: None,
            program: None,
            found: Reading::default(),
        }
    }

    /// Takes a text, which is one line unless the log driver put several into one event.
    fn text(&mut self, place: &Place, text: &str) {
        for line in lines_of(text) {
            self.text_line(place, line);
        }
    }

    fn text_line(&mut self, place: &Place, line: &str) {
        if let Some((begun, rest)) = split_open_line(line) {
            self.line(place, begun);
            self.line(place, rest);
        } else {
            self.line(place, line);
        }
    }

    fn line(&mut self, place: &Place, line: &str) {
        let before = self.found.last_line.take();
        let opening = !self.blocks.is_open();
        let mut step = self.blocks.push(line, place.timestamp);
        if step == Step::Closed {
            self.close();
            step = self.blocks.push(line, place.timestamp);
        } else if opening {
            self.lead_error = self.error_just_before(place);
        }
        match step {
            Step::Inside | Step::Exception => {
                if step == Step::Exception || self.named.is_none() {
                    self.named = Some(place.clone());
                }
                self.last_inside = Some(place.clone());
            }
            Step::Outside | Step::Foreign | Step::Closed => {
                self.free_text(place, line);
                self.note_last_line(before, place, line);
            }
        }
    }

    fn free_text(&mut self, place: &Place, line: &str) {
        self.migrations.line(place.timestamp, line);
        if line == "Operations to perform:" {
            self.last_attempt = Some(place.clone());
        }
        if let Some(usage) = line.strip_prefix("usage: ") {
            self.program = usage.split(' ').next().map(str::to_owned);
        }
        if self.is_usage_error(line) {
            let error = ErrorInfo {
                kind: "UsageError".to_owned(),
                ..ErrorInfo::from_message(None, line)
            };
            self.add(place, place, Class::Refusal, error);
        }
        self.last_free = Some(place.timestamp);
        if !is_open_line(line) && !line.trim().is_empty() {
            self.last_talk = self.last_free;
        }
    }

    /// Notes what was said last. The open line of a migration comes when all is over, and takes nothing back.
    fn note_last_line(&mut self, before: Option<(Place, String)>, place: &Place, line: &str) {
        let said = before.filter(|_| is_open_line(line));
        self.found.last_line = said.or_else(|| Some((place.clone(), line.to_owned())));
    }

    /// Returns whether a line is argparse's last word after the `usage:` of the same program.
    fn is_usage_error(&self, line: &str) -> bool {
        let Some((program, _)) = line.split_once(": error: ") else {
            return false;
        };
        self.program
            .as_deref()
            .is_some_and(|known| program.split(' ').next() == Some(known))
    }

    fn error(&mut self, place: &Place, record: &ErrorRecord) {
        self.record(place);
        let traceback = record
            .exception
            .as_deref()
            .and_then(|text| Traceback::parse(text, self.roots));
        let hooked = traceback
            .as_ref()
            .is_some_and(|traceback| is_hooked(record, traceback));
        let script = traceback
            .as_ref()
            .and_then(|traceback| traceback.outermost.clone());
        let error = match traceback.filter(|traceback| traceback.exception.is_some()) {
            Some(traceback) => ErrorInfo {
                logger: Some(record.logger.clone()),
                ..ErrorInfo::from_traceback(traceback, self.roots)
            },
            None => ErrorInfo::from_message(Some(&record.logger), &record.message),
        };
        let class = if hooked {
            Class::LoggedCrash
        } else {
            Class::Logged
        };
        let trouble = self.add(place, place, class, error);
        trouble.script = script.map(|frame| frame.file).unwrap_or_default();
    }

    /// Takes a record whose lines stand from `first` to `last`.
    fn spread(&mut self, record: &Record<'_>, first: &Place, last: &Place, name: Option<&str>) {
        if let Some(text) = record.text_before_record() {
            self.text(first, &text);
        }
        match record.level() {
            Some(level @ (Level::Error | Level::Critical)) => {
                self.found.spread.errors += 1;
                self.error(first, &ErrorRecord::read(record, level));
            }
            level => {
                self.found.spread.warnings += u64::from(level == Some(Level::Warning));
                self.record(first);
            }
        }
        let named = name.and_then(|name| record.members().flatten().find(|(key, _)| key.is(name)));
        let name = named.and_then(|(_, value)| value.as_str());
        let name = name.filter(|name| !name.is_empty());
        self.found.name = self.found.name.take().or(name.map(Cow::into_owned));
        self.last_spread = self.last_spread.take().max(Some(last.clone()));
    }

    fn record(&mut self, place: &Place) {
        self.found.last_line = None;
        if self.blocks.push_foreign(place.timestamp) == Step::Closed {
            self.close();
        }
        self.migrations.record();
    }

    /// Takes the block that has ended, if it is one.
    fn close(&mut self) {
        let lead = self.lead_error.take();
        let places = self.named.take().zip(self.last_inside.take());
        let (Some(block), Some((place, end))) = (self.blocks.take(), places) else {
            return;
        };
        let class = class_of(&block);
        let script = block
            .traceback
            .outermost
            .as_ref()
            .map(|frame| frame.file.clone());
        let in_migrate = comes_from_migrate(&block.traceback);
        let error = ErrorInfo::from_traceback(block.traceback, self.roots);
        if let Some(logged) = lead.filter(|_| class == Class::Caught) {
            let logged = &mut self.found.troubles[logged];
            logged.error = ErrorInfo {
                logger: logged.error.logger.take(),
                ..error
            };
            logged.end = end;
            return;
        }
        if matches!(class, Class::Crash | Class::Refusal) {
            self.migrations.crash();
        }
        let trouble = self.add(&place, &end, class, error);
        trouble.script = script.unwrap_or_default();
        trouble.in_migrate |= in_migrate;
    }

    /// Returns the text log line that a traceback beginning at `place` belongs to.
    fn error_just_before(&self, place: &Place) -> Option<usize> {
        let last = self.found.troubles.len().checked_sub(1)?;
        let trouble = &self.found.troubles[last];
        let together = place.timestamp.0 - trouble.end.timestamp.0 <= TOGETHER;
        let bare = trouble.class == Class::Logged && trouble.error.traceback.is_empty();
        (together && bare).then_some(last)
    }

    fn add(&mut self, place: &Place, end: &Place, class: Class, error: ErrorInfo) -> &mut Trouble {
        let in_migrate = error.message.contains("manage.py migrate: error:")
            || error.message.starts_with("Conflicting migrations detected");
        let trouble = Trouble {
            place: place.clone(),
            end: end.clone(),
            class,
            is_last: false,
            in_migrate,
            crowded: self
                .last_free
                .is_some_and(|free| place.timestamp.0 - free.0 <= SAME_MOMENT),
            script: String::new(),
            error,
        };
        self.found.troubles.push(trouble);
        let last = self.found.troubles.len() - 1;
        &mut self.found.troubles[last]
    }

    fn finish(mut self, transcript: &Transcript) -> Reading {
        self.close();
        let last_spread = self.last_spread.take();
        let last_record = transcript.last_record().max(last_spread.as_ref());
        let talked = self.last_talk.take();
        for trouble in &mut self.found.troubles {
            let outlived = last_record.is_some_and(|record| outlives(record, trouble))
                || talked.is_some_and(|talked| talks_over(talked, trouble));
            let retried = self
                .last_attempt
                .as_ref()
                .is_some_and(|attempt| attempt > &trouble.end);
            trouble.is_last = !outlived && !retried;
        }
        self.found.migration = std::mem::take(&mut self.migrations).finish();
        self.name_the_failed_migration();
        self.found
    }

    /// At `-v 0` no line names the migration that failed: only its module among the frames does.
    fn name_the_failed_migration(&mut self) {
        let Some(end) = self.found.end().filter(|end| end.in_migrate) else {
            return;
        };
        // Broken files of migrations are among the frames too, when they could not be loaded.
        let traceback = end.error.traceback.as_str();
        let running = ["apply_migration\n", "unapply_migration\n"]
            .iter()
            .any(|function| traceback.contains(function));
        if let Some(name) = end.error.migration.clone().filter(|_| running) {
            let migration = self.found.migration.get_or_insert_default();
            migration.failed.get_or_insert(name);
        }
    }
}

/// Returns whether a record shows that the program went on after what looked like its end.
///
/// A refusal has nothing but its words to know it by, so any later record takes it back. One of the same
/// millisecond may be later too; it counts where the words stand in the middle of other output.
fn outlives(record: &Place, trouble: &Trouble) -> bool {
    if trouble.class != Class::Refusal {
        return record.timestamp.0 > trouble.end.timestamp.0 + LAST_WORDS;
    }
    let same_moment = trouble.place.timestamp.0 - record.timestamp.0 <= SAME_MOMENT;
    record > &trouble.place || same_moment && trouble.crowded
}

/// Returns whether text shows that the program, or its shell, went on after a refusal. What was left in a buffer
/// comes within moments, and an exception's evidence is stronger than that of words.
fn talks_over(talked: Timestamp, trouble: &Trouble) -> bool {
    trouble.class == Class::Refusal && talked.0 > trouble.end.timestamp.0 + LEFT_OVER
}

fn class_of(block: &Block) -> Class {
    match block.lead {
        Lead::Refusal => Class::Refusal,
        Lead::None | Lead::Syntax if block.traceback.starts_in_module() => Class::Crash,
        _ => Class::Caught,
    }
}

/// Returns whether a record was written by `sys.excepthook`: its exception left `manage.py`, or a script that
/// says so. A script that logs at its own top level looks the same but for the words.
fn is_hooked(record: &ErrorRecord, traceback: &Traceback) -> bool {
    let Some(outermost) = traceback
        .outermost
        .as_ref()
        .filter(|_| traceback.starts_in_module())
    else {
        return false;
    };
    let words = record.message.to_ascii_lowercase();
    let file = outermost.file.rsplit('/').next();
    matches!(file, Some("manage.py" | "django-admin"))
        || outermost.function == "_run_module_as_main"
        || ["uncaught", "unhandled", "unexpected exception"]
            .iter()
            .any(|word| words.contains(word))
}

fn comes_from_migrate(traceback: &Traceback) -> bool {
    [
        "django/core/management/commands/migrate.py",
        "django/db/migrations/executor.py",
    ]
    .iter()
    .any(|file| traceback.text.contains(file))
}

#[cfg(test)]
mod tests;
