//! Leaving out what nobody looks at: computed values, parsed groups, fields that are read.

use std::collections::BTreeSet;

use crate::query::plan::{Operator, ParseMethod, Plan, Slot};

/// Drops operators and slots whose values are never used, and closes the gaps.
pub(super) fn drop_unused(plan: &mut Plan) {
    let mut used: BTreeSet<Slot> = plan.columns.iter().map(|(_, slot)| *slot).collect();
    for layout in (0..plan.layouts().len()).rev() {
        let range = plan.layouts()[layout].clone();
        for at in range.clone().rev() {
            let keep = keep_used(&mut plan.operators[at], &mut used);
            if !keep {
                plan.operators.remove(at);
            }
        }
        match range.start.checked_sub(1) {
            None => close_gaps(plan, &used),
            Some(begin) => drop_post(&mut plan.operators[begin], &used),
        }
        // The layout before this one is used by what its `Stats` reads, which the next round collects.
        used.clear();
    }
}

/// Takes unused parts out of an operator and adds what the rest reads; false when nothing is left.
///
/// What waits for a subquery stays: rows are put in order for it, which ties of a later `sort` keep.
fn keep_used(operator: &mut Operator, used: &mut BTreeSet<Slot>) -> bool {
    match operator {
        Operator::Extend(made) => {
            made.retain(|(slot, value)| used.contains(slot) || value.waits());
            if made.is_empty() {
                return false;
            }
        }
        _ if operator.only_adds() && !operator.waits() => {
            let mut wanted = false;
            operator.writes(&mut |slot| wanted |= used.contains(&slot));
            if !wanted {
                return false;
            }
        }
        _ => {}
    }
    if let Operator::Parse(parse) = operator
        && let ParseMethod::Regex { groups, .. } = &mut parse.method
    {
        groups.retain(|(_, slot)| used.contains(slot));
    }
    operator.reads(&mut |slot| {
        used.insert(slot);
    });
    true
}

/// Drops values computed behind the aggregates of a `Stats`; each sees the ones before it.
fn drop_post(operator: &mut Operator, used: &BTreeSet<Slot>) {
    let Operator::Stats(stats) = operator else {
        return;
    };
    let mut used = used.clone();
    let mut kept = Vec::new();
    for (slot, value) in std::mem::take(&mut stats.post).into_iter().rev() {
        if used.contains(&slot) {
            value.reads(&mut |slot| {
                used.insert(slot);
            });
            kept.push((slot, value));
        }
    }
    kept.reverse();
    stats.post = kept;
}

/// Leaves only used slots in the first layout. A glob keeps the slots of all its stars.
fn close_gaps(plan: &mut Plan, used: &BTreeSet<Slot>) {
    let mut used = used.clone();
    used.extend(plan.subqueries.iter().flat_map(|one| &one.inputs));
    let first = plan.layouts()[0].clone();
    for operator in &plan.operators[first] {
        operator.writes(&mut |slot| {
            used.insert(slot);
        });
    }
    let order: Vec<Slot> = used.into_iter().collect();
    let fields = order.iter().filter(|slot| slot.0 < plan.fields.len());
    let fields = fields.map(|slot| plan.fields[slot.0].clone()).collect();
    plan.fields = fields;
    plan.names = order
        .iter()
        .map(|slot| plan.names[slot.0].clone())
        .collect();
    plan.width = order.len();
    plan.renumber(0, &|slot| {
        let at = order.binary_search(&slot);
        Slot(at.expect("every slot that is named is used or written"))
    });
}
