//! Log streams, and the payloads that a subscription makes of them: in any cut, repeated, shuffled.

use std::io::Write;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// A log event as the service gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogEvent {
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) message: String,
}

/// A log stream with its events in order.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) events: Vec<LogEvent>,
}

impl Stream {
    /// Makes a stream of messages with their times; ids follow from group, stream and place.
    pub(crate) fn new(
        group: &str,
        name: &str,
        lines: impl IntoIterator<Item = (i64, String)>,
    ) -> Self {
        let mut random = Random::new(seed(group) ^ seed(name).rotate_left(1));
        let event = |(at, (timestamp, message)): (usize, (i64, String))| LogEvent {
            id: event_id(timestamp, random.next(), at as u64),
            timestamp,
            message,
        };
        let events = lines.into_iter().enumerate().map(event).collect();
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            events,
        }
    }

    /// Returns the same stream at another time, which gives the events other ids.
    pub(crate) fn moved(&self, by: i64) -> Self {
        let lines = self.events.iter();
        let lines = lines.map(|event| (event.timestamp + by, event.message.clone()));
        Self::new(&self.group, &self.name, lines)
    }

    /// Returns the payload with all events.
    pub(crate) fn payload(&self) -> Vec<u8> {
        self.payload_of(0..self.events.len())
    }

    /// Returns the payload with some of the events.
    pub(crate) fn payload_of(&self, range: Range<usize>) -> Vec<u8> {
        payload(&document(&self.group, &self.name, &self.events[range]))
    }
}

/// Returns an id of 56 digits: the time, shifted by 144 bits, and below it what makes the id unique.
fn event_id(timestamp: i64, low: u64, place: u64) -> String {
    let mut bytes = Vec::with_capacity(26);
    bytes.extend_from_slice(&timestamp.to_be_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(&place.to_be_bytes());
    bytes.extend_from_slice(&low.to_be_bytes());
    let mut digits = [0_u8; 56];
    for byte in bytes {
        let mut carry = u32::from(byte);
        for digit in digits.iter_mut().rev() {
            let value = u32::from(*digit) * 256 + carry;
            *digit = (value % 10) as u8;
            carry = value / 10;
        }
    }
    digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect()
}

/// Returns the document of a subscription.
pub(crate) fn document(group: &str, stream: &str, events: &[LogEvent]) -> Value {
    let event = |event: &LogEvent| json!({"id": event.id, "timestamp": event.timestamp, "message": event.message});
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["logq"],
        "logEvents": events.iter().map(event).collect::<Vec<_>>(),
    })
}

/// Packs a document as the service does.
pub(crate) fn payload(document: &Value) -> Vec<u8> {
    wrapped(&gzip(document.to_string().as_bytes()))
}

/// Returns the event of a function with packed data.
fn wrapped(packed: &[u8]) -> Vec<u8> {
    json!({"awslogs": {"data": STANDARD.encode(packed)}})
        .to_string()
        .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Returns a payload just under 1 MiB that unpacks to about as much as gzip allows: it makes at most 1,032 bytes
/// of one, so a payload of that size holds some 790 MB, and not more.
pub(crate) fn bomb() -> Vec<u8> {
    const LARGEST: usize = (1 << 20) - 64;
    let opening =
        r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":["#;
    let mut packed = gzip(opening.as_bytes());
    let blanks = gzip(&vec![b' '; 16 << 20]);
    // A gzip file is a row of members; readers take them as one.
    while (packed.len() + blanks.len()).div_ceil(3) * 4 < LARGEST {
        packed.extend_from_slice(&blanks);
    }
    wrapped(&packed)
}

/// Numbers that look random, the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number (`SplitMix64`).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

fn seed(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// How streams are cut into deliveries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) seed: u64,
    /// The most cuts in one stream.
    pub(crate) cuts: usize,
    /// How often each delivery comes.
    pub(crate) times: usize,
    /// Whether deliveries come in any order; else stream by stream, as they were written.
    pub(crate) shuffled: bool,
}

impl Cut {
    /// Cuts streams into payloads.
    pub(crate) fn deliveries(self, streams: &[Stream]) -> Vec<Vec<u8>> {
        let mut random = Random::new(self.seed);
        let mut payloads = Vec::new();
        for stream in streams {
            for range in self.ranges(stream.events.len(), &mut random) {
                let payload = stream.payload_of(range);
                payloads.extend(std::iter::repeat_n(payload, self.times));
            }
        }
        if self.shuffled {
            random.shuffle(&mut payloads);
        }
        payloads
    }

    /// Returns neighbouring ranges that cover all events; an empty stream has none.
    fn ranges(self, events: usize, random: &mut Random) -> Vec<Range<usize>> {
        let cuts = random.below(self.cuts + 1);
        let mut places: Vec<usize> = (0..cuts).map(|_| random.below(events + 1)).collect();
        places.extend([0, events]);
        places.sort_unstable();
        places.dedup();
        places.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }
}
