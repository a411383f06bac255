//! What looks alike in every sink, and in each language.

use super::checks::*;
use super::*;

#[test]
fn what_works_again_in_slack_and_mail() {
    let alert = resolved();
    insta::assert_snapshot!(read(&slack::message(&alert, &zone())), @r"
    text: Resolved production batch: sync-reservations works again, after 3 failures
    header:
      sync-reservations works again, after 3 failures
    context:
      ✅ *Resolved* · production · batch · 2026-11-23 11:16:32 JST
    section:
      The last run took 3 min 12 s.
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      *First seen*
      2026-11-23 09:46:32 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    ");
    insta::assert_snapshot!(read(&slack::follow_up(&alert, &zone())), @r"
    text: Resolved production batch: sync-reservations works again, after 3 failures
    section:
      ✅ Resolved: sync-reservations works again, after 3 failures
    section:
      The last run took 3 min 12 s.
    context:
      ✅ *Resolved* · production · batch · 2026-11-23 11:16:32 JST
    ");
    insta::assert_snapshot!(mail(&sns::publication(&alert, &zone())), @r"
    [Resolved production] sync-reservations works again, after 3 failures

    2026-11-23 11:16:32  info, resolved  production  batch
      sync-reservations works again, after 3 failures
      The last run took 3 min 12 s.
      lines    /ecs/production-batch  ecs/batch/1cf0d28e12e9289741cd041d467ee616
      show     logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      console  https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900
      runbook  https://wiki.example.com/sync?a=1&b=2
      owner    booking team

    Times are in JST. Alert 6812f5df28c23f640c301967ab134ab7 of the rule batch-failures.
    ");
}

#[test]
fn a_storm_everywhere() {
    let message = slack::storm(&many(), &zone());
    check_slack(&message);
    insta::assert_snapshot!(read(&message), @r"
    text: Critical: Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all
    header:
      Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all
    context:
      🛑 *Critical* · 2026-11-23 11:15:32 JST to 2026-11-23 11:16:32 JST
    section:
      They have no messages of their own. Everything is counted, and nothing is lost; the worst is critical.
    section:
      900× New error in webapp: E0 &lt;!channel&gt;
      899× New error in webapp: E1 &lt;!channel&gt;
      898× New error in webapp: E2 &lt;!channel&gt;
      897× New error in webapp: E3 &lt;!channel&gt;
      896× New error in webapp: E4 &lt;!channel&gt;
      895× New error in webapp: E5 &lt;!channel&gt;
      894× New error in webapp: E6 &lt;!channel&gt;
      893× New error in webapp: E7 &lt;!channel&gt;
      892× New error in webapp: E8 &lt;!channel&gt;
      891× New error in webapp: E9 &lt;!channel&gt;
      and 2 other kinds
    section:
      To see them:
      ```
      logq replay --stage production --since 2026-11-23T02:15:32Z
      ```
    ");
    let publication = sns::storm(&many(), &zone());
    check_publication(&publication);
    insta::assert_snapshot!(mail(&publication), @r"
    [Critical production] Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all

    2026-11-23 11:16:32 JST  critical
      Storm in production: 1,234 alerts within 1 min, 10,000 occurrences in all
      They have no messages of their own. Everything is counted, and nothing is lost; the worst is critical.

        900× New error in webapp: E0 <!channel>
        899× New error in webapp: E1 <!channel>
        898× New error in webapp: E2 <!channel>
        897× New error in webapp: E3 <!channel>
        896× New error in webapp: E4 <!channel>
        895× New error in webapp: E5 <!channel>
        894× New error in webapp: E6 <!channel>
        893× New error in webapp: E7 <!channel>
        892× New error in webapp: E8 <!channel>
        891× New error in webapp: E9 <!channel>
        and 2 other kinds

      show     logq replay --stage production --since 2026-11-23T02:15:32Z
    ");
    check_amazon_q(&amazon_q::storm(&many(), &zone()));
}

/// The pictures in the documentation are drawn from this file, so it has to be what is sent.
#[test]
fn the_samples_of_the_documentation_are_what_is_sent() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/images/alerts.json");
    let zone = zone();
    let failed = made(failed_batch(), Status::Firing, Severity::Critical);
    let stopped = made(
        migration(Some("rates.0043_z")),
        Status::Firing,
        Severity::Critical,
    );
    let migrated = made(migration(None), Status::Firing, Severity::Info);
    let new = made(web_error(), Status::Firing, Severity::Error);
    let mut slack = serde_json::Map::new();
    for (name, alert) in [
        ("failed-batch", &failed),
        ("failed-migration", &stopped),
        ("migrated", &migrated),
        ("new-error", &new),
        ("repeat", &repeated()),
        ("resolved", &resolved()),
    ] {
        slack.insert(name.to_owned(), slack::message(alert, &zone));
    }
    let mut storm = many();
    let errors = [
        ("OperationalError: connection refused", 6120),
        ("KeyError: 'price'", 12),
    ];
    storm.kinds = errors
        .map(|(error, times)| (format!("New error in webapp: {error}"), times))
        .into();
    slack.insert("storm".to_owned(), slack::storm(&storm, &zone));
    let details = slack::details(&failed, &zone).expect("it has a traceback");
    slack.insert("thread-details".to_owned(), details);
    slack.insert(
        "thread-resolved".to_owned(),
        slack::follow_up(&resolved(), &zone),
    );
    let samples = format!("{:#}\n", Value::Object(slack));
    if std::env::var_os("LOGQ_WRITE_SAMPLES").is_some() {
        std::fs::write(path, &samples).expect("written");
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/alerts.md");
    let page = std::fs::read_to_string(page).expect("a readable file");
    let json = serde_json::to_string_pretty(&failed).expect("all members have a JSON form");
    for part in [mail(&sns::publication(&failed, &zone)), json] {
        assert!(
            page.contains(&part),
            "docs/alerts.md does not have:\n{part}"
        );
    }
    let kept = std::fs::read_to_string(path).expect("a readable file");
    assert!(
        kept == samples,
        "docs/images/alerts.json is old: run this test with LOGQ_WRITE_SAMPLES=1, then docs/images/render.py"
    );
}

/// Returns the alert as it is told in Japanese.
fn japanese(subject: Subject, status: Status) -> Alert {
    let standing = Standing {
        occurrences: 3,
        ..standing(status, Severity::Critical)
    };
    Alert::new(subject, standing, place(), Language::Japanese)
}

#[test]
fn an_alert_is_told_in_japanese_but_for_the_subject() {
    let alert = japanese(failed_batch(), Status::Repeat);
    check_all(&alert);
    let sent = sns::publication(&alert, &zone());
    assert!(sent.subject.is_ascii(), "{}", sent.subject);
    assert!(
        sent.subject
            .starts_with("[Critical production] sync-reservations: batch failed KeyError"),
        "{}",
        sent.subject
    );
    for text in [
        sent.message,
        slack::message(&alert, &zone()).to_string(),
        amazon_q::message(&alert, &zone()),
    ] {
        for word in ["重大", "失敗しました", "終了コードは 1 です。"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        for word in ["Critical", "exit code", "To see", "Times are"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    let thread = slack::details(&alert, &zone()).expect("there are details");
    assert!(thread.to_string().contains("ロググループ: "), "{thread}");
}

#[test]
fn a_storm_is_told_in_japanese() {
    let storm = Storm {
        language: Language::Japanese,
        ..many()
    };
    let sent = sns::storm(&storm, &zone());
    check_publication(&sent);
    assert!(
        sent.subject.contains("Storm in production"),
        "{}",
        sent.subject
    );
    for text in [
        sent.message,
        slack::storm(&storm, &zone()).to_string(),
        amazon_q::storm(&storm, &zone()),
    ] {
        assert!(text.contains("アラートが集中"), "{text}");
        assert!(!text.contains("Storm"), "{text}");
    }
}

#[test]
fn long_japanese_texts_keep_every_limit() {
    let mut subject = failed_batch();
    let error = subject.error.as_mut().expect("it has one");
    error.message = Some("予約".repeat(40_000));
    error.traceback = Some("予約を同期できません\n".repeat(20_000));
    subject.stop_reason = Some("停止".repeat(2_000));
    for status in [Status::Firing, Status::Repeat, Status::Resolved] {
        check_all(&japanese(subject.clone(), status));
    }
}

#[test]
fn a_time_that_is_not_known_is_told_as_such() {
    for language in Language::ALL {
        let timeless = Standing {
            first_seen: Timestamp(0),
            last_seen: Timestamp(0),
            occurrences: 3,
            ..standing(Status::Repeat, Severity::Critical)
        };
        let subject = Subject {
            started: None,
            ..web_error()
        };
        let alert = Alert::new(subject, timeless, Place::default(), language);
        let sent = all_payloads(&alert);
        assert!(!sent.contains("1970-01-01 "), "{sent}");
    }
    let storm = Storm {
        since: Timestamp(0),
        until: Timestamp(0),
        ..many()
    };
    let sent = sns::storm(&storm, &zone()).message;
    assert!(sent.starts_with("time unknown  "), "{sent}");
}
