//! The tree of commands: the built-in ones, the saved queries, and names kept for later.

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
use super::guide;
use crate::saved::{Catalog, Input, Param, SavedQuery};

/// Commands that this version does not have, kept free so that no saved query takes their names.
pub(super) const LATER: [&str; 7] = [
    "tail", "pull", "report", "init", "doctor", "silence", "cache",
];

/// Builds the whole tree; the program's own help, which lists all of it, only on demand.
pub(super) fn build(catalog: &Catalog, with_help: bool) -> Command {
    let mut root = Cli::command();
    for query in catalog.iter() {
        root = root.subcommand(saved(query));
    }
    for name in LATER {
        root = root.subcommand(later(name));
    }
    if !with_help {
        return root;
    }
    let (short, long) = guide::root_help(&root, catalog);
    root.help_template("{before-help}")
        .before_help(short)
        .before_long_help(long)
}

/// Returns the command that runs a saved query.
fn saved(query: &SavedQuery) -> Command {
    let name = query.name.clone();
    let about = guide::about(&query.title).to_owned();
    let params = Arg::new("params")
        .value_name("PARAM=VALUE")
        .num_args(0..)
        .help(if query.params.is_empty() {
            "This query has no parameters".to_owned()
        } else {
            "Set a parameter of the query".to_owned()
        });
    Command::new(name)
        .about(about)
        .long_about(query.description.clone())
        .before_long_help(saved_examples(query))
        .after_help(saved_notes(query))
        .arg(params.hide(query.params.is_empty()))
}

fn saved_examples(query: &SavedQuery) -> String {
    let name = &query.name;
    let mut lines = vec![format!("Examples:\n  logq {name} --since 1d")];
    if let Some(param) = query.params.first() {
        let value = match param.default.as_deref() {
            None | Some("" | "*") => "VALUE",
            Some(default) => default,
        };
        lines.push(format!("  logq {name} {}={value}", param.name));
    }
    lines.push(format!("  logq {name} --source logs/ -o json"));
    lines.join("\n")
}

fn saved_notes(query: &SavedQuery) -> String {
    let mut lines: Vec<String> = query.params.iter().map(param_line).collect();
    if !lines.is_empty() {
        lines.insert(0, "Parameters:".to_owned());
        lines.push(String::new());
    }
    let table = match query.from {
        Input::Events => "log events",
        Input::Runs => "runs",
        Input::Schedule => "the schedule",
    };
    lines.push(format!(
        "Reads {table} of {}. See the query itself with `logq queries show {}`.",
        query.groups.join(", "),
        query.name
    ));
    lines.join("\n")
}

fn param_line(param: &Param) -> String {
    let default = match &param.default {
        Some(default) => format!("[default: {default}]"),
        None => "[required]".to_owned(),
    };
    format!("  {:<12} {} {default}", param.name, param.description)
}

/// Returns a command that takes anything, only to say that it is not here.
fn later(name: &'static str) -> Command {
    let rest = Arg::new("rest")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true);
    Command::new(name)
        .hide(true)
        .disable_help_flag(true)
        .arg(rest)
}
