use super::{Action, File, HostPlan, Identity, Kind, Step};
use crate::config::Config;
use crate::target::TargetHost;

/// What a read-only session asks a host.
#[derive(Debug, Clone)]
pub enum Question {
    State,
    Releases,
    /// The newest lines of its history.
    History {
        count: u32,
    },
    /// What a push of this revision would find.
    Foresee {
        revision: String,
    },
    /// The commit a ref names at the repository, asked from the host.
    RemoteHead {
        repo: String,
        reference: String,
    },
}

pub fn read(config: &Config, host: &TargetHost, question: Question, files: Vec<File>) -> HostPlan {
    let action = match question {
        Question::State => Action::ShowState,
        Question::Releases => Action::ShowReleases,
        Question::History { count } => Action::ShowHistory { count },
        Question::Foresee { revision } => Action::Foresee { revision },
        Question::RemoteHead { repo, reference } => Action::RemoteHead { repo, reference },
    };
    HostPlan {
        host: host.host.name.clone(),
        kind: Kind::Read,
        identity: Identity::new(config, host),
        prepare: vec![Step::new("read", action)],
        migrate: Vec::new(),
        activate: Vec::new(),
        finish: Vec::new(),
        files,
    }
}
