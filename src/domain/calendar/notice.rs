//! The yearly notice 部分节假日安排的通知: which weekdays are off and which weekend days are worked. A year without
//! one is unknown; a second notice for a year takes the first one's place.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// One notice, as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    pub year: i16,
    /// Its name or number: the cause that every moved deadline tells.
    pub title: String,
    /// 放假: days that are not worked. Weekends need not be named.
    #[serde(with = "super::dates")]
    pub off: Vec<Date>,
    /// 调休上班: weekend days that are worked.
    #[serde(with = "super::dates")]
    pub work: Vec<Date>,
}

/// Why a text is not a notice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNotice {
    #[error("通知应有标题, 且不超过{max}字")]
    Title { max: usize },
    #[error("{year}年不在可安排的范围内")]
    Year { year: i16 },
    #[error("{date}不属于{year}年的安排")]
    Foreign { date: Date, year: i16 },
    #[error("{date}既放假又上班, 或重复列出")]
    Twice { date: Date },
    #[error("{date}不是周末, 无需调休上班")]
    WorkedWeekday { date: Date },
    #[error("通知应列出放假安排")]
    Nothing,
}

impl Notice {
    /// A notice names days of its year, and days around New Year that lie in the December before.
    pub fn check(&self) -> Result<(), BadNotice> {
        const TITLE_MAX: usize = 200;
        let year = self.year;
        if self.title.trim().is_empty() || self.title.chars().count() > TITLE_MAX {
            return Err(BadNotice::Title { max: TITLE_MAX });
        }
        if !(2000..=2100).contains(&year) {
            return Err(BadNotice::Year { year });
        }
        if self.off.is_empty() {
            return Err(BadNotice::Nothing);
        }
        let mut seen = BTreeSet::new();
        for &date in self.off.iter().chain(&self.work) {
            let own = date.year() == year || (date.year() == year - 1 && date.month() == 12);
            if !own {
                return Err(BadNotice::Foreign { date, year });
            }
            if !seen.insert(date) {
                return Err(BadNotice::Twice { date });
            }
        }
        match self.work.iter().find(|date| !is_weekend(**date)) {
            Some(&date) => Err(BadNotice::WorkedWeekday { date }),
            None => Ok(()),
        }
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The days of a country: the notices published so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    /// Days that differ from Monday–Friday: whether worked, and the year of the notice that says so.
    exceptions: BTreeMap<Date, (bool, i16)>,
    published: BTreeSet<i16>,
}

impl Days {
    /// These days with `notice` published. Days of the year before count whether or not that year is published.
    #[must_use]
    pub fn with(&self, notice: &Notice) -> Self {
        let mut days = self.clone();
        days.published.insert(notice.year);
        days.exceptions.retain(|_, (_, year)| *year != notice.year);
        let off = notice.off.iter().map(|date| (*date, false));
        let work = notice.work.iter().map(|date| (*date, true));
        for (date, worked) in off.chain(work) {
            days.exceptions.insert(date, (worked, notice.year));
        }
        days
    }

    #[cfg(test)]
    pub(super) fn but_worked_on(&self, date: Date) -> Self {
        let mut days = self.clone();
        days.exceptions.insert(date, (true, date.year()));
        days
    }

    /// Whether `date` is worked, where a notice says so.
    pub(super) fn exception(&self, date: Date) -> Option<bool> {
        self.exceptions.get(&date).map(|(worked, _)| *worked)
    }

    /// Is the year's notice out?
    pub fn is_published(&self, year: i16) -> bool {
        self.published.contains(&year)
    }

    /// The years whose notice is out.
    pub fn published(&self) -> impl Iterator<Item = i16> {
        self.published.iter().copied()
    }
}
