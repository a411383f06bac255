//! The commands that work on rows in their order.

use std::sync::Arc;

use super::scope::Maker;
use super::stats::fixed_millis;
use super::{Column, Resolver};
use crate::diagnostic::codes;
use crate::query::ast::{
    AddTotals, Autoregress, Direction, Expr, Field, FillName, Period, Sessionize, Setting, Span,
    Unit,
};
use crate::query::eval::own;
use crate::query::plan::{self, Aggregate, Bounds, FillMissing, Operator, Ordered, Slot, SortKey};
use crate::suggest;

/// The longest gap within a session when the query names none.
const MAXSPAN: Period = Period {
    span: Span { start: 0, end: 0 },
    count: 30,
    unit: Unit::Minute,
};
/// How many quartile distances away an outlier is when the query does not say.
const FACTOR: f64 = 2.5;
/// The most rows before that one `autoregress` looks at.
const MOST_EARLIER: u64 = 100;

impl Resolver<'_> {
    pub(super) fn ordered(&mut self, one: Ordered) {
        self.operators.push(Operator::Ordered(one));
    }

    pub(super) fn accum(&mut self, field: &Field, alias: Option<&Field>) {
        let of = self.field(field);
        let name = alias.unwrap_or(field).name();
        let slot = self.scope.new_slot(&name);
        self.ordered(Ordered::Accum { of, slot });
        match alias {
            Some(alias) => self.make(&name, slot, Maker::Item, alias.span),
            None => self.remake(&name, slot),
        }
    }

    pub(super) fn autoregress(&mut self, one: &Autoregress, word: Span) {
        let (first, last) = one.distance.unwrap_or((1, 1));
        let ranged = first != last;
        if ranged && let Some(name) = &one.name {
            let message = "one name for the values of several rows before";
            let hint = "leave `as` out: they are called `field_p1`, `field_p2` and so on";
            self.error(codes::NAME_COUNT, name.span, message, hint);
            return;
        }
        if last - first >= MOST_EARLIER {
            let message = format!("more than {MOST_EARLIER} rows before");
            let hint = "write a smaller range, such as `p=1-7`";
            self.error(codes::BAD_OPTION, word, message, hint);
            return;
        }
        let of = self.field(&one.field);
        let mut slots = Vec::new();
        let mut names = Vec::new();
        for distance in first..=last {
            let own = || format!("{}_p{distance}", one.field.name());
            let name = one.name.as_ref().map_or_else(own, Field::name);
            let slot = self.scope.new_slot(&name);
            slots.push((distance, slot));
            names.push((name, slot));
        }
        self.ordered(Ordered::Earlier { of, slots });
        let span = one.name.as_ref().unwrap_or(&one.field).span;
        for (name, slot) in names {
            self.make(&name, slot, Maker::Item, span);
        }
    }

    pub(super) fn fill_down(&mut self, names: &[FillName], word: Span) {
        let columns = self.fill_columns(names);
        if columns.is_empty() {
            let message = "there is no column to fill";
            let hint = "name the fields: `filldown host region`";
            self.error(codes::INCOMPLETE, word, message, hint);
            return;
        }
        let mut filled = Vec::new();
        for (name, of) in &columns {
            filled.push((of.clone(), self.scope.new_slot(name)));
        }
        for ((name, _), (_, slot)) in columns.iter().zip(&filled) {
            self.remake(name, *slot);
        }
        self.ordered(Ordered::FillDown(filled));
    }

    /// Returns the columns that `filldown` means: those it names, those that begin alike, or all of `fields`.
    fn fill_columns(&mut self, names: &[FillName]) -> Vec<(String, plan::Expr)> {
        let shown: Vec<Column> = self.shown.all().cloned().collect();
        let of_column = |(name, slot): &Column| (name.to_string(), plan::Expr::Slot(*slot));
        if names.is_empty() {
            return shown.iter().map(of_column).collect();
        }
        let mut columns: Vec<(String, plan::Expr)> = Vec::new();
        for name in names {
            match name {
                FillName::Field(field) => columns.push((field.name(), self.field(field))),
                FillName::Prefix(prefix) => {
                    let begins = |column: &&Column| column.0.starts_with(&prefix.text);
                    columns.extend(shown.iter().filter(begins).map(of_column));
                }
            }
        }
        let mut known: Vec<String> = Vec::new();
        columns.retain(|(name, _)| {
            let new = !known.contains(name);
            known.push(name.clone());
            new
        });
        columns
    }

    pub(super) fn fill_missing(&mut self, fills: &[(Expr, Field)], word: Span) {
        let Some(bin) = self.bin.filter(|_| self.first.is_some()) else {
            let message =
                "`fillmissing` fills the bins of the `stats` before it, and there are none";
            let hint = "for example: `stats count(*) as n by bin(5m) | fillmissing with 0 for n`";
            self.error(codes::MISPLACED, word, message, hint);
            return;
        };
        let mut values = Vec::new();
        for (value, field) in fills {
            let constant = self.row_expr(value);
            let mut reads = false;
            constant.reads(&mut |_| reads = true);
            if reads || constant.waits() {
                let message = "a new row has no fields to compute from";
                let hint = "fill with a constant: `fillmissing with 0 for n`";
                self.error(codes::ARGUMENT_KIND, value.span, message, hint);
            }
            if let plan::Expr::Slot(slot) = self.field(field) {
                values.push((slot, constant));
            }
        }
        self.ordered(Ordered::FillMissing(FillMissing {
            bin: bin.slot,
            period: bin.period,
            offset: bin.offset,
            values,
        }));
    }

    pub(super) fn sessionize(&mut self, one: &Sessionize, word: Span) {
        let by = one.names.iter().map(|name| self.field(name)).collect();
        let at = self.time_for("sessionize", word);
        let maxspan = one.maxspan.unwrap_or(MAXSPAN);
        let Some(gap) = fixed_millis(maxspan) else {
            let message = "a gap must have a fixed length";
            let hint = "use `ms`, `s`, `m`, `h`, `d` or `w`, as in `maxspan 30m`";
            self.error(codes::ARGUMENT_KIND, maxspan.span, message, hint);
            return;
        };
        let alias = one.name.as_ref();
        let name = alias.map_or_else(|| "session_id".to_owned(), Field::name);
        let slot = self.scope.new_slot(&name);
        self.ordered(Ordered::Sessions { by, at, gap, slot });
        self.make(
            &name,
            slot,
            Maker::Item,
            alias.map_or(word, |alias| alias.span),
        );
    }

    /// `countFrequent` is a count by its fields, the most frequent first; exact here.
    pub(super) fn count_frequent(&mut self, fields: &[Field]) {
        let by: Vec<plan::Expr> = fields.iter().map(|field| self.field(field)).collect();
        let names = fields.iter().map(|field| Arc::from(field.name()));
        let names: Vec<Arc<str>> = names.chain([Arc::from("_approxcount")]).collect();
        let count = Slot(by.len());
        let aggregates = vec![Aggregate {
            function: "count",
            arguments: Vec::new(),
        }];
        let columns = names.iter().cloned().zip((0..).map(Slot)).collect();
        self.begin_groups(by, aggregates, names, columns);
        let direction = Direction::Descending;
        let key = SortKey {
            slot: count,
            direction,
        };
        self.operators.push(Operator::Sort(vec![key]));
    }

    pub(super) fn add_totals(&mut self, one: &AddTotals, word: Span) {
        let row = self.switch(&one.settings, "row", true);
        let col = self.switch(&one.settings, "col", false);
        let name = setting(&one.settings, "fieldname");
        let name = name
            .map_or("Total", |setting| &setting.value.text)
            .to_owned();
        let mut slots = self.total_slots(&one.names);
        if slots.is_empty() {
            let message = "there are no columns to add up";
            let hint = "name them: `addtotals price, tax`";
            self.error(codes::INCOMPLETE, word, message, hint);
            return;
        }
        if row {
            let summands = slots.iter().map(|slot| plan::Expr::Slot(*slot)).collect();
            let total = self.scope.new_slot(&name);
            let value = plan::Expr::Call(own::TOTAL, summands);
            self.operators.push(Operator::Extend(vec![(total, value)]));
            self.make(&name, total, Maker::Item, word);
            slots.push(total);
        }
        if col {
            self.ordered(Ordered::TotalRow(slots));
        }
    }

    fn total_slots(&mut self, names: &[Field]) -> Vec<Slot> {
        if names.is_empty() {
            return self.shown.all().map(|(_, slot)| *slot).collect();
        }
        let mut extend = Vec::new();
        let slots = names
            .iter()
            .map(|name| self.field_slot(name, &mut extend))
            .collect();
        if !extend.is_empty() {
            self.operators.push(Operator::Extend(extend));
        }
        slots
    }

    pub(super) fn outlier(&mut self, settings: &[Setting], names: &[Field]) {
        let removes = self.choice(settings, "action", &["transform", "remove", "tf", "rm"]);
        let removes = matches!(removes.as_deref(), Some("remove" | "rm"));
        let bounds = Bounds {
            factor: self.factor(settings),
            lower: self.switch(settings, "uselower", false),
            mark: self.switch(settings, "mark", false) && !removes,
        };
        if removes {
            let of = names.iter().map(|name| self.field(name)).collect();
            self.ordered(Ordered::DropOutliers(of, bounds));
            return;
        }
        let mut moved = Vec::new();
        for name in names {
            let of = self.field(name);
            moved.push((of, self.scope.new_slot(&name.name())));
        }
        for (name, (_, slot)) in names.iter().zip(&moved) {
            self.remake(&name.name(), *slot);
        }
        self.ordered(Ordered::Clamp(moved, bounds));
    }

    fn factor(&mut self, settings: &[Setting]) -> f64 {
        let Some(param) = setting(settings, "param") else {
            return FACTOR;
        };
        let number = param.value.text.parse::<f64>().ok();
        number.filter(|number| *number >= 0.0).unwrap_or_else(|| {
            let message = "`param` is a number from 0 on";
            let hint = "leave it out for 2.5, or write `param=1.5`";
            self.error(codes::BAD_OPTION, param.value.span, message, hint);
            FACTOR
        })
    }

    /// Reads an option that is on or off.
    pub(super) fn switch(&mut self, settings: &[Setting], name: &str, usual: bool) -> bool {
        let words = ["true", "false", "t", "f"];
        match self.choice(settings, name, &words).as_deref() {
            Some("true" | "t") => true,
            Some(_) => false,
            None => usual,
        }
    }

    /// Reads an option that is one of a few words.
    pub(super) fn choice(
        &mut self,
        settings: &[Setting],
        name: &str,
        words: &[&str],
    ) -> Option<String> {
        let found = setting(settings, name)?;
        let written = found.value.text.to_ascii_lowercase();
        if words.contains(&written.as_str()) {
            return Some(written);
        }
        let message = format!("`{name}` cannot be `{}`", found.value.text);
        let near = suggest::did_you_mean(&written, words.iter().copied());
        let hint =
            near.unwrap_or_else(|| format!("write `{name}={}` or `{name}={}`", words[0], words[1]));
        self.error(codes::BAD_OPTION, found.value.span, message, hint);
        None
    }
}

/// Finds an option by its name; of several the last.
pub(super) fn setting<'s>(settings: &'s [Setting], name: &str) -> Option<&'s Setting> {
    let mut settings = settings.iter().rev();
    settings.find(|one| one.name.text.eq_ignore_ascii_case(name))
}
