//! Who somebody is, by a number that can be checked 实名登记 (article 11(1)): resident identity numbers (GB 11643),
//! unified social credit codes (GB 32100), and documents that carry no check of their own.
//!
//! A number that passes may still be somebody else's: whether it was verified is another matter ([`Verification`]).
//! Numbers print masked, and are kept sealed by storage.

mod credit_code;
mod resident_id;

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::Username;
use super::phone::{PhoneNumber, mask};
use super::time::Timestamp;

pub use credit_code::CreditCode;
pub use resident_id::ResidentId;

/// The document a number is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdKind {
    /// 居民身份证, also 港澳台居民居住证, whose numbers are of the same form.
    ResidentId,
    /// 统一社会信用代码.
    CreditCode,
    /// 护照.
    Passport,
    /// 港澳居民来往内地通行证, 台湾居民来往大陆通行证.
    TravelPermit,
    /// 外国人永久居留身份证.
    ForeignPermanentResident,
}

/// A document and its number, checked as far as it can be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Shape", into = "Shape")]
pub struct Identity {
    kind: IdKind,
    number: String,
}

/// How an identity is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    id_kind: IdKind,
    id_number: String,
}

/// Why a number is not one. Never quotes the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    #[error("证件号码长度或字符有误")]
    Form,
    #[error("证件号码中的行政区划代码有误")]
    Region,
    #[error("证件号码中的出生日期有误")]
    Birth,
    #[error("证件号码校验位有误")]
    CheckDigit,
}

impl Identity {
    /// Reads a number as one of `kind`.
    pub fn parse(kind: IdKind, text: &str) -> Result<Self, BadNumber> {
        let text = text.trim().to_ascii_uppercase();
        let number = match kind {
            IdKind::ResidentId => ResidentId::parse(&text)?.as_str().to_owned(),
            IdKind::CreditCode => CreditCode::parse(&text)?.as_str().to_owned(),
            IdKind::Passport | IdKind::TravelPermit | IdKind::ForeignPermanentResident => {
                let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
                if !plain || !(6..=20).contains(&text.len()) {
                    return Err(BadNumber::Form);
                }
                text
            }
        };
        Ok(Self { kind, number })
    }

    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The whole number. Never for a log line.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The number with its middle hidden.
    pub fn masked(&self) -> String {
        mask(&self.number)
    }

    /// The birth date a resident number tells.
    pub fn born(&self) -> Option<Date> {
        match self.kind {
            IdKind::ResidentId => ResidentId::parse(&self.number).ok().map(|id| id.born()),
            IdKind::CreditCode
            | IdKind::Passport
            | IdKind::TravelPermit
            | IdKind::ForeignPermanentResident => None,
        }
    }
}

impl TryFrom<Shape> for Identity {
    type Error = BadNumber;

    fn try_from(shape: Shape) -> Result<Self, BadNumber> {
        Self::parse(shape.id_kind, &shape.id_number)
    }
}

impl From<Identity> for Shape {
    fn from(identity: Identity) -> Self {
        Self {
            id_kind: identity.kind,
            id_number: identity.number,
        }
    }
}

/// Shows the masked number: a debug print ends up in logs too.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?} {})", self.kind, self.masked())
    }
}

/// What a petitioner registered under their own name 实名登记.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealName {
    pub identity: Identity,
    /// The number the person is registered with, when it is not the one they called from.
    pub mobile: Option<PhoneNumber>,
    /// Whom they speak for 法人, e.g. the firm of an enterprise's demand.
    pub legal_person: Option<Identity>,
    pub verification: Verification,
}

/// How far the identity can be believed 核验状态.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verification", rename_all = "snake_case")]
pub enum Verification {
    /// The number is well formed; nobody has compared it with anything.
    Stated,
    /// Compared with the national platform or the document itself, and right.
    Verified {
        at: Timestamp,
        by: Username,
        method: String,
    },
    /// Compared, and wrong.
    Mismatch {
        at: Timestamp,
        by: Username,
        method: String,
    },
}

#[cfg(test)]
mod tests;
