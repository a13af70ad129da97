//! The client side of one transaction (RFC 3261 §17.1, RFC 6026 §7.2): when to send again, what to tell the user, when
//! to be forgotten. It always has an end, whatever the peer does.

use std::time::{Duration, Instant};

use super::timers::Timers;

/// One request of ours and the wait for its response.
#[derive(Debug)]
pub(crate) struct ClientTransaction {
    state: State,
    invite: bool,
    reliable: bool,
    /// Timers A and E.
    interval: Duration,
    resend_at: Option<Instant>,
    /// Timers B, C, D, F, K and M.
    ends_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calling or Trying: nothing heard.
    Waiting,
    Proceeding,
    /// INVITE only: a CANCEL is under way, or should be; the final response has 64·T1 to come (RFC 3261 §9.1).
    Cancelled,
    /// INVITE only: a 2xx came and more may, from other branches of a fork (RFC 6026).
    Accepted,
    Completed,
}

/// What a response means to the transaction's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// New: hand it to the user.
    New,
    /// A final non-2xx to an INVITE: acknowledge it on this transaction, then hand it to the user.
    Refusal,
    /// The same refusal again: acknowledge it again, and no more.
    RefusalAgain,
    /// Nothing new.
    Old,
}

/// What a deadline means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Not yet.
    Nothing,
    /// Send the request again.
    Resend,
    /// No final response came in time; the transaction is over.
    TimedOut,
    /// Timer C: it rang too long; the user should cancel. The transaction has been given 64·T1 more.
    RangTooLong,
    /// All is said; the transaction is over.
    Over,
}

impl ClientTransaction {
    pub(crate) fn new(now: Instant, timers: &Timers, invite: bool, reliable: bool) -> Self {
        Self {
            state: State::Waiting,
            invite,
            reliable,
            interval: timers.t1,
            resend_at: (!reliable).then(|| now + timers.t1),
            ends_at: now + timers.give_up(),
        }
    }

    pub(crate) fn response(&mut self, now: Instant, timers: &Timers, status: u16) -> Heard {
        match (self.state, status) {
            (State::Cancelled, 100..200) => Heard::Old,
            (State::Waiting | State::Proceeding, 100..200) => {
                if self.invite {
                    self.resend_at = None;
                    if self.state == State::Waiting {
                        self.ends_at = now + timers.ringing_max;
                    }
                } else if !self.reliable {
                    // §17.1.2.2: keep re-sending, at T2, so that a lost final response is fetched.
                    self.interval = timers.t2;
                }
                self.state = State::Proceeding;
                Heard::New
            }
            (State::Waiting | State::Proceeding | State::Cancelled, 200..300) if self.invite => {
                self.enter(State::Accepted, now + timers.give_up());
                Heard::New
            }
            (State::Waiting | State::Proceeding | State::Cancelled, _) if self.invite => {
                let linger = timers.linger_after_refusal(self.reliable);
                self.enter(State::Completed, now + linger);
                Heard::Refusal
            }
            (State::Waiting | State::Proceeding | State::Cancelled, _) => {
                self.enter(State::Completed, now + timers.linger(self.reliable));
                Heard::New
            }
            // A repeated 2xx, or another fork's: the user tells them apart.
            (State::Accepted, 200..300) => Heard::New,
            (State::Completed, 300..) if self.invite => Heard::RefusalAgain,
            (State::Accepted | State::Completed, _) => Heard::Old,
        }
    }

    fn enter(&mut self, state: State, ends_at: Instant) {
        self.state = state;
        self.resend_at = None;
        self.ends_at = ends_at;
    }

    pub(crate) fn tick(&mut self, now: Instant, timers: &Timers) -> Due {
        if now >= self.ends_at {
            return match self.state {
                State::Waiting => Due::TimedOut,
                State::Proceeding if self.invite => {
                    self.enter(State::Cancelled, now + timers.give_up());
                    Due::RangTooLong
                }
                State::Proceeding | State::Cancelled => Due::TimedOut,
                State::Accepted | State::Completed => Due::Over,
            };
        }
        match self.resend_at {
            Some(at) if now >= at => {
                self.interval *= 2;
                if !self.invite {
                    self.interval = self.interval.min(timers.t2);
                }
                self.resend_at = Some(now + self.interval);
                Due::Resend
            }
            Some(_) | None => Due::Nothing,
        }
    }

