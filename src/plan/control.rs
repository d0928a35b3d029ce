use std::net::IpAddr;

use serde::Serialize;

use super::push::gate;
use super::{Action, File, HostPlan, Identity, Kind, Step};
use crate::config::{Config, Takeover};
use crate::target::TargetHost;

/// Hundredths of a second; longer than any generation may take to boot.
const NO_STALL: u64 = 1_000_000;

/// What an operator asks of the live release, or of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    Reload,
    Restart,
    Stop,
    Start,
    Scale {
        counts: Vec<(String, u32)>,
    },
    Lock {
        message: String,
    },
    Unlock,
    /// Visitors get a page instead of the app.
    Maintenance(Maintenance),
    MaintenanceEnd,
}

/// What visitors get meanwhile, and who does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    /// What the operator says to visitors; unset: what the project's own page says, or the usual.
    pub message: Option<String>,
    /// The whole page.
    pub page: String,
    /// Addresses that see the site all the same.
    pub allow: Vec<IpAddr>,
}

impl ByHand {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Reload => Kind::Reload,
            Self::Restart => Kind::Restart,
            Self::Stop => Kind::Stop,
            Self::Start => Kind::Start,
            Self::Scale { .. } => Kind::Scale,
            Self::Lock { .. } => Kind::Lock,
            Self::Unlock => Kind::Unlock,
            Self::Maintenance(_) => Kind::Maintenance,
            Self::MaintenanceEnd => Kind::MaintenanceEnd,
        }
    }
}

pub fn by_hand(config: &Config, host: &TargetHost, what: &ByHand, files: Vec<File>) -> HostPlan {
    let (prepare, finish) = match what {
        ByHand::Reload => again(config, Takeover::Reload),
        // With `restart` the file says that there is no room for two generations.
        ByHand::Restart if config.server.reload() == Takeover::Restart => {
            again(config, Takeover::Restart)
        }
        ByHand::Restart => again(config, Takeover::Replace),
        ByHand::Stop => (vec![Step::new("stop", Action::Stop)], Vec::new()),
        ByHand::Start => (vec![Step::new("start", Action::Start)], Vec::new()),
        ByHand::Scale { counts } => {
            let here = config.on(&host.host).workers;
            let is_here = |name: &str| here.keys().any(|worker| worker.as_str() == name);
            let counts = counts.iter().filter(|(name, _)| is_here(name));
            let counts = counts.cloned().collect();
            (
                vec![Step::new("scale", Action::Scale { counts })],
                Vec::new(),
            )
        }
        ByHand::Lock { message } => {
            let message = message.clone();
            let freeze = Action::Freeze { message };
            (vec![Step::new("freeze", freeze)], Vec::new())
        }
        ByHand::Maintenance(maintenance) => {
            let begin = Action::BeginMaintenance(maintenance.clone());
            (vec![Step::new("maintenance", begin)], Vec::new())
        }
        ByHand::MaintenanceEnd => {
            let end = Step::new("maintenance", Action::EndMaintenance);
            (vec![end], Vec::new())
        }
        ByHand::Unlock => (vec![Step::new("unfreeze", Action::Unfreeze)], Vec::new()),
    };
    HostPlan {
        host: host.host.name.clone(),
        kind: what.kind(),
        identity: Identity::new(config, host),
        prepare,
        migrate: Vec::new(),
        activate: Vec::new(),
        finish,
        files,
    }
}

/// The same gates and the same activation as a push, with the release that is live.
fn again(config: &Config, takeover: Takeover) -> (Vec<Step>, Vec<Step>) {
    let mut prepare = vec![Step::new("choose", Action::Again)];
    prepare.extend(gate(config.server.trial()));
    // Whoever asks for it accepts what a slow import costs.
    let decide = Action::Decide {
        takeover,
        max_stall: NO_STALL,
    };
    prepare.push(Step::new("decide", decide));
    let finish = vec![
        Step::new("drain", Action::Drain),
        Step::new("record", Action::Record),
    ];
    (prepare, finish)
}
