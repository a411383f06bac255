//! A question put to the logs, and its answer printed: what `query` and the saved queries have in common.

use std::ops::ControlFlow;

#[cfg(feature = "aws")]
use super::super::args::Engine;
use super::super::context::Context;
use super::super::hint;
#[cfg(feature = "aws")]
use super::super::insights;
use super::super::output::{self, counted, thousands};
use super::super::pager::Output;
use super::super::run::{self, Answer, Ask, Saved, Sink};
use super::super::source;
use super::super::{Exit, Failure};
use crate::pattern::Pattern;
use crate::query::{Program, Table};
use crate::render::{self, Ending, Format, Look, Renderer};
use crate::row::{Columns, Row};

/// A query with where its texts stand, for errors that point into them.
pub(in crate::cli) struct Question<'a> {
    /// The table it starts from.
    pub(in crate::cli) table: Table,
    /// The filter pattern in front of it.
    pub(in crate::cli) pattern: Option<&'a str>,
    /// The query.
    pub(in crate::cli) query: &'a str,
    /// The saved query that they come from.
    pub(in crate::cli) saved: Option<Saved<'a>>,
    /// The logical groups it reads; empty: all.
    pub(in crate::cli) groups: &'a [String],
}

/// Answers a question on standard output.
pub(in crate::cli) fn answer(context: &Context, question: &Question<'_>) -> Result<Exit, Failure> {
    let pattern = pattern(context, question)?;
    let ask = Ask {
        table: question.table,
        pattern: pattern.as_ref(),
        query: question.query,
        saved: question.saved,
        groups: question.groups,
    };
    #[cfg(feature = "aws")]
    if context.engine == Engine::Insights {
        return insights::answer(context, question, &ask);
    }
    let program = run::compile(context, &ask)?;
    let source = source::resolve(context)?;
    let described = source.describe();
    #[cfg(feature = "aws")]
    if source == source::Source::Aws && question.table == Table::Events {
        super::super::aws::tell_console(context, question.pattern, question.query, question.groups);
    }
    context.interrupt.listen();
    let mut sink = Printed::new(context, question);
    let answer = run::query(context, source, &ask, &program, &mut sink)?;
    let rows = sink.finish(&answer)?;
    tell(context, question, &described, rows, &answer);
    if rows == 0 {
        hint::tell(
            context,
            &answer.again,
            &fields(question, pattern.as_ref(), &program),
        )?;
    }
    Ok(output::exit(context, rows, answer.is_complete()))
}

/// Prints an answer whose rows are all there.
#[cfg(feature = "aws")]
pub(in crate::cli) fn print(
    context: &Context,
    question: &Question<'_>,
    source: &str,
    (columns, rows): (&Columns, &[Row]),
    answer: &Answer,
) -> Result<Exit, Failure> {
    let mut sink = Printed::new(context, question);
    sink.columns(columns);
    for row in rows {
        if sink.row(row).is_break() {
            break;
        }
    }
    let rows = sink.finish(answer)?;
    tell(context, question, source, rows, answer);
    Ok(output::exit(context, rows, answer.is_complete()))
}

/// Returns the fields of records that the question names; those of a saved query were tried by who wrote it.
fn fields(question: &Question<'_>, pattern: Option<&Pattern>, program: &Program) -> Vec<String> {
    if question.saved.is_some() || question.table != Table::Events {
        return Vec::new();
    }
    let names = program.fields().names().iter();
    let own = names.filter(|name| !name.starts_with('@'));
    let mut fields: Vec<String> = own.map(ToString::to_string).collect();
    fields.extend(pattern.into_iter().flat_map(Pattern::fields));
    fields
}

fn pattern(context: &Context, question: &Question<'_>) -> Result<Option<Pattern>, Failure> {
    let Some(text) = question.pattern else {
        return Ok(None);
    };
    if question.table != Table::Events {
        return Err(
            Failure::usage("a filter pattern looks at events, not at runs")
                .hint("leave the pattern out, and use `filter` in the query".to_owned()),
        );
    }
    parse_pattern(context, text, question.saved).map(Some)
}

/// Parses a filter pattern, and says what is odd about it.
pub(in crate::cli) fn parse_pattern(
    context: &Context,
    text: &str,
    saved: Option<Saved<'_>>,
) -> Result<Pattern, Failure> {
    let pattern = Pattern::parse(text).map_err(|faults| match saved {
        None => Failure::text(faults, "<pattern>", text),
        Some((query, expanded)) => {
            Failure::located(query.locate_filter(expanded, faults), &query.file.path)
        }
    })?;
    for warning in pattern.warnings() {
        context.notices.warn(&warning.message);
    }
    Ok(pattern)
}

