//! moto's server in a process of its own, shared by the tests of this binary.

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};

/// A running server. It reads its standard input, and so ends when the tests do.
pub(crate) struct Moto {
    port: u16,
    _child: Child,
    _input: ChildStdin,
}

impl Moto {
    /// Returns the server, which the first test starts.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start() -> Self {
        let script = root().join("lambda/tests/it/moto_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let input = child.stdin.take().expect("standard input is a pipe");
        let output = child.stdout.take().expect("standard output is a pipe");
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        read.expect("moto prints its port");
        let port = line.trim().parse();
        Self {
            port: port.expect("moto prints its port, or above this why it could not start"),
            _child: child,
            _input: input,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns a client of the region that the tests are in.
    pub(crate) fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(self.url());
        Client::from_conf(config.build())
    }

    /// Makes a table as the stack has it, and returns its name.
    pub(crate) fn table<'a>(&self, name: &'a str) -> &'a str {
        let mut request = self.client().create_table().table_name(name);
        for (part, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(part)
                .attribute_type(ScalarAttributeType::S);
            let key = KeySchemaElement::builder()
                .attribute_name(part)
                .key_type(kind);
            request = request
                .attribute_definitions(attribute.build().expect("complete"))
                .key_schema(key.build().expect("complete"));
        }
        let request = request.billing_mode(BillingMode::PayPerRequest).send();
        block_on(request).expect("the table is made");
        name
    }
}

/// Waits for what talks to the server.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the Python that has the packages of `lambda/tests/requirements.txt`.
fn python() -> PathBuf {
    let folder = root().join(".venv/moto/bin");
    assert!(
        folder.join("moto_server").exists(),
        "these tests need moto in `.venv/moto`, which `make test` sets up"
    );
    folder.join("python")
}
