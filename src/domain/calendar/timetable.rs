//! Hours that hold for a part of the year 夏令时/冬令时作息, or from a date on.

use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::hours::{BadHours, Hours};

/// A timetable as the organisation file writes it. `from` and `to` are both `06-01` (every year) or both
/// `2026-06-01`; a timetable from a full date without `to` holds from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimetableEntry {
    pub from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// e.g. `09:00-12:00,14:30-18:30`.
    pub hours: String,
}

/// Hours and the days on which they hold, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    span: Span,
    hours: Hours,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Span {
    Yearly { from: MonthDay, to: MonthDay },
    Once { from: Date, to: Option<Date> },
}

/// A day of every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct MonthDay(i8, i8);

/// Why an entry is not a timetable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTimetable {
    #[error("a timetable runs from and to 06-01 (every year, both given) or 2026-06-01, not {0:?}")]
    Span(String),
    #[error("the timetable from {from} ends before it begins")]
    Backwards { from: String },
    #[error(transparent)]
    Hours(#[from] BadHours),
}

impl Timetable {
    pub(super) fn of(entry: &TimetableEntry) -> Result<Self, BadTimetable> {
        Ok(Self {
            span: Span::of(&entry.from, entry.to.as_deref())?,
            hours: entry.hours.parse()?,
        })
    }

    pub(super) fn holds_on(&self, date: Date) -> bool {
        match self.span {
            Span::Yearly { from, to } => {
                let day = MonthDay(date.month(), date.day());
                if from <= to {
                    from <= day && day <= to
                } else {
                    // 冬令时 goes over New Year.
                    from <= day || day <= to
                }
            }
            Span::Once { from, to } => from <= date && to.is_none_or(|to| date <= to),
        }
    }

    pub(super) const fn hours(&self) -> &Hours {
        &self.hours
    }
}

impl Span {
    fn of(from: &str, to: Option<&str>) -> Result<Self, BadTimetable> {
        let bad = |text: &str| BadTimetable::Span(text.chars().take(32).collect());
        if let Ok(first) = from.parse::<MonthDay>() {
            let to = to.ok_or_else(|| bad(from))?;
            return Ok(Self::Yearly {
                from: first,
                to: to.parse().map_err(|()| bad(to))?,
            });
        }
        let date = |text: &str| match text.len() {
            10 => text.parse::<Date>().map_err(|_| bad(text)),
            _ => Err(bad(text)),
        };
        let first = date(from)?;
        let last = to.map(date).transpose()?;
        if last.is_some_and(|last| last < first) {
            return Err(BadTimetable::Backwards {
                from: from.to_owned(),
            });
        }
        Ok(Self::Once {
            from: first,
            to: last,
        })
    }
}

impl FromStr for MonthDay {
    type Err = ();

    /// `06-01`, any day a leap year has.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 5 {
            return Err(());
        }
        let date: Date = format!("2000-{text}").parse().map_err(|_| ())?;
        Ok(Self(date.month(), date.day()))
    }
}
