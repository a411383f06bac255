//! From arguments to a command that runs, and from clap's complaints to ours.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, FromArgMatches};

use super::args::{Cli, Command, Engine, Flags, SourceArgs};
use super::context::{self, Context};
use super::environment::Environment;
use super::terminal::{self, Streams};
use super::{Exit, Failure, commands, guide, output, tree};
use crate::config::Config;
use crate::saved::{Catalog, builtin};
use crate::suggest::{did_you_mean, nearest};

/// Parses the arguments and runs the command.
pub(super) fn run(environment: &Environment, streams: &Streams) -> Result<Exit, Failure> {
    let config = early_config(environment);
    let catalog = catalog(config.as_ref().ok())?;
    let mut root = tree::build(&catalog, wants_help(environment));
    let matches = match root.try_get_matches_from_mut(&environment.arguments) {
        Ok(matches) => matches,
        Err(error) => return refuse(&error, &root, &catalog),
    };
    dispatch(&matches, environment, streams, config, catalog)
}

/// Returns whether the help of the program itself may have to be written.
fn wants_help(environment: &Environment) -> bool {
    let mut arguments = environment.arguments.iter();
    arguments.any(|argument| argument == "-h" || argument == "--help")
}

/// Decides on colour before the arguments are parsed, for errors about them.
pub(super) fn wants_color_early(environment: &Environment, streams: &Streams) -> bool {
    use super::args::ColorChoice;
    let choice = match early_value("--color", environment).as_deref() {
        Some("always") => Some(ColorChoice::Always),
        Some("never") => Some(ColorChoice::Never),
        _ => None,
    };
    terminal::color(choice, environment, streams.error_is_terminal)
}

/// Returns the value of a flag before the arguments are parsed.
///
/// The configuration tells where the saved queries are, which are commands, which the arguments are parsed with.
fn early_value(flag: &str, environment: &Environment) -> Option<String> {
    let mut arguments = environment
        .arguments
        .iter()
        .skip(1)
        .filter_map(|one| one.to_str());
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            return None;
        }
        if argument == flag {
            return arguments.next().map(str::to_owned);
        }
        if let Some(value) = argument
            .strip_prefix(flag)
            .and_then(|rest| rest.strip_prefix('='))
        {
            return Some(value.to_owned());
        }
    }
    None
}

/// Reads the configuration before the arguments are parsed; an error waits until a command needs it.
pub(super) fn early_config(environment: &Environment) -> Result<Config, Failure> {
    let source = SourceArgs {
        config: early_value("--config", environment).map(Into::into),
        ..SourceArgs::default()
    };
    context::load_config(&source, environment)
}

/// Gathers the saved queries: those in the program, and the project's.
pub(super) fn catalog(config: Option<&Config>) -> Result<Catalog, Failure> {
    let mut catalog = builtin();
    let folder = config
        .and_then(Config::folder)
        .map(|folder| folder.join("queries"));
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        catalog.add_folder(&folder).map_err(|error| {
            Failure::usage(format!(
                "cannot read the saved queries in `{}`",
                folder.display()
            ))
            .cause(error.to_string())
        })?;
    }
    Ok(catalog)
}

fn dispatch(
    matches: &ArgMatches,
    environment: &Environment,
    streams: &Streams,
    config: Result<Config, Failure>,
    catalog: Catalog,
) -> Result<Exit, Failure> {
    let Some((name, sub)) = matches.subcommand() else {
        return without_command(environment, &catalog);
    };
    if tree::LATER.contains(&name) {
        return Err(not_here(name));
    }
    if let Some(query) = catalog.get(name) {
        let query = query.clone();
        let params = sub
            .get_many::<String>("params")
            .unwrap_or_default()
            .cloned()
            .collect::<Vec<_>>();
        let mut context = Context::resolve(
            from_matches::<Flags>(matches)?,
            config?,
            catalog,
            environment,
            streams,
        )?;
        context.limit_window();
        context.check_engine_flags()?;
        if !context.reads_service {
            context.warn_of_idle();
        }
        return commands::run::saved(&context, &query, &params);
    }
    let mut cli: Cli = from_matches(matches)?;
    let Some(mut command) = cli.command else {
        return without_command(environment, &catalog);
    };
    if cli.flags.source.dry_run {
        check_dry_run(&command, name, sub)?;
    }
    // These need no configuration, so a broken one does not take them away.
    match &command {
        Command::Completions(args) => return commands::completions::run(args),
        Command::Man(args) => return commands::man::run(args, &catalog),
        Command::Help(args) => return commands::help::run(args, &catalog),
        Command::Demo(_) => commands::demo::refuse_idle(&cli.flags)?,
        _ => {}
    }
    own_flags(&mut command, &mut cli.flags);
    keep_engine(&command, &mut cli.flags)?;
    let config = match (config, &mut command) {
        // They say or mend what is wrong with it.
        (Err(failure), Command::Doctor(args)) => {
            args.note_broken(&failure);
            Config::default()
        }
        (Err(_), Command::Init(_)) => Config::default(),
        (config, _) => config?,
    };
    let mut context = Context::resolve(cli.flags, config, catalog, environment, streams)?;
    if command.reads_window() || command.has_engine() && context.engine == Engine::Insights {
        context.limit_window();
    }
    if matches!(command, Command::Run(_) | Command::Query(_)) {
        context.check_engine_flags()?;
    }
    let is_asked = command.asks_aws() || command.reads_logs() && context.reads_service;
    if !is_asked {
        context.warn_of_idle();
    }
    commands::run_command(&context, &command)
}

