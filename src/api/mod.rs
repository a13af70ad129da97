//! HTTP: routes, authentication, problem+json, live events, the web pages. The only place that knows HTTP.
//!
//! [`router`] is the whole surface over one [`Api`]; [`server::serve`] puts it on a listener. What the telephone side
//! and the recordings offer comes in through the ports below, which `app` implements.
//!
//! A request passes: security headers and its one log line → panic guard → time limit → access (who, role, scope, CSRF,
//! known query keys; see [`access`]) → the route.

mod access;
mod auth;
mod extract;
mod gate;
mod guests;
mod idempotency;
mod lines;
mod live;
mod openapi;
mod pages;
mod problem;
mod routes;
pub mod server;
mod signature;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

use crate::clock::Clock;
use crate::domain::call::AtLine;
use crate::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Wish};
use crate::domain::id::{RecordingId, Username};
use crate::domain::staff::Directory;
use crate::storage::Storage;
use crate::storage::archive::Selection;
use crate::storage::rules::RulesInForce;
use crate::storage::sessions::SessionLimits;
use live::Live;
use openapi::Described;

/// The largest request body.
const BODY_MAX: usize = 1024 * 1024;

/// What a port answers, later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The telephone side, as people reach it.
pub trait CallControl: Send + Sync + 'static {
    /// Grants or refuses one wish. The caller's right to wish it at all was checked by role; whose call it is was not.
    fn wish(&self, wish: Wish) -> Pending<'_, Result<Granted, CallRefusal>>;
    /// Every call and agent as they stand now, numbers masked.
    fn live(&self) -> Pending<'_, (Vec<LiveCall>, Vec<LiveAgent>)>;
    /// The organisation changed: works with the new one from the next call on.
    fn organisation_changed(&self, directory: Arc<Directory>) -> Pending<'_, ()>;
    /// Signalling and media answer: for `/readyz`.
    fn healthy(&self) -> Pending<'_, bool>;
    /// The extension of this person, if one is theirs.
    fn phone(&self, person: &Username) -> Pending<'_, Option<OwnPhone>>;
    /// A phone has come by a WebSocket. `None` when the telephone side has stopped.
    fn open_line(
        &self,
        remote: SocketAddr,
        encrypted: bool,
        at: AtLine,
    ) -> Pending<'_, Option<PhoneLine>>;
}

/// What a person's phone is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPhone {
    pub extension: String,
    /// Its address of record.
    pub sip_uri: String,
}

/// The telephone side of one phone's WebSocket.
pub struct PhoneLine {
    pub ear: Box<dyn PhoneEar>,
    pub mouth: Box<dyn PhoneMouth>,
}

/// Takes in what the phone says.
pub trait PhoneEar: Send + Sync + 'static {
    /// One message; false when nobody listens any more.
    fn message(&self, bytes: Bytes) -> Pending<'_, bool>;
    /// The login of the person at this phone is over.
    fn signed_out(&self) -> Pending<'_, ()>;
    /// The connection is gone.
    fn closed(&self) -> Pending<'_, ()>;
}

/// Gives what the phone is to be told.
pub trait PhoneMouth: Send + 'static {
    /// The next thing; `None` when there will be nothing more. Dropping the future loses nothing.
    fn next(&mut self) -> Pending<'_, Option<ToPhone>>;
}

/// What a phone is to be told.
#[derive(Debug)]
pub enum ToPhone {
    Message(Arc<[u8]>),
    /// Goodbye: the person's phone is at another page now.
    Replaced,
    /// Goodbye: the person's login is over.
    SignedOut,
}

/// The files of finished recordings. Their manifests are rows in storage.
pub trait RecordingReader: Send + Sync + 'static {
    /// The waveform for a player, as audiowaveform's JSON.
    fn peaks(&self, id: RecordingId) -> Pending<'_, io::Result<Option<Bytes>>>;
    /// The sound: both sides in stereo, or the own `track` of a third party.
    fn audio(
        &self,
        id: RecordingId,
        track: Option<u8>,
    ) -> Pending<'_, io::Result<Option<Box<dyn Audio>>>>;
}

/// The files of attachments, each under the SHA-256 of its bytes, in hexadecimal.
pub trait AttachmentStore: Send + Sync + 'static {
    /// Keeps the bytes; whole and on the disk when it answers.
    fn keep(&self, sha256: String, bytes: Bytes) -> Pending<'_, io::Result<()>>;
    /// The bytes, if they are there; an error if they are no longer what they were.
    fn read(&self, sha256: String) -> Pending<'_, io::Result<Option<Bytes>>>;
}

