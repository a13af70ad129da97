//! RTCP (RFC 3550 §6): sender and receiver reports, built and read. Of what the far side sends we use its report about us
//! and what lets us answer its own.

use crate::rtp::Malformed;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

/// What a sender says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// 64-bit NTP format. Ours counts from the engine's start, which §6.4.1 allows.
    pub ntp: u64,
    pub timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// What a receiver says of one sender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: u32,
    pub fraction_lost: u8,
    /// Signed 24 bits on the wire; duplicates can make it negative.
    pub lost: i32,
    pub extended_highest: u32,
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 for none.
    pub last_sender_report: u32,
    /// Since that report arrived, in 65,536ths of a second.
    pub delay_since: u32,
}

impl ReportBlock {
    /// Round-trip time in 65,536ths of a second (§6.4.1), when the block echoes a report of ours. `now` is the middle 32 bits.
    pub fn round_trip(&self, now: u32) -> Option<u32> {
        if self.last_sender_report == 0 {
            return None;
        }
        let round_trip = now
            .wrapping_sub(self.last_sender_report)
            .wrapping_sub(self.delay_since);
        // Negative, or more than half a minute: the far side's arithmetic, not the network.
        (round_trip < 30 << 16).then_some(round_trip)
    }
}

/// What of a compound packet concerns one leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// The far side's own report, if it sent one: who, and the middle 32 bits of its NTP time.
    pub sender: Option<(u32, u32)>,
    /// Its report about us.
    pub about_us: Option<ReportBlock>,
    pub goodbye: bool,
}

/// The middle 32 bits of an NTP time.
pub fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// Microseconds as 64-bit NTP time from the same origin.
pub fn ntp_of_us(us: u64) -> u64 {
    let (seconds, fraction) = (us / 1_000_000, us % 1_000_000);
    (seconds << 32) | ((fraction << 32) / 1_000_000)
}

/// 65,536ths of a second as microseconds.
pub fn us_of_short(short: u32) -> u64 {
    (u64::from(short) * 1_000_000) >> 16
}

/// Microseconds as 65,536ths of a second.
pub fn short_of_us(us: u64) -> u32 {
    ((u128::from(us) << 16) / 1_000_000) as u32
}

/// Reads a compound packet; `our_ssrc` picks the block about us.
pub fn parse(datagram: &[u8], our_ssrc: u32) -> Result<Received, Malformed> {
    let mut received = Received::default();
    let mut rest = datagram;
    if rest.is_empty() {
        return Err(Malformed);
    }
    while !rest.is_empty() {
        let head = rest.first_chunk::<4>().ok_or(Malformed)?;
        if head[0] >> 6 != 2 {
            return Err(Malformed);
        }
        let count = usize::from(head[0] & 0x1F);
        let length = 4 + usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
        let body = rest.get(4..length).ok_or(Malformed)?;
        match head[1] {
            SENDER_REPORT => {
                let ssrc = word(body, 0).ok_or(Malformed)?;
                let ntp_high = word(body, 4).ok_or(Malformed)?;
                let ntp_low = word(body, 8).ok_or(Malformed)?;
                received.sender = Some((ssrc, (ntp_high << 16) | (ntp_low >> 16)));
                let blocks = body.get(24..).ok_or(Malformed)?;
                read_blocks(blocks, count, our_ssrc, &mut received)?;
            }
            RECEIVER_REPORT => {
                let blocks = body.get(4..).ok_or(Malformed)?;
                read_blocks(blocks, count, our_ssrc, &mut received)?;
            }
            GOODBYE => received.goodbye = true,
            // SDES, APP, feedback: nothing for us in them.
            _ => {}
        }
        rest = &rest[length..];
    }
    Ok(received)
}

