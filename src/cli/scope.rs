//! Which log groups count: `--stage`, `--target`, and the groups that a saved query names.

use super::Failure;
use crate::config::Config;
use crate::suggest::nearest;

/// What to read of a source, by log group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// Only this stage.
    pub(super) stage: Option<String>,
    /// Only these logical names; empty: all.
    pub(super) targets: Vec<String>,
    /// Only streams whose names begin with one of these; empty: all.
    pub(super) streams: Vec<String>,
}

impl Scope {
    /// Checks names against the configuration: what is near to a known name is taken for a slip.
    pub(super) fn new(
        stage: Option<String>,
        targets: Vec<String>,
        config: &Config,
    ) -> Result<Self, Failure> {
        if let Some(stage) = &stage {
            let known: Vec<&str> = config.stage_names().collect();
            check("stage", stage, &known, !known.is_empty())?;
        }
        let known: Vec<&str> = config.groups.names().collect();
        for target in &targets {
            check("target", target, &known, false)?;
        }
        Ok(Self {
            stage,
            targets,
            streams: Vec::new(),
        })
    }

    /// Returns the scope for streams whose names begin with one of these.
    pub(super) fn of_streams(self, prefixes: &[String]) -> Self {
        let mut streams: Vec<String> = prefixes.to_vec();
        streams.sort_unstable();
        // What begins with another one asks for nothing more.
        streams.dedup_by(|name, before| name.starts_with(&**before));
        Self { streams, ..self }
    }

    /// Returns what the names of streams begin with; what all names begin with need not be asked for.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs needs it")
    )]
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        let streams = self.streams.iter().map(String::as_str);
        streams.filter(|prefix| !prefix.is_empty())
    }

    /// Describes the scope for a headline: `production/batch`; empty when it is everything.
    pub(super) fn describe(&self) -> String {
        match (&self.stage, self.targets.join(",")) {
            (None, targets) => targets,
            (Some(stage), targets) if targets.is_empty() => stage.clone(),
            (Some(stage), targets) => format!("{stage}/{targets}"),
        }
    }
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
    fn a_scope_is_named_by_stage_and_targets() {
        let both = scope(Some("production"), &["batch", "beat"]).expect("fine");
        assert_eq!(both.describe(), "production/batch,beat");
        assert_eq!(scope(None, &[]).expect("fine").describe(), "");
    }

    #[test]
    fn of_streams_those_count_that_ask_for_more_than_another() {
        let prefixes =
            ["ecs/webapp/2", "ecs/batch", "ecs/batch/1", "ecs/webapp"].map(str::to_owned);
        let scope = Scope::default().of_streams(&prefixes);
        assert_eq!(scope.streams, ["ecs/batch", "ecs/webapp"]);
        assert!(Scope::default().of_streams(&[]).streams.is_empty());
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
