//! `examples/django`: migrations, collected static files, uploads, hooks, on real hosts.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::machines::{Machine, Options, get};
use crate::run::Run;
use crate::site::{NAME, Site};
use crate::state::wait_until_free_of;

/// What the guestbook's page says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    release: String,
    entries: String,
    migration: String,
    style: String,
}

fn page(host: &Machine) -> Result<Page> {
    let reply = get((host.ip(), 80).into(), NAME, "/")?;
    ensure!(reply.status == 200, "{reply:?}");
    let line = |start: &str| {
        let found = reply.body.lines().find_map(|line| line.strip_prefix(start));
        found
            .map(ToOwned::to_owned)
            .with_context(|| format!("no `{start}` in {reply:?}"))
    };
    Ok(Page {
        release: line("Howdy from ")?,
        entries: line("entries: ")?,
        migration: line("migration: ")?,
        style: line("style: ")?,
    })
}

fn status(host: &Machine, path: &str) -> Result<u16> {
    Ok(get((host.ip(), 80).into(), NAME, path)?.status)
}

fn live() -> Result<Site> {
    let site = Site::of("django", &[Options::with_uv()])?;
    site.set_up(&["--login", "root"])?;
    site.deployer(&["push", "production"])?.expect(0)?;
    Ok(site)
}

fn push(site: &Site) -> Result<Run> {
    site.commit()?;
    site.deployer(&["push", "production"])
}

fn write(site: &Site, file: &str, text: &str) -> Result<()> {
    Ok(fs::write(site.app.path().join(file), text)?)
}

/// A migration of this number that does `operation`.
fn migration(site: &Site, number: u32, before: &str, operation: &str) -> Result<()> {
    let text = format!(
        "from django.db import migrations, models\n\n\ndef fail(apps, schema):\n    raise SystemExit('no such luck')\n\n\n\
         class Migration(migrations.Migration):\n    dependencies = [('guestbook', '{before}')]\n    operations = [{operation}]\n"
    );
    write(
        site,
        &format!("guestbook/migrations/{number:04}_next.py"),
        &text,
    )
}

const ADD_NOTE: &str = "migrations.AddField('entry', 'note', models.TextField(default=''))";
const ADD_MOOD: &str = "migrations.AddField('entry', 'mood', models.TextField(null=True))";

fn sign(host: &Machine, name: &str) -> Result<()> {
    let program = "import sys, urllib.request as request\n\
        body = ('--x\\r\\nContent-Disposition: form-data; name=\"name\"\\r\\n\\r\\n' + sys.argv[1] + '\\r\\n--x\\r\\n'\n\
        'Content-Disposition: form-data; name=\"picture\"; filename=\"cat.png\"\\r\\nContent-Type: image/png\\r\\n\\r\\npng\\r\\n--x--\\r\\n')\n\
        headers = {'Host': 'hello.example.com', 'Content-Type': 'multipart/form-data; boundary=x'}\n\
        request.urlopen(request.Request('http://127.0.0.1/sign', body.encode(), headers))\n";
    host.write_file("/root/sign.py", program.as_bytes(), 0o600)?;
    host.sh(&format!("python3 /root/sign.py {name}"))?;
    Ok(())
}

