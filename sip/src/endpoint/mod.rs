//! The face of the SIP machines: one endpoint holds every transaction, dialog and call leg of a node, and is driven by a
//! shell that owns sockets and clock.
//!
//! The shell gives it what arrived ([`Endpoint::received`]), what broke ([`Endpoint::transport_failed`]), that time has
//! passed ([`Endpoint::tick`]) and what is wished (all other methods). After each of these it drains
//! [`Endpoint::poll_effect`] and sleeps no longer than [`Endpoint::poll_timeout`].
//!
//! A call leg ends with exactly one of [`Event::Cancelled`], [`Event::Failed`] and [`Event::Ended`]; after it every wish
//! for that leg is refused with [`Refused::Gone`].

mod event;
mod params;
mod routing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

pub use event::{
    Effect, EndCause, Event, Flow, LegHandle, NoResponse, Refused, RequestHandle, ServerTx,
};
pub use params::{Config, DialogName, InviteParams, RequestParams, Stats};

use crate::dialog::Tag;
use crate::header::{CSeq, HeaderName, Headers, NameAddr, Reason, Replaces};
use crate::message::{Message, Request, Status};
use crate::parse::{ParseError, Problem};
pub use crate::transaction::Timers;
use crate::transaction::{ClientOwner, Layer};
pub use crate::usage::ALLOW;
use crate::usage::{Leg, add_headers};

/// Every transaction, dialog and call leg of one node.
pub struct Endpoint {
    layer: Layer,
    legs: HashMap<LegHandle, Box<Leg>>,
    by_tag: HashMap<Tag, LegHandle>,
    last_handle: u64,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Endpoint({:?})", self.stats())
    }
}

impl Endpoint {
    /// An endpoint without calls. `random` makes tags, branches and Call-IDs: unpredictable in production, seeded in tests.
    pub fn new(config: Config, random: impl FnMut() -> u64 + Send + 'static) -> Self {
        Self {
            layer: Layer::new(config, Box::new(random)),
            legs: HashMap::new(),
            by_tag: HashMap::new(),
            last_handle: 0,
        }
    }

