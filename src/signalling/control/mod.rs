//! Call control: the one owner of every live call, registration and queue. A B2BUA (RFC 7092): each side's dialog ends
//! here, and no side ever sees the other's addresses.
//!
//! It is a live machine without sockets: [`Control::handle`] takes what happened, [`Control::poll_effect`] gives what is to
//! be sent and kept, [`Control::poll_timeout`] when to call again. The shell in `signalling::shell` runs it on real sockets,
//! the simulation on simulated ones.
//!
//! Walk one call: `arrivals` (who is it, may they, where to) → commit → answer → queue → `legs` (ring an agent, bridge)
//! → `wishes` (hold, consult, conference…) → `departures` (who left, what follows, the record).

mod arrivals;
mod departures;
mod legs;
mod trunks;
mod wishes;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline_sip::digest::{Algorithm, Authenticator};
use hotline_sip::endpoint::{self, Endpoint, Flow, LegHandle};
use hotline_sip::header::{Headers, Transport};
use hotline_sip::message::{Message, Method, Request, Status};
use hotline_sip::parse::ParseError;
use tracing::{info, warn};

use self::trunks::Gateways;
use super::admission::{Admission, Limits};
use super::call::{Call, Doing, Leg, Stage};
use super::guesses::Guesses;
use super::journal::{AgentStateChange, CommitToken, Entry};
use super::media::{Media, MediaEvent};
use super::registrar::{self, PhoneName, Registrar};
use super::transport::Farewell;
use crate::clock::Clock;
use crate::domain::acd::{self, Acd};
use crate::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Party, Wish};
use crate::domain::call::{AtLine, TerminationResult};
use crate::domain::caller::Known;
use crate::domain::id::{CallId, Extension, LegId, Username};
use crate::domain::phone;
use crate::domain::staff::Directory;
use crate::domain::time::Timestamp;

/// How long a citizen waits before they are told that the line to their agent broke.
const TELL_CITIZEN: Duration = Duration::from_millis(1_000);
/// How long a silent phone has to answer a probe before its call goes back to the queue.
const PROBE: Duration = Duration::from_secs(5);
/// A silent but living phone is asked again after this: with [`PROBE`] less than the 10 s a citizen may be without agent.
const PROBE_AGAIN: Duration = Duration::from_secs(4);
/// A citizen of whom neither RTP nor RTCP comes is asked for after this, and again: their line may be dead, and no BYE told us.
const CITIZEN_ASKED: Duration = Duration::from_secs(15);
/// The same for any leg that was never heard, and for a citizen who holds us: there is no sound to miss.
const ASKED_SELDOM: Duration = Duration::from_secs(30);
/// Longer than their answer may take: OPTIONS, sent again until 64·T1 (RFC 3261 §17.1.2.2).
const CITIZEN_PROBE: Duration = Duration::from_secs(40);
/// A line that carries nothing for so long holds no agent, even though its signalling lives.
const CITIZEN_SILENT_MAX: Duration = Duration::from_secs(300);
/// The media side says again within this that a leg is silent; longer ago it is silent no more.
const SILENCE_SAID: Duration = Duration::from_secs(40);
/// How long an ended call waits for the media side's last figures.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How long a carrier may stay silent before the next one is tried.
const TRUNK_SILENCE: Duration = Duration::from_secs(4);
/// How long an offered phone has for its first response until it is looked at again.
const PHONE_SILENCE: Duration = Duration::from_secs(1);
/// How long an announcement may last: its end is reported by the media side, and a report may be lost.
const ANNOUNCEMENT_MAX: Duration = Duration::from_secs(300);
/// How long an outside phone or a specialist may ring.
const RING: Duration = Duration::from_secs(60);
/// How long a caller waits for their call to be kept before they are told to try again.
const COMMIT: Duration = Duration::from_secs(3);
/// How long a digest nonce lives, seconds. Short: a captured response can be replayed while it lives.
const NONCE_LIFE_S: u64 = 300;
/// How often a leg without connection is looked at, and a page that is to close.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Goodbyes that wait for their phones. One more is only sent, and its phone finds out by itself (RFC 4028).
const GOODBYES_MAX: usize = 1_024;
/// How long a leg may be without connection and without sound: with what it takes to notice silence, a citizen is without
/// agent for less than 10 s.
const STRANDED: Duration = Duration::from_secs(5);
/// How often the distributor is told which calls still live; well within its lease.
const ROLL_CALL: Duration = Duration::from_secs(30);

