//! The engine: media threads of its own (never tokio's), each owning the sockets of the legs pinned to it.
//!
//! [`Engine`] is a handle, cheap to clone. Its methods check what can be checked at once and put a command on the
//! thread's queue; facts come back through [`Config::events`]. A command on a leg takes effect in the order given.
//!
//! * `open` binds a leg's ports; all legs opened with the same [`CallKey`] live on one thread and may hear each other.
//!   `open_webrtc` opens a leg for a browser on the thread's muxed port; to everything below it is a leg like any other.
//! * `connect` says where the far side is, once its SDP is known, and again after each re-offer.
//! * `hear` says what the far side hears: nothing, a prompt, itself, other legs. Every shape of call is made of it:
//!   a bridge is two legs hearing each other; hold is a leg hearing music; three-way is three legs each hearing the
//!   two others; a monitoring supervisor hears both parties and nobody hears them; a whisper is heard by the agent alone.
//! * `record` lets a [`Tap`] have what each leg says.
//! * `close` ends a leg; [`Event::Closed`] carries its figures.
//!
//! Sound of one G.711 source is forwarded on arrival to a G.711 leg (transcoded by table where the laws differ); a leg
//! that hears two or more sources, or one where either side speaks G.722 or Opus, is mixed every 20 ms through small
//! play-out buffers.
//!
//! # Where packets may come from
//!
//! Before `connect` nothing is accepted. After it, only the signalled address is. A leg marked `nat` may move once to
//! another source while fewer than five packets have been accepted since that `connect`; sending follows. Everything
//! else is dropped and counted ([`Metrics::foreign`]). After five accepted packets the socket is connected, so that the
//! kernel refuses strangers before they cost anything; they are then no longer counted. Endpoints that send from another
//! port than they advertise (some load tools, NATs without a fixed mapping) need `nat: true`, loopback or not; a far side
//! that sends from its advertised address works either way.
//!
//! With SDES keys a packet must also carry a right tag, once; only then does it count, for the latch too.
//!
//! On the muxed port a connectivity check belongs to the leg that its user fragment names. One made with the leg's password gives
//! its source address to the leg (four at most; another leg's address only when that leg has not proven it for 15 s), and
//! what comes from there, DTLS and SRTP, is the leg's. Sound goes where the far side last nominated itself. Certificate and
//! tag decide the rest. All else is dropped, unanswered, and counted ([`Metrics::foreign`], [`Metrics::forged`],
//! [`Metrics::replayed`]).

mod dtls;
mod leg;
mod mailbox;
mod ports;
mod webrtc;
mod worker;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::codec::Codec;
use crate::prompt::Prompt;
use crate::security::{Fingerprint, IceCredentials, Security};
use crate::sys;
use crate::tap::{RecordingKey, Tap, TrackNo};
pub use dtls::NoIdentity;

use dtls::Identity;
use mailbox::Mailbox;
use ports::PortPool;

/// A leg's name, chosen by the caller and never used twice (a UUID's 128 bits, say).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub u128);

/// What keeps legs together: legs opened with the same key are on the same thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallKey(pub u128);

/// Names one `Play` in its [`Event::PromptDone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlayId(pub u64);

