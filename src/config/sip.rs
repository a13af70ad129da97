//! `[sip]`: signalling.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::Tls;

/// Where phones and carriers reach us, and what we call ourselves.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    /// UDP and TCP.
    #[serde(deserialize_with = "super::socket")]
    pub listen: SocketAddr,
    /// SIP over TLS, beside them.
    pub tls: Option<SipTls>,
    /// What Via, Contact and SDP say when it is not the address listened on: behind 1:1 NAT, or when listening on all.
    pub advertised_address: Option<IpAddr>,
    /// Digest realm. Phones mix it into their passwords: changing it logs every phone out.
    pub realm: String,
    /// Offered to phones that register, in this order. MD5 alone lets older ones in that give up at a challenge they do not know.
    pub digest: DigestOffer,
    /// Who calls, on calls the server places.
    pub own_number: String,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5060)),
            tls: None,
            advertised_address: None,
            realm: "hotline".to_owned(),
            digest: DigestOffer(vec![Digest::Md5, Digest::Sha256]),
            own_number: "12345".to_owned(),
        }
    }
}

/// Where SIP over TLS is spoken, as whom, and to whom (RFC 3261 §26.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SipTlsText")]
pub struct SipTls {
    pub listen: SocketAddr,
    /// The certificate that phones and carriers see.
    pub identity: Tls,
    /// PEM file with the roots that carriers' certificates must come from; without it, the system's.
    pub roots: Option<PathBuf>,
}

/// [`SipTls`] as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SipTlsText {
    #[serde(deserialize_with = "super::socket")]
    listen: SocketAddr,
    certificate: PathBuf,
    key: Option<PathBuf>,
    roots: Option<PathBuf>,
}

impl TryFrom<SipTlsText> for SipTls {
    type Error = &'static str;

    fn try_from(text: SipTlsText) -> Result<Self, &'static str> {
        let identity = match (text.certificate, text.key) {
            (certificate, Some(key)) => Tls::Files { certificate, key },
            (word, None) if word.as_os_str() == "development" => Tls::Development,
            (_, None) => {
                return Err("sip.tls wants a key, or certificate = \"development\" without one");
            }
        };
        Ok(Self {
            listen: text.listen,
            identity,
            roots: text.roots,
        })
    }
}

/// One of the hashes of RFC 8760.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Digest {
    #[serde(rename = "MD5")]
    Md5,
    #[serde(rename = "SHA-256")]
    Sha256,
}

/// At least one, each once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Digest>")]
pub struct DigestOffer(Vec<Digest>);

impl DigestOffer {
    /// In order of preference.
    pub fn algorithms(&self) -> &[Digest] {
        &self.0
    }
}

impl TryFrom<Vec<Digest>> for DigestOffer {
    type Error = &'static str;

    fn try_from(offer: Vec<Digest>) -> Result<Self, Self::Error> {
        match offer[..] {
            [_] => Ok(Self(offer)),
            [one, other] if one != other => Ok(Self(offer)),
            _ => Err("sip.digest wants \"MD5\", \"SHA-256\" or both, each once"),
        }
    }
}
