//! `logq demo`: the page that people see first, and that it only writes where it may.

use std::fs;

use crate::logq::Logq;

#[test]
fn the_demo_shows_a_day() {
    let logq = Logq::new();
    let ended = logq.run("demo --dir day");
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out, @r#"
    A day in the logs of a hotel booking system, from recorded programs, ending now.
    963 events in 32 files under [folder]/day. Times are in JST.

    What you would have been told  (19 alerts: 7 critical, 7 error, 1 warning, 2 info, 2 resolved; 8 more told only as a count)

    2026-11-22 14:13:58  critical  production  batch
      close_day failed after 15 s: RuntimeError: 締め処理に失敗しました: 残高が一致しません in check_totals (billing/management/commands/close_day.py:44)
      logq show 9ea069c9e643bf01b52a2eb801266025 --stage production

    2026-11-22 17:43:36  critical  production  batch
      backfill_guest_locale failed after 4 min 54 s: killed, out of memory (exit code 137)
      logq show 5d74401bcefb9ca0489a9f9176cf21a3 --stage production

    2026-11-22 19:43:52  warning  production  batch
      sync_listing_content finished after 9.4 s but logged 1 error: ConnectionResetError: [Errno 104] Connection reset by peer in translate (core/management/commands/sync_listing_content.py:14)
      logq show f7fc622afd2dc9eaf6d18a2a006be0bd --stage production

    2026-11-22 22:12:54  critical  production  batch
      sync_reservations failed after 12 s: KeyError: 'amount' in upsert (reservations/management/commands/sync_reservations.py:58)
      logq show 5943e0476bf9490b8a479cecf083fb65 --stage production

    2026-11-23 01:12:46  critical, again  production  batch
      sync_reservations failed again (2 in a row) after 3.8 s: ChannelError: airbnb answered 503 for /v2/reservations in get (core/channel.py:21)
      logq show c5f2c972c6891169eb3023ee5086128e --stage production

    2026-11-23 01:35:33  error  production  webapp
      New error in webapp: MultiValueDictKeyError: 'nights' in quote (core/views.py:52)
      logq errors fingerprint=v1:b6216a03d4f97d17 --stage production --since 2026-11-22T16:35:33Z

    2026-11-23 02:09:51  info  staging  batch
      migrate applied rates.0006_rateplan_min_nights in 8.7 s
      logq show 32d87a92c735d40c5c2b33e9546aa264 --stage staging

    2026-11-23 02:53:18  critical  production  batch
      migrate failed at reservations.0010_guest_passport_no after 36 s: ValueError: 旅券番号の移行に失敗しました: guest table is empty in forwards (reservations/migrations/0010_guest_passport_no.py:8)
      logq show 3bf7386734e99ef13cedbf2e27fa2712 --stage production

    2026-11-23 03:33:49  info  production  batch
      migrate applied cleaning.0006_cleaner_phone in 6.4 s
      logq show 0ff9b6dfa2e7b3c0760df0b21b99acae --stage production

    2026-11-23 03:34:54  error, again  production  webapp
      10 times in webapp: MultiValueDictKeyError: 'nights' in quote (core/views.py:52)
      logq errors fingerprint=v1:b6216a03d4f97d17 --stage production --since 2026-11-22T16:35:33Z

    2026-11-23 04:13:46  critical, again  production  batch
      sync_reservations failed again (3 in a row) after 1 min 4 s: ReadTimeout: HTTPConnectionPool(host='channel-api.example.com', port=8099): Read timed out. (read timeout=2.0) in get (core/channel.py:18)
      logq show 7f72d675e68bad1f2eecc8fe00da7bda --stage production

    2026-11-23 05:44:11  critical  production  batch
      poll_smart_locks never started: CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref registry.example.com/shop:4f2c1d9: not found
      logq show 762e99cc810eaa4c59fd6a73a710afcc --stage production

    2026-11-23 06:19:29  error  production  webapp
      New error in webapp: WORKER TIMEOUT (pid:11097)
      logq errors fingerprint=v1:75f07143b92f8caf --stage production --since 2026-11-22T21:19:29Z

    2026-11-23 07:12:49  info, resolved  production  batch
      sync_reservations works again, after 3 failures
      logq show aeac6d42be5bee7be734d7cf89a2ebb2 --stage production

    2026-11-23 07:53:35  error  production  worker
      New error in worker: WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 0.
      logq errors fingerprint=v1:2fc0f1dbc472fa3f --stage production --since 2026-11-22T22:53:35Z

    2026-11-23 09:10:26  error  production  worker
      New error in worker: TypeError: unsupported operand type(s) for +: 'int' and 'NoneType' in broken_total (reservations/tasks.py:33)
      logq errors fingerprint=v1:3f1e9a9bc24627f5 --stage production --since 2026-11-23T00:10:26Z

    2026-11-23 09:43:46  info, resolved  production  batch
      poll_smart_locks works again, after 1 failure
      logq show 01c37948787a1268eb65d18557314a09 --stage production

    2026-11-23 10:37:32  error  production  webapp
      New error in webapp: ZeroDivisionError: division by zero in occupancy (core/views.py:68)
      logq errors fingerprint=v1:bf975a9f87b79bcf --stage production --since 2026-11-23T01:37:32Z

    2026-11-23 11:28:41  error  production  worker
      New error in worker: ConnectionError: channel gateway answered 502 for R-1010 in push_to_channel (reservations/tasks.py:20)
      logq errors fingerprint=v1:d5733df2a608e85c --stage production --since 2026-11-23T02:28:41Z

    Failed batch runs  (logq batch-failures --since 1d)

    @timestamp (JST)         stage       name                   cause          exit_code    duration  error.type                       error.message                                                                                      error.culprit                                                      task
    2026-11-23 05:44:11.000  production  poll_smart_locks       never_started              1 min 6 s                                                                                                                                                                                                         762e99cc810eaa4c59fd6a73a710afcc
    2026-11-23 04:13:46.749  production  sync_reservations      exception              1   1 min 4 s  requests.exceptions.ReadTimeout  HTTPConnectionPool(host='channel-api.example.com', port=8099): Read timed out. (read timeout=2.0)  get (core/channel.py:18)                                           7f72d675e68bad1f2eecc8fe00da7bda
    2026-11-23 01:12:46.781  production  sync_reservations      exception              1       3.8 s  core.channel.ChannelError        airbnb answered 503 for /v2/reservations                                                           get (core/channel.py:21)                                           c5f2c972c6891169eb3023ee5086128e
    2026-11-22 22:12:54.944  production  sync_reservations      exception              1        12 s  KeyError                         'amount'                                                                                           upsert (reservations/management/commands/sync_reservations.py:58)  5943e0476bf9490b8a479cecf083fb65
    2026-11-22 17:43:36.767  production  backfill_guest_locale  oom                  137  4 min 54 s                                                                                                                                                                                                         5d74401bcefb9ca0489a9f9176cf21a3
    2026-11-22 14:13:58.080  production  close_day              exception              1        15 s  RuntimeError                     締め処理に失敗しました: 残高が一致しません                                                         check_totals (billing/management/commands/close_day.py:44)         9ea069c9e643bf01b52a2eb801266025

    Migrations  (logq migrations --since 1d)

    @timestamp (JST)         stage       outcome    migration.applied                                                   migration.unapplied  migration.failed                     error.type  error.message                                       duration  task
    2026-11-23 03:33:49.430  production  succeeded  cleaning.0006_cleaner_phone                                                                                                                                                                      6.4 s  0ff9b6dfa2e7b3c0760df0b21b99acae
    2026-11-23 02:53:18.532  production  failed     properties.0009_property_wifi_ssid, rates.0006_rateplan_min_nights                       reservations.0010_guest_passport_no  ValueError  旅券番号の移行に失敗しました: guest table is empty      36 s  3bf7386734e99ef13cedbf2e27fa2712
    2026-11-23 02:09:51.718  staging     succeeded  rates.0006_rateplan_min_nights                                                                                                                                                                   8.7 s  32d87a92c735d40c5c2b33e9546aa264

    Try next

      export LOGQ_SOURCE=[folder]/day
      logq show 9ea069c9e643bf01b52a2eb801266025        one run, as it happened
      logq batch-runs batch=sync_*                      how a batch has been doing
      logq errors --since 12h                           errors by kind
      logq replay --full                                each alert as it is sent
      logq query 'stats count(*) by @service, @level'   anything else
      logq queries                                      all saved queries
    "#);
}