/// What an engine is started with.
#[derive(Clone)]
pub struct Config {
    /// Media threads; at least one is made. Cores − 1 is a good number.
    pub threads: usize,
    /// Where sockets are bound; an unspecified address is allowed with an advertised one. Far sides must be of its family.
    pub bind_ip: IpAddr,
    /// What SDP should say when it differs from `bind_ip` (1:1 NAT, or an unspecified `bind_ip`).
    pub advertised_ip: Option<IpAddr>,
    /// RTP takes the even ports, RTCP the odd one above each.
    pub ports: RangeInclusive<u16>,
    /// How long a closed leg's ports rest before they are used again, so that late packets reach nobody.
    pub port_rest: Duration,
    /// A leg that sent before, should send and does not for this long is reported as [`Event::Silent`].
    pub silence_after: Duration,
    /// A WebRTC leg from which nothing authentic came for this long is reported as [`Breakdown::Gone`] (RFC 7675 §5.1: 30 s).
    pub consent_after: Duration,
    /// A WebRTC leg that is not secured this long after its first `connect` is reported as [`Breakdown::NoPath`].
    pub setup_after: Duration,
    /// Time between RTCP reports, randomised by half either way (RFC 3550 §6.2).
    pub rtcp_interval: Duration,
    /// Try to run the media threads one step above the rest of the process: one real-time priority higher, or real-time
    /// when the process has none. Without the right to, nothing changes.
    pub raise_priority: bool,
    /// Receives what happens, on a media thread: it must return at once (a `try_send` into the shell's queue).
    pub events: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Config {
    /// Loopback, ports 20000–29999, one thread: a start to change from.
    pub fn new(events: Arc<dyn Fn(Event) + Send + Sync>) -> Self {
        Self {
            threads: 1,
            bind_ip: IpAddr::from([127, 0, 0, 1]),
            advertised_ip: None,
            ports: 20_000..=29_999,
            port_rest: Duration::from_secs(2),
            silence_after: Duration::from_secs(10),
            consent_after: Duration::from_secs(30),
            setup_after: Duration::from_secs(15),
            rtcp_interval: Duration::from_secs(5),
            raise_priority: false,
            events,
        }
    }
}

/// Where a leg receives; what our SDP says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalPort {
    /// The advertised address when there is one.
    pub ip: IpAddr,
    pub rtp: u16,
    pub rtcp: u16,
}

/// What our SDP says of a leg whose packets come by ICE and DTLS-SRTP. We are ICE-lite and always the DTLS server:
/// `a=ice-lite`, `a=setup:passive`, `a=rtcp-mux`, one host candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalWebRtc {
    /// The candidate, with the advertised address where there is one; all such legs of a thread share it.
    pub address: SocketAddr,
    pub ice: IceCredentials,
    /// Of the engine's certificate: the same for every leg, another at each start.
    pub fingerprint: Fingerprint,
}

/// The far side of a leg, from its SDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Of no account on a WebRTC leg: ICE finds the far side.
    pub rtp: SocketAddr,
    /// On a WebRTC leg always [`Rtcp::Mux`], whatever stands here.
    pub rtcp: Rtcp,
    pub codec: Codec,
    /// What the codec is called on this leg's wire, both ways.
    pub payload_type: u8,
    /// RFC 4733 telephone-event, when negotiated.
    pub dtmf_payload_type: Option<u8>,
    /// The clock of the durations in such events: 8,000, or a multiple of it.
    pub dtmf_clock_hz: u32,
    pub direction: Direction,
    /// The far side may be behind a NAT: it may move once, early. See the module's text.
    pub nat: bool,
    /// Find keys in the sound itself, for trunks that do not negotiate telephone-event.
    pub detect_tones: bool,
    pub security: Security,
}

impl Remote {
    /// A far side with the codec's usual payload type, RTCP one port above, both directions, not behind a NAT.
    pub fn new(rtp: SocketAddr, codec: impl Into<Codec>) -> Self {
        let codec = codec.into();
        let mut rtcp = rtp;
        rtcp.set_port(rtp.port().saturating_add(1));
        Self {
            rtp,
            rtcp: Rtcp::At(rtcp),
            codec,
            payload_type: codec.usual_payload_type(),
            dtmf_payload_type: None,
            dtmf_clock_hz: 8_000,
            direction: Direction::BOTH,
            nat: false,
            detect_tones: false,
            security: Security::None,
        }
    }
}

/// Where a leg's RTCP goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rtcp {
    /// A port of its own (RTP + 1, or `a=rtcp`).
    At(SocketAddr),
    /// Together with RTP (RFC 5761).
    Mux,
    /// Neither sent nor wanted.
    Off,
}

/// The media direction, from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direction {
    pub send: bool,
    pub receive: bool,
}

impl Direction {
    /// `a=sendrecv`.
    pub const BOTH: Self = Self {
        send: true,
        receive: true,
    };
}

/// What a leg's party hears. A new one replaces the one before.
#[derive(Debug, Clone)]
pub enum Hears {
    /// Nothing is sent.
    Nothing,
    /// Its own sound.
    Echo,
    Play(Play),
    /// One or more other legs of the same thread, at most [`Hears::LEGS_MAX`]. A leg that is closed later falls out.
    Legs(Vec<LegId>),
    /// Other legs with a prompt over them.
    LegsAndPlay(Vec<LegId>, Play),
}

impl Hears {
    /// More parties than a call of ours has.
    pub const LEGS_MAX: usize = 8;
}

