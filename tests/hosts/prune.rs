//! What no host needs goes from a bucket when its time has come, and not for as long as any host may need it.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::machines::{KEY, Machine, Options, SECRET, Storage};
use crate::run::{Run, Running};
use crate::schema::Schema;
use crate::site::{HELLO, Site};
use crate::state::tidy;

const LOGIN: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
];
const BUCKET: &str = "polls-static";

struct Case {
    site: Site,
    storage: Storage,
}

impl Case {
    /// Two environments, each with a host, and one bucket.
    fn new() -> Result<Self> {
        let site = Site::of(HELLO, &[Options::with_uv(), Options::with_uv()])?;
        let [a, b, c, _] = site.web().ip().octets();
        let storage = Storage::start(Ipv4Addr::new(a, b, c, 1))?;
        storage.create(BUCKET)?;
        let publish = format!(
            "source: static \n  cdn: https://assets.example.com/web\n  publish:\n    s3:\n      bucket: {BUCKET}\n      \
             prefix: web\n      endpoint: {}\n ",
            storage.endpoint()
        );
        site.edit("deploy.yaml", "source: static ", &publish)?;
        let path = site.app.path().join("deploy.yaml");
        let more = "  staging:\n    hosts: deploy@web2\n";
        fs::write(
            &path,
            format!("keep_releases: 5\n{}{more}", fs::read_to_string(&path)?),
        )?;
        let case = Self { site, storage };
        for environment in ["production", "staging"] {
            let run = case
                .deployer(&["setup", environment, "--login", "root"])?
                .expect(0)?;
            for key in run.stdout.lines() {
                case.site.git.authorize(key)?;
            }
        }
        Ok(case)
    }

    fn start(&self, arguments: &[&str]) -> Result<Running> {
        let mut command = self.site.command(arguments);
        command.envs(LOGIN);
        Running::start(command)
    }

    fn deployer(&self, arguments: &[&str]) -> Result<Run> {
        self.start(arguments)?.end()
    }

    fn push(&self, environment: &str, text: &str) -> Result<()> {
        let style = self.site.app.path().join("static/style.css");
        fs::write(style, format!("body {{ content: \"{text}\" }}\n"))?;
        self.site.commit()?;
        self.deployer(&["push", environment])?.expect(0)?;
        Ok(())
    }

    fn prune(&self, options: &[&str]) -> Result<Run> {
        self.deployer(&[&["prune", "production"], options].concat())
    }

    /// The texts of the style sheets that the bucket has.
    fn there(&self) -> Result<Vec<String>> {
        let objects = self.storage.objects(BUCKET)?.into_iter();
        let styles = objects.filter(|(key, _)| key.contains("/style."));
        let text = |(_, content): (String, Vec<u8>)| {
            let text = String::from_utf8(content)?;
            Ok(text.split('"').nth(1).context("no text")?.to_owned())
        };
        let mut texts = styles.map(text).collect::<Result<Vec<String>>>()?;
        texts.sort();
        Ok(texts)
    }

    /// All objects were put so long ago.
    fn age(&self, when: &str) -> Result<()> {
        let touched = Command::new("find")
            .arg(self.storage.directory())
            .args(["-type", "f", "-exec", "touch", "-d", when, "{}", "+"])
            .status()?;
        ensure!(touched.success());
        Ok(())
    }
}

/// As if its days were over for what no release of the host has.
fn forget(host: &Machine) -> Result<()> {
    host.sh("find /srv/hello/static/store -type f -links 1 -delete")
        .map(drop)
}

#[test]
fn a_bucket_loses_what_no_host_needs() -> Result<()> {
    let case = Case::new()?;
    case.push("production", "one")?;
    case.deployer(&["push", "staging"])?.expect(0)?;
    for text in ["two", "three", "four"] {
        case.push("production", text)?;
    }
    fs::write(
        case.storage
            .directory()
            .join(BUCKET)
            .join("web/static/logo.png"),
        "by hand",
    )?;
    let all = ["four", "one", "three", "two"];
    ensure!(case.there()? == all);
    case.age("40 days ago")?;

    case.prune(&[])?
        .expect(2)?
        .says("`-y` removes without asking")?;
    case.prune(&["-y", "--hosts", "deploy@web1"])?
        .expect(2)?
        .says("leave `--hosts` out")?;

    case.site
        .edit("deploy.yaml", "keep_releases: 5", "keep_releases: 1")?;
    let releases = || case.site.web().sh("ls /srv/hello/releases | wc -l");
    let dry = case.prune(&["--dry-run"])?.expect(0)?;
    ensure!(
        dry.stderr.matches(" would go, ").count() == 2 && releases()? == "4",
        "{dry}"
    );

    // The host of production keeps them for its days, and then a release of staging still has the first.
    case.prune(&["-y"])?.expect(0)?;
    ensure!(case.there()? == all && releases()? == "2");
    forget(case.site.web())?;
    let run = case.prune(&["-y"])?.expect(0)?;
    ensure!(
        run.stdout
            .contains("s3://polls-static/web: 1 object removed"),
        "{run}"
    );
    ensure!(case.there()? == ["four", "one", "three"], "{run}");
    tidy(case.site.web())?;

    case.push("staging", "five")?;
    case.push("staging", "six")?;
    case.push("staging", "seven")?;
    forget(&case.site.web[1])?;
    nothing_goes_too_soon(&case)?;
    what_one_host_does_not_say(&case)?;
    it_goes(&case)?;
    names_of_any_length_are_heard(&case)
}

