//! A manual revisit 人工回访: somebody who neither handled nor reviewed the ticket calls the citizen, recorded, and
//! writes down what they said. Nobody reached is an outcome of its own and never counts as satisfied.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::id::{CallId, RecordingId, RevisitId, TicketId, Username};
use super::phone::PhoneNumber;
use super::staff::{Actor, By, Role};
use super::ticket::{
    self, Limits, PROSE, Rating, Refusal, RevisitOutcome, Round, server_only, written,
};
use super::time::Timestamp;

/// One planned revisit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisit {
    pub ticket: TicketId,
    pub phone: PhoneNumber,
    pub round: Round,
    /// `revisit_by`; `None` while the calendar for it is not published.
    pub due: Option<Timestamp>,
    /// Who handled or reviewed the ticket: they may not ask about their own work.
    pub involved: BTreeSet<Username>,
    /// Calls that reached nobody.
    pub attempts: Vec<Attempt>,
    pub stage: RevisitStage,
}

/// Where a revisit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum RevisitStage {
    /// Waits for somebody to take it.
    Planned,
    /// Somebody is about to call; nobody else may.
    Taken { at: Timestamp, by: Username },
    /// The call was placed.
    Calling {
        at: Timestamp,
        by: Username,
        call: CallId,
        recording: RecordingId,
    },
    Done {
        at: Timestamp,
        by: Username,
        outcome: RevisitOutcome,
        rating: Option<Rating>,
        /// 是否解决.
        #[serde(default)]
        solved: Option<bool>,
        recording: RecordingId,
        remark: String,
    },
    /// The ticket was opened again: there is nothing to ask about.
    Cancelled { at: Timestamp },
}

impl RevisitStage {
    /// The stage's name in tables and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Taken { .. } => "taken",
            Self::Calling { .. } => "calling",
            Self::Done { .. } => "done",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Planned => "待回访",
            Self::Taken { .. } => "已领取",
            Self::Calling { .. } => "回访中",
            Self::Done { .. } => "已回访",
            Self::Cancelled { .. } => "已取消",
        }
    }
}

/// A call that reached nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Timestamp,
    pub by: Username,
    pub call: CallId,
    pub recording: RecordingId,
}

/// A wish. `POST /revisits/{id}/commands/{command}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum RevisitCommand {
    /// Follows from the ticket's `revisit_planned`. By the server only.
    Plan {
        ticket: TicketId,
        phone: PhoneNumber,
        round: Round,
        due: Option<Timestamp>,
        involved: BTreeSet<Username>,
    },
    /// Asks to call now. Granted, the server places the call and reports `placed`, or `release` when it could not.
    Call,
    /// By the server only.
    Placed {
        call: CallId,
        recording: RecordingId,
    },
    /// Gives it back.
    Release,
    /// What came of the call.
    Record {
        outcome: RevisitOutcome,
        #[serde(default)]
        rating: Option<Rating>,
        /// 是否解决, the other question asked.
        #[serde(default)]
        solved: Option<bool>,
        #[serde(default)]
        remark: String,
    },
    /// A calendar changed, and its deadline with it. By the server only.
    Reschedule { due: Option<Timestamp> },
    /// The ticket was opened again. By the server only.
    Cancel,
}

impl RevisitCommand {
    /// The command's name in the URL.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Call => "call",
            Self::Placed { .. } => "placed",
            Self::Release => "release",
            Self::Record { .. } => "record",
            Self::Reschedule { .. } => "reschedule",
            Self::Cancel => "cancel",
        }
    }
}

/// A fact about one revisit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RevisitEvent {
    Planned {
        ticket: TicketId,
        phone: PhoneNumber,
        round: Round,
        due: Option<Timestamp>,
        involved: BTreeSet<Username>,
    },
    Taken {
        at: Timestamp,
        by: Username,
    },
    Placed {
        at: Timestamp,
        call: CallId,
        recording: RecordingId,
    },
    Released,
    /// Nobody answered and there are attempts left.
    Missed {
        at: Timestamp,
    },
    Done {
        at: Timestamp,
        by: Username,
        outcome: RevisitOutcome,
        rating: Option<Rating>,
        /// 是否解决.
        #[serde(default)]
        solved: Option<bool>,
        recording: RecordingId,
        remark: String,
    },
    Rescheduled {
        at: Timestamp,
        due: Option<Timestamp>,
    },
    Cancelled {
        at: Timestamp,
    },
}