/// Prompts one after the other.
#[derive(Debug, Clone)]
pub struct Play {
    pub id: PlayId,
    pub prompts: Vec<Arc<Prompt>>,
    pub repeat: Repeat,
}

/// How often a sequence plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Ends with [`Event::PromptDone`].
    Once,
    Forever,
}

/// What happened on a media thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// The first packet accepted on a leg.
    FirstPacket { leg: LegId },
    /// A key was pressed and released (RFC 4733).
    Dtmf {
        leg: LegId,
        digit: char,
        duration_ms: u32,
    },
    /// The sequence was heard to its end.
    PromptDone { leg: LegId, id: PlayId },
    /// Nothing, not even RTCP or comfort noise, was received for [`Config::silence_after`] from a leg that was heard before and
    /// should send. Said again after ten times as long while that lasts: an event may be lost on the way, and this one is
    /// acted upon. A far side that never sent anything is not suspected.
    Silent { leg: LegId },
    /// A sign of life after [`Event::Silent`].
    Audible { leg: LegId },
    /// The recording stopped taking sound at this sample.
    RecordingPaused {
        recording: RecordingKey,
        at_sample: u64,
    },
    /// The recording takes sound again from this sample on.
    RecordingResumed {
        recording: RecordingKey,
        at_sample: u64,
    },
    /// DTLS is up with the certificate that the SDP named: sound may flow both ways. Said again after a new association.
    Secured { leg: LegId },
    /// A WebRTC leg has no far side, or none any more. Nothing is sent or accepted until another `connect` with new
    /// credentials; closing the leg is the caller's.
    Broken { leg: LegId, why: Breakdown },
    /// The leg is gone; nothing about it follows.
    Closed { leg: LegId, stats: LegStats },
    /// Handling the leg met a bug of ours. [`Event::Closed`] follows; call `close` to be done with its name. Others are not
    /// touched.
    Failed { leg: LegId },
}

/// Why a WebRTC leg is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Breakdown {
    /// Its certificate is not the one its SDP named.
    Fingerprint,
    /// DTLS failed: no common parameters, a wrong signature, an alert.
    Handshake,
    /// Nothing usable came within [`Config::setup_after`] of the first `connect`: a firewall, say.
    NoPath,
    /// Nothing authentic came for [`Config::consent_after`] (RFC 7675).
    Gone,
    /// It closed its DTLS association: the page was left, the call ended there.
    ClosedByPeer,
}

/// A leg's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LegStats {
    pub packets_received: u64,
    /// Expected by sequence number less received (RFC 3550 §6.4.1), never below 0.
    pub packets_lost: u64,
    pub packets_sent: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1). Under load our own gathering of packets adds up to a millisecond or so.
    pub jitter_us: u64,
    /// Round-trip time from the far side's last RTCP report about us.
    pub rtt_us: Option<u64>,
    /// What the far side last reported as lost of ours.
    pub remote_packets_lost: Option<u32>,
    /// Packets dropped on this leg: foreign, malformed, unknown payload type, before connect.
    pub packets_dropped: u64,
}

/// Why a command was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no free media port in the range")]
    NoPorts,
    #[error("no such leg")]
    NoSuchLeg(LegId),
    #[error("the leg is open already")]
    DuplicateLeg(LegId),
    #[error("no such recording")]
    NoSuchRecording(RecordingKey),
    #[error("the recording exists already")]
    DuplicateRecording(RecordingKey),
    /// Legs that hear each other or share a recording must be opened with the same call key.
    #[error("the leg is on another media thread: open it with the same call key")]
    OtherThread(LegId),
    /// [`Security::Dtls`] is for legs opened with [`Engine::open_webrtc`], and they take nothing else.
    #[error("the leg was opened for another kind of security")]
    WrongSecurity(LegId),
    #[error("a leg can hear at most 8 others")]
    TooManyLegs,
    #[error("a play needs at least one prompt")]
    EmptyPlay,
    #[error("not a telephone key: {0:?}")]
    NotADigit(char),
    #[error("the media thread's command queue is full")]
    Busy,
    #[error("the media engine has stopped")]
    Stopped,
    #[error("cannot open a media socket")]
    Socket(#[source] io::Error),
}

