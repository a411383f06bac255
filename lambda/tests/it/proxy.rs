//! What stands between the function and moto: it can make a service fail, and remembers each call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::{Answer, Reply, Request, Server, hang};
use crate::moto::Moto;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// The service answers 500.
    Down,
    /// The service asks to slow down.
    Throttled,
    /// The service denies access.
    Denied,
    /// The service never answers.
    Hangs,
    /// The connection closes without an answer.
    Closes,
    /// The service does it, and the answer is lost.
    LosesAnswer,
    /// The service does it, and never answers.
    HangsAfterwards,
    /// The service does it, that much later.
    Slow(Duration),
}

/// A call that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    pub(crate) service: &'static str,
    pub(crate) action: String,
    pub(crate) fault: Option<Fault>,
    pub(crate) body: String,
}

/// A fault, for calls of a service or of one action, for all of them or the next few.
struct Trouble {
    service: &'static str,
    action: Option<&'static str>,
    fault: Fault,
    left: Option<usize>,
}

/// A fault for one call, whichever it is.
struct Nth {
    /// How many calls come before it.
    before: usize,
    /// What it is; with a service, all calls of that service from then on meet it.
    fault: Fault,
    service: Option<&'static str>,
}

#[derive(Default)]
struct Desk {
    troubles: Vec<Trouble>,
    nth: Option<Nth>,
    calls: Vec<Call>,
}

impl Desk {
    fn fault(&mut self, service: &str, action: &str) -> Option<Fault> {
        if let Some(nth) = self.nth.take_if(|nth| nth.before == 0) {
            let Some(service) = nth.service else {
                return Some(nth.fault);
            };
            self.troubles.push(Trouble {
                service,
                action: None,
                fault: nth.fault,
                left: None,
            });
        }
        if let Some(nth) = &mut self.nth {
            nth.before -= 1;
        }
        let matches = |trouble: &Trouble| {
            trouble.service == service && trouble.action.is_none_or(|one| one == action)
        };
        let at = self.troubles.iter().position(matches)?;
        let trouble = &mut self.troubles[at];
        let fault = trouble.fault;
        if let Some(left) = &mut trouble.left {
            *left -= 1;
            if *left == 0 {
                self.troubles.remove(at);
            }
        }
        Some(fault)
    }
}

struct Shared {
    account: String,
    client: reqwest::Client,
    desk: Mutex<Desk>,
    /// moto checks a condition and writes in two steps, which requests at the same time come between.
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("no test panics with the desk open")
    }
}

/// The endpoint of all services of one account of moto's.
pub(crate) struct Proxy {
    server: Server,
    shared: Arc<Shared>,
}

impl Proxy {
    pub(crate) async fn start(account: &str) -> Self {
        let shared = Arc::new(Shared {
            account: account.to_owned(),
            client: client(),
            desk: Mutex::default(),
            one_at_a_time: tokio::sync::Mutex::default(),
        });
        let state = shared.clone();
        let server = Server::start(move |request| pass(state.clone(), request)).await;
        Self { server, shared }
    }

    /// Returns the value of `AWS_ENDPOINT_URL`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Makes all calls of a service fail until it is mended.
    pub(crate) fn fail(&self, service: &'static str, fault: Fault) {
        self.trouble(service, None, fault, None);
    }

    /// Makes one action of a service fail until the service is mended.
    pub(crate) fn fail_action(&self, service: &'static str, action: &'static str, fault: Fault) {
        self.trouble(service, Some(action), fault, None);
    }

    /// Makes the next calls of one action fail.
    pub(crate) fn fail_next(
        &self,
        service: &'static str,
        action: &'static str,
        fault: Fault,
        calls: usize,
    ) {
        self.trouble(service, Some(action), fault, Some(calls));
    }

    fn trouble(
        &self,
        service: &'static str,
        action: Option<&'static str>,
        fault: Fault,
        left: Option<usize>,
    ) {
        self.shared.desk().troubles.push(Trouble {
            service,
            action,
            fault,
            left,
        });
    }

    /// Makes one call fail, whichever it is: the first has number 0.
    pub(crate) fn fail_nth(&self, number: usize, fault: Fault) {
        self.shared.desk().nth = Some(Nth {
            before: number,
            fault,
            service: None,
        });
    }

    /// Makes all calls of a service fail from a call on, whichever that is.
    pub(crate) fn fail_from(&self, number: usize, service: &'static str, fault: Fault) {
        self.shared.desk().nth = Some(Nth {
            before: number,
            fault,
            service: Some(service),
        });
    }

    /// Returns all calls so far.
    pub(crate) fn all_calls(&self) -> Vec<Call> {
        self.shared.desk().calls.clone()
    }

