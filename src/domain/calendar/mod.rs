//! The working calendar: which days are worked, at what hours, and when a limit counted in working days or working
//! hours runs out. Holidays and make-up days 调休 are published a year at a time; a year that is not published is
//! unknown, and a deadline that would need it is refused rather than guessed.
//!
//! Everything is Beijing time. The days are the whole country's; the hours are each body's own, and change with the
//! season ([`Timetable`]).

mod builtin;
mod hours;
mod notice;
mod timetable;

use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

pub use builtin::BUILTIN_CN_2019_2026;
pub use hours::{BadHours, Hours};
pub use notice::{BadNotice, Days, Notice};
pub use timetable::{BadTimetable, Timetable, TimetableEntry};

use super::staff::CalendarEntry;
use super::time::Timestamp;

/// The longest limit a calendar computes: more is a typing error, not a deadline.
pub const MAX_WORKING_DAYS: u32 = 500;
/// As [`MAX_WORKING_DAYS`].
pub const MAX_WORKING_HOURS: u32 = 4_000;

/// What kind of day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    Workday,
    Weekend,
    /// 法定节假日及调休放假.
    Holiday,
    /// 调休上班: a Saturday or Sunday that is worked.
    Makeup,
    /// The year's notice is not out (or not loaded): nobody knows.
    Unpublished,
}

/// How a limit of N working days is counted (article 11 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// The day it starts on is not counted; due at the end of business on the Nth working day.
    #[default]
    EndOfNthDay,
    /// N × 8 working hours from the first working minute.
    EightHourDays,
}

/// A length of time as the rules state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// 工作日.
    WorkingDays(u32),
    /// 工作小时.
    WorkingHours(u32),
    /// 自然小时: what is urgent does not wait for the office to open.
    NaturalHours(u32),
}

/// A deadline and how it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last instant that is in time.
    pub due: Timestamp,
    /// The working days counted, or those on which hours were counted.
    #[serde(with = "dates")]
    pub counted: Vec<Date>,
}

/// Why there is no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDeadline {
    /// It depends on a year whose holidays are not published.
    #[error("{year}年节假日安排尚未公布, 无法计算时限")]
    Unpublished { year: i16 },
    /// Nothing, or more than anybody means.
    #[error("时限应为1至{max}")]
    OutOfRange { max: u32 },
}

/// Working days and hours of one body of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Shared: every body of the country has the same holidays.
    days: Arc<Days>,
    /// Kept when no timetable says otherwise.
    hours: Hours,
    /// The first that holds on a day gives its hours.
    timetables: Vec<Timetable>,
}

