//! Why a wish is not granted: a stable code for programs, the article for lawyers, a Chinese sentence for the person.

use crate::domain::calendar::NoDeadline;
use crate::domain::id::UnitCode;
use crate::domain::staff::By;
use crate::domain::time::Timestamp;

/// An article of 苏政办发〔2020〕29号, e.g. `11(4)`.
pub type Article = &'static str;

/// The rules say no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("工单处于“{stage}”状态, 不能执行该操作")]
    WrongStage { stage: &'static str },
    #[error("没有这件工单")]
    NoSuchTicket,
    #[error("您无权执行该操作: {need}")]
    NotYours {
        need: &'static str,
        article: Article,
    },
    #[error("{field}不能为空")]
    Missing {
        field: &'static str,
        article: Article,
    },
    #[error("{field}过长, 最多{max}字")]
    TooLong { field: &'static str, max: usize },
    #[error("承办单位有误: {why}")]
    BadAssignment { why: &'static str },
    #[error("本单位已签收, 无需重复签收")]
    AlreadyAcknowledged,
    #[error("请先签收工单, 再答复")]
    NotAcknowledged,
    #[error("答复前应主动联系服务对象: 请关联通话、录音或短信记录, 或说明未联系的原因")]
    NoContactProof,
    #[error("请关联能证明已联系的通话、录音或短信")]
    ContactWithoutLink,
    #[error("所关联的通话、录音或短信与本工单无关")]
    ForeignProof,
    #[error(
        "所关联的记录不能证明已联系服务对象: 请关联派单后接通的通话、本单位参加的三方通话, 或派单后告知服务对象的短信"
    )]
    ProvesNoContact,
    #[error("退回申请期限已过 (截止 {})", clock(.since))]
    SendBackWindowClosed { since: Timestamp },
    #[error("办理时限已于 {} 届满, 不能再申请延时", clock(.since))]
    AlreadyOverdue { since: Timestamp },
    #[error("办理时限已于 {} 届满, 不能再变更为时限更长的诉求类型", clock(.since))]
    LongerKindTooLate { since: Timestamp },
    #[error("申请应由他人审核, 不能审核本人的申请")]
    OwnRequest,
    #[error("已延时{max}次, 不能再次申请延时")]
    NoExtensionsLeft { max: u32 },
    #[error("延时天数应为1至{max}个工作日")]
    ExtensionTooLong { max: u32 },
    #[error("已有待审核的申请, 请等待江苏12345审核认定")]
    AwaitingDecision,
    #[error("没有待审核的申请")]
    NothingToDecide,
    #[error("已经协调明确责任单位, 不能再次退回")]
    AppointedByCoordination,
    #[error("会办单位({unit})尚未反馈意见, 牵头单位暂不能答复")]
    CoHandlersFirst { unit: UnitCode },
    #[error("已要求出具书面办理意见, 尚未出具")]
    OpinionAskedFor,
    #[error("没有待出具的书面办理意见")]
    NoOpinionAskedFor,
    #[error("时限没有变化")]
    NothingMoved,
    #[error("答复认定人员不能是办理人员")]
    ReviewerHandled,
    #[error("回访人员不能是办理人员或答复认定人员")]
    RevisitorInvolved,
    #[error("没有待答复的短信回访")]
    NoOpenSurvey,
    #[error("没有待进行的人工回访")]
    NoOpenRevisit,
    #[error("人工回访结果应关联通话录音")]
    RevisitWithoutRecording,
    #[error("评价等级与回访结果不一致")]
    RatingContradicts,
    #[error("没有待整改事项")]
    NothingToRectify,
    #[error("回访尚未结束, 不能归档")]
    FollowUpOpen,
    #[error("没有到期的提醒或时限")]
    NothingDue,
    #[error("该回访任务正由他人进行")]
    TakenBySomebodyElse,
    #[error("实名信息有误: {why}")]
    BadIdentity { why: &'static str },
    #[error("{why}")]
    Contradiction { why: &'static str, article: Article },
    #[error("{name}: {why}")]
    BadField { name: String, why: &'static str },
    #[error("处置前应先完成诉求分类")]
    NotClassified,
    #[error("该诉求内容已封存")]
    Sealed,
    #[error(transparent)]
    NoDeadline(#[from] NoDeadline),
}

impl Refusal {
    /// Stable; programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongStage { .. } => "wrong_stage",
            Self::NoSuchTicket => "no_such_ticket",
            Self::NotYours { .. } => "not_yours",
            Self::Missing { .. } => "missing",
            Self::TooLong { .. } => "too_long",
            Self::BadAssignment { .. } => "bad_assignment",
            Self::AlreadyAcknowledged => "already_acknowledged",
            Self::NotAcknowledged => "not_acknowledged",
            Self::NoContactProof => "no_contact_proof",
            Self::ContactWithoutLink => "contact_without_link",
            Self::ForeignProof => "foreign_proof",
            Self::ProvesNoContact => "proves_no_contact",
            Self::SendBackWindowClosed { .. } => "send_back_window_closed",
            Self::AlreadyOverdue { .. } => "already_overdue",
            Self::LongerKindTooLate { .. } => "longer_kind_too_late",
            Self::OwnRequest => "own_request",
            Self::NoExtensionsLeft { .. } => "no_extensions_left",
            Self::ExtensionTooLong { .. } => "extension_too_long",
            Self::AwaitingDecision => "awaiting_decision",
            Self::NothingToDecide => "nothing_to_decide",
            Self::AppointedByCoordination => "appointed_by_coordination",
            Self::CoHandlersFirst { .. } => "co_handlers_first",
            Self::OpinionAskedFor => "opinion_asked_for",
            Self::NoOpinionAskedFor => "no_opinion_asked_for",
            Self::NothingMoved => "nothing_moved",
            Self::ReviewerHandled => "reviewer_handled",
            Self::RevisitorInvolved => "revisitor_involved",
            Self::NoOpenSurvey => "no_open_survey",
            Self::NoOpenRevisit => "no_open_revisit",
            Self::RevisitWithoutRecording => "revisit_without_recording",
            Self::RatingContradicts => "rating_contradicts",
            Self::NothingToRectify => "nothing_to_rectify",
            Self::FollowUpOpen => "follow_up_open",
            Self::NothingDue => "nothing_due",
            Self::TakenBySomebodyElse => "taken_by_somebody_else",
            Self::BadIdentity { .. } => "bad_identity",
            Self::Contradiction { .. } => "contradiction",
            Self::BadField { .. } => "bad_field",
            Self::NotClassified => "not_classified",
            Self::Sealed => "sealed",
            Self::NoDeadline(NoDeadline::Unpublished { .. }) => "calendar_unpublished",
            Self::NoDeadline(NoDeadline::OutOfRange { .. }) => "limit_out_of_range",
        }
    }

    /// The article the refusal rests on.
    pub const fn article(&self) -> Article {
        match self {
            Self::NotYours { article, .. }
            | Self::Missing { article, .. }
            | Self::Contradiction { article, .. } => article,
            Self::BadIdentity { .. } => "11(1)",
            Self::BadField { .. } => "32",
            Self::NotClassified => "11(2)",
            Self::Sealed => "9(3)",
            Self::WrongStage { .. } | Self::NoSuchTicket | Self::TooLong { .. } => "11",
            Self::BadAssignment { .. } => "10",
            Self::AppointedByCoordination => "26",
            Self::AlreadyAcknowledged
            | Self::NotAcknowledged
            | Self::NoContactProof
            | Self::ContactWithoutLink
            | Self::ForeignProof
            | Self::ProvesNoContact
            | Self::CoHandlersFirst { .. }
            | Self::NothingDue
            | Self::NothingMoved
            | Self::LongerKindTooLate { .. }
            | Self::OwnRequest
            | Self::NoDeadline(_) => "11(3)",
            Self::SendBackWindowClosed { .. }
            | Self::AlreadyOverdue { .. }
            | Self::NoExtensionsLeft { .. }
            | Self::ExtensionTooLong { .. }
            | Self::AwaitingDecision
            | Self::NothingToDecide
            | Self::ReviewerHandled => "11(4)",
            Self::RevisitorInvolved
            | Self::NoOpenSurvey
            | Self::NoOpenRevisit
            | Self::RevisitWithoutRecording
            | Self::RatingContradicts
            | Self::NothingToRectify
            | Self::FollowUpOpen
            | Self::OpinionAskedFor
            | Self::NoOpinionAskedFor
            | Self::TakenBySomebodyElse => "11(5)",
        }
    }

    /// For the person, in Chinese.
    pub fn detail(&self) -> String {
        self.to_string()
    }
}

/// Some things happen by themselves only.
pub(in crate::domain) fn server_only(by: By<'_>) -> Result<(), Refusal> {
    match by {
        By::Server => Ok(()),
        By::Person(_) => Err(Refusal::NotYours {
            need: "该操作由系统自动执行",
            article: "11",
        }),
    }
}

fn clock(at: &Timestamp) -> String {
    at.in_beijing().strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own_an_article_and_a_chinese_sentence() {
        let at = Timestamp::from_millis(0);
        let refusals = [
            Refusal::WrongStage { stage: "已办结" },
            Refusal::NoSuchTicket,
            Refusal::NotYours {
                need: "仅限承办单位办理",
                article: "7",
            },
            Refusal::Missing {
                field: "标题",
                article: "11(1)",
            },
            Refusal::TooLong {
                field: "标题",
                max: 200,
            },
            Refusal::BadAssignment {
                why: "会办单位过多",
            },
            Refusal::AlreadyAcknowledged,
            Refusal::NotAcknowledged,
            Refusal::NoContactProof,
            Refusal::ContactWithoutLink,
            Refusal::ForeignProof,
            Refusal::ProvesNoContact,
            Refusal::SendBackWindowClosed { since: at },
            Refusal::AlreadyOverdue { since: at },
            Refusal::LongerKindTooLate { since: at },
            Refusal::OwnRequest,
            Refusal::NoExtensionsLeft { max: 1 },
            Refusal::ExtensionTooLong { max: 5 },
            Refusal::AwaitingDecision,
            Refusal::NothingToDecide,
            Refusal::AppointedByCoordination,
            Refusal::CoHandlersFirst { unit: "u".into() },
            Refusal::OpinionAskedFor,
            Refusal::NoOpinionAskedFor,
            Refusal::NothingMoved,
            Refusal::ReviewerHandled,
            Refusal::RevisitorInvolved,
            Refusal::NoOpenSurvey,
            Refusal::NoOpenRevisit,
            Refusal::RevisitWithoutRecording,
            Refusal::RatingContradicts,
            Refusal::NothingToRectify,
            Refusal::FollowUpOpen,
            Refusal::NothingDue,
            Refusal::TakenBySomebodyElse,
            Refusal::BadIdentity {
                why: "证件号码校验位有误",
            },
            Refusal::Contradiction {
                why: "只有省级政务服务事项区分服务类型",
                article: "8(1)",
            },
            Refusal::BadField {
                name: "楼盘名称".to_owned(),
                why: "应填写",
            },
            Refusal::NotClassified,
            Refusal::Sealed,
            Refusal::NoDeadline(NoDeadline::Unpublished { year: 2027 }),
            Refusal::NoDeadline(NoDeadline::OutOfRange { max: 500 }),
        ];
        let codes: std::collections::BTreeSet<_> = refusals.iter().map(Refusal::code).collect();
        assert_eq!(codes.len(), refusals.len());
        for refusal in &refusals {
            let article: u32 = refusal
                .article()
                .split('(')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=34).contains(&article), "{refusal:?}");
            assert!(refusal.detail().contains(|c| ('一'..='龥').contains(&c)));
        }
    }
}
