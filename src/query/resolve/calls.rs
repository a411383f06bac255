//! Calls: which function is meant, and whether its arguments fit.

use super::Resolver;
use super::expr::{NULL, Place};
use super::stats::fixed_millis;
use crate::diagnostic::{Diagnostic, codes};
use crate::query::aggregates::{self, Aggregate};
use crate::query::ast::{Expr, ExprKind, Field, Name, Period, Span};
use crate::query::functions::{self, Arity, Function, Level, Run, Unfit};
use crate::query::plan;
use crate::suggest;
use crate::value::Value;

/// Functions of other languages, and what to write here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("lower", "write `tolower(field)`"),
    ("upper", "write `toupper(field)`"),
    ("length", "write `strlen(field)`"),
    ("len", "write `strlen(field)`"),
    ("contains", "write `field like \"text\"`"),
    ("matches", "write `field like /expression/`"),
    ("regexp_extract", "write `parse field /(?<name>...)/`"),
    ("extract", "write `parse field /(?<name>...)/`"),
    ("substring", "write `substr(field, 0, 10)`"),
    ("iff", "write `if(condition, then, else)`"),
    ("iif", "write `if(condition, then, else)`"),
    ("ifnull", "write `coalesce(field, \"none\")`"),
    ("nvl", "write `coalesce(field, \"none\")`"),
    ("isnull", "write `not ispresent(field)`"),
    ("isnotnull", "write `ispresent(field)`"),
    ("exists", "write `ispresent(field)`"),
    ("date_trunc", "write `datefloor(@timestamp, 1h)`"),
    (
        "ago",
        "write `toMillis(@timestamp) > now() * 1000 - 3600000`, or choose the time window outside",
    ),
    ("mean", "write `avg(field)`"),
    ("average", "write `avg(field)`"),
    (
        "countif",
        "write `sum(condition)`: a condition counts as 1 or 0",
    ),
    ("sumif", "write `sum(if(condition, field, 0))`"),
    ("json_extract", "write `jsonParse(field).name`"),
    ("get_json_object", "write `jsonParse(field).name`"),
    ("spath", "write `jsonParse(field).name`"),
    ("parse_json", "write `jsonParse(field)`"),
    ("json_value", "write `jsonParse(field).name`"),
    (
        "regexp_replace",
        "write `regexReplace(field, \"expression\", \"text\")`",
    ),
    ("regexp_like", "write `field like /expression/`"),
    ("instr", "write `strcontains(field, \"text\")`"),
    ("strpos", "write `strcontains(field, \"text\")`"),
    (
        "tostring",
        "a number is taken as text wherever text is wanted",
    ),
    (
        "date_format",
        "write `formatDate(@timestamp, \"%Y-%m-%d\")`",
    ),
    (
        "to_timestamp",
        "write `parseDate(text, \"yyyy-MM-dd HH:mm:ss\")`",
    ),
    (
        "todatetime",
        "write `parseDate(text, \"yyyy-MM-dd HH:mm:ss\")`",
    ),
    ("hour", "write `formatDate(@timestamp, \"%H\")`"),
    ("dayofweek", "write `formatDate(@timestamp, \"%A\")`"),
    ("median", "write `pct(field, 50)`"),
    ("percentile", "write `pct(field, 95)`"),
    ("p50", "write `pct(field, 50)`"),
    ("p90", "write `pct(field, 90)`"),
    ("p95", "write `pct(field, 95)`"),
    ("p99", "write `pct(field, 99)`"),
    ("dcount", "write `count_distinct(field)`"),
    ("dc", "write `count_distinct(field)`"),
    ("uniq", "write `count_distinct(field)`"),
    ("first", "write `earliest(field)`"),
    ("last", "write `latest(field)`"),
];

