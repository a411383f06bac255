//! The columns of one line of CSV.

use crate::value::Value;

/// Reads the first columns of a line; those that are not there are null, more are dropped.
pub(super) fn columns(line: &str, count: usize) -> Vec<Value<'static>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader
        .has_headers(false)
        .flexible(true)
        .from_reader(line.as_bytes());
    let mut record = csv::ByteRecord::new();
    let read = reader.read_byte_record(&mut record).unwrap_or(false);
    let column = |at: usize| {
        let text = record.get(at).filter(|_| read);
        text.map(|text| String::from_utf8_lossy(text).into_owned())
            .into()
    };
    (0..count).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_missing_columns_are_null() {
        let texts = columns("a,\"b, \"\"c\"\"\",,d", 6);
        let texts: Vec<Option<String>> = texts
            .iter()
            .map(|one| one.to_text().map(Into::into))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            texts,
            [some("a"), some("b, \"c\""), some(""), some("d"), None, None]
        );
        assert_eq!(columns("", 1), [Value::Null]);
    }
}
