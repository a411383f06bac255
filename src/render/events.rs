//! Events as they stream by: lines for people, or one of the machine formats.

use super::{Format, Look, Pretty, csv, json};
use crate::record::Record;

/// The columns of events in machine formats.
const COLUMNS: [&str; 4] = ["@timestamp", "@log", "@logStream", "@message"];

/// Writes events one after the other; a clone writes the same way, for another thread.
#[derive(Clone, Debug)]
pub struct Events {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Pretty(Box<Pretty>),
    /// With a comma and a line end before each object, for a document.
    Json,
    Ndjson,
    Csv(csv::Target),
    Raw,
}

impl Events {
    /// Creates a writer; `table` gives lines for people.
    pub fn new(format: Format, look: &Look) -> Self {
        let form = match format {
            Format::Table => Form::Pretty(Box::new(Pretty::new(&look.zone, look.color))),
            Format::Json => Form::Json,
            Format::Ndjson => Form::Ndjson,
            Format::Csv => Form::Csv(csv::Target::of(look)),
            Format::Raw => Form::Raw,
        };
        Self { form }
    }

    /// Says of each line for people which stream it is from: for events of several.
    #[must_use]
    pub fn with_streams(self) -> Self {
        let form = match self.form {
            Form::Pretty(pretty) => Form::Pretty(Box::new(pretty.with_streams())),
            other => other,
        };
        Self { form }
    }

    /// Appends what stands before the first event; `bom` asks for a byte order mark.
    pub fn head(&self, bom: bool, out: &mut Vec<u8>) {
        if matches!(self.form, Form::Csv(_)) {
            csv::write_head(&COLUMNS, bom, out);
        }
    }

    /// Appends one event.
    pub fn event(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Pretty(pretty) => pretty.event(record, out),
            Form::Raw => {
                out.extend_from_slice(record.event.message);
                out.push(b'\n');
            }
            Form::Json => {
                out.extend_from_slice(b",\n");
                write_object(record, true, out);
            }
            Form::Ndjson => {
                write_object(record, false, out);
                out.push(b'\n');
            }
            Form::Csv(target) => write_cells(record, *target, out),
        }
    }
}

/// Appends the event as an object; an unknown time, group or stream is `null` in a document, else left out.
fn write_object(record: &Record<'_>, in_document: bool, out: &mut Vec<u8>) {
    let event = &record.event;
    let known = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let at = event.timestamp.known().map(|at| at.to_string());
    let members = [
        ("@timestamp", at.as_deref()),
        ("@log", known(&event.origin.group)),
        ("@logStream", known(&event.origin.stream)),
    ];
    out.push(b'{');
    for (name, value) in members {
        if value.is_none() && !in_document {
            continue;
        }
        json::write_text(name, out);
        out.push(b':');
        match value {
            Some(value) => json::write_text(value, out),
            None => out.extend_from_slice(b"null"),
        }
        out.push(b',');
    }
    out.extend_from_slice(b"\"@message\":");
    json::write_text(&record.text(), out);
    out.push(b'}');
}

fn write_cells(record: &Record<'_>, target: csv::Target, out: &mut Vec<u8>) {
    let event = &record.event;
    let at = event.timestamp.known().map(|at| at.to_string());
    let (at, message) = (at.unwrap_or_default(), record.text());
    csv::write_texts(
        &[&at, &event.origin.group, &event.origin.stream, &message],
        target,
        out,
    );
}
