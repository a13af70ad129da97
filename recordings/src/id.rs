//! A recording's id, and the folder that follows from it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A UUID version 7 (RFC 9562 §5.7). Its own time names the day folder, so no index is needed to find a file, and it
/// prints as hex and hyphens only, so it can never lead out of the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordingId(u128);

/// Not a UUID version 7 in its usual lower-case form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID version 7")]
pub struct BadId;

impl RecordingId {
    /// From a UUID's 128 bits.
    pub fn from_u128(bits: u128) -> Result<Self, BadId> {
        let (version, variant) = (bits >> 76 & 0xF, bits >> 62 & 0b11);
        if version == 7 && variant == 0b10 {
            Ok(Self(bits))
        } else {
            Err(BadId)
        }
    }

    /// The UUID's 128 bits.
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// The UTC milliseconds inside the id.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0 >> 80).expect("48 bits fit")
    }

    /// `YYYY/MM/DD` of the id's UTC day.
    pub(crate) fn day(self) -> PathBuf {
        day_folder(self.millis())
    }
}

/// `YYYY/MM/DD` of a UTC time.
pub(crate) fn day_folder(ms: i64) -> PathBuf {
    let (year, month, day) = civil(ms.div_euclid(86_400_000));
    PathBuf::from(format!("{year:04}/{month:02}/{day:02}"))
}

/// Days since 1970-01-01 to the proleptic Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            n >> 80 & 0xFFFF,
            n >> 64 & 0xFFFF,
            n >> 48 & 0xFFFF,
            n & 0xFFFF_FFFF_FFFF
        )
    }
}

impl fmt::Debug for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordingId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let hyphens_right = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            });
        if !hyphens_right {
            return Err(BadId);
        }
        let bits = u128::from_str_radix(&text.replace('-', ""), 16).map_err(|_| BadId)?;
        Self::from_u128(bits)
    }
}

impl TryFrom<String> for RecordingId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<RecordingId> for String {
    fn from(id: RecordingId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_day() {
        for (text, day) in [
            ("00000000-0000-7000-8000-000000000000", "1970/01/01"),
            ("0194961e-9c00-7abc-8def-0123456789ab", "2025/01/24"),
            ("018df41b-ac00-7000-8000-000000000001", "2024/02/29"),
        ] {
            let id: RecordingId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(id.day(), PathBuf::from(day), "{text} is {}", id.millis());
        }
    }

    #[test]
    fn what_could_leave_the_store_is_no_id() {
        for text in [
            "",
            "../../etc/passwd",
            "0194961e-9c00-4abc-8def-0123456789ab",
            "0194961e-9c00-7abc-0def-0123456789ab",
            "0194961E-9C00-7ABC-8DEF-0123456789AB",
            "0194961e9c007abc8def0123456789ab",
            "+194961e-9c00-7abc-8def-0123456789ab",
        ] {
            assert_eq!(text.parse::<RecordingId>(), Err(BadId), "{text}");
        }
    }
}
