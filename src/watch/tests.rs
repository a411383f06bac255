//! Tests of rules and replays, on recorded streams.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::alert::text::{self, Style};
use crate::alert::{Alert, schema};
use crate::config::Config;
use crate::decode::level::Level;
use crate::decode::traceback::AppRoots;
use crate::detect::assemble::Assembler;
use crate::detect::{Groups, RunConfig, Site};
use crate::event::{Event, Origin};
use crate::record::Record;
use crate::saved::{AlertRule, SavedQuery, SourceFile, builtin};
use crate::severity::Severity;
use crate::time::{Timestamp, Zone};

const NOW: Timestamp = Timestamp(1_795_600_000_000);

/// An event on its way.
#[derive(Clone, Debug)]
struct Delivered {
    at: i64,
    id: Option<String>,
    message: String,
    origin: Origin,
}

fn site(group: &str) -> Option<Site> {
    let name = group.rsplit('/').next()?;
    let (stage, service) = name.split_once('-')?;
    let service = service.trim_start_matches("ecs-");
    Some(Site {
        stage: stage.to_owned(),
        service: service.to_owned(),
    })
}

fn run_config() -> RunConfig {
    RunConfig {
        groups: Groups::new(site),
        ..RunConfig::default()
    }
}

fn rules() -> Rules {
    let (rules, errors) = Rules::compile(&builtin(), NOW);
    let said: Vec<String> = errors.iter().map(|error| error.render(false)).collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    rules
}

/// Replays streams one after the other, each in its order.
fn replay(events: &[Delivered], now: Timestamp) -> Vec<Alert> {
    let mut streams: BTreeMap<&Origin, Vec<&Delivered>> = BTreeMap::new();
    for event in events {
        streams.entry(&event.origin).or_default().push(event);
    }
    let mut replay = Replay::new(rules(), run_config());
    for (origin, events) in streams {
        stream(&mut replay, origin, &events);
    }
    replay.finish(now, &Config::default())
}

fn stream(replay: &mut Replay, origin: &Origin, events: &[&Delivered]) {
    let site = site(&origin.group).unwrap_or_default();
    let mut assembler = Assembler::new(AppRoots::default());
    let mut attached = Vec::new();
    for (index, event) in events.iter().enumerate() {
        assembler.push(index as u64, &Record::new(event.event()), &mut attached);
    }
    assembler.finish(&mut attached);
    for one in &attached {
        let record = Record::new(events[one.index as usize].event());
        replay.event(&record, one, &site.stage, &site.service);
    }
}

impl Delivered {
    fn event(&self) -> Event<'_> {
        Event {
            timestamp: Timestamp(self.at),
            ingestion: None,
            message: self.message.as_bytes(),
            origin: &self.origin,
            id: self.id.as_deref(),
        }
    }
}

/// Reads the demo's files as a source would.
fn demo_day() -> Vec<Delivered> {
    let mut events = Vec::new();
    for file in crate::demo::day(NOW) {
        for line in file.text.lines() {
            let envelope: Json = serde_json::from_str(line).expect("an envelope");
            let text = |name: &str| envelope[name].as_str().expect("a text").to_owned();
            events.push(Delivered {
                at: envelope["timestamp"].as_i64().expect("a time"),
                id: None,
                message: text("message"),
                origin: Origin::new(text("logGroup"), text("logStream")),
            });
        }
    }
    events
}

/// Gives each event the id that the service would give it.
fn with_ids(mut events: Vec<Delivered>) -> Vec<Delivered> {
    for (index, event) in events.iter_mut().enumerate() {
        event.id = Some(format!("{:056}", (event.at as u128) << 64 | index as u128));
    }
    events
}

fn lines(group: &str, stream: &str, messages: &[&str]) -> Vec<Delivered> {
    let origin = Origin::new(group, stream);
    let start = NOW.0 - 3_600_000;
    let one = |(index, message): (usize, &&str)| Delivered {
        at: start + index as i64,
        id: None,
        message: (*message).to_owned(),
        origin: origin.clone(),
    };
    messages.iter().enumerate().map(one).collect()
}

