//! `stats`: keys and aggregates over the rows before it, items over both, and the layout that follows.

use std::sync::Arc;

use super::expr::{NULL, Place};
use super::scope::{SPARE, Scope, settle};
use super::{Column, Resolver, Shown};
use crate::diagnostic::{Diagnostic, codes};
use crate::query::ast::{BinaryOp, Expr, ExprKind, Field, Item, Period, Span, Stats, Unit};
use crate::query::plan::{self, Aggregate, Operator, Slot};
use crate::value::Value;

/// What a `stats` has computed so far: the layout that it begins.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// How many keys there are: slots 0 and up.
    keys: usize,
    /// The aggregates: the slots after the keys.
    aggregates: Vec<Aggregate>,
    /// Names that items may use: keys, and items to the left.
    names: Vec<Column>,
    /// Whether the current item uses an aggregate, or the name of one.
    used: bool,
}

impl Outputs {
    /// Returns the slot of an aggregate, the same for the same one.
    pub(super) fn aggregate(&mut self, function: &'static str, arguments: Vec<plan::Expr>) -> Slot {
        self.used = true;
        let wanted = Aggregate {
            function,
            arguments,
        };
        let known = self.aggregates.iter().position(|one| *one == wanted);
        let at = known.unwrap_or_else(|| {
            self.aggregates.push(wanted);
            self.aggregates.len() - 1
        });
        Slot(self.keys + at)
    }

    /// Resolves a field of an item: a name that the same `stats` made.
    pub(super) fn field(&mut self, field: &Field) -> Result<plan::Expr, Diagnostic> {
        let name = field.name();
        let made = self.names.iter().find(|(known, _)| **known == *name);
        if let Some((_, slot)) = made {
            self.used = true;
            return Ok(plan::Expr::Slot(*slot));
        }
        let message = format!("`{name}` has many values in a group");
        let hint =
            format!("take one, such as `max({field})` or `latest({field})`, or group `by {field}`");
        let one = Diagnostic::new(codes::NOT_AGGREGATED, field.span.range(), message);
        Err(one.label("neither aggregated nor in `by`").hint(hint))
    }
}

/// The bins that a `stats` groups by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bin {
    pub(super) slot: Slot,
    pub(super) period: Period,
    /// How far the edges are moved, in milliseconds.
    pub(super) offset: f64,
}

impl Bin {
    /// Finds the first key that is a bin.
    fn among(keys: &[plan::Expr]) -> Option<Self> {
        let mut keys = keys.iter().enumerate();
        keys.find_map(|(at, key)| {
            let (period, offset) = bin(key)?;
            let slot = Slot(at);
            Some(Self {
                slot,
                period,
                offset,
            })
        })
    }

    /// Returns the length of a bin, when they are all equally long.
    pub(super) fn millis(&self) -> Option<f64> {
        let most = self.period.unit.cap().unwrap_or(u64::MAX);
        let count = self.period.count.clamp(1, most);
        fixed_millis(Period {
            count,
            ..self.period
        })
    }
}

/// Returns the period and the offset of an expression that gives a bin.
fn bin(key: &plan::Expr) -> Option<(Period, f64)> {
    let plan::Expr::Call(name, arguments) = key else {
        return None;
    };
    match (*name, arguments.as_slice()) {
        ("datefloor", [_, plan::Expr::Period(period)]) => Some((*period, 0.0)),
        ("fromMillis", [plan::Expr::Binary(floor, BinaryOp::Add, offset)]) => {
            let plan::Expr::Constant(Value::Number(offset)) = **offset else {
                return None;
            };
            bin(floor).map(|(period, _)| (period, offset))
        }
        _ => None,
    }
}

