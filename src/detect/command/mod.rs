//! Reads what a task was told to run: the management command's name, and whether it is a migration.
//!
//! A container's command is a list of words, often `sh -c` with a script inside. The script is cut into its
//! simple commands, quotes respected; variables, loops and conditions are not followed, as only the programs
//! named in it matter.

use std::path::Path;

/// How deep `sh -c` inside `sh -c` is followed.
const MAX_SHELLS: usize = 4;

/// A task's command, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The words as one line, quoted as a shell would need them.
    pub text: String,
    /// The programs it runs, in the order they are named.
    pub steps: Vec<Step>,
    /// Whether a shell runs them: then the exit code need not be that of the one that failed.
    pub in_shell: bool,
}

/// One program of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The management command, script, module or program.
    pub name: String,
    /// Whether `manage.py` or `django-admin` runs it.
    pub managed: bool,
    /// What follows the name.
    pub arguments: Vec<String>,
}

impl Command {
    /// Reads the words of a container's command.
    pub fn parse(words: &[String]) -> Self {
        let mut command = Self {
            text: words
                .iter()
                .map(|word| quote(word))
                .collect::<Vec<_>>()
                .join(" "),
            ..Self::default()
        };
        command.read(words, 0);
        command
    }

    fn read(&mut self, words: &[String], depth: usize) {
        match shell_script(words) {
            Some(script) if depth < MAX_SHELLS => {
                self.in_shell = true;
                for simple in split_script(script) {
                    self.read(&simple, depth + 1);
                }
            }
            _ => self.steps.extend(Step::read(words)),
        }
    }

    /// Returns the name a person would call the task by.
    ///
    /// A migration names the whole; else it is the first step that does more than wait or check.
    pub fn name(&self) -> Option<&str> {
        let migrates = self.steps.iter().find(|step| step.is_migration());
        let managed = || {
            self.steps
                .iter()
                .find(|step| step.managed && !step.is_preparation())
        };
        let step = migrates
            .or_else(managed)
            .or_else(|| self.steps.iter().find(|step| !step.is_preparation()))
            .or(self.steps.first());
        step.map(|step| step.name.as_str())
    }

    /// Returns whether it changes the database's schema through Django's migrations.
    pub fn is_migration(&self) -> bool {
        self.steps.iter().any(Step::is_migration)
    }

    /// Returns whether a script of this file name is one of its steps.
    pub fn runs_file(&self, file: &str) -> bool {
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str());
        self.steps.iter().any(|step| {
            if step.managed {
                matches!(stem, Some("manage" | "django-admin" | "__main__"))
            } else {
                stem == Some(step.name.as_str())
            }
        })
    }
}

impl Step {
    /// Reads one simple command; `None` when it names no program.
    ///
    /// Programs that start another one are many, and their options too: an interpreter is looked for behind any.
    fn read(words: &[String]) -> Option<Self> {
        let bare = skip_wrappers(words);
        let program = bare.first()?;
        if is_preparation(program) {
            return Some(Self::plain(program, &bare[1..]));
        }
        if let Some(at) = words.iter().position(|word| is_manage(word)) {
            return Self::managed(&words[at + 1..]);
        }
        if let Some(at) = words.windows(2).position(|pair| pair == ["-m", "django"]) {
            return Self::managed(&words[at + 2..]);
        }
        if let Some(at) = words.iter().position(|word| is_python(word)) {
            return Self::python(&words[at + 1..]);
        }
        let script = bare.iter().skip(1).position(|word| !word.starts_with('-'));
        match script.filter(|_| is_shell(program)) {
            Some(at) => Some(Self::plain(stem(&bare[at + 1]), &bare[at + 2..])),
            None => Some(Self::plain(stem(program), &bare[1..])),
        }
    }

