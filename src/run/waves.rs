//! Who is told what, and when: the barrier, the migration, the waves and what follows a failure. Pure, so that every
//! order of events can be tested.

use super::update::Verb;
use crate::config::{OnFailure, Which};
use crate::event::Outcome;

/// What the hosts of one rollout have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// `None`: revert, or stop once a migration ran.
    pub on_failure: Option<OnFailure>,
    /// Where the database is migrated before any host is told `go`.
    pub migrate: Option<Which>,
    /// How many hosts switch at the same time, once the first has; `None`: all of them.
    pub batch: Option<usize>,
}

/// What a host did that matters to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Ready,
    Migrated {
        ran: bool,
    },
    Live,
    /// `None`: lost.
    Ended(Option<Outcome>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Preparing,
    Ready,
    /// Told `migrate`.
    Migrating,
    /// Ready, and done with its migration.
    Migrated,
    /// Told `go`.
    Going,
    /// Serves the new release and keeps the old one.
    Live,
    /// Has nothing more to hear.
    Told,
    Ended,
}

impl Standing {
    /// Not told `go` yet, so an `abort` still undoes the run.
    fn can_abort(self) -> bool {
        use Standing::{Migrated, Migrating, Preparing, Ready};
        matches!(self, Preparing | Ready | Migrating | Migrated)
    }
}

/// Lines for one host, written in one go.
pub(super) type Order = (usize, Vec<Verb>);

#[derive(Debug)]
pub(super) struct Waves {
    standing: Vec<Standing>,
    rules: Rules,
    /// A migration has changed the database.
    migrated: bool,
    /// A `go` was given: from here on nothing may be called off without a word.
    went: bool,
    /// No host is to be told `go` any more.
    halted: bool,
}

impl Waves {
    pub(super) fn new(hosts: usize, rules: Rules) -> Self {
        Self {
            standing: vec![Standing::Preparing; hosts],
            rules,
            migrated: false,
            went: false,
            halted: false,
        }
    }

    /// Hosts whose barrier must be kept open.
    pub(super) fn waiting(&self) -> Vec<usize> {
        self.those(|standing| standing.can_abort() && standing != Standing::Migrating)
    }

    pub(super) fn observe(&mut self, host: usize, sign: Sign) -> Vec<Order> {
        let before = self.standing[host];
        match (sign, before) {
            (_, Standing::Ended) => return Vec::new(),
            (Sign::Ready, Standing::Preparing) => self.standing[host] = Standing::Ready,
            (Sign::Migrated { ran }, before) => {
                self.migrated |= ran;
                if before == Standing::Migrating {
                    self.standing[host] = Standing::Migrated;
                    if self.alone() && !self.halted {
                        // It was told the rest together with `migrate`.
                        self.went = true;
                        self.standing[host] = Standing::Told;
                        return Vec::new();
                    }
                }
            }
            (Sign::Live, Standing::Going) => self.standing[host] = Standing::Live,
            (Sign::Ready | Sign::Live, _) => {}
            (Sign::Ended(outcome), before) => {
                self.standing[host] = Standing::Ended;
                let well = matches!(
                    outcome,
                    Some(Outcome::Live | Outcome::Unchanged | Outcome::Done)
                );
                // Whoever was told to stop has already been counted.
                if !well && before != Standing::Told {
                    return self.failed();
                }
            }
        }
        self.proceed()
    }

    /// The user wants to stop: calls everything off while that changes nothing but perhaps the database.
    pub(super) fn interrupt(&mut self) -> Vec<Order> {
        if self.went {
            return Vec::new();
        }
        self.halted = true;
        self.tell(Standing::can_abort, Verb::Abort)
    }

    fn failed(&mut self) -> Vec<Order> {
        if !self.went {
            self.halted = true;
            return self.tell(Standing::can_abort, Verb::Abort);
        }
        let usual = if self.migrated {
            OnFailure::Stop
        } else {
            OnFailure::Revert
        };
        let mut orders = match self.rules.on_failure.unwrap_or(usual) {
            OnFailure::Continue => Vec::new(),
            OnFailure::Stop => {
                self.halted = true;
                self.tell(Standing::can_abort, Verb::Abort)
            }
            OnFailure::Revert => {
                self.halted = true;
                let mut orders = self.tell(Standing::can_abort, Verb::Abort);
                let went = |standing| matches!(standing, Standing::Going | Standing::Live);
                orders.extend(self.tell(went, Verb::Revert));
                orders
            }
        };
        orders.extend(self.proceed());
        orders
    }

    /// What the present standings allow.
    fn proceed(&mut self) -> Vec<Order> {
        use Standing::{Going, Migrated, Migrating, Preparing, Ready};
        if [Preparing, Migrating, Going]
            .into_iter()
            .any(|standing| self.any(standing))
        {
            return Vec::new();
        }
        if self.halted {
            return self.tell(|standing| standing == Standing::Live, Verb::Finish);
        }
        if let Some(host) = self.to_migrate() {
            self.standing[host] = Migrating;
            let rest: &[Verb] = if self.alone() {
                &[Verb::Go, Verb::Finish]
            } else {
                &[]
            };
            return vec![(host, [&[Verb::Migrate], rest].concat())];
        }
        let ready = self.those(|standing| matches!(standing, Ready | Migrated));
        if ready.is_empty() {
            return self.tell(|standing| standing == Standing::Live, Verb::Finish);
        }
        let first = !self.went;
        self.went = true;
        if first && let [only] = ready[..] {
            self.standing[only] = Standing::Told;
            return vec![(only, vec![Verb::Go, Verb::Finish])];
        }
        // The first host alone shows what the others would meet.
        let most = if first {
            1
        } else {
            self.rules.batch.unwrap_or(ready.len())
        };
        let wave = &ready[..most.min(ready.len())];
        for &host in wave {
            self.standing[host] = Going;
        }
        wave.iter().map(|&host| (host, vec![Verb::Go])).collect()
    }

    /// The next host that has a migration to make before anybody goes.
    fn to_migrate(&self) -> Option<usize> {
        let which = self.rules.migrate.filter(|_| !self.went)?;
        if which == Which::First && self.any(Standing::Migrated) {
            return None;
        }
        self.standing
            .iter()
            .position(|standing| *standing == Standing::Ready)
    }

    /// There is no other host, and never was: a verb need not wait for the answer to the one before.
    fn alone(&self) -> bool {
        self.standing.len() == 1
    }

    fn tell(&mut self, which: impl Fn(Standing) -> bool, verb: Verb) -> Vec<Order> {
        let hosts = self.those(which);
        for &host in &hosts {
            self.standing[host] = Standing::Told;
        }
        hosts.into_iter().map(|host| (host, vec![verb])).collect()
    }

    fn those(&self, which: impl Fn(Standing) -> bool) -> Vec<usize> {
        (0..self.standing.len())
            .filter(|&host| which(self.standing[host]))
            .collect()
    }

    fn any(&self, standing: Standing) -> bool {
        self.standing.contains(&standing)
    }
}

#[cfg(test)]
mod tests;
