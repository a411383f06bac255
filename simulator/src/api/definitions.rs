//! Query definitions: put, described by the beginning of their name, deleted.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, Context, Refusal, describe, limit};

/// A saved query.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    query_definition_id: String,
    name: String,
    query_string: String,
    log_group_names: Vec<String>,
    query_language: &'static str,
    last_modified: i64,
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
    let limit = limit(request.max_results, 1000)?;
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
}

pub(super) fn put(context: &Context, request: PutRequest) -> Result<Answer, Refusal> {
    if request.name.is_empty() || request.name.len() > 255 || request.query_string.is_empty() {
        return Err(Refusal::invalid("name and queryString must not be empty"));
    }
    let mut definitions = context.service.definitions();
    let made = || format!("00000000-0000-4000-8000-{:012}", context.number);
    let definition = Definition {
        query_definition_id: request.query_definition_id.clone().unwrap_or_else(made),
        name: request.name,
        query_string: request.query_string,
        log_group_names: request.log_group_names,
        query_language: "CWLI",
        last_modified: context.now,
    };
    let id = definition.query_definition_id.clone();
    let known = definitions
        .iter_mut()
        .find(|known| known.query_definition_id == id);
    match known {
        Some(known) => *known = definition,
        None if request.query_definition_id.is_some() => {
            return Err(Refusal::missing("query definition"));
        }
        None => definitions.push(definition),
    }
    Ok(json!({ "queryDefinitionId": id }).into())
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
