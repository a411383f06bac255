//! Writing a file of a saved query, for one that the program makes from something else.

use std::fmt::Write;

/// What stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// Comments above all of it, each without its `#`.
    pub comments: Vec<String>,
    /// A short heading.
    pub title: &'a str,
    /// The logical log groups; empty: the default.
    pub groups: Vec<&'a str>,
    /// The query, with its parameters as `${name}`.
    pub query: &'a str,
    /// The parameters: name, default as TOML spells it, description.
    pub params: Vec<(&'a str, String, &'a str)>,
}

impl Draft<'_> {
    /// Returns the text of the file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for comment in &self.comments {
            let shown: String = comment
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            line(&mut text, format_args!("# {shown}"));
        }
        line(&mut text, format_args!("title = {}", quoted(self.title)));
        if !self.groups.is_empty() {
            let groups: Vec<String> = self.groups.iter().map(|group| quoted(group)).collect();
            line(&mut text, format_args!("groups = [{}]", groups.join(", ")));
        }
        line(&mut text, format_args!("query = {}", block(self.query)));
        for (name, default, description) in &self.params {
            line(&mut text, format_args!("\n[params.{name}]"));
            if !description.is_empty() {
                line(
                    &mut text,
                    format_args!("description = {}", quoted(description)),
                );
            }
            line(&mut text, format_args!("default = {default}"));
        }
        text
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{what}").expect("a string takes all text");
}

/// Writes a text on lines of its own, as it is where TOML can hold it so.
fn block(text: &str) -> String {
    let text = text.trim();
    let is_plain = |c: char| matches!(c, '\n' | '\t') || !c.is_control();
    if text.contains("'''") || text.ends_with('\'') || !text.chars().all(is_plain) {
        return quoted(text);
    }
    format!("'''\n{text}\n'''")
}

/// Writes a text in double quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                write!(out, "\\u{:04X}", u32::from(c)).expect("a string takes all text");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::saved::{SavedQuery, SourceFile};

    fn read(text: &str) -> SavedQuery {
        let file = SourceFile {
            path: "queries/mine.toml".to_owned(),
            text: text.to_owned(),
            builtin: false,
        };
        SavedQuery::parse("mine", file).expect("what is written can be read")
    }

    #[test]
    fn a_draft_looks_like_a_file_that_a_person_wrote() {
        let draft = Draft {
            comments: vec!["from the console\x1b".to_owned()],
            title: "Slow \"ones\"",
            groups: vec!["webapp"],
            query: "filter took > ${seconds}\n| limit 5",
            params: vec![("seconds", "10".to_owned(), "how long")],
        };
        insta::assert_snapshot!(draft.text(), @r#"
        # from the console 
        title = "Slow \"ones\""
        groups = ["webapp"]
        query = '''
        filter took > ${seconds}
        | limit 5
        '''

        [params.seconds]
        description = "how long"
        default = 10
        "#);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(title in "\\PC+|.+", query in "(?s)[^$]+|['\"\n\\\\]{1,8}") {
            let draft = Draft { title: &title, query: &query, ..Draft::default() };
            prop_assume!(!title.trim().is_empty());
            let read = read(&draft.text());
            prop_assert_eq!(read.title, title);
            prop_assert_eq!(read.query.text.trim(), query.trim());
        }
    }
}
