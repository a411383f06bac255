//! Query definitions: the saved queries that the CloudWatch console lists.
//!
//! A definition that logq made begins with a line that says so and holds a checksum of the rest. What has such a line
//! and another checksum was changed by somebody else since.

use std::fmt::Write;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::{Action, CallError, Client, Kind, Pace, Quotas};
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use aws_sdk_cloudwatchlogs::types::{QueryDefinition, QueryLanguage, QueryParameter};

/// How many pages are read at most: tokens may lead in a circle.
const MOST_PAGES: u32 = 500;
/// What stands before the name of the file in the first line of a definition that logq made.
const MADE_FROM: &str = "# logq: from queries/";
const BEHIND_NAME: &str = ".toml, ";
const BEHIND_SUM: &str = "; change the file and push it again";
/// How many digits of the checksum are written.
const DIGITS: usize = 16;

/// A saved query as CloudWatch Logs keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// Its id; empty for one that is not there yet.
    pub id: String,
    /// Its name, whose slashes the console shows as folders.
    pub name: String,
    /// The query.
    pub text: String,
    /// The log groups it reads.
    pub groups: Vec<String>,
    /// The parameters, which the query has as `{{name}}`.
    pub parameters: Vec<Parameter>,
    /// The language, such as `PPL`, where it is not that of Logs Insights.
    pub language: Option<String>,
}

/// A parameter of a definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The value when none is given.
    pub default: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// Whose a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// logq made it, and it is as it was made.
    Logq,
    /// logq made it, and somebody changed it.
    LogqThenOthers,
    /// Somebody else made it.
    Others,
}

impl Definition {
    /// Puts the line before the text that says from which saved query it is made.
    #[must_use]
    pub fn signed(mut self, query: &str) -> Self {
        let sum = self.checksum(&self.text);
        let text = &self.text;
        self.text = format!("{MADE_FROM}{query}{BEHIND_NAME}{sum}{BEHIND_SUM}\n{text}");
        self
    }

    /// Tells who made it.
    pub fn maker(&self) -> Maker {
        match self.signature() {
            Some((sum, rest)) if sum == self.checksum(rest) => Maker::Logq,
            Some(_) => Maker::LogqThenOthers,
            None if self.text.starts_with(MADE_FROM) => Maker::LogqThenOthers,
            None => Maker::Others,
        }
    }

    /// Returns the query without the line that says who made it.
    pub fn body(&self) -> &str {
        match self.signature() {
            Some((_, rest)) => rest,
            None => &self.text,
        }
    }

    /// Returns whether it says the same: text, groups and parameters, in whichever order these stand.
    pub fn says_as(&self, other: &Self) -> bool {
        self.text == other.text
            && self.language == other.language
            && sorted(&self.groups) == sorted(&other.groups)
            && self.checksum("") == other.checksum("")
    }

    fn signature(&self) -> Option<(&str, &str)> {
        let (line, rest) = self.text.split_once('\n')?;
        let line = line.strip_prefix(MADE_FROM)?;
        let (_, sum) = line.strip_suffix(BEHIND_SUM)?.rsplit_once(BEHIND_NAME)?;
        Some((sum, rest))
    }

    fn checksum(&self, text: &str) -> String {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(text);
        for group in sorted(&self.groups) {
            add(group);
        }
        let by_name = |one: &&Parameter| one.name.clone();
        let mut parameters: Vec<&Parameter> = self.parameters.iter().collect();
        parameters.sort_by_key(by_name);
        for one in parameters {
            add(&one.name);
            add(one.default.as_deref().unwrap_or_default());
            add(one.description.as_deref().unwrap_or_default());
        }
        hexadecimal(&hash.finalize(), DIGITS)
    }
}

