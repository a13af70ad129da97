//! What the endpoint tells its shell: bytes to send, facts about calls and requests, refusals of wishes.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::header::{NameAddr, Reason, Replaces, Transport};
use crate::message::{Request, Response, Status};

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

    /// True if nothing can be sent: its connection is gone, and only the peer can make another.
    pub(crate) fn is_cut(&self) -> bool {
        self.connection.is_none() && !self.can_be_opened()
    }
}

/// One call leg, for as long as the endpoint lives: never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegHandle(pub u64);

/// A request of theirs that waits for [`Endpoint::respond`](super::Endpoint::respond).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerTx(pub u64);

/// A request of ours outside calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestHandle(pub u64);

/// Work for the shell.
#[derive(Debug)]
pub enum Effect {
    /// Put these bytes on that flow. If that is impossible, say so with [`Endpoint::transport_failed`](super::Endpoint::transport_failed).
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
    /// [`Endpoint::accept_offer`](super::Endpoint::accept_offer); else the ACK is sent.
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
    /// They offer a changed session, or with `None` ask us for an offer. [`Endpoint::accept_offer`](super::Endpoint::accept_offer) or
    /// [`Endpoint::reject_offer`](super::Endpoint::reject_offer) answers.
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
    /// They answered an offer that we made: by [`Endpoint::reoffer`](super::Endpoint::reoffer), on their request, or to refresh the session.
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
    /// The connection that carried the call's signalling is gone and cannot be made again from here. The call goes on, and what
    /// we have to say waits: until they send a request inside the call, or [`Endpoint::reroute`](super::Endpoint::reroute), or
    /// its own time is over.
    Stranded {
        /// Which leg.
        leg: LegHandle,
    },
    /// They answered [`Endpoint::ping`](super::Endpoint::ping): the phone lives and knows the call.
    Alive {
        /// Which leg.
        leg: LegHandle,
    },
    /// They ask us to call someone in their place. [`Endpoint::accept_refer`](super::Endpoint::accept_refer) or [`Endpoint::reject_refer`](super::Endpoint::reject_refer) answers.
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
    /// A request that belongs to no call, or to a call but not to its session (MESSAGE). [`Endpoint::respond`](super::Endpoint::respond) answers.
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
    /// We left the call ringing beyond [`Timers::waiting_max`](super::Timers::waiting_max).
    NeverAnswered,
    /// The session was not refreshed in time.
    SessionExpired,
    /// They are silent, or no longer know the call.
    Lost,
    /// What we had to say could not be sent in time.
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
