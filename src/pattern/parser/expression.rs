//! Conditions joined by `&&`, `||` and parentheses: one state machine for both bracketed kinds.
//!
//! It keeps open parentheses on a stack of its own, so depth is bounded by the pattern's length alone.

use super::Parser;
use crate::diagnostic::codes;
use crate::pattern::lexer::{Kind, Token, is_joining_word};
use crate::pattern::tree::{Expression, Span};

/// What one bracketed kind puts between the operators.
pub(super) trait Grammar {
    /// A condition.
    type Atom;
    /// An example for the places where one is missing.
    const EXAMPLE: &'static str;

    /// Returns whether the token ends the whole expression.
    fn ends(kind: &Kind) -> bool;

    /// Returns whether a condition may begin with the token.
    fn begins(kind: &Kind) -> bool;

    /// Parses one condition; nothing when it has a mistake, which has then been reported.
    fn atom(parser: &mut Parser<'_, '_>) -> Option<Self::Atom>;
}

/// What stands inside one pair of parentheses, or outside all.
struct Group<A> {
    /// The opening parenthesis.
    open: Span,
    /// Finished alternatives.
    any: Vec<Expression<A>>,
    /// The conditions of the alternative at hand.
    all: Vec<Expression<A>>,
}

impl<A> Group<A> {
    fn new(open: Span) -> Self {
        Self {
            open,
            any: Vec::new(),
            all: Vec::new(),
        }
    }

    fn or(&mut self) {
        let all = std::mem::take(&mut self.all);
        self.any.extend(join(all, Expression::All));
    }

    fn finish(mut self) -> Option<Expression<A>> {
        self.or();
        join(self.any, Expression::Any)
    }
}

fn join<A>(
    mut parts: Vec<Expression<A>>,
    many: fn(Vec<Expression<A>>) -> Expression<A>,
) -> Option<Expression<A>> {
    if parts.len() > 1 {
        Some(many(parts))
    } else {
        parts.pop()
    }
}

/// Parses up to a token that ends the expression, which is left.
pub(super) fn parse<G: Grammar>(parser: &mut Parser<'_, '_>) -> Option<Expression<G::Atom>> {
    let start = parser.before()..parser.before();
    let mut machine = Machine::<G> {
        group: Group::new(start),
        outer: Vec::new(),
        wants_condition: true,
    };
    while parser.peek().is_some_and(|kind| !G::ends(kind)) {
        machine.step(parser);
    }
    machine.finish(parser)
}

struct Machine<G: Grammar> {
    group: Group<G::Atom>,
    outer: Vec<Group<G::Atom>>,
    /// Whether a condition must come next, or an operator.
    wants_condition: bool,
}

impl<G: Grammar> Machine<G> {
    fn step(&mut self, parser: &mut Parser<'_, '_>) {
        match parser.peek() {
            Some(Kind::Open) => self.open(parser),
            Some(Kind::Close) => self.close(parser),
            Some(Kind::And | Kind::Or) => self.operator(parser),
            Some(Kind::Other) if parser.word() == "!" && self.wants_condition => negation(parser),
            Some(_) if self.wants_condition => self.condition(parser),
            _ => self.odd_operator(parser),
        }
    }

    fn open(&mut self, parser: &mut Parser<'_, '_>) {
        if !self.wants_condition {
            operator_missing(parser);
        }
        let open = parser.span();
        parser.at += 1;
        let inner = Group::new(open);
        self.outer.push(std::mem::replace(&mut self.group, inner));
        self.wants_condition = true;
    }

    fn close(&mut self, parser: &mut Parser<'_, '_>) {
        if self.wants_condition {
            self.condition_missing(parser);
        }
        let span = parser.span();
        parser.at += 1;
        self.wants_condition = false;
        if let Some(outer) = self.outer.pop() {
            let inner = std::mem::replace(&mut self.group, outer);
            self.group.all.extend(inner.finish());
            return;
        }
        let message = "`)` closes nothing";
        let hint = "remove it, or put `(` before the conditions that belong together";
        parser.error(
            codes::PARENTHESIS_UNBALANCED,
            span,
            message,
            "no `(` before it",
            hint,
        );
    }

    fn operator(&mut self, parser: &mut Parser<'_, '_>) {
        if self.wants_condition {
            self.condition_missing(parser);
        }
        self.join(parser.next());
    }

    fn join(&mut self, operator: Option<Token>) {
        if operator.is_some_and(|token| token.kind == Kind::Or) {
            self.group.or();
        }
        self.wants_condition = true;
    }

