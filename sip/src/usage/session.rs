//! Offers and answers after the call's first INVITE (RFC 3264, RFC 3311, RFC 6337): who owes whom what, one at a time.

use std::time::{Duration, Instant};

use super::{Leg, Stage, add_headers};
use crate::endpoint::{EndCause, Event, Refused, ServerTx};
use crate::header::{HeaderName, Headers, RetryAfter};
use crate::message::{Method, Response, Status};
use crate::transaction::{Answer, ClientOwner, Layer, Purpose};

/// How often glare is tried again before the wish is given up.
const ATTEMPTS_MAX: u8 = 6;

/// Who owes an offer or an answer.
#[derive(Debug)]
pub(super) enum Negotiation {
    /// Nobody.
    Stable,
    /// They offered; we owe the answer.
    Theirs(Waiting),
    /// Their INVITE had no offer; we owe it.
    Asked(Waiting),
    /// We offered; they owe the answer.
    Ours(AnswerIn),
    /// Our INVITE had no offer; they owe it.
    Awaited,
}

/// What carries the thing we owe.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A response to the INVITE of the call.
    Call,
    /// A response to a re-INVITE, UPDATE or PRACK.
    Request(ServerTx, Method),
    /// The ACK of a 2xx of theirs.
    Ack(u32),
    /// The PRACK of a reliable response of theirs.
    Provisional { rseq: u32, seq: u32 },
}

/// What will carry the answer they owe.
#[derive(Debug)]
pub(super) enum AnswerIn {
    Response,
    Ack,
    Prack,
}

impl Negotiation {
    pub(super) fn is_stable(&self) -> bool {
        matches!(self, Self::Stable)
    }

    /// The request of theirs, not the call's own, that waits for the shell.
    pub(super) fn open_request(&self) -> Option<ServerTx> {
        match self {
            Self::Theirs(Waiting::Request(tx, _)) | Self::Asked(Waiting::Request(tx, _)) => {
                Some(*tx)
            }
            Self::Stable | Self::Theirs(_) | Self::Asked(_) | Self::Ours(_) | Self::Awaited => None,
        }
    }

    pub(super) fn waits_on(&self, tx: ServerTx) -> bool {
        self.open_request() == Some(tx)
    }

    /// True if an ACK was to bring their answer; it is now here.
    pub(super) fn take_answer_in_ack(&mut self) -> bool {
        let expected = matches!(self, Self::Ours(AnswerIn::Ack));
        if expected {
            *self = Self::Stable;
        }
        expected
    }

    /// True if a PRACK was to bring their answer; it is now here.
    pub(super) fn take_answer_in_prack(&mut self) -> bool {
        let expected = matches!(self, Self::Ours(AnswerIn::Prack));
        if expected {
            *self = Self::Stable;
        }
        expected
    }

    /// The 2xx whose ACK waits for our answer, if any; it waits no longer.
    pub(super) fn take_awaited_ack(&mut self) -> Option<u32> {
        let Self::Theirs(Waiting::Ack(seq)) = *self else {
            return None;
        };
        *self = Self::Stable;
        Some(seq)
    }
}

/// An offer that the shell wishes and that is not through yet.
#[derive(Debug, Default)]
pub(super) struct Reoffer {
    wish: Option<Box<[u8]>>,
    not_before: Option<Instant>,
    attempts: u8,
}

impl Reoffer {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wish.as_ref().and(self.not_before)
    }
}

impl Leg {
    // ---- theirs ----------------------------------------------------------------------------------------------------

    pub(super) fn on_reinvite(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        sdp: Option<Vec<u8>>,
    ) {
        match &self.stage {
            Stage::Up => {}
            // Their first INVITE has no final response yet (§14.2).
            Stage::Incoming(_) => return self.refuse_overlap(now, layer, tx),
            Stage::Outgoing(_) => return layer.respond_status(now, tx, Status::REQUEST_PENDING),
            Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => {
                return layer.respond_status(now, tx, Status::CALL_DOES_NOT_EXIST);
            }
        }
        if self.invite_out.is_some() {
            return layer.respond_status(now, tx, Status::REQUEST_PENDING);
        }
        if !self.take_their_turn(now, layer, tx) {
            return;
        }
        // A new INVITE of theirs means that our 2xx to the one before arrived; its ACK was lost or is late.
        if let Some(unacked) = self.unacked.take() {
            self.settle_ack(layer, unacked.is_first, None);
        }
        layer.respond_status(now, tx, Status::TRYING);
        let waiting = Waiting::Request(tx, Method::Invite);
        self.negotiation = match sdp {
            Some(_) => Negotiation::Theirs(waiting),
            None => Negotiation::Asked(waiting),
        };
        layer.emit(Event::Offered {
            leg: self.handle,
            sdp,
        });
    }

