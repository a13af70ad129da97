//! One leg as its thread sees it: how its packets travel, what comes in, what goes out. It knows no other leg; the worker joins them.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use crate::codec::{Codec, Coder};
use crate::dtmf::{KeyReceiver, KeySender, TelephoneEvent, ToneDetector};
use crate::g711::Law;
use crate::playout::PlayOut;
use crate::prompt::Prompt;
use crate::rtcp;
use crate::rtp::{self, CLOCK_HZ, Header, OutStream, Reception, WireClock};
use crate::security::Security;
use crate::srtp::{self, Open, Seal};
use crate::sys;
use crate::tap::TrackNo;

use super::dtls::Keys;
use super::webrtc::WebRtc;
use super::{Breakdown, Direction, LegId, LegStats, Play, PlayId, Remote, Repeat, Rtcp, Sockets};

/// Packets accepted since the last `connect` until the source is settled: a `nat` leg may move before, and then the kernel
/// is told to refuse everybody else.
const LATCH_WINDOW: u8 = 5;

/// Where a leg is in its thread's table.
pub(super) type Slot = u32;

pub(super) struct Leg {
    pub(super) id: LegId,
    transport: Transport,
    protection: Protection,
    pub(super) far: Option<Far>,
    /// Where the far side speaks no G.711.
    pub(super) coder: Option<Box<Coder>>,

    wire_clock: WireClock,
    pub(super) reception: Reception,
    pub(super) keys_in: KeyReceiver,
    pub(super) tones: Option<Box<ToneDetector>>,
    pub(super) heard_first: bool,
    /// When the last packet was accepted, or since when one is expected.
    pub(super) last_heard: Instant,
    pub(super) silence_reported: Option<Instant>,
    pub(super) dropped: u64,

    pub(super) out: OutStream,
    pub(super) keys_out: KeySender,
    /// Whom this leg hears.
    pub(super) sources: Vec<SourceLeg>,
    pub(super) playing: Option<Playing>,
    /// Who hears this leg alone: its packets are forwarded to them on arrival.
    pub(super) heard_by: Vec<Slot>,
    /// Whose mix this leg is part of.
    pub(super) mixed_by: Vec<Slot>,
    /// Which recordings have what this leg says.
    pub(super) taps: Vec<(Slot, TrackNo)>,
    /// In which of the four phases this leg has its tick, while it needs one.
    pub(super) phase: Option<usize>,

    pub(super) reports: Reports,
}

/// How a leg's packets travel.
pub(super) enum Transport {
    /// Two ports of its own.
    Own {
        rtp: UdpSocket,
        rtcp: UdpSocket,
        latch: Latch,
    },
    /// The thread's muxed port.
    Muxed(Box<WebRtc>),
}

/// Whether packets are SRTP.
enum Protection {
    Plain,
    /// They will be: until then nothing is accepted or sent.
    Awaited,
    Srtp(Box<Srtp>),
}

/// Both directions, and the keys they were made from.
struct Srtp {
    seal: Seal,
    open: Open,
    keys: Keys,
}

/// What every packet needs of the far side's description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Far {
    rtcp: Rtcp,
    codec: Codec,
    /// Of its sound as it is recorded, and of the prompts it hears.
    pub(super) law: Law,
    pub(super) payload_type: u8,
    pub(super) dtmf_payload_type: Option<u8>,
    /// Of the clock of a key's duration, in a sample of ours.
    dtmf_ticks: u16,
    pub(super) direction: Direction,
    nat: bool,
}

/// One leg that is heard, with its play-out buffer while it is part of a mix.
pub(super) struct SourceLeg {
    pub(super) slot: Slot,
    pub(super) playout: Option<PlayOut>,
}

/// Where the leg's packets come from and go to.
pub(super) struct Latch {
    peer: SocketAddr,
    accepted: u8,
    moved: bool,
    /// The kernel itself refuses other sources.
    connected: bool,
}

/// A sequence of prompts and how far it is.
pub(super) struct Playing {
    pub(super) id: PlayId,
    prompts: Vec<Arc<Prompt>>,
    repeat: Repeat,
    prompt: usize,
    frame: usize,
}

