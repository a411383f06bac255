//! `StartQuery`, `GetQueryResults` and `StopQuery`: a query is evaluated when it starts, and told when it is over.

use serde::Deserialize;
use serde_json::{Value, json};

use super::insights::{self, Outcome};
use super::{Answer, Context, Refusal, find_group, limit};

/// A query that was started.
#[derive(Debug)]
pub(crate) struct Run {
    id: String,
    started: i64,
    stopped: bool,
    /// What becomes of it.
    end: String,
    outcome: Outcome,
}

impl Run {
    fn status(&self, context: &Context) -> &str {
        let age = context.now - self.started;
        let run = context.behaviour.insights.run_ms;
        match self.stopped {
            true => "Cancelled",
            false if age >= run => &self.end,
            false if age * 4 < run => "Scheduled",
            false => "Running",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartRequest {
    log_group_name: Option<String>,
    log_group_names: Option<Vec<String>>,
    log_group_identifiers: Option<Vec<String>>,
    start_time: i64,
    end_time: i64,
    query_string: String,
    limit: Option<i64>,
}

pub(super) fn start(context: &Context, request: &StartRequest) -> Result<Answer, Refusal> {
    let settings = &context.behaviour.insights;
    let single = request.log_group_name.clone().map(|name| vec![name]);
    let given = [
        single,
        request.log_group_names.clone(),
        request.log_group_identifiers.clone(),
    ];
    let selected = insights::source(context, &request.query_string);
    let given: Vec<Vec<String>> = given.into_iter().flatten().chain(selected).collect();
    let [names] = given.as_slice() else {
        return Err(Refusal::invalid(
            "Exactly one of logGroupName, logGroupNames, logGroupIdentifiers and SOURCE is needed",
        ));
    };
    if names.is_empty() || names.len() > 50 {
        return Err(Refusal::invalid(
            "A query takes between 1 and 50 log groups",
        ));
    }
    if request.end_time < request.start_time {
        return Err(Refusal::invalid("endTime must not be before startTime"));
    }
    let found = names.iter().map(|name| find_group(context, name));
    let groups = found.collect::<Result<Vec<_>, _>>()?;
    let running = context
        .service
        .queries()
        .iter()
        .filter(|run| run.status(context) == "Running")
        .count();
    if running >= settings.at_once {
        return Err(Refusal::new(
            400,
            "LimitExceededException",
            "Account maximum query concurrency limit of [30] reached.",
        ));
    }
    let span = (
        milliseconds(request.start_time),
        milliseconds(request.end_time),
    );
    let rows = match request.limit {
        None => settings.rows.min(settings.most),
        asked => limit(asked, settings.most)?,
    };
    let outcome = insights::evaluate(context, &groups, span, &request.query_string, rows)?;
    let id = format!("00000000-0000-4000-9000-{:012}", context.number);
    let mut queries = context.service.queries();
    let end = settings.ends.get(queries.len()).map(String::as_str);
    queries.push(Run {
        id: id.clone(),
        started: context.now,
        stopped: false,
        end: end.unwrap_or("Complete").to_owned(),
        outcome,
    });
    Ok(json!({ "queryId": id }).into())
}

/// Times of queries are seconds; milliseconds are taken as well.
fn milliseconds(time: i64) -> i64 {
    if time < 100_000_000_000 {
        time * 1000
    } else {
        time
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultsRequest {
    query_id: String,
    next_token: Option<String>,
    max_items: Option<i64>,
}

pub(super) fn results(context: &Context, request: &ResultsRequest) -> Result<Answer, Refusal> {
    let queries = context.service.queries();
    let run = queries.iter().find(|run| run.id == request.query_id);
    let run = run.ok_or_else(|| Refusal::missing("query"))?;
    let status = run.status(context);
    let rows = match status {
        "Complete" => &run.outcome.rows[..],
        // What was found so far: something else than the answer.
        "Running" | "Cancelled" => &run.outcome.rows[..run.outcome.rows.len() / 2],
        _ => &[],
    };
    let token = request
        .next_token
        .as_deref()
        .map_or(Ok(0), str::parse::<usize>);
    let start = token.map_err(|_| Refusal::invalid("The specified nextToken is invalid."))?;
    let start = start.min(rows.len());
    let end = rows.len().min(start + limit(request.max_items, 10_000)?);
    let row = |row: &Vec<(String, String)>| {
        let fields = row
            .iter()
            .map(|(field, value)| json!({ "field": field, "value": value }));
        Value::Array(fields.collect())
    };
    let mut body = json!({
        "queryLanguage": "CWLI",
        "status": status,
        "results": rows[start..end].iter().map(row).collect::<Vec<_>>(),
        "statistics": {
            "recordsMatched": run.outcome.matched as f64,
            "recordsScanned": run.outcome.scanned as f64,
            "bytesScanned": run.outcome.bytes as f64,
            "estimatedRecordsSkipped": 0.0,
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": run.outcome.groups as f64,
        },
    });
    if end < rows.len() {
        body["nextToken"] = end.to_string().into();
    }
    Ok(body.into())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StopRequest {
    query_id: String,
}

pub(super) fn stop(context: &Context, request: &StopRequest) -> Result<Answer, Refusal> {
    let mut queries = context.service.queries();
    let run = queries.iter_mut().find(|run| run.id == request.query_id);
    let run = run.ok_or_else(|| Refusal::missing("query"))?;
    if run.status(context) == "Complete" {
        return Err(Refusal::invalid("Cannot stop a query that is complete"));
    }
    run.stopped = true;
    Ok(json!({ "success": true }).into())
}
