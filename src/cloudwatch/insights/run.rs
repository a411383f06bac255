//! All queries that an answer takes: one for each region, and more where a result is as large as one may be.
//!
//! The service gives at most so many rows of a query. Where rows go by themselves and are in the order of time, the
//! window is cut then, and each piece is asked for by itself; the pieces follow each other.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::QueryError;
use super::halt::{Halt, Halted};
use super::service::{Cells, QueryCall, QueryService, Spent};
use super::single::{End, Left, Outcome, Progress, Region, Single};
use super::text::{Sent, Text};
use crate::query::ast::Direction;

/// How many queries are at work at once: an account may have 30, dashboards and others included.
const AT_ONCE: usize = 10;
/// A window is cut into at most so many pieces at a time.
const MOST_PIECES: usize = 50;
/// How many more pieces there are than an even spread needs, in quarters.
const SPARE: f64 = 1.25;

/// The log groups of one query: of one region, at most 50.
#[derive(Debug)]
pub struct Part<S> {
    /// Where they are.
    pub region: Arc<Region<S>>,
    /// Their names; none when the text has a `SOURCE`.
    pub groups: Vec<Arc<str>>,
}

/// What is asked of each part.
#[derive(Clone, Debug)]
pub struct Request {
    /// The query.
    pub text: Text,
    /// The first instant of the window, in milliseconds.
    pub start: i64,
    /// The instant behind its last, in milliseconds.
    pub end: i64,
    /// Whether nothing can have been logged behind the end, so that it need not be said.
    pub is_open: bool,
    /// Whether the text says itself how many rows it gives.
    pub is_limited: bool,
    /// How many rows are wanted of a text that does not; `None` for all.
    pub wanted: Option<u64>,
    /// How many rows the service gives at most.
    pub most: u64,
    /// Which time comes first, when the window may be cut.
    pub cut: Option<Direction>,
    /// How many bytes may be looked at.
    pub budget: Option<f64>,
}

impl Request {
    /// Returns the call that asks some groups for a stretch of the window, with its text as sent.
    pub fn call(&self, groups: &[Arc<str>], start: i64, end: i64) -> (QueryCall, Sent) {
        let since = (start.rem_euclid(1000) != 0).then_some(start);
        let is_last = end == self.end;
        let until = (!(is_last && self.is_open)).then_some(end);
        let sent = self.text.within(since, until);
        let call = QueryCall {
            groups: groups.to_vec(),
            text: sent.text.clone(),
            start: start.div_euclid(1000),
            // Whether the service takes the last second as a whole is not documented: the filter tells the end.
            end: -(-(end - 1)).div_euclid(1000),
            limit: self.asked(),
        };
        (call, sent)
    }

    /// Returns how many rows are asked for: one more than wanted tells whether there are more.
    fn asked(&self) -> Option<u64> {
        let wanted = self
            .wanted
            .map_or(self.most, |wanted| wanted.saturating_add(1));
        (!self.is_limited).then_some(wanted.min(self.most))
    }

    /// Returns whether there may be rows that the service does not give.
    fn is_capped(&self, rows: usize) -> bool {
        let is_full = rows as u64 >= self.most;
        !self.is_limited && is_full && self.wanted.is_none_or(|wanted| wanted > self.most)
    }
}

/// Why rows are missing that the service does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capped {
    /// The query cannot be cut in time.
    NotCut,
    /// A millisecond has more.
    TooDense,
    /// Cutting would look at more bytes than it may.
    TooDear,
}

/// What came of one part.
#[derive(Debug, Default)]
pub struct Found {
    /// The rows, those of cut windows in order.
    pub rows: Vec<Cells>,
    /// What it has cost, all in all.
    pub spent: Spent,
    /// How many events matched and were looked at, each counted once.
    pub seen: Spent,
    /// Why rows are missing.
    pub capped: Option<Capped>,
    /// How many queries there were.
    pub queries: u64,
}

/// What came of all parts.
#[derive(Debug, Default)]
pub struct Answer {
    /// By part.
    pub found: Vec<Found>,
    /// What went wrong.
    pub problems: Vec<QueryError>,
    /// Why it ended before its time.
    pub halted: Option<Halted>,
    /// Queries that may still be running.
    pub left: Vec<Left>,
}

impl Answer {
    /// Returns whether nothing is missing that was asked for.
    pub fn is_complete(&self) -> bool {
        let is_capped = self.found.iter().any(|found| found.capped.is_some());
        self.problems.is_empty() && self.halted.is_none() && !is_capped
    }

    /// Returns the first complaint of the service about the text.
    pub fn malformed(&self) -> Option<&super::Malformed> {
        self.problems.iter().find_map(|problem| match problem {
            QueryError::Malformed(one) => Some(one),
            _ => None,
        })
    }
}

/// A stretch of the window, of one part.
#[derive(Debug)]
struct Piece {
    number: u64,
    start: i64,
    end: i64,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting,
    Asked,
    Over(Yield),
}