/// RTCP's memory.
#[derive(Default)]
pub(super) struct Reports {
    /// The far side's last sender report: middle of its NTP time, and when it came, in µs of the engine's clock.
    last_sender_report: Option<(u32, u64)>,
    pub(super) rtt_us: Option<u64>,
    pub(super) remote_lost: Option<u32>,
    packets_reported: u64,
}

/// A packet that is this leg's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) header: Header,
    /// Where in the datagram; never empty.
    pub(super) payload: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sound(Law),
    /// For the leg's coder.
    Coded,
    /// RFC 4733.
    Key,
}

/// Why a packet is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Malformed,
    /// Before `connect`, or the far side may not send.
    Unexpected,
    UnknownPayload,
    Foreign,
    /// SRTP's tag is wrong.
    Forged,
    /// SRTP that was taken before.
    Replayed,
}

impl From<srtp::Refused> for Refused {
    fn from(refused: srtp::Refused) -> Self {
        match refused {
            srtp::Refused::Malformed => Self::Malformed,
            srtp::Refused::Forged => Self::Forged,
            srtp::Refused::Replayed => Self::Replayed,
            srtp::Refused::Exhausted => Self::Unexpected,
        }
    }
}

/// What the leg is for its listeners' sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    Nothing,
    /// One other leg (or itself), packet by packet.
    Forward(Slot),
    /// Frames of its own making, every 20 ms.
    Ticked,
}

impl Leg {
    pub(super) fn new(id: LegId, transport: Transport, random: u64, now: Instant) -> Self {
        let protection = match transport {
            Transport::Own { .. } => Protection::Plain,
            Transport::Muxed(_) => Protection::Awaited,
        };
        Self {
            id,
            transport,
            protection,
            far: None,
            coder: None,
            wire_clock: WireClock::default(),
            reception: Reception::default(),
            keys_in: KeyReceiver::default(),
            tones: None,
            heard_first: false,
            last_heard: now,
            silence_reported: None,
            dropped: 0,
            out: OutStream::new(random),
            keys_out: KeySender::default(),
            sources: Vec::new(),
            playing: None,
            heard_by: Vec::new(),
            mixed_by: Vec::new(),
            taps: Vec::new(),
            phase: None,
            reports: Reports::default(),
        }
    }

    /// The sockets that are this leg's alone.
    pub(super) fn sockets(&self) -> Option<(&UdpSocket, &UdpSocket)> {
        match &self.transport {
            Transport::Own { rtp, rtcp, .. } => Some((rtp, rtcp)),
            Transport::Muxed(_) => None,
        }
    }

    pub(super) fn webrtc(&mut self) -> Option<&mut WebRtc> {
        match &mut self.transport {
            Transport::Own { .. } => None,
            Transport::Muxed(webrtc) => Some(webrtc),
        }
    }

    /// The far side is known, or has changed by a new offer. `clock`: the engine's, at `now`.
    pub(super) fn connect(&mut self, remote: Remote, now: Instant, clock: u64) {
        match (&mut self.transport, remote.security) {
            (Transport::Own { rtp, latch, .. }, security) => {
                latch.open_to(remote.rtp, rtp);
                match security {
                    Security::None => self.protection = Protection::Plain,
                    Security::Sdes { send, receive } => self.protect(Keys { send, receive }),
                    // The handle has refused it.
                    Security::Dtls(_) => self.protection = Protection::Awaited,
                }
            }
            (Transport::Muxed(webrtc), Security::Dtls(remote)) => {
                if webrtc.connect(remote.fingerprint, now) {
                    self.protection = Protection::Awaited;
                }
            }
            // The handle has refused it.
            (Transport::Muxed(_), Security::None | Security::Sdes { .. }) => {}
        }
        self.tones = remote.detect_tones.then(Box::default);
        if self.far.is_none_or(|far| far.codec != remote.codec) {
            self.coder = Coder::new(remote.codec, clock).map(Box::new);
            self.wire_clock = WireClock::default();
        }
        self.far = Some(Far {
            rtcp: remote.rtcp,
            codec: remote.codec,
            law: remote.codec.law(),
            payload_type: remote.payload_type,
            dtmf_payload_type: remote.dtmf_payload_type,
            dtmf_ticks: u16::try_from(remote.dtmf_clock_hz / CLOCK_HZ as u32)
                .unwrap_or(1)
                .max(1),
            direction: remote.direction,
            nat: remote.nat,
        });
        self.last_heard = now;
        self.silence_reported = None;
        self.out.interrupt();
    }

