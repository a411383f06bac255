//! Which of a message's JSON values are fields, and which names they have.
//!
//! The whole message must be one JSON object; of a record that was cut or broken inside, the members before that are
//! fields all the same (the service finds none in it), and it is counted. A field's name is the path to its value, keys
//! and positions joined with dots; objects and arrays themselves are no fields, nor is null (D25, D27). Of equal keys
//! the last counts, and a key that has a dot itself counts before a path of the same name (D36). At most 200 values of
//! one event are fields, the first ones (D26).

use super::shape::{Known, MOST_KNOWN, Shape, Want};
use super::{Cell, Reader, Slots};
use crate::decode::json::{Json, Key, Kind, Malformed, Members, Skipped, skip_text, skip_value};

/// So many values of one event are fields.
const MOST_FIELDS: usize = 200;
/// Values nested deeper are no fields; nobody nests deeper, and the walk must not exhaust the stack.
const DEEPEST: u8 = 64;
/// Of a record whose members are all recognized so many bytes may be in containers: a value takes two at least.
const MOST_NESTED: usize = 2 * (MOST_FIELDS - MOST_KNOWN);
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

impl End {
    /// Tells where a member stops being JSON that begins at `at`: with none before it, it was text behind a brace.
    #[cold]
    fn of(fault: Malformed, at: usize) -> Self {
        if at == 1 {
            Self::Other
        } else {
            Self::Broken(fault.behind(at))
        }
    }
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
            message,
            paths,
            cells: &mut slots.cells,
            depths: &mut self.depths,
            left: None,
            nested: 0,
        };
        match walk.message(&mut self.shape) {
            End::Whole => {}
            End::Broken(fault) => self.broken.count(Some(fault)),
            End::Other => walk.forget(),
        }
    }
}

/// Returns whether the message might hold more values than are fields: each but the first needs a comma.
fn may_exceed(message: &[u8]) -> bool {
    message.len() >= 2 * MOST_FIELDS && memchr::memchr_iter(b',', message).count() >= MOST_FIELDS
}

/// The walk over one message.
struct Walk<'w, 'a> {
    message: &'a [u8],
    paths: &'w [Path],
    cells: &'w mut [Cell<'a>],
    depths: &'w mut [u8],
    /// How many more values are fields; `None` while nobody counts them.
    left: Option<usize>,
    /// How many bytes the containers take up that are values of members which were recognized.
    nested: usize,
}

impl<'a> Walk<'_, 'a> {
    /// Walks the members.
    #[inline]
    fn message(&mut self, shape: &mut Shape) -> End {
        let first = self
            .message
            .strip_prefix(b"{")
            .and_then(|rest| shape.recognize_first(rest));
        if first.is_none() {
            let members = Members::new(self.message);
            // Before the first member this tells that no brace begins the message: most lines are text.
            if members.is_behind_one() {
                return End::Other;
            }
            return self.unfamiliar(members, 0, shape);
        }
        let mut place = 0;
        let end = match self.familiar(1, first, shape, &mut place) {
            Ok(end) if self.message[end..] == *b"}" => End::Whole,
            Ok(end) => {
                let members = Members::behind(self.message, end);
                return self.unfamiliar(members, place, shape);
            }
            Err(end) => end,
        };
        if self.nested > MOST_NESTED {
            return self.counted(end);
        }
        end
    }

    /// Walks members of which some are new.
    #[inline(never)]
    fn unfamiliar(&mut self, members: Members<'a>, place: usize, shape: &mut Shape) -> End {
        let end = self.members(members, place, Some(shape));
        self.counted(end)
    }

    /// Walks all members again where there may be too many values, and counts them: only the first are fields.
    #[inline(never)]
    fn counted(&mut self, end: End) -> End {
        if matches!(end, End::Other) || !may_exceed(self.message) {
            return end;
        }
        self.forget();
        self.left = Some(MOST_FIELDS);
        self.members(Members::new(self.message), 0, None)
    }

    /// Forgets what was read.
    fn forget(&mut self) {
        for path in self.paths {
            self.cells[path.slot] = Cell::Empty;
            self.depths[path.slot] = u8::MAX;
        }
    }

    /// Walks members; with a shape it learns those that are new.
    fn members(
        &mut self,
        mut members: Members<'a>,
        mut place: usize,
        mut shape: Option<&mut Shape>,
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
            let wanted = self.paths.iter().map(Path::whole);
            self.member(|name| key.is(name), value, wanted, 0);
            let Some(shape) = shape.as_deref_mut() else {
                continue;
            };
            let behind = members.position();
            if let Some(name) = key.plain()
                && Shape::is_worth_learning(&self.message[before..])
            {
                let quote = usize::from(value.kind() == Kind::String);
                let lead = &self.message[before..behind - value.text().len() + quote];
                let wanted = want(&key, self.paths);
                if is_behind_one {
                    place += usize::from(shape.learn(place, lead, name, wanted));
                } else {
                    shape.learn_first(lead, name, wanted);
                }
            }
            match self.familiar(behind, None, shape, &mut place) {
                Ok(behind) => members.go_on(behind),
                Err(end) => return end,
            }
        }
        let behind = &self.message[members.position()..];
        if behind.iter().all(u8::is_ascii_whitespace) {
            End::Whole
        } else {
            End::Other
        }
    }

    /// Reads members from `at` on as long as they are recognized; returns the offset behind them. `first` is one that
    /// the caller has recognized there.
    #[inline(never)]
    fn familiar(
        &mut self,
        at: usize,
        first: Option<&Known>,
        shape: &Shape,
        place: &mut usize,
    ) -> Result<usize, End> {
        let message = self.message;
        let mut ahead = shape.ahead(*place);
        let mut rest = message.get(at..).unwrap_or_default();
        let mut next = match first {
            Some(first) => Some((first, ahead)),
            None => ahead.recognize(rest),
        };
        while let Some((known, behind)) = next {
            match self.known(known, rest) {
                Ok(end) => (rest, ahead) = (&rest[end..], behind),
                Err(fault) => return Err(End::of(fault, message.len() - rest.len())),
            }
            next = ahead.recognize(rest);
        }
        *place = shape.place(ahead);
        Ok(message.len() - rest.len())
    }

    /// Passes over a member that begins `rest` and was recognized; returns the offset behind it.
    #[expect(
        clippy::inline_always,
        reason = "a call for each member would cost a good part of passing over it"
    )]
    #[inline(always)]
    fn known(&mut self, known: &Known, rest: &'a [u8]) -> Result<usize, Malformed> {
        let value = if let Some(inside) = known.text() {
            skip_text(rest, inside)?
        } else {
            let value = skip_value(rest, known.value())?;
            if value.holds_others() {
                self.nested += value.end - known.value();
            }
            value
        };
        if known.wanted != Want::None {
            self.asked(known, rest, value);
        }
        Ok(value.end)
    }

    /// Looks at a member that was recognized, and that somebody asks for.
    #[inline(never)]
    fn asked(&mut self, known: &Known, rest: &'a [u8], value: Skipped) {
        let value = || Json::of(rest, known.value(), value);
        match known.wanted {
            Want::Slot(slot) => self.keep(slot, value(), 0),
            _ => self.followed(known, value()),
        }
    }

    /// Follows the paths that begin with a member that was recognized.
    #[inline(never)]
    fn followed(&mut self, known: &Known, value: Json<'a>) {
        let wanted = self.paths.iter().map(Path::whole);
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
    #[inline]
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
