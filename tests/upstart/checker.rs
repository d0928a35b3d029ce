//! A reader of job files: the grammar of init(5) and the quoting of libnih, as measured on Upstart 1.12 and 1.13.

use std::collections::BTreeMap;

/// One job, by its stanzas.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) stanzas: BTreeMap<String, Vec<String>>,
    pub(crate) env: BTreeMap<String, String>,
    /// What follows `exec`, quotes and all: a shell may read it.
    pub(crate) exec: Option<String>,
    pub(crate) script: Option<String>,
    /// Variables that a shell puts into it.
    asks: Vec<String>,
}

/// The job, or the line and what is wrong there.
pub(crate) fn read(text: &str) -> Result<Job, String> {
    if text.contains('\r') {
        return Err("CRLF".to_owned());
    }
    if !text.ends_with('\n') {
        return Err("no final newline".to_owned());
    }
    let mut job = Job::default();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let at = |what: String| format!("line {}: {what}", number + 1);
        let words = tokens(line).map_err(at)?;
        let Some((stanza, rest)) = words.split_first() else {
            continue;
        };
        if stanza.raw == "script" {
            let mut body = String::new();
            loop {
                let Some((_, line)) = lines.next() else {
                    return Err(at("no `end script`".to_owned()));
                };
                if line.trim() == "end script" {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            if job.script.replace(body).is_some() {
                return Err(at("a second script".to_owned()));
            }
            continue;
        }
        job.take(&stanza.raw, rest, line).map_err(at)?;
    }
    job.whole()?;
    Ok(job)
}

/// A word with its quotes, and what it means without them.
struct Token {
    raw: String,
    value: String,
}

/// Blanks part words; `#` outside quotes begins a comment, in the middle of a word too; a backslash takes the next
/// character's meaning away, of which it disappears itself only before another backslash.
fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut words = Vec::new();
    let (mut raw, mut value, mut open, mut begun) = (String::new(), String::new(), None, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, open) {
            ('\\', _) => {
                let Some(next) = letters.next() else {
                    return Err("a backslash at the end".to_owned());
                };
                begun = true;
                raw.extend(['\\', next]);
                if next != '\\' {
                    value.push('\\');
                }
                value.push(next);
            }
            (quote, Some(other)) if quote == other => {
                raw.push(quote);
                open = None;
            }
            (quote @ ('"' | '\''), None) => {
                begun = true;
                raw.push(quote);
                open = Some(quote);
            }
            ('#', None) => break,
            (blank, None) if blank == ' ' || blank == '\t' => {
                if begun {
                    words.push(Token {
                        raw: std::mem::take(&mut raw),
                        value: std::mem::take(&mut value),
                    });
                    begun = false;
                }
            }
            (letter, _) => {
                begun = true;
                raw.push(letter);
                value.push(letter);
            }
        }
    }
    if open.is_some() {
        return Err("unterminated quoted string".to_owned());
    }
    if begun {
        words.push(Token { raw, value });
    }
    Ok(words)
}

impl Job {
    fn take(&mut self, stanza: &str, rest: &[Token], line: &str) -> Result<(), String> {
        let values: Vec<String> = rest.iter().map(|word| word.value.clone()).collect();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let number = |text: &str| text.parse::<u32>().is_ok();
        // `kill` and the like have words of their own.
        let mut name = stanza.to_owned();
        let good = match (stanza, texts.as_slice()) {
            ("description" | "usage" | "setuid" | "setgid", [one]) => !one.is_empty(),
            // A variable that whoever starts it has to give.
            ("instance", [one]) => one
                .strip_prefix('$')
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_uppercase())),
            ("pre-start", ["exec", program, ..]) => program.starts_with('/'),
            ("chdir", [one]) => one.starts_with('/'),
            ("umask", [mask]) => u32::from_str_radix(mask, 8).is_ok_and(|mask| mask <= 0o777),
            ("env", [entry]) => return self.variable(entry),
            ("limit", [what, soft, hard]) => {
                name = format!("limit {what}");
                ["nofile", "core", "fsize", "as"].contains(what) && number(soft) && number(hard)
            }
            ("kill", ["timeout", time]) => {
                "kill timeout".clone_into(&mut name);
                number(time)
            }
            ("kill", ["signal", signal]) => {
                "kill signal".clone_into(&mut name);
                ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2"].contains(signal)
            }
            ("respawn", ["limit", "unlimited"]) => {
                "respawn limit".clone_into(&mut name);
                true
            }
            ("respawn", ["limit", count, interval]) => {
                "respawn limit".clone_into(&mut name);
                number(count) && number(interval)
            }
            ("normal", ["exit", statuses @ ..]) => {
                "normal exit".clone_into(&mut name);
                !statuses.is_empty() && statuses.iter().all(|status| number(status))
            }
            ("console", [to]) => ["log", "none", "output"].contains(to),
            ("task" | "respawn", []) => true,
            ("start" | "stop", ["on", event @ ..]) => {
                name = format!("{stanza} on");
                // One event alone: what is joined by `and` waits for each of them anew at every start. Any of several may
                // end a job.
                let events: Vec<_> = event.split(|word| *word == "or").collect();
                (stanza == "stop" || events.len() == 1)
                    && events.iter().all(|event| !event.is_empty())
                    && !event
                        .iter()
                        .any(|word| *word == "and" || word.contains(['(', ')']))
            }
            ("exec", [_, ..]) => {
                let command = line.trim_start().trim_start_matches("exec").trim();
                if rest
                    .iter()
                    .map(|word| word.raw.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
                    != command
                {
                    return Err("a comment or a run of blanks in the command".to_owned());
                }
                let words = rest.iter().map(|word| word.raw.clone());
                self.asks = words.filter(|word| word.starts_with('$')).collect();
                return match self.exec.replace(command.to_owned()) {
                    Some(_) => Err("a second `exec`".to_owned()),
                    None => Ok(()),
                };
            }
            _ => return Err(format!("unknown stanza or words: {line}")),
        };
        if !good {
            return Err(format!("illegal value: {line}"));
        }
        match self.stanzas.insert(name, values) {
            Some(_) => Err(format!("twice: {line}")),
            None => Ok(()),
        }
    }

    fn variable(&mut self, entry: &str) -> Result<(), String> {
        let (name, value) = entry.split_once('=').ok_or("no `=`")?;
        match self.env.insert(name.to_owned(), value.to_owned()) {
            Some(_) => Err(format!("`{name}` twice")),
            None => Ok(()),
        }
    }

    /// What init-checkconf does not see.
    fn whole(&self) -> Result<(), String> {
        let alone = self.stanzas.contains_key("pre-start");
        if self.exec.is_some() == self.script.is_some() && !(alone && self.exec.is_none()) {
            return Err("one of `exec` and `script`".to_owned());
        }
        let instance = self.stanzas.get("instance").and_then(|words| words.first());
        if self.asks.iter().any(|word| Some(word) != instance) {
            return Err("a variable that nobody gives".to_owned());
        }
        if self.stanzas.contains_key("setuid") != self.stanzas.contains_key("setgid") {
            return Err("setuid without setgid keeps root's groups".to_owned());
        }
        if self.stanzas.contains_key("respawn") != self.stanzas.contains_key("respawn limit") {
            return Err("respawn without its limit".to_owned());
        }
        if self.stanzas.contains_key("setuid") && !self.env.contains_key("HOME") {
            return Err("a user's job has no HOME".to_owned());
        }
        Ok(())
    }
}

