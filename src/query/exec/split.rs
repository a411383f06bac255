//! Dividing a plan: stages for the heads, the sink they end in, and the rest for the tail.

use std::collections::BTreeSet;
use std::fmt;

use super::collect::{Collect, Sequence, SortedBy};
use super::group::Grouping;
use super::head::{Head, InnerHead, SinkSpec};
use super::late::Remaining;
use super::limits::MOST_BYTES;
use super::stage::Stage;
use super::tail::{Tail, TailSpec};
use crate::query::Settings;
use crate::query::plan::{Operator, Order, Plan, Slot, SortKey, Subquery};
use crate::row::Columns;

/// A plan made ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    stages: Vec<Stage>,
    tail: TailSpec,
    /// The queries inside.
    inner: Vec<Inner>,
    /// How the operators are divided, for people who read the plan.
    outline: String,
}

/// A query inside the query, made ready to run.
#[derive(Clone, Debug)]
struct Inner {
    split: Split,
    inputs: Vec<usize>,
    width: usize,
}

impl Inner {
    fn of(subquery: &Subquery, settings: &Settings) -> Self {
        // The default limit is for results; this one is looked at by no person.
        let settings = Settings {
            default_limit: None,
            ..settings.clone()
        };
        Self {
            split: Split::of(&subquery.plan, &settings),
            inputs: subquery.inputs.iter().map(|slot| slot.0).collect(),
            width: subquery.plan.width,
        }
    }
}

impl Split {
    /// Divides a plan behind the operators that one row at a time is enough for.
    pub(crate) fn of(plan: &Plan, settings: &Settings) -> Self {
        let stages = stages(plan, settings);
        let behind = &plan.operators[stages.len()..];
        let cap = cap(plan, settings);
        let (tail, length) = match behind.first() {
            Some(operator @ Operator::Stats(stats)) if !operator.waits() => {
                let grouping = Grouping::of(stats, settings);
                let sink = SinkSpec::Groups(grouping);
                let columns = plan.columns.iter().map(|(_, slot)| slot.0).collect();
                let tail = tail(
                    plan,
                    sink,
                    stats.width,
                    &behind[1..],
                    columns,
                    settings,
                    cap,
                );
                (tail, 1)
            }
            _ => rows(plan, behind, settings, cap),
        };
        Self {
            outline: outline(&plan.operators, stages.len(), length, tail.streams),
            stages,
            tail,
            inner: plan
                .subqueries
                .iter()
                .map(|one| Inner::of(one, settings))
                .collect(),
        }
    }

    /// Sets about how much memory may be needed for what is kept.
    pub(crate) fn set_memory(&mut self, bytes: usize) {
        self.tail.most_bytes = bytes;
        for inner in &mut self.inner {
            inner.split.set_memory(bytes);
        }
    }

    /// Returns a head for one worker.
    pub(crate) fn head(&self) -> Head {
        let inner = self.inner.iter().map(|inner| InnerHead {
            head: inner.split.head(),
            inputs: inner.inputs.clone(),
            width: inner.width,
        });
        Head::new(self.stages.clone(), self.tail.sink.clone(), inner.collect())
    }

    /// Returns the tail.
    pub(crate) fn tail(&self) -> Tail {
        let inner = self.inner.iter().map(|inner| inner.split.tail());
        Tail::new(self.tail.clone(), inner.collect())
    }

    /// Returns the columns of the result.
    pub(crate) fn columns(&self) -> &Columns {
        &self.tail.columns
    }

    /// Returns whether it plays no part when the rows' events were, as long as no field tells it.
    pub(crate) fn ignores_times(&self) -> bool {
        matches!(self.tail.sink, SinkSpec::Groups(_)) && self.inner.is_empty()
    }

    /// Returns whether rows can be given before the input has ended.
    pub(crate) fn streams(&self) -> bool {
        self.tail.streams
    }
}

/// Prepares the operators that look at one row at a time and wait for nothing.
fn stages(plan: &Plan, settings: &Settings) -> Vec<Stage> {
    let first = plan.operators.iter();
    let mut stages: Vec<Stage> = first
        .take_while(|operator| !operator.waits())
        .map_while(|operator| Stage::of(operator, settings))
        .collect();
    let mut written = Vec::new();
    for (stage, operator) in stages.iter_mut().zip(&plan.operators).rev() {
        if let Stage::Spread(spreading) = stage {
            spreading.resets.clone_from(&written);
        }
        operator.writes(&mut |slot| written.push(slot.0));
    }
    stages
}

