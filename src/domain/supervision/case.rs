//! What a case of supervision is at one instant.

use serde::{Deserialize, Serialize};

use super::notice::Form;
use crate::domain::id::{TicketId, UnitCode, Username};
use crate::domain::time::Timestamp;

/// One case about one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub ticket: TicketId,
    /// The ticket's number, for people.
    pub number: String,
    /// 被督办单位: who receives the notices and answers them.
    pub unit: UnitCode,
    /// 督办人. `None`: opened by rule, and nobody took it yet.
    pub owner: Option<Username>,
    pub opened_at: Timestamp,
    pub cause: Cause,
    /// Every step of the ladder taken so far, the present one last; never empty.
    pub rungs: Vec<Rung>,
    pub meetings: Vec<Meeting>,
    pub proposals: Vec<Proposal>,
    pub measures: Vec<Measure>,
    pub closed: Option<Closing>,
}

/// Why there is a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The rule that opened it; `None`: a person did.
    pub rule: Option<String>,
    pub reason: String,
}

/// The ladder, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 跟踪: looked at until its date; nobody is asked.
    Track,
    /// 催办: a reminder that wants an answer.
    Urge,
    /// 回访复核: the platform asks whether what was reported is true (article 26).
    Recheck,
    /// 工单督办: it could be done and was not (article 26).
    Supervise,
    /// 专题协调督办: whose duty it is has to be settled (article 26).
    Coordinate,
    /// 约谈、通报、信息专报 (article 26).
    Account,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 6] = [
        Self::Track,
        Self::Urge,
        Self::Recheck,
        Self::Supervise,
        Self::Coordinate,
        Self::Account,
    ];

    /// The level's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Urge => "urge",
            Self::Recheck => "recheck",
            Self::Supervise => "supervise",
            Self::Coordinate => "coordinate",
            Self::Account => "account",
        }
    }

    /// The level's name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Track => "跟踪",
            Self::Urge => "催办",
            Self::Recheck => "回访复核",
            Self::Supervise => "工单督办",
            Self::Coordinate => "专题协调督办",
            Self::Account => "约谈通报专报",
        }
    }

    /// The notice that the unit receives at this step.
    pub const fn form(self) -> Option<Form> {
        match self {
            Self::Track | Self::Account => None,
            Self::Urge => Some(Form::Urge),
            Self::Recheck => Some(Form::Recheck),
            Self::Supervise => Some(Form::Supervise),
            Self::Coordinate => Some(Form::Coordinate),
        }
    }
}

/// The numbers that the articles leave open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub track_days: u32,
    pub urge_days: u32,
    pub recheck_days: u32,
    pub supervise_days: u32,
    pub coordinate_days: u32,
    pub account_days: u32,
    /// Meetings without an appointed lead after which coordination has failed repeatedly 反复协调无法明确.
    pub failed_meetings: usize,
    /// Longest answer limit that may be set by hand.
    pub answer_days_max: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            track_days: 5,
            urge_days: 1,
            recheck_days: 3,
            supervise_days: 3,
            coordinate_days: 5,
            account_days: 5,
            failed_meetings: 2,
            answer_days_max: 30,
        }
    }
}

impl Policy {
    /// Working days in which a step wants its answer.
    pub const fn days(&self, level: Level) -> u32 {
        match level {
            Level::Track => self.track_days,
            Level::Urge => self.urge_days,
            Level::Recheck => self.recheck_days,
            Level::Supervise => self.supervise_days,
            Level::Coordinate => self.coordinate_days,
            Level::Account => self.account_days,
        }
    }
}

/// One step of the ladder, with all that passed on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    pub level: Level,
    pub at: Timestamp,
    /// `None`: by rule.
    pub by: Option<Username>,
    pub reason: String,
    /// The register number of its notice in the year of `at`.
    pub notice: Option<u64>,
    pub due: Timestamp,
    /// The limit ran out without an answer.
    pub lapsed: bool,
    /// 签收 of the notice.
    pub received: Option<Receipt>,
    pub answers: Vec<Answer>,
}

impl Rung {
    /// The unit still owes an answer here.
    pub fn awaits_answer(&self) -> bool {
        match self.answers.last() {
            None => true,
            Some(answer) => answer
                .judged
                .as_ref()
                .is_some_and(|judged| judged.verdict != Verdict::Accepted),
        }
    }

