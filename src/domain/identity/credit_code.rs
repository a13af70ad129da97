//! Unified social credit codes 统一社会信用代码: GB 32100-2015.

use super::BadNumber;

/// A well-formed code of 18 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct CreditCode(String);

/// GB 32100 table 1: digits and letters without I, O, S, V and Z, by their values.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The registering authorities: 机构编制, 外交, 司法行政, 文化, 民政, 旅游, 宗教, 工会, 工商, 军委, 农业, 其他.
const AUTHORITIES: &[u8] = b"123456789ANY";

impl CreditCode {
    /// Reads a code in capital letters.
    pub(super) fn parse(text: &str) -> Result<Self, BadNumber> {
        let bytes = text.as_bytes();
        if bytes.len() != 18 || !bytes.iter().all(|b| ALPHABET.contains(b)) {
            return Err(BadNumber::Form);
        }
        if !AUTHORITIES.contains(&bytes[0]) {
            return Err(BadNumber::Form);
        }
        if !bytes[2..8].iter().all(u8::is_ascii_digit) {
            return Err(BadNumber::Region);
        }
        if check_of(&bytes[..17]) != bytes[17] {
            return Err(BadNumber::CheckDigit);
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// MOD 31-3: the weights are powers of three.
fn check_of(body: &[u8]) -> u8 {
    let mut weight = 1;
    let mut sum = 0;
    for byte in body {
        let value = ALPHABET.iter().position(|b| b == byte).unwrap_or_default();
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET[(31 - sum % 31) % 31]
}
