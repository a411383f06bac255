//! Which log groups count: `--stage`, `--target`, and the groups that a saved query names.

use super::Failure;
use crate::config::Config;
use crate::suggest::nearest;

/// What to read of a source, by log group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only this stage.
    pub stage: Option<String>,
    /// Only these logical names; empty: all.
    pub targets: Vec<String>,
}

impl Scope {
    /// Checks names against the configuration: what is near to a known name is taken for a slip.
    pub(super) fn new(stage: Option<String>, targets: Vec<String>, config: &Config) -> Result<Self, Failure> {
        if let Some(stage) = &stage {
            let known: Vec<&str> = config.stage_names().collect();
            check("stage", stage, &known, !known.is_empty())?;
        }
        let known: Vec<&str> = config.groups.names().collect();
        for target in &targets {
            check("target", target, &known, false)?;
        }
        Ok(Self { stage, targets })
    }

    /// Returns whether events of a log group count.
    ///
    /// A group that does not tell its stage or service is not held against it: a file may come from anywhere.
    pub fn admits(&self, group: &str, config: &Config) -> bool {
        let Some(place) = config.locate(group) else {
            return group.is_empty() || self.targets.is_empty() || self.targets.iter().any(|target| target == last(group));
        };
        let stage_fits = self
            .stage
            .as_ref()
            .is_none_or(|stage| place.stage.is_empty() || place.stage == stage);
        let target_fits = self.targets.is_empty() || self.targets.iter().any(|target| target == place.service);
        stage_fits && target_fits
    }

    /// Describes the scope for a headline: `production/batch`; empty when it is everything.
    pub fn describe(&self) -> String {
        match (&self.stage, self.targets.join(",")) {
            (None, targets) => targets,
            (Some(stage), targets) if targets.is_empty() => stage.clone(),
            (Some(stage), targets) => format!("{stage}/{targets}"),
        }
    }
}

fn last(group: &str) -> &str {
    group.rsplit('/').next().unwrap_or(group)
}

/// Refuses a name that is not known: always when the list is complete, else only when it looks like a slip.
fn check(what: &str, name: &str, known: &[&str], complete: bool) -> Result<(), Failure> {
    if known.contains(&name) {
        return Ok(());
    }
    let near = nearest(name, known.iter().copied());
    let hint = match near.as_slice() {
        [] if !complete => return Ok(()),
        [] => format!("known: `{}`", known.join("`, `")),
        [one] => format!("did you mean `{one}`?"),
        [one, two, ..] => format!("did you mean `{one}` or `{two}`?"),
    };
    Err(Failure::usage(format!("unknown {what} `{name}`")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(stage: Option<&str>, targets: &[&str]) -> Result<Scope, Failure> {
        let targets = targets.iter().map(|&target| target.to_owned()).collect();
        Scope::new(stage.map(str::to_owned), targets, &Config::default())
    }

    #[test]
    fn groups_are_told_by_stage_and_service() {
        let config = Config::default();
        let scope = scope(Some("production"), &["batch", "beat"]).expect("fine");
        assert!(scope.admits("/ecs/production-batch", &config));
        assert!(scope.admits("/ecs/production-beat", &config));
        assert!(scope.admits("", &config));
        assert!(!scope.admits("/ecs/staging-batch", &config));
        assert!(!scope.admits("/ecs/production-webapp", &config));
        assert_eq!(scope.describe(), "production/batch,beat");
    }

    #[test]
    fn a_slip_is_not_taken_for_a_name() {
        let failure = scope(None, &["wroker"]).expect_err("a slip");
        assert_eq!(
            failure.render(false),
            "error: unknown target `wroker`\nhint: did you mean `worker`?"
        );
    }
}