fn read_blocks(
    bytes: &[u8],
    count: usize,
    our_ssrc: u32,
    received: &mut Received,
) -> Result<(), Malformed> {
    for index in 0..count {
        let block = bytes.get(index * 24..index * 24 + 24).ok_or(Malformed)?;
        let word = |at| word(block, at).ok_or(Malformed);
        if word(0)? == our_ssrc {
            let loss = word(4)?;
            received.about_us = Some(ReportBlock {
                ssrc: our_ssrc,
                fraction_lost: (loss >> 24) as u8,
                lost: (loss << 8).cast_signed() >> 8,
                extended_highest: word(8)?,
                jitter: word(12)?,
                last_sender_report: word(16)?,
                delay_since: word(20)?,
            });
        }
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// A report of ours.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub ssrc: u32,
    /// Present once something was sent since the last report; makes it a sender report.
    pub sender: Option<SenderInfo>,
    pub about: Option<ReportBlock>,
    /// Names us through changes of SSRC (§6.5.1); says nothing about people. At most 255 bytes are used.
    pub cname: &'a str,
    pub goodbye: bool,
}

impl Report<'_> {
    /// Writes the compound packet (report, SDES, perhaps BYE) over `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        let count = u8::from(self.about.is_some());
        let kind = if self.sender.is_some() {
            SENDER_REPORT
        } else {
            RECEIVER_REPORT
        };
        packet(out, kind, count, |out| {
            out.extend(self.ssrc.to_be_bytes());
            if let Some(sender) = self.sender {
                out.extend(sender.ntp.to_be_bytes());
                out.extend(sender.timestamp.to_be_bytes());
                out.extend(sender.packets.to_be_bytes());
                out.extend(sender.octets.to_be_bytes());
            }
            if let Some(block) = self.about {
                let lost = block.lost.clamp(-0x80_0000, 0x7F_FFFF).cast_unsigned() & 0xFF_FFFF;
                out.extend(block.ssrc.to_be_bytes());
                out.extend((u32::from(block.fraction_lost) << 24 | lost).to_be_bytes());
                out.extend(block.extended_highest.to_be_bytes());
                out.extend(block.jitter.to_be_bytes());
                out.extend(block.last_sender_report.to_be_bytes());
                out.extend(block.delay_since.to_be_bytes());
            }
        });
        packet(out, SOURCE_DESCRIPTION, 1, |out| {
            let cname = &self.cname.as_bytes()[..self.cname.len().min(255)];
            out.extend(self.ssrc.to_be_bytes());
            out.extend([1, cname.len() as u8]);
            out.extend(cname);
            // The list of items ends with at least one zero.
            out.push(0);
        });
        if self.goodbye {
            packet(out, GOODBYE, 1, |out| out.extend(self.ssrc.to_be_bytes()));
        }
    }
}

/// One packet of a compound: header, body, padded to words, length filled in.
fn packet(out: &mut Vec<u8>, kind: u8, count: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0x80 | count, kind, 0, 0]);
    body(out);
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hostile_datagrams_never_panic(datagram in proptest::collection::vec(any::<u8>(), 0..200), ssrc: u32) {
            let _ = parse(&datagram, ssrc);
        }

        #[test]
        fn a_report_is_read_as_written(ssrc: u32, us: u32, ntp: u64, fraction_lost: u8, lost in -0x80_0000..0x7F_FFFF_i32, word: u32) {
            let about = ReportBlock { ssrc: us, fraction_lost, lost, extended_highest: word, jitter: word ^ 1, last_sender_report: word ^ 2, delay_since: word ^ 3 };
            let mut bytes = Vec::new();
            Report { ssrc, sender: Some(SenderInfo { ntp, timestamp: 1, packets: 2, octets: 3 }), about: Some(about), cname: "x@media", goodbye: true }.write(&mut bytes);
            prop_assert_eq!(bytes.len() % 4, 0);
            prop_assert_eq!(parse(&bytes, us), Ok(Received { sender: Some((ssrc, middle(ntp))), about_us: Some(about), goodbye: true }));
        }
    }

    #[test]
    fn round_trip_is_now_less_their_delay_less_our_report() {
        // RFC 3550 figure 2: A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000 → 6.125 s.
        let block = ReportBlock {
            last_sender_report: 0xb705_2000,
            delay_since: 0x0005_4000,
            ..ReportBlock::default()
        };
        assert_eq!(block.round_trip(0xb710_8000), Some(0x0006_2000));
        assert_eq!(us_of_short(0x0006_2000), 6_125_000);
        assert_eq!(block.round_trip(0xb705_2000), None);
        assert_eq!(ReportBlock::default().round_trip(1), None);
    }

    #[test]
    fn a_block_that_is_not_there_is_malformed() {
        let mut bytes = Vec::new();
        let report = Report {
            ssrc: 1,
            sender: None,
            about: None,
            cname: "x",
            goodbye: false,
        };
        report.write(&mut bytes);
        assert_eq!(parse(&bytes, 2), Ok(Received::default()));
        bytes[0] |= 1;
        assert_eq!(parse(&bytes, 2), Err(Malformed));
    }
}
