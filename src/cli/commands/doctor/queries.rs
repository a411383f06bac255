//! The saved queries: whether they can be run, and where.

use super::super::super::context::Context;
use super::super::super::output::counted;
use super::report::{Finding, Verdict};
use crate::drive::{self, Unusable};
use crate::query::portability;
use crate::saved::SavedQuery;

const AREA: &str = "saved queries";

/// Runs the tests of all queries, and asks what the Logs Insights service would make of them.
pub(super) fn findings(context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut queries, mut tests) = (0, 0);
    for query in context.catalog.iter() {
        match drive::check(query, &context.config) {
            Ok(checked) => {
                queries += 1;
                tests += checked.len() as u64;
                let problems = checked.into_iter().filter_map(|test| {
                    let problem = test.problem?;
                    Some(format!("line {}: {}: {problem}", test.line, test.name))
                });
                let problems: Vec<String> = problems.collect();
                if !problems.is_empty() {
                    findings.push(bad(query, &problems.join("\n")));
                }
            }
            Err(error) => findings.push(bad(query, &unusable(query, error))),
        }
    }
    for mistake in context.catalog.mistakes() {
        let text = mistake.render(false);
        let finding = Finding::new(AREA, mistake.name.as_str(), Verdict::Wrong, text.trim_end());
        findings.push(finding.mend(format!("mend {}", mistake.file.path)));
    }
    let queries = counted(queries, "query compiles", "queries compile");
    let tests = counted(tests, "test", "tests");
    let detail = format!("{queries}; {tests} in their files were run");
    findings.insert(0, Finding::new(AREA, "here", Verdict::Ok, detail));
    findings.push(elsewhere(context));
    findings
}

fn bad(query: &SavedQuery, detail: &str) -> Finding {
    let mend = format!("logq queries check {}", query.name);
    Finding::new(AREA, query.name.as_str(), Verdict::Wrong, detail).mend(mend)
}

fn unusable(query: &SavedQuery, error: Unusable) -> String {
    match error {
        Unusable::Mistakes(at) => {
            let text = at
                .faults
                .render(&query.file.path, &at.text, at.first_line, false);
            text.trim_end().to_owned()
        }
        Unusable::Parameters(message) => message,
        Unusable::NoTable(input) => {
            format!("the table `{}` is not in this version", input.name())
        }
    }
}

/// Says which queries the service refuses; they run here all the same.
fn elsewhere(context: &Context) -> Finding {
    let refused = |query: &&SavedQuery| {
        drive::portable(query).is_ok_and(|told| {
            let mut told = told.iter();
            told.any(|one| one.verdict == portability::Verdict::Refused)
        })
    };
    let all = context.catalog.iter().count();
    let refused: Vec<&str> = context
        .catalog
        .iter()
        .filter(refused)
        .map(|query| query.name.as_str())
        .collect();
    let taken = counted((all - refused.len()) as u64, "query", "queries");
    let detail = match refused.as_slice() {
        [] => format!("the service takes {taken}"),
        names => format!(
            "the service takes {taken}, and refuses {}",
            names.join(", ")
        ),
    };
    let finding = Finding::new(AREA, "on Logs Insights", Verdict::Ok, detail);
    let mend = "logq queries check --engine insights".to_owned();
    finding.mend((!refused.is_empty()).then_some(mend))
}
