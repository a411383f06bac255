//! Completion: a script for the shell that asks the program itself.
//!
//! The script calls the program with `LOGQ_COMPLETE` set and the words so far, so it knows the saved queries of the
//! project it is used in, their parameters, and the stages of `logq.toml`.

use clap::ValueEnum;
use clap_complete::ArgValueCandidates;
use clap_complete::CompletionCandidate;
use clap_complete::env::{Bash, CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use super::environment::Environment;
use super::{Failure, guide, output, parse, tree};
use crate::config::Config;
use crate::saved::{Catalog, SavedQuery};

/// The variable by which the script tells the program to complete.
const VARIABLE: &str = "LOGQ_COMPLETE";

/// The shells there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
    /// Elvish
    Elvish,
    /// PowerShell
    Powershell,
}

/// Prints the script for a shell.
pub(super) fn print_script(shell: Shell) -> Result<(), Failure> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Elvish => &Elvish,
        Shell::Powershell => &Powershell,
    };
    let mut script = Vec::new();
    completer
        .write_registration(VARIABLE, "logq", "logq", "logq", &mut script)
        .map_err(Failure::from)?;
    output::print_text(&String::from_utf8_lossy(&script))
}

/// Completes when a script asks for it; false in a usual call.
pub(super) fn answered(environment: &Environment) -> bool {
    if environment.variable(VARIABLE).is_none() {
        return false;
    }
    let completed = CompleteEnv::with_factory(|| command(environment))
        .var(VARIABLE)
        .try_complete(environment.arguments.clone(), Some(&environment.folder));
    // A shell in the middle of a line has no place for an error.
    completed.unwrap_or(true)
}

/// Returns the tree with candidates for values that the project knows.
fn command(environment: &Environment) -> clap::Command {
    let config = parse::early_config(environment).unwrap_or_default();
    let catalog = parse::catalog(Some(&config)).unwrap_or_default();
    let stages: Vec<String> = stages(&config);
    let targets: Vec<String> = config.groups.names().map(str::to_owned).collect();
    let mut root = tree::build(&catalog, false)
        .mut_arg("stage", |arg| arg.add(candidates(stages)))
        .mut_arg("target", |arg| arg.add(candidates(targets)));
    for query in catalog.iter().filter(|query| !query.params.is_empty()) {
        let params = query
            .params
            .iter()
            .map(|param| format!("{}=", param.name))
            .collect();
        root = root.mut_subcommand(query.name.as_str(), |command| {
            command.mut_arg("params", |arg| arg.add(candidates(params)))
        });
    }
    root
}

fn stages(config: &Config) -> Vec<String> {
    let named: Vec<String> = config.stage_names().map(str::to_owned).collect();
    if named.is_empty() {
        return vec!["production".to_owned(), "staging".to_owned()];
    }
    named
}

fn candidates(values: Vec<String>) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        values
            .iter()
            .map(CompletionCandidate::new)
            .collect::<Vec<_>>()
    })
}

/// Returns the names of the saved queries that are watched for.
pub(super) fn rule_names() -> Vec<CompletionCandidate> {
    names_of(|query| query.alert.is_some())
}

/// Returns the topics and commands that help explains.
pub(super) fn help_names() -> Vec<CompletionCandidate> {
    let topics = guide::TOPICS
        .iter()
        .map(|topic| CompletionCandidate::new(topic.name).help(Some(topic.about.into())));
    let root = tree::build(&project_catalog(), false);
    let commands = root
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| {
            CompletionCandidate::new(command.get_name()).help(command.get_about().cloned())
        });
    topics.chain(commands).collect()
}

/// Returns what alerts are told by and can be silenced: saved queries with an alert, and batches.
#[cfg(feature = "aws")]
pub(super) fn alert_names() -> Vec<CompletionCandidate> {
    let config = parse::early_config(&Environment::of_process()).unwrap_or_default();
    let batches = config.batches.keys().map(CompletionCandidate::new);
    rule_names().into_iter().chain(batches).collect()
}

/// Returns the names of the saved queries, for arguments that take one.
pub(super) fn query_names() -> Vec<CompletionCandidate> {
    names_of(|_| true)
}

fn names_of(wanted: impl Fn(&SavedQuery) -> bool) -> Vec<CompletionCandidate> {
    let candidate = |query: &SavedQuery| {
        CompletionCandidate::new(&query.name).help(Some(query.title.clone().into()))
    };
    let catalog = project_catalog();
    catalog
        .iter()
        .filter(|query| wanted(query))
        .map(candidate)
        .collect()
}

fn project_catalog() -> Catalog {
    let environment = Environment::of_process();
    let config = parse::early_config(&environment).ok();
    parse::catalog(config.as_ref()).unwrap_or_default()
}
