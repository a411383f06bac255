//! The program that Lambda starts: reads the environment and the clock, builds everything once, and answers calls.

use std::error::Error;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use logq::state::{Dynamo, Memory};
use logq::time::{Timestamp, Zone};
use logq_lambda::deliver::{self, Http, Sink};
use logq_lambda::secrets::Secrets;
use logq_lambda::{
    Call, CloudWatch, Deadline, Function, Log, Parts, Payload, Pipeline, Sdk, Settings, Table,
    rules, time_left,
};
use tokio::sync::Mutex;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let log = Log::stdout(&settings.namespace, &settings.stage);
    let (config, rules) = rules(&settings, &log, now())?;
    let sdk = Sdk::default();
    let zone = config.timezone.clone().unwrap_or_else(Zone::utc);
    let pipeline = Pipeline::new(Parts {
        rules,
        config,
        stage: settings.stage.clone(),
        streams: CloudWatch::new(&sdk),
        sinks: sinks(&settings, &sdk, &zone),
        log,
    });
    let table = table(&settings, &sdk).await;
    let function = Arc::new(Mutex::new(Function::new(pipeline, table)));
    let payload = Payload::default();
    let handler = service_fn(|event: LambdaEvent<()>| {
        let function = function.clone();
        let payload = payload.take();
        async move {
            let now = now();
            let left = time_left(event.context.deadline, now);
            let call = Call {
                request: &event.context.request_id,
                payload: &payload,
                deadline: Deadline::after(left),
                now,
            };
            let answer = function.lock().await.call(call).await;
            answer.map_err(|failure| Box::new(failure) as Box<dyn Error + Send + Sync>)
        }
    });
    Runtime::new(handler).layer(payload.clone()).run().await
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as i64))
}

async fn table(settings: &Settings, sdk: &Sdk) -> Table {
    match &settings.table {
        None => Table::Memory(Memory::default()),
        Some(table) => {
            let client = aws_sdk_dynamodb::Client::new(sdk.config().await);
            Table::Dynamo(Dynamo::new(&client, table), Memory::default())
        }
    }
}

fn sinks(settings: &Settings, sdk: &Sdk, zone: &Zone) -> Vec<Box<dyn Sink>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if let Some(topic) = &settings.topic {
        let format = match settings.sns_format.as_deref() {
            Some("amazon-q") => deliver::Format::AmazonQ,
            _ => deliver::Format::Text,
        };
        let sns = deliver::Sns::new(sdk, topic.clone(), format, zone.clone());
        sinks.push(Box::new(sns));
    }
    let secrets = Arc::new(Secrets::new(sdk));
    match (
        &settings.slack_token,
        &settings.slack_channel,
        &settings.slack_webhook,
    ) {
        (Some(token), Some(channel), _) => {
            let bot = deliver::Bot {
                parameter: token.clone(),
                channel: channel.clone(),
                api: settings
                    .slack_api
                    .clone()
                    .unwrap_or_else(|| deliver::API.to_owned()),
            };
            let http = Http::default();
            sinks.push(Box::new(deliver::SlackBot::new(
                secrets,
                bot,
                zone.clone(),
                http,
            )));
        }
        (_, _, Some(webhook)) => {
            let http = Http::default();
            let slack = deliver::SlackWebhook::new(secrets, webhook.clone(), zone.clone(), http);
            sinks.push(Box::new(slack));
        }
        _ => {}
    }
    sinks
}
