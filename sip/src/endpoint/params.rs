//! What the shell tells the endpoint: its configuration, a call to make, a request to send; and what it can ask of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::Flow;
use crate::digest::Account;
use crate::header::{Headers, NameAddr, Transport};
use crate::message::Method;
use crate::transaction::Timers;
use crate::uri::Uri;

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
    /// How long it may ring; [`Timers::ringing_max`](super::Timers::ringing_max) bounds it in any case.
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
    /// Most transactions at once on each side; a new request beyond is answered 503 without making any state. Requests inside
    /// calls have a quarter more.
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
