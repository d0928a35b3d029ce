use super::{Invalid, Text, allow};
use crate::config::CommandLine;

/// One program that a process becomes, so that a signal to the process reaches it and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Words in the shell's syntax: quotes and variables are read, but it starts one program.
    Line(CommandLine),
    /// The program and its arguments as they are.
    Words(Vec<String>),
}

impl TryFrom<&str> for Program {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        let line = CommandLine::try_from(text.trim())?;
        one_program(line.as_str())?;
        Ok(Self::Line(line))
    }
}

impl Text for Program {
    const WHAT: &'static str = "a program with its arguments";
}

/// Words that only a shell understands, where a program's name would stand.
const SHELL_WORDS: [&str; 12] = [
    "cd", "exec", "export", "source", ".", "if", "for", "while", "case", "set", "eval", "!",
];

/// A shell between a manager and the program would take the signals, and leave the program behind.
fn one_program(line: &str) -> Result<(), Invalid> {
    const SEVERAL: &str =
        "one program, which gets the signals: put more than that into a script of the repository";
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        quote = match (quote, letter) {
            (None, '\'' | '"') => Some(letter),
            (Some(open), letter) if letter == open => None,
            (None | Some('"'), '\\') => letters.next().and(quote),
            (None | Some('"'), '`') => return Err(Invalid(SEVERAL)),
            (None, ';' | '&' | '|' | '(' | ')' | '<' | '>' | '#' | '\n') => {
                return Err(Invalid(SEVERAL));
            }
            _ => quote,
        };
    }
    allow(quote.is_none(), "a quote is left open")?;
    allow(!line.contains("$("), SEVERAL)?;
    let first = line.split_whitespace().next().unwrap_or_default();
    allow(!SHELL_WORDS.contains(&first), SEVERAL)?;
    allow(
        !first.split_once('=').is_some_and(|(name, _)| is_name(name)),
        "variables stand in `env`, or write `env NAME=value program`",
    )
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::Program;

    #[test]
    fn one_program_is_a_line() {
        for line in [
            "celery -A polls worker",
            "celery -A polls worker --hostname=polls$DEPLOYER_INSTANCE@%h",
            r#"./work 'a; b' "c & d" e\;f ${HOME}"#,
            "env A=1 ./work",
        ] {
            assert!(Program::try_from(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn more_than_that_is_none() {
        for line in [
            "",
            " ",
            "cd x && ./work",
            "./work &",
            "a; b",
            "a | b",
            "A=1 ./work",
            "exec ./work",
            "(a)",
            "a `b`",
            "a \"`b`\"",
            "a $(b)",
            "a > log",
            "a # b",
            "a 'b",
            "a\nb",
        ] {
            assert!(Program::try_from(line).is_err(), "{line}");
        }
    }
}
