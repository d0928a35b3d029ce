//! The remote command: a cut upload runs nothing, and no byte of the script is in an argument list.

use super::{Job, Mode};

/// Runs under any login shell: without single quote, backslash, exclamation mark and line feed, one pair of single
/// quotes holds it in bash, dash, zsh, fish and csh alike. The script removes the directory it is in.
const BOOTSTRAP: &str = r#"umask 077; d=$(mktemp -d "${TMPDIR:-/tmp}/deployer.XXXXXX") || exit 71; head -c "$1" >"$d/s"; if [ "$(sha256sum <"$d/s" | cut -c1-64)" = "$2" ]; then shift 2; exec sh "$d/s" "$@"; else rm -rf "$d"; exit 72; fi"#;

/// The command line for this job in this mode; `None` when the id is not one that every shell takes as one word.
pub fn command(job: &Job, mode: Mode) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if job.id.is_empty() || !job.id.chars().all(plain) {
        return None;
    }
    Some(format!(
        "exec sh -c '{BOOTSTRAP}' deployer {} {} {} {}",
        job.script.text.len(),
        job.script.digest(),
        mode.as_str(),
        job.id
    ))
}

/// What goes to standard input at once, before any verb and without waiting for an answer.
pub(super) fn payload(job: &Job, nonce: &str) -> Vec<u8> {
    let env = job.env.expose();
    let header = format!("{nonce} {} {}\n", env.len(), job.by);
    [job.script.text.as_bytes(), header.as_bytes(), env].concat()
}

#[cfg(test)]
mod tests {
    use super::{BOOTSTRAP, command};
    use crate::run::{Job, Mode, Secret};
    use crate::script::Script;

    #[test]
    fn one_pair_of_quotes_holds_it() {
        assert!(!BOOTSTRAP.contains(['\'', '\\', '!', '\n', '`']));
    }

    #[test]
    fn an_id_is_one_word() {
        let mut job = Job {
            script: Script {
                text: String::new(),
            },
            mode: Mode::Run,
            id: "20261122T141007Z-3f2a1bc".to_owned(),
            by: String::new(),
            env: Secret::default(),
        };
        assert!(
            command(&job, Mode::Ask)
                .is_some_and(|line| line.ends_with(" ask 20261122T141007Z-3f2a1bc"))
        );
        job.id = "a;reboot".to_owned();
        assert_eq!(command(&job, Mode::Run), None);
    }
}