/// Tells how the plan is divided.
impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outline)?;
        for (number, inner) in self.inner.iter().enumerate() {
            let outline = inner.split.to_string().replace('\n', "\n  ");
            write!(f, "\nquery {number}, beside it:\n  {outline}")?;
        }
        Ok(())
    }
}

fn outline(operators: &[Operator], stages: usize, sink: usize, streams: bool) -> String {
    let list = |part: &[Operator]| -> String {
        let lines = part
            .iter()
            .map(|operator| format!("\n  {}", word(operator)));
        lines.collect()
    };
    let (stages, behind) = operators.split_at(stages);
    let (sink, rest) = behind.split_at(sink);
    let order = if streams {
        "as they come"
    } else {
        "merged in order"
    };
    format!(
        "each row of a block:{}\neach block, then {order}:{}\nonce, at the end:{}",
        list(stages),
        if sink.is_empty() {
            "\n  rows".to_owned()
        } else {
            list(sink)
        },
        list(rest),
    )
}

fn word(operator: &Operator) -> &'static str {
    match operator {
        Operator::Filter(_) => "filter",
        Operator::Extend(_) => "extend",
        Operator::Parse(_) => "parse",
        Operator::Stats(_) => "stats",
        Operator::Sort(_) => "sort",
        Operator::TopK(..) => "sort and limit",
        Operator::Limit(_) => "limit",
        Operator::LimitAny(_) => "limit any",
        Operator::Dedup(_) => "dedup",
        Operator::Spread(_) => "spread",
        Operator::Lookup(_) => "lookup",
        Operator::Join(_) => "join",
        Operator::Ordered(_) => "over rows in order",
    }
}

/// Returns the default limit, unless the query has a limit of its own for the rows of its result.
fn cap(plan: &Plan, settings: &Settings) -> Option<usize> {
    let result = plan.operators.iter().rev();
    let limits = result
        .take_while(|operator| !matches!(operator, Operator::Stats(_)))
        .any(|operator| {
            matches!(
                operator,
                Operator::Limit(_) | Operator::LimitAny(_) | Operator::TopK(..)
            )
        });
    settings
        .default_limit
        .filter(|_| !limits)
        .map(|limit| limit as usize)
}

/// What a sink of rows does, put together from one or more operators.
struct Sink<'p> {
    keys: &'p [SortKey],
    distinct: Option<&'p [Slot]>,
    limit: Option<u64>,
    any: bool,
    length: usize,
}

/// Joins `sort`, `dedup` and `limit` at the beginning of `operators`, in this order, into one sink.
fn join(operators: &[Operator]) -> Sink<'_> {
    let mut sink = Sink {
        keys: &[],
        distinct: None,
        limit: None,
        any: false,
        length: 0,
    };
    for operator in operators {
        match operator {
            Operator::Sort(keys) if sink.length == 0 => sink.keys = keys,
            Operator::TopK(keys, limit) if sink.length == 0 => {
                sink.keys = keys;
                sink.limit = Some(*limit);
            }
            Operator::Dedup(slots) if sink.distinct.is_none() => sink.distinct = Some(slots),
            Operator::Limit(limit) => sink.limit = Some(*limit),
            Operator::LimitAny(limit) => {
                sink.limit = Some(*limit);
                sink.any = sink.length == 0;
            }
            _ => break,
        }
        sink.length += 1;
        if sink.limit.is_some() {
            break;
        }
    }
    sink
}

