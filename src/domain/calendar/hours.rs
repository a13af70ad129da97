//! Office hours of a working day, e.g. `09:00-12:00,14:00-18:00` with its lunch gap.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};

use crate::domain::time::Timestamp;

/// At least one shift; shifts in order, none empty, none overlapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours(Vec<(Minute, Minute)>);

/// A minute of the day, 0 to 1440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Minute(u16);

/// Why a text is not office hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not office hours: {why}")]
pub struct BadHours {
    text: String,
    why: &'static str,
}

impl Hours {
    /// Each shift's opening and closing instant on `date`.
    pub(super) fn shifts(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.0
            .iter()
            .map(move |&(opens, closes)| (opens.on(date), closes.on(date)))
    }

    /// End of business on `date`.
    pub(super) fn closing(&self, date: Date) -> Timestamp {
        let (_, closes) = self.0.last().expect("hours have at least one shift");
        closes.on(date)
    }
}

/// The hours of a government office: `09:00-12:00,14:00-18:00`.
impl Default for Hours {
    fn default() -> Self {
        Self(vec![
            (Minute(9 * 60), Minute(12 * 60)),
            (Minute(14 * 60), Minute(18 * 60)),
        ])
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |why| BadHours {
            text: text.chars().take(64).collect(),
            why,
        };
        let mut shifts: Vec<(Minute, Minute)> = Vec::new();
        for shift in text.split(',') {
            let (opens, closes) = shift
                .trim()
                .split_once('-')
                .and_then(|(opens, closes)| Some((Minute::parse(opens)?, Minute::parse(closes)?)))
                .ok_or_else(|| bad("write shifts as 09:00-12:00, separated by commas"))?;
            if opens >= closes {
                return Err(bad("a shift ends after it begins"));
            }
            if shifts.last().is_some_and(|&(_, before)| before > opens) {
                return Err(bad("shifts are in order and do not overlap"));
            }
            shifts.push((opens, closes));
        }
        Ok(Self(shifts))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (opens, closes)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{opens}-{closes}")?;
        }
        Ok(())
    }
}

impl Minute {
    fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.trim().split_once(':')?;
        let two_digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
        if !two_digits(hour) || !two_digits(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let total = hour * 60 + minute;
        (minute < 60 && total <= 24 * 60).then_some(Self(total))
    }

    fn on(self, date: Date) -> Timestamp {
        let midnight = Timestamp::from_beijing(DateTime::from_parts(date, Time::midnight()));
        midnight.plus_millis(i64::from(self.0) * 60_000)
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_written() {
        for text in [
            "09:00-12:00,14:00-18:00",
            "00:00-24:00",
            "08:30-11:45,13:30-17:15,19:00-21:00",
        ] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
        }
        assert_eq!(Hours::default().to_string(), "09:00-12:00,14:00-18:00");
    }

    #[test]
    fn what_is_not_hours_is_refused() {
        for text in [
            "",
            "9-12",
            "09:00",
            "09:00-09:00",
            "12:00-09:00",
            "09:00-24:01",
            "09:60-10:00",
            "+9:00-10:00",
            "09:00-12:00,11:00-18:00",
            "14:00-18:00,09:00-12:00",
            "09:00-12:00,",
        ] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
    }
}
