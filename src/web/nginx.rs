use minijinja::{Value, context};

use super::{names, tls};
use crate::config::{Assets, Config, Encoding, Fingerprint, Nginx, ServerName, Tls};
use crate::plan::{File, Name, Place};
use crate::service;
use crate::template::Templates;

/// gunicorn's `timeout: 0` is for ever, nginx's would be at once.
const FOR_EVER: u64 = 3600;

/// The app's site; `None` where something else stands in front of the app.
pub fn site(config: &Config, templates: &Templates) -> anyhow::Result<Option<File>> {
    let Some(nginx) = &config.nginx else {
        return Ok(None);
    };
    let content = templates.render("nginx/site.conf.j2", &values(config, nginx))?;
    let place = Place::System(format!("/etc/nginx/sites-available/{}.conf", config.app));
    Ok(Some(File {
        name: Name::Site,
        place,
        mode: 0o644,
        content,
    }))
}

fn values(config: &Config, nginx: &Nginx) -> Value {
    // A request that gunicorn gave up is lost; one that it still works on must not be.
    let patience = match service::seconds(config.gunicorn.timeout) {
        0 => FOR_EVER,
        seconds => seconds,
    };
    context! {
        app => config.app.as_str(),
        root => config.root.as_str(),
        // Names of nginx's variables have no `-`, and names of apps no `_`.
        variable => config.app.as_str().replace('-', "_"),
        any_name => nginx.any_name(),
        known => context! {
            names => names::pattern(&nginx.server_names),
            redirects => names::pattern(&nginx.redirects),
        },
        patience => patience,
        // The app answers there, and at the second one only where the first is https.
        listener => listener(nginx, nginx.tls.as_ref()),
        plain_listener => listener(nginx, None),
        shown_port => nginx.tls.as_ref().map(|tls| shown(tls.listen, 443)).unwrap_or_default(),
        first_url => first_url(nginx),
        redirect_listeners => redirect_listeners(nginx),
        nginx => context! {
            server_names => names::texts(&nginx.server_names),
            redirects => names::texts(&nginx.redirects),
            listen => nginx.listen,
            max_body => nginx.max_body.to_string(),
            headers => headers(nginx),
            extra => nginx.extra.as_deref().map(indented),
        },
        tls => nginx.tls.as_ref().map(|tls| {
            let (certificate, key) = tls::files(&config.app, &tls.certificate);
            context! { certificate, key, hsts => tls.hsts.map(|time| time.as_secs()) }
        }),
        assets => config.assets.as_ref().map(assets),
        uploads => config.uploads.as_ref().map(|uploads| context! {
            url => uploads.url.as_str(),
            path => uploads.path.as_str(),
        }),
    }
}

fn assets(assets: &Assets) -> Value {
    let packed = |encoding| assets.precompress.contains(&encoding);
    context! {
        url => assets.url.as_str(),
        query => assets.fingerprint == Fingerprint::Query,
        gzip => packed(Encoding::Gzip),
        brotli => packed(Encoding::Brotli),
        cdn => assets.cdn.is_some(),
        at_root => assets.at_root.iter().map(ToString::to_string).collect::<Vec<_>>(),
    }
}

fn headers(nginx: &Nginx) -> Value {
    let header = |(name, value)| context! { name, value };
    nginx.headers.iter().map(header).collect()
}

/// The name of the host's own file that says how to listen there: `80`, `443-tls`, `80-default`.
fn listener(nginx: &Nginx, tls: Option<&Tls>) -> String {
    let place = match tls {
        Some(tls) => format!("{}-tls", tls.listen),
        None => nginx.listen.to_string(),
    };
    if nginx.any_name() {
        format!("{place}-default")
    } else {
        place
    }
}

/// Other names have a server of their own at each port; none of them is the default one.
fn redirect_listeners(nginx: &Nginx) -> Vec<Value> {
    let plain = context! { name => nginx.listen.to_string(), tls => false };
    let tls = nginx.tls.as_ref();
    let tls = tls.map(|tls| context! { name => format!("{}-tls", tls.listen), tls => true });
    [plain].into_iter().chain(tls).collect()
}

/// Where the other names lead.
fn first_url(nginx: &Nginx) -> String {
    let name = nginx.first_name().map_or("localhost", ServerName::as_str);
    match &nginx.tls {
        Some(tls) => format!("https://{name}{}", shown(tls.listen, 443)),
        None => format!("http://{name}{}", shown(nginx.listen, 80)),
    }
}

/// The port as a URL shows it: not the usual one.
fn shown(port: u16, usual: u16) -> String {
    if port == usual {
        String::new()
    } else {
        format!(":{port}")
    }
}

fn indented(text: &str) -> String {
    let line = |line: &str| match line.trim_end() {
        "" => String::new(),
        line => format!("    {line}"),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
