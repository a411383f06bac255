//! Which of a message's JSON values are fields, and which names they have.
//!
//! The whole message must be one JSON object; of a record that was cut or broken inside, the members before that are
//! fields all the same (the service finds none in it), and it is counted. A field's name is the path to its value, keys
//! and positions joined with dots; objects and arrays themselves are no fields, nor is null (D25, D27). Of equal keys
//! the last counts, and a key that has a dot itself counts before a path of the same name (D36). At most 200 values of
//! one event are fields, the first ones (D26).

use super::shape::{Known, Shape, Want};
use super::{Cell, Reader, Slots};
use crate::decode::json::{Json, Key, Kind, Malformed, Members, skip_value};

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

/// Returns which of the paths a key is, or begins.
fn want(key: &Key<'_>, paths: &[Path]) -> Want {
    let mut begun = paths.iter().filter(|path| path.may_begin_with(key));
    match (begun.next(), begun.next()) {
        (None, _) => Want::None,
        (Some(path), None) if key.is(&path.name) => Want::Slot(path.slot),
        _ => Want::Some,
    }
}

/// How a message ended.
#[derive(Clone, Copy)]
enum End {
    /// All of it is one object.
    Whole,
    /// It stops being JSON behind a member.
    Broken(Malformed),
    /// It is no object, or something stands behind one.
    Other,
}

impl Reader<'_> {
    /// Fills the slots of the paths from a message; one that is no JSON object, or more than that, fills none.
    #[inline]
    pub(super) fn discover<'a>(&mut self, message: &'a [u8], slots: &mut Slots<'a>) {
        let paths = &self.fields.paths;
        for path in paths {
            self.depths[path.slot] = u8::MAX;
        }
        let mut walk = Walk {
            cells: &mut slots.cells,
            depths: &mut self.depths,
            left: may_exceed(message).then_some(MOST_FIELDS),
        };
        match walk.message(message, paths, &mut self.shape) {
            End::Whole => {}
            End::Broken(fault) => self.broken.count(Some(fault)),
            End::Other => {
                for path in paths {
                    slots.cells[path.slot] = Cell::Empty;
                }
            }
        }
    }
}

/// Returns whether the message might hold more values than are fields: each but the first needs a comma.
fn may_exceed(message: &[u8]) -> bool {
    message.len() >= 2 * MOST_FIELDS && memchr::memchr_iter(b',', message).count() >= MOST_FIELDS
}

struct Walk<'w, 'a> {
    cells: &'w mut [Cell<'a>],
    depths: &'w mut [u8],
    /// How many more values are fields; `None` when there are not too many anyway.
    left: Option<usize>,
}

impl<'a> Walk<'_, 'a> {
    /// Walks the members of a message.
    #[inline]
    fn message(&mut self, message: &'a [u8], paths: &[Path], shape: &mut Shape) -> End {
        let first = message
            .strip_prefix(b"{")
            .and_then(|rest| shape.recognize_first(rest));
        if let Some(first) = first {
            let start = 1 + first.lead();
            let Ok(value) = skip_value(message, start) else {
                return End::Other;
            };
            self.known(first, || Json::of(message, start, value), paths);
            let mut place = 0;
            return match self.familiar(message, value.end, paths, shape, &mut place) {
                Ok(end) if message[end..] == *b"}" => End::Whole,
                Ok(end) => {
                    self.members(Members::behind(message, end), message, place, paths, shape)
                }
                Err(fault) => End::Broken(fault),
            };
        }
        let members = Members::new(message);
        // Before the first member this tells that no brace begins the message: most lines are text.
        if members.is_behind_one() {
            return End::Other;
        }
        self.members(members, message, 0, paths, shape)
    }

    /// Walks members of which some are new, and learns them.
    #[inline(never)]
    fn members(
        &mut self,
        mut members: Members<'a>,
        message: &'a [u8],
        mut place: usize,
        paths: &[Path],
        shape: &mut Shape,
    ) -> End {
        loop {
            let is_behind_one = members.is_behind_one();
            let before = members.position();
            let (key, value) = match members.next() {
                Some(Ok(member)) => member,
                // Without a member before it, it was text that begins with a brace.
                Some(Err(_)) if !is_behind_one => return End::Other,
                Some(Err(fault)) => return End::Broken(fault),
                None => break,
            };
            self.member(|name| key.is(name), value, paths.iter().map(Path::whole), 0);
            let behind = members.position();
            if let Some(name) = key.plain()
                && Shape::is_worth_learning(&message[before..])
            {
                let lead = &message[before..behind - value.text().len()];
                if is_behind_one {
                    place += usize::from(shape.learn(place, lead, name, want(&key, paths)));
                } else {
                    shape.learn_first(lead, name, want(&key, paths));
                }
            }
            match self.familiar(message, behind, paths, shape, &mut place) {
                Ok(behind) => members.go_on(behind),
                Err(fault) => return End::Broken(fault),
            }
        }
        let behind = &message[members.position()..];
        if behind.iter().all(u8::is_ascii_whitespace) {
            End::Whole
        } else {
            End::Other
        }
    }

    /// Reads members from `at` on as long as they are recognized; returns the offset behind them.
    #[inline(never)]
    fn familiar(
        &mut self,
        message: &'a [u8],
        mut at: usize,
        paths: &[Path],
        shape: &Shape,
        place: &mut usize,
    ) -> Result<usize, Malformed> {
        let mut ahead = shape.ahead(*place);
        while let Some((known, behind)) = ahead.recognize(message.get(at..).unwrap_or_default()) {
            let start = at + known.lead();
            let value = skip_value(message, start)?;
            (at, ahead) = (value.end, behind);
            self.known(known, || Json::of(message, start, value), paths);
        }
        *place = shape.place(ahead);
        Ok(at)
    }

    /// Looks at a member that was recognized; `value` is called only where somebody asks for it.
    #[inline]
    fn known(&mut self, known: &Known, value: impl FnOnce() -> Json<'a>, paths: &[Path]) {
        match known.wanted {
            Want::Slot(slot) if self.left.is_none() => self.keep(slot, value(), 0),
            Want::None if self.left.is_none() => {}
            _ => self.followed(known, value(), paths),
        }
    }

    /// Follows the paths that begin with a member that was recognized.
    #[inline(never)]
    fn followed(&mut self, known: &Known, value: Json<'a>, paths: &[Path]) {
        let wanted = paths.iter().map(Path::whole);
        self.member(|name| name == known.key(), value, wanted, 0);
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
        let known = &mut self.depths[slot];
        if *known < depth {
            return;
        }
        // No object, array or null is a field; what it is written in is kept for `expand` alone.
        let is_field = !matches!(value.kind(), Kind::Object | Kind::Array | Kind::Null);
        *known = if is_field { depth } else { u8::MAX };
        self.cells[slot] = Cell::Json(value);
    }

    /// Drops what an earlier key of the same name led to: the last key counts.
    fn forget_older(&mut self, slot: usize, depth: u8) {
        let known = &mut self.depths[slot];
        if *known > depth && *known != u8::MAX {
            *known = u8::MAX;
            self.cells[slot] = Cell::Empty;
        }
    }
}

/// Returns whether a part of a path is the position `at`, written without leading zeros.
fn is_position(name: &str, at: usize) -> bool {
    let plain = name == "0" || !name.starts_with('0');
    plain && name.bytes().all(|byte| byte.is_ascii_digit()) && name.parse() == Ok(at)
}