    /// An answer on this step was accepted.
    pub fn is_answered(&self) -> bool {
        self.answers.last().is_some_and(|answer| {
            answer
                .judged
                .as_ref()
                .is_some_and(|judged| judged.verdict == Verdict::Accepted)
        })
    }
}

/// Who received a notice, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Timestamp,
    pub by: Username,
}

/// What the unit says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub at: Timestamp,
    pub by: Username,
    pub text: String,
    pub judged: Option<Judgement>,
}

/// What the platform thinks of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    pub at: Timestamp,
    pub by: Username,
    pub verdict: Verdict,
    pub remark: String,
}

/// 采纳, 不充分, 推诿不作为.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Accepted,
    Insufficient,
    /// 推诿、不作为: after supervision, the second situation of article 26.
    Evasive,
}

/// 专题协调会议, with its minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    pub at: Timestamp,
    pub by: Username,
    pub attendees: Vec<UnitCode>,
    pub minutes: String,
    /// 指定的牵头单位; `None`: the meeting could not settle it.
    pub lead: Option<UnitCode>,
    /// When the ticket was dispatched to that unit.
    pub rebound_at: Option<Timestamp>,
}

/// The three situations of article 26 that may lead to a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// 反复协调无法明确.
    CoordinationFailed,
    /// 督办后答复内容涉及推诿、不作为.
    StillInactive,
    /// 责任主体明确且无正当理由拒不办理.
    DutyRefused,
}

impl Trigger {
    /// The article's own words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CoordinationFailed => "反复协调无法明确",
            Self::StillInactive => "督办后答复内容涉及推诿、不作为",
            Self::DutyRefused => "诉求责任主体明确且无正当理由拒不办理",
        }
    }
}

/// What a rule (or a person) proposes, and what a person made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub at: Timestamp,
    /// `None`: by rule.
    pub by: Option<Username>,
    pub trigger: Trigger,
    pub reason: String,
    pub settled: Option<Settled>,
}

/// The end of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub at: Timestamp,
    pub by: Username,
    pub confirmed: bool,
    pub reason: String,
}

/// 约谈, 通报, 信息专报.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    Talk,
    Circular,
    SpecialReport,
}

impl MeasureKind {
    /// The document that records it.
    pub const fn form(self) -> Form {
        match self {
            Self::Talk => Form::Talk,
            Self::Circular => Form::Circular,
            Self::SpecialReport => Form::SpecialReport,
        }
    }
}

/// A measure taken, with its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    pub at: Timestamp,
    pub by: Username,
    pub kind: MeasureKind,
    pub notice: u64,
    pub addressee: String,
    pub text: String,
    /// Its place among the case's proposals.
    pub proposal: usize,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub at: Timestamp,
    /// `None`: by rule.
    pub by: Option<Username>,
    pub outcome: Outcome,
    /// 办结佐证.
    pub evidence: String,
    /// 研判: whether it could be done, or the conditions made, and was not (article 26).
    pub finding: Option<String>,
}

/// 已落实, 查无实据, 转问责.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Resolved,
    /// A recheck found nothing wrong.
    Unfounded,
    /// What was found goes to the accountability ledger (article 28).
    ToAccountability,
}

impl Case {
    /// The present step.
    pub fn rung(&self) -> &Rung {
        self.rungs.last().expect("a case opens on a step")
    }

    pub(super) fn rung_mut(&mut self) -> &mut Rung {
        self.rungs.last_mut().expect("a case opens on a step")
    }

    pub fn level(&self) -> Level {
        self.rung().level
    }

    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// When the sweep has something to do here.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let rung = self.rung();
        (self.is_open() && !rung.lapsed && rung.awaits_answer()).then_some(rung.due.plus_millis(1))
    }

    /// Proposals that nobody settled yet.
    pub fn open_proposals(&self) -> impl Iterator<Item = &Proposal> {
        self.proposals.iter().filter(|p| p.settled.is_none())
    }

    pub(super) fn failed_meetings(&self) -> usize {
        self.meetings.iter().filter(|m| m.lead.is_none()).count()
    }
}
