//! Tests of the catalogue: what a person reads, in each language.

use super::{Sentence, names, texts};
use crate::alert::text::{self, Style};
use crate::alert::{
    Alert, Failure, Kind, Log, Migrations, Place, Standing, Status, Subject, identity,
};
use crate::detect::Note;
use crate::language::Language;
use crate::severity::Severity;
use crate::time::{Timestamp, Zone};

const END: i64 = 1_795_400_192_000;

fn standing(status: Status, occurrences: u64) -> Standing {
    Standing {
        id: identity(&["x"]),
        status,
        severity: Severity::Critical,
        rule: "batch-failures".to_owned(),
        occurrences,
        suppressed: occurrences / 2,
        first_seen: Timestamp(END - 5_400_000),
        last_seen: Timestamp(END),
        remarks: Vec::new(),
    }
}

fn failed() -> Subject {
    Subject {
        stage: Some("production".to_owned()),
        service: Some("batch".to_owned()),
        kind: Kind::Batch,
        name: Some("sync-reservations".to_owned()),
        outcome: Some("failed".to_owned()),
        cause: Some("exception".to_owned()),
        duration: Some(192.0),
        exit_code: Some(1),
        error: Some(Failure {
            kind: Some("KeyError".to_owned()),
            message: Some("'price'".to_owned()),
            culprit: Some("sync_rates (booking/sync.py:88)".to_owned()),
            ..Failure::default()
        }),
        log: Log {
            group: "/ecs/production-batch".to_owned(),
            stream: "ecs/batch/1".to_owned(),
            ..Log::default()
        },
        ..Subject::default()
    }
}

fn without_error() -> Subject {
    Subject {
        error: None,
        ..failed()
    }
}

fn in_japanese(subject: Subject, status: Status, occurrences: u64) -> Alert {
    Alert::new(
        subject,
        standing(status, occurrences),
        Place::default(),
        Language::Japanese,
    )
}

#[track_caller]
fn check(subject: Subject, title: &str, summary: &str) {
    let alert = in_japanese(subject, Status::Firing, 1);
    assert_eq!(
        (alert.title.as_str(), alert.summary.as_str()),
        (title, summary)
    );
}

#[test]
fn a_failed_batch() {
    check(
        failed(),
        "sync-reservations は3分12秒後に失敗しました: KeyError: 'price'、発生箇所 sync_rates (booking/sync.py:88)",
        "終了コードは 1 です。",
    );
    let again = in_japanese(failed(), Status::Repeat, 3);
    assert!(
        again
            .title
            .starts_with("sync-reservations はまた(3 回連続で)3分12秒後に失敗しました: "),
        "{}",
        again.title
    );
    assert_eq!(
        again.summary,
        "終了コードは 1 です。1時間30分に 3 回発生し、そのうち前回の通知以降の 1 回は個別に通知していません。"
    );
    let over = in_japanese(without_error(), Status::Resolved, 3);
    assert_eq!(
        over.title,
        "sync-reservations は復旧しました(失敗 3 回の後)"
    );
    assert_eq!(over.summary, "最後の実行の所要時間は3分12秒でした。");
}

#[test]
fn reasons_without_an_error() {
    let with = |cause: &str, code: i64| Subject {
        cause: Some(cause.to_owned()),
        exit_code: Some(code),
        events: 12,
        ..without_error()
    };
    for (cause, code, why) in [
        ("oom", 137, "メモリ不足で強制終了(終了コード 137)"),
        (
            "spot",
            143,
            "Fargate Spot の容量が回収された(終了コード 143)",
        ),
        ("stopped", 143, "停止された(終了コード 143)"),
        ("signal", 139, "SIGSEGV で強制終了(終了コード 139)"),
        ("exit_code", 2, "終了コード 2、ログに原因の記録なし"),
    ] {
        let title = format!("sync-reservations は3分12秒後に失敗しました: {why}");
        check(with(cause, code), &title, "ログを 12 行出力しました。");
    }
}

