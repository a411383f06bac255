//! Which of a message's JSON values are fields, and which names they have.
//!
//! The whole message must be one JSON object; of a record that was cut or broken inside, the members before that are
//! fields all the same (the service finds none in it), and it is counted. A field's name is the path to its value, keys and positions joined
//! with dots; objects and arrays themselves are no fields, nor is null (D25, D27). Of equal keys the last counts,
//! and a key that has a dot itself counts before a path of the same name (D36). At most 200 values of one event
//! are fields, the first ones (D26).

use super::shape::Shape;
use super::{Cell, Slots};
use crate::decode::json::{Json, Key, Kind, Malformed, Members};

/// So many values of one event are fields.
const MOST_FIELDS: usize = 200;
/// Values nested deeper are no fields; nobody nests deeper, and the walk must not exhaust the stack.
const DEEPEST: u8 = 64;
/// So many paths are followed into one container at a time.
const AT_ONCE: usize = 16;

/// The name of a field in the JSON of a message, and the slot it fills.
#[derive(Clone, Debug)]
pub(super) struct Path {
    slot: usize,
    name: Box<str>,
    /// Where the dots of the name are: each may end a key.
    dots: Box<[usize]>,
}

impl Path {
    pub(super) fn new(slot: usize, name: &str) -> Self {
        Self {
            slot,
            name: name.into(),
            dots: name.match_indices('.').map(|(dot, _)| dot).collect(),
        }
    }

    /// Returns whether a member of this name can be the field, or hold it.
    fn may_begin_with(&self, key: &Key<'_>) -> bool {
        key.is(&self.name) || self.dots.iter().any(|&dot| key.is(&self.name[..dot]))
    }

    fn whole(&self) -> Wanted<'_> {
        Wanted {
            slot: self.slot,
            name: &self.name,
            begin: 0,
            dots: &self.dots,
        }
    }
}

/// What of a path is still to be followed.
#[derive(Clone, Copy, Default)]
struct Wanted<'p> {
    slot: usize,
    name: &'p str,
    /// Where the rest of the name begins.
    begin: usize,
    /// The dots of the rest.
    dots: &'p [usize],
}

impl<'p> Wanted<'p> {
    fn rest(self) -> &'p str {
        &self.name[self.begin..]
    }

    /// Returns what a key of the rest of the name may be, with what follows it.
    fn keys(self) -> impl Iterator<Item = (&'p str, Self)> {
        self.dots.iter().enumerate().map(move |(at, &dot)| {
            let behind = Self {
                begin: dot + 1,
                dots: &self.dots[at + 1..],
                ..self
            };
            (&self.name[self.begin..dot], behind)
        })
    }
}

/// How a message ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// All of it is one object.
    Whole,
    /// It stops being JSON behind a member.
    Broken(Malformed),
    /// It is no object, or something stands behind one.
    Other,
}

/// Fills the slots of `paths` from a message; one that is no JSON object, or more than that, fills none.
pub(super) fn discover<'a>(message: &'a [u8], paths: &[Path], slots: &mut Slots<'a>) {
    let mut walk = Walk {
        slots,
        left: may_exceed(message).then_some(MOST_FIELDS),
    };
    let end = walk.message(message, paths);
    if let End::Broken(fault) = end {
        slots.broken.count(Some(fault));
    }
    if end == End::Other {
        for path in paths {
            slots.cells[path.slot] = Cell::Empty;
        }
    }
}

/// Returns whether the message might hold more values than are fields: each but the first needs a comma.
fn may_exceed(message: &[u8]) -> bool {
    message.len() >= 2 * MOST_FIELDS && memchr::memchr_iter(b',', message).count() >= MOST_FIELDS
}

struct Walk<'w, 'a> {
    slots: &'w mut Slots<'a>,
    /// How many more values are fields; `None` when there are not too many anyway.
    left: Option<usize>,
}

