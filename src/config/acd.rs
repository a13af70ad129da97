//! `[acd]`: the distributor, where it is not one queue's own.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::acd::Rules;

/// Times and limits of the distributor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Acd {
    /// Offers missed in a row before an agent is put on a break.
    pub misses_before_break: NonZeroU32,
    /// How long an offered phone may give no sign of life.
    pub silence_max_s: NonZeroU32,
    /// How often callers learn a changed position.
    pub position_interval_s: NonZeroU32,
    /// How often one wrap-up may be extended.
    pub wrap_up_extensions_max: u32,
}

impl Default for Acd {
    fn default() -> Self {
        Self {
            misses_before_break: NonZeroU32::new(2).expect("2 is not zero"),
            silence_max_s: NonZeroU32::new(8).expect("8 is not zero"),
            position_interval_s: NonZeroU32::new(15).expect("15 is not zero"),
            wrap_up_extensions_max: 5,
        }
    }
}

impl From<&Acd> for Rules {
    fn from(acd: &Acd) -> Self {
        let seconds = |s: NonZeroU32| Duration::from_secs(s.get().into());
        Self {
            misses_before_break: acd.misses_before_break.get(),
            silence_max: seconds(acd.silence_max_s),
            position_interval: seconds(acd.position_interval_s),
            wrap_up_extensions_max: acd.wrap_up_extensions_max,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_file_are_those_of_the_distributor() {
        assert_eq!(Rules::from(&Acd::default()), Rules::default());
    }
}
