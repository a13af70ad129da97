//! What happened to a ticket. Facts are never edited; their JSON shape is pinned by a snapshot.
//! An event carries all that [`apply`](super::apply) needs: replaying asks no calendar and no clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::Told;
use super::deadline::{CalendarChange, Deadline, DeadlineKind, Mark, Moved};
use super::state::{
    Demand, FollowUpResult, Kind, Rating, ReviewOutcome, RevisitOutcome, Round, Source,
    SurveyFailure,
};
use crate::domain::attachment::Attachment;
use crate::domain::id::{CallId, ContactId, RecordingId, RevisitId, SmsId, UnitCode, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;

/// A fact about one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Opened {
        at: Timestamp,
        source: Source,
        contact: Option<ContactId>,
        call: Option<CallId>,
        caller: Option<PhoneNumber>,
        desk: UnitCode,
    },
    Registered {
        at: Timestamp,
        by: Username,
        demand: Demand,
    },
    ThreeWayNoted {
        at: Timestamp,
        specialist: String,
        unit: UnitCode,
        call: Option<CallId>,
        recording: Option<RecordingId>,
        result: Option<String>,
    },
    /// 直接解答: closed at first contact.
    AnsweredOnCall {
        at: Timestamp,
        by: Username,
        answer: String,
        knowledge: Option<String>,
    },
    Dispatched {
        at: Timestamp,
        by: Username,
        lead: UnitCode,
        co_handlers: Vec<UnitCode>,
        basis: Option<String>,
        /// Version of the rule set in force.
        rules: String,
        /// The lead's, and of every unit without clocks of its own.
        acknowledge: Deadline,
        /// The promise to the citizen; at a second dispatch the one made at the first.
        handle: Deadline,
        /// `None`: open until the calendar for it is published.
        send_back_until: Option<Timestamp>,
        /// Acknowledged on natural time.
        #[serde(default)]
        urgent: bool,
        /// What is a unit's own: other hours than the lead's, a co-handler's limit, a later lead's full one.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        clocks: BTreeMap<UnitCode, UnitClocks>,
    },
    Acknowledged {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
    },
    /// 交由下属单位办理: `unit` was assigned, `to` has it now.
    HandedDown {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        /// Whose it was until now: `unit` itself, or one below.
        from: UnitCode,
        to: UnitCode,
    },
    /// 并入: `from` is no more, `to` has its duties and with them its part, clocks and all (article 3).
    Inherited {
        at: Timestamp,
        from: UnitCode,
        to: UnitCode,
    },
    ContactRecorded {
        at: Timestamp,
        /// `None`: the server linked a call it had placed itself.
        by: Option<Username>,
        unit: UnitCode,
        call: Option<CallId>,
        recording: Option<RecordingId>,
        sms: Option<SmsId>,
        summary: String,
    },
    /// 会办意见.
    OpinionGiven {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        text: String,
    },
    Replied {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        text: String,
        no_contact_reason: Option<String>,
        #[serde(default)]
        review: Option<Deadline>,
    },
    Reviewed {
        at: Timestamp,
        by: Username,
        outcome: ReviewOutcome,
        remark: String,
    },
    Closed {
        at: Timestamp,
    },
    /// The outbox sends the short message; [`sms`](crate::domain::sms) words it.
    SurveyRequested {
        at: Timestamp,
        phone: PhoneNumber,
    },
    SendBackRequested {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        basis: String,
        suggestion: String,
        /// Too often: a coordinator decides instead of the desk.
        #[serde(default)]
        coordination: bool,
        #[serde(default)]
        decide: Option<Deadline>,
    },
    SendBackDecided {
        at: Timestamp,
        by: Username,
        granted: bool,
        reason: String,
    },
    ExtensionRequested {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        working_days: u32,
        reason: String,
        told_petitioner: Told,
        #[serde(default)]
        decide: Option<Deadline>,
    },
    ExtensionGranted {
        at: Timestamp,
        by: Username,
        reason: String,
        handle: Deadline,
        /// A later lead's own clock.
        #[serde(default)]
        reply: Option<Deadline>,
    },
    ExtensionDeclined {
        at: Timestamp,
        by: Username,
        reason: String,
    },
    KindChangeRequested {
        at: Timestamp,
        by: Username,
        /// The lead, or the desk.
        unit: UnitCode,
        from: Kind,
        to: Kind,
        reason: String,
        decide: Option<Deadline>,
    },
    /// 诉求类型变更: the limits follow the new kind from where they started.
    KindChanged {
        at: Timestamp,
        by: Username,
        reason: String,
        kind: Kind,
        moved: Vec<Moved>,
    },
    KindChangeDeclined {
        at: Timestamp,
        by: Username,
        reason: String,
    },
    /// 附件.
    Attached {
        attachment: Attachment,
    },
    Voided {
        at: Timestamp,
        by: Option<Username>,
        reason: String,
    },
    Archived {
        at: Timestamp,
    },
    Reopened {
        at: Timestamp,
        by: Username,
        reason: String,
    },
    SurveyAnswered {
        at: Timestamp,
        rating: Rating,
        /// Who read it out of what the citizen wrote, where that was not plain.
        #[serde(default)]
        read_by: Option<Username>,
    },
    /// Silence, or not delivered: it is sent once more, under the same code.
    SurveyResent {
        at: Timestamp,
        phone: PhoneNumber,
        why: SurveyFailure,
    },
    SurveyFailed {
        at: Timestamp,
        why: SurveyFailure,
    },
    /// Somebody who neither handled nor reviewed it must call the citizen.
    RevisitPlanned {
        round: Round,
        revisit: Deadline,
    },
    Revisited {
        at: Timestamp,
        by: Username,
        revisit: RevisitId,
        round: Round,
        outcome: RevisitOutcome,
        rating: Option<Rating>,
        /// 是否解决.
        #[serde(default)]
        solved: Option<bool>,
        recording: Option<RecordingId>,
    },
    RectificationOrdered {
        unit: UnitCode,
        rectify: Deadline,
    },
    Rectified {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        finding: String,
        measures: String,
    },
    FollowUpEnded {
        result: FollowUpResult,
    },
    /// A reminder is due, or a deadline lapsed; the ticket still runs.
    Marked {
        deadline: DeadlineKind,
        unit: UnitCode,
        mark: Mark,
        due: Timestamp,
    },
    /// A calendar changed, and these deadlines with it.
    DeadlinesMoved {
        at: Timestamp,
        cause: CalendarChange,
        moved: Vec<Moved>,
    },
    /// 要求出具书面办理意见.
    WrittenOpinionRequested {
        at: Timestamp,
        by: Username,
        number: u32,
        issue: Deadline,
    },
    WrittenOpinionIssued {
        at: Timestamp,
        by: Username,
        unit: UnitCode,
        number: u32,
        text: String,
    },
    /// Where it came from, who asks, what it is about, that it is not accepted: a facet with facts of its own.
    #[serde(untagged)]
    Intake(super::intake::Event),
}

