//! Walking the slots of a plan: which are read, which are written, and giving them other numbers.

use super::{Among, Expr, LookupBy, Operator, ParseMethod, Plan, Slot};

impl Expr {
    /// Returns the expressions directly inside this one.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Self::Constant(_) | Self::Period(_) | Self::Slot(_) => Vec::new(),
            Self::Access(of, _) => vec![of],
            Self::Negate(one) | Self::Not(one) => vec![one],
            Self::Contains { value, .. }
            | Self::Matches { value, .. }
            | Self::InQuery { value, .. } => vec![value],
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
            Self::Contains { value, .. }
            | Self::Matches { value, .. }
            | Self::InQuery { value, .. } => vec![value],
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

    /// Says whether the expression needs the result of a subquery.
    pub fn waits(&self) -> bool {
        let among = |one: &Self| {
            matches!(
                one,
                Self::InQuery {
                    among: Among::Query(_),
                    ..
                }
            )
        };
        among(self) || self.parts().into_iter().any(Self::waits)
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
    /// Returns the expressions over the layout before the operator.
    pub fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Filter(conditions) => conditions.iter().collect(),
            Self::Extend(made) => made.iter().map(|(_, one)| one).collect(),
            Self::Parse(parse) => vec![&parse.source],
            Self::Stats(stats) => {
                let arguments = stats.aggregates.iter().flat_map(|one| &one.arguments);
                stats.by.iter().chain(arguments).collect()
            }
            Self::Spread(spread) => vec![&spread.source],
            Self::Lookup(lookup) => {
                let kept = lookup.outputs.iter().filter_map(|one| one.unless.as_ref());
                lookup.by.exprs().into_iter().chain(kept).collect()
            }
            Self::Join(join) => vec![&join.key],
            Self::Ordered(ordered) => ordered.exprs(),
            Self::Sort(_)
            | Self::TopK(..)
            | Self::Limit(_)
            | Self::LimitAny(_)
            | Self::Dedup(_) => Vec::new(),
        }
    }

    /// Returns the expressions over the layout before the operator, to be changed.
    pub fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Filter(conditions) => conditions.iter_mut().collect(),
            Self::Extend(made) => made.iter_mut().map(|(_, one)| one).collect(),
            Self::Parse(parse) => vec![&mut parse.source],
            Self::Stats(stats) => {
                let aggregates = stats.aggregates.iter_mut();
                let arguments = aggregates.flat_map(|one| &mut one.arguments);
                stats.by.iter_mut().chain(arguments).collect()
            }
            Self::Spread(spread) => vec![&mut spread.source],
            Self::Lookup(lookup) => {
                let outputs = lookup.outputs.iter_mut();
                let kept = outputs.filter_map(|one| one.unless.as_mut());
                lookup.by.exprs_mut().into_iter().chain(kept).collect()
            }
            Self::Join(join) => vec![&mut join.key],
            Self::Ordered(ordered) => ordered.exprs_mut(),
            Self::Sort(_)
            | Self::TopK(..)
            | Self::Limit(_)
            | Self::LimitAny(_)
            | Self::Dedup(_) => Vec::new(),
        }
    }

    /// Shows each slot that the operator reads, of the layout before it.
    pub fn reads(&self, see: &mut dyn FnMut(Slot)) {
        for expr in self.exprs() {
            expr.reads(see);
        }
        match self {
            Self::Sort(keys) | Self::TopK(keys, _) => keys.iter().for_each(|key| see(key.slot)),
            Self::Dedup(slots) => slots.iter().copied().for_each(see),
            Self::Ordered(ordered) => ordered.reads().into_iter().for_each(see),
            _ => {}
        }
    }

    /// Shows each slot that the operator gives a value; a `Stats` begins a layout and writes to none before it.
    pub fn writes(&self, see: &mut dyn FnMut(Slot)) {
        match self {
            Self::Extend(made) => made.iter().for_each(|(slot, _)| see(*slot)),
            Self::Parse(parse) => parse.method.slots().into_iter().for_each(see),
            Self::Spread(spread) => spread.method.slots().into_iter().for_each(see),
            Self::Lookup(lookup) => lookup.outputs.iter().for_each(|one| see(one.slot)),
            Self::Join(join) => join.slots.iter().copied().for_each(see),
            Self::Ordered(ordered) => ordered.writes().into_iter().for_each(see),
            _ => {}
        }
    }

    /// Says whether all the operator does is to give each row values, so that without them it is nothing.
    ///
    /// What looks at rows in their order is more: rows are put in order for it, which ties keep.
    pub fn only_adds(&self) -> bool {
        matches!(self, Self::Extend(_) | Self::Parse(_) | Self::Lookup(_))
    }

    /// Says whether the operator needs the result of a subquery.
    pub fn waits(&self) -> bool {
        match self {
            Self::Join(_) | Self::Ordered(super::Ordered::Append(_)) => true,
            Self::Stats(stats) if stats.post.iter().any(|(_, one)| one.waits()) => true,
            other => other.exprs().into_iter().any(Expr::waits),
        }
    }

    /// Gives each slot another number; of a `Stats` only those of the layout before it.
    pub fn renumber(&mut self, number: &dyn Fn(Slot) -> Slot) {
        for expr in self.exprs_mut() {
            expr.renumber(number);
        }
        for slot in self.slots_mut() {
            *slot = number(*slot);
        }
    }

    /// Returns the slots that stand outside of expressions, read or written.
    fn slots_mut(&mut self) -> Vec<&mut Slot> {
        match self {
            Self::Extend(made) => made.iter_mut().map(|(slot, _)| slot).collect(),
            Self::Parse(parse) => parse.method.slots_mut().collect(),
            Self::Sort(keys) | Self::TopK(keys, _) => {
                keys.iter_mut().map(|key| &mut key.slot).collect()
            }
            Self::Dedup(slots) => slots.iter_mut().collect(),
            Self::Spread(spread) => spread.method.slots_mut(),
            Self::Lookup(lookup) => lookup.outputs.iter_mut().map(|one| &mut one.slot).collect(),
            Self::Join(join) => join.slots.iter_mut().collect(),
            Self::Ordered(ordered) => ordered.slots_mut(),
            Self::Filter(_) | Self::Stats(_) | Self::Limit(_) | Self::LimitAny(_) => Vec::new(),
        }
    }
}

impl LookupBy {
    fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Equal(columns) => columns.iter().map(|(_, one)| one).collect(),
            Self::Range(_, address) => vec![address],
        }
    }

    fn exprs_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Equal(columns) => columns.iter_mut().map(|(_, one)| one).collect(),
            Self::Range(_, address) => vec![address],
        }
    }
}

impl ParseMethod {
    /// Returns the slots that are given a value.
    pub fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Glob { slots, .. } | Self::Csv(slots) => slots.clone(),
            Self::Regex { groups, .. } => groups.iter().map(|(_, slot)| *slot).collect(),
            Self::Logfmt(slot) => vec![*slot],
        }
    }

    fn slots_mut(&mut self) -> Box<dyn Iterator<Item = &mut Slot> + '_> {
        match self {
            Self::Glob { slots, .. } | Self::Csv(slots) => Box::new(slots.iter_mut()),
            Self::Regex { groups, .. } => Box::new(groups.iter_mut().map(|(_, slot)| slot)),
            Self::Logfmt(slot) => Box::new(std::iter::once(slot)),
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
        if layout == 0 {
            let inputs = self.subqueries.iter_mut().flat_map(|one| &mut one.inputs);
            inputs.for_each(|slot| *slot = number(*slot));
        }
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
