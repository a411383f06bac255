//! Follows what `manage.py migrate` prints: which migrations were applied, and where it stopped.
//!
//! The name of a migration is written without a line end before its work begins, so the log shows it only when
//! ` OK` ends the line, when the migration itself prints something, or when the process is gone: the name of the
//! one that failed comes after the traceback. `Operations to perform:` begins an attempt; a stream can hold
//! several (a retry loop, two databases).

use crate::time::Timestamp;

/// How the lines begin without which a stream tells of no migration.
pub(crate) const HEADS: [&str; 6] = [
    "Operations to perform:",
    "Running migrations:",
    "Pruning migrations:",
    "  Applying ",
    "  Unapplying ",
    "  Pruning ",
];

/// What a stream tells about migrations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Migration {
    /// The migrations in the order they were begun, over all attempts.
    pub steps: Vec<MigrationStep>,
    /// How many times `migrate` began its work.
    pub attempts: usize,
    /// Whether an attempt failed and a later one made it good.
    pub recovered: bool,
    /// Whether the last attempt found nothing to apply.
    pub up_to_date: bool,
    /// The migration that failed or was left open, and was not made good.
    pub failed: Option<String>,
    /// Whether the line of the open migration was ended by the end of the process alone.
    pub cut_off: bool,
}

/// One migration.
#[derive(Clone, Debug, PartialEq)]
pub struct MigrationStep {
    /// `app.name`
    pub name: String,
    /// Whether it was applied or taken back.
    pub direction: Direction,
    /// How far it came.
    pub state: StepState,
    /// How long it took: as printed at `-v 2`, else the time since the line before it.
    pub seconds: Option<f64>,
    /// Which attempt it belongs to, from 0.
    pub attempt: usize,
}

/// Which way a migration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `Applying`
    Forwards,
    /// `Unapplying`
    Backwards,
    /// `Pruning`: only its row is removed.
    Pruned,
}

/// How far a migration came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// ` OK`
    Done,
    /// ` FAKED`: recorded, not run.
    Faked,
    /// Begun, and no end seen.
    Open,
    /// Begun, and the process died of an exception.
    Failed,
}

/// Reads the lines of one stream, in order.
#[derive(Clone, Debug, Default)]
pub struct MigrationReader {
    found: Migration,
    /// Whether the last step's line waits for its ` OK`.
    open: bool,
    /// Whether the program has crashed since the last migration line: the next open name is the one that failed.
    crashed: bool,
    /// The attempts that ended in an exception.
    broken: Vec<usize>,
    /// When the line before was printed.
    before: Option<Timestamp>,
    /// When the open step began, as far as the lines tell.
    began: Option<Timestamp>,
}

impl Migration {
    /// Returns the names of the migrations that are recorded as applied now, faked ones included.
    pub fn applied(&self) -> Vec<&str> {
        self.names(|step| step.direction == Direction::Forwards)
    }

    /// Returns the names of the migrations that were taken back.
    pub fn unapplied(&self) -> Vec<&str> {
        self.names(|step| step.direction != Direction::Forwards)
    }

    /// Returns the names of the migrations that were recorded without being run.
    pub fn faked(&self) -> Vec<&str> {
        self.names(|step| step.state == StepState::Faked)
    }

    fn names(&self, wanted: impl Fn(&MigrationStep) -> bool) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for step in self
            .steps
            .iter()
            .filter(|step| step.is_over() && wanted(step))
        {
            if !names.contains(&step.name.as_str()) {
                names.push(&step.name);
            }
        }
        names
    }

    /// Tells in a sentence where it stopped, such as "0041 and 0042 are applied, 0043 failed".
    pub fn stopped_where(&self) -> Option<String> {
        let failed = self.failed.as_deref()?;
        let backwards = self
            .steps
            .iter()
            .any(|step| step.name == failed && step.direction == Direction::Backwards);
        let (done, verb) = if backwards {
            (self.unapplied(), "unapplied")
        } else {
            (self.applied(), "applied")
        };
        let one_app = done.iter().all(|name| app(name) == app(failed));
        let label = |name: &str| {
            if one_app {
                number(name).to_owned()
            } else {
                format!("{}.{}", app(name), number(name))
            }
        };
        let done = match done.as_slice() {
            [] => format!("nothing is {verb}"),
            [one] => format!("{} is {verb}", label(one)),
            [first @ .., last] if first.len() < 4 => {
                let first: Vec<String> = first.iter().map(|name| label(name)).collect();
                format!("{} and {} are {verb}", first.join(", "), label(last))
            }
            [.., last] => format!("{} migrations up to {} are {verb}", done.len(), label(last)),
        };
        let end = if self
            .steps
            .iter()
            .any(|step| step.name == failed && step.state == StepState::Open)
        {
            "did not finish"
        } else {
            "failed"
        };
        Some(format!("{done}, {} {end}", label(failed)))
    }
}

