//! How the members of the records before were written: a guess at the next record's.
//!
//! Records of one program have the same members in nearly the same order. A member that begins with the very bytes
//! that one began with before, from its comma to the blank behind its colon, has that name: neither the name nor
//! what stands around it need be read again. A wrong guess costs a comparison, never an answer.

/// So many members are remembered.
const MOST: usize = 48;
/// A member may be missing, and others may stand before the next known one; so many are tried.
const AHEAD: usize = 8;

/// The members seen so far, in an order that all records' members stood in.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    known: Vec<Known>,
}

/// A member as it was written before.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// All that stood before its value: comma, name, colon and blanks.
    lead: Box<[u8]>,
    /// The first bytes of that, and which of them count: most wrong guesses end here.
    head: u64,
    mask: u64,
    /// The name.
    key: Box<str>,
    /// Whether a field that is asked for begins with it.
    pub(super) wanted: bool,
}

impl Known {
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn lead(&self) -> usize {
        self.lead.len()
    }

    fn new(lead: &[u8], key: &str, wanted: bool) -> Self {
        let mut first = [0; 8];
        let counted = lead.len().min(8);
        first[..counted].copy_from_slice(&lead[..counted]);
        Self {
            head: u64::from_le_bytes(first),
            mask: u64::MAX >> (8 * (8 - counted)),
            lead: lead.into(),
            key: key.into(),
            wanted,
        }
    }
}

impl Shape {
    /// Finds the member that begins `rest`, at or a little behind a position; returns it with its position.
    pub(super) fn recognize(&self, rest: &[u8], at: usize) -> Option<(usize, &Known)> {
        // So close to the end of a record there is nothing worth a guess.
        let first = u64::from_le_bytes(*rest.first_chunk::<8>()?);
        let is_it =
            |known: &Known| first & known.mask == known.head && rest.starts_with(&known.lead);
        let mut ahead = self.known.iter().enumerate().skip(at).take(AHEAD);
        ahead.find(|(_, known)| is_it(known))
    }

    /// Remembers a member that stood at a position; returns whether it now stands there.
    pub(super) fn learn(&mut self, at: usize, lead: &[u8], key: &[u8], wanted: bool) -> bool {
        let Ok(key) = std::str::from_utf8(key) else {
            return false;
        };
        let room = self.known.len() < MOST;
        if room {
            self.known.insert(at, Known::new(lead, key, wanted));
        }
        room
    }
}
