//! One leg as its thread sees it: sockets, what comes in, what goes out. It knows no other leg; the worker joins them.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use crate::dtmf::{KeyReceiver, KeySender, ToneDetector};
use crate::g711::Law;
use crate::playout::PlayOut;
use crate::prompt::Prompt;
use crate::rtcp;
use crate::rtp::{self, Header, OutStream, Reception};
use crate::sys;
use crate::tap::TrackNo;

use super::{Direction, LegId, LegStats, Play, PlayId, Remote, Repeat, Rtcp, Sockets};

/// Packets accepted since the last `connect` until the source is settled: a `nat` leg may move before, and then the kernel
/// is told to refuse everybody else.
const LATCH_WINDOW: u8 = 5;

/// Where a leg is in its thread's table.
pub(super) type Slot = u32;

pub(super) struct Leg {
    pub(super) id: LegId,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    pub(super) far: Option<Far>,
    latch: Latch,

    pub(super) reception: Reception,
    pub(super) keys_in: KeyReceiver,
    pub(super) tones: Option<Box<ToneDetector>>,
    pub(super) heard_first: bool,
    /// When the last packet was accepted, or since when one is expected.
    pub(super) last_heard: Instant,
    pub(super) silence_reported: bool,
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

/// What every packet needs of the far side's description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Far {
    rtcp: Rtcp,
    pub(super) law: Law,
    pub(super) payload_type: u8,
    pub(super) dtmf_payload_type: Option<u8>,
    pub(super) direction: Direction,
    nat: bool,
}

/// One leg that is heard, with its play-out buffer while it is part of a mix.
pub(super) struct SourceLeg {
    pub(super) slot: Slot,
    pub(super) playout: Option<PlayOut>,
}

