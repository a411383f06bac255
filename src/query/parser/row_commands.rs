//! The commands that join, look up, and work on neighbouring rows.

use super::{Parsed, Parser};
use crate::diagnostic::codes;
use crate::query::ast::{
    AddTotals, Autoregress, CidrLookup, CommandKind, Expr, Field, FillName, Join, JsonPath, Lookup,
    Match, Name, Output, Sessionize, Setting,
};
use crate::query::token::{Sign, Token};

impl Parser {
    pub(super) fn json(&mut self) -> Parsed<CommandKind> {
        self.expect_keyword("field")?;
        self.expect(Sign::Equal)?;
        let field = self.field()?;
        let path = self.text()?;
        self.expect_keyword("as")?;
        let name = self.field()?;
        Ok(CommandKind::Json(JsonPath { field, path, name }))
    }

    pub(super) fn unnest(&mut self) -> Parsed<CommandKind> {
        let list = self.field()?;
        self.expect_keyword("into")?;
        let name = self.field()?;
        Ok(CommandKind::Unnest(list, name))
    }

    pub(super) fn lookup(&mut self) -> Parsed<CommandKind> {
        let table = self.field()?;
        let matches = self.separated(Self::matching)?;
        let output = self.output()?;
        let names = self.fields()?;
        Ok(CommandKind::Lookup(Lookup {
            table,
            matches,
            output,
            names,
        }))
    }

    pub(super) fn cidr_lookup(&mut self) -> Parsed<CommandKind> {
        let table = self.field()?;
        let address = self.field()?;
        let column = self.alias()?;
        let output = self.output()?;
        let names = self.separated(Self::matching)?;
        Ok(CommandKind::CidrLookup(CidrLookup {
            table,
            address,
            column,
            output,
            names,
        }))
    }

    fn matching(&mut self) -> Parsed<Match> {
        let column = self.field()?;
        let field = self.alias()?;
        Ok(Match { column, field })
    }

    fn output(&mut self) -> Parsed<Output> {
        if self.keyword("output") {
            return Ok(Output::Replace);
        }
        if self.keyword("outputnew") {
            return Ok(Output::Fill);
        }
        Err(self.unexpected("`OUTPUT` or `OUTPUTNEW`"))
    }

    pub(super) fn join(&mut self) -> Parsed<CommandKind> {
        let settings = self.settings(&["type", "left", "right"])?;
        self.expect_keyword("where")?;
        let left = self.field()?;
        self.expect(Sign::Equal)?;
        let right = self.field()?;
        let query = self.subquery()?;
        Ok(CommandKind::Join(Join {
            settings,
            on: (left, right),
            query,
        }))
    }

