//! Help that is not about one command: the first ten lines, the program's own page, and the topics.

use std::fmt::Write;

use clap::{Args, Command};

use super::args::Flags;
use crate::query::reference;
use crate::saved::Catalog;

/// A text of `logq help TOPIC`.
pub(super) struct Topic {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// What stands in the program's text files of it.
    text: &'static str,
    /// What is made of the program's own tables, below that.
    tables: Option<fn() -> String>,
}

impl Topic {
    /// Returns the whole text.
    pub(super) fn page(&self) -> String {
        match self.tables {
            Some(tables) => format!("{}\n{}", self.text, tables()),
            None => self.text.to_owned(),
        }
    }
}

/// All topics, in the order in which help lists them.
pub(super) const TOPICS: [Topic; 6] = [
    Topic {
        name: "time",
        about: "how to write times and windows",
        text: include_str!("help/time.txt"),
        tables: None,
    },
    Topic {
        name: "output",
        about: "formats, columns, colour, pager",
        text: include_str!("help/output.txt"),
        tables: None,
    },
    Topic {
        name: "exit-codes",
        about: "how the program ends, and checks for cron and CI",
        text: include_str!("help/exit-codes.txt"),
        tables: None,
    },
    Topic {
        name: "query",
        about: "the query language",
        text: include_str!("help/query.txt"),
        tables: Some(reference::page),
    },
    Topic {
        name: "filter-pattern",
        about: "the filter pattern language",
        text: include_str!("help/filter-pattern.txt"),
        tables: None,
    },
    Topic {
        name: "environment",
        about: "variables and configuration files",
        text: include_str!("help/environment.txt"),
        tables: None,
    },
];

const EXAMPLES: &str = "\
Examples:
  logq demo                                        see it work, on logs it makes itself
  logq batch-failures --source logs/ --since 1d    failed batch runs of the last day
  logq filter '{ $.levelname = \"ERROR\" }' --source app.log
  logq query 'stats count(*) by levelname' --source logs/ -o json
";

const USAGE: &str = "\
Usage: logq NAME [PARAM=VALUE ...] [FLAGS]     run a saved query
       logq COMMAND [ARGUMENTS] [FLAGS]
";

/// Returns what `logq` alone prints.
pub(super) fn start(catalog: &Catalog) -> String {
    format!(
        "logq {}: ask the logs of a Django application on ECS what happened\n\
         \n\
         Start with one of these:\n  \
         logq demo                                        see it work, on logs it makes itself\n  \
         logq batch-failures --source logs/ --since 1d    failed batch runs of the last day\n  \
         logq filter '{{ $.levelname = \"ERROR\" }}' --source app.log\n\
         \n\
         There are {} saved queries: logq queries\n\
         All commands and flags: logq --help\n",
        env!("CARGO_PKG_VERSION"),
        catalog.iter().count(),
    )
}

/// Returns the program's own page, short and long.
pub(super) fn root_help(root: &Command, catalog: &Catalog) -> (String, String) {
    let mut flags = Flags::augment_args(Command::new("logq").version(env!("CARGO_PKG_VERSION")))
        .help_template("{all-args}")
        .max_term_width(100);
    let about = "Ask the logs of a Django application on ECS what happened\n";
    let commands = commands(root, catalog);
    let queries = query_names(catalog);
    let short = format!(
        "{about}\n{USAGE}\nCommands:\n{commands}\nSaved queries (`logq queries` says more):\n{queries}\n{}",
        flags.render_help()
    );
    let long = format!(
        "{EXAMPLES}\n{about}\n{USAGE}\nCommands:\n{commands}\nSaved queries:\n{}\nTopics (`logq help TOPIC`):\n{}\n{}",
        query_list(catalog),
        topic_list(),
        flags.render_long_help()
    );
    (short, long)
}

fn commands(root: &Command, catalog: &Catalog) -> String {
    let mut text = String::new();
    let built_in = root
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && catalog.get(command.get_name()).is_none());
    for command in built_in {
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        line(&mut text, command.get_name(), &about);
    }
    text
}

fn query_list(catalog: &Catalog) -> String {
    let mut text = String::new();
    for query in catalog.iter() {
        line(&mut text, &query.name, about(&query.title));
    }
    text
}

/// Returns the names alone, several to a line.
fn query_names(catalog: &Catalog) -> String {
    let mut text = String::new();
    let mut width = 0;
    for query in catalog.iter() {
        if width > 0 && width + 2 + query.name.len() > 78 {
            text.push('\n');
            width = 0;
        }
        let gap = "  ";
        text.push_str(gap);
        text.push_str(&query.name);
        width += gap.len() + query.name.len();
    }
    text.push('\n');
    text
}

/// Returns the list of topics.
pub(super) fn topic_list() -> String {
    let mut text = String::new();
    for topic in &TOPICS {
        line(&mut text, topic.name, topic.about);
    }
    text
}

fn line(text: &mut String, name: &str, about: &str) {
    writeln!(text, "  {name:<16} {about}").expect("a String takes all text");
}

/// Returns a heading as a help line: without a full stop.
pub(super) fn about(title: &str) -> &str {
    title.trim().trim_end_matches(['.', '。'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tree;
    use crate::saved::builtin;

    #[test]
    fn the_start_is_at_most_ten_lines() {
        assert!(start(&builtin()).lines().count() <= 10);
    }

    #[test]
    fn short_help_fits_a_screen() {
        let catalog = builtin();
        let (short, long) = root_help(&tree::build(&catalog, false), &catalog);
        assert!(short.lines().count() <= 45, "{short}");
        assert!(long.starts_with("Examples:"));
    }

    #[test]
    fn topics_fit_their_lines() {
        for topic in &TOPICS {
            for line in topic.page().lines() {
                assert!(line.chars().count() <= 96, "{}: {line}", topic.name);
            }
        }
    }
}
