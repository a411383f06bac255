//! How the members of the records before were written: a guess at the next record's.
//!
//! Records of one program have the same members in nearly the same order. A member that begins with the very bytes
//! that one began with before, from its comma to the blank behind its colon, has that name: neither the name nor
//! what stands around it need be read again. A wrong guess costs a comparison, never an answer.

/// So many members are remembered.
const MOST: usize = 48;
/// A member may be missing, and others may stand before the next known one; so many are tried.
const AHEAD: usize = 8;
/// So many bytes of a member's beginning are compared at once: no more than most have.
const HEAD: usize = 16;

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
    /// The first bytes of that, and which of them count: most guesses end here, right or wrong.
    head: u128,
    mask: u128,
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
        let mut first = [0; HEAD];
        let counted = lead.len().min(HEAD);
        first[..counted].copy_from_slice(&lead[..counted]);
        Self {
            head: u128::from_le_bytes(first),
            mask: u128::MAX >> (8 * (HEAD - counted)),
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
        let first = u128::from_le_bytes(*rest.first_chunk::<HEAD>()?);
        let is_it = |known: &Known| {
            let is_longer = known.lead.len() > HEAD;
            first & known.mask == known.head && (!is_longer || rest.starts_with(&known.lead))
        };
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
