//! A call of the program that goes on until it is ended: what it has written so far is waited for.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::logq::{Ended, Logq, words};

/// How long something is waited for that must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running call.
pub(crate) struct Following<'a> {
    logq: &'a Logq,
    child: Child,
    input: Option<ChildStdin>,
    out: Arc<Mutex<Vec<String>>>,
    err: Arc<Mutex<Vec<u8>>>,
    readers: Vec<std::thread::JoinHandle<()>>,
}

impl<'a> Following<'a> {
    /// Starts the program; what is written to it is piped in.
    pub(crate) fn piped(logq: &'a Logq, arguments: &str) -> Self {
        Self::spawn(logq, arguments, Stdio::piped())
    }

    /// Starts the program with nothing to read.
    pub(crate) fn start(logq: &'a Logq, arguments: &str) -> Self {
        Self::spawn(logq, arguments, Stdio::null())
    }

    fn spawn(logq: &'a Logq, arguments: &str, input: Stdio) -> Self {
        let mut child = logq
            .command()
            .args(words(arguments))
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (out, err) = (
            Arc::<Mutex<Vec<String>>>::default(),
            Arc::<Mutex<Vec<u8>>>::default(),
        );
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut errors = child.stderr.take().expect("a pipe");
        let (to_out, to_err) = (Arc::clone(&out), Arc::clone(&err));
        let readers = vec![
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    to_out.lock().expect("no panic").push(line);
                }
            }),
            std::thread::spawn(move || {
                let mut buffer = [0; 1000];
                while let Ok(count @ 1..) = errors.read(&mut buffer) {
                    to_err
                        .lock()
                        .expect("no panic")
                        .extend_from_slice(&buffer[..count]);
                }
            }),
        ];
        Self {
            logq,
            input: child.stdin.take(),
            child,
            out,
            err,
            readers,
        }
    }

    /// Writes to its standard input.
    pub(crate) fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("piped");
        input.write_all(text.as_bytes()).expect("it reads");
    }

    /// Ends its standard input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits until it has written so many lines, and returns all of them.
    #[track_caller]
    pub(crate) fn lines(&self, count: usize) -> Vec<String> {
        self.until(&format!("{count} lines"), || self.out().len() >= count);
        self.out()
    }

    /// Waits until it has said something on standard error.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        self.until(text, || self.err().contains(text));
    }

    /// Waits until something is the case.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(
                began.elapsed() < PATIENCE,
                "no {what}: {:?}\n{}",
                self.out(),
                self.err()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Presses Ctrl-C, and waits for the end.
    pub(crate) fn interrupt(self) -> Ended {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.expect("there is such a command").success());
        self.end()
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it was started") {
                break status;
            }
            if began.elapsed() > PATIENCE {
                self.child.kill().expect("it runs");
                panic!("it does not end: {:?}\n{}", self.out(), self.err());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        for reader in self.readers.drain(..) {
            reader.join().expect("no panic");
        }
        let lines = self.out().into_iter().map(|line| line + "\n");
        Ended {
            code: status.code().unwrap_or(-1),
            out: lines.collect(),
            err: self.err(),
        }
    }

    /// Returns whether it has written nothing so far.
    pub(crate) fn out_is_empty(&self) -> bool {
        self.out().is_empty()
    }

    /// Returns whether it has written a line.
    pub(crate) fn has(&self, line: &str) -> bool {
        self.out().iter().any(|one| one == line)
    }

    fn out(&self) -> Vec<String> {
        self.out.lock().expect("no panic").clone()
    }

    fn err(&self) -> String {
        self.logq.neutral(&self.err.lock().expect("no panic"))
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        // Of a test that has failed.
        let _ = self.child.kill();
    }
}
