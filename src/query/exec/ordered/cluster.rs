//! The second step of `pattern`: templates that differ in single words become one.
//!
//! This is the idea of Drain, a published way to parse logs: texts of the same number of words that begin alike are
//! compared, and the most alike one is taken when it is alike enough. The templates come with their counts and in
//! an order of their own, so that the result does not depend on how the input was cut.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Held;
use crate::query::exec::RowKey;
use crate::query::fields::Cell;
use crate::query::plan::{Cluster, Slot};
use crate::query::template::{self, Kind, Part};
use crate::value::Value;

/// So large a share of the words must be the same.
const ALIKE: f64 = 0.6;
/// With so many others that begin alike a template is compared.
const MOST_COMPARED: usize = 100;

/// A prepared clustering.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Clustering(Cluster);

/// How often something came, and how often in the time before.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    now: f64,
    before: f64,
}

impl Counts {
    fn all(self) -> f64 {
        self.now + self.before
    }

    fn add(&mut self, more: Self) {
        self.now += more.now;
        self.before += more.before;
    }
}

/// Templates that are taken for one.
struct Found<'t> {
    parts: Vec<Part<'t>>,
    counts: Counts,
}

/// What the templates of a bucket have in common: all that stands between words, and the first word.
type Bucket<'t> = (Vec<Option<&'t str>>, Option<Part<'t>>);

impl Clustering {
    pub(super) fn of(cluster: Cluster) -> Self {
        Self(cluster)
    }

    /// Makes a row for each pattern, the most frequent first.
    pub(super) fn run(&self, rows: &[Held], width: usize) -> Vec<Held> {
        let templates = rows.iter().filter_map(|held| self.template(held));
        let templates = ranked(templates.collect());
        let total: f64 = templates.iter().map(|(counts, _)| counts.now).sum();
        let found = clusters(&templates).into_iter();
        let patterns = ranked(
            found
                .map(|found| (found.counts, template::pattern(&found.parts)))
                .collect(),
        );
        let row = |(counts, pattern): (Counts, String)| self.row(counts, total, pattern, width);
        patterns.into_iter().map(row).collect()
    }

    /// Returns how often a template came, and the template; a text that is missing has none.
    fn template(&self, held: &Held) -> Option<(Counts, String)> {
        let text = held.cells[self.0.text.0].value().into_text()?.into_owned();
        let count = |slot: Slot| held.cells[slot.0].value().as_number().unwrap_or(0.0);
        let counts = Counts {
            now: count(self.0.count),
            before: self.0.before.map_or(0.0, |(before, _)| count(before)),
        };
        (counts.all() > 0.0).then_some((counts, text))
    }

    fn row(&self, counts: Counts, total: f64, pattern: String, width: usize) -> Held {
        let mut cells = vec![Cell::Empty; width];
        let mut set = |slot: Slot, value: Value<'static>| cells[slot.0] = Cell::Value(value);
        set(self.0.severity, template::severity(&pattern).into());
        set(self.0.pattern, pattern.into());
        set(self.0.count, Value::number(counts.now));
        set(self.0.ratio, Value::number(counts.now / total));
        if let Some((before, difference)) = self.0.before {
            set(before, Value::number(counts.before));
            set(difference, Value::number(counts.now - counts.before));
        }
        let key = RowKey::default();
        Held { key, cells }
    }
}

/// Puts the most frequent first, and those of the same count in the order of their texts.
fn ranked(mut counted: Vec<(Counts, String)>) -> Vec<(Counts, String)> {
    counted.sort_by(|(one, text), (other, more)| {
        let counts = other.all().total_cmp(&one.all());
        counts.then_with(|| text.cmp(more))
    });
    counted
}

/// Puts templates together, the most frequent of each kind first.
fn clusters(templates: &[(Counts, String)]) -> Vec<Found<'_>> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut buckets: HashMap<Bucket<'_>, Vec<usize>> = HashMap::new();
    for (counts, text) in templates {
        let parts = template::parts(text);
        let bucket = buckets.entry(bucket(&parts)).or_default();
        let rated = bucket
            .iter()
            .take(MOST_COMPARED)
            .map(|at| (*at, alike(&found[*at].parts, &parts)));
        let enough = rated.filter(|(_, share)| *share >= ALIKE);
        // Of equals the first, which is the most frequent.
        let best = enough.min_by_key(|(_, share)| Reverse((share * 1e6) as u64));
        if let Some((at, _)) = best {
            join(&mut found[at].parts, &parts);
            found[at].counts.add(*counts);
        } else {
            bucket.push(found.len());
            let counts = *counts;
            found.push(Found { parts, counts });
        }
    }
    found
}

fn bucket<'t>(parts: &[Part<'t>]) -> Bucket<'t> {
    let between = parts.iter().map(|part| match part {
        Part::Between(text) => Some(*text),
        Part::Word(_) | Part::Varying(_) => None,
    });
    let first = parts.iter().find(|part| !matches!(part, Part::Between(_)));
    (between.collect(), first.cloned())
}

/// Returns which share of the words are the same.
fn alike(one: &[Part<'_>], other: &[Part<'_>]) -> f64 {
    let words = one
        .iter()
        .zip(other)
        .filter(|(part, _)| !matches!(part, Part::Between(_)));
    let (same, all) = words.fold((0, 0), |(same, all), (part, other)| {
        (same + u32::from(part == other), all + 1)
    });
    f64::from(same) / f64::from(all.max(1))
}

/// Takes the words that differ for varying ones.
fn join<'t>(parts: &mut [Part<'t>], other: &[Part<'t>]) {
    for (part, other) in parts.iter_mut().zip(other) {
        if part != other {
            *part = Part::Varying(Kind::Token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<String> {
        let mut counted: HashMap<String, Counts> = HashMap::new();
        for text in texts {
            counted.entry(template::of(text)).or_default().now += 1.0;
        }
        let counted = counted.into_iter();
        let templates = ranked(counted.map(|(text, counts)| (counts, text)).collect());
        let found = clusters(&templates);
        let shown = found
            .iter()
            .map(|one| format!("{} {}", one.counts.now, template::pattern(&one.parts)));
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown
    }

    #[test]
    fn words_that_differ_among_texts_that_are_alike_vary() {
        assert_eq!(
            patterns(&[
                "user ann logged in from tokyo",
                "user bo logged in from osaka",
                "user bo logged in from tokyo",
                "user bo logged out",
                "cache cleared",
                "took 12 ms",
                "took 15 ms",
            ]),
            [
                "1 cache cleared",
                "1 user bo logged out",
                "2 took <Number-1> ms",
                "3 user <Token-1> logged in from <Token-2>",
            ]
        );
    }
}
