//! `[media]`: RTP.

use std::ops::RangeInclusive;

use serde::Deserialize;

/// The media engine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// `first-last`. RTP takes the even ports, RTCP the odd one above each.
    pub port_range: PortRange,
    /// Media threads; 0 is one less than there are cores, at least one.
    pub threads: usize,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            port_range: PortRange(20_000..=29_999),
            threads: 0,
        }
    }
}

/// Ports for RTP and RTCP, in pairs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PortRange(RangeInclusive<u16>);

impl PortRange {
    /// First and last port.
    pub fn ports(&self) -> RangeInclusive<u16> {
        self.0.clone()
    }
}

impl TryFrom<String> for PortRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (first, last) = text
            .split_once('-')
            .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)))
            .ok_or_else(|| format!("a port range is written 20000-29999, not {text:?}"))?;
        if first % 2 != 0 {
            return Err("the first port must be even: RTP takes even ports".to_owned());
        }
        if first < 1024 || last <= first {
            return Err(
                "a port range needs at least two ports above 1023, the lower one first".to_owned(),
            );
        }
        Ok(Self(first..=last))
    }
}
