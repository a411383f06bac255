//! Functions of numbers; text that is wholly a number counts as one, what is none gives nothing.

use super::{Args, Arity, Function, Level, Run};
use crate::value::{Value, round_decimals};

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "abs",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "abs(number)",
        summary: "the number without its sign",
        examples: &[("abs(-5)", "5"), ("abs('x')", "null")],
        run: Some(Run::Values(abs)),
    },
    Function {
        name: "ceil",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "ceil(number)",
        summary: "the smallest integer not below the number",
        examples: &[("ceil(2.1)", "3"), ("ceil(-2.9)", "-2")],
        run: Some(Run::Values(ceil)),
    },
    Function {
        name: "floor",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "floor(number)",
        summary: "the largest integer not above the number",
        examples: &[("floor(2.9)", "2"), ("floor(404 / 100)", "4")],
        run: Some(Run::Values(floor)),
    },
    Function {
        name: "round",
        aliases: &[],
        arity: Arity::between(1, 2),
        level: Level::Core,
        signature: "round(number[, decimals])",
        summary: "the number rounded, halves away from zero",
        examples: &[
            ("round(2.5)", "3"),
            ("round(-2.5)", "-3"),
            ("round(3.14159, 2)", "3.14"),
        ],
        run: Some(Run::Values(round)),
    },
    Function {
        name: "sqrt",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "sqrt(number)",
        summary: "the square root",
        examples: &[("sqrt(2.25)", "1.5"), ("sqrt(-1)", "null")],
        run: Some(Run::Values(sqrt)),
    },
    Function {
        name: "log",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "log(number)",
        summary: "the natural logarithm",
        examples: &[("log(1)", "0"), ("log(0)", "null")],
        run: Some(Run::Values(log)),
    },
    Function {
        name: "greatest",
        aliases: &[],
        arity: Arity::at_least(1),
        level: Level::Core,
        signature: "greatest(number, ...)",
        summary: "the largest of the numbers that are there",
        examples: &[("greatest(3, missing, 9)", "9")],
        run: Some(Run::Values(greatest)),
    },
    Function {
        name: "least",
        aliases: &[],
        arity: Arity::at_least(1),
        level: Level::Core,
        signature: "least(number, ...)",
        summary: "the smallest of the numbers that are there",
        examples: &[("least(3, missing, 9)", "3")],
        run: Some(Run::Values(least)),
    },
    Function {
        name: "toNumber",
        aliases: &["toDouble"],
        arity: Arity::exactly(1),
        level: Level::Core,
        signature: "toNumber(value)",
        summary: "the value as a number",
        examples: &[("toNumber('12.5')", "12.5"), ("toDouble('3x')", "null")],
        run: Some(Run::Values(to_number)),
    },
    Function {
        name: "toInt",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "toInt(value)",
        summary: "the value as an integer of 32 bits, its fraction cut",
        examples: &[("toInt('-7.9')", "-7"), ("toInt(4000000000)", "null")],
        run: Some(Run::Values(to_int)),
    },
    Function {
        name: "toLong",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "toLong(value)",
        summary: "the value as an integer of 64 bits, its fraction cut",
        examples: &[
            ("toLong('9007199254740993')", "9007199254740993"),
            ("toLong(7.9)", "7"),
        ],
        run: Some(Run::Values(to_long)),
    },
    Function {
        name: "haversine",
        aliases: &[],
        arity: Arity::exactly(4),
        level: Level::Later,
        signature: "haversine(latitude1, longitude1, latitude2, longitude2)",
        summary: "the distance between two places in kilometres",
        examples: &[("floor(haversine(35.7, 139.7, 34.7, 135.5))", "397")],
        run: Some(Run::Values(haversine)),
    },
    Function {
        name: "histogram",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Later,
        signature: "histogram(number, width)",
        summary: "the lower edge of the bucket that the number is in; meant for `stats ... by`",
        examples: &[("histogram(230.75, 100)", "200")],
        run: Some(Run::Values(histogram)),
    },
];

fn abs<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.number(0).map(f64::abs).into()
}

fn ceil<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.number(0).map(f64::ceil).into()
}

fn floor<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.number(0).map(f64::floor).into()
}

fn round<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let decimals = match args.len() {
        1 => Some(0.0),
        _ => args.number(1),
    };
    let rounded = args.number(0).zip(decimals);
    rounded
        .map(|(number, decimals)| round_decimals(number, decimals.clamp(-300.0, 300.0) as i32))
        .into()
}

fn sqrt<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.number(0).map(f64::sqrt).into()
}

fn log<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.number(0).map(f64::ln).into()
}

fn greatest<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    numbers(args).reduce(f64::max).into()
}

fn least<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    numbers(args).reduce(f64::min).into()
}

fn numbers(args: &Args<'_, '_>) -> impl Iterator<Item = f64> {
    args.0.iter().filter_map(Value::as_number)
}

fn to_number<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.number(0).into()
}

fn to_int<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let whole = args.number(0).map(f64::trunc);
    let fits = |whole: &f64| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(whole);
    whole.filter(fits).into()
}

fn to_long<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    if let Value::Text(text) | Value::Literal(text, _) = args.get(0)
        && let Ok(exact) = text.parse::<i64>()
    {
        return exact.into();
    }
    let whole = args.number(0).map(f64::trunc);
    // The largest 64-bit integer is no double; the next double above it is out of range.
    let fits = |whole: &f64| (i64::MIN as f64..i64::MAX as f64).contains(whole);
    whole.filter(fits).map(|whole| whole as i64).into()
}

fn haversine<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    const EARTH_RADIUS: f64 = 6371.0;
    let radians = |at| args.number(at).map(f64::to_radians);
    let distance = || {
        let (lat1, lon1, lat2, lon2) = (radians(0)?, radians(1)?, radians(2)?, radians(3)?);
        let across = ((lat2 - lat1) / 2.0).sin().powi(2);
        let along = lat1.cos() * lat2.cos() * ((lon2 - lon1) / 2.0).sin().powi(2);
        Some(2.0 * EARTH_RADIUS * (across + along).sqrt().min(1.0).asin())
    };
    distance().into()
}

/// The second argument is the width of a bucket, not the number of buckets (D30).
fn histogram<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let both = args.number(0).zip(args.number(1));
    both.filter(|(_, width)| *width > 0.0)
        .map(|(number, width)| (number / width).floor() * width)
        .into()
}
