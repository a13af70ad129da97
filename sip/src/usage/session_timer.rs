//! A call whose other end has died is noticed, whatever that end is able to. By RFC 4028 somebody must refresh the session in
//! time; where no such timer was agreed on, the dialog is asked for now and then (OPTIONS in it, RFC 3261 §11), and ends when
//! the other side does not know it any more or says nothing (§12.2.1.2).

use std::time::{Duration, Instant};

use super::{Leg, Stage};
use crate::endpoint::EndCause;
use crate::header::{HeaderName, Headers, Reason, Refresher, SessionExpires};
use crate::message::{Method, Status};
use crate::transaction::{Layer, Purpose};

/// Below this we do not follow even a response that breaks RFC 4028: it would be a storm of refreshes.
const SECONDS_MIN: u32 = 20;
/// An interval beyond this bounds nothing: it counts as none.
const SECONDS_MAX: u32 = 86_400;

/// Who keeps the session alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    /// We refresh, they give up without.
    Us,
    /// They refresh, we give up without.
    Them,
    /// No timer was agreed on: we ask whether they still know the call.
    Audit,
}

/// The agreed interval and what we do about it.
#[derive(Debug)]
pub(crate) struct SessionTimer {
    seconds: u32,
    keeper: Keeper,
    /// When to refresh or to ask, or when to give up.
    at: Instant,
    expires_at: Instant,
    asked: bool,
}

impl SessionTimer {
    fn new(now: Instant, seconds: u32, keeper: Keeper) -> Self {
        let seconds = seconds.max(SECONDS_MIN);
        let interval = Duration::from_secs(seconds.into());
        let expires_at = now + interval;
        // RFC 4028 §10: the side that does not refresh gives up a little before the end.
        let margin = (interval / 3).min(Duration::from_secs(32));
        let at = match keeper {
            Keeper::Us | Keeper::Audit => now + interval / 2,
            Keeper::Them => expires_at - margin,
        };
        Self {
            seconds,
            keeper,
            at,
            expires_at,
            asked: false,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.at
    }
}

/// What an answering side settles: the interval, who refreshes, and whether they must understand it.
struct Terms {
    expires: SessionExpires,
    require: bool,
}

impl Leg {
    /// Asks for a session timer in an INVITE, UPDATE or re-INVITE of ours.
    pub(super) fn ask_session_timer(&self, layer: &Layer, headers: &mut Headers) {
        let (seconds, refresher) = match &self.timer {
            Some(timer) if timer.keeper == Keeper::Us => {
                (Some(timer.seconds), Some(Refresher::Uac))
            }
            Some(timer) if timer.keeper == Keeper::Them => {
                (Some(timer.seconds), Some(Refresher::Uas))
            }
            Some(_) | None => (layer.config.session_expires, None),
        };
        if let Some(seconds) = seconds {
            headers.push(
                HeaderName::SessionExpires,
                SessionExpires { seconds, refresher },
            );
            headers.push(HeaderName::MinSe, layer.config.min_se);
        }
    }

    /// Their request's interval is below what we take (§9): the Min-SE for our 422.
    pub(super) fn interval_too_small(layer: &Layer, headers: &Headers) -> Option<u32> {
        let asked: SessionExpires = headers.one(HeaderName::SessionExpires).ok()??;
        let min = layer.config.min_se;
        (asked.seconds < min && headers.has_token(HeaderName::Supported, "timer")).then_some(min)
    }

