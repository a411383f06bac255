//! The settings in force, each with the place that it was read from: flag, variable, file, default.

use std::path::Path;

use clap::ValueEnum;

use super::super::super::args::{Flags, SourceArgs};
use super::super::super::context::Context;
use super::super::super::environment::without_user;
use super::report::{DEFAULT, Finding, Verdict};
use crate::config::{Origin, Setting};
use crate::suggest::did_you_mean;

const AREA: &str = "configuration";

/// The variables that the program reads and no flag stands for.
const WITHOUT_FLAG: [&str; 3] = ["LOGQ_TABLE", "LOGQ_PAGER", "LOGQ_COMPLETE"];

/// Returns what is set, and by what; `broken` is what is wrong with the files.
pub(super) fn findings(context: &Context, given: &Flags, broken: Option<&str>) -> Vec<Finding> {
    let mut findings = files(context, broken);
    findings.extend(flags(context, given));
    findings.extend(misspelt(context));
    findings.push(timezone(context, given));
    let settings = context.config.settings();
    let others = settings.iter().filter(|one| one.key != "timezone");
    findings.extend(others.map(|one| setting(context, one)));
    findings
}

fn files(context: &Context, broken: Option<&str>) -> Vec<Finding> {
    if let Some(fault) = broken {
        let finding = Finding::new(AREA, "files", Verdict::Wrong, fault);
        let mend = "mend the file; the settings below are those without it".to_owned();
        return vec![finding.mend(mend)];
    }
    let files = &context.config.files;
    if files.is_empty() {
        let nothing = "there is no logq.toml here or above, and none of the user's";
        let finding = Finding::new(AREA, "files", Verdict::Ok, nothing);
        return vec![finding.mend("logq init".to_owned())];
    }
    let user = context.environment.user_config();
    let one = |path: &std::path::PathBuf| {
        let whose = if user.as_ref() == Some(path) {
            "user's file"
        } else {
            "file"
        };
        Finding::new(AREA, whose, Verdict::Ok, place(context, path))
    };
    files.iter().map(one).collect()
}

/// Returns the values of flags and of their twins in the environment.
fn flags(context: &Context, given: &Flags) -> Vec<Finding> {
    let twins = twins(given).into_iter();
    let found = twins.filter_map(|twin| {
        let variable = twin
            .variables
            .iter()
            .find_map(|name| Some((*name, context.environment.variable(name)?)));
        let (value, origin) = match (twin.value, variable) {
            (Some(value), _) => (value, twin.flag),
            (None, Some((name, value))) => (value.to_owned(), name),
            (None, None) => return None,
        };
        let value = if twin.flag == "--endpoint-url" {
            without_user(&value)
        } else {
            value
        };
        let name = twin.flag.trim_start_matches('-');
        let name = if name.is_empty() { origin } else { name };
        Some(Finding::new(AREA, name, Verdict::Ok, value).from(origin.to_owned()))
    });
    found.collect()
}

/// A flag and the variables that say the same.
struct Twin {
    flag: &'static str,
    value: Option<String>,
    variables: &'static [&'static str],
}

fn twins(given: &Flags) -> Vec<Twin> {
    let mut twins = reading(&given.source);
    let output = &given.output;
    let twin = |flag, value, variables| Twin {
        flag,
        value,
        variables,
    };
    twins.extend([
        twin("--now", given.time.now.clone(), &["LOGQ_NOW"][..]),
        twin(
            "--output",
            output.output.as_ref().map(word),
            &["LOGQ_OUTPUT"],
        ),
        twin("--color", output.color.as_ref().map(word), &["LOGQ_COLOR"]),
        twin("", None, &["LOGQ_PAGER"]),
    ]);
    twins
}

