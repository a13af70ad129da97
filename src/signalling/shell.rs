//! Call control on real sockets: one task that owns every live call, a `select!` of sockets, mailbox and the next timeout.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline_sip::endpoint::{Flow, Stats};
use hotline_sip::header::Transport;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep_until;
use tracing::{error, info};

use super::control::{Control, Effect, Input, Settings};
use super::journal::{CommitToken, Entry};
use super::line::Lines;
use super::media::{Media, MediaEvent};
use super::names;
use super::transport::{CannotListen, FromStream, MAX_DATAGRAM, Tls, Transports};
use crate::clock::Clock;
use crate::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Wish};
use crate::domain::caller::Known;
use crate::domain::id::{Extension, Username};
use crate::domain::staff::Directory;

/// Wishes and commits waiting for call control. Full: a wish is refused as overloaded, a commit's answer waits.
const MAILBOX: usize = 4_096;
/// Stream events waiting. Full: the connection's reader waits, and TCP makes the peer wait.
const STREAM_INBOX: usize = 1_024;
/// Datagrams taken in one go before timers and mailbox get their turn.
const DATAGRAMS_A_TURN: usize = 64;
/// How long a drained server goes on repeating goodbyes that nobody has answered.
const GOODBYE: Duration = Duration::from_secs(4);
/// Entries that may wait for storage before no further call is answered; what is under way is kept all the same.
const JOURNAL_BACKLOG: usize = 20_000;

/// A fact on its way to storage.
#[derive(Debug)]
pub struct ToKeep {
    pub entry: Entry,
    /// With a token, [`Signalling::committed`] is owed.
    pub token: Option<CommitToken>,
}

/// The handle on call control: cheap to clone.
#[derive(Debug, Clone)]
pub struct Signalling {
    mailbox: mpsc::Sender<Message>,
    changed: watch::Receiver<u64>,
    local: SocketAddr,
    advertised: SocketAddr,
    lines: Lines,
}

#[derive(Debug)]
enum Message {
    Wish(Wish, oneshot::Sender<Result<Granted, CallRefusal>>),
    Live(oneshot::Sender<Live>),
    Extension(Username, oneshot::Sender<Option<Extension>>),
    Committed(CommitToken, Option<Known>),
    Directory(Arc<Directory>),
    Resolved(String, Vec<IpAddr>),
    Drain {
        until: Instant,
        done: oneshot::Sender<()>,
    },
}

/// What a wallboard shows.
#[derive(Debug, Clone, Default)]
pub struct Live {
    pub calls: Vec<LiveCall>,
    pub agents: Vec<LiveAgent>,
    pub phones: usize,
    /// What the SIP side has met so far.
    pub sip: Stats,
}

/// What call control needs from the rest of the server.
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub directory: Arc<Directory>,
    pub media: Box<dyn Media>,
    /// What the media side reports. Full on the sender's side: a report is lost, and call control's own timers stand in.
    pub media_events: mpsc::Receiver<MediaEvent>,
    /// Where facts go to be kept.
    pub journal: mpsc::Sender<ToKeep>,
}

impl Signalling {
    /// Binds the sockets and starts the task.
    pub async fn start(
        listen: SocketAddr,
        tls: Option<Tls>,
        mut parts: Parts,
    ) -> Result<Self, CannotListen> {
        let (streams_in, streams) = mpsc::channel(STREAM_INBOX);
        let mut transports = Transports::bind(listen, tls, streams_in).await?;
        let local = transports.local;
        if parts.settings.local.port() == 0 {
            parts.settings.local = local;
        }
        if parts.settings.advertised.port() == 0 {
            parts.settings.advertised.set_port(local.port());
        }
        if let (Some(address), Some(local)) = (&mut parts.settings.tls, transports.tls_local) {
            address.bound_to(local);
        }
        let advertised = parts.settings.advertised;
        let lines = Lines::new(
            transports.inbox.clone(),
            Arc::clone(&transports.ids),
            parts.settings.local,
        );
        let (mailbox, messages) = mpsc::channel(MAILBOX);
        let (tell_changed, changed) = watch::channel(0);
        let control = Control::new(
            Arc::clone(&parts.clock),
            parts.settings,
            parts.directory,
            parts.media,
        );
        let (names, wanted) = watch::channel(control.names_wanted());
        transports.expect_names(control.names_over_tls());
        tokio::spawn(names::keep(wanted, mailbox.downgrade(), Message::Resolved));
        let task = Task {
            clock: parts.clock,
            control,
            transports,
            journal: parts.journal,
            backlog: VecDeque::new(),
            tell_changed,
            names,
            draining: None,
        };
        tokio::spawn(task.run(messages, streams, parts.media_events));
        Ok(Self {
            mailbox,
            changed,
            local,
            advertised,
            lines,
        })
    }

