//! From the log groups of an account to the templates of `[groups]`: which part of a name is the stage, and which the
//! service.

use std::collections::{BTreeMap, BTreeSet};

/// Names of stages that are common, where none was named.
const STAGES: [&str; 17] = [
    "production",
    "prod",
    "prd",
    "live",
    "staging",
    "stage",
    "stg",
    "preprod",
    "uat",
    "qa",
    "test",
    "demo",
    "sandbox",
    "development",
    "develop",
    "dev",
    "local",
];

/// The services that logq knows, and what else they are called; the nearest word first.
const ROLES: [(&str, &[&str]); 3] = [
    (
        "webapp",
        &[
            "webapp", "web", "app", "django", "gunicorn", "api", "backend", "server", "www", "site",
        ],
    ),
    ("worker", &["worker", "workers", "celery"]),
    (
        "batch",
        &["batch", "batches", "job", "jobs", "cron", "scheduled"],
    ),
];

/// The logical name of the group that has the events of tasks.
pub(super) const TASKS: &str = "tasks";
/// How many groups beside those that logq knows are taken.
const MOST_OTHERS: usize = 20;

/// What the names of log groups say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guess {
    /// The stages, production first.
    pub(super) stages: Vec<String>,
    /// The templates, by logical name.
    pub(super) groups: BTreeMap<String, String>,
}

/// Returns the logical names of the services that logq knows.
pub(super) fn roles() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(role, _)| *role)
}

/// Guesses stages and templates; with `stages` only of these. `None` when nothing looks like such a service.
pub(super) fn guess(names: &[String], stages: &[String]) -> Option<Guess> {
    let words: Vec<&str> = if stages.is_empty() {
        STAGES.to_vec()
    } else {
        stages.iter().map(String::as_str).collect()
    };
    let readings: Vec<Reading> = names
        .iter()
        .filter(|name| !is_of_tasks(name))
        .flat_map(|name| read(name, &words))
        .collect();
    let family = best_family(&readings)?;
    let members: Vec<&Reading> = readings
        .iter()
        .filter(|reading| reading.family == family)
        .collect();
    let mut groups = BTreeMap::new();
    for (service, name) in logical_names(&members) {
        groups.insert(name, family.replace(SERVICE, service));
    }
    let found: BTreeSet<&str> = members
        .iter()
        .filter_map(|one| one.stage.as_deref())
        .collect();
    let mut found: Vec<String> = words
        .iter()
        .filter(|word| found.contains(**word))
        .map(|word| (*word).to_owned())
        .collect();
    if !stages.is_empty() {
        found = stages.to_vec();
    }
    if let Some(template) = tasks(names, &found) {
        groups.insert(TASKS.to_owned(), template);
    }
    Some(Guess {
        stages: found,
        groups,
    })
}

const STAGE: &str = "{stage}";
const SERVICE: &str = "{service}";

/// One way to read a group's name.
#[derive(Debug)]
struct Reading {
    /// The name with places for stage and service.
    family: String,
    stage: Option<String>,
    service: String,
}

/// Reads a name with each stage that stands in it, and without one.
fn read(name: &str, stages: &[&str]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for stage in stages {
        let Some(at) = find_word(name, stage) else {
            continue;
        };
        let (before, after) = (&name[..at], &name[at + stage.len()..]);
        readings.extend(around(before, after).map(|(family, service)| Reading {
            family,
            stage: Some((*stage).to_owned()),
            service,
        }));
    }
    if readings.is_empty() {
        let (before, service) = last_part(name);
        readings.extend((!service.is_empty()).then(|| Reading {
            family: format!("{before}{SERVICE}"),
            stage: None,
            service: service.to_owned(),
        }));
    }
    readings
}

/// Finds the service in what stands around the stage: behind it, else before it.
fn around(before: &str, after: &str) -> Option<(String, String)> {
    let inner = after.trim_start_matches(is_separator);
    if inner.is_empty() {
        let trimmed = before.trim_end_matches(is_separator);
        let gap = &before[trimmed.len()..];
        let (front, service) = last_part(trimmed);
        return (!service.is_empty()).then(|| {
            (
                format!("{front}{SERVICE}{gap}{STAGE}{after}"),
                service.to_owned(),
            )
        });
    }
    let gap = &after[..after.len() - inner.len()];
    let (middle, service) = last_part(inner);
    (!service.is_empty()).then(|| {
        (
            format!("{before}{STAGE}{gap}{middle}{SERVICE}"),
            service.to_owned(),
        )
    })
}

