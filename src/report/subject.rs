/// What a report is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// As typed: `push`, `rollback`, `setup`.
    pub command: String,
    pub environment: String,
    /// The names of the hosts, in the order of the fleet.
    pub hosts: Vec<String>,
}

impl Subject {
    /// Whether the command only asks the hosts something.
    pub(super) fn asks(&self) -> bool {
        matches!(
            self.command.as_str(),
            "check" | "plan" | "releases" | "status" | "login" | "history"
        )
    }

    /// Whether the command has a `go`, before which nothing is changed.
    pub(super) fn switches(&self) -> bool {
        matches!(
            self.command.as_str(),
            "push" | "rollback" | "reload" | "restart"
        )
    }

    /// Whether the command only listens to what somebody else began.
    pub(super) fn follows(&self) -> bool {
        self.command == "attach"
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Errors and the closing line.
    Quiet,
    Normal,
    /// Every line of output too.
    Verbose,
}
