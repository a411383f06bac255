//! How much a query will look at, by what the service tells of its log groups, before it is asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::Failure;
use super::super::context::Context;
use super::super::output::size as bytes_words;
use super::plan::{Plan, budget};
use super::told;
use crate::cloudwatch::insights::cost;
use crate::cloudwatch::insights::{Halt, Halted, Part, QueryError, Region};
use crate::cloudwatch::{CallError, Client, GroupFacts};
use crate::query::ast::{Select, SelectOption};

/// What an estimate rests on: the service tells how much a log group holds, and not when that was logged.
const BASIS: &str = "an upper estimate: all that the log groups have of the window, whatever the query leaves out, by \
                     their storedBytes, spread evenly over the time that they are kept";

/// What is known before anything is asked.
#[derive(Debug, Default)]
pub(super) struct Size {
    /// How many bytes will be looked at, about; nothing when it is not known.
    pub(super) bytes: Option<f64>,
    /// What that costs, in dollars, where the price is known.
    pub(super) dollars: Option<f64>,
    /// What is missing.
    pub(super) problems: Vec<String>,
    /// Why it was not asked for to the end.
    pub(super) halted: Option<Halted>,
    /// Why the size is not known.
    unknown: Option<String>,
    /// Which groups are not there, of those that need not be: with who was asked, and where.
    absent: Vec<String>,
}

/// Asks for the sizes of all groups. Groups that are not there are left out, and told.
pub(super) async fn of(
    context: &Context,
    plan: &Plan,
    parts: &mut Vec<Part<Client>>,
    optional: &BTreeSet<Arc<str>>,
    halt: &Halt,
) -> Result<Size, Failure> {
    let mut size = Size {
        bytes: Some(0.0),
        dollars: Some(0.0),
        ..Size::default()
    };
    for part in parts.iter_mut() {
        let facts = match &plan.source {
            None => Box::pin(groups(part, halt)).await,
            Some(select) => Box::pin(selected(&part.region, select, halt)).await,
        };
        match facts {
            Ok(facts) => {
                if plan.source.is_none() {
                    leave_out(part, &facts, optional, &mut size);
                }
                size.add(context, plan, &part.region, &facts);
            }
            Err(Untold::Halted(halted)) => {
                size.halt(halted);
                break;
            }
            Err(Untold::Call(error)) if error.kind.concerns_all() => {
                return Err(told::failure(&QueryError::Call(error)));
            }
            Err(Untold::Call(error)) => size.forget(error.to_string()),
            Err(Untold::Unknown(why)) => size.forget(why.to_owned()),
        }
    }
    if plan.source.is_none() {
        parts.retain(|part| !part.groups.is_empty());
        size.tell_absent(context, parts.is_empty());
    }
    Ok(size)
}

