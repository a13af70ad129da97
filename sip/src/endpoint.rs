//! The face of the SIP machines: one endpoint holds every transaction, dialog and call leg of a node, and is driven by a
//! shell that owns sockets and clock.
//!
//! The shell gives it what arrived ([`Endpoint::received`]), what broke ([`Endpoint::transport_failed`]), that time has
//! passed ([`Endpoint::tick`]) and what is wished (all other methods). After each of these it drains
//! [`Endpoint::poll_effect`] and sleeps no longer than [`Endpoint::poll_timeout`].
//!
//! A call leg ends with exactly one of [`Event::Cancelled`], [`Event::Failed`] and [`Event::Ended`]; after it every wish
//! for that leg is refused with [`Refused::Gone`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dialog::{Dialog, Tag};
use crate::digest::Account;
use crate::header::{CSeq, HeaderName, Headers, NameAddr, Reason, Replaces, Transport};
use crate::message::{Message, Method, Request, Response, Status};
use crate::parse::{ParseError, Problem};
pub use crate::transaction::Timers;
use crate::transaction::{
    Answer, ClientOwner, Fired, Head, Layer, Purpose, ServerOwner, give_back,
};
use crate::uri::Uri;
pub use crate::usage::ALLOW;
use crate::usage::{Leg, OWN_EXTENSIONS, add_headers};
use crate::validate::{Rejection, validate, validate_response};

/// Where a message came from or goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flow {
    /// What carries it.
    pub transport: Transport,
    /// Our socket's address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The connection on transports that have them. `None` asks the shell to find or open one to `remote`.
    pub connection: Option<u64>,
}

impl Flow {
    /// True if a lost connection can be made again from our side: not to a browser.
    pub(crate) fn can_be_opened(&self) -> bool {
        match self.transport {
            Transport::Udp | Transport::Tcp | Transport::Tls => true,
            Transport::Ws | Transport::Wss | Transport::Other(_) => false,
        }
    }
}

/// One call leg, for as long as the endpoint lives: never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegHandle(pub u64);

/// A request of theirs that waits for [`Endpoint::respond`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerTx(pub u64);

/// A request of ours outside calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestHandle(pub u64);

/// Work for the shell.
#[derive(Debug)]
pub enum Effect {
    /// Put these bytes on that flow. If that is impossible, say so with [`Endpoint::transport_failed`].
    Send {
        /// Where to.
        flow: Flow,
        /// One whole message.
        bytes: Arc<[u8]>,
    },
    /// Something the contact centre should know.
    Event(Event),
}