/// Why a calendar could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCalendar {
    #[error("unknown calendar source {0:?}; known: builtin:cn-2019-2026")]
    UnknownSource(String),
    #[error(transparent)]
    Hours(#[from] BadHours),
    #[error(transparent)]
    Timetable(#[from] BadTimetable),
}

impl Calendar {
    /// From the organisation file's entry.
    pub fn of(entry: &CalendarEntry) -> Result<Self, BadCalendar> {
        let days = match entry.source.as_str() {
            BUILTIN_CN_2019_2026 => builtin::days(),
            other => return Err(BadCalendar::UnknownSource(other.to_owned())),
        };
        let timetables = entry.timetables.iter().map(Timetable::of);
        Ok(Self {
            days,
            hours: entry.hours.parse()?,
            timetables: timetables.collect::<Result<_, _>>()?,
        })
    }

    /// China's statutory calendar 2019–2026 with the hours a government office keeps.
    pub fn statutory() -> Self {
        Self {
            days: builtin::days(),
            hours: Hours::default(),
            timetables: Vec::new(),
        }
    }

    /// The same hours on other days: those of a country that published further notices.
    #[must_use]
    pub fn on(&self, days: &Arc<Days>) -> Self {
        Self {
            days: Arc::clone(days),
            ..self.clone()
        }
    }

    /// Which days are worked.
    pub const fn days(&self) -> &Arc<Days> {
        &self.days
    }

    /// What kind of day `date` is.
    pub fn day(&self, date: Date) -> DayKind {
        match self.days.exception(date) {
            Some(true) => DayKind::Makeup,
            Some(false) => DayKind::Holiday,
            None if !self.days.is_published(date.year()) => DayKind::Unpublished,
            None => match date.weekday() {
                Weekday::Saturday | Weekday::Sunday => DayKind::Weekend,
                Weekday::Monday
                | Weekday::Tuesday
                | Weekday::Wednesday
                | Weekday::Thursday
                | Weekday::Friday => DayKind::Workday,
            },
        }
    }

    /// The hours kept on `date`, if it is worked.
    pub fn hours(&self, date: Date) -> &Hours {
        self.timetables
            .iter()
            .find(|timetable| timetable.holds_on(date))
            .map_or(&self.hours, Timetable::hours)
    }

    /// When `limit` from `from` is over.
    pub fn deadline(
        &self,
        from: Timestamp,
        limit: Limit,
        convention: Convention,
    ) -> Result<Due, NoDeadline> {
        match limit {
            Limit::WorkingDays(n) => self.deadline_working_days(from, n, convention),
            Limit::WorkingHours(n) => self.deadline_working_hours(from, n),
            Limit::NaturalHours(n) if (1..=MAX_WORKING_HOURS).contains(&n) => Ok(Due {
                due: from.plus_millis(i64::from(n) * HOUR_MS),
                counted: Vec::new(),
            }),
            Limit::NaturalHours(_) => Err(NoDeadline::OutOfRange {
                max: MAX_WORKING_HOURS,
            }),
        }
    }

    /// When `n` working days from `from` are over.
    pub fn deadline_working_days(
        &self,
        from: Timestamp,
        n: u32,
        convention: Convention,
    ) -> Result<Due, NoDeadline> {
        if !(1..=MAX_WORKING_DAYS).contains(&n) {
            return Err(NoDeadline::OutOfRange {
                max: MAX_WORKING_DAYS,
            });
        }
        match convention {
            Convention::EndOfNthDay => {
                let counted = self
                    .working_days_after(from.in_beijing().date())
                    .take(n as usize)
                    .collect::<Result<Vec<_>, _>>()?;
                let last = *counted.last().expect("n is at least one");
                Ok(Due {
                    due: self.hours(last).closing(last),
                    counted,
                })
            }
            Convention::EightHourDays => self.after_working_ms(from, i64::from(n) * 8 * HOUR_MS),
        }
    }

    /// When `n` working hours from the first working minute at or after `from` are over.
    pub fn deadline_working_hours(&self, from: Timestamp, n: u32) -> Result<Due, NoDeadline> {
        if !(1..=MAX_WORKING_HOURS).contains(&n) {
            return Err(NoDeadline::OutOfRange {
                max: MAX_WORKING_HOURS,
            });
        }
        self.after_working_ms(from, i64::from(n) * HOUR_MS)
    }

    /// When `ms` of working time after `from` are over; an end that falls on closing time is that closing time.
    pub fn after_working_ms(&self, from: Timestamp, ms: i64) -> Result<Due, NoDeadline> {
        let mut left = ms.max(1);
        let mut counted = Vec::new();
        let mut day = from.in_beijing().date();
        loop {
            if self.is_worked(day)? {
                for (opens, closes) in self.hours(day).shifts(day) {
                    let start = opens.max(from);
                    let here = closes.millis_since(start);
                    if here <= 0 {
                        continue;
                    }
                    if counted.last() != Some(&day) {
                        counted.push(day);
                    }
                    if here >= left {
                        let due = start.plus_millis(left);
                        return Ok(Due { due, counted });
                    }
                    left -= here;
                }
            }
            day = next(day)?;
        }
    }

    /// Working milliseconds from `from` to `to`; none when `to` is not later.
    pub fn working_ms_between(&self, from: Timestamp, to: Timestamp) -> Result<i64, NoDeadline> {
        let mut sum = 0;
        let mut day = from.in_beijing().date();
        let last = to.in_beijing().date();
        while day <= last {
            if self.is_worked(day)? {
                sum += self
                    .hours(day)
                    .shifts(day)
                    .map(|(opens, closes)| closes.min(to).millis_since(opens.max(from)).max(0))
                    .sum::<i64>();
            }
            day = next(day)?;
        }
        Ok(sum)
    }

    /// The stretches between `from` and `to` in which nobody works: lunch, nights, days off. A day of which nobody
    /// knows yet counts as closed: somebody should be there.
    pub fn closed_between(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let mut closed = Vec::new();
        let mut since = from;
        let mut day = from.in_beijing().date();
        let last = to.in_beijing().date();
        while day <= last {
            if self.is_worked(day).unwrap_or(false) {
                for (opens, closes) in self.hours(day).shifts(day) {
                    let opens = opens.min(to);
                    if since < opens {
                        closed.push((since, opens));
                    }
                    since = since.max(closes);
                }
            }
            let Ok(following) = next(day) else { break };
            day = following;
        }
        if since < to {
            closed.push((since, to));
        }
        closed
    }

    /// Is `date` worked? An error when nobody knows yet.
    pub fn is_worked(&self, date: Date) -> Result<bool, NoDeadline> {
        match self.day(date) {
            DayKind::Workday | DayKind::Makeup => Ok(true),
            DayKind::Weekend | DayKind::Holiday => Ok(false),
            DayKind::Unpublished => Err(NoDeadline::Unpublished { year: date.year() }),
        }
    }

    fn working_days_after(&self, start: Date) -> impl Iterator<Item = Result<Date, NoDeadline>> {
        let mut day = start;
        std::iter::from_fn(move || {
            loop {
                day = match next(day) {
                    Ok(day) => day,
                    Err(end) => return Some(Err(end)),
                };
                match self.is_worked(day) {
                    Ok(true) => return Some(Ok(day)),
                    Ok(false) => {}
                    Err(unpublished) => return Some(Err(unpublished)),
                }
            }
        })
    }
}

const HOUR_MS: i64 = 3_600_000;

/// The day after; the end of representable time is certainly not published.
fn next(day: Date) -> Result<Date, NoDeadline> {
    day.tomorrow()
        .map_err(|_| NoDeadline::Unpublished { year: day.year() })
}

/// Dates as `2025-01-26`.
mod dates {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(dates: &[Date], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(dates.iter().map(Date::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Date>, D::Error> {
        Vec::<String>::deserialize(from)?
            .into_iter()
            .map(|text| text.parse().map_err(serde::de::Error::custom))
            .collect()
    }
}

#[cfg(test)]
mod tests;
