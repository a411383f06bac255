//! What real programs printed, one file of envelopes each.

use include_dir::{Dir, include_dir};
use serde::Deserialize;

static RECORDINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/demo");

/// One recorded event.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Recorded {
    /// When it was recorded, in milliseconds.
    pub(super) timestamp: i64,
    /// The line.
    pub(super) message: String,
}

/// Returns the lines of a recording.
pub(super) fn lines(name: &str) -> Vec<Recorded> {
    let file = RECORDINGS
        .get_file(format!("{name}.jsonl"))
        .expect("the plan names recordings that there are");
    let text = file.contents_utf8().expect("recordings are UTF-8");
    let read = |line| serde_json::from_str(line).expect("recordings are envelopes, one a line");
    text.lines().map(read).collect()
}