/// Why an engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("media port range {}–{} holds no even port with the odd one above it", .0.start(), .0.end())]
    NoPorts(RangeInclusive<u16>),
    /// SDP would say 0.0.0.0.
    #[error("media bound to {0} needs an advertised address")]
    NoAddress(IpAddr),
    #[error("cannot make a DTLS certificate")]
    Identity(#[source] NoIdentity),
    #[error("cannot start a media thread")]
    Thread(#[source] io::Error),
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Totals over all threads since the start.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Metrics {
            $($(#[$doc])* pub $name: u64,)+
        }

        /// One thread's counters. Only that thread writes, so a plain load and store count without a locked instruction.
        #[derive(Debug, Default)]
        struct Counters {
            $($name: AtomicU64,)+
        }

        impl Counters {
            fn add_to(&self, total: &mut Metrics) {
                $(total.$name += self.$name.load(Ordering::Relaxed);)+
            }
        }
    };
}

metrics! {
    /// RTP packets accepted.
    packets_in,
    /// RTP packets sent.
    packets_out,
    /// The socket refused a packet.
    send_errors,
    /// Dropped: not from where the leg's media comes from.
    foreign,
    /// Dropped: not RTP or RTCP.
    malformed,
    /// Dropped: a payload type that was not negotiated (comfort noise among them).
    unknown_payload,
    /// Dropped: before `connect`, before DTLS is up or after it broke down, or the far side may not send now.
    unexpected,
    /// Dropped: SRTP or a connectivity check made without the key.
    forged,
    /// Dropped: SRTP that came before.
    replayed,
    /// Connectivity checks answered.
    checks_in,
    /// WebRTC legs whose far side moved to another address.
    moves,
    /// DTLS handshakes that ended well.
    handshakes,
    /// Dropped: a DTLS handshake while as many as are allowed went on.
    handshakes_refused,
    /// WebRTC legs reported as broken.
    breakdowns,
    /// RTCP packets accepted.
    rtcp_in,
    /// RTCP packets sent.
    rtcp_out,
    /// 20 ms frames mixed.
    frames_mixed,
    /// 20 ms frames of prompts sent.
    frames_played,
    /// 20 ms frames never sent because the thread was too late.
    frames_skipped,
    /// Packets too late for the recording's or the mixer's timeline.
    late,
    /// Chunks handed to taps.
    chunks,
    /// Chunks lost because the tap was full.
    chunks_dropped,
    /// Legs closed by a bug of ours.
    failures,
    /// Legs opened.
    legs_opened,
    /// Legs closed.
    legs_closed,
}

/// One thread's own handle on a counter.
fn bump(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

/// Commands waiting for one thread. Full: the command is refused with [`Error::Busy`]; a thread empties its queue at
/// least every few milliseconds, so a full queue means that it hangs.
const COMMANDS_MAX: usize = 2_048;

/// What a handle asks of a thread.
enum Command {
    Open {
        leg: LegId,
        sockets: Sockets,
    },
    /// The thread's muxed port, before its first WebRTC leg.
    OpenMux {
        socket: UdpSocket,
    },
    OpenWebRtc {
        leg: LegId,
        ice: IceCredentials,
    },
    RestartIce {
        leg: LegId,
        ice: IceCredentials,
    },
    Connect {
        leg: LegId,
        remote: Remote,
    },
    Hear {
        leg: LegId,
        hears: Hears,
    },
    DtmfOut {
        leg: LegId,
        event: u8,
        duration_ms: u32,
    },
    Close {
        leg: LegId,
    },
    Record {
        recording: RecordingKey,
        tracks: Vec<(LegId, TrackNo)>,
        sink: Arc<dyn Tap>,
    },
    SetTrack {
        recording: RecordingKey,
        track: TrackNo,
        leg: LegId,
    },
    ClearTrack {
        recording: RecordingKey,
        track: TrackNo,
    },
    Pause {
        recording: RecordingKey,
    },
    Resume {
        recording: RecordingKey,
    },
    StopRecording {
        recording: RecordingKey,
    },
}

/// A leg's two sockets, bound and non-blocking.
struct Sockets {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    port: u16,
}

/// The handle. When the last one is dropped the threads end as with [`Engine::shutdown`].
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({} threads)", self.0.lanes.len())
    }
}

struct Inner {
    advertised_ip: IpAddr,
    identity: Arc<Identity>,
    ports: Arc<Mutex<PortPool>>,
    routes: Mutex<Routes>,
    lanes: Vec<Lane>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Which thread has which leg and recording.
#[derive(Default)]
struct Routes {
    legs: HashMap<LegId, Route>,
    /// The muxed port of each thread that has one.
    muxed: HashMap<usize, u16>,
    recordings: HashMap<RecordingKey, usize>,
}

/// Where a leg is, and of which kind.
#[derive(Debug, Clone, Copy)]
struct Route {
    lane: usize,
    is_webrtc: bool,
}

/// One thread as its handles see it.
struct Lane {
    commands: Arc<Mailbox>,
    waker: Arc<sys::Waker>,
    counters: Arc<Counters>,
}

impl Engine {
    /// Starts the threads. Raises the process's soft limit of open files to its hard limit: a leg has two sockets.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let pool = PortPool::new(config.bind_ip, config.ports.clone(), config.port_rest)
            .ok_or_else(|| StartError::NoPorts(config.ports.clone()))?;
        let advertised_ip = config.advertised_ip.unwrap_or(config.bind_ip);
        if advertised_ip.is_unspecified() {
            return Err(StartError::NoAddress(config.bind_ip));
        }
        sys::raise_open_files();
        let identity = Arc::new(Identity::new().map_err(StartError::Identity)?);
        let ports = Arc::new(Mutex::new(pool));
        let mut lanes = Vec::new();
        let mut threads = Vec::new();
        for number in 0..config.threads.max(1) {
            let commands = Arc::new(Mailbox::default());
            let waker = Arc::new(sys::Waker::new().map_err(StartError::Thread)?);
            let counters = Arc::new(Counters::default());
            let worker = worker::Worker::new(
                &config,
                Arc::clone(&commands),
                Arc::clone(&waker),
                Arc::clone(&counters),
                Arc::clone(&ports),
                Arc::clone(&identity),
            )
            .map_err(StartError::Thread)?;
            let thread = std::thread::Builder::new()
                .name(format!("media-{number}"))
                .spawn(move || worker.run())
                .map_err(StartError::Thread)?;
            threads.push(thread);
            lanes.push(Lane {
                commands,
                waker,
                counters,
            });
        }
        Ok(Self(Arc::new(Inner {
            advertised_ip,
            identity,
            ports,
            routes: Mutex::default(),
            lanes,
            threads: Mutex::new(threads),
        })))
    }

    /// Opens a leg: an even port for RTP and the odd one above for RTCP, bound before this returns.
    pub fn open(&self, leg: LegId, call: CallKey) -> Result<LocalPort, Error> {
        let lane = self.0.lane_of(call);
        let mut routes = self.0.routes();
        if routes.legs.contains_key(&leg) {
            return Err(Error::DuplicateLeg(leg));
        }
        let sockets = self
            .0
            .ports
            .lock()
            .expect("no panic happens while the ports are held")
            .take(sys::now())?;
        let port = sockets.port;
        let sent = self.0.send(lane, Command::Open { leg, sockets });
        if let Err(error) = sent {
            self.0
                .ports
                .lock()
                .expect("no panic happens while the ports are held")
                .give_back(port, sys::now());
            return Err(error);
        }
        let is_webrtc = false;
        routes.legs.insert(leg, Route { lane, is_webrtc });
        Ok(LocalPort {
            ip: self.0.advertised_ip,
            rtp: port,
            rtcp: port + 1,
        })
    }

    /// Opens a leg for a browser: its packets come to the thread's one muxed port, told apart by the user fragment of the
    /// credentials returned and then by source address. ICE-lite, always the DTLS server, RTCP always muxed.
    pub fn open_webrtc(&self, leg: LegId, call: CallKey) -> Result<LocalWebRtc, Error> {
        let lane = self.0.lane_of(call);
        let mut routes = self.0.routes();
        if routes.legs.contains_key(&leg) {
            return Err(Error::DuplicateLeg(leg));
        }
        let port = match routes.muxed.get(&lane) {
            Some(port) => *port,
            None => {
                let port = self.0.open_mux(lane)?;
                routes.muxed.insert(lane, port);
                port
            }
        };
        let ice = fresh_credentials();
        self.0.send(
            lane,
            Command::OpenWebRtc {
                leg,
                ice: ice.clone(),
            },
        )?;
        let is_webrtc = true;
        routes.legs.insert(leg, Route { lane, is_webrtc });
        Ok(LocalWebRtc {
            address: (self.0.advertised_ip, port).into(),
            ice,
            fingerprint: self.0.identity.fingerprint,
        })
    }

    /// Fresh credentials for a WebRTC leg, for the answer to an offer that restarts ICE (RFC 8445 §9). Those before hold
    /// until the far side uses the new ones, so that sound goes on meanwhile.
    pub fn restart_ice(&self, leg: LegId) -> Result<IceCredentials, Error> {
        let route = self.0.route_of(leg)?;
        if !route.is_webrtc {
            return Err(Error::WrongSecurity(leg));
        }
        let ice = fresh_credentials();
        self.0.send(
            route.lane,
            Command::RestartIce {
                leg,
                ice: ice.clone(),
            },
        )?;
        Ok(ice)
    }

    /// Says where the leg's far side is and what it speaks; again after each re-offer.
    pub fn connect(&self, leg: LegId, remote: Remote) -> Result<(), Error> {
        let route = self.0.route_of(leg)?;
        let fits = match remote.security {
            Security::None | Security::Sdes { .. } => !route.is_webrtc,
            Security::Dtls(_) => route.is_webrtc,
        };
        if !fits {
            return Err(Error::WrongSecurity(leg));
        }
        self.0.send(route.lane, Command::Connect { leg, remote })
    }

    /// Says what the leg's party hears from now on.
    pub fn hear(&self, leg: LegId, hears: Hears) -> Result<(), Error> {
        let (legs, play): (&[LegId], Option<&Play>) = match &hears {
            Hears::Nothing | Hears::Echo => (&[], None),
            Hears::Play(play) => (&[], Some(play)),
            Hears::Legs(legs) => (legs, None),
            Hears::LegsAndPlay(legs, play) => (legs, Some(play)),
        };
        if legs.len() > Hears::LEGS_MAX {
            return Err(Error::TooManyLegs);
        }
        if play.is_some_and(|play| play.prompts.is_empty()) {
            return Err(Error::EmptyPlay);
        }
        let lane = self.0.lane_with(leg, legs)?;
        self.0.send(lane, Command::Hear { leg, hears })
    }

    /// Presses a key: 0–9, `*`, `#`, A–D. Sent as RFC 4733 where negotiated, else as tones. Keys queue up (32 at most, then
    /// dropped) and replace the leg's other sound while they last.
    pub fn dtmf_out(&self, leg: LegId, digit: char, duration: Duration) -> Result<(), Error> {
        let event = crate::dtmf::event_of(digit).ok_or(Error::NotADigit(digit))?;
        let duration_ms = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        self.0.to_leg(
            leg,
            Command::DtmfOut {
                leg,
                event,
                duration_ms,
            },
        )
    }

    /// Ends a leg. Whoever heard it hears it no more; [`Event::Closed`] follows.
    pub fn close(&self, leg: LegId) -> Result<(), Error> {
        self.0.to_leg(leg, Command::Close { leg })?;
        self.0.routes().legs.remove(&leg);
        Ok(())
    }

    /// Begins a recording: its clock starts now. The legs must be on one thread; the recording outlives them.
    pub fn record(
        &self,
        recording: RecordingKey,
        call: CallKey,
        tracks: Vec<(LegId, TrackNo)>,
        sink: Arc<dyn Tap>,
    ) -> Result<(), Error> {
        let lane = self.0.lane_of(call);
        for (leg, _) in &tracks {
            if self.0.lane_with(*leg, &[])? != lane {
                return Err(Error::OtherThread(*leg));
            }
        }
        let mut routes = self.0.routes();
        if routes.recordings.contains_key(&recording) {
            return Err(Error::DuplicateRecording(recording));
        }
        self.0.send(
            lane,
            Command::Record {
                recording,
                tracks,
                sink,
            },
        )?;
        routes.recordings.insert(recording, lane);
        Ok(())
    }

    /// Gives a track to a leg: a new track, or another leg in the place of the one before.
    pub fn set_track(
        &self,
        recording: RecordingKey,
        track: TrackNo,
        leg: LegId,
    ) -> Result<(), Error> {
        let lane = self.0.lane_of_recording(recording)?;
        if self.0.lane_with(leg, &[])? != lane {
            return Err(Error::OtherThread(leg));
        }
        self.0.send(
            lane,
            Command::SetTrack {
                recording,
                track,
                leg,
            },
        )
    }

    /// Takes the track's leg away: the track is silent until another leg has it.
    pub fn clear_track(&self, recording: RecordingKey, track: TrackNo) -> Result<(), Error> {
        let lane = self.0.lane_of_recording(recording)?;
        self.0.send(lane, Command::ClearTrack { recording, track })
    }

    /// No sound leaves until it is resumed; the clock goes on.
    pub fn pause_recording(&self, recording: RecordingKey) -> Result<(), Error> {
        let lane = self.0.lane_of_recording(recording)?;
        self.0.send(lane, Command::Pause { recording })
    }

    /// Sound leaves again.
    pub fn resume_recording(&self, recording: RecordingKey) -> Result<(), Error> {
        let lane = self.0.lane_of_recording(recording)?;
        self.0.send(lane, Command::Resume { recording })
    }

    /// Ends a recording: what is held back leaves, then the tap gets `finished`.
    pub fn stop_recording(&self, recording: RecordingKey) -> Result<(), Error> {
        let lane = self.0.lane_of_recording(recording)?;
        self.0.send(lane, Command::StopRecording { recording })?;
        self.0.routes().recordings.remove(&recording);
        Ok(())
    }

    /// Totals over all threads.
    pub fn metrics(&self) -> Metrics {
        let mut total = Metrics::default();
        for lane in &self.0.lanes {
            lane.counters.add_to(&mut total);
        }
        total
    }

    /// Ends all recordings and legs and waits for the threads. Later commands are refused.
    pub fn shutdown(&self) {
        self.0.stop();
    }
}

impl Inner {
    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes
            .lock()
            .expect("no panic happens while the routes are held")
    }

    fn lane_of(&self, call: CallKey) -> usize {
        // Keys are often UUIDs whose bits are not all random: mix before the remainder (SplitMix64's finish).
        let mut z = (call.0 as u64) ^ ((call.0 >> 64) as u64);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % self.lanes.len() as u64) as usize
    }

    /// The thread of `leg`, when all of `others` are on it too.
    fn lane_with(&self, leg: LegId, others: &[LegId]) -> Result<usize, Error> {
        let routes = self.routes();
        let lane = routes.legs.get(&leg).ok_or(Error::NoSuchLeg(leg))?.lane;
        for other in others {
            match routes.legs.get(other) {
                None => return Err(Error::NoSuchLeg(*other)),
                Some(there) if there.lane != lane => return Err(Error::OtherThread(*other)),
                Some(_) => {}
            }
        }
        Ok(lane)
    }

    fn route_of(&self, leg: LegId) -> Result<Route, Error> {
        let routes = self.routes();
        routes.legs.get(&leg).copied().ok_or(Error::NoSuchLeg(leg))
    }

    /// Binds the thread's muxed port; it is kept until the engine stops.
    fn open_mux(&self, lane: usize) -> Result<u16, Error> {
        let mut ports = self
            .ports
            .lock()
            .expect("no panic happens while the ports are held");
        let Sockets { rtp, port, .. } = ports.take(sys::now())?;
        ports::widen(&rtp);
        let sent = self.send(lane, Command::OpenMux { socket: rtp });
        if sent.is_err() {
            ports.give_back(port, sys::now());
        }
        sent.map(|()| port)
    }

    fn lane_of_recording(&self, recording: RecordingKey) -> Result<usize, Error> {
        self.routes()
            .recordings
            .get(&recording)
            .copied()
            .ok_or(Error::NoSuchRecording(recording))
    }

    fn to_leg(&self, leg: LegId, command: Command) -> Result<(), Error> {
        let lane = self.lane_with(leg, &[])?;
        self.send(lane, command)
    }

    fn send(&self, lane: usize, command: Command) -> Result<(), Error> {
        let lane = &self.lanes[lane];
        lane.commands.put(command)?;
        lane.waker.wake();
        Ok(())
    }

    fn stop(&self) {
        let threads = std::mem::take(
            &mut *self
                .threads
                .lock()
                .expect("no panic happens while the threads are held"),
        );
        for lane in &self.lanes {
            lane.waker.stop();
        }
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a media thread had ended by a panic");
            }
        }
    }
}

fn fresh_credentials() -> IceCredentials {
    IceCredentials::fresh(|bytes| {
        aws_lc_rs::rand::fill(bytes).expect("the operating system has a random source");
    })
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}