/// One of our sockets, and how those outside know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Where it is bound.
    pub local: SocketAddr,
    /// What our Via and Contact say.
    pub advertised: SocketAddr,
}

impl Address {
    /// The port that was given in place of 0.
    pub(super) fn bound_to(&mut self, local: SocketAddr) {
        if self.local.port() == 0 {
            self.local = local;
            self.advertised.set_port(local.port());
        }
    }
}

/// What does not change while the server runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where our sockets are bound.
    pub local: SocketAddr,
    /// What our Via, Contact and From say.
    pub advertised: SocketAddr,
    /// The same of SIP over TLS, where it is spoken.
    pub tls: Option<Address>,
    /// Who we are to carriers and phones: user part of From on calls we place.
    pub own_number: String,
    pub realm: String,
    /// What those who must prove who they are may prove it by, in this order.
    pub digest: Vec<Algorithm>,
    pub limits: Limits,
    pub acd: acd::Rules,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A datagram arrived.
    Datagram {
        flow: Flow,
        bytes: Vec<u8>,
    },
    /// A message arrived on a stream.
    Message {
        flow: Flow,
        message: Box<Message>,
    },
    /// Something arrived on a stream that is no usable message.
    Malformed {
        flow: Flow,
        error: Box<ParseError>,
    },
    /// A connection came up that another part carries.
    Connected {
        flow: Flow,
        at: AtLine,
    },
    /// That login is over.
    SignedOut {
        flow: Flow,
    },
    /// A connection is gone, or a datagram could not leave.
    TransportFailed {
        flow: Flow,
    },
    Media(MediaEvent),
    /// An entry that waited for its commit has it, with what is known of who calls; or cannot have it.
    Committed {
        token: CommitToken,
        kept: Option<Known>,
    },
    /// The organisation changed.
    Directory(Arc<Directory>),
    /// Where a carrier's name leads now; not said while the name cannot be looked up.
    Resolved {
        host: String,
        addresses: Vec<IpAddr>,
    },
    /// No new calls from now on.
    Drain,
    /// Hang up every call that is left: the drain's time is over.
    HangUpAll,
    /// Time passed.
    Tick,
}

/// What is to be done by the shell.
#[derive(Debug)]
pub enum Effect {
    Send {
        flow: Flow,
        bytes: Arc<[u8]>,
    },
    /// Close a connection that is not needed any more.
    Close {
        flow: Flow,
        farewell: Farewell,
    },
    /// To be kept, in order; with a token, its commit is waited for.
    Journal {
        entry: Entry,
        token: Option<CommitToken>,
    },
    /// Something a wallboard shows has changed.
    Changed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// An ended call waited long enough for the media side.
    LastWord(CallId),
    /// An announcement should have ended.
    Announced(CallId),
    /// Whoever we call should have said something.
    GiveUp(CallId, LegId),
    /// A silent leg's next step.
    Silence(CallId, LegId),
    /// A leg without connection: has it come back, does it sound?
    Stranded(CallId, LegId),
    /// A page that is to close: does it still need its connection?
    Farewell(u64),
    /// A commit took longer than a caller should wait in silence.
    Commit(CommitToken),
    RollCall,
    /// Some carrier's gateway is to be asked whether it is there.
    Trunks,
}

/// A connection that another part carries: a WebSocket.
#[derive(Debug)]
struct Line {
    flow: Flow,
    at: AtLine,
    /// To be closed once no call needs it; nothing begins here any more.
    farewell: Option<Farewell>,
}

