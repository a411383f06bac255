//! Silences, begun and ended as the command line does it: nothing is told, all is counted, and the next alert says so.

use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use logq::state::{Dynamo, Silence, Target, end_silence, put_silence};
use logq::time::Timestamp;

use crate::aws::TABLE;
use crate::bed::{Bed, now};
use crate::function::Function;
use crate::scenario::{TICK, raised, records};
use crate::told::Told;

const HOUR: i64 = 3_600_000;

/// Returns the table as the command line sees it.
fn store(bed: &Bed) -> Dynamo {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "x", None, None, "test"))
        .endpoint_url(bed.aws.proxy().url());
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    Dynamo::new(&client, TABLE)
}

fn silence(target: &Target, stage: &str, until: i64) -> Silence {
    Silence {
        target: target.clone(),
        stage: stage.to_owned(),
        since: now(),
        until,
        reason: "a deploy at noon".to_owned(),
    }
}

async fn begin(bed: &Bed, silence: &Silence) {
    let begun = put_silence(&store(bed), silence, Timestamp(now())).await;
    begun.expect("the table takes it");
}

/// Delivers an error, one of a kind, that was logged so many milliseconds ago.
async fn fail(function: &mut Function, ago: i64) {
    let record = (now() - ago, raised("PriceError", "price", "no price"));
    let stream = records("webapp", &format!("ecs/web/{ago:032x}"), &[record]);
    function.deliver_well(&stream.payload()).await;
    function.deliver_well(TICK).await;
}

#[tokio::test]
async fn what_a_silence_covers_is_told_of_by_the_next_alert() {
    for target in [Target::Stage, Target::Name("new-errors".to_owned())] {
        let bed = Bed::new().await;
        let mut function = bed.function().await;
        begin(&bed, &silence(&target, "production", now() + HOUR)).await;
        fail(&mut function, 60_000).await;
        fail(&mut function, 50_000).await;
        let told = Told::by(&bed).await;
        assert!(
            told.sns.is_empty() && told.slack.is_empty(),
            "{target:?}\n{}",
            told.summary()
        );
        let ended = end_silence(&store(&bed), "production", &target, Timestamp(now())).await;
        assert!(ended.expect("the table answers"), "{target:?}");
        fail(&mut function, 40_000).await;
        let told = Told::by(&bed).await;
        assert_eq!(
            (told.sns.len(), told.slack.len()),
            (1, 1),
            "{}",
            told.summary()
        );
        let words = "2 times it was not told because of a silence (a deploy at noon)";
        assert!(
            told.sns[0].message.contains(words),
            "{}",
            told.sns[0].message
        );
        assert!(told.slack[0].says(words), "{}", told.slack[0].body);
        let printed = function.stop().await;
        let counts = ["Alerts", "Suppressed"].map(|name| printed.metric(name).round() as u64);
        assert_eq!(counts, [1, 2], "{}", printed.text());
    }
}

#[tokio::test]
async fn a_silence_of_something_else_or_one_that_is_over_keeps_nothing_back() {
    let name = Target::Name("close_day".to_owned());
    for silence in [
        silence(&Target::Stage, "staging", now() + HOUR),
        silence(&name, "production", now() + HOUR),
        silence(&Target::Stage, "production", now() - 1000),
    ] {
        let bed = Bed::new().await;
        let mut function = bed.function().await;
        begin(&bed, &silence).await;
        fail(&mut function, 60_000).await;
        let told = Told::by(&bed).await;
        assert_eq!(
            (told.sns.len(), told.slack.len()),
            (1, 1),
            "{silence:?}\n{}",
            told.summary()
        );
    }
}
