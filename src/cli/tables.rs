//! `--table NAME=FILE`: the CSV files that `lookup` brings columns from.

use std::fs;

use super::Failure;
use crate::query::{LookupTable, LookupTables};

/// Reads the tables that were named.
pub(super) fn read(written: &[String]) -> Result<LookupTables, Failure> {
    let mut tables = LookupTables::default();
    for one in written {
        tables.add(table(one)?);
    }
    Ok(tables)
}

fn table(written: &str) -> Result<LookupTable, Failure> {
    let divided = written.split_once('=');
    let Some((name, file)) = divided.filter(|(name, file)| !name.is_empty() && !file.is_empty())
    else {
        return Err(Failure::usage(format!("`--table {written}` names no file"))
            .hint("write a name and a CSV file: --table users=users.csv".to_owned()));
    };
    let unreadable = |cause: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "the table `{name}` in {file} cannot be read: {cause}"
        ))
        .hint("it is a CSV file with the names of its columns in the first row".to_owned())
    };
    let text = fs::read(file).map_err(|error| unreadable(&error))?;
    LookupTable::from_csv(name, &text).map_err(|error| unreadable(&error))
}
