//! `parse`: stars and groups against names.

use super::Resolver;
use super::scope::Maker;
use crate::diagnostic::codes;
use crate::query::ast::{Command, Field, Parse, ParseMethod, Regex, Span, Text};
use crate::query::plan::{self, Operator, Slot, Spread, SpreadMethod};

impl Resolver<'_> {
    pub(super) fn parse(&mut self, parse: &Parse, command: &Command) {
        let source = match &parse.source {
            Some(field) => self.field(field),
            None => self.field(&Field {
                span: command.word,
                path: vec!["@message".to_owned()],
            }),
        };
        match &parse.method {
            ParseMethod::Glob(glob, names) => {
                if let Some((method, made)) = self.glob(glob, names) {
                    self.extract(source, method, made, Maker::Parse);
                }
            }
            ParseMethod::Regex {
                regex,
                names,
                multi,
            } => self.matches(source, regex, names, *multi),
            ParseMethod::Logfmt(name) => {
                let made = self.make_fields([(name.name(), name.span)].into_iter());
                let method = plan::ParseMethod::Logfmt(made[0].1);
                self.extract(source, method, made, Maker::Item);
            }
            ParseMethod::Csv(names) => {
                let made = self.make_fields(names.iter().map(|name| (name.name(), name.span)));
                let slots = made.iter().map(|(_, slot, _)| *slot).collect();
                let method = plan::ParseMethod::Csv(slots);
                self.extract(source, method, made, Maker::Parse);
            }
        }
    }

    fn matches(&mut self, source: plan::Expr, regex: &Regex, names: &[Field], multi: bool) {
        let Some((method, made)) = self.groups(regex, names) else {
            return;
        };
        match method {
            plan::ParseMethod::Regex { regex, groups } if multi => {
                let method = SpreadMethod::Matches { regex, groups };
                self.operators
                    .push(Operator::Spread(Spread { source, method }));
                self.name_made(made, Maker::Parse);
            }
            method => self.extract(source, method, made, Maker::Parse),
        }
    }

    fn extract(
        &mut self,
        source: plan::Expr,
        method: plan::ParseMethod,
        made: Vec<MadeField>,
        maker: Maker,
    ) {
        self.operators
            .push(Operator::Parse(plan::Parse { source, method }));
        self.name_made(made, maker);
    }

    fn name_made(&mut self, made: Vec<MadeField>, maker: Maker) {
        for (name, slot, span) in made {
            self.make(&name, slot, maker, span);
        }
    }

    fn glob(
        &mut self,
        glob: &Text,
        names: &[Field],
    ) -> Option<(plan::ParseMethod, Vec<MadeField>)> {
        let parts: Vec<String> = glob.value.split('*').map(str::to_owned).collect();
        let stars = parts.len() - 1;
        if stars != names.len() {
            let message = format!(
                "{} for {}",
                count(stars, "star"),
                count(names.len(), "name")
            );
            let hint = "one name for each star: `parse @message \"[*] *\" as level, text`";
            let span = names
                .iter()
                .fold(glob.span, |span, name| span.to(name.span));
            self.error(codes::NAME_COUNT, span, message, hint);
            return None;
        }
        let made = self.make_fields(names.iter().map(|name| (name.name(), name.span)));
        let slots = made.iter().map(|(_, slot, _)| *slot).collect();
        Some((plan::ParseMethod::Glob { parts, slots }, made))
    }

    fn groups(
        &mut self,
        regex: &Regex,
        names: &[Field],
    ) -> Option<(plan::ParseMethod, Vec<MadeField>)> {
        let compiled = self.check_regex(&regex.source, regex.span)?;
        let mut plain = names.iter();
        let mut groups = Vec::new();
        let mut unnamed = 0;
        for (at, group) in compiled.capture_names().enumerate().skip(1) {
            if let Some(name) = group {
                groups.push((at, name.to_owned(), regex.span));
            } else {
                unnamed += 1;
                groups.extend(plain.next().map(|name| (at, name.name(), name.span)));
            }
        }
        if groups.is_empty() && names.is_empty() {
            let message = "the expression has no named group, so that nothing would be made";
            let hint = "name what to keep: `parse @message /user=(?<user>\\w+)/`";
            self.error(codes::NAME_COUNT, regex.span, message, hint);
            return None;
        }
        if !names.is_empty() && unnamed != names.len() {
            let message = format!(
                "{} for {}",
                count(unnamed, "plain group"),
                count(names.len(), "name")
            );
            let hint = "one name for each group: `parse @message /(\\w+)=(\\w+)/ as key, value`";
            self.error(codes::NAME_COUNT, regex.span, message, hint);
            return None;
        }
        let made = self.make_fields(groups.iter().map(|(_, name, span)| (name.clone(), *span)));
        let numbers = groups.iter().map(|(at, ..)| *at);
        let groups = numbers.zip(made.iter().map(|(_, slot, _)| *slot)).collect();
        let regex = regex.source.clone();
        Some((plan::ParseMethod::Regex { regex, groups }, made))
    }

    fn make_fields(&mut self, names: impl Iterator<Item = (String, Span)>) -> Vec<MadeField> {
        names
            .map(|(name, span)| {
                let slot = self.scope.new_slot(&name);
                (name, slot, span)
            })
            .collect()
    }
}

/// A name, its slot, and where the query writes it.
type MadeField = (String, Slot, Span);

fn count(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
