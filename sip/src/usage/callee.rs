//! An incoming call from INVITE to our final response.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ack::{Pulse, Unacked};
use super::prack::Unpracked;
use super::session::{AnswerIn, Negotiation, Waiting};
use super::{Leg, Stage, add_headers};
use crate::dialog::Dialog;
use crate::endpoint::{EndCause, Event, Flow, LegHandle, Refused, ServerTx};
use crate::header::{HeaderName, Headers, Reason};
use crate::message::{Request, Status};
use crate::transaction::{Head, Layer, ServerOwner};

/// More reliable responses than this never wait for a PRACK.
const QUEUED_MAX: usize = 4;

/// What we know of a call that we have not answered.
pub(super) struct Incoming {
    pub(super) tx: ServerTx,
    pub(super) seq: u32,
    can_prack: bool,
    must_prack: bool,
    rseq: u32,
    pub(super) unpracked: Option<Unpracked>,
    /// Reliable responses go one at a time.
    queued: VecDeque<(Status, Option<Vec<u8>>)>,
    /// An answer that waits for a PRACK (RFC 3262 §3).
    answer: Option<Vec<u8>>,
    last_status: Option<Status>,
    repeat_at: Instant,
    refuse_at: Instant,
}

impl Incoming {
    pub(super) fn deadline(&self) -> Instant {
        let pulse = self
            .unpracked
            .as_ref()
            .map_or(self.refuse_at, |unpracked| unpracked.pulse.deadline());
        pulse.min(self.repeat_at).min(self.refuse_at)
    }
}

impl Leg {
    pub(crate) fn incoming(
        now: Instant,
        layer: &mut Layer,
        handle: LegHandle,
        dialog: Dialog,
        flow: &Flow,
        head: &Head,
        request: Request,
    ) -> Self {
        let headers = &request.headers;
        let must_prack = headers.has_token(HeaderName::Require, "100rel");
        let can_prack = must_prack || headers.has_token(HeaderName::Supported, "100rel");
        let offer = request.sdp().map(<[u8]>::to_vec);
        let too_small = Self::interval_too_small(layer, headers);
        let event = Box::new(request.clone());
        let tx = layer.accept(
            now,
            flow,
            request,
            head,
            ServerOwner::Leg(handle),
            dialog.local_tag,
        );
        let timers = layer.config.timers;
        // §13.3.1: their Expires bounds the wait too.
        let expires = event.headers.expires().ok().flatten();
        let theirs = expires.map_or(Duration::MAX, |seconds| Duration::from_secs(seconds.into()));
        let incoming = Incoming {
            tx,
            seq: head.cseq.seq,
            can_prack,
            must_prack,
            // RFC 3262 §3: starts anywhere in the lower half.
            rseq: (layer.random() >> 34) as u32,
            unpracked: None,
            queued: VecDeque::new(),
            answer: None,
            last_status: None,
            repeat_at: now + timers.provisional_every,
            refuse_at: now + timers.waiting_max.min(theirs),
        };
        let negotiation = match offer {
            Some(_) => Negotiation::Theirs(Waiting::Call),
            None => Negotiation::Asked(Waiting::Call),
        };
        let mut leg = Self::new(
            handle,
            dialog,
            Stage::Incoming(Box::new(incoming)),
            false,
            negotiation,
        );
        leg.note_peer(&event.headers);
        if let Some(min) = too_small {
            let mut more = Headers::new();
            more.push(HeaderName::MinSe, min);
            leg.refuse_call(now, layer, Status::SESSION_INTERVAL_TOO_SMALL, &more);
            return leg;
        }
        layer.respond_status(now, tx, Status::TRYING);
        layer.emit(Event::Incoming {
            leg: handle,
            request: event,
            flow: flow.clone(),
            offer,
        });
        leg
    }

    pub(crate) fn ring(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        sdp: Option<Vec<u8>>,
        reliable: bool,
    ) -> Result<(), Refused> {
        let Stage::Incoming(incoming) = &mut self.stage else {
            return Err(Refused::NotNow);
        };
        if !(101..200).contains(&status.code()) || incoming.answer.is_some() {
            return Err(Refused::NotNow);
        }
        if !(incoming.must_prack || reliable && incoming.can_prack) {
            self.send_ringing(now, layer, status, sdp);
        } else if incoming.unpracked.is_none() {
            self.send_reliably(now, layer, status, sdp);
        } else if incoming.queued.len() < QUEUED_MAX {
            incoming.queued.push_back((status, sdp));
        } else {
            return Err(Refused::Full);
        }
        Ok(())
    }

