use serde::Serialize;

use super::{Action, Step};
use crate::config::{
    Account, AssetBuild, AssetSource, CommandLine, Config, Hook, Migrate, Moment, Trial, Which,
};

/// Seconds that `static.collect` may take.
const COLLECT: u64 = 600;
/// Seconds that the framework's check may take.
const FRAMEWORK: u64 = 60;

/// A command of the project, run in a release with that release's environment.
#[derive(Debug, Clone, Serialize)]
pub struct Task {
    /// What the command finds as `DEPLOYER_PHASE`.
    pub phase: &'static str,
    pub command: String,
    /// Seconds.
    pub timeout: u64,
    pub account: Account,
}

impl Task {
    fn migration(phase: &'static str, command: &str, migrate: &Migrate) -> Self {
        Self {
            phase,
            command: command.to_owned(),
            timeout: migrate.timeout.as_secs(),
            account: Account::App,
        }
    }

    /// As the login user, who may write into the release.
    pub(super) fn build(build: &AssetBuild) -> Self {
        Self {
            phase: "build",
            command: build.run.to_string(),
            timeout: build.timeout.as_secs(),
            account: Account::Login,
        }
    }

    pub(super) fn collect(command: &CommandLine) -> Self {
        Self {
            phase: "collect",
            command: command.to_string(),
            timeout: COLLECT,
            account: Account::App,
        }
    }

    fn hook(moment: Moment, hook: &Hook) -> Self {
        Self {
            phase: moment.as_str(),
            command: hook.run.to_string(),
            timeout: hook.timeout.as_secs(),
            account: hook.account,
        }
    }
}

/// The steps of the hooks of one moment, on the first host of a fleet or on another.
pub(super) fn hooks(config: &Config, moment: Moment, first: bool) -> Vec<Step> {
    let here = |hook: &&Hook| first || hook.on == Which::Each;
    config
        .hooks
        .get(&moment)
        .into_iter()
        .flatten()
        .filter(here)
        .map(|hook| Step::new(moment.as_str(), Action::Task(Task::hook(moment, hook))))
        .collect()
}

/// Django's own check, where a command of the file calls its `manage.py`.
pub(super) fn framework(config: &Config) -> Option<Step> {
    let collect = config
        .assets
        .as_ref()
        .and_then(|assets| match &assets.source {
            AssetSource::Collected(command) => Some(command),
            AssetSource::Directory(_) => None,
        });
    let migrate = config.migrate.iter();
    let migrate = migrate.flat_map(|migrate| migrate.check.iter().chain([&migrate.run]));
    let manage = collect.into_iter().chain(migrate).find_map(manage)?;
    let task = Task {
        phase: "framework",
        command: format!("python {manage} check --deploy"),
        timeout: FRAMEWORK,
        account: Account::App,
    };
    let manage = manage.to_owned();
    Some(Step::new(
        "framework",
        Action::CheckFramework { manage, task },
    ))
}

/// The path of a `manage.py` that a command runs; one that would need quotes is left alone.
fn manage(command: &CommandLine) -> Option<&str> {
    let plain = |word: &&str| {
        word.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
    };
    let named = |word: &&str| word.rsplit('/').next() == Some("manage.py");
    command
        .as_str()
        .split_whitespace()
        .find(|word| named(word) && plain(word))
}

/// Whether something is pending; without `migrate.check` that has to be supposed.
pub(super) fn pending(config: &Config) -> Option<Step> {
    let migrate = config.migrate.as_ref()?;
    let check = migrate.check.as_ref();
    let check = check.map(|check| Task::migration("check", check.as_str(), migrate));
    Some(Step::new("pending", Action::Pending { check }))
}

/// What runs between the barriers, on the hosts that are told to migrate.
pub(super) fn migration(config: &Config) -> Vec<Step> {
    let Some(migrate) = &config.migrate else {
        return Vec::new();
    };
    // These hooks run where the migration does.
    let mut steps = hooks(config, Moment::BeforeMigrate, true);
    if let Some(backup) = &migrate.backup {
        let task = Task::migration("backup", backup.as_str(), migrate);
        steps.push(Step::new("backup", Action::Task(task)));
    }
    let task = Task::migration("migrate", migrate.run.as_str(), migrate);
    steps.push(Step::new("migrate", Action::Migrate(task)));
    steps.extend(hooks(config, Moment::AfterMigrate, true));
    // A release that waits for its migration could not pass it before.
    if config.server.trial() == Trial::Boot {
        steps.push(Step::new("trial", Action::FullTrial));
    }
    steps
}

/// After `go`, before anything is switched.
pub(super) fn activation(config: &Config, first: bool) -> Vec<Step> {
    let verifies = config.migrate.is_some() && config.server.trial() == Trial::Boot;
    let verify = verifies.then(|| Step::new("trial", Action::Verify));
    let hooks = hooks(config, Moment::BeforeActivate, first);
    verify.into_iter().chain(hooks).collect()
}
