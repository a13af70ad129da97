//! One media thread: its legs, its recordings, its loop.
//!
//! Each turn of the loop waits for sockets, takes what has arrived and sends it on at once, then does what is due: ticks of
//! the four 20 ms phases, chunks for the taps, reports. Nothing here waits for anybody but the kernel. A panic while one leg
//! is handled closes that leg; the others go on.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::dtmf::{EVENT_LEN, KeyStep, Pressed, TelephoneEvent, tone_frame};
use crate::g711::Law;
use crate::mix::Mix;
use crate::playout::PlayOut;
use crate::prompt::FRAME;
use crate::rtcp;
use crate::rtp::{self, HEADER_LEN, Header, Order};
use crate::sys;
use crate::tap::{Chunk, Finished, Full, RecordingKey, Tap, TrackNo};
use crate::timeline::{Placed, Stretch, Timeline};

use super::leg::{Accepted, Hearing, Kind, Leg, Playing, Refused, Slot, SourceLeg, put_header};
use super::ports::PortPool;
use super::{Command, Config, Counters, Event, Hears, LegId, Remote, Sockets, bump};

/// Ready sockets taken per wake-up.
const BATCH: usize = 256;
/// A datagram as large is no telephone sound; it is cut off and dropped.
const DATAGRAM_MAX: usize = 2_048;
/// The waker's token; legs' tokens are smaller.
const WAKER: u64 = u64::MAX;
/// The four phases follow each other by this; each comes every 20 ms.
const BEAT: Duration = Duration::from_millis(5);
const PHASES: usize = 4;
/// More beats behind than this are not made up for: 60 ms of sound at once helps nobody.
const BEATS_BEHIND_MAX: u64 = 12;
/// A tap that was full is asked again so often.
const RETRY: Duration = Duration::from_millis(100);
/// How long the last sound of recordings may take to leave when the engine stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// The thread's whole state.
pub(super) struct Worker {
    core: Core,
    inbox: Receiver<Command>,
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
    silence_after: Duration,
    rtcp_interval: Duration,
    cname: String,
    random: u64,
    /// Where the engine's 8 kHz clock is 0.
    epoch: Instant,
    now: Instant,

    legs: Vec<Seat<Leg>>,
    slots: HashMap<LegId, Slot>,
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
    port: u16,
    tenant: Option<Box<T>>,
}

/// What the loop must come back to. A timer whose tenant has gone finds another generation and does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Report { slot: Slot, generation: u32 },
    Silence { slot: Slot, generation: u32 },
    Recording { slot: Slot, generation: u32 },
}

struct Recording {
    key: RecordingKey,
    sink: Arc<dyn Tap>,
    /// The engine's clock when the recording's began.
    started: u64,
    timeline: Timeline,
    tracks: Vec<(TrackNo, Slot)>,
    /// Samples that left but were not taken, since the last that were.
    dropped: u64,
    /// Once it is stopped.
    ending: Option<Ending>,
}

/// What a stopped recording's tap has not taken yet.
struct Ending {
    rest: Option<Stretch>,
    end_sample: u64,
}

