//! Why a wish about supervision, a same-event batch, the accountability ledger or a legal hold is not granted.

use crate::domain::calendar::NoDeadline;
use crate::domain::ticket::{self, Article};

/// The rules say no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("没有这件事项")]
    NoSuchCase,
    #[error("该事项已办结, 不能执行该操作")]
    AlreadyClosed,
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
    #[error("督办只能逐级升级: 当前为“{now}”")]
    NotUp { now: &'static str },
    #[error("反馈时限应为1至{max}个工作日")]
    BadLimit { max: u32 },
    #[error("该阶段没有督办文书")]
    NoNotice,
    #[error("督办文书已签收")]
    AlreadyReceived,
    #[error("请先签收督办文书, 再反馈")]
    NotReceived,
    #[error("反馈正在认定中")]
    AnswerWaits,
    #[error("反馈已被采纳")]
    AlreadyAnswered,
    #[error("没有待认定的反馈")]
    NothingToJudge,
    #[error("该事项不在专题协调督办阶段")]
    NotCoordinating,
    #[error("参会单位应为1至{max}家")]
    BadAttendees { max: usize },
    #[error("尚未指定牵头办理责任部门")]
    NoLeadAppointed,
    #[error("工单已改派至指定的牵头单位")]
    AlreadyRebound,
    #[error("该情形已有待研判的建议")]
    AlreadyProposed,
    #[error("没有待研判的该项建议")]
    NoSuchProposal,
    #[error("尚有待研判的约谈、通报、信息专报建议")]
    ProposalOpen,
    #[error("承办单位的反馈尚未被采纳, 不能办结")]
    NoAcceptedAnswer,
    #[error("指定的牵头单位尚未承接工单, 不能办结")]
    NotRebound,
    #[error("“查无实据”仅适用于回访复核")]
    OnlyARecheckIsUnfounded,
    #[error("没有到期的事项")]
    NothingDue,
    #[error("该工单因同一原因已立案")]
    AlreadyOpen,
    #[error("只有承办单位的工单才能督办: 工单尚未派出")]
    NobodyToSupervise,
    #[error("该幂等键已用于内容不同的请求")]
    KeyUsed,
    #[error(transparent)]
    NoDeadline(#[from] NoDeadline),
    /// The ticket's front door said no.
    #[error(transparent)]
    Ticket(#[from] ticket::Refusal),
}

impl Refusal {
    /// Stable; programs may rely on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCase => "no_such_case",
            Self::AlreadyClosed => "already_closed",
            Self::NotYours { .. } => "not_yours",
            Self::Missing { .. } => "missing",
            Self::TooLong { .. } => "too_long",
            Self::NotUp { .. } => "not_up",
            Self::BadLimit { .. } => "bad_limit",
            Self::NoNotice => "no_notice",
            Self::AlreadyReceived => "already_received",
            Self::NotReceived => "not_received",
            Self::AnswerWaits => "answer_waits",
            Self::AlreadyAnswered => "already_answered",
            Self::NothingToJudge => "nothing_to_judge",
            Self::NotCoordinating => "not_coordinating",
            Self::BadAttendees { .. } => "bad_attendees",
            Self::NoLeadAppointed => "no_lead_appointed",
            Self::AlreadyRebound => "already_rebound",
            Self::AlreadyProposed => "already_proposed",
            Self::NoSuchProposal => "no_such_proposal",
            Self::ProposalOpen => "proposal_open",
            Self::NoAcceptedAnswer => "no_accepted_answer",
            Self::NotRebound => "not_rebound",
            Self::OnlyARecheckIsUnfounded => "only_a_recheck_is_unfounded",
            Self::NothingDue => "nothing_due",
            Self::AlreadyOpen => "already_open",
            Self::NobodyToSupervise => "nobody_to_supervise",
            Self::KeyUsed => "idempotency_key_reused",
            Self::NoDeadline(NoDeadline::Unpublished { .. }) => "calendar_unpublished",
            Self::NoDeadline(NoDeadline::OutOfRange { .. }) => "limit_out_of_range",
            Self::Ticket(refusal) => refusal.code(),
        }
    }

    /// The article the refusal rests on.
    pub const fn article(&self) -> Article {
        match self {
            Self::NotYours { article, .. } | Self::Missing { article, .. } => article,
            Self::NotCoordinating
            | Self::BadAttendees { .. }
            | Self::NoLeadAppointed
            | Self::AlreadyRebound
            | Self::AlreadyProposed
            | Self::NoSuchProposal
            | Self::ProposalOpen
            | Self::NotRebound
            | Self::OnlyARecheckIsUnfounded => "26",
            Self::NoSuchCase
            | Self::AlreadyClosed
            | Self::TooLong { .. }
            | Self::NotUp { .. }
            | Self::BadLimit { .. }
            | Self::NoNotice
            | Self::AlreadyReceived
            | Self::NotReceived
            | Self::AnswerWaits
            | Self::AlreadyAnswered
            | Self::NothingToJudge
            | Self::NoAcceptedAnswer
            | Self::NothingDue
            | Self::AlreadyOpen
            | Self::NobodyToSupervise
            | Self::KeyUsed
            | Self::NoDeadline(_) => "24",
            Self::Ticket(refusal) => refusal.article(),
        }
    }

    /// For the person, in Chinese.
    pub fn detail(&self) -> String {
        self.to_string()
    }
}