fn nothing_goes_too_soon(case: &Case) -> Result<()> {
    let all = case.there()?;
    ensure!(
        all == ["five", "four", "one", "seven", "six", "three"],
        "{all:?}"
    );
    case.age("20 days ago")?;
    case.prune(&["-y"])?.expect(0)?;
    ensure!(case.there()? == all);
    case.age("40 days ago")?;
    let dry = case.prune(&["--dry-run"])?.expect(0)?;
    ensure!(dry.stdout.contains("web/static/style."), "{dry}");
    ensure!(dry.stdout.contains("2 objects would go"), "{dry}");
    let json = case.prune(&["--dry-run", "--json"])?.expect(0)?;
    let schema = Schema::read();
    for line in json.stdout.lines() {
        schema.check(line).map_err(anyhow::Error::msg)?;
    }
    ensure!(json.stdout.contains("\"type\":\"storage\""), "{json}");
    ensure!(case.there()? == all);
    Ok(())
}

/// Then nothing goes.
fn what_one_host_does_not_say(case: &Case) -> Result<()> {
    let all = case.there()?;
    let staging = &case.site.web[1];
    let stays = |code: i32, says: &str| -> Result<()> {
        let run = case.prune(&["-y"])?.expect(code)?.says(says)?;
        ensure!(
            run.stdout
                .contains("nothing removed, since not every host said"),
            "{run}"
        );
        ensure!(case.there()? == all);
        Ok(())
    };
    case.deployer(&["lock", "staging", "-m", "sale"])?
        .expect(0)?;
    stays(5, "is frozen on deploy@web2 (staging)")?;
    case.deployer(&["unlock", "staging"])?.expect(0)?;

    let manifest = "/srv/hello/releases/*/.deployer/static.json";
    staging.sh(&format!(
        "for one in {manifest}; do mv $one $one.was; echo '{{' >$one; done"
    ))?;
    stays(7, "cannot say which static files it needs")?;
    staging.sh(&format!("rm {manifest}"))?;
    stays(7, "cannot say which static files it needs")?;
    staging.sh("cd /srv/hello/releases && for one in */.deployer; do mv $one/static.json.was $one/static.json; done")?;

    staging.sh("systemctl stop ssh.socket ssh 2>/dev/null; systemctl stop ssh")?;
    stays(4, "deploy@web2 (staging)")?;
    staging.sh("systemctl start ssh")?;

    case.storage.state().busy = Some(("DELETE", usize::MAX));
    case.prune(&["-y"])?
        .expect(4)?
        .says("cannot be tidied up to its end: the storage says `SlowDown` (503)")?;
    case.storage.state().busy = None;
    ensure!(case.there()? == all);
    Ok(())
}

/// And what comes again is put again.
fn it_goes(case: &Case) -> Result<()> {
    // A push that began before, and waits for its turn, does not count on what goes meanwhile.
    let style = case.site.app.path().join("static/style.css");
    fs::write(style, "body { content: \"one\" }\n")?;
    case.site.commit()?;
    case.storage.puts();
    case.storage.state().busy = Some(("DELETE", 8));
    let prune = case.start(&["prune", "production", "-y"])?;
    while case.storage.state().busy == Some(("DELETE", 8)) {
        sleep(Duration::from_millis(5));
    }
    let push = case.start(&["push", "production", "--wait"])?;
    let run = prune.end()?.expect(0)?;
    ensure!(run.stdout.contains("2 objects removed"), "{run}");
    push.end()?.expect(0)?.says("waiting up to")?;
    ensure!(case.storage.puts() == 1);
    ensure!(case.there()? == ["four", "one", "seven", "six", "three"]);
    let by_hand = case
        .storage
        .directory()
        .join(BUCKET)
        .join("web/static/logo.png");
    ensure!(by_hand.exists());
    for host in &case.site.web {
        tidy(host)?;
    }
    let history = case.deployer(&["history", "production"])?.expect(0)?;
    ensure!(history.stdout.contains("prune"), "{history}");
    Ok(())
}

/// Each is some 600 bytes in an event.
fn names_of_any_length_are_heard(case: &Case) -> Result<()> {
    const FILES: usize = 410;
    let name = "щ".repeat(60);
    for number in 0..FILES {
        let path = format!("static/{name}{number}.txt");
        fs::write(case.site.app.path().join(path), number.to_string())?;
    }
    case.push("production", "eight")?;
    let there = || -> Result<usize> {
        let objects = case.storage.objects(BUCKET)?.into_iter();
        Ok(objects.filter(|(key, _)| key.contains(&name)).count())
    };
    ensure!(there()? == FILES, "{} are there", there()?);
    case.age("40 days ago")?;
    case.prune(&["-y"])?.expect(0)?;
    ensure!(there()? == FILES, "{} are there still", there()?);
    Ok(())
}