/// What came of a stretch.
#[derive(Debug, Default)]
struct Yield {
    rows: Vec<Cells>,
    seen: Spent,
    /// Whether the service has given all that it has for it.
    is_whole: bool,
}

impl Piece {
    /// Returns how many rows came, whether or not that is all.
    fn rows(&self) -> usize {
        match &self.state {
            State::Over(over) => over.rows.len(),
            State::Waiting | State::Asked => 0,
        }
    }

    fn is_whole(&self) -> bool {
        matches!(&self.state, State::Over(over) if over.is_whole)
    }
}

/// The pieces of one part, in the order of its rows.
#[derive(Debug, Default)]
struct Assembly {
    pieces: Vec<Piece>,
    /// Those that were cut, with the rows that had come.
    uncut: Vec<Piece>,
    found: Found,
}

impl Assembly {
    /// Puts back what was cut where its pieces did not all come in and have fewer rows.
    fn mend(&mut self) {
        // Assembly of pieces were cut later, and are put together first.
        while let Some(uncut) = self.uncut.pop() {
            let is_inside = |piece: &&Piece| uncut.start <= piece.start && piece.end <= uncut.end;
            let all = &self.pieces;
            let Some(first) = all.iter().position(|piece| is_inside(&piece)) else {
                continue;
            };
            let inside = first..first + all[first..].iter().take_while(is_inside).count();
            let cut = &all[inside.clone()];
            let rows: usize = cut.iter().map(Piece::rows).sum();
            if rows < uncut.rows() && !cut.iter().all(Piece::is_whole) {
                self.pieces.splice(inside, [uncut]);
            }
        }
    }

    /// Returns what came of all of them.
    fn finish(mut self) -> Found {
        self.mend();
        let mut found = self.found;
        for piece in self.pieces {
            if let State::Over(over) = piece.state {
                found.seen.add(over.seen);
                found.rows.extend(over.rows);
            }
        }
        found
    }
}

/// Asks all parts.
pub async fn run<S: QueryService>(
    parts: &[Part<S>],
    request: &Request,
    halt: &Halt,
    progress: &Arc<Progress>,
) -> Answer {
    let mut board = Board::new(parts.len(), request);
    let mut jobs: JoinSet<(usize, u64, Outcome)> = JoinSet::new();
    loop {
        while jobs.len() < AT_ONCE && halt.is_reached().is_none() {
            let Some((part, number, start, end)) = board.next() else {
                break;
            };
            let (call, _) = request.call(&parts[part].groups, start, end);
            let single = Single {
                region: Arc::clone(&parts[part].region),
                halt: halt.clone(),
                progress: Arc::clone(progress),
            };
            jobs.spawn(async move { (part, number, single.run(call).await) });
        }
        match jobs.join_next().await {
            Some(Ok((part, number, outcome))) => {
                board.take(part, number, outcome, halt.is_reached());
            }
            Some(Err(error)) => {
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
            None => return board.finish(halt),
        }
    }
}

/// All pieces, and what is known so far.
struct Board<'r> {
    request: &'r Request,
    parts: Vec<Assembly>,
    answer: Answer,
    numbers: u64,
}

impl<'r> Board<'r> {
    fn new(parts: usize, request: &'r Request) -> Self {
        let mut board = Self {
            request,
            parts: Vec::new(),
            answer: Answer::default(),
            numbers: 0,
        };
        for _ in 0..parts {
            let whole = board.piece(request.start, request.end);
            board.parts.push(Assembly {
                pieces: vec![whole],
                ..Assembly::default()
            });
        }
        board
    }

    fn piece(&mut self, start: i64, end: i64) -> Piece {
        self.numbers += 1;
        Piece {
            number: self.numbers,
            start,
            end,
            state: State::Waiting,
        }
    }

    /// Returns the next stretch to ask for; none when there are enough rows in front of it.
    fn next(&mut self) -> Option<(usize, u64, i64, i64)> {
        let wanted = self.request.wanted.unwrap_or(u64::MAX);
        for (part, pieces) in self.parts.iter_mut().enumerate() {
            let mut in_front = Some(0);
            for piece in &mut pieces.pieces {
                if in_front.is_some_and(|rows| rows > wanted) {
                    break;
                }
                in_front = match &piece.state {
                    State::Over(_) => in_front.map(|before| before + piece.rows() as u64),
                    _ => None,
                };
                if matches!(piece.state, State::Waiting) {
                    piece.state = State::Asked;
                    pieces.found.queries += 1;
                    return Some((part, piece.number, piece.start, piece.end));
                }
            }
        }
        None
    }

