//! Wall time as the whole server speaks it: UTC milliseconds inside, RFC 3339 with Beijing's offset outside.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A wall-clock instant, milliseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before every other.
    pub const MIN: Self = Self(i64::MIN);

    /// From UTC milliseconds, as both databases keep it.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// UTC milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant moved by `ms` milliseconds; saturates at the ends.
    #[must_use]
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when it is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The civil date and time in Beijing (Asia/Shanghai has kept UTC+8 without daylight saving since 1991).
    pub fn in_beijing(self) -> jiff::Zoned {
        jiff::Timestamp::from_millisecond(self.0)
            .unwrap_or(if self.0 < 0 {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            })
            .to_zoned(beijing())
    }

    /// The midnight in Beijing that this day began with.
    pub fn start_of_day(self) -> Self {
        Self::from_beijing(self.in_beijing().date().at(0, 0, 0, 0))
    }

    /// The instant at which Beijing's clocks show `civil`.
    pub fn from_beijing(civil: jiff::civil::DateTime) -> Self {
        let zoned = civil
            .to_zoned(beijing())
            .expect("a fixed offset maps every civil time once");
        Self(zoned.timestamp().as_millisecond())
    }
}

fn beijing() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}",
            self.in_beijing().strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
        )
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_beijings_offset_and_read_back() {
        let at: Timestamp = "2025-01-24T09:00:00.250+08:00".parse().unwrap();
        assert_eq!(at.to_string(), "2025-01-24T09:00:00.250+08:00");
        assert_eq!("2025-01-24T01:00:00.250Z".parse::<Timestamp>().unwrap(), at);
    }
}
