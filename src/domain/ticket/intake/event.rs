//! What happened to a ticket's intake.

use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::passed::{PartnerWord, PassedOn, WordKind};
use super::refused::NotAccepted;
use super::{Classification, EmergencyTransfer, Explanation, Lane, Seal, SeatHandover};
use crate::domain::id::{LegId, UnitCode, Username};
use crate::domain::identity::{RealName, Verification};
use crate::domain::time::Timestamp;

/// A fact, told among the ticket's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Originated {
        origin: Origin,
    },
    Identified {
        at: Timestamp,
        by: Username,
        real_name: RealName,
    },
    IdentityVerified {
        at: Timestamp,
        verification: Verification,
    },
    Classified {
        classification: Classification,
    },
    NotAccepted {
        refusal: NotAccepted,
    },
    RefusalReviewed {
        at: Timestamp,
        by: Username,
        granted: bool,
        reason: String,
    },
    Sealed {
        seal: Seal,
    },
    Explained {
        explanation: Explanation,
    },
    Reported {
        at: Timestamp,
        by: Username,
        question: String,
        due: Timestamp,
    },
    /// The superior did not decide in time.
    ReportLapsed {
        at: Timestamp,
    },
    ReportDecided {
        at: Timestamp,
        by: Username,
        in_scope: bool,
        decision: String,
    },
    PetitionerNotified {
        at: Timestamp,
        by: Username,
        how: String,
    },
    HandedToSeat {
        seat: SeatHandover,
    },
    TakenAtSeat {
        at: Timestamp,
        by: Username,
    },
    /// The seat did not answer in time: the demand is the desk's to dispose of again.
    SeatLapsed {
        at: Timestamp,
        unit: UnitCode,
    },
    EnteredLane {
        lane: Lane,
    },
    EmergencyTransferred {
        transfer: EmergencyTransfer,
    },
    EmergencyAnswered {
        at: Timestamp,
        leg: LegId,
        answered_after_ms: i64,
    },
    /// 转外部平台.
    PassedOn {
        passed: PassedOn,
    },
    /// A word of the partner's.
    PartnerHeard {
        word: PartnerWord,
    },
    /// 收回: the desk has it again.
    TakenBack {
        at: Timestamp,
        by: Username,
        reason: String,
    },
}

impl Event {
    /// Does the ticket come back to the desk with it?
    pub const fn comes_back(&self) -> bool {
        match self {
            Self::TakenBack { .. } => true,
            Self::PartnerHeard { word } => matches!(word.kind, WordKind::Returned),
            _ => false,
        }
    }

    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Originated { .. } => "originated",
            Self::Identified { .. } => "identified",
            Self::IdentityVerified { .. } => "identity_verified",
            Self::Classified { .. } => "classified",
            Self::NotAccepted { .. } => "not_accepted",
            Self::RefusalReviewed { .. } => "refusal_reviewed",
            Self::Sealed { .. } => "sealed",
            Self::Explained { .. } => "explained",
            Self::Reported { .. } => "reported",
            Self::ReportLapsed { .. } => "report_lapsed",
            Self::ReportDecided { .. } => "report_decided",
            Self::PetitionerNotified { .. } => "petitioner_notified",
            Self::HandedToSeat { .. } => "handed_to_seat",
            Self::TakenAtSeat { .. } => "taken_at_seat",
            Self::SeatLapsed { .. } => "seat_lapsed",
            Self::EnteredLane { .. } => "entered_lane",
            Self::EmergencyTransferred { .. } => "emergency_transferred",
            Self::EmergencyAnswered { .. } => "emergency_answered",
            Self::PassedOn { .. } => "passed_on",
            Self::PartnerHeard { .. } => "partner_heard",
            Self::TakenBack { .. } => "taken_back",
        }
    }
}
