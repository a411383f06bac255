//! What SNS sends as mail.

use super::checks::*;
use super::*;

#[test]
fn a_failed_batch_in_mail() {
    let alert = made(failed_batch(), Status::Firing, Severity::Critical);
    let publication = sns::publication(&alert, &zone());
    insta::assert_snapshot!(mail(&publication), @r#"
    [Critical production] sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates...

    2026-11-23 11:16:32  critical  production  batch
      sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
      The exit code is 1.
        Traceback (most recent call last):
          File "/app/booking/sync.py", line 88, in sync_rates
            total += row['price']
        KeyError: 'price'
      lines    /ecs/production-batch  ecs/batch/1cf0d28e12e9289741cd041d467ee616
      show     logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      console  https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900
      runbook  https://wiki.example.com/sync?a=1&b=2
      owner    booking team

    Times are in JST. Alert 6812f5df28c23f640c301967ab134ab7 of the rule batch-failures.
    "#);
    let attributes: BTreeMap<_, _> = publication.attributes.into_iter().collect();
    insta::assert_snapshot!(format!("{attributes:?}"), @r#"{"kind": "batch", "rule": "batch-failures", "service": "batch", "severity": "critical", "stage": "production", "status": "firing"}"#);
}

#[test]
fn a_subject_tells_something_in_any_language() {
    let mut subject = failed_batch();
    subject.name = Some("予約同期".to_owned());
    let error = subject.error.as_mut().expect("it has one");
    error.message = Some("料金がありません".to_owned());
    let alert = made(subject, Status::Firing, Severity::Critical);
    let subject = sns::publication(&alert, &zone()).subject;
    insta::assert_snapshot!(subject, @"[Critical production] batch failed KeyError (alert 6812f5df): .. failed after 3 min 12 s: KeyErr...");
    let mut nothing = alert.clone();
    nothing.title = "料金がありません".to_owned();
    nothing.subject = Subject::default();
    insta::assert_snapshot!(sns::publication(&nothing, &zone()).subject, @"[Critical] error logged (alert 6812f5df): ..");
    let full_width = Subject {
        name: Some("ＳＹＮＣ".to_owned()),
        error: None,
        ..failed_batch()
    };
    let alert = made(full_width, Status::Firing, Severity::Critical);
    insta::assert_snapshot!(sns::publication(&alert, &zone()).subject, @"[Critical production] SYNC failed after 3 min 12 s: exit code 1, and the log does not say why");
}

#[test]
fn long_texts_are_cut_with_a_note() {
    let mut subject = failed_batch();
    let error = subject.error.as_mut().expect("it has one");
    error.traceback = Some("é".repeat(1_000_000));
    let alert = made(subject, Status::Firing, Severity::Critical);
    check_all(&alert);
    let message = sns::publication(&alert, &zone()).message;
    assert!(
        message.contains("… [998,001 characters cut]"),
        "{}",
        message.len()
    );

    let mut alert = resolved();
    alert.links.runbook = Some("é".repeat(300_000));
    check_all(&alert);
    let message = sns::publication(&alert, &zone()).message;
    assert_eq!(message.len(), sns::LONGEST_MESSAGE);
    assert!(message.ends_with(&format!("[cut here; to see all: {}]", alert.command)));
}
