//! The times of RFC 3261 table 4, all derived from T1, T2 and T4, and the few bounds that we add so that nothing
//! lives for ever.

use std::time::Duration;

/// How long the machines wait for what. The defaults are the RFC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Round-trip estimate; the first retransmission comes after it.
    pub t1: Duration,
    /// The longest interval between retransmissions of anything but an INVITE request.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
    /// Timer C: how long an INVITE of ours may ring before we cancel it.
    pub ringing_max: Duration,
    /// How long an INVITE of theirs may wait for our final answer before it is refused with 480.
    pub waiting_max: Duration,
    /// How often a waiting INVITE repeats its provisional response, so that proxies keep it (§13.3.1.1).
    pub provisional_every: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            ringing_max: Duration::from_secs(180),
            waiting_max: Duration::from_secs(900),
            provisional_every: Duration::from_secs(60),
        }
    }
}

impl Timers {
    /// 64·T1: timers B, F, H, J, L and M.
    pub fn give_up(&self) -> Duration {
        self.t1 * 64
    }

    /// Timer D: how long a refused INVITE is remembered; at least 32 s on UDP.
    pub(crate) fn linger_after_refusal(&self, reliable: bool) -> Duration {
        if reliable {
            Duration::ZERO
        } else {
            self.give_up().max(Duration::from_secs(32))
        }
    }

    /// Timers I and K: nothing can be in flight on a reliable transport.
    pub(crate) fn linger(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.t4 }
    }
}
