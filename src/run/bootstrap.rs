//! The remote command: a cut upload runs nothing, and no byte of the script is in an argument list.

use super::{Job, Mode};

/// Runs under any login shell: without single quote, backslash, exclamation mark and line feed, one pair of single
/// quotes holds it in bash, dash, zsh, fish and csh alike. The script removes the directory it is in.
///
/// What to run comes on standard input too: so the session can be opened, two round trips of ssh, while the client
/// still asks the repository which revision the script is for.
const BOOTSTRAP: &str = r#"read -r n h m i || exit 71; umask 077; d=$(mktemp -d "${TMPDIR:-/tmp}/deployer.XXXXXX") || exit 71; head -c "$n" >"$d/s"; if [ "$(sha256sum <"$d/s" | cut -c1-64)" = "$h" ]; then exec sh "$d/s" "$m" "$i"; else rm -rf "$d"; exit 72; fi"#;

/// The command line, the same for every run.
pub(super) fn command() -> String {
    format!("exec sh -c '{BOOTSTRAP}' deployer")
}

/// What goes to standard input at once, before any verb and without waiting for an answer; `None` when the id is not
/// one that every shell takes as one word.
pub(super) fn payload(job: &Job, mode: Mode, nonce: &str) -> Option<Vec<u8>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if job.id.is_empty() || !job.id.chars().all(plain) {
        return None;
    }
    let script = &job.script;
    let what = format!(
        "{} {} {} {}\n",
        script.text.len(),
        script.digest(),
        mode.as_str(),
        job.id
    );
    let (env, token) = (job.env.expose(), job.token.expose());
    // To ask for what is recorded needs neither.
    let (env, token) = if mode == Mode::Ask {
        ("", "")
    } else {
        (env, token)
    };
    let by = if job.by.is_empty() { "-" } else { &job.by };
    let (lengths, wait) = ((env.len(), token.len()), job.wait.as_secs());
    let header = format!("{nonce} {} {} {by} {wait}\n", lengths.0, lengths.1);
    Some(
        [
            what.as_bytes(),
            script.text.as_bytes(),
            header.as_bytes(),
            env.as_bytes(),
            token.as_bytes(),
        ]
        .concat(),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::{BOOTSTRAP, payload};
    use crate::run::{Job, Mode};
    use crate::script::Script;

    #[test]
    fn one_pair_of_quotes_holds_it() {
        assert!(!BOOTSTRAP.contains(['\'', '\\', '!', '\n', '`']));
    }

    fn job(text: &str) -> Job {
        let text = text.to_owned();
        Job::new(Script { text }, Mode::Run, "20261122T141007Z-3f2a1bc")
    }

    #[test]
    fn i6_no_prefix_of_a_script_runs() -> std::io::Result<()> {
        let text = "cat >/dev/null\necho ran\n# the rest\n";
        let whole = payload(&job(text), Mode::Run, "nonce").unwrap_or_default();
        let begin = whole.iter().position(|byte| *byte == b'\n').unwrap_or(0) + 1;
        let end = begin + text.len();
        for shell in ["dash", "bash"] {
            for length in (0..end).step_by(7).chain([end - 1, end, whole.len()]) {
                let directory = tempfile::tempdir()?;
                let mut child = Command::new(shell)
                    .args(["-c", BOOTSTRAP, "deployer"])
                    .env("TMPDIR", directory.path())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()?;
                if let Some(mut stdin) = child.stdin.take() {
                    // It may end before it has read anything.
                    let _ = stdin.write_all(&whole[..length]);
                }
                let said = child.wait_with_output()?;
                let ran = said.stdout == b"ran\n";
                assert_eq!(ran, length >= end, "{shell}: {length} of {end}: {said:?}");
                if !ran {
                    assert!(matches!(said.status.code(), Some(71 | 72)), "{said:?}");
                    let left = std::fs::read_dir(directory.path())?.count();
                    assert_eq!(left, 0, "{shell}: {length} of {end}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn an_id_is_one_word() {
        let mut job = job("");
        let sent = payload(&job, Mode::Ask, "nonce").unwrap_or_default();
        let (first, _) = sent.split_at(sent.iter().position(|byte| *byte == b'\n').unwrap_or(0));
        assert!(first.starts_with(b"0 e3b0c442"));
        assert!(first.ends_with(b" ask 20261122T141007Z-3f2a1bc"));
        job.id = "a;reboot".to_owned();
        assert_eq!(payload(&job, Mode::Run, "nonce"), None);
    }
}