    /// Where phones in browsers come in.
    pub const fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Which extension is this person's, and its address of record.
    pub async fn extension_of(&self, person: Username) -> Option<(Extension, String)> {
        let (answer, answered) = oneshot::channel();
        let asked = Message::Extension(person, answer);
        self.mailbox.send(asked).await.ok()?;
        let extension = answered.await.ok()??;
        let host = match self.advertised.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let uri = format!("sip:{extension}@{host}");
        Some((extension, uri))
    }

    /// Where SIP is served.
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Counts up whenever something a wallboard shows has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    /// Grants or refuses a wish.
    pub async fn wish(&self, wish: Wish) -> Result<Granted, CallRefusal> {
        let (answer, answered) = oneshot::channel();
        self.mailbox
            .try_send(Message::Wish(wish, answer))
            .map_err(|_| CallRefusal::Overloaded)?;
        answered.await.map_err(|_| CallRefusal::Overloaded)?
    }

    /// What is going on now; empty once the server has stopped.
    pub async fn live(&self) -> Live {
        let (answer, answered) = oneshot::channel();
        if self.mailbox.send(Message::Live(answer)).await.is_err() {
            return Live::default();
        }
        answered.await.unwrap_or_default()
    }

    /// The task lives and answers.
    pub async fn is_alive(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.mailbox.try_send(Message::Live(answer)).is_ok() && answered.await.is_ok()
    }

    /// An entry with this token was kept, with what is known of who calls; or cannot be.
    pub async fn committed(&self, token: CommitToken, kept: Option<Known>) {
        // Nobody to tell any more: the server has stopped.
        let _ = self.mailbox.send(Message::Committed(token, kept)).await;
    }

    /// The organisation changed.
    pub async fn directory(&self, directory: Arc<Directory>) {
        let _ = self.mailbox.send(Message::Directory(directory)).await;
    }

    /// Takes no new calls, waits for the live ones until `until`, hangs up the rest, and stops.
    pub async fn drain(&self, until: Instant) {
        let (done, finished) = oneshot::channel();
        if self
            .mailbox
            .send(Message::Drain { until, done })
            .await
            .is_ok()
        {
            let _ = finished.await;
        }
    }
}

struct Draining {
    until: Instant,
    hung_up: bool,
    /// When the last call ended.
    empty_since: Option<Instant>,
    done: oneshot::Sender<()>,
}

struct Task {
    clock: Arc<dyn Clock>,
    control: Control,
    transports: Transports,
    journal: mpsc::Sender<ToKeep>,
    /// Facts that found the journal full: kept here, in order, until there is room.
    backlog: VecDeque<ToKeep>,
    tell_changed: watch::Sender<u64>,
    /// The names that are to be looked up.
    names: watch::Sender<BTreeSet<String>>,
    draining: Option<Draining>,
}

impl Task {
    async fn run(
        mut self,
        mut messages: mpsc::Receiver<Message>,
        mut streams: mpsc::Receiver<FromStream>,
        mut media_events: mpsc::Receiver<MediaEvent>,
    ) {
        let mut datagram = vec![0; MAX_DATAGRAM];
        let journal = self.journal.clone();
        loop {
            let wake_at = self.wake_at();
            tokio::select! {
                ready = self.transports.udp.readable() => {
                    if ready.is_ok() {
                        self.read_datagrams(&mut datagram);
                    }
                }
                Some(event) = streams.recv() => self.on_stream(event),
                Some(event) = media_events.recv() => {
                    self.handle(Input::Media(event));
                    for _ in 0..DATAGRAMS_A_TURN {
                        let Ok(event) = media_events.try_recv() else { break };
                        self.handle(Input::Media(event));
                    }
                }
                message = messages.recv() => match message {
                    Some(message) => self.on_message(message),
                    // The last handle is gone: nobody can stop us in order any more.
                    None => return,
                },
                room = journal.reserve(), if !self.backlog.is_empty() => {
                    if let (Ok(room), Some(next)) = (room, self.backlog.pop_front()) {
                        room.send(next);
                    }
                }
                () = sleep_until(wake_at.into()) => self.handle(Input::Tick),
            }
            if self.is_drained() {
                return;
            }
        }
    }

    fn wake_at(&self) -> Instant {
        let idle = self.clock.instant() + Duration::from_secs(1);
        self.control.poll_timeout().map_or(idle, |at| at.min(idle))
    }

    fn read_datagrams(&mut self, buffer: &mut [u8]) {
        for _ in 0..DATAGRAMS_A_TURN {
            let (length, remote) = match self.transports.udp.try_recv_from(buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // On Linux an ICMP error of an earlier send arrives here: it says nothing about this datagram.
                Err(_) => continue,
            };
            let flow = Flow {
                transport: Transport::Udp,
                local: self.transports.local,
                remote,
                connection: None,
            };
            self.handle(Input::Datagram {
                flow,
                bytes: buffer[..length].to_vec(),
            });
        }
    }

