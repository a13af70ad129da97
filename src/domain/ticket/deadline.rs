//! A clock of a ticket: when it started, when people are reminded, when it runs out, and what of that is recorded.

use serde::{Deserialize, Serialize};

use super::refusal::Article;
use crate::domain::calendar::Limit;
use crate::domain::id::UnitCode;
use crate::domain::time::Timestamp;

/// 时限.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// 签收.
    AcknowledgeBy,
    /// 答复: the promise to the citizen.
    HandleBy,
    /// A unit's own limit where it is not the citizen's: a co-handler's, or a lead's to whom it came later.
    ReplyBy,
    /// 申请退回: until then it can be asked for.
    SendBackBy,
    /// 退回审核认定.
    DecideSendBackBy,
    /// 延时审核认定.
    DecideExtensionBy,
    /// 诉求类型变更审核认定.
    DecideKindBy,
    /// 答复认定.
    ReviewBy,
    /// 书面办理意见.
    WrittenOpinionBy,
    /// 人工回访.
    RevisitBy,
    /// 整改.
    RectifyBy,
    /// 请示批复, on natural time.
    DecideReportBy,
    /// 专席答复, on natural time.
    AnswerAtSeatBy,
}

impl DeadlineKind {
    /// Every kind, in the order above.
    pub const ALL: [Self; 13] = [
        Self::AcknowledgeBy,
        Self::HandleBy,
        Self::ReplyBy,
        Self::SendBackBy,
        Self::DecideSendBackBy,
        Self::DecideExtensionBy,
        Self::DecideKindBy,
        Self::ReviewBy,
        Self::WrittenOpinionBy,
        Self::RevisitBy,
        Self::RectifyBy,
        Self::DecideReportBy,
        Self::AnswerAtSeatBy,
    ];

    /// The deadline's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AcknowledgeBy => "acknowledge_by",
            Self::HandleBy => "handle_by",
            Self::ReplyBy => "reply_by",
            Self::SendBackBy => "send_back_by",
            Self::DecideSendBackBy => "decide_send_back_by",
            Self::DecideExtensionBy => "decide_extension_by",
            Self::DecideKindBy => "decide_kind_by",
            Self::ReviewBy => "review_by",
            Self::WrittenOpinionBy => "written_opinion_by",
            Self::RevisitBy => "revisit_by",
            Self::RectifyBy => "rectify_by",
            Self::DecideReportBy => "decide_report_by",
            Self::AnswerAtSeatBy => "answer_at_seat_by",
        }
    }

    /// The deadline's name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeBy => "签收时限",
            Self::HandleBy => "办理时限",
            Self::ReplyBy => "本单位答复时限",
            Self::SendBackBy => "退回申请期限",
            Self::DecideSendBackBy => "退回审核时限",
            Self::DecideExtensionBy => "延时审核时限",
            Self::DecideKindBy => "类型变更审核时限",
            Self::ReviewBy => "答复认定时限",
            Self::WrittenOpinionBy => "书面意见时限",
            Self::RevisitBy => "人工回访时限",
            Self::RectifyBy => "整改时限",
            Self::DecideReportBy => "请示批复时限",
            Self::AnswerAtSeatBy => "专席答复时限",
        }
    }

    /// The article it rests on.
    pub const fn article(self) -> Article {
        match self {
            Self::AcknowledgeBy | Self::HandleBy | Self::ReplyBy | Self::DecideKindBy => "11(3)",
            Self::SendBackBy
            | Self::DecideSendBackBy
            | Self::DecideExtensionBy
            | Self::ReviewBy => "11(4)",
            Self::WrittenOpinionBy | Self::RevisitBy | Self::RectifyBy => "11(5)",
            Self::DecideReportBy => "10",
            Self::AnswerAtSeatBy => "11(2)",
        }
    }

    /// A window closes by itself and a reminder of it is nobody's; that a report or a seat was late is recorded with it: the
    /// sweep of deadlines passes these by, and no calendar moves them.
    pub(super) const fn is_swept(self) -> bool {
        match self {
            Self::SendBackBy | Self::DecideReportBy | Self::AnswerAtSeatBy => false,
            Self::AcknowledgeBy
            | Self::HandleBy
            | Self::ReplyBy
            | Self::DecideSendBackBy
            | Self::DecideExtensionBy
            | Self::DecideKindBy
            | Self::ReviewBy
            | Self::WrittenOpinionBy
            | Self::RevisitBy
            | Self::RectifyBy => true,
        }
    }
}

/// One limit as it was computed from the calendar of that day; or that it waits for a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Deadline {
    Set(Due),
    Pending(Pending),
}

