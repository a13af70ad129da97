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

impl Procedure {
    /// In the article's order.
    pub const ALL: [Self; 4] = [
        Self::Petition,
        Self::Arbitration,
        Self::Reconsideration,
        Self::Litigation,
    ];

    /// The procedure for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Petition => "信访",
            Self::Arbitration => "仲裁",
            Self::Reconsideration => "行政复议",
            Self::Litigation => "诉讼",
        }
    }
}

/// 引导: what a petitioner is told whose matter is a procedure's (articles 9(2) and 10), and by which law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidance {
    pub procedure: Procedure,
    pub law: String,
    pub text: String,
}

impl Guidance {
    /// The province's texts, one a procedure.
    pub fn provincial() -> Vec<Self> {
        let of = |procedure| {
            let (law, text) = match procedure {
                Procedure::Petition => (
                    "《信访工作条例》第三十五条、第三十六条",
                    "该事项已进入信访程序, 请凭信访件编号向受理的信访部门查询进展。对处理意见不服的, 可在收到书面答复之日起30日内                     请求复查; 对复查意见不服的, 可在收到之日起30日内请求复核。",
                ),
                Procedure::Arbitration => (
                    "《中华人民共和国劳动争议调解仲裁法》第二十七条、《中华人民共和国仲裁法》",
                    "劳动争议请在知道或者应当知道权利被侵害之日起一年内, 向劳动合同履行地或者用人单位所在地的劳动人事争议仲裁委员会                     申请仲裁; 合同和其他财产权益纠纷, 请按仲裁协议向约定的仲裁委员会申请。",
                ),
                Procedure::Reconsideration => (
                    "《中华人民共和国行政复议法》第二十条",
                    "对行政行为不服的, 请在知道或者应当知道该行政行为之日起60日内, 向行政复议机关提出申请。",
                ),
                Procedure::Litigation => (
                    "《中华人民共和国行政诉讼法》第四十五条、第四十六条, 《中华人民共和国民事诉讼法》",
                    "对行政行为不服的, 可在知道或者应当知道作出行政行为之日起六个月内向人民法院提起行政诉讼, 对复议决定不服的为收到                     决定书之日起十五日内; 民事纠纷请向有管辖权的人民法院起诉。可拨打12368诉讼服务热线咨询。",
                ),
            };
            Self {
                procedure,
                law: law.to_owned(),
                text: text.to_owned(),
            }
        };
        Procedure::ALL.map(of).into()
    }
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
    /// What was said with it of the procedure that the matter is in, or must go, by the rules of that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Guidance>,
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
