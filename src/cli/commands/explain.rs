//! `logq explain NAME|'QL'`: how a query is read and run.

#[cfg(feature = "aws")]
use super::super::args::Engine;
use super::super::context::Context;
#[cfg(feature = "aws")]
use super::super::insights;
use super::super::output;
use super::super::run::{self as reading, Ask};
use super::super::{Exit, Failure};
use super::{ask, query, run, service};
use crate::query::{Program, Table};
use crate::render::Format;
use crate::saved::SavedQuery;

/// Explain how a query is read, planned and run
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  logq explain batch-failures
  logq explain batch-runs batch=sync-reservations
  logq explain 'filter levelname = \"ERROR\" | stats count(*) by name'
  logq explain 'fields @timestamp, name' --engine insights --since 1d")]
pub(in crate::cli) struct Args {
    /// The name of a saved query, or a query
    #[arg(
        value_name = "NAME|QUERY",
        add = clap_complete::ArgValueCandidates::new(super::super::completions::query_names)
    )]
    query: String,

    /// Set parameters of the saved query
    #[arg(value_name = "PARAM=VALUE")]
    params: Vec<String>,

    /// Start from this table: events or runs
    #[arg(long = "from", value_name = "TABLE", id = "from")]
    table: Option<String>,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let sections = if let Some(query) = saved(context, args)? {
        explain_saved(context, query, &args.params)?
    } else {
        let ask = Ask {
            table: query::table(args.table.as_deref())?,
            pattern: None,
            query: &args.query,
            saved: None,
            groups: &[],
        };
        explain(context, &ask)?
    };
    print(context, &sections)?;
    Ok(Exit::Done)
}

/// A title and a text.
type Section = (String, String);

/// Returns the saved query that was meant; a single word is a name, and a wrong one is worth a hint.
fn saved<'a>(context: &'a Context, args: &Args) -> Result<Option<&'a SavedQuery>, Failure> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if args.query.contains('-') && args.query.chars().all(fits)
        || context.catalog.get(&args.query).is_some()
    {
        return run::find(context, &args.query).map(Some);
    }
    match args.params.first() {
        None => Ok(None),
        Some(param) => Err(Failure::usage(format!(
            "`{param}` is for saved queries, and this is none"
        ))
        .hint("`logq queries` lists the saved queries".to_owned())),
    }
}

fn explain_saved(
    context: &Context,
    query: &SavedQuery,
    params: &[String],
) -> Result<Vec<Section>, Failure> {
    let expanded = run::expand(query, params)?;
    let mut sections = vec![
        (
            "saved query".to_owned(),
            format!("{} ({})", query.name, query.file.path),
        ),
        (
            "reads".to_owned(),
            format!("{} of {}", query.from.name(), query.groups.join(", ")),
        ),
    ];
    let pattern = expanded
        .filter
        .as_deref()
        .map(|text| ask::parse_pattern(context, text, Some((query, &expanded))))
        .transpose()?;
    if let Some(pattern) = &pattern {
        sections.push(("filter pattern".to_owned(), pattern.to_string()));
    }
    sections.extend(explain(
        context,
        &Ask {
            table: run::table(query)?,
            pattern: pattern.as_ref(),
            query: &expanded.query,
            saved: Some((query, &expanded)),
            groups: &query.groups,
        },
    )?);
    Ok(sections)
}

fn explain(context: &Context, ask: &Ask<'_>) -> Result<Vec<Section>, Failure> {
    let program = match reading::compile(context, ask) {
        Ok(program) => program,
        #[cfg(feature = "aws")]
        Err(_) if context.engine == Engine::Insights => return sent(context, ask),
        Err(failure) => return Err(failure),
    };
    let mut sections: Vec<Section> = program
        .explain()
        .sections
        .into_iter()
        .map(|(title, text)| (title.to_owned(), text))
        .collect();
    if ask.table == Table::Runs {
        // Runs are made from all events; their lines are not chosen by the query.
        sections.retain(|(title, _)| title != "lines must hold");
    }
    let fields: Vec<&str> = program
        .fields()
        .names()
        .iter()
        .map(|name| &**name)
        .collect();
    sections.push(("fields read".to_owned(), fields.join(", ")));
    let columns: Vec<&str> = program.columns().iter().map(|name| &**name).collect();
    sections.push(("columns".to_owned(), columns.join(", ")));
    #[cfg(feature = "aws")]
    if context.engine == Engine::Insights {
        sections.extend(sent(context, ask)?);
        return Ok(sections);
    }
    sections.push(on_the_service(ask));
    sections.push(("where".to_owned(), placement(ask, &program)));
    Ok(sections)
}

fn on_the_service(ask: &Ask<'_>) -> Section {
    let told = service::explain(ask.query, ask.table);
    ("on the service".to_owned(), told)
}

/// Says what the service's own engine makes of the query, and what it is sent.
#[cfg(feature = "aws")]
fn sent(context: &Context, ask: &Ask<'_>) -> Result<Vec<Section>, Failure> {
    let sent = insights::explain(context, ask)?;
    Ok(vec![
        on_the_service(ask),
        ("sent to Logs Insights".to_owned(), sent),
    ])
}

/// Says what a service is asked for; what it returns is checked again here.
fn placement(ask: &Ask<'_>, program: &Program) -> String {
    let here = "all of it runs here; ";
    match reading::sent(ask, program) {
        _ if !cfg!(feature = "aws") => format!("{here}nothing is sent to a service"),
        None if ask.table == Table::Runs => format!("{here}{}", placement_of_runs(program)),
        None => format!("{here}CloudWatch Logs is asked for every event of the window"),
        Some(pattern) => format!("{here}CloudWatch Logs is asked for events that match\n{pattern}"),
    }
}

/// Says which logs are read for a question about runs.
fn placement_of_runs(program: &Program) -> &'static str {
    if reading::wants_quiet_runs(program) {
        "CloudWatch Logs is asked for every event of the window,\n\
         and for the rest of the runs that reach beyond it"
    } else {
        "CloudWatch Logs is asked for ECS events, and for lines that tell of an error or a migration:\n\
         only the streams of runs that can pass the filters are read, each as a whole"
    }
}

fn print(context: &Context, sections: &[Section]) -> Result<(), Failure> {
    if matches!(context.format(), Format::Json | Format::Ndjson) {
        let members = sections.iter().map(|(title, text)| {
            let name = title.replace(' ', "_");
            (name, serde_json::Value::String(text.trim_end().to_owned()))
        });
        let document = serde_json::Value::Object(members.collect());
        return output::print_text(&format!("{document}\n"));
    }
    let mut text = String::new();
    for (at, (title, body)) in sections.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(title);
        text.push_str(":\n");
        for line in body.lines() {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
    }
    output::print(context, text.as_bytes())
}
