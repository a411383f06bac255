//! One AWS account of moto's for one test: a topic with a queue behind it, a table, parameters, log streams.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::moto::Moto;
use crate::payload::Stream;
use crate::proxy::{self, Proxy};

const REGION: &str = "ap-northeast-1";
pub(crate) const TABLE: &str = "logq-production";

/// A message that a topic passed on.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) id: String,
    pub(crate) subject: Option<String>,
    pub(crate) message: String,
    attributes: Value,
}

impl Published {
    fn read(body: &str) -> Self {
        let body: Value = serde_json::from_str(body).expect("SNS wraps what it passes on");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Self {
            id: text("MessageId").expect("each message has an id"),
            subject: text("Subject"),
            message: text("Message").expect("each message has a text"),
            attributes: body["MessageAttributes"].clone(),
        }
    }

    /// Returns an attribute's value; empty when it is not there.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes[name]["Value"].as_str().unwrap_or_default()
    }
}

/// A queue that a topic fills.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    url: String,
}

/// The account. What the tests do themselves goes past the proxy, and so never fails.
pub(crate) struct Aws {
    account: String,
    client: reqwest::Client,
    proxy: Proxy,
    topic: String,
    queue: Queue,
    published: Mutex<Vec<Published>>,
}

impl Aws {
    /// Makes an account of its own, with a topic, a queue behind it and a table.
    pub(crate) async fn new() -> Self {
        static ACCOUNTS: AtomicU64 = AtomicU64::new(210_000_000_000);
        let account = ACCOUNTS.fetch_add(1, Ordering::Relaxed).to_string();
        let mut aws = Self {
            proxy: Proxy::start(&account).await,
            account,
            client: proxy::client(),
            topic: String::new(),
            queue: Queue { url: String::new() },
            published: Mutex::default(),
        };
        aws.topic = aws.create_topic("alerts").await;
        aws.queue = aws.subscribe("alerts", false).await;
        aws.create_table().await;
        aws
    }

    /// Returns what the function talks to.
    pub(crate) fn proxy(&self) -> &Proxy {
        &self.proxy
    }

    pub(crate) fn topic(&self) -> &str {
        &self.topic
    }

    /// Calls an action of a service that speaks JSON.
    pub(crate) async fn call(&self, service: &str, target: &str, body: Value) -> Value {
        let request = self
            .request(service)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(body.to_string());
        let answer = whole(request, target).await;
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Calls an action of SNS, which takes a form and answers XML.
    async fn call_sns(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let mut form = format!("Action={action}&Version=2010-03-31");
        for (name, value) in fields {
            let _ = write!(form, "&{name}={value}");
        }
        let request = self
            .request("sns")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        whole(request, action).await
    }

    fn request(&self, service: &str) -> reqwest::RequestBuilder {
        // moto reads service and region from the credential's scope, and checks no signature.
        let scope = format!("AKIDEXAMPLE/20261124/{REGION}/{service}/aws4_request");
        self.client
            .post(Moto::shared().url())
            .header("x-moto-account-id", &self.account)
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            )
    }

    async fn create_topic(&self, name: &str) -> String {
        let answer = self.call_sns("CreateTopic", &[("Name", name)]).await;
        between(&answer, "<TopicArn>", "</TopicArn>").expect("a topic has an address")
    }

    /// Makes a queue behind the topic; with raw delivery it gets the message alone.
    pub(crate) async fn subscribe(&self, name: &str, raw: bool) -> Queue {
        let body = json!({"QueueName": name});
        let created = self.call("sqs", "AmazonSQS.CreateQueue", body).await;
        let url = created["QueueUrl"]
            .as_str()
            .expect("a queue has an address")
            .to_owned();
        let arn = format!("arn:aws:sqs:{REGION}:{}:{name}", self.account);
        let fields = [
            ("TopicArn", self.topic.as_str()),
            ("Protocol", "sqs"),
            ("Endpoint", &arn),
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            (
                "Attributes.entry.1.value",
                if raw { "true" } else { "false" },
            ),
        ];
        self.call_sns("Subscribe", &fields).await;
        Queue { url }
    }

