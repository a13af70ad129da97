//! What happened in a case. Facts are never edited; their JSON shape is pinned by a snapshot.

use serde::{Deserialize, Serialize};

use super::case::{Level, MeasureKind, Outcome, Trigger, Verdict};
use crate::domain::id::{TicketId, UnitCode, Username};
use crate::domain::ticket;
use crate::domain::time::Timestamp;

/// A fact about one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum CaseEvent {
    Opened {
        at: Timestamp,
        ticket: TicketId,
        number: String,
        unit: UnitCode,
        /// Who opened it and so owns it; nobody when a rule did.
        owner: Option<Username>,
        rule: Option<String>,
        reason: String,
        level: Level,
        /// The notice's number in the register of the year.
        notice: Option<u64>,
        due: Timestamp,
    },
    /// A step up the ladder.
    Stepped {
        at: Timestamp,
        by: Option<Username>,
        level: Level,
        reason: String,
        notice: Option<u64>,
        due: Timestamp,
    },
    Assigned {
        at: Timestamp,
        by: Username,
        owner: Username,
    },
    Received {
        at: Timestamp,
        by: Username,
    },
    Answered {
        at: Timestamp,
        by: Username,
        text: String,
    },
    Judged {
        at: Timestamp,
        by: Username,
        verdict: Verdict,
        remark: String,
    },
    /// The answer limit ran out.
    Lapsed {
        due: Timestamp,
    },
    Convened {
        at: Timestamp,
        by: Username,
        attendees: Vec<UnitCode>,
        minutes: String,
        lead: Option<UnitCode>,
    },
    /// The ticket was dispatched to the appointed lead, in the same transaction.
    Rebound {
        at: Timestamp,
        by: Username,
        lead: UnitCode,
        co_handlers: Vec<UnitCode>,
    },
    Proposed {
        at: Timestamp,
        by: Option<Username>,
        trigger: Trigger,
        reason: String,
    },
    Confirmed {
        at: Timestamp,
        by: Username,
        proposal: usize,
        kind: MeasureKind,
        notice: u64,
        addressee: String,
        text: String,
    },
    Dismissed {
        at: Timestamp,
        by: Username,
        proposal: usize,
        reason: String,
    },
    Closed {
        at: Timestamp,
        /// `None`: by rule.
        by: Option<Username>,
        outcome: Outcome,
        evidence: String,
        finding: Option<String>,
    },
}

impl CaseEvent {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Stepped { .. } => "stepped",
            Self::Assigned { .. } => "assigned",
            Self::Received { .. } => "received",
            Self::Answered { .. } => "answered",
            Self::Judged { .. } => "judged",
            Self::Lapsed { .. } => "lapsed",
            Self::Convened { .. } => "convened",
            Self::Rebound { .. } => "rebound",
            Self::Proposed { .. } => "proposed",
            Self::Confirmed { .. } => "confirmed",
            Self::Dismissed { .. } => "dismissed",
            Self::Closed { .. } => "closed",
        }
    }

    /// The register number that was used up.
    pub const fn notice(&self) -> Option<u64> {
        match self {
            Self::Opened { notice, .. } | Self::Stepped { notice, .. } => *notice,
            Self::Confirmed { notice, .. } => Some(*notice),
            Self::Assigned { .. }
            | Self::Received { .. }
            | Self::Answered { .. }
            | Self::Judged { .. }
            | Self::Lapsed { .. }
            | Self::Convened { .. }
            | Self::Rebound { .. }
            | Self::Proposed { .. }
            | Self::Dismissed { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// What is wished of the ticket by the same person in the same transaction; refused there, it is refused here.
    pub fn for_ticket(&self) -> Option<ticket::Command> {
        match self {
            Self::Rebound {
                lead, co_handlers, ..
            } => Some(ticket::Command::Dispatch {
                lead: lead.clone(),
                co_handlers: co_handlers.clone(),
                basis: Some("专题协调督办指定牵头办理责任部门 (第二十六条)".to_owned()),
                urgent: false,
            }),
            Self::Opened { .. }
            | Self::Stepped { .. }
            | Self::Assigned { .. }
            | Self::Received { .. }
            | Self::Answered { .. }
            | Self::Judged { .. }
            | Self::Lapsed { .. }
            | Self::Convened { .. }
            | Self::Proposed { .. }
            | Self::Confirmed { .. }
            | Self::Dismissed { .. }
            | Self::Closed { .. } => None,
        }
    }
}
