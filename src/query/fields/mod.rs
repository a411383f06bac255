//! The fields a query reads, taken from a record in one pass over its line.
//!
//! Nothing is decoded, and nothing allocated for a record, here: a field found in the JSON is kept as the bytes it is written in,
//! and becomes a value when something asks for it. The rules of what is a field stand in `walk`.

mod cell;
mod lambda;
mod shape;
mod walk;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::event::{Event, Origin};
use crate::record::Broken;
use crate::value::Value;

pub use cell::Cell;
use lambda::Platform;
use shape::Shape;
use walk::Path;

/// What the program knows of an event beside the event itself: the fields that only it has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras<'a> {
    /// Where the event stands in its source; together with its stream it makes up `@ptr` where there is no id.
    pub position: u64,
    /// `@level`
    pub level: Option<&'a str>,
    /// `@stage`
    pub stage: Option<&'a str>,
    /// `@service`
    pub service: Option<&'a str>,
    /// `@error.type`
    pub error_type: Option<&'a str>,
    /// `@error.message`
    pub error_message: Option<&'a str>,
    /// `@error.culprit`
    pub error_culprit: Option<&'a str>,
    /// `@error.fingerprint`
    pub error_fingerprint: Option<&'a str>,
}

impl Extras<'_> {
    /// Returns those of an event of which nothing is known, as the default does: in a constant too.
    pub const fn none() -> Self {
        Self {
            position: 0,
            level: None,
            stage: None,
            service: None,
            error_type: None,
            error_message: None,
            error_culprit: None,
            error_fingerprint: None,
        }
    }
}

/// Rows of so many values need no memory of their own.
const FEW: usize = 16;

/// The values of one row while it goes through a query: the fields that were read, then what is computed.
#[derive(Debug, Default)]
pub struct Slots<'a> {
    pub(super) cells: SmallVec<[Cell<'a>; FEW]>,
}

impl Slots<'_> {
    /// Returns the value in a slot.
    pub fn get(&self, slot: usize) -> Value<'_> {
        self.cells.get(slot).map(Cell::value).unwrap_or_default()
    }

    /// Empties all slots and sees to it that there are enough.
    #[inline]
    fn reset(&mut self, width: usize) {
        self.cells.clear();
        for _ in 0..width {
            self.cells.push(Cell::Empty);
        }
    }
}

/// Fills slots from one event after the other, and remembers how the records before were written.
#[derive(Debug)]
pub struct Reader<'f> {
    fields: &'f FieldSet,
    extras: bool,
    shape: Shape,
    /// How many keys led to each field, to tell a key with a dot from a path.
    depths: Vec<u8>,
    /// How many messages were read only as far as they are JSON.
    broken: Broken,
}

impl Reader<'_> {
    /// Fills the slots from an event.
    #[inline]
    pub fn read<'a>(&mut self, event: &Event<'a>, extras: &Extras<'a>, slots: &mut Slots<'a>) {
        slots.reset(self.fields.width);
        for (slot, system) in &self.fields.system {
            let cell = &mut slots.cells[*slot];
            match (system, event.timestamp.known()) {
                // The one that is read most is made in its place: with nothing there to be dropped, it is not copied.
                (System::Timestamp, Some(time)) => {
                    *cell = Cell::Empty;
                    *cell = Cell::Value(Value::Timestamp(time));
                }
                (other, _) => *cell = other.read(event, extras),
            }
        }
        if !self.fields.paths.is_empty() {
            self.discover(event.message, slots);
        }
    }

    /// Returns whether any of the fields is among the extras.
    pub fn reads_extras(&self) -> bool {
        self.extras
    }

    /// Returns how many records were broken and read as far as they go, since the last call.
    pub fn take_broken(&mut self) -> Broken {
        std::mem::take(&mut self.broken)
    }
}

/// Which fields are read, each into the slot of its position.
#[derive(Clone, Debug, Default)]
pub struct FieldSet {
    names: Vec<Arc<str>>,
    /// Fields of the event itself.
    system: Vec<(usize, System)>,
    /// Fields of the JSON in the message.
    paths: Vec<Path>,
    /// How many slots a row has in all.
    width: usize,
}

/// A field that does not come from the message's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Timestamp,
    IngestionTime,
    Message,
    Log,
    LogStream,
    Ptr,
    Level,
    Stage,
    Service,
    ErrorType,
    ErrorMessage,
    ErrorCulprit,
    ErrorFingerprint,
    Lambda(Platform),
}