impl RevisitEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Planned { .. } => "planned",
            Self::Taken { .. } => "taken",
            Self::Placed { .. } => "placed",
            Self::Released => "released",
            Self::Missed { .. } => "missed",
            Self::Done { .. } => "done",
            Self::Rescheduled { .. } => "rescheduled",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// What the ticket is told, by the same person, in the same transaction: only a revisit that is done.
    pub fn for_ticket(&self, revisit: RevisitId) -> Option<ticket::Command> {
        match self {
            Self::Done {
                outcome,
                rating,
                solved,
                recording,
                ..
            } => Some(ticket::Command::RevisitRecorded {
                revisit,
                outcome: *outcome,
                rating: *rating,
                solved: *solved,
                recording: Some(*recording),
            }),
            Self::Planned { .. }
            | Self::Taken { .. }
            | Self::Placed { .. }
            | Self::Released
            | Self::Missed { .. }
            | Self::Rescheduled { .. }
            | Self::Cancelled { .. } => None,
        }
    }
}

/// What `command` leads to, or why not.
pub fn decide(
    now: Timestamp,
    revisit: Option<&Revisit>,
    command: &RevisitCommand,
    by: By<'_>,
    limits: &Limits,
) -> Result<Vec<RevisitEvent>, Refusal> {
    let Some(revisit) = revisit else {
        let RevisitCommand::Plan {
            ticket,
            phone,
            round,
            due,
            involved,
        } = command
        else {
            return Err(Refusal::NoOpenRevisit);
        };
        server_only(by)?;
        return Ok(vec![RevisitEvent::Planned {
            ticket: *ticket,
            phone: phone.clone(),
            round: *round,
            due: *due,
            involved: involved.clone(),
        }]);
    };
    match command {
        RevisitCommand::Plan { .. } => Err(wrong(revisit)),
        RevisitCommand::Call => revisit.call(now, by),
        RevisitCommand::Placed { call, recording } => {
            server_only(by)?;
            let RevisitStage::Taken { .. } = revisit.stage else {
                return Err(wrong(revisit));
            };
            Ok(vec![RevisitEvent::Placed {
                at: now,
                call: *call,
                recording: *recording,
            }])
        }
        RevisitCommand::Release => revisit.release(by),
        RevisitCommand::Record {
            outcome,
            rating,
            solved,
            remark,
        } => revisit.record(now, *outcome, *rating, *solved, remark, by, limits),
        RevisitCommand::Reschedule { due } => {
            server_only(by)?;
            revisit.open()?;
            Ok(vec![RevisitEvent::Rescheduled { at: now, due: *due }])
        }
        RevisitCommand::Cancel => {
            server_only(by)?;
            revisit.open()?;
            Ok(vec![RevisitEvent::Cancelled { at: now }])
        }
    }
}

impl Revisit {
    fn call(&self, now: Timestamp, by: By<'_>) -> Result<Vec<RevisitEvent>, Refusal> {
        let actor = self.revisitor(by)?;
        match &self.stage {
            RevisitStage::Planned => Ok(vec![RevisitEvent::Taken {
                at: now,
                by: actor.username.clone(),
            }]),
            RevisitStage::Taken { by, .. } | RevisitStage::Calling { by, .. }
                if *by != actor.username =>
            {
                Err(Refusal::TakenBySomebodyElse)
            }
            RevisitStage::Taken { .. }
            | RevisitStage::Calling { .. }
            | RevisitStage::Done { .. }
            | RevisitStage::Cancelled { .. } => Err(wrong(self)),
        }
    }

    /// By the server when the call could not be placed or its holder is gone, by the holder, or by a team lead.
    fn release(&self, by: By<'_>) -> Result<Vec<RevisitEvent>, Refusal> {
        let (RevisitStage::Taken { by: holder, .. } | RevisitStage::Calling { by: holder, .. }) =
            &self.stage
        else {
            return Err(wrong(self));
        };
        match by {
            By::Server => {}
            By::Person(actor) if actor.role == Role::TeamLead || actor.username == *holder => {}
            By::Person(_) => return Err(Refusal::TakenBySomebodyElse),
        }
        Ok(vec![RevisitEvent::Released])
    }