/// Rows on their way to standard output.
struct Printed<'a> {
    context: &'a Context,
    renderer: Box<dyn Renderer>,
    output: Output,
    rows: u64,
    failure: Option<Failure>,
}

impl<'a> Printed<'a> {
    fn new(context: &'a Context, question: &Question<'_>) -> Self {
        let look = Look {
            durations: if question.table == Table::Runs {
                &["duration"]
            } else {
                &[]
            },
            ..context.look.clone()
        };
        let asked = render::Question {
            query: Some(question.query.trim().to_owned()),
            window: context.window,
        };
        Self {
            context,
            renderer: render::renderer(context.format(), &look, asked),
            output: Output::new(),
            rows: 0,
            failure: None,
        }
    }

    /// Writes what is left; returns how many rows there were.
    fn finish(mut self, answer: &Answer) -> Result<u64, Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let ending = Ending {
            complete: answer.is_complete() && !self.context.interrupt.is_asked(),
            truncated: answer.truncated,
        };
        self.renderer.finish(ending, self.output.buffer());
        let left_out = self.renderer.left_out().join(", ");
        output::finish(self.context, self.output)?;
        if !left_out.is_empty() {
            let notices = &self.context.notices;
            notices.remark(&format!(
                "too narrow to show {left_out}; -o json has all columns"
            ));
        }
        Ok(self.rows)
    }

    /// Writes rows out as they come, in formats that do; a table is held back for its widths and the pager.
    fn relieve(&mut self) -> ControlFlow<()> {
        match self.output.relieve() {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error.into());
                ControlFlow::Break(())
            }
        }
    }
}

impl Sink for Printed<'_> {
    fn columns(&mut self, columns: &Columns) {
        self.renderer.start(columns, self.output.buffer());
    }

    fn row(&mut self, row: &Row) -> ControlFlow<()> {
        self.rows += 1;
        self.renderer.row(row, self.output.buffer());
        self.relieve()
    }
}

/// Says what could not be read, and what was odd about the rest.
pub(in crate::cli) fn tell_problems(context: &Context, answer: &Answer) {
    for problem in &answer.problems {
        context.notices.problem(problem);
    }
    for warning in &answer.warnings {
        context.notices.warn(warning);
    }
}

/// Says on standard error what the rows alone do not.
fn tell(context: &Context, question: &Question<'_>, source: &str, rows: u64, answer: &Answer) {
    let notices = &context.notices;
    tell_problems(context, answer);
    let window = context.window.describe(&context.clock.zone);
    if context.interrupt.is_asked() {
        notices.remark("interrupted: the answer is incomplete");
    } else if !answer.is_complete() {
        notices.remark("the answer is incomplete");
    }
    if rows == 0 {
        notices.remark(&nothing(context, question, source, &window, answer));
    } else if answer.truncated {
        let total = answer.total.map_or_else(|| "more".to_owned(), thousands);
        notices.remark(&format!(
            "{} of {total} rows; --limit 0 shows all; {window}",
            thousands(rows)
        ));
    } else if context.format() == Format::Table {
        notices.remark(&format!("{}; {window}", counted(rows, "row", "rows")));
    } else {
        notices.decision(&format!("{}; {window}", counted(rows, "row", "rows")));
    }
    notices.decision(&answer.volume.words());
}

/// "no rows for batch-failures in logs/ (production/batch), 2026-11-22 13:04 to …; 41 runs seen"
fn nothing(
    context: &Context,
    question: &Question<'_>,
    source: &str,
    window: &str,
    answer: &Answer,
) -> String {
    let what = question.saved.map_or_else(
        || "no rows".to_owned(),
        |(query, _)| format!("no rows for {}", query.name),
    );
    let scope = match context.scope.describe() {
        scope if scope.is_empty() => String::new(),
        scope => format!(" ({scope})"),
    };
    let seen = match question.table {
        Table::Runs => format!("{} seen", counted(answer.runs, "run", "runs")),
        Table::Events => answer.volume.words(),
    };
    let source = output::read_of(context, source, answer.is_complete());
    format!("{what} in {source}{scope}, {window}; {seen}")
}