#[test]
fn a_second_day_takes_the_place_of_the_first() {
    let logq = Logq::new();
    let first = logq.run("demo --dir day").out;
    assert_eq!(logq.run("demo --dir day").out, first);
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let logq = Logq::new().file("mine/notes.txt", "keep");
    insta::assert_snapshot!(logq.run("demo --dir mine").all(), @r#"
    --- standard error
    error: `[folder]/mine` holds other things, so the demo leaves it alone
    hint: name a new folder: logq demo --dir FOLDER
    --- exit 2
    "#);
    assert_eq!(
        fs::read_dir(logq.path().join("mine"))
            .expect("it is there")
            .count(),
        1
    );
}

#[test]
fn the_commands_that_it_names_work() {
    let logq = Logq::new();
    let page = logq.run("demo --dir day").out;
    let (_, steps) = page
        .split_once("export LOGQ_SOURCE=[folder]/day\n")
        .expect("it says so");
    let logq = logq.variable("LOGQ_SOURCE", "day");
    let mut tried = 0;
    for step in steps.lines() {
        let command = step.trim().split("   ").next().unwrap_or_default();
        let ended = logq.run(command.strip_prefix("logq ").expect("a command of logq"));
        assert_eq!(ended.code, 0, "{command}\n{}", ended.err);
        assert!(ended.out.lines().count() > 1, "{command}");
        tried += 1;
    }
    assert!(tried >= 5);
}

#[test]
fn the_commands_that_alerts_name_work() {
    let logq = Logq::new().variable("LOGQ_SOURCE", "day");
    let page = logq.run("demo --dir day").out;
    let commands: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("  logq "))
        .collect();
    let alerts = commands
        .iter()
        .filter(|command| command.contains("--stage"));
    let mut tried = 0;
    for command in alerts {
        let ended = logq.run(command);
        assert_eq!(ended.code, 0, "{command}\n{}", ended.err);
        assert!(ended.out.lines().count() > 1, "{command}\n{}", ended.err);
        tried += 1;
    }
    assert!(tried > 10);
}

#[test]
fn flags_that_would_change_nothing_are_refused() {
    let refused = [
        "-o json",
        "--since 1h",
        "--limit 3",
        "--fail-on-match",
        "-s production",
        "-t batch",
    ];
    for flags in refused {
        let ended = Logq::new().run(&format!("demo --dir day {flags}"));
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{flags}");
    }
    insta::assert_snapshot!(Logq::new().run("demo --dir day -o json").all(), @r#"
    --- standard error
    error: `logq demo` is a page about the whole day that it makes: `--output` changes nothing
    hint: ask the logs that it writes: logq replay --source FOLDER
    --- exit 2
    "#);
}