    /// Anything of theirs arrived. True when that was missed.
    pub(super) fn lives(&mut self, now: Instant) -> bool {
        self.last_heard = now;
        self.silence_reported.take().is_some()
    }

    /// From now on packets are SRTP under these keys. A key that was in use goes on where it was (its counters must).
    pub(super) fn protect(&mut self, keys: Keys) {
        if let Protection::Srtp(srtp) = &mut self.protection {
            if srtp.keys.send != keys.send {
                srtp.seal = Seal::new(&keys.send);
            }
            if srtp.keys.receive != keys.receive {
                srtp.open = Open::new(&keys.receive);
            }
            srtp.keys = keys;
        } else {
            self.protection = Protection::Srtp(Box::new(Srtp {
                seal: Seal::new(&keys.send),
                open: Open::new(&keys.receive),
                keys,
            }));
        }
    }

    /// The far side is given up. One that is only gone may come back under the same keys, which must go on where they were.
    pub(super) fn unprotect(&mut self, why: Breakdown) {
        match why {
            Breakdown::Gone => {}
            Breakdown::Fingerprint
            | Breakdown::Handshake
            | Breakdown::NoPath
            | Breakdown::ClosedByPeer => self.protection = Protection::Awaited,
        }
    }

    /// A packet for this leg must be copied before it is sent: it is encrypted where it lies, and others may need it.
    pub(super) fn is_protected(&self) -> bool {
        !matches!(self.protection, Protection::Plain)
    }

    /// May packets pass at all?
    pub(super) fn is_ready(&self) -> bool {
        let is_broken = match &self.transport {
            Transport::Own { .. } => false,
            Transport::Muxed(webrtc) => webrtc.is_broken,
        };
        !is_broken && !matches!(self.protection, Protection::Awaited)
    }

    /// Verifies and decrypts a packet where it lies, if this leg's packets are protected. Returns its length.
    pub(super) fn open_rtp(
        &mut self,
        datagram: &mut [u8],
        source: SocketAddr,
        now: Instant,
    ) -> Result<usize, Refused> {
        if let (Protection::Srtp(_), Transport::Own { latch, .. }) =
            (&self.protection, &self.transport)
        {
            // Strangers are told apart before they cost anything.
            let nat = self.far.is_some_and(|far| far.nat);
            if !latch.may_come_from(source, nat) {
                return Err(Refused::Foreign);
            }
        }
        self.open(datagram, now, Open::rtp)
    }

    /// As [`open_rtp`](Self::open_rtp), for RTCP from an [`is_rtcp_source`](Self::is_rtcp_source).
    pub(super) fn open_rtcp(
        &mut self,
        datagram: &mut [u8],
        now: Instant,
    ) -> Result<usize, Refused> {
        self.open(datagram, now, Open::rtcp)
    }

    fn open(
        &mut self,
        datagram: &mut [u8],
        now: Instant,
        open: impl FnOnce(&mut Open, &mut [u8]) -> Result<usize, srtp::Refused>,
    ) -> Result<usize, Refused> {
        let srtp = match &mut self.protection {
            Protection::Plain => return Ok(datagram.len()),
            Protection::Awaited => return Err(Refused::Unexpected),
            Protection::Srtp(srtp) => srtp,
        };
        match &mut self.transport {
            Transport::Own { .. } => Ok(open(&mut srtp.open, datagram)?),
            Transport::Muxed(webrtc) => {
                if webrtc.is_broken {
                    return Err(Refused::Unexpected);
                }
                let length = open(&mut srtp.open, datagram)?;
                webrtc.proven = now;
                Ok(length)
            }
        }
    }

