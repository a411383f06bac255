//! Tables that `lookup` and `cidrlookup` bring columns from: named, all of text, given to a query beside the rows.

use std::sync::Arc;

use thiserror::Error;

/// A table with a head row, read from CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupTable {
    /// What queries call it.
    pub name: Arc<str>,
    /// The names of its columns.
    pub columns: Vec<Arc<str>>,
    /// Its rows, each with as many texts as there are columns.
    pub rows: Vec<Vec<Arc<str>>>,
}

/// The tables that a query can name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookupTables(Vec<Arc<LookupTable>>);

/// Why a text is no table.
#[derive(Debug, Error)]
pub enum TableError {
    /// There is no head row.
    #[error("the table has no head row")]
    Empty,
    /// It is no CSV.
    #[error("not readable as CSV")]
    Csv(#[from] csv::Error),
    /// A column name stands there twice.
    #[error("the column `{0}` is there twice")]
    Twice(String),
}

impl LookupTable {
    /// Reads a table from CSV; a short row is filled with empty texts, what is beyond the head row is dropped.
    pub fn from_csv(name: &str, text: &[u8]) -> Result<Self, TableError> {
        // Spreadsheets put a mark in front of UTF-8.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let head = reader.byte_headers()?;
        let columns: Vec<Arc<str>> = head.iter().map(shared).collect();
        if columns.is_empty() {
            return Err(TableError::Empty);
        }
        for (at, column) in columns.iter().enumerate() {
            if columns[..at].contains(column) {
                return Err(TableError::Twice(column.to_string()));
            }
        }
        let mut rows = Vec::new();
        for record in reader.byte_records() {
            let mut row: Vec<Arc<str>> = record?.iter().map(shared).collect();
            row.resize(columns.len(), Arc::from(""));
            rows.push(row);
        }
        let name = Arc::from(name);
        Ok(Self {
            name,
            columns,
            rows,
        })
    }

    /// Returns the position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| **column == *name)
    }
}

fn shared(bytes: &[u8]) -> Arc<str> {
    Arc::from(String::from_utf8_lossy(bytes).as_ref())
}

impl LookupTables {
    /// Adds a table; one of the same name before it is no longer found.
    pub fn add(&mut self, table: LookupTable) {
        self.0.insert(0, Arc::new(table));
    }

    /// Finds a table by its name.
    pub fn find(&self, name: &str) -> Option<&Arc<LookupTable>> {
        self.0.iter().find(|table| *table.name == *name)
    }

    /// Returns the names of all tables.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|table| &*table.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_as_many_texts_as_there_are_columns() {
        let table = LookupTable::from_csv("t", b"\xef\xbb\xbfid,name\n1,\"Ann, B\"\n2\n3,x,y\n")
            .expect("a table");
        let rows: Vec<String> = table.rows.iter().map(|row| row.join("|")).collect();
        assert_eq!(rows, ["1|Ann, B", "2|", "3|x"]);
        assert_eq!(table.column("id"), Some(0));
    }

    #[test]
    fn a_table_needs_a_head_row_of_different_names() {
        assert!(matches!(
            LookupTable::from_csv("t", b""),
            Err(TableError::Empty)
        ));
        assert!(matches!(
            LookupTable::from_csv("t", b"a,a\n1,2\n"),
            Err(TableError::Twice(_))
        ));
    }
}
