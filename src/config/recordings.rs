//! `[recordings]`: where sound is kept.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Which store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recordings {
    /// `file:PATH`; without it a folder in the data folder.
    pub url: Option<Url>,
    /// Less room than this on its disk, and the server says it is not ready; 0: never.
    pub min_free_mb: u32,
}

impl Default for Recordings {
    fn default() -> Self {
        Self {
            url: None,
            min_free_mb: 1024,
        }
    }
}

/// A store's address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Url(PathBuf);

impl Url {
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
}

impl TryFrom<String> for Url {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        if url.starts_with("s3://") {
            return Err("an s3:// store is not built in yet: use file:PATH");
        }
        // `file:data`, `file:/srv/data` and `file:///srv/data` (RFC 8089) name a path.
        url.strip_prefix("file://")
            .or_else(|| url.strip_prefix("file:"))
            .filter(|path| !path.is_empty())
            .map(|path| Self(PathBuf::from(path)))
            .ok_or("recordings.url must be file:PATH")
    }
}
