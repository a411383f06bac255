//! What the file will say: from wishes, from what was found, and from what a person answers.

use std::collections::BTreeMap;

use super::super::super::Failure;
use super::super::super::context::Context;
use super::Found;
use super::ask::Person;
use super::guess::{self, Guess, guess};
use super::text::{Plan, Stage, found_groups, usual_groups};
use crate::config::{is_group_name, wrong_template};
use crate::time::Zone;

/// The answer of somebody who has no such group.
const NONE: &str = "none";

/// What was asked for by flags and variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Wishes {
    /// The stages, with the regions that were said of them.
    stages: Vec<Stage>,
    /// The region of those of which none was said.
    region: Option<String>,
    /// The zone of local times, when it has a name.
    timezone: Option<String>,
}

impl Wishes {
    /// Reads what stands in the arguments: `STAGE` or `STAGE=REGION`.
    pub(super) fn of(context: &Context, written: &[String]) -> Result<Self, Failure> {
        let mut stages: Vec<Stage> = Vec::new();
        for written in written {
            let stage = read_stage(written)?;
            if stages.iter().all(|known| known.name != stage.name) {
                stages.push(stage);
            }
        }
        if let Some(region) = &context.aws.region {
            check_region(region).map_err(Failure::usage)?;
        }
        let zone = context.clock.zone.name();
        Ok(Self {
            stages,
            region: context.aws.region.clone(),
            timezone: Some(zone).filter(|name| Zone::named(name).is_ok()),
        })
    }

