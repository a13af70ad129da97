//! What may be wished of a ticket's intake.

use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::passed::WordKind;
use super::refused::{Ground, SecretKind};
use crate::domain::id::{CallId, LegId, UnitCode};
use crate::domain::identity::Identity;
use crate::domain::phone::PhoneNumber;
use crate::domain::ticket::state::Demand;

/// A wish, by the same road as the ticket's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// A demand that came from elsewhere, whole: opens and registers a ticket.
    Accept(Box<Acceptance>),
    /// 实名登记.
    Identify {
        identity: Identity,
        #[serde(default)]
        mobile: Option<PhoneNumber>,
        #[serde(default)]
        legal_person: Option<Identity>,
    },
    /// 核验: what comparing it with the national platform or the document brought.
    VerifyIdentity {
        matches: bool,
        method: String,
    },
    /// Codes the demand before it is disposed of.
    Classify {
        category: String,
        field: String,
        #[serde(default)]
        department: Option<UnitCode>,
        /// The category's code in GB/T 39666. The server looks it up; what a client says is not asked.
        #[serde(default, skip_deserializing)]
        standard: Option<String>,
    },
    /// 不予受理.
    Refuse {
        ground: Ground,
        explanation: String,
    },
    /// Judges a refusal under 9(4).
    ReviewRefusal {
        granted: bool,
        reason: String,
    },
    /// Seals the content of what turned out to be secret.
    Seal {
        kind: SecretKind,
    },
    /// 解释引导.
    Explain {
        explanation: String,
        #[serde(default)]
        guidance: Option<String>,
    },
    /// 向上级汇报.
    ReportUp {
        question: String,
    },
    DecideReport {
        in_scope: bool,
        decision: String,
    },
    /// 告知.
    NotifyPetitioner {
        how: String,
    },
    /// 专席窗口联动.
    HandToSeat {
        unit: UnitCode,
        note: String,
        #[serde(default)]
        call: Option<CallId>,
    },
    TakeAtSeat,
    /// 专席解答: closes as an answer at first contact.
    AnswerAtSeat {
        answer: String,
        #[serde(default)]
        knowledge: Option<String>,
    },
    /// 专项服务通道.
    EnterLane {
        lane: String,
    },
    /// 转外部平台: another platform works on it, we follow it.
    PassOn {
        /// A system of the organisation's that is a partner.
        partner: String,
        reason: String,
        #[serde(default)]
        call: Option<CallId>,
    },
    /// What the partner says: by its machine, or written down by whoever was told.
    HearPartner {
        kind: WordKind,
        text: String,
        #[serde(default)]
        id: Option<String>,
    },
    /// 收回: not that partner's after all, or it does not answer.
    TakeBack {
        reason: String,
    },
    /// A live call is handed to an emergency service. By the server only.
    NoteEmergency {
        by: crate::domain::id::Username,
        service: String,
        call: CallId,
        leg: LegId,
        #[serde(default)]
        location: Option<String>,
    },
    /// The service answered. By the server only.
    EmergencyAnswered {
        leg: LegId,
        answered_after_ms: i64,
    },
}

/// A whole demand, with where it came from and who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub origin: Origin,
    pub demand: Demand,
    #[serde(default)]
    pub identity: Option<Identity>,
    #[serde(default)]
    pub mobile: Option<PhoneNumber>,
    #[serde(default)]
    pub legal_person: Option<Identity>,
}

impl Command {
    /// The command's name in the URL.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::Identify { .. } => "identify",
            Self::VerifyIdentity { .. } => "verify_identity",
            Self::Classify { .. } => "classify",
            Self::Refuse { .. } => "refuse",
            Self::ReviewRefusal { .. } => "review_refusal",
            Self::Seal { .. } => "seal",
            Self::Explain { .. } => "explain",
            Self::ReportUp { .. } => "report_up",
            Self::DecideReport { .. } => "decide_report",
            Self::NotifyPetitioner { .. } => "notify_petitioner",
            Self::HandToSeat { .. } => "hand_to_seat",
            Self::TakeAtSeat => "take_at_seat",
            Self::AnswerAtSeat { .. } => "answer_at_seat",
            Self::EnterLane { .. } => "enter_lane",
            Self::PassOn { .. } => "pass_on",
            Self::HearPartner { .. } => "hear_partner",
            Self::TakeBack { .. } => "take_back",
            Self::NoteEmergency { .. } => "note_emergency",
            Self::EmergencyAnswered { .. } => "emergency_answered",
        }
    }
}
