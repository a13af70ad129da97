//! When somebody is on duty 值班: ranges of the week in Beijing time.

use std::ops::Range;
use std::str::FromStr;

use crate::domain::time::Timestamp;

const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A weekly roster, e.g. `Mon-Fri 09:00-12:00,14:00-18:00; Sat,Sun 10:00-16:00`.
///
/// A range that ends at or before its start runs into the next day: `Mon-Sun 20:00-08:00` is every night.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Duty {
    /// Minutes since Monday 00:00.
    minutes: Vec<Range<u16>>,
}

/// Why a text is not a roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no duty: write days and hours, e.g. Mon-Fri 09:00-12:00,14:00-18:00; Sat 10:00-16:00"
)]
pub struct NotADuty(String);

impl Duty {
    /// Reads a roster.
    pub fn parse(text: &str) -> Result<Self, NotADuty> {
        let mut minutes = Vec::new();
        for part in text.split(';') {
            read(part, &mut minutes).ok_or_else(|| NotADuty(part.trim().to_owned()))?;
        }
        Ok(Self { minutes })
    }

    /// Whether someone with this roster is on duty at `at`.
    pub fn covers(&self, at: Timestamp) -> bool {
        let civil = at.in_beijing();
        let day = u16::from(civil.weekday().to_monday_zero_offset().unsigned_abs());
        let hour = u16::from(civil.hour().unsigned_abs());
        let minute = day * DAY + hour * 60 + u16::from(civil.minute().unsigned_abs());
        self.minutes.iter().any(|range| range.contains(&minute))
    }
}

impl Duty {
    /// The stretches of duty between `from` and `until`, each cut to them.
    pub fn spans(&self, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let minute_ms = 60_000;
        let week_ms = i64::from(WEEK) * minute_ms;
        let mut spans = Vec::new();
        let mut monday = monday_before(from);
        while monday < until {
            for range in &self.minutes {
                let start = monday.plus_millis(i64::from(range.start) * minute_ms);
                let end = monday.plus_millis(i64::from(range.end) * minute_ms);
                if start < until && end > from {
                    spans.push((start.max(from), end.min(until)));
                }
            }
            monday = monday.plus_millis(week_ms);
        }
        spans
    }
}

/// The Monday 00:00 in Beijing at or before `at`.
fn monday_before(at: Timestamp) -> Timestamp {
    let civil = at.in_beijing();
    let midnight = civil.date().to_datetime(jiff::civil::Time::midnight());
    let days = i64::from(civil.weekday().to_monday_zero_offset());
    Timestamp::from_beijing(midnight).plus_millis(-days * i64::from(DAY) * 60_000)
}

impl FromStr for Duty {
    type Err = NotADuty;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// One part: days, a space, hours.
fn read(part: &str, minutes: &mut Vec<Range<u16>>) -> Option<()> {
    let (days, hours) = part.trim().split_once(' ')?;
    let days = days.split(',').map(days_of).collect::<Option<Vec<_>>>()?;
    let hours = hours.split(',').map(hours_of).collect::<Option<Vec<_>>>()?;
    for day in days.into_iter().flatten() {
        for Range { start, end } in &hours {
            let start = day * DAY + start;
            let end = if day * DAY + end > start {
                day * DAY + end
            } else {
                (day + 1) * DAY + end
            };
            minutes.push(start..end.min(WEEK));
            // Sunday's night ends on Monday.
            minutes.push(0..end.saturating_sub(WEEK));
        }
    }
    minutes.retain(|range| !range.is_empty());
    Some(())
}

/// `Mon`, or `Mon-Fri`, or `Fri-Mon` over the weekend.
fn days_of(text: &str) -> Option<Vec<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let index = |day: &str| DAYS.iter().position(|name| *name == day.trim());
    let (first, last) = (index(first)?, index(last)?);
    let length = (last + 7 - first) % 7 + 1;
    (first..first + length)
        .map(|day| u16::try_from(day % 7).ok())
        .collect()
}

/// `09:00-12:00`.
fn hours_of(text: &str) -> Option<Range<u16>> {
    let (from, to) = text.trim().split_once('-')?;
    let (from, to) = (minute_of(from)?, minute_of(to)?);
    (from < DAY && from != to).then_some(from..to)
}

/// `00:00` to `24:00`.
fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| {
        (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse::<u16>().ok())
            .flatten()
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_on_duty_when() {
        // 2025-01-20 is a Monday.
        let table = [
            ("Mon-Sun 00:00-24:00", "2025-01-20T00:00:00+08:00", true),
            ("Mon-Sun 00:00-24:00", "2025-01-26T23:59:59+08:00", true),
            (
                "Mon-Fri 09:00-12:00,14:00-18:00",
                "2025-01-20T08:59:59+08:00",
                false,
            ),
            (
                "Mon-Fri 09:00-12:00,14:00-18:00",
                "2025-01-20T09:00:00+08:00",
                true,
            ),
            (
                "Mon-Fri 09:00-12:00,14:00-18:00",
                "2025-01-20T12:00:00+08:00",
                false,
            ),
            (
                "Mon-Fri 09:00-12:00,14:00-18:00",
                "2025-01-24T17:59:00+08:00",
                true,
            ),
            (
                "Mon-Fri 09:00-12:00,14:00-18:00",
                "2025-01-25T10:00:00+08:00",
                false,
            ),
            (
                "Mon-Fri 09:00-18:00; Sat,Sun 10:00-16:00",
                "2025-01-25T10:00:00+08:00",
                true,
            ),
            (
                "Mon-Fri 09:00-18:00;Sat,Sun 10:00-16:00",
                "2025-01-26T16:00:00+08:00",
                false,
            ),
            ("Mon-Fri 09:00-18:00", "2025-01-20T01:00:00Z", true),
            // Nights run into the next day, Sunday's into Monday.
            ("Fri 20:00-08:00", "2025-01-25T07:59:00+08:00", true),
            ("Fri 20:00-08:00", "2025-01-24T07:59:00+08:00", false),
            ("Sun 20:00-08:00", "2025-01-20T07:59:00+08:00", true),
            ("Sat-Mon 09:00-10:00", "2025-01-26T09:30:00+08:00", true),
            ("Sat-Mon 09:00-10:00", "2025-01-21T09:30:00+08:00", false),
        ];
        for (duty, at, on) in table {
            let parsed = Duty::parse(duty).unwrap();
            assert_eq!(parsed.covers(at.parse().unwrap()), on, "{duty} at {at}");
        }
    }

    #[test]
    fn what_is_no_roster() {
        for text in [
            "",
            "always",
            "Mon-Fri",
            "09:00-18:00",
            "Mon-Fry 09:00-18:00",
            "mon 09:00-18:00",
            "Mon 9:00-18:00",
            "Mon 09:00-24:01",
            "Mon 09:60-10:00",
            "Mon 24:00-08:00",
            "Mon 09:00-09:00",
            "Mon 09:00",
            "Mon 09:00-10:00;",
        ] {
            assert!(Duty::parse(text).is_err(), "{text}");
        }
    }
}
