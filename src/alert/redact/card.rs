//! Card numbers: digits in the groups that cards print, of an issuer, with a right check digit.
//!
//! All three must hold, so that times, order numbers and ids stay readable: of random numbers of sixteen digits one
//! in fifty is taken for a card, of milliseconds since 1970 none is.

use std::borrow::Cow;
use std::ops::Range;

use super::CARD;

/// How many digits may follow each other, printed in groups.
const GROUPINGS: &[&[usize]] = &[&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

/// Takes out card numbers.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let groups = digit_groups(text.as_bytes());
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < groups.len() {
        let Some(count) = card_at(text.as_bytes(), &groups[at..]) else {
            at += 1;
            continue;
        };
        out.push_str(&text[copied..groups[at].start]);
        out.push_str(CARD);
        copied = groups[at + count - 1].end;
        at += count;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn digit_groups(text: &[u8]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if length > 0 {
            groups.push(at..at + length);
        }
        at += length.max(1);
    }
    groups
}

/// Returns how many of the groups, from the first on, are a card number.
fn card_at(text: &[u8], groups: &[Range<usize>]) -> Option<usize> {
    let printed = GROUPINGS
        .iter()
        .find(|wanted| is_printed(text, groups, wanted));
    let count = match printed {
        Some(wanted) => wanted.len(),
        None if (13..=19).contains(&groups[0].len()) => 1,
        None => return None,
    };
    let span = groups[0].start..groups[count - 1].end;
    let digits: Vec<u8> = text[span.clone()]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| byte - b'0')
        .collect();
    (stands_alone(text, &span) && has_issuer(&digits) && checks(&digits)).then_some(count)
}

/// Returns whether groups of the wanted lengths follow each other with one and the same separator.
fn is_printed(text: &[u8], groups: &[Range<usize>], wanted: &[usize]) -> bool {
    let Some(groups) = groups.get(..wanted.len()) else {
        return false;
    };
    let separator = text.get(groups[0].end);
    let fits = |(group, length): (&Range<usize>, &usize)| group.len() == *length;
    groups.iter().zip(wanted).all(fits)
        && matches!(separator, Some(b' ' | b'-' | b'.'))
        && groups
            .windows(2)
            .all(|pair| pair[0].end + 1 == pair[1].start && text.get(pair[0].end) == separator)
}

/// Returns whether digits are no part of a longer word, fraction or id.
fn stands_alone(text: &[u8], span: &Range<usize>) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let joins = |byte: Option<&u8>| matches!(byte, Some(b'-' | b'.'));
    let before = |back: usize| span.start.checked_sub(back).and_then(|at| text.get(at));
    let after = |ahead: usize| text.get(span.end + ahead);
    let goes_on_before = is_word(before(1)) || (joins(before(1)) && is_word(before(2)));
    let goes_on_after = is_word(after(0)) || (joins(after(0)) && is_word(after(1)));
    !goes_on_before && !goes_on_after
}

/// Returns whether an issuer gives out numbers that begin so and are so long.
fn has_issuer(digits: &[u8]) -> bool {
    let start = |count: usize| {
        digits[..count]
            .iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(*digit))
    };
    match digits.len() {
        14 => matches!(start(3), 300..=305) || matches!(start(2), 36 | 38 | 39),
        15 => matches!(start(2), 34 | 37),
        16 | 19 => {
            digits[0] == 4
                || matches!(start(2), 51..=55 | 62 | 65)
                || matches!(start(4), 2221..=2720 | 3528..=3589 | 6011)
                || matches!(start(3), 644..=649)
        }
        _ => false,
    }
}

/// Luhn's check: every second digit from the right counts double, and the sum ends in 0.
fn checks(digits: &[u8]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(at, digit)| {
        let doubled = u32::from(*digit) * 2;
        match at % 2 {
            0 => u32::from(*digit),
            _ if doubled > 9 => doubled - 9,
            _ => doubled,
        }
    });
    weighed.sum::<u32>().is_multiple_of(10)
}
