//! What a ticket is at one instant: its stage, with all that the stage needs, and the records kept beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::command::Told;
use super::deadline::{Deadline, DeadlineKind, Running};
use super::intake::Intake;
use crate::domain::attachment::Attachment;
use crate::domain::id::{CallId, ContactId, RecordingId, RevisitId, SmsId, UnitCode, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;

/// One citizen's demand and everything that was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub opened_at: Timestamp,
    pub source: Source,
    pub contact: Option<ContactId>,
    pub call: Option<CallId>,
    /// The number that called, as the network gave it.
    pub caller: Option<PhoneNumber>,
    /// The part of the platform that answers for the ticket whenever no member unit does.
    pub desk: UnitCode,
    /// What is asked. `None` until somebody registered it.
    pub demand: Option<Demand>,
    pub stage: Stage,
    /// Everybody of a unit who ever acted on it: none of them may review or revisit it.
    pub handlers: BTreeSet<Username>,
    pub three_ways: Vec<ThreeWay>,
    pub contacts: Vec<ContactProof>,
    pub send_backs: Vec<SendBack>,
    pub extensions: Vec<Extension>,
    /// 诉求类型变更, asked for and decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kind_changes: Vec<KindChange>,
    pub reviews: Vec<Review>,
    pub surveys: Vec<Survey>,
    pub revisits: Vec<RevisitResult>,
    pub rectifications: Vec<Rectification>,
    /// 书面办理意见, asked for and issued.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written_opinions: Vec<WrittenOpinion>,
    /// 附件, in the order they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// A coordinator decided whose duty it is: from then on nobody sends it back (article 26). Ends when it is
    /// opened again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinated: Option<Timestamp>,
    /// How often it was opened again 重办; each counts as a repeat demand.
    pub reopened: u32,
    /// Where it came from, who asks, what it is about, and that it is not accepted.
    #[serde(default, skip_serializing_if = "Intake::is_empty")]
    pub intake: Intake,
}

/// Where a ticket stands. What a stage needs is inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// The phone rang; nobody has written anything yet.
    Draft,
    /// 已受理: at the desk, before the first dispatch, or after a granted send-back. Then the promise made to the
    /// citizen at the first dispatch still stands.
    Registered { promise: Option<Promise> },
    /// 已派单: the lead unit has not acknowledged yet.
    Dispatched { work: Box<Work> },
    /// 办理中.
    Handling { work: Box<Work> },
    /// 已答复: waits for review 答复认定.
    Replied {
        work: Box<Work>,
        reply: Reply,
        /// `review_by`: the reviewer's own small limit, inside the citizen's.
        #[serde(default)]
        review: Option<Running>,
    },
    /// 办结.
    Closed {
        at: Timestamp,
        closing: Closing,
        follow_up: FollowUp,
    },
    /// 归档: nothing more happens.
    Archived {
        at: Timestamp,
        closing: Closing,
        result: FollowUpResult,
    },
    /// 作废.
    Voided {
        at: Timestamp,
        by: Option<Username>,
        reason: String,
    },
}

impl Stage {
    /// The stage's name in tables and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Registered { .. } => "registered",
            Self::Dispatched { .. } => "dispatched",
            Self::Handling { .. } => "handling",
            Self::Replied { .. } => "replied",
            Self::Closed { .. } => "closed",
            Self::Archived { .. } => "archived",
            Self::Voided { .. } => "voided",
        }
    }

    /// The stage's name for a person.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Registered { .. } => "已受理",
            Self::Dispatched { .. } => "待签收",
            Self::Handling { .. } => "办理中",
            Self::Replied { .. } => "待审核",
            Self::Closed { .. } => "已办结",
            Self::Archived { .. } => "已归档",
            Self::Voided { .. } => "已作废",
        }
    }
}

/// What was promised to the citizen at the first dispatch. It survives a send-back: the citizen did nothing to lose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub dispatched_at: Timestamp,
    /// The rule set in force at the first dispatch; the ticket keeps it (article 34).
    pub rules: String,
    /// Whose calendar it was counted on: the first lead's.
    #[serde(default)]
    pub counted_for: Option<UnitCode>,
    /// `handle_by`.
    pub handle: Running,
    /// 延时 granted so far.
    pub extensions: u32,
}

