//! What may be wished of a ticket. A wish may be refused; what was granted is an [`Event`](super::Event).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::{
    Kind, Petitioner, Rating, ReviewOutcome, RevisitOutcome, Source, SurveyFailure,
};
use crate::domain::attachment::FileSheet;
use crate::domain::id::{AttachmentId, CallId, ContactId, RecordingId, RevisitId, SmsId, UnitCode};
use crate::domain::phone::PhoneNumber;

/// A wish. `POST /tickets/{id}/commands/{command}` names it in the URL and gives the rest as body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// A call is being answered: a draft exists before the caller hears a word. By the server only.
    Open {
        source: Source,
        #[serde(default)]
        contact: Option<ContactId>,
        #[serde(default)]
        call: Option<CallId>,
        #[serde(default)]
        caller: Option<PhoneNumber>,
    },
    /// 登记: fills a draft, corrects what is not dispatched yet, or makes a ticket without a call.
    Register {
        title: String,
        content: String,
        kind: Kind,
        petitioner: Petitioner,
        #[serde(default)]
        address: Option<String>,
        #[serde(default)]
        category: Option<String>,
        /// [`Demand::fields`](super::state::Demand::fields).
        #[serde(default)]
        fields: BTreeMap<String, String>,
    },
    /// 直接解答: closes without dispatch.
    AnswerOnCall {
        answer: String,
        #[serde(default)]
        knowledge: Option<String>,
    },
    /// A specialist was joined to the call 三方通话.
    NoteThreeWay {
        specialist: String,
        unit: UnitCode,
        #[serde(default)]
        call: Option<CallId>,
        #[serde(default)]
        recording: Option<RecordingId>,
        #[serde(default)]
        result: Option<String>,
    },
    /// 派单.
    Dispatch {
        lead: UnitCode,
        #[serde(default)]
        co_handlers: Vec<UnitCode>,
        #[serde(default)]
        basis: Option<String>,
        /// 紧急: to be acknowledged at once, day and night.
        #[serde(default)]
        urgent: bool,
    },
    /// 签收.
    Acknowledge,
    /// 交由下属单位办理 (article 7): a unit below has the work from now on; the unit it was assigned to answers for it.
    HandDown {
        unit: UnitCode,
    },
    /// 主动联系, with a link to the call or message that proves it.
    RecordContact {
        #[serde(default)]
        call: Option<CallId>,
        #[serde(default)]
        recording: Option<RecordingId>,
        #[serde(default)]
        sms: Option<SmsId>,
        summary: String,
    },
    /// 答复 of the lead, or the opinion of a co-handler.
    Reply {
        text: String,
        #[serde(default)]
        no_contact_reason: Option<String>,
    },
    /// 答复认定. A reply that passes closes the ticket and asks the citizen.
    Review {
        outcome: ReviewOutcome,
        #[serde(default)]
        remark: String,
    },
    /// 申请退回.
    SendBack {
        basis: String,
        suggestion: String,
    },
    DecideSendBack {
        granted: bool,
        reason: String,
    },
    /// 申请延时.
    Extend {
        working_days: u32,
        reason: String,
        told_petitioner: Told,
    },
    DecideExtension {
        granted: bool,
        reason: String,
    },
    /// 申请变更诉求类型.
    ChangeKind {
        kind: Kind,
        reason: String,
    },
    DecideKind {
        granted: bool,
        reason: String,
    },
    /// 附件: a file whose bytes are kept already. By its own route.
    Attach {
        id: AttachmentId,
        file: FileSheet,
    },
    /// 作废.
    Void {
        reason: String,
    },
    /// 归档.
    Archive,
    /// 重办.
    Reopen {
        reason: String,
    },
    /// The citizen answered the short message.
    SurveyAnswered {
        rating: Rating,
    },
    /// A person read the answer that the server could not.
    ReadSurvey {
        rating: Rating,
    },
    /// The short message brought no answer.
    SurveyFailed {
        why: SurveyFailure,
    },
    /// A manual revisit came to its end.
    RevisitRecorded {
        revisit: RevisitId,
        outcome: RevisitOutcome,
        #[serde(default)]
        rating: Option<Rating>,
        #[serde(default)]
        solved: Option<bool>,
        #[serde(default)]
        recording: Option<RecordingId>,
    },
    /// 核实整改.
    Rectify {
        finding: String,
        measures: String,
    },
    /// 要求出具书面办理意见: the citizen asked for it.
    RequestWrittenOpinion,
    /// 出具书面办理意见.
    IssueWrittenOpinion {
        text: String,
    },
    /// Records the reminders and lapses that are due by now. By the server only.
    Sweep,
    /// A calendar changed: what is counted on it is counted again. By the server only.
    Recount,
    /// A wish of the intake facet; read by itself.
    #[serde(skip)]
    Intake(super::intake::Command),
}

/// Whether the petitioner knows that it will take longer (article 11(4): 必要时应与服务对象沟通说明).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Call(CallId),
    Sms(SmsId),
    /// Why it was not necessary.
    NotNeeded(String),
}

impl Command {
    /// The command's name in the URL.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Register { .. } => "register",
            Self::AnswerOnCall { .. } => "answer_on_call",
            Self::NoteThreeWay { .. } => "note_three_way",
            Self::Dispatch { .. } => "dispatch",
            Self::Acknowledge => "acknowledge",
            Self::HandDown { .. } => "hand_down",
            Self::RecordContact { .. } => "record_contact",
            Self::Reply { .. } => "reply",
            Self::Review { .. } => "review",
            Self::SendBack { .. } => "send_back",
            Self::DecideSendBack { .. } => "decide_send_back",
            Self::Extend { .. } => "extend",
            Self::DecideExtension { .. } => "decide_extension",
            Self::ChangeKind { .. } => "change_kind",
            Self::DecideKind { .. } => "decide_kind",
            Self::Attach { .. } => "attach",
            Self::Void { .. } => "void",
            Self::Archive => "archive",
            Self::Reopen { .. } => "reopen",
            Self::SurveyAnswered { .. } => "survey_answered",
            Self::SurveyFailed { .. } => "survey_failed",
            Self::RevisitRecorded { .. } => "revisit_recorded",
            Self::Rectify { .. } => "rectify",
            Self::ReadSurvey { .. } => "read_survey",
            Self::RequestWrittenOpinion => "request_written_opinion",
            Self::IssueWrittenOpinion { .. } => "issue_written_opinion",
            Self::Sweep => "sweep",
            Self::Recount => "recount",
            Self::Intake(command) => command.name(),
        }
    }
}
