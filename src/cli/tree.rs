//! The tree of commands: the built-in ones, the saved queries, and names kept for later.

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
use super::guide;
use crate::saved::{Catalog, Input, Param, SavedQuery};

/// Commands that this version or build does not have, kept free so that no saved query takes their names.
pub(super) const LATER: &[&str] = if cfg!(feature = "aws") {
    &["report"]
} else {
    &["pull", "report", "cache", "silence"]
};

/// Builds the whole tree; the program's own help, which lists all of it, only on demand.
pub(super) fn build(catalog: &Catalog, with_help: bool) -> Command {
    let mut root = Cli::command();
    for query in catalog.iter() {
        root = root.subcommand(saved(query));
    }
    for &name in LATER {
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
    let about = guide::about(&query.title).to_owned();
    let description = Some(query.description.clone()).filter(|text| !text.trim().is_empty());
    let notes = saved_notes(query);
    let command = Command::new(query.name.clone())
        .about(about)
        .before_long_help(saved_examples(query))
        .after_long_help(notes.clone())
        .after_help(format!("{}{notes}", parameters(query)))
        .arg(saved_params(query));
    match description {
        Some(description) => command.long_about(description),
        None => command,
    }
}

/// Returns the argument that takes the parameters; its long help has what the file says of each.
fn saved_params(query: &SavedQuery) -> Arg {
    let params = Arg::new("params").value_name("PARAM=VALUE").num_args(0..);
    if query.params.is_empty() {
        return params.help("This query has no parameters").hide(true);
    }
    let lines: Vec<String> = query.params.iter().map(param_line).collect();
    params
        .help("Set a parameter of the query")
        .long_help(format!(
            "Set a parameter of the query:\n\n{}",
            lines.join("\n")
        ))
}

/// Returns the parameters as a section of their own, for the short page.
fn parameters(query: &SavedQuery) -> String {
    if query.params.is_empty() {
        return String::new();
    }
    let lines = query
        .params
        .iter()
        .map(|param| format!("  {}\n", param_line(param)));
    format!("Parameters:\n{}\n", lines.collect::<String>())
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
    let table = match query.from {
        Input::Events => "log events",
        Input::Runs => "runs",
        Input::Schedule => "the schedule",
    };
    format!(
        "Reads {table} of {}. See the query itself with `logq queries show {}`.",
        query.groups.join(", "),
        query.name
    )
}

fn param_line(param: &Param) -> String {
    let default = match &param.default {
        Some(default) => format!("[default: {default}]"),
        None => "[required]".to_owned(),
    };
    format!("{:<12} {} {default}", param.name, param.description)
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