/// A fact about a call or a request. Session descriptions are handed on as they came, unread.
#[derive(Debug)]
pub enum Event {
    /// Somebody calls. 100 Trying is already sent.
    Incoming {
        /// The new leg.
        leg: LegHandle,
        /// The INVITE.
        request: Box<Request>,
        /// Where it came from.
        flow: Flow,
        /// Their offer; `None` asks us to offer in our answer.
        offer: Option<Vec<u8>>,
    },
    /// The caller gave up before we answered; 487 is sent.
    Cancelled {
        /// Which leg.
        leg: LegHandle,
        /// Why, as the CANCEL said it, e.g. "Call completed elsewhere".
        reason: Option<Reason>,
    },
    /// Our answer to an incoming call was acknowledged: the call is up.
    Acked {
        /// Which leg.
        leg: LegHandle,
        /// Their answer, if the offer was ours.
        answer: Option<Vec<u8>>,
    },
    /// A provisional response to our call.
    Progress {
        /// Which leg.
        leg: LegHandle,
        /// 180, 183, …
        status: Status,
        /// Early media, if any.
        sdp: Option<Vec<u8>>,
    },
    /// Our call was answered. Without offer from us, [`Event::Offered`] follows and the ACK waits for
    /// [`Endpoint::accept_offer`]; else the ACK is sent.
    Answered {
        /// Which leg.
        leg: LegHandle,
        /// Their answer to our offer.
        sdp: Option<Vec<u8>>,
    },
    /// Our call was not answered: refused, timed out (408), not deliverable (503), or cancelled by us (487).
    Failed {
        /// Which leg.
        leg: LegHandle,
        /// The status, or the one that stands for what happened.
        status: Status,
        /// Reason phrase.
        reason: String,
        /// Seconds after which they may be asked again.
        retry_after: Option<u32>,
        /// The response, if there was one: contacts of a redirection, challenges.
        response: Option<Box<Response>>,
    },
    /// They offer a changed session, or with `None` ask us for an offer. [`Endpoint::accept_offer`] or
    /// [`Endpoint::reject_offer`] answers.
    Offered {
        /// Which leg.
        leg: LegHandle,
        /// The offer.
        sdp: Option<Vec<u8>>,
    },
    /// They took their offer back before we answered it. The session stays as it was.
    OfferWithdrawn {
        /// Which leg.
        leg: LegHandle,
    },
    /// They answered an offer that we made: by [`Endpoint::reoffer`], on their request, or to refresh the session.
    OfferAnswered {
        /// Which leg.
        leg: LegHandle,
        /// The answer; `None` if they broke the rules and sent none.
        sdp: Option<Vec<u8>>,
    },
    /// They refused our offer. The session stays as it was.
    OfferRejected {
        /// Which leg.
        leg: LegHandle,
        /// Their status.
        status: Status,
    },
    /// An INFO inside the call, already answered 200.
    Info {
        /// Which leg.
        leg: LegHandle,
        /// Content-Type as written.
        content_type: Option<String>,
        /// The body, e.g. `Signal=5`.
        body: Vec<u8>,
    },
    /// They ask us to call someone in their place. [`Endpoint::accept_refer`] or [`Endpoint::reject_refer`] answers.
    Refer {
        /// Which leg.
        leg: LegHandle,
        /// Whom to call.
        refer_to: Box<NameAddr>,
        /// The call that is to be replaced: an attended transfer.
        replaces: Option<Box<Replaces>>,
        /// On whose behalf.
        referred_by: Option<String>,
    },
    /// How the REFER that we sent fares.
    ReferProgress {
        /// Which leg.
        leg: LegHandle,
        /// Status of the referred call, or of the REFER itself when that was refused.
        status: Status,
        /// Nothing more will come.
        done: bool,
    },
    /// The leg is over.
    Ended {
        /// Which leg.
        leg: LegHandle,
        /// Why.
        cause: EndCause,
        /// Their Reason header, if they gave one.
        reason: Option<Reason>,
    },
    /// A request that belongs to no call, or to a call but not to its session (MESSAGE). [`Endpoint::respond`] answers.
    Request {
        /// What to answer.
        tx: ServerTx,
        /// The request.
        request: Box<Request>,
        /// Where it came from.
        flow: Flow,
    },
    /// What became of a request of ours. Comes exactly once.
    Response {
        /// Which request.
        request: RequestHandle,
        /// The final response or why there is none.
        outcome: Result<Box<Response>, NoResponse>,
    },
}

/// Why a leg ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// They hung up.
    ByeReceived,
    /// We hung up.
    ByeSent,
    /// We refused the call.
    Rejected,
    /// Our answer (or reliable provisional response) was never acknowledged.
    AckTimeout,
    /// We left the call ringing beyond [`Timers::waiting_max`].
    NeverAnswered,
    /// The session was not refreshed in time.
    SessionExpired,
    /// They are silent, or no longer know the call.
    Lost,
    /// The connection that carried the call's signalling is gone and cannot be made again from here.
    TransportFailed,
}

/// Why a request of ours has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoResponse {
    /// Silence for 64·T1.
    Timeout,
    /// The transport failed.
    Transport,
}

