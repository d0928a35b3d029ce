//! Debian's chromium without a window, told what to do over two pipes.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::run;

const PROGRAM: &str = "chromium-headless-shell";
const PATIENCE: Duration = Duration::from_secs(60);

/// Its profile, and so its cache, lives as long as this.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    input: File,
    said: Receiver<Value>,
    next: u32,
    directory: TempDir,
}

/// A tab.
#[derive(Debug)]
pub struct Page(String);

impl Browser {
    /// A browser that finds `name` at `ip`.
    pub fn start(name: &str, ip: Ipv4Addr) -> Result<Self> {
        let directory = TempDir::new()?;
        let at = directory.path().to_str().context("not UTF-8")?;
        run("mkfifo", &[&format!("{at}/in"), &format!("{at}/out")])?;
        // It reads from descriptor 3 and writes to 4.
        let child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<\"$0/in\" 4>\"$0/out\"", at, PROGRAM])
            .args([
                "--headless",
                "--no-sandbox",
                "--remote-debugging-pipe",
                "--disable-dev-shm-usage",
            ])
            .arg(format!("--user-data-dir={at}/profile"))
            .arg(format!("--host-resolver-rules=MAP {name} {ip}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let input = fs::OpenOptions::new()
            .write(true)
            .open(format!("{at}/in"))?;
        let output = BufReader::new(File::open(format!("{at}/out"))?);
        let (to, said) = channel();
        thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                if let Ok(value) = serde_json::from_slice(&message)
                    && to.send(value).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            input,
            said,
            next: 0,
            directory,
        })
    }

    /// A new tab, once all that its page names has been loaded or has failed to.
    pub fn open(&mut self, url: &str) -> Result<Page> {
        let target = self.call(None, "Target.createTarget", &json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", &attach)?;
        let page = Page(
            session["sessionId"]
                .as_str()
                .context("no session")?
                .to_owned(),
        );
        self.call(Some(&page), "Page.enable", &json!({}))?;
        self.call(Some(&page), "Page.navigate", &json!({"url": url}))?;
        let loaded = "document.readyState == 'complete' && location.href != 'about:blank'";
        let until = Instant::now() + PATIENCE;
        while self.eval(&page, loaded)? != json!(true) {
            ensure!(Instant::now() < until, "{url} does not load");
            thread::sleep(Duration::from_millis(20));
        }
        self.eval(&page, "document.fonts.ready.then(() => 1)")?;
        Ok(page)
    }

    /// The value of an expression, or what it promises.
    pub fn eval(&mut self, page: &Page, expression: &str) -> Result<Value> {
        let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.call(Some(page), "Runtime.evaluate", &asked)?;
        ensure!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        Ok(answer["result"]["value"].take())
    }

    fn call(&mut self, page: Option<&Page>, method: &str, params: &Value) -> Result<Value> {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if let Some(Page(session)) = page {
            message["sessionId"] = json!(session);
        }
        self.input.write_all(message.to_string().as_bytes())?;
        self.input.write_all(&[0])?;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut answer = self
                .said
                .recv_timeout(left)
                .with_context(|| format!("no answer to {method}"))?;
            if answer["id"] == json!(self.next) {
                if let Some(error) = answer.get("error") {
                    bail!("{method}: {error}");
                }
                return Ok(answer["result"].take());
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own processes, which nobody else would.
        let _ = self.call(None, "Browser.close", &json!({}));
        let until = Instant::now() + Duration::from_secs(5);
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What it left behind goes with its pipes; the directory then.
        let _ = fs::remove_dir_all(self.directory.path());
    }
}