/// Makes a tail whose sink collects rows: of their slots only those that are still needed are held.
fn rows(
    plan: &Plan,
    behind: &[Operator],
    settings: &Settings,
    cap: Option<usize>,
) -> (TailSpec, usize) {
    let sink = join(behind);
    let rest = &behind[sink.length..];
    let layout = Layout::of(plan, &sink, rest);
    let rest = layout.renumber(rest);
    let sequence = sequence(plan, &sink, &layout);
    let keeps_all = rest.iter().all(|operator| {
        matches!(
            operator,
            Operator::Extend(_) | Operator::Parse(_) | Operator::Lookup(_)
        )
    });
    let cap_here = cap.filter(|_| keeps_all);
    let in_order = matches!(sequence, Sequence::Input);
    let streams = in_order && keeps_all && sink.distinct.is_none() && plan.subqueries.is_empty();
    let collect = Collect {
        sequence,
        keep: layout.held.iter().map(|slot| slot.0).collect(),
        distinct: sink
            .distinct
            .map(|slots| slots.iter().map(|slot| slot.0).collect()),
        // A stream counts what it cuts off.
        limit: sink
            .limit
            .map(|limit| limit as usize)
            .or(cap_here.filter(|_| !streams)),
        any: sink.limit.is_some() && in_order && sink.distinct.is_none(),
    };
    let has_stats = rest
        .iter()
        .any(|operator| matches!(operator, Operator::Stats(_)));
    let columns = plan.columns.iter().map(|(_, slot)| {
        if has_stats {
            slot.0
        } else {
            layout.number(*slot).0
        }
    });
    let columns = columns.collect();
    let sink_spec = SinkSpec::Rows(collect);
    let mut tail = tail(
        plan,
        sink_spec,
        layout.width(),
        &rest,
        columns,
        settings,
        cap,
    );
    tail.streams = streams;
    (tail, sink.length)
}

/// Returns the order in which a sink of rows gives them.
fn sequence(plan: &Plan, sink: &Sink<'_>, layout: &Layout) -> Sequence {
    let sorted = sink.keys.iter().map(|key| SortedBy {
        slot: key.slot.0,
        held: layout.number(key.slot).0,
        direction: key.direction,
    });
    match (sink.keys, sink.any, plan.order) {
        ([], false, Order::NewestFirst) => Sequence::NewestFirst,
        ([], ..) => Sequence::Input,
        _ => Sequence::Sorted(sorted.collect()),
    }
}

/// The slots of the rows behind a sink: those that are held, then those that are computed later.
struct Layout {
    held: Vec<Slot>,
    computed: Vec<Slot>,
}

impl Layout {
    fn of(plan: &Plan, sink: &Sink<'_>, rest: &[Operator]) -> Self {
        let end = rest
            .iter()
            .position(|operator| matches!(operator, Operator::Stats(_)));
        let mut read: BTreeSet<Slot> = sink.keys.iter().map(|key| key.slot).collect();
        let mut written = BTreeSet::new();
        for operator in &rest[..end.map_or(rest.len(), |end| end + 1)] {
            operator.reads(&mut |slot| {
                read.insert(slot);
            });
            operator.writes(&mut |slot| {
                written.insert(slot);
            });
        }
        if end.is_none() {
            read.extend(plan.columns.iter().map(|(_, slot)| *slot));
        }
        Self {
            computed: written.difference(&read).copied().collect(),
            held: read.into_iter().collect(),
        }
    }

    fn width(&self) -> usize {
        self.held.len() + self.computed.len()
    }

    fn number(&self, slot: Slot) -> Slot {
        let mut all = self.held.iter().chain(&self.computed);
        // What nobody reads or writes is never asked for.
        Slot(all.position(|known| *known == slot).unwrap_or_default())
    }

    /// Gives the operators up to the next `stats` the new numbers.
    fn renumber(&self, operators: &[Operator]) -> Vec<Operator> {
        let mut renumbered = operators.to_vec();
        for operator in &mut renumbered {
            operator.renumber(&|slot| self.number(slot));
            if matches!(operator, Operator::Stats(_)) {
                break;
            }
        }
        renumbered
    }
}

fn tail(
    plan: &Plan,
    sink: SinkSpec,
    width: usize,
    rest: &[Operator],
    slots: Vec<usize>,
    settings: &Settings,
    cap: Option<usize>,
) -> TailSpec {
    TailSpec {
        sink,
        width,
        rest: Remaining::of(rest, settings, &slots, !plan.subqueries.is_empty()),
        columns: plan.columns.iter().map(|(name, _)| name.clone()).collect(),
        slots,
        cap,
        streams: false,
        most_bytes: MOST_BYTES,
    }
}
