//! What a run can turn out to be, before its log is read: from the last ECS event of its task, and from whether its
//! log holds any event that can mean something.
//!
//! The verdict itself is `outcome`'s. What is told here is wider: all that the verdict could still be.

use crate::decode::ecs::{Container, Stop, TaskEvent};
use crate::detect::command::Command;
use crate::detect::outcome::is_service;
use crate::detect::run::{Outcome, RunKind};
use crate::detect::signal::Signals;

const OUTCOMES: [Outcome; 5] = [
    Outcome::Succeeded,
    Outcome::Failed,
    Outcome::Errored,
    Outcome::Running,
    Outcome::Unknown,
];

/// What is known of a run whose log has not been read.
#[derive(Clone, Debug, Default)]
pub struct Outlook<'a> {
    /// The last state of its task, where an ECS event tells.
    pub task: Option<&'a TaskEvent>,
    /// What its log holds; what is not known counts as held.
    pub signals: Signals,
    /// The containers that logged.
    pub containers: Vec<&'a str>,
    /// The container that speaks for a task, where the configuration names it.
    pub main_container: Option<&'a str>,
}

impl Outlook<'_> {
    /// Returns whether it can turn out to be one that is wanted, by its kind, outcome, and name where that is known.
    pub fn may_be(&self, wanted: &dyn Fn(RunKind, Outcome, Option<&str>) -> bool) -> bool {
        let command = self.task.and_then(TaskEvent::command).map(Command::parse);
        let name = command.as_ref().and_then(Command::name);
        self.kinds(command.as_ref()).iter().any(|kind| {
            self.outcomes()
                .iter()
                .any(|outcome| wanted(*kind, *outcome, name))
        })
    }

    fn kinds(&self, command: Option<&Command>) -> &'static [RunKind] {
        if self.task.is_some_and(is_service) {
            return &[RunKind::Batch, RunKind::Migration, RunKind::Task];
        }
        match command {
            Some(command) if command.is_migration() => &[RunKind::Migration],
            // An error may come out of a migration.
            _ if self.signals.is_any() => &[RunKind::Batch, RunKind::Migration],
            _ => &[RunKind::Batch],
        }
    }

    fn outcomes(&self) -> Vec<Outcome> {
        let possible = |outcome: &Outcome| self.may_end_as(*outcome);
        OUTCOMES.into_iter().filter(possible).collect()
    }

    fn may_end_as(&self, outcome: Outcome) -> bool {
        let Signals { error, migration } = self.signals;
        let Some(task) = self.task.filter(|task| task.is_final()) else {
            // The log alone can speak against it.
            return match outcome {
                Outcome::Succeeded | Outcome::Running | Outcome::Unknown => true,
                Outcome::Failed => error || migration,
                Outcome::Errored => error,
            };
        };
        if is_service(task) {
            return true;
        }
        let mains = self.mains(task);
        let ended_well = |main: Option<&Container>| {
            let zero = main.is_some_and(|main| main.exit_code == Some(0));
            zero && task.stop(main) == Stop::Exited
        };
        let well = mains.iter().filter(|main| ended_well(**main)).count();
        // With an exit code of 0 only a migration can have failed, and only an error can speak against it.
        let when_well = match outcome {
            Outcome::Succeeded => true,
            Outcome::Failed => migration,
            Outcome::Errored | Outcome::Unknown => error,
            Outcome::Running => false,
        };
        let otherwise = matches!(
            outcome,
            Outcome::Failed | Outcome::Unknown | Outcome::Succeeded
        );
        (well > 0 && when_well) || (well < mains.len() && otherwise)
    }

    /// Returns the containers that may turn out to speak for the task.
    fn mains<'t>(&self, task: &'t TaskEvent) -> Vec<Option<&'t Container>> {
        if self.main_container.is_some() || task.command().is_some() {
            return vec![task.main_container(self.main_container)];
        }
        let logged = self.containers.iter().map(|name| Some(*name));
        let names = logged.chain([None]);
        names.map(|name| task.main_container(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::ecs::ContainerOverride;

    fn task(code: Option<i64>, command: &[&str]) -> TaskEvent {
        TaskEvent {
            last_status: "STOPPED".to_owned(),
            stop_code: "EssentialContainerExited".to_owned(),
            started: Some(crate::time::Timestamp(1)),
            containers: vec![Container {
                name: "batch".to_owned(),
                exit_code: code,
                ..Container::default()
            }],
            overrides: vec![ContainerOverride {
                name: "batch".to_owned(),
                command: Some(command.iter().map(|&word| word.to_owned()).collect()),
            }],
            ..TaskEvent::default()
        }
    }

    fn outcomes(task: Option<&TaskEvent>, error: bool, migration: bool) -> Vec<Outcome> {
        let signals = Signals { error, migration };
        let outlook = Outlook {
            task,
            signals,
            ..Outlook::default()
        };
        outlook.outcomes()
    }

    #[test]
    fn a_good_exit_leaves_little() {
        let task = task(Some(0), &["python", "manage.py", "sync"]);
        assert_eq!(outcomes(Some(&task), false, false), [Outcome::Succeeded]);
        assert!(!outcomes(Some(&task), true, false).contains(&Outcome::Failed));
        assert!(outcomes(Some(&task), false, true).contains(&Outcome::Failed));
    }

    #[test]
    fn a_bad_exit_or_none_may_be_a_failure_without_a_line() {
        for code in [Some(1), Some(137), None] {
            let task = task(code, &["python", "manage.py", "sync"]);
            assert!(outcomes(Some(&task), false, false).contains(&Outcome::Failed));
        }
    }

    #[test]
    fn without_a_final_event_only_its_log_tells_of_a_failure() {
        assert!(!outcomes(None, false, false).contains(&Outcome::Failed));
        assert!(outcomes(None, true, false).contains(&Outcome::Failed));
        assert!(outcomes(None, false, false).contains(&Outcome::Running));
    }

    #[test]
    fn the_command_gives_the_name_and_tells_a_migration() {
        let migrate = task(Some(0), &["python", "manage.py", "migrate"]);
        let outlook = Outlook {
            task: Some(&migrate),
            ..Outlook::default()
        };
        assert!(
            outlook.may_be(&|kind, _, name| kind == RunKind::Migration && name == Some("migrate"))
        );
        assert!(!outlook.may_be(&|kind, _, _| kind == RunKind::Batch));
    }
}