fn titles(alerts: &[Alert]) -> Vec<String> {
    let one = |alert: &Alert| {
        format!(
            "{} {}: {}",
            alert.severity.name(),
            alert.status.name(),
            alert.title
        )
    };
    alerts.iter().map(one).collect()
}

const TASK: &str = "ecs/batch/1cf0d28e12e9289741cd041d467ee616";

#[test]
fn the_day_of_the_demo() {
    let alerts = replay(&demo_day(), NOW);
    for alert in &alerts {
        schema::assert_valid(&alert.to_json());
    }
    insta::assert_snapshot!(titles(&alerts).join("\n"), @r#"
    critical firing: close_day failed after 15 s: RuntimeError: 締め処理に失敗しました: 残高が一致しません in check_totals (billing/management/commands/close_day.py:44)
    critical firing: backfill_guest_locale failed after 4 min 54 s: killed, out of memory (exit code 137)
    warning firing: sync_listing_content finished after 9.4 s but logged 1 error: ConnectionResetError: [Errno 104] Connection reset by peer in translate (core/management/commands/sync_listing_content.py:14)
    critical firing: sync_reservations failed after 12 s: KeyError: 'amount' in upsert (reservations/management/commands/sync_reservations.py:58)
    critical repeat: sync_reservations failed again (2 in a row) after 3.8 s: ChannelError: airbnb answered 503 for /v2/reservations in get (core/channel.py:21)
    error firing: New error in webapp: MultiValueDictKeyError: 'nights' in quote (core/views.py:52)
    info firing: migrate applied rates.0006_rateplan_min_nights in 8.7 s
    critical firing: migrate failed at reservations.0010_guest_passport_no after 36 s: ValueError: 旅券番号の移行に失敗しました: guest table is empty in forwards (reservations/migrations/0010_guest_passport_no.py:8)
    info firing: migrate applied cleaning.0006_cleaner_phone in 6.4 s
    error repeat: 10 times in webapp: MultiValueDictKeyError: 'nights' in quote (core/views.py:52)
    critical repeat: sync_reservations failed again (3 in a row) after 1 min 4 s: ReadTimeout: HTTPConnectionPool(host='channel-api.example.com', port=8099): Read timed out. (read timeout=2.0) in get (core/channel.py:18)
    critical firing: poll_smart_locks never started: CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref registry.example.com/shop:4f2c1d9: not found
    error firing: New error in webapp: WORKER TIMEOUT (pid:11097)
    info resolved: sync_reservations works again, after 3 failures
    error firing: New error in worker: WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 0.
    error firing: New error in worker: TypeError: unsupported operand type(s) for +: 'int' and 'NoneType' in broken_total (reservations/tasks.py:33)
    info resolved: poll_smart_locks works again, after 1 failure
    error firing: New error in webapp: ZeroDivisionError: division by zero in occupancy (core/views.py:68)
    error firing: New error in worker: ConnectionError: channel gateway answered 502 for R-1010 in push_to_channel (reservations/tasks.py:20)
    "#);
}

#[test]
fn a_failed_migration_as_a_person_gets_it() {
    let alerts = replay(&demo_day(), NOW);
    let failed = alerts
        .iter()
        .find(|alert| alert.title.starts_with("migrate failed"))
        .expect("there is one");
    insta::assert_snapshot!(text::full(failed, &Style::plain(&Zone::utc())), @r#"
    2026-11-24 23:35:53  critical  production  batch
      migrate failed at reservations.0010_guest_passport_no after 36 s: ValueError: 旅券番号の移行に失敗しました: guest table is empty in forwards (reservations/migrations/0010_guest_passport_no.py:8)
      properties.0009_property_wifi_ssid and rates.0006_rateplan_min_nights are applied, reservations.0010_guest_passport_no failed. The exit code is 1.
            operation.database_forwards(
          File "/usr/local/lib/python3.11/site-packages/django/db/migrations/operations/special.py", line 193, in database_forwards
            self.code(from_state.apps, schema_editor)
          File "/app/reservations/migrations/0010_guest_passport_no.py", line 8, in forwards
            raise ValueError("旅券番号の移行に失敗しました: guest table is empty")
        ValueError: 旅券番号の移行に失敗しました: guest table is empty
      lines    /ecs/production-batch  ecs/batch/1ebb43de79d4aab930e21c1bedc8a2f8
      show     logq show 1ebb43de79d4aab930e21c1bedc8a2f8 --stage production
      console  https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1ebb43de79d4aab930e21c1bedc8a2f8$3Fstart$3D1795563320228
    "#);
}

#[test]
fn bait_raises_no_alert() {
    let bait = [
        r#"{"levelname": "INFO", "name": "x", "message": "they saw Traceback (most recent call last):\n  File \"/app/manage.py\", line 1, in <module>\nKeyError: 1"}"#,
        r#"{"levelname": "WARNING", "name": "x", "message": "retrying", "exc_info": "Traceback (most recent call last):\n  File \"/app/x.py\", line 1, in f\nKeyError: 1"}"#,
        r#"{"levelname": "INFO", "name": "x", "message": "ERROR: nothing"}"#,
    ];
    for service in ["batch", "webapp", "worker"] {
        let events = lines(
            &format!("/ecs/production-{service}"),
            &TASK.replace("batch", service),
            &bait,
        );
        assert!(titles(&replay(&events, NOW)).is_empty(), "{service}");
    }
}

#[test]
fn a_run_that_may_go_on_is_not_told_yet() {
    let events = lines("/ecs/production-batch", TASK, &["CommandError: no"]);
    let soon = Timestamp(events[0].at + 1000);
    assert!(replay(&events, soon).is_empty());
    assert_eq!(replay(&events, NOW).len(), 1);
}

#[test]
fn the_same_error_in_two_stages_is_two_alerts() {
    let error =
        [r#"{"levelname": "ERROR", "name": "core.views", "message": "unlock failed for LK-1"}"#];
    let mut events = lines("/ecs/production-webapp", "web/webapp/1", &error);
    events.extend(lines("/ecs/staging-webapp", "web/webapp/2", &error));
    let alerts = replay(&events, NOW);
    assert_eq!(alerts.len(), 2);
    assert_ne!(alerts[0].id, alerts[1].id);
}

#[test]
fn a_storm_is_told_first_and_then_counted() {
    let errors: Vec<String> = (0..1000)
        .map(|number| format!(r#"{{"levelname": "ERROR", "name": "core.views", "message": "unlock failed for LK-{number}"}}"#))
        .collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
    let alerts = replay(
        &lines("/ecs/production-webapp", "web/webapp/1", &errors),
        NOW,
    );
    let counts: Vec<(u64, u64)> = alerts
        .iter()
        .map(|alert| (alert.counts.occurrences, alert.counts.suppressed))
        .collect();
    assert_eq!(counts, [(1, 0), (10, 8), (100, 89), (1000, 899)]);
    let ids: std::collections::BTreeSet<&str> =
        alerts.iter().map(|alert| alert.id.as_str()).collect();
    assert_eq!(ids.len(), alerts.len());
}

/// The state change that ECS would have sent at the end of a recorded run.
fn stopped(stream: &Json) -> Delivered {
    let task = stream["logStream"]
        .as_str()
        .and_then(|name| name.rsplit('/').next())
        .expect("a task");
    let ended = Timestamp(stream["ended"].as_i64().expect("a time") + 1000);
    let detail = serde_json::json!({
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "detail": {
            "taskArn": format!("arn:aws:ecs:eu-west-1:111122223333:task/shop/{task}"),
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [{ "name": "batch", "lastStatus": "STOPPED", "exitCode": stream["exit_code"] }],
            "overrides": { "containerOverrides": [{ "name": "batch", "command": ["sh", "-c", stream["command"]] }] },
            "startedAt": Timestamp(stream["started"].as_i64().expect("a time")).to_string(),
            "stoppedAt": ended.to_string(),
            "version": 6,
        },
    });
    Delivered {
        at: ended.0,
        id: None,
        message: detail.to_string(),
        origin: Origin::new("/aws/events/production-ecs-tasks", "state-changes"),
    }
}

fn recorded(stream: &Json) -> Vec<Delivered> {
    let text = |name: &str| stream[name].as_str().expect("a text");
    let path = format!(
        "{}/tests/data/corpus/{}",
        env!("CARGO_MANIFEST_DIR"),
        text("file")
    );
    let origin = Origin::new("/ecs/production-batch", text("logStream"));
    let lines = std::fs::read_to_string(path).expect("the stream is there");
    let one = |line: &str| {
        let event: Json = serde_json::from_str(line).expect("an envelope");
        Delivered {
            at: event["timestamp"].as_i64().expect("a time"),
            id: None,
            message: event["message"].as_str().expect("a message").to_owned(),
            origin: origin.clone(),
        }
    };
    lines
        .split('\n')
        .filter(|line| !line.is_empty())
        .map(one)
        .collect()
}

#[test]
fn each_failed_run_is_one_alert_and_no_healthy_one_is() {
    let manifest = include_str!("../../tests/data/corpus/manifest.jsonl");
    let mut wrong = Vec::new();
    for line in manifest.lines() {
        let stream: Json = serde_json::from_str(line).expect("a stream");
        if !["batch", "migrate"].contains(&stream["kind"].as_str().unwrap_or_default()) {
            continue;
        }
        let mut events = recorded(&stream);
        events.push(stopped(&stream));
        let alerts = replay(&events, NOW);
        let bad = alerts
            .iter()
            .filter(|alert| alert.severity <= Severity::Error)
            .count();
        let expected = usize::from(stream["outcome"] == "failed");
        if bad != expected || alerts.len() > 1 {
            wrong.push(format!(
                "{} ({}): {:?}",
                stream["file"],
                stream["outcome"],
                titles(&alerts)
            ));
        }
        for alert in &alerts {
            schema::assert_valid(&alert.to_json());
        }
    }
    assert!(
        wrong.is_empty(),
        "{} streams:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Returns which events of a recorded stream a saved query's conditions let through.
fn found(query: &str, file: &str) -> Vec<u64> {
    let catalog = builtin();
    let query = catalog.get(query).expect("it ships");
    let key = vec!["@logStream".to_owned()];
    let alert = AlertRule {
        severity: Severity::Error,
        key,
        repeat: None,
        after: 1,
        each: 1,
    };
    let mut rule = Rule::compile(query, &alert, NOW).expect("it compiles");
    let service = file.split('/').next().expect("a folder");
    let mut seen = Vec::new();
    let path = format!("{}/tests/data/corpus/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the stream is there");
    let messages: Vec<(i64, String)> = text
        .split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let event: Json = serde_json::from_str(line).expect("an envelope");
            let message = event["message"].as_str().expect("a message").to_owned();
            (event["timestamp"].as_i64().expect("a time"), message)
        })
        .collect();
    let origin = Origin::new(format!("/ecs/production-{service}"), "a/b/c");
    let event = |index: usize| Event {
        timestamp: Timestamp(messages[index].0),
        ingestion: None,
        message: messages[index].1.as_bytes(),
        origin: &origin,
        id: None,
    };
    let mut assembler = Assembler::new(AppRoots::default());
    let mut attached = Vec::new();
    for index in 0..messages.len() {
        assembler.push(index as u64, &Record::new(event(index)), &mut attached);
    }
    assembler.finish(&mut attached);
    for one in &attached {
        let record = Record::new(event(one.index as usize));
        let level = one.level.or_else(|| record.level());
        let extras = sighting::extras(
            level.map(Level::as_str),
            one.error.as_deref(),
            "production",
            service,
        );
        if rule.event(&record, &extras).is_some() {
            seen.push(one.index);
        }
    }
    seen
}

#[test]
fn each_fact_of_the_services_is_found_once_and_nothing_else() {
    let facts = include_str!("../../tests/data/service-facts.jsonl");
    let facts: Vec<Json> = facts
        .lines()
        .map(|line| serde_json::from_str(line).expect("a fact"))
        .collect();
    let manifest = include_str!("../../tests/data/corpus/manifest.jsonl");
    let streams: Vec<Json> = manifest
        .lines()
        .map(|line| serde_json::from_str(line).expect("a stream"))
        .collect();
    let queries = [
        ("task_failure", "task-failures"),
        ("http_5xx", "http-5xx"),
        ("crash", "crashes"),
        ("oom", "oom"),
    ];
    let mut wrong = Vec::new();
    for stream in streams.iter().filter(|stream| {
        ["worker", "webapp"].contains(&stream["kind"].as_str().unwrap_or_default())
    }) {
        let file = stream["file"].as_str().expect("a name");
        for (kind, query) in queries {
            let of = |fact: &&Json| fact["file"] == file && fact["kind"] == kind;
            let mut expected: Vec<u64> = facts
                .iter()
                .filter(of)
                .filter_map(|fact| fact["event"].as_u64())
                .collect();
            expected.sort_unstable();
            let in_scope = !(query == "task-failures" && file.starts_with("webapp")
                || query == "http-5xx" && file.starts_with("worker"));
            let found = if in_scope {
                found(query, file)
            } else {
                Vec::new()
            };
            if found != expected {
                wrong.push(format!(
                    "{query} in {file}: found {found:?}, expected {expected:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Deals the streams' events out in pieces, some of them twice, the pieces in any order.
fn dealt(events: &[Delivered], order: &[u16]) -> Vec<Delivered> {
    let mut pieces: HashMap<(&Origin, u16), Vec<Delivered>> = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        let piece = order[index / 7 % order.len()] % 5;
        pieces
            .entry((&event.origin, piece))
            .or_default()
            .push(event.clone());
    }
    let mut pieces: Vec<_> = pieces.into_iter().collect();
    pieces.sort_by_key(|((origin, piece), _)| {
        let salt = order[usize::from(*piece) % order.len()];
        crate::alert::identity(&[&origin.stream, &salt.to_string()])
    });
    let twice = pieces
        .iter()
        .filter(|((_, piece), _)| piece % 2 == 0)
        .cloned()
        .collect::<Vec<_>>();
    pieces
        .into_iter()
        .chain(twice)
        .flat_map(|(_, events)| events)
        .collect()
}

/// Puts the events of each stream back into their order, as whoever keeps them does, and leaves copies in.
fn gathered(mut events: Vec<Delivered>) -> Vec<Delivered> {
    events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// The same events in any cut, each delivered once or more, give the same alerts.
    #[test]
    fn no_cut_changes_the_alerts(order in proptest::collection::vec(any::<u16>(), 1..40)) {
        let events = with_ids(demo_day());
        let expected: Vec<String> = replay(&events, NOW).iter().map(Alert::to_json).collect();
        let mut cut = gathered(dealt(&events, &order));
        cut.dedup_by(|one, other| one.id == other.id && one.origin == other.origin);
        let found: Vec<String> = replay(&cut, NOW).iter().map(Alert::to_json).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_key_may_be_made_by_the_query() {
    let text = r#"
title = "Mine"
from = "runs"
query = "filter name like /x/ | fields concat(stage, '-', name) as both | display name"
[alert]
severity = "error"
key = ["both", "kind"]
"#;
    let file = SourceFile {
        path: "mine.toml".to_owned(),
        text: text.to_owned(),
        builtin: false,
    };
    let query = SavedQuery::parse("mine", file).expect("a good file");
    let alert = query.alert.clone().expect("it alerts");
    let rule = Rule::compile(&query, &alert, NOW).expect("it compiles");
    let key = rule.run_key(|name| match name {
        "stage" => "production".into(),
        "name" => "sync".into(),
        _ => "other".into(),
    });
    assert_eq!(key, ["production-sync", "other"]);
}
