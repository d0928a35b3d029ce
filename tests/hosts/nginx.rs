//! Every rendered site, at its own place, before nginx of both Debians.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use deployer::config::{Certificate, Config, SecretSource};
use deployer::plan::Place;
use tempfile::TempDir;

use crate::cases::{rendered, secure, text};
use crate::machines::{Lab, Options};
use crate::sites::every_site;

/// nginx of the host with brotli's module, as setup installs it.
pub(crate) const PACKAGES: [&str; 2] = ["brotli", "libnginx-mod-http-brotli-static"];

/// Tells of each site below /opt/sites whose nginx -t is not silence and consent, with what it says.
const JUDGE: &str = r#"
. /opt/sites/nginx.sh
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=polls.example.com \
    -keyout /root/both.pem -out /root/chain.pem 2>/dev/null && cat /root/chain.pem >>/root/both.pem || exit 1
for site in /opt/sites/*/; do
    rm -rf /etc/nginx/sites-enabled/* "$LISTENERS"
    for conf in "$site"*.conf; do
        make_listeners "$conf" || exit 1
        ln -s "$conf" /etc/nginx/sites-enabled/
        for pem in $(sed -n 's/^ *ssl_certificate\(_key\)\{0,1\} \(.*\);/\2/p' "$conf"); do
            mkdir -p "${pem%/*}" && cp /root/both.pem "$pem" || exit 1
        done
    done
    said=$(nginx -t 2>&1)
    [ "$?" = 0 ] && ! echo "$said" | grep -v -e 'syntax is ok$' -e 'test is successful$' >/dev/null ||
        echo "$(basename "$site"): $said" | tr '\n' ' ' | sed 's/$/\n/'
done"#;

/// The sites that a host of this configuration has.
fn write(directory: &Path, config: &Config) -> Result<()> {
    fs::create_dir(directory)?;
    for file in rendered(config) {
        if let Place::System(path) | Place::Host(path) = &file.place
            && let Some(name) = path.strip_prefix("/etc/nginx/sites-available/")
        {
            fs::write(directory.join(name), &file.content)?;
        }
    }
    let made = fs::read_dir(directory)?.count();
    ensure!(made > 0, "no site in {}", directory.display());
    Ok(())
}

/// A certificate that setup sends, whose files only root of the host has.
fn sent() -> Result<Config> {
    let mut config = secure();
    let nginx = config.nginx.as_mut().context("a site")?;
    let source = |name: &str| SecretSource::Variable(text(name));
    nginx.tls.as_mut().context("https")?.certificate = Certificate::Sent {
        certificate: source("CHAIN"),
        key: source("KEY"),
    };
    Ok(config)
}

/// What the repository's own files make, besides the kinds that there are.
fn sites() -> Result<Vec<(String, Config)>> {
    let kinds = every_site().into_iter().chain([("sent", sent()?)]);
    let mut sites: Vec<(String, Config)> = kinds
        .map(|(name, config)| (name.replace(' ', "-"), config))
        .collect();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let load =
        |path: &Path| Config::load(path, "production").with_context(|| path.display().to_string());
    sites.push((
        "every-key".to_owned(),
        load(&project.join("deploy.example.yaml"))?,
    ));
    for example in fs::read_dir(project.join("examples"))? {
        let example = example?;
        let name = example.file_name().to_string_lossy().into_owned();
        sites.push((name, load(&example.path().join("deploy.yaml"))?));
    }
    Ok(sites)
}

#[test]
fn nginx_of_both_debians_accepts_every_site() -> Result<()> {
    let given = TempDir::new()?;
    let at = |name: &str| given.path().join(name);
    fs::write(
        at("nginx.sh"),
        include_str!("../../templates/script/nginx.sh"),
    )?;
    let sites = sites()?;
    for (name, config) in &sites {
        write(&at(name), config)?;
    }
    // So that silence means something.
    let mut broken = secure();
    let nginx = broken.nginx.as_mut().context("a site")?;
    nginx.extra = Some("no_such_directive on;\n".to_owned());
    write(&at("broken"), &broken)?;

    let lab = Lab::new()?;
    for (suite, version) in [("trixie", "1.26."), ("bookworm", "1.22.")] {
        let host = lab.up_with(
            suite,
            &Options {
                suite: suite.to_owned(),
                packages: PACKAGES.to_vec(),
                binds: vec![(given.path().to_owned(), "/opt/sites".into())],
                ..Options::default()
            },
        )?;
        let nginx = host.sh("nginx -v 2>&1")?;
        ensure!(nginx.contains(&format!("nginx/{version}")), "{nginx}");
        let refused = host.sh(JUDGE)?;
        ensure!(
            refused.lines().count() == 1
                && refused.starts_with("broken: ")
                && refused.contains("no_such_directive"),
            "{suite}: {refused}"
        );
        println!("{suite}: {} sites", sites.len());
        // Without the module the site that needs it is none.
        host.sh("rm /etc/nginx/modules-enabled/*brotli*")?;
        let refused = host.sh(JUDGE)?;
        ensure!(
            refused.lines().count() == 2
                && refused.contains("both-packed: ")
                && refused.contains("brotli_static"),
            "{suite}: {refused}"
        );
    }
    Ok(())
}
