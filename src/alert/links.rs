//! Addresses of the AWS console. They are seen in the console, not documented, so nothing depends on them.

use std::fmt::Write;

use super::{Log, Subject};
use crate::detect::Run;
use crate::time::Timestamp;

/// Returns the address of the log stream, at the event or shortly before the first line.
pub(super) fn console(region: &str, log: &Log) -> String {
    let mut address = format!(
        "{}#logsV2:log-groups/log-group/{}/log-events/{}",
        home(region, "cloudwatch"),
        twice(&log.group),
        twice(&log.stream)
    );
    if let Some(first) = log.first_timestamp {
        // The console's own links begin a tenth of a second early.
        let start = first.as_millis() - 100;
        write!(address, "$3Fstart$3D{start}").expect("a string takes all text");
        if let Some(id) = &log.event_id {
            write!(address, "$26refEventId$3D{id}").expect("a string takes all text");
        }
    }
    address
}

/// Returns the address of the page that shows a run's lines; `None` where it wrote none or no region is known.
pub fn of_run(run: &Run, region: Option<&str>) -> Option<String> {
    let region = region_of(run, region)?;
    let log = Subject::of_run(run).log;
    let known = !log.group.is_empty() && !log.stream.is_empty();
    known.then(|| console(region, &log))
}

/// Returns the region to look for a run in: the stage's, else the one that ECS names.
pub fn region_of<'a>(run: &'a Run, stage: Option<&'a str>) -> Option<&'a str> {
    stage
        .or(run.region.as_deref())
        .filter(|region| !region.is_empty())
}

/// Returns the address of a Logs Insights query over one group.
pub(super) fn insights(
    region: &str,
    group: &str,
    query: &str,
    start: Timestamp,
    end: Timestamp,
) -> String {
    format!(
        "{}#logsV2:logs-insights$3FqueryDetail$3D~(end~'{}~start~'{}~timeType~'ABSOLUTE~tz~'UTC~editorString~'{}~source~(~'{}))",
        home(region, "cloudwatch"),
        starred(&end.to_string()),
        starred(&start.to_string()),
        starred(query),
        starred(group)
    )
}

fn home(region: &str, service: &str) -> String {
    let host = match region {
        _ if region.starts_with("cn-") => "console.amazonaws.cn",
        _ if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{region}.{host}/{service}/home?region={region}")
}

/// Percent-encodes twice, with `$` for the percent sign: `/` is `$252F`.
fn twice(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'!'
            | b'~'
            | b'*'
            | b'\''
            | b'('
            | b')' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "$25{byte:02X}").expect("a string takes all text"),
        }
    }
    out
}

/// Encodes as the query detail does: a star and two hex digits for what is not a plain character.
fn starred(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "*{byte:02x}").expect("a string takes all text"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_encoded_twice() {
        let log = Log {
            group: "/ecs/production-batch".to_owned(),
            stream: "ecs/batch/[$LATEST]".to_owned(),
            first_timestamp: Some(Timestamp(1_795_000_000_100)),
            event_id: Some("123".to_owned()),
        };
        assert_eq!(
            console("eu-west-1", &log),
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
             #logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch\
             /log-events/ecs$252Fbatch$252F$255B$2524LATEST$255D$3Fstart$3D1795000000000$26refEventId$3D123"
        );
    }

    #[test]
    fn a_query_is_starred() {
        let address = insights(
            "eu-west-1",
            "/ecs/shop-prod/batch",
            "fields @timestamp\n| limit 20",
            Timestamp(0),
            Timestamp(1000),
        );
        assert!(address.ends_with(
            "editorString~'fields*20*40timestamp*0a*7c*20limit*2020~source~(~'*2fecs*2fshop-prod*2fbatch))"
        ));
    }
}