/// One unit's own clocks at a dispatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitClocks {
    pub acknowledge: Deadline,
    /// `None`: the promise to the citizen is its limit.
    pub reply: Option<Deadline>,
}

impl Event {
    /// The event's name in tables and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Registered { .. } => "registered",
            Self::ThreeWayNoted { .. } => "three_way_noted",
            Self::AnsweredOnCall { .. } => "answered_on_call",
            Self::Dispatched { .. } => "dispatched",
            Self::Acknowledged { .. } => "acknowledged",
            Self::HandedDown { .. } => "handed_down",
            Self::Inherited { .. } => "inherited",
            Self::ContactRecorded { .. } => "contact_recorded",
            Self::OpinionGiven { .. } => "opinion_given",
            Self::Replied { .. } => "replied",
            Self::Reviewed { .. } => "reviewed",
            Self::Closed { .. } => "closed",
            Self::SurveyRequested { .. } => "survey_requested",
            Self::SendBackRequested { .. } => "send_back_requested",
            Self::SendBackDecided { .. } => "send_back_decided",
            Self::ExtensionRequested { .. } => "extension_requested",
            Self::ExtensionGranted { .. } => "extension_granted",
            Self::ExtensionDeclined { .. } => "extension_declined",
            Self::KindChangeRequested { .. } => "kind_change_requested",
            Self::KindChanged { .. } => "kind_changed",
            Self::KindChangeDeclined { .. } => "kind_change_declined",
            Self::Attached { .. } => "attached",
            Self::Voided { .. } => "voided",
            Self::Archived { .. } => "archived",
            Self::Reopened { .. } => "reopened",
            Self::SurveyAnswered { .. } => "survey_answered",
            Self::SurveyFailed { .. } => "survey_failed",
            Self::RevisitPlanned { .. } => "revisit_planned",
            Self::Revisited { .. } => "revisited",
            Self::RectificationOrdered { .. } => "rectification_ordered",
            Self::Rectified { .. } => "rectified",
            Self::FollowUpEnded { .. } => "follow_up_ended",
            Self::Marked { .. } => "marked",
            Self::SurveyResent { .. } => "survey_resent",
            Self::DeadlinesMoved { .. } => "deadlines_moved",
            Self::WrittenOpinionRequested { .. } => "written_opinion_requested",
            Self::WrittenOpinionIssued { .. } => "written_opinion_issued",
            Self::Intake(event) => event.name(),
        }
    }
}
