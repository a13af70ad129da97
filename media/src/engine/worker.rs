//! One media thread: its legs, its recordings, its loop.
//!
//! Each turn of the loop waits for sockets, takes what has arrived and sends it on at once, then does what is due: ticks of
//! the four 20 ms phases, chunks for the taps, reports. Nothing here waits for anybody but the kernel. A panic while one leg
//! is handled closes that leg; the others go on.

mod frames;
mod legs;
mod mux;
mod packets;
mod recordings;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::sys;
use crate::tap::RecordingKey;

use super::dtls::Identity;
use super::leg::{Leg, Slot};
use super::mailbox::Mailbox;
use super::ports::PortPool;
use super::{Command, Config, Counters, Event, LegId, bump};
use mux::Mux;
use recordings::Recording;

/// Ready sockets taken per wake-up.
const BATCH: usize = 256;
/// A datagram as large is no telephone sound; it is cut off and dropped.
const DATAGRAM_MAX: usize = 2_048;
/// The waker's token and the muxed port's; legs' tokens are smaller.
const WAKER: u64 = u64::MAX;
const MUX: u64 = u64::MAX - 1;
/// The four phases follow each other by this; each comes every 20 ms.
const BEAT: Duration = Duration::from_millis(5);
const PHASES: usize = 4;
/// More beats behind than this are not made up for: 60 ms of sound at once helps nobody.
const BEATS_BEHIND_MAX: u64 = 12;

/// The thread's whole state.
pub(super) struct Worker {
    core: Core,
    inbox: Arc<Mailbox>,
    waker: Arc<sys::Waker>,
    epoll: sys::Epoll,
    raise_priority: bool,
    load: Load,
}

/// All but the loop.
struct Core {
    events: Arc<dyn Fn(Event) + Send + Sync>,
    counters: Arc<Counters>,
    ports: Arc<Mutex<PortPool>>,
    identity: Arc<Identity>,
    silence_after: Duration,
    consent_after: Duration,
    setup_after: Duration,
    rtcp_interval: Duration,
    cname: String,
    random: u64,
    /// Where the engine's 8 kHz clock is 0.
    epoch: Instant,
    now: Instant,

    legs: Vec<Seat<Leg>>,
    slots: HashMap<LegId, Slot>,
    /// Once there is a WebRTC leg.
    mux: Option<Mux>,
    recordings: Vec<Seat<Recording>>,
    recording_slots: HashMap<RecordingKey, Slot>,
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    phases: [Vec<Slot>; PHASES],
    next_beat: u64,

    buffer: Box<[u8; DATAGRAM_MAX]>,
    /// For a listener of the other law, and for frames of our own.
    packet: Box<[u8; DATAGRAM_MAX]>,
    samples: Box<[i16; DATAGRAM_MAX]>,
    report: Vec<u8>,
}

/// A place in a table; the generation tells its tenants apart.
struct Seat<T> {
    generation: u32,
    /// A leg's own.
    port: Option<u16>,
    tenant: Option<Box<T>>,
}

/// What the loop must come back to. A timer whose tenant has gone finds another generation and does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Report { slot: Slot, generation: u32 },
    Silence { slot: Slot, generation: u32 },
    Recording { slot: Slot, generation: u32 },
    Dtls { slot: Slot, generation: u32 },
    Consent { slot: Slot, generation: u32 },
}

impl Worker {
    pub(super) fn new(
        config: &Config,
        inbox: Arc<Mailbox>,
        waker: Arc<sys::Waker>,
        counters: Arc<Counters>,
        ports: Arc<Mutex<PortPool>>,
        identity: Arc<Identity>,
    ) -> io::Result<Self> {
        let epoll = sys::Epoll::new(BATCH)?;
        epoll.add(waker.fd(), WAKER)?;
        let now = sys::now();
        let random = sys::random();
        Ok(Self {
            core: Core {
                events: Arc::clone(&config.events),
                counters,
                ports,
                identity,
                silence_after: config.silence_after,
                consent_after: config.consent_after,
                setup_after: config.setup_after,
                rtcp_interval: config.rtcp_interval,
                cname: format!("{random:016x}"),
                random: sys::random(),
                epoch: now,
                now,
                legs: Vec::new(),
                slots: HashMap::new(),
                mux: None,
                recordings: Vec::new(),
                recording_slots: HashMap::new(),
                timers: BinaryHeap::new(),
                phases: std::array::from_fn(|_| Vec::new()),
                next_beat: 0,
                buffer: Box::new([0; DATAGRAM_MAX]),
                packet: Box::new([0; DATAGRAM_MAX]),
                samples: Box::new([0; DATAGRAM_MAX]),
                report: Vec::new(),
            },
            inbox,
            waker,
            epoll,
            raise_priority: config.raise_priority,
            load: Load::new(now),
        })
    }

