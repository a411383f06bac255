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
use crate::query::plan::Cluster;
use crate::query::template::{self, Kind, Part};
use crate::value::Value;

/// So large a share of the words must be the same.
const ALIKE: f64 = 0.6;
/// With so many others that begin alike a template is compared.
const MOST_COMPARED: usize = 100;

/// A prepared clustering.
#[derive(Clone, Debug)]
pub(in crate::query::exec) struct Clustering(Cluster);

/// Templates that are taken for one.
struct Found<'t> {
    parts: Vec<Part<'t>>,
    count: f64,
}

/// What the templates of a bucket have in common: all that stands between words, and the first word.
type Bucket<'t> = (Vec<Option<&'t str>>, Option<Part<'t>>);

impl Clustering {
    pub(super) fn of(cluster: Cluster) -> Self {
        Self(cluster)
    }

    /// Makes a row for each pattern, the most frequent first.
    pub(super) fn run(&self, rows: &[Held], width: usize) -> Vec<Held> {
        let mut templates: Vec<(f64, String)> =
            rows.iter().filter_map(|held| self.template(held)).collect();
        templates.sort_by(|(one, text), (other, more)| {
            other.total_cmp(one).then_with(|| text.cmp(more))
        });
        let total: f64 = templates.iter().map(|(count, _)| count).sum();
        let mut patterns: Vec<(f64, String)> = clusters(&templates)
            .into_iter()
            .map(|found| (found.count, template::pattern(&found.parts)))
            .collect();
        patterns.sort_by(|(one, text), (other, more)| {
            other.total_cmp(one).then_with(|| text.cmp(more))
        });
        let row = |(count, pattern): (f64, String)| self.row(count, total, pattern, width);
        patterns.into_iter().map(row).collect()
    }

    /// Returns how often a template came, and the template; a text that is missing has none.
    fn template(&self, held: &Held) -> Option<(f64, String)> {
        let text = held.cells[self.0.text.0].value().into_text()?.into_owned();
        let count = held.cells[self.0.count.0].value().as_number()?;
        Some((count, text))
    }

    fn row(&self, count: f64, total: f64, pattern: String, width: usize) -> Held {
        let mut cells = vec![Cell::Empty; width];
        let severity = template::severity(&pattern);
        cells[self.0.severity.0] = Cell::Value(severity.into());
        cells[self.0.pattern.0] = Cell::Value(pattern.into());
        cells[self.0.count.0] = Cell::Value(Value::number(count));
        cells[self.0.ratio.0] = Cell::Value(Value::number(count / total));
        let key = RowKey::default();
        Held { key, cells }
    }
}

/// Puts templates together, the most frequent of each kind first.
fn clusters(templates: &[(f64, String)]) -> Vec<Found<'_>> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut buckets: HashMap<Bucket<'_>, Vec<usize>> = HashMap::new();
    for (count, text) in templates {
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
            found[at].count += count;
        } else {
            bucket.push(found.len());
            let count = *count;
            found.push(Found { parts, count });
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
        let mut counted: HashMap<String, f64> = HashMap::new();
        for text in texts {
            *counted.entry(template::of(text)).or_default() += 1.0;
        }
        let mut templates: Vec<(f64, String)> = counted
            .into_iter()
            .map(|(text, count)| (count, text))
            .collect();
        templates.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let found = clusters(&templates);
        let shown = found
            .iter()
            .map(|one| format!("{} {}", one.count, template::pattern(&one.parts)));
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
