//! The origins that the lines of envelopes name, made once and found again cheaply.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::decode::json::Json;
use crate::event::Origin;

/// How many origins are remembered; a file of a million streams must not fill the memory.
const REMEMBERED: usize = 4096;

/// Origins by the spelling of their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    known: Vec<Known>,
    by_key: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState>,
    last: usize,
    key: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Known {
    key: Box<[u8]>,
    origin: Origin,
}

impl Origins {
    /// Forgets what was found for earlier blocks, whose default origin may have been another.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.by_key.clear();
        self.last = 0;
    }

    /// Returns the origin with these names, as far as they are given, and `default`'s where not.
    pub(super) fn find(
        &mut self,
        group: Option<Json<'_>>,
        stream: Option<Json<'_>>,
        default: &Origin,
    ) -> &Origin {
        let raw_group = group.map_or(&b""[..], Json::text);
        let raw_stream = stream.map_or(&b""[..], Json::text);
        self.find_raw(raw_group, raw_stream, || Origin {
            group: decoded(group).unwrap_or_else(|| default.group.clone()),
            stream: decoded(stream).unwrap_or_else(|| default.stream.clone()),
        })
    }

    /// Returns the origin of a stream whose group is `default`'s.
    pub(super) fn find_stream(&mut self, stream: &[u8], default: &Origin) -> &Origin {
        self.find_raw(b"", stream, || Origin {
            group: default.group.clone(),
            stream: String::from_utf8_lossy(stream).into(),
        })
    }

    /// Returns the origin remembered under two spellings, or the one that `make` makes.
    fn find_raw(&mut self, group: &[u8], stream: &[u8], make: impl FnOnce() -> Origin) -> &Origin {
        self.key.clear();
        self.key.extend_from_slice(group);
        self.key.push(b'\n');
        self.key.extend_from_slice(stream);
        let is_last = |known: &Known| *known.key == *self.key;
        if !self.known.get(self.last).is_some_and(is_last) {
            self.last = match self.by_key.get(self.key.as_slice()) {
                Some(&at) => at,
                None => self.add(make()),
            };
        }
        &self.known[self.last].origin
    }

    fn add(&mut self, mut origin: Origin) -> usize {
        if let Some(known) = self.known.last()
            && known.origin.group == origin.group
        {
            origin.group = known.origin.group.clone();
        }
        if self.known.len() >= REMEMBERED {
            self.clear();
        }
        let key: Box<[u8]> = self.key.as_slice().into();
        let at = self.known.len();
        self.by_key.insert(key.clone(), at);
        self.known.push(Known { key, origin });
        at
    }
}

fn decoded(name: Option<Json<'_>>) -> Option<Arc<str>> {
    let text = name?.as_str()?;
    (!text.is_empty()).then(|| Arc::from(&*text))
}
