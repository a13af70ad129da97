//! Limits and calendar as versioned data. A ticket keeps the version in force at its dispatch (article 34).

use serde::{Deserialize, Serialize};

use super::state::Kind;
use crate::domain::calendar::{Calendar, Convention, NoDeadline};
use crate::domain::id::UnitCode;
use crate::domain::sms::SIGNATURE;
use crate::domain::ticket::deadline::Deadline;
use crate::domain::time::Timestamp;

/// Everything [`decide`](super::decide) needs to know beside the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// e.g. `苏政办发〔2020〕29号`.
    pub version: String,
    pub calendar: Calendar,
    pub limits: Limits,
    /// The platform's own unit: it answers for a ticket no member unit has.
    pub desk: UnitCode,
    /// Signs short messages.
    pub signature: String,
}

/// The numbers of articles 11(3)–(5), and those the articles leave open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub convention: Convention,
    /// 11(3): 1个工作小时内签收.
    pub acknowledge_hours: u32,
    /// 11(3): 咨询类3个工作日.
    pub inquiry_days: u32,
    /// 11(3): 非咨询类5个工作日.
    pub other_days: u32,
    /// 11(4): 咨询类1个工作日内申请退回.
    pub send_back_inquiry_days: u32,
    /// 11(4): 非咨询类2个工作日内申请退回.
    pub send_back_other_days: u32,
    /// 11(2): whether nature, content, field and department must be coded before the desk disposes of a demand. A client
    /// that does not know the codes yet needs it off.
    pub classify_first: bool,
    /// Not in the text: granted extensions a ticket.
    pub extensions_max: u32,
    /// Not in the text: by when a manual revisit is made.
    pub revisit_days: u32,
    /// Not in the text: calls tried before a revisit ends unanswered.
    pub revisit_attempts: u32,
    /// Not in the text: by when a unit rectifies; 5 to 15 working days elsewhere.
    pub rectify_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            convention: Convention::EndOfNthDay,
            acknowledge_hours: 1,
            inquiry_days: 3,
            other_days: 5,
            send_back_inquiry_days: 1,
            send_back_other_days: 2,
            classify_first: false,
            extensions_max: 1,
            revisit_days: 3,
            revisit_attempts: 3,
            rectify_days: 5,
        }
    }
}

impl Limits {
    /// Working days to reply in, and so the longest extension.
    pub const fn handle_days(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Inquiry => self.inquiry_days,
            Kind::HelpRequest | Kind::Complaint | Kind::Report | Kind::Suggestion => {
                self.other_days
            }
        }
    }

    /// Working days in which a send-back can be asked for.
    pub const fn send_back_days(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Inquiry => self.send_back_inquiry_days,
            Kind::HelpRequest | Kind::Complaint | Kind::Report | Kind::Suggestion => {
                self.send_back_other_days
            }
        }
    }
}

impl Rules {
    /// The provincial regulation on the statutory calendar.
    pub fn provincial(desk: UnitCode) -> Self {
        Self {
            version: "苏政办发〔2020〕29号".to_owned(),
            calendar: Calendar::statutory(),
            limits: Limits::default(),
            desk,
            signature: SIGNATURE.to_owned(),
        }
    }

    /// `days` working days from `from`, by the convention in force.
    pub fn due(&self, from: Timestamp, days: u32) -> Result<Timestamp, NoDeadline> {
        let convention = self.limits.convention;
        Ok(self
            .calendar
            .deadline_working_days(from, days, convention)?
            .due)
    }

    pub(super) fn in_days(&self, from: Timestamp, days: u32) -> Result<Deadline, NoDeadline> {
        self.deadline(from, self.due(from, days)?)
    }

    pub(super) fn in_hours(&self, from: Timestamp, hours: u32) -> Result<Deadline, NoDeadline> {
        let due = self.calendar.deadline_working_hours(from, hours)?.due;
        self.deadline(from, due)
    }

    /// Reminders at 50 and 80 % of the working time between.
    pub(super) fn deadline(&self, from: Timestamp, due: Timestamp) -> Result<Deadline, NoDeadline> {
        let whole = self.calendar.working_ms_between(from, due)?;
        let after = |ms| Ok::<_, NoDeadline>(self.calendar.after_working_ms(from, ms)?.due);
        Ok(Deadline {
            from,
            half: after(whole / 2)?,
            most: after(whole / 5 * 4)?,
            due,
        })
    }
}