/// Cuts a path before its last part.
fn last_part(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |at| at + 1))
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '-' | '_' | '.' | '#')
}

/// Finds a word that stands between separators, once: a template has one place for it.
fn find_word(name: &str, word: &str) -> Option<usize> {
    let mut places = name.match_indices(word).filter(|(at, _)| {
        let before = name[..*at].chars().next_back();
        let after = name[at + word.len()..].chars().next();
        before.is_none_or(is_separator) && after.is_none_or(is_separator)
    });
    let (at, _) = places.next()?;
    places.next().is_none().then_some(at)
}

/// Returns the family that most of the known services are of.
fn best_family(readings: &[Reading]) -> Option<&str> {
    let mut families: BTreeMap<&str, (BTreeSet<&str>, usize, bool)> = BTreeMap::new();
    for reading in readings {
        let family = families.entry(&reading.family).or_default();
        family
            .0
            .extend(role(&reading.service).map(|(role, _)| role));
        family.1 += 1;
        family.2 |= reading.stage.is_some();
    }
    let known = families
        .into_iter()
        .filter(|(_, (roles, ..))| !roles.is_empty());
    // Of equals the one that sorts first, so that the same account always gives the same file.
    let best = known
        .rev()
        .max_by_key(|(family, (roles, count, has_stage))| {
            (roles.len(), family.starts_with("/ecs"), *has_stage, *count)
        });
    best.map(|(family, _)| family)
}

/// Returns which service a name stands for, and how far it is from the usual word.
fn role(service: &str) -> Option<(&'static str, usize)> {
    let lower = service.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(is_separator).collect();
    let rank = |words: &[&str]| {
        let of = |part: &str| words.iter().position(|word| *word == part);
        let whole = of(&lower);
        let last = parts.last().and_then(|part| of(part)).map(|at| at + 100);
        let first = parts.first().and_then(|part| of(part)).map(|at| at + 200);
        whole.or(last).or(first)
    };
    let roles = ROLES
        .iter()
        .filter_map(|(role, words)| Some((*role, rank(words)?)));
    roles.min_by_key(|(_, rank)| *rank)
}

/// Gives each service of a family its logical name: what fits a known one best has that, the others keep their own.
fn logical_names<'a>(members: &[&'a Reading]) -> Vec<(&'a str, String)> {
    let services: BTreeSet<&str> = members.iter().map(|one| one.service.as_str()).collect();
    let mut taken: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for service in &services {
        if let Some((role, rank)) = role(service) {
            let better = (rank, *service);
            let best = taken.entry(role).or_insert(better);
            *best = (*best).min(better);
        }
    }
    let known: Vec<(&str, String)> = taken
        .iter()
        .map(|(role, (_, service))| (*service, (*role).to_owned()))
        .collect();
    let is_taken = |service: &&str| {
        known
            .iter()
            .any(|(one, name)| one == service || name == service)
    };
    let others = services
        .iter()
        .filter(|service| !is_taken(service) && **service != TASKS);
    let others: Vec<_> = others
        .take(MOST_OTHERS)
        .map(|service| (*service, (*service).to_owned()))
        .collect();
    known.into_iter().chain(others).collect()
}

/// Returns whether a group looks like the one that an `EventBridge` rule writes the events of tasks into.
fn is_of_tasks(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_of_ecs = lower.contains("ecs") || lower.starts_with("/aws/events/");
    is_of_ecs
        && (lower.contains("task") || lower.contains("state") || lower.contains("events"))
        && (lower.starts_with("/aws/events/")
            || lower.contains("task-state")
            || lower.contains("ecs-task"))
}

