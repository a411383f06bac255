//! The program behind the emulator of `cargo lambda watch`: somebody else's reading of the Runtime API.
//!
//! Where the emulator is not there or does not start, the test says so and ends. Where it starts, all has to work.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::bed::Bed;
use crate::proxy;
use crate::scenario::{FAILING, Scenario, TICK};
use crate::told::Told;

/// What `make lambda` installs.
const PROGRAM: &str = "../.venv/package/bin/cargo-lambda";
const START: Duration = Duration::from_secs(30);

/// A running emulator.
struct Watch {
    address: String,
    _child: Child,
}

impl Watch {
    /// Starts the emulator; an error says why that cannot be.
    async fn start() -> Result<Self, String> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM);
        if !program.is_file() {
            return Err(
                "`.venv/package` has no cargo-lambda, which `make lambda` sets up".to_owned(),
            );
        }
        let port = free_port().await.to_string();
        let mut child = Command::new(program)
            .args([
                "lambda",
                "watch",
                "--only-lambda-apis",
                "-A",
                "127.0.0.1",
                "-P",
                &port,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CARGO_LAMBDA_CHECK_UPDATE", "false")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| error.to_string())?;
        let address = format!("127.0.0.1:{port}");
        listens(&mut child, &address).await?;
        Ok(Self {
            address,
            _child: child,
        })
    }

    /// Invokes the function and returns what it answers.
    async fn invoke(&self, payload: &[u8]) -> Value {
        let address = format!("http://{}/2015-03-31/functions/_/invocations", self.address);
        let request = proxy::client().post(address).body(payload.to_vec());
        let answer = request.send().await.expect("the emulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("an answer is text");
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_str(&text).expect("an answer is JSON")
    }
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("a bound port").port()
}

async fn listens(child: &mut Child, address: &str) -> Result<(), String> {
    let until = Instant::now() + START;
    while Instant::now() < until {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        if let Ok(Some(status)) = child.try_wait() {
            let mut said = String::new();
            if let Some(stderr) = &mut child.stderr {
                let _ = stderr.read_to_string(&mut said).await;
            }
            return Err(format!("cargo-lambda ended with {status}: {said}"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("cargo-lambda does not listen".to_owned())
}

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "a test that does nothing has to say so"
)]
async fn a_failed_run_is_told_under_the_emulator() {
    let watch = match Watch::start().await {
        Ok(watch) => watch,
        Err(reason) => {
            eprintln!("skipped, without `cargo lambda watch`: {reason}");
            return;
        }
    };
    let bed = Bed::new().await;
    let scenario = Scenario::of(&[FAILING]).written_to(&bed).await;
    let mut function = bed.function().await;
    let api = format!("http://{}/.rt", watch.address);
    function.set("AWS_LAMBDA_RUNTIME_API", &api);
    function.start();
    for payload in scenario.plainly() {
        let answer = watch.invoke(&payload).await;
        assert_eq!(answer["result"], "done", "{answer}");
    }
    assert_eq!(watch.invoke(TICK).await["input"], "tick");
    assert_eq!(
        watch.invoke(br#"{"Records": []}"#).await["input"],
        "refused"
    );
    Told::by(&bed).await.check(&scenario.runs);
    let printed = function.stop().await;
    assert_eq!(
        printed.metric("Alerts").round() as u64,
        1,
        "{}",
        printed.text()
    );
}
