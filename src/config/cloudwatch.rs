//! `[cloudwatch]`: how CloudWatch Logs is read.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::DeValue;

use super::read::{Key, Reader, Value};
use crate::diagnostic::codes;

/// How CloudWatch Logs is read.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudWatch {
    /// How many calls a second may be made, by operation; AWS's own quota where there is no word.
    pub quotas: BTreeMap<String, f64>,
    /// How long a call may take.
    pub call_timeout: Duration,
    /// How long events may take to arrive: what is older than this does not change any more.
    pub ingestion_delay: Duration,
    /// How many bytes the cache may take.
    pub cache_size: u64,
    /// How many bytes a query may look at on the Logs Insights service; `None` for as many as there are.
    pub max_scan: Option<u64>,
    /// Dollars for a gigabyte that such a query looks at; AWS's price of the region where there is no word.
    pub insights_price: Option<f64>,
    /// How many rows the service gives of one query at most.
    pub insights_rows: u64,
}

/// The operations that have a quota worth setting.
const OPERATIONS: [&str; 7] = [
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "GetQueryResults",
    "StartQuery",
    "StopQuery",
];

const KEYS: [&str; 7] = [
    "quotas",
    "call_timeout",
    "ingestion_delay",
    "cache_size",
    "max_scan",
    "insights_price",
    "insights_rows",
];

impl Default for CloudWatch {
    fn default() -> Self {
        Self {
            quotas: BTreeMap::new(),
            call_timeout: Duration::from_secs(30),
            ingestion_delay: Duration::from_mins(10),
            cache_size: 2 << 30,
            max_scan: Some(100_000_000_000),
            insights_price: None,
            insights_rows: 100_000,
        }
    }
}

impl Reader<'_> {
    pub(super) fn cloudwatch(&mut self, value: &Value<'_>) {
        let Some(table) = self.table_of(value, "cloudwatch") else {
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "quotas" => {
                    self.quotas(value);
                    continue;
                }
                "call_timeout" => {
                    if let Some(length) = self.length_of(value, "call_timeout") {
                        self.config.cloudwatch.call_timeout = length;
                    }
                }
                "ingestion_delay" => {
                    if let Some(length) = self.length_of(value, "ingestion_delay") {
                        self.config.cloudwatch.ingestion_delay = length;
                    }
                }
                "cache_size" => self.cache_size(value),
                "max_scan" => self.max_scan(value),
                "insights_price" => self.insights_price(value),
                "insights_rows" => self.insights_rows(value),
                _ => {
                    self.unknown(key, "cloudwatch", &KEYS);
                    continue;
                }
            }
            self.note(&format!("cloudwatch.{}", key.get_ref()), key);
        }
    }

    fn quotas(&mut self, value: &Value<'_>) {
        let Some(table) = self.table_of(value, "quotas") else {
            return;
        };
        for (key, value) in table {
            let name: &Key<'_> = key;
            if !OPERATIONS.contains(&name.get_ref().as_ref()) {
                self.unknown(key, "cloudwatch.quotas", &OPERATIONS);
                continue;
            }
            match number(value).filter(|number: &f64| (0.1..=1000.0).contains(number)) {
                Some(number) => {
                    let quotas = &mut self.config.cloudwatch.quotas;
                    quotas.insert(key.get_ref().clone().into_owned(), number);
                    self.note(&format!("cloudwatch.quotas.{}", key.get_ref()), key);
                }
                None => self.fault(
                    codes::CONFIG_VALUE,
                    value.span(),
                    "a quota is a number of calls a second, from 0.1 to 1000",
                ),
            }
        }
    }

    fn max_scan(&mut self, value: &Value<'_>) {
        let Some(written) = self.text_of(value, "max_scan") else {
            return;
        };
        match bytes(&written) {
            Some(bytes) => self.config.cloudwatch.max_scan = Some(bytes).filter(|most| *most > 0),
            None => self.fault(
                codes::CONFIG_VALUE,
                value.span(),
                "`max_scan` is a number of `MB`, `GB` or `TB`, such as \"50 GB\", or \"0\" for no limit",
            ),
        }
    }

    fn insights_price(&mut self, value: &Value<'_>) {
        match number(value).filter(|price| (0.0..=100.0).contains(price)) {
            Some(price) => self.config.cloudwatch.insights_price = Some(price),
            None => self.fault(
                codes::CONFIG_VALUE,
                value.span(),
                "`insights_price` is a number of dollars for a gigabyte, such as 0.005",
            ),
        }
    }

    fn insights_rows(&mut self, value: &Value<'_>) {
        let rows = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            _ => None,
        };
        match rows.filter(|rows| (1..=100_000).contains(rows)) {
            Some(rows) => self.config.cloudwatch.insights_rows = rows,
            None => self.fault(
                codes::CONFIG_VALUE,
                value.span(),
                "`insights_rows` is a number of rows from 1 to 100000",
            ),
        }
    }

    fn cache_size(&mut self, value: &Value<'_>) {
        let Some(written) = self.text_of(value, "cache_size") else {
            return;
        };
        match bytes(&written) {
            Some(bytes) => self.config.cloudwatch.cache_size = bytes,
            None => self.fault(
                codes::CONFIG_VALUE,
                value.span(),
                "`cache_size` is a number of `MB` or `GB`, such as \"500 MB\"",
            ),
        }
    }
}

