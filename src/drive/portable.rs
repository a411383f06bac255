//! What the Logs Insights service makes of a saved query, told from the query and the events of its tests.

use super::Unusable;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::pattern::Pattern;
use crate::query::Table;
use crate::query::portability::{self, Seen, Verdict};
use crate::saved::{Expanded, Input, Located, SavedQuery};

/// One thing that the service takes otherwise, where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is, alone.
    pub at: Located,
}

/// Tells what the service would refuse of a saved query, and what is in doubt.
///
/// Parameters have their defaults; those without one have the values of the first test.
pub fn portable(query: &SavedQuery) -> Result<Vec<Told>, Unusable> {
    let table = match query.from {
        Input::Events => Table::Events,
        Input::Runs => Table::Runs,
        Input::Schedule => return Err(Unusable::NoTable(query.from)),
    };
    let given = query.tests.first().map_or(&[][..], |test| &test.params);
    let expanded = query
        .expand(&[])
        .or_else(|_| query.expand(given))
        .map_err(|error| Unusable::Parameters(error.message))?;
    let mut seen = Seen::default();
    for message in query.tests.iter().flat_map(|test| &test.events) {
        seen.add(message);
    }
    let findings = portability::check(&expanded.query, table, &seen);
    let told = findings.into_iter().map(|one| Told {
        verdict: one.verdict,
        at: query.locate_query(&expanded, one.diagnostic.into()),
    });
    Ok(pattern(query, &expanded).into_iter().chain(told).collect())
}

/// Refuses a filter pattern of which no condition of the query language is known to choose the same events.
fn pattern(query: &SavedQuery, expanded: &Expanded) -> Option<Told> {
    let text = expanded.filter.as_deref()?;
    let untold = Pattern::parse(text).ok()?.as_condition().err()?;
    let message = format!("the filter pattern cannot be said in the query language: {untold}");
    let hint = "say it in a `filter` of the query: `filter levelname = \"ERROR\"`";
    let one = Diagnostic::new(codes::PATTERN_STAYS, 0..text.len(), message);
    let faults = Diagnostics::from(one.hint(hint.to_owned()));
    Some(Told {
        verdict: Verdict::Refused,
        at: query.locate_filter(expanded, faults),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::SourceFile;

    fn codes_of(text: &str) -> Vec<&'static str> {
        let file = SourceFile {
            path: "queries/mine.toml".to_owned(),
            text: text.to_owned(),
            builtin: false,
        };
        let query = SavedQuery::parse("mine", file).expect("a saved query");
        let told = portable(&query).expect("it can be judged");
        told.iter().map(|one| one.at.faults.0[0].code.0).collect()
    }

    #[test]
    fn the_events_of_tests_tell_which_fields_there_are() {
        let query = "title = \"t\"\nquery = 'parse @message \"x=*\" as status | limit 5'\n";
        assert_eq!(codes_of(query), [""; 0]);
        let test = "[[tests]]\nname = \"n\"\nevents = ['{\"status\": 1}']\nrows = 1\n";
        assert_eq!(codes_of(&format!("{query}{test}")), ["Q071"]);
    }

    #[test]
    fn a_filter_pattern_is_translated_or_refused() {
        let query = "title = \"t\"\nfilter = 'ERROR'\nquery = 'limit 5'\n";
        assert_eq!(codes_of(query), [""; 0]);
        let query = "title = \"t\"\nfilter = '{ $.status >= 500 }'\nquery = 'limit 5'\n";
        assert_eq!(codes_of(query), ["Q082"]);
    }

    #[test]
    fn runs_are_only_here() {
        let query = "title = \"t\"\nfrom = \"runs\"\nquery = 'limit 5'\n";
        assert_eq!(codes_of(query), ["Q070"]);
    }

    #[test]
    fn parameters_without_a_default_are_those_of_the_first_test() {
        let query = "title = \"t\"\nquery = 'filter a = ${a} | limit 5'\n[params.a]\n\
                     [[tests]]\nname = \"n\"\nevents = []\nparams = { a = \"x\" }\nrows = 0\n";
        assert_eq!(codes_of(query), [""; 0]);
    }
}
