//! Which stage and service a log group belongs to, and whether its streams are runs.

use std::fmt;
use std::sync::Arc;

/// The service whose streams are runs.
pub(crate) const BATCH: &str = "batch";

/// Whose log group it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The stage, such as `production`; empty when the name does not tell.
    pub stage: String,
    /// The service: `batch`, `webapp`, `worker`, or `tasks` for the group of the ECS events.
    pub service: String,
}

/// From a group's name to its site; the configuration's templates make one.
#[derive(Clone)]
pub struct Groups(Arc<Find>);

type Find = dyn Fn(&str) -> Option<Site> + Send + Sync;

impl Groups {
    /// Wraps a function that finds the site of a group.
    pub fn new(find: impl Fn(&str) -> Option<Site> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// Returns the site of a group; where the function knows none, the last part of the name is the service.
    pub fn find(&self, group: &str) -> Site {
        (self.0)(group).unwrap_or_else(|| Site {
            stage: String::new(),
            service: group.rsplit('/').next().unwrap_or_default().to_owned(),
        })
    }
}

/// `/ecs/STAGE-SERVICE`, and `/aws/events/STAGE-ecs-tasks` for the ECS events.
impl Default for Groups {
    fn default() -> Self {
        Self::new(|group| {
            if let Some(stage) = group
                .strip_prefix("/aws/events/")
                .and_then(|rest| rest.strip_suffix("-ecs-tasks"))
            {
                return Some(Site {
                    stage: stage.to_owned(),
                    service: "tasks".to_owned(),
                });
            }
            let (stage, service) = group.strip_prefix("/ecs/")?.split_once('-')?;
            Some(Site {
                stage: stage.to_owned(),
                service: service.to_owned(),
            })
        })
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups(…)")
    }
}

impl Site {
    /// Returns whether each stream of the group is a run by itself: those of `batch`, and those of files that
    /// nothing is known about. The others are services, whose streams are runs only when something says so.
    pub fn holds_runs(&self) -> bool {
        self.service == BATCH || (self.stage.is_empty() && !self.is_service())
    }

    /// Returns whether the group holds the events of ECS instead of a program's output.
    pub fn holds_tasks(&self) -> bool {
        self.service == "tasks" || self.service.ends_with("ecs-tasks")
    }

    fn is_service(&self) -> bool {
        matches!(self.service.as_str(), "webapp" | "worker" | "web" | "beat") || self.holds_tasks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_are_understood() {
        let check = |group: &str, stage: &str, service: &str, runs: bool| {
            let site = Groups::default().find(group);
            assert_eq!(
                (site.stage.as_str(), site.service.as_str()),
                (stage, service),
                "{group}"
            );
            assert_eq!(site.holds_runs(), runs, "{group}");
        };
        check("/ecs/production-batch", "production", "batch", true);
        check("/ecs/staging-webapp", "staging", "webapp", false);
        check(
            "/aws/events/production-ecs-tasks",
            "production",
            "tasks",
            false,
        );
        check("", "", "", true);
        check("logs/worker", "", "worker", false);
        check("some/folder", "", "folder", true);
    }
}
