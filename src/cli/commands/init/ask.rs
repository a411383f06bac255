//! Questions to a person: a line with what is taken when nothing is answered, and a line of answer.

use std::io::{BufRead, Write};

use super::super::super::Failure;
use crate::render::escape;

/// A person who can be asked.
pub(super) struct Person<'a> {
    /// Where answers come from.
    pub(super) answers: &'a mut dyn BufRead,
    /// Where questions go.
    pub(super) questions: &'a mut dyn Write,
}

impl Person<'_> {
    /// Says something.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.questions, "{}", escape::safe_lines(text))?;
        Ok(())
    }

    /// Asks for a text until `check` accepts it; an empty answer is the one that was offered.
    pub(super) fn ask(
        &mut self,
        question: &str,
        offered: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, Failure> {
        loop {
            let offer = escape::safe(offered);
            write!(self.questions, "{question} [{offer}]: ")?;
            self.questions.flush()?;
            let answer = self.line()?;
            let answer = if answer.is_empty() { offered } else { &answer };
            match check(answer) {
                Ok(()) => return Ok(answer.to_owned()),
                Err(complaint) => self.say(&format!("  {complaint}"))?,
            }
        }
    }

    /// Asks for a yes or a no.
    pub(super) fn confirm(&mut self, question: &str) -> Result<bool, Failure> {
        let check = |answer: &str| match answer.to_ascii_lowercase().as_str() {
            "y" | "yes" | "n" | "no" => Ok(()),
            _ => Err("yes or no".to_owned()),
        };
        let answer = self.ask(question, "yes", check)?;
        Ok(answer.to_ascii_lowercase().starts_with('y'))
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line)?;
        if read == 0 {
            return Err(
                Failure::incomplete("there was no answer; nothing is written")
                    .hint("without questions: logq init --yes".to_owned()),
            );
        }
        Ok(line.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(
        answers: &str,
        talk: impl FnOnce(&mut Person<'_>) -> Result<String, Failure>,
    ) -> (String, String) {
        let mut questions = Vec::new();
        let mut person = Person {
            answers: &mut answers.as_bytes(),
            questions: &mut questions,
        };
        let end = talk(&mut person).unwrap_or_else(|failure| failure.render(false));
        (String::from_utf8(questions).expect("text"), end)
    }

    #[test]
    fn an_empty_answer_takes_what_is_offered() {
        let (said, answer) = talk("\n", |person| person.ask("Zone", "UTC", |_| Ok(())));
        assert_eq!((said.as_str(), answer.as_str()), ("Zone [UTC]: ", "UTC"));
    }

    #[test]
    fn a_wrong_answer_is_asked_again() {
        let check = |answer: &str| match answer {
            "b" => Ok(()),
            _ => Err("b, please".to_owned()),
        };
        let (said, answer) = talk("x\n b \n", |person| person.ask("Which", "a", check));
        assert_eq!(answer, "b");
        assert_eq!(said, "Which [a]:   b, please\nWhich [a]: ");
    }

    #[test]
    fn an_end_without_an_answer_is_told() {
        let (_, end) = talk("maybe\n", |person| {
            person.confirm("Write it?").map(|answer| answer.to_string())
        });
        assert_eq!(
            end,
            "error: there was no answer; nothing is written\nhint: without questions: logq init --yes"
        );
    }
}
