//! `[http]`: the web side.

use std::net::SocketAddr;

use serde::Deserialize;

/// Where browsers and machines reach us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    #[serde(deserialize_with = "super::socket")]
    pub listen: SocketAddr,
    /// Browsers reach us through a front that speaks TLS: session cookies are marked Secure.
    pub behind_tls: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            behind_tls: false,
        }
    }
}
