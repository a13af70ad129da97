//! `[storage]`: the database.

use std::path::PathBuf;

use serde::Deserialize;

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// `sqlite:PATH` or `postgres://…`; without it a file in the data folder.
    pub url: Option<Url>,
    /// 64 hexadecimal digits: what names people is sealed with it. Without it a file in the data folder, made at the
    /// first start.
    pub data_key_file: Option<PathBuf>,
    /// Less room than this on the disk of an SQLite database, and the server says it is not ready; 0: never.
    pub min_free_mb: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            url: None,
            data_key_file: None,
            min_free_mb: 256,
        }
    }
}

/// A database's address. May hold a password: its debug print does not.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Url(String);

impl Url {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Url {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| url.starts_with(scheme)) {
            Ok(Self(url))
        } else {
            Err("storage.url must begin with sqlite: or postgres://")
        }
    }
}

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.0.split(':').next().unwrap_or_default();
        write!(f, "Url({scheme}:…)")
    }
}
