//! Overload: how many calls are let in. A refused call gets 503 with Retry-After before any state is made for it.

use std::time::{Duration, Instant};

/// Limits on calls let in, from `[limits]` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Live calls at once.
    pub calls: usize,
    /// New calls a second, averaged over one second.
    pub calls_per_second: u32,
}

/// A token bucket for the rate and a ceiling for live calls.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    tokens: f64,
    filled_at: Instant,
    draining: bool,
}

/// Why a call was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    TooManyCalls,
    TooFast,
    /// The node is going down: a caller's network tries another.
    Draining,
}

impl Refused {
    /// Seconds for Retry-After (RFC 3261 §20.33): a burst passes quickly, a full house empties slowly.
    pub const fn retry_after_s(self) -> u32 {
        match self {
            Self::TooFast => 1,
            Self::TooManyCalls => 5,
            Self::Draining => 30,
        }
    }

    /// A stable code for metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooManyCalls => "too_many_calls",
            Self::TooFast => "too_fast",
            Self::Draining => "draining",
        }
    }
}

impl Admission {
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            tokens: f64::from(limits.calls_per_second),
            filled_at: now,
            draining: false,
        }
    }

    /// From now on nobody new.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    pub const fn is_draining(&self) -> bool {
        self.draining
    }

    /// Lets one more call in, or says why not.
    pub fn admit(&mut self, now: Instant, live_calls: usize) -> Result<(), Refused> {
        if self.draining {
            return Err(Refused::Draining);
        }
        if live_calls >= self.limits.calls {
            return Err(Refused::TooManyCalls);
        }
        let rate = f64::from(self.limits.calls_per_second);
        let earned = now
            .saturating_duration_since(self.filled_at)
            .min(Duration::from_secs(1))
            .as_secs_f64()
            * rate;
        self.tokens = (self.tokens + earned).min(rate);
        self.filled_at = now;
        if self.tokens < 1.0 {
            return Err(Refused::TooFast);
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SimClock};
    use crate::domain::time::Timestamp;

    #[test]
    fn a_burst_above_the_rate_is_told_to_retry_and_let_in_a_second_later() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let limits = Limits {
            calls: 1000,
            calls_per_second: 300,
        };
        let mut admission = Admission::new(limits, clock.instant());
        let admitted = (0..400)
            .filter(|_| admission.admit(clock.instant(), 0).is_ok())
            .count();
        assert_eq!(admitted, 300);
        clock.advance(Duration::from_millis(100));
        let admitted = (0..400)
            .filter(|_| admission.admit(clock.instant(), 0).is_ok())
            .count();
        assert_eq!(admitted, 30);
    }

    #[test]
    fn a_full_house_and_a_draining_node_refuse() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let mut admission = Admission::new(
            Limits {
                calls: 2,
                calls_per_second: 10,
            },
            clock.instant(),
        );
        assert_eq!(
            admission.admit(clock.instant(), 2),
            Err(Refused::TooManyCalls)
        );
        admission.drain();
        assert_eq!(admission.admit(clock.instant(), 0), Err(Refused::Draining));
    }
}
