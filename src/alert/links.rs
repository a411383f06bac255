//! Addresses of the AWS console. They are seen in the console, not documented, so nothing depends on them.

use std::fmt::Write;

use super::{Log, Subject};
use crate::detect::Run;
use crate::time::Timestamp;

/// The longest address that everything takes.
const LONGEST: usize = 3000;

/// Returns the address of the log stream, at the event or shortly before the first line.
pub(super) fn console(region: &str, log: &Log) -> String {
    let mut address = format!(
        "{}#logsV2:log-groups/log-group/{}/log-events/{}",
        home(region, "cloudwatch"),
        twice(&log.group),
        twice(&log.stream)
    );
    if let Some(first) = log.first_timestamp {
        let id = log.event_id.as_deref();
        let at = id.and_then(|id| time_in(id, first)).unwrap_or(first);
        // The console's own links begin a tenth of a second early.
        let start = at.as_millis() - 100;
        write!(address, "$3Fstart$3D{start}").expect("a string takes all text");
        if let Some(id) = id {
            write!(address, "$26refEventId$3D{}", twice(id)).expect("a string takes all text");
        }
    }
    address
}

/// Returns the time that an event's id spells above its lower 144 bits, when it is one after the first line's: the page
/// has to begin where the event stands to show it. That ids are made so is seen, not documented.
fn time_in(id: &str, first: Timestamp) -> Option<Timestamp> {
    const DIGITS: usize = 56;
    const LONGEST: i64 = 30 * 86_400_000;
    let is_number = id.len() == DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    let number: f64 = id.parse().ok().filter(|_| is_number)?;
    let millis = (number / 2_f64.powi(144)) as i64;
    let from = first.as_millis();
    (from..from.saturating_add(LONGEST))
        .contains(&millis)
        .then_some(Timestamp(millis))
}

/// Returns the address of the page that shows a run's lines; `None` where it wrote none or no region is known.
pub fn of_run(run: &Run, region: Option<&str>) -> Option<String> {
    let region = region_of(run, region)?;
    let log = Subject::of_run(run).log;
    let known = !log.group.is_empty() && !log.stream.is_empty();
    known.then(|| console(region, &log))
}

/// Returns the address of the page that shows a log stream from an instant on.
pub fn of_stream(region: &str, group: &str, stream: &str, from: Option<Timestamp>) -> String {
    let log = Log {
        group: group.to_owned(),
        stream: stream.to_owned(),
        first_timestamp: from,
        event_id: None,
    };
    console(region, &log)
}

/// Returns the region to look for a run in: the stage's, else the one that ECS names.
pub fn region_of<'a>(run: &'a Run, stage: Option<&'a str>) -> Option<&'a str> {
    stage
        .or(run.region.as_deref())
        .filter(|region| !region.is_empty())
}

/// Returns the address of a page of ECS about a run's task; `None` where no event of ECS named its cluster.
pub fn of_task(run: &Run, region: Option<&str>) -> Option<String> {
    let region = region_of(run, region)?;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (cluster, task) = (filled(&run.cluster)?, filled(&run.task)?);
    Some(task_page(region, &cluster, &task))
}

fn task_page(region: &str, cluster: &str, task: &str) -> String {
    let host = host(region);
    let (cluster, task) = (percent(cluster), percent(task));
    format!("https://{host}/ecs/v2/clusters/{cluster}/tasks/{task}/configuration?region={region}")
}

/// Returns the address of a Logs Insights query that reads the lines of a run; `None` as for [`of_run`].
pub fn query_of_run(run: &Run, region: Option<&str>) -> Option<String> {
    const MARGIN: i64 = 5 * 60_000;
    let region = region_of(run, region)?;
    let log = Subject::of_run(run).log;
    let first = log.first_timestamp?;
    if log.group.is_empty() || log.stream.is_empty() {
        return None;
    }
    let last = run
        .ended
        .or(run.last_seen.known())
        .unwrap_or(first)
        .max(first);
    let [start, end] = [first.as_millis() - MARGIN, last.as_millis() + MARGIN].map(Timestamp);
    let groups = [log.group.as_str()];
    Some(insights(
        region,
        &groups,
        &lines_of(&log.stream),
        start,
        end,
    ))
}

/// Returns a query for the lines of a log stream, in their order.
pub(super) fn lines_of(stream: &str) -> String {
    let stream = stream.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "fields @timestamp, @message\n| filter @logStream = \"{stream}\"\n| sort @timestamp asc\n| limit 1000"
    )
}

