use super::{Fault, Section, secrets, written};
use crate::config::node::Node;
use crate::config::{Git, GitAuth, GitToken, RepoUrl};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Key,
    Agent,
    Token,
}

pub(super) fn git(section: &Section<'_>, repo: Option<&RepoUrl>) -> Git {
    let words = [
        ("key", Word::Key),
        ("agent", Word::Agent),
        ("token", Word::Token),
    ];
    let word = section.choice("auth", words);
    let token = token(section, word);
    let https = repo.is_some_and(|repo| repo.https_origin().is_some());
    if word == Word::Agent && https {
        section.refuse("auth", "an ssh agent for https", "use an ssh URL as `repo`");
    }
    if word == Word::Token && repo.is_some() && !https {
        section.refuse("auth", "a token for ssh", "use an `https://` URL as `repo`");
    }
    let path = section.optional("path");
    // Asked for where it is not there too: it is a key like any other.
    let submodules = section.boolean("submodules", false);
    Git {
        auth: match (word, token) {
            (Word::Token, Some(token)) => GitAuth::Token(token),
            (Word::Agent, _) => GitAuth::Agent,
            _ => GitAuth::Key,
        },
        path,
        submodules: section.has("submodules").then_some(submodules),
    }
}

fn token(section: &Section<'_>, word: Word) -> Option<GitToken> {
    let username = section.with("username", username);
    let source = secrets::only(section, "token");
    if word == Word::Token {
        section.must_have(
            "token",
            "add `token: {env: VARIABLE}` or `{command: [...]}`",
        );
    } else {
        for key in ["token", "username"] {
            section.refuse(key, "it is for `auth: token`", "remove it");
        }
    }
    Some(GitToken {
        username: username.unwrap_or_else(|| "x-access-token".to_owned()),
        source: source?,
    })
}

fn username(node: &Node) -> Result<String, Fault> {
    let name = written(node)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
    if name.is_empty() || name.len() > 100 || !name.bytes().all(plain) {
        return Err(Fault::new(
            "not a user name",
            "use letters, digits and `._@+-`",
        ));
    }
    Ok(name.to_owned())
}
