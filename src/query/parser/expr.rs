//! Expressions, from the loosest to the tightest operator.

use super::{Failed, Parsed, Parser, is_reserved};
use crate::diagnostic::codes;
use crate::query::ast::{BinaryOp, Expr, ExprKind, Field, LikePattern, Period, Span};
use crate::query::token::{Sign, Token};

impl Parser {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.nested(Self::or)
    }

    fn or(&mut self) -> Parsed<Expr> {
        self.chain("or", Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Parsed<Expr> {
        self.chain("and", Self::not, ExprKind::And)
    }

    /// Reads operands with a keyword between; a single one stays itself.
    fn chain(
        &mut self,
        keyword: &str,
        operand: fn(&mut Self) -> Parsed<Expr>,
        kind: fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed<Expr> {
        let start = self.span();
        let first = operand(self)?;
        if !self.is_keyword(keyword) {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.keyword(keyword) {
            all.push(operand(self)?);
        }
        Ok(self.node(start, kind(all)))
    }

    fn not(&mut self) -> Parsed<Expr> {
        let start = self.span();
        if !self.keyword("not") && !self.accept(Sign::Not) {
            return self.comparison();
        }
        let operand = self.nested(Self::not)?;
        Ok(self.node(start, ExprKind::Not(Box::new(operand))))
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let left = self.sum()?;
        let Some(op) = self.comparison_sign() else {
            return self.text_comparison(start, left);
        };
        self.at += 1;
        let right = self.sum()?;
        if self.comparison_sign().is_some() {
            let span = self.span();
            let hint = "compare twice: `a < b and b < c`";
            let message = "comparisons cannot be chained";
            return Err(self.complain(codes::UNEXPECTED_TOKEN, span, message, hint));
        }
        let kind = ExprKind::Binary(Box::new(left), op, Box::new(right));
        Ok(self.node(start, kind))
    }

    fn comparison_sign(&self) -> Option<BinaryOp> {
        let Token::Sign(sign) = self.token() else {
            return None;
        };
        match sign {
            Sign::Equal => Some(BinaryOp::Equal),
            Sign::NotEqual => Some(BinaryOp::NotEqual),
            Sign::Less => Some(BinaryOp::Less),
            Sign::LessEqual => Some(BinaryOp::LessEqual),
            Sign::Greater => Some(BinaryOp::Greater),
            Sign::GreaterEqual => Some(BinaryOp::GreaterEqual),
            _ => None,
        }
    }

    /// Reads `like`, `=~` and `in` behind their left side.
    fn text_comparison(&mut self, start: Span, left: Expr) -> Parsed<Expr> {
        let value = Box::new(left);
        if self.accept(Sign::Matches) {
            let pattern = LikePattern::Regex(self.regex()?);
            let negated = false;
            return Ok(self.node(
                start,
                ExprKind::Like {
                    value,
                    negated,
                    pattern,
                },
            ));
        }
        let negated = self.is_keyword("not")
            && (self.is_keyword_after("like") || self.is_keyword_after("in"));
        self.at += usize::from(negated);
        if self.keyword("like") {
            let pattern = self.like_pattern()?;
            return Ok(self.node(
                start,
                ExprKind::Like {
                    value,
                    negated,
                    pattern,
                },
            ));
        }
        if self.keyword("in") {
            let kind = self.in_list(value, negated)?;
            return Ok(self.node(start, kind));
        }
        Ok(*value)
    }

    fn like_pattern(&mut self) -> Parsed<LikePattern> {
        match self.token() {
            Token::Text(_) => self.text().map(LikePattern::Text),
            Token::Regex(_) => self.regex().map(LikePattern::Regex),
            _ => Err(self.unexpected("a text in quotes or a /regular expression/ after `like`")),
        }
    }

    fn in_list(&mut self, value: Box<Expr>, negated: bool) -> Parsed<ExprKind> {
        let open = self.span();
        if *self.token() == Token::Sign(Sign::Open) {
            return self.in_query(value, negated);
        }
        if !self.accept(Sign::OpenList) {
            return Err(self.unexpected("a list in brackets after `in`, such as `[200, 204]`"));
        }
        if self.accept(Sign::CloseList) {
            let span = open.to(self.before());
            let message = "an empty list, which nothing is in";
            let hint = "name at least one value: `in [200, 204]`";
            return Err(self.complain(codes::EMPTY_LIST, span, message, hint));
        }
        let list = self.separated(Self::expr)?;
        self.close(open, Sign::CloseList)?;
        Ok(ExprKind::In {
            value,
            negated,
            list,
        })
    }

    fn in_query(&mut self, value: Box<Expr>, negated: bool) -> Parsed<ExprKind> {
        // A list in parentheses, as in SQL, would only be told that a command is expected.
        if !matches!(self.token_after(1), Token::Word { quoted: false, .. }) {
            let span = self.span();
            let message = "a list stands in brackets";
            let hint = "write `in [200, 204]`; parentheses hold a subquery";
            return Err(self.complain(codes::UNEXPECTED_TOKEN, span, message, hint));
        }
        let query = self.subquery()?;
        Ok(ExprKind::InQuery {
            value,
            negated,
            query,
        })
    }

    fn sum(&mut self) -> Parsed<Expr> {
        self.arithmetic(Self::product, |sign| match sign {
            Sign::Plus => Some(BinaryOp::Add),
            Sign::Minus => Some(BinaryOp::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Parsed<Expr> {
        self.arithmetic(Self::unary, |sign| match sign {
            Sign::Star => Some(BinaryOp::Multiply),
            Sign::Slash => Some(BinaryOp::Divide),
            Sign::Percent => Some(BinaryOp::Remainder),
            _ => None,
        })
    }

    fn arithmetic(
        &mut self,
        operand: fn(&mut Self) -> Parsed<Expr>,
        operator: fn(Sign) -> Option<BinaryOp>,
    ) -> Parsed<Expr> {
        let start = self.span();
        let mut left = operand(self)?;
        while let Token::Sign(sign) = *self.token()
            && let Some(op) = operator(sign)
        {
            self.count_operator()?;
            self.at += 1;
            let right = operand(self)?;
            let kind = ExprKind::Binary(Box::new(left), op, Box::new(right));
            left = self.node(start, kind);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        if !self.accept(Sign::Minus) {
            return self.power();
        }
        let operand = self.nested(Self::unary)?;
        Ok(self.node(start, ExprKind::Negate(Box::new(operand))))
    }

    fn power(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let base = self.postfix()?;
        if !self.accept(Sign::Caret) {
            return Ok(base);
        }
        let exponent = self.nested(Self::unary)?;
        let kind = ExprKind::Binary(Box::new(base), BinaryOp::Power, Box::new(exponent));
        Ok(self.node(start, kind))
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let mut value = self.atom()?;
        while let Some(part) = self.path_part()? {
            self.count_operator()?;
            value = self.node(start, ExprKind::Access(Box::new(value), part));
        }
        Ok(value)
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let kind = match self.token() {
            Token::Number(text) => ExprKind::Number(text.clone()),
            Token::Text(text) => ExprKind::Text(text.clone()),
            Token::Period(count, unit) => ExprKind::Period(Period {
                span: start,
                count: *count,
                unit: *unit,
            }),
            Token::Sign(Sign::Open) => return self.parenthesis(start),
            Token::Word { .. } => return self.word_atom(start),
            _ => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        Ok(self.node(start, kind))
    }

    /// Reads what stands in parentheses; its span includes them.
    fn parenthesis(&mut self, open: Span) -> Parsed<Expr> {
        self.at += 1;
        let inner = self.expr()?;
        self.close(open, Sign::Close)?;
        Ok(self.node(open, inner.kind))
    }

    fn word_atom(&mut self, start: Span) -> Parsed<Expr> {
        for (word, value) in [("true", true), ("false", false)] {
            if self.keyword(word) {
                return Ok(self.node(start, ExprKind::Bool(value)));
            }
        }
        let called = *self.token_after(1) == Token::Sign(Sign::Open);
        let kind = match self.word() {
            Some(word) if called && !is_reserved(word) => self.call()?,
            _ => ExprKind::Field(self.operand_field()?),
        };
        Ok(self.node(start, kind))
    }

    fn operand_field(&mut self) -> Parsed<Field> {
        if self.word().is_some_and(is_reserved) {
            return Err(self.unexpected("a value"));
        }
        self.field()
    }

    fn call(&mut self) -> Parsed<ExprKind> {
        let name = self.name("a function")?;
        let open = self.span();
        self.expect(Sign::Open)?;
        if self.accept(Sign::Close) {
            return Ok(ExprKind::Call(name, Vec::new()));
        }
        let arguments = self.separated(Self::argument)?;
        self.close(open, Sign::Close)?;
        Ok(ExprKind::Call(name, arguments))
    }

    fn argument(&mut self) -> Parsed<Expr> {
        let start = self.span();
        if *self.token() == Token::Sign(Sign::Star) {
            self.at += 1;
            return Ok(self.node(start, ExprKind::Star));
        }
        if matches!(self.token(), Token::Regex(_)) {
            return Err(self.regex_argument());
        }
        self.expr()
    }

    fn regex_argument(&mut self) -> Failed {
        let span = self.span();
        let message = "a regular expression as an argument stands in quotes";
        let hint = r#"write `regexReplace(path, "[0-9]+", "N")`"#;
        self.complain(codes::UNEXPECTED_TOKEN, span, message, hint)
    }

    fn node(&self, start: Span, kind: ExprKind) -> Expr {
        Expr {
            span: start.to(self.before()),
            kind,
        }
    }
}
