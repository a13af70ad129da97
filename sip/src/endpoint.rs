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

use crate::header::{HeaderName, Headers, NameAddr, Reason, Replaces, Transport};
use crate::message::{Message, Method, Request, Response, Status};
use crate::transaction::{ClientOwner, Fired, Layer, ServerOwner, Timers};
use crate::uri::Uri;
use crate::usage::Leg;

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

/// User name and password for digest.
#[derive(Clone)]
pub struct Account {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
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