    fn on_stream(&mut self, event: FromStream) {
        match event {
            FromStream::Opened { flow, to_peer, at } => {
                self.transports.opened(&flow, to_peer);
                self.handle(Input::Connected { flow, at });
            }
            FromStream::SignedOut { flow } => self.handle(Input::SignedOut { flow }),
            FromStream::Message { flow, message } => self.handle(Input::Message { flow, message }),
            FromStream::Malformed { flow, error } => self.handle(Input::Malformed { flow, error }),
            FromStream::Closed { flow } => {
                self.transports.closed(&flow);
                self.handle(Input::TransportFailed { flow });
            }
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Wish(wish, answer) => {
                let outcome = self
                    .guarded(|control| control.wish(wish))
                    .unwrap_or(Err(CallRefusal::Overloaded));
                self.drain_effects();
                // Whoever wished may have gone away.
                let _ = answer.send(outcome);
            }
            Message::Live(answer) => {
                let (calls, agents) = self.control.live();
                let _ = answer.send(Live {
                    calls,
                    agents,
                    phones: self.control.phones(),
                    sip: self.control.endpoint_stats(),
                });
            }
            Message::Extension(person, answer) => {
                let _ = answer.send(self.control.extension_of(&person));
            }
            Message::Committed(token, kept) => self.handle(Input::Committed { token, kept }),
            Message::Directory(directory) => {
                self.handle(Input::Directory(directory));
                self.names.send_replace(self.control.names_wanted());
                self.transports.expect_names(self.control.names_over_tls());
            }
            Message::Resolved(host, addresses) => {
                self.handle(Input::Resolved { host, addresses });
                self.transports.expect_names(self.control.names_over_tls());
            }
            Message::Drain { until, done } => {
                info!(calls = self.control.live_calls(), "draining: no new calls");
                self.handle(Input::Drain);
                self.draining = Some(Draining {
                    until,
                    hung_up: false,
                    empty_since: None,
                    done,
                });
            }
        }
    }

    fn handle(&mut self, input: Input) {
        self.guarded(|control| control.handle(input));
        self.drain_effects();
    }

    /// A bug met in one call must not end the others: the step is given up, everything else goes on.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Control) -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(|| step(&mut self.control))) {
            Ok(value) => Some(value),
            Err(_) => {
                metrics::counter!("hotline_panics", "where" => "signalling").increment(1);
                error!("a step of call control met a bug of ours and was given up");
                None
            }
        }
    }

    fn drain_effects(&mut self) {
        let mut changed = false;
        while let Some(effect) = self.control.poll_effect() {
            match effect {
                Effect::Send { flow, bytes } => {
                    if !self.transports.send(&flow, bytes) {
                        self.guarded(|control| control.handle(Input::TransportFailed { flow }));
                    }
                }
                Effect::Journal { entry, token } => self.keep(ToKeep { entry, token }),
                Effect::Close { flow, farewell } => self.transports.close(&flow, farewell),
                Effect::Changed => changed = true,
            }
        }
        if changed {
            self.tell_changed.send_modify(|count| *count += 1);
        }
    }

    fn keep(&mut self, fact: ToKeep) {
        if let (Some(token), true) = (fact.token, self.backlog.len() >= JOURNAL_BACKLOG) {
            self.guarded(|control| control.handle(Input::Committed { token, kept: None }));
            return;
        }
        if !self.backlog.is_empty() {
            return self.backlog.push_back(fact);
        }
        match self.journal.try_send(fact) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(fact)) => self.backlog.push_back(fact),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                error!("the journal is closed: a fact was lost")
            }
        }
    }

    /// Steps the drain on; true when nothing is left.
    fn is_drained(&mut self) -> bool {
        let Some(draining) = &mut self.draining else {
            return false;
        };
        let now = self.clock.instant();
        if self.control.live_calls() > 0 {
            draining.empty_since = None;
        }
        let no_calls = self.control.live_calls() == 0 && self.backlog.is_empty();
        let since = no_calls.then(|| *draining.empty_since.get_or_insert(now));
        // Goodbyes are said again until they are heard, but not for ever.
        let heard = self.control.is_quiet();
        if since.is_some_and(|since| heard || now >= since + GOODBYE) {
            let draining = self.draining.take().expect("looked at above");
            let _ = draining.done.send(());
            return true;
        }
        if !draining.hung_up && now >= draining.until {
            draining.hung_up = true;
            self.handle(Input::HangUpAll);
        }
        false
    }
}