/// Why a wish was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The leg, request or transaction is over.
    #[error("it is over")]
    Gone,
    /// It cannot be wished at this stage of the call.
    #[error("not at this stage of the call")]
    NotNow,
    /// A table is full.
    #[error("too many calls or requests")]
    Full,
}

/// A call to make.
#[derive(Debug, Clone)]
pub struct InviteParams {
    /// Request-URI.
    pub target: Uri,
    /// Where the request goes.
    pub next_hop: Flow,
    /// Who calls; its tag is set by the endpoint.
    pub from: NameAddr,
    /// Who is called.
    pub to: NameAddr,
    /// How they reach us inside the dialog; by default From's user at our address.
    pub contact: Option<Uri>,
    /// Our offer; `None` lets them offer.
    pub offer: Option<Vec<u8>>,
    /// More headers.
    pub headers: Headers,
    /// Answers one 401 or 407.
    pub credentials: Option<Account>,
    /// Route set: a trunk's outbound proxy, a registration's Path.
    pub route: Vec<NameAddr>,
    /// How long it may ring; [`Timers::ringing_max`] bounds it in any case.
    pub ring_timeout: Option<Duration>,
    /// One less than the incoming call's, so that a loop through other B2BUAs ends; 70 if not given.
    pub max_forwards: Option<u8>,
}

/// A request to make outside calls.
#[derive(Debug, Clone)]
pub struct RequestParams {
    /// OPTIONS, REGISTER, MESSAGE, …
    pub method: Method,
    /// Request-URI.
    pub target: Uri,
    /// Where the request goes.
    pub next_hop: Flow,
    /// Who asks; its tag is set by the endpoint.
    pub from: NameAddr,
    /// Who is asked.
    pub to: NameAddr,
    /// More headers: Contact, Expires, Route, Content-Type, …
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// Answers one 401 or 407.
    pub credentials: Option<Account>,
    /// Call-ID and CSeq of the series this belongs to (a REGISTER refresh); fresh ones if not given.
    pub series: Option<(String, u32)>,
}

/// What names a dialog from outside: for Replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogName {
    /// Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// Their tag.
    pub remote_tag: String,
}

/// What the endpoint is told once.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long to wait for what.
    pub timers: Timers,
    /// Server and User-Agent.
    pub product: String,
    /// What replaces our address in Via and Contact, where it is not what peers can reach.
    pub advertised: HashMap<(Transport, SocketAddr), String>,
    /// Option tags beyond `100rel` and `timer` that the shell can honour in Require.
    pub extensions: Vec<String>,
    /// Session-Expires that we ask for, in seconds (RFC 4028); `None` leaves it to them.
    pub session_expires: Option<u32>,
    /// Smallest Session-Expires that we take, in seconds; 90 by RFC 4028.
    pub min_se: u32,
    /// Most legs at once; an INVITE beyond is answered 503 without making any state.
    pub legs_max: usize,
    /// Most transactions at once on each side; a new request beyond is answered 503 without making any state.
    pub transactions_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timers: Timers::default(),
            product: "hotline".to_owned(),
            advertised: HashMap::new(),
            extensions: vec!["replaces".to_owned(), "path".to_owned()],
            session_expires: Some(1800),
            min_se: 90,
            legs_max: 10_000,
            transactions_max: 100_000,
        }
    }
}