    fn take(&mut self, part: usize, number: u64, outcome: Outcome, halted: Option<Halted>) {
        let is_number = |piece: &Piece| piece.number == number;
        let Some(at) = self.parts[part].pieces.iter().position(is_number) else {
            return;
        };
        self.parts[part].found.spent.add(outcome.spent);
        let mut over = Yield {
            rows: outcome.rows,
            seen: outcome.spent,
            is_whole: matches!(outcome.end, End::Complete),
        };
        match outcome.end {
            End::Complete => {}
            End::Halted(halted, left) => {
                self.answer.halted.get_or_insert(halted);
                self.answer.left.extend(left);
            }
            End::Failed(error, left) => {
                self.complain(error);
                self.answer.left.extend(left);
            }
        }
        // What is missing of others was told: to cut them would ask once more for what failed.
        let mut smaller = None;
        if over.is_whole && self.request.is_capped(over.rows.len()) {
            over.is_whole = false;
            match (self.cut(part, at, outcome.spent), halted) {
                (Ok(_), Some(halted)) => {
                    self.answer.halted.get_or_insert(halted);
                }
                (Ok(pieces), None) => smaller = Some(pieces),
                (Err(why), _) => self.parts[part].found.capped = Some(why),
            }
        }
        let pieces = &mut self.parts[part];
        pieces.pieces[at].state = State::Over(over);
        if let Some(smaller) = smaller {
            pieces.uncut.extend(pieces.pieces.splice(at..=at, smaller));
        }
    }

    /// Cuts a piece, or says why it stays as it is.
    fn cut(&mut self, part: usize, at: usize, spent: Spent) -> Result<Vec<Piece>, Capped> {
        let direction = self.request.cut.ok_or(Capped::NotCut)?;
        let Piece { start, end, .. } = self.parts[part].pieces[at];
        if end - start < 2 {
            return Err(Capped::TooDense);
        }
        // The same bytes are looked at once more.
        let so_far: f64 = self.parts.iter().map(|one| one.found.spent.bytes).sum();
        if self
            .request
            .budget
            .is_some_and(|budget| so_far + spent.bytes > budget)
        {
            return Err(Capped::TooDear);
        }
        let count = (spent.matched / self.request.most as f64 * SPARE).ceil() as usize;
        let mut stretches = cut(start, end, count.clamp(2, MOST_PIECES));
        if direction == Direction::Descending {
            stretches.reverse();
        }
        let pieces = stretches.into_iter();
        Ok(pieces.map(|(start, end)| self.piece(start, end)).collect())
    }

    fn complain(&mut self, error: QueryError) {
        let known = self.answer.problems.iter();
        if !known
            .into_iter()
            .any(|one| one.to_string() == error.to_string())
        {
            self.answer.problems.push(error);
        }
    }

    fn finish(mut self, halt: &Halt) -> Answer {
        let is_waiting = |piece: &Piece| matches!(piece.state, State::Waiting);
        let all = self.parts.iter().flat_map(|part| &part.pieces);
        if let (true, Some(halted)) = (all.into_iter().any(is_waiting), halt.is_reached()) {
            self.answer.halted.get_or_insert(halted);
        }
        self.answer.found = self.parts.into_iter().map(Assembly::finish).collect();
        self.answer
    }
}

/// Cuts a stretch into nearly equal ones, at whole seconds where it is long enough: the service counts in seconds.
fn cut(start: i64, end: i64, count: usize) -> Vec<(i64, i64)> {
    let (length, count) = (end - start, count as i64);
    let grain = if length >= 2000 * count { 1000 } else { 1 };
    let edge = |at: i64| start + length * at / count;
    let rounded = |at: i64| edge(at).div_euclid(grain) * grain;
    let inner = (1..count)
        .map(rounded)
        .filter(|at| *at > start && *at < end);
    let mut edges: Vec<i64> = [start].into_iter().chain(inner).chain([end]).collect();
    edges.dedup();
    edges.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(start: i64, end: i64) -> Request {
        Request {
            text: Text::new("limit 5", None),
            start,
            end,
            is_open: false,
            is_limited: false,
            wanted: Some(20),
            most: 100,
            cut: None,
            budget: None,
        }
    }

    #[test]
    fn windows_are_asked_for_in_whole_seconds_and_told_to_the_millisecond() {
        let (call, _) = request(10_000, 20_000).call(&[], 10_000, 20_000);
        assert_eq!((call.start, call.end, call.limit), (10, 20, Some(21)));
        assert_eq!(call.text, "filter toMillis(@timestamp) < 20000 | limit 5");
        let (call, _) = request(10_001, 19_001).call(&[], 10_001, 19_001);
        assert_eq!((call.start, call.end), (10, 19));
        assert_eq!(
            call.text,
            "filter toMillis(@timestamp) >= 10001 and toMillis(@timestamp) < 19001 | limit 5"
        );
        let open = Request {
            is_open: true,
            ..request(10_000, 20_500)
        };
        let (call, _) = open.call(&[], 10_000, 20_500);
        assert_eq!((call.end, call.text.as_str()), (21, "limit 5"));
    }

    #[test]
    fn pieces_are_whole_seconds_that_follow_each_other() {
        assert_eq!(
            cut(0, 9_500, 3),
            [(0, 3_000), (3_000, 6_000), (6_000, 9_500)]
        );
        assert_eq!(cut(5, 8, 2), [(5, 6), (6, 8)]);
        assert_eq!(cut(5, 7, 40), [(5, 6), (6, 7)]);
    }
}
