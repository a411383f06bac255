//! Places at which tests let the process die: what was done before must be enough to go on from.
//!
//! Only builds with debug assertions have them.

/// A moment between two steps of sending an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// It is written down, and nobody has it in hand.
    Written,
    /// It is claimed, and nothing is sent.
    Claimed,
    /// It is sent, and not marked.
    Sent,
}

/// Dies here when `LOGQ_CRASH_AT` names the point.
#[cfg(debug_assertions)]
pub(crate) fn at(point: Point) {
    let name = match point {
        Point::Written => "written",
        Point::Claimed => "claimed",
        Point::Sent => "sent",
    };
    if std::env::var("LOGQ_CRASH_AT").is_ok_and(|at| at == name) {
        std::process::exit(86);
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn at(_: Point) {}