    fn managed(words: &[String]) -> Option<Self> {
        let mut at = 0;
        while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
            let takes_value = matches!(
                word.as_str(),
                "--settings" | "--pythonpath" | "-v" | "--verbosity"
            );
            at += 1 + usize::from(takes_value);
        }
        Some(Self {
            name: words.get(at)?.clone(),
            managed: true,
            arguments: words[at + 1..].to_vec(),
        })
    }

    fn python(words: &[String]) -> Option<Self> {
        let mut rest = words.iter().enumerate();
        while let Some((at, word)) = rest.next() {
            match word.as_str() {
                "-m" => return Some(Self::plain(words.get(at + 1)?, &words[at + 2..])),
                "-c" | "-" => return Some(Self::plain("python", &words[at..])),
                // Options without a value may stand in front of it in one word, as in `-um`.
                bundle if bundle.ends_with('m') && is_bundle(bundle) => {
                    return Some(Self::plain(words.get(at + 1)?, &words[at + 2..]));
                }
                "-W" | "-X" => drop(rest.next()),
                option if option.starts_with('-') => {}
                script => return Some(Self::plain(stem(script), &words[at + 1..])),
            }
        }
        None
    }

    fn plain(name: &str, arguments: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            managed: false,
            arguments: arguments.to_vec(),
        }
    }

    /// Returns whether this step migrates: `migrate` without an option that only looks.
    pub fn is_migration(&self) -> bool {
        let only_looks = |argument: &String| {
            matches!(
                argument.as_str(),
                "--plan" | "--check" | "--help" | "-h" | "--list" | "-l"
            )
        };
        self.managed
            && matches!(self.name.as_str(), "migrate" | "migrate_schemas")
            && !self.arguments.iter().any(only_looks)
    }

    /// Returns whether the step only makes way for the ones that matter.
    fn is_preparation(&self) -> bool {
        !self.managed && is_preparation(&self.name)
            || self.managed && matches!(self.name.as_str(), "check" | "collectstatic")
            || self.name.starts_with("wait")
    }
}

/// Returns whether a program is one of those that scripts call around the one that matters.
fn is_preparation(program: &str) -> bool {
    const PREPARATIONS: [&str; 45] = [
        "echo",
        "printf",
        "set",
        "unset",
        "export",
        "cd",
        "pwd",
        "sleep",
        "date",
        "test",
        "[",
        "[[",
        "true",
        "false",
        ":",
        "exit",
        "return",
        "break",
        "continue",
        "source",
        ".",
        "trap",
        "ulimit",
        "umask",
        "shift",
        "read",
        "mkdir",
        "chmod",
        "chown",
        "cp",
        "mv",
        "rm",
        "ln",
        "ls",
        "touch",
        "cat",
        "nc",
        "pg_isready",
        "for",
        "case",
        "done",
        "fi",
        "esac",
        "}",
        "#",
    ];
    PREPARATIONS.contains(&program)
}

/// Returns the script of `sh -c SCRIPT`, also behind `exec`, `env` and the like.
fn shell_script(words: &[String]) -> Option<&str> {
    let words = skip_wrappers(words);
    // Behind programs that start another one, too: `su app -c …` names no shell at all.
    let at = words
        .iter()
        .position(|word| is_shell(word) || word == "su")?;
    let behind_wrapper =
        at == 0 || !is_preparation(&words[0]) && !words[..at].iter().any(|word| is_python(word));
    let words = behind_wrapper.then(|| &words[at..])?;
    // `-c` may stand in a bundle, as in `sh -exc`.
    let option =
        |word: &String| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    let at = words.iter().position(option)?;
    words.get(at + 1).map(String::as_str)
}

/// Words in front of a command that are not its name: programs that start another one, and the shell's own.
const WRAPPERS: [&str; 22] = [
    "exec",
    "env",
    "nohup",
    "nice",
    "time",
    "command",
    "tini",
    "dumb-init",
    "catchsegv",
    "run",
    "do",
    "then",
    "else",
    "if",
    "elif",
    "until",
    "while",
    "!",
    "{",
    "(",
    "--",
    "sudo",
];

