//! `[sip]`: signalling.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

/// Where phones and carriers reach us, and what we call ourselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    /// UDP and TCP.
    #[serde(deserialize_with = "super::socket")]
    pub listen: SocketAddr,
    /// What Via, Contact and SDP say when it is not the address listened on: behind 1:1 NAT, or when listening on all.
    pub advertised_address: Option<IpAddr>,
    /// Digest realm. Phones mix it into their passwords: changing it logs every phone out.
    pub realm: String,
    /// Who calls, on calls the server places.
    pub own_number: String,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5060)),
            advertised_address: None,
            realm: "hotline".to_owned(),
            own_number: "12345".to_owned(),
        }
    }
}