    /// Waits until a call met that fault.
    pub(crate) async fn met(&self, fault: Fault) {
        let until = Instant::now() + Duration::from_secs(30);
        while !self
            .all_calls()
            .iter()
            .any(|call| call.fault == Some(fault))
        {
            assert!(Instant::now() < until, "no call met {fault:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Lets all services work again.
    pub(crate) fn mend_all(&self) {
        let mut desk = self.shared.desk();
        desk.troubles.clear();
        desk.nth = None;
    }

    /// Lets a service work again.
    pub(crate) fn mend(&self, service: &str) {
        let mut desk = self.shared.desk();
        desk.troubles.retain(|trouble| trouble.service != service);
    }

    /// Returns the calls of an action so far.
    pub(crate) fn calls(&self, service: &str, action: &str) -> Vec<Call> {
        let desk = self.shared.desk();
        let calls = desk.calls.iter();
        let of = |call: &&Call| call.service == service && call.action == action;
        calls.filter(of).cloned().collect()
    }

    /// Counts all calls by service and action.
    pub(crate) fn tally(&self) -> HashMap<String, usize> {
        let mut tally = HashMap::new();
        for call in &self.shared.desk().calls {
            *tally
                .entry(format!("{} {}", call.service, call.action))
                .or_default() += 1;
        }
        tally
    }

    /// Waits until an action was called that often.
    pub(crate) async fn reached(&self, service: &str, action: &str, calls: usize) {
        let until = Instant::now() + Duration::from_secs(30);
        while self.calls(service, action).len() < calls {
            assert!(
                Instant::now() < until,
                "{service} {action} was not called {calls} times"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Returns a client that goes to this machine only, whatever the environment says of proxies.
pub(crate) fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client without TLS settings")
}

async fn pass(shared: Arc<Shared>, request: Request) -> Reply {
    let (service, action) = names(&request);
    let fault = {
        let mut desk = shared.desk();
        let fault = desk.fault(service, &action);
        desk.calls.push(Call {
            at: Instant::now(),
            service,
            action,
            fault,
            body: String::from_utf8_lossy(&request.body).into_owned(),
        });
        fault
    };
    match fault {
        None => forward(&shared, &request).await,
        Some(Fault::Down) => failure(service, 500, "InternalServerError", "InternalError"),
        Some(Fault::Throttled) => throttled(service),
        Some(Fault::Denied) => failure(service, 400, "AccessDeniedException", "AuthorizationError"),
        Some(Fault::Hangs) => hang().await,
        Some(Fault::Closes) => Reply::Close,
        Some(Fault::LosesAnswer) => {
            forward(&shared, &request).await;
            Reply::Close
        }
        Some(Fault::HangsAfterwards) => {
            forward(&shared, &request).await;
            hang().await
        }
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            forward(&shared, &request).await
        }
    }
}

/// Returns service and action: most protocols have them in a header, SNS the action in the form that it is sent.
fn names(request: &Request) -> (&'static str, String) {
    let target = request.header("x-amz-target");
    if let Some((version, action)) = target.split_once('.') {
        let service = match version.split('_').next() {
            Some("DynamoDB") => "dynamodb",
            Some("AmazonSSM") => "ssm",
            Some("Logs") => "logs",
            Some("AmazonSQS") => "sqs",
            _ => "other",
        };
        return (service, action.to_owned());
    }
    let body = String::from_utf8_lossy(&request.body);
    let action = body
        .split('&')
        .find_map(|field| field.strip_prefix("Action="));
    ("sns", action.unwrap_or_default().to_owned())
}

fn throttled(service: &str) -> Reply {
    match service {
        "dynamodb" => failure(service, 400, "ProvisionedThroughputExceededException", ""),
        "sns" => failure(service, 429, "", "Throttled"),
        _ => failure(service, 400, "ThrottlingException", ""),
    }
}

/// Returns an error in a service's own form: SNS speaks XML, the others JSON.
fn failure(service: &str, status: u16, json_code: &str, xml_code: &str) -> Reply {
    let answer = if service == "sns" {
        let body = format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{xml_code}</Code><Message>as the test wants it</Message></Error><RequestId>0</RequestId></ErrorResponse>"
        );
        Answer::new(status, body).with("content-type", "text/xml")
    } else {
        let body = json!({"__type": json_code, "message": "as the test wants it"});
        Answer::new(status, body.to_string()).with("content-type", "application/x-amz-json-1.0")
    };
    Reply::Answer(answer)
}

async fn forward(shared: &Shared, request: &Request) -> Reply {
    let _turn = shared.one_at_a_time.lock().await;
    let method = request.method.parse().expect("a method");
    let url = format!("{}{}", Moto::shared().url(), request.path);
    let mut sent = shared
        .client
        .request(method, url)
        .body(request.body.clone());
    for (name, value) in &request.headers {
        if !matches!(
            name.as_str(),
            "host" | "content-length" | "connection" | "transfer-encoding"
        ) {
            sent = sent.header(name, value);
        }
    }
    let sent = sent
        .header("x-moto-account-id", &shared.account)
        .send()
        .await;
    let response = sent.expect("moto answers");
    let mut answer = Answer::new(response.status().as_u16(), "");
    for name in ["content-type", "x-amz-crc32", "x-amzn-requestid"] {
        if let Some(value) = response.headers().get(name) {
            answer.headers.insert(name, value.clone());
        }
    }
    answer.body = response.bytes().await.expect("moto's answer is whole");
    Reply::Answer(answer)
}
