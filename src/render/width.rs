//! Display width, and cutting text to it without splitting what a reader sees as one character.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What stands where text was cut; three full stops, because `…` is one column in some terminals and two in others.
const MARK: &str = "...";

/// Measures text for one kind of terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ruler {
    wide: bool,
}

impl Ruler {
    /// Creates a ruler for terminals that give characters of ambiguous width one column, or two.
    pub(super) fn new(ambiguous_width: usize) -> Self {
        Self {
            wide: ambiguous_width == 2,
        }
    }

    /// Returns the columns that text takes.
    pub(super) fn width(self, text: &str) -> usize {
        if text.is_ascii() {
            return text.len();
        }
        if self.wide {
            text.width_cjk()
        } else {
            text.width()
        }
    }

    /// Appends text cut to at most `columns`, with a mark when something was cut; returns the columns taken.
    pub(super) fn cut(self, text: &str, columns: usize, out: &mut Vec<u8>) -> usize {
        let whole = self.width(text);
        if whole <= columns {
            out.extend_from_slice(text.as_bytes());
            return whole;
        }
        let mark = &MARK[..MARK.len().min(columns)];
        let room = columns - mark.len();
        let mut taken = 0;
        for grapheme in text.graphemes(true) {
            let width = self.width(grapheme);
            if taken + width > room {
                break;
            }
            taken += width;
            out.extend_from_slice(grapheme.as_bytes());
        }
        out.extend_from_slice(mark.as_bytes());
        taken + mark.len()
    }
}

/// Returns the width of each column so that all of them, two apart, fit into `total`.
///
/// Only columns marked as `cuttable` give way, the widest first, none below `least`.
pub(super) fn fit(widths: &[usize], cuttable: &[bool], total: usize, least: usize) -> Vec<usize> {
    let capped = |cap: usize| -> Vec<usize> {
        let one = |(width, cuttable): (&usize, &bool)| {
            if *cuttable {
                (*width).min(cap.max(least))
            } else {
                *width
            }
        };
        widths.iter().zip(cuttable).map(one).collect()
    };
    let taken =
        |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    let widest = widths.iter().copied().max().unwrap_or(0);
    if taken(widths) <= total {
        return widths.to_vec();
    }
    let (mut low, mut high) = (least, widest.max(least));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if taken(&capped(middle)) <= total {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let mut fitted = capped(low);
    spread_rest(
        &mut fitted,
        widths,
        total.saturating_sub(taken(&capped(low))),
    );
    fitted
}

/// Gives the columns left over by an even cap to the first that was cut.
fn spread_rest(fitted: &mut [usize], widths: &[usize], rest: usize) {
    let cut = fitted
        .iter_mut()
        .zip(widths)
        .find(|(fitted, width)| **fitted < **width);
    if let Some((fitted, width)) = cut {
        *fitted = (*fitted + rest).min(*width);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str, columns: usize) -> String {
        let mut out = Vec::new();
        Ruler::new(1).cut(text, columns, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn japanese_takes_two_columns_a_character() {
        assert_eq!(Ruler::new(1).width("予約sync"), 8);
        assert_eq!(cut("予約を同期しました", 10), "予約を...");
        assert_eq!(cut("予約を同期しました", 18), "予約を同期しました");
    }

    #[test]
    fn ambiguous_characters_follow_the_setting() {
        assert_eq!(Ruler::new(1).width("※①"), 2);
        assert_eq!(Ruler::new(2).width("※①"), 4);
    }

    #[test]
    fn a_letter_and_its_accent_stay_together() {
        assert_eq!(
            cut("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", 4),
            "e\u{301}..."
        );
    }

    #[test]
    fn the_widest_column_gives_way_first() {
        assert_eq!(
            fit(&[19, 100, 10], &[false, true, true], 60, 8),
            [19, 27, 10]
        );
        assert_eq!(
            fit(&[19, 100, 100], &[false, true, true], 60, 8),
            [19, 19, 18]
        );
        assert_eq!(fit(&[50, 50], &[false, true], 40, 8), [50, 8]);
        assert_eq!(fit(&[5, 5], &[true, true], 40, 8), [5, 5]);
    }

    proptest! {
        #[test]
        fn cut_text_fits(text in any::<String>(), columns in 0_usize..40) {
            let ruler = Ruler::new(1);
            let mut out = Vec::new();
            let taken = ruler.cut(&text, columns, &mut out);
            prop_assert!(taken <= columns);
        }
    }
}
