//! Reliable provisional responses (RFC 3262), both sides.

use std::sync::Arc;
use std::time::Instant;

use super::ack::{Beat, Pulse};
use super::session::{Negotiation, Waiting};
use super::{Leg, Stage};
use crate::endpoint::{Event, Flow, ServerTx};
use crate::header::{HeaderName, RAck};
use crate::message::{Method, Response, Status};
use crate::transaction::{Layer, Purpose};

/// A provisional response of ours that is sent again until its PRACK comes.
pub(super) struct Unpracked {
    pub(super) rseq: u32,
    pub(super) bytes: Arc<[u8]>,
    pub(super) flow: Flow,
    pub(super) had_sdp: bool,
    pub(super) pulse: Pulse,
}

impl Leg {
    /// Their PRACK.
    pub(super) fn on_prack(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        rack: Option<RAck>,
        sdp: Option<Vec<u8>>,
    ) {
        let named = rack
            .filter(|rack| rack.method == Method::Invite)
            .map(|rack| (rack.rseq, rack.seq));
        let matched = match &mut self.stage {
            Stage::Incoming(incoming) => {
                let seq = incoming.seq;
                let awaited = incoming
                    .unpracked
                    .take_if(|unpracked| named == Some((unpracked.rseq, seq)));
                awaited.is_some()
            }
            // RFC 3262 §3: the answer may overtake the PRACK, which is answered all the same.
            Stage::Up | Stage::LeavingUnacked(_) => {
                named.is_some()
                    && self
                        .late_prack
                        .take_if(|late| named == Some(*late))
                        .is_some()
            }
            Stage::Outgoing(_) | Stage::Leaving | Stage::Over => false,
        };
        if !matched {
            return layer.respond_status(now, tx, Status::CALL_DOES_NOT_EXIST);
        }
        let leg = self.handle;
        if self.negotiation.take_answer_in_prack() {
            layer.respond_status(now, tx, Status::OK);
            layer.emit(Event::OfferAnswered { leg, sdp });
        } else if sdp.is_some() && self.negotiation.is_stable() {
            self.negotiation = Negotiation::Theirs(Waiting::Request(tx, Method::Prack));
            layer.emit(Event::Offered { leg, sdp });
        } else {
            layer.respond_status(now, tx, Status::OK);
        }
        self.after_prack(now, layer);
    }

    /// Sends the provisional response again, or gives the call up: without its PRACK they may not know it (RFC 3262 §3).
    pub(super) fn tick_unpracked(&mut self, now: Instant, layer: &mut Layer) -> bool {
        let Stage::Incoming(incoming) = &mut self.stage else {
            return false;
        };
        let Some(unpracked) = &mut incoming.unpracked else {
            return false;
        };
        match unpracked.pulse.beat(now) {
            Beat::NotYet => false,
            Beat::Again => {
                layer.resend(&unpracked.flow, &unpracked.bytes);
                false
            }
            Beat::GiveUp => true,
        }
    }

    /// Acknowledges a reliable provisional response.
    pub(super) fn send_prack(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        rseq: u32,
        seq: u32,
        sdp: Option<Vec<u8>>,
    ) {
        let mut prack = self.dialog.request(Method::Prack);
        prack.headers.push(
            HeaderName::RAck,
            RAck {
                rseq,
                seq,
                method: Method::Invite,
            },
        );
        if let Some(sdp) = sdp {
            prack.set_body("application/sdp", sdp);
        }
        self.send(now, layer, prack, Purpose::Prack);
    }

    /// A refused PRACK leaves the call to its final response.
    pub(super) fn on_prack_response(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        response: &Response,
    ) {
        if response.status.is_success() {
            self.offer_if_free(now, layer);
        }
    }
}
