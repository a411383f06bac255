//! The examples in the documentation do what they say.
//!
//! A code block tagged `pattern` holds a filter pattern in its first line and below it messages: `matches: …`,
//! `ignores: …`, or instead of them `refused: CODE`. A message's `\n` and `\t` stand for the characters, unless a
//! `{` begins it: JSON has the same escapes.
//!
//! A block tagged `query` holds a query that compiles, or in its last line `refused: CODE`. One that begins with
//! `# --from runs` is about runs.
//!
//! A block tagged `console` holds commands behind `$ `, and below each what it prints on standard output. One tagged
//! `toml` is a saved query, when it begins with a title, or a configuration.

use std::fs;
use std::path::{Path, PathBuf};

use logq::event::{Event, Origin};
use logq::pattern::Pattern;
use logq::query::{Program, Settings, Table, parser, reference};
use logq::record::Record;
use logq::time::Timestamp;

use crate::logq::Logq;

/// A fenced code block.
struct Block {
    tag: String,
    /// The line of the opening fence, from 1.
    line: usize,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Lists the files with examples: the READMEs and everything in `docs`.
fn documents() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("docs")).expect("readable");
    let mut files: Vec<PathBuf> = folder
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files.extend(["README.md", "README.ja.md"].map(|readme| root().join(readme)));
    files
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(tag), false) => blocks.push(Block {
                tag: tag.trim().to_owned(),
                line: index + 1,
                text: String::new(),
            }),
            (None, true) => {
                let block = blocks.last_mut().expect("one is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            _ => {}
        }
        open ^= line.starts_with("```");
    }
    blocks
}

/// Runs `check` on each block with the tag, and returns how many there are.
fn run_all(tag: &str, check: impl Fn(&Block) -> Result<(), String>) -> usize {
    let mut count = 0;
    for path in documents() {
        let markdown = fs::read_to_string(&path).expect("readable");
        for block in blocks(&markdown).iter().filter(|block| block.tag == tag) {
            count += 1;
            if let Err(error) = check(block) {
                panic!("{}:{}: {error}", path.display(), block.line);
            }
        }
    }
    count
}

#[test]
fn patterns_match_what_the_documents_say() {
    assert!(run_all("pattern", check_pattern) > 20);
}

fn check_pattern(block: &Block) -> Result<(), String> {
    let (text, expectations) = block.text.split_once('\n').ok_or("no pattern")?;
    if expectations.is_empty() {
        return Err("no message below the pattern".to_owned());
    }
    let pattern = Pattern::parse(text);
    for expectation in expectations.lines() {
        let (kind, message) = expectation
            .split_once(": ")
            .ok_or_else(|| format!("unclear: {expectation}"))?;
        let came_out = match &pattern {
            Err(mistakes) => format!("refused: {}", mistakes.0[0].code.0),
            Ok(pattern) if matches(pattern, message) => format!("matches: {message}"),
            Ok(_) => format!("ignores: {message}"),
        };
        if !matches!(kind, "matches" | "ignores" | "refused") || came_out != expectation {
            return Err(format!("`{text}` {came_out}, not {kind}: {message}"));
        }
    }
    Ok(())
}

fn matches(pattern: &Pattern, message: &str) -> bool {
    let message = if message.starts_with('{') {
        message.to_owned()
    } else {
        message.replace("\\n", "\n").replace("\\t", "\t")
    };
    let origin = Origin::default();
    pattern.matches(&Record::new(Event {
        timestamp: Timestamp::default(),
        ingestion: None,
        message: message.as_bytes(),
        origin: &origin,
        id: None,
    }))
}

#[test]
fn queries_compile_as_the_documents_say() {
    assert!(run_all("query", check_query) > 20);
}

fn check_query(block: &Block) -> Result<(), String> {
    let (text, expected) = match block.text.rsplit_once("refused: ") {
        Some((text, code)) => (text, format!("refused: {}", code.trim())),
        None => (block.text.as_str(), "compiles".to_owned()),
    };
    let runs = text.starts_with("# --from runs");
    let settings = Settings {
        table: if runs { Table::Runs } else { Table::Events },
        now: Timestamp::default(),
        window: None,
        default_limit: None,
    };
    let came_out = match Program::compile(text, &settings) {
        Ok(_) => "compiles".to_owned(),
        Err(mistakes) => format!("refused: {}", mistakes.0[0].code.0),
    };
    if came_out != expected {
        return Err(format!("`{text}` {came_out}, not {expected}"));
    }
    Ok(())
}

#[test]
fn the_query_page_knows_every_command() {
    let page = fs::read_to_string(root().join("docs/query-language.md")).expect("readable");
    let missing: Vec<&str> = parser::command_words()
        .filter(|word| !page.contains(&format!("\"{word}\"")))
        .collect();
    assert!(missing.is_empty(), "not in the grammar: {missing:?}");
}

/// The tables of the query page, each by the name of the comment that opens it.
fn tables() -> [(&'static str, String); 3] {
    [
        ("commands", reference::commands()),
        ("aggregates", reference::aggregates()),
        ("functions", reference::functions()),
    ]
}

/// Puts a table between the comments `<!-- NAME -->` and `<!-- end -->`.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let open = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&open).expect("the comment is there");
    let (_, behind) = rest.split_once("<!-- end -->").expect("it ends");
    format!("{before}{open}{table}<!-- end -->{behind}")
}

/// With `UPDATE_DOCS` set the page is written, else compared: `UPDATE_DOCS=1 cargo test --test it query_page`.
#[test]
fn the_query_page_has_the_tables_of_the_program() {
    let path = root().join("docs/query-language.md");
    let page = fs::read_to_string(&path).expect("readable");
    let fresh = tables().iter().fold(page.clone(), |page, (name, table)| {
        with_table(&page, name, table)
    });
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &fresh).expect("writable");
    } else {
        assert!(
            page == fresh,
            "out of date: UPDATE_DOCS=1 cargo test --test it query_page"
        );
    }
}

#[test]
fn commands_print_what_the_documents_say() {
    assert!(run_all("console", check_console) >= 3);
}

/// Runs each `$ command` of a block in the folder of the documents' files, and compares what it prints.
fn check_console(block: &Block) -> Result<(), String> {
    let text = format!("\n{}", block.text);
    let mut parts = text.split("\n$ ").filter(|part| !part.is_empty());
    parts.try_for_each(|part| {
        let (command, expected) = part.split_once('\n').ok_or("no command")?;
        let printed = printed_by(command);
        if printed.trim_end() == expected.trim_end() {
            Ok(())
        } else {
            Err(format!("`{command}` printed\n{printed}"))
        }
    })
}

fn printed_by(command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_logq"))
        .parent()
        .expect("in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let ended = std::process::Command::new("sh")
        .args(["-c", command])
        .current_dir(root().join("tests/data/readme"))
        .env("PATH", format!("{}:{path}", program.display()))
        .env("TZ", "UTC")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("a shell runs");
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

#[test]
fn saved_queries_in_the_documents_are_valid() {
    assert!(run_all("toml", check_toml) >= 2);
}

/// A block with a title is a saved query, whose tests pass; any other is a configuration.
fn check_toml(block: &Block) -> Result<(), String> {
    let logq = if block.text.starts_with("title") {
        Logq::new()
            .file("logq.toml", "")
            .file("queries/example.toml", &block.text)
    } else {
        Logq::new().file("logq.toml", &block.text)
    };
    let ended = logq.run("queries check");
    if ended.code == 0 {
        Ok(())
    } else {
        Err(format!("{}{}", ended.out, ended.err))
    }
}
