//! Printing what is computed over rows in their order.

use std::sync::Arc;

use super::{list, operand, slot_name};
use crate::query::plan::{Bounds, Expr, FillMissing, Ordered, Slot};

/// Returns the line of an operator.
pub(super) fn text(one: &Ordered, names: &[Arc<str>]) -> String {
    let name = |slot: Slot| slot_name(names, slot);
    match one {
        Ordered::Accum { of, slot } => {
            format!("accum    {} = sum of {}", name(*slot), operand(of, names))
        }
        Ordered::Earlier { of, slots } => {
            let slots = slots.iter();
            let made = slots.map(|(rows, slot)| format!("{} = {rows} before", name(*slot)));
            let made: Vec<String> = made.collect();
            format!("earlier  {} as {}", operand(of, names), made.join(", "))
        }
        Ordered::FillDown(all) => format!("filldown {}", pairs(all, names)),
        Ordered::Sessions { by, at, gap, slot } => {
            let by: Vec<String> = by.iter().map(|one| operand(one, names)).collect();
            let at = operand(at, names);
            format!(
                "sessions {} by {} over {at}, gaps up to {gap} ms",
                name(*slot),
                by.join(", ")
            )
        }
        Ordered::Clamp(all, bounds) => {
            format!("clamp    {} {}", pairs(all, names), bounds_text(bounds))
        }
        Ordered::DropOutliers(all, bounds) => {
            let all: Vec<String> = all.iter().map(|one| operand(one, names)).collect();
            format!(
                "outliers drop by {} {}",
                all.join(", "),
                bounds_text(bounds)
            )
        }
        Ordered::FillMissing(fill) => fill_text(fill, names),
        Ordered::TotalRow(slots) => format!("totals   {}", list(slots, names)),
        Ordered::Append(append) => {
            let columns: Vec<Slot> = append.columns.iter().map(|column| column.slot).collect();
            format!(
                "append   query {} as {}",
                append.query,
                list(&columns, names)
            )
        }
        Ordered::Cluster(cluster) => format!(
            "cluster  {} as {}, {}, {}, approximately",
            name(cluster.text),
            name(cluster.pattern),
            name(cluster.ratio),
            name(cluster.severity)
        ),
    }
}

fn pairs(all: &[(Expr, Slot)], names: &[Arc<str>]) -> String {
    let pairs = all.iter();
    let pairs =
        pairs.map(|(of, slot)| format!("{} = {}", slot_name(names, *slot), operand(of, names)));
    pairs.collect::<Vec<_>>().join(", ")
}

fn bounds_text(bounds: &Bounds) -> String {
    let sides = if bounds.lower { "either side" } else { "above" };
    let mark = if bounds.mark { ", marked" } else { "" };
    format!("beyond {} quartile distances {sides}{mark}", bounds.factor)
}

fn fill_text(fill: &FillMissing, names: &[Arc<str>]) -> String {
    let values = fill.values.iter();
    let values = values
        .map(|(slot, value)| format!("{} = {}", slot_name(names, *slot), operand(value, names)));
    let values: Vec<String> = values.collect();
    let bin = slot_name(names, fill.bin);
    let with = if values.is_empty() {
        String::new()
    } else {
        format!(" with {}", values.join(", "))
    };
    format!("fill     {bin} every {}{with}", fill.period)
}