    /// Is this datagram for us? Everything else is looked at before the source is: noise must not move a latch.
    pub(super) fn accept(
        &mut self,
        datagram: &[u8],
        source: SocketAddr,
    ) -> Result<Accepted, Refused> {
        let far = self.far.ok_or(Refused::Unexpected)?;
        let (mut header, payload) =
            rtp::parse(datagram).map_err(|rtp::Malformed| Refused::Malformed)?;
        if payload.is_empty() {
            return Err(Refused::Malformed);
        }
        let kind = if Some(header.payload_type) == far.dtmf_payload_type {
            Kind::Key
        } else {
            kind_of(header.payload_type, &far).ok_or(Refused::UnknownPayload)?
        };
        let is_source = match &mut self.transport {
            Transport::Own { rtp, latch, .. } => latch.is_source(source, far.nat, rtp),
            // Its tag was right.
            Transport::Muxed(_) => true,
        };
        if !is_source {
            return Err(Refused::Foreign);
        }
        if !far.direction.receive {
            return Err(Refused::Unexpected);
        }
        header.timestamp = self.wire_clock.samples(far.codec.ticks(), &header);
        Ok(Accepted {
            header,
            payload,
            kind,
        })
    }

    /// What is wished for, as the worker must serve it.
    pub(super) fn hearing(&self) -> Hearing {
        if !self.keys_out.is_idle() {
            return Hearing::Ticked;
        }
        match (self.sources.as_slice(), &self.playing) {
            ([], None) => Hearing::Nothing,
            ([source], None) if source.playout.is_none() => Hearing::Forward(source.slot),
            (_, None) | (_, Some(_)) => Hearing::Ticked,
        }
    }

    /// Is this where the leg's media comes from, as far as is known?
    pub(super) fn is_peer(&self, source: SocketAddr) -> bool {
        match &self.transport {
            Transport::Own { latch, .. } => source == latch.peer,
            Transport::Muxed(_) => true,
        }
    }

    /// May something be sent, and how is it called?
    pub(super) fn sending(&self) -> Option<Far> {
        self.far.filter(|far| far.direction.send && self.is_ready())
    }

    /// Sends the packet at `at` in the buffer, which keeps room behind it for what SRTP adds; a protected leg's packet is encrypted
    /// there.
    pub(super) fn send_rtp(&mut self, buffer: &mut [u8], at: Range<usize>) -> io::Result<usize> {
        let sealed = match &mut self.protection {
            Protection::Plain => at,
            Protection::Awaited => return Err(io::ErrorKind::NotConnected.into()),
            Protection::Srtp(srtp) => {
                let length = srtp
                    .seal
                    .rtp(&mut buffer[at.start..], at.len())
                    .map_err(io::Error::other)?;
                at.start..at.start + length
            }
        };
        self.transport.send(&buffer[sealed])
    }