/// A dispatched ticket's assignments and clocks. Exactly one lead 牵头单位, any number of co-handlers 会办单位.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    pub promise: Promise,
    /// When the present lead got it.
    pub dispatched_at: Timestamp,
    pub dispatched_by: Username,
    /// Why this unit is competent 派单依据.
    pub basis: Option<String>,
    /// Does not wait for the office to open (article 13).
    #[serde(default)]
    pub urgent: bool,
    /// The window for asking to send it back closes itself here; `None` while the calendar for it is not published.
    pub send_back_until: Option<Timestamp>,
    pub lead: Assignment,
    pub co_handlers: Vec<Assignment>,
    /// Waits for the desk's decision.
    pub send_back: Option<SendBackRequest>,
    /// Waits for the desk's decision.
    pub extension: Option<ExtensionRequest>,
    /// Waits for the desk's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind_change: Option<KindChangeRequest>,
}

impl Work {
    /// The assignment of `unit`, if it has one.
    pub fn assignment(&self, unit: &UnitCode) -> Option<&Assignment> {
        self.assignments().find(|a| a.unit == *unit)
    }

    /// The part that the people of `unit` act for: its own, or one that was handed down to it.
    pub fn part_of(&self, unit: &UnitCode) -> Option<&Assignment> {
        self.assignment(unit)
            .or_else(|| self.assignments().find(|part| part.is_worked_by(unit)))
    }

    /// The lead, then the co-handlers.
    pub fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        std::iter::once(&self.lead).chain(&self.co_handlers)
    }

    pub(super) fn assignments_mut(&mut self) -> impl Iterator<Item = &mut Assignment> {
        std::iter::once(&mut self.lead).chain(&mut self.co_handlers)
    }
}

/// One unit's part in a ticket, with its own acknowledge clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub unit: UnitCode,
    /// `acknowledge_by`.
    pub acknowledge: Running,
    /// `reply_by`: the unit's own limit where it is not the citizen's: a co-handler's, or a later lead's.
    #[serde(default)]
    pub reply: Option<Running>,
    /// 签收.
    pub acknowledged: Option<Receipt>,
    /// Somebody spoke with the petitioner under this assignment; the proof is among the ticket's contacts.
    pub contacted: bool,
    /// What a co-handler contributed 会办意见.
    pub opinion: Option<Reply>,
    /// The units below that got it one from another; the last has the work. `unit` answers for it all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handed_down: Vec<UnitCode>,
}

impl Assignment {
    /// Who has the work: the unit it was handed down to, or the one it was assigned to.
    pub fn worker(&self) -> &UnitCode {
        self.handed_down.last().unwrap_or(&self.unit)
    }

    /// May the people of `unit` act for it?
    pub fn is_worked_by(&self, unit: &UnitCode) -> bool {
        self.unit == *unit || self.handed_down.contains(unit)
    }

    /// Everybody who may act for it, from the top.
    pub fn units(&self) -> impl Iterator<Item = &UnitCode> {
        std::iter::once(&self.unit).chain(&self.handed_down)
    }
}

/// Who acknowledged, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Timestamp,
    pub by: Username,
}

/// 诉求类型.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 咨询: the only one with the short limits.
    Inquiry,
    /// 求助.
    HelpRequest,
    /// 投诉.
    Complaint,
    /// 举报.
    Report,
    /// 建议.
    Suggestion,
}

impl Kind {
    /// The kind for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inquiry => "咨询",
            Self::HelpRequest => "求助",
            Self::Complaint => "投诉",
            Self::Report => "举报",
            Self::Suggestion => "建议",
        }
    }

    /// Every kind, in the order above.
    pub const ALL: [Self; 5] = [
        Self::Inquiry,
        Self::HelpRequest,
        Self::Complaint,
        Self::Report,
        Self::Suggestion,
    ];
}

/// How a demand reached us (article 8, article 11(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Phone,
    /// Entered by hand at the desk: letter, walk-in, e-mail.
    Desk,
    /// From another channel or platform; its intake says which.
    Elsewhere,
}

