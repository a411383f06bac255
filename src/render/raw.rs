//! `raw`: messages with their bytes as they are, for the next program.

use super::{Ending, Renderer};
use crate::row::{Columns, Row};

/// The field that is printed alone where a query has it.
const MESSAGE: &str = "@message";

/// Messages, one a line; rows without a message are their values with tabs between them.
#[derive(Debug, Default)]
pub(super) struct Raw {
    message: Option<usize>,
}

impl Renderer for Raw {
    fn start(&mut self, columns: &Columns, _out: &mut Vec<u8>) {
        self.message = columns.iter().position(|name| &**name == MESSAGE);
    }

    fn row(&mut self, row: &Row, out: &mut Vec<u8>) {
        match self.message {
            Some(at) => write(&row.values[at], out),
            None => {
                for (at, value) in row.values.iter().enumerate() {
                    if at > 0 {
                        out.push(b'\t');
                    }
                    write(value, out);
                }
            }
        }
        out.push(b'\n');
    }

    fn finish(&mut self, _ending: Ending, _out: &mut Vec<u8>) {}
}

fn write(value: &crate::value::Value<'_>, out: &mut Vec<u8>) {
    use crate::value::Value;
    match value {
        Value::Timestamp(at) => at.write_rfc3339(out),
        value => out.extend_from_slice(value.to_text().unwrap_or_default().as_bytes()),
    }
}
