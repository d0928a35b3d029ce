//! Who is told what, and when: the barrier, the waves and what follows a failure. Pure, so that every order of events
//! can be tested.

use super::update::Verb;
use crate::config::OnFailure;
use crate::event::Outcome;

/// What a host did that matters to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Ready,
    Live,
    /// `None`: lost.
    Ended(Option<Outcome>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Preparing,
    Ready,
    /// Told `go`.
    Going,
    /// Serves the new release and keeps the old one.
    Live,
    /// Has nothing more to hear.
    Told,
    Ended,
}

/// Lines for one host, written in one go.
pub(super) type Order = (usize, Vec<Verb>);

#[derive(Debug)]
pub(super) struct Waves {
    standing: Vec<Standing>,
    on_failure: OnFailure,
    /// A `go` was given: from here on nothing may be called off without a word.
    went: bool,
    /// No host is to be told `go` any more.
    halted: bool,
}

impl Waves {
    pub(super) fn new(hosts: usize, on_failure: OnFailure) -> Self {
        Self {
            standing: vec![Standing::Preparing; hosts],
            on_failure,
            went: false,
            halted: false,
        }
    }

    /// Hosts whose barrier must be kept open.
    pub(super) fn waiting(&self) -> Vec<usize> {
        self.those(|standing| matches!(standing, Standing::Preparing | Standing::Ready))
    }

    pub(super) fn observe(&mut self, host: usize, sign: Sign) -> Vec<Order> {
        let before = self.standing[host];
        match (sign, before) {
            (_, Standing::Ended) => return Vec::new(),
            (Sign::Ready, Standing::Preparing) => self.standing[host] = Standing::Ready,
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

    /// The user wants to stop: calls everything off while that changes nothing.
    pub(super) fn interrupt(&mut self) -> Vec<Order> {
        if self.went {
            return Vec::new();
        }
        self.halted = true;
        self.tell(
            |standing| matches!(standing, Standing::Preparing | Standing::Ready),
            Verb::Abort,
        )
    }

    fn failed(&mut self) -> Vec<Order> {
        let unstarted = |standing| matches!(standing, Standing::Preparing | Standing::Ready);
        if !self.went {
            self.halted = true;
            return self.tell(unstarted, Verb::Abort);
        }
        let mut orders = match self.on_failure {
            OnFailure::Continue => Vec::new(),
            OnFailure::Stop => {
                self.halted = true;
                self.tell(unstarted, Verb::Abort)
            }
            OnFailure::Revert => {
                self.halted = true;
                let mut orders = self.tell(unstarted, Verb::Abort);
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
        if self.any(Standing::Preparing) || self.any(Standing::Going) {
            return Vec::new();
        }
        let ready = self.those(|standing| standing == Standing::Ready);
        if !ready.is_empty() && !self.halted {
            let first = !self.went;
            self.went = true;
            if first && let [only] = ready[..] {
                self.standing[only] = Standing::Told;
                return vec![(only, vec![Verb::Go, Verb::Finish])];
            }
            // The first host alone shows what the others would meet.
            let wave = if first { &ready[..1] } else { &ready[..] };
            for &host in wave {
                self.standing[host] = Standing::Going;
            }
            return wave.iter().map(|&host| (host, vec![Verb::Go])).collect();
        }
        self.tell(|standing| standing == Standing::Live, Verb::Finish)
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
