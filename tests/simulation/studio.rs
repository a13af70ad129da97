//! The media side without sound: it keeps who hears whom, opens and drains ports, reports what a real one would report,
//! and notes every command that no sane call control gives.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use hotline::clock::{Clock, SimClock};
use hotline::domain::call::Quality;
use hotline::domain::id::{CallId, LegId, RecordingId, Username};
use hotline::signalling::media::{Carriage, Hears, Media, MediaEvent, MediaFault, Opened, Track};
use hotline_sip::sdp::{Dtls, Fingerprint, IceCredentials, Negotiated, Security};

use crate::network::Dice;

/// After so long without sound from a leg that was heard and should send some, `Silent` is reported; as in the server.
const SILENCE: Duration = Duration::from_millis(1_500);
/// And again.
const SILENCE_AGAIN: Duration = Duration::from_secs(15);
const ANNOUNCEMENT: Duration = Duration::from_secs(5);

/// One leg's port and what is known of it.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) call: CallId,
    pub(crate) hears: Hears,
    pub(crate) remote: Option<Negotiated>,
    pub(crate) closed: bool,
    last_heard: Instant,
    heard: bool,
    reported: Option<Instant>,
}

/// One recording.
#[derive(Debug)]
pub(crate) struct Take {
    pub(crate) call: CallId,
    pub(crate) tracks: Vec<Track>,
    pub(crate) paused: bool,
    pub(crate) finished: bool,
}

pub(crate) struct Studio {
    clock: Arc<SimClock>,
    dice: Dice,
    /// Ports there are, and chances of 100 that one cannot be had nevertheless.
    pub(crate) ports: usize,
    pub(crate) faults: u64,
    pub(crate) channels: BTreeMap<LegId, Channel>,
    pub(crate) takes: BTreeMap<RecordingId, Take>,
    /// Commands that make no sense.
    pub(crate) complaints: Vec<String>,
    /// One line a command, for the trace.
    pub(crate) told: Vec<String>,
    events: BTreeMap<(Instant, u64), MediaEvent>,
    opened: u64,
    open: usize,
}

/// The studio as call control holds it.
pub(crate) struct Desk(pub(crate) Arc<Mutex<Studio>>);

impl Studio {
    pub(crate) fn new(clock: Arc<SimClock>, dice: Dice) -> Self {
        Self {
            clock,
            dice,
            ports: 1_000,
            faults: 0,
            channels: BTreeMap::new(),
            takes: BTreeMap::new(),
            complaints: Vec::new(),
            told: Vec::new(),
            events: BTreeMap::new(),
            opened: 0,
            open: 0,
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn reports(&mut self, now: Instant) -> Option<MediaEvent> {
        loop {
            let first = self
                .events
                .first_entry()
                .filter(|first| first.key().0 <= now)?;
            let event = first.remove();
            match &event {
                MediaEvent::Closed { leg, .. } => {
                    self.open -= 1;
                    // Its report may meet a full queue.
                    if self.channels.remove(leg).is_some() && self.dice.in_100(2) && self.faults > 0
                    {
                        continue;
                    }
                }
                MediaEvent::Played { leg } => {
                    let plays = self.channels.get(leg).is_some_and(|channel| {
                        !channel.closed && matches!(channel.hears, Hears::Announcement(_))
                    });
                    if !plays {
                        continue;
                    }
                }
                MediaEvent::Silent { .. }
                | MediaEvent::Heard { .. }
                | MediaEvent::Dtmf { .. }
                | MediaEvent::Broken { .. } => {}
            }
            return Some(event);
        }
    }

    /// Listens to every leg: `speaks` says from where sound comes.
    pub(crate) fn listen(&mut self, now: Instant, speaks: impl Fn(SocketAddr) -> bool) {
        let mut news = Vec::new();
        for (leg, channel) in &mut self.channels {
            let Some(remote) = channel.remote.as_ref().filter(|_| !channel.closed) else {
                continue;
            };
            if !remote.direction.receives() {
                channel.last_heard = now;
            } else if speaks(where_from(remote)) {
                channel.last_heard = now;
                let is_first = !std::mem::replace(&mut channel.heard, true);
                if channel.reported.take().is_some() || is_first {
                    news.push(MediaEvent::Heard { leg: *leg });
                }
            } else if channel.heard
                && now >= channel.last_heard + SILENCE
                && channel
                    .reported
                    .is_none_or(|told| now >= told + SILENCE_AGAIN)
            {
                channel.reported = Some(now);
                news.push(MediaEvent::Silent { leg: *leg });
            }
        }
        for event in news {
            self.later(Duration::from_millis(1), event);
        }
    }

    pub(crate) fn open_ports(&self) -> usize {
        self.open
    }

    fn later(&mut self, delay: Duration, event: MediaEvent) {
        self.opened += 1;
        self.events
            .insert((self.clock.instant() + delay, self.opened), event);
    }

    fn live(&mut self, leg: LegId, command: &str) -> Option<&mut Channel> {
        if self.channels.get(&leg).is_none_or(|channel| channel.closed) {
            self.complaints
                .push(format!("{command} for leg {leg}, which has no open port"));
            return None;
        }
        self.channels.get_mut(&leg)
    }

    fn running(&mut self, recording: RecordingId, command: &str) -> Option<&mut Take> {
        if self.takes.get(&recording).is_none_or(|take| take.finished) {
            self.complaints.push(format!(
                "{command} of recording {recording}, which does not run"
            ));
            return None;
        }
        self.takes.get_mut(&recording)
    }
}

impl Desk {
    fn studio(&self, told: impl FnOnce() -> String) -> MutexGuard<'_, Studio> {
        let mut studio = self.0.lock().unwrap();
        studio.told.push(told());
        studio
    }
}

impl Media for Desk {
    fn open(&mut self, call: CallId, leg: LegId, carriage: Carriage) -> Result<Opened, MediaFault> {
        let mut studio = self.studio(|| format!("open {leg} of {call}"));
        let faults = studio.faults;
        if studio.open >= studio.ports || studio.dice.in_100(faults) {
            return Err(MediaFault("all ports are taken".to_owned()));
        }
        studio.open += 1;
        studio.opened += 1;
        let port = 20_000 + u16::try_from(studio.opened * 2 % 10_000).unwrap();
        let now = studio.clock.instant();
        let channel = Channel {
            call,
            hears: Hears::Nothing,
            remote: None,
            closed: false,
            last_heard: now,
            heard: false,
            reported: None,
        };
        if studio.channels.insert(leg, channel).is_some() {
            studio
                .complaints
                .push(format!("leg {leg} was opened twice"));
        }
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let dtls = (carriage == Carriage::WebRtc).then(|| dtls(port));
        Ok(Opened { address, dtls })
    }

