//! RTP (RFC 3550 §5): reading and writing the header, what is known about a stream received ([`Reception`]) and the
//! continuity of a stream sent ([`OutStream`]). Input is hostile: every length is checked, nothing is trusted.

use std::ops::Range;

/// Length of the header without CSRCs and extension.
pub const HEADER_LEN: usize = 12;

/// G.711's clock, and ours.
pub const CLOCK_HZ: u64 = 8_000;

/// The fixed header, without what a relay has no use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// The datagram is not RTP version 2, or its lengths contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RTP packet")]
pub struct Malformed;

/// True for a datagram that shares RTP's port but is RTCP (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram
        .get(1)
        .is_some_and(|kind| (192..=223).contains(kind))
}

/// Length of the header with its CSRCs and extension; at most the datagram's.
pub fn header_len(datagram: &[u8]) -> Result<usize, Malformed> {
    let fixed = datagram.first_chunk::<HEADER_LEN>().ok_or(Malformed)?;
    if fixed[0] >> 6 != 2 {
        return Err(Malformed);
    }
    let mut length = HEADER_LEN + usize::from(fixed[0] & 0x0F) * 4;
    let has_extension = fixed[0] & 0x10 != 0;
    if has_extension {
        let words = datagram.get(length + 2..length + 4).ok_or(Malformed)?;
        length += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
    }
    if length > datagram.len() {
        return Err(Malformed);
    }
    Ok(length)
}

/// Reads a packet: its header and where in the datagram its payload is, without CSRCs, extension and padding.
pub fn parse(datagram: &[u8]) -> Result<(Header, Range<usize>), Malformed> {
    let start = header_len(datagram)?;
    let fixed = datagram.first_chunk::<HEADER_LEN>().ok_or(Malformed)?;
    let mut end = datagram.len();
    let has_padding = fixed[0] & 0x20 != 0;
    if has_padding {
        let padding = usize::from(datagram[end - 1]);
        if padding == 0 || padding > end {
            return Err(Malformed);
        }
        end -= padding;
    }
    if start > end {
        return Err(Malformed);
    }
    let header = Header {
        marker: fixed[1] & 0x80 != 0,
        payload_type: fixed[1] & 0x7F,
        sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
        timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
    };
    Ok((header, start..end))
}

impl Header {
    /// The header on the wire: no CSRC, no extension, no padding.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0] = 0x80;
        bytes[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7F);
        bytes[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        bytes
    }
}

/// A far side's timestamps in samples of ours, where its clock is another.
#[derive(Debug, Clone, Copy, Default)]
pub struct WireClock {
    newest: Option<Newest>,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    ssrc: u32,
    wire: u32,
    /// The same with its wraps, which dividing would lose; begun in the middle.
    unwrapped: u64,
}

impl WireClock {
    /// `ticks`: of the wire's clock in one sample of ours.
    pub fn samples(&mut self, ticks: u32, header: &Header) -> u32 {
        if ticks == 1 {
            return header.timestamp;
        }
        let (ssrc, wire) = (header.ssrc, header.timestamp);
        let unwrapped = match self.newest.filter(|newest| newest.ssrc == ssrc) {
            Some(newest) => {
                let ahead = wire.wrapping_sub(newest.wire).cast_signed();
                newest.unwrapped.saturating_add_signed(ahead.into())
            }
            None => (1 << 40) + u64::from(wire),
        };
        if self
            .newest
            .is_none_or(|newest| newest.ssrc != ssrc || newest.unwrapped < unwrapped)
        {
            self.newest = Some(Newest {
                ssrc,
                wire,
                unwrapped,
            });
        }
        (unwrapped / u64::from(ticks)) as u32
    }
}

/// A gap this large in the sequence numbers is a new stream, not a loss (RFC 3550 A.1, MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3_000;
/// A packet this far behind is late, further behind it is a new stream (A.1, MAX_MISORDER).
const MISORDER_MAX: u16 = 100;

