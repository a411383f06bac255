//! What happens in the day: the runs, what went wrong with some of them, and what the services logged.

use std::ops::Range;

/// The stage that matters.
pub(super) const PRODUCTION: &str = "production";
/// The stage before it.
pub(super) const STAGING: &str = "staging";

/// One run of a batch or a migration.
pub(super) struct Run {
    /// When its task was created.
    pub(super) minutes_ago: i64,
    /// Where it runs.
    pub(super) stage: &'static str,
    /// What runs.
    pub(super) command: &'static str,
    /// What it printed; nothing for a run that never started or says nothing.
    pub(super) recording: Option<&'static str>,
    /// How much longer its pauses are than when it was recorded.
    pub(super) stretch: i64,
    /// How it ended.
    pub(super) end: End,
    /// What started it.
    pub(super) started_by: &'static str,
}

/// How a run ended.
pub(super) enum End {
    /// With this exit code.
    Exit(i64),
    /// Killed by ECS for its memory.
    OutOfMemory,
    /// It never ran, for this reason.
    NeverStarted(&'static str),
    /// Not yet.
    Running,
}

/// A long-lived service: one stream put together from pieces of recordings.
pub(super) struct Service {
    /// What it is called.
    pub(super) name: &'static str,
    /// Its stream.
    pub(super) stream: &'static str,
    /// What it logged.
    pub(super) clips: &'static [Clip],
}

/// A piece of a recording, at each of several times.
pub(super) struct Clip {
    /// The recording.
    pub(super) recording: &'static str,
    /// Which of its lines.
    pub(super) lines: Range<usize>,
    /// When.
    pub(super) minutes_ago: &'static [i64],
}

const fn batch(
    minutes_ago: i64,
    command: &'static str,
    recording: &'static str,
    stretch: i64,
) -> Run {
    Run {
        minutes_ago,
        stage: PRODUCTION,
        command,
        recording: Some(recording),
        stretch,
        end: End::Exit(0),
        started_by: "events-rule/scheduled-batches",
    }
}

const fn failed(
    minutes_ago: i64,
    command: &'static str,
    recording: &'static str,
    stretch: i64,
) -> Run {
    Run {
        end: End::Exit(1),
        ..batch(minutes_ago, command, recording, stretch)
    }
}

const fn migration(minutes_ago: i64, stage: &'static str, recording: &'static str) -> Run {
    Run {
        stage,
        started_by: "deploy-pipeline",
        ..batch(
            minutes_ago,
            "python manage.py migrate --noinput",
            recording,
            40,
        )
    }
}

const SYNC: &str = "python manage.py sync_reservations --channel airbnb --days 3";
const EXPIRE: &str = "python manage.py expire_holds";

/// The runs, oldest first.
pub(super) const RUNS: &[Run] = &[
    batch(1432, SYNC, "day1-sync-airbnb", 90),
    Run {
        recording: None,
        ..batch(1418, EXPIRE, "", 1)
    },
    batch(
        1395,
        "python manage.py import_rates /app/rates.csv",
        "day1-import-rates",
        60,
    ),
    failed(
        1371,
        "python manage.py close_day",
        "close-day-chain-v2",
        300,
    ),
    batch(
        1342,
        "python manage.py generate_invoices",
        "day1-invoices",
        200,
    ),
    batch(
        1310,
        "python manage.py reconcile_payments --gateway stripe",
        "day1-reconcile",
        200,
    ),
    batch(
        1283,
        "python manage.py export_accounting --format csv",
        "day1-export",
        120,
    ),
    batch(1252, SYNC, "day2-sync-airbnb", 90),
    batch(
        1230,
        "python manage.py rebuild_search_index",
        "day1-index",
        150,
    ),
    batch(
        1201,
        "python manage.py recalc_occupancy",
        "day1-occupancy",
        150,
    ),
    Run {
        end: End::OutOfMemory,
        ..batch(
            1166,
            "python manage.py backfill_guest_locale --batch-size 200",
            "backfill-sigkill-v2",
            400,
        )
    },
    batch(1130, "python manage.py push_availability", "day2-push", 100),
    batch(1072, SYNC, "day3-sync-airbnb", 90),
    batch(
        1041,
        "python manage.py sync_listing_content",
        "content-gather-v4",
        200,
    ),
    batch(
        1005,
        "python manage.py send_checkin_messages --locale ja",
        "day1-checkin",
        100,
    ),
    Run {
        recording: None,
        ..batch(958, EXPIRE, "", 1)
    },
    failed(892, SYNC, "sync-strict-badkey-v2", 90),
    batch(
        851,
        "python manage.py purge_old_messages --days 90",
        "day1-purge",
        50,
    ),
    batch(
        796,
        "python manage.py send_cleaning_reminders",
        "day1-reminders",
        50,
    ),
    failed(712, SYNC, "sync-503-v2", 90),
    migration(655, STAGING, "one-pending-v2"),
    Run {
        end: End::Exit(1),
        ..migration(612, PRODUCTION, "runpython-valueerror-v2")
    },
    migration(571, PRODUCTION, "changes-not-reflected-pending-v2"),
    failed(532, SYNC, "sync-timeout-v3", 30),
    Run {
        recording: None,
        end: End::NeverStarted(
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
             registry.example.com/shop:4f2c1d9: not found",
        ),
        ..batch(441, "python manage.py poll_smart_locks", "", 1)
    },
    batch(352, SYNC, "day4-sync-airbnb", 90),
    batch(271, "python manage.py daily_report", "day2-report", 60),
    batch(201, "python manage.py poll_smart_locks", "day1-locks", 60),
    batch(172, SYNC, "day1-sync-airbnb", 90),
    Run {
        recording: None,
        ..batch(58, EXPIRE, "", 1)
    },
    Run {
        end: End::Running,
        ..batch(2, "python manage.py rebuild_search_index", "day1-index", 1)
    },
];

const HOURLY: &[i64] = &[
    1433, 1377, 1311, 1262, 1195, 1140, 1078, 1021, 963, 899, 840, 781, 722, 660, 601, 540, 483,
    419, 362, 300, 241, 178, 122, 61, 4,
];

/// The services, whose streams last all day.
pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "webapp",
        stream: "ecs/webapp/7d0c5b1f8a3e4c6d9b2a1e0f4c8d6a35",
        clips: &[
            Clip {
                recording: "web-traffic-v2",
                lines: 0..5,
                minutes_ago: &[1436],
            },
            Clip {
                recording: "web-traffic-v2",
                lines: 5..18,
                minutes_ago: HOURLY,
            },
            // A quote without its plan: an internal server error, again and again.
            Clip {
                recording: "web-traffic-v2",
                lines: 18..20,
                minutes_ago: &[688, 676, 665, 653, 640, 622, 611, 598, 577, 569, 560, 548],
            },
            Clip {
                recording: "web-worker-timeout-v2",
                lines: 6..12,
                minutes_ago: &[404],
            },
            // A report that fails: another one.
            Clip {
                recording: "web-traffic-v2",
                lines: 26..29,
                minutes_ago: &[146],
            },
        ],
    },
    Service {
        name: "worker",
        stream: "ecs/worker/2b9e6f4a1c8d4e7fa3b5c6d7e8f90a1b",
        clips: &[
            Clip {
                recording: "worker-json-setup-v2",
                lines: 0..36,
                minutes_ago: &[1436],
            },
            // A task that is received, works and succeeds.
            Clip {
                recording: "worker-json-setup-v2",
                lines: 36..37,
                minutes_ago: HOURLY,
            },
            Clip {
                recording: "worker-json-setup-v2",
                lines: 38..39,
                minutes_ago: HOURLY,
            },
            Clip {
                recording: "worker-json-setup-v2",
                lines: 40..42,
                minutes_ago: HOURLY,
            },
            // One that fails at once, and one that fails after its retries.
            Clip {
                recording: "worker-json-setup-v2",
                lines: 37..38,
                minutes_ago: &[233],
            },
            Clip {
                recording: "worker-json-setup-v2",
                lines: 42..43,
                minutes_ago: &[233],
            },
            Clip {
                recording: "worker-json-setup-v2",
                lines: 50..52,
                minutes_ago: &[95],
            },
            Clip {
                recording: "worker-json-setup-v2",
                lines: 56..58,
                minutes_ago: &[95],
            },
            Clip {
                recording: "worker-json-setup-v2",
                lines: 59..60,
                minutes_ago: &[95],
            },
        ],
    },
    Service {
        name: "worker",
        stream: "ecs/worker/c41d7e90a5b24f3886d1f2a3b4c5d6e7",
        // A pool process is killed in the middle of a task.
        clips: &[Clip {
            recording: "worker-child-sigkill-v2",
            lines: 0..53,
            minutes_ago: &[310],
        }],
    },
];
