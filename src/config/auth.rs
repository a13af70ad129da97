//! `[auth]`: logins.

use std::num::NonZeroU32;

use serde::Deserialize;

/// How long a login lasts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// A session that stands idle ends.
    pub session_idle_s: NonZeroU32,
    /// A session ends after this in any case: longer than a shift, shorter than two.
    pub session_max_s: NonZeroU32,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            session_idle_s: NonZeroU32::new(30 * 60).expect("half an hour is not zero"),
            session_max_s: NonZeroU32::new(12 * 3600).expect("twelve hours are not zero"),
        }
    }
}
