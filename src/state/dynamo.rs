//! Documents in a DynamoDB table: `pk` and `sk` are the two parts of a name, `v` the version, `d` the JSON, and
//! `expires` the TTL attribute, in seconds.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, KeysAndAttributes, Put, TransactWriteItem,
};

use super::{Committed, Document, Expected, Key, Page, Store, StoreError, Write};
use crate::time::Timestamp;

/// The most keys that `BatchGetItem` takes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const MOST_KEYS: usize = 100;
/// How often a throttled call is made, and keys that `BatchGetItem` left out are asked for.
const MOST_TRIES: u32 = 6;
/// How often a call is made that the service did not answer, or answered with a fault of its own.
const MOST_UNANSWERED: u32 = 2;
/// How long the second try waits at most; each later one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);

type Item = HashMap<String, AttributeValue>;

/// A table of documents.
#[derive(Clone, Debug)]
pub struct Dynamo {
    client: Client,
    table: String,
}

impl Dynamo {
    /// Creates a store on a table that is there already. It tries again by itself, so the client does not: else
    /// the tries of the two would be multiplied.
    pub fn new(given: &Client, table: impl Into<String>) -> Self {
        let config = given.config().to_builder();
        let config = config.retry_config(RetryConfig::disabled());
        Self {
            client: Client::from_conf(config.build()),
            table: table.into(),
        }
    }

    async fn get_some(&self, keys: &[Key], found: &mut Vec<Item>) -> Result<(), StoreError> {
        let mut wanted: Vec<Item> = keys.iter().map(name).collect();
        for tries in 0..MOST_TRIES {
            if tries > 0 {
                tokio::time::sleep(wait(tries)).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(true)
                .build()
                .map_err(|error| self.unbuilt("BatchGetItem", &error))?;
            let request = self
                .client
                .batch_get_item()
                .request_items(&self.table, request);
            let answer = patiently(|| request.clone().send(), is_throttled)
                .await
                .map_err(|error| self.error("BatchGetItem", &error))?;
            let items = answer.responses.unwrap_or_default().remove(&self.table);
            found.extend(items.unwrap_or_default());
            let left = answer.unprocessed_keys.unwrap_or_default();
            let Some(left) = left.into_values().next() else {
                return Ok(());
            };
            wanted = left.keys;
        }
        Err(self.failed("BatchGetItem", None, "the table is throttled".to_owned()))
    }

    fn write(&self, write: Write, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let condition = Condition::of(write.expected(), now);
        let builder = TransactWriteItem::builder();
        let built = match write {
            Write::Delete { key, .. } => builder.delete(
                Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(name(&key)))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(|error| self.unbuilt("TransactWriteItems", &error))?,
            ),
            Write::Put {
                key,
                body,
                expires,
                expected,
            } => builder.put(
                Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(item(&key, body, expires, next(expected, now))))
                    .set_condition_expression(condition.text)
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(|error| self.unbuilt("TransactWriteItems", &error))?,
            ),
        };
        Ok(built.build())
    }

    fn unbuilt(&self, operation: &'static str, error: &BuildError) -> StoreError {
        self.failed(operation, None, error.to_string())
    }

    fn error<E>(&self, operation: &'static str, error: &SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.failed(operation, error.code().map(str::to_owned), reason(error))
    }

    fn failed(&self, operation: &'static str, code: Option<String>, reason: String) -> StoreError {
        StoreError {
            operation,
            table: self.table.clone(),
            code,
            reason,
        }
    }
}