/// Call control. Bounded by the limit of live calls; each call by its few legs.
pub struct Control {
    clock: Arc<dyn Clock>,
    settings: Settings,
    directory: Arc<Directory>,
    endpoint: Endpoint,
    authenticator: Authenticator,
    guesses: Guesses,
    registrar: Registrar,
    acd: Acd,
    admission: Admission,
    gateways: Gateways,
    media: Box<dyn Media>,
    /// By number of the connection; bounded by whoever carries them.
    lines: HashMap<u64, Line>,
    /// Dialogs that ended while their phone had no connection, until the endpoint gives their goodbyes up.
    goodbyes: Vec<(PhoneName, LegHandle)>,
    /// In order of arrival, so that whatever goes through all of them does so in the same order each time.
    calls: BTreeMap<CallId, Call>,
    by_dialog: HashMap<LegHandle, CallId>,
    /// By a leg's id, and by the media side's name for each sound of it.
    by_leg: HashMap<LegId, CallId>,
    commits: HashMap<CommitToken, CallId>,
    timers: BTreeSet<(Instant, Timer)>,
    effects: VecDeque<Effect>,
    last_token: u64,
    /// One moment by both clocks, so that what is shown of an instant does not tremble.
    began: (Instant, Timestamp),
}

impl Control {
    pub fn new(
        clock: Arc<dyn Clock>,
        settings: Settings,
        directory: Arc<Directory>,
        media: Box<dyn Media>,
    ) -> Self {
        let now = clock.instant();
        let mut nonce_key = [0; 32];
        clock.random(&mut nonce_key);
        let random = Arc::clone(&clock);
        let random = move || {
            let mut bytes = [0; 8];
            random.random(&mut bytes);
            u64::from_le_bytes(bytes)
        };
        let transports = [
            Transport::Udp,
            Transport::Tcp,
            Transport::Ws,
            Transport::Wss,
        ];
        let advertised = transports
            .map(|transport| ((transport, settings.local), settings.advertised.to_string()));
        let over_tls = settings
            .tls
            .map(|tls| ((Transport::Tls, tls.local), tls.advertised.to_string()));
        let advertised = advertised.into_iter().chain(over_tls);
        let endpoint = endpoint::Config {
            advertised: advertised.collect(),
            legs_max: settings.limits.calls.saturating_mul(4),
            // Replaces (RFC 3891) is read but not honoured.
            extensions: vec!["path".to_owned(), "outbound".to_owned()],
            ..endpoint::Config::default()
        };
        let config = acd::Config::from_directory(&directory, settings.acd);
        let mut control = Self {
            endpoint: Endpoint::new(endpoint, random),
            authenticator: Authenticator::new(settings.realm.clone(), nonce_key, NONCE_LIFE_S)
                .with_algorithms(settings.digest.clone()),
            guesses: Guesses::default(),
            registrar: Registrar::default(),
            acd: Acd::new(now, config),
            admission: Admission::new(settings.limits, now),
            gateways: Gateways::default(),
            media,
            lines: HashMap::new(),
            goodbyes: Vec::new(),
            calls: BTreeMap::new(),
            by_dialog: HashMap::new(),
            by_leg: HashMap::new(),
            commits: HashMap::new(),
            timers: BTreeSet::from([(now + ROLL_CALL, Timer::RollCall)]),
            effects: VecDeque::new(),
            last_token: 0,
            began: (now, clock.now()),
            clock,
            settings,
            directory,
        };
        control.look_after_trunks();
        control
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input) {
        let now = self.clock.instant();
        match input {
            Input::Datagram { flow, bytes } => match Message::parse(&bytes) {
                Ok(message) => self.on_message(now, &flow, message),
                Err(error) => self.endpoint.received_malformed(&flow, &error),
            },
            Input::Message { flow, message } => self.on_message(now, &flow, *message),
            Input::Malformed { flow, error } => self.endpoint.received_malformed(&flow, &error),
            Input::Connected { flow, at } => self.connected(flow, at),
            Input::SignedOut { flow } => {
                if let Some(connection) = flow.connection {
                    let changes = self.registrar.connection_lost(connection);
                    self.phones_changed(changes);
                    self.say_farewell(now, connection, Farewell::SignedOut);
                }
            }
            Input::TransportFailed { flow } => {
                if let Some(connection) = flow.connection {
                    self.lines.remove(&connection);
                    let changes = self.registrar.connection_lost(connection);
                    self.phones_changed(changes);
                }
                self.endpoint.transport_failed(now, &flow);
            }
            Input::Media(event) => self.on_media(event),
            Input::Committed { token, kept } => self.on_committed(token, kept),
            Input::Directory(directory) => {
                self.acd.reconfigure(
                    now,
                    acd::Config::from_directory(&directory, self.settings.acd),
                );
                self.directory = directory;
                self.phones_changed(self.registrar.registered(now));
                self.look_after_trunks();
            }
            Input::Resolved { host, addresses } => self.on_resolved(host, addresses),
            Input::Drain => self.admission.drain(),
            Input::HangUpAll => self.hang_up_all(),
            Input::Tick => self.endpoint.tick(now),
        }
        self.settle();
    }

