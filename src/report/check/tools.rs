//! The programs that a host needs, and how old they may be.

use super::{Finding, Judge, Level};
use crate::config::{Manager, Scope};

struct Tool {
    /// Whose facts.
    program: &'static str,
    name: &'static str,
    floor: &'static str,
    /// Setup installs it where it is missing.
    installed: bool,
}

const fn tool(
    program: &'static str,
    name: &'static str,
    floor: &'static str,
    installed: bool,
) -> Tool {
    Tool {
        program,
        name,
        floor,
        installed,
    }
}

/// What Ubuntu 20.04 and Debian 11 have, or less.
const TOOLS: [Tool; 7] = [
    tool("systemctl", "systemd", "245", false),
    tool("df", "coreutils", "8.21", false),
    tool("tar", "tar", "1.26", false),
    tool("sudo", "sudo", "1.8.10", true),
    tool("git", "git", "1.9", true),
    tool("python3", "python3", "3.8", true),
    tool("nginx", "nginx", "1.14", true),
];

pub(super) fn judge(judge: &Judge<'_>) -> Vec<Finding> {
    let ready = judge.ready();
    let (mut well, mut found, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    let config = judge.examined.config;
    let wanted = TOOLS.iter().filter(|tool| match tool.name {
        "nginx" => config.nginx.is_some(),
        "systemd" => config.service.manager == Manager::Systemd,
        "sudo" => config.service.scope == Scope::System,
        _ => true,
    });
    for tool in wanted {
        let fact = judge
            .facts("tool")
            .into_iter()
            .find(|fact| fact.get("name").is_some_and(|name| name == tool.program));
        let said = fact
            .and_then(|fact| fact.get("said").cloned())
            .unwrap_or_default();
        let version = number(&said);
        match version {
            // Others' rewrites count from their own beginning.
            _ if said.contains("uutils") || said.contains("sudo-rs") => found.push(Finding {
                level: Level::Warning,
                topic: "tools",
                text: format!(
                    "`{said}` is not the usual {}; deployer was not tried with it",
                    tool.name
                ),
                remedy: None,
            }),
            Some(version) if older(version, tool.floor) => found.push(Finding {
                level: Level::Error,
                topic: "tools",
                text: format!(
                    "{} {version} is too old: {} at least",
                    tool.name, tool.floor
                ),
                remedy: Some(
                    "upgrade the host: Ubuntu 20.04 and Debian 11 are new enough".to_owned(),
                ),
            }),
            Some(version) => well.push(format!("{} {version}", tool.name)),
            None if tool.installed && !ready => missing.push(tool.name),
            None => found.push(Finding {
                level: Level::Error,
                topic: "tools",
                text: format!("{} is missing", tool.name),
                remedy: Some(if tool.installed {
                    judge.setup()
                } else {
                    format!("install {} there", tool.name)
                }),
            }),
        }
    }
    if !missing.is_empty() {
        found.push(Finding {
            level: Level::Note,
            topic: "tools",
            text: format!("setup installs {}", missing.join(", ")),
            remedy: None,
        });
    }
    if !well.is_empty() {
        found.insert(
            0,
            Finding {
                level: Level::Ok,
                topic: "tools",
                text: well.join(", "),
                remedy: None,
            },
        );
    }
    found
}

/// The first number, as `git version 2.47.3` and `nginx/1.26.3` have it.
fn number(said: &str) -> Option<&str> {
    let begin = said.find(|c: char| c.is_ascii_digit())?;
    let rest = &said[begin..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    Some(rest[..end.unwrap_or(rest.len())].trim_end_matches('.'))
}

fn older(version: &str, floor: &str) -> bool {
    let parts = |text: &str| -> Vec<u32> {
        text.split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    parts(version) < parts(floor)
}

#[cfg(test)]
mod tests {
    use super::{number, older};

    #[test]
    fn versions_are_numbers_and_not_text() {
        assert_eq!(number("systemd 257 (257.9-1~deb13u1)"), Some("257"));
        assert_eq!(number("Sudo version 1.9.16p2"), Some("1.9.16"));
        assert_eq!(number("nginx version: nginx/1.26.3"), Some("1.26.3"));
        assert_eq!(number("sh: not found"), None);
        assert!(older("8.4", "8.21") && older("1.8.9", "1.8.10"));
        assert!(!older("8.21", "8.21") && !older("257", "245") && !older("2.0", "1.9"));
    }
}
