//! 不予受理: article 9's six grounds. A refusal without a ground and an explanation cannot be said.

use serde::{Deserialize, Serialize};

use crate::domain::id::Username;
use crate::domain::time::Timestamp;

/// Why it is not accepted, with what each ground needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ground {
    /// 9(1) 非江苏省行政管辖权范围. The petitioner is told the right number.
    OutsideJiangsu { hotline: String },
    /// 9(2) 信访、仲裁、行政复议、诉讼: under way (with its reference), or the way that must be gone.
    OtherProcedure {
        procedure: Procedure,
        #[serde(default)]
        case_reference: Option<String>,
    },
    /// 9(3) 国家秘密、商业秘密、个人隐私. Its content is sealed.
    Secret { kind: SecretKind },
    /// 9(4) 恶意侮辱诽谤, 内容不具体, 缺乏政策法规依据. What was asked for first is on record, and somebody else looks at it.
    MaliciousOrVague { asked_for: String },
    /// 9(5) 110、119、120和水上救援.
    Emergency { service: String },
    /// 9(6) 其他. A supervisor's to say.
    Other { reason: String },
}

impl Ground {
    /// The number in article 9.
    pub const fn number(&self) -> u8 {
        match self {
            Self::OutsideJiangsu { .. } => 1,
            Self::OtherProcedure { .. } => 2,
            Self::Secret { .. } => 3,
            Self::MaliciousOrVague { .. } => 4,
            Self::Emergency { .. } => 5,
            Self::Other { .. } => 6,
        }
    }

    /// Its words, for the petitioner.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OutsideJiangsu { .. } => "非江苏省行政管辖权范围内的事项",
            Self::OtherProcedure { .. } => "已进入或须通过信访、仲裁、行政复议、诉讼程序的事项",
            Self::Secret { .. } => "涉及国家秘密、商业秘密、个人隐私的事项",
            Self::MaliciousOrVague { .. } => {
                "涉及恶意侮辱诽谤, 或内容不具体、缺乏政策法规依据的事项"
            }
            Self::Emergency { .. } => "涉及110、119、120和水上救援等紧急救助事项",
            Self::Other { .. } => "其他不予受理事项",
        }
    }
}

/// Article 9(2)'s procedures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Procedure {
    /// 已进入信访程序: always under way, so it has a reference.
    Petition,
    Arbitration,
    Reconsideration,
    Litigation,
}

/// Article 9(3)'s secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    State,
    Commercial,
    Privacy,
}

/// A refusal on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotAccepted {
    pub at: Timestamp,
    pub by: Username,
    pub ground: Ground,
    /// What the petitioner was told.
    pub explanation: String,
    pub state: RefusalState,
}

/// Whether it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RefusalState {
    Final,
    /// Waits for somebody else's look.
    AwaitsReview,
    Reviewed {
        at: Timestamp,
        by: Username,
        granted: bool,
        reason: String,
    },
}
