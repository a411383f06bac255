//! `lookup` and `cidrlookup`: columns of the table row that fits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::query::Settings;
use crate::query::eval::{self, Compute};
use crate::query::fields::Cell;
use crate::query::lookup::LookupTable;
use crate::query::plan::{Lookup, LookupBy, LookupOutput};
use crate::value::Value;

/// A prepared `lookup`; the index is shared by all threads.
#[derive(Clone, Debug)]
pub(super) struct Bringing {
    table: Arc<LookupTable>,
    by: By,
    outputs: Vec<Output>,
}

#[derive(Clone, Debug)]
enum By {
    /// The values, and rows by their texts.
    Equal(Vec<Compute>, Arc<HashMap<Vec<Arc<str>>, usize>>),
    Range(Compute, Arc<Ranges>),
}

#[derive(Clone, Debug)]
struct Output {
    column: usize,
    unless: Option<Compute>,
    slot: usize,
}

impl Bringing {
    pub(super) fn of(lookup: &Lookup, settings: &Settings) -> Self {
        let output = |one: &LookupOutput| Output {
            column: one.column,
            unless: one
                .unless
                .as_ref()
                .map(|kept| eval::compute(kept, settings)),
            slot: one.slot.0,
        };
        Self {
            by: By::of(&lookup.by, &lookup.table, settings),
            table: lookup.table.clone(),
            outputs: lookup.outputs.iter().map(output).collect(),
        }
    }

    /// Fills the slots of a row.
    pub(super) fn apply(&self, row: &mut [Cell<'_>]) {
        let found = self.by.find(row).map(|at| &self.table.rows[at]);
        for output in &self.outputs {
            let kept = output
                .unless
                .as_ref()
                .map(|kept| kept.value(row).into_owned());
            let value = match kept {
                Some(kept) if !kept.is_null() => kept,
                _ => found.map(|found| found[output.column].to_string()).into(),
            };
            row[output.slot] = Cell::Value(value);
        }
    }
}

impl By {
    fn of(by: &LookupBy, table: &LookupTable, settings: &Settings) -> Self {
        match by {
            LookupBy::Equal(columns) => {
                let values = columns
                    .iter()
                    .map(|(_, value)| eval::compute(value, settings));
                let mut index = HashMap::new();
                for (at, row) in table.rows.iter().enumerate() {
                    let key = columns.iter().map(|(column, _)| row[*column].clone());
                    // The first row that fits counts.
                    index.entry(key.collect()).or_insert(at);
                }
                Self::Equal(values.collect(), Arc::new(index))
            }
            LookupBy::Range(column, address) => {
                let ranges = Ranges::of(table.rows.iter().map(|row| &*row[*column]));
                Self::Range(eval::compute(address, settings), Arc::new(ranges))
            }
        }
    }

    fn find(&self, row: &[Cell<'_>]) -> Option<usize> {
        match self {
            Self::Equal(values, index) => {
                let mut key = Vec::with_capacity(values.len());
                for value in values {
                    key.push(Arc::from(printed(value.value(row))?.as_ref()));
                }
                index.get(&key).copied()
            }
            Self::Range(address, ranges) => {
                let address = printed(address.value(row))?;
                ranges.find(address.trim().parse().ok()?)
            }
        }
    }
}

fn printed(value: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    if value.is_nested() {
        return None;
    }
    value.into_text()
}

/// Ranges of addresses by how long their prefixes are.
#[derive(Clone, Debug, Default)]
struct Ranges {
    /// For each length that occurs, the longest first: the prefixes, as 128 bits, and their rows.
    lengths: Vec<(u8, HashMap<u128, usize>)>,
}

impl Ranges {
    /// Reads ranges; a text that is none fits nothing.
    fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut ranges = Self::default();
        for (at, text) in texts.enumerate() {
            let Some((bits, length)) = range(text.trim()) else {
                continue;
            };
            let known = ranges
                .lengths
                .iter()
                .position(|(known, _)| *known == length);
            let place = known.unwrap_or_else(|| {
                ranges.lengths.push((length, HashMap::new()));
                ranges.lengths.len() - 1
            });
            ranges.lengths[place]
                .1
                .entry(prefix(bits, length))
                .or_insert(at);
        }
        ranges
            .lengths
            .sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        ranges
    }

    /// Returns the row of the smallest range that holds the address (D29).
    fn find(&self, address: IpAddr) -> Option<usize> {
        let (bits, family) = widened(address);
        let mut lengths = self.lengths.iter();
        lengths.find_map(|(length, prefixes)| {
            // A range of the other family holds no address of this one.
            let fits = *length >= family || family == 0;
            fits.then(|| prefixes.get(&prefix(bits, *length)).copied())?
        })
    }
}

/// So many bits in front tell that an address has 32 bits.
const SHORT: u8 = 96;

/// Returns an address as 128 bits, and how many of them tell its family.
fn widened(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), SHORT),
        IpAddr::V6(address) => (address.to_bits(), 0),
    }
}

fn range(text: &str) -> Option<(u128, u8)> {
    let (address, length) = text
        .split_once('/')
        .map_or((text, None), |(one, length)| (one, Some(length)));
    let (bits, family) = widened(address.parse().ok()?);
    let most = 128 - family;
    let length = length.map_or(Some(most), |length| length.parse().ok())?;
    (length <= most).then_some((bits, family + length))
}

fn prefix(bits: u128, length: u8) -> u128 {
    let cut = 128 - u32::from(length.min(128));
    bits.checked_shr(cut).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_range_holds_an_address() {
        let texts = [
            "10.0.0.0/8",
            "10.0.1.0/24",
            "0.0.0.0/0",
            "2001:db8::/32",
            "::/0",
            "x",
            "10.0.0.0/33",
        ];
        let ranges = Ranges::of(texts.into_iter());
        for (address, row) in [
            ("10.9.0.1", 0),
            ("10.0.1.7", 1),
            ("8.8.8.8", 2),
            ("2001:db8::1", 3),
            ("fe80::1", 4),
        ] {
            assert_eq!(
                ranges.find(address.parse().expect("an address")),
                Some(row),
                "{address}"
            );
        }
    }
}
