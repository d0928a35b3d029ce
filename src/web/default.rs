use minijinja::context;

use crate::config::Config;
use crate::plan::{File, Name, Place};
use crate::template::Templates;

/// What answers, at the site's ports, the names that no site of the host has; nothing where the app answers them all.
pub fn default_sites(config: &Config, templates: &Templates) -> anyhow::Result<Vec<File>> {
    let Some(nginx) = config.nginx.as_ref().filter(|nginx| !nginx.any_name()) else {
        return Ok(Vec::new());
    };
    let plain = (Name::DefaultSite, nginx.listen.to_string(), false);
    let tls = nginx.tls.as_ref();
    let tls = tls.map(|tls| (Name::DefaultTlsSite, format!("{}-tls", tls.listen), true));
    let file = |(name, listener, tls): (Name, String, bool)| {
        let path = format!("/etc/nginx/sites-available/deployer-default-{listener}.conf");
        let values = context! { listener, tls };
        Ok(File {
            name,
            place: Place::Host(path),
            mode: 0o644,
            content: templates.render("nginx/default.conf.j2", &values)?,
        })
    };
    [plain].into_iter().chain(tls).map(file).collect()
}
