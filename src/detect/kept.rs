//! Bounded stores that keep the ends of what they are given, whatever the order of giving.
//!
//! The items kept are always the longest run from an end whose size fits the budget. Once an item had to go, a
//! store never takes one beyond it again, so what is kept depends on the set of items alone.
//!
//! There may be a million streams of a few lines each: a store that is empty owns nothing, a small one no more than
//! its items, and the beginning is held by itself only when it is no longer part of the end.

use std::collections::VecDeque;

use crate::detect::order::Place;

/// What can be kept, and how much of it.
pub trait Item: Clone {
    /// How many bytes of the earliest items are kept.
    const FIRST: u32;
    /// How many bytes of the latest items are kept; no less than of the earliest.
    const LAST: u32;

    /// Returns how many bytes the item has of its own.
    fn size(&self) -> u32;
}

/// The earliest and the latest items by their places.
#[derive(Clone, Debug)]
pub struct Ends<T> {
    last: Kept<T>,
    /// The earliest items, from when on something had to go; until then the latest ones are all there are.
    first: Option<Box<Kept<T>>>,
}

/// Which end of the stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Items of one end in the order of their places, no more than a budget of bytes.
#[derive(Clone, Debug)]
struct Kept<T> {
    items: VecDeque<(Place, T)>,
    /// The nearest item that had no room.
    lost: Option<Box<Place>>,
    used: u32,
    end: End,
}

/// What an item costs besides its own bytes: its place, and its share of the store.
const OVERHEAD: u32 = 96;
/// Up to this many items no room is kept for more.
const FEW: usize = 4;

impl<T> Default for Ends<T> {
    fn default() -> Self {
        Self {
            last: Kept::new(End::Last),
            first: None,
        }
    }
}

impl<T: Item> Ends<T> {
    /// Takes the item that stands at `place`; one that was given before changes nothing.
    pub fn insert(&mut self, place: &Place, item: impl FnOnce() -> T) {
        let late = self.last.wants(place);
        let early = self
            .first
            .as_deref()
            .is_some_and(|first| first.wants(place));
        if !late && !early {
            return;
        }
        let item = item();
        match &mut self.first {
            Some(first) if early && late => first.insert(place.clone(), item.clone()),
            Some(first) if early => return first.insert(place.clone(), item),
            _ => {}
        }
        self.last.add(place.clone(), item);
        if self.last.is_over() {
            self.split();
            self.last.shrink();
        }
    }

    /// Adds all that another store holds.
    pub fn merge(&mut self, mut other: Self) {
        if self.first.is_none() && other.first.is_none() {
            for (place, item) in other.last.items {
                self.insert(&place, || item);
            }
            return;
        }
        self.split();
        other.split();
        if let (Some(first), Some(others)) = (&mut self.first, other.first) {
            first.merge(*others);
        }
        self.last.merge(other.last);
    }

    /// Holds the beginning by itself from now on.
    fn split(&mut self) {
        let last = &self.last;
        self.first.get_or_insert_with(|| Box::new(last.beginning()));
    }
}

impl<T> Ends<T> {
    /// Moves the items without ids back by as many events as were read before them.
    pub fn shift(&mut self, by: u64) {
        self.last.shift(by);
        if let Some(first) = &mut self.first {
            first.shift(by);
        }
    }

    /// Walks the earliest items in the stream's order, then the latest; some may be among both.
    pub fn iter(&self) -> impl Iterator<Item = (&Place, &T)> {
        let first = self.first.iter().flat_map(|first| &first.items);
        first
            .chain(&self.last.items)
            .map(|(place, item)| (place, item))
    }

    /// Returns the place of the very first item.
    pub fn first(&self) -> Option<&Place> {
        self.iter().next().map(|(place, _)| place)
    }

    /// Returns the place of the very last item.
    pub fn last(&self) -> Option<&Place> {
        self.last.items.back().map(|(place, _)| place)
    }
}

impl<T> Kept<T> {
    fn new(end: End) -> Self {
        Self {
            items: VecDeque::new(),
            lost: None,
            used: 0,
            end,
        }
    }

    /// Returns whether an item at `place` would be looked at: not one that is there, or beyond what was lost.
    fn wants(&self, place: &Place) -> bool {
        let beyond = self.lost.as_deref().is_some_and(|lost| match self.end {
            End::First => place >= lost,
            End::Last => place <= lost,
        });
        !beyond && self.find(place).is_err()
    }

    /// Returns where the item at `place` is, or belongs; most come in order.
    fn find(&self, place: &Place) -> Result<usize, usize> {
        match self.items.back() {
            Some((last, _)) if place <= last => {
                self.items.binary_search_by(|(other, _)| other.cmp(place))
            }
            _ => Err(self.items.len()),
        }
    }

    fn shift(&mut self, by: u64) {
        let places = self.items.iter_mut().map(|(place, _)| place);
        for place in places.chain(self.lost.as_deref_mut()) {
            place.shift(by);
        }
    }
}

impl<T: Item> Kept<T> {
    /// Takes a wanted item, and gives up what has no room beside it.
    fn insert(&mut self, place: Place, item: T) {
        self.add(place, item);
        self.shrink();
    }

