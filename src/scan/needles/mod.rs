//! Goes through a block by substring search, from one line that can matter to the next.
//!
//! Of the texts a [`Need`] asks for, the rarest that every wanted line must hold are searched over the whole block
//! (the anchors); only the line around a hit is tested for the rest. JSON can spell a character as `\u0045`, so the
//! lines between are searched for such an escape of a character that matters, and pass where they hold one.

use std::ops::Range;

use memchr::memmem::Finder;

use super::lines::{line_around, lines};
use super::need::Need;

/// A [`Need`] prepared for searching.
#[derive(Clone, Debug)]
pub struct Needles {
    test: Test,
    texts: Vec<Text>,
    /// Which texts to search blocks for; nothing when each line has to be looked at.
    anchors: Option<Vec<usize>>,
    /// Whether a hit is all that a line needs.
    hits_pass: bool,
    escape: Escape,
    tuned: bool,
}

#[derive(Clone, Debug)]
enum Test {
    Pass,
    Text(usize),
    All(Vec<Test>),
    Any(Vec<Test>),
}

#[derive(Clone, Debug)]
struct Text {
    finder: Finder<'static>,
    /// Whether the text must fill a JSON string: a quote before it, a quote or its backslash behind it.
    whole: bool,
}

impl Text {
    fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let length = self.finder.needle().len();
        let mut at = from;
        loop {
            let found = at + self.finder.find(bytes.get(at..)?)?;
            if !self.whole || is_whole(bytes, found, found + length) {
                return Some(found);
            }
            at = found + 1;
        }
    }

    fn count(&self, bytes: &[u8]) -> usize {
        self.finder.find_iter(bytes).count()
    }
}

fn is_whole(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|at| bytes[at]);
    before == Some(b'"') && matches!(bytes.get(end), Some(b'"' | b'\\'))
}

/// Finds escapes that could hide a character of the texts.
#[derive(Clone, Debug)]
struct Escape {
    finder: Finder<'static>,
    /// The characters that matter, by code.
    hides: Box<[bool; 256]>,
}

impl Escape {
    fn new() -> Self {
        // A message inside an envelope is escaped twice, so that the escape's own characters can be escaped too.
        let mut hides = Box::new([false; 256]);
        for byte in *br#"\u"0123456789abcdefABCDEF"# {
            hides[usize::from(byte)] = true;
        }
        Self {
            finder: Finder::new(br"\u00"),
            hides,
        }
    }

    fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let found = at + self.finder.find(bytes.get(at..)?)?;
            if self.hides(bytes.get(found + 4..found + 6)) {
                return Some(found);
            }
            at = found + 4;
        }
    }

    fn hides(&self, digits: Option<&[u8]>) -> bool {
        let hex = |digit: u8| (digit as char).to_digit(16);
        match digits {
            Some(&[high, low]) => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => self.hides[(high << 4 | low) as usize],
                // `\u00` with something else behind it: `\u00\u0034\u0035` inside an envelope, or no JSON at all.
                _ => true,
            },
            _ => true,
        }
    }
}

impl Needles {
    /// Prepares a need.
    pub fn new(need: &Need) -> Self {
        let mut needles = Self {
            test: Test::Pass,
            texts: Vec::new(),
            anchors: None,
            hits_pass: false,
            escape: Escape::new(),
            tuned: false,
        };
        needles.test = needles.compile(need);
        needles.hits_pass = match &needles.test {
            Test::Pass | Test::Text(_) => true,
            Test::Any(any) => any.iter().all(|test| matches!(test, Test::Text(_))),
            Test::All(_) => false,
        };
        needles.tune(&[]);
        needles.tuned = false;
        needles
    }

    /// Chooses what to search for by what is rare in `sample`, once.
    pub fn tune(&mut self, sample: &[u8]) {
        const ENOUGH: usize = 256 << 10;
        if self.tuned {
            return;
        }
        self.tuned = true;
        let sample = &sample[..sample.len().min(ENOUGH)];
        let counts: Vec<usize> = self.texts.iter().map(|text| text.count(sample)).collect();
        self.anchors = self.rarest(&self.test, &counts).map(|(_, anchors)| anchors);
    }

    /// Walks the lines of `bytes` that can matter, in order.
    pub fn lines<'n>(&'n self, bytes: &'n [u8]) -> Lines<'n> {
        let cursors = match &self.anchors {
            Some(anchors) => anchors.iter().map(|&text| Cursor::new(text)).collect(),
            None => Vec::new(),
        };
        Lines {
            needles: self,
            bytes,
            at: 0,
            cursors,
            hit: None,
        }
    }

