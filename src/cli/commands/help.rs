//! `logq help [TOPIC]`: topics, and the pages of commands.

use super::super::{Exit, Failure, guide, output, tree};
use crate::saved::Catalog;
use crate::suggest::did_you_mean;

/// Explain a command or a topic such as time, output, exit-codes
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A topic, or a command
    topic: Option<String>,
}

pub(in crate::cli) fn run(args: &Args, catalog: &Catalog) -> Result<Exit, Failure> {
    let Some(wanted) = args.topic.as_deref() else {
        let text = format!(
            "Topics:\n{}\nA command explains itself: logq query --help\n",
            guide::topic_list()
        );
        output::print_text(&text)?;
        return Ok(Exit::Done);
    };
    if let Some(topic) = guide::TOPICS.iter().find(|topic| topic.name == wanted) {
        output::print_text(topic.text)?;
        return Ok(Exit::Done);
    }
    let mut root = tree::build(catalog, false);
    // The pages of commands list the flags that every command takes, which building spreads to them.
    root.build();
    let known = root
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let names: Vec<String> = known.map(|command| command.get_name().to_owned()).collect();
    if names.iter().any(|name| name == wanted)
        && let Some(command) = root.find_subcommand_mut(wanted)
    {
        output::print_text(&command.render_long_help().to_string())?;
        return Ok(Exit::Done);
    }
    let topics = guide::TOPICS.iter().map(|topic| topic.name);
    let hint = did_you_mean(wanted, topics.chain(names.iter().map(String::as_str)))
        .unwrap_or_else(|| "`logq help` lists the topics".to_owned());
    Err(Failure::usage(format!("there is no topic or command `{wanted}`")).hint(hint))
}
