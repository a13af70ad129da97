//! RFC 4028: a call whose other end has died is noticed, because somebody must refresh it in time.

use std::time::{Duration, Instant};

use super::{Leg, Stage};
use crate::endpoint::EndCause;
use crate::header::{HeaderName, Headers, Reason, Refresher, SessionExpires};
use crate::message::{Method, Status};
use crate::transaction::{Layer, Purpose};

/// Below this we do not follow even a response that breaks RFC 4028: it would be a storm of refreshes.
const SECONDS_MIN: u32 = 20;

/// The agreed interval and what we do about it.
#[derive(Debug)]
pub(crate) struct SessionTimer {
    pub(crate) seconds: u32,
    pub(crate) refreshes: bool,
    /// When to refresh, or when to give up.
    at: Instant,
    expires_at: Instant,
    asked: bool,
}

impl SessionTimer {
    fn new(now: Instant, seconds: u32, refreshes: bool) -> Self {
        let seconds = seconds.max(SECONDS_MIN);
        let interval = Duration::from_secs(seconds.into());
        let expires_at = now + interval;
        // §10: the side that does not refresh gives up a little before the end.
        let margin = (interval / 3).min(Duration::from_secs(32));
        let at = if refreshes {
            now + interval / 2
        } else {
            expires_at - margin
        };
        Self {
            seconds,
            refreshes,
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
            Some(timer) if timer.refreshes => (Some(timer.seconds), Some(Refresher::Uac)),
            Some(timer) => (Some(timer.seconds), Some(Refresher::Uas)),
            None => (layer.config.session_expires, None),
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
            (Some(asked), _) => {
                let seconds = asked.seconds.max(layer.config.min_se);
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
        let refreshes = terms.expires.refresher == Some(Refresher::Uas);
        self.timer = Some(SessionTimer::new(now, terms.expires.seconds, refreshes));
    }

    /// Settles the timer from their 2xx to a request of ours. Without Session-Expires there is none.
    pub(super) fn take_session_timer(&mut self, now: Instant, response: &Headers) {
        let settled: Option<SessionExpires> =
            response.one(HeaderName::SessionExpires).ok().flatten();
        self.timer = settled.map(|terms| {
            let refreshes = terms.refresher != Some(Refresher::Uas);
            SessionTimer::new(now, terms.seconds, refreshes)
        });
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
        if timer.refreshes && !timer.asked && now < timer.expires_at {
            timer.asked = true;
            timer.at = timer.expires_at;
            self.refresh(now, layer);
        } else {
            let reason = Reason::new("SIP", Status::REQUEST_TIMEOUT.code(), "Session expired");
            self.hang_up(now, layer, EndCause::SessionExpired, Some(&reason));
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