/// Who asks what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    pub title: String,
    pub content: String,
    pub kind: Kind,
    pub petitioner: Petitioner,
    pub address: Option<String>,
    pub category: Option<String>,
    /// What the form of the desk that took it asked beside, by key (article 32).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// 诉求人.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Petitioner {
    pub name: String,
    /// Where the survey goes; the caller's own number unless another was given.
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    pub applicant: Applicant,
    /// 要求保密: shown to nobody beyond the desk and the unit.
    #[serde(default)]
    pub secrecy: bool,
    /// 企业名称: the firm that asks, or that the named person speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firm: Option<String>,
}

/// 群众 or 企业; every statistic splits by it (article 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applicant {
    Person,
    Enterprise,
}

/// 三方通话 as a way of disposal (article 11(2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreeWay {
    pub at: Timestamp,
    pub specialist: String,
    pub unit: UnitCode,
    pub call: Option<CallId>,
    pub recording: Option<RecordingId>,
    pub result: Option<String>,
}

/// That a unit spoke with the petitioner 主动联系.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactProof {
    pub at: Timestamp,
    pub by: Option<Username>,
    pub unit: UnitCode,
    pub call: Option<CallId>,
    pub recording: Option<RecordingId>,
    pub sms: Option<SmsId>,
    pub summary: String,
}

/// A unit's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub at: Timestamp,
    pub by: Username,
    pub unit: UnitCode,
    pub text: String,
    /// Why nobody spoke with the petitioner, when nobody did.
    pub no_contact_reason: Option<String>,
}

/// A unit's wish to be rid of a ticket that is not its duty 退回.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendBackRequest {
    pub at: Timestamp,
    pub by: Username,
    pub unit: UnitCode,
    pub basis: String,
    pub suggestion: String,
    /// It was sent back too often: a coordinator decides.
    #[serde(default)]
    pub coordination: bool,
    /// `decide_send_back_by`.
    #[serde(default)]
    pub decide: Option<Running>,
}

/// A unit's wish for more time 延时.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionRequest {
    pub at: Timestamp,
    pub by: Username,
    pub unit: UnitCode,
    pub working_days: u32,
    pub reason: String,
    pub told_petitioner: Told,
    /// `decide_extension_by`.
    #[serde(default)]
    pub decide: Option<Running>,
}

/// A wish that the demand be of another kind 诉求类型变更.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindChangeRequest {
    pub at: Timestamp,
    pub by: Username,
    /// The lead, or the desk.
    pub unit: UnitCode,
    pub from: Kind,
    pub to: Kind,
    pub reason: String,
    /// `decide_kind_by`.
    pub decide: Option<Running>,
}

/// The desk's answer to a request 审核认定.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at: Timestamp,
    pub by: Username,
    pub granted: bool,
    pub reason: String,
}

/// A send-back request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendBack {
    pub request: SendBackRequest,
    pub decision: Decision,
}

/// An extension request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    pub request: ExtensionRequest,
    pub decision: Decision,
}

/// A wish for another kind and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindChange {
    pub request: KindChangeRequest,
    pub decision: Decision,
}

/// 答复认定 of one reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub at: Timestamp,
    pub by: Username,
    pub reply: Reply,
    pub outcome: ReviewOutcome,
    pub remark: String,
}

/// 通过, 不规范, 不具体, 不完整.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewOutcome {
    Passed,
    NotNormative,
    NotSpecific,
    NotComplete,
}

/// How a ticket came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Closing {
    /// 直接解答: nothing was dispatched.
    AnsweredOnCall {
        by: Username,
        answer: String,
        /// The knowledge entry cited, with its version.
        knowledge: Option<String>,
    },
    /// 办结 by a unit's reply that passed review.
    Replied { work: Box<Work>, reply: Reply },
}

/// What happens between closing and the citizen's last word 回访.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum FollowUp {
    /// 短信回访 is out.
    Surveying,
    /// 人工回访 is to be made by `revisit_by`.
    Revisiting { round: Round, revisit: Running },
    /// 核实整改: the unit owes a finding and measures by `rectify_by`.
    Rectifying { rectify: Running },
    /// Nothing more is asked.
    Ended { result: FollowUpResult },
}

/// Which manual revisit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// After a dissatisfied survey.
    First,
    /// After rectification; the last.
    Second,
}

