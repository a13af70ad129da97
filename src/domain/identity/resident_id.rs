//! Resident identity numbers 公民身份号码: GB 11643-1999, and the 15-digit ones before it.

use jiff::civil::{Date, date};

use super::BadNumber;

/// A well-formed number of 18 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentId(String);

/// First two digits of GB/T 2260, those of 港澳台居民居住证 (81–83), and 91 for foreigners' cards of the old form.
const PROVINCES: [u8; 37] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83, 91, 92,
];
/// GB 11643 §4.2: 2^(18 - i) mod 11.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [u8; 11] = *b"10X98765432";
/// Nobody older holds a card.
const EARLIEST: Date = date(1890, 1, 1);

impl ResidentId {
    /// Reads 18 characters, or 15 digits of before 1999: those are of the years 1900 to 1999 and become 18.
    pub(super) fn parse(text: &str) -> Result<Self, BadNumber> {
        let whole = match text.len() {
            18 => text.to_owned(),
            15 if text.bytes().all(|b| b.is_ascii_digit()) => {
                let (region, rest) = text.split_at(6);
                let body = format!("{region}19{rest}");
                let check = check_of(&body).ok_or(BadNumber::Form)?;
                format!("{body}{}", char::from(check))
            }
            _ => return Err(BadNumber::Form),
        };
        if !whole.bytes().take(17).all(|b| b.is_ascii_digit()) {
            return Err(BadNumber::Form);
        }
        let number = |range: std::ops::Range<usize>| whole[range].parse::<i16>().ok();
        let province = number(0..2).and_then(|province| u8::try_from(province).ok());
        if !province.is_some_and(|province| PROVINCES.contains(&province)) {
            return Err(BadNumber::Region);
        }
        let id = Self(whole);
        let born = id.birth().filter(|born| *born >= EARLIEST);
        if born.is_none() {
            return Err(BadNumber::Birth);
        }
        if check_of(&id.0) != id.0.bytes().last() {
            return Err(BadNumber::CheckDigit);
        }
        Ok(id)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The birth date.
    pub(super) fn born(&self) -> Date {
        self.birth()
            .expect("it was read when the number was parsed")
    }

    fn birth(&self) -> Option<Date> {
        let year = self.0[6..10].parse().ok()?;
        let month = self.0[10..12].parse().ok()?;
        let day = self.0[12..14].parse().ok()?;
        Date::new(year, month, day).ok()
    }
}

/// ISO 7064 MOD 11-2 over the first seventeen digits.
fn check_of(text: &str) -> Option<u8> {
    let sum = text
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum::<u32>();
    CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}