/// From one sequence number to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Ahead(u16),
    /// 0 for the same.
    Behind(u16),
    /// No loss and no reordering explains it: the sender began anew.
    Jump,
}

pub(crate) fn step(from: u16, to: u16) -> Step {
    let ahead = to.wrapping_sub(from);
    if (1..=DROPOUT_MAX).contains(&ahead) {
        Step::Ahead(ahead)
    } else if ahead.wrapping_neg() <= MISORDER_MAX {
        Step::Behind(ahead.wrapping_neg())
    } else {
        Step::Jump
    }
}

/// What is known of the stream a leg receives: loss and jitter by RFC 3550 appendix A.
#[derive(Debug, Clone, Default)]
pub struct Reception {
    stream: Option<Stream>,
    /// Expected and received of the streams before this one.
    expected_before: u64,
    received: u64,
    /// Sixteenths of a sample.
    jitter_x16: u32,
    /// At the last report.
    expected_prior: u64,
    received_prior: u64,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    /// Extended by the number of wraps, begun at 65,536 so that a late packet cannot go below zero.
    first: u64,
    highest: u64,
    /// Arrival less timestamp of the packet before, in samples.
    transit: Option<u32>,
}

/// Where a packet stands in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The first of a stream: a new SSRC, or a jump no loss explains.
    First,
    /// Next, or after a gap.
    InOrder,
    /// Overtaken by another, or a copy.
    Late,
}

impl Reception {
    /// Counts a packet. `arrival` is the time on an 8 kHz clock of ours; `steady` is false for packets whose timestamp does
    /// not move with time (RFC 4733 events), which say nothing about jitter.
    pub fn receive(&mut self, header: &Header, arrival: u32, steady: bool) -> Order {
        self.received += 1;
        let transit = arrival.wrapping_sub(header.timestamp);
        let order = match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => {
                match step(stream.highest as u16, header.sequence) {
                    Step::Ahead(ahead) => {
                        stream.highest += u64::from(ahead);
                        Order::InOrder
                    }
                    Step::Behind(_) => Order::Late,
                    Step::Jump => Order::First,
                }
            }
            Some(_) | None => Order::First,
        };
        if order == Order::First {
            self.expected_before = self.expected();
            let first = 0x1_0000 + u64::from(header.sequence);
            self.stream = Some(Stream {
                ssrc: header.ssrc,
                first,
                highest: first,
                transit: None,
            });
        }
        if let (Some(stream), true) = (&mut self.stream, steady) {
            if let Some(before) = stream.transit {
                let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs();
                // More than a second is a jump of the sender's clock, not the network's jitter.
                if u64::from(difference) < CLOCK_HZ {
                    self.jitter_x16 = self.jitter_x16 + difference - ((self.jitter_x16 + 8) >> 4);
                }
            }
            stream.transit = Some(transit);
        }
        order
    }

    /// The stream's SSRC, once there is one.
    pub fn ssrc(&self) -> Option<u32> {
        self.stream.map(|stream| stream.ssrc)
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    /// Copies can make more arrive than was expected; that is no negative loss here.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// In samples, as RTCP reports it.
    pub fn jitter(&self) -> u32 {
        self.jitter_x16 >> 4
    }

    pub fn jitter_us(&self) -> u64 {
        u64::from(self.jitter_x16) * 1_000_000 / CLOCK_HZ / 16
    }

    /// Highest sequence number with its wraps, as RTCP reports it.
    pub fn extended_highest(&self) -> u32 {
        self.stream
            .map_or(0, |stream| (stream.highest - 0x1_0000) as u32)
    }

    /// Lost of the packets expected since the last call, in 256ths (RFC 3550 A.3).
    pub fn fraction_lost(&mut self) -> u8 {
        let expected = self.expected() - self.expected_prior;
        let received = self.received - self.received_prior;
        self.expected_prior = self.expected();
        self.received_prior = self.received;
        if expected == 0 || received >= expected {
            return 0;
        }
        u8::try_from(((expected - received) << 8) / expected).unwrap_or(u8::MAX)
    }

    fn expected(&self) -> u64 {
        self.expected_before
            + self
                .stream
                .map_or(0, |stream| stream.highest - stream.first + 1)
    }
}

