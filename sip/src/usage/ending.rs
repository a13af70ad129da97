//! How a leg ends: their BYE, our BYE in its due place, a connection that is gone.

use std::time::Instant;

use super::refer::Referral;
use super::{Leg, Stage};
use crate::endpoint::{EndCause, Event, Flow, Refused};
use crate::header::{HeaderName, Headers, Reason};
use crate::message::{Method, Status};
use crate::transaction::{Layer, Purpose, same_way};

impl Leg {
    /// They hung up; the BYE is answered.
    pub(super) fn on_bye(&mut self, now: Instant, layer: &mut Layer, reason: Option<Reason>) {
        let leg = self.handle;
        match self.stage {
            // §15: the caller may end an early dialog so.
            Stage::Incoming(_) => {
                self.refuse_call(now, layer, Status::REQUEST_TERMINATED, &Headers::new());
                layer.emit(Event::Cancelled { leg, reason });
            }
            // The callee may not; its final response will come.
            Stage::Outgoing(_) => return,
            Stage::Up => layer.emit(Event::Ended {
                leg,
                cause: EndCause::ByeReceived,
                reason,
            }),
            Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => {}
        }
        self.close_requests(now, layer);
        self.stage = Stage::Over;
    }

    pub(crate) fn bye(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        reason: Option<&Reason>,
    ) -> Result<(), Refused> {
        match self.stage {
            Stage::Incoming(_) => {
                self.reject(now, layer, Status::TEMPORARILY_UNAVAILABLE, &Headers::new())
            }
            Stage::Outgoing(_) => self.cancel(now, layer, reason),
            Stage::Up => {
                self.hang_up(now, layer, EndCause::ByeSent, reason);
                Ok(())
            }
            Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => Err(Refused::Gone),
        }
    }

    /// Ends an answered call from our side and tells the shell why.
    pub(super) fn hang_up(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        cause: EndCause,
        reason: Option<&Reason>,
    ) {
        if !matches!(self.stage, Stage::Up) {
            return;
        }
        layer.emit(Event::Ended {
            leg: self.handle,
            cause,
            reason: None,
        });
        self.close_requests(now, layer);
        if let Some(seq) = self.negotiation.take_awaited_ack() {
            // The caller's side owes an ACK before anything else.
            self.send_ack(layer, seq, None);
        }
        if self.unacked.is_some() {
            self.stage = Stage::LeavingUnacked(reason.cloned().map(Box::new));
        } else {
            self.send_bye(now, layer, reason);
        }
    }

    pub(super) fn send_bye(&mut self, now: Instant, layer: &mut Layer, reason: Option<&Reason>) {
        let mut bye = self.dialog.request(Method::Bye);
        if let Some(reason) = reason {
            bye.headers.push(HeaderName::Reason, reason);
        }
        self.send(now, layer, bye, Purpose::Bye);
        self.stage = Stage::Leaving;
    }

    /// §15.1.2: every request of theirs that still waits is answered.
    pub(super) fn close_requests(&mut self, now: Instant, layer: &mut Layer) {
        for tx in [
            self.negotiation.open_request(),
            self.referral.open_request(),
        ]
        .into_iter()
        .flatten()
        {
            layer.respond_status(now, tx, Status::REQUEST_TERMINATED);
        }
        self.referral = Referral::default();
    }

    /// True if this leg's signalling depends on that flow.
    pub(crate) fn is_on(&self, flow: &Flow) -> bool {
        self.dialog.flow.connection.is_some() && same_way(&self.dialog.flow, flow)
    }

    /// The connection is gone. An answered call goes on: where the peer cannot be called back, a browser, it is waited for. A
    /// call that was on its way to us is given up, for the peer has given it up too.
    pub(crate) fn transport_failed(&mut self, now: Instant, layer: &mut Layer) {
        self.dialog.flow.connection = None;
        let can_return = self.dialog.flow.can_be_opened() && self.dialog.target.ip().is_some();
        if can_return {
            return;
        }
        if let Some(unacked) = &mut self.unacked {
            unacked.flow.connection = None;
        }
        match self.stage {
            Stage::Up => return layer.emit(Event::Stranded { leg: self.handle }),
            Stage::Incoming(_) => {
                self.refuse_call(now, layer, Status::TEMPORARILY_UNAVAILABLE, &Headers::new());
                layer.emit(Event::Cancelled {
                    leg: self.handle,
                    reason: None,
                });
            }
            // The INVITE transaction fails by itself; a goodbye has its own time.
            Stage::Outgoing(_) | Stage::LeavingUnacked(_) | Stage::Leaving => return,
            Stage::Over => {}
        }
        self.close_requests(now, layer);
        self.stage = Stage::Over;
    }

    /// The peer is at the end of another flow from now on. What it may not have got is sent there again.
    pub(crate) fn reroute(&mut self, layer: &mut Layer, flow: &Flow) {
        if self.dialog.flow == *flow {
            return;
        }
        self.dialog.flow = flow.clone();
        if let Some(unacked) = &mut self.unacked {
            unacked.flow = flow.clone();
            layer.resend(flow, &unacked.bytes);
        }
        if let Some(ack) = &mut self.ack {
            ack.flow = flow.clone();
        }
        layer.reroute(self.handle, flow);
    }
}