    pub(super) fn on_update(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        sdp: Option<Vec<u8>>,
    ) {
        let Some(sdp) = sdp else {
            // A refresh: it touches no offer.
            if !self.interval_refused(now, layer, tx) {
                self.accept_update(now, layer, tx, None);
            }
            return;
        };
        if self.take_their_turn(now, layer, tx) {
            self.negotiation = Negotiation::Theirs(Waiting::Request(tx, Method::Update));
            layer.emit(Event::Offered {
                leg: self.handle,
                sdp: Some(sdp),
            });
        }
    }

    /// True if they may offer now. Else the request is refused as RFC 3261 §14.2 and RFC 3311 §5.2 say.
    fn take_their_turn(&mut self, now: Instant, layer: &mut Layer, tx: ServerTx) -> bool {
        match self.negotiation {
            Negotiation::Stable => !self.interval_refused(now, layer, tx),
            Negotiation::Ours(_) | Negotiation::Awaited => {
                layer.respond_status(now, tx, Status::REQUEST_PENDING);
                false
            }
            Negotiation::Theirs(_) | Negotiation::Asked(_) => {
                self.refuse_overlap(now, layer, tx);
                false
            }
        }
    }

    fn interval_refused(&mut self, now: Instant, layer: &mut Layer, tx: ServerTx) -> bool {
        let min = layer
            .open_request(tx)
            .and_then(|request| Self::interval_too_small(layer, &request.headers));
        let Some(min) = min else {
            return false;
        };
        if let Some(mut response) = layer.response_to(tx, Status::SESSION_INTERVAL_TOO_SMALL) {
            response.headers.push(HeaderName::MinSe, min);
            layer.respond(now, tx, &response);
        }
        true
    }

    fn refuse_overlap(&mut self, now: Instant, layer: &mut Layer, tx: ServerTx) {
        let wait = layer.random() % 11;
        if let Some(mut response) = layer.response_to(tx, Status::SERVER_INTERNAL_ERROR) {
            response.headers.push(HeaderName::RetryAfter, wait);
            layer.respond(now, tx, &response);
        }
    }