/// Returns the address of a Logs Insights query over log groups. Without the query where that is too long: the page
/// then has the groups and the window.
pub fn insights(
    region: &str,
    groups: &[&str],
    query: &str,
    start: Timestamp,
    end: Timestamp,
) -> String {
    let sources = groups.iter().fold(String::new(), |sources, group| {
        sources + "~'" + &starred(group)
    });
    let address = |query: &str| {
        format!(
            "{}#logsV2:logs-insights$3FqueryDetail$3D~(end~'{}~start~'{}~timeType~'ABSOLUTE~tz~'UTC{query}~source~({sources}))",
            home(region, "cloudwatch"),
            starred(&end.to_string()),
            starred(&start.to_string()),
        )
    };
    let whole = address(&format!("~editorString~'{}", starred(query)));
    if whole.len() <= LONGEST {
        whole
    } else {
        address("")
    }
}

fn home(region: &str, service: &str) -> String {
    format!("https://{}/{service}/home?region={region}", host(region))
}

/// Returns the console's host; which partition a region is of stands in its beginning.
fn host(region: &str) -> String {
    let host = match region {
        _ if region.starts_with("cn-") => "console.amazonaws.cn",
        _ if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("{region}.{host}")
}

/// Percent-encodes what is not a plain character of an address.
fn percent(text: &str) -> String {
    twice(text).replace("$25", "%")
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
    fn the_page_begins_where_the_event_stands() {
        let at = |first: i64, id: &str| {
            let log = Log {
                group: "g".to_owned(),
                stream: "s".to_owned(),
                first_timestamp: Some(Timestamp(first)),
                event_id: Some(id.to_owned()),
            };
            let address = console("eu-west-1", &log);
            address
                .split_once("$3F")
                .map(|(_, rest)| rest.to_owned())
                .unwrap_or_default()
        };
        // 1795000600000 << 144, and a few bits below.
        let id = "40029851011809587657430499220834772492251750308249600007";
        assert_eq!(
            at(1_795_000_000_000, id),
            format!("start$3D1795000599900$26refEventId$3D{id}")
        );
        // Not from this run's time: then it is no time.
        assert!(at(1_795_000_700_000, id).starts_with("start$3D1795000699900$26"));
        assert!(at(1_700_000_000_000, id).starts_with("start$3D1699999999900$26"));
        assert_eq!(at(1000, "a/b"), "start$3D900$26refEventId$3Da$252Fb");
    }

    #[test]
    fn a_query_is_starred() {
        let address = insights(
            "eu-west-1",
            &["/ecs/shop-prod/batch"],
            "fields @timestamp\n| limit 20",
            Timestamp(0),
            Timestamp(1000),
        );
        assert_eq!(
            address,
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:logs-insights$3FqueryDetail$3D\
             ~(end~'1970-01-01T00*3a00*3a01.000Z~start~'1970-01-01T00*3a00*3a00.000Z~timeType~'ABSOLUTE~tz~'UTC\
             ~editorString~'fields*20*40timestamp*0a*7c*20limit*2020~source~(~'*2fecs*2fshop-prod*2fbatch))"
        );
        let several = insights("eu-west-1", &["a", "/b"], "é", Timestamp(0), Timestamp(0));
        assert!(
            several.ends_with("editorString~'*c3*a9~source~(~'a~'*2fb))"),
            "{several}"
        );
    }

    #[test]
    fn a_query_that_is_too_long_is_left_out() {
        let long = "x,".repeat(1400);
        let address = insights("eu-west-1", &["/g"], &long, Timestamp(0), Timestamp(0));
        assert!(address.ends_with("~tz~'UTC~source~(~'*2fg))"), "{address}");
        assert!(address.len() < LONGEST);
    }

    #[test]
    fn each_partition_has_its_host() {
        let host = |region: &str| {
            let page = task_page(region, "shop", "7f3a");
            page.split('/')
                .nth(2)
                .map(str::to_owned)
                .unwrap_or_default()
        };
        assert_eq!(
            host("ap-northeast-1"),
            "ap-northeast-1.console.aws.amazon.com"
        );
        assert_eq!(host("cn-north-1"), "cn-north-1.console.amazonaws.cn");
        assert_eq!(
            host("us-gov-west-1"),
            "us-gov-west-1.console.amazonaws-us-gov.com"
        );
        assert_eq!(
            task_page("eu-west-1", "shop production", "7f3a"),
            "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/shop%20production/tasks/7f3a/configuration?region=eu-west-1"
        );
    }
}