    /// A CANCEL is being sent.
    pub(crate) fn cancelled(&mut self, now: Instant, timers: &Timers) {
        match self.state {
            State::Waiting | State::Proceeding => {
                self.enter(State::Cancelled, now + timers.give_up());
            }
            State::Cancelled | State::Accepted | State::Completed => {}
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.resend_at
            .map_or(self.ends_at, |at| at.min(self.ends_at))
    }

    /// Nothing but 100 or silence so far: RFC 3261 §9.1 forbids a CANCEL before any provisional response.
    pub(crate) fn may_cancel(&self) -> bool {
        self.invite && self.state == State::Proceeding
    }

    /// Any response was seen.
    pub(crate) fn was_heard(&self) -> bool {
        self.state != State::Waiting
    }

    /// A final response was seen.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.state, State::Accepted | State::Completed)
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

    /// When it sends again, in milliseconds, and how it ends if nothing more is heard.
    fn run(machine: &mut ClientTransaction, from: Instant) -> (Vec<u128>, Due, u128) {
        let timers = Timers::default();
        let mut resent = Vec::new();
        loop {
            let now = machine.deadline();
            let ms = (now - from).as_millis();
            match machine.tick(now, &timers) {
                Due::Resend => resent.push(ms),
                Due::Nothing => {}
                end @ (Due::TimedOut | Due::RangTooLong | Due::Over) => return (resent, end, ms),
            }
        }
    }

    #[test]
    fn timers_a_and_b_and_e_and_f() {
        let (now, timers) = (start(), Timers::default());
        let mut invite = ClientTransaction::new(now, &timers, true, false);
        let a = vec![500, 1500, 3500, 7500, 15500, 31500];
        assert_eq!(run(&mut invite, now), (a, Due::TimedOut, 32000));
        let mut other = ClientTransaction::new(now, &timers, false, false);
        let e = vec![
            500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500,
        ];
        assert_eq!(run(&mut other, now), (e, Due::TimedOut, 32000));
        for invite in [true, false] {
            let mut reliable = ClientTransaction::new(now, &timers, invite, true);
            assert_eq!(run(&mut reliable, now), (vec![], Due::TimedOut, 32000));
        }
    }

    #[test]
    fn what_each_response_means_and_how_long_the_transaction_stays() {
        let (now, timers) = (start(), Timers::default());
        // invite, reliable, responses; what the last one means; the end and its time in ms.
        type Row = (bool, bool, &'static [u16], Heard, Due, u128);
        let table: &[Row] = &[
            (true, false, &[180], Heard::New, Due::RangTooLong, 180_000),
            (
                true,
                false,
                &[180, 183],
                Heard::New,
                Due::RangTooLong,
                180_000,
            ),
            (true, false, &[200], Heard::New, Due::Over, 32_000),
            (true, false, &[180, 200, 200], Heard::New, Due::Over, 32_000),
            (true, false, &[200, 180], Heard::Old, Due::Over, 32_000),
            (true, false, &[200, 486], Heard::Old, Due::Over, 32_000),
            (true, false, &[486], Heard::Refusal, Due::Over, 32_000),
            (true, true, &[486], Heard::Refusal, Due::Over, 0),
            (
                true,
                false,
                &[486, 486],
                Heard::RefusalAgain,
                Due::Over,
                32_000,
            ),
            (true, false, &[486, 200], Heard::Old, Due::Over, 32_000),
            (false, false, &[200], Heard::New, Due::Over, 5_000),
            (false, true, &[200], Heard::New, Due::Over, 0),
            (false, false, &[404, 404], Heard::Old, Due::Over, 5_000),
        ];
        for (invite, reliable, responses, heard, end, at) in table {
            let mut machine = ClientTransaction::new(now, &timers, *invite, *reliable);
            let last = responses
                .iter()
                .map(|status| machine.response(now, &timers, *status))
                .last();
            assert_eq!(last, Some(*heard), "{responses:?}");
            let (resent, ended, ms) = run(&mut machine, now);
            assert_eq!((ended, ms), (*end, *at), "{responses:?}");
            assert!(resent.is_empty(), "{responses:?}");
        }
    }

    #[test]
    fn a_provisional_response_slows_a_request_down_to_t2() {
        let (now, timers) = (start(), Timers::default());
        let mut machine = ClientTransaction::new(now, &timers, false, false);
        machine.response(now, &timers, 100);
        let (resent, ..) = run(&mut machine, now);
        assert_eq!(resent[..3], [500, 4500, 8500]);
    }

    #[test]
    fn a_cancelled_invite_has_32_s_to_end() {
        let (now, timers) = (start(), Timers::default());
        let mut machine = ClientTransaction::new(now, &timers, true, false);
        assert!(!machine.may_cancel());
        machine.response(now, &timers, 100);
        assert!(machine.may_cancel());
        machine.cancelled(now, &timers);
        assert_eq!(machine.response(now, &timers, 180), Heard::Old);
        assert_eq!(run(&mut machine, now), (vec![], Due::TimedOut, 32_000));
    }
}