    pub(super) fn run(mut self) {
        sys::exact_timers();
        if self.raise_priority && !sys::raise_priority() {
            tracing::info!("media thread keeps its priority: the system allows no higher one");
        }
        while !self.waker.is_stopped() {
            let ready = self.epoll.wait(self.core.until_due());
            self.core.now = sys::now();
            let mut muxed = 0;
            for index in 0..ready {
                match self.epoll.token(index) {
                    WAKER => self.take_commands(),
                    MUX => muxed = self.core.drain_mux(),
                    token => self.core.guard(token, |core| core.readable(token)),
                }
            }
            self.core.do_what_is_due();
            // When much is going on the next packets are left to gather: fewer wake-ups, more packets in each.
            let rest = self.load.rest(self.core.now, ready + muxed);
            if ready < BATCH && !rest.is_zero() {
                let due = self.core.until_due();
                std::thread::sleep(due.map_or(rest, |due| due.min(rest)));
            }
        }
        let last = self.inbox.close();
        self.obey(last);
        self.core.farewell();
    }

    fn take_commands(&mut self) {
        self.waker.clear();
        let commands = self.inbox.take();
        self.obey(commands);
    }

    fn obey(&mut self, commands: VecDeque<Command>) {
        for command in commands {
            let core = &mut self.core;
            if catch_unwind(AssertUnwindSafe(|| core.obey(&self.epoll, command))).is_err() {
                bump(&self.core.counters.failures, 1);
                tracing::error!("a media command met a bug and was not carried out");
            }
        }
    }
}

/// How busy the thread is, and so how long it may let packets gather.
struct Load {
    since: Instant,
    ready: u32,
    rest: Duration,
}

impl Load {
    /// Over this time the rate is taken.
    const WINDOW: Duration = Duration::from_millis(50);
    /// Up to this many packets a second every packet is taken as it comes (80 bridged calls).
    const CALM: u64 = 8_000;
    const REST_MAX: Duration = Duration::from_millis(4);

    fn new(now: Instant) -> Self {
        Self {
            since: now,
            ready: 0,
            rest: Duration::ZERO,
        }
    }

    /// 0.1 ms at 100 bridged calls, 1 ms at 300, 2.6 ms at 600, never more than 4.
    fn rest(&mut self, now: Instant, ready: usize) -> Duration {
        self.ready += ready as u32;
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed >= Self::WINDOW {
            let a_second = u64::from(self.ready) * 1_000_000 / elapsed.as_micros().max(1) as u64;
            let busy = a_second.saturating_sub(Self::CALM);
            self.rest = Duration::from_micros(busy / 20).min(Self::REST_MAX);
            self.since = now;
            self.ready = 0;
        }
        self.rest
    }
}

impl Core {
    /// Samples of the engine's 8 kHz clock.
    fn clock(&self) -> u64 {
        self.us() * 8 / 1_000
    }

    fn us(&self) -> u64 {
        self.now.saturating_duration_since(self.epoch).as_micros() as u64
    }

    fn instant_of(&self, clock: u64) -> Instant {
        self.epoch + Duration::from_micros(clock * 1_000 / 8)
    }

    fn beat_at(&self, beat: u64) -> Instant {
        self.epoch + Duration::from_millis(beat * BEAT.as_millis() as u64)
    }

    /// How long until something is to be done that no socket announces.
    fn until_due(&self) -> Option<Duration> {
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        let is_beating = self.phases.iter().any(|phase| !phase.is_empty());
        let beat = is_beating.then(|| self.beat_at(self.next_beat));
        let due = match (timer, beat) {
            (Some(timer), Some(beat)) => timer.min(beat),
            (timer, beat) => timer.or(beat)?,
        };
        Some(due.saturating_duration_since(sys::now()))
    }

    fn do_what_is_due(&mut self) {
        self.beat();
        while let Some(Reverse((at, timer))) = self.timers.peek().copied() {
            if at > self.now {
                break;
            }
            self.timers.pop();
            match timer {
                Timer::Report { slot, generation } => {
                    self.guard_leg(slot, generation, |core| core.report(slot));
                }
                Timer::Silence { slot, generation } => {
                    self.guard_leg(slot, generation, |core| core.check_silence(slot));
                }
                Timer::Recording { slot, generation } => {
                    self.guard_recording(slot, generation, |core| core.record_on(slot));
                }
                Timer::Dtls { slot, generation } => {
                    self.guard_leg(slot, generation, |core| core.wake_dtls(slot));
                }
                Timer::Consent { slot, generation } => {
                    self.guard_leg(slot, generation, |core| core.check_consent(slot));
                }
            }
        }
    }

