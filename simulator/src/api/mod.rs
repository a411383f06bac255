//! The actions: a request's JSON to an answer's, without the network and without waiting.

mod definitions;
mod describe;
mod events;
mod filter;
mod get;
pub(crate) mod identity;
mod insights;
pub(crate) mod live_tail;
mod page;
mod queries;
mod token;

pub(crate) use definitions::{Definition, write as write_definition};
pub(crate) use queries::Run;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::FaultKind;
use crate::logs::Group;
use crate::service::Service;
use crate::settings::Behaviour;

/// What an action is answered from.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) service: &'a Service,
    pub(crate) behaviour: Arc<Behaviour>,
    /// What time it is for the data.
    pub(crate) now: i64,
    /// The number of the call.
    pub(crate) number: u64,
    /// The region that is asked.
    pub(crate) region: String,
    /// What happens to the call.
    pub(crate) faults: Vec<FaultKind>,
}

impl Context<'_> {
    fn has(&self, fault: FaultKind) -> bool {
        self.faults.contains(&fault)
    }

    /// Returns the groups of the region that is asked.
    fn groups(&self) -> Vec<Arc<Group>> {
        let mut groups = self.service.groups();
        groups.retain(|group| group.is_in(&self.region));
        groups
    }
}

/// An answer without an error.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) events: u64,
    pub(crate) scanned: u64,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self {
            body: value.to_string().into_bytes(),
            ..Self::default()
        }
    }
}

/// An error as the service tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// What the answer has beside code and message.
    pub(crate) details: Vec<(&'static str, Value)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
            details: Vec::new(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterException", message)
    }

    fn missing(what: &str) -> Self {
        let message = format!("The specified {what} does not exist.");
        Self::new(400, "ResourceNotFoundException", message)
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = json!({ "__type": self.code, "message": self.message });
        for (name, value) in &self.details {
            body[*name] = value.clone();
        }
        body.to_string().into_bytes()
    }
}

/// Answers a call of an action.
pub(crate) fn answer(context: &Context, action: &str, body: &[u8]) -> Result<Answer, Refusal> {
    match action {
        "FilterLogEvents" => filter::answer(context, &parse(body)?),
        "GetLogEvents" => get::answer(context, &parse(body)?),
        "DescribeLogGroups" => describe::groups(context, &parse(body)?),
        "DescribeLogStreams" => describe::streams(context, &parse(body)?),
        "StartQuery" => queries::start(context, &parse(body)?),
        "GetQueryResults" => queries::results(context, &parse(body)?),
        "StopQuery" => queries::stop(context, &parse(body)?),
        "DescribeQueryDefinitions" => definitions::describe(context, &parse(body)?),
        "PutQueryDefinition" => definitions::put(context, parse(body)?),
        "DeleteQueryDefinition" => definitions::delete(context, &parse(body)?),
        "GetCallerIdentity" => Ok(identity::answer(context)),
        _ => Err(Refusal::new(
            400,
            "UnknownOperationException",
            format!("{action} is not simulated"),
        )),
    }
}

/// Reads a request.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let request = serde_json::from_slice(body);
    request.map_err(|error| Refusal::new(400, "SerializationException", error.to_string()))
}

/// Finds the group of a request, by its name or by an identifier, which is a name or an ARN.
fn group(
    context: &Context,
    name: Option<&String>,
    identifier: Option<&String>,
) -> Result<Arc<Group>, Refusal> {
    let name = match (name, identifier) {
        (Some(name), None) if !name.starts_with("arn:") => name,
        (None, Some(identifier)) => identifier,
        _ => {
            return Err(Refusal::invalid(
                "Exactly one of logGroupName and logGroupIdentifier must be specified",
            ));
        }
    };
    find_group(context, name)
}

fn find_group(context: &Context, identifier: &str) -> Result<Arc<Group>, Refusal> {
    let name = identifier.split(":log-group:").last().unwrap_or(identifier);
    let name = name.strip_suffix(":*").unwrap_or(name);
    let group = context.service.group(name);
    let group = group.filter(|group| group.is_in(&context.region));
    group.ok_or_else(|| Refusal::missing("log group"))
}

/// Checks a limit that the service has on a number of a request.
fn limit(wanted: Option<i64>, most: usize) -> Result<usize, Refusal> {
    match wanted {
        None => Ok(most),
        Some(limit) if limit >= 1 && limit <= most as i64 => Ok(limit as usize),
        Some(limit) => Err(Refusal::invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
             value between 1 and {most}"
        ))),
    }
}