#[test]
fn a_migration() {
    let with = |outcome: &str, failed: Option<&str>| Subject {
        kind: Kind::Migration,
        name: Some("migrate".to_owned()),
        outcome: Some(outcome.to_owned()),
        migration: Some(Migrations {
            applied: vec!["a.1".to_owned(), "a.2".to_owned()],
            unapplied: Vec::new(),
            failed: failed.map(str::to_owned),
        }),
        ..without_error()
    };
    check(
        with("succeeded", None),
        "migrate は a.1、a.2 を適用しました(所要時間 3分12秒)",
        "適用済み: a.1、a.2。",
    );
    check(
        with("failed", Some("a.3")),
        "migrate は3分12秒後に a.3 で失敗しました: 終了コード 1、ログに原因の記録なし",
        "適用済み: a.1、a.2、失敗: a.3。",
    );
}

#[test]
fn an_error_of_a_service() {
    let error = || Subject {
        kind: Kind::Error,
        service: Some("webapp".to_owned()),
        outcome: None,
        exit_code: None,
        ..failed()
    };
    check(
        error(),
        "webapp で新しいエラー: KeyError: 'price'、発生箇所 sync_rates (booking/sync.py:88)",
        "記録元は /ecs/production-batch, ecs/batch/1 です。",
    );
    let often = in_japanese(error(), Status::Repeat, 1000);
    assert!(
        often.title.starts_with("webapp で1,000 回発生: "),
        "{}",
        often.title
    );
}

#[test]
fn notes_and_remarks() {
    let say = |language, sentence: &Sentence<'_>| texts(language).sentence(sentence);
    for language in Language::ALL {
        for note in [
            Note::MigrationNotApplied,
            Note::CrashHidden("KeyError: 1".to_owned()),
            Note::OthersWentOn("KeyError: 1".to_owned()),
        ] {
            let said = say(language, &Sentence::Note(&note));
            assert!(said.ends_with(['.', '。']), "{said}");
        }
    }
    let silenced = Sentence::Silenced(2, "負荷試験");
    assert_eq!(
        say(Language::Japanese, &silenced),
        "通知の停止中(負荷試験)に 2 回発生しました。"
    );
    assert_eq!(
        say(Language::English, &silenced),
        "2 times it was not told because of a silence (負荷試験)."
    );
}

#[test]
fn lists_are_cut() {
    let all: Vec<String> = (1..=7).map(|number| format!("a.{number}")).collect();
    let list = |language| names(texts(language), &all);
    assert_eq!(
        list(Language::English),
        "a.1, a.2, a.3, a.4, a.5 and 2 more"
    );
    assert_eq!(
        list(Language::Japanese),
        "a.1、a.2、a.3、a.4、a.5 ほか 2 件"
    );
}

#[test]
fn labels_keep_their_column() {
    let alert = in_japanese(failed(), Status::Repeat, 3);
    let zone = Zone::named("Asia/Tokyo").expect("a known zone");
    insta::assert_snapshot!(text::full(&alert, &Style::plain(&zone)), @r"
    2026-11-23 11:16:32  重大(再通知)  production  batch
      sync-reservations はまた(3 回連続で)3分12秒後に失敗しました: KeyError: 'price'、発生箇所 sync_rates (booking/sync.py:88)
      終了コードは 1 です。1時間30分に 3 回発生し、そのうち前回の通知以降の 1 回は個別に通知していません。
      ログ     /ecs/production-batch  ecs/batch/1
      表示     logq show 1 --stage production
    ");
}

#[test]
fn a_time_that_is_not_known_is_none() {
    for (language, word) in [
        (Language::English, "time unknown"),
        (Language::Japanese, "時刻不明"),
    ] {
        let timeless = Standing {
            first_seen: Timestamp(0),
            last_seen: Timestamp(0),
            ..standing(Status::Firing, 1)
        };
        let alert = Alert::new(failed(), timeless, Place::default(), language);
        let text = text::full(&alert, &Style::plain(&Zone::utc()));
        assert!(text.starts_with(word), "{text}");
        assert!(!text.contains("1970"), "{text}");
    }
}