/// The stream a leg is sent: one SSRC, one run of sequence numbers and timestamps, whatever its sources.
#[derive(Debug, Clone)]
pub struct OutStream {
    ssrc: u32,
    next_sequence: u16,
    /// Of the newest packet sent, and when that was on our 8 kHz clock.
    last_timestamp: u32,
    last_at: u64,
    source: Source,
    packets: u64,
    octets: u64,
}

/// Who made the newest packet.
#[derive(Debug, Clone, Copy)]
enum Source {
    None,
    /// Ourselves, at a frame's pace.
    Own,
    /// Another leg's stream, carried over by adding.
    Forwarded {
        from: u64,
        ssrc: u32,
        /// The newest sequence number taken in, and how many before it belong to this stretch.
        newest: u16,
        before: u16,
        sequence_offset: u16,
        timestamp_offset: u32,
    },
}

impl OutStream {
    /// `random` makes SSRC and first values unpredictable (RFC 3550 §5.1).
    pub fn new(random: u64) -> Self {
        Self {
            ssrc: random as u32,
            next_sequence: (random >> 32) as u16 & 0x7FFF,
            last_timestamp: (random >> 16) as u32,
            last_at: 0,
            source: Source::None,
            packets: 0,
            octets: 0,
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub fn packets(&self) -> u64 {
        self.packets
    }

    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The timestamp that `now` has in this stream, for RTCP.
    pub fn timestamp_at(&self, now: u64) -> u32 {
        self.last_timestamp
            .wrapping_add(now.saturating_sub(self.last_at) as u32)
    }

    /// The header under which a packet of another leg goes on. Loss and reordering pass through, so that the far side can
    /// tell; a change of source starts where the stream stands, with the marker set. `None`: a straggler from before the change.
    pub fn forward(
        &mut self,
        from: u64,
        header: &Header,
        payload_type: u8,
        payload_len: usize,
        now: u64,
    ) -> Option<Header> {
        let mut begins = false;
        let (newest, before, sequence_offset, timestamp_offset) = match self.source {
            Source::Forwarded {
                from: leg,
                ssrc,
                newest,
                before,
                sequence_offset,
                timestamp_offset,
            } if leg == from
                && ssrc == header.ssrc
                && step(newest, header.sequence) != Step::Jump =>
            {
                match step(newest, header.sequence) {
                    Step::Ahead(ahead) => (
                        header.sequence,
                        before.saturating_add(ahead),
                        sequence_offset,
                        timestamp_offset,
                    ),
                    Step::Behind(behind) if behind > before => return None,
                    Step::Behind(_) | Step::Jump => {
                        (newest, before, sequence_offset, timestamp_offset)
                    }
                }
            }
            Source::Forwarded { .. } | Source::Own | Source::None => {
                begins = true;
                (
                    header.sequence,
                    0,
                    self.next_sequence.wrapping_sub(header.sequence),
                    self.next_timestamp(now).wrapping_sub(header.timestamp),
                )
            }
        };
        self.source = Source::Forwarded {
            from,
            ssrc: header.ssrc,
            newest,
            before,
            sequence_offset,
            timestamp_offset,
        };
        let sequence = header.sequence.wrapping_add(sequence_offset);
        let timestamp = header.timestamp.wrapping_add(timestamp_offset);
        if header.sequence == newest {
            self.next_sequence = sequence.wrapping_add(1);
            self.last_timestamp = timestamp;
            self.last_at = now;
        }
        self.count(payload_len);
        Some(Header {
            marker: header.marker || begins,
            payload_type,
            sequence,
            timestamp,
            ssrc: self.ssrc,
        })
    }

    /// The header of a frame of our own. Frames follow each other by their length, however unevenly they leave.
    pub fn own_frame(&mut self, payload_type: u8, samples: usize, now: u64) -> Header {
        let begins = !matches!(self.source, Source::Own);
        let timestamp = if begins {
            self.next_timestamp(now)
        } else {
            self.last_timestamp.wrapping_add(samples as u32)
        };
        self.last_at = now;
        self.stamp(begins, payload_type, timestamp, samples)
    }

    /// The header of one packet of an RFC 4733 event: all of an event's packets have the timestamp of its first.
    pub fn own_event(
        &mut self,
        payload_type: u8,
        first: bool,
        payload_len: usize,
        now: u64,
    ) -> Header {
        let timestamp = if first {
            self.next_timestamp(now)
        } else {
            self.last_timestamp
        };
        if first {
            self.last_at = now;
        }
        self.stamp(first, payload_type, timestamp, payload_len)
    }

    /// What is sent next is a new stretch: its timestamp follows the clock, its first packet has the marker.
    pub fn interrupt(&mut self) {
        self.source = Source::None;
    }

    fn stamp(
        &mut self,
        marker: bool,
        payload_type: u8,
        timestamp: u32,
        payload_len: usize,
    ) -> Header {
        let header = Header {
            marker,
            payload_type,
            sequence: self.next_sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.source = Source::Own;
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.last_timestamp = timestamp;
        self.count(payload_len);
        header
    }

    /// Where a new stretch starts: as far on as time has gone, at least one frame.
    fn next_timestamp(&self, now: u64) -> u32 {
        let elapsed = if self.packets == 0 {
            0
        } else {
            now.saturating_sub(self.last_at).max(160)
        };
        self.last_timestamp.wrapping_add(elapsed as u32)
    }

    fn count(&mut self, payload_len: usize) {
        self.packets += 1;
        self.octets += payload_len as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(sequence: u16, timestamp: u32, ssrc: u32) -> Header {
        Header {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp,
            ssrc,
        }
    }

    proptest! {
        #[test]
        fn hostile_datagrams_are_refused_or_stay_in_bounds(datagram in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok((_, payload)) = parse(&datagram) {
                prop_assert!(payload.start >= HEADER_LEN && payload.end <= datagram.len());
            }
        }

        #[test]
        fn what_is_written_is_read(marker: bool, payload_type in 0_u8..128, sequence: u16, timestamp: u32, ssrc: u32) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let mut datagram = header.to_bytes().to_vec();
            datagram.extend([0xD5; 160]);
            prop_assert_eq!(parse(&datagram), Ok((header, 12..172)));
        }

        /// Whatever sources take turns, the far side sees one stream that never goes back by itself.
        #[test]
        fn sources_taking_turns_make_one_stream(turns in proptest::collection::vec((0_u64..3, 1_u16..40, any::<u16>(), any::<u32>()), 1..20)) {
            let mut out = OutStream::new(0x1234_5678_9ABC_DEF0);
            let mut now = 1_000_000;
            let mut last: Option<Header> = None;
            for (turn, (from, packets, sequence, timestamp)) in (0_u32..).zip(turns) {
                // Each turn is a stream of its own: one that began again where it was would bring what was heard before.
                let ssrc = 1_000 + turn;
                for n in 0..packets {
                    let sent = if from == 0 {
                        Some(out.own_frame(8, 160, now))
                    } else {
                        let input = header(sequence.wrapping_add(n), timestamp.wrapping_add(u32::from(n) * 160), ssrc);
                        out.forward(from, &input, 8, 160, now)
                    };
                    let sent = sent.expect("in-order packets always go on");
                    if let Some(last) = last {
                        prop_assert_eq!(sent.sequence, last.sequence.wrapping_add(1));
                        let step = sent.timestamp.wrapping_sub(last.timestamp);
                        prop_assert!((160..=480).contains(&step), "step {}", step);
                    }
                    prop_assert_eq!(sent.ssrc, out.ssrc());
                    last = Some(sent);
                    now += 160;
                }
                now += 160;
            }
        }
    }

    #[test]
    fn csrcs_extension_and_padding_are_not_payload() {
        let mut datagram = header(1, 2, 3).to_bytes().to_vec();
        datagram[0] |= 0x10 | 0x20 | 2;
        datagram.extend([0; 8]);
        datagram.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
        datagram.extend([7; 5]);
        datagram.extend([0, 0, 3]);
        assert_eq!(parse(&datagram).map(|(_, payload)| payload), Ok(28..33));
        // Padding that claims the header, an extension longer than the packet, version 1.
        *datagram.last_mut().unwrap() = 200;
        assert_eq!(parse(&datagram), Err(Malformed));
        *datagram.last_mut().unwrap() = 3;
        datagram[22] = 0x7F;
        assert_eq!(parse(&datagram), Err(Malformed));
        assert_eq!(parse(&[0x40; 40]), Err(Malformed));
    }

    #[test]
    fn loss_is_what_the_sequence_numbers_miss_even_across_their_wrap() {
        let mut reception = Reception::default();
        for n in 0..100_u32 {
            if n % 10 != 3 {
                let sequence = 65_500_u16.wrapping_add(n as u16);
                reception.receive(&header(sequence, n * 160, 7), n * 160, true);
            }
        }
        assert_eq!((reception.received(), reception.lost()), (90, 10));
        // 10 of 100 in 256ths.
        assert_eq!(reception.fraction_lost(), 25);
        assert_eq!(reception.fraction_lost(), 0);
    }

    #[test]
    fn jitter_follows_rfc_3550_and_a_jump_of_the_clock_is_none() {
        let mut reception = Reception::default();
        // Every other packet 5 ms late: |D| is 40 samples each time, and the estimate converges on it.
        for n in 0..1_000_u32 {
            let late = (n % 2) * 40;
            reception.receive(&header(n as u16, n * 160, 7), n * 160 + late, true);
        }
        assert!(
            (38..=40).contains(&reception.jitter()),
            "{}",
            reception.jitter()
        );
        let before = reception.jitter();
        reception.receive(&header(1_000, 0x8000_0000, 7), 160_000, true);
        assert_eq!(reception.jitter(), before);
    }

    #[test]
    fn a_new_ssrc_begins_a_new_count_and_loses_nothing() {
        let mut reception = Reception::default();
        for n in 0..10 {
            reception.receive(&header(n, 0, 7), 0, true);
        }
        assert_eq!(
            reception.receive(&header(40_000, 0, 8), 0, true),
            Order::First
        );
        reception.receive(&header(40_001, 0, 8), 0, true);
        assert_eq!((reception.received(), reception.lost()), (12, 0));
    }

    #[test]
    fn reordering_passes_through_but_stragglers_of_an_old_source_do_not() {
        let mut out = OutStream::new(99);
        let a = out.forward(1, &header(500, 0, 7), 8, 160, 0).unwrap();
        let c = out.forward(1, &header(502, 320, 7), 8, 160, 320).unwrap();
        let b = out.forward(1, &header(501, 160, 7), 8, 160, 321).unwrap();
        assert_eq!(c.sequence.wrapping_sub(a.sequence), 2);
        assert_eq!(b.sequence.wrapping_sub(a.sequence), 1);
        assert!(a.marker && !b.marker && !c.marker);
        assert_eq!(out.forward(1, &header(499, 0, 7), 8, 160, 330), None);
        let own = out.own_frame(8, 160, 480);
        assert_eq!(own.sequence.wrapping_sub(a.sequence), 3);
        assert!(own.marker);
    }

    #[test]
    fn a_sender_that_begins_anew_under_its_old_name_goes_on() {
        // As a load tool does that plays one capture in a loop.
        let mut out = OutStream::new(99);
        let mut last = None;
        for n in 0..300_u32 {
            let (sequence, timestamp) = (30_000 + (n % 150) as u16, n % 150 * 160);
            let now = u64::from(n) * 160;
            let sent = out
                .forward(1, &header(sequence, timestamp, 7), 8, 160, now)
                .unwrap();
            if let Some(last) = last.replace(sent.timestamp) {
                assert_eq!(sent.timestamp.wrapping_sub(last), 160);
            }
            assert_eq!(sent.marker, n % 150 == 0);
        }
    }
}
