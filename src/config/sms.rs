//! `[sms]`: short messages. The gateways themselves are in the organisation file.

use std::num::NonZeroU32;

use serde::Deserialize;

/// How messages are sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sms {
    /// Put in front of every text as 【signature】; mainland carriers refuse messages without one.
    pub signature: String,
    /// How long a gateway may take to answer a submission.
    pub timeout_s: NonZeroU32,
    /// Submissions a second, all gateways together.
    pub per_second: NonZeroU32,
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            signature: "江苏12345".to_owned(),
            timeout_s: NonZeroU32::new(10).expect("10 is not zero"),
            per_second: NonZeroU32::new(50).expect("50 is not zero"),
        }
    }
}
