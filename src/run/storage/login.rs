//! The client's credentials for a storage, found where AWS's own programs find theirs.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusty_s3::Credentials;
use serde::Deserialize;

use crate::config::{StorageLogin, VariableName};
use crate::run::secrets::{Unresolved, printed};

/// For a program that a profile names.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there are no credentials. None of these holds a part of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginFault {
    /// Neither in the environment nor in any of these files.
    Nowhere {
        profile: String,
        files: Vec<String>,
    },
    /// The one variable is set, and this one is not.
    Half(&'static str),
    /// The profile says something else than the credentials.
    Other {
        profile: String,
        file: String,
    },
    Unreadable {
        file: String,
        kind: ErrorKind,
    },
    Program(Unresolved),
    /// It printed something else.
    NotCredentials,
}

/// Where to look.
#[derive(Debug)]
pub struct Login<'a> {
    /// Commands run there.
    pub directory: &'a Path,
    pub variable: fn(&VariableName) -> Option<OsString>,
}

impl Login<'_> {
    pub(super) fn find(&self, login: &StorageLogin) -> Result<Credentials, LoginFault> {
        match login {
            StorageLogin::Command { argv, timeout } => self.ask(argv, *timeout),
            StorageLogin::Usual {
                profile: Some(profile),
            } => self.of_profile(profile.as_str()),
            StorageLogin::Usual { profile: None } => match self.of_environment()? {
                Some(credentials) => Ok(credentials),
                None => self.of_profile(&self.text("AWS_PROFILE").unwrap_or("default".to_owned())),
            },
        }
    }

    fn of_environment(&self) -> Result<Option<Credentials>, LoginFault> {
        const KEY: &str = "AWS_ACCESS_KEY_ID";
        const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
        match (self.text(KEY), self.text(SECRET)) {
            (Some(key), Some(secret)) => Ok(Some(credentials(
                key,
                secret,
                self.text("AWS_SESSION_TOKEN"),
            ))),
            (Some(_), None) => Err(LoginFault::Half(SECRET)),
            (None, Some(_)) => Err(LoginFault::Half(KEY)),
            (None, None) => Ok(None),
        }
    }

    fn of_profile(&self, profile: &str) -> Result<Credentials, LoginFault> {
        let files = [
            self.file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            self.file("AWS_CONFIG_FILE", ".aws/config"),
        ];
        let mut other = None;
        for file in &files {
            let name = file.to_string_lossy().into_owned();
            let text = match fs::read_to_string(file) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    let kind = error.kind();
                    return Err(LoginFault::Unreadable { file: name, kind });
                }
            };
            let values = section(&text, profile);
            let value = |key: &str| {
                let found = values.iter().find(|(name, _)| *name == key);
                found.map(|(_, value)| (*value).to_owned())
            };
            if let (Some(key), Some(secret)) =
                (value("aws_access_key_id"), value("aws_secret_access_key"))
            {
                return Ok(credentials(key, secret, value("aws_session_token")));
            }
            if let Some(process) = value("credential_process") {
                return self.ask(&["sh".to_owned(), "-c".to_owned(), process], PATIENCE);
            }
            if !values.is_empty() {
                other = Some(name);
            }
        }
        let profile = profile.to_owned();
        Err(match other {
            Some(file) => LoginFault::Other { profile, file },
            None => LoginFault::Nowhere {
                profile,
                files: files
                    .iter()
                    .map(|file| file.to_string_lossy().into_owned())
                    .collect(),
            },
        })
    }

    fn ask(&self, argv: &[String], timeout: Duration) -> Result<Credentials, LoginFault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Printed {
            access_key_id: String,
            secret_access_key: String,
            session_token: Option<String>,
        }
        let bytes = printed(argv, self.directory, timeout).map_err(LoginFault::Program)?;
        // What serde would say may quote it.
        let printed: Printed =
            serde_json::from_slice(&bytes).map_err(|_| LoginFault::NotCredentials)?;
        let Printed {
            access_key_id,
            secret_access_key,
            session_token,
        } = printed;
        Ok(credentials(access_key_id, secret_access_key, session_token))
    }

    fn text(&self, name: &str) -> Option<String> {
        let name = VariableName::try_from(name).ok()?;
        let value = (self.variable)(&name)?.into_string().ok()?;
        Some(value).filter(|value| !value.is_empty())
    }

    fn file(&self, variable: &str, usual: &str) -> PathBuf {
        let home = || PathBuf::from(self.text("HOME").unwrap_or_default()).join(usual);
        self.text(variable).map_or_else(home, PathBuf::from)
    }
}

fn credentials(key: String, secret: String, token: Option<String>) -> Credentials {
    match token.filter(|token| !token.is_empty()) {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }
}

/// The keys and values of a profile; indented lines are those of a nested section, which has none of ours.
fn section<'a>(text: &'a str, profile: &str) -> Vec<(&'a str, &'a str)> {
    let mut inside = false;
    let mut values = Vec::new();
    for line in text.lines() {
        if let Some(name) = line
            .trim()
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            let name = name.trim();
            let name = name.strip_prefix("profile ").unwrap_or(name).trim();
            inside = name.trim_matches(['"', '\'']) == profile;
        } else if inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            values.push((key.trim(), value.trim()));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::section;

    #[test]
    fn a_profile_of_either_file() {
        let text = "# mine\n[default]\naws_access_key_id = a\n\n[profile deploy]\nregion=x\ns3 =\n  aws_access_key_id = no\naws_access_key_id=b=c\n";
        assert_eq!(section(text, "default"), [("aws_access_key_id", "a")]);
        let deploy = section(text, "deploy");
        assert_eq!(
            deploy,
            [("region", "x"), ("s3", ""), ("aws_access_key_id", "b=c")]
        );
        assert_eq!(section(text, "other"), []);
    }
}