fn sorted(groups: &[String]) -> Vec<&str> {
    let mut groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn hexadecimal(bytes: &[u8], digits: usize) -> String {
    let mut text = String::with_capacity(digits);
    for byte in bytes.iter().take(digits.div_ceil(2)) {
        write!(text, "{byte:02x}").expect("a string takes all text");
    }
    text
}

/// A page of definitions, and where to go on.
pub type DefinitionPage = (Vec<Definition>, Option<String>);

/// One call is one request, without retries.
impl Client {
    async fn describe_definitions(
        &self,
        prefix: &str,
        token: Option<String>,
    ) -> Result<DefinitionPage, CallError> {
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let answer = self
            .sdk()
            .describe_query_definitions()
            .set_query_definition_name_prefix(prefix.map(str::to_owned))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| self.error("DescribeQueryDefinitions", &Arc::from(""), &error))?;
        let found = answer.query_definitions.unwrap_or_default();
        Ok((found.into_iter().map(read).collect(), answer.next_token))
    }

    async fn put_definition(&self, definition: &Definition, token: &str) -> Result<(), CallError> {
        let parameters = definition.parameters.iter().map(written);
        let parameters: Vec<QueryParameter> = parameters.collect();
        self.sdk()
            .put_query_definition()
            .name(&definition.name)
            .query_string(&definition.text)
            .query_language(QueryLanguage::Cwli)
            .set_query_definition_id(Some(definition.id.clone()).filter(|id| !id.is_empty()))
            .set_log_group_names(Some(definition.groups.clone()).filter(|list| !list.is_empty()))
            .set_parameters(Some(parameters).filter(|list| !list.is_empty()))
            .client_token(token)
            .send()
            .await
            .map_err(|error| {
                let is_full = error.code() == Some("LimitExceededException");
                let mut failed = self.error("PutQueryDefinition", &Arc::from(""), &error);
                // Here it is the number of definitions that is limited, and not that of calls: waiting mends nothing.
                if is_full {
                    failed.kind = Kind::Refused;
                }
                failed
            })?;
        Ok(())
    }

    async fn delete_definition(&self, id: &str) -> Result<(), CallError> {
        let call = self.sdk().delete_query_definition().query_definition_id(id);
        call.send()
            .await
            .map_err(|error| self.error("DeleteQueryDefinition", &Arc::from(""), &error))?;
        Ok(())
    }
}

fn read(found: QueryDefinition) -> Definition {
    let language = found
        .query_language
        .filter(|language| *language != QueryLanguage::Cwli);
    let parameters = found.parameters.unwrap_or_default().into_iter();
    let parameters = parameters.map(|one| Parameter {
        name: one.name,
        default: one.default_value,
        description: one.description,
    });
    Definition {
        id: found.query_definition_id.unwrap_or_default(),
        name: found.name.unwrap_or_default(),
        text: found.query_string.unwrap_or_default(),
        groups: found.log_group_names.unwrap_or_default(),
        parameters: parameters.collect(),
        language: language.map(|language| language.as_str().to_owned()),
    }
}

fn written(parameter: &Parameter) -> QueryParameter {
    QueryParameter::builder()
        .name(&parameter.name)
        .set_default_value(parameter.default.clone())
        .set_description(parameter.description.clone())
        .build()
        .expect("a parameter has a name")
}

/// The definitions of one account in one region: asked at the pace of the quotas, and again where that helps.
#[derive(Debug)]
pub struct Definitions {
    client: Client,
    pace: Pace,
    /// When all of it has to be over.
    deadline: Option<Instant>,
    /// Counts the definitions that were put, for tokens.
    put: u64,
    seed: u64,
}

impl Definitions {
    /// Begins to ask, within a runtime; `seed` differs from that of every call before.
    pub fn new(client: Client, quotas: &Quotas, time_out: Option<Duration>, seed: u64) -> Self {
        Self {
            pace: Pace::new(quotas, &client.place().region),
            client,
            deadline: time_out.map(|time| Instant::now() + time),
            put: 0,
            seed,
        }
    }