impl Worker {
    pub(super) fn new(
        config: &Config,
        inbox: Receiver<Command>,
        waker: Arc<sys::Waker>,
        counters: Arc<Counters>,
        ports: Arc<Mutex<PortPool>>,
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
                silence_after: config.silence_after,
                rtcp_interval: config.rtcp_interval,
                cname: format!("{random:016x}"),
                random: sys::random(),
                epoch: now,
                now,
                legs: Vec::new(),
                slots: HashMap::new(),
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
            for index in 0..ready {
                match self.epoll.token(index) {
                    WAKER => self.take_commands(),
                    token => self.core.guard(token, |core| core.readable(token)),
                }
            }
            self.core.do_what_is_due();
            // When much is going on the next packets are left to gather: fewer wake-ups, more packets in each.
            let rest = self.load.rest(self.core.now, ready);
            if ready < BATCH && !rest.is_zero() {
                let due = self.core.until_due();
                std::thread::sleep(due.map_or(rest, |due| due.min(rest)));
            }
        }
        self.take_commands();
        self.core.farewell();
    }

    fn take_commands(&mut self) {
        self.waker.clear();
        while let Ok(command) = self.inbox.try_recv() {
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
    // ---- Time ----

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
                    // The tap is another's code: its panic ends this recording alone.
                    let went = catch_unwind(AssertUnwindSafe(|| self.record_on(slot, generation)));
                    if went.is_err() {
                        self.abandon_recording(slot);
                    }
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

    // ---- One bug, one leg ----

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

    // ---- Commands ----

    fn obey(&mut self, epoll: &sys::Epoll, command: Command) {
        match command {
            Command::Open { leg, sockets } => self.open(epoll, leg, sockets),
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
            Command::Pause { recording } => self.pause(recording, true),
            Command::Resume { recording } => self.pause(recording, false),
            Command::StopRecording { recording } => {
                if let Some(slot) = self.recording_slots.remove(&recording) {
                    self.stop_recording(slot);
                }
            }
        }
    }

    fn open(&mut self, epoll: &sys::Epoll, id: LegId, sockets: Sockets) {
        let port = sockets.port;
        let leg = Leg::new(id, sockets, self.random(), self.now);
        let (slot, generation) = seat(&mut self.legs, leg, port);
        let (rtp, rtcp) = self.legs[slot as usize]
            .tenant
            .as_ref()
            .expect("it was just seated")
            .sockets();
        let added = epoll
            .add(rtp.as_raw_fd(), token(slot, generation, false))
            .and_then(|()| epoll.add(rtcp.as_raw_fd(), token(slot, generation, true)));
        self.slots.insert(id, slot);
        bump(&self.counters.legs_opened, 1);
        if let Err(error) = added {
            tracing::error!(%error, "a media socket cannot be watched");
            (self.events)(Event::Failed { leg: id });
            self.close(slot);
        }
    }

    fn connect(&mut self, slot: Slot, remote: Remote) {
        let now = self.now;
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let is_first = leg.remote.is_none();
        leg.connect(remote, now);
        self.set_phase(slot);
        if is_first {
            let generation = self.legs[slot as usize].generation;
            let silence_at = now + self.silence_after;
            self.timers
                .push(Reverse((silence_at, Timer::Silence { slot, generation })));
            let report_at = now + self.report_interval();
            self.timers
                .push(Reverse((report_at, Timer::Report { slot, generation })));
        }
    }

    /// Half to one and a half times the configured interval, so that reports of many legs do not come together.
    fn report_interval(&mut self) -> Duration {
        let thousandths = 500 + (self.random() % 1_000) as u32;
        self.rtcp_interval * thousandths / 1_000
    }

    fn hear(&mut self, slot: Slot, hears: Hears) {
        let (legs, play) = match hears {
            Hears::Nothing => (Vec::new(), None),
            Hears::Echo => (vec![slot], None),
            Hears::Play(play) => (Vec::new(), Some(play)),
            Hears::Legs(legs) => (self.slots_of(&legs), None),
            Hears::LegsAndPlay(legs, play) => (self.slots_of(&legs), Some(play)),
        };
        let Some(leg) = self.leg(slot) else {
            return;
        };
        leg.playing = play.map(Playing::new);
        leg.out.interrupt();
        self.set_sources(slot, &legs);
    }

    /// Legs that have gone since the command was given are not heard.
    fn slots_of(&self, legs: &[LegId]) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::with_capacity(legs.len());
        for leg in legs {
            if let Some(slot) = self.slots.get(leg)
                && !slots.contains(slot)
            {
                slots.push(*slot);
            }
        }
        slots
    }

    /// Joins a leg to those it hears, and leaves the others.
    fn set_sources(&mut self, slot: Slot, sources: &[Slot]) {
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let mut before = std::mem::take(&mut leg.sources);
        for source in &before {
            if let Some(heard) = self.leg(source.slot) {
                heard.heard_by.retain(|listener| *listener != slot);
                heard.mixed_by.retain(|listener| *listener != slot);
            }
        }
        let leg = self.leg(slot).expect("it was there above");
        let is_mix = sources.len() > 1 || (sources.len() == 1 && leg.playing.is_some());
        leg.sources = sources
            .iter()
            .map(|source| SourceLeg {
                slot: *source,
                // A voice that goes on being mixed goes on without a break.
                playout: is_mix.then(|| {
                    before
                        .iter_mut()
                        .find(|old| old.slot == *source)
                        .and_then(|old| old.playout.take())
                        .unwrap_or_else(PlayOut::new)
                }),
            })
            .collect();
        for source in sources {
            if let Some(heard) = self.leg(*source) {
                let listeners = if is_mix {
                    &mut heard.mixed_by
                } else {
                    &mut heard.heard_by
                };
                listeners.push(slot);
            }
        }
        self.set_phase(slot);
    }

    /// Gives the leg a tick when it needs one, takes it away when not.
    fn set_phase(&mut self, slot: Slot) {
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let needs_tick = leg.remote.is_some() && leg.hearing() == Hearing::Ticked;
        match (leg.phase, needs_tick) {
            (None, true) => {
                if self.phases.iter().all(Vec::is_empty) {
                    // Nobody beat while nobody listened: begin with the present.
                    let elapsed = self.now.saturating_duration_since(self.epoch);
                    self.next_beat = elapsed.as_millis() as u64 / BEAT.as_millis() as u64 + 1;
                }
                let phase = (0..PHASES)
                    .min_by_key(|phase| self.phases[*phase].len())
                    .expect("there are four phases");
                self.phases[phase].push(slot);
                self.legs[slot as usize]
                    .tenant
                    .as_mut()
                    .expect("it was there above")
                    .phase = Some(phase);
            }
            (Some(phase), false) => {
                leg.phase = None;
                self.leave_phase(phase, slot);
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    fn leave_phase(&mut self, phase: usize, slot: Slot) {
        let legs = &mut self.phases[phase];
        if let Some(index) = legs.iter().position(|leg| *leg == slot) {
            legs.swap_remove(index);
        }
    }

    fn close(&mut self, slot: Slot) {
        let us = self.us();
        let seat = &mut self.legs[slot as usize];
        let port = seat.port;
        seat.generation = seat.generation.wrapping_add(1);
        let Some(mut leg) = seat.tenant.take() else {
            return;
        };
        self.slots.remove(&leg.id);
        if let Some(phase) = leg.phase {
            self.leave_phase(phase, slot);
        }
        for source in &leg.sources {
            if let Some(heard) = self.leg(source.slot) {
                heard.heard_by.retain(|listener| *listener != slot);
                heard.mixed_by.retain(|listener| *listener != slot);
            }
        }
        for listener in leg.heard_by.iter().chain(&leg.mixed_by) {
            let left: Vec<Slot> = match self.leg(*listener) {
                Some(listener) => listener.sources.iter().map(|source| source.slot).collect(),
                None => continue,
            };
            let left: Vec<Slot> = left.into_iter().filter(|source| *source != slot).collect();
            self.set_sources(*listener, &left);
        }
        for (recording, track) in &leg.taps {
            if let Some(recording) = self.recordings[*recording as usize].tenant.as_mut() {
                recording.tracks.retain(|(number, _)| number != track);
            }
        }
        if leg.report(&mut self.report, &self.cname, us, true) {
            bump(&self.counters.rtcp_out, 1);
        }
        let stats = leg.stats();
        let id = leg.id;
        drop(leg);
        self.ports
            .lock()
            .expect("no panic happens while the ports are held")
            .give_back(port, self.now);
        bump(&self.counters.legs_closed, 1);
        (self.events)(Event::Closed { leg: id, stats });
    }

    // ---- Packets in ----

    fn readable(&mut self, token: u64) {
        let (slot, _, is_rtcp_socket) = from_token(token);
        // One datagram a turn: epoll reports the rest again, and nobody waits behind a flood.
        let Some(leg) = self.legs[slot as usize].tenant.as_deref_mut() else {
            return;
        };
        let received = if is_rtcp_socket {
            leg.receive_rtcp(&mut self.buffer[..])
        } else {
            leg.receive_rtp(&mut self.buffer[..])
        };
        // An error here is an ICMP answer to something we sent, or nothing to read after all.
        let Ok((length, source)) = received else {
            return;
        };
        if length == DATAGRAM_MAX {
            leg.dropped += 1;
            bump(&self.counters.malformed, 1);
        } else if is_rtcp_socket || rtp::is_rtcp(&self.buffer[..length]) {
            self.take_rtcp(slot, length, source);
        } else {
            self.take_rtp(slot, length, source);
        }
    }

    fn take_rtcp(&mut self, slot: Slot, length: usize, source: SocketAddr) {
        let us = self.us();
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        if !leg.is_rtcp_source(source) {
            leg.dropped += 1;
            bump(&self.counters.foreign, 1);
            return;
        }
        match rtcp::parse(&self.buffer[..length], leg.out.ssrc()) {
            Ok(report) => {
                leg.reported(&report, us);
                bump(&self.counters.rtcp_in, 1);
            }
            Err(rtp::Malformed) => {
                leg.dropped += 1;
                bump(&self.counters.malformed, 1);
            }
        }
    }

    fn take_rtp(&mut self, slot: Slot, length: usize, source: SocketAddr) {
        let clock = self.clock();
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let accepted = match leg.accept(&self.buffer[..length], source) {
            Ok(accepted) => accepted,
            Err(refused) => {
                leg.dropped += 1;
                let counter = match refused {
                    Refused::Malformed => &self.counters.malformed,
                    Refused::Unexpected => &self.counters.unexpected,
                    Refused::UnknownPayload => &self.counters.unknown_payload,
                    Refused::Foreign => &self.counters.foreign,
                };
                return bump(counter, 1);
            }
        };
        let Accepted {
            header,
            payload,
            kind,
        } = accepted;
        bump(&self.counters.packets_in, 1);
        leg.last_heard = self.now;
        leg.silence_reported = false;
        let id = leg.id;
        if !leg.heard_first {
            leg.heard_first = true;
            (self.events)(Event::FirstPacket { leg: id });
        }
        let order = leg
            .reception
            .receive(&header, clock as u32, kind != Kind::Key);
        if order == Order::First {
            leg.keys_in.reset();
        }
        match kind {
            Kind::Key => {
                let event = TelephoneEvent::parse(&self.buffer[payload.clone()]);
                let pressed = event.and_then(|event| leg.keys_in.event(header.timestamp, event));
                self.pressed(id, pressed);
                self.forward_key(slot, &header, payload);
            }
            Kind::Sound(law) => {
                let pressed = leg.keys_in.sound(header.timestamp);
                self.pressed(id, pressed);
                self.sound(slot, &header, law, payload, clock);
            }
        }
    }

    fn pressed(&self, leg: LegId, pressed: Option<Pressed>) {
        if let Some(Pressed { digit, duration_ms }) = pressed {
            (self.events)(Event::Dtmf {
                leg,
                digit,
                duration_ms,
            });
        }
    }

    /// What a leg says: to the recordings, to whoever hears it alone, into the mixes.
    fn sound(
        &mut self,
        slot: Slot,
        header: &Header,
        law: Law,
        payload: std::ops::Range<usize>,
        clock: u64,
    ) {
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let codes = &self.buffer[payload.clone()];
        for (recording, track) in &leg.taps {
            let Some(recording) = self.recordings[*recording as usize].tenant.as_mut() else {
                continue;
            };
            let placed = recording.timeline.place(
                *track,
                law,
                header,
                codes,
                clock.saturating_sub(recording.started),
            );
            if placed == Placed::Late {
                bump(&self.counters.late, 1);
            }
        }
        let needs_samples = !leg.mixed_by.is_empty() || leg.tones.is_some();
        let samples = &mut self.samples[..codes.len()];
        if needs_samples {
            law.decode_slice(codes, samples);
        }
        if let Some(tones) = &mut leg.tones {
            let id = leg.id;
            tones.listen(samples, |Pressed { digit, duration_ms }| {
                (self.events)(Event::Dtmf {
                    leg: id,
                    digit,
                    duration_ms,
                });
            });
        }
        for index in 0..self.legs[slot as usize].mixers() {
            let listener = self.legs[slot as usize].mixer(index);
            let Some(listener) = self.legs[listener as usize].tenant.as_deref_mut() else {
                continue;
            };
            if let Some(playout) = listener.playout_of(slot)
                && !playout.push(header.ssrc, header.timestamp, samples)
            {
                bump(&self.counters.late, 1);
            }
        }
        for index in 0..self.legs[slot as usize].listeners() {
            let listener = self.legs[slot as usize].listener(index);
            self.forward(slot, listener, header, law, payload.clone(), clock);
        }
    }

    /// One packet on its way from leg to leg: a new header in place, another law in a copy.
    fn forward(
        &mut self,
        from: Slot,
        to: Slot,
        header: &Header,
        law: Law,
        payload: std::ops::Range<usize>,
        clock: u64,
    ) {
        let source = source_name(from, self.legs[from as usize].generation);
        let Some(leg) = self.legs[to as usize].tenant.as_deref_mut() else {
            return;
        };
        let Some((own_law, payload_type)) = leg
            .sending()
            .map(|remote| (remote.law, remote.payload_type))
        else {
            return;
        };
        // Keys of ours are being sent: they replace the sound.
        if leg.phase.is_some() {
            return;
        }
        let Some(header) = leg
            .out
            .forward(source, header, payload_type, payload.len(), clock)
        else {
            return;
        };
        let sent = if own_law == law {
            let start = put_header(&mut self.buffer[..], payload.start, header);
            leg.send_rtp(&self.buffer[start..payload.end])
        } else {
            let end = HEADER_LEN + payload.len();
            put_header(&mut self.packet[..], HEADER_LEN, header);
            self.packet[HEADER_LEN..end].copy_from_slice(&self.buffer[payload]);
            law.transcode(own_law, &mut self.packet[HEADER_LEN..end]);
            leg.send_rtp(&self.packet[..end])
        };
        count_sent(&self.counters, &sent);
    }

    /// Keys pass a bridge as they are, where the other side speaks RFC 4733 too.
    fn forward_key(&mut self, slot: Slot, header: &Header, payload: std::ops::Range<usize>) {
        let clock = self.clock();
        let source = source_name(slot, self.legs[slot as usize].generation);
        for index in 0..self.legs[slot as usize].listeners() {
            let listener = self.legs[slot as usize].listener(index);
            let Some(leg) = self.legs[listener as usize].tenant.as_deref_mut() else {
                continue;
            };
            let payload_type = leg.sending().and_then(|remote| remote.dtmf_payload_type);
            let (Some(payload_type), None) = (payload_type, leg.phase) else {
                continue;
            };
            if let Some(header) =
                leg.out
                    .forward(source, header, payload_type, payload.len(), clock)
            {
                let start = put_header(&mut self.buffer[..], payload.start, header);
                let sent = leg.send_rtp(&self.buffer[start..payload.end]);
                count_sent(&self.counters, &sent);
            }
        }
    }

    // ---- Every 20 ms ----

    /// One leg's frame: a key, else the mix, else the prompt.
    fn tick(&mut self, slot: Slot) {
        let clock = self.clock();
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let Some(remote) = leg.remote else {
            return;
        };
        let step = leg.keys_out.step();
        if step != KeyStep::Idle {
            self.tick_key(slot, step, &remote, clock);
            return;
        }
        let is_mix = !leg.sources.is_empty();
        let mut prompt_done = None;
        let frame: &mut [u8; FRAME] = self.packet[HEADER_LEN..]
            .first_chunk_mut()
            .expect("the buffer is longer than a frame");
        let has_sound;
        if is_mix {
            let mut mix = Mix::default();
            for source in &mut leg.sources {
                if let Some(playout) = &mut source.playout {
                    playout.pull(&mut mix.0);
                }
            }
            if let Some(playing) = &mut leg.playing {
                match playing.next(remote.law) {
                    Some(codes) => mix.add_codes(remote.law, codes),
                    None => prompt_done = Some(playing.id),
                }
            }
            mix.encode(remote.law, frame);
            has_sound = true;
            bump(&self.counters.frames_mixed, 1);
        } else {
            match leg
                .playing
                .as_mut()
                .map(|playing| (playing.id, playing.next(remote.law)))
            {
                Some((_, Some(codes))) => {
                    frame.copy_from_slice(codes);
                    has_sound = true;
                    bump(&self.counters.frames_played, 1);
                }
                Some((id, None)) => {
                    prompt_done = Some(id);
                    has_sound = false;
                }
                None => has_sound = false,
            }
        }
        if has_sound && remote.direction.send {
            let header = leg.out.own_frame(remote.payload_type, FRAME, clock);
            put_header(&mut self.packet[..], HEADER_LEN, header);
            let sent = leg.send_rtp(&self.packet[..HEADER_LEN + FRAME]);
            count_sent(&self.counters, &sent);
        }
        if let Some(id) = prompt_done {
            leg.playing = None;
            let (leg_id, sources) = (
                leg.id,
                leg.sources.iter().map(|s| s.slot).collect::<Vec<_>>(),
            );
            (self.events)(Event::PromptDone { leg: leg_id, id });
            self.set_sources(slot, &sources);
        } else if !is_mix && !has_sound {
            self.set_phase(slot);
        }
    }

    /// A key in the place of a frame: as an event where that was negotiated, else as its tones.
    fn tick_key(&mut self, slot: Slot, step: KeyStep, remote: &Remote, clock: u64) {
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        for source in &mut leg.sources {
            if let Some(playout) = &mut source.playout {
                // Its time passes unheard.
                playout.pull(&mut [0; FRAME]);
            }
        }
        let length = match (step, remote.dtmf_payload_type) {
            (KeyStep::Event { event, first, .. }, Some(payload_type)) => {
                let header = leg.out.own_event(payload_type, first, EVENT_LEN, clock);
                put_header(&mut self.packet[..], HEADER_LEN, header);
                self.packet[HEADER_LEN..HEADER_LEN + EVENT_LEN].copy_from_slice(&event.to_bytes());
                EVENT_LEN
            }
            (
                KeyStep::Event {
                    event,
                    tone_from: Some(from),
                    ..
                },
                None,
            ) => {
                let mut samples = [0; FRAME];
                tone_frame(event.event, from, &mut samples);
                let header = leg.out.own_frame(remote.payload_type, FRAME, clock);
                put_header(&mut self.packet[..], HEADER_LEN, header);
                remote
                    .law
                    .encode_slice(&samples, &mut self.packet[HEADER_LEN..HEADER_LEN + FRAME]);
                FRAME
            }
            (KeyStep::Event { .. } | KeyStep::Pause | KeyStep::Idle, None)
            | (KeyStep::Pause | KeyStep::Idle, Some(_)) => {
                // What follows a key is a new stretch of sound.
                leg.out.interrupt();
                0
            }
        };
        if length > 0 && remote.direction.send {
            let sent = leg.send_rtp(&self.packet[..HEADER_LEN + length]);
            count_sent(&self.counters, &sent);
        }
        self.set_phase(slot);
    }

    // ---- Now and then ----

    fn report(&mut self, slot: Slot) {
        let us = self.us();
        let generation = self.legs[slot as usize].generation;
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        if leg.report(&mut self.report, &self.cname, us, false) {
            bump(&self.counters.rtcp_out, 1);
        }
        let at = self.now + self.report_interval();
        self.timers
            .push(Reverse((at, Timer::Report { slot, generation })));
    }

    fn check_silence(&mut self, slot: Slot) {
        let (now, silence_after) = (self.now, self.silence_after);
        let generation = self.legs[slot as usize].generation;
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let is_expected = leg.remote.is_some_and(|remote| remote.direction.receive);
        if !is_expected {
            leg.last_heard = now;
        }
        let mut at = leg.last_heard + silence_after;
        if at <= now {
            at = now + silence_after;
            if !leg.silence_reported {
                leg.silence_reported = true;
                let leg = leg.id;
                (self.events)(Event::Silent { leg });
            }
        }
        self.timers
            .push(Reverse((at, Timer::Silence { slot, generation })));
    }

    // ---- Recordings ----

    fn record(&mut self, key: RecordingKey, tracks: Vec<(LegId, TrackNo)>, sink: Arc<dyn Tap>) {
        let recording = Recording {
            key,
            sink,
            started: self.clock(),
            timeline: Timeline::new(),
            tracks: Vec::new(),
            dropped: 0,
            ending: None,
        };
        let due = self.instant_of(recording.started + recording.timeline.next_due());
        let (slot, generation) = seat(&mut self.recordings, recording, 0);
        self.recording_slots.insert(key, slot);
        for (leg, track) in tracks {
            self.set_track(slot, track, leg);
        }
        self.timers
            .push(Reverse((due, Timer::Recording { slot, generation })));
    }

    fn set_track(&mut self, slot: Slot, track: TrackNo, leg: LegId) {
        let Some(recording) = self.recordings[slot as usize].tenant.as_mut() else {
            return;
        };
        if !recording.timeline.set_track(track) {
            return;
        }
        let before = recording
            .tracks
            .iter()
            .position(|(number, _)| *number == track);
        if let Some(index) = before {
            let (_, speaker) = recording.tracks.swap_remove(index);
            if let Some(speaker) = self.leg(speaker) {
                speaker.taps.retain(|tap| *tap != (slot, track));
            }
        }
        let Some(speaker) = self.slots.get(&leg).copied() else {
            return;
        };
        if let Some(leg) = self.leg(speaker) {
            leg.taps.push((slot, track));
            if let Some(recording) = self.recordings[slot as usize].tenant.as_mut() {
                recording.tracks.push((track, speaker));
            }
        }
    }

    fn pause(&mut self, key: RecordingKey, is_pause: bool) {
        let clock = self.clock();
        let Some(recording) = self
            .recording_slots
            .get(&key)
            .and_then(|slot| self.recordings[*slot as usize].tenant.as_mut())
        else {
            return;
        };
        let at_sample = clock.saturating_sub(recording.started);
        if recording.timeline.is_paused() == is_pause {
            return;
        }
        (self.events)(if is_pause {
            recording.timeline.pause(at_sample);
            Event::RecordingPaused {
                recording: key,
                at_sample,
            }
        } else {
            recording.timeline.resume(at_sample);
            Event::RecordingResumed {
                recording: key,
                at_sample,
            }
        });
    }

    /// A recording's time has come: chunks leave, or its end is offered again.
    fn record_on(&mut self, slot: Slot, generation: u32) {
        let seat = &mut self.recordings[slot as usize];
        if seat.generation != generation {
            return;
        }
        let Some(recording) = seat.tenant.as_mut() else {
            return;
        };
        if recording.ending.is_some() {
            self.end_recording(slot);
            return;
        }
        let clock = self.now.saturating_duration_since(self.epoch).as_micros() as u64 * 8 / 1_000;
        let elapsed = clock.saturating_sub(recording.started);
        while let Some(stretch) = recording.timeline.next_chunk(elapsed) {
            recording.offer(stretch, &self.counters);
        }
        let due = recording.started + recording.timeline.next_due();
        let at = self.instant_of(due);
        self.timers
            .push(Reverse((at, Timer::Recording { slot, generation })));
    }

    fn stop_recording(&mut self, slot: Slot) {
        let clock = self.clock();
        let Some(recording) = self.recordings[slot as usize].tenant.as_mut() else {
            return;
        };
        let end_sample = clock.saturating_sub(recording.started);
        let mut rest = None;
        while let Some(stretch) = recording.timeline.next_rest(end_sample) {
            // The last stretch may wait for a tap that is full; one before it has had its time.
            if let Some(earlier) = rest.replace(stretch) {
                recording.offer(earlier, &self.counters);
            }
        }
        recording.ending = Some(Ending { rest, end_sample });
        let speakers = std::mem::take(&mut recording.tracks);
        for (_, speaker) in speakers {
            if let Some(leg) = self.leg(speaker) {
                leg.taps.retain(|(recording, _)| *recording != slot);
            }
        }
        self.end_recording(slot);
    }

    /// Hands over what is left, or comes back later.
    fn end_recording(&mut self, slot: Slot) {
        let seat = &mut self.recordings[slot as usize];
        let generation = seat.generation;
        let Some(recording) = seat.tenant.as_mut() else {
            return;
        };
        if recording.finish(&self.counters).is_ok() {
            seat.tenant = None;
            seat.generation = seat.generation.wrapping_add(1);
        } else {
            let at = self.now + RETRY;
            self.timers
                .push(Reverse((at, Timer::Recording { slot, generation })));
        }
    }

    fn abandon_recording(&mut self, slot: Slot) {
        bump(&self.counters.failures, 1);
        let seat = &mut self.recordings[slot as usize];
        seat.generation = seat.generation.wrapping_add(1);
        let Some(recording) = seat.tenant.take() else {
            return;
        };
        tracing::error!(recording.id = %format_args!("{:032x}", recording.key.0), "recording met a bug and is abandoned");
        self.recording_slots.remove(&recording.key);
        for (_, speaker) in recording.tracks {
            if let Some(leg) = self.leg(speaker) {
                leg.taps.retain(|(recording, _)| *recording != slot);
            }
        }
    }

    /// The engine stops: recordings end, legs are closed.
    fn farewell(&mut self) {
        self.now = sys::now();
        let recordings: Vec<Slot> = self.recording_slots.drain().map(|(_, slot)| slot).collect();
        for slot in recordings {
            self.stop_recording(slot);
        }
        let legs: Vec<Slot> = self.slots.values().copied().collect();
        for slot in legs {
            self.close(slot);
        }
        let deadline = self.now + FAREWELL;
        while self.recordings.iter().any(|seat| seat.tenant.is_some()) && sys::now() < deadline {
            std::thread::sleep(RETRY);
            for slot in 0..self.recordings.len() {
                self.end_recording(slot as Slot);
            }
        }
    }
}

impl Recording {
    /// Hands a stretch over, or notes its loss.
    fn offer(&mut self, stretch: Stretch, counters: &Counters) {
        let samples = u64::from(stretch.samples);
        match self.sink.chunk(self.chunk(stretch)) {
            Ok(()) => {
                self.dropped = 0;
                bump(&counters.chunks, 1);
            }
            Err(Full) => {
                self.dropped += samples;
                bump(&counters.chunks_dropped, 1);
            }
        }
    }

    fn chunk(&self, stretch: Stretch) -> Chunk {
        Chunk {
            recording: self.key,
            start_sample: stretch.start_sample,
            samples: stretch.samples,
            dropped_before: self.dropped,
            tracks: stretch.tracks,
        }
    }

    fn finish(&mut self, counters: &Counters) -> Result<(), Full> {
        let Some(ending) = &mut self.ending else {
            return Ok(());
        };
        let end_sample = ending.end_sample;
        if let Some(rest) = ending.rest.clone() {
            self.sink.chunk(self.chunk(rest))?;
            self.dropped = 0;
            bump(&counters.chunks, 1);
            if let Some(ending) = &mut self.ending {
                ending.rest = None;
            }
        }
        self.sink.finished(Finished {
            recording: self.key,
            end_sample,
            dropped_before: self.dropped,
        })
    }
}

impl Seat<Leg> {
    fn listeners(&self) -> usize {
        self.tenant.as_ref().map_or(0, |leg| leg.heard_by.len())
    }

    fn listener(&self, index: usize) -> Slot {
        self.tenant.as_ref().expect("it has listeners").heard_by[index]
    }

    fn mixers(&self) -> usize {
        self.tenant.as_ref().map_or(0, |leg| leg.mixed_by.len())
    }

    fn mixer(&self, index: usize) -> Slot {
        self.tenant.as_ref().expect("it has listeners").mixed_by[index]
    }
}

/// Takes a free seat, or puts one more.
fn seat<T>(seats: &mut Vec<Seat<T>>, tenant: T, port: u16) -> (Slot, u32) {
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

/// A socket's name in the epoll set: 30 bits of slot, one of kind, 32 of generation; never the waker's.
fn token(slot: Slot, generation: u32, is_rtcp: bool) -> u64 {
    (u64::from(generation) << 32) | (u64::from(slot) << 1) | u64::from(is_rtcp)
}

fn from_token(token: u64) -> (Slot, u32, bool) {
    ((token as u32) >> 1, (token >> 32) as u32, token & 1 == 1)
}

/// What a stream forwarded is remembered by.
fn source_name(slot: Slot, generation: u32) -> u64 {
    (u64::from(generation) << 32) | u64::from(slot)
}

fn count_sent(counters: &Counters, sent: &io::Result<usize>) {
    match sent {
        Ok(_) => bump(&counters.packets_out, 1),
        Err(_) => bump(&counters.send_errors, 1),
    }
}