impl Store for Dynamo {
    async fn get(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Document>, StoreError> {
        let mut items = Vec::new();
        for some in keys.chunks(MOST_KEYS) {
            self.get_some(some, &mut items).await?;
        }
        Ok(documents(&items, now).collect())
    }

    async fn page(
        &self,
        partition: &str,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
            .consistent_read(true)
            .set_exclusive_start_key(after.map(|after| name(&Key::new(partition, after))));
        let page = patiently(|| request.clone().send(), is_throttled)
            .await
            .map_err(|error| self.error("Query", &error))?;
        let last = page.last_evaluated_key();
        let last = last.and_then(|last| last.get("sk")?.as_s().ok().cloned());
        Ok(Page {
            documents: documents(page.items(), now).collect(),
            more: last,
        })
    }

    async fn commit(&self, writes: Vec<Write>, now: Timestamp) -> Result<Committed, StoreError> {
        if writes.is_empty() {
            return Ok(Committed::Made);
        }
        // Nothing is to be decided anew where nothing was expected: such writes only have to wait for their turn.
        let is_blind = writes
            .iter()
            .all(|write| write.expected() == Expected::Anything);
        let items: Result<Vec<_>, _> = writes
            .into_iter()
            .map(|write| self.write(write, now))
            .collect();
        // One token for all tries: one that was made, but whose answer got lost, is not made again.
        let request = self
            .client
            .transact_write_items()
            .client_request_token(format!("{:032x}", fastrand::u128(..)))
            .set_transact_items(Some(items?));
        let passes = |error: &SdkError<_>| is_held_back(error) || (is_blind && is_conflict(error));
        match patiently(|| request.clone().send(), passes).await {
            Ok(_) => Ok(Committed::Made),
            Err(error) if !is_blind && is_conflict(&error) => Ok(Committed::Conflict),
            Err(error) => Err(self.error("TransactWriteItems", &error)),
        }
    }
}

/// A condition as DynamoDB takes it.
struct Condition {
    text: Option<String>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    fn of(expected: Expected, now: Timestamp) -> Self {
        let (text, name, value) = match expected {
            Expected::Anything => {
                return Self {
                    text: None,
                    values: None,
                };
            }
            Expected::Version(version) => ("v = :v", ":v", number(version)),
            // What has expired may still lie there for days.
            Expected::Absent => (
                "attribute_not_exists(pk) OR expires <= :now",
                ":now",
                number(seconds(now)),
            ),
        };
        Self {
            text: Some(text.to_owned()),
            values: Some(HashMap::from([(name.to_owned(), value)])),
        }
    }
}

/// Makes a call again while `passes` says that its error passes by itself, and once after trouble on the way.
async fn patiently<T, E, F>(
    call: impl Fn() -> F + Send,
    passes: impl Fn(&SdkError<E>) -> bool + Send,
) -> Result<T, SdkError<E>>
where
    F: Future<Output = Result<T, SdkError<E>>> + Send,
{
    let mut tries = 1;
    loop {
        match call().await {
            Err(error) if tries < MOST_TRIES && passes(&error) => {}
            Err(error) if tries < MOST_UNANSWERED && is_trouble(&error) => {}
            answer => return answer,
        }
        tokio::time::sleep(wait(tries)).await;
        tries += 1;
    }
}

/// Returns how long to wait after so many tries: half is left to chance, so that programs at once do not meet again.
fn wait(tries: u32) -> Duration {
    let longest = FIRST_WAIT * (1 << (tries - 1));
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// Returns whether there was no answer of the service, or one that says that the service is at fault.
fn is_trouble<E>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        _ => error
            .raw_response()
            .is_some_and(|answer| answer.status().is_server_error()),
    }
}

fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    const CODES: [&str; 6] = [
        "ThrottlingException",
        "ThrottlingError",
        "Throttling",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TransactionInProgressException",
    ];
    error.code().is_some_and(|code| CODES.contains(&code))
}

/// Returns whether a transaction came at the wrong moment, and nothing else is wrong with it.
fn is_held_back(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return is_throttled(error);
    };
    let codes = cancelled.cancellation_reasons().iter();
    let codes = codes.filter_map(CancellationReason::code);
    let mut codes = codes.filter(|code| *code != "None").peekable();
    codes.peek().is_some()
        && codes.all(|code| matches!(code, "ThrottlingError" | "ProvisionedThroughputExceeded"))
}

/// Returns whether the writes were refused since somebody else wrote, or is about to.
fn is_conflict(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return error.code() == Some("TransactionConflictException");
    };
    let codes = cancelled.cancellation_reasons().iter();
    let mut codes = codes.filter_map(CancellationReason::code);
    codes.any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"))
}

/// Returns the version of the document that is written. Where nothing is known of the one before, it must be one
/// that no reader of that can hold.
fn next(expected: Expected, now: Timestamp) -> u64 {
    match expected {
        Expected::Absent => 1,
        Expected::Version(before) => before + 1,
        Expected::Anything => now.as_millis().unsigned_abs(),
    }
}

fn name(key: &Key) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.partition.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sort.clone())),
    ])
}

fn item(key: &Key, body: String, expires: Timestamp, version: u64) -> Item {
    let mut item = name(key);
    item.insert("d".to_owned(), AttributeValue::S(body));
    item.insert("v".to_owned(), number(version));
    item.insert("expires".to_owned(), number(seconds(expires)));
    item
}

fn documents(items: &[Item], now: Timestamp) -> impl Iterator<Item = Document> + '_ {
    items
        .iter()
        .filter_map(document)
        .filter(move |document| document.expires.as_millis() / 1000 > now.as_millis() / 1000)
}

/// Reads an item; one that lacks what each has is none of ours.
fn document(item: &Item) -> Option<Document> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<u64>().ok();
    Some(Document {
        key: Key::new(text("pk")?, text("sk")?),
        version: number("v")?,
        body: text("d")?,
        expires: Timestamp(i64::try_from(number("expires")?).ok()?.saturating_mul(1000)),
    })
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn seconds(at: Timestamp) -> u64 {
    at.as_millis().div_euclid(1000).max(0).unsigned_abs()
}

/// Returns the code and message of an error, never the raw answer; without an answer, the last cause.
fn reason<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ if matches!(error, SdkError::TimeoutError(_)) => "there was no answer in time".to_owned(),
        _ => {
            let mut last: &dyn std::error::Error = error;
            while let Some(cause) = last.source() {
                last = cause;
            }
            last.to_string()
        }
    }
}
