use super::*;

fn parse(words: &[&str]) -> Command {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Command::parse(&words)
}

fn check(words: &[&str], name: &str, migrates: bool) {
    let command = parse(words);
    assert_eq!(command.name(), Some(name), "{words:?}");
    assert_eq!(command.is_migration(), migrates, "{words:?}");
}

#[test]
fn plain_commands_are_named() {
    check(
        &["python", "manage.py", "rollup_invoices", "--day=yesterday"],
        "rollup_invoices",
        false,
    );
    check(
        &[
            "python3",
            "-u",
            "/app/manage.py",
            "--settings",
            "config.prod",
            "sync",
        ],
        "sync",
        false,
    );
    check(&["./manage.py", "-v", "2", "migrate"], "migrate", true);
    check(&["django-admin", "migrate", "--noinput"], "migrate", true);
    check(&["python", "-m", "django", "migrate"], "migrate", true);
    check(
        &["poetry", "run", "python", "scripts/backfill.py", "now"],
        "backfill",
        false,
    );
    check(
        &["python", "-X", "dev", "-m", "app.tools.report"],
        "app.tools.report",
        false,
    );
    check(
        &[
            "timeout",
            "-s",
            "KILL",
            "4",
            "python",
            "manage.py",
            "backfill",
        ],
        "backfill",
        false,
    );
    check(&["celery", "-A", "config", "worker"], "celery", false);
    check(&["env", "A=1", "bin/run.sh"], "run", false);
}

#[test]
fn looking_at_migrations_is_not_migrating() {
    for words in [
        &["python", "manage.py", "migrate", "--plan"][..],
        &["python", "manage.py", "migrate", "--check"],
        &["python", "manage.py", "showmigrations"],
        &["python", "manage.py", "makemigrations", "--check"],
        &["echo", "migrate"],
    ] {
        assert!(!parse(words).is_migration(), "{words:?}");
    }
}

#[test]
fn scripts_are_cut_into_their_commands() {
    check(
        &[
            "sh",
            "-c",
            "python manage.py wait_for_db && python manage.py migrate --noinput",
        ],
        "migrate",
        true,
    );
    check(
        &[
            "sh",
            "-exc",
            "set -x; python manage.py wait_for_db && exec python manage.py 'daily_report'",
        ],
        "daily_report",
        false,
    );
    check(
        &[
            "bash",
            "-lc",
            "n=0; until python manage.py migrate --noinput; do n=$((n+1)); sleep 1; done",
        ],
        "migrate",
        true,
    );
    check(
        &[
            "sh",
            "-c",
            "python manage.py migrate --plan | tee plan; python manage.py expire_holds",
        ],
        "migrate",
        false,
    );
    check(
        &["/bin/sh", "-c", "echo 'python manage.py migrate'"],
        "echo",
        false,
    );
    check(
        &["sh", "-c", "sh -c 'python manage.py migrate'"],
        "migrate",
        true,
    );
}

#[test]
fn an_interpreter_is_found_behind_what_starts_it() {
    for words in [
        &["uv", "run", "--project", "/app", "python", "tools/bill.py"][..],
        &["gosu", "app", "python3.11", "tools/bill.py"],
        &["nice", "-n", "10", "python", "tools/bill.py"],
        &["env", "-u", "A", "python", "-um", "bill"],
        &["./entrypoint.sh", "python", "tools/bill.py"],
        &["bash", "-e", "tools/bill.sh", "--now"],
        &[
            "sh",
            "-c",
            "for day in 1 2; do python tools/bill.py $day; done",
        ],
        &[
            "sh",
            "-c",
            "until pg_isready; do sleep 1; done; python tools/bill.py",
        ],
        &[
            "sh",
            "-c",
            "DAY=$(date -d \"$(cat day)\" +%F) python tools/bill.py",
        ],
        &[
            "sh",
            "-c",
            "# nightly; now\nDAY=`date +%F`; python tools/bill.py",
        ],
    ] {
        check(words, "bill", false);
    }
    check(
        &["su", "app", "-c", "python manage.py migrate"],
        "migrate",
        true,
    );
    check(
        &["sh", "-c", "python manage.py \\\n  migrate \\\n  --noinput"],
        "migrate",
        true,
    );
    check(
        &[
            "sh",
            "-c",
            "echo next: manage.py migrate; python manage.py bill",
        ],
        "bill",
        false,
    );
    check(&["python", "-", "bash"], "python", false);
}

#[test]
fn the_text_can_be_pasted() {
    let command = parse(&["sh", "-c", "a 'b'; c", ""]);
    assert_eq!(command.text, r"sh -c 'a '\''b'\''; c' ''");
    assert!(command.in_shell);
}

#[test]
fn a_file_belongs_to_the_command_that_runs_it() {
    let command = parse(&["python", "manage.py", "sync"]);
    assert!(command.runs_file("/app/manage.py") && !command.runs_file("/app/tools/convert.py"));
    assert!(parse(&["python", "emit.py"]).runs_file("/app/emit.py"));
}

#[test]
fn nothing_has_no_name() {
    assert_eq!(parse(&[]).name(), None);
    assert_eq!(parse(&["python"]).name(), None);
    assert_eq!(parse(&["sh", "-c"]).name(), Some("sh"));
    assert_eq!(parse(&["python", "manage.py"]).name(), None);
}
