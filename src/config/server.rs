use std::time::Duration;

use super::{Bind, Gunicorn, Program, Takeover, Trial};

/// What answers requests.
#[derive(Debug, Clone)]
pub enum Server {
    Gunicorn(Gunicorn),
    Own(OwnServer),
}

/// The `server` section: any program that speaks HTTP at the socket it is told.
#[derive(Debug, Clone)]
pub struct OwnServer {
    pub command: Program,
    /// The longest that a request may take; default 30 s.
    pub timeout: Duration,
    /// How long it may take to finish its requests when it is told to leave; default 30 s.
    pub stop_timeout: Duration,
    /// Never a reload: nothing is known of how it would.
    pub reload: Takeover,
    pub trial: Trial,
}

impl Server {
    /// Those that report when they have booted. Of another program, only its first process is known.
    pub fn workers(&self) -> u32 {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.workers,
            Self::Own(_) => 1,
        }
    }

    pub fn bind(&self) -> Option<Bind> {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.bind,
            Self::Own(_) => None,
        }
    }

    /// After which a request is given up.
    pub fn timeout(&self) -> Duration {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.timeout,
            Self::Own(own) => own.timeout,
        }
    }

    /// How long one that leaves may still take.
    pub fn patience(&self) -> Duration {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.graceful_timeout,
            Self::Own(own) => own.stop_timeout,
        }
    }

    pub fn reload(&self) -> Takeover {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.reload,
            Self::Own(own) => own.reload,
        }
    }

    pub fn max_stall(&self) -> Duration {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.max_stall,
            Self::Own(_) => Duration::ZERO,
        }
    }

    pub fn trial(&self) -> Trial {
        match self {
            Self::Gunicorn(gunicorn) => gunicorn.trial,
            Self::Own(own) => own.trial,
        }
    }
}
