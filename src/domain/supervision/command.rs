//! What may be wished of a case.

use serde::{Deserialize, Serialize};

use super::case::{Level, MeasureKind, Outcome, Trigger, Verdict};
use crate::domain::id::{TicketId, UnitCode, Username};

/// A wish. `POST /supervision/{id}/commands/{command}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseCommand {
    /// 立案, by a person or by a rule.
    Open {
        ticket: TicketId,
        number: String,
        unit: UnitCode,
        level: Level,
        reason: String,
        #[serde(default)]
        rule: Option<String>,
        /// What the rule proposes at once.
        #[serde(default)]
        trigger: Option<Trigger>,
    },
    /// Who looks after it 督办人.
    Assign {
        owner: Username,
    },
    /// One or more steps up the ladder.
    StepUp {
        level: Level,
        reason: String,
        /// Instead of the usual limit.
        #[serde(default)]
        answer_days: Option<u32>,
    },
    /// The unit received the notice 签收.
    Receive,
    /// The unit answers 反馈.
    Answer {
        text: String,
    },
    Judge {
        verdict: Verdict,
        #[serde(default)]
        remark: String,
    },
    /// 专题协调会议 was held.
    Convene {
        attendees: Vec<UnitCode>,
        minutes: String,
        #[serde(default)]
        lead: Option<UnitCode>,
    },
    /// The ticket is dispatched to the appointed lead.
    Rebind {
        #[serde(default)]
        co_handlers: Vec<UnitCode>,
    },
    Propose {
        trigger: Trigger,
        reason: String,
    },
    /// The proposal is right: a measure is taken.
    Confirm {
        proposal: usize,
        kind: MeasureKind,
        addressee: String,
        text: String,
    },
    /// The proposal is not followed.
    Dismiss {
        proposal: usize,
        reason: String,
    },
    Close {
        outcome: Outcome,
        evidence: String,
        #[serde(default)]
        finding: Option<String>,
    },
    /// What follows from a limit that ran out. By the server only.
    Sweep {
        /// The ticket is closed, void or archived: there is nothing left to urge.
        ticket_done: bool,
    },
}

impl CaseCommand {
    /// The command's name in the URL.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Assign { .. } => "assign",
            Self::StepUp { .. } => "step_up",
            Self::Receive => "receive",
            Self::Answer { .. } => "answer",
            Self::Judge { .. } => "judge",
            Self::Convene { .. } => "convene",
            Self::Rebind { .. } => "rebind",
            Self::Propose { .. } => "propose",
            Self::Confirm { .. } => "confirm",
            Self::Dismiss { .. } => "dismiss",
            Self::Close { .. } => "close",
            Self::Sweep { .. } => "sweep",
        }
    }
}
