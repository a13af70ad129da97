//! `[log]`: what is written to standard error.

use serde::{Deserialize, Deserializer};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// How much, and in which shape.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `info`, or by part: `info,hotline::signalling=debug`.
    #[serde(deserialize_with = "filter")]
    pub level: String,
    pub format: Format,
}

/// Lines for people or for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: Format::Text,
        }
    }
}

fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let level = String::deserialize(deserializer)?;
    // A lone word that is no level would be taken for the name of a part, and everything else be silenced.
    for word in level.split(',').map(str::trim) {
        if !word.contains(['=', '[']) && word.parse::<LevelFilter>().is_err() {
            return Err(serde::de::Error::custom(format!(
                "`{word}` is no level: error, warn, info, debug, trace, or by part `info,hotline=debug`"
            )));
        }
    }
    EnvFilter::builder()
        .parse(&level)
        .map_err(serde::de::Error::custom)?;
    Ok(level)
}
