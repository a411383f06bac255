//! No log text makes a message too long, broken or dangerous, and no secret leaves in one.

use proptest::prelude::*;

use super::checks::*;
use super::*;

#[test]
fn half_a_token_in_a_quotation_does_not_leave() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let mut subject = failed_batch();
    subject.name = Some("sync".to_owned());
    let message = format!("{} {token}", "x".repeat(145));
    subject.error.as_mut().expect("it has one").message = Some(message);
    let alert = made(subject, Status::Firing, Severity::Critical);
    assert!(
        alert.title.contains(&token[..8]),
        "the title quotes half of it"
    );
    let sent = all_payloads(&Redactor::new(&[]).alert(alert));
    assert!(!sent.contains(&token[..8]), "{sent}");
}

#[test]
fn redaction_leaves_what_tells_alerts_apart() {
    for alert in [
        made(failed_batch(), Status::Firing, Severity::Critical),
        repeated(),
        resolved(),
    ] {
        assert_eq!(Redactor::new(&[]).alert(alert.clone()), alert);
    }
}

fn hostile_text() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        "<!channel>",
        "<@U123>",
        "<https://x|y>",
        "&amp;",
        "&",
        "<",
        ">",
        "```",
        "``",
        "`",
        "*",
        "_",
        "~",
        "|",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{1b}[2J",
        "\u{202e}",
        "\u{2028}",
        "\u{fffd}",
        "é",
        "e\u{301}",
        "予約",
        "👨‍👩‍👧‍👦",
        "🇯🇵",
        "\u{10ffff}",
        "a",
        " ",
        "{}",
        "%s",
        "Traceback",
        "&lt;",
        "'",
    ];
    let piece = prop::sample::select(pieces);
    (prop::collection::vec(piece, 0..12), 1..400_usize, ".{0,20}")
        .prop_map(|(pieces, times, tail)| format!("{}{tail}", pieces.concat().repeat(times)))
}

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(Language::ALL.to_vec())
}

fn hostile_alert() -> impl Strategy<Value = Alert> {
    let texts = prop::collection::vec(prop::option::of(hostile_text()), 14);
    let whole = (
        0..4_usize,
        0..3_usize,
        any::<u64>(),
        any::<bool>(),
        language(),
    );
    (texts, whole).prop_map(|(mut texts, (kind, status, count, is_run, language))| {
        let mut text = || texts.pop().flatten();
        let kinds = [Kind::Batch, Kind::Migration, Kind::Task, Kind::Error];
        let error = Failure {
            kind: text(),
            message: text(),
            culprit: text(),
            traceback: text(),
            fingerprint: text(),
            grouped_by: text(),
        };
        let subject = Subject {
            stage: text(),
            service: text(),
            kind: kinds[kind],
            name: text(),
            outcome: is_run.then(|| "failed".to_owned()),
            exit_code: Some(1),
            error: Some(error),
            migration: text().map(|name| Migrations {
                applied: vec![name.clone(); 20],
                unapplied: vec![name.clone()],
                failed: Some(name),
            }),
            stop_reason: text(),
            note: text().map(Note::CrashHidden),
            log: Log {
                group: text().unwrap_or_default(),
                stream: text().unwrap_or_default(),
                ..Log::default()
            },
            ..Subject::default()
        };
        let all = [Status::Firing, Status::Repeat, Status::Resolved];
        let standing = Standing {
            occurrences: count,
            suppressed: count / 2,
            ..standing(all[status], Severity::Error)
        };
        Alert::new(subject, standing, place(), language)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_log_text_makes_a_message_too_long_broken_or_dangerous(alert in hostile_alert()) {
        check_all(&alert);
        check_all(&Redactor::new(&[]).alert(alert));
    }

    #[test]
    fn no_storm_makes_a_message_too_long_broken_or_dangerous(
        stage in hostile_text(),
        command in hostile_text(),
        kinds in prop::collection::vec((hostile_text(), any::<u64>()), 0..30),
        language in language(),
    ) {
        let storm = Storm { language, stage, kinds, command, ..many() };
        let message = slack::storm(&storm, &zone());
        check_slack(&message);
        check_entities(&message);
        check_publication(&sns::storm(&storm, &zone()));
        check_amazon_q(&amazon_q::storm(&storm, &zone()));
    }

    #[test]
    fn a_planted_secret_is_in_no_payload(
        (secret, text) in planted(),
        place in 0..6_usize,
        before in "[a-z ]{0,180} ",
    ) {
        let mut subject = failed_batch();
        let text = format!("{before}{text}");
        let error = subject.error.as_mut().expect("it has one");
        match place {
            0 => error.message = Some(text),
            1 => error.traceback = Some(format!("Traceback\n  x\nError: {text}\n")),
            2 => error.culprit = Some(text),
            3 => error.grouped_by = Some(text),
            4 => subject.note = Some(Note::OthersWentOn(text)),
            _ => {
                subject.error = None;
                subject.exit_code = None;
                subject.stop_reason = Some(text);
            }
        }
        let alert = made(subject, Status::Firing, Severity::Critical);
        let sent = all_payloads(&Redactor::new(&[]).alert(alert));
        prop_assert!(!sent.contains(&secret), "{sent}");
        prop_assert!(!sent.contains(&secret[..8]), "{sent}");
    }
}