impl MigrationStep {
    /// Returns whether the migration came to its end.
    pub fn is_over(&self) -> bool {
        matches!(self.state, StepState::Done | StepState::Faked)
    }
}

/// Returns the app of `app.0001_name`.
fn app(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Returns the number of `app.0001_name`, or the whole name where it has none.
fn number(name: &str) -> &str {
    let own = name.split_once('.').map_or(name, |(_, own)| own);
    let digits = own.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { own } else { &own[..digits] }
}

/// A line that `migrate` prints, or may have printed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Line<'a> {
    /// `Operations to perform:`
    Operations,
    /// `Running migrations:`
    Running,
    /// `  No migrations to apply.`
    Nothing,
    /// `  Applying app.name...` and what follows the dots.
    Begin(Direction, &'a str, &'a str),
    /// Any line that ends as the line of a finished migration does.
    End(StepState, Option<f64>),
}

/// Returns whether a line has to be kept for the migration report, ANSI sequences removed.
pub fn is_migration_line(line: &str) -> bool {
    Line::read(line).is_some()
}

/// Cuts off what another writer printed behind `  Applying app.name...`, which has no line end: a traceback's head
/// where both outputs share one pipe, the next attempt's first line where a shell goes on.
///
/// `None` where nothing follows, or the end of the migration does.
pub fn split_open_line(line: &str) -> Option<(&str, &str)> {
    match Line::begin(line)? {
        Line::Begin(_, _, rest) if !rest.trim().is_empty() && ending(rest).is_none() => {
            Some(line.split_at(line.len() - rest.len()))
        }
        _ => None,
    }
}

/// Returns whether a line is that of a migration that has no end yet, and nothing more.
pub fn is_open_line(line: &str) -> bool {
    matches!(Line::begin(line), Some(Line::Begin(_, _, rest)) if rest.trim().is_empty())
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Self> {
        match line.trim_end() {
            "Operations to perform:" => return Some(Self::Operations),
            "Running migrations:" | "Pruning migrations:" => return Some(Self::Running),
            "  No migrations to apply." => return Some(Self::Nothing),
            _ => {}
        }
        Self::begin(line).or_else(|| ending(line).map(|(state, seconds)| Self::End(state, seconds)))
    }

    fn begin(line: &'a str) -> Option<Self> {
        let (verb, rest) = line.strip_prefix("  ")?.split_once(' ')?;
        let (direction, dots) = match verb {
            "Applying" => (Direction::Forwards, "..."),
            "Unapplying" => (Direction::Backwards, "..."),
            "Pruning" => (Direction::Pruned, " "),
            _ => return None,
        };
        let (name, rest) = rest.split_once(dots)?;
        // `app.name`, both identifiers: prose that happens to begin so has blanks or no dot.
        let (app, own) = name.split_once('.')?;
        let identifier = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'))
        };
        let rest = if direction == Direction::Pruned {
            &line[line.len() - rest.len() - 1..]
        } else {
            rest
        };
        (identifier(app) && identifier(own)).then_some(Self::Begin(direction, name, rest))
    }
}

/// Reads ` OK`, ` FAKED` or ` OK (0.012s)` at the end of a line.
fn ending(line: &str) -> Option<(StepState, Option<f64>)> {
    let line = line.trim_end();
    let (words, seconds) = match line
        .strip_suffix("s)")
        .and_then(|line| line.rsplit_once(" ("))
    {
        Some((words, seconds)) => (words, Some(seconds.parse().ok()?)),
        None => (line, None),
    };
    if words.ends_with(" OK") {
        Some((StepState::Done, seconds))
    } else if words.ends_with(" FAKED") {
        Some((StepState::Faked, seconds))
    } else {
        None
    }
}