const GOOD: &str = "# a job\ndescription \"web # one\"\nstart on runlevel [2345]\nstop on runlevel [!2345]\nsetuid app\nsetgid app\n\
    env HOME=\"/srv/sp ace\"\nenv X='it'\nlimit nofile 1 2\nkill timeout 30\nrespawn\nrespawn limit 5 60\nexec /bin/true -c x\n";

#[test]
fn a_good_job_is_read() {
    let job = read(GOOD).unwrap();
    assert_eq!(job.env["HOME"], "/srv/sp ace");
    assert_eq!(job.exec.as_deref(), Some("/bin/true -c x"));
    assert_eq!(job.stanzas["description"], ["web # one"]);
}

#[test]
fn a_broken_job_is_refused() {
    let broken = [
        ("setuid app", "setuuid app"),
        ("setgid app\n", ""),
        ("respawn limit 5 60", "respawn limit ten 60"),
        ("respawn limit 5 60\n", ""),
        ("kill timeout 30", "kill timeout 30s"),
        ("limit nofile 1 2", "limit nofile 65536"),
        ("env X='it'", "env X=a b"),
        ("env X='it'", "env X='it"),
        ("env X='it'", "env X=\"tail\\\""),
        ("env X='it'", "env HOME=/again"),
        ("env X='it'", "expect fork"),
        ("env X='it'", "post-start exec /bin/true"),
        ("env X='it'", "reload signal USR1"),
        ("exec /bin/true -c x", "exec /bin/true -c a#b"),
        ("exec /bin/true -c x", "exec /bin/true -c 'a\\'"),
        ("exec /bin/true -c x\n", ""),
        ("exec /bin/true -c x\n", "exec a\nexec b\n"),
        ("exec /bin/true -c x\n", "exec a\nscript\n  b\nend script\n"),
        ("exec /bin/true -c x\n", "script\n  b\n"),
        (
            "start on runlevel [2345]",
            "start on (started a and started b)",
        ),
        ("env HOME=\"/srv/sp ace\"\n", ""),
        ("exec /bin/true -c x", "exec /bin/true -c $X"),
        ("exec /bin/true -c x", "instance $X\nexec /bin/true -c $Y"),
        ("stop on runlevel [!2345]", "stop on or runlevel [!2345]"),
        (
            "stop on runlevel [!2345]",
            "stop on stopping a and runlevel [!2345]",
        ),
        (
            "start on runlevel [2345]",
            "start on started a or started b",
        ),
        ("kill timeout 30", "kill signal SIGFOO"),
        ("exec /bin/true -c x\n", "pre-start exec true\n"),
        ("\nrespawn\n", "\nrespawn\nrespawn\n"),
        ("exec /bin/true -c x\n", "exec /bin/true -c x"),
        ("setuid app\n", "setuid app\r\n"),
    ];
    for (from, to) in broken {
        assert_ne!(GOOD.replace(from, to), GOOD, "{from}");
        assert!(read(&GOOD.replace(from, to)).is_err(), "{to}");
    }
}