    /// Settles the timer when we answer `request` with 2xx, and says so in `response`.
    pub(super) fn answer_session_timer(
        &mut self,
        now: Instant,
        layer: &Layer,
        request: &Headers,
        response: &mut Headers,
    ) {
        let they_can = request.has_token(HeaderName::Supported, "timer")
            || request.has_token(HeaderName::Require, "timer");
        let asked: Option<SessionExpires> = request.one(HeaderName::SessionExpires).ok().flatten();
        let terms = match (asked, layer.config.session_expires) {
            (Some(asked), ours) => {
                // §9: we may shorten what they ask, to their Min-SE at the least.
                let their_min = request.min_se().ok().flatten().unwrap_or(0);
                let longest = ours.map_or(SECONDS_MAX, |ours| ours.max(their_min));
                let seconds = asked
                    .seconds
                    .min(longest.min(SECONDS_MAX))
                    .max(layer.config.min_se);
                let refresher = match asked.refresher {
                    Some(refresher) if they_can => refresher,
                    None if they_can => Refresher::Uac,
                    Some(_) | None => Refresher::Uas,
                };
                Terms {
                    expires: SessionExpires {
                        seconds,
                        refresher: Some(refresher),
                    },
                    require: they_can && refresher == Refresher::Uac,
                }
            }
            // They did not ask: we do, and refresh ourselves (§9, table 2).
            (None, Some(seconds)) => Terms {
                expires: SessionExpires {
                    seconds,
                    refresher: Some(Refresher::Uas),
                },
                require: false,
            },
            (None, None) => {
                self.timer = None;
                return;
            }
        };
        response.push(HeaderName::SessionExpires, terms.expires);
        if terms.require {
            response.push(HeaderName::Require, "timer");
        }
        let keeper = match terms.expires.refresher {
            Some(Refresher::Uas) => Keeper::Us,
            Some(Refresher::Uac) | None => Keeper::Them,
        };
        self.timer = Some(SessionTimer::new(now, terms.expires.seconds, keeper));
    }

    /// Settles the timer from their 2xx to a request of ours. Without Session-Expires the session does not expire (§7.2): then
    /// we look after the call by ourselves.
    pub(super) fn take_session_timer(&mut self, now: Instant, layer: &Layer, response: &Headers) {
        let settled: Option<SessionExpires> =
            response.one(HeaderName::SessionExpires).ok().flatten();
        self.timer = match settled.filter(|terms| terms.seconds <= SECONDS_MAX) {
            Some(terms) => {
                let keeper = match terms.refresher {
                    Some(Refresher::Uas) => Keeper::Them,
                    Some(Refresher::Uac) | None => Keeper::Us,
                };
                Some(SessionTimer::new(now, terms.seconds, keeper))
            }
            None => layer
                .config
                .session_expires
                .map(|seconds| SessionTimer::new(now, seconds, Keeper::Audit)),
        };
    }

    pub(super) fn tick_session_timer(&mut self, now: Instant, layer: &mut Layer) {
        if !matches!(self.stage, Stage::Up) {
            return;
        }
        let Some(timer) = &mut self.timer else {
            return;
        };
        if now < timer.at {
            return;
        }
        match timer.keeper {
            Keeper::Audit => {
                // The answer, or its absence, decides (`on_response`, `no_response`).
                *timer = SessionTimer::new(now, timer.seconds, Keeper::Audit);
                self.send_ping(now, layer);
            }
            Keeper::Us if !timer.asked && now < timer.expires_at => {
                timer.asked = true;
                timer.at = timer.expires_at;
                self.refresh(now, layer);
            }
            Keeper::Us | Keeper::Them => {
                let reason = Reason::new("SIP", Status::REQUEST_TIMEOUT.code(), "Session expired");
                self.hang_up(now, layer, EndCause::SessionExpired, Some(&reason));
            }
        }
    }

    /// A refresh did not succeed but the call is there: try again halfway to the end, with the interval that they want at least.
    pub(super) fn retry_refresh(&mut self, now: Instant, min_se: Option<u32>) {
        if let Some(timer) = &mut self.timer {
            timer.seconds = timer.seconds.max(min_se.unwrap_or(0));
            let left = timer.expires_at.saturating_duration_since(now);
            if left > Duration::from_secs(2) {
                timer.asked = false;
                timer.at = now + left / 2;
            }
        }
    }

    /// Keeps the session alive: by UPDATE if they know it, which leaves media alone, else by a re-INVITE that changes nothing.
    fn refresh(&mut self, now: Instant, layer: &mut Layer) {
        if self.peer_updates {
            let mut request = self.dialog.request(Method::Update);
            self.describe(layer, &mut request.headers);
            self.ask_session_timer(layer, &mut request.headers);
            self.send(now, layer, request, Purpose::Refresh);
        } else if self.is_free() {
            let sdp = self.local_sdp.to_vec();
            self.send_reinvite(now, layer, sdp, Purpose::Refresh);
        } else {
            // An offer under way refreshes just as well.
            self.retry_refresh(now, None);
        }
    }
}