    /// The next thing to do. Drain it after every other call.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.layer.poll_effect()
    }

    /// When [`Endpoint::tick`] is next needed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.layer.poll_timeout()
    }

    /// Counters and table sizes.
    pub fn stats(&self) -> Stats {
        Stats {
            legs: self.legs.len(),
            ..self.layer.stats()
        }
    }

    // ---- what happens to us ----------------------------------------------------------------------------------------

    /// A datagram or WebSocket message, or one message cut from a stream, came by `flow`.
    pub fn received(&mut self, now: Instant, flow: &Flow, bytes: &[u8]) {
        match Message::parse(bytes) {
            Ok(message) => self.received_message(now, flow, message),
            Err(error) => self.received_malformed(flow, &error),
        }
    }

    /// The same for a message that a stream's framer has read.
    pub fn received_message(&mut self, now: Instant, flow: &Flow, message: Message) {
        match message {
            Message::Request(request) => self.on_request(now, flow, request),
            Message::Response(response) => self.on_response(now, flow, response),
        }
    }

    /// The same for a message that a stream's framer could not read. What can be answered gets 400 with a reason.
    pub fn received_malformed(&mut self, flow: &Flow, error: &ParseError) {
        if error.problem == Problem::Empty {
            return;
        }
        self.layer.stats.malformed += 1;
        if let Some(reply) = error.reply() {
            self.layer.respond_malformed(flow, reply);
        }
    }

    /// A message could not be sent on `flow`, or its connection is gone.
    pub fn transport_failed(&mut self, now: Instant, flow: &Flow) {
        for fired in self.layer.transport_failed(flow) {
            self.on_fired(now, fired);
        }
        let mut concerned: Vec<LegHandle> = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.is_on(flow))
            .map(|(handle, _)| *handle)
            .collect();
        concerned.sort_unstable();
        for leg in concerned {
            self.with_leg(leg, |leg, layer| leg.transport_failed(now, layer));
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        while let Some(fired) = self.layer.next_due(now) {
            self.on_fired(now, fired);
        }
    }

    // ---- calls in --------------------------------------------------------------------------------------------------

    /// Sends a provisional response: 180, or 183 with early media. It is sent reliably (RFC 3262) if `reliable` is wished and
    /// they can, or if they demand it. Where their INVITE had no offer, `sdp` is ours and only goes reliably (§13.2.1).
    pub fn ring(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
        sdp: Option<Vec<u8>>,
        reliable: bool,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| {
            leg.ring(now, layer, status, sdp, reliable)
        })
    }

    /// Answers the call with 200. `sdp` is our answer, or our offer if they made none.
    pub fn answer(&mut self, now: Instant, leg: LegHandle, sdp: Vec<u8>) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.answer(now, layer, sdp))
    }

    /// Refuses the call. `headers` are added to the response: Retry-After, WWW-Authenticate, Contact, …
    pub fn reject(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
        headers: &Headers,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.reject(now, layer, status, headers))
    }

    // ---- calls out -------------------------------------------------------------------------------------------------

    /// Makes a call.
    pub fn invite(&mut self, now: Instant, params: InviteParams) -> Result<LegHandle, Refused> {
        self.layer.room_for_client()?;
        if self.legs.len() >= self.layer.config.legs_max {
            self.layer.stats.refused_full += 1;
            return Err(Refused::Full);
        }
        let (handle, tag) = self.new_leg();
        let leg = Leg::call(now, &mut self.layer, handle, tag, params);
        self.keep(leg);
        Ok(handle)
    }

    /// Gives up a call that is not answered yet; [`Event::Failed`] with 487 comes at once. If their 200 crosses our CANCEL, it
    /// is acknowledged and hung up here.
    pub fn cancel(
        &mut self,
        now: Instant,
        leg: LegHandle,
        reason: Option<&Reason>,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.cancel(now, layer, reason))
    }

    /// True once they gave any response to our call, be it 100: a trunk that stays silent for a few seconds is better left for
    /// the next one.
    pub fn was_heard(&self, leg: LegHandle) -> bool {
        self.legs
            .get(&leg)
            .is_none_or(|leg| leg.was_heard(&self.layer))
    }

    // ---- calls that are up -----------------------------------------------------------------------------------------

    /// Ends the leg at whatever stage it is: hangs up, cancels, or refuses with 480.
    pub fn bye(
        &mut self,
        now: Instant,
        leg: LegHandle,
        reason: Option<&Reason>,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.bye(now, layer, reason))
    }

    /// Offers a changed session: hold, resume, another address. If an offer is under way already, this one waits for it, and
    /// replaces any other that waits; each offer that is sent ends in [`Event::OfferAnswered`] or [`Event::OfferRejected`].
    pub fn reoffer(&mut self, now: Instant, leg: LegHandle, sdp: Vec<u8>) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.reoffer(now, layer, sdp))
    }

    /// Answers [`Event::Offered`]; where they asked us for an offer, `sdp` is it.
    pub fn accept_offer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        sdp: Vec<u8>,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.accept_offer(now, layer, sdp))
    }

    /// Refuses [`Event::Offered`], as a rule with 488 and a Warning. The session stays as it was.
    pub fn reject_offer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
        headers: &Headers,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| {
            leg.reject_offer(now, layer, status, headers)
        })
    }

    /// Sends an INFO.
    pub fn info(
        &mut self,
        now: Instant,
        leg: LegHandle,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.info(now, layer, content_type, body))
    }

    /// Asks them to call someone else.
    pub fn refer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        refer_to: &NameAddr,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.refer(now, layer, refer_to))
    }

    /// Takes a REFER: 202, and a first NOTIFY "100 Trying".
    pub fn accept_refer(&mut self, now: Instant, leg: LegHandle) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.accept_refer(now, layer))
    }

    /// Tells them how the referred call fares; a final status ends the telling.
    pub fn refer_progress(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.refer_progress(now, layer, status))
    }

    /// Refuses a REFER.
    pub fn reject_refer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
    ) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.reject_refer(now, layer, status))
    }

    /// Asks inside the call whether the peer still knows it (OPTIONS, §11): [`Event::Alive`] if so, else [`Event::Ended`] with
    /// [`EndCause::Lost`].
    pub fn ping(&mut self, now: Instant, leg: LegHandle) -> Result<(), Refused> {
        self.wish(leg, |leg, layer| leg.ping(now, layer))
    }

    /// The peer is now reached by another flow: it has registered anew from there. What waits for an answer is sent again.
    pub fn reroute(&mut self, leg: LegHandle, flow: &Flow) {
        self.with_leg(leg, |leg, layer| leg.reroute(layer, flow));
    }

    /// The connection that a leg's requests go by; `None` when it has none, or has lost it.
    pub fn connection(&self, leg: LegHandle) -> Option<u64> {
        self.legs.get(&leg)?.dialog.flow.connection
    }

    /// True if the signalling of some leg, be it its goodbye, goes by that connection.
    pub fn is_used(&self, connection: u64) -> bool {
        let theirs = |leg: &Leg| leg.dialog.flow.connection == Some(connection);
        self.legs.values().any(|leg| theirs(leg))
    }

    /// The leg's Call-ID, known from the start.
    pub fn call_id(&self, leg: LegHandle) -> Option<&str> {
        Some(&self.legs.get(&leg)?.dialog.call_id)
    }

    /// How the leg's dialog is named from outside; `None` before there is one.
    pub fn dialog_name(&self, leg: LegHandle) -> Option<DialogName> {
        self.legs.get(&leg)?.dialog.name()
    }

    /// The leg that a Replaces header means.
    pub fn find_leg(&self, replaces: &Replaces) -> Option<LegHandle> {
        let handle = *self.by_tag.get(&Tag::parse(&replaces.to_tag)?)?;
        let dialog = &self.legs.get(&handle)?.dialog;
        dialog
            .is(&replaces.call_id, Some(&replaces.from_tag))
            .then_some(handle)
    }

    // ---- outside calls ---------------------------------------------------------------------------------------------

    /// Answers [`Event::Request`]. `body` comes with its Content-Type.
    pub fn respond(
        &mut self,
        now: Instant,
        tx: ServerTx,
        status: Status,
        headers: &Headers,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<(), Refused> {
        let mut response = self.layer.response_to(tx, status).ok_or(Refused::Gone)?;
        add_headers(&mut response.headers, headers);
        if let Some((content_type, body)) = body {
            response.set_body(content_type, body);
        }
        self.layer
            .respond(now, tx, &response)
            .map(|_| ())
            .ok_or(Refused::Gone)
    }

    /// Sends a request and waits for its response, which comes as [`Event::Response`].
    pub fn request(
        &mut self,
        now: Instant,
        params: RequestParams,
    ) -> Result<RequestHandle, Refused> {
        self.layer.room_for_client()?;
        let RequestParams {
            method,
            target,
            next_hop,
            from,
            mut to,
            headers,
            body,
            credentials,
            series,
        } = params;
        self.last_handle += 1;
        let handle = RequestHandle(self.last_handle);
        let (call_id, seq) = series.unwrap_or_else(|| (self.layer.new_call_id(), 1));
        let tag = Tag(self.layer.random());
        let mut request = Request::new(method.clone(), target);
        request.headers.push(HeaderName::MaxForwards, 70);
        request
            .headers
            .push(HeaderName::From, from.with_tag(&tag.to_string()));
        to.params.remove("tag");
        request.headers.push(HeaderName::To, to);
        request.headers.push(HeaderName::CallId, call_id);
        request.headers.push(HeaderName::CSeq, CSeq { seq, method });
        add_headers(&mut request.headers, &headers);
        request.body = body;
        self.layer.request(
            now,
            request,
            next_hop,
            ClientOwner::Request(handle),
            credentials.map(Arc::new),
        );
        Ok(handle)
    }

    /// Answers a request without any state, for admission control before [`Endpoint::received_message`].
    pub fn refuse(&mut self, flow: &Flow, request: &Request, status: Status, headers: &Headers) {
        self.layer
            .respond_stateless(flow, request, status, |response| {
                add_headers(&mut response.headers, headers)
            });
    }
}
