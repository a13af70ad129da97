//! `[drain]`: going down in order.

use serde::Deserialize;

/// What SIGTERM does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drain {
    /// How long live calls may go on; then they are hung up.
    pub timeout_s: u32,
}

impl Default for Drain {
    fn default() -> Self {
        Self { timeout_s: 300 }
    }
}