    /// Ticks every phase whose beat has come.
    fn beat(&mut self) {
        let current = self.now.saturating_duration_since(self.epoch).as_millis() as u64
            / BEAT.as_millis() as u64;
        let behind = (current + 1).saturating_sub(self.next_beat);
        if behind > BEATS_BEHIND_MAX {
            let skipped = behind - 1;
            if self.phases.iter().any(|phase| !phase.is_empty()) {
                let legs: usize = self.phases.iter().map(Vec::len).sum();
                bump(
                    &self.counters.frames_skipped,
                    skipped / PHASES as u64 * legs as u64,
                );
            }
            self.next_beat += skipped;
        }
        while self.next_beat <= current {
            let phase = (self.next_beat % PHASES as u64) as usize;
            self.next_beat += 1;
            let mut index = 0;
            while let Some(slot) = self.phases[phase].get(index).copied() {
                let generation = self.legs[slot as usize].generation;
                self.guard_leg(slot, generation, |core| core.tick(slot));
                // A leg that needs no more ticks has left the phase; the last one has its place.
                if self.phases[phase].get(index) == Some(&slot) {
                    index += 1;
                }
            }
        }
    }

    fn guard(&mut self, token: u64, handle: impl FnOnce(&mut Self)) {
        let (slot, generation, _) = from_token(token);
        self.guard_leg(slot, generation, handle);
    }

    /// Handles one leg, if it is still that leg; a panic closes it and nobody else.
    fn guard_leg(&mut self, slot: Slot, generation: u32, handle: impl FnOnce(&mut Self)) {
        let is_there = self
            .legs
            .get(slot as usize)
            .is_some_and(|seat| seat.generation == generation && seat.tenant.is_some());
        if is_there && catch_unwind(AssertUnwindSafe(|| handle(self))).is_err() {
            bump(&self.counters.failures, 1);
            if let Some(leg) = self.leg(slot) {
                let leg = leg.id;
                tracing::error!(leg.id = %format_args!("{:032x}", leg.0), "media leg met a bug and is closed");
                (self.events)(Event::Failed { leg });
                self.close(slot);
            }
        }
    }

    fn leg(&mut self, slot: Slot) -> Option<&mut Leg> {
        self.legs.get_mut(slot as usize)?.tenant.as_deref_mut()
    }

    fn random(&mut self) -> u64 {
        // SplitMix64 from a seed nobody can guess: enough for SSRCs and for spreading reports.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn obey(&mut self, epoll: &sys::Epoll, command: Command) {
        match command {
            Command::Open { leg, sockets } => self.open(epoll, leg, sockets),
            Command::OpenMux { socket } => {
                if let Err(error) = epoll.add(socket.as_raw_fd(), MUX) {
                    tracing::error!(%error, "the muxed media socket cannot be watched");
                }
                self.mux = Some(Mux::new(socket));
            }
            Command::OpenWebRtc { leg, ice } => self.open_webrtc(leg, &ice),
            Command::RestartIce { leg, ice } => {
                if let Some(slot) = self.slots.get(&leg).copied() {
                    self.restart_ice(slot, &ice);
                }
            }
            Command::Connect { leg, remote } => {
                if let Some(slot) = self.slots.get(&leg).copied() {
                    self.connect(slot, remote);
                }
            }
            Command::Hear { leg, hears } => {
                if let Some(slot) = self.slots.get(&leg).copied() {
                    self.hear(slot, hears);
                }
            }
            Command::DtmfOut {
                leg,
                event,
                duration_ms,
            } => {
                if let Some(slot) = self.slots.get(&leg).copied()
                    && let Some(leg) = self.leg(slot)
                {
                    leg.keys_out.press(event, duration_ms);
                    self.set_phase(slot);
                }
            }
            Command::Close { leg } => {
                if let Some(slot) = self.slots.get(&leg).copied() {
                    self.close(slot);
                }
            }
            Command::Record {
                recording,
                tracks,
                sink,
            } => self.record(recording, tracks, sink),
            Command::SetTrack {
                recording,
                track,
                leg,
            } => {
                if let Some(slot) = self.recording_slots.get(&recording).copied() {
                    self.set_track(slot, track, leg);
                }
            }
            Command::ClearTrack { recording, track } => {
                if let Some(slot) = self.recording_slots.get(&recording).copied() {
                    self.clear_track(slot, track);
                }
            }
            Command::Pause { recording } => self.pause(recording, true),
            Command::Resume { recording } => self.pause(recording, false),
            Command::StopRecording { recording } => self.stop_recording(recording),
        }
    }
}

/// Takes a free seat, or puts one more.
fn seat<T>(seats: &mut Vec<Seat<T>>, tenant: T, port: Option<u16>) -> (Slot, u32) {
    let tenant = Some(Box::new(tenant));
    if let Some(index) = seats.iter().position(|seat| seat.tenant.is_none()) {
        let seat = &mut seats[index];
        seat.tenant = tenant;
        seat.port = port;
        return (index as Slot, seat.generation);
    }
    seats.push(Seat {
        generation: 0,
        port,
        tenant,
    });
    ((seats.len() - 1) as Slot, 0)
}

/// A socket's name in the epoll set: slot, kind, generation; never the waker's.
fn token(slot: Slot, generation: u32, is_rtcp: bool) -> u64 {
    (u64::from(generation) << 32) | (u64::from(slot) << 1) | u64::from(is_rtcp)
}

fn from_token(token: u64) -> (Slot, u32, bool) {
    ((token as u32) >> 1, (token >> 32) as u32, token & 1 == 1)
}