    /// A stranger's call is refused before any state is made for it; everything else goes through the machines.
    fn on_message(&mut self, now: Instant, flow: &Flow, message: Message) {
        if let Message::Request(request) = &message
            && self.is_strangers_call(request, flow)
        {
            metrics::counter!("hotline_calls_refused", "reason" => "stranger").increment(1);
            self.endpoint
                .refuse(flow, request, Status::FORBIDDEN, &Headers::new());
            return;
        }
        if let Message::Request(request) = &message
            && asks_for_tls(request)
            && !flow.transport.is_encrypted()
        {
            self.endpoint.refuse(
                flow,
                request,
                Status::UNSUPPORTED_URI_SCHEME,
                &Headers::new(),
            );
            return;
        }
        self.endpoint.received_message(now, flow, message);
    }

    fn connected(&mut self, flow: Flow, at: AtLine) {
        // TCP is open to everybody and says nothing of who is there: see `identity`.
        let carried = matches!(flow.transport, Transport::Ws | Transport::Wss);
        if let (Some(connection), true) = (flow.connection, carried) {
            let farewell = None;
            self.lines.insert(connection, Line { flow, at, farewell });
        }
    }

    /// Lets a page go: at once, or as soon as the call on it has ended.
    fn say_farewell(&mut self, now: Instant, connection: u64, farewell: Farewell) {
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        line.farewell = Some(*line.farewell.get_or_insert(farewell));
        if self.endpoint.is_used(connection) {
            let timer = Timer::Farewell(connection);
            self.timers.insert((now + LOOK_AGAIN, timer));
        } else if let Some(line) = self.lines.remove(&connection) {
            let flow = line.flow;
            self.effects.push_back(Effect::Close { flow, farewell });
        }
    }

    /// The extension of a person, the first in order when there are several.
    pub fn extension_of(&self, person: &Username) -> Option<Extension> {
        let entry = self.extensions_of(person).next()?;
        Some(entry.number.clone())
    }

    /// Grants or refuses a person's wish.
    pub fn wish(&mut self, wish: Wish) -> Result<Granted, CallRefusal> {
        let outcome = self.on_wish(wish);
        self.settle();
        outcome
    }