    fn restart_ice(&mut self, leg: LegId) -> Option<IceCredentials> {
        let mut studio = self.studio(|| format!("restart ICE of {leg}"));
        studio.opened += 1;
        let number = u16::try_from(studio.opened % 10_000).unwrap();
        Some(dtls(number).ice)
    }

    fn connect(&mut self, leg: LegId, remote: &Negotiated, _nat: bool) {
        let mut studio = self.studio(|| format!("connect {leg} to {}", remote.remote));
        let now = studio.clock.instant();
        if let Some(channel) = studio.live(leg, "connect") {
            channel.remote = Some(remote.clone());
            channel.last_heard = now;
            channel.reported = None;
        }
    }

    fn hear(&mut self, leg: LegId, hears: Hears) {
        let mut studio = self.studio(|| format!("{leg} hears {hears:?}"));
        let announcement = matches!(hears, Hears::Announcement(_));
        if let Some(channel) = studio.live(leg, "hear") {
            channel.hears = hears;
            if announcement {
                studio.later(ANNOUNCEMENT, MediaEvent::Played { leg });
            }
        }
    }

    fn record(&mut self, recording: RecordingId, call: CallId, tracks: Vec<Track>) {
        let mut studio = self.studio(|| format!("record {recording} of {call}: {tracks:?}"));
        let take = Take {
            call,
            tracks,
            paused: false,
            finished: false,
        };
        if studio.takes.insert(recording, take).is_some() {
            studio
                .complaints
                .push(format!("recording {recording} was begun twice"));
        }
    }

    fn track(&mut self, recording: RecordingId, track: Track) {
        let mut studio = self.studio(|| format!("track {recording}: {track:?}"));
        if let Some(take) = studio.running(recording, "track") {
            take.tracks.retain(|before| before.number != track.number);
            take.tracks.push(track);
        }
    }

    fn untrack(&mut self, recording: RecordingId, number: u8) {
        let mut studio = self.studio(|| format!("untrack {recording}: {number}"));
        if let Some(take) = studio.running(recording, "untrack") {
            take.tracks.retain(|track| track.number != number);
        }
    }

    fn pause(&mut self, recording: RecordingId, by: Username, why: String) {
        let mut studio = self.studio(|| format!("pause {recording} by {by}: {why}"));
        if let Some(take) = studio.running(recording, "pause") {
            take.paused = true;
        }
    }

    fn resume(&mut self, recording: RecordingId) {
        let mut studio = self.studio(|| format!("resume {recording}"));
        if let Some(take) = studio.running(recording, "resume") {
            take.paused = false;
        }
    }

    fn finish(&mut self, recording: RecordingId) {
        let mut studio = self.studio(|| format!("finish {recording}"));
        if let Some(take) = studio.running(recording, "finish") {
            take.finished = true;
        }
    }

    fn close(&mut self, leg: LegId) {
        let mut studio = self.studio(|| format!("close {leg}"));
        let delay = studio.dice.millis(1, 300);
        if let Some(channel) = studio.live(leg, "close") {
            channel.closed = true;
            studio.later(
                delay,
                MediaEvent::Closed {
                    leg,
                    quality: Quality::default(),
                },
            );
        }
    }
}

/// What a page says of itself: its address hides in its name, for the studio to hear from where sound comes.
pub(crate) fn page_dtls(rtp: SocketAddr) -> Dtls {
    let IpAddr::V4(ip) = rtp.ip() else {
        panic!("pages here have IPv4")
    };
    let mut said = dtls(rtp.port());
    said.ice.ufrag = format!("{:08x}{:04x}", ip.to_bits(), rtp.port());
    said
}

/// Where the sound of a leg comes from.
fn where_from(remote: &Negotiated) -> SocketAddr {
    let Security::Dtls(page) = &remote.security else {
        return remote.remote;
    };
    let (ip, port) = page.ice.ufrag.split_at(8);
    let ip = u32::from_str_radix(ip, 16).unwrap();
    let port = u16::from_str_radix(port, 16).unwrap();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(ip)), port)
}

/// What a leg says of itself, told apart by its port.
pub(crate) fn dtls(port: u16) -> Dtls {
    Dtls {
        ice: IceCredentials {
            ufrag: format!("u{port:05}"),
            pwd: format!("password of the leg {port:05}").replace(' ', "+"),
        },
        fingerprint: Fingerprint([u8::try_from(port % 256).unwrap(); 32]),
    }
}
