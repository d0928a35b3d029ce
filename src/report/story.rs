use super::progress::Progress;
use crate::event::{Event, Fields, Outcome};
use crate::run::{Ending, News, Update, Verb};
use std::collections::VecDeque;
use std::time::Duration;

/// Lines of a failed step that a report shows.
const TAIL: usize = 20;
/// Lines of a unit's log that a report shows.
const EXCERPT: usize = 40;

/// All that is known of one host.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not a state"
)]
pub(super) struct Story {
    pub(super) name: String,
    /// The step that runs, and since when.
    pub(super) step: Option<(String, Duration)>,
    /// What the running step decided about itself.
    pub(super) chosen: Option<String>,
    /// How far it is, where it says so.
    pub(super) progress: Option<Progress>,
    /// The last lines of the last step.
    pub(super) tail: VecDeque<String>,
    /// That step printed more than these.
    pub(super) cut: bool,
    /// The last step that failed: name, exit status, time.
    pub(super) fell: Option<(String, i32, Duration)>,
    /// Why the run is failing.
    pub(super) cause: Option<Cause>,
    pub(super) excerpts: Vec<(String, VecDeque<String>)>,
    in_excerpt: bool,
    /// Checks that the user waited for.
    pub(super) gates: Vec<(String, Duration)>,
    pub(super) connected: bool,
    /// Told to migrate, and not done with it.
    pub(super) migrating: bool,
    /// Its migration changed the database, whatever became of the release.
    pub(super) migrated: bool,
    /// Told `go`.
    pub(super) went: bool,
    /// The release that proved itself, and the one before it.
    pub(super) live: Option<(String, Option<String>)>,
    /// The frozen list of its virtualenv, parted by tabs.
    pub(super) packages: Option<String>,
    /// What `current` named when the run began.
    pub(super) current: Option<String>,
    pub(super) ending: Option<Ending>,
    pub(super) ended: Duration,
}

#[derive(Debug)]
pub(super) enum Cause {
    Refused { reason: String, fields: Fields },
    Failed { step: String, fields: Fields },
}

impl Story {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            step: None,
            chosen: None,
            progress: None,
            tail: VecDeque::new(),
            cut: false,
            fell: None,
            cause: None,
            excerpts: Vec::new(),
            in_excerpt: false,
            gates: Vec::new(),
            connected: false,
            migrating: false,
            migrated: false,
            went: false,
            live: None,
            packages: None,
            current: None,
            ending: None,
            ended: Duration::ZERO,
        }
    }

    pub(super) fn fold(&mut self, update: &Update) {
        match &update.news {
            News::Connected => self.connected = true,
            News::Event(event) => self.event(event, update.at),
            News::Sent(verb) => {
                self.went |= *verb == Verb::Go;
                self.migrating |= *verb == Verb::Migrate;
            }
            News::Ended(ending) => {
                self.migrating &= matches!(ending, Ending::Lost(_));
                self.ending = Some(ending.clone());
                self.ended = update.at;
                self.step = None;
            }
            News::Connecting | News::Asking | News::Interrupted(_) | News::Tick => {}
        }
    }

    fn event(&mut self, event: &Event, at: Duration) {
        match event {
            Event::StepStarted { step } => {
                self.step = Some((step.clone(), at));
                self.chosen = None;
                self.progress = None;
                self.tail.clear();
                self.cut = false;
            }
            Event::StepFinished { step, rc, time } => {
                self.step = None;
                if *rc != 0 {
                    self.fell = Some((step.clone(), *rc, *time));
                } else if step == "trial" || step == "import" {
                    self.gates.push((step.clone(), *time));
                }
            }
            Event::Decided { what, value, .. }
                if self.step.as_ref().is_some_and(|(step, _)| step == what) =>
            {
                self.chosen = Some(value.clone());
            }
            Event::Fact { what, fields } if what == "current" || what == "live" => {
                self.current = fields.get("release").cloned().or(self.current.take());
            }
            Event::Fact { what, fields } if what == "upload" => {
                self.progress = Progress::of(fields);
                self.chosen = self.progress.as_ref().map(Progress::to_string);
            }
            Event::Fact { what, fields } if what == "packages" => {
                self.packages = fields.get("list").cloned();
            }
            // The first is the cause; what follows is often its consequence.
            Event::Refused { reason, fields } if self.cause.is_none() => {
                self.cause = Some(Cause::Refused {
                    reason: reason.clone(),
                    fields: fields.clone(),
                });
            }
            Event::Failed { step, fields } if self.cause.is_none() => {
                self.cause = Some(Cause::Failed {
                    step: step.clone(),
                    fields: fields.clone(),
                });
            }
            Event::ExcerptStarted { source } => {
                self.excerpts.push((source.clone(), VecDeque::new()));
                self.in_excerpt = true;
            }
            Event::Migrated { ran } => {
                self.migrating = false;
                self.migrated |= ran;
            }
            Event::ExcerptEnded => self.in_excerpt = false,
            Event::Live {
                release, previous, ..
            } => {
                self.live = Some((release.clone(), previous.clone()));
            }
            Event::Output(line) => match self.excerpts.last_mut() {
                Some((_, lines)) if self.in_excerpt => {
                    keep(lines, EXCERPT, line);
                }
                // Behind a failed step's end come other programs' words.
                _ if self.fell.is_none() || self.step.is_some() => {
                    self.cut |= keep(&mut self.tail, TAIL, line);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Whether the new release took the old one's place, as far as is known.
    pub(super) fn new_release_serves(&self) -> bool {
        let again =
            |(release, previous): &(String, Option<String>)| previous.as_ref() == Some(release);
        self.outcome() == Some(Outcome::Live) && !self.live.as_ref().is_some_and(again)
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self.ending {
            Some(Ending::End { outcome, .. }) => Some(outcome),
            _ => None,
        }
    }

    /// What was said by that which can only warn: hooks after the outcome was decided, the framework's own check.
    pub(super) fn late(&self) -> impl Iterator<Item = &(String, VecDeque<String>)> {
        let late =
            |source: &str| matches!(source, "after_activate" | "after_rollback" | "framework");
        let lived = self.new_release_serves();
        let excerpts = self.excerpts.iter();
        excerpts.filter(move |(source, _)| lived && late(source))
    }

    /// A field of the last event.
    pub(super) fn last(&self, key: &str) -> Option<&str> {
        match &self.ending {
            Some(Ending::End { fields, .. }) => fields.get(key).map(String::as_str),
            _ => None,
        }
    }
}

/// Whether an older line had to go.
fn keep(lines: &mut VecDeque<String>, count: usize, line: &str) -> bool {
    lines.push_back(line.to_owned());
    lines.len() > count && lines.pop_front().is_some()
}