    /// The next thing for the shell to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Input::Tick`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(at, _)| *at);
        [
            timer,
            self.endpoint.poll_timeout(),
            self.acd.poll_timeout(),
            self.registrar.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Live calls, those that are only waiting for their record included.
    pub fn live_calls(&self) -> usize {
        self.calls.len()
    }

    /// Nothing is left to say either: every goodbye was heard, or given up.
    pub fn is_quiet(&self) -> bool {
        self.calls.is_empty() && self.endpoint.stats().legs == 0
    }

    /// Registered phones.
    pub fn phones(&self) -> usize {
        self.registrar.phones()
    }

    /// Every live call as it stands.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// Where each of our people stands, and in which call.
    pub fn agents(&self) -> impl Iterator<Item = (&Username, acd::AgentState, Option<CallId>)> {
        self.acd
            .agents()
            .map(|(username, state, _, call)| (username, state, call))
    }

    /// The sizes of the SIP side's tables.
    pub fn endpoint_stats(&self) -> endpoint::Stats {
        self.endpoint.stats()
    }

    /// What a wallboard shows.
    pub fn live(&self) -> (Vec<LiveCall>, Vec<LiveAgent>) {
        let calls = self
            .calls
            .values()
            .filter(|call| !matches!(call.doing, Doing::Ending { .. }))
            .map(|call| LiveCall {
                id: call.id,
                caller: phone::mask(&call.cdr.caller),
                called: phone::mask(&call.cdr.called),
                state: call.state(),
                queue: call.queue.as_ref().map(ToString::to_string),
                position: match call.doing {
                    Doing::Waiting { position, .. } => u32::try_from(position)
                        .ok()
                        .filter(|position| *position > 0),
                    _ => None,
                },
                agent: call.agent().and_then(|leg| leg.user.clone()),
                legs: call.live_legs().map(|leg| leg.id).collect(),
                parties: call.live_legs().map(|leg| self.party(leg)).collect(),
                recording: call.recording.is_some() && !call.recording_paused,
                contact: call.cdr.contact_id,
                ticket: call.cdr.ticket_id,
            });
        let agents = self
            .acd
            .agents()
            .filter_map(|(username, state, since, call)| {
                let user = self.directory.users.get(username)?;
                Some(LiveAgent {
                    username: username.clone(),
                    display_name: user.display_name.clone(),
                    state,
                    since: self.wall(since),
                    wrap_up_until: self.acd.wrap_up_ends(username).map(|at| self.wall(at)),
                    call,
                })
            });
        (calls.collect(), agents.collect())
    }

    fn party(&self, leg: &Leg) -> Party {
        let person = leg.user.as_ref();
        Party {
            leg: leg.id,
            role: leg.role,
            party: phone::mask(&leg.party),
            user: leg.user.clone(),
            name: person
                .and_then(|user| self.directory.users.get(user))
                .map(|user| user.display_name.clone()),
            state: if leg.stage == Stage::Up {
                "up"
            } else {
                "ringing"
            },
            rung_at: leg.started_at,
            answered_at: leg.answered_at,
            room: leg.room.code(),
        }
    }

    fn wall(&self, at: Instant) -> Timestamp {
        let (instant, wall) = self.began;
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match at.checked_duration_since(instant) {
            Some(after) => wall.plus_millis(millis(after)),
            None => wall.plus_millis(-millis(instant.duration_since(at))),
        }
    }

    /// Lets every machine run until none has anything left to say.
    fn settle(&mut self) {
        let now = self.clock.instant();
        loop {
            let mut quiet = true;
            while let Some(effect) = self.endpoint.poll_effect() {
                quiet = false;
                match effect {
                    endpoint::Effect::Send { flow, bytes } => {
                        self.effects.push_back(Effect::Send { flow, bytes })
                    }
                    endpoint::Effect::Event(event) => self.on_sip(event),
                }
            }
            while let Some(effect) = self.acd.poll_effect() {
                quiet = false;
                self.on_acd(effect);
            }
            if self.acd.poll_timeout().is_some_and(|at| at <= now) {
                quiet = false;
                self.tell_acd(acd::Input::Tick);
            }
            if self.registrar.poll_timeout().is_some_and(|at| at <= now) {
                quiet = false;
                let changes = self.registrar.expire(now);
                self.phones_changed(changes);
            }
            while let Some((at, timer)) = self.timers.first().copied() {
                if at > now {
                    break;
                }
                quiet = false;
                self.timers.remove(&(at, timer));
                self.on_timer(now, timer);
            }
            if quiet {
                break;
            }
        }
    }

    fn on_sip(&mut self, event: endpoint::Event) {
        match event {
            endpoint::Event::Incoming {
                leg,
                request,
                flow,
                offer,
            } => {
                self.arrive(leg, &request, &flow, offer.as_deref());
            }
            endpoint::Event::Request { tx, request, flow } => self.on_request(tx, &request, &flow),
            endpoint::Event::Response { request, outcome } => {
                self.on_trunk_answer(request, outcome)
            }
            other => self.on_dialog(other),
        }
    }

    fn on_acd(&mut self, effect: acd::Effect) {
        match effect {
            acd::Effect::Offer {
                offer,
                call,
                agent,
                ring_timeout: _,
            } => self.ring_agent(call, offer, &agent),
            acd::Effect::CancelOffer {
                offer,
                call,
                agent: _,
            } => self.cancel_offer(call, offer),
            acd::Effect::StateChanged {
                agent,
                from,
                to,
                cause,
                call,
            } => {
                let at = self.clock.now();
                let reason = cause.code().to_owned();
                let change = AgentStateChange {
                    agent,
                    from,
                    to,
                    at,
                    reason,
                    call,
                };
                self.journal(Entry::AgentState(change));
                self.effects.push_back(Effect::Changed);
            }
            acd::Effect::Position {
                call,
                position,
                of: _,
            } => {
                if let Some(call) = self.calls.get_mut(&call)
                    && let Doing::Waiting { position: told, .. } = &mut call.doing
                {
                    *told = position;
                    let id = call.id;
                    self.sound(id);
                }
            }
            acd::Effect::Overflowed { call, queue } => {
                metrics::counter!("hotline_calls_overflowed").increment(1);
                info!(call.id = %call, %queue, "call {call} waited long enough: {queue} serves it too");
                if let Some(call) = self.calls.get_mut(&call) {
                    call.queue = Some(queue);
                }
                self.effects.push_back(Effect::Changed);
            }
            acd::Effect::Reaped { call, agents } => {
                metrics::counter!("hotline_acd_reaped").increment(1);
                warn!(call.id = %call, agents = agents.len(), "the distributor reaped call {call}: nobody spoke for it");
            }
        }
    }

    /// The distributor's refusals are answers to questions nobody else asks: late answers are handled where they arise.
    fn tell_acd(&mut self, input: acd::Input) -> bool {
        self.acd.handle(self.clock.instant(), input).is_ok()
    }

    fn on_timer(&mut self, now: Instant, timer: Timer) {
        match timer {
            Timer::LastWord(call) => self.bury(call),
            Timer::Announced(call) => self.announced(call),
            Timer::GiveUp(call, leg) => self.give_up(now, call, leg),
            Timer::Silence(call, leg) => self.silence_due(call, leg),
            Timer::Stranded(call, leg) => self.look_after_stranded(now, call, leg),
            Timer::Farewell(connection) => {
                let farewell = self.lines.get(&connection).and_then(|line| line.farewell);
                if let Some(farewell) = farewell {
                    self.say_farewell(now, connection, farewell);
                }
            }
            Timer::Commit(token) => self.on_committed(token, None),
            Timer::Trunks => self.ask_trunks(now),
            Timer::RollCall => {
                let live: Vec<CallId> = self.calls.keys().copied().collect();
                for call in live {
                    self.tell_acd(acd::Input::StillUp { call });
                }
                self.timers.insert((now + ROLL_CALL, Timer::RollCall));
            }
        }
    }

    fn on_media(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Played { leg } => {
                if let Some((call, _)) = self.sounds_at(leg) {
                    self.announced(call);
                }
            }
            MediaEvent::Silent { leg } => {
                if let Some((_, leg)) = self.sounds_at(leg) {
                    self.leg_fell_silent(leg);
                }
            }
            MediaEvent::Heard { leg } => {
                if let Some((_, leg)) = self.sounds_at(leg) {
                    self.leg_was_heard(leg);
                }
            }
            MediaEvent::Dtmf { .. } => {}
            MediaEvent::Broken { leg, why } => {
                if let Some((_, leg)) = self.sounds_at(leg) {
                    self.leg_broke(leg, why);
                }
            }
            MediaEvent::Closed { leg, quality } => {
                let Some((call_id, leg)) = self.sounds_at(leg) else {
                    return;
                };
                self.by_leg.remove(&leg);
                let Some(call) = self.calls.get_mut(&call_id) else {
                    return;
                };
                if let Some(leg) = call.leg_mut(leg) {
                    self.by_leg.remove(&leg.sound);
                    leg.quality = quality;
                    leg.media_open = false;
                }
                if matches!(call.doing, Doing::Ending { .. })
                    && call.legs.iter().all(|leg| !leg.media_open)
                {
                    self.bury(call_id);
                }
            }
        }
    }

