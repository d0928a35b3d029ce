use super::{Invalid, allow, spelled, text_type};

text_type! {
    /// The name of an environment variable that may be set for an app.
    EnvKey, "a variable that can be set", env_key
}

text_type! {
    /// The name of a variable of the client's environment.
    VariableName, "the name of a variable", variable_name
}

/// Each changes what the interpreter, the loader or the shell runs, instead of telling the app something.
const REFUSED: &str = "
    PATH IFS ENV SHELLOPTS BASHOPTS BASH_ENV PYTHONPATH PYTHONHOME PYTHONSTARTUP GUNICORN_CMD_ARGS
";

const REFUSED_STARTS: [&str; 3] = ["LD_", "DEPLOYER_", "BASH_FUNC_"];

fn env_key(text: &str) -> Result<(), Invalid> {
    variable_name(text)?;
    allow(
        !REFUSED.split_whitespace().any(|name| name == text)
            && !REFUSED_STARTS.iter().any(|start| text.starts_with(start)),
        "it would change what is run, so deployer does not set it",
    )
}

fn variable_name(text: &str) -> Result<(), Invalid> {
    let first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    allow(
        spelled(text, first, word, 128),
        "use letters, digits and `_`, not a digit first",
    )
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Unicode keeps these out of every text, U+FFFE among them. systemd reads no file that has one.
pub fn is_noncharacter(letter: char) -> bool {
    let code = u32::from(letter);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

/// In bytes: Linux takes no string of more than 128 KiB in an environment, and this one has its name before it.
pub const LONGEST_VALUE: usize = 120_000;

/// Why no variable of an app can have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unholdable {
    Nul,
    Noncharacter,
    /// More than [`LONGEST_VALUE`].
    TooLong,
}

/// Whether a variable can have this value, wherever it comes from.
pub fn holdable(value: &str) -> Result<&str, Unholdable> {
    match value {
        _ if value.contains('\0') => Err(Unholdable::Nul),
        _ if value.contains(is_noncharacter) => Err(Unholdable::Noncharacter),
        _ if value.len() > LONGEST_VALUE => Err(Unholdable::TooLong),
        _ => Ok(value),
    }
}

impl EnvKey {
    /// The largest upload in bytes, for the app to know.
    pub fn uploads_max_size() -> Self {
        Self("UPLOADS_MAX_SIZE".to_owned())
    }
}