    async fn create_table(&self) {
        let key = |name, kind| json!({"AttributeName": name, "KeyType": kind});
        let text = |name| json!({"AttributeName": name, "AttributeType": "S"});
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": [text("pk"), text("sk")],
        });
        self.call("dynamodb", "DynamoDB_20120810.CreateTable", table)
            .await;
        let expiry = json!({
            "TableName": TABLE,
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true},
        });
        self.call("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", expiry)
            .await;
    }

    /// Returns all items of the table.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut scan = json!({"TableName": TABLE});
        loop {
            let mut page = self
                .call("dynamodb", "DynamoDB_20120810.Scan", scan.clone())
                .await;
            items.extend(page["Items"].as_array().into_iter().flatten().cloned());
            match page["LastEvaluatedKey"].take() {
                Value::Null => return items,
                key => scan["ExclusiveStartKey"] = key,
            }
        }
    }

    /// Removes the items of a partition, as time does.
    pub(crate) async fn forget(&self, partition: &str) {
        for item in self.items().await {
            if item["pk"]["S"] == partition {
                let key = json!({"pk": item["pk"], "sk": item["sk"]});
                let body = json!({"TableName": TABLE, "Key": key});
                self.call("dynamodb", "DynamoDB_20120810.DeleteItem", body)
                    .await;
            }
        }
    }

    /// Writes an item as it is in the API, `{"pk": {"S": …}, …}`.
    pub(crate) async fn put_item(&self, item: Value) {
        let body = json!({"TableName": TABLE, "Item": item});
        self.call("dynamodb", "DynamoDB_20120810.PutItem", body)
            .await;
    }

    /// Keeps a secret in Parameter Store.
    pub(crate) async fn put_secret(&self, name: &str, value: &str) {
        let body = json!({"Name": name, "Value": value, "Type": "SecureString", "Overwrite": true});
        self.call("ssm", "AmazonSSM.PutParameter", body).await;
    }

    /// Writes streams to CloudWatch Logs, where a function may read them again.
    pub(crate) async fn put_streams(&self, streams: &[Stream]) {
        for stream in streams {
            self.put_stream(stream).await;
        }
    }

    async fn put_stream(&self, stream: &Stream) {
        let target = |action| format!("Logs_20140328.{action}");
        let (group, name) = (&stream.group, &stream.name);
        // Another stream may have made the group already.
        let ask = json!({"logGroupNamePrefix": group});
        let groups = self.call("logs", &target("DescribeLogGroups"), ask).await;
        if groups["logGroups"].as_array().is_none_or(Vec::is_empty) {
            let ask = json!({"logGroupName": group});
            self.call("logs", &target("CreateLogGroup"), ask).await;
        }
        let body = json!({"logGroupName": group, "logStreamName": name});
        self.call("logs", &target("CreateLogStream"), body).await;
        if stream.events.is_empty() {
            return;
        }
        let event = |event: &crate::payload::LogEvent| json!({"timestamp": event.timestamp, "message": event.message});
        let events: Vec<Value> = stream.events.iter().map(event).collect();
        let body = json!({"logGroupName": group, "logStreamName": name, "logEvents": events});
        let put = self.call("logs", &target("PutLogEvents"), body).await;
        let rejected = &put["rejectedLogEventsInfo"];
        assert!(
            rejected.is_null(),
            "{rejected}: streams have to be re-timed"
        );
    }

    /// Returns what the topic passed on up to now.
    pub(crate) async fn published(&self) -> Vec<Published> {
        let bodies = self.receive(&self.queue).await;
        let mut published = self.published.lock().expect("no test panics here");
        published.extend(bodies.iter().map(|body| Published::read(body)));
        published.clone()
    }

    /// Takes the messages out of a queue.
    pub(crate) async fn receive(&self, queue: &Queue) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let ask =
                json!({"QueueUrl": queue.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0});
            let answer = self.call("sqs", "AmazonSQS.ReceiveMessage", ask).await;
            let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return bodies;
            }
            for message in messages {
                bodies.push(message["Body"].as_str().unwrap_or_default().to_owned());
                let delete =
                    json!({"QueueUrl": queue.url, "ReceiptHandle": message["ReceiptHandle"]});
                self.call("sqs", "AmazonSQS.DeleteMessage", delete).await;
            }
        }
    }
}

/// Sends a request and returns the answer's text.
async fn whole(request: reqwest::RequestBuilder, what: &str) -> String {
    let response = request.send().await.expect("moto answers");
    let status = response.status();
    let text = response.text().await.expect("moto's answer is text");
    assert!(status.is_success(), "{what}: {status} {text}");
    text
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    Some(found.to_owned())
}