/// Returns a number with or without decimals.
fn number(value: &Value<'_>) -> Option<f64> {
    match value.get_ref() {
        DeValue::Integer(number) => number.as_str().parse().ok(),
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// Reads a size such as `500 MB`; `0` needs no unit.
pub fn bytes(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "" if number.trim() == "0" => 1,
        _ => return None,
    };
    number.trim().parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn pace_patience_and_cache_are_read() {
        let text = "[cloudwatch]\ncall_timeout = \"5s\"\ningestion_delay = \"2m\"\ncache_size = \"500 MB\"\n\
                    max_scan = \"2 TB\"\ninsights_price = 0.0076\ninsights_rows = 10000\n\
                    [cloudwatch.quotas]\nFilterLogEvents = 2.5\nGetLogEvents = 30\n";
        let mut config = Config::default();
        config.read(text, Path::new("logq.toml")).expect("valid");
        let read = &config.cloudwatch;
        assert_eq!(read.call_timeout, Duration::from_secs(5));
        assert_eq!(read.ingestion_delay, Duration::from_mins(2));
        assert_eq!(read.cache_size, 500_000_000);
        assert_eq!(read.max_scan, Some(2_000_000_000_000));
        assert_eq!(read.insights_price, Some(0.0076));
        assert_eq!(read.insights_rows, 10_000);
        let quotas: Vec<(&str, f64)> = read.quotas.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        assert_eq!(quotas, [("FilterLogEvents", 2.5), ("GetLogEvents", 30.0)]);
    }

    #[test]
    fn what_queries_of_the_service_may_cost_is_checked() {
        let text = "[cloudwatch]\nmax_scan = \"lots\"\ninsights_price = \"x\"\ninsights_rows = 0\n";
        let faults = Config::default()
            .read(text, Path::new("logq.toml"))
            .expect_err("wrong");
        assert_eq!(faults.0.len(), 3);
        let mut config = Config::default();
        let text = "[cloudwatch]\nmax_scan = \"0\"\n";
        config.read(text, Path::new("logq.toml")).expect("valid");
        assert_eq!(config.cloudwatch.max_scan, None);
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let text = "[cloudwatch]\ncache_size = \"much\"\ncal_timeout = \"1s\"\n[cloudwatch.quotas]\nFilterLogEvent = 1\nGetLogEvents = 0\n";
        let faults = Config::default()
            .read(text, Path::new("logq.toml"))
            .expect_err("wrong");
        insta::assert_snapshot!(faults.render("logq.toml", text, 1, false), @r#"
        error: `cache_size` is a number of `MB` or `GB`, such as "500 MB"
         --> logq.toml:2:14
          |
        2 | cache_size = "much"
          |              ^^^^^^
        error: unknown key `cal_timeout` in `[cloudwatch]`
         --> logq.toml:3:1
          |
        3 | cal_timeout = "1s"
          | ^^^^^^^^^^^
        hint: did you mean `call_timeout`?
        error: unknown key `FilterLogEvent` in `[cloudwatch.quotas]`
         --> logq.toml:5:1
          |
        5 | FilterLogEvent = 1
          | ^^^^^^^^^^^^^^
        hint: did you mean `FilterLogEvents`?
        error: a quota is a number of calls a second, from 0.1 to 1000
         --> logq.toml:6:16
          |
        6 | GetLogEvents = 0
          |                ^
        "#);
    }
}