    fn condition(&mut self, parser: &mut Parser<'_, '_>) {
        let before = parser.at;
        match G::atom(parser) {
            Some(atom) => self.group.all.push(Expression::Atom(atom)),
            None => skip_rest::<G>(parser, before),
        }
        self.wants_condition = false;
    }

    /// Explains what stands where an operator should be.
    fn odd_operator(&mut self, parser: &mut Parser<'_, '_>) {
        let span = parser.span();
        let word = parser.word();
        let fix = match parser.peek() {
            Some(Kind::OddOperator(fix @ ("&&" | "||"))) => Some(*fix),
            Some(Kind::Bare) if word.eq_ignore_ascii_case("and") => Some("&&"),
            Some(Kind::Bare) if word.eq_ignore_ascii_case("or") => Some("||"),
            _ => None,
        };
        if let Some(fix) = fix {
            let message = format!("`{word}` does not join conditions");
            let hint = format!("write `{fix}`");
            parser.error(
                codes::OPERATOR_UNKNOWN,
                span,
                message,
                "not an operator here",
                hint,
            );
            parser.at += 1;
            self.join(None);
        } else if parser.peek().is_some_and(G::begins) {
            operator_missing(parser);
            self.wants_condition = true;
        } else {
            let start = parser.at;
            skip_rest::<G>(parser, start);
            let span = span.start..parser.before();
            let message = format!("unexpected `{}`", parser.slice(&span));
            let hint = "a condition ends before this: join the next one with `&&` or `||`";
            parser.error(
                codes::OPERATOR_MISSING,
                span,
                message,
                "`&&` or `||` expected",
                hint,
            );
        }
    }

    fn condition_missing(&self, parser: &mut Parser<'_, '_>) {
        let empty = self.group.any.is_empty() && self.group.all.is_empty();
        let span = match parser.peek() {
            Some(Kind::And | Kind::Or) => parser.span(),
            _ => parser.before()..parser.before(),
        };
        let (message, label) = match parser.peek() {
            Some(Kind::And | Kind::Or) => {
                let message = format!("no condition before `{}`", parser.word());
                (message, "a condition expected before this")
            }
            _ if empty => ("no condition".to_owned(), "a condition expected here"),
            _ => (
                "no condition behind the operator".to_owned(),
                "a condition expected here",
            ),
        };
        let hint = format!("write a condition such as `{}`", G::EXAMPLE);
        parser.error(codes::CONDITION_MISSING, span, message, label, hint);
    }

    fn finish(mut self, parser: &mut Parser<'_, '_>) -> Option<Expression<G::Atom>> {
        if self.wants_condition && !parser.cut {
            self.condition_missing(parser);
        }
        while let Some(outer) = self.outer.pop() {
            let inner = std::mem::replace(&mut self.group, outer);
            if !parser.cut {
                let message = "`(` is not closed";
                let hint = "put `)` behind the conditions that belong together";
                let span = inner.open.clone();
                parser.error(
                    codes::PARENTHESIS_UNBALANCED,
                    span,
                    message,
                    "no `)` for it",
                    hint,
                );
            }
            self.group.all.extend(inner.finish());
        }
        self.group.finish()
    }
}

fn negation(parser: &mut Parser<'_, '_>) {
    let span = parser.span();
    parser.at += 1;
    let message = "conditions cannot be negated";
    let hint = "write `!=`, or for an absent field `NOT EXISTS`";
    parser.error(
        codes::OPERATOR_UNKNOWN,
        span,
        message,
        "not an operator here",
        hint,
    );
}

fn operator_missing(parser: &mut Parser<'_, '_>) {
    let span = parser.before()..parser.span().start;
    let message = "nothing joins these conditions";
    let hint = "write `&&` or `||` between them";
    parser.error(
        codes::OPERATOR_MISSING,
        span,
        message,
        "`&&` or `||` expected",
        hint,
    );
}

/// Passes over the rest of a condition that has a mistake, at least one token from `start` on.
fn skip_rest<G: Grammar>(parser: &mut Parser<'_, '_>, start: usize) {
    parser.at = parser.at.max(start + 1);
    loop {
        match parser.peek() {
            None
            | Some(
                Kind::And | Kind::Or | Kind::Open | Kind::Close | Kind::OddOperator("&&" | "||"),
            ) => return,
            Some(Kind::Bare) if is_joining_word(parser.word()) => return,
            Some(kind) if G::ends(kind) => return,
            Some(_) => parser.at += 1,
        }
    }
}
