//! Phones on real sockets, an engine whose events can be waited for, and ears that tell tones apart.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hotline_media::rtp::{self, Header};
use hotline_media::{
    CallKey, Chunk, Config, Engine, Event, Finished, Full, Law, LegId, LocalPort, Prompt,
    RecordingKey, Remote, Tap,
};

/// Longer than anything here takes; only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) const CALL: CallKey = CallKey(1);
pub(crate) const FRAME: usize = 160;

/// An engine and what it says.
pub(crate) struct Room {
    pub(crate) engine: Engine,
    events: Receiver<Event>,
    seen: Vec<Event>,
    next_leg: u128,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        // Tests run side by side: each takes a stretch of ports of its own.
        static NEXT_PORT: AtomicU16 = AtomicU16::new(0);
        let first = 41_000 + NEXT_PORT.fetch_add(40, Ordering::Relaxed);
        let (sender, events) = sync_channel(10_000);
        let mut config = Config::new(Arc::new(move |event| {
            let _ = sender.try_send(event);
        }));
        config.ports = first..=first + 39;
        config.port_rest = Duration::ZERO;
        change(&mut config);
        Self {
            engine: Engine::start(config).expect("the engine starts"),
            events,
            seen: Vec::new(),
            next_leg: 0,
        }
    }

    /// A phone joined to a leg of its own.
    pub(crate) fn phone(&mut self) -> Phone {
        self.phone_with(|_| {})
    }

    pub(crate) fn phone_with(&mut self, change: impl FnOnce(&mut Remote)) -> Phone {
        let leg = self.next_leg();
        let local = self.engine.open(leg, CALL).expect("the leg opens");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut remote = Remote::new(socket.local_addr().unwrap(), Law::A);
        remote.dtmf_payload_type = Some(101);
        change(&mut remote);
        self.engine
            .connect(leg, remote.clone())
            .expect("the leg connects");
        Phone {
            leg,
            local,
            remote,
            socket,
            sequence: 65_530,
            timestamp: 0xFFFF_F000,
            ssrc: 1_000 + self.next_leg as u32,
            spoken: 0,
        }
    }

    pub(crate) fn next_leg(&mut self) -> LegId {
        self.next_leg += 1;
        LegId(self.next_leg)
    }

    /// Waits for an event; those before it are kept for others to find.
    pub(crate) fn wait<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        if let Some(found) = self.seen.iter().find_map(&mut wanted) {
            return found;
        }
        loop {
            let event = self
                .events
                .recv_timeout(PATIENCE)
                .expect("the event comes in time");
            self.seen.push(event);
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    pub(crate) fn wait_for(&mut self, wanted: Event) {
        self.wait(|event| (*event == wanted).then_some(()));
    }

    /// Everything said until now and until the engine has stopped.
    pub(crate) fn stop(mut self) -> Vec<Event> {
        self.engine.shutdown();
        self.seen.extend(self.events.try_iter());
        self.seen
    }

    /// Returns once all commands given so far have been obeyed: a leg opened and closed after them is gone.
    pub(crate) fn settle(&mut self) {
        static NAMES: AtomicU64 = AtomicU64::new(1);
        let leg = LegId(u128::from(NAMES.fetch_add(1, Ordering::Relaxed)) << 64);
        self.engine.open(leg, CALL).expect("the leg opens");
        self.engine.close(leg).expect("the leg closes");
        self.wait(|event| {
            matches!(event, Event::Closed { leg: closed, .. } if *closed == leg).then_some(())
        });
    }
}

/// The far side of a leg.
pub(crate) struct Phone {
    pub(crate) leg: LegId,
    pub(crate) local: LocalPort,
    pub(crate) remote: Remote,
    pub(crate) socket: UdpSocket,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    spoken: usize,
}

impl Phone {
    pub(crate) fn address(&self) -> SocketAddr {
        (self.local.ip, self.local.rtp).into()
    }

    /// Of a phone that speaks G.711.
    fn law(&self) -> Law {
        self.remote.codec.law()
    }

    /// Sends 20 ms of a tone.
    pub(crate) fn say(&mut self, hz: f64) {
        self.say_from_address(hz, None);
    }

    /// Sends 20 ms of a tone from another socket.
    pub(crate) fn say_from(&mut self, hz: f64, socket: &UdpSocket) {
        self.say_from_address(hz, Some(socket));
    }

    fn say_from_address(&mut self, hz: f64, socket: Option<&UdpSocket>) {
        let law = self.law();
        let codes: Vec<u8> = tone(hz, self.spoken, FRAME)
            .iter()
            .map(|sample| law.encode(*sample))
            .collect();
        self.spoken += FRAME;
        let packet = self.packet(self.remote.payload_type, &codes);
        socket
            .unwrap_or(&self.socket)
            .send_to(&packet, self.address())
            .unwrap();
        self.advance();
    }