impl MigrationReader {
    /// Takes the next line of text, ANSI sequences removed and without a record that follows on the same line.
    pub fn line(&mut self, timestamp: Timestamp, line: &str) {
        match Line::read(line) {
            Some(Line::Operations) => self.attempt(),
            Some(Line::Running) => self.running(),
            Some(Line::Nothing) => self.found.up_to_date = self.found.attempts > 0,
            Some(Line::Begin(direction, name, rest)) => {
                self.begin(timestamp, direction, name, rest);
            }
            Some(Line::End(state, seconds)) => self.end(timestamp, state, seconds),
            None => {
                self.found.cut_off = false;
                return;
            }
        }
        self.before = Some(timestamp);
    }

    /// Takes notice that the program died of an exception here.
    pub fn crash(&mut self) {
        if let Some(step) = self.open_step() {
            step.state = StepState::Failed;
            self.open = false;
        } else {
            self.crashed = true;
        }
        if let Some(attempt) = self.found.attempts.checked_sub(1) {
            self.broken.push(attempt);
        }
    }

    /// Takes notice of a log record: whatever process wrote it was still there.
    pub fn record(&mut self) {
        self.found.cut_off = false;
    }

    /// Ends the reading; `None` when no migration was going on.
    pub fn finish(mut self) -> Option<Migration> {
        if self.found.attempts == 0 {
            return None;
        }
        let final_attempt = self.found.attempts - 1;
        let mut unfinished = self.found.steps.iter().filter(|step| !step.is_over());
        let failed = unfinished.rfind(|step| !self.made_good(step));
        self.found.failed = failed.map(|step| step.name.clone());
        let trouble =
            !self.broken.is_empty() || self.found.steps.iter().any(|step| !step.is_over());
        self.found.recovered =
            trouble && self.found.failed.is_none() && !self.broken.contains(&final_attempt);
        self.found.cut_off &= self.found.failed.is_some();
        Some(self.found)
    }

    /// Returns whether a later attempt finished what this step left.
    fn made_good(&self, step: &MigrationStep) -> bool {
        let later = |other: &&MigrationStep| other.attempt > step.attempt;
        let again = |other: &MigrationStep| other.name == step.name && other.is_over();
        let last_found_nothing = self.found.up_to_date && step.attempt + 1 < self.found.attempts;
        last_found_nothing || self.found.steps.iter().filter(later).any(again)
    }

    fn attempt(&mut self) {
        self.found.attempts += 1;
        self.found.up_to_date = false;
        self.found.cut_off = false;
        self.open = false;
        self.crashed = false;
    }

    /// `Running migrations:` alone begins an attempt where the lines before it are not in the log.
    fn running(&mut self) {
        if self.found.attempts == 0 {
            self.attempt();
        }
        self.found.cut_off = false;
    }

    fn begin(&mut self, timestamp: Timestamp, direction: Direction, name: &str, rest: &str) {
        if self.found.attempts == 0 {
            if !number(name).starts_with(|first: char| first.is_ascii_digit()) {
                return;
            }
            self.attempt();
        }
        // Django stops at the first migration that fails: one that follows tells that this one did not.
        if let Some(step) = self.open_step() {
            step.state = StepState::Done;
        }
        let (state, seconds) = match ending(rest) {
            Some(end) => end,
            None if std::mem::take(&mut self.crashed) => (StepState::Failed, None),
            None => (StepState::Open, None),
        };
        self.open = state == StepState::Open;
        self.found.cut_off =
            matches!(state, StepState::Open | StepState::Failed) && rest.trim().is_empty();
        self.began = self.before;
        let seconds = seconds.or_else(|| elapsed(self.began, timestamp));
        self.found.steps.push(MigrationStep {
            name: name.to_owned(),
            direction,
            state,
            seconds: seconds.filter(|_| state != StepState::Open),
            attempt: self.found.attempts - 1,
        });
    }

    fn end(&mut self, timestamp: Timestamp, state: StepState, seconds: Option<f64>) {
        let seconds = seconds.or_else(|| elapsed(self.began, timestamp));
        if let Some(step) = self.open_step() {
            step.state = state;
            step.seconds = seconds;
            self.open = false;
        }
        self.found.cut_off = false;
    }

    fn open_step(&mut self) -> Option<&mut MigrationStep> {
        self.found.steps.last_mut().filter(|_| self.open)
    }
}

fn elapsed(since: Option<Timestamp>, until: Timestamp) -> Option<f64> {
    let millis = until.0.checked_sub(since?.0)?;
    Some(millis.max(0) as f64 / 1000.0)
}

#[cfg(test)]
mod tests;
