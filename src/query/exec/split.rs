//! Dividing a plan: stages for the heads, the sink they end in, and the rest for the tail.

use std::collections::BTreeSet;
use std::fmt;

use super::collect::{Collect, Sequence, SortedBy};
use super::group::Grouping;
use super::head::{Head, SinkSpec};
use super::stage::Stage;
use super::tail::{Rest, Tail, TailSpec};
use crate::query::Settings;
use crate::query::plan::{Operator, Order, Plan, Slot, SortKey};
use crate::row::Columns;

/// A plan made ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    stages: Vec<Stage>,
    tail: TailSpec,
    /// How the operators are divided, for people who read the plan.
    outline: String,
}

impl Split {
    /// Divides a plan behind the operators that one row at a time is enough for.
    pub(crate) fn of(plan: &Plan, settings: &Settings) -> Self {
        let operators = plan.operators.iter();
        let stages: Vec<Stage> = operators
            .map_while(|operator| Stage::of(operator, settings))
            .collect();
        let behind = &plan.operators[stages.len()..];
        let cap = cap(plan, settings);
        let (tail, length) = match behind.first() {
            Some(Operator::Stats(stats)) => {
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
        }
    }

    /// Returns a head for one worker.
    pub(crate) fn head(&self) -> Head {
        Head::new(self.stages.clone(), self.tail.sink.clone())
    }

    /// Returns the tail.
    pub(crate) fn tail(&self) -> Tail {
        Tail::new(self.tail.clone())
    }

    /// Returns the columns of the result.
    pub(crate) fn columns(&self) -> &Columns {
        &self.tail.columns
    }

    /// Returns whether rows can be given before the input has ended.
    pub(crate) fn streams(&self) -> bool {
        self.tail.streams
    }
}

/// Tells how the plan is divided.
impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outline)
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
    let keeps_all = rest
        .iter()
        .all(|operator| matches!(operator, Operator::Extend(_) | Operator::Parse(_)));
    let cap_here = cap.filter(|_| keeps_all);
    let in_order = matches!(sequence, Sequence::Input);
    let streams = in_order && keeps_all && sink.distinct.is_none();
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
        rest: rest
            .iter()
            .flat_map(|operator| steps(operator, settings))
            .collect(),
        columns: plan.columns.iter().map(|(name, _)| name.clone()).collect(),
        slots,
        cap,
        streams: false,
    }
}

/// Prepares an operator behind the sink.
fn steps(operator: &Operator, settings: &Settings) -> Vec<Rest> {
    let sort = |keys: &[SortKey]| {
        let keys = keys.iter().map(|key| SortedBy {
            slot: key.slot.0,
            held: key.slot.0,
            direction: key.direction,
        });
        Rest::Sort(keys.collect())
    };
    match operator {
        Operator::Stats(stats) => vec![Rest::Groups(Box::new(Grouping::of(stats, settings)))],
        Operator::Sort(keys) => vec![sort(keys)],
        Operator::TopK(keys, limit) => vec![sort(keys), Rest::Limit(*limit as usize)],
        Operator::Limit(limit) | Operator::LimitAny(limit) => vec![Rest::Limit(*limit as usize)],
        Operator::Dedup(slots) => {
            vec![Rest::Distinct(slots.iter().map(|slot| slot.0).collect())]
        }
        other => Stage::of(other, settings)
            .map(Rest::Stage)
            .into_iter()
            .collect(),
    }
}
