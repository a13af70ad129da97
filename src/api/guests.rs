//! Passes for citizens who call from a page: short-lived, few for each source, good for opening a phone's WebSocket and for
//! nothing else.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use subtle::ConstantTimeEq;

use super::auth::Throttle;
use super::problem::Problem;
use crate::clock::Clock;

/// A call and a broken connection or two fit into it.
const PASS_LIFE: Duration = Duration::from_secs(30 * 60);
/// Passes at once. The oldest goes first.
const PASSES_MAX: usize = 1024;
/// Calls of one source: so many at once, then one each so often. A household or an office may share an address.
const CALLS_AT_ONCE: u32 = 6;
const CALL_EVERY: Duration = Duration::from_secs(60);
const SOURCES_MAX: usize = 4096;

/// What citizens without a login may open.
pub(super) struct Guests {
    allowed: bool,
    book: Mutex<Book>,
}

struct Book {
    passes: VecDeque<Pass>,
    throttle: Throttle<IpAddr>,
}

struct Pass {
    token: String,
    source: IpAddr,
    until: Instant,
}

impl Guests {
    pub(super) fn new(allowed: bool) -> Self {
        Self {
            allowed,
            book: Mutex::new(Book {
                passes: VecDeque::new(),
                throttle: Throttle::new(CALLS_AT_ONCE, CALL_EVERY, SOURCES_MAX),
            }),
        }
    }

    /// A pass for a citizen at `source`.
    pub(super) fn issue(&self, clock: &dyn Clock, source: IpAddr) -> Result<String, Problem> {
        if !self.allowed {
            return Err(Problem::not_found());
        }
        let now = clock.instant();
        let mut book = self.book();
        book.throttle
            .check(now, &source)
            .map_err(|wait| Problem::too_many(wait.as_secs()))?;
        book.throttle.charge(now, source);
        let mut random = [0; 16];
        clock.random(&mut random);
        let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        book.forget(now);
        if book.passes.len() >= PASSES_MAX {
            book.passes.pop_front();
        }
        book.passes.push_back(Pass {
            token: token.clone(),
            source,
            until: now + PASS_LIFE,
        });
        Ok(token)
    }

    /// Whether this pass was given to this source and is still good.
    pub(super) fn admits(&self, now: Instant, source: IpAddr, token: &str) -> bool {
        let mut book = self.book();
        book.forget(now);
        book.passes.iter().any(|pass| {
            pass.source == source && bool::from(pass.token.as_bytes().ct_eq(token.as_bytes()))
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book
            .lock()
            .expect("no panic happens while the book is held")
    }
}

impl Book {
    fn forget(&mut self, now: Instant) {
        while self.passes.front().is_some_and(|pass| pass.until <= now) {
            self.passes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimClock;

    fn clock() -> SimClock {
        SimClock::new("2026-11-28T09:00:00+08:00".parse().unwrap(), 1)
    }

    #[test]
    fn a_pass_is_good_for_its_source_and_its_time() {
        let (clock, guests) = (clock(), Guests::new(true));
        let [home, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let pass = guests.issue(&clock, home).unwrap();
        assert!(guests.admits(clock.instant(), home, &pass));
        assert!(
            guests.admits(clock.instant(), home, &pass),
            "after a broken connection too"
        );
        assert!(!guests.admits(clock.instant(), other, &pass));
        assert!(!guests.admits(clock.instant(), home, "guessed"));
        clock.advance(PASS_LIFE);
        assert!(!guests.admits(clock.instant(), home, &pass));
    }

    #[test]
    fn one_source_gets_few() {
        let (clock, guests) = (clock(), Guests::new(true));
        let source = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..CALLS_AT_ONCE {
            guests.issue(&clock, source).unwrap();
        }
        assert!(guests.issue(&clock, source).is_err());
        assert!(guests.issue(&clock, IpAddr::from([192, 0, 2, 2])).is_ok());
        clock.advance(CALL_EVERY);
        assert!(guests.issue(&clock, source).is_ok());
    }

    #[test]
    fn nobody_gets_one_where_citizens_may_not_call() {
        let guests = Guests::new(false);
        assert!(
            guests
                .issue(&clock(), IpAddr::from([192, 0, 2, 1]))
                .is_err()
        );
    }
}