    /// The leg whose sound the media side knows by this name. None for a branch that came to nothing.
    fn sounds_at(&self, sound: LegId) -> Option<(CallId, LegId)> {
        let call = self.calls.get(self.by_leg.get(&sound)?)?;
        let leg = call.legs.iter().find(|leg| leg.sound == sound)?;
        Some((call.id, leg.id))
    }

    /// The announcement was played to its end.
    fn announced(&mut self, call_id: CallId) {
        let announcing = |call: &Call| matches!(call.doing, Doing::Announcing(_));
        if self.calls.get(&call_id).is_some_and(announcing) {
            self.end_call(call_id, TerminationResult::Success, "announcement_played");
        }
    }

    fn on_committed(&mut self, token: CommitToken, kept: Option<Known>) {
        let Some(call_id) = self.commits.remove(&token) else {
            return;
        };
        if let Some(known) = kept {
            self.known_caller(call_id, known);
            self.answer_arrival(call_id);
        } else {
            // Nothing may be promised that is not kept: the network tries again or elsewhere.
            metrics::counter!("hotline_calls_refused", "reason" => "not_kept").increment(1);
            self.refuse_arrival(
                call_id,
                Status::SERVICE_UNAVAILABLE,
                TerminationResult::Ours,
                "not_kept",
            );
        }
    }