/// Passes over what only starts another program: assignments, shell words, `exec`, `env`, `timeout 30`.
fn skip_wrappers(mut words: &[String]) -> &[String] {
    while let Some(word) = words.first() {
        let wrapper = match base_name(word) {
            name if WRAPPERS.contains(&name) => true,
            "poetry" | "pipenv" | "uv" | "pdm" | "hatch" | "rye" => {
                words.get(1).is_some_and(|next| next == "run")
            }
            "timeout" => {
                words = skip_timeout(&words[1..]);
                continue;
            }
            name => is_assignment(name) || is_assignment(word),
        };
        if !wrapper {
            break;
        }
        words = &words[1..];
        while words.first().is_some_and(|word| word.starts_with('-')) {
            words = &words[1..];
        }
    }
    words
}

/// Passes over the options and the duration of `timeout -s KILL 4 …`.
fn skip_timeout(mut words: &[String]) -> &[String] {
    while let Some(word) = words.first().filter(|word| word.starts_with('-')) {
        let takes_value = matches!(word.as_str(), "-s" | "--signal" | "-k" | "--kill-after");
        words = words
            .get(1 + usize::from(takes_value)..)
            .unwrap_or_default();
    }
    words.get(1..).unwrap_or_default()
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else {
        return false;
    };
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_manage(word: &str) -> bool {
    matches!(
        base_name(word),
        "manage.py" | "django-admin" | "django-admin.py"
    )
}

fn is_shell(word: &str) -> bool {
    matches!(base_name(word), "sh" | "bash" | "dash" | "ash" | "zsh")
}

fn is_python(word: &str) -> bool {
    let base = base_name(word);
    let version = ["python", "pypy"]
        .iter()
        .find_map(|name| base.strip_prefix(name));
    version.is_some_and(|version| {
        version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// Returns whether a word is a bundle of the interpreter's options of one letter.
fn is_bundle(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    letters
        .bytes()
        .all(|byte| b"bBdEiIOPqsSuvxm".contains(&byte))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn stem(word: &str) -> &str {
    let base = base_name(word);
    [".py", ".sh"]
        .iter()
        .find_map(|end| base.strip_suffix(end))
        .unwrap_or(base)
}

/// Cuts a shell script into simple commands of words.
fn split_script(script: &str) -> Vec<Vec<String>> {
    let mut splitter = Splitter::default();
    let mut chars = script.chars().peekable();
    while let Some(char) = chars.next() {
        match (splitter.quote, char) {
            (Some('"') | None, '\\') => match chars.next() {
                // The line goes on.
                Some('\n') => {}
                escaped => splitter.push(escaped),
            },
            (Some('"') | None, '$') if chars.peek() == Some(&'(') => {
                splitter.push(Some(char));
                splitter.substitute(&mut chars);
            }
            (Some(quote), char) if quote == char => splitter.quote = None,
            (None, '\'' | '"' | '`') => {
                splitter.quote = Some(char);
                splitter.push(None);
            }
            (None, '#') if splitter.word.is_none() => {
                while chars.next_if(|next| *next != '\n').is_some() {}
            }
            (None, ';' | '&' | '|' | '\n' | '(' | ')') => splitter.end_command(),
            (None, char) if char.is_whitespace() => splitter.end_word(),
            (_, char) => splitter.push(Some(char)),
        }
    }
    splitter.end_command();
    splitter.commands
}

#[derive(Default)]
struct Splitter {
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    quote: Option<char>,
}

impl Splitter {
    /// Adds a character to the word; none begins a word that may stay empty, as `''` does.
    fn push(&mut self, char: Option<char>) {
        self.word.get_or_insert_default().extend(char);
    }

    /// Takes `(…)` behind a dollar sign as a piece of the word: its output is no command.
    fn substitute(&mut self, chars: &mut impl Iterator<Item = char>) {
        let mut depth = 0_usize;
        for char in chars {
            self.push(Some(char));
            match char {
                '(' => depth += 1,
                ')' if depth <= 1 => return,
                ')' => depth -= 1,
                _ => {}
            }
        }
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

/// Quotes a word so that a shell reads it back as one.
fn quote(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,~".contains(&byte);
    if !word.is_empty() && word.bytes().all(|byte| plain(byte) || byte >= 0x80) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;