    /// A packet at the phone's present place in its stream.
    pub(crate) fn packet(&self, payload_type: u8, payload: &[u8]) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        [&header.to_bytes(), payload].concat()
    }

    pub(crate) fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.address()).unwrap();
    }

    /// Time passes without a packet.
    pub(crate) fn advance(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
    }

    /// The next RTP packet.
    pub(crate) fn hear(&self) -> (Header, Vec<u8>) {
        let mut buffer = [0; 2_048];
        loop {
            let length = self.socket.recv(&mut buffer).expect("sound comes in time");
            if !rtp::is_rtcp(&buffer[..length]) {
                let (header, payload) = rtp::parse(&buffer[..length]).expect("we send RTP");
                return (header, buffer[payload].to_vec());
            }
        }
    }

    /// The next packet's samples.
    pub(crate) fn hear_samples(&self) -> Vec<i16> {
        let (_, codes) = self.hear();
        codes.iter().map(|code| self.law().decode(*code)).collect()
    }

    /// True when nothing at all has come.
    pub(crate) fn hears_nothing(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let heard = self.socket.recv(&mut [0; 2_048]).is_ok();
        self.socket.set_nonblocking(false).unwrap();
        !heard
    }
}

/// A tone, `from` samples into it.
pub(crate) fn tone(hz: f64, from: usize, samples: usize) -> Vec<i16> {
    (from..from + samples)
        .map(|n| ((TAU * hz * n as f64 / 8_000.0).sin() * 6_000.0) as i16)
        .collect()
}

pub(crate) fn prompt(hz: f64, frames: usize) -> Arc<Prompt> {
    Arc::new(Prompt::from_samples(&tone(hz, 0, frames * FRAME)).unwrap())
}

/// How much of a tone is in a sound: about 1 when it is nothing else, about 0 without it (Goertzel).
pub(crate) fn share(samples: &[i16], hz: f64) -> f64 {
    let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    if energy == 0.0 {
        return 0.0;
    }
    let coefficient = 2.0 * (TAU * hz / 8_000.0).cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for sample in samples {
        (s1, s2) = (coefficient * s1 - s2 + f64::from(*sample), s1);
    }
    let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    2.0 * power / (energy * samples.len() as f64)
}

/// A tap that writes down what it gets.
pub(crate) struct Notebook {
    pub(crate) chunks: Mutex<Vec<Chunk>>,
    finished: SyncSender<Finished>,
    /// While set, nothing is taken.
    pub(crate) is_full: std::sync::atomic::AtomicBool,
    pub(crate) arrivals: SyncSender<()>,
}

/// What a [`Notebook`] announces.
pub(crate) struct Reading {
    pub(crate) finished: Receiver<Finished>,
    pub(crate) arrivals: Receiver<()>,
}

impl Notebook {
    pub(crate) fn new() -> (Arc<Self>, Reading) {
        let (finished, finished_receiver) = sync_channel(16);
        let (arrivals, arrivals_receiver) = sync_channel(10_000);
        let notebook = Arc::new(Self {
            chunks: Mutex::new(Vec::new()),
            finished,
            is_full: false.into(),
            arrivals,
        });
        let reading = Reading {
            finished: finished_receiver,
            arrivals: arrivals_receiver,
        };
        (notebook, reading)
    }

    /// Each track as a file would have it: silence where nothing came.
    pub(crate) fn tracks(&self) -> HashMap<u8, Vec<i16>> {
        let mut tracks: HashMap<u8, Vec<i16>> = HashMap::new();
        for chunk in self.chunks.lock().unwrap().iter() {
            for track in &chunk.tracks {
                let samples = tracks.entry(track.track).or_default();
                assert!(samples.len() as u64 <= chunk.start_sample, "chunks overlap");
                samples.resize(chunk.start_sample as usize, 0);
                track.decode_into(chunk.samples, samples);
            }
        }
        tracks
    }
}

impl Reading {
    pub(crate) fn finished(&self) -> Finished {
        self.finished
            .recv_timeout(PATIENCE)
            .expect("the recording finishes in time")
    }

    pub(crate) fn chunk_arrives(&self) {
        self.arrivals
            .recv_timeout(PATIENCE)
            .expect("a chunk is offered in time");
    }
}

impl Tap for Notebook {
    fn chunk(&self, chunk: Chunk) -> Result<(), Full> {
        let _ = self.arrivals.try_send(());
        if self.is_full.load(Ordering::SeqCst) {
            return Err(Full);
        }
        self.chunks.lock().unwrap().push(chunk);
        Ok(())
    }

    fn finished(&self, finished: Finished) -> Result<(), Full> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(Full);
        }
        self.finished.try_send(finished).map_err(|_| Full)
    }
}

pub(crate) const RECORDING: RecordingKey = RecordingKey(77);
