//! Near names for "did you mean": one rule for commands, fields, keys and parameters.

use strsim::damerau_levenshtein;

/// Returns the one or two known names nearest to `written`, nearest first.
///
/// A name is near when it takes at most a third of the longer word's characters to turn one into
/// the other, so that short words do not suggest unrelated ones.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = written.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let distance = damerau_levenshtein(&wanted, &name.to_lowercase());
            let longest = wanted.chars().count().max(name.chars().count());
            (distance * 3 <= longest).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(2);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Returns "did you mean `a` or `b`?", or nothing when no known name is near.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    match nearest(written, known).as_slice() {
        [] => None,
        [one] => Some(format!("did you mean `{one}`?")),
        [one, two, ..] => Some(format!("did you mean `{one}` or `{two}`?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_letter_finds_the_name() {
        assert_eq!(
            nearest("levelnmae", ["levelname", "name", "message"]),
            ["levelname"]
        );
    }

    #[test]
    fn an_unrelated_word_finds_nothing() {
        assert_eq!(did_you_mean("xyz", ["levelname", "name"]), None);
    }
}
