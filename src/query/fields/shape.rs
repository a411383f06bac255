//! How the members of the records before were written: a guess at the next record's.
//!
//! Records of one program have the same members in nearly the same order. A member that begins with the very bytes
//! that one began with before, from its comma to the blank behind its colon, has that name, and with the quote behind
//! that, a text: neither the name nor what stands around it need be read again. A wrong guess costs a comparison, never
//! an answer.

/// So many members are remembered.
const MOST: usize = 48;
/// A record whose members are all remembered has no more than so many.
pub(super) const MOST_KNOWN: usize = MOST + 1;
/// So many first members are remembered: logs of several programs may stand in one file.
const MOST_FIRST: usize = 4;
/// A member may be missing, and others may stand before the next known one; so many are tried.
const AHEAD: usize = 8;
/// So many bytes are compared at once.
const WORD: usize = 16;

/// The members seen so far, in an order that all records' members stood in.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Those that stood first, which have no comma before them.
    first: Vec<Known>,
    known: Vec<Known>,
}

/// A member as it was written before.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// All that stood before its value: comma, name, colon and blanks; before a text the quote too.
    lead: Box<[u8]>,
    /// Whether its value was a text.
    text: bool,
    /// Whether it was, and its lead is among the first bytes: nothing else need be compared.
    short: bool,
    /// The first bytes of the lead, and which of them count: most guesses end here, right or wrong.
    head: u128,
    mask: u128,
    /// The last bytes of a longer one.
    tail: u128,
    /// The name.
    key: Box<str>,
    /// Who asks for it.
    pub(super) wanted: Want,
}

/// Which of the fields that are asked for a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// None.
    None,
    /// The one in this slot, and no other begins with its name.
    Slot(usize),
    /// Some begin with it.
    Some,
}

impl Known {
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Returns the offset of its value.
    #[inline]
    pub(super) fn value(&self) -> usize {
        self.lead.len() - usize::from(self.text)
    }

    /// Returns the offset behind the opening quote of its value, for one that was a text.
    #[inline]
    pub(super) fn text(&self) -> Option<usize> {
        self.text.then_some(self.lead.len())
    }

    fn new(lead: &[u8], key: &str, wanted: Want) -> Self {
        let mut first = [0; WORD];
        let counted = lead.len().min(WORD);
        first[..counted].copy_from_slice(&lead[..counted]);
        Self {
            head: u128::from_le_bytes(first),
            mask: u128::MAX >> (8 * (WORD - counted)),
            tail: lead
                .last_chunk()
                .map_or(0, |last| u128::from_le_bytes(*last)),
            lead: lead.into(),
            text: lead.ends_with(b"\""),
            short: lead.ends_with(b"\"") && lead.len() <= WORD,
            key: key.into(),
            wanted,
        }
    }

    /// Returns whether it begins `rest`, whose first bytes are `first`.
    #[inline]
    fn begins(&self, first: u128, rest: &[u8]) -> bool {
        first & self.mask == self.head && (self.short || self.goes_on(rest))
    }

    /// Returns whether what `rest` holds behind its first bytes is the rest of it, and its value comes next: there may
    /// be more blanks before it than there were.
    #[inline]
    fn goes_on(&self, rest: &[u8]) -> bool {
        let length = self.lead.len();
        if !self.text && rest.get(length).is_none_or(|byte| *byte <= b' ') {
            return false;
        }
        if length <= WORD {
            return true;
        }
        if length > 2 * WORD {
            return rest.starts_with(&self.lead);
        }
        let last = rest.get(length - WORD..);
        last.and_then(<[u8]>::first_chunk)
            .is_some_and(|last| u128::from_le_bytes(*last) == self.tail)
    }
}

/// The members from a position on.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'s>(&'s [Known]);

impl<'s> Ahead<'s> {
    /// Finds the member that begins `rest`, the next or a little behind; returns it with those behind it.
    #[inline]
    pub(super) fn recognize(self, rest: &[u8]) -> Option<(&'s Known, Self)> {
        // So close to the end of a record there is nothing worth a guess.
        let first = u128::from_le_bytes(*rest.first_chunk::<WORD>()?);
        let (known, behind) = self.0.split_first()?;
        if known.begins(first, rest) {
            return Some((known, Self(behind)));
        }
        Self(behind).recognize_further(first, rest)
    }

    #[inline(never)]
    fn recognize_further(self, first: u128, rest: &[u8]) -> Option<(&'s Known, Self)> {
        let mut ahead = self.0;
        for _ in 1..AHEAD {
            let (known, behind) = ahead.split_first()?;
            if known.begins(first, rest) {
                return Some((known, Self(behind)));
            }
            ahead = behind;
        }
        None
    }
}

impl Shape {
    /// Returns the members from a position on.
    pub(super) fn ahead(&self, at: usize) -> Ahead<'_> {
        Ahead(self.known.get(at..).unwrap_or_default())
    }

    /// Returns the position that members stand at.
    pub(super) fn place(&self, ahead: Ahead<'_>) -> usize {
        self.known.len() - ahead.0.len()
    }

    /// Finds the first member that begins `rest`, which stands behind the opening brace.
    #[inline]
    pub(super) fn recognize_first(&self, rest: &[u8]) -> Option<&Known> {
        let first = u128::from_le_bytes(*rest.first_chunk::<WORD>()?);
        self.first.iter().find(|known| known.begins(first, rest))
    }

    /// Returns whether a member that begins `rest` could be recognized the next time.
    pub(super) fn is_worth_learning(rest: &[u8]) -> bool {
        rest.len() >= WORD
    }

    /// Remembers a member that stood at a position; returns whether it now stands there.
    pub(super) fn learn(&mut self, at: usize, lead: &[u8], key: &[u8], wanted: Want) -> bool {
        let Ok(key) = std::str::from_utf8(key) else {
            return false;
        };
        let room = self.known.len() < MOST;
        if room {
            self.known.insert(at, Known::new(lead, key, wanted));
        }
        room
    }

    /// Remembers a first member.
    pub(super) fn learn_first(&mut self, lead: &[u8], key: &[u8], wanted: Want) {
        if let Ok(key) = std::str::from_utf8(key)
            && self.first.len() < MOST_FIRST
        {
            self.first.push(Known::new(lead, key, wanted));
        }
    }
}