    /// Reads `name=value` as often as one of the names stands here with its `=`.
    fn settings(&mut self, names: &[&str]) -> Parsed<Vec<Setting>> {
        let mut settings = Vec::new();
        while *self.token_after(1) == Token::Sign(Sign::Equal)
            && let Some(word) = self.word()
        {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                let listed = format!("one of {}", names.join(", "));
                return Err(self.unexpected(&listed));
            }
            let name = self.name("an option")?;
            self.at += 1;
            let value = self.value()?;
            settings.push(Setting { name, value });
        }
        Ok(settings)
    }

    /// Reads the value of an option: a word, a number or a text.
    fn value(&mut self) -> Parsed<Name> {
        let span = self.span();
        let text = match self.token() {
            Token::Word { text, .. } | Token::Number(text) | Token::Text(text) => text.clone(),
            _ => return Err(self.unexpected("the option's value")),
        };
        self.at += 1;
        Ok(Name { span, text })
    }

    pub(super) fn diff(&mut self) -> Parsed<CommandKind> {
        const KINDS: &[&str] = &["previousDay", "previousWeek", "previousMonth"];
        let Some(word) = self.word() else {
            return Ok(CommandKind::Diff(None));
        };
        if !KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(word)) {
            return Err(self.unexpected("`previousDay`, `previousWeek` or `previousMonth`"));
        }
        let name = self.name("a kind")?;
        Ok(CommandKind::Diff(Some(name)))
    }

    /// Reads plain words, as many as there are.
    pub(super) fn words(&mut self) -> Parsed<Vec<Name>> {
        let mut words = Vec::new();
        while self.word().is_some() {
            words.push(self.name("a word")?);
        }
        Ok(words)
    }

    pub(super) fn relevant_fields(&mut self) -> Parsed<CommandKind> {
        let names = if self.is_keyword("where") {
            Vec::new()
        } else {
            self.fields()?
        };
        let condition = if self.keyword("where") {
            Some(self.expr()?)
        } else {
            None
        };
        Ok(CommandKind::RelevantFields(names, condition))
    }

    pub(super) fn add_totals(&mut self) -> Parsed<CommandKind> {
        let settings = self.settings(&["fieldname", "row", "col"])?;
        let names = match self.token() {
            Token::Word { .. } => self.fields()?,
            _ => Vec::new(),
        };
        Ok(CommandKind::AddTotals(AddTotals { settings, names }))
    }

    pub(super) fn accum(&mut self) -> Parsed<CommandKind> {
        let field = self.field()?;
        let name = self.alias()?;
        Ok(CommandKind::Accum(field, name))
    }

    pub(super) fn autoregress(&mut self) -> Parsed<CommandKind> {
        let field = self.field()?;
        let name = self.alias()?;
        let distance = if self.is_keyword("p") {
            self.at += 1;
            self.expect(Sign::Equal)?;
            Some(self.distance()?)
        } else {
            None
        };
        Ok(CommandKind::Autoregress(Autoregress {
            field,
            name,
            distance,
        }))
    }

    fn distance(&mut self) -> Parsed<(u64, u64)> {
        let (first, start) = self.integer()?;
        let last = if self.accept(Sign::Minus) {
            self.integer()?.0
        } else {
            first
        };
        if first == 0 || last < first {
            let span = start.to(self.before());
            let message = "not a range of rows before";
            let hint = "count from 1 upwards: `p=1-3`";
            return Err(self.complain(codes::BAD_OPTION, span, message, hint));
        }
        Ok((first, last))
    }

    pub(super) fn fill_down(&mut self) -> Parsed<CommandKind> {
        let mut names = Vec::new();
        while let Token::Word { .. } = self.token() {
            names.push(self.fill_name()?);
        }
        Ok(CommandKind::FillDown(names))
    }

    fn fill_name(&mut self) -> Parsed<FillName> {
        let start = self.span();
        let starred = *self.token_after(1) == Token::Sign(Sign::Star);
        match self.word().map(str::to_owned) {
            Some(text) if starred => {
                self.at += 2;
                let span = start.to(self.before());
                Ok(FillName::Prefix(Name { span, text }))
            }
            _ => self.field().map(FillName::Field),
        }
    }

    pub(super) fn fill_missing(&mut self) -> Parsed<CommandKind> {
        let fills = if self.keyword("with") {
            self.separated(Self::fill)?
        } else {
            Vec::new()
        };
        Ok(CommandKind::FillMissing(fills))
    }

    fn fill(&mut self) -> Parsed<(Expr, Field)> {
        let value = self.expr()?;
        self.expect_keyword("for")?;
        Ok((value, self.field()?))
    }

    pub(super) fn sessionize(&mut self) -> Parsed<CommandKind> {
        let names = self.fields()?;
        let maxspan = if self.keyword("maxspan") {
            Some(self.period()?)
        } else {
            None
        };
        let name = self.alias()?;
        Ok(CommandKind::Sessionize(Sessionize {
            names,
            maxspan,
            name,
        }))
    }

    pub(super) fn outlier(&mut self) -> Parsed<CommandKind> {
        let settings = self.settings(&["action", "param", "uselower", "mark"])?;
        let mut names = vec![self.field()?];
        while let Token::Word { .. } = self.token() {
            names.push(self.field()?);
        }
        Ok(CommandKind::Outlier(settings, names))
    }

    pub(super) fn append_cols(&mut self) -> Parsed<CommandKind> {
        let settings = self.settings(&["override", "max"])?;
        let query = self.subquery()?;
        Ok(CommandKind::AppendCols(settings, query))
    }
}
