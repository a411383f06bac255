//! What Amazon Q Developer is sent.

use super::*;

#[test]
fn a_failed_batch_in_amazon_q() {
    let alert = made(failed_batch(), Status::Firing, Severity::Critical);
    let document: Value = serde_json::from_str(&amazon_q::message(&alert, &zone())).expect("JSON");
    insta::assert_snapshot!(format!("{document:#}"), @r#"
    {
      "content": {
        "description": "production · batch · 2026-11-23 11:16:32 JST\nThe exit code is 1.\nOwner: booking team\nStarted: 2026-11-23 11:13:20 JST\n```\nTraceback (most recent call last):\n  File \"/app/booking/sync.py\", line 88, in sync_rates\n    total += row['price']\nKeyError: 'price'\n```",
        "keywords": [
          "production",
          "batch",
          "critical",
          "batch-failures"
        ],
        "nextSteps": [
          "`logq show 1cf0d28e12e9289741cd041d467ee616 --stage production`",
          "<https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Read the lines>",
          "<https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Query the lines>",
          "<https://wiki.example.com/sync?a=1&amp;b=2|Follow the runbook>"
        ],
        "textType": "client-markdown",
        "title": "🛑 Critical: sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)"
      },
      "id": "6812f5df28c23f640c301967ab134ab7",
      "metadata": {
        "eventType": "logq firing",
        "summary": "sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)",
        "threadId": "abf09d08b7170115a12eb6b807f3fa21"
      },
      "source": "custom",
      "version": "1.0"
    }
    "#);
}

#[test]
fn a_failure_its_repeats_and_its_end_share_a_thread() {
    let thread = |alert: &Alert| {
        let document: Value =
            serde_json::from_str(&amazon_q::message(alert, &zone())).expect("JSON");
        document["metadata"]["threadId"].clone()
    };
    let failed = made(failed_batch(), Status::Firing, Severity::Critical);
    assert_eq!(thread(&failed), thread(&resolved()));
    assert_ne!(thread(&failed), thread(&repeated()));
}