impl<'a> Walk<'_, 'a> {
    /// Walks the members of a message.
    fn message(&mut self, message: &'a [u8], paths: &[Path]) -> End {
        let mut shape = std::mem::take(&mut self.slots.shape);
        let end = self.members(message, paths, &mut shape);
        self.slots.shape = shape;
        end
    }

    fn members(&mut self, message: &'a [u8], paths: &[Path], shape: &mut Shape) -> End {
        let mut members = Members::new(message);
        // Before the first member this tells that no brace begins the message: most lines are text.
        if members.rest().is_some() {
            return End::Other;
        }
        let mut at = 0;
        loop {
            let before = members.position();
            let rest = members.rest();
            let guess = rest.and_then(|rest| shape.recognize(rest, at));
            if let Some((found, known)) = guess {
                let value = match members.value_behind(known.lead()) {
                    Ok(value) => value,
                    Err(fault) => return End::Broken(fault),
                };
                if known.wanted || self.left.is_some() {
                    let wanted = paths.iter().map(Path::whole);
                    self.member(|name| name == known.key(), value, wanted, 0);
                }
                at = found + 1;
                continue;
            }
            let (key, value) = match members.next() {
                Some(Ok(member)) => member,
                // Without a member before it, it was text that begins with a brace.
                Some(Err(_)) if rest.is_none() => return End::Other,
                Some(Err(fault)) => return End::Broken(fault),
                None => break,
            };
            self.member(|name| key.is(name), value, paths.iter().map(Path::whole), 0);
            // The first member has no comma before it and is read each time.
            if let Some(name) = key.plain().filter(|_| rest.is_some()) {
                let lead = &message[before..members.position() - value.text().len()];
                let wanted = paths.iter().any(|path| path.may_begin_with(&key));
                at += usize::from(shape.learn(at, lead, name, wanted));
            }
        }
        let behind = &message[members.position()..];
        if behind.iter().all(u8::is_ascii_whitespace) {
            End::Whole
        } else {
            End::Other
        }
    }

    /// Looks at one value and at the paths its key may begin.
    fn member<'p>(
        &mut self,
        is_key: impl Fn(&str) -> bool,
        value: Json<'a>,
        wanted: impl Iterator<Item = Wanted<'p>>,
        depth: u8,
    ) {
        if self.left == Some(0) {
            return;
        }
        if !matches!(value.kind(), Kind::Object | Kind::Array) {
            self.scalar(is_key, value, wanted, depth);
            return;
        }
        let mut below = [Wanted::default(); AT_ONCE];
        let mut count = 0;
        for path in wanted {
            if is_key(path.rest()) {
                self.keep(path.slot, value, depth);
                continue;
            }
            for (_, behind) in path.keys().filter(|(key, _)| is_key(key)) {
                self.forget_older(path.slot, depth);
                below[count] = behind;
                count += 1;
                if count == AT_ONCE {
                    self.container(value, &below, depth + 1);
                    count = 0;
                }
            }
        }
        if count > 0 || self.left.is_some() {
            self.container(value, &below[..count], depth + 1);
        }
    }

    /// Looks at a value that holds no others.
    fn scalar<'p>(
        &mut self,
        is_key: impl Fn(&str) -> bool,
        value: Json<'a>,
        wanted: impl Iterator<Item = Wanted<'p>>,
        depth: u8,
    ) {
        for path in wanted {
            if is_key(path.rest()) {
                self.keep(path.slot, value, depth);
            } else if path.keys().any(|(key, _)| is_key(key)) {
                self.forget_older(path.slot, depth);
            }
        }
        if let Some(left) = &mut self.left {
            *left -= usize::from(value.kind() != Kind::Null);
        }
    }

    fn container(&mut self, value: Json<'a>, wanted: &[Wanted<'_>], depth: u8) {
        if depth == DEEPEST {
            return;
        }
        if value.kind() == Kind::Object {
            for (key, member) in value.members().filter_map(Result::ok) {
                let is_key = |name: &str| Key::is(&key, name);
                self.member(is_key, member, wanted.iter().copied(), depth);
            }
            return;
        }
        for (at, item) in value.items().enumerate() {
            let is_position = |name: &str| is_position(name, at);
            self.member(is_position, item, wanted.iter().copied(), depth);
        }
    }

    /// Keeps a value under its name unless a key that has more of the name in it gave one (D36).
    fn keep(&mut self, slot: usize, value: Json<'a>, depth: u8) {
        let known = &mut self.slots.depths[slot];
        if *known < depth {
            return;
        }
        if matches!(value.kind(), Kind::Object | Kind::Array | Kind::Null) {
            // None of them is a field; what it is written in is kept for `expand` alone.
            *known = u8::MAX;
            self.slots.cells[slot] = Cell::Json(value);
        } else {
            *known = depth;
            self.slots.cells[slot] = Cell::Json(value);
        }
    }

    /// Drops what an earlier key of the same name led to: the last key counts.
    fn forget_older(&mut self, slot: usize, depth: u8) {
        let known = &mut self.slots.depths[slot];
        if *known > depth && *known != u8::MAX {
            *known = u8::MAX;
            self.slots.cells[slot] = Cell::Empty;
        }
    }
}

/// Returns whether a part of a path is the position `at`, written without leading zeros.
fn is_position(name: &str, at: usize) -> bool {
    let plain = name == "0" || !name.starts_with('0');
    plain && name.bytes().all(|byte| byte.is_ascii_digit()) && name.parse() == Ok(at)
}