impl Resolver<'_> {
    pub(super) fn stats(&mut self, stats: &Stats, word: Span) {
        self.check_topk(stats);
        self.remark_cut_before(word);
        let by: Vec<plan::Expr> = stats
            .by
            .iter()
            .map(|item| self.key(&item.expr, stats.offset))
            .collect();
        self.bin = Bin::among(&by);
        let mut outputs = Outputs {
            keys: by.len(),
            ..Outputs::default()
        };
        let mut columns = Vec::new();
        for (at, item) in stats.by.iter().enumerate() {
            self.output(item, Slot(at), &mut outputs, &mut columns);
        }
        let mut post = Vec::new();
        for item in &stats.items {
            let slot = self.item(item, &mut outputs, &mut post);
            self.output(item, slot, &mut outputs, &mut columns);
        }
        self.begin_layout(by, outputs, post, columns);
    }

    /// Names a key or an item, for the items behind it and for the commands that follow.
    fn output(
        &mut self,
        item: &Item,
        slot: Slot,
        outputs: &mut Outputs,
        columns: &mut Vec<Column>,
    ) {
        let name: Arc<str> = Arc::from(self.item_name(item));
        if columns.iter().any(|(known, _)| *known == name) {
            let span = item.alias.as_ref().map_or(item.span, |alias| alias.span);
            self.say_defined_twice(&name, span);
        }
        outputs.names.push((name.clone(), slot));
        columns.push((name, slot));
    }

    /// Resolves an item and returns its slot; one that is more than an aggregate is computed behind them.
    fn item(
        &mut self,
        item: &Item,
        outputs: &mut Outputs,
        post: &mut Vec<(Arc<str>, plan::Expr)>,
    ) -> Slot {
        outputs.used = false;
        let errors = self.errors.len();
        let value = self.expr(&item.expr, &mut Place::Item(outputs));
        if !outputs.used && errors == self.errors.len() {
            let message = "an item of `stats` without an aggregate";
            let hint = "compute plain values with `fields` before or after the `stats`";
            self.error(codes::NOT_AGGREGATED, item.expr.span, message, hint);
        }
        if let plan::Expr::Slot(slot) = value {
            return slot;
        }
        post.push((Arc::from(self.item_name(item)), value));
        Slot(SPARE + post.len() - 1)
    }

    /// Resolves what rows are grouped by; `offset` moves the edges of bins (D12).
    fn key(&mut self, expr: &Expr, offset: Option<Period>) -> plan::Expr {
        let value = self.row_expr(expr);
        let is_bin =
            matches!(&expr.kind, ExprKind::Call(name, _) if name.text.eq_ignore_ascii_case("bin"));
        match (offset, value) {
            (Some(offset), plan::Expr::Call(name, arguments)) if is_bin => {
                self.moved(name, arguments, offset)
            }
            (_, value) => value,
        }
    }

    /// Moves the edges of a bin: the floor of an earlier time, moved back.
    fn moved(
        &mut self,
        name: &'static str,
        mut floor: Vec<plan::Expr>,
        offset: Period,
    ) -> plan::Expr {
        let Some(millis) = fixed_millis(offset) else {
            let message = "an offset must have a fixed length";
            let hint = "use `ms`, `s`, `m`, `h`, `d` or `w`, as in `offset 30m`";
            self.error(codes::ARGUMENT_KIND, offset.span, message, hint);
            return NULL;
        };
        let number = || Box::new(plan::Expr::Constant(Value::Number(millis)));
        let time = std::mem::replace(&mut floor[0], NULL);
        floor[0] = plan::Expr::Binary(Box::new(time), BinaryOp::Subtract, number());
        let floor = plan::Expr::Call(name, floor);
        let back = plan::Expr::Binary(Box::new(floor), BinaryOp::Add, number());
        plan::Expr::Call("fromMillis", vec![back])
    }

    fn begin_layout(
        &mut self,
        by: Vec<plan::Expr>,
        outputs: Outputs,
        post: Vec<(Arc<str>, plan::Expr)>,
        mut columns: Vec<Column>,
    ) {
        let known = outputs.keys + outputs.aggregates.len();
        for (_, slot) in &mut columns {
            *slot = settle(*slot, known);
        }
        let mut names = slot_names(&outputs, &columns);
        let mut computed = Vec::new();
        for (name, mut value) in post {
            value.renumber(&|slot| settle(slot, known));
            computed.push((Slot(names.len()), value));
            names.push(name);
        }
        self.begin(
            plan::Stats {
                by,
                aggregates: outputs.aggregates,
                post: computed,
                width: names.len(),
                names,
            },
            columns,
        );
    }

    /// Begins a layout of keys and aggregates for a command that is no `stats`; all its slots are named.
    pub(super) fn begin_groups(
        &mut self,
        by: Vec<plan::Expr>,
        aggregates: Vec<Aggregate>,
        names: Vec<Arc<str>>,
        columns: Vec<Column>,
    ) {
        self.bin = None;
        self.begin(
            plan::Stats {
                by,
                aggregates,
                post: Vec::new(),
                width: names.len(),
                names,
            },
            columns,
        );
    }

    fn begin(&mut self, stats: plan::Stats, columns: Vec<Column>) {
        let scope = Scope::of_outputs(stats.names.clone(), &columns);
        self.operators.push(Operator::Stats(stats));
        self.enter(scope);
        self.shown = Shown {
            outputs: columns,
            ..Shown::default()
        };
    }

    /// Leaves the layout before the `stats` behind.
    fn enter(&mut self, scope: Scope) {
        let mut before = std::mem::replace(&mut self.scope, scope);
        self.close_join(&mut before);
        if self.first.is_none() {
            self.first = Some(before);
            return;
        }
        // The one before the last `stats` is complete only now.
        let mut layouts = self
            .operators
            .iter_mut()
            .rev()
            .filter_map(|operator| match operator {
                Operator::Stats(stats) => Some(stats),
                _ => None,
            });
        if let Some(stats) = layouts.nth(1) {
            stats.width = before.width();
            stats.names = before.names();
        }
    }

    /// `topk` gives a list for all rows and takes no company.
    fn check_topk(&mut self, stats: &Stats) {
        let topk = stats.items.iter().find_map(|item| match &item.expr.kind {
            ExprKind::Call(name, _) if name.text.eq_ignore_ascii_case("topk") => Some(name.span),
            _ => None,
        });
        if let Some(span) = topk
            && (stats.items.len() > 1 || !stats.by.is_empty())
        {
            let message = "`topk` stands alone in its `stats`, without `by`";
            let hint = "write `stats count(*) as n by field | sort n desc | limit 10`";
            self.error(codes::MISPLACED, span, message, hint);
        }
    }

    /// Remarks on a `limit` before the only `stats`: what is counted is then a matter of chance (D39).
    fn remark_cut_before(&mut self, word: Span) {
        let cut =
            |operator: &Operator| matches!(operator, Operator::Limit(_) | Operator::LimitAny(_));
        if self.first.is_none() && self.operators.iter().any(cut) {
            let message = "this `stats` sees only the rows that `limit` left";
            let hint = "put `limit` behind `stats` to cut its result instead";
            self.warn(codes::LIMIT_BEFORE_STATS, word, message, hint);
        }
    }
}

/// Returns what the slots of keys and aggregates are called: their columns, or the call for one inside an item.
fn slot_names(outputs: &Outputs, columns: &[Column]) -> Vec<Arc<str>> {
    let count = outputs.keys + outputs.aggregates.len();
    let name = |at: usize| {
        let column = columns.iter().find(|(_, slot)| slot.0 == at);
        column.map_or_else(
            || Arc::from(outputs.aggregates[at - outputs.keys].function),
            |(name, _)| name.clone(),
        )
    };
    (0..count).map(name).collect()
}

/// Returns a period in milliseconds, unless its units are of different lengths.
pub(super) fn fixed_millis(period: Period) -> Option<f64> {
    let unit: u32 = match period.unit {
        Unit::Millisecond => 1,
        Unit::Second => 1000,
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Day => 86_400_000,
        Unit::Week => 604_800_000,
        Unit::Month | Unit::Quarter | Unit::Year => return None,
    };
    Some(period.count as f64 * f64::from(unit))
}