    /// Returns the regions to look in; `None` stands for that of AWS's own rules.
    pub(super) fn regions(&self) -> Vec<Option<String>> {
        let mut regions = Vec::new();
        let of_stages = self.stages.iter().map(|stage| stage.region.clone());
        for region in of_stages.map(|region| region.or_else(|| self.region.clone())) {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        if regions.is_empty() {
            regions.push(self.region.clone());
        }
        regions
    }

    fn stage_names(&self) -> Vec<String> {
        self.stages.iter().map(|stage| stage.name.clone()).collect()
    }
}

fn read_stage(written: &str) -> Result<Stage, Failure> {
    let (name, region) = match written.split_once('=') {
        Some((name, region)) => (name, Some(region)),
        None => (written, None),
    };
    check_stage(name).map_err(Failure::usage)?;
    region
        .map_or(Ok(()), check_region)
        .map_err(Failure::usage)?;
    Ok(Stage {
        name: name.to_owned(),
        region: region.map(str::to_owned),
    })
}

fn check_stage(name: &str) -> Result<(), String> {
    if is_group_name(name) && !name.contains('/') {
        return Ok(());
    }
    Err(format!(
        "`{name}` cannot be a stage: its name stands in those of log groups"
    ))
}

fn check_region(region: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !region.is_empty() && region.chars().all(is_allowed) {
        return Ok(());
    }
    Err(format!(
        "`{region}` is no AWS region, such as `ap-northeast-1`"
    ))
}

/// Makes the plan without asking anybody.
pub(super) fn make(wishes: &Wishes, found: &[Found]) -> Plan {
    let stages = wishes.stage_names();
    let guess = guess(&names(found), &stages);
    let groups = groups(guess.as_ref(), found);
    let stages = guess
        .map(|guess| guess.stages)
        .filter(|names| !names.is_empty());
    let stages = stages.unwrap_or_else(|| usual_stages(wishes));
    plan(wishes, found, stages, groups)
}

fn usual_stages(wishes: &Wishes) -> Vec<String> {
    match wishes.stage_names() {
        names if names.is_empty() => vec!["production".to_owned()],
        names => names,
    }
}

/// Returns the groups; the usual ones when nothing was found that looks like them.
fn groups(guess: Option<&Guess>, found: &[Found]) -> BTreeMap<String, Option<String>> {
    match guess {
        Some(guess) if !found.is_empty() => found_groups(&guess.groups),
        _ => usual_groups(),
    }
}

fn plan(
    wishes: &Wishes,
    found: &[Found],
    stages: Vec<String>,
    groups: BTreeMap<String, Option<String>>,
) -> Plan {
    let is_found = guess(&names(found), &stages).is_some();
    let regions = found.iter().map(|one| one.region.as_str());
    let regions: Vec<&str> = regions
        .filter(|region| check_region(region).is_ok())
        .collect();
    let stage = |name: String| Stage {
        region: region_of(&name, wishes, found, &groups),
        name,
    };
    Plan {
        timezone: wishes.timezone.clone(),
        stages: stages.into_iter().map(stage).collect(),
        found_in: is_found.then(|| regions.join(" and ")),
        groups,
    }
}

/// Returns the region of a stage: the one that was said, else the first that has one of its groups.
fn region_of(
    stage: &str,
    wishes: &Wishes,
    found: &[Found],
    groups: &BTreeMap<String, Option<String>>,
) -> Option<String> {
    let said = wishes.stages.iter().find(|known| known.name == stage);
    let said = said.and_then(|known| known.region.clone());
    let has = |one: &&Found| {
        let mut templates = groups.values().flatten();
        templates.any(|template| one.names.contains(&template.replace("{stage}", stage)))
    };
    let seen = found.iter().find(has).or(found.first());
    said.or_else(|| wishes.region.clone())
        .or_else(|| Some(seen?.region.clone()))
}

fn names(found: &[Found]) -> Vec<String> {
    found
        .iter()
        .flat_map(|one| one.names.iter().cloned())
        .collect()
}

/// Asks for the region, where nothing says it.
pub(super) fn ask_region(
    context: &Context,
    wishes: &Wishes,
    is_looked: bool,
    person: &mut Person<'_>,
) -> Result<Wishes, Failure> {
    const PROFILES: &str = "the profile's";
    let mut wishes = wishes.clone();
    let variable = |name| context.environment.variable(name);
    let is_known = wishes.region.is_some()
        || wishes.stages.iter().any(|stage| stage.region.is_some())
        || variable("AWS_REGION")
            .or(variable("AWS_DEFAULT_REGION"))
            .is_some();
    if is_known || !is_looked {
        return Ok(wishes);
    }
    let check = |answer: &str| {
        if answer == PROFILES {
            Ok(())
        } else {
            check_region(answer)
        }
    };
    let answer = person.ask("AWS region", PROFILES, check)?;
    wishes.region = Some(answer).filter(|answer| answer != PROFILES);
    Ok(wishes)
}

/// Asks for everything that the file says, with what was found as the answers that are offered.
pub(super) fn ask(
    wishes: &Wishes,
    found: &[Found],
    person: &mut Person<'_>,
) -> Result<Plan, Failure> {
    let offered = make(wishes, found);
    let names: Vec<&str> = offered
        .stages
        .iter()
        .map(|stage| stage.name.as_str())
        .collect();
    let stages = person.ask("Stages", &names.join(", "), |answer| {
        list(answer).try_for_each(check_stage)
    })?;
    let stages: Vec<String> = list(&stages).map(str::to_owned).collect();
    let guess = guess(&self::names(found), &stages);
    let groups = ask_groups(groups(guess.as_ref(), found), person)?;
    let mut plan = plan(wishes, found, stages, groups);
    if found.is_empty() {
        for stage in &mut plan.stages {
            ask_stage_region(stage, person)?;
        }
    }
    let zone = plan.timezone.as_deref().unwrap_or("UTC");
    let zone = person.ask("Time zone", zone, |answer| {
        let fault = |faults: crate::diagnostic::Diagnostics| faults.0[0].message.clone();
        Zone::named(answer).map(drop).map_err(fault)
    })?;
    plan.timezone = Some(zone);
    Ok(plan)
}

fn ask_stage_region(stage: &mut Stage, person: &mut Person<'_>) -> Result<(), Failure> {
    let offered = stage.region.as_deref().unwrap_or(NONE);
    let question = format!("AWS region of {}", stage.name);
    let check = |answer: &str| {
        if answer == NONE {
            Ok(())
        } else {
            check_region(answer)
        }
    };
    let answer = person.ask(&question, offered, check)?;
    stage.region = Some(answer).filter(|answer| answer != NONE);
    Ok(())
}

/// Asks for the template of each group.
fn ask_groups(
    mut groups: BTreeMap<String, Option<String>>,
    person: &mut Person<'_>,
) -> Result<BTreeMap<String, Option<String>>, Failure> {
    person.say(
        "Log groups, with {stage} in the place of the stage; `none` for one that there is not.",
    )?;
    for (name, template) in &mut groups {
        let offered = template.as_deref().unwrap_or(NONE);
        let question = match guess::roles().any(|role| role == name) {
            true => format!("  {name}"),
            false if name == guess::TASKS => "  tasks (the ECS events of all tasks)".to_owned(),
            false => format!("  {name} (found beside them)"),
        };
        let check = |answer: &str| match wrong_template(answer) {
            Some(complaint) if answer != NONE => Err(complaint),
            _ => Ok(()),
        };
        let answer = person.ask(&question, offered, check)?;
        *template = Some(answer).filter(|answer| answer != NONE);
    }
    Ok(groups)
}

fn list(written: &str) -> impl Iterator<Item = &str> {
    written
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Vec<Found> {
        let names = [
            "/ecs/shop/prod/web",
            "/ecs/shop/prod/batch",
            "/ecs/shop/prod/beat",
            "/aws/events/prod-ecs-tasks",
        ];
        let of_tokyo = Found {
            region: "ap-northeast-1".to_owned(),
            names: names.map(str::to_owned).into(),
        };
        let of_us = Found {
            region: "us-east-1".to_owned(),
            names: vec!["/ecs/shop/dev/web".to_owned()],
        };
        vec![of_us, of_tokyo]
    }

    fn wishes() -> Wishes {
        Wishes {
            timezone: Some("Asia/Tokyo".to_owned()),
            ..Wishes::default()
        }
    }

    fn lines(plan: &Plan) -> Vec<String> {
        let stages = plan.stages.iter();
        let stages = stages.map(|stage| format!("{} {:?}", stage.name, stage.region));
        let groups = plan.groups.iter();
        let groups = groups.map(|(name, template)| format!("{name} {template:?}"));
        stages.chain(groups).collect()
    }

    #[test]
    fn each_stage_is_in_the_region_that_has_its_groups() {
        let plan = make(&wishes(), &found());
        assert_eq!(
            lines(&plan),
            [
                "prod Some(\"ap-northeast-1\")",
                "dev Some(\"us-east-1\")",
                "batch Some(\"/ecs/shop/{stage}/batch\")",
                "beat Some(\"/ecs/shop/{stage}/beat\")",
                "tasks Some(\"/aws/events/{stage}-ecs-tasks\")",
                "webapp Some(\"/ecs/shop/{stage}/web\")",
                "worker None",
            ]
        );
        assert_eq!(
            plan.found_in.as_deref(),
            Some("us-east-1 and ap-northeast-1")
        );
    }

    #[test]
    fn without_aws_the_usual_names_are_taken() {
        let plan = make(&wishes(), &[]);
        let first = &lines(&plan)[..2];
        assert_eq!(
            first,
            ["production None", "batch Some(\"/ecs/{stage}-batch\")"]
        );
        assert_eq!(plan.found_in, None);
    }

    #[test]
    fn answers_win_over_what_was_found() {
        let answers =
            "prod\n\nnone\n\n/x/{stage}{stage}\n/x/{stage}\n\nEurope/Pari\nEurope/Paris\n";
        let mut said = Vec::new();
        let mut person = Person {
            answers: &mut answers.as_bytes(),
            questions: &mut said,
        };
        let plan = ask(&wishes(), &found(), &mut person).expect("answered");
        insta::assert_snapshot!(String::from_utf8(said).expect("text"), @r"
        Stages [prod, dev]: Log groups, with {stage} in the place of the stage; `none` for one that there is not.
          batch [/ecs/shop/{stage}/batch]:   beat (found beside them) [/ecs/shop/{stage}/beat]:   tasks (the ECS events of all tasks) [/aws/events/{stage}-ecs-tasks]:   webapp [/ecs/shop/{stage}/web]:   `{stage}` may stand in a group once
          webapp [/ecs/shop/{stage}/web]:   worker [none]: Time zone [Asia/Tokyo]:   unknown time zone `Europe/Pari`
        Time zone [Asia/Tokyo]:
        ");
        assert_eq!(
            lines(&plan),
            [
                "prod Some(\"ap-northeast-1\")",
                "batch Some(\"/ecs/shop/{stage}/batch\")",
                "beat None",
                "tasks Some(\"/aws/events/{stage}-ecs-tasks\")",
                "webapp Some(\"/x/{stage}\")",
                "worker None",
            ]
        );
        assert_eq!(plan.timezone.as_deref(), Some("Europe/Paris"));
    }
}
