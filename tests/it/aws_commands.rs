//! Every command that reads from AWS, on moto, which has the wire format of AWS, and on the simulator, which pages,
//! throttles and fails as AWS does. moto has no query definitions, so `aws_definitions` has the simulator alone.

use logq_simulator::{Settings, Simulator};

use crate::aws_filter;
use crate::logq::{Ended, Logq};
use crate::moto::Moto;

/// A failed batch run, as its program writes it.
const LINES: [&str; 7] = [
    r#"{"levelname": "INFO", "message": "begins", "name": "sync"}"#,
    "Traceback (most recent call last):",
    "  File \"/app/manage.py\", line 22, in <module>",
    "    main()",
    "  File \"/app/booking/sync.py\", line 88, in sync_rates",
    "    return row['price']",
    "KeyError: 'price'",
];
const TASK: &str = "7f3a9c0d11e24c5f8a6b7c8d9e0f1a2b";
const REQUEST: &str = r#"{"levelname": "ERROR", "message": "refused", "status_code": 503}"#;

/// A project whose only stage has the run and a request, in a service at this address.
fn project(stage: &str, url: &str) -> Logq {
    let config = format!("[stages.{stage}]\nregion = \"us-east-1\"\ntable = \"logq-{stage}\"\n");
    let logq = Logq::new()
        .file("logq.toml", config)
        .variable("AWS_ENDPOINT_URL", url)
        .variable("LOGQ_NOW", "");
    let variables = Simulator::environment().into_iter();
    variables.fold(logq, |logq, (name, value)| logq.variable(name, value))
}

fn groups(stage: &str) -> [(String, String, &'static [&'static str]); 4] {
    let group = |name: &str| format!("/ecs/{stage}-{name}");
    [
        (group("batch"), format!("ecs/batch/{TASK}"), &LINES),
        (group("webapp"), "ecs/webapp/1".to_owned(), &[REQUEST]),
        (group("worker"), "ecs/worker/1".to_owned(), &["ready"]),
        (
            format!("/aws/events/{stage}-ecs-tasks"),
            "events".to_owned(),
            &["{}"],
        ),
    ]
}

fn on_moto(stage: &str) -> Logq {
    for (group, stream, messages) in groups(stage) {
        aws_filter::put_in("us-east-1", &group, &stream, messages);
    }
    project(stage, &Moto::shared().url())
}

fn on_simulator(stage: &str) -> (Simulator, Logq) {
    let simulator = Simulator::start(Settings::default()).expect("a free port");
    let now = jiff::Timestamp::now().as_millisecond() - 600_000;
    for (group, stream, messages) in groups(stage) {
        let events = (0..)
            .zip(messages)
            .map(|(at, message)| (now + at, *message));
        simulator
            .put(&group, &stream, events)
            .expect("events are taken");
    }
    let logq = project(stage, &simulator.url());
    (simulator, logq)
}

/// Checks the commands that read events; `logq` has to answer from the service.
fn reads_events(logq: &Logq) {
    let has = |arguments: &str, wanted: &str| {
        let ended: Ended = logq.run(arguments);
        assert_eq!(ended.code, 0, "{arguments}: {}", ended.all());
        assert!(ended.out.contains(wanted), "{arguments}: {}", ended.all());
    };
    has("filter KeyError -o raw", "KeyError: 'price'");
    has("filter '{ $.status_code >= 500 }' -o raw", "503");
    has(
        "query 'filter status_code = 503 | stats count(*) as n' -o csv",
        "n\n1\n",
    );
    has(
        "query 'filter outcome = \"failed\" | display task' --from runs -o csv",
        TASK,
    );
    has("log-volume -o ndjson", "-webapp");
    has("http-5xx -o ndjson", "503");
    has("batch-failures -o ndjson", "KeyError");
    has("run batch-runs -o ndjson", TASK);
    has(&format!("show {}", &TASK[..6]), "KeyError: 'price'");
    has("replay --since 1h -o ndjson", "batch-failures");
    assert_eq!(logq.run("pull copy --since 1h").code, 0);
    has("filter KeyError --source copy -o raw", "KeyError: 'price'");
    let flag =
        logq.run("filter KeyError --endpoint-url http://127.0.0.1:9 --timeout 1s --no-cache");
    assert_eq!(flag.code, 1, "{}", flag.all());
}

#[test]
fn moto_answers_every_command_that_reads_events() {
    reads_events(&on_moto("all1"));
}

#[test]
fn the_simulator_answers_every_command_that_reads_events() {
    let (simulator, logq) = on_simulator("all1");
    reads_events(&logq);
    assert!(simulator.summary("FilterLogEvents").calls > 0);
}

#[test]
fn show_links_to_the_console() {
    let (_simulator, logq) = on_simulator("all1");
    let shown = logq.run(&format!("show {TASK}"));
    let home = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:";
    let stream = format!(
        "{home}log-groups/log-group/$252Fecs$252Fall1-batch/log-events/ecs$252Fbatch$252F{TASK}$3Fstart$3D"
    );
    assert!(shown.out.contains(&stream), "{}", shown.all());
    assert!(shown.out.contains("$26refEventId$3D"), "{}", shown.all());
    assert!(
        shown
            .out
            .contains(&format!("{home}logs-insights$3FqueryDetail$3D")),
        "{}",
        shown.all()
    );
    let row = logq.run("batch-failures -o ndjson");
    assert_eq!(row.code, 0, "{}", row.all());
    let link = logq.run("query 'display link' --from runs -o csv");
    assert!(link.out.contains(&stream), "{}", link.all());
    let web = logq.run("show ecs/webapp/1");
    assert!(
        web.out
            .contains("$252Fecs$252Fall1-webapp/log-events/ecs$252Fwebapp$252F1$3Fstart$3D"),
        "{}",
        web.all()
    );
}

#[test]
fn a_query_that_the_service_takes_has_an_address_there() {
    let (_simulator, logq) = on_simulator("all1");
    let said = logq.run("query 'stats count(*) as n' -p refused -t webapp -v");
    assert_eq!(said.code, 0, "{}", said.all());
    let wanted = "editorString~'filter*20*40message*20like*20*22refused*22*0a*7c*20stats*20count*28*2a*29*20as*20n\
                  ~source~(~'*2fecs*2fall1-webapp))";
    assert!(said.err.contains(wanted), "{}", said.err);
    let streams = logq.run("query 'stats count(*) as n' -t webapp --stream ecs/w -v");
    assert!(
        streams
            .err
            .contains("editorString~'filter*20*40logStream*20like*20"),
        "{}",
        streams.err
    );
    let local = logq.run("query 'stats count(*) as n by @level' -t webapp -v");
    assert!(!local.err.contains("in the console"), "{}", local.err);
    let quiet = logq.run("query 'stats count(*) as n' -t webapp");
    assert!(!quiet.err.contains("in the console"), "{}", quiet.err);
}

#[test]
fn moto_keeps_silences() {
    Moto::shared().table("logq-all2");
    let logq = project("all2", &Moto::shared().url());
    let region = "--region ap-northeast-1";
    let begun = logq.run(&format!("silence new-errors --for 1h --reason x {region}"));
    assert_eq!(begun.code, 0, "{}", begun.all());
    let listed = logq.run(&format!("silence -o csv {region}"));
    assert!(listed.out.contains("new-errors"), "{}", listed.all());
    let ended = logq.run(&format!("silence end new-errors {region}"));
    assert_eq!(ended.code, 0, "{}", ended.all());
}
