//! Walking the slots of a plan: which are read, which are written, and giving them other numbers.

use super::{Expr, Operator, ParseMethod, Plan, Slot};

impl Expr {
    /// Returns the expressions directly inside this one.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Self::Constant(_) | Self::Period(_) | Self::Slot(_) => Vec::new(),
            Self::Access(of, _) => vec![of],
            Self::Negate(one) | Self::Not(one) => vec![one],
            Self::Contains { value, .. } | Self::Matches { value, .. } => vec![value],
            Self::Call(_, all) | Self::And(all) | Self::Or(all) => all.iter().collect(),
            Self::Binary(left, _, right) => vec![left, right],
            Self::In { value, list, .. } => std::iter::once(&**value).chain(list.iter()).collect(),
        }
    }

    /// Returns the expressions directly inside this one, to be changed.
    pub fn parts_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Constant(_) | Self::Period(_) | Self::Slot(_) => Vec::new(),
            Self::Access(of, _) => vec![of],
            Self::Negate(one) | Self::Not(one) => vec![one],
            Self::Contains { value, .. } | Self::Matches { value, .. } => vec![value],
            Self::Call(_, all) | Self::And(all) | Self::Or(all) => all.iter_mut().collect(),
            Self::Binary(left, _, right) => vec![left, right],
            Self::In { value, list, .. } => std::iter::once(&mut **value)
                .chain(list.iter_mut())
                .collect(),
        }
    }

    /// Shows each slot that the expression reads.
    pub fn reads(&self, see: &mut dyn FnMut(Slot)) {
        if let Self::Slot(slot) = self {
            see(*slot);
        }
        for part in self.parts() {
            part.reads(see);
        }
    }

    /// Gives each slot another number.
    pub fn renumber(&mut self, number: &dyn Fn(Slot) -> Slot) {
        if let Self::Slot(slot) = self {
            *slot = number(*slot);
        }
        for part in self.parts_mut() {
            part.renumber(number);
        }
    }
}

impl Operator {
    /// Shows each slot that the operator reads, of the layout before it.
    pub fn reads(&self, see: &mut dyn FnMut(Slot)) {
        match self {
            Self::Filter(conditions) => conditions.iter().for_each(|one| one.reads(see)),
            Self::Extend(made) => made.iter().for_each(|(_, one)| one.reads(see)),
            Self::Parse(parse) => parse.source.reads(see),
            Self::Stats(stats) => {
                stats.by.iter().for_each(|one| one.reads(see));
                let arguments = stats.aggregates.iter().flat_map(|one| &one.arguments);
                arguments.for_each(|one| one.reads(see));
            }
            Self::Sort(keys) | Self::TopK(keys, _) => keys.iter().for_each(|key| see(key.slot)),
            Self::Dedup(slots) => slots.iter().for_each(|slot| see(*slot)),
            Self::Limit(_) | Self::LimitAny(_) => {}
        }
    }

    /// Shows each slot that the operator gives a value; a `Stats` begins a layout and writes to none before it.
    pub fn writes(&self, see: &mut dyn FnMut(Slot)) {
        match self {
            Self::Extend(made) => made.iter().for_each(|(slot, _)| see(*slot)),
            Self::Parse(parse) => parse.method.slots().into_iter().for_each(see),
            _ => {}
        }
    }

    /// Gives each slot another number; of a `Stats` only those of the layout before it.
    pub fn renumber(&mut self, number: &dyn Fn(Slot) -> Slot) {
        match self {
            Self::Filter(conditions) => conditions.iter_mut().for_each(|one| one.renumber(number)),
            Self::Extend(made) => {
                for (slot, value) in made {
                    *slot = number(*slot);
                    value.renumber(number);
                }
            }
            Self::Parse(parse) => {
                parse.source.renumber(number);
                parse
                    .method
                    .slots_mut()
                    .for_each(|slot| *slot = number(*slot));
            }
            Self::Stats(stats) => {
                stats.by.iter_mut().for_each(|one| one.renumber(number));
                let arguments = stats
                    .aggregates
                    .iter_mut()
                    .flat_map(|one| &mut one.arguments);
                arguments.for_each(|one| one.renumber(number));
            }
            Self::Sort(keys) | Self::TopK(keys, _) => {
                for key in keys {
                    key.slot = number(key.slot);
                }
            }
            Self::Dedup(slots) => slots.iter_mut().for_each(|slot| *slot = number(*slot)),
            Self::Limit(_) | Self::LimitAny(_) => {}
        }
    }
}

impl ParseMethod {
    /// Returns the slots that are given a value.
    pub fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Glob { slots, .. } => slots.clone(),
            Self::Regex { groups, .. } => groups.iter().map(|(_, slot)| *slot).collect(),
        }
    }

    fn slots_mut(&mut self) -> Box<dyn Iterator<Item = &mut Slot> + '_> {
        match self {
            Self::Glob { slots, .. } => Box::new(slots.iter_mut()),
            Self::Regex { groups, .. } => Box::new(groups.iter_mut().map(|(_, slot)| slot)),
        }
    }
}

impl Plan {
    /// Returns where each layout begins: 0, then behind each `Stats`; an end is the beginning of the next.
    pub fn layouts(&self) -> Vec<std::ops::Range<usize>> {
        let is_stats = |(_, operator): &(usize, &Operator)| matches!(operator, Operator::Stats(_));
        let after = self.operators.iter().enumerate().filter(is_stats);
        let mut edges = vec![0];
        edges.extend(after.map(|(at, _)| at + 1));
        edges.push(self.operators.len());
        edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    /// Gives the slots of one layout other numbers, wherever they are named.
    pub fn renumber(&mut self, layout: usize, number: &dyn Fn(Slot) -> Slot) {
        let layouts = self.layouts();
        let range = layouts[layout].clone();
        if let Some(begin) = range.start.checked_sub(1)
            && let Operator::Stats(stats) = &mut self.operators[begin]
        {
            for (slot, value) in &mut stats.post {
                *slot = number(*slot);
                value.renumber(number);
            }
        }
        for operator in &mut self.operators[range] {
            operator.renumber(number);
        }
        if layout + 1 == layouts.len() {
            self.columns
                .iter_mut()
                .for_each(|(_, slot)| *slot = number(*slot));
        }
    }
}