/// Where the leg's packets come from and go to.
struct Latch {
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
    pub(super) fn new(id: LegId, sockets: Sockets, random: u64, now: Instant) -> Self {
        Self {
            id,
            rtp: sockets.rtp,
            rtcp: sockets.rtcp,
            far: None,
            latch: Latch {
                peer: SocketAddr::from(([0, 0, 0, 0], 0)),
                accepted: 0,
                moved: false,
                connected: false,
            },
            reception: Reception::default(),
            keys_in: KeyReceiver::default(),
            tones: None,
            heard_first: false,
            last_heard: now,
            silence_reported: false,
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

    pub(super) fn sockets(&self) -> (&UdpSocket, &UdpSocket) {
        (&self.rtp, &self.rtcp)
    }

    /// The far side is known, or has moved by a new offer: the latch opens anew.
    pub(super) fn connect(&mut self, remote: Remote, now: Instant) {
        let unchanged = self.latch.connected && self.latch.peer == remote.rtp;
        if !unchanged {
            if self.latch.connected {
                // Without this the kernel would refuse the new address; failing, the leg stays as it was and falls silent.
                let _ = sys::disconnect(&self.rtp);
            }
            self.latch = Latch {
                peer: remote.rtp,
                accepted: 0,
                moved: false,
                connected: false,
            };
        }
        self.tones = remote.detect_tones.then(Box::default);
        self.far = Some(Far {
            rtcp: remote.rtcp,
            law: remote.law,
            payload_type: remote.payload_type,
            dtmf_payload_type: remote.dtmf_payload_type,
            direction: remote.direction,
            nat: remote.nat,
        });
        self.last_heard = now;
        self.silence_reported = false;
        self.out.interrupt();
    }

    /// Is this datagram for us? Everything else is looked at before the source is: noise must not move a latch.
    pub(super) fn accept(
        &mut self,
        datagram: &[u8],
        source: SocketAddr,
    ) -> Result<Accepted, Refused> {
        let far = self.far.ok_or(Refused::Unexpected)?;
        let (header, payload) =
            rtp::parse(datagram).map_err(|rtp::Malformed| Refused::Malformed)?;
        if payload.is_empty() {
            return Err(Refused::Malformed);
        }
        let kind = if Some(header.payload_type) == far.dtmf_payload_type {
            Kind::Key
        } else {
            Kind::Sound(law_of(header.payload_type, &far).ok_or(Refused::UnknownPayload)?)
        };
        if !self.is_source(source, far.nat) {
            return Err(Refused::Foreign);
        }
        if !far.direction.receive {
            return Err(Refused::Unexpected);
        }
        Ok(Accepted {
            header,
            payload,
            kind,
        })
    }

    /// Does this leg's media come from there? A leg behind a NAT may move here.
    fn is_source(&mut self, source: SocketAddr, nat: bool) -> bool {
        let latch = &mut self.latch;
        if source != latch.peer {
            let may_move = nat && !latch.moved && latch.accepted < LATCH_WINDOW;
            if !may_move {
                return false;
            }
            latch.peer = source;
            latch.moved = true;
        }
        if !latch.connected {
            latch.accepted = latch.accepted.saturating_add(1);
            if latch.accepted >= LATCH_WINDOW {
                // Nobody else from now on. Should the kernel refuse, every source is still compared here.
                latch.connected = self.rtp.connect(latch.peer).is_ok();
            }
        }
        true
    }

    /// What is wished for, as the worker must serve it.
    pub(super) fn hearing(&self) -> Hearing {
        if !self.keys_out.is_idle() {
            return Hearing::Ticked;
        }
        match (self.sources.as_slice(), &self.playing) {
            ([], None) => Hearing::Nothing,
            ([source], None) => Hearing::Forward(source.slot),
            (_, None) | (_, Some(_)) => Hearing::Ticked,
        }
    }

    /// Is this where the leg's media comes from, as far as is known?
    pub(super) fn is_peer(&self, source: SocketAddr) -> bool {
        source == self.latch.peer
    }

    /// May something be sent, and how is it called?
    pub(super) fn sending(&self) -> Option<Far> {
        self.far.filter(|far| far.direction.send)
    }

    pub(super) fn send_rtp(&self, packet: &[u8]) -> io::Result<usize> {
        let send = || {
            if self.latch.connected {
                self.rtp.send(packet)
            } else {
                self.rtp.send_to(packet, self.latch.peer)
            }
        };
        match send() {
            // The kernel reports an earlier packet's ICMP answer here instead of sending this one.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => send(),
            result => result,
        }
    }

    pub(super) fn receive_rtp(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.rtp.recv_from(buffer)
    }

    pub(super) fn receive_rtcp(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.rtcp.recv_from(buffer)
    }

    /// RTCP comes from the host that media comes from, whatever the port: NATs map the two ports apart.
    pub(super) fn is_rtcp_source(&self, source: SocketAddr) -> bool {
        match self.far.map(|far| far.rtcp) {
            None | Some(Rtcp::Off) => false,
            Some(Rtcp::Mux) => source.ip() == self.latch.peer.ip(),
            Some(Rtcp::At(address)) => {
                source.ip() == address.ip() || source.ip() == self.latch.peer.ip()
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
        let about = self.reception.ssrc().map(|ssrc| rtcp::ReportBlock {
            ssrc,
            fraction_lost: self.reception.fraction_lost(),
            lost: i32::try_from(self.reception.lost()).unwrap_or(i32::MAX),
            extended_highest: self.reception.extended_highest(),
            jitter: self.reception.jitter(),
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
                timestamp: self.out.timestamp_at(us * 8 / 1_000),
                packets: self.out.packets() as u32,
                octets: self.out.octets() as u32,
            }),
            about,
            cname,
            goodbye,
        }
        .write(out);
        match far.rtcp {
            Rtcp::Off => false,
            Rtcp::Mux => self.send_rtp(out).is_ok(),
            Rtcp::At(address) => self.rtcp.send_to(out, address).is_ok(),
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

/// The law of a received payload type: what was negotiated, or one of the two static ones, which nothing else uses.
fn law_of(payload_type: u8, far: &Far) -> Option<Law> {
    if payload_type == far.payload_type {
        return Some(far.law);
    }
    [Law::A, Law::Mu]
        .into_iter()
        .find(|law| law.static_payload_type() == payload_type)
}

/// Writes the header right before the payload, over whatever stood there.
pub(super) fn put_header(buffer: &mut [u8], payload_start: usize, header: Header) -> usize {
    let start = payload_start - rtp::HEADER_LEN;
    buffer[start..payload_start].copy_from_slice(&header.to_bytes());
    start
}
