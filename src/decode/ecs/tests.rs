use super::*;

fn sample(name: &str) -> TaskEvent {
    let path = format!(
        "{}/tests/data/ecs-events/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    TaskEvent::parse(&std::fs::read(path).expect("the sample is there")).expect("it is an event")
}

fn stop_of(name: &str) -> Stop {
    let event = sample(name);
    event.stop(event.main_container(None))
}

#[test]
fn every_member_of_use_is_read() {
    let event = sample("scheduled-exit1");
    assert_eq!(event.task, "1cf0d28e12e9289741cd041d467ee616");
    assert_eq!(event.cluster, "shop-prod");
    assert_eq!(event.region, "eu-west-1");
    assert_eq!(event.account, "111122223333");
    assert_eq!(
        (event.family.as_str(), event.revision),
        ("shop-batch", Some(41))
    );
    assert_eq!(event.kind, TaskKind::Scheduled);
    assert_eq!(
        event.started_by,
        StartedBy::Schedule("expire-unpaid-carts".to_owned())
    );
    assert_eq!(event.version, 6);
    assert_eq!(event.started, Some(Timestamp(1_773_026_119_207)));
    assert_eq!(
        event.command().map(|words| words.join(" ")).as_deref(),
        Some("python manage.py expire_carts --older-than 14d")
    );
    assert!(event.is_final());
}

#[test]
fn endings_are_sorted() {
    assert_eq!(stop_of("scheduled-exit0"), Stop::Exited);
    assert_eq!(stop_of("service-oom-137"), Stop::OutOfMemory);
    assert_eq!(stop_of("service-scale-in-143"), Stop::Scheduler);
    assert_eq!(
        stop_of("scheduled-cannot-pull"),
        Stop::NeverStarted(NeverStarted::ImagePull)
    );
}

#[test]
fn a_sidecar_does_not_speak_for_the_task() {
    let event = sample("sidecar-143-main-0");
    assert_eq!(
        event.main_container(None).and_then(|one| one.exit_code),
        Some(0)
    );
    assert_eq!(
        event
            .main_container(Some("otel-collector"))
            .and_then(|one| one.exit_code),
        Some(143)
    );
}

#[test]
fn a_helper_is_passed_over_where_no_command_tells() {
    let container = |name: &str| Container {
        name: name.to_owned(),
        ..Container::default()
    };
    let event = TaskEvent {
        containers: vec![container("aws-guardduty-agent-x"), container("app")],
        ..TaskEvent::default()
    };
    assert_eq!(
        event.main_container(None).map(|one| one.name.as_str()),
        Some("app")
    );
}

#[test]
fn what_is_missing_or_odd_is_absent() {
    let event = TaskEvent::parse(
        br#"{"detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:eu-west-1:1:task/c/t1",
            "version":"x","containers":[{"exitCode":"0"},7],"overrides":null,"startedAt":true,"stoppedAt":1e300}}"#,
    )
    .expect("the ARN is enough");
    assert_eq!(
        (event.task.as_str(), event.region.as_str()),
        ("t1", "eu-west-1")
    );
    assert_eq!(
        event.main_container(None).and_then(|one| one.exit_code),
        None
    );
    assert_eq!((event.started, event.stopped), (None, None));
}

#[test]
fn other_messages_are_not_events() {
    for message in [
        r#"{"message":"ECS Task State Change"}"#,
        r#"{"detail-type":"ECS Task State Change","detail":{}}"#,
        r#"{"detail-type":"ECS Deployment State Change","detail":{"taskArn":"a/b"}}"#,
        "ECS Task State Change",
    ] {
        assert_eq!(TaskEvent::parse(message.as_bytes()), None, "{message}");
    }
}
