use minijinja::context;

use crate::template::Templates;

const TITLE: &str = "Down for maintenance";
const USUAL: &str = "We will be back shortly.";

/// What visitors get while the site is in maintenance.
pub fn maintenance_page(message: Option<&str>, templates: &Templates) -> anyhow::Result<String> {
    let values = context! { title => TITLE, message => message.unwrap_or(USUAL) };
    templates.render("maintenance.html.j2", &values)
}
