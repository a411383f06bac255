//! The tables that silences are kept in: whether they are there, and what may be done with them.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::super::super::Failure;
use super::super::super::aws::Region;
use super::super::super::context::Context;
use super::report::{Finding, Verdict};
use super::service::Site;
use super::settings;
use crate::state::{Dynamo, Expected, Key, Store, StoreError, Write};
use crate::time::Timestamp;

const AREA: &str = "tables";

/// A table that is being tried.
pub(super) struct Tried {
    stage: String,
    table: String,
    origin: String,
    ends: JoinHandle<Option<Vec<End>>>,
}

/// How a call ended, by the permission it takes.
type End = (&'static str, Result<(), StoreError>);

/// Begins to try the table of each stage that has one.
pub(super) fn start(
    context: &Context,
    sites: &[Result<Arc<Site>, Failure>],
    deadline: Instant,
) -> Vec<Tried> {
    let asked = context.scope.stage.as_deref();
    let stages = context.config.stages.iter();
    let stages = stages.filter(|(name, _)| asked.is_none_or(|one| one == *name));
    let mut tried = Vec::new();
    for (name, stage) in stages {
        let variable = context.environment.variable("LOGQ_TABLE");
        let Some(table) = variable.or(stage.table.as_deref()) else {
            continue;
        };
        let account = Region::of_stage(context, Some(name)).account;
        let mut known = sites.iter().filter_map(|site| site.as_ref().ok());
        let site = known.find(|site| site.asked.as_deref() == account.region());
        let Some(site) = site else {
            continue;
        };
        let client = aws_sdk_dynamodb::Client::new(&site.opened.sdk);
        let store = Dynamo::new(&client, table);
        let now = context.environment.now;
        let of_file = context.config.origin(&format!("stages.{name}.table"));
        tried.push(Tried {
            stage: name.clone(),
            table: table.to_owned(),
            origin: match variable {
                Some(_) => "LOGQ_TABLE".to_owned(),
                None => settings::origin(context, &of_file),
            },
            ends: tokio::spawn(
                async move { timeout_at(deadline, attempts(&store, now)).await.ok() },
            ),
        });
    }
    tried
}

/// Makes the calls of `logq silence` so that nothing is changed: a document that is not there has no version.
async fn attempts(store: &impl Store, now: Timestamp) -> Vec<End> {
    let key = Key::new("doctor", "nothing");
    let expected = Expected::Version(1);
    let put = Write::Put {
        key: key.clone(),
        body: "{}".to_owned(),
        expires: now,
        expected,
    };
    let delete = Write::Delete {
        key: key.clone(),
        expected,
    };
    vec![
        (
            "dynamodb:Query",
            store.page("silence", None, now).await.map(drop),
        ),
        (
            "dynamodb:BatchGetItem",
            store.get(&[key], now).await.map(drop),
        ),
        (
            "dynamodb:PutItem",
            store.commit(vec![put], now).await.map(drop),
        ),
        (
            "dynamodb:DeleteItem",
            store.commit(vec![delete], now).await.map(drop),
        ),
    ]
}

/// Tells of each table.
pub(super) async fn findings(tables: Vec<Tried>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for tried in tables {
        let ends = tried.ends.await.expect("the task does not panic");
        let (verdict, words, mend) = match ends {
            None => (
                Verdict::Unknown,
                "DynamoDB did not answer in time".to_owned(),
                Some("check the network, the region and `--endpoint-url`".to_owned()),
            ),
            Some(ends) => judge(&ends),
        };
        let detail = format!("{}: {words}", tried.table);
        let finding = Finding::new(AREA, tried.stage, verdict, detail);
        findings.push(finding.from(tried.origin).mend(mend));
    }
    findings
}

fn judge(ends: &[End]) -> (Verdict, String, Option<String>) {
    let code = |end: &End| end.1.as_ref().err().and_then(|error| error.code.clone());
    let is = |end: &End, wanted: &str| code(end).as_deref() == Some(wanted);
    if ends.iter().any(|end| is(end, "ResourceNotFoundException")) {
        let mend = "the deploy prints the name as `TableName`, Terraform as `table_name`";
        let words = "there is no such table".to_owned();
        return (Verdict::Wrong, words, Some(mend.to_owned()));
    }
    let refused = ends.iter().filter(|end| is(end, "AccessDeniedException"));
    let refused: Vec<&str> = refused.map(|(permission, _)| *permission).collect();
    if !refused.is_empty() {
        let refused = refused.join(", ");
        let words = format!("{refused} refused; needed by `logq silence`");
        let mend = format!("allow {refused} on the table to that identity");
        return (Verdict::Warning, words, Some(mend));
    }
    if let Some(error) = ends.iter().find_map(|end| end.1.as_ref().err()) {
        return (Verdict::Unknown, error.reason.clone(), None);
    }
    (Verdict::Ok, "`logq silence` may use it".to_owned(), None)
}
