//! A look at some of a source: which fields and which stages there are, to say what a misspelt name was meant to be.
//!
//! Questions are answered without it. It is taken when an answer is empty, from a bounded part of the source, so that
//! no line costs more for it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::{Setting, place_of};
use crate::decode::json::{Json, Key, Kind};
use crate::record::Record;
use crate::scan::{Block, Need, Scanner};

/// How deep names are looked for, and how many are kept.
const DEPTH: usize = 5;
const MOST: usize = 10_000;

/// What a part of a source holds.
pub struct Sample<'a> {
    /// How many events were looked at.
    pub events: u64,
    /// How many of them were records.
    pub records: u64,
    /// The names of their fields; those inside others with a dot.
    pub names: BTreeSet<String>,
    /// The stages that their log groups tell.
    pub stages: BTreeSet<String>,
    /// How many bytes were read.
    pub bytes: usize,
    setting: Setting<'a>,
    scanner: Scanner,
}

impl<'a> Sample<'a> {
    /// Creates an empty sample.
    pub fn new(setting: Setting<'a>) -> Self {
        Self {
            events: 0,
            records: 0,
            names: BTreeSet::new(),
            stages: BTreeSet::new(),
            bytes: 0,
            scanner: setting.scanner(&Need::Anything),
            setting,
        }
    }

    /// Looks at a block.
    pub fn look(&mut self, block: &Block) {
        self.bytes += block.bytes().len();
        let (names, stages, config) = (&mut self.names, &mut self.stages, self.setting.config);
        let (mut events, mut records) = (0, 0);
        let mut group = None;
        let _ = self.scanner.for_each_event(block, |_, event| {
            events += 1;
            if group.as_ref() != Some(&event.origin.group) {
                let stage = place_of(config, &event.origin.group).stage;
                stages.extend((!stage.is_empty()).then_some(stage));
                group = Some(event.origin.group.clone());
            }
            let record = Record::new(event);
            let mut is_record = false;
            for (key, value) in record.members().map_while(Result::ok) {
                is_record = true;
                add(names, "", key, value, DEPTH);
            }
            records += u64::from(is_record);
            ControlFlow::Continue(())
        });
        self.events += events;
        self.records += records;
    }
}

fn add(names: &mut BTreeSet<String>, prefix: &str, key: Key<'_>, value: Json<'_>, depth: usize) {
    let mut name = prefix.to_owned();
    name.push_str(&key.text());
    if value.kind() == Kind::Object && depth > 1 {
        let inside = format!("{name}.");
        for (key, value) in value.members().map_while(Result::ok) {
            add(names, &inside, key, value, depth - 1);
        }
    }
    if names.len() < MOST {
        names.insert(name);
    }
}
