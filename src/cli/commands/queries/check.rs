//! `logq queries check`: the tests inside the files of saved queries.

use super::super::super::context::Context;
use super::super::super::output::{self, counted};
use super::super::super::{Exit, Failure};
use crate::drive::{self, Unusable};
use crate::render::escape;
use crate::saved::SavedQuery;

/// How the tests of all files went.
#[derive(Default)]
struct Verdict {
    passed: u64,
    failed: u64,
    /// Files whose tests could not be run at all.
    unusable: u64,
    /// What is wrong, each with its line end.
    text: String,
}

impl Verdict {
    fn failed(&mut self, problem: &str) {
        self.failed += 1;
        self.say(problem);
    }

    fn unusable(&mut self, problem: &str) {
        self.unusable += 1;
        self.say(problem);
    }

    fn say(&mut self, problem: &str) {
        self.text.push_str(problem);
        self.text.push('\n');
    }

    fn is_good(&self) -> bool {
        self.failed == 0 && self.unusable == 0
    }

    /// Returns `12 tests passed, 1 failed; 1 file cannot be used`.
    fn words(&self) -> String {
        let passed = counted(self.passed, "test passed", "tests passed");
        let unusable = match self.unusable {
            0 => String::new(),
            count => format!("; {} cannot be used", counted(count, "file", "files")),
        };
        format!("{passed}, {} failed{unusable}\n", self.failed)
    }
}

/// Runs the tests inside the files; the answer is a verdict, so a bad one ends with 1.
///
/// Of `queries` each is tried; without `is_chosen` they are all there are, and files that cannot be read count too.
pub(super) fn check(
    context: &Context,
    queries: &[&SavedQuery],
    is_chosen: bool,
) -> Result<Exit, Failure> {
    let mut verdict = Verdict::default();
    for query in queries {
        check_one(context, query, &mut verdict);
    }
    let mistakes = context.catalog.mistakes().iter();
    for mistake in mistakes.filter(|_| !is_chosen) {
        verdict.unusable(&mistake.render(context.look.color));
    }
    output::print_text(&format!("{}{}", verdict.text, verdict.words()))?;
    Ok(if verdict.is_good() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn check_one(context: &Context, query: &SavedQuery, verdict: &mut Verdict) {
    let path = escape::safe(&query.file.path);
    let tests = match drive::check(query, &context.config) {
        Ok(tests) => tests,
        Err(Unusable::Mistakes(at)) => {
            let color = context.look.color;
            let faults = at.faults;
            return verdict.unusable(&faults.render(&path, &at.text, at.first_line, color));
        }
        Err(Unusable::Parameters(message)) => {
            return verdict.unusable(&format!("{path}: {message}"));
        }
        Err(Unusable::NoTable(input)) => {
            let table = input.name();
            let said = format!("{path}: the table `{table}` is not in this version");
            return verdict.unusable(&said);
        }
    };
    for test in tests {
        match test.problem {
            None => verdict.passed += 1,
            Some(problem) => {
                let (line, name) = (test.line, test.name);
                let said = format!("{path}:{line}: {name}: {problem}");
                verdict.failed(&escape::safe_lines(&said));
            }
        }
    }
}
