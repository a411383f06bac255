use super::*;

/// Checks a query for events, and returns the verdicts with their codes and the text they point at.
fn check_for(text: &str, messages: &[&str]) -> Vec<String> {
    let mut seen = Seen::default();
    for message in messages {
        seen.add(message);
    }
    let findings = check(text, Table::Events, &seen);
    let one = |one: &Finding| {
        let mark = match one.verdict {
            Verdict::Refused => "!",
            Verdict::Doubt => "?",
        };
        let span = one.diagnostic.span.clone();
        format!("{mark}{} {}", one.diagnostic.code.0, &text[span])
    };
    findings.iter().map(one).collect()
}

#[track_caller]
fn check_one(text: &str, expected: &[&str]) {
    assert_eq!(check_for(text, &[]), expected, "{text}");
}

#[test]
fn plain_queries_are_portable() {
    for text in [
        "filter levelname = \"ERROR\" | sort @timestamp desc | limit 20",
        "stats count(*) as n by levelname, bin(1h) as t | sort n desc, t asc",
        "parse @message \"[*] *\" as level, text | display level | limit 5",
        "fields @message, strlen(@message) as length | sort length desc | limit 1",
    ] {
        check_one(text, &[]);
    }
}

#[test]
fn what_only_this_program_has_is_refused() {
    check_one("filter @level = 'ERROR' | limit 5", &["!Q070 @level"]);
    check_one("stats count(*) by @error.type", &["!Q070 @error.type"]);
    let findings = check("filter kind = 'batch'", Table::Runs, &Seen::default());
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].verdict, Verdict::Refused);
}

#[test]
fn what_only_the_service_has_is_no_matter() {
    check_one("filter status > 1 | estimate", &[]);
    check_one("filter @entity.KeyAttributes.Name = 'a' | limit 1", &[]);
    check_one("relevantfields path where status >= 500", &[]);
}

#[test]
fn mistakes_are_refused_as_anywhere() {
    check_one("filter a == 1", &["!Q006 =="]);
    check_one("fields lower(a) | limit 1", &["!Q020 lower"]);
}

#[test]
fn names_that_events_have_are_taken() {
    check_one(
        "filter status > 1 | parse @message \"s=*\" as status | limit 1",
        &["!Q071 status"],
    );
    check_one("fields tolower(name) as name | limit 1", &["!Q071 name"]);
    check_one("stats count(*) as n by bin(1h) as @timestamp", &[]);
    check_one(
        "stats count(*) as n by path | fields path as n2 | limit 1",
        &[],
    );
    let text = "parse @message /(?<status>[0-9]+)/ | limit 1";
    assert_eq!(check_for(text, &[]), [""; 0]);
    assert_eq!(
        check_for(text, &["{\"status\": 1}"]),
        ["!Q071 /(?<status>[0-9]+)/"]
    );
}

#[test]
fn booleans_are_numbers() {
    check_one("filter hit = true | limit 1", &["?Q072 hit = true"]);
    let text = "filter hit = \"true\" | limit 1";
    assert_eq!(check_for(text, &["{\"hit\": \"true\"}"]), [""; 0]);
    assert_eq!(
        check_for(text, &["{\"hit\": true}"]),
        ["?Q072 hit = \"true\""]
    );
}

#[test]
fn negative_conditions_want_a_guard() {
    check_one("filter a != 1 | limit 1", &["?Q073 a != 1"]);
    check_one("filter a not in [1] | limit 1", &["?Q073 a not in [1]"]);
    check_one(
        "filter b = 1 and a not like 'x' | limit 1",
        &["?Q073 a not like 'x'"],
    );
    for guarded in [
        "filter not ispresent(a) or a != 1 | limit 1",
        "filter ispresent(a) | filter a != 1 | limit 1",
        "filter a > 0 and a != 1 | limit 1",
        "filter @message not like 'x' | limit 1",
        "stats count(*) as n by a | filter n != 1",
    ] {
        check_one(guarded, &[]);
    }
    assert_eq!(
        check_for("filter a != 1 | limit 1", &["{\"a\": 2}"]),
        [""; 0]
    );
}

#[test]
fn fields_that_are_not_found_are_doubted() {
    let text = "filter last = 1 | limit 1";
    let members: Vec<String> = (0..200).map(|at| format!("\"f{at}\": 1")).collect();
    let wide = format!("{{{}, \"last\": 1}}", members.join(", "));
    assert_eq!(check_for(text, &[&wide]), ["?Q074 last"]);
    assert_eq!(check_for(text, &["INFO {\"last\": 1}"]), ["?Q075 last"]);
    assert_eq!(check_for(text, &["{\"last\": 1, \"x"]), ["?Q075 last"]);
    assert_eq!(check_for(text, &["plain"]), [""; 0]);
}

#[test]
fn commands_that_differ_are_doubted() {
    check_one(
        "pattern @message",
        &["?Q076 pattern", "?Q078 pattern @message"],
    );
    check_one("filterIndex a = 1 | limit 1", &["?Q077 filterIndex"]);
    check_one("fields a", &["?Q079 fields a"]);
    check_one("lookup users id OUTPUT name | limit 1", &["?Q081 lookup"]);
    check_one(
        "stats pct(a, 95), count_distinct(b)",
        &["?Q076 pct", "?Q076 count_distinct"],
    );
    check_one(
        "stats count(*) as n by a | stats count(*) as m by n | stats count(*) by m",
        &["?Q078 stats count(*) by m"],
    );
    check_one("stats count(*) by bin(90m)", &["?Q050 90m"]);
}

#[test]
fn what_is_not_documented_is_doubted() {
    check_one("stats count(*) as n by a | sort n", &["?Q080 n"]);
    check_one("stats count(*) as n by a | sort n DESC", &[]);
    check_one("stats count(*) by bin(1w)", &["?Q080 1w"]);
    check_one("parse @message /(a+)/ as x | limit 1", &["?Q080 x"]);
    check_one(
        "filter strcontains(a, 'b', true) | limit 1",
        &["?Q080 true"],
    );
    check_one("stats count(*) by bin(1d) offset 9h", &["?Q080 9h"]);
}

#[test]
fn queries_inside_are_checked_too() {
    check_one(
        "filter a in (SOURCE '/x' | filter @level = 'ERROR' | fields a | limit 5) | limit 1",
        &["!Q070 @level"],
    );
}