    fn send_ringing(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        sdp: Option<Vec<u8>>,
    ) {
        let Stage::Incoming(incoming) = &mut self.stage else {
            return;
        };
        incoming.last_status = Some(status);
        incoming.repeat_at = now + layer.config.timers.provisional_every;
        let Some(mut response) = layer.response_to(incoming.tx, status) else {
            return;
        };
        self.describe(layer, &mut response.headers);
        // A preview of our answer; an offer may only go reliably (§13.2.1).
        if let (Some(sdp), Negotiation::Theirs(Waiting::Call)) = (sdp, &self.negotiation) {
            response.set_body("application/sdp", sdp);
        }
        let Stage::Incoming(incoming) = &self.stage else {
            return;
        };
        layer.respond(now, incoming.tx, &response);
    }

    fn send_reliably(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        sdp: Option<Vec<u8>>,
    ) {
        let Stage::Incoming(incoming) = &mut self.stage else {
            return;
        };
        incoming.rseq += 1;
        incoming.last_status = None;
        let (tx, rseq) = (incoming.tx, incoming.rseq);
        let Some(mut response) = layer.response_to(tx, status) else {
            return;
        };
        self.describe(layer, &mut response.headers);
        response.headers.push(HeaderName::Require, "100rel");
        response.headers.push(HeaderName::RSeq, rseq);
        let sdp = sdp.filter(|_| match self.negotiation {
            Negotiation::Theirs(Waiting::Call) | Negotiation::Asked(Waiting::Call) => true,
            Negotiation::Stable
            | Negotiation::Theirs(_)
            | Negotiation::Asked(_)
            | Negotiation::Ours(_)
            | Negotiation::Awaited => false,
        });
        let had_sdp = sdp.is_some();
        if let Some(sdp) = sdp {
            self.negotiation = match self.negotiation {
                Negotiation::Asked(_) => Negotiation::Ours(AnswerIn::Prack),
                Negotiation::Stable
                | Negotiation::Theirs(_)
                | Negotiation::Ours(_)
                | Negotiation::Awaited => Negotiation::Stable,
            };
            self.local_sdp = sdp.as_slice().into();
            response.set_body("application/sdp", sdp);
        }
        let sent = layer.respond(now, tx, &response);
        if let (Stage::Incoming(incoming), Some((bytes, flow))) = (&mut self.stage, sent) {
            let timers = layer.config.timers;
            // RFC 3262 §3: the interval doubles without the bound of T2.
            let pulse = Pulse::new(now, &timers, timers.give_up());
            incoming.unpracked = Some(Unpracked {
                rseq,
                bytes,
                flow,
                had_sdp,
                pulse,
            });
        }
    }

    /// A PRACK came: the next response may go.
    pub(super) fn after_prack(&mut self, now: Instant, layer: &mut Layer) {
        let Stage::Incoming(incoming) = &mut self.stage else {
            return;
        };
        if let Some(sdp) = incoming.answer.take() {
            self.send_answer(now, layer, sdp);
        } else if let Some((status, sdp)) = incoming.queued.pop_front() {
            self.send_reliably(now, layer, status, sdp);
        }
    }

