//! The working calendar: which days are worked, at what hours, and when a limit counted in working days or working
//! hours runs out. Holidays and make-up days 调休 are published a year at a time; a year that is not published is
//! unknown, and a deadline that would need it is refused rather than guessed.
//!
//! Everything is Beijing time.

mod builtin;
mod hours;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

pub use builtin::BUILTIN_CN_2019_2026;
pub use hours::{BadHours, Hours};

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
    /// Days that differ from Monday–Friday: `true` is worked.
    exceptions: BTreeMap<Date, bool>,
    published: BTreeSet<i16>,
    hours: Hours,
}

/// Why a calendar could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCalendar {
    #[error("unknown calendar source {0:?}; known: builtin:cn-2019-2026")]
    UnknownSource(String),
    #[error(transparent)]
    Hours(#[from] BadHours),
}

impl Calendar {
    /// From the organisation file's two texts: `builtin:cn-2019-2026` and `09:00-12:00,14:00-18:00`.
    pub fn parse(source: &str, hours: &str) -> Result<Self, BadCalendar> {
        let hours = hours.parse()?;
        match source {
            BUILTIN_CN_2019_2026 => Ok(builtin::cn_2019_2026(hours)),
            other => Err(BadCalendar::UnknownSource(other.to_owned())),
        }
    }

    /// China's statutory calendar 2019–2026 with the hours a government office keeps.
    pub fn statutory() -> Self {
        builtin::cn_2019_2026(Hours::default())
    }

    /// From years and their exceptions, as a notice 放假安排 states them. A notice may name days of the year before
    /// (New Year's bridge days in December); they count whether or not that year is published.
    pub fn new(
        published: impl IntoIterator<Item = i16>,
        exceptions: impl IntoIterator<Item = (Date, bool)>,
        hours: Hours,
    ) -> Self {
        Self {
            published: published.into_iter().collect(),
            exceptions: exceptions.into_iter().collect(),
            hours,
        }
    }

    /// What kind of day `date` is.
    pub fn day(&self, date: Date) -> DayKind {
        match self.exceptions.get(&date) {
            Some(true) => DayKind::Makeup,
            Some(false) => DayKind::Holiday,
            None if !self.published.contains(&date.year()) => DayKind::Unpublished,
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
                    due: self.hours.closing(last),
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
                for (opens, closes) in self.hours.shifts(day) {
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
                    .hours
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
                for (opens, closes) in self.hours.shifts(day) {
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
