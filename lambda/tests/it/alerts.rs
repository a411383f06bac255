//! What is told of recordings, in any cut, repeated, shuffled, and by two environments at once.

use crate::bed::Bed;
use crate::function::Function;
use crate::payload::Cut;
use crate::scenario::{FAILING, MIXED, Scenario, settle};

async fn deliver_all(function: &mut Function, payloads: &[Vec<u8>]) {
    for payload in payloads {
        function.deliver_well(payload).await;
    }
}

#[tokio::test]
async fn each_failed_run_is_told_once_by_each_sink() {
    let bed = Bed::new().await;
    let scenario = Scenario::of(&MIXED).written_to(&bed).await;
    let mut function = bed.function().await;
    deliver_all(&mut function, &scenario.plainly()).await;
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn no_cut_order_or_repeat_changes_what_is_told() {
    for seed in 0..2 {
        let bed = Bed::new().await;
        let scenario = Scenario::of(&MIXED).written_to(&bed).await;
        let mut function = bed.function().await;
        let cut = Cut {
            seed,
            cuts: 3,
            times: 2,
            shuffled: true,
        };
        deliver_all(&mut function, &scenario.deliveries(cut)).await;
        settle(&mut function, &bed, &scenario.runs)
            .await
            .check(&scenario.runs);
    }
}

#[tokio::test]
async fn an_environment_for_each_delivery_tells_the_same() {
    let bed = Bed::new().await;
    let scenario = Scenario::of(&MIXED[..6]).written_to(&bed).await;
    let mut function = bed.function().await;
    let cut = Cut {
        seed: 7,
        cuts: 3,
        times: 1,
        shuffled: true,
    };
    for payload in scenario.deliveries(cut) {
        function.deliver_well(&payload).await;
        function.kill().await;
    }
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn two_environments_at_once_tell_each_failure_once() {
    let bed = Bed::new().await;
    let scenario = Scenario::of(&MIXED).written_to(&bed).await;
    let (mut one, mut other) = (bed.function().await, bed.function().await);
    let cut = Cut {
        seed: 11,
        cuts: 2,
        times: 1,
        shuffled: true,
    };
    // The same delivery to both at the same moment.
    for payload in scenario.deliveries(cut) {
        tokio::join!(one.deliver_well(&payload), other.deliver_well(&payload));
    }
    settle(&mut one, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn a_bot_tells_each_failure_once() {
    let bed = Bed::new().await.with_bot();
    let scenario = Scenario::of(&MIXED).written_to(&bed).await;
    let mut function = bed.function().await;
    let cut = Cut {
        seed: 13,
        cuts: 2,
        times: 2,
        shuffled: true,
    };
    deliver_all(&mut function, &scenario.deliveries(cut)).await;
    settle(&mut function, &bed, &scenario.runs)
        .await
        .check(&scenario.runs);
}

#[tokio::test]
async fn a_stop_that_comes_before_the_lines_is_told_with_the_error() {
    let bed = Bed::new().await;
    let scenario = Scenario::of(&[FAILING]).written_to(&bed).await;
    let mut function = bed.function().await;
    let mut payloads = scenario.plainly();
    payloads.reverse();
    deliver_all(&mut function, &payloads).await;
    let told = settle(&mut function, &bed, &scenario.runs).await;
    told.check(&scenario.runs);
    let (sns, slack) = (&told.sns[0].message, &told.slack[0]);
    assert!(
        sns.contains("RuntimeError") && slack.says("RuntimeError"),
        "{}",
        told.summary()
    );
}
