//! Why an answer may be empty: a field that no record has, a stage that no log group tells.
//!
//! Only an empty answer is worth a second look at the source, and then at a part of it.

use super::Failure;
use super::context::Context;
use super::output::{counted, thousands};
use super::reader::Again;
use super::run;
use crate::drive::{Sample, Scope, Seen};
use crate::scan::{Block, Blocks};
use crate::suggest::did_you_mean;

/// How much is looked at, of each file only its beginning.
const MOST: usize = 8 << 20;

/// Says which of the fields and which stage were never seen, with what may have been meant.
///
/// A stage that nothing at all is of is an error, unless the configuration knows it or emptiness is what was asked for.
pub(super) fn tell(context: &Context, again: &Again, fields: &[String]) -> Result<(), Failure> {
    let stage = context.scope.stage.as_deref();
    if !again.is_there()
        || context.interrupt.is_asked()
        || (stage.is_none() && (fields.is_empty() || context.notices.quiet))
    {
        return Ok(());
    }
    let zone = run::log_zone(context);
    let (scope, stop) = (Scope::default(), context.interrupt.flag());
    let seen = Seen::default();
    let mut sample = Sample::new(run::setting(context, &scope, &zone, &stop, &seen));
    let mut source = again.open(context, &zone);
    let mut block = Block::default();
    let mut rest = again.is_cut();
    while source.next_into(&mut block) {
        sample.look(&block);
        rest |= again.has_files() && source.leave();
        if sample.bytes > MOST {
            rest = true;
            break;
        }
    }
    let part = if rest { "a sample of " } else { "" };
    for field in fields.iter().filter(|field| is_unseen(field, &sample)) {
        let records = counted(sample.records, "record", "records");
        let near = did_you_mean(field, sample.names.iter().map(String::as_str));
        say(
            context,
            &format!("`{field}` was never seen in {part}{records}"),
            near,
        );
    }
    match stage.filter(|stage| !sample.stages.contains(*stage)) {
        Some(stage) => unseen_stage(context, stage, &sample, rest),
        None => Ok(()),
    }
}

/// Tells that no event is of a stage; `rest` says that there are events that nobody has looked at.
fn unseen_stage(
    context: &Context,
    stage: &str,
    sample: &Sample<'_>,
    rest: bool,
) -> Result<(), Failure> {
    let seen: Vec<&str> = sample.stages.iter().map(String::as_str).collect();
    let known = match seen.as_slice() {
        [] => "no log group tells its stage".to_owned(),
        _ => format!("seen: `{}`", seen.join("`, `")),
    };
    let part = if rest { "a sample of " } else { "" };
    let events = thousands(sample.events);
    let what = format!("none of {part}{events} events is of the stage `{stage}`; {known}");
    let near = did_you_mean(stage, seen.iter().copied());
    let is_known = context.config.stage_names().any(|known| known == stage);
    if rest || is_known || sample.events == 0 {
        say(context, &what, near);
        return Ok(());
    }
    if context.output.fail_on_empty {
        // Whoever waits for silence hears of it by its own exit code, and here why.
        let near = near.map(|near| format!("; {near}")).unwrap_or_default();
        context.notices.problem(&format!("{what}{near}"));
        return Ok(());
    }
    let quiet = || format!("a stage that may be silent is named in logq.toml: `[stages.{stage}]`");
    Err(Failure::usage(what).hint(near.unwrap_or_else(quiet)))
}

/// Returns whether no record has the field; what may stand in a list cannot be told by its name.
fn is_unseen(field: &str, sample: &Sample<'_>) -> bool {
    let in_list = field
        .split('.')
        .any(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    sample.records > 0 && !in_list && !sample.names.contains(field)
}

fn say(context: &Context, what: &str, near: Option<String>) {
    match near {
        Some(near) => context.notices.warn(&format!("{what}; {near}")),
        None => context.notices.warn(what),
    }
}