/// A deadline that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    pub from: Timestamp,
    /// Half of the working time is gone.
    pub half: Timestamp,
    /// Four fifths of the working time are gone.
    pub most: Timestamp,
    /// The last instant that is still in time.
    pub due: Timestamp,
    /// What was counted; events from before it was recorded have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// A deadline that ends in a year whose holidays are not published. The ticket goes on; the notice sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub from: Timestamp,
    pub limit: Limit,
    /// The year whose notice is awaited.
    pub awaits: i16,
}

impl Deadline {
    /// A window that is open from one instant until another.
    pub(super) const fn until(from: Timestamp, until: Timestamp) -> Self {
        Self::Set(Due {
            from,
            half: until,
            most: until,
            due: until,
            limit: None,
        })
    }

    /// The last instant that is still in time, if it is known.
    pub const fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Set(due) => Some(due.due),
            Self::Pending(_) => None,
        }
    }

    /// What was counted, where it is written down.
    pub const fn limit(&self) -> Option<Limit> {
        match self {
            Self::Set(due) => due.limit,
            Self::Pending(pending) => Some(pending.limit),
        }
    }

    pub(super) const fn working_days(&self) -> Option<u32> {
        match self.limit() {
            Some(Limit::WorkingDays(days)) => Some(days),
            Some(Limit::WorkingHours(_) | Limit::NaturalHours(_)) | None => None,
        }
    }

    /// The same instants, or the same wait?
    pub(super) fn is_at(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(a), Self::Set(b)) => {
                (a.from, a.half, a.most, a.due) == (b.from, b.half, b.most, b.due)
            }
            (Self::Pending(a), Self::Pending(b)) => a == b,
            (Self::Set(_), Self::Pending(_)) | (Self::Pending(_), Self::Set(_)) => false,
        }
    }

    /// When the clock started.
    pub const fn from(&self) -> Timestamp {
        match self {
            Self::Set(due) => due.from,
            Self::Pending(pending) => pending.from,
        }
    }

    /// Has it certainly run out by `now`?
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|due| now > due)
    }

    /// From when on it is nearly over, if that is known: four fifths of the working time are gone.
    pub const fn soon(&self) -> Option<Timestamp> {
        match self {
            Self::Set(due) => Some(due.most),
            Self::Pending(_) => None,
        }
    }

    /// Nearly over at `now`, and not over.
    pub fn is_due_soon(&self, now: Timestamp) -> bool {
        self.soon().is_some_and(|soon| now >= soon) && !self.is_over(now)
    }
}

/// What the sweep records about a deadline, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The 50 % reminder.
    Half,
    /// The 80 % reminder.
    Most,
    /// 超时.
    Lapsed,
}

/// A deadline and how far the sweep has recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    #[serde(flatten)]
    pub deadline: Deadline,
    pub marked: Option<Mark>,
}

impl Running {
    pub(super) const fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            marked: None,
        }
    }

    /// The next unrecorded mark and the first instant at which it can be recorded.
    pub fn next_mark(&self) -> Option<(Mark, Timestamp)> {
        let Deadline::Set(Due {
            half, most, due, ..
        }) = self.deadline
        else {
            return None;
        };
        match self.marked {
            None => Some((Mark::Half, half)),
            Some(Mark::Half) => Some((Mark::Most, most)),
            Some(Mark::Most) => Some((Mark::Lapsed, after(due))),
            Some(Mark::Lapsed) => None,
        }
    }

    /// The furthest unrecorded mark that `now` has reached: after an outage one lapse, not three late messages.
    pub(super) fn reached(&self, now: Timestamp) -> Option<Mark> {
        let mark = self.deadline.mark_at(now)?;
        (self.marked < Some(mark)).then_some(mark)
    }

    /// The same clock on another deadline. What was recorded and is no longer so is forgotten, and will be recorded
    /// again in its time.
    pub(super) fn moved_to(&self, deadline: Deadline, now: Timestamp) -> Self {
        Self {
            deadline,
            marked: self.marked.min(deadline.mark_at(now)),
        }
    }
}

impl Deadline {
    /// The furthest mark `now` has reached, recorded or not.
    fn mark_at(&self, now: Timestamp) -> Option<Mark> {
        let Self::Set(Due {
            half, most, due, ..
        }) = *self
        else {
            return None;
        };
        if now > due {
            Some(Mark::Lapsed)
        } else if now >= most {
            Some(Mark::Most)
        } else if now >= half {
            Some(Mark::Half)
        } else {
            None
        }
    }
}

/// One deadline that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub deadline: DeadlineKind,
    pub unit: UnitCode,
    pub old: Deadline,
    pub new: Deadline,
    /// How far the sweep has recorded the new one.
    pub marked: Option<Mark>,
}

/// Why deadlines that nobody asked to move are not what they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarChange {
    /// Its number: changes of calendars are counted.
    pub revision: u64,
    /// The notice's title, or what was changed.
    pub title: String,
}

const fn after(due: Timestamp) -> Timestamp {
    due.plus_millis(1)
}
