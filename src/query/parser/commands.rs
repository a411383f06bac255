//! The commands that every query uses, and the table of all commands.

use super::{Failed, Parsed, Parser};
use crate::diagnostic::{Diagnostic, codes};
use crate::query::ast::{
    CommandKind, Direction, Field, Item, Key, Limit, Parse, ParseMethod, Stats,
};
use crate::query::token::{Sign, Token};

/// One command of the language.
pub struct Entry {
    /// The word it begins with, and its other spellings.
    pub words: &'static [&'static str],
    /// How it is written: what is to be filled in stands in capitals, what may be left out in brackets.
    pub form: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// An example in its right form.
    pub example: &'static str,
    /// Reads what follows the word.
    pub(super) parse: fn(&mut Parser) -> Parsed<CommandKind>,
}

/// A query in its right form, where no command is known.
pub(super) const EXAMPLE: &str = "filter levelname = \"ERROR\" | sort @timestamp desc | limit 20";

/// Words of other languages that do what a command here does.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    (
        "select",
        "write `fields` for columns: `fields @timestamp, @message`",
    ),
    ("search", "write `filter @message like \"text\"`"),
    ("grep", "write `filter @message like \"text\"`"),
    ("group", "write `stats count(*) by levelname`"),
    ("summarize", "write `stats count(*) by levelname`"),
    ("count", "write `stats count(*)`"),
    ("order", "write `sort @timestamp desc`"),
    ("orderby", "write `sort @timestamp desc`"),
    (
        "top",
        "write `stats count(*) as n by path | sort n desc | limit 10`",
    ),
    ("take", "write `limit 10`"),
    ("tail", "write `sort @timestamp desc | limit 10`"),
    ("eval", "write `fields expression as name`"),
    ("extend", "write `fields expression as name`"),
    ("project", "write `display` for the columns of the result"),
    ("table", "write `display` for the columns of the result"),
    ("rex", "write `parse @message /(?<name>...)/`"),
    ("distinct", "write `dedup field`"),
    ("having", "write `filter` behind the `stats`"),
    ("uniq", "write `dedup field`"),
    ("source", "`SOURCE` can only stand at the beginning"),
];