    pub(crate) fn accept_offer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        sdp: Vec<u8>,
    ) -> Result<(), Refused> {
        match std::mem::replace(&mut self.negotiation, Negotiation::Stable) {
            Negotiation::Theirs(Waiting::Request(tx, Method::Invite)) => {
                self.accept_reinvite(now, layer, tx, sdp);
            }
            Negotiation::Asked(Waiting::Request(tx, _)) => {
                self.negotiation = Negotiation::Ours(AnswerIn::Ack);
                self.accept_reinvite(now, layer, tx, sdp);
            }
            Negotiation::Theirs(Waiting::Request(tx, _)) => {
                self.accept_update(now, layer, tx, Some(sdp))
            }
            Negotiation::Theirs(waiting @ (Waiting::Ack(_) | Waiting::Provisional { .. })) => {
                self.local_sdp = sdp.as_slice().into();
                self.answer_as_caller(now, layer, &waiting, sdp);
            }
            other @ (Negotiation::Stable
            | Negotiation::Theirs(Waiting::Call)
            | Negotiation::Asked(
                Waiting::Call | Waiting::Ack(_) | Waiting::Provisional { .. },
            )
            | Negotiation::Ours(_)
            | Negotiation::Awaited) => {
                self.negotiation = other;
                return Err(Refused::NotNow);
            }
        }
        self.offer_if_free(now, layer);
        Ok(())
    }

    fn accept_reinvite(&mut self, now: Instant, layer: &mut Layer, tx: ServerTx, sdp: Vec<u8>) {
        let Some(seq) = layer
            .open_request(tx)
            .and_then(|request| request.headers.cseq().ok())
            .map(|cseq| cseq.seq)
        else {
            return;
        };
        let Some(response) = self.accepting(now, layer, tx, Some(sdp)) else {
            return;
        };
        self.send_accepted(now, layer, tx, seq, &response, false);
    }

    fn accept_update(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        sdp: Option<Vec<u8>>,
    ) {
        if let Some(response) = self.accepting(now, layer, tx, sdp) {
            layer.respond(now, tx, &response);
        }
    }

    /// A 200 that refreshes the session.
    fn accepting(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        tx: ServerTx,
        sdp: Option<Vec<u8>>,
    ) -> Option<Response> {
        let mut response = layer.response_to(tx, Status::OK)?;
        let request = layer.open_request(tx)?;
        if matches!(request.method, Method::Invite | Method::Update) {
            self.answer_session_timer(now, layer, &request.headers, &mut response.headers);
            self.describe(layer, &mut response.headers);
        }
        if let Some(sdp) = sdp {
            self.local_sdp = sdp.as_slice().into();
            response.set_body("application/sdp", sdp);
        }
        Some(response)
    }

    pub(crate) fn reject_offer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        headers: &Headers,
    ) -> Result<(), Refused> {
        if status.code() < 300 {
            return Err(Refused::NotNow);
        }
        if let Some(tx) = self.negotiation.open_request() {
            self.negotiation = Negotiation::Stable;
            if let Some(mut response) = layer.response_to(tx, status) {
                add_headers(&mut response.headers, headers);
                layer.respond(now, tx, &response);
            }
            self.offer_if_free(now, layer);
            return Ok(());
        }
        match self.negotiation {
            Negotiation::Theirs(Waiting::Ack(_) | Waiting::Provisional { .. }) => {
                self.refuse_as_caller(now, layer)
            }
            Negotiation::Stable
            | Negotiation::Theirs(_)
            | Negotiation::Asked(_)
            | Negotiation::Ours(_)
            | Negotiation::Awaited => Err(Refused::NotNow),
        }
    }

    // ---- ours ------------------------------------------------------------------------------------------------------

    pub(crate) fn reoffer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        sdp: Vec<u8>,
    ) -> Result<(), Refused> {
        match self.stage {
            Stage::Up | Stage::Outgoing(_) | Stage::Incoming(_) => {}
            Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => return Err(Refused::Gone),
        }
        self.reoffer.wish = Some(sdp.into());
        self.reoffer.attempts = 0;
        self.offer_if_free(now, layer);
        Ok(())
    }

    /// No offer is under way in either direction, and no INVITE (§14.1).
    pub(super) fn is_free(&self) -> bool {
        matches!(self.stage, Stage::Up)
            && self.negotiation.is_stable()
            && self.invite_out.is_none()
            && self.unacked.is_none()
    }

    /// Sends the wished offer if its time has come.
    pub(super) fn offer_if_free(&mut self, now: Instant, layer: &mut Layer) {
        let early = !matches!(self.stage, Stage::Up);
        let may = match self.stage {
            Stage::Up => self.is_free(),
            // Before the call is up only UPDATE can offer, and only once the first answer is through.
            Stage::Incoming(_) | Stage::Outgoing(_) => {
                self.negotiation.is_stable()
                    && self.peer_updates
                    && self.dialog.remote_tag.is_some()
            }
            Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => false,
        };
        if !may || self.reoffer.not_before.is_some_and(|at| now < at) {
            return;
        }
        let Some(sdp) = self.reoffer.wish.take() else {
            return;
        };
        self.reoffer.not_before = None;
        if early {
            self.send_update(now, layer, sdp.into());
        } else {
            self.send_reinvite(now, layer, sdp.into(), Purpose::Reinvite);
        }
    }

    fn send_update(&mut self, now: Instant, layer: &mut Layer, sdp: Vec<u8>) {
        let mut request = self.dialog.request(Method::Update);
        self.describe(layer, &mut request.headers);
        self.offer_in(layer, request, sdp, now, Purpose::Update);
    }

    pub(super) fn send_reinvite(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        sdp: Vec<u8>,
        purpose: Purpose,
    ) {
        let mut request = self.dialog.request(Method::Invite);
        self.describe(layer, &mut request.headers);
        self.ask_session_timer(layer, &mut request.headers);
        let key = self.offer_in(layer, request, sdp, now, purpose);
        self.invite_out = Some(key);
        self.last_invite = Some(key);
    }

    fn offer_in(
        &mut self,
        layer: &mut Layer,
        mut request: crate::message::Request,
        sdp: Vec<u8>,
        now: Instant,
        purpose: Purpose,
    ) -> crate::transaction::ClientKey {
        request.set_body("application/sdp", sdp);
        self.negotiation = Negotiation::Ours(AnswerIn::Response);
        self.send(now, layer, request, purpose)
    }

    /// A response to a re-INVITE or UPDATE of ours.
    pub(super) fn on_offer_response(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        purpose: Purpose,
        answer: Answer,
    ) {
        let status = answer.response.status;
        if status.is_provisional() {
            return;
        }
        let sent = layer.sent_request(answer.key);
        let (is_invite, offered) = sent.as_ref().map_or((false, None), |request| {
            (
                request.method == Method::Invite,
                request.sdp().map(Box::<[u8]>::from),
            )
        });
        if is_invite && status.is_success() && self.acked_again(layer, answer.cseq) {
            return;
        }
        if self.invite_out == Some(answer.key) {
            self.invite_out = None;
        }
        if status.is_success() {
            return self.on_offer_accepted(now, layer, purpose, answer, is_invite, offered);
        }
        if self.is_over() {
            return;
        }
        let seq = self.dialog.local_seq + 1;
        if let Some((request, account)) = layer.authorised(answer.key, &answer.response, seq) {
            self.dialog.local_seq = seq;
            let owner = ClientOwner::Leg(self.handle, purpose);
            let key = layer.request(now, request, self.dialog.next_hop(), owner, account);
            if is_invite {
                self.invite_out = Some(key);
                self.last_invite = Some(key);
            }
            return;
        }
        if offered.is_some() {
            self.negotiation = Negotiation::Stable;
        }
        // §12.2.1.2: they have no such dialog any more.
        let is_unknown = matches!(
            status,
            Status::CALL_DOES_NOT_EXIST | Status::REQUEST_TIMEOUT
        );
        if is_unknown && matches!(self.stage, Stage::Up) {
            return self.hang_up(now, layer, EndCause::Lost, None);
        }
        match purpose {
            Purpose::Refresh => {
                let min = answer.response.headers.min_se().ok().flatten();
                self.retry_refresh(
                    now,
                    min.filter(|_| status == Status::SESSION_INTERVAL_TOO_SMALL),
                );
            }
            Purpose::Reinvite | Purpose::Update => {
                self.on_offer_refused(now, layer, status, &answer.response.headers, offered)
            }
            Purpose::Call
            | Purpose::Prack
            | Purpose::Bye
            | Purpose::Info
            | Purpose::Ping
            | Purpose::Notify
            | Purpose::Refer => {}
        }
        self.offer_if_free(now, layer);
    }

    fn on_offer_accepted(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        purpose: Purpose,
        answer: Answer,
        is_invite: bool,
        offered: Option<Box<[u8]>>,
    ) {
        self.dialog.refresh_target(&answer.response.headers);
        self.note_peer(&answer.response.headers);
        if is_invite {
            self.send_ack(layer, answer.cseq, None);
        }
        if self.is_over() {
            return;
        }
        if is_invite || purpose == Purpose::Refresh {
            self.take_session_timer(now, layer, &answer.response.headers);
        }
        if let Some(offered) = offered {
            self.local_sdp = offered;
            self.negotiation = Negotiation::Stable;
            self.reoffer.attempts = 0;
            let sdp = answer.response.sdp().map(<[u8]>::to_vec);
            layer.emit(Event::OfferAnswered {
                leg: self.handle,
                sdp,
            });
        }
        self.offer_if_free(now, layer);
    }

    /// Glare (491) and overlap (500 with Retry-After) are tried again, all else is told.
    fn on_offer_refused(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
        headers: &Headers,
        offered: Option<Box<[u8]>>,
    ) {
        let retry_after: Option<RetryAfter> = headers.one(HeaderName::RetryAfter).ok().flatten();
        let wait = match (status, retry_after) {
            // §14.1: the owner of the Call-ID waits longer, in steps of 10 ms, so that the two do not meet again.
            (Status::REQUEST_PENDING, _) if self.is_caller => {
                Some(2100 + layer.random() % 191 * 10)
            }
            (Status::REQUEST_PENDING, _) => Some(layer.random() % 201 * 10),
            (Status::SERVER_INTERNAL_ERROR, Some(wait)) if wait.seconds <= 10 => {
                Some(u64::from(wait.seconds) * 1000)
            }
            _ => None,
        };
        // A newer wish goes first, and the one that was refused is forgotten.
        if self.reoffer.wish.is_some() {
            self.reoffer.not_before = wait.map(|ms| now + Duration::from_millis(ms));
            return;
        }
        match wait {
            Some(ms) if self.reoffer.attempts < ATTEMPTS_MAX => {
                self.reoffer.attempts += 1;
                self.reoffer.wish = offered;
                self.reoffer.not_before = Some(now + Duration::from_millis(ms));
            }
            Some(_) | None => {
                self.reoffer.attempts = 0;
                layer.emit(Event::OfferRejected {
                    leg: self.handle,
                    status,
                });
            }
        }
    }
}
