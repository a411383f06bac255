//! What a query will look at, as far as the sizes of log groups tell it, and what AWS charges for that.

use crate::cloudwatch::GroupFacts;

/// AWS bills by the binary gigabyte.
const GIGABYTE: f64 = (1_u64 << 30) as f64;
const DAY: i64 = 86_400_000;

/// Dollars for a gigabyte that a query looks at, by region, as AWS lists them.
///
/// Only regions whose price was seen stand here: no price is better than one that is guessed.
const PRICES: [(&str, f64); 6] = [
    ("ap-northeast-1", 0.0076),
    ("eu-central-1", 0.0063),
    ("eu-west-1", 0.0057),
    ("us-east-1", 0.005),
    ("us-east-2", 0.005),
    ("us-west-2", 0.005),
];

/// Returns the price of a gigabyte in a region, where it is known.
pub fn price(region: &str) -> Option<f64> {
    let known = PRICES.iter().find(|(name, _)| *name == region);
    known.map(|(_, price)| *price)
}

/// Returns what looking at so many bytes costs, in dollars.
pub fn dollars(bytes: f64, price: f64) -> f64 {
    bytes / GIGABYTE * price
}

/// Words dollars: `about $0.0021`.
pub fn words(dollars: f64) -> String {
    match dollars {
        ..0.0001 => "less than $0.0001".to_owned(),
        0.0001..0.01 => format!("about ${dollars:.4}"),
        _ => format!("about ${dollars:.2}"),
    }
}

/// Estimates how many bytes of a group lie in a window, in milliseconds: its events are taken to be spread evenly
/// over the time that it keeps them.
pub fn expected(group: &GroupFacts, start: i64, end: i64, now: i64) -> f64 {
    let kept = group.retention_days.map(|days| now - i64::from(days) * DAY);
    let first = group.created.max(kept.unwrap_or(i64::MIN)).min(now);
    let life = (now - first).max(1);
    let inside = end.min(now) - start.max(first);
    group.stored_bytes.unwrap_or_default() as f64 * (inside.max(0) as f64 / life as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigabyte_has_the_price_of_its_region() {
        assert_eq!(price("us-east-1"), Some(0.005));
        assert_eq!(price("mars-1"), None);
        assert_eq!(words(dollars(GIGABYTE * 3.0, 0.0076)), "about $0.02");
        assert_eq!(words(dollars(GIGABYTE / 2.0, 0.005)), "about $0.0025");
        assert_eq!(words(dollars(1000.0, 0.005)), "less than $0.0001");
        assert_eq!(words(12.0), "about $12.00");
    }

    #[test]
    fn bytes_are_taken_to_be_spread_over_the_time_that_they_are_kept() {
        let now = 100 * DAY;
        let group = GroupFacts {
            stored_bytes: Some(1000),
            created: 0,
            ..GroupFacts::default()
        };
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}");
        close(expected(&group, now - DAY, now, now), 10.0);
        close(expected(&group, now - DAY, now + DAY, now), 10.0);
        let kept = GroupFacts {
            retention_days: Some(10),
            ..group.clone()
        };
        close(expected(&kept, now - DAY, now, now), 100.0);
        close(expected(&kept, now - 50 * DAY, now - 20 * DAY, now), 0.0);
        close(expected(&kept, now - 50 * DAY, now, now), 1000.0);
        let young = GroupFacts {
            created: now,
            ..group
        };
        close(expected(&young, now - DAY, now + DAY, now), 0.0);
    }
}