    fn record(
        &self,
        now: Timestamp,
        outcome: RevisitOutcome,
        rating: Option<Rating>,
        solved: Option<bool>,
        remark: &str,
        by: By<'_>,
        limits: &Limits,
    ) -> Result<Vec<RevisitEvent>, Refusal> {
        let actor = self.revisitor(by)?;
        let RevisitStage::Calling {
            by: holder,
            recording,
            ..
        } = &self.stage
        else {
            self.open()?;
            return Err(Refusal::RevisitWithoutRecording);
        };
        if *holder != actor.username {
            return Err(Refusal::TakenBySomebodyElse);
        }
        let rating = outcome.rating(rating)?;
        outcome.solved(solved)?;
        if !remark.is_empty() {
            written("回访记录", remark, PROSE, "11(5)")?;
        }
        let tried = self.attempts.len() + 1;
        if outcome == RevisitOutcome::NoAnswer && tried < limits.revisit_attempts as usize {
            return Ok(vec![RevisitEvent::Missed { at: now }]);
        }
        Ok(vec![RevisitEvent::Done {
            at: now,
            by: actor.username.clone(),
            outcome,
            rating,
            solved,
            recording: *recording,
            remark: remark.to_owned(),
        }])
    }

    fn revisitor<'a>(&self, by: By<'a>) -> Result<&'a Actor, Refusal> {
        let By::Person(actor) = by else {
            return Err(NOT_A_REVISITOR);
        };
        if actor.role != Role::Revisitor {
            return Err(NOT_A_REVISITOR);
        }
        if self.involved.contains(&actor.username) {
            return Err(Refusal::RevisitorInvolved);
        }
        Ok(actor)
    }

    fn open(&self) -> Result<(), Refusal> {
        match self.stage {
            RevisitStage::Planned | RevisitStage::Taken { .. } | RevisitStage::Calling { .. } => {
                Ok(())
            }
            RevisitStage::Done { .. } | RevisitStage::Cancelled { .. } => Err(wrong(self)),
        }
    }
}

/// The revisit after `event`.
pub fn apply(revisit: Option<Revisit>, event: &RevisitEvent) -> Revisit {
    let Some(mut revisit) = revisit else {
        let RevisitEvent::Planned {
            ticket,
            phone,
            round,
            due,
            involved,
        } = event.clone()
        else {
            panic!("the first event of a revisit is Planned");
        };
        return Revisit {
            ticket,
            phone,
            round,
            due,
            involved,
            attempts: Vec::new(),
            stage: RevisitStage::Planned,
        };
    };
    revisit.stage = match event.clone() {
        RevisitEvent::Rescheduled { due, .. } => {
            revisit.due = due;
            revisit.stage
        }
        RevisitEvent::Planned { .. } => panic!("a revisit is planned once"),
        RevisitEvent::Taken { at, by } => RevisitStage::Taken { at, by },
        RevisitEvent::Placed {
            at,
            call,
            recording,
        } => {
            let RevisitStage::Taken { by, .. } = revisit.stage else {
                panic!("a call is placed for whoever took the revisit");
            };
            RevisitStage::Calling {
                at,
                by,
                call,
                recording,
            }
        }
        RevisitEvent::Released => RevisitStage::Planned,
        RevisitEvent::Missed { at } => {
            let RevisitStage::Calling {
                by,
                call,
                recording,
                ..
            } = revisit.stage
            else {
                panic!("only a placed call is missed");
            };
            revisit.attempts.push(Attempt {
                at,
                by,
                call,
                recording,
            });
            RevisitStage::Planned
        }
        RevisitEvent::Done {
            at,
            by,
            outcome,
            rating,
            solved,
            recording,
            remark,
        } => RevisitStage::Done {
            at,
            by,
            outcome,
            rating,
            solved,
            recording,
            remark,
        },
        RevisitEvent::Cancelled { at } => RevisitStage::Cancelled { at },
    };
    revisit
}

const NOT_A_REVISITOR: Refusal = Refusal::NotYours {
    need: "应由回访人员进行",
    article: "11(5)",
};

fn wrong(revisit: &Revisit) -> Refusal {
    Refusal::WrongStage {
        stage: revisit.stage.name(),
    }
}

#[cfg(test)]
mod tests;