/// Why nothing is known.
enum Untold {
    Halted(Halted),
    Call(CallError),
    Unknown(&'static str),
}

async fn groups(part: &Part<Client>, halt: &Halt) -> Result<Vec<GroupFacts>, Untold> {
    let mut facts = Vec::new();
    for group in &part.groups {
        facts.extend(told_before(halt, part.region.describe(name(group))).await?);
    }
    Ok(facts)
}

/// Returns the groups that a `SOURCE` selects, as far as their names tell it.
async fn selected(
    region: &Region<Client>,
    select: &Select,
    halt: &Halt,
) -> Result<Vec<GroupFacts>, Untold> {
    match select {
        Select::Group(name) => {
            let facts = told_before(halt, region.describe(&name.value)).await?;
            Ok(facts.into_iter().collect())
        }
        Select::Groups(options) => {
            let is_prefix = |one: &&SelectOption| one.name.text.eq_ignore_ascii_case("namePrefix");
            let mut facts = Vec::new();
            for option in options.iter().filter(is_prefix) {
                for prefix in &option.values {
                    facts.extend(told_before(halt, region.describe_prefix(&prefix.value)).await?);
                }
            }
            if options.iter().any(|one| !is_prefix(&one)) || options.is_empty() {
                return Err(Untold::Unknown("SOURCE selects by more than names"));
            }
            facts.sort_by(|one, other| one.name.cmp(&other.name));
            facts.dedup_by(|one, other| one.name == other.name);
            Ok(facts)
        }
        Select::Service(..) => Err(Untold::Unknown("SOURCE selects by more than names")),
    }
}

async fn told_before<T>(
    halt: &Halt,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, Untold> {
    // What a call is made of is large, and waits inside each of these.
    let told = halt.unless(Box::pin(call)).await;
    told.map_err(Untold::Halted)?.map_err(Untold::Call)
}

/// Returns the name of a group that may be written as an ARN.
fn name(group: &str) -> &str {
    group
        .rsplit_once(":log-group:")
        .map_or(group, |(_, name)| name)
}

/// Leaves out the groups that are not there: the service would refuse the whole query.
fn leave_out(
    part: &mut Part<Client>,
    facts: &[GroupFacts],
    optional: &BTreeSet<Arc<str>>,
    size: &mut Size,
) {
    let is_there = |group: &Arc<str>| facts.iter().any(|one| one.name == name(group));
    for group in part.groups.iter().filter(|group| !is_there(group)) {
        let place = &part.region.place;
        let text = format!(
            "there is no log group `{group}` in {}, with {}",
            place.region, place.identity
        );
        if optional.contains(group) {
            size.absent.push(text);
        } else {
            size.problems.push(missing(&text));
        }
    }
    part.groups.retain(is_there);
}

fn missing(text: &str) -> String {
    format!("{text}\nhint: check `[groups]` in logq.toml, `--stage`, `--region` and `--profile`")
}

impl Size {
    /// Tells which groups are not there that need not be; it is a problem when there is none of all.
    fn tell_absent(&mut self, context: &Context, is_all: bool) {
        for text in std::mem::take(&mut self.absent) {
            if is_all {
                // Nothing at all is read: the stage is misspelt, rather than without a service.
                self.problems.push(missing(&text));
            } else {
                context.notices.remark(&format!("{text}: it is left out"));
            }
        }
    }

    /// Forgets a size of which a part was not told in time.
    fn halt(&mut self, halted: Halted) {
        self.halted = Some(halted);
        let why = match halted {
            Halted::Interrupted => "the question was interrupted",
            Halted::OutOfTime => "time is up before the sizes of the log groups were told",
        };
        self.forget(why.to_owned());
    }

    fn add(
        &mut self,
        context: &Context,
        plan: &Plan,
        region: &Region<Client>,
        facts: &[GroupFacts],
    ) {
        let (start, end) = (plan.request.start, plan.request.end);
        let now = context.environment.now.0;
        let expected = facts
            .iter()
            .map(|group| cost::expected(group, start, end, now));
        let expected: f64 = expected.sum();
        self.bytes = self.bytes.map(|bytes| bytes + expected);
        let price = told::price(context, &region.place.region);
        let dollars = price.map(|price| cost::dollars(expected, price));
        self.dollars = self
            .dollars
            .zip(dollars)
            .map(|(so_far, more)| so_far + more);
    }

    fn forget(&mut self, why: String) {
        (self.bytes, self.dollars) = (None, None);
        self.unknown.get_or_insert(why);
    }

    /// Returns what an estimate rests on; nothing when there is none.
    pub(super) fn basis(&self) -> Option<&'static str> {
        self.bytes.is_some().then_some(BASIS)
    }

    /// Returns `about 12.4 MB, about $0.0001`.
    pub(super) fn words(&self) -> String {
        let Some(bytes) = self.bytes else {
            let why = self.unknown.as_deref().unwrap_or("nothing was asked");
            return format!("not known: {why}");
        };
        let price = match self.dollars {
            Some(dollars) => cost::words(dollars),
            None => "at a price that is not known for the region".to_owned(),
        };
        format!("about {}, {price}", bytes_words(bytes as u64))
    }

    /// Refuses a query that looks at more than it may.
    pub(super) fn check(&self, context: &Context) -> Result<(), Failure> {
        let Some(most) = budget(context) else {
            return Ok(());
        };
        match (self.bytes, &self.unknown) {
            (Some(bytes), _) if bytes > most as f64 => Err(Failure::usage(format!(
                "the query would look at {}, and --max-scan allows {}",
                self.words(),
                bytes_words(most)
            ))
            .hint("take a shorter window or fewer services; or allow it: --max-scan 0 is without limit; \
                   `[cloudwatch] max_scan` is the default"
                .to_owned())),
            (None, Some(why)) if context.max_scan.is_some() => Err(Failure::incomplete(
                "how much the query would look at is not known, and --max-scan limits it",
            )
            .cause(why.clone())
            .hint("allow `logs:DescribeLogGroups`, or take --max-scan 0".to_owned())),
            (None, Some(why)) => {
                let notices = &context.notices;
                notices.warn(&format!("how much the query will look at is not known: {why}"));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
