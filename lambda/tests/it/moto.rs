//! moto's server in a process of its own, shared by the tests of this binary.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

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
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/moto_server.py");
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
}

/// Returns the Python that has the packages of `lambda/tests/requirements.txt`.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/moto/bin");
    assert!(
        folder.join("moto_server").exists(),
        "these tests need moto in `.venv/moto`, which `make test` sets up"
    );
    folder.join("python")
}