/// What [`ArchiveMaker::make`] brings, a chunk at a time; an error where it broke off.
pub type ArchiveChunks = tokio::sync::mpsc::Receiver<io::Result<Bytes>>;

/// Makes archives of tickets.
pub trait ArchiveMaker: Send + Sync + 'static {
    /// Begins an archive of a selection that holds something, as a tar. `None`: too many are being made.
    fn make(&self, selection: Selection) -> Pending<'_, Option<ArchiveChunks>>;
}

/// One WAV file, open.
pub trait Audio: Send + 'static {
    fn length_bytes(&self) -> u64;
    /// At most `length` bytes from `offset`; fewer only at the end.
    fn read(&mut self, offset: u64, length: usize) -> Pending<'_, io::Result<Bytes>>;
}

/// What the API is built from.
pub struct Parts {
    pub storage: Storage,
    pub clock: Arc<dyn Clock>,
    pub calls: Arc<dyn CallControl>,
    pub recordings: Arc<dyn RecordingReader>,
    pub attachments: Arc<dyn AttachmentStore>,
    pub archives: Arc<dyn ArchiveMaker>,
    /// The rules that tickets are handled under.
    pub rules: RulesInForce,
    /// Renders the metrics page.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    /// Says which disk is nearly full, when one is.
    pub disks: Box<dyn Fn() -> Option<String> + Send + Sync>,
    /// How long a sign-in lasts.
    pub sessions: SessionLimits,
    /// How browsers reach us.
    pub way: Way,
}

/// How browsers reach us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// A front that speaks TLS stands before us: who called is what the front says.
    pub behind_tls: bool,
    /// We speak TLS ourselves.
    pub tls: bool,
    /// Origins of pages, beside our own, that may open a phone here.
    pub origins: Vec<String>,
    /// Citizens may call from the page `/call`.
    pub citizen_calls: bool,
}

/// Everything the routes share.
pub struct Api {
    storage: Storage,
    clock: Arc<dyn Clock>,
    calls: Arc<dyn CallControl>,
    recordings: Arc<dyn RecordingReader>,
    attachments: Arc<dyn AttachmentStore>,
    archives: Arc<dyn ArchiveMaker>,
    rules: RulesInForce,
    metrics: Box<dyn Fn() -> String + Send + Sync>,
    disks: Box<dyn Fn() -> Option<String> + Send + Sync>,
    gatekeeper: auth::Gatekeeper,
    guesses: auth::Guesses,
    doors: lines::Doors,
    guests: guests::Guests,
    live: Live,
    described: Described,
    draining: AtomicBool,
}

impl Api {
    pub fn new(parts: Parts) -> Arc<Self> {
        let Way {
            behind_tls,
            tls,
            origins,
            citizen_calls,
        } = parts.way;
        let encrypted = behind_tls || tls;
        let gatekeeper =
            auth::Gatekeeper::new(&*parts.clock, parts.sessions, encrypted, behind_tls);
        Arc::new(Self {
            storage: parts.storage,
            clock: parts.clock,
            calls: parts.calls,
            recordings: parts.recordings,
            attachments: parts.attachments,
            archives: parts.archives,
            rules: parts.rules,
            metrics: parts.metrics,
            disks: parts.disks,
            gatekeeper,
            guesses: auth::Guesses::of_codes(),
            doors: lines::Doors::new(origins, encrypted),
            guests: guests::Guests::new(citizen_calls),
            live: Live::new(),
            described: Described::new(&routes::all().into_openapi()),
            draining: AtomicBool::new(false),
        })
    }

    /// From now on `/readyz` says 503, so that load balancers go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Pushes the floor to live readers once a second, until dropped.
    pub async fn push_boards(&self) {
        let mut tick = tokio::time::interval(live::BOARD_INTERVAL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.push_board().await;
        }
    }

    /// Pushes the floor, as it is now, to live readers.
    pub async fn push_board(&self) {
        self.live.look(&*self.calls).await;
    }
}

/// Every route over `api`, guarded.
pub fn router(api: Arc<Api>) -> Router {
    let (routes, _) = routes::all().split_for_parts();
    routes
        .method_not_allowed_fallback(gate::wrong_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&api),
            gate::admit,
        ))
        .fallback(pages::serve)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn(gate::time_limit))
        .layer(CatchPanicLayer::custom(gate::panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), gate::seal))
        .with_state(api)
}
