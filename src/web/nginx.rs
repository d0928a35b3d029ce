use minijinja::{Value, context};

use crate::config::{Assets, Config, Encoding, Fingerprint, Nginx, ServerName};
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
        any_name => nginx.server_names.iter().any(|name| name.as_str() == "_"),
        known_names => known_names(nginx),
        patience => patience,
        nginx => context! {
            server_names => nginx.server_names.iter().map(ToString::to_string).collect::<Vec<_>>(),
            listen => nginx.listen,
            max_body => nginx.max_body.to_string(),
            headers => headers(nginx),
        },
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

/// A regular expression for every host name that the site answers; nginx has it in lower case.
///
/// A `map` would do, but takes no longer names than nginx's smallest bucket for hashes.
fn known_names(nginx: &Nginx) -> String {
    let known = |name: &ServerName| {
        let name = name.as_str().to_ascii_lowercase().replace('.', r"\.");
        match (name.strip_prefix(r"*\."), name.strip_prefix(r"\.")) {
            (Some(domain), _) => format!(r".+\.{domain}"),
            (_, Some(domain)) => format!(r"(?:.+\.)?{domain}"),
            _ => name,
        }
    };
    let names: Vec<String> = nginx.server_names.iter().map(known).collect();
    format!("^(?:{})$", names.join("|"))
}
