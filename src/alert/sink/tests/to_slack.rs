//! What is sent to Slack.

use super::checks::*;
use super::*;

#[test]
fn a_failed_batch_in_slack() {
    let alert = made(failed_batch(), Status::Firing, Severity::Critical);
    insta::assert_snapshot!(read(&slack::message(&alert, &zone())), @r#"
    text: Critical production batch: sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      🛑 *Critical* · production · batch · 2026-11-23 11:16:32 JST
    section:
      The exit code is 1.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    let details = slack::details(&alert, &zone()).expect("it has a traceback");
    insta::assert_snapshot!(read(&details), @r#"
    text: Details of: sync-reservations failed after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    section:
      The error:
      ```
      KeyError: 'price'
      ```
    section:
      The traceback, its last lines:
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      In: sync_rates (booking/sync.py:88)
      Log group: /ecs/production-batch
      Log stream: ecs/batch/1cf0d28e12e9289741cd041d467ee616
      Last seen: 2026-11-23 11:16:32 JST
      Grouped by: KeyError in booking/sync.py sync_rates
      Alert: 6812f5df28c23f640c301967ab134ab7
    "#);
}

#[test]
fn migrations_in_slack_and_mail() {
    let failed = made(
        migration(Some("rates.0043_z")),
        Status::Firing,
        Severity::Critical,
    );
    insta::assert_snapshot!(read(&slack::message(&failed, &zone())), @r#"
    text: Critical production batch: migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      🛑 *Critical* · production · batch · 2026-11-23 11:16:32 JST
    section:
      rates.0041_x and rates.0042_y are applied, rates.0043_z failed. The exit code is 1.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    insta::assert_snapshot!(sns::publication(&failed, &zone()).subject, @"[Critical production] migrate failed at rates.0043_z after 3 min 12 s: KeyError: 'price' in sync...");
    let well = made(migration(None), Status::Firing, Severity::Info);
    insta::assert_snapshot!(read(&slack::message(&well, &zone())), @r"
    text: Info production batch: migrate applied rates.0041_x and rates.0042_y in 3 min 12 s
    header:
      migrate applied rates.0041_x and rates.0042_y in 3 min 12 s
    context:
      ℹ️ *Info* · production · batch · 2026-11-23 11:16:32 JST
    section:
      rates.0041_x and rates.0042_y are applied.
    section:
      *Owner*
      booking team
    section:
      *Started*
      2026-11-23 11:13:20 JST
    section:
      To see it:
      ```
      logq show 1cf0d28e12e9289741cd041d467ee616 --stage production
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-batch/log-events/ecs$252Fbatch$252F1cf0d28e12e9289741cd041d467ee616$3Fstart$3D1795399999900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a08*3a20.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fbatch*2f1cf0d28e12e9289741cd041d467ee616*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-batch))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    ");
    assert_eq!(slack::details(&well, &zone()), None);
}

#[test]
fn a_new_error_and_its_repeat_in_slack() {
    let new = made(web_error(), Status::Firing, Severity::Error);
    insta::assert_snapshot!(read(&slack::message(&new, &zone())), @r#"
    text: Error production webapp: New error in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      New error in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      ❌ *Error* · production · webapp · 2026-11-23 11:16:32 JST
    section:
      Logged by /ecs/production-webapp, ecs/webapp/5d1e0c7a9b3f48e2a6c4d8f01b2e3a47.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      To see it:
      ```
      logq errors fingerprint=v1:abc --stage production --since 2026-11-23T02:16:32Z
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-webapp/log-events/ecs$252Fwebapp$252F5d1e0c7a9b3f48e2a6c4d8f01b2e3a47$3Fstart$3D1795400191900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a11*3a32.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fwebapp*2f5d1e0c7a9b3f48e2a6c4d8f01b2e3a47*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-webapp))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    insta::assert_snapshot!(read(&slack::message(&repeated(), &zone())), @r#"
    text: Error production webapp: 1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    header:
      1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    context:
      ❌ *Error* · told again · production · webapp · 2026-11-23 11:16:32 JST
    section:
      It has been logged 1,000 times in 1 h 30 min, 899 of them since the last alert without one of its own. Logged by /ecs/production-webapp, ecs/webapp/5d1e0c7a9b3f48e2a6c4d8f01b2e3a47.
    section:
      ```
      Traceback (most recent call last):
        File "/app/booking/sync.py", line 88, in sync_rates
          total += row['price']
      KeyError: 'price'
      ```
    section:
      *Owner*
      booking team
    section:
      *First seen*
      2026-11-23 09:46:32 JST
    section:
      To see it:
      ```
      logq errors fingerprint=v1:abc --stage production --since 2026-11-23T00:46:32Z
      ```
    section:
      <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:log-groups/log-group/$252Fecs$252Fproduction-webapp/log-events/ecs$252Fwebapp$252F5d1e0c7a9b3f48e2a6c4d8f01b2e3a47$3Fstart$3D1795400191900|Log lines> · <https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#logsV2:logs-insights$3FqueryDetail$3D~(end~'2026-11-23T02*3a21*3a32.000Z~start~'2026-11-23T02*3a11*3a32.000Z~timeType~'ABSOLUTE~tz~'UTC~editorString~'fields*20*40timestamp*2c*20*40message*0a*7c*20filter*20*40logStream*20*3d*20*22ecs*2fwebapp*2f5d1e0c7a9b3f48e2a6c4d8f01b2e3a47*22*0a*7c*20sort*20*40timestamp*20asc*0a*7c*20limit*201000~source~(~'*2fecs*2fproduction-webapp))|Logs Insights> · <https://wiki.example.com/sync?a=1&amp;b=2|Runbook>
    "#);
    insta::assert_snapshot!(read(&slack::follow_up(&repeated(), &zone())), @r"
    text: Error production webapp: 1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    section:
      ❌ Error: 1,000 times in webapp: KeyError: 'price' in sync_rates (booking/sync.py:88)
    section:
      It has been logged 1,000 times in 1 h 30 min, 899 of them since the last alert without one of its own. Logged by /ecs/production-webapp, ecs/webapp/5d1e0c7a9b3f48e2a6c4d8f01b2e3a47.
    context:
      ❌ *Error* · told again · production · webapp · 2026-11-23 11:16:32 JST
    ");
}

#[test]
fn links_that_lead_nowhere_are_left_out() {
    let mut alert = resolved();
    alert.links.runbook = Some("javascript:alert(1)".to_owned());
    alert.links.insights = Some(format!("https://x/{}", "a".repeat(3_000)));
    alert.links.console = Some("https://x/a|b>c<!channel>&d".to_owned());
    let message = slack::message(&alert, &zone());
    check_slack(&message);
    assert!(!message.to_string().contains("javascript"));
    assert!(
        message
            .to_string()
            .contains("<https://x/a%7Cb%3Ec%3C!channel%3E&amp;d|Log lines>")
    );
}