    /// Tells the distributor of phones that came and went.
    fn phones_changed(&mut self, changes: impl IntoIterator<Item = registrar::Change>) {
        enum Phone {
            Up,
            Down,
            Cut,
        }
        for change in changes {
            let (extension, now_is) = match change {
                registrar::Change::Up(extension) => (extension, Phone::Up),
                registrar::Change::Down(extension) => (extension, Phone::Down),
                registrar::Change::Cut(extension) => (extension, Phone::Cut),
            };
            let Some(agent) = self
                .directory
                .extensions
                .get(&extension)
                .and_then(|entry| entry.user.clone())
            else {
                continue;
            };
            match now_is {
                Phone::Up => self.tell_acd(acd::Input::PhoneUp { agent }),
                Phone::Down | Phone::Cut if self.has_phone(&agent) => continue,
                Phone::Down => self.tell_acd(acd::Input::PhoneDown { agent }),
                Phone::Cut => self.tell_acd(acd::Input::PhoneCut { agent }),
            };
        }
    }

    fn has_phone(&self, user: &Username) -> bool {
        let now = self.clock.instant();
        self.extensions_of(user)
            .any(|extension| !self.registrar.live(now, &extension.number).is_empty())
    }

    fn extensions_of<'a>(
        &'a self,
        user: &'a Username,
    ) -> impl Iterator<Item = &'a crate::domain::staff::ExtensionEntry> {
        self.directory
            .extensions
            .values()
            .filter(move |extension| extension.user.as_ref() == Some(user))
    }

    /// Tells the media side what each leg hears now, where that changed.
    fn sound(&mut self, call: CallId) {
        let Some(call) = self.calls.get_mut(&call) else {
            return;
        };
        for (id, hears) in call.topology() {
            let leg = call
                .leg_mut(id)
                .expect("the topology names legs of the call");
            if leg.hears != hears {
                leg.hears = hears.clone();
                self.media.hear(leg.sound, hears);
            }
        }
        self.effects.push_back(Effect::Changed);
    }

    fn journal(&mut self, entry: Entry) {
        self.effects
            .push_back(Effect::Journal { entry, token: None });
    }

    fn journal_for_answer(&mut self, entry: Entry, call: CallId) -> CommitToken {
        self.last_token += 1;
        let token = CommitToken(self.last_token);
        self.commits.insert(token, call);
        let patience = self.clock.instant() + COMMIT;
        self.timers.insert((patience, Timer::Commit(token)));
        self.effects.push_back(Effect::Journal {
            entry,
            token: Some(token),
        });
        token
    }
}

/// It begins something with a sips URI, which must not go in the clear anywhere on its way (RFC 3261 §26.2.2).
fn asks_for_tls(request: &Request) -> bool {
    let begins = !matches!(request.method, Method::Ack | Method::Cancel)
        && request.headers.to().is_ok_and(|to| to.tag().is_none());
    begins && request.uri.is_sips()
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Control({} calls, {} phones)",
            self.calls.len(),
            self.registrar.phones()
        )
    }
}