/// Returns the template of the group with the events of tasks.
fn tasks(names: &[String], stages: &[String]) -> Option<String> {
    let of_tasks: Vec<&String> = names.iter().filter(|name| is_of_tasks(name)).collect();
    let template = |name: &&String| {
        stages.iter().find_map(|stage| {
            let at = find_word(name, stage)?;
            Some(format!(
                "{}{STAGE}{}",
                &name[..at],
                &name[at + stage.len()..]
            ))
        })
    };
    let by_stage = of_tasks.iter().find_map(template);
    let shared = || {
        let mut shared = of_tasks
            .iter()
            .filter(|name| STAGES.iter().all(|stage| find_word(name, stage).is_none()));
        shared.next().map(|name| (*name).clone())
    };
    by_stage.or_else(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], stages: &[&str], expected: &[&str]) {
        let owned = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        let guess = guess(&owned(names), &owned(stages)).unwrap_or_default();
        let mut lines = vec![guess.stages.join(" ")];
        let groups = guess.groups.iter();
        lines.extend(groups.map(|(name, template)| format!("{name} {template}")));
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_usual_names_are_read() {
        check(
            &[
                "/aws/events/production-ecs-tasks",
                "/aws/events/staging-ecs-tasks",
                "/aws/lambda/production-thing",
                "/ecs/production-batch",
                "/ecs/production-webapp",
                "/ecs/production-worker",
                "/ecs/staging-batch",
                "/ecs/staging-webapp",
                "/ecs/staging-worker",
            ],
            &[],
            &[
                "production staging",
                "batch /ecs/{stage}-batch",
                "tasks /aws/events/{stage}-ecs-tasks",
                "webapp /ecs/{stage}-webapp",
                "worker /ecs/{stage}-worker",
            ],
        );
    }

    #[test]
    fn stage_and_service_may_stand_anywhere() {
        check(
            &[
                "/ecs/shop/production/webapp",
                "/ecs/shop/production/celery",
                "/ecs/shop/stg/webapp",
            ],
            &[],
            &[
                "production stg",
                "webapp /ecs/shop/{stage}/webapp",
                "worker /ecs/shop/{stage}/celery",
            ],
        );
        check(
            &["/ecs/webapp/prod", "/ecs/batch/prod", "/ecs/batch/dev"],
            &[],
            &[
                "prod dev",
                "batch /ecs/batch/{stage}",
                "webapp /ecs/webapp/{stage}",
            ],
        );
        check(
            &["shop-prod-web", "shop-prod-jobs"],
            &[],
            &["prod", "batch shop-{stage}-jobs", "webapp shop-{stage}-web"],
        );
        check(
            &["/prod/ecs/web", "/prod/ecs/worker", "/prod/rds/web"],
            &[],
            &[
                "prod",
                "webapp /{stage}/ecs/web",
                "worker /{stage}/ecs/worker",
            ],
        );
    }

    #[test]
    fn a_stage_that_was_named_may_have_any_name() {
        check(
            &[
                "/ecs/pre-prod-webapp",
                "/ecs/production-webapp",
                "/ecs/tokyo-webapp",
            ],
            &["pre-prod", "tokyo"],
            &["pre-prod tokyo", "webapp /ecs/{stage}-webapp"],
        );
    }

    #[test]
    fn without_a_stage_the_groups_are_those_of_all() {
        check(
            &[
                "/ecs/web",
                "/ecs/celery",
                "/aws/events/ecs-task-state-change",
            ],
            &[],
            &[
                "",
                "tasks /aws/events/ecs-task-state-change",
                "webapp /ecs/web",
                "worker /ecs/celery",
            ],
        );
    }

    #[test]
    fn others_of_the_family_keep_their_names() {
        check(
            &[
                "/ecs/prod-web",
                "/ecs/prod-api",
                "/ecs/prod-beat",
                "/ecs/prod-admin-web",
            ],
            &[],
            &[
                "prod",
                "admin-web /ecs/{stage}-admin-web",
                "api /ecs/{stage}-api",
                "beat /ecs/{stage}-beat",
                "webapp /ecs/{stage}-web",
            ],
        );
    }

    #[test]
    fn nothing_like_it_is_no_guess() {
        check(&["/aws/lambda/thing", "/aws/rds/cluster"], &[], &[""]);
        check(&[], &[], &[""]);
        // The stage stands in it twice, and a template has one place for it.
        check(
            &["/ecs/prod/prod-web"],
            &["prod"],
            &["prod", "webapp /ecs/prod/prod-web"],
        );
    }
}
