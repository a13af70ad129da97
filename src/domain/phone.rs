//! Phone numbers, parsed at the edge and masked wherever a log or an unprivileged eye could see them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A caller's or called number as the network gave it: digits, with an optional leading `+`, at most 32 of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why a text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a phone number is 1 to 32 digits, optionally with + in front")]
pub struct NotAPhoneNumber;

impl PhoneNumber {
    /// Reads a number, dropping the visual separators of RFC 3966 §5.1.1 (`-`, `.`, `(`, `)`) and spaces.
    pub fn parse(text: &str) -> Result<Self, NotAPhoneNumber> {
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let bare = digits.strip_prefix('+').unwrap_or(&digits);
        if bare.is_empty() || bare.len() > 32 || !bare.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAPhoneNumber);
        }
        Ok(Self(digits))
    }

    /// The whole number. Never for a log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is `party`, as a network names one end of a call, this number? Prefixes differ from network to network; the last
    /// digits do not.
    pub fn is_party(&self, party: &str) -> bool {
        const TAIL: usize = 7;
        party.ends_with(&self.0[self.0.len().saturating_sub(TAIL)..])
    }

    /// The number with its middle hidden: `138****5678`, `12345` as it is (short codes name services, not people).
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Hides the middle of `number`, keeping at most three characters in front and four behind.
pub fn mask(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    match chars.len() {
        0..=6 => number.to_owned(),
        n => {
            let (head, tail) = if n < 10 { (1, 2) } else { (3, 4) };
            let hidden = "*".repeat(n - head - tail);
            chars[..head].iter().collect::<String>()
                + &hidden
                + &chars[n - tail..].iter().collect::<String>()
        }
    }
}

/// Shows the masked number: a debug print ends up in logs too.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotAPhoneNumber;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_number_never_shows_its_middle() {
        let number = PhoneNumber::parse("138 1234-5678").unwrap();
        assert_eq!(number.as_str(), "13812345678");
        assert_eq!(
            format!("{number} {number:?}"),
            "138****5678 PhoneNumber(138****5678)"
        );
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for text in ["", "+", "anonymous", "12a", &"1".repeat(33)] {
            assert_eq!(PhoneNumber::parse(text), Err(NotAPhoneNumber), "{text}");
        }
    }
}