impl Resolver<'_> {
    pub(super) fn call(
        &mut self,
        span: Span,
        name: &Name,
        arguments: &[Expr],
        place: &mut Place<'_>,
    ) -> plan::Expr {
        if let Some(aggregate) = aggregates::find(&name.text) {
            return match place {
                Place::Row => self.aggregate_outside(aggregate, name),
                Place::Item(_) => self.aggregate(aggregate, name, arguments, place),
            };
        }
        if let Some(function) = functions::find(&name.text) {
            return self.function(function, span, name, arguments, place);
        }
        // The service shows masked data with it; here nothing is masked.
        if let ("unmask", [one]) = (name.text.to_ascii_lowercase().as_str(), arguments) {
            return self.expr(one, place);
        }
        self.unknown_function(name);
        NULL
    }

    fn unknown_function(&mut self, name: &Name) {
        let elsewhere = ELSEWHERE
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(&name.text));
        let hint = elsewhere.map(|(_, hint)| (*hint).to_owned()).or_else(|| {
            let names = functions::all().map(|one| one.name);
            suggest::did_you_mean(
                &name.text,
                names.chain(aggregates::all().map(|one| one.name)),
            )
        });
        let message = format!("unknown function `{}`", name.text);
        let one = Diagnostic::new(codes::UNKNOWN_FUNCTION, name.span.range(), message);
        self.errors.push(one.label("not a function").hint(hint));
    }

    fn aggregate_outside(&mut self, aggregate: &Aggregate, name: &Name) -> plan::Expr {
        let message = format!(
            "`{}` works on many rows and belongs in `stats`",
            aggregate.name
        );
        // Of several forms the first will do.
        let form = aggregate.signature.split_inclusive(')').next();
        let call = form.unwrap_or(aggregate.signature);
        let hint = format!("compute it first: `stats {call} as value by field | filter value > 5`");
        self.error(codes::AGGREGATE_OUTSIDE_STATS, name.span, message, hint);
        NULL
    }

    fn function(
        &mut self,
        function: &'static Function,
        span: Span,
        name: &Name,
        arguments: &[Expr],
        place: &mut Place<'_>,
    ) -> plan::Expr {
        let whole = span;
        if !self.check_count(
            name,
            whole,
            arguments.len(),
            function.arity,
            function.signature,
        ) {
            return NULL;
        }
        self.check_constants(function, arguments);
        match function.run {
            None => {
                self.say_missing(name, function.level);
                NULL
            }
            Some(Run::Rewritten) => self.bin(name, &arguments[0], place),
            Some(Run::Period(_)) => {
                let value = self.expr(&arguments[0], place);
                let Some(period) = self.period(function.signature, &arguments[1]) else {
                    return NULL;
                };
                plan::Expr::Call(function.name, vec![value, plan::Expr::Period(period)])
            }
            Some(Run::Regex(at, _)) => {
                if let ExprKind::Text(source) = &arguments[at].kind {
                    self.check_regex(source, arguments[at].span);
                }
                self.plain_call(function.name, arguments, place)
            }
            Some(_) => self.plain_call(function.name, arguments, place),
        }
    }

    /// Checks arguments that are written out, with which the function could never give a result.
    fn check_constants(&mut self, function: &Function, arguments: &[Expr]) {
        for (at, argument) in arguments.iter().enumerate() {
            if let ExprKind::Text(text) = &argument.kind
                && let Err(unfit) = functions::check_constant(function.name, at, text)
            {
                let Unfit { message, hint } = unfit;
                self.error(codes::ARGUMENT_VALUE, argument.span, message, hint);
            }
        }
    }

    fn plain_call(
        &mut self,
        name: &'static str,
        arguments: &[Expr],
        place: &mut Place<'_>,
    ) -> plan::Expr {
        let arguments = arguments.iter().map(|one| self.expr(one, place));
        plan::Expr::Call(name, arguments.collect())
    }

    pub(super) fn say_missing(&mut self, name: &Name, level: Level) {
        if level == Level::Service {
            self.say_service_only(&name.text, name.span);
        } else {
            self.say_not_built(&format!("`{}`", name.text), name.span);
        }
    }

    /// Checks how many arguments there are; false and a complaint when they are too few or too many.
    pub(super) fn check_count(
        &mut self,
        name: &Name,
        span: Span,
        count: usize,
        arity: Arity,
        signature: &str,
    ) -> bool {
        if arity.takes(count) {
            return true;
        }
        let message = format!("`{}` takes {}, found {count}", name.text, arity_text(arity));
        let hint = format!("it is called as `{signature}`");
        self.error(codes::ARGUMENT_COUNT, span, message, hint);
        false
    }

    /// `bin(p)` is the floor of the event's time.
    fn bin(&mut self, name: &Name, period: &Expr, place: &mut Place<'_>) -> plan::Expr {
        let Some(period) = self.period("bin(5m)", period) else {
            return NULL;
        };
        let time = match place {
            Place::Row => self.time_for("bin", name.span),
            Place::Item(outputs) => outputs.field(&time_field(name.span)).unwrap_or_else(|one| {
                self.errors.push(one);
                NULL
            }),
        };
        plan::Expr::Call("datefloor", vec![time, plan::Expr::Period(period)])
    }

    /// Returns the time of the row, for a call that goes by it without naming it.
    pub(super) fn time_for(&mut self, call: &str, span: Span) -> plan::Expr {
        self.scope.field(&time_field(span)).unwrap_or_else(|_| {
            let message =
                format!("`{call}` goes by `@timestamp`, which the `stats` before did not keep");
            let hint = "keep the time as a column: `stats count(*) as n by bin(5m) as @timestamp`";
            self.error(codes::LOST_FIELD, span, message, hint);
            NULL
        })
    }

    fn period(&mut self, example: &str, argument: &Expr) -> Option<Period> {
        if let ExprKind::Period(period) = argument.kind {
            self.remark_capped(period);
            return Some(period);
        }
        let message = "expected a period: digits and a unit without a blank";
        let hint = format!("for example `5m`, `1h` or `1d`: `{example}`");
        self.error(codes::ARGUMENT_KIND, argument.span, message, hint);
        None
    }

    fn aggregate(
        &mut self,
        aggregate: &'static Aggregate,
        name: &Name,
        arguments: &[Expr],
        place: &mut Place<'_>,
    ) -> plan::Expr {
        let starred = matches!(arguments, [one] if one.kind == ExprKind::Star);
        let arguments = if starred && aggregate.arity.takes(0) {
            &[]
        } else {
            arguments
        };
        let span = arguments
            .iter()
            .fold(name.span, |span, one| span.to(one.span));
        if !self.check_count(
            name,
            span,
            arguments.len(),
            aggregate.arity,
            aggregate.signature,
        ) {
            return NULL;
        }
        if aggregate.run.is_none() {
            self.say_missing(name, aggregate.level);
            return NULL;
        }
        let mut values: Vec<plan::Expr> = match (aggregate.name, arguments) {
            ("rate", [value, period]) => {
                vec![self.inside_aggregate(value), self.periods_of_bin(period)]
            }
            _ => arguments
                .iter()
                .map(|one| self.inside_aggregate(one))
                .collect(),
        };
        if let Some(at) = aggregate.parameter {
            self.check_parameter(aggregate, &values[at], arguments[at].span);
        }
        if aggregate.by_time {
            values.push(self.time_for(aggregate.name, name.span));
        }
        let Place::Item(outputs) = place else {
            return NULL;
        };
        plan::Expr::Slot(outputs.aggregate(aggregate.name, values))
    }

    /// Resolves an argument of an aggregate, over the rows that are grouped.
    fn inside_aggregate(&mut self, argument: &Expr) -> plan::Expr {
        let known = self.errors.len();
        let value = self.expr(argument, &mut Place::Row);
        for one in &mut self.errors[known..] {
            if one.code == codes::AGGREGATE_OUTSIDE_STATS {
                let hint = "aggregate twice: `stats count(*) as n by path | stats max(n) as most`";
                one.hint = Some(hint.to_owned());
            }
        }
        value
    }

    /// Returns how many periods the bins of the `stats` hold.
    fn periods_of_bin(&mut self, argument: &Expr) -> plan::Expr {
        let Some(period) = self.period("rate(requests, 1m)", argument) else {
            return NULL;
        };
        let bin = self.bin.and_then(|bin| bin.millis());
        let periods = bin
            .zip(fixed_millis(period))
            .map(|(bin, period)| bin / period);
        let Some(periods) = periods.filter(|periods| periods.is_finite()) else {
            let message = "`rate` needs bins, and periods, of a fixed length";
            let hint = "for example: `stats rate(requests, 1m) by bin(5m)`";
            self.error(codes::INCOMPLETE, argument.span, message, hint);
            return NULL;
        };
        plan::Expr::Constant(Value::Number(periods))
    }

    /// Checks the argument of an aggregate that is a number of its own and no value of the rows.
    fn check_parameter(&mut self, aggregate: &Aggregate, value: &plan::Expr, span: Span) {
        let (low, high) = match aggregate.name {
            "pct" => (0.0, 100.0),
            "topk" => (1.0, 10_000.0),
            _ => return,
        };
        let fits =
            matches!(value, plan::Expr::Constant(Value::Number(n)) if (low..=high).contains(n));
        if !fits {
            let message = format!("expected a number from {low} to {high}");
            let hint = format!("it is called as `{}`", aggregate.signature);
            self.error(codes::ARGUMENT_KIND, span, message, hint);
        }
    }
}

fn time_field(span: Span) -> Field {
    let path = vec!["@timestamp".to_owned()];
    Field { span, path }
}

fn arity_text(arity: Arity) -> String {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    match (arity.min, arity.max) {
        (0, 0) => "no arguments".to_owned(),
        (min, max) if min == max => format!("{min} argument{}", plural(min)),
        (min, usize::MAX) => format!("at least {min} argument{}", plural(min)),
        (min, max) => format!("{min} to {max} arguments"),
    }
}