/// Refuses `--dry-run` where it would change nothing: who gives it believes that something would be done.
fn check_dry_run(command: &Command, name: &str, sub: &ArgMatches) -> Result<(), Failure> {
    let Some(instead) = command.instead_of_dry_run() else {
        return Ok(());
    };
    let words: Vec<&str> = [Some(name), sub.subcommand_name()]
        .into_iter()
        .flatten()
        .collect();
    let message = format!("`logq {}` has no `--dry-run`", words.join(" "));
    Err(Failure::usage(message).hint(instead.to_owned()))
}

/// Gives a command the flags that mean something else to it than a window.
fn own_flags(command: &mut Command, flags: &mut Flags) {
    match command {
        // Here `--from` names a table.
        Command::Query(_) | Command::Explain(_) => flags.time.from = None,
        Command::Queries(args) => args.take_engine(&mut flags.source),
        Command::Doctor(args) => args.note_flags(flags),
        Command::Init(args) => args.take_flags(flags),
        #[cfg(feature = "aws")]
        Command::Silence(args) => args.take_end(&mut flags.time),
        _ => {}
    }
}

/// Leaves the engine to commands that run one query: the others run here, whatever the environment says.
fn keep_engine(command: &Command, flags: &mut Flags) -> Result<(), Failure> {
    if command.has_engine() {
        return Ok(());
    }
    if flags.source.engine == Some(Engine::Insights) {
        return Err(
            Failure::usage("the Logs Insights service runs queries, and this is none")
                .hint("leave `--engine insights` out".to_owned()),
        );
    }
    flags.source.engine = Some(Engine::Local);
    Ok(())
}

fn from_matches<T: FromArgMatches>(matches: &ArgMatches) -> Result<T, Failure> {
    T::from_arg_matches(matches).map_err(|error| Failure::usage(first_line(&error)))
}

fn without_command(environment: &Environment, catalog: &Catalog) -> Result<Exit, Failure> {
    if environment.arguments.len() > 1 {
        return Err(Failure::usage("no command was given")
            .hint("logq batch-failures --since 1d; `logq --help` lists the commands".to_owned()));
    }
    output::print_text(&guide::start(catalog))?;
    Ok(Exit::Done)
}

fn not_here(name: &str) -> Failure {
    let instead = match name {
        "silence" | "pull" | "cache" => {
            let message = format!("this build of logq has no `{name}`: it asks AWS");
            return Failure::usage(message).hint(
                "build it with its default features: cargo install --path . --locked".to_owned(),
            );
        }
        "report" => "print rows for another program: -o json",
        _ => "`logq --help` lists the commands there are",
    };
    Failure::usage(format!("`logq {name}` is not in this version")).hint(instead.to_owned())
}

/// Answers help and version, and words everything else as our errors are.
fn refuse(error: &clap::Error, root: &clap::Command, catalog: &Catalog) -> Result<Exit, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output::print_text(&error.to_string())?;
            Ok(Exit::Done)
        }
        ErrorKind::InvalidSubcommand => Err(unknown_command(error, root, catalog)),
        ErrorKind::UnknownArgument => Err(unknown_argument(error)),
        ErrorKind::InvalidValue => Err(invalid_value(error)),
        ErrorKind::ValueValidation => Err(no_number(error)),
        ErrorKind::ArgumentConflict => Err(given_twice(error)),
        ErrorKind::MissingRequiredArgument => Err(missing(error)),
        _ => Err(Failure::usage(first_line(error))),
    }
}