    pub(super) fn receive_rtp(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self.sockets() {
            Some((rtp, _)) => rtp.recv_from(buffer),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    pub(super) fn receive_rtcp(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self.sockets() {
            Some((_, rtcp)) => rtcp.recv_from(buffer),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// RTCP comes from the host that media comes from, whatever the port: NATs map the two ports apart.
    pub(super) fn is_rtcp_source(&self, source: SocketAddr) -> bool {
        let Transport::Own { latch, .. } = &self.transport else {
            return true;
        };
        match self.far.map(|far| far.rtcp) {
            None | Some(Rtcp::Off) => false,
            Some(Rtcp::Mux) => source.ip() == latch.peer.ip(),
            Some(Rtcp::At(address)) => {
                source.ip() == address.ip() || source.ip() == latch.peer.ip()
            }
        }
    }

    /// Takes in what the far side reports. `us`: the engine's clock.
    pub(super) fn reported(&mut self, report: &rtcp::Received, us: u64) {
        if let Some((_, ntp)) = report.sender {
            self.reports.last_sender_report = Some((ntp, us));
        }
        if let Some(block) = report.about_us {
            self.reports.remote_lost = Some(block.lost.max(0).unsigned_abs());
            let now = rtcp::middle(rtcp::ntp_of_us(us));
            if let Some(round_trip) = block.round_trip(now) {
                self.reports.rtt_us = Some(rtcp::us_of_short(round_trip));
            }
        }
    }

    /// Writes this leg's report over `out` and sends it. False: there is nowhere to send it, or nothing to say.
    pub(super) fn report(
        &mut self,
        out: &mut Vec<u8>,
        cname: &str,
        us: u64,
        goodbye: bool,
    ) -> bool {
        let Some(far) = self.far else {
            return false;
        };
        let ticks = far.codec.ticks();
        let about = self.reception.ssrc().map(|ssrc| rtcp::ReportBlock {
            ssrc,
            fraction_lost: self.reception.fraction_lost(),
            lost: i32::try_from(self.reception.lost()).unwrap_or(i32::MAX),
            extended_highest: self.reception.extended_highest(),
            jitter: self.reception.jitter() * ticks,
            last_sender_report: self.reports.last_sender_report.map_or(0, |(ntp, _)| ntp),
            delay_since: self
                .reports
                .last_sender_report
                .map_or(0, |(_, came)| rtcp::short_of_us(us - came)),
        });
        let has_sent = self.out.packets() > self.reports.packets_reported;
        self.reports.packets_reported = self.out.packets();
        if about.is_none() && !has_sent {
            return false;
        }
        rtcp::Report {
            ssrc: self.out.ssrc(),
            sender: has_sent.then(|| rtcp::SenderInfo {
                ntp: rtcp::ntp_of_us(us),
                timestamp: self.out.timestamp_at(us * 8 / 1_000).wrapping_mul(ticks),
                packets: self.out.packets() as u32,
                octets: self.out.octets() as u32,
            }),
            about,
            cname,
            goodbye,
        }
        .write(out);
        match &mut self.protection {
            Protection::Plain => {}
            Protection::Awaited => return false,
            Protection::Srtp(srtp) => {
                let length = out.len();
                out.resize(length + srtp::OVERHEAD_MAX, 0);
                match srtp.seal.rtcp(out, length) {
                    Ok(length) => out.truncate(length),
                    Err(_) => return false,
                }
            }
        }
        match (&self.transport, far.rtcp) {
            (Transport::Muxed(_), _) | (Transport::Own { .. }, Rtcp::Mux) => {
                self.transport.send(out).is_ok()
            }
            (Transport::Own { .. }, Rtcp::Off) => false,
            (Transport::Own { rtcp, .. }, Rtcp::At(address)) => rtcp.send_to(out, address).is_ok(),
        }
    }

    pub(super) fn stats(&self) -> LegStats {
        LegStats {
            packets_received: self.reception.received(),
            packets_lost: self.reception.lost(),
            packets_sent: self.out.packets(),
            jitter_us: self.reception.jitter_us(),
            rtt_us: self.reports.rtt_us,
            remote_packets_lost: self.reports.remote_lost,
            packets_dropped: self.dropped,
        }
    }

    /// The play-out buffer in which this leg collects what `source` says for its mix.
    pub(super) fn playout_of(&mut self, source: Slot) -> Option<&mut PlayOut> {
        self.sources
            .iter_mut()
            .find(|leg| leg.slot == source)?
            .playout
            .as_mut()
    }
}

impl Transport {
    pub(super) fn own(sockets: Sockets) -> Self {
        Self::Own {
            rtp: sockets.rtp,
            rtcp: sockets.rtcp,
            latch: Latch {
                peer: SocketAddr::from(([0, 0, 0, 0], 0)),
                accepted: 0,
                moved: false,
                connected: false,
            },
        }
    }

    /// Sends on the way of RTP.
    fn send(&self, packet: &[u8]) -> io::Result<usize> {
        let (rtp, latch) = match self {
            Self::Own { rtp, latch, .. } => (rtp, latch),
            Self::Muxed(webrtc) => return webrtc.send(packet),
        };
        let send = || {
            if latch.connected {
                rtp.send(packet)
            } else {
                rtp.send_to(packet, latch.peer)
            }
        };
        match send() {
            // The kernel reports an earlier packet's ICMP answer here instead of sending this one.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => send(),
            result => result,
        }
    }
}

impl Latch {
    /// The far side's address, at first or by a new offer.
    fn open_to(&mut self, peer: SocketAddr, rtp: &UdpSocket) {
        if self.connected && self.peer == peer {
            return;
        }
        if self.connected {
            // Without this the kernel would refuse the new address; failing, the leg stays as it was and falls silent.
            let _ = sys::disconnect(rtp);
        }
        *self = Self {
            peer,
            accepted: 0,
            moved: false,
            connected: false,
        };
    }

    fn may_move(&self, nat: bool) -> bool {
        nat && !self.moved && self.accepted < LATCH_WINDOW
    }

    /// Could a genuine packet come from there?
    fn may_come_from(&self, source: SocketAddr, nat: bool) -> bool {
        source == self.peer || self.may_move(nat)
    }

    /// Does this leg's media come from there? A leg behind a NAT may move here.
    fn is_source(&mut self, source: SocketAddr, nat: bool, rtp: &UdpSocket) -> bool {
        if source != self.peer {
            if !self.may_move(nat) {
                return false;
            }
            self.peer = source;
            self.moved = true;
        }
        if !self.connected {
            self.accepted = self.accepted.saturating_add(1);
            if self.accepted >= LATCH_WINDOW {
                // Nobody else from now on. Should the kernel refuse, every source is still compared here.
                self.connected = rtp.connect(self.peer).is_ok();
            }
        }
        true
    }
}

impl Playing {
    pub(super) fn new(play: Play) -> Self {
        Self {
            id: play.id,
            prompts: play.prompts,
            repeat: play.repeat,
            prompt: 0,
            frame: 0,
        }
    }

    /// The next 20 ms; `None` when the last was heard to its end.
    pub(super) fn next(&mut self, law: Law) -> Option<&[u8]> {
        if self.frame >= self.prompts.get(self.prompt)?.frames() {
            self.frame = 0;
            self.prompt += 1;
            if self.prompt == self.prompts.len() && self.repeat == Repeat::Forever {
                self.prompt = 0;
            }
        }
        let codes = self.prompts.get(self.prompt)?.frame(law, self.frame);
        self.frame += 1;
        codes
    }
}

/// What a received payload type carries: what was negotiated; with G.711 also the other law, by its static number, which nothing
/// else uses.
fn kind_of(payload_type: u8, far: &Far) -> Option<Kind> {
    match far.codec {
        Codec::G711(law) if payload_type == far.payload_type => Some(Kind::Sound(law)),
        Codec::G711(_) => [Law::A, Law::Mu]
            .into_iter()
            .find(|law| law.static_payload_type() == payload_type)
            .map(Kind::Sound),
        Codec::G722 | Codec::Opus(_) => (payload_type == far.payload_type).then_some(Kind::Coded),
    }
}

impl Far {
    /// A header of ours as the far side's clock has it. Multiplying goes on smoothly where 32 bits wrap.
    pub(super) fn on_wire(&self, mut header: Header) -> Header {
        header.timestamp = header.timestamp.wrapping_mul(self.codec.ticks());
        header
    }

    /// A key's duration in samples of ours, from the wire's.
    pub(super) fn event_in(&self, mut event: TelephoneEvent) -> TelephoneEvent {
        event.duration /= self.dtmf_ticks;
        event
    }

    /// The same the other way. A key longer than the wire's 16 bits can tell (1.4 s at 48 kHz) stays at their end.
    pub(super) fn event_out(&self, mut event: TelephoneEvent) -> TelephoneEvent {
        event.duration = event.duration.saturating_mul(self.dtmf_ticks);
        event
    }
}

/// Writes the header right before the payload, over whatever stood there.
pub(super) fn put_header(buffer: &mut [u8], payload_start: usize, header: Header) -> usize {
    let start = payload_start - rtp::HEADER_LEN;
    buffer[start..payload_start].copy_from_slice(&header.to_bytes());
    start
}
