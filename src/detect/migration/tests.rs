use super::*;

/// Reads lines that are 100 ms apart; `!` stands for a crash.
fn read(lines: &[&str]) -> Option<Migration> {
    let mut reader = MigrationReader::default();
    for (at, line) in (0..).zip(lines) {
        match *line {
            "!" => reader.crash(),
            line => reader.line(Timestamp(at * 100), line),
        }
    }
    reader.finish()
}

fn found(lines: &[&str]) -> Migration {
    let begun: Vec<&str> = ["Operations to perform:", "Running migrations:"]
        .into_iter()
        .chain(lines.iter().copied())
        .collect();
    read(&begun).expect("a migration was going on")
}

#[test]
fn finished_migrations_are_listed_with_their_times() {
    let migration = found(&[
        "  Applying a.0001_x... OK (0.012s)",
        "  Applying a.0002_y... FAKED",
        "  Unapplying b.0003_z... OK",
        "  Pruning c.0009_gone OK",
    ]);
    assert_eq!(migration.applied(), ["a.0001_x", "a.0002_y"]);
    assert_eq!(migration.faked(), ["a.0002_y"]);
    assert_eq!(migration.unapplied(), ["b.0003_z", "c.0009_gone"]);
    assert_eq!(migration.steps[0].seconds, Some(0.012));
    assert_eq!(migration.steps[1].seconds, Some(0.1));
    assert_eq!((migration.failed, migration.recovered), (None, false));
}

#[test]
fn output_of_a_migration_stands_between_its_name_and_its_end() {
    let migration = found(&[
        "  Applying a.0001_x...  recomputing prices",
        "done",
        " OK",
        "  Applying a.0002_y...(3 rows) OK",
        "  Applying a.0003_z...",
        "  Applying a.0004_w... OK",
    ]);
    assert_eq!(migration.applied().len(), 4);
    assert_eq!(migration.steps[0].seconds, Some(0.3));
}

#[test]
fn the_name_of_the_failed_one_comes_after_the_traceback() {
    let migration = found(&[
        "  Applying a.0041_x... OK",
        "  Applying a.0042_y... OK",
        "!",
        "  Applying a.0043_z...",
    ]);
    assert_eq!(migration.failed.as_deref(), Some("a.0043_z"));
    assert!(migration.cut_off);
    assert_eq!(
        migration.stopped_where().as_deref(),
        Some("0041 and 0042 are applied, 0043 failed")
    );
}

#[test]
fn what_another_program_prints_later_does_not_end_a_failed_migration() {
    let migration = found(&[
        "!",
        "  Applying a.0043_z...Daily report",
        "checks OK",
        " OK",
    ]);
    assert_eq!(migration.failed.as_deref(), Some("a.0043_z"));
    let migration = found(&["  Applying a.0043_z...  working", "!", "checks OK"]);
    assert_eq!(migration.failed.as_deref(), Some("a.0043_z"));
}

#[test]
fn a_killed_migration_is_left_open() {
    let migration = found(&["  Applying b.0001_a... OK", "  Applying a.0001_x..."]);
    assert_eq!(migration.steps[1].state, StepState::Open);
    assert_eq!(
        migration.stopped_where().as_deref(),
        Some("b.0001 is applied, a.0001 did not finish")
    );
}

#[test]
fn a_later_attempt_makes_good() {
    let failed = ["!", "  Applying a.0002_y...failed, retrying"];
    let again = ["Operations to perform:", "Running migrations:"];
    let with = |last: &str| found(&[&failed[..], &again[..], &[last]].concat());
    assert!(with("  Applying a.0002_y... OK").recovered);
    assert!(with("  No migrations to apply.").recovered);
    assert_eq!(
        with("  Applying b.0002_y... OK").failed.as_deref(),
        Some("a.0002_y")
    );
    assert_eq!(
        with("  Applying a.0002_y...").failed.as_deref(),
        Some("a.0002_y")
    );
}

#[test]
fn lines_that_only_look_alike_are_no_migration() {
    assert_eq!(
        read(&[
            "  Applying discounts... OK",
            "  Applying a.b... OK",
            "all OK"
        ]),
        None
    );
    assert!(
        read(&["  Applying a.0001_x... OK"]).is_some(),
        "the beginning may be missing"
    );
    for line in [
        "Applying a.0001_x...",
        "  Applying rules to a.b...",
        "OK",
        "OK (fast)",
    ] {
        assert!(!is_migration_line(line), "{line}");
    }
}

#[test]
fn many_migrations_are_counted() {
    let lines: Vec<String> = (1..=9)
        .map(|n| format!("  Applying a.000{n}_x... OK"))
        .collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.extend(["!", "  Applying b.0001_y..."]);
    assert_eq!(
        found(&lines).stopped_where().as_deref(),
        Some("9 migrations up to a.0009 are applied, b.0001 failed")
    );
}
