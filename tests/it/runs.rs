//! The table of runs: which runs are asked for, and what is known of each.

use crate::logq::Logq;

/// An ECS event of the task state changes that are kept beside the tests.
fn task_event(name: &str) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{folder}/tests/data/ecs-events/{name}.json"))
        .expect("the sample is there")
}

fn never_started() -> Logq {
    Logq::new().file(
        "logs/aws/events/production-ecs-tasks/1.json",
        task_event("scheduled-cannot-pull"),
    )
}

#[test]
fn a_batch_that_never_started_is_one_of_the_batches() {
    let batches = never_started().run("batch-failures --source logs -t batch -o csv");
    assert!(batches.out.contains("never_started"), "{}", batches.all());
    let others = never_started().run("batch-failures --source logs -t webapp -o csv");
    assert!(!others.out.contains("never_started"), "{}", others.all());
    let alerts = never_started().run("replay --source logs -o ndjson");
    assert!(
        alerts.out.contains(r#""service":"batch""#),
        "{}",
        alerts.all()
    );
}
