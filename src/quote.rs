//! Values as literals of the languages that deployer renders, one function each.
//!
//! What a language cannot carry is refused. No message shows the value: it may be a secret.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::config::{EnvKey, Literal, is_noncharacter};

/// Why a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unquotable {
    #[error("a NUL character cannot be written")]
    Nul,
    #[error("a line break or another control character cannot be written here")]
    Control,
    #[error("a noncharacter of Unicode cannot be written: systemd reads no file that has one")]
    Noncharacter,
    #[error("`$` cannot be written: nginx would read a variable")]
    Dollar,
    #[error("only letters, digits and `_./:@+,=~-` can be written here")]
    NotPlain,
}

/// A word of the shell, always in single quotes.
pub fn sh(text: &str) -> Result<String, Unquotable> {
    if text.contains('\0') {
        return Err(Unquotable::Nul);
    }
    Ok(sh_literal(text))
}

/// As [`sh`], of a text that is known to have no NUL, as every value of a plan.
pub fn sh_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text that no format deployer renders reads as anything but itself, without quotes.
pub fn plain(text: &str) -> Result<&str, Unquotable> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@+,=~-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        Ok(text)
    } else {
        Err(Unquotable::NotPlain)
    }
}

/// A word of `Environment=`, `ReadWritePaths=` and the like: quotes are read, `%` starts a specifier.
pub fn systemd(text: &str) -> Result<String, Unquotable> {
    if text.contains(char::is_control) {
        return Err(Unquotable::Control);
    }
    if text.contains(is_noncharacter) {
        return Err(Unquotable::Noncharacter);
    }
    if plain(text).is_ok() {
        return Ok(text.to_owned());
    }
    let text = text
        .replace('\\', r"\\")
        .replace('"', r#"\""#)
        .replace('%', "%%");
    Ok(format!("\"{text}\""))
}

/// A word of `ExecStart=` and its kin, where `$` starts a variable besides.
pub fn systemd_exec(text: &str) -> Result<String, Unquotable> {
    systemd(&text.replace('$', "$$"))
}

/// A word of a program's `command=` for supervisord, which takes `%(..)s` out first and then reads words as a shell does.
/// A `;` or `#` after a blank would start a comment, in quotes too.
pub fn supervisor(text: &str) -> Result<String, Unquotable> {
    if text.contains(char::is_control) {
        return Err(Unquotable::Control);
    }
    if plain(text).is_ok() {
        return Ok(text.to_owned());
    }
    let mut quoted = String::from("'");
    let mut after_blank = false;
    for letter in text.chars() {
        match letter {
            '\'' => quoted.push_str(r#"'"'"'"#),
            '%' => quoted.push_str("%%"),
            ';' | '#' if after_blank => quoted.extend(["''", &letter.to_string()]),
            _ => quoted.push(letter),
        }
        after_blank = letter.is_whitespace();
    }
    quoted.push('\'');
    Ok(quoted)
}

/// The value of `env NAME=value` in a job of Upstart, where nothing is expanded, both quotes mean the same, and a
/// backslash before a quote stays one.
pub fn upstart_env(name: &str, value: &str) -> Result<String, Unquotable> {
    if value.contains(|letter: char| letter.is_control() && letter != '\t') {
        return Err(Unquotable::Control);
    }
    let value = value.replace('\\', r"\\");
    let parts: Vec<String> = value.split('"').map(|part| format!("\"{part}\"")).collect();
    Ok(format!("{name}={}", parts.join(r#"'"'"#)))
}

/// A word of `exec` in a job of Upstart: it reads the quotes itself before a shell does, which it only asks where there
/// are any. A `=` is enough for that.
pub fn upstart_exec(text: &str) -> Result<String, Unquotable> {
    if text.contains(|letter: char| letter.is_control() && letter != '\t') {
        return Err(Unquotable::Control);
    }
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&byte);
    if !text.is_empty() && text.bytes().all(bare) {
        return Ok(text.to_owned());
    }
    let mut quoted = String::new();
    let mut open = false;
    for letter in text.chars() {
        let apart = match letter {
            '\'' => Some("\"'\""),
            '\\' => Some(r"\\"),
            _ => None,
        };
        if open != apart.is_none() {
            quoted.push('\'');
            open = !open;
        }
        match apart {
            Some(word) => quoted.push_str(word),
            None => quoted.push(letter),
        }
    }
    if open {
        quoted.push('\'');
    }
    Ok(if quoted.is_empty() {
        "''".to_owned()
    } else {
        quoted
    })
}

/// A parameter of a directive of nginx. `$` has no escape there.
pub fn nginx(text: &str) -> Result<String, Unquotable> {
    if text.contains(char::is_control) {
        return Err(Unquotable::Control);
    }
    if text.contains('$') {
        return Err(Unquotable::Dollar);
    }
    // Wildcards of names mean nothing to the grammar.
    if plain(&text.replace('*', ".")).is_ok() {
        return Ok(text.to_owned());
    }
    Ok(format!(
        "\"{}\"",
        text.replace('\\', r"\\").replace('"', r#"\""#)
    ))
}

/// Text of an HTML page, also inside an attribute.
pub fn html(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => quoted.push_str("&amp;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            '"' => quoted.push_str("&quot;"),
            '\'' => quoted.push_str("&#39;"),
            letter => quoted.push(letter),
        }
    }
    quoted
}

/// A literal of Python 3.
pub fn python(literal: &Literal) -> String {
    match literal {
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) if number.is_finite() => format!("{number:?}"),
        Literal::Float(number) => format!("float('{number}')"),
        Literal::Text(text) => python_text(text),
        Literal::List(items) => {
            let items: Vec<String> = items.iter().map(python).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// A string literal of Python 3.
pub fn python_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for letter in text.chars() {
        match letter {
            '\\' | '\'' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                // Control characters all lie below U+0100.
                let _ = write!(quoted, "\\x{:02x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('\'');
    quoted
}

/// An environment file that sh, systemd's `EnvironmentFile=` and a release's `gunicorn.conf.py`
/// read alike: `KEY="value"`, a line break as it is, a backslash before `\`, `"`, `$` and `` ` ``.
pub fn env_file<'a>(
    values: impl IntoIterator<Item = (&'a EnvKey, &'a str)>,
) -> Result<String, Unquotable> {
    let mut file = String::new();
    for (key, value) in values.into_iter().collect::<BTreeMap<_, _>>() {
        if value.contains('\0') {
            return Err(Unquotable::Nul);
        }
        if value.contains(is_noncharacter) {
            return Err(Unquotable::Noncharacter);
        }
        file.push_str(key.as_str());
        file.push_str("=\"");
        for letter in value.chars() {
            if matches!(letter, '\\' | '"' | '$' | '`') {
                file.push('\\');
            }
            file.push(letter);
        }
        file.push_str("\"\n");
    }
    Ok(file)
}
