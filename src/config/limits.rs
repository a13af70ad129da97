//! `[limits]`: how many calls are let in. More get 503 with Retry-After.

use std::num::NonZeroU32;

use serde::Deserialize;

/// Admission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Live calls at once. A bridged call takes four of `media.port_range`.
    pub calls: NonZeroU32,
    /// New calls a second.
    pub calls_per_second: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: NonZeroU32::new(2000).expect("2000 is not zero"),
            calls_per_second: NonZeroU32::new(500).expect("500 is not zero"),
        }
    }
}
