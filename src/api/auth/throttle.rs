//! Slows guessing: each key (a name, a source address) has a small budget of attempts that refills with time. An
//! attempt is charged before it is tried, so that many at once gain nothing, and refunded when it succeeds, so that a
//! whole shift signing in behind one address is not slowed.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Attempts by key. Bounded: when full, the key closest to forgiven is forgotten first.
pub(crate) struct Throttle<K> {
    attempts: u32,
    refill: Duration,
    keys_max: usize,
    /// When the key's budget is whole again; an attempt moves it one `refill` further away.
    whole_at: HashMap<K, Instant>,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    /// `attempts` at once, one more each `refill`, for at most `keys_max` keys.
    pub(crate) fn new(attempts: u32, refill: Duration, keys_max: usize) -> Self {
        Self {
            attempts,
            refill,
            keys_max,
            whole_at: HashMap::new(),
        }
    }

    /// Whether `key` may try now, else how long to wait.
    pub(crate) fn check(&self, now: Instant, key: &K) -> Result<(), Duration> {
        let Some(whole_at) = self.whole_at.get(key) else {
            return Ok(());
        };
        let owed = whole_at.saturating_duration_since(now);
        let room = self.refill * (self.attempts - 1);
        if owed <= room {
            Ok(())
        } else {
            Err(owed - room)
        }
    }

    /// Takes one attempt off the budget of `key`.
    pub(crate) fn charge(&mut self, now: Instant, key: K) {
        if self.whole_at.len() >= self.keys_max && !self.whole_at.contains_key(&key) {
            self.make_room(now);
        }
        let whole_at = self.whole_at.entry(key).or_insert(now);
        *whole_at = (*whole_at).max(now) + self.refill;
    }

    /// Gives back an attempt that succeeded.
    pub(crate) fn refund(&mut self, key: &K) {
        if let Some(whole_at) = self.whole_at.get_mut(key) {
            *whole_at = whole_at.checked_sub(self.refill).unwrap_or(*whole_at);
        }
    }

    fn make_room(&mut self, now: Instant) {
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        if self.whole_at.len() >= self.keys_max {
            let least = self
                .whole_at
                .iter()
                .min_by_key(|(_, whole_at)| **whole_at)
                .map(|(key, _)| key.clone());
            if let Some(key) = least {
                self.whole_at.remove(&key);
            }
        }
    }
}

/// What counts as one source: an IPv4 address, or an IPv6 /64, which one subscriber usually holds whole.
pub(crate) fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SimClock};
    use crate::domain::time::Timestamp;

    #[test]
    fn attempts_use_the_budget_up_and_time_gives_it_back() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let mut throttle = Throttle::new(3, Duration::from_secs(10), 100);
        for _ in 0..3 {
            assert_eq!(throttle.check(clock.instant(), &"li"), Ok(()));
            throttle.charge(clock.instant(), "li");
        }
        assert_eq!(
            throttle.check(clock.instant(), &"li"),
            Err(Duration::from_secs(10))
        );
        assert_eq!(throttle.check(clock.instant(), &"wang"), Ok(()));
        clock.advance(Duration::from_secs(10));
        assert_eq!(throttle.check(clock.instant(), &"li"), Ok(()));
    }

    #[test]
    fn success_costs_nothing() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let mut throttle = Throttle::new(3, Duration::from_secs(10), 100);
        for _ in 0..100 {
            assert_eq!(throttle.check(clock.instant(), &"hall"), Ok(()));
            throttle.charge(clock.instant(), "hall");
            throttle.refund(&"hall");
        }
    }

    #[test]
    fn a_flood_of_names_neither_grows_the_table_nor_forgives_the_guessed_one() {
        let clock = SimClock::new(Timestamp::from_millis(0), 1);
        let mut throttle = Throttle::new(3, Duration::from_secs(10), 50);
        for _ in 0..4 {
            throttle.charge(clock.instant(), "li".to_owned());
        }
        for n in 0..1000 {
            throttle.charge(clock.instant(), format!("name{n}"));
        }
        assert_eq!(throttle.whole_at.len(), 50);
        assert!(throttle.check(clock.instant(), &"li".to_owned()).is_err());
    }

    #[test]
    fn one_ipv6_subscriber_is_one_source() {
        let a = source("2001:db8:1:2::1".parse().unwrap());
        let b = source("2001:db8:1:2:ffff::9".parse().unwrap());
        assert_eq!(a, b);
        assert_eq!(
            source("::ffff:192.0.2.1".parse().unwrap()),
            "192.0.2.1".parse::<IpAddr>().unwrap()
        );
    }
}
