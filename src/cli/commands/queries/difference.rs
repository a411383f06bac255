//! The difference between two texts, line by line, as people read it.

/// How many lines that stay are shown around those that do not.
const AROUND: usize = 2;

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It stands in both.
    Kept(String),
    /// It stands in the first only.
    Gone(String),
    /// It stands in the second only.
    New(String),
    /// Lines that stand in both are left out.
    More,
}

impl Line {
    /// Returns the mark before the line, and the line.
    pub(super) fn parts(&self) -> (char, &str) {
        match self {
            Self::Kept(text) => (' ', text),
            Self::Gone(text) => ('-', text),
            Self::New(text) => ('+', text),
            Self::More => (' ', "..."),
        }
    }
}

/// Returns what differs, with a few lines around it; nothing when nothing does.
pub(super) fn between(before: &str, after: &str) -> Vec<Line> {
    let before: Vec<&str> = before.lines().collect();
    let after: Vec<&str> = after.lines().collect();
    shortened(all(&before, &after))
}

/// Pairs the lines off by the longest row of lines that stands in both.
fn all(before: &[&str], after: &[&str]) -> Vec<Line> {
    let common = lengths(before, after);
    let (mut one, mut other) = (0, 0);
    let mut lines = Vec::new();
    while one < before.len() || other < after.len() {
        let are_same = before
            .get(one)
            .is_some_and(|line| after.get(other) == Some(line));
        if are_same {
            lines.push(Line::Kept(before[one].to_owned()));
            (one, other) = (one + 1, other + 1);
        } else if other == after.len()
            || (one < before.len() && common[one + 1][other] >= common[one][other + 1])
        {
            lines.push(Line::Gone(before[one].to_owned()));
            one += 1;
        } else {
            lines.push(Line::New(after[other].to_owned()));
            other += 1;
        }
    }
    lines
}

/// Returns how many lines the rests of both texts have in common at most, by where these begin.
fn lengths(before: &[&str], after: &[&str]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; after.len() + 1]; before.len() + 1];
    for one in (0..before.len()).rev() {
        for other in (0..after.len()).rev() {
            common[one][other] = if before[one] == after[other] {
                common[one + 1][other + 1] + 1
            } else {
                common[one + 1][other].max(common[one][other + 1])
            };
        }
    }
    common
}

/// Leaves out the lines that are far from every difference.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    let differs: Vec<bool> = lines
        .iter()
        .map(|line| !matches!(line, Line::Kept(_)))
        .collect();
    let is_near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND + 1).min(differs.len());
        differs[from..to].contains(&true)
    };
    let mut out = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        if is_near(at) {
            out.push(line);
        } else if !matches!(out.last(), Some(Line::More)) {
            out.push(Line::More);
        }
    }
    if matches!(out.as_slice(), [Line::More]) {
        out.clear();
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let line = |line: &Line| {
            let (mark, text) = line.parts();
            format!("{mark}{text}\n")
        };
        between(before, after).iter().map(line).collect()
    }

    #[test]
    fn changed_lines_stand_among_some_that_are_not() {
        insta::assert_snapshot!(shown("a\nb\nc\nd\ne\nf\ng\nh", "a\nb\nc\nd\nE\nf\ng\nh\ni"), @r"
         ...
         c
         d
        -e
        +E
         f
         g
         h
        +i
        ");
        assert_eq!(shown("a\nb", "a\nb"), "");
        assert_eq!(shown("", "a\n"), "+a\n");
        assert_eq!(shown("a\n", ""), "-a\n");
    }

    proptest! {
        #[test]
        fn each_text_can_be_told_from_the_difference(before in "[ab\n]{0,12}", after in "[ab\n]{0,12}") {
            let (one, other): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
            let lines = all(&one, &other);
            let without = |mark: char| -> Vec<String> {
                let kept = lines.iter().map(Line::parts).filter(|part| part.0 != mark);
                kept.map(|part| part.1.to_owned()).collect()
            };
            prop_assert_eq!(without('+'), one);
            prop_assert_eq!(without('-'), other);
        }
    }
}
