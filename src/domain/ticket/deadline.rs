//! A clock of a ticket: when it started, when people are reminded, when it runs out, and what of that is recorded.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// 时限.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// 签收.
    AcknowledgeBy,
    /// 答复.
    HandleBy,
    /// 人工回访.
    RevisitBy,
    /// 整改.
    RectifyBy,
}

impl DeadlineKind {
    /// The deadline's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AcknowledgeBy => "acknowledge_by",
            Self::HandleBy => "handle_by",
            Self::RevisitBy => "revisit_by",
            Self::RectifyBy => "rectify_by",
        }
    }
}

/// One limit as it was computed, once, from the calendar of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    pub from: Timestamp,
    /// Half of the working time is gone.
    pub half: Timestamp,
    /// Four fifths of the working time are gone.
    pub most: Timestamp,
    /// The last instant that is still in time.
    pub due: Timestamp,
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
        let Deadline {
            half, most, due, ..
        } = self.deadline;
        match self.marked {
            None => Some((Mark::Half, half)),
            Some(Mark::Half) => Some((Mark::Most, most)),
            Some(Mark::Most) => Some((Mark::Lapsed, after(due))),
            Some(Mark::Lapsed) => None,
        }
    }

    /// The furthest unrecorded mark that `now` has reached: after an outage one lapse, not three late messages.
    pub(super) fn reached(&self, now: Timestamp) -> Option<Mark> {
        let Deadline {
            half, most, due, ..
        } = self.deadline;
        let mark = if now > due {
            Mark::Lapsed
        } else if now >= most {
            Mark::Most
        } else if now >= half {
            Mark::Half
        } else {
            return None;
        };
        (self.marked < Some(mark)).then_some(mark)
    }
}

const fn after(due: Timestamp) -> Timestamp {
    due.plus_millis(1)
}
