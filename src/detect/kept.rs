//! A bounded store that keeps the first or the last of what it is given, whatever the order of giving.
//!
//! The items kept are always the longest run from that end whose size fits the budget. Once an item had to go, the
//! store never takes one beyond it again, so what is kept depends on the set of items alone.

use std::collections::BTreeMap;

use crate::detect::order::Place;

/// Which end of the stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The earliest items.
    First,
    /// The latest items.
    Last,
}

/// Items by their place, no more than a budget of bytes.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    items: BTreeMap<Place, T>,
    end: End,
    budget: usize,
    used: usize,
    /// The nearest item that had no room.
    lost: Option<Place>,
}

/// What an item costs besides its own bytes: its place, and its share of the tree.
const OVERHEAD: usize = 96;

impl<T> Kept<T> {
    /// Creates an empty store for about `budget` bytes.
    pub fn new(end: End, budget: usize) -> Self {
        Self {
            items: BTreeMap::new(),
            end,
            budget,
            used: 0,
            lost: None,
        }
    }

    /// Returns whether an item at `place` would be looked at: not one that is there, or beyond what was lost.
    pub fn wants(&self, place: &Place) -> bool {
        let beyond = self.lost.as_ref().is_some_and(|lost| match self.end {
            End::First => place >= lost,
            End::Last => place <= lost,
        });
        !beyond && !self.items.contains_key(place)
    }

    /// Takes an item of `size` bytes; one that was given before changes nothing.
    pub fn insert(&mut self, place: &Place, size: impl Fn(&T) -> usize + Copy, item: T) {
        if !self.wants(place) {
            return;
        }
        self.used += size(&item) + OVERHEAD;
        self.items.insert(place.clone(), item);
        self.shrink(size);
    }

    /// Adds all that another store of the same end and budget holds.
    pub fn merge(&mut self, other: Self, size: impl Fn(&T) -> usize + Copy) {
        let lost = [self.lost.take(), other.lost].into_iter().flatten();
        self.lost = match self.end {
            End::First => lost.min(),
            End::Last => lost.max(),
        };
        // What either had no room for, both have none: only then can items be told that are beyond it.
        let own = std::mem::take(&mut self.items);
        self.used = 0;
        for (place, item) in own.into_iter().chain(other.items) {
            self.insert(&place, size, item);
        }
    }

    /// Moves the items without ids back by as many events as were read before them.
    pub fn shift(&mut self, by: u64) {
        let items = std::mem::take(&mut self.items).into_iter();
        self.items = items
            .map(|(mut place, item)| {
                place.shift(by);
                (place, item)
            })
            .collect();
        if let Some(lost) = &mut self.lost {
            lost.shift(by);
        }
    }

    fn shrink(&mut self, size: impl Fn(&T) -> usize) {
        while self.used > self.budget {
            let farthest = match self.end {
                End::First => self.items.pop_last(),
                End::Last => self.items.pop_first(),
            };
            let Some((place, item)) = farthest else { break };
            self.used -= size(&item) + OVERHEAD;
            self.lost = Some(place);
        }
    }

    /// Walks the items in the stream's order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Place, &T)> {
        self.items.iter()
    }

    /// Returns whether anything had to go.
    pub fn is_cut(&self) -> bool {
        self.lost.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::order::Mark;
    use crate::time::Timestamp;

    fn place(at: i64) -> Place {
        Place {
            timestamp: Timestamp(at),
            mark: Mark::Arrival(0),
        }
    }

    fn keep(end: End, items: &[(i64, usize)]) -> Vec<i64> {
        let mut kept = Kept::new(end, 1000);
        for (at, size) in items {
            kept.insert(&place(*at), |size| *size, *size);
        }
        kept.iter().map(|(place, _)| place.timestamp.0).collect()
    }

    #[test]
    fn the_nearest_items_stay() {
        let items = [(1, 300), (2, 300), (3, 300), (4, 300)];
        assert_eq!(keep(End::Last, &items), [3, 4]);
        assert_eq!(keep(End::First, &items), [1, 2]);
        assert_eq!(keep(End::Last, &[(1, 10), (2, 2000), (3, 10)]), [3]);
    }

    proptest! {
        #[test]
        fn order_and_repeats_do_not_matter(
            sizes in prop::collection::vec(0_usize..600, 0..20),
            shuffled in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
            first in any::<bool>(),
        ) {
            let end = if first { End::First } else { End::Last };
            let items: Vec<(i64, usize)> = (0..).zip(sizes).collect();
            let mut mixed: Vec<_> = shuffled.iter().filter(|_| !items.is_empty()).map(|at| *at.get(&items)).collect();
            mixed.extend(items.iter().rev());
            prop_assert_eq!(keep(end, &mixed), keep(end, &items));
        }

        #[test]
        fn merging_is_inserting(
            sizes in prop::collection::vec((0_usize..600, any::<bool>()), 0..20),
            first in any::<bool>(),
        ) {
            let end = if first { End::First } else { End::Last };
            let mut halves = [Kept::new(end, 1000), Kept::new(end, 1000)];
            let mut whole = Kept::new(end, 1000);
            for (at, (item, left)) in (0..).zip(sizes) {
                halves[usize::from(left)].insert(&place(at), |size| *size, item);
                whole.insert(&place(at), |size| *size, item);
            }
            let [mut merged, other] = halves;
            merged.merge(other, |size| *size);
            prop_assert!(merged.iter().eq(whole.iter()));
            prop_assert_eq!((merged.used, &merged.lost), (whole.used, &whole.lost));
        }
    }
}
