//! Who is on duty when the offices are closed 非工作时间值班
//! (article 13: 各成员单位应当做好非工作时间段的调度安排, 及时处置突发性诉求).

use serde::{Deserialize, Serialize};

use crate::domain::calendar::Calendar;
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Duty, NotADuty};
use crate::domain::time::Timestamp;

/// More lines are no roster but a telephone book.
pub const DUTY_LINES_MAX: usize = 100;

/// A stretch of time: the first instant in it, and the first after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// When in the week, e.g. `Mon-Fri 18:00-09:00; Sat,Sun 00:00-24:00`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shift {
    text: String,
    duty: Duty,
}

impl TryFrom<String> for Shift {
    type Error = NotADuty;

    fn try_from(text: String) -> Result<Self, NotADuty> {
        let duty = Duty::parse(&text)?;
        Ok(Self { text, duty })
    }
}

impl From<Shift> for String {
    fn from(shift: Shift) -> Self {
        shift.text
    }
}

/// One line of a roster: a person, whom to ask when they do not answer, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyEntry {
    pub person: String,
    pub phone: PhoneNumber,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy: Option<Deputy>,
    pub when: Shift,
    /// The first instant it holds; left out: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The first instant it holds no more; left out: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// 副班.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deputy {
    pub person: String,
    pub phone: PhoneNumber,
}

/// A unit's roster 值班表; earlier lines are called first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DutyRoster(pub Vec<DutyEntry>);

impl DutyRoster {
    /// Who is on duty at `at`, in the order they are called.
    pub fn on_duty(&self, at: Timestamp) -> impl Iterator<Item = &DutyEntry> {
        self.0.iter().filter(move |entry| entry.covers(at))
    }

    /// The closed hours between `from` and `until` in which nobody is on duty.
    pub fn gaps(&self, calendar: &Calendar, from: Timestamp, until: Timestamp) -> Vec<Span> {
        let mut covered: Vec<Span> = self
            .0
            .iter()
            .flat_map(|entry| entry.spans(from, until))
            .collect();
        covered.sort();
        calendar
            .closed_between(from, until)
            .into_iter()
            .flat_map(|(from, until)| without(Span { from, until }, &covered))
            .collect()
    }
}

impl DutyEntry {
    fn covers(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at)
            && self.until.is_none_or(|until| at < until)
            && self.when.duty.covers(at)
    }

    fn spans(&self, from: Timestamp, until: Timestamp) -> Vec<Span> {
        let from = self.from.map_or(from, |first| first.max(from));
        let until = self.until.map_or(until, |last| last.min(until));
        self.when
            .duty
            .spans(from, until)
            .into_iter()
            .map(|(from, until)| Span { from, until })
            .collect()
    }
}

/// What of `span` is in none of `covered`, which is in order.
fn without(span: Span, covered: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut from = span.from;
    for there in covered {
        if there.from > from && from < span.until {
            left.push(Span {
                from,
                until: there.from.min(span.until),
            });
        }
        from = from.max(there.until);
    }
    if from < span.until {
        left.push(Span {
            from,
            until: span.until,
        });
    }
    left
}
