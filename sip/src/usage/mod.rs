//! What a call does inside its dialog. A [`Leg`] is one call seen from one side; its parts are told in the files below:
//! [`callee`] until an incoming call is answered, [`caller`] until an outgoing one is, [`session`] for offers and answers,
//! [`ack`], [`prack`], [`session_timer`], [`refer`], [`ending`]; here is what joins them: stages, time, and requests of any kind.

mod ack;
mod callee;
mod caller;
mod ending;
mod prack;
mod refer;
mod session;
mod session_timer;

use std::sync::Arc;
use std::time::Instant;

use ack::{SentAck, Unacked};
use callee::Incoming;
use caller::Outgoing;
use refer::Referral;
use session::{Negotiation, Reoffer};
use session_timer::SessionTimer;

use crate::dialog::{Dialog, Order};
use crate::digest::Account;
use crate::endpoint::{EndCause, Event, Flow, LegHandle, NoResponse, Refused, ServerTx};
use crate::header::{HeaderName, Headers, Reason};
use crate::message::{Method, Request, Response, Status};
use crate::transaction::{Answer, ClientKey, ClientOwner, Head, Layer, Purpose, ServerOwner};

/// What we can be asked (§20.5).
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, INFO, PRACK, REFER, NOTIFY, SUBSCRIBE, MESSAGE";

/// Option tags that the machines honour by themselves.
pub(crate) const OWN_EXTENSIONS: [&str; 2] = ["100rel", "timer"];

/// One call, seen from one side.
pub(crate) struct Leg {
    pub(crate) handle: LegHandle,
    pub(crate) dialog: Dialog,
    stage: Stage,
    /// We sent the INVITE, so the Call-ID is ours: decides who waits longer after glare (§14.1).
    is_caller: bool,
    peer_updates: bool,
    negotiation: Negotiation,
    /// Our side of the session as last sent, for a refresh by re-INVITE.
    local_sdp: Box<[u8]>,
    reoffer: Reoffer,
    /// A re-INVITE of ours without final response.
    invite_out: Option<ClientKey>,
    /// Our newest INVITE, whatever came of it.
    last_invite: Option<ClientKey>,
    /// Our last reliable response, if the answer overtook its PRACK: RSeq and CSeq.
    late_prack: Option<(u32, u32)>,
    /// A 2xx of ours that waits for its ACK.
    unacked: Option<Unacked>,
    /// The last ACK that we sent, in case its 2xx comes again.
    ack: Option<SentAck>,
    timer: Option<SessionTimer>,
    referral: Referral,
    account: Option<Arc<Account>>,
    /// The deadline the layer knows.
    scheduled: Option<Instant>,
}

/// How far the call is.
enum Stage {
    /// Theirs, not finally answered.
    Incoming(Box<Incoming>),
    /// Ours, not finally answered.
    Outgoing(Box<Outgoing>),
    /// A 2xx was sent or received.
    Up,
    /// The shell was told the end; our BYE waits for the ACK that must come before it (§15).
    LeavingUnacked(Option<Box<Reason>>),
    /// The shell was told the end; our BYE waits for its response, and theirs may cross it.
    Leaving,
    /// Nothing more will be sent or understood.
    Over,
}

impl Leg {
    fn new(
        handle: LegHandle,
        dialog: Dialog,
        stage: Stage,
        is_caller: bool,
        negotiation: Negotiation,
    ) -> Self {
        Self {
            handle,
            dialog,
            stage,
            is_caller,
            peer_updates: false,
            negotiation,
            local_sdp: Box::default(),
            reoffer: Reoffer::default(),
            invite_out: None,
            last_invite: None,
            late_prack: None,
            unacked: None,
            ack: None,
            timer: None,
            referral: Referral::default(),
            account: None,
            scheduled: None,
        }
    }

    /// The shell was told that it ended.
    pub(crate) fn is_over(&self) -> bool {
        match self.stage {
            Stage::Incoming(_) | Stage::Outgoing(_) | Stage::Up => false,
            Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => true,
        }
    }

    /// They gave some response to our INVITE, be it 100.
    pub(crate) fn was_heard(&self, layer: &Layer) -> bool {
        match &self.stage {
            Stage::Outgoing(outgoing) => layer.was_heard(outgoing.tx),
            Stage::Incoming(_)
            | Stage::Up
            | Stage::LeavingUnacked(_)
            | Stage::Leaving
            | Stage::Over => true,
        }
    }

