//! Values of every kind, written here and drawn anew, under each manager: in the environment, and as arguments.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::Case;
use crate::machines::get;
use crate::processes::workers::add;
use crate::random::Random;
use crate::site::{NAME, Site};
use crate::texts::{NASTY, text, yaml};

/// A page that says what came of them.
const PAGE: &str = "
@app.get('/every')
def every():
    return json.dumps({name: value for name, value in os.environ.items() if name.startswith('VALUE_')})

@app.get(\"/\")";

pub(super) struct Values(Vec<String>);

impl Values {
    pub(super) fn drawn() -> Result<Self> {
        let mut random = Random::seeded()?;
        let printed: String = (' '..='~').collect();
        let mut values = vec![printed];
        values.extend(NASTY.map(str::to_owned));
        values.extend((0..40).map(|_| text(&mut random)));
        Ok(Self(values))
    }

    fn named(&self) -> BTreeMap<String, String> {
        let values = self.0.iter().enumerate();
        values
            .map(|(number, value)| (format!("VALUE_{number}"), value.clone()))
            .collect()
    }

    /// The app gets them.
    pub(super) fn asked_for(&self, site: &Site) -> Result<()> {
        let mut env = "env:\n".to_owned();
        for (name, value) in self.named() {
            writeln!(env, "  {name}: {}", yaml(&value))?;
        }
        add(site, &env)
    }

    pub(super) fn asked_for_by_a_page(&self, site: &Site) -> Result<()> {
        self.asked_for(site)?;
        site.edit("hello.py", "\n@app.get(\"/\")", PAGE)
    }

    /// A command that is called with them.
    pub(super) fn command(&self) -> String {
        let words = self.0.iter().map(|value| yaml(value));
        let words: Vec<String> = words.collect();
        format!("[python3, work.py, {}]", words.join(", "))
    }

    pub(super) fn arrived(&self, site: &Site, case: &Case) -> Result<()> {
        let page = get((site.web().ip(), case.port).into(), NAME, "/every")?.body;
        self.are(&serde_json::from_str(&page)?)
    }

    /// A process began with them.
    pub(super) fn of_a_process(&self, site: &Site, pid: &str) -> Result<()> {
        let environment = site.web().exec(&format!("cat /proc/{pid}/environ"))?;
        let entries = environment.stdout.split_terminator('\0');
        let entries = entries.filter_map(|entry| entry.split_once('='));
        let own = entries.filter(|(name, _)| name.starts_with("VALUE_"));
        self.are(
            &own.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// It was called with them.
    pub(super) fn called(&self, site: &Site, pid: &str) -> Result<()> {
        let words = site.web().exec(&format!("cat /proc/{pid}/cmdline"))?.stdout;
        let words: Vec<&str> = words.split_terminator('\0').collect();
        let mut wanted = vec!["python3", "work.py"];
        wanted.extend(self.0.iter().map(String::as_str));
        ensure!(words == wanted, "{words:?} and not {wanted:?}");
        Ok(())
    }

    fn are(&self, found: &BTreeMap<String, String>) -> Result<()> {
        for (name, value) in self.named() {
            let found = found.get(&name);
            ensure!(found == Some(&value), "{name} is {found:?}: {value:?}");
        }
        Ok(())
    }
}
