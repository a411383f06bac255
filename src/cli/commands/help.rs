//! `logq help [TOPIC]`: topics, and the pages of commands.

use clap::Command;

use super::super::{Exit, Failure, guide, output, tree};
use crate::saved::Catalog;
use crate::suggest::did_you_mean;

/// Explain a command or a topic such as time, output, exit-codes
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A topic, or a command with the action it has
    #[arg(add = clap_complete::ArgValueCandidates::new(super::super::completions::help_names))]
    topic: Vec<String>,
}

pub(in crate::cli) fn run(args: &Args, catalog: &Catalog) -> Result<Exit, Failure> {
    let Some((wanted, rest)) = args.topic.split_first() else {
        let text = format!(
            "Topics:\n{}\nA command explains itself: logq query --help\n",
            guide::topic_list()
        );
        output::print_text(&text)?;
        return Ok(Exit::Done);
    };
    let topic = guide::TOPICS.iter().find(|topic| topic.name == wanted);
    if let (Some(topic), []) = (topic, rest) {
        output::print_text(&topic.page())?;
        return Ok(Exit::Done);
    }
    let mut root = tree::build(catalog, false);
    // The pages of commands list the flags that every command takes, which building spreads to them.
    root.build();
    let page = page(&mut root, &args.topic)?;
    output::print_text(&page)?;
    Ok(Exit::Done)
}

/// Returns the page of a command, or of an action of one.
fn page(root: &mut Command, words: &[String]) -> Result<String, Failure> {
    let mut command = root;
    for (depth, word) in words.iter().enumerate() {
        let known = names(command);
        if !known.contains(word) {
            return Err(unknown(&words[..depth], word, &known));
        }
        let below = command.find_subcommand_mut(word);
        command = below.expect("its name was listed");
    }
    Ok(command.render_long_help().to_string())
}

fn names(command: &Command) -> Vec<String> {
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}

fn unknown(before: &[String], word: &str, known: &[String]) -> Failure {
    if let Some(command) = before.last() {
        let near = did_you_mean(word, known.iter().map(String::as_str));
        let hint = near.unwrap_or_else(|| format!("logq help {command}"));
        return Failure::usage(format!("`{command}` has no action `{word}`")).hint(hint);
    }
    let topics = guide::TOPICS.iter().map(|topic| topic.name);
    let hint = did_you_mean(word, topics.chain(known.iter().map(String::as_str)))
        .unwrap_or_else(|| "`logq help` lists the topics".to_owned());
    Failure::usage(format!("there is no topic or command `{word}`")).hint(hint)
}