    /// Returns whether a line can matter.
    pub fn test(&self, line: &[u8]) -> bool {
        self.holds(&self.test, line) || self.escape.find(line, 0).is_some()
    }

    fn compile(&mut self, need: &Need) -> Test {
        match need {
            Need::Anything => Test::Pass,
            Need::Text(text) => self.text(text, false),
            Need::Whole(text) => self.text(text, true),
            Need::All(all) => Test::All(all.iter().map(|need| self.compile(need)).collect()),
            Need::Any(any) => Test::Any(any.iter().map(|need| self.compile(need)).collect()),
        }
    }

    fn text(&mut self, text: &str, whole: bool) -> Test {
        for byte in text.bytes() {
            self.escape.hides[usize::from(byte)] = true;
        }
        let finder = Finder::new(text.as_bytes()).into_owned();
        self.texts.push(Text { finder, whole });
        Test::Text(self.texts.len() - 1)
    }

    /// Returns the texts of which each line that passes `test` holds at least one, and how many hits they had;
    /// nothing when there are no such texts.
    fn rarest(&self, test: &Test, counts: &[usize]) -> Option<(usize, Vec<usize>)> {
        match test {
            Test::Pass => None,
            Test::Text(at) => Some((counts[*at], vec![*at])),
            Test::All(all) => {
                let choices = all.iter().filter_map(|test| self.rarest(test, counts));
                // Of equally rare ones the longest text: its search is fastest.
                choices.min_by_key(|(hits, texts)| {
                    (*hits, texts.len(), usize::MAX - self.shortest(texts))
                })
            }
            Test::Any(any) => any
                .iter()
                .try_fold((0, Vec::new()), |(hits, mut texts), test| {
                    let (more, others) = self.rarest(test, counts)?;
                    texts.extend(others);
                    Some((hits + more, texts))
                }),
        }
    }

    fn shortest(&self, texts: &[usize]) -> usize {
        let lengths = texts.iter().map(|&at| self.texts[at].finder.needle().len());
        lengths.min().unwrap_or_default()
    }

    fn holds(&self, test: &Test, line: &[u8]) -> bool {
        match test {
            Test::Pass => true,
            Test::Text(at) => self.texts[*at].find(line, 0).is_some(),
            Test::All(all) => all.iter().all(|test| self.holds(test, line)),
            Test::Any(any) => any.iter().any(|test| self.holds(test, line)),
        }
    }
}

/// How far the search for one anchor has come.
struct Cursor {
    text: usize,
    next: usize,
}

impl Cursor {
    fn new(text: usize) -> Self {
        Self { text, next: 0 }
    }
}

/// The lines of a block that can matter, as ranges.
pub struct Lines<'n> {
    needles: &'n Needles,
    bytes: &'n [u8],
    at: usize,
    cursors: Vec<Cursor>,
    /// The next line with an anchor, while those before it that hold escapes are handed out: looking for its ends
    /// again for each of them could take the square of the time.
    hit: Option<Range<usize>>,
}

impl Lines<'_> {
    /// Returns the first place at or after `at` where an anchor is.
    fn next_hit(&mut self) -> Option<usize> {
        let end = self.bytes.len();
        let mut nearest = end;
        for cursor in &mut self.cursors {
            if cursor.next < self.at || self.at == 0 {
                let found = self.needles.texts[cursor.text].find(self.bytes, self.at);
                cursor.next = found.unwrap_or(end);
            }
            nearest = nearest.min(cursor.next);
        }
        (nearest < end).then_some(nearest)
    }

    /// Returns the first place between `at` and `end` where an escape could hide an anchor.
    fn next_escape(&self, end: usize) -> Option<usize> {
        let is_empty = self.at >= end;
        (!is_empty).then(|| self.needles.escape.find(&self.bytes[..end], self.at))?
    }

    fn next_line(&mut self) -> Option<Range<usize>> {
        let line = if self.needles.anchors.is_some() {
            let known = self.hit.take();
            let hit = known.or_else(|| Some(line_around(self.bytes, self.next_hit()?)));
            let skipped = hit.as_ref().map_or(self.bytes.len(), |line| line.start);
            match self.next_escape(skipped) {
                Some(escape) => {
                    self.hit = hit;
                    line_around(self.bytes, escape)
                }
                None => hit?,
            }
        } else {
            lines(self.bytes, self.at).next()?
        };
        self.at = line.end + 1;
        Some(line)
    }
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let line = self.next_line()?;
            if self.needles.hits_pass || self.needles.test(&self.bytes[line.clone()]) {
                return Some(line);
            }
        }
    }
}

#[cfg(test)]
mod tests;
