//! What was found, by which rule, where.

use serde::{Deserialize, Serialize};

use crate::domain::id::{TicketId, UnitCode};
use crate::domain::supervision::Trigger;
use crate::domain::ticket::Article;
use crate::domain::time::Timestamp;

/// The five key categories of article 25, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// ① 重大民生事项、省委省政府中心工作.
    Livelihood,
    /// ② 办理质量差、推诿扯皮、敷衍塞责.
    PoorQuality,
    /// ③ 指定办理、上级交办、媒体曝光.
    Assigned,
    /// ④ 跨层级、涉及部门较多、难度较大.
    ManyUnits,
    /// ⑤ 其他应解决而未解决.
    Unresolved,
}

impl Category {
    pub const ALL: [Self; 5] = [
        Self::Livelihood,
        Self::PoorQuality,
        Self::Assigned,
        Self::ManyUnits,
        Self::Unresolved,
    ];

    /// The category's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Livelihood => "livelihood",
            Self::PoorQuality => "poor_quality",
            Self::Assigned => "assigned",
            Self::ManyUnits => "many_units",
            Self::Unresolved => "unresolved",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.code() == code)
    }

    /// The category's name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Livelihood => "重大民生和中心工作",
            Self::PoorQuality => "质量差、推诿敷衍",
            Self::Assigned => "指定、交办、媒体曝光",
            Self::ManyUnits => "跨层级、部门多、难度大",
            Self::Unresolved => "应解决而未解决",
        }
    }
}

/// What a finding is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FindingKind {
    /// Article 25: a key matter.
    Key { category: Category },
    /// Article 26: calls for a recheck.
    Suspicion,
    /// Article 24: the handling limit ran out.
    Overdue,
    /// Article 26: one of the three situations; proposed to a person.
    Trigger { trigger: Trigger },
    /// Article 28: for the accountability ledger.
    Fact,
}

impl FindingKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Key { .. } => "key",
            Self::Suspicion => "suspicion",
            Self::Overdue => "overdue",
            Self::Trigger { .. } => "trigger",
            Self::Fact => "fact",
        }
    }

    pub const fn category(self) -> Option<Category> {
        match self {
            Self::Key { category } => Some(category),
            Self::Suspicion | Self::Overdue | Self::Trigger { .. } | Self::Fact => None,
        }
    }
}

/// Which rule found it. Names are stored and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// ① A word of the list of livelihood and central work is in the demand.
    LivelihoodWord,
    /// ② Replies were refused in review.
    ReviewFailed,
    /// ② A send-back was refused, and asked for again or not worked on.
    PassedOn,
    /// ② and 26: the reply is another ticket's.
    CopiedReply,
    /// ③ It came from a source of article 8 whose profile asks for key supervision.
    AssignedSource,
    /// ③ It is of a special channel that is under key supervision.
    KeyLane,
    /// ④ So many units had a part.
    UnitsInvolved,
    /// ④ So many send-backs were asked for.
    Returned,
    /// ⑤ It was opened again.
    Reopened,
    /// ⑤ and 26: closed, and asked for again by the same person.
    ClosedThenRepeated,
    /// 26: a contact is claimed that nothing shows.
    ContactWithoutRecord,
    /// 26: the satisfied answer came from a number of the staff.
    StaffRatedItself,
    /// 24: the handling limit ran out.
    HandleLapsed,
    /// 26: the duty is clear, and refused without reason.
    DutyRefused,
    /// 28(1): the lead let a limit lapse.
    LeadOverdue,
    /// 28(3): sent back again and again.
    RepeatedReturns,
    /// 28(4): a co-handler let its limit lapse, or gave no opinion before the ticket's ran out.
    CoHandlerOverdue,
    /// 28(5): a recheck confirmed it.
    UntrueConfirmed,
}

impl Rule {
    pub const ALL: [Self; 18] = [
        Self::LivelihoodWord,
        Self::ReviewFailed,
        Self::PassedOn,
        Self::CopiedReply,
        Self::AssignedSource,
        Self::KeyLane,
        Self::UnitsInvolved,
        Self::Returned,
        Self::Reopened,
        Self::ClosedThenRepeated,
        Self::ContactWithoutRecord,
        Self::StaffRatedItself,
        Self::HandleLapsed,
        Self::DutyRefused,
        Self::LeadOverdue,
        Self::RepeatedReturns,
        Self::CoHandlerOverdue,
        Self::UntrueConfirmed,
    ];

    /// The rule's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LivelihoodWord => "livelihood_word",
            Self::ReviewFailed => "review_failed",
            Self::PassedOn => "passed_on",
            Self::CopiedReply => "copied_reply",
            Self::AssignedSource => "assigned_source",
            Self::KeyLane => "key_lane",
            Self::UnitsInvolved => "units_involved",
            Self::Returned => "returned",
            Self::Reopened => "reopened",
            Self::ClosedThenRepeated => "closed_then_repeated",
            Self::ContactWithoutRecord => "contact_without_record",
            Self::StaffRatedItself => "staff_rated_itself",
            Self::HandleLapsed => "handle_lapsed",
            Self::DutyRefused => "duty_refused",
            Self::LeadOverdue => "lead_overdue",
            Self::RepeatedReturns => "repeated_returns",
            Self::CoHandlerOverdue => "co_handler_overdue",
            Self::UntrueConfirmed => "untrue_confirmed",
        }
    }
}

/// One thing that a rule found in one ticket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    #[serde(flatten)]
    pub kind: FindingKind,
    pub rule: Rule,
    /// The event that shows it.
    pub seq: u64,
    pub at: Timestamp,
    pub article: Article,
    /// Whom it is about.
    pub unit: UnitCode,
    /// In words, for a person.
    pub reason: String,
    /// The other ticket it takes to see it.
    pub other: Option<TicketId>,
}

impl Finding {
    /// What a case opened for it is known by: it is opened once, however often the finding is found again.
    pub fn key(&self) -> String {
        format!("{}/{}", self.rule.code(), self.seq)
    }
}