/// The citizen's last word, or why there is none. Only [`FollowUpResult::Satisfied`] counts as satisfied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum FollowUpResult {
    /// Answered on the call: article 11(5) asks after what a unit handled.
    Exempt,
    Satisfied {
        rating: Rating,
    },
    /// Dissatisfied after rectification too; `finding` is what the unit found.
    Unsatisfied {
        rating: Rating,
        finding: String,
    },
    NotReached {
        why: Missed,
    },
}

/// Why the citizen's word is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// There is no number to ask.
    NoPhone,
    /// The short message was not delivered.
    Undelivered,
    /// The short message was delivered and not answered.
    Silent,
    NoAnswer,
    WrongNumber,
    /// The citizen did not wish to be asked.
    Refused,
}

/// 好差评, five levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    VerySatisfied,
    Satisfied,
    BasicallySatisfied,
    Dissatisfied,
    VeryDissatisfied,
}

impl Rating {
    /// Best first: the survey's answers 1 to 5.
    pub const ALL: [Self; 5] = [
        Self::VerySatisfied,
        Self::Satisfied,
        Self::BasicallySatisfied,
        Self::Dissatisfied,
        Self::VeryDissatisfied,
    ];

    /// The last two levels are 差评.
    pub const fn is_satisfied(self) -> bool {
        match self {
            Self::VerySatisfied | Self::Satisfied | Self::BasicallySatisfied => true,
            Self::Dissatisfied | Self::VeryDissatisfied => false,
        }
    }

    /// The level's official name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerySatisfied => "非常满意",
            Self::Satisfied => "满意",
            Self::BasicallySatisfied => "基本满意",
            Self::Dissatisfied => "不满意",
            Self::VeryDissatisfied => "非常不满意",
        }
    }
}

/// One short-message survey and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    pub requested_at: Timestamp,
    pub phone: PhoneNumber,
    pub rating: Option<Rating>,
    pub failed: Option<SurveyFailure>,
    /// When and why it was sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resent: Vec<(Timestamp, SurveyFailure)>,
    /// Who read the rating out of an answer that was not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_by: Option<Username>,
}

/// Why a survey brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyFailure {
    Undelivered,
    WrongNumber,
    Silent,
}

/// What a manual revisit brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisitOutcome {
    Satisfied,
    Dissatisfied,
    NoAnswer,
    WrongNumber,
    /// The citizen did not wish to be asked.
    Refused,
}

/// One manual revisit as the ticket remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisitResult {
    pub at: Timestamp,
    pub by: Username,
    pub revisit: RevisitId,
    pub round: Round,
    pub outcome: RevisitOutcome,
    pub rating: Option<Rating>,
    /// 是否解决, the other question.
    #[serde(default)]
    pub solved: Option<bool>,
    pub recording: Option<RecordingId>,
}

/// 核实整改: what the unit found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rectification {
    pub at: Timestamp,
    pub by: Username,
    pub unit: UnitCode,
    pub finding: String,
    pub measures: String,
}

/// 书面办理意见 of the unit that answers for the ticket (article 11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenOpinion {
    /// From 1; with the ticket's number it is the opinion's own.
    pub number: u32,
    pub requested_at: Timestamp,
    pub requested_by: Username,
    /// `written_opinion_by`.
    pub issue: Running,
    pub issued: Option<Issued>,
}

/// A written opinion as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub at: Timestamp,
    pub by: Username,
    pub unit: UnitCode,
    pub text: String,
}

/// One clock of a ticket, and the unit it runs against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock<'a> {
    pub kind: DeadlineKind,
    pub unit: &'a UnitCode,
    pub running: Running,
}