    /// Returns all definitions whose names begin so, by name and id.
    pub async fn all(&self, prefix: &str) -> Result<Vec<Definition>, CallError> {
        let action = Action::DescribeQueryDefinitions;
        let mut found = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let ask = || self.client.describe_definitions(prefix, token.clone());
            let (page, next) = self.call(action, ask).await?;
            found.extend(page);
            token = next;
            if token.is_none() {
                break;
            }
        }
        if token.is_some() {
            return Err(self.error(action, Kind::Refused, "the pages of its answer have no end"));
        }
        found.sort_by(|a: &Definition, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        // A page may come again.
        found.dedup_by(|a, b| a.id == b.id && a.name == b.name);
        Ok(found)
    }

    /// Makes a definition, or changes the one that has its id.
    pub async fn put(&mut self, definition: &Definition) -> Result<(), CallError> {
        self.put += 1;
        // The tries of one call have one token, so that an answer that was lost leaves no second definition.
        let token = self.token(definition);
        let put = || self.client.put_definition(definition, &token);
        self.call(Action::PutQueryDefinition, put).await
    }

    /// Removes a definition; one that is gone already is no error.
    pub async fn delete(&self, id: &str) -> Result<(), CallError> {
        let delete = || self.client.delete_definition(id);
        match self.call(Action::DeleteQueryDefinition, delete).await {
            Err(error) if error.kind == Kind::Missing => Ok(()),
            done => done,
        }
    }

    /// Makes a call when its turn comes, for as long as there is time.
    async fn call<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        action: Action,
        call: impl FnMut() -> F,
    ) -> Result<T, CallError> {
        let call = self.pace.call(action, call);
        match self.deadline {
            None => call.await,
            Some(deadline) => timeout_at(deadline, call)
                .await
                .unwrap_or_else(|_| Err(self.error(action, Kind::OutOfTime, ""))),
        }
    }

    fn error(&self, action: Action, kind: Kind, reason: &str) -> CallError {
        CallError {
            kind,
            operation: action.name(),
            group: Arc::from(""),
            place: Arc::new(self.client.place().clone()),
            reason: reason.to_owned(),
        }
    }

    fn token(&self, definition: &Definition) -> String {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(self.put.to_le_bytes());
        hash.update(&definition.name);
        hexadecimal(&hash.finalize(), 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Definition {
        let definition = Definition {
            name: "logq/errors".to_owned(),
            text: "# Errors\nlimit 5".to_owned(),
            groups: vec!["/b".to_owned(), "/a".to_owned()],
            parameters: vec![Parameter {
                name: "n".to_owned(),
                default: Some("5".to_owned()),
                description: None,
            }],
            ..Definition::default()
        };
        definition.signed("errors")
    }

    #[test]
    fn a_definition_says_what_it_is_made_from() {
        let made = made();
        let (line, rest) = made.text.split_once('\n').expect("two lines");
        assert!(
            line.starts_with("# logq: from queries/errors.toml, "),
            "{line}"
        );
        assert!(
            line.ends_with("; change the file and push it again"),
            "{line}"
        );
        assert_eq!((rest, made.body()), ("# Errors\nlimit 5", rest));
        assert_eq!(made.maker(), Maker::Logq);
    }

    #[test]
    fn the_order_of_groups_and_the_id_are_no_change() {
        let (one, mut other) = (made(), made());
        other.groups.reverse();
        other.id = "1".to_owned();
        assert_eq!(other.maker(), Maker::Logq);
        assert!(one.says_as(&other) && other.says_as(&one));
    }

    #[test]
    fn every_change_by_others_is_seen() {
        let changes: [fn(&mut Definition); 5] = [
            |one| one.text.push_str("00"),
            |one| one.groups.truncate(1),
            |one| one.parameters.clear(),
            |one| one.parameters[0].default = Some("6".to_owned()),
            |one| one.text = one.text.replacen("; change", ", do not change", 1),
        ];
        for change in changes {
            let mut definition = made();
            change(&mut definition);
            assert_eq!(definition.maker(), Maker::LogqThenOthers, "{definition:?}");
            assert!(!definition.says_as(&made()), "{definition:?}");
        }
        let mut bare = made();
        bare.text = bare.body().to_owned();
        assert_eq!(
            (bare.maker(), bare.body()),
            (Maker::Others, "# Errors\nlimit 5")
        );
    }
}