/// All commands.
pub(super) const COMMANDS: &[Entry] = &[
    Entry {
        words: &["fields"],
        form: "fields EXPR [as NAME], ...",
        summary: "adds columns",
        example: "fields @timestamp, status * 2 as doubled",
        parse: |parser| parser.separated(Parser::item).map(CommandKind::Fields),
    },
    Entry {
        words: &["display"],
        form: "display EXPR [as NAME], ...",
        summary: "chooses the columns of the result; the last one decides",
        example: "display @timestamp, @message",
        parse: |parser| parser.separated(Parser::item).map(CommandKind::Display),
    },
    Entry {
        words: &["filter", "where"],
        form: "filter CONDITION",
        summary: "keeps the rows for which the condition is true",
        example: "filter status >= 500 and path like \"/api\"",
        parse: |parser| parser.expr().map(CommandKind::Filter),
    },
    Entry {
        words: &["filterIndex"],
        form: "filterIndex CONDITION",
        summary: "the same as `filter`; the service also skips log groups without that index",
        example: "filterIndex request_id = \"r-1\"",
        parse: |parser| parser.expr().map(CommandKind::FilterIndex),
    },
    Entry {
        words: &["stats"],
        form: "stats AGGREGATE [as NAME], ... [by EXPR [as NAME], ... [offset PERIOD]]",
        summary: "groups rows and computes aggregates of each group",
        example: "stats count(*) as n by levelname",
        parse: Parser::stats,
    },
    Entry {
        words: &["sort"],
        form: "sort FIELD [asc|desc], ...",
        summary: "orders the rows",
        example: "sort @timestamp desc",
        parse: Parser::sort,
    },
    Entry {
        words: &["limit", "head"],
        form: "limit [any] N",
        summary: "keeps the first rows, or any",
        example: "limit 20",
        parse: Parser::limit,
    },
    Entry {
        words: &["dedup"],
        form: "dedup FIELD, ...",
        summary: "keeps the first row of each combination of values",
        example: "dedup path, status",
        parse: |parser| parser.fields().map(CommandKind::Dedup),
    },
    Entry {
        words: &["parse"],
        form: "parse [FIELD] \"GLOB\" as NAME, ... | /REGEX/ [multi] | logfmt as NAME | csv as NAME, ...",
        summary: "makes fields from a text",
        example: "parse @message \"[*] *\" as level, text",
        parse: Parser::parse_command,
    },
    Entry {
        words: &["json"],
        form: "json field=FIELD \"PATH\" as NAME",
        summary: "makes a field from a path of a JSON text",
        example: "json field=payload \"user.name\" as username",
        parse: Parser::json,
    },
    Entry {
        words: &["unnest"],
        form: "unnest LIST into NAME",
        summary: "makes a row of each element of a list",
        example: "unnest items into item",
        parse: Parser::unnest,
    },
    Entry {
        words: &["expand"],
        form: "expand FIELD",
        summary: "makes a row of each element of a JSON array, under the same name",
        example: "expand items",
        parse: |parser| parser.field().map(CommandKind::Expand),
    },
    Entry {
        words: &["lookup"],
        form: "lookup TABLE COLUMN [as FIELD], ... OUTPUT|OUTPUTNEW COLUMN, ...",
        summary: "adds columns of the first row of a table that fits",
        example: "lookup users id as user_id OUTPUT name",
        parse: Parser::lookup,
    },
    Entry {
        words: &["cidrlookup"],
        form: "cidrlookup TABLE FIELD [as COLUMN] OUTPUT|OUTPUTNEW COLUMN [as NAME], ...",
        summary: "adds columns of the row of a table whose address range fits best",
        example: "cidrlookup networks address as cidr OUTPUT region",
        parse: Parser::cidr_lookup,
    },
    Entry {
        words: &["join"],
        form: "join [type=inner|left] left=A right=B where A.FIELD = B.FIELD (QUERY)",
        summary: "pairs rows with those of another query",
        example: "join type=left left=a right=b where a.id = b.id (SOURCE '/ecs/payments')",
        parse: Parser::join,
    },
    Entry {
        words: &["pattern"],
        form: "pattern FIELD",
        summary: "groups texts that differ only in parts",
        example: "pattern @message",
        parse: |parser| parser.expr().map(CommandKind::Pattern),
    },
    Entry {
        words: &["diff"],
        form: "diff [previousDay|previousWeek|previousMonth]",
        summary: "compares patterns with those of the time before",
        example: "pattern @message | diff previousDay",
        parse: Parser::diff,
    },
    Entry {
        words: &["anomaly"],
        form: "anomaly",
        summary: "finds patterns that are unusual",
        example: "pattern @message | anomaly",
        parse: |parser| parser.words().map(CommandKind::Anomaly),
    },
    Entry {
        words: &["unmask"],
        form: "unmask",
        summary: "shows masked data",
        example: "fields @message | unmask",
        parse: |parser| parser.words().map(CommandKind::Unmask),
    },
    Entry {
        words: &["relevantfields"],
        form: "relevantfields [FIELD, ...] where CONDITION",
        summary: "finds the fields that tell some events from the rest",
        example: "relevantfields status, path where status >= 500",
        parse: Parser::relevant_fields,
    },
    Entry {
        words: &["addtotals"],
        form: "addtotals [fieldname=NAME] [row=BOOL] [col=BOOL] [FIELD, ...]",
        summary: "adds the sum of the numbers of each row, or of each column",
        example: "addtotals row=true fieldname=Total price, tax",
        parse: Parser::add_totals,
    },
    Entry {
        words: &["accum"],
        form: "accum FIELD [as NAME]",
        summary: "makes a running sum",
        example: "accum bytes as total",
        parse: Parser::accum,
    },
    Entry {
        words: &["autoregress"],
        form: "autoregress FIELD [as NAME] [p=N[-M]]",
        summary: "takes values of the rows before",
        example: "autoregress count p=1-3",
        parse: Parser::autoregress,
    },
    Entry {
        words: &["filldown"],
        form: "filldown [FIELD | PREFIX*] ...",
        summary: "fills missing values with the last one above",
        example: "filldown host region",
        parse: Parser::fill_down,
    },
    Entry {
        words: &["fillmissing"],
        form: "fillmissing [with VALUE for FIELD, ...]",
        summary: "adds a row for each bin without one",
        example: "stats count(*) as n by bin(5m) | fillmissing with 0 for n",
        parse: Parser::fill_missing,
    },
    Entry {
        words: &["sessionize"],
        form: "sessionize FIELD, ... [maxspan PERIOD] [as NAME]",
        summary: "gives rows that follow each other closely one id",
        example: "sessionize user maxspan 30m as session",
        parse: Parser::sessionize,
    },
    Entry {
        words: &["countFrequent", "count_frequent"],
        form: "countFrequent FIELD, ...",
        summary: "counts the combinations of values, the most frequent first",
        example: "countFrequent path, status",
        parse: |parser| parser.fields().map(CommandKind::CountFrequent),
    },
    Entry {
        words: &["outlier"],
        form: "outlier [action=transform|remove] [param=N] [uselower=BOOL] [mark=BOOL] FIELD ...",
        summary: "cuts or removes extreme values",
        example: "outlier action=remove param=1.5 duration",
        parse: Parser::outlier,
    },
    Entry {
        words: &["appendcols"],
        form: "appendcols [override=BOOL] [max=N] (QUERY)",
        summary: "adds the columns of another query, row by row",
        example: "appendcols (SOURCE '/ecs/payments' | stats count(*) as paid)",
        parse: Parser::append_cols,
    },
    Entry {
        words: &["logcompare"],
        form: "logcompare timeshift PERIOD",
        summary: "compares with an earlier time",
        example: "logcompare timeshift 1d",
        parse: |parser| {
            parser.expect_keyword("timeshift")?;
            parser.period().map(CommandKind::LogCompare)
        },
    },
    Entry {
        words: &["estimate"],
        form: "estimate",
        summary: "tells what the query would read",
        example: "fields @message | estimate",
        parse: |_| Ok(CommandKind::Estimate),
    },
];

