//! Query definitions: put, described by the beginning of their name, deleted.
//!
//! A definition that is put again with the token it was made with is made once.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, Context, Refusal, describe, limit};
use crate::fault::FaultKind;
use crate::service::Service;

/// The most parameters of a definition.
const MOST_PARAMETERS: usize = 20;
/// The longest query, in characters.
const LONGEST: usize = 10_000;

/// A saved query.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    query_definition_id: String,
    name: String,
    query_string: String,
    log_group_names: Vec<String>,
    query_language: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Parameter>,
    last_modified: i64,
    /// What it was last put with.
    #[serde(skip)]
    client_token: Option<String>,
}

impl Definition {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// A parameter of a saved query, which stands in it as `{{name}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameter {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeRequest {
    query_definition_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn describe(context: &Context, request: &DescribeRequest) -> Result<Answer, Refusal> {
    let prefix = request.query_definition_name_prefix.as_deref();
    let mut definitions = context.service.definitions().clone();
    definitions.retain(|definition| definition.name.starts_with(prefix.unwrap_or_default()));
    definitions.sort_by(|a, b| a.name.cmp(&b.name));
    let rows = definitions.iter().map(|definition| json!(definition));
    let limit = limit(request.max_results, 1000)?.min(context.behaviour.page.definitions);
    // The page is empty, and its token leads to what would have come.
    let is_empty = context.has(FaultKind::EmptyPage);
    let limit = if is_empty { 0 } else { limit };
    describe::paged(
        "queryDefinitions",
        &rows.collect::<Vec<_>>(),
        request.next_token.as_deref(),
        limit,
    )
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutRequest {
    name: String,
    query_string: String,
    query_definition_id: Option<String>,
    #[serde(default)]
    log_group_names: Vec<String>,
    query_language: Option<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    client_token: Option<String>,
}

impl PutRequest {
    fn check(&self) -> Result<(), Refusal> {
        if self.name.is_empty() || self.name.len() > 255 || self.query_string.is_empty() {
            return Err(Refusal::invalid("name and queryString must not be empty"));
        }
        if self.query_string.chars().count() > LONGEST {
            return Err(Refusal::invalid("queryString is too long"));
        }
        let token = self.client_token.as_ref();
        if token.is_some_and(|token| !(36..=128).contains(&token.len())) {
            return Err(Refusal::invalid(
                "clientToken must have 36 to 128 characters",
            ));
        }
        let fits = |one: &Parameter| {
            let begins = one
                .name
                .starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            begins && one.name.chars().all(fits)
        };
        if self.parameters.len() > MOST_PARAMETERS || !self.parameters.iter().all(fits) {
            return Err(Refusal::invalid(
                "parameters has too many or one with a wrong name",
            ));
        }
        Ok(())
    }
}

pub(super) fn put(context: &Context, request: PutRequest) -> Result<Answer, Refusal> {
    let made = format!("00000000-0000-4000-8000-{:012}", context.number);
    let id = store(context.service, request, made, context.now)?;
    Ok(json!({ "queryDefinitionId": id }).into())
}

/// Writes a definition without a call.
pub(crate) fn write(service: &Service, definition: serde_json::Value) -> Result<(), String> {
    let request: PutRequest =
        serde_json::from_value(definition).map_err(|error| error.to_string())?;
    let made = format!(
        "00000000-0000-4000-8001-{:012}",
        service.definitions().len()
    );
    let stored = store(service, request, made, service.now());
    stored.map(drop).map_err(|refusal| refusal.message)
}

/// Stores a definition, and returns its id: `made` for a new one.
fn store(
    service: &Service,
    request: PutRequest,
    made: String,
    now: i64,
) -> Result<String, Refusal> {
    request.check()?;
    let mut definitions = service.definitions();
    let again = |one: &&Definition| {
        request.client_token.is_some() && one.client_token == request.client_token
    };
    if let Some(done) = definitions.iter().find(again) {
        return Ok(done.query_definition_id.clone());
    }
    let is_change = request.query_definition_id.is_some();
    let definition = Definition {
        query_definition_id: request.query_definition_id.unwrap_or(made),
        name: request.name,
        query_string: request.query_string,
        log_group_names: request.log_group_names,
        query_language: request.query_language.unwrap_or_else(|| "CWLI".to_owned()),
        parameters: request.parameters,
        last_modified: now,
        client_token: request.client_token,
    };
    let id = definition.query_definition_id.clone();
    let known = definitions
        .iter_mut()
        .find(|known| known.query_definition_id == id);
    match known {
        Some(known) => *known = definition,
        None if is_change => return Err(Refusal::missing("query definition")),
        None => definitions.push(definition),
    }
    Ok(id)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteRequest {
    query_definition_id: String,
}

pub(super) fn delete(context: &Context, request: &DeleteRequest) -> Result<Answer, Refusal> {
    let mut definitions = context.service.definitions();
    let before = definitions.len();
    definitions.retain(|definition| definition.query_definition_id != request.query_definition_id);
    if definitions.len() == before {
        return Err(Refusal::missing("query definition"));
    }
    Ok(json!({ "success": true }).into())
}