impl Ticket {
    /// The promise to the citizen, from the first dispatch on.
    pub fn promise(&self) -> Option<&Promise> {
        match &self.stage {
            Stage::Registered { promise } => promise.as_ref(),
            Stage::Draft
            | Stage::Dispatched { .. }
            | Stage::Handling { .. }
            | Stage::Replied { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => self.work().map(|work| &work.promise),
        }
    }

    /// The lead's reply that waits for review or passed it.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.stage {
            Stage::Replied { reply, .. }
            | Stage::Closed {
                closing: Closing::Replied { reply, .. },
                ..
            }
            | Stage::Archived {
                closing: Closing::Replied { reply, .. },
                ..
            } => Some(reply),
            Stage::Draft
            | Stage::Registered { .. }
            | Stage::Dispatched { .. }
            | Stage::Handling { .. }
            | Stage::Closed {
                closing: Closing::AnsweredOnCall { .. },
                ..
            }
            | Stage::Archived {
                closing: Closing::AnsweredOnCall { .. },
                ..
            }
            | Stage::Voided { .. } => None,
        }
    }

    /// The written opinion that was asked for and is not issued yet.
    pub fn open_opinion(&self) -> Option<&WrittenOpinion> {
        self.written_opinions.iter().find(|o| o.issued.is_none())
    }

    /// The dispatched work, from dispatch on, closed or not.
    pub fn work(&self) -> Option<&Work> {
        match &self.stage {
            Stage::Dispatched { work }
            | Stage::Handling { work }
            | Stage::Replied { work, .. }
            | Stage::Closed {
                closing: Closing::Replied { work, .. },
                ..
            }
            | Stage::Archived {
                closing: Closing::Replied { work, .. },
                ..
            } => Some(work),
            Stage::Draft
            | Stage::Registered { .. }
            | Stage::Closed {
                closing: Closing::AnsweredOnCall { .. },
                ..
            }
            | Stage::Archived {
                closing: Closing::AnsweredOnCall { .. },
                ..
            }
            | Stage::Voided { .. } => None,
        }
    }

    /// Who answers for the ticket: exactly one unit at every instant of its life.
    pub fn responsible(&self) -> &UnitCode {
        self.work().map_or(&self.desk, |work| &work.lead.unit)
    }

    /// May the people of `unit` act where one unit answers for the ticket?
    pub(super) fn is_answered_by(&self, unit: &UnitCode) -> bool {
        match self.work() {
            Some(work) => work.lead.is_worked_by(unit),
            None => self.desk == *unit,
        }
    }

    /// Where the survey goes.
    pub fn phone(&self) -> Option<&PhoneNumber> {
        self.demand
            .as_ref()
            .and_then(|demand| demand.petitioner.phone.as_ref())
    }

    /// The clocks that are running now and have an end that is known, for lists and people.
    pub fn deadlines(&self) -> Vec<(DeadlineKind, Timestamp)> {
        self.clocks()
            .into_iter()
            .filter_map(|clock| Some((clock.kind, clock.running.deadline.due()?)))
            .collect()
    }

    /// The first deadline that runs out. A window that closes is none.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.swept()
            .filter_map(|clock| clock.running.deadline.due())
            .min()
    }

    /// The next instant at which the sweep has something to record here: a reminder or a lapse.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.swept()
            .filter_map(|clock| clock.running.next_mark().map(|(_, at)| at))
            .chain(self.report_lapses_at())
            .chain(self.seat_lapses_at())
            .min()
    }

    /// When the superior who was asked is late: while the demand is still the desk's to dispose of.
    pub(super) fn report_lapses_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Draft | Stage::Registered { .. } => self.intake.report_lapses_at(),
            Stage::Dispatched { .. }
            | Stage::Handling { .. }
            | Stage::Replied { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => None,
        }
    }

    /// When the seat that has the demand is late: until it is dispatched, which the desk may do at any time.
    pub(super) fn seat_lapses_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Draft | Stage::Registered { promise: None } => self.intake.seat_lapses_at(),
            Stage::Registered { promise: Some(_) }
            | Stage::Dispatched { .. }
            | Stage::Handling { .. }
            | Stage::Replied { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => None,
        }
    }

    pub(super) fn swept(&self) -> impl Iterator<Item = Clock<'_>> {
        self.clocks()
            .into_iter()
            .filter(|clock| clock.kind.is_swept())
    }

    /// Running clocks, each with the unit it runs against. Whoever shows a remaining time, to whomever, asks here.
    pub fn clocks(&self) -> Vec<Clock<'_>> {
        let mut clocks = Vec::new();
        let mut run = |kind, unit, running: Option<&Running>| {
            clocks.extend(running.map(|running| Clock {
                kind,
                unit,
                running: *running,
            }));
        };
        let report = self.intake.open_report();
        let report = report.map(|report| Running::new(report.clock()));
        if let (Some(seat), Some(_)) = (&self.intake.seat, self.seat_lapses_at()) {
            let clock = seat.clock().map(Running::new);
            run(DeadlineKind::AnswerAtSeatBy, &seat.unit, clock.as_ref());
        }
        match &self.stage {
            Stage::Archived { .. } | Stage::Voided { .. } => return clocks,
            Stage::Draft => run(DeadlineKind::DecideReportBy, &self.desk, report.as_ref()),
            Stage::Registered { promise } => {
                run(DeadlineKind::DecideReportBy, &self.desk, report.as_ref());
                let handle = promise.as_ref().map(|promise| &promise.handle);
                run(DeadlineKind::HandleBy, &self.desk, handle);
            }
            Stage::Dispatched { work } | Stage::Handling { work } | Stage::Replied { work, .. } => {
                let lead = &work.lead.unit;
                run(DeadlineKind::HandleBy, lead, Some(&work.promise.handle));
                for assignment in work.assignments() {
                    let unit = &assignment.unit;
                    if assignment.acknowledged.is_none() {
                        run(
                            DeadlineKind::AcknowledgeBy,
                            unit,
                            Some(&assignment.acknowledge),
                        );
                    }
                    if !self.has_answered(assignment) {
                        run(DeadlineKind::ReplyBy, unit, assignment.reply.as_ref());
                    }
                }
                let decide = work.send_back.as_ref().and_then(|r| r.decide.as_ref());
                run(DeadlineKind::DecideSendBackBy, &self.desk, decide);
                let decide = work.extension.as_ref().and_then(|r| r.decide.as_ref());
                run(DeadlineKind::DecideExtensionBy, &self.desk, decide);
                let decide = work.kind_change.as_ref().and_then(|r| r.decide.as_ref());
                run(DeadlineKind::DecideKindBy, &self.desk, decide);
                if let Some(until) = self.send_back_window(work) {
                    run(DeadlineKind::SendBackBy, lead, Some(&until));
                }
                if let Stage::Replied { review, .. } = &self.stage {
                    run(DeadlineKind::ReviewBy, &self.desk, review.as_ref());
                }
            }
            Stage::Closed { follow_up, .. } => match follow_up {
                FollowUp::Surveying | FollowUp::Ended { .. } => {}
                FollowUp::Revisiting { revisit, .. } => {
                    run(DeadlineKind::RevisitBy, &self.desk, Some(revisit));
                }
                FollowUp::Rectifying { rectify } => {
                    run(DeadlineKind::RectifyBy, self.responsible(), Some(rectify));
                }
            },
        }
        let issue = self.open_opinion().map(|opinion| &opinion.issue);
        run(DeadlineKind::WrittenOpinionBy, self.responsible(), issue);
        clocks
    }

    /// Did the unit say what it has to say? A reply that was not good enough is none.
    fn has_answered(&self, assignment: &Assignment) -> bool {
        assignment.opinion.is_some()
            || matches!(&self.stage, Stage::Replied { work, .. } if work.lead.unit == assignment.unit)
    }

    /// The open window for sending it back, as a clock: nobody is reminded of it.
    fn send_back_window(&self, work: &Work) -> Option<Running> {
        // Nobody can ask to send back what another platform works on.
        let ours = self.intake.partner().is_none();
        let open = ours && self.coordinated.is_none() && work.send_back.is_none();
        let until = work.send_back_until?;
        match self.stage {
            Stage::Dispatched { .. } | Stage::Handling { .. } if open => {
                Some(Running::new(Deadline::until(work.dispatched_at, until)))
            }
            Stage::Draft
            | Stage::Registered { .. }
            | Stage::Dispatched { .. }
            | Stage::Handling { .. }
            | Stage::Replied { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => None,
        }
    }

    /// Did `person` handle this ticket at any time?
    pub fn handled_by(&self, person: &Username) -> bool {
        self.handlers.contains(person)
    }

    /// Everybody who handled or reviewed it: none of them may revisit the citizen.
    pub fn involved(&self) -> BTreeSet<Username> {
        let reviewers = self.reviews.iter().map(|review| review.by.clone());
        self.handlers.iter().cloned().chain(reviewers).collect()
    }

    /// Did `person` judge a reply of this ticket?
    pub fn reviewed_by(&self, person: &Username) -> bool {
        self.reviews.iter().any(|r| r.by == *person)
    }
}
