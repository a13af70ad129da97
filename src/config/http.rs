//! `[http]`: the web side.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// Where browsers and machines reach us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    #[serde(deserialize_with = "super::socket")]
    pub listen: SocketAddr,
    /// Browsers reach us through a front that speaks TLS: session cookies are marked Secure.
    pub behind_tls: bool,
    /// We speak TLS ourselves.
    pub tls: Option<Tls>,
    /// Origins of pages, beside our own, that may open a phone here.
    pub origins: Vec<String>,
    /// Anybody may call the hotline from the page `/call`. On in the demonstration.
    pub citizen_calls: bool,
}

/// The certificate browsers see.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "TlsText")]
pub enum Tls {
    /// Made by ourselves at the first start, for trying things out.
    Development,
    /// PEM files.
    Files { certificate: PathBuf, key: PathBuf },
}

/// [`Tls`] as written.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "\"development\", or { certificate = \"…\", key = \"…\" }"
)]
enum TlsText {
    Word(String),
    Files(TlsFiles),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
}

impl TryFrom<TlsText> for Tls {
    type Error = &'static str;

    fn try_from(text: TlsText) -> Result<Self, &'static str> {
        match text {
            TlsText::Word(word) if word == "development" => Ok(Self::Development),
            TlsText::Word(_) => {
                Err("tls is \"development\", or { certificate = \"…\", key = \"…\" }")
            }
            TlsText::Files(TlsFiles { certificate, key }) => Ok(Self::Files { certificate, key }),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            behind_tls: false,
            tls: None,
            origins: Vec::new(),
            citizen_calls: false,
        }
    }
}