fn reading(source: &SourceArgs) -> Vec<Twin> {
    let list = |values: &[String]| (!values.is_empty()).then(|| values.join(", "));
    let config = source.config.as_ref();
    let twin = |flag, value, variables| Twin {
        flag,
        value,
        variables,
    };
    vec![
        twin(
            "--config",
            config.map(|path| path.display().to_string()),
            &["LOGQ_CONFIG"][..],
        ),
        twin("--source", list(&source.source), &["LOGQ_SOURCE"]),
        twin("--stage", source.stage.clone(), &["LOGQ_STAGE"]),
        twin("--target", list(&source.target), &["LOGQ_TARGET"]),
        twin(
            "--engine",
            source.engine.as_ref().map(word),
            &["LOGQ_ENGINE"],
        ),
        twin(
            "--threads",
            source.threads.map(|threads| threads.to_string()),
            &["LOGQ_THREADS"],
        ),
        twin("--timeout", source.timeout.clone(), &["LOGQ_TIMEOUT"]),
        twin("--max-scan", source.max_scan.clone(), &["LOGQ_MAX_SCAN"]),
        twin(
            "--no-cache",
            source.no_cache.then(|| "set".to_owned()),
            &["LOGQ_NO_CACHE"],
        ),
        twin("--profile", source.profile.clone(), &["AWS_PROFILE"]),
        twin(
            "--region",
            source.region.clone(),
            &["AWS_REGION", "AWS_DEFAULT_REGION"],
        ),
        twin(
            "--endpoint-url",
            source.endpoint_url.clone(),
            &["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL"],
        ),
        twin("", None, &["LOGQ_TABLE"]),
    ]
}

fn word(value: &impl ValueEnum) -> String {
    let word = value.to_possible_value();
    word.map(|word| word.get_name().to_owned())
        .unwrap_or_default()
}

/// Finds variables that nobody reads, and that look as if somebody should.
fn misspelt(context: &Context) -> Vec<Finding> {
    let twins = twins(&Flags::default());
    let mut known: Vec<&str> = twins
        .iter()
        .flat_map(|twin| twin.variables.iter().copied())
        .filter(|name| name.starts_with("LOGQ_"))
        .collect();
    known.push("LOGQ_TZ");
    known.extend(WITHOUT_FLAG);
    let names = context.environment.names();
    let odd = names.filter(|name| name.starts_with("LOGQ_") && !known.contains(name));
    odd.map(|name| {
        let near = did_you_mean(name, known.iter().copied());
        Finding::new(AREA, name, Verdict::Warning, "no variable of logq's")
            .mend(near.unwrap_or_else(|| "logq help environment".to_owned()))
    })
    .collect()
}

/// Returns the zone, of which there is always one.
fn timezone(context: &Context, given: &Flags) -> Finding {
    let environment = &context.environment;
    let origin = if given.time.tz.is_some() {
        "--tz".to_owned()
    } else if environment.variable("LOGQ_TZ").is_some() {
        "LOGQ_TZ".to_owned()
    } else if context.config.timezone.is_some() {
        origin(context, &context.config.origin("timezone"))
    } else {
        "the system's".to_owned()
    };
    let name = context.clock.zone.name();
    Finding::new(AREA, "timezone", Verdict::Ok, name).from(origin)
}

fn setting(context: &Context, setting: &Setting) -> Finding {
    let origin = origin(context, &setting.origin);
    Finding::new(
        AREA,
        setting.key.as_str(),
        Verdict::Ok,
        setting.value.as_str(),
    )
    .from(origin)
}

/// Describes where a value was read: `logq.toml:3`.
pub(super) fn origin(context: &Context, origin: &Origin) -> String {
    match origin {
        Origin::Default => DEFAULT.to_owned(),
        Origin::File(path, line) => format!("{}:{line}", place(context, path)),
    }
}

/// Returns a path as seen from the working directory.
fn place(context: &Context, path: &Path) -> String {
    let below = path.strip_prefix(&context.environment.folder);
    below.unwrap_or(path).display().to_string()
}