/// Finds a command by its word, in any case.
pub(super) fn find(word: &str) -> Option<&'static Entry> {
    let is = |entry: &&Entry| entry.words.iter().any(|one| one.eq_ignore_ascii_case(word));
    COMMANDS.iter().find(is)
}

/// Returns all words that begin a command.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().flat_map(|entry| entry.words).copied()
}

impl Parser {
    fn item(&mut self) -> Parsed<Item> {
        let start = self.span();
        let expr = self.expr()?;
        let alias = self.alias()?;
        Ok(Item {
            span: start.to(self.before()),
            expr,
            alias,
        })
    }

    fn stats(&mut self) -> Parsed<CommandKind> {
        let items = self.separated(Self::item)?;
        let grouped = self.is_keyword("group") && self.is_keyword_after("by");
        self.at += usize::from(grouped);
        let by = if self.keyword("by") {
            self.separated(Self::item)?
        } else {
            Vec::new()
        };
        let offset = if !by.is_empty() && self.keyword("offset") {
            Some(self.period()?)
        } else {
            None
        };
        Ok(CommandKind::Stats(Stats { items, by, offset }))
    }

    fn sort(&mut self) -> Parsed<CommandKind> {
        self.keyword("by");
        self.separated(Self::key).map(CommandKind::Sort)
    }

    fn key(&mut self) -> Parsed<Key> {
        let start = self.at;
        if matches!(self.token(), Token::Sign(Sign::Minus | Sign::Plus)) {
            return Err(self.sorted_by_sign());
        }
        let field = self.field()?;
        if !self.ends_key() {
            return Err(self.sorted_by_expression(start));
        }
        // Ascending is what is meant where nothing is said (D4).
        let direction = if self.keyword("desc") {
            Direction::Descending
        } else {
            self.keyword("asc");
            Direction::Ascending
        };
        Ok(Key { field, direction })
    }

    /// Says whether what stands here may follow the field of a sort key.
    fn ends_key(&self) -> bool {
        !matches!(
            self.token(),
            Token::Sign(
                Sign::Open
                    | Sign::Plus
                    | Sign::Minus
                    | Sign::Star
                    | Sign::Slash
                    | Sign::Percent
                    | Sign::Caret
            )
        )
    }

    fn sorted_by_sign(&mut self) -> Failed {
        let span = self.span();
        self.at += 1;
        let field = self.word().unwrap_or("status").to_owned();
        let hint = format!("the direction stands behind the field: `sort {field} desc`");
        let message = "a sort key has no sign";
        self.complain(codes::SORT_EXPRESSION, span, message, &hint)
    }

    /// Complains about an expression in `sort`, from its first token on.
    fn sorted_by_expression(&mut self, start: usize) -> Failed {
        let first = self.tokens[start].span;
        self.at = start;
        // Reading the expression gives its end; what is wrong inside it is not the point here.
        let errors = self.errors.len();
        let end = self.expr().map_or(first, |expr| expr.span);
        self.errors.truncate(errors);
        let one = Diagnostic::new(
            codes::SORT_EXPRESSION,
            first.to(end).range(),
            "`sort` takes field names only",
        );
        let hint = "give the value a name first: `stats count(*) by bin(1h) as t | sort t desc`";
        self.errors
            .push(one.label("not a field name").hint(hint.to_owned()));
        Failed
    }

    fn limit(&mut self) -> Parsed<CommandKind> {
        let any = self.keyword("any");
        let (count, span) = self.integer()?;
        Ok(CommandKind::Limit(Limit { span, any, count }))
    }

    fn parse_command(&mut self) -> Parsed<CommandKind> {
        let names_method = ["logfmt", "csv"].iter().any(|word| self.is_keyword(word))
            && self.is_keyword_after("as");
        let source = match self.token() {
            Token::Word { .. } if !names_method => Some(self.field()?),
            _ => None,
        };
        let method = self.parse_method()?;
        Ok(CommandKind::Parse(Parse { source, method }))
    }

    fn parse_method(&mut self) -> Parsed<ParseMethod> {
        match self.token() {
            Token::Text(_) => {
                let glob = self.text()?;
                self.expect_keyword("as")?;
                Ok(ParseMethod::Glob(glob, self.fields()?))
            }
            Token::Regex(_) => self.parse_regex(),
            _ => self.parse_format(),
        }
    }

    fn parse_format(&mut self) -> Parsed<ParseMethod> {
        if self.keyword("logfmt") {
            self.expect_keyword("as")?;
            return self.field().map(ParseMethod::Logfmt);
        }
        if self.keyword("csv") {
            self.expect_keyword("as")?;
            return self.fields().map(ParseMethod::Csv);
        }
        Err(self.unexpected("a text with stars or a /regular expression/"))
    }

    fn parse_regex(&mut self) -> Parsed<ParseMethod> {
        let regex = self.regex()?;
        let names: Vec<Field> = if self.keyword("as") {
            self.fields()?
        } else {
            Vec::new()
        };
        let multi = self.keyword("multi");
        Ok(ParseMethod::Regex {
            regex,
            names,
            multi,
        })
    }
}
