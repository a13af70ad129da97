//! The three-way handshake after a call or a re-INVITE is answered (§13.2.2.4, §13.3.1.4): our 2xx goes again until their ACK
//! comes, and our ACK goes again when their 2xx does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Leg, Stage};
use crate::endpoint::{EndCause, Event, Flow};
use crate::header::HeaderName;
use crate::message::Method;
use crate::transaction::{Layer, Timers};

/// A 2xx to an INVITE, sent again until its ACK comes (§13.3.1.4), on any transport.
pub(super) struct Unacked {
    pub(super) seq: u32,
    pub(super) bytes: Arc<[u8]>,
    pub(super) flow: Flow,
    /// It answered the INVITE that made the call.
    pub(super) is_first: bool,
    pub(super) pulse: Pulse,
}

pub(super) struct SentAck {
    pub(super) seq: u32,
    pub(super) bytes: Arc<[u8]>,
    pub(super) flow: Flow,
}

/// Retransmission with doubling intervals until 64·T1.
pub(super) struct Pulse {
    interval: Duration,
    longest: Duration,
    at: Instant,
    until: Instant,
}

/// What a [`Pulse`] says.
pub(super) enum Beat {
    NotYet,
    Again,
    GiveUp,
}

impl Pulse {
    pub(super) fn new(now: Instant, timers: &Timers, longest: Duration) -> Self {
        Self {
            interval: timers.t1,
            longest,
            at: now + timers.t1,
            until: now + timers.give_up(),
        }
    }

    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if now >= self.until {
            return Beat::GiveUp;
        }
        if now < self.at {
            return Beat::NotYet;
        }
        self.interval = (self.interval * 2).min(self.longest);
        self.at = now + self.interval;
        Beat::Again
    }

    pub(super) fn deadline(&self) -> Instant {
        self.at.min(self.until)
    }
}

impl Leg {
    pub(super) fn tick_unacked(&mut self, now: Instant, layer: &mut Layer) {
        let Some(unacked) = &mut self.unacked else {
            return;
        };
        match unacked.pulse.beat(now) {
            Beat::NotYet => {}
            Beat::Again => layer.resend(&unacked.flow, &unacked.bytes),
            Beat::GiveUp => {
                self.unacked = None;
                match std::mem::replace(&mut self.stage, Stage::Up) {
                    Stage::LeavingUnacked(reason) => self.send_bye(now, layer, reason.as_deref()),
                    Stage::Up
                    | Stage::Incoming(_)
                    | Stage::Outgoing(_)
                    | Stage::Leaving
                    | Stage::Over => {
                        self.hang_up(now, layer, EndCause::AckTimeout, None);
                    }
                }
            }
        }
    }

    /// An ACK for a 2xx of ours.
    pub(crate) fn on_ack(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        seq: u32,
        sdp: Option<Vec<u8>>,
    ) {
        let Some(unacked) = self.unacked.take_if(|unacked| unacked.seq == seq) else {
            return;
        };
        if let Stage::LeavingUnacked(reason) = &mut self.stage {
            let reason = reason.take();
            return self.send_bye(now, layer, reason.as_deref());
        }
        self.settle_ack(layer, unacked.is_first, sdp);
        self.offer_if_free(now, layer);
    }

    /// Our 2xx is known to have arrived.
    pub(super) fn settle_ack(&mut self, layer: &mut Layer, is_first: bool, sdp: Option<Vec<u8>>) {
        let leg = self.handle;
        let expected = self.negotiation.take_answer_in_ack();
        match (is_first, expected) {
            (true, _) => layer.emit(Event::Acked {
                leg,
                answer: sdp.filter(|_| expected),
            }),
            (false, true) => layer.emit(Event::OfferAnswered { leg, sdp }),
            (false, false) => {}
        }
    }

    /// Sends the ACK of a 2xx and keeps it.
    pub(super) fn send_ack(&mut self, layer: &mut Layer, seq: u32, sdp: Option<&[u8]>) {
        let mut ack = self.dialog.numbered(Method::Ack, seq);
        // §22.1: with the credentials of its INVITE.
        if self.account.is_some()
            && let Some(invite) = self.last_invite.and_then(|key| layer.sent_request(key))
        {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
                ack.headers.copy(&invite.headers, name);
            }
        }
        if let Some(sdp) = sdp {
            ack.set_body("application/sdp", sdp);
        }
        let flow = self.dialog.next_hop();
        let bytes = layer.request_once(ack, &flow);
        self.ack = Some(SentAck { seq, bytes, flow });
    }

    /// A 2xx that we saw before: its ACK was lost. True if it was such.
    pub(super) fn acked_again(&self, layer: &mut Layer, seq: u32) -> bool {
        match &self.ack {
            Some(ack) if ack.seq == seq => {
                layer.resend(&ack.flow, &ack.bytes);
                true
            }
            Some(_) | None => false,
        }
    }
}