fn unknown_command(error: &clap::Error, root: &clap::Command, catalog: &Catalog) -> Failure {
    let name = text_of(error, ContextKind::InvalidSubcommand);
    if let Some(mistake) = catalog.mistake(&name) {
        return Failure::rendered(mistake.render(false));
    }
    // Only `queries` has commands of its own.
    let (prefix, parent) = match root.find_subcommand("queries") {
        Some(queries) if usage_of(error).starts_with("logq queries") => ("logq queries", queries),
        _ => ("logq", root),
    };
    let known: Vec<&str> = parent
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(clap::Command::get_name)
        .collect();
    let hint = match nearest(&name, known.iter().copied()).as_slice() {
        [] => "`logq --help` lists the commands, `logq queries` the saved queries".to_owned(),
        [one] => format!("did you mean `{prefix} {one}`?"),
        [one, two, ..] => format!("did you mean `{prefix} {one}` or `{prefix} {two}`?"),
    };
    Failure::usage(format!("unknown command `{name}`")).hint(hint)
}

fn unknown_argument(error: &clap::Error) -> Failure {
    let written = text_of(error, ContextKind::InvalidArg);
    let failure = if written.starts_with('-') {
        Failure::usage(format!("unknown flag `{written}`"))
    } else {
        Failure::usage(format!("unexpected argument `{written}`"))
    };
    match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(near)) => failure.hint(format!("did you mean `{near}`?")),
        _ if written.starts_with('-') => failure.hint("`logq --help` lists the flags".to_owned()),
        _ => failure,
    }
}

fn invalid_value(error: &clap::Error) -> Failure {
    let argument = text_of(error, ContextKind::InvalidArg);
    let value = text_of(error, ContextKind::InvalidValue);
    let flag = argument.split_whitespace().next().unwrap_or_default();
    let known = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) => known.as_slice(),
        _ => &[],
    };
    if value.is_empty() {
        return Failure::usage(format!("`{flag}` needs a value")).hint(argument.clone());
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = did_you_mean(&value, known.iter().copied())
        .unwrap_or_else(|| format!("one of `{}`", known.join("`, `")));
    Failure::usage(format!("`{flag}` cannot be `{value}`"))
        .hint((!known.is_empty()).then_some(hint))
}

/// Words the complaint about a value that cannot be read; all flags that check theirs take whole numbers.
fn no_number(error: &clap::Error) -> Failure {
    let argument = text_of(error, ContextKind::InvalidArg);
    let value = text_of(error, ContextKind::InvalidValue);
    let flag = argument.split_whitespace().next().unwrap_or_default();
    let hint = match flag {
        "--threads" => "a whole number, such as `--threads 2`".to_owned(),
        _ => format!("a whole number, such as `{flag} 100`; 0 for all"),
    };
    Failure::usage(format!("`{flag}` cannot be `{value}`")).hint(hint)
}

fn given_twice(error: &clap::Error) -> Failure {
    let one = text_of(error, ContextKind::InvalidArg);
    let flag = one.split_whitespace().next().unwrap_or_default();
    let prior = text_of(error, ContextKind::PriorArg);
    if prior != one {
        return Failure::usage(first_line(error));
    }
    let hint = match one.split_once(' ') {
        Some((_, value)) => format!("give `{flag} {value}` once"),
        None => format!("give `{flag}` once"),
    };
    Failure::usage(format!("`{flag}` is given twice")).hint(hint)
}

fn missing(error: &clap::Error) -> Failure {
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) => names.join(" "),
        _ => String::new(),
    };
    let usage = usage_of(error);
    Failure::usage(format!("`{missing}` is missing")).hint((!usage.is_empty()).then_some(usage))
}

/// Returns the command line that clap expected.
fn usage_of(error: &clap::Error) -> String {
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            usage.to_string().replace("Usage: ", "").trim().to_owned()
        }
        _ => String::new(),
    }
}

fn text_of(error: &clap::Error, kind: ContextKind) -> String {
    error.get(kind).map(ToString::to_string).unwrap_or_default()
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ")
        .unwrap_or(line)
        .replace('\'', "`")
}