/// Counters and table sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Live legs.
    pub legs: usize,
    /// Live client transactions.
    pub client_transactions: usize,
    /// Live server transactions.
    pub server_transactions: usize,
    /// Messages sent again, by timer or because the peer asked again.
    pub retransmissions: u64,
    /// Requests refused, and wishes too, because a table was full.
    pub refused_full: u64,
    /// Messages that could not be read.
    pub malformed: u64,
    /// Responses and ACKs that belong to nothing here.
    pub strays: u64,
}

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
        self.leg(leg, |leg, layer| {
            leg.ring(now, layer, status, sdp, reliable)
        })
    }

    /// Answers the call with 200. `sdp` is our answer, or our offer if they made none.
    pub fn answer(&mut self, now: Instant, leg: LegHandle, sdp: Vec<u8>) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.answer(now, layer, sdp))
    }

    /// Refuses the call. `headers` are added to the response: Retry-After, WWW-Authenticate, Contact, …
    pub fn reject(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
        headers: &Headers,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.reject(now, layer, status, headers))
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
        self.leg(leg, |leg, layer| leg.cancel(now, layer, reason))
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
        self.leg(leg, |leg, layer| leg.bye(now, layer, reason))
    }

    /// Offers a changed session: hold, resume, another address. If an offer is under way already, this one waits for it, and
    /// replaces any other that waits; each offer that is sent ends in [`Event::OfferAnswered`] or [`Event::OfferRejected`].
    pub fn reoffer(&mut self, now: Instant, leg: LegHandle, sdp: Vec<u8>) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.reoffer(now, layer, sdp))
    }

    /// Answers [`Event::Offered`]; where they asked us for an offer, `sdp` is it.
    pub fn accept_offer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        sdp: Vec<u8>,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.accept_offer(now, layer, sdp))
    }

    /// Refuses [`Event::Offered`], as a rule with 488. The session stays as it was.
    pub fn reject_offer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.reject_offer(now, layer, status))
    }

    /// Sends an INFO.
    pub fn info(
        &mut self,
        now: Instant,
        leg: LegHandle,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.info(now, layer, content_type, body))
    }

    /// Asks them to call someone else.
    pub fn refer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        refer_to: &NameAddr,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.refer(now, layer, refer_to))
    }

    /// Takes a REFER: 202, and a first NOTIFY "100 Trying".
    pub fn accept_refer(&mut self, now: Instant, leg: LegHandle) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.accept_refer(now, layer))
    }

    /// Tells them how the referred call fares; a final status ends the telling.
    pub fn refer_progress(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.refer_progress(now, layer, status))
    }

    /// Refuses a REFER.
    pub fn reject_refer(
        &mut self,
        now: Instant,
        leg: LegHandle,
        status: Status,
    ) -> Result<(), Refused> {
        self.leg(leg, |leg, layer| leg.reject_refer(now, layer, status))
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

    // ---- from here on: routing -------------------------------------------------------------------------------------

    fn new_leg(&mut self) -> (LegHandle, Tag) {
        self.last_handle += 1;
        let mut tag = Tag(self.layer.random());
        while self.by_tag.contains_key(&tag) {
            tag = Tag(self.layer.random());
        }
        (LegHandle(self.last_handle), tag)
    }

    fn keep(&mut self, mut leg: Leg) {
        let handle = leg.handle;
        leg.reschedule(&mut self.layer);
        self.by_tag.insert(leg.dialog.local_tag, handle);
        self.legs.insert(handle, Box::new(leg));
    }

    /// A wish for a leg.
    fn leg(
        &mut self,
        handle: LegHandle,
        wish: impl FnOnce(&mut Leg, &mut Layer) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        match self.legs.get(&handle) {
            Some(leg) if !leg.is_over() => {
                self.with_leg(handle, wish).unwrap_or(Err(Refused::Gone))
            }
            Some(_) | None => Err(Refused::Gone),
        }
    }

    /// Runs `act` on a leg, then moves its deadline, or forgets it if it is finished.
    fn with_leg<R>(
        &mut self,
        handle: LegHandle,
        act: impl FnOnce(&mut Leg, &mut Layer) -> R,
    ) -> Option<R> {
        let leg = self.legs.get_mut(&handle)?;
        let result = act(leg, &mut self.layer);
        leg.reschedule(&mut self.layer);
        if leg.is_finished() {
            self.by_tag.remove(&leg.dialog.local_tag);
            self.legs.remove(&handle);
            give_back(&mut self.by_tag);
            give_back(&mut self.legs);
        }
        Some(result)
    }

    fn on_response(&mut self, now: Instant, flow: &Flow, response: Response) {
        if validate_response(&response).is_err() {
            self.layer.stats.malformed += 1;
            return;
        }
        let Some(answer) = self.layer.response(now, flow, response) else {
            return;
        };
        match answer.owner {
            ClientOwner::Nobody => {}
            ClientOwner::Request(handle) => self.on_request_answered(now, handle, answer),
            ClientOwner::Leg(handle, purpose) => {
                let takes = self
                    .legs
                    .get(&handle)
                    .is_some_and(|leg| leg.takes(purpose, &answer));
                if takes {
                    self.with_leg(handle, |leg, layer| {
                        leg.on_response(now, layer, purpose, answer)
                    });
                } else if purpose == Purpose::Call && answer.response.status.is_success() {
                    self.release(now, &answer);
                }
            }
        }
    }

    fn on_request_answered(&mut self, now: Instant, handle: RequestHandle, answer: Answer) {
        if answer.response.status.is_provisional() {
            return;
        }
        match self
            .layer
            .authorised(answer.key, &answer.response, answer.cseq + 1)
        {
            Some((request, account)) => {
                self.layer
                    .request(now, request, answer.flow, answer.owner, account);
            }
            None => self.layer.emit(Event::Response {
                request: handle,
                outcome: Ok(Box::new(answer.response)),
            }),
        }
    }

    /// A 2xx that nobody wants: another fork's, or one that crossed our CANCEL. It is acknowledged and hung up (§13.2.2.4).
    fn release(&mut self, now: Instant, answer: &Answer) {
        let dialog = self
            .layer
            .sent_request(answer.key)
            .and_then(|invite| Dialog::of_sent(&invite, answer.flow.clone()).ok())
            .and_then(|half| half.with_answer(&answer.response, &answer.flow).ok());
        let Some(mut dialog) = dialog else {
            return;
        };
        let hop = dialog.next_hop();
        self.layer
            .request_once(dialog.numbered(Method::Ack, answer.cseq), &hop);
        let tag = dialog.remote_tag.as_deref().unwrap_or("").to_owned();
        if self.layer.note_answered(answer.key, &tag) {
            let account = self.layer.account(answer.key);
            let bye = dialog.request(Method::Bye);
            self.layer
                .request(now, bye, hop, ClientOwner::Nobody, account);
        }
    }

    fn on_fired(&mut self, now: Instant, fired: Fired) {
        match fired {
            Fired::NoResponse(_, ClientOwner::Nobody, _)
            | Fired::RangTooLong(ClientOwner::Nobody | ClientOwner::Request(_)) => {}
            Fired::NoResponse(_, ClientOwner::Request(request), why) => {
                self.layer.emit(Event::Response {
                    request,
                    outcome: Err(why),
                });
            }
            Fired::NoResponse(key, ClientOwner::Leg(handle, purpose), why) => {
                self.with_leg(handle, |leg, layer| {
                    leg.no_response(now, layer, purpose, key, why)
                });
            }
            Fired::RangTooLong(ClientOwner::Leg(handle, purpose)) => {
                self.with_leg(handle, |leg, layer| leg.rang_too_long(layer, purpose));
            }
            Fired::Unanswered(_, ServerOwner::Shell) => {}
            Fired::Unanswered(tx, ServerOwner::Leg(handle)) => {
                self.with_leg(handle, |leg, layer| leg.left_unanswered(now, layer, tx));
            }
            Fired::Leg(handle) => {
                self.with_leg(handle, |leg, layer| {
                    leg.woken();
                    leg.tick(now, layer);
                });
            }
        }
    }

    fn on_request(&mut self, now: Instant, flow: &Flow, mut request: Request) {
        let Ok(mut via) = request.headers.via() else {
            self.layer.stats.malformed += 1;
            return;
        };
        via.set_source(flow.remote.ip(), flow.remote.port());
        request.headers.set_first(HeaderName::Via, &via);
        let head = match Head::read(&request.headers) {
            Ok(head) if head.cseq.method == request.method => head,
            Ok(_) => return self.refuse_malformed(flow, &request, "CSeq names another method"),
            Err(error) => return self.refuse_malformed(flow, &request, &error.to_string()),
        };
        match request.method {
            Method::Ack => return self.on_ack(now, &head, &request),
            Method::Cancel => return self.on_cancel(now, flow, &head, &request),
            _ if self.layer.repeated(&request.method, &head) => return,
            _ => {}
        }
        if let Err(rejection) = self.judge(&request) {
            return self
                .layer
                .respond_stateless(flow, &request, rejection.status, |response| {
                    response.reason = rejection.reason.into_owned();
                    if let Some((name, value)) = rejection.header {
                        response.headers.push(name, value);
                    }
                });
        }
        if !self.layer.room_for_server() {
            return self.refuse_full(flow, &request);
        }
        match head.to_tag {
            Some(_) => self.on_request_inside(now, flow, &head, request),
            None => self.on_request_outside(now, flow, &head, request),
        }
    }

    fn refuse_malformed(&mut self, flow: &Flow, request: &Request, why: &str) {
        self.layer.stats.malformed += 1;
        self.layer
            .respond_stateless(flow, request, Status::BAD_REQUEST, |response| {
                response.reason = format!("Bad Request ({why})");
            });
    }

    fn refuse_full(&mut self, flow: &Flow, request: &Request) {
        self.layer
            .respond_stateless(flow, request, Status::SERVICE_UNAVAILABLE, |response| {
                response.headers.push(HeaderName::RetryAfter, 5);
            });
    }

    /// The inspections of RFC 3261 §8.2 that need no call.
    fn judge(&self, request: &Request) -> Result<(), Rejection> {
        let refusal = |status: Status, header| Rejection {
            status,
            reason: status.reason().into(),
            header,
        };
        match request.method {
            Method::Other(_) => return Err(refusal(Status::NOT_IMPLEMENTED, None)),
            Method::Publish => {
                let allow = (HeaderName::Allow, ALLOW.to_owned());
                return Err(refusal(Status::METHOD_NOT_ALLOWED, Some(allow)));
            }
            _ => {}
        }
        let extensions = self.layer.config.extensions.iter().map(String::as_str);
        let supported: Vec<&str> = extensions.chain(OWN_EXTENSIONS).collect();
        validate(request, &supported)?;
        // A B2BUA passes calls on, so it counts hops as a proxy does (RFC 7332); what ends here may arrive with none left.
        let passed_on = matches!(request.method, Method::Invite | Method::Message);
        if passed_on && request.headers.max_forwards()? == Some(0) {
            return Err(refusal(Status::TOO_MANY_HOPS, None));
        }
        let contact = request.headers.contact()?;
        if request.method == Method::Invite && !contact.is_some_and(|contact| contact.uri.is_sip())
        {
            return Err(Rejection {
                reason: "Bad Request (no SIP address in Contact)".into(),
                ..refusal(Status::BAD_REQUEST, None)
            });
        }
        Ok(())
    }

    fn on_ack(&mut self, now: Instant, head: &Head, request: &Request) {
        if self.layer.acknowledged(now, head) {
            return;
        }
        match self.leg_of(head) {
            Some(handle) => {
                let sdp = request.sdp().map(<[u8]>::to_vec);
                self.with_leg(handle, |leg, layer| {
                    leg.on_ack(now, layer, head.cseq.seq, sdp)
                });
            }
            None => self.layer.stats.strays += 1,
        }
    }

    fn on_cancel(&mut self, now: Instant, flow: &Flow, head: &Head, request: &Request) {
        let Some((tx, owner, tag)) = self.layer.cancelled(head) else {
            return self.layer.respond_stateless(
                flow,
                request,
                Status::CALL_DOES_NOT_EXIST,
                |_| {},
            );
        };
        // §9.2: the CANCEL is answered by itself, with the To tag of the INVITE's responses. A repetition gets the same.
        self.layer
            .respond_stateless(flow, request, Status::OK, |response| {
                if let Ok(mut to) = response.headers.to() {
                    to.set_tag(&tag.to_string());
                    response.headers.set(HeaderName::To, to);
                }
            });
        if let ServerOwner::Leg(handle) = owner
            && self.layer.is_open(tx)
        {
            let reason = request.headers.first(HeaderName::Reason).ok().flatten();
            self.with_leg(handle, |leg, layer| leg.cancelled(now, layer, tx, reason));
        }
    }

    /// The leg whose dialog a message of theirs belongs to.
    fn leg_of(&self, head: &Head) -> Option<LegHandle> {
        let handle = *self.by_tag.get(&Tag::parse(head.to_tag.as_deref()?)?)?;
        let leg = self.legs.get(&handle)?;
        leg.dialog
            .is(&head.call_id, head.from_tag.as_deref())
            .then_some(handle)
    }

    fn on_request_inside(&mut self, now: Instant, flow: &Flow, head: &Head, request: Request) {
        match self.leg_of(head) {
            Some(handle) => {
                self.with_leg(handle, |leg, layer| {
                    leg.on_request(now, layer, flow, head, request)
                });
            }
            None => {
                self.layer
                    .respond_stateless(flow, &request, Status::CALL_DOES_NOT_EXIST, |_| {})
            }
        }
    }

    fn on_request_outside(&mut self, now: Instant, flow: &Flow, head: &Head, request: Request) {
        if self.layer.is_merged(head) || self.is_loop(&request) {
            return self
                .layer
                .respond_stateless(flow, &request, Status::LOOP_DETECTED, |_| {});
        }
        match request.method {
            Method::Invite => self.on_call(now, flow, head, request),
            // These have no meaning outside a dialog.
            Method::Bye | Method::Prack | Method::Update | Method::Info | Method::Notify => {
                self.layer
                    .respond_stateless(flow, &request, Status::CALL_DOES_NOT_EXIST, |_| {});
            }
            _ => {
                let tag = Tag(self.layer.random());
                let event = Box::new(request.clone());
                let tx = self
                    .layer
                    .accept(now, flow, request, head, ServerOwner::Shell, tag);
                self.layer.emit(Event::Request {
                    tx,
                    request: event,
                    flow: flow.clone(),
                });
            }
        }
    }

    /// A request of ours that came back unchanged (§16.3). With another Request-URI it is a spiral, and welcome.
    fn is_loop(&self, request: &Request) -> bool {
        let vias = request.headers.vias().unwrap_or_default();
        vias.iter().any(|via| {
            self.layer.request_behind(via).is_some_and(|ours| {
                ours.headers.call_id().ok() == request.headers.call_id().ok()
                    && ours.uri.equivalent(&request.uri)
            })
        })
    }

    fn on_call(&mut self, now: Instant, flow: &Flow, head: &Head, request: Request) {
        if self.legs.len() >= self.layer.config.legs_max {
            self.layer.stats.refused_full += 1;
            return self.refuse_full(flow, &request);
        }
        let (handle, tag) = self.new_leg();
        let contact = Dialog::contact_for(request.uri.user(), &self.layer.sent_by(flow), flow);
        match Dialog::of_callee(&request, flow.clone(), tag, contact) {
            Ok(dialog) => {
                let leg = Leg::incoming(now, &mut self.layer, handle, dialog, flow, head, request);
                self.keep(leg);
            }
            Err(error) => self.refuse_malformed(flow, &request, &error.to_string()),
        }
    }
}
