//! The server side of one transaction (RFC 3261 §17.2, RFC 6026 §7.1): what a repeated request gets, when a refusal is
//! sent again, when to be forgotten.

use std::time::{Duration, Instant};

use super::timers::Timers;

/// One request of theirs and our response to it.
#[derive(Debug)]
pub(crate) struct ServerTransaction {
    state: State,
    invite: bool,
    reliable: bool,
    /// Timer G.
    interval: Duration,
    resend_at: Option<Instant>,
    /// Timers H, I, J and L; while unanswered, the bound that its user may take.
    ends_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Trying or Proceeding: no final response sent.
    Open,
    /// INVITE only: 2xx sent; its retransmission is the user's, repeated INVITEs are swallowed (RFC 6026).
    Accepted,
    Completed,
    /// INVITE only: our refusal was acknowledged.
    Confirmed,
}

/// What a deadline means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Not yet.
    Nothing,
    /// Send the last response again.
    Resend,
    /// The user never answered; the transaction is over.
    Unanswered,
    /// All is said; the transaction is over.
    Over,
}

impl ServerTransaction {
    pub(crate) fn new(now: Instant, timers: &Timers, invite: bool, reliable: bool) -> Self {
        let bound = if invite {
            // The call's own bound comes first; this one only guards against its being lost.
            timers.waiting_max + timers.give_up()
        } else {
            timers.give_up()
        };
        Self {
            state: State::Open,
            invite,
            reliable,
            interval: timers.t1,
            resend_at: None,
            ends_at: now + bound,
        }
    }

    /// We answer. False if a final response was sent before: it stands.
    pub(crate) fn respond(&mut self, now: Instant, timers: &Timers, status: u16) -> bool {
        if self.state != State::Open {
            return false;
        }
        match status {
            100..200 => {}
            200..300 if self.invite => {
                self.state = State::Accepted;
                self.ends_at = now + timers.give_up();
            }
            _ if self.invite => {
                self.state = State::Completed;
                self.resend_at = (!self.reliable).then(|| now + timers.t1);
                self.ends_at = now + timers.give_up();
            }
            _ => {
                self.state = State::Completed;
                let linger = if self.reliable {
                    Duration::ZERO
                } else {
                    timers.give_up()
                };
                self.ends_at = now + linger;
            }
        }
        true
    }

    /// The same request came again. True if the last response should go out again.
    pub(crate) fn repeated(&self) -> bool {
        match self.state {
            State::Open | State::Completed => true,
            State::Accepted | State::Confirmed => false,
        }
    }

    /// An ACK for our refusal came.
    pub(crate) fn acknowledged(&mut self, now: Instant, timers: &Timers) {
        match self.state {
            State::Completed if self.invite => {
                self.state = State::Confirmed;
                self.resend_at = None;
                self.ends_at = now + timers.linger(self.reliable);
            }
            State::Open | State::Accepted | State::Completed | State::Confirmed => {}
        }
    }

    pub(crate) fn tick(&mut self, now: Instant, timers: &Timers) -> Due {
        if now >= self.ends_at {
            return match self.state {
                State::Open => Due::Unanswered,
                State::Accepted | State::Completed | State::Confirmed => Due::Over,
            };
        }
        match self.resend_at {
            Some(at) if now >= at => {
                self.interval = (self.interval * 2).min(timers.t2);
                self.resend_at = Some(now + self.interval);
                Due::Resend
            }
            Some(_) | None => Due::Nothing,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.resend_at
            .map_or(self.ends_at, |at| at.min(self.ends_at))
    }

    /// A 2xx to an INVITE was sent.
    pub(crate) fn is_accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// No final response was sent yet.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant has no other origin; only differences to it are used"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    /// How often it sends its response again, and how and when it ends.
    fn run(machine: &mut ServerTransaction, from: Instant) -> (usize, Due, u128) {
        let timers = Timers::default();
        let mut resent = 0;
        loop {
            let now = machine.deadline();
            match machine.tick(now, &timers) {
                Due::Resend => resent += 1,
                Due::Nothing => {}
                end @ (Due::Unanswered | Due::Over) => {
                    return (resent, end, (now - from).as_millis());
                }
            }
        }
    }

    #[test]
    fn how_each_answer_ends() {
        let (now, timers) = (start(), Timers::default());
        // invite, reliable, statuses, acknowledged; repetition answered; resent, end, ms.
        type Row = (bool, bool, &'static [u16], bool, bool, (usize, Due, u128));
        let table: &[Row] = &[
            (
                true,
                false,
                &[180],
                false,
                true,
                (0, Due::Unanswered, 932_000),
            ),
            (
                true,
                false,
                &[100, 200],
                false,
                false,
                (0, Due::Over, 32_000),
            ),
            (true, false, &[486], false, true, (10, Due::Over, 32_000)),
            (true, true, &[486], false, true, (0, Due::Over, 32_000)),
            (true, false, &[486], true, false, (0, Due::Over, 5_000)),
            (true, true, &[486], true, false, (0, Due::Over, 0)),
            (false, false, &[], false, true, (0, Due::Unanswered, 32_000)),
            (false, false, &[200], false, true, (0, Due::Over, 32_000)),
            (false, true, &[200], false, true, (0, Due::Over, 0)),
        ];
        for (invite, reliable, statuses, acknowledged, repeats, end) in table {
            let mut machine = ServerTransaction::new(now, &timers, *invite, *reliable);
            for status in *statuses {
                assert!(machine.respond(now, &timers, *status));
            }
            if *acknowledged {
                machine.acknowledged(now, &timers);
            }
            assert_eq!(machine.repeated(), *repeats, "{statuses:?}");
            assert_eq!(run(&mut machine, now), *end, "{statuses:?}");
        }
    }

    #[test]
    fn the_first_final_response_stands() {
        let (now, timers) = (start(), Timers::default());
        let mut machine = ServerTransaction::new(now, &timers, true, false);
        assert!(machine.respond(now, &timers, 200));
        assert!(!machine.respond(now, &timers, 486));
        assert!(!machine.respond(now, &timers, 180));
    }
}
