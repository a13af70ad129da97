//! Wrong passwords: after some of them, one source's further tries at one extension are not even looked at for a while.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::domain::id::Extension;

/// Wrong tries in a row before the pause.
const TRIES: u32 = 10;
/// How long wrong tries are remembered after the last of them.
const PAUSE: Duration = Duration::from_secs(60);
/// Pairs remembered; beyond, the oldest are forgotten all at once.
const REMEMBERED: usize = 10_000;

/// Who guessed wrongly, at which extension, how often, and when last.
#[derive(Debug, Default)]
pub struct Guesses(HashMap<(IpAddr, Extension), (u32, Instant)>);

impl Guesses {
    /// Whether this source has guessed too often at this extension.
    pub fn too_many(&self, now: Instant, source: IpAddr, extension: &Extension) -> bool {
        self.0
            .get(&(source, extension.clone()))
            .is_some_and(|(count, last)| *count >= TRIES && now < *last + PAUSE)
    }

    /// Notes one more wrong try.
    pub fn note(&mut self, now: Instant, source: IpAddr, extension: Extension) {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, (_, last)| now < *last + PAUSE);
            if self.0.len() >= REMEMBERED {
                self.0.clear();
            }
        }
        let (count, last) = self.0.entry((source, extension)).or_insert((0, now));
        if now >= *last + PAUSE {
            *count = 0;
        }
        *count += 1;
        *last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SimClock};
    use crate::domain::time::Timestamp;

    #[test]
    fn after_ten_wrong_passwords_there_is_a_pause_of_a_minute_for_that_source_alone() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let mut guesses = Guesses::default();
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let agent = Extension::from("agent1000");
        for _ in 0..10 {
            assert!(!guesses.too_many(clock.instant(), here, &agent));
            guesses.note(clock.instant(), here, agent.clone());
        }
        assert!(guesses.too_many(clock.instant(), here, &agent));
        assert!(!guesses.too_many(clock.instant(), there, &agent));
        clock.advance(PAUSE);
        assert!(!guesses.too_many(clock.instant(), here, &agent));
    }
}