    /// It can be forgotten.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    // ---- time ------------------------------------------------------------------------------------------------------

    /// Tells the layer when to wake this leg.
    pub(crate) fn reschedule(&mut self, layer: &mut Layer) {
        let new = if self.is_finished() {
            None
        } else {
            self.deadline()
        };
        layer.wake_leg(self.handle, self.scheduled, new);
        self.scheduled = new;
    }

    /// The layer's deadline was used up.
    pub(crate) fn woken(&mut self) {
        self.scheduled = None;
    }

    fn deadline(&self) -> Option<Instant> {
        let stage = match &self.stage {
            Stage::Incoming(incoming) => Some(incoming.deadline()),
            Stage::Outgoing(outgoing) => outgoing.deadline(),
            Stage::Up | Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => None,
        };
        let is_up = matches!(self.stage, Stage::Up);
        let resends = is_up || matches!(self.stage, Stage::LeavingUnacked(_));
        // Only what the tick can move: a deadline that stays in the past would never let the shell sleep.
        [
            stage,
            self.unacked
                .as_ref()
                .map(|unacked| unacked.pulse.deadline())
                .filter(|_| resends),
            self.reoffer.deadline().filter(|_| self.is_free()),
            self.timer
                .as_ref()
                .map(SessionTimer::deadline)
                .filter(|_| is_up),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant, layer: &mut Layer) {
        match self.stage {
            Stage::Incoming(_) => self.tick_incoming(now, layer),
            Stage::Outgoing(_) => self.tick_outgoing(now, layer),
            Stage::Up => {
                self.tick_unacked(now, layer);
                self.tick_session_timer(now, layer);
                self.offer_if_free(now, layer);
            }
            Stage::LeavingUnacked(_) => self.tick_unacked(now, layer),
            Stage::Leaving | Stage::Over => {}
        }
    }

    // ---- requests and responses inside the dialog ------------------------------------------------------------------

    /// Sends a request inside the dialog.
    fn send(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        request: Request,
        purpose: Purpose,
    ) -> ClientKey {
        let owner = ClientOwner::Leg(self.handle, purpose);
        layer.request(
            now,
            request,
            self.dialog.next_hop(),
            owner,
            self.account.clone(),
        )
    }

    /// True if a response to a request of this leg is for it. A 2xx to the call's INVITE from another fork is not.
    pub(crate) fn takes(&self, purpose: Purpose, answer: &Answer) -> bool {
        if purpose != Purpose::Call || !answer.response.status.is_success() {
            return true;
        }
        match self.stage {
            Stage::Incoming(_) | Stage::Over => false,
            Stage::Outgoing(_) => true,
            Stage::Up | Stage::LeavingUnacked(_) | Stage::Leaving => {
                let to = answer.response.headers.to().ok();
                to.is_some_and(|to| to.tag() == self.dialog.remote_tag.as_deref())
            }
        }
    }

    pub(crate) fn on_response(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        purpose: Purpose,
        answer: Answer,
    ) {
        let status = answer.response.status;
        match purpose {
            Purpose::Call => return self.on_call_response(now, layer, answer),
            Purpose::Reinvite | Purpose::Update | Purpose::Refresh => {
                return self.on_offer_response(now, layer, purpose, answer);
            }
            Purpose::Prack
            | Purpose::Bye
            | Purpose::Info
            | Purpose::Ping
            | Purpose::Notify
            | Purpose::Refer => {}
        }
        if status.is_provisional() {
            return;
        }
        let seq = self.dialog.local_seq + 1;
        if let Some((request, account)) = layer.authorised(answer.key, &answer.response, seq) {
            self.dialog.local_seq = seq;
            if purpose == Purpose::Refer {
                self.referral.renumber(seq);
            }
            let owner = ClientOwner::Leg(self.handle, purpose);
            layer.request(now, request, self.dialog.next_hop(), owner, account);
            return;
        }
        match purpose {
            Purpose::Bye => self.stage = Stage::Over,
            Purpose::Prack => self.on_prack_response(now, layer, &answer.response),
            Purpose::Refer => self.on_refer_response(layer, status),
            // The subscription is gone, not the call (RFC 5057).
            Purpose::Notify if !status.is_success() => self.referral.forget_theirs(),
            Purpose::Info | Purpose::Ping
                if matches!(
                    status,
                    Status::CALL_DOES_NOT_EXIST | Status::REQUEST_TIMEOUT
                ) =>
            {
                self.hang_up(now, layer, EndCause::Lost, None);
            }
            Purpose::Ping if !self.is_over() => layer.emit(Event::Alive { leg: self.handle }),
            Purpose::Notify
            | Purpose::Info
            | Purpose::Ping
            | Purpose::Call
            | Purpose::Reinvite
            | Purpose::Update
            | Purpose::Refresh => {}
        }
    }

    /// A request of this leg got no response.
    pub(crate) fn no_response(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        purpose: Purpose,
        key: ClientKey,
        why: NoResponse,
    ) {
        let cause = match why {
            NoResponse::Timeout => EndCause::Lost,
            NoResponse::Transport => EndCause::TransportFailed,
        };
        match purpose {
            Purpose::Call => self.call_failed(layer, why),
            // §12.2.1.2: silence means that they have no such dialog any more.
            Purpose::Reinvite | Purpose::Update | Purpose::Refresh => {
                if self.invite_out == Some(key) {
                    self.invite_out = None;
                }
                if matches!(self.stage, Stage::Up) {
                    self.hang_up(now, layer, cause, None);
                } else if purpose == Purpose::Update && !self.is_over() {
                    // Before the call is up its INVITE decides.
                    self.negotiation = Negotiation::Stable;
                    layer.emit(Event::OfferRejected {
                        leg: self.handle,
                        status: Status::REQUEST_TIMEOUT,
                    });
                }
            }
            Purpose::Bye => self.stage = Stage::Over,
            Purpose::Refer => self.on_refer_response(layer, Status::REQUEST_TIMEOUT),
            Purpose::Notify => self.referral.forget_theirs(),
            Purpose::Prack | Purpose::Info => {}
            Purpose::Ping => self.hang_up(now, layer, EndCause::Lost, None),
        }
    }

    /// An INVITE of ours rang too long and was cancelled.
    pub(crate) fn rang_too_long(&mut self, layer: &mut Layer, purpose: Purpose) {
        if purpose == Purpose::Call && matches!(self.stage, Stage::Outgoing(_)) {
            self.fail(layer, Status::REQUEST_TIMEOUT, None);
        }
        // A cancelled re-INVITE ends by its own final response.
    }

    /// The shell let a request of theirs lie until it was gone.
    pub(crate) fn left_unanswered(&mut self, now: Instant, layer: &mut Layer, tx: ServerTx) {
        self.referral.forget_request(tx);
        if self.negotiation.waits_on(tx) {
            self.negotiation = Negotiation::Stable;
            self.offer_if_free(now, layer);
        }
    }

    pub(crate) fn on_request(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        flow: &Flow,
        head: &Head,
        request: Request,
    ) {
        if self.dialog.order(head.cseq.seq) == Order::Stale {
            // §12.2.2: out of order.
            return layer.respond_stateless(flow, &request, Status::SERVER_INTERNAL_ERROR, |_| {});
        }
        self.follow(layer, flow, &request);
        let tag = self.dialog.local_tag;
        let accept =
            |layer: &mut Layer, request, owner| layer.accept(now, flow, request, head, owner, tag);
        let ours = ServerOwner::Leg(self.handle);
        match request.method {
            Method::Bye => {
                let reason = reason_of(&request.headers);
                let tx = accept(layer, request, ours);
                layer.respond_status(now, tx, Status::OK);
                self.on_bye(now, layer, reason);
            }
            _ if self.is_over() => {
                layer.respond_stateless(flow, &request, Status::CALL_DOES_NOT_EXIST, |_| {});
            }
            Method::Invite => {
                let sdp = request.sdp().map(<[u8]>::to_vec);
                let tx = accept(layer, request, ours);
                self.on_reinvite(now, layer, tx, sdp);
            }
            Method::Update => {
                let sdp = request.sdp().map(<[u8]>::to_vec);
                let tx = accept(layer, request, ours);
                self.on_update(now, layer, tx, sdp);
            }
            Method::Prack => {
                let rack = request.headers.one(HeaderName::RAck).ok().flatten();
                let sdp = request.sdp().map(<[u8]>::to_vec);
                let tx = accept(layer, request, ours);
                self.on_prack(now, layer, tx, rack, sdp);
            }
            Method::Refer => self.on_refer(now, layer, request, |layer, request| {
                accept(layer, request, ours)
            }),
            Method::Notify => {
                let status = self.on_notify(layer, &request);
                let tx = accept(layer, request, ours);
                layer.respond_status(now, tx, status);
            }
            Method::Info => {
                layer.emit(Event::Info {
                    leg: self.handle,
                    content_type: request
                        .headers
                        .text(HeaderName::ContentType)
                        .map(|text| text.into_owned()),
                    body: request.body.clone(),
                });
                let tx = accept(layer, request, ours);
                layer.respond_status(now, tx, Status::OK);
            }
            Method::Options => {
                let tx = accept(layer, request, ours);
                if let Some(mut response) = layer.response_to(tx, Status::OK) {
                    self.describe(layer, &mut response.headers);
                    response.headers.push(HeaderName::Accept, "application/sdp");
                    layer.respond(now, tx, &response);
                }
            }
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Subscribe
            | Method::Message
            | Method::Publish
            | Method::Other(_) => {
                let event = Box::new(request.clone());
                let tx = accept(layer, request, ServerOwner::Shell);
                layer.emit(Event::Request {
                    tx,
                    request: event,
                    flow: flow.clone(),
                });
            }
        }
    }

    /// Goes where the peer went: to its new connection, and on a target refresh to its new address.
    fn follow(&mut self, layer: &mut Layer, flow: &Flow, request: &Request) {
        let refreshes = matches!(request.method, Method::Invite | Method::Update);
        if flow.connection.is_some() {
            self.reroute(layer, flow);
        } else if refreshes {
            self.dialog.flow = flow.clone();
        }
        if refreshes {
            self.dialog.refresh_target(&request.headers);
        }
        self.note_peer(&request.headers);
    }

    /// Notes what they can do. Silence about Allow changes nothing.
    fn note_peer(&mut self, headers: &Headers) {
        if headers.contains(HeaderName::Allow) {
            self.peer_updates = headers.has_token(HeaderName::Allow, "UPDATE");
        }
    }

    /// Adds what every INVITE, UPDATE and their responses say of us.
    fn describe(&self, layer: &Layer, headers: &mut Headers) {
        headers.push(HeaderName::Contact, &self.dialog.contact);
        headers.push(HeaderName::Allow, ALLOW);
        headers.push(HeaderName::Supported, supported(layer));
    }

    pub(crate) fn info(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(), Refused> {
        if !matches!(self.stage, Stage::Up) {
            return Err(Refused::NotNow);
        }
        let mut request = self.dialog.request(Method::Info);
        request.set_body(content_type, body);
        self.send(now, layer, request, Purpose::Info);
        Ok(())
    }

    pub(crate) fn ping(&mut self, now: Instant, layer: &mut Layer) -> Result<(), Refused> {
        if !matches!(self.stage, Stage::Up) {
            return Err(Refused::NotNow);
        }
        self.send_ping(now, layer);
        Ok(())
    }

    fn send_ping(&mut self, now: Instant, layer: &mut Layer) {
        let request = self.dialog.request(Method::Options);
        self.send(now, layer, request, Purpose::Ping);
    }
}

/// Option tags that we can honour.
fn supported(layer: &Layer) -> String {
    let extensions = layer.config.extensions.iter().map(String::as_str);
    OWN_EXTENSIONS
        .into_iter()
        .chain(extensions)
        .collect::<Vec<_>>()
        .join(", ")
}

fn reason_of(headers: &Headers) -> Option<Reason> {
    headers.first(HeaderName::Reason).ok().flatten()
}

/// Adds lines the shell wishes.
pub(crate) fn add_headers(to: &mut Headers, more: &Headers) {
    for field in more.iter() {
        to.push(HeaderName::from(field.name), field.text());
    }
}

fn sdp_of(response: &Response) -> Option<Vec<u8>> {
    response.sdp().map(<[u8]>::to_vec)
}