    pub(crate) fn answer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        sdp: Vec<u8>,
    ) -> Result<(), Refused> {
        let Stage::Incoming(incoming) = &mut self.stage else {
            return Err(Refused::NotNow);
        };
        if incoming.answer.is_some() {
            return Err(Refused::NotNow);
        }
        if incoming
            .unpracked
            .as_ref()
            .is_some_and(|unpracked| unpracked.had_sdp)
        {
            incoming.answer = Some(sdp);
        } else {
            self.send_answer(now, layer, sdp);
        }
        Ok(())
    }

    fn send_answer(&mut self, now: Instant, layer: &mut Layer, sdp: Vec<u8>) {
        let Stage::Incoming(incoming) = &self.stage else {
            return;
        };
        let (tx, seq) = (incoming.tx, incoming.seq);
        self.late_prack = incoming
            .unpracked
            .as_ref()
            .map(|unpracked| (unpracked.rseq, seq));
        let Some(mut response) = layer.response_to(tx, Status::OK) else {
            return;
        };
        self.describe(layer, &mut response.headers);
        if let Some(request) = layer.open_request(tx) {
            self.answer_session_timer(now, layer, &request.headers, &mut response.headers);
        }
        // What a reliable response settled is not said again (RFC 6337 §2.3).
        let body = match self.negotiation {
            Negotiation::Theirs(Waiting::Call) => Some(Negotiation::Stable),
            Negotiation::Asked(Waiting::Call) => Some(Negotiation::Ours(AnswerIn::Ack)),
            Negotiation::Stable
            | Negotiation::Theirs(_)
            | Negotiation::Asked(_)
            | Negotiation::Ours(_)
            | Negotiation::Awaited => None,
        };
        if let Some(next) = body {
            self.negotiation = next;
            self.local_sdp = sdp.as_slice().into();
            response.set_body("application/sdp", sdp);
        }
        self.stage = Stage::Up;
        self.send_accepted(now, layer, tx, seq, &response, true);
    }

    /// Sends a 2xx to an INVITE and keeps sending it until its ACK comes.
    pub(super) fn send_accepted(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        seq: u32,
        response: &crate::message::Response,
        is_first: bool,
    ) {
        if let Some((bytes, flow)) = layer.respond(now, tx, response) {
            let timers = layer.config.timers;
            let pulse = Pulse::new(now, &timers, timers.t2);
            self.unacked = Some(Unacked {
                seq,
                bytes,
                flow,
                is_first,
                pulse,
            });
        }
    }

    pub(crate) fn reject(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        headers: &Headers,
    ) -> Result<(), Refused> {
        if !matches!(self.stage, Stage::Incoming(_)) || status.code() < 300 {
            return Err(Refused::NotNow);
        }
        self.refuse_call(now, layer, status, headers);
        layer.emit(Event::Ended {
            leg: self.handle,
            cause: EndCause::Rejected,
            reason: None,
        });
        Ok(())
    }

    /// Sends the final response and is done; its transaction sees to the ACK.
    pub(super) fn refuse_call(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        headers: &Headers,
    ) {
        self.close_requests(now, layer);
        if let Stage::Incoming(incoming) = &self.stage
            && let Some(mut response) = layer.response_to(incoming.tx, status)
        {
            add_headers(&mut response.headers, headers);
            layer.respond(now, incoming.tx, &response);
        }
        self.stage = Stage::Over;
    }

    /// A CANCEL for an INVITE of theirs: the call's, or a re-INVITE.
    pub(crate) fn cancelled(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        reason: Option<Reason>,
    ) {
        let leg = self.handle;
        if matches!(&self.stage, Stage::Incoming(incoming) if incoming.tx == tx) {
            self.refuse_call(now, layer, Status::REQUEST_TERMINATED, &Headers::new());
            layer.emit(Event::Cancelled { leg, reason });
        } else if self.negotiation.waits_on(tx) {
            layer.respond_status(now, tx, Status::REQUEST_TERMINATED);
            self.negotiation = Negotiation::Stable;
            layer.emit(Event::OfferWithdrawn { leg });
            self.offer_if_free(now, layer);
        }
    }

    pub(super) fn tick_incoming(&mut self, now: Instant, layer: &mut Layer) {
        let leg = self.handle;
        if self.tick_unpracked(now, layer) {
            self.refuse_call(now, layer, Status::SERVER_TIMEOUT, &Headers::new());
            return layer.emit(Event::Ended {
                leg,
                cause: EndCause::AckTimeout,
                reason: None,
            });
        }
        let Stage::Incoming(incoming) = &mut self.stage else {
            return;
        };
        if now >= incoming.refuse_at {
            self.refuse_call(now, layer, Status::TEMPORARILY_UNAVAILABLE, &Headers::new());
            return layer.emit(Event::Ended {
                leg,
                cause: EndCause::NeverAnswered,
                reason: None,
            });
        }
        if now >= incoming.repeat_at {
            incoming.repeat_at = now + layer.config.timers.provisional_every;
            // Only what went unreliably is repeated; the rest was acknowledged.
            match incoming.last_status {
                Some(status) => self.send_ringing(now, layer, status, None),
                None if incoming.must_prack => {}
                None => {
                    let tx = incoming.tx;
                    layer.respond_status(now, tx, Status::TRYING);
                }
            }
        }
    }
}