impl System {
    /// Returns whether the event alone has it.
    fn is_of_event(self) -> bool {
        matches!(
            self,
            Self::Timestamp
                | Self::IngestionTime
                | Self::Message
                | Self::Log
                | Self::LogStream
                | Self::Lambda(_)
        )
    }

    fn find(name: &str) -> Option<Self> {
        Some(match name {
            "@timestamp" => Self::Timestamp,
            "@ingestionTime" => Self::IngestionTime,
            "@message" => Self::Message,
            "@log" => Self::Log,
            "@logStream" => Self::LogStream,
            "@ptr" => Self::Ptr,
            "@level" => Self::Level,
            "@stage" => Self::Stage,
            "@service" => Self::Service,
            "@error.type" => Self::ErrorType,
            "@error.message" => Self::ErrorMessage,
            "@error.culprit" => Self::ErrorCulprit,
            "@error.fingerprint" => Self::ErrorFingerprint,
            other => return Platform::find(other).map(Self::Lambda),
        })
    }

    fn read<'a>(self, event: &Event<'a>, extras: &Extras<'a>) -> Cell<'a> {
        Cell::Value(match self {
            Self::Message => return Cell::Bytes(event.message),
            Self::Timestamp => event.timestamp.known().into(),
            Self::IngestionTime => event.ingestion.into(),
            Self::Log => present(&event.origin.group),
            Self::LogStream => present(&event.origin.stream),
            Self::Ptr => pointer(event, extras),
            Self::Level => extras.level.into(),
            Self::Stage => extras.stage.into(),
            Self::Service => extras.service.into(),
            Self::ErrorType => extras.error_type.into(),
            Self::ErrorMessage => extras.error_message.into(),
            Self::ErrorCulprit => extras.error_culprit.into(),
            Self::ErrorFingerprint => extras.error_fingerprint.into(),
            Self::Lambda(field) => field.read(event.message),
        })
    }
}

/// Returns a name; an unknown one is empty and no value.
fn present(name: &str) -> Value<'_> {
    Some(name).filter(|name| !name.is_empty()).into()
}

fn pointer<'a>(event: &Event<'a>, extras: &Extras<'a>) -> Value<'a> {
    if let Some(id) = event.id {
        return id.into();
    }
    let Origin { group, stream } = event.origin;
    format!("{group}:{stream}:{}", extras.position).into()
}

impl FieldSet {
    /// Creates the set of these fields; rows have `width` slots, those behind the fields for what is computed.
    pub fn new(names: Vec<Arc<str>>, width: usize) -> Self {
        let mut set = Self {
            width: width.max(names.len()),
            ..Self::default()
        };
        for (slot, name) in names.iter().enumerate() {
            if let Some(system) = System::find(name) {
                set.system.push((slot, system));
            } else if let Some(key) = name.strip_prefix("@@") {
                set.paths.push(Path::new(slot, &format!("@{key}")));
            } else if !name.starts_with('@') {
                set.paths.push(Path::new(slot, name));
            }
        }
        set.names = names;
        set
    }

    /// Returns the names of the fields, in the order of their slots.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Returns whether the set has a field of this name: what nobody reads need not be worked out.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| **known == *name)
    }

    /// Returns empty slots, to be filled again and again.
    #[inline]
    pub fn slots<'a>(&self) -> Slots<'a> {
        let mut slots = Slots::default();
        slots.reset(self.width);
        slots
    }

    /// Returns what fills slots from many events.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            fields: self,
            extras: self.system.iter().any(|(_, system)| !system.is_of_event()),
            shape: Shape::default(),
            depths: vec![u8::MAX; self.width],
            broken: Broken::default(),
        }
    }

    /// Fills the slots from a single event.
    pub fn read<'a>(&self, event: &Event<'a>, extras: &Extras<'a>, slots: &mut Slots<'a>) {
        self.reader().read(event, extras, slots);
    }

    /// Fills the slots from anything that has values by name.
    pub fn fill<'a>(&self, slots: &mut Slots<'a>, mut value: impl FnMut(&str) -> Value<'a>) {
        slots.reset(self.width);
        for (slot, name) in self.names.iter().enumerate() {
            slots.cells[slot] = Cell::Value(value(name));
        }
    }
}

#[cfg(test)]
mod tests;