/// From nothing to a migrated site, a change with a migration, one that fails, and back.
fn comes_and_goes(site: &Site) -> Result<()> {
    let web = site.web();
    let first = page(web)?;
    ensure!(
        first.entries == "0" && first.migration == "0001_initial",
        "{first:?}"
    );
    // Fingerprinted, so the release found the manifest that its command had written.
    ensure!(
        first.style.contains("style.") && first.style != "/static/guestbook/style.css",
        "{first:?}"
    );
    ensure!(status(web, &first.style)? == 200, "{first:?}");
    ensure!(
        web.sh("find /srv/guestbook/static -user guestbook; ls -A /srv/guestbook/shared")?
            == "data\nmedia"
    );
    sign(web, "ana")?;
    ensure!(page(web)?.entries == "1" && status(web, "/media/pictures/cat.png")? == 200);

    // Files that the repository has of a directory that all releases share.
    let kept = "cd /srv/guestbook && readlink current/kept && head -v -n 1 current/kept/* && stat -c %U shared/kept/*";
    let seeded = "/srv/guestbook/shared/kept\n==> current/kept/seed.txt <==\nfirst\nguestbook";
    site.edit("deploy.yaml", "shared: [data]", "shared: [data, kept]")?;
    fs::create_dir(site.app.path().join("kept"))?;
    write(site, "kept/seed.txt", "first\n")?;
    write(
        site,
        "guestbook/static/guestbook/style.css",
        "body { margin: 1rem; }\n",
    )?;
    push(site)?
        .expect(0)?
        .says("`manage.py check --deploy` finds ")?
        .says("security.W004")?
        .says("pending no")?
        .says("nothing to migrate")?;
    let second = page(web)?;
    ensure!(
        second.style != first.style && status(web, &first.style)? == 200,
        "{second:?}"
    );
    ensure!(web.sh(kept)? == seeded, "{}", web.sh(kept)?);

    site.edit(
        "guestbook/models.py",
        "    picture",
        "    note = models.TextField(default=\"\")\n    picture",
    )?;
    migration(site, 2, "0001_initial", ADD_NOTE)?;
    write(site, "kept/seed.txt", "second\n")?;
    write(site, "kept/late.txt", "second\n")?;
    push(site)?
        .expect(0)?
        .says("pending yes")?
        .says("| migrate (")?
        .says("| trial (")?;
    let third = page(web)?;
    ensure!(
        third.migration == "0002_next" && third.entries == "1",
        "{third:?}"
    );
    ensure!(web.sh(kept)? == seeded, "{}", web.sh(kept)?);

    migration(site, 3, "0002_next", ADD_MOOD)?;
    migration(site, 4, "0003_next", "migrations.RunPython(fail)")?;
    push(site)?
        .expect(8)?
        .says("error: the migration failed on deploy@web1 (exit 1 after")?
        .says("the database may be migrated in part, nothing was switched, `current` is still")?
        .says("no such luck")?;
    // What came before the one that fails is there, for the old release too.
    let partly = Page {
        migration: "0003_next".to_owned(),
        ..third.clone()
    };
    ensure!(page(web)? == partly, "{:?}", page(web)?);
    ensure!(
        web.sh("tail -n 1 /srv/guestbook/.deployer/history.jsonl")?
            .contains(r#""outcome":"migrate-failed""#)
    );
    for number in [3, 4] {
        let file = format!("guestbook/migrations/{number:04}_next.py");
        fs::remove_file(site.app.path().join(file))?;
    }

    site.deployer(&["rollback", "production"])?
        .expect(0)?
        .says(&format!(
            "the database stays as `{}` migrated it",
            third.release
        ))?;
    ensure!(page(web)?.release == second.release && page(web)?.entries == "1");
    push(site)?.expect(0)?.says("nothing to migrate")?;
    Ok(())
}

#[test]
fn i28_migrations_come_and_stages_fail_where_they_stand() -> Result<()> {
    let site = live()?;
    comes_and_goes(&site)?;
    stages_fail_where_they_stand(&site)?;
    nothing_ends_a_migration_but_its_limit(&site)
}

const CHECK: &str = "  check: python manage.py migrate --check   # exit 0: nothing is pending\n";
const RUN: &str = "run: python manage.py migrate --noinput";

/// What each part of a run leaves when its command fails.
fn stages_fail_where_they_stand(site: &Site) -> Result<()> {
    let web = site.web();
    let old = page(web)?;
    site.edit(
        "deploy.yaml",
        "nginx:\n",
        "hooks:\n  before_build: echo built > built; exit 3\nnginx:\n",
    )?;
    push(site)?
        .expect(7)?
        .says("hook `before_build` failed on deploy@web1 (exit 3")?
        .says("nothing was changed")?;
    site.edit(
        "deploy.yaml",
        "before_build: echo built > built; exit 3",
        "before_activate: echo not yet; exit 4",
    )?;
    push(site)?
        .expect(9)?
        .says("hook `before_activate` failed on deploy@web1 (exit 4")?
        .says("not yet")?;
    ensure!(page(web)? == old);
    let facts = "before_build: 'echo built > built'\n  after_activate: ['cat built', 'env | sort', 'test -w . || exit 5']";
    site.edit(
        "deploy.yaml",
        "before_activate: echo not yet; exit 4",
        facts,
    )?;
    let run = push(site)?
        .expect(0)?
        .says("warning: hook `after_activate` failed (exit 5); the release serves all the same")?;
    drop(run);
    let log = web.sh("cat $(ls -td /srv/guestbook/.deployer/runs/* | head -n 1)/log")?;
    for line in [
        "DEPLOYER_PHASE=after_activate",
        "DEPLOYER_APP=guestbook",
        "DEPLOYER_ENVIRONMENT=production",
        "GREETING=good day",
        "HOME=/srv/guestbook/shared",
        "built",
    ] {
        ensure!(
            log.lines().any(|said| said == line),
            "no `{line}` in\n{log}"
        );
    }
    let new = page(web)?;
    ensure!(
        log.contains(&format!("DEPLOYER_RELEASE={}", new.release))
            && log.contains(&format!(
                "PATH=/srv/guestbook/releases/{}/venv/bin:",
                new.release
            )),
        "{log}"
    );

    site.edit(
        "deploy.yaml",
        "shared: [data, kept]",
        "shared: [data, kept, {file: local.ini}]",
    )?;
    push(site)?
        .expect(6)?
        .says("web1 has no file `/srv/guestbook/shared/local.ini`")?;
    web.sh("sudo -u guestbook sh -c 'echo a > /srv/guestbook/shared/local.ini'")?;
    push(site)?.expect(0)?;
    ensure!(web.sh("cat /srv/guestbook/current/local.ini")? == "a");

    let new = page(web)?;
    let stay = "before_rollback: echo stay; exit 6\n  before_build:";
    site.edit("deploy.yaml", "before_build:", stay)?;
    site.deployer(&["rollback", "production"])?
        .expect(9)?
        .says("hook `before_rollback` failed on deploy@web1 (exit 6")?
        .says("stay")?;
    ensure!(page(web)? == new);
    site.edit("deploy.yaml", stay, "before_build:")?;

    site.edit(
        "deploy.yaml",
        "static:\n  collect: python manage.py collectstatic --noinput",
        "static:\n  collect: ln -s /etc/passwd $STATIC_ROOT/leak",
    )?;
    push(site)?
        .expect(7)?
        .says("`leak` among the collected static files is neither a file nor a directory")?;
    site.edit(
        "deploy.yaml",
        "ln -s /etc/passwd $STATIC_ROOT/leak",
        "python manage.py collectstatic --noinput",
    )?;

    // The database is migrated, and then the release turns out to be ill.
    site.edit("deploy.yaml", CHECK, "")?;
    site.edit(
        "guestbook/views.py",
        "    Entry.objects.exists()",
        "    raise OSError('ill')",
    )?;
    let ill = page(web)?;
    push(site)?
        .expect(8)?
        .says("pending unknown")?
        .says("the new release answers 500 at `/health` on deploy@web1")?
        .says("the database is migrated, nothing was switched")?;
    ensure!(page(web)? == ill);
    site.edit(
        "guestbook/views.py",
        "    raise OSError('ill')",
        "    Entry.objects.exists()",
    )?;
    site.edit(
        "deploy.yaml",
        "  run:",
        "  backup: echo no room; exit 1\n  run:",
    )?;
    push(site)?
        .expect(8)?
        .says("the backup before the migration failed on deploy@web1")?
        .says("the database is as it was, nothing was switched")?;
    site.edit("deploy.yaml", "  backup: echo no room; exit 1\n", "")?;
    ensure!(page(web)? == ill);
    Ok(())
}

/// Ctrl-C, a killed worker and a second push during a migration; and a limit that it cannot ignore.
fn nothing_ends_a_migration_but_its_limit(site: &Site) -> Result<()> {
    let web = site.web();
    let old = page(web)?;
    let waiting =
        "run: date >> data/began; while test -e data/hold; do sleep 0.1; done; date >> data/ended";
    let count = |file: &str| {
        web.sh(&format!(
            "cat /srv/guestbook/shared/data/{file} 2>/dev/null | wc -l"
        ))
    };
    let hold = || web.sh("touch /srv/guestbook/shared/data/hold");
    let let_go = || web.sh("rm /srv/guestbook/shared/data/hold");
    let begun = |number: &str| -> Result<()> {
        for _ in 0..300 {
            if count("began")? == number {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        anyhow::bail!("the migration does not begin")
    };
    hold()?;
    site.edit("deploy.yaml", RUN, waiting)?;
    site.commit()?;
    let mut run = site.start(&["push", "production"])?;
    begun("1")?;
    run.signal("INT")?;
    run.wait_for("interrupted while the database is migrated")?;
    let_go()?;
    run.end()?
        .expect(130)?
        .says("interrupted before the switch; nothing was switched on deploy@web1")?
        .says("the database is migrated by deploy@web1")?;
    ensure!(count("ended")? == "1" && page(web)? == old);

    // What began goes on without its worker, and keeps the lock.
    hold()?;
    let run = site.start(&["push", "production"])?;
    begun("2")?;
    web.exec("pkill -9 -f '[/]script worker'")?;
    site.deployer(&["push", "production"])?.expect(5)?;
    let_go()?;
    run.end()?;
    wait_until_free_of("guestbook", web)?;
    ensure!(count("ended")? == "2" && page(web)? == old);

    // It lost its client, and goes on: the database is already the new one.
    hold()?;
    let run = site.start(&["push", "production"])?;
    begun("3")?;
    run.kill()?;
    let_go()?;
    wait_until_free_of("guestbook", web)?;
    ensure!(page(web)? != old, "{old:?}");
    let old = page(web)?;
    site.edit(
        "deploy.yaml",
        waiting,
        "run: trap '' TERM; echo deaf; sleep 60 & wait; sleep 60\n  timeout: 2s",
    )?;
    let run = push(site)?
        .expect(8)?
        .says("deployer: stopped, it had 2 seconds")?;
    ensure!(run.took < Duration::from_secs(30), "{run}");
    ensure!(page(web)? == old && web.sh("pgrep -u guestbook -c sleep || true")? == "0");
    Ok(())
}
