//! `DescribeLogGroups` and `DescribeLogStreams`.

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Context, Refusal, group, limit};
use crate::logs::{Group, Scope};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupsRequest {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

pub(super) fn groups(context: &Context, request: &GroupsRequest) -> Result<Answer, Refusal> {
    let (prefix, pattern) = (
        &request.log_group_name_prefix,
        &request.log_group_name_pattern,
    );
    if prefix.is_some() && pattern.is_some() {
        return Err(Refusal::invalid(
            "Cannot specify both logGroupNamePrefix and logGroupNamePattern",
        ));
    }
    let wanted = |group: &&std::sync::Arc<Group>| {
        let name = &group.settings.name;
        let arn = context.service.group_arn(name);
        let named =
            |identifiers: &Vec<String>| identifiers.contains(name) || identifiers.contains(&arn);
        prefix
            .as_ref()
            .is_none_or(|prefix| name.starts_with(prefix.as_str()))
            && pattern
                .as_ref()
                .is_none_or(|pattern| name.contains(pattern.as_str()))
            && request.log_group_identifiers.as_ref().is_none_or(named)
            && request
                .log_group_class
                .as_ref()
                .is_none_or(|class| *class == group.settings.class)
    };
    let mut groups = context.groups();
    groups.sort_by(|a, b| a.settings.name.cmp(&b.settings.name));
    let rows = groups
        .iter()
        .filter(wanted)
        .map(|group| describe_group(context, group));
    paged(
        "logGroups",
        &rows.collect::<Vec<_>>(),
        request.next_token.as_deref(),
        limit(request.limit, 50)?,
    )
}

fn describe_group(context: &Context, group: &Group) -> Value {
    let name = &group.settings.name;
    let arn = context.service.group_arn(name);
    let mut row = json!({
        "logGroupName": name,
        "creationTime": group.created,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": group.stored_bytes(),
        "logGroupClass": group.settings.class,
    });
    if let Some(days) = group.settings.retention_days {
        row["retentionInDays"] = days.into();
    }
    row
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StreamsRequest {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

pub(super) fn streams(context: &Context, request: &StreamsRequest) -> Result<Answer, Refusal> {
    let name = request.log_group_name.as_ref();
    let group = group(context, name, request.log_group_identifier.as_ref())?;
    let by_time = match request.order_by.as_deref() {
        None | Some("LogStreamName") => false,
        Some("LastEventTime") if request.log_stream_name_prefix.is_none() => true,
        Some("LastEventTime") => {
            return Err(Refusal::invalid(
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        Some(other) => return Err(Refusal::invalid(format!("orderBy cannot be {other}"))),
    };
    let prefix = request.log_stream_name_prefix.iter().cloned();
    let scope = match prefix.collect::<Vec<_>>() {
        prefixes if prefixes.is_empty() => Scope::All,
        prefixes => Scope::Prefixes(prefixes),
    };
    let mut facts = group.streams(&scope).facts(context.now);
    if by_time {
        facts.sort_by_key(|stream| Reverse(stream.last));
        facts.reverse();
    } else {
        facts.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if request.descending == Some(true) {
        facts.reverse();
    }
    let arn = context.service.group_arn(&group.settings.name);
    let row = |stream: &crate::logs::StreamFacts| {
        let mut row = json!({
            "logStreamName": stream.name,
            "creationTime": stream.first.unwrap_or(group.created),
            "uploadSequenceToken": "49000000000000000000000000000000000000000000000000000000",
            "arn": format!("{arn}:log-stream:{}", stream.name),
            "storedBytes": 0,
        });
        if let (Some(first), Some(last), Some(ingestion)) =
            (stream.first, stream.last, stream.last_ingestion)
        {
            row["firstEventTimestamp"] = first.into();
            row["lastEventTimestamp"] = last.into();
            row["lastIngestionTime"] = ingestion.into();
        }
        row
    };
    let rows: Vec<Value> = facts.iter().map(row).collect();
    paged(
        "logStreams",
        &rows,
        request.next_token.as_deref(),
        limit(request.limit, 50)?,
    )
}

/// Returns a page of rows; the token is the number of the first row behind it.
pub(super) fn paged(
    name: &str,
    rows: &[Value],
    token: Option<&str>,
    limit: usize,
) -> Result<Answer, Refusal> {
    let start = match token.map(str::parse::<usize>) {
        None => 0,
        Some(Ok(start)) if start <= rows.len() => start,
        Some(_) => return Err(Refusal::invalid("The specified nextToken is invalid.")),
    };
    let end = rows.len().min(start + limit);
    let mut body = json!({ name: rows[start..end] });
    if end < rows.len() {
        body["nextToken"] = end.to_string().into();
    }
    Ok(body.into())
}