    fn add(&mut self, place: Place, item: T) {
        let Err(at) = self.find(&place) else { return };
        if self.items.len() < FEW {
            self.items.reserve_exact(1);
        }
        self.used += item.size() + OVERHEAD;
        self.items.insert(at, (place, item));
    }

    /// Adds all that another store of the same end holds.
    fn merge(&mut self, other: Self) {
        let lost = [self.lost.take(), other.lost].into_iter().flatten();
        self.lost = match self.end {
            End::First => lost.min(),
            End::Last => lost.max(),
        };
        // What either had no room for, both have none: only then can items be told that are beyond it.
        let own = std::mem::take(&mut self.items);
        self.used = 0;
        for (place, item) in own.into_iter().chain(other.items) {
            if self.wants(&place) {
                self.insert(place, item);
            }
        }
    }

    /// Returns what a store of the other end keeps of the same items.
    fn beginning(&self) -> Self {
        let mut first = Self::new(End::First);
        for (place, item) in &self.items {
            first.insert(place.clone(), item.clone());
            if first.lost.is_some() {
                break;
            }
        }
        first
    }

    fn is_over(&self) -> bool {
        let budget = match self.end {
            End::First => T::FIRST,
            End::Last => T::LAST,
        };
        self.used > budget
    }

    fn shrink(&mut self) {
        while self.is_over() {
            let farthest = match self.end {
                End::First => self.items.pop_back(),
                End::Last => self.items.pop_front(),
            };
            let Some((place, item)) = farthest else { break };
            self.used -= item.size() + OVERHEAD;
            match &mut self.lost {
                Some(lost) => **lost = place,
                None => self.lost = Some(Box::new(place)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::order::Mark;
    use crate::time::Timestamp;

    impl Item for u32 {
        const FIRST: u32 = 700;
        const LAST: u32 = 1000;

        fn size(&self) -> u32 {
            *self
        }
    }

    fn place(at: i64) -> Place {
        Place {
            timestamp: Timestamp(at),
            mark: Mark::Arrival(0),
        }
    }

    fn keep(items: &[(i64, u32)]) -> Ends<u32> {
        let mut kept = Ends::default();
        for (at, size) in items {
            kept.insert(&place(*at), || *size);
        }
        kept
    }

    /// Returns what is kept of the beginning, and of the end.
    fn told(mut kept: Ends<u32>) -> [Vec<i64>; 2] {
        kept.split();
        let places = |kept: &Kept<u32>| {
            let items = kept.items.iter();
            items.map(|(place, _)| place.timestamp.0).collect()
        };
        let first = kept.first.as_deref().map(places);
        [first.unwrap_or_default(), places(&kept.last)]
    }

    /// Returns what is kept, reckoned from the whole.
    fn expected(items: &[(i64, u32)]) -> [Vec<i64>; 2] {
        let fitting = |items: &mut dyn Iterator<Item = &(i64, u32)>, mut budget: u32| {
            let mut kept = Vec::new();
            for (at, size) in items {
                let Some(left) = budget.checked_sub(size + OVERHEAD) else {
                    break;
                };
                budget = left;
                kept.push(*at);
            }
            kept
        };
        let mut last = fitting(&mut items.iter().rev(), u32::LAST);
        last.reverse();
        [fitting(&mut items.iter(), u32::FIRST), last]
    }

    #[test]
    fn the_nearest_items_stay() {
        let items = [(1, 300), (2, 300), (3, 300), (4, 300), (5, 300)];
        assert_eq!(told(keep(&items)), [vec![1], vec![4, 5]]);
        assert_eq!(
            told(keep(&[(1, 10), (2, 2000), (3, 10)])),
            [vec![1], vec![3]]
        );
    }

    #[test]
    fn a_small_store_holds_its_items_once() {
        let kept = keep(&[(1, 300), (2, 300)]);
        assert!(kept.first.is_none());
        assert_eq!((kept.iter().count(), kept.last.items.capacity()), (2, 2));
    }

    proptest! {
        #[test]
        fn order_and_repeats_do_not_matter(
            sizes in prop::collection::vec(0_u32..600, 0..20),
            shuffled in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        ) {
            let items: Vec<(i64, u32)> = (0..).zip(sizes).collect();
            let mut mixed: Vec<_> = shuffled.iter().filter(|_| !items.is_empty()).map(|at| *at.get(&items)).collect();
            mixed.extend(items.iter().rev());
            prop_assert_eq!(told(keep(&mixed)), expected(&items));
            prop_assert_eq!(told(keep(&items)), expected(&items));
        }

        #[test]
        fn merging_is_inserting(
            sizes in prop::collection::vec((0_u32..600, any::<bool>()), 0..20),
        ) {
            let mut halves = [Ends::default(), Ends::default()];
            let mut whole = Ends::default();
            for (at, (item, left)) in (0..).zip(sizes) {
                halves[usize::from(left)].insert(&place(at), || item);
                whole.insert(&place(at), || item);
            }
            let [mut merged, other] = halves;
            merged.merge(other);
            prop_assert_eq!((merged.last.used, &merged.last.lost), (whole.last.used, &whole.last.lost));
            prop_assert_eq!(merged.first(), whole.first());
            prop_assert_eq!(told(merged), told(whole));
        }
    }
}
