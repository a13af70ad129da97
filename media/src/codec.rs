//! What a leg's sound is called on its wire. Inside everything is 8 kHz: G.711 as it comes, or samples. A far side that speaks
//! nothing but G.722 or Opus gets a [`Coder`] at its leg's edge, which decodes into the mix and encodes out of it.

use opus_pure::{Application, OpusDecoder, OpusEncoder, packet};

use crate::conceal::Concealer;
use crate::g711::Law;
use crate::g722;
use crate::prompt::FRAME;
use crate::resample::{Down, Up};
use crate::rtp::{CLOCK_HZ, Header, Step, step};

/// A codec as negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    G711(Law),
    /// 64 kbit/s.
    G722,
    Opus(Opus),
}

/// What the far side's `fmtp` wishes of the Opus that it is sent (RFC 7587 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opus {
    /// It makes use of forward error correction.
    pub fec: bool,
    /// Bits a second that it wants at most.
    pub bitrate_max: u32,
}

impl Default for Opus {
    /// RFC 7587 §6.1: what holds when nothing is said.
    fn default() -> Self {
        Self {
            fec: false,
            bitrate_max: 510_000,
        }
    }
}

impl From<Law> for Codec {
    fn from(law: Law) -> Self {
        Self::G711(law)
    }
}

impl Codec {
    /// The payload type when nothing else was agreed: RFC 3551's, or the number that everybody uses.
    pub const fn usual_payload_type(self) -> u8 {
        match self {
            Self::G711(law) => law.static_payload_type(),
            Self::G722 => 9,
            Self::Opus(_) => 111,
        }
    }

    /// Ticks of its RTP clock in one sample of ours. G.722's clock is 8 kHz, by an old mistake (RFC 3551 §4.5.2); that of Opus
    /// is 48 kHz whatever it carries (RFC 7587 §4.1).
    pub const fn ticks(self) -> u32 {
        match self {
            Self::G711(_) | Self::G722 => 1,
            Self::Opus(_) => 6,
        }
    }

    /// The law in which its sound is recorded and prompts are read for it.
    pub const fn law(self) -> Law {
        match self {
            Self::G711(law) => law,
            Self::G722 | Self::Opus(_) => Law::A,
        }
    }
}

/// More sound than this is in no packet: 120 ms, the most that Opus allows (RFC 6716 §2.1.4).
pub const PACKET_MAX: usize = 960;
/// More than this is not made up for what was lost: 60 ms. What is heard has its time already.
const MADE_UP_MAX: usize = 480;
/// Room for what one packet can come to.
pub const HEARD_MAX: usize = MADE_UP_MAX + PACKET_MAX;
/// The longest frame of 20 ms that is made.
pub const FRAME_MAX: usize = 400;
/// Nobody talks faster than time passes: this much more is decoded at once, after a stall; a flood's rest is dropped.
const BURST: u64 = CLOCK_HZ;

/// Enough for a voice in the telephone's band, with its redundancy.
const OPUS_BITS: u32 = 24_000;
/// RFC 7587 §6.1.
const OPUS_BITS_MIN: u32 = 6_000;
/// Half the processor time of the most careful coding, and no difference on a voice at 8 kHz.
const OPUS_COMPLEXITY: i32 = 5;
/// What redundancy is made for, where it is wanted.
const OPUS_LOSS_PERCENT: i32 = 10;
/// 2.5 ms, of which every stretch of Opus is a multiple.
const OPUS_STEP: usize = 20;

/// A leg's decoder and encoder.
#[derive(Debug)]
pub struct Coder {
    kind: Kind,
    stream: Option<Stream>,
    /// How much may be decoded now, and when that was reckoned.
    credit: u64,
    reckoned: u64,
}

#[derive(Debug)]
enum Kind {
    G722(Box<Wideband>),
    Opus(Box<OpusPair>),
}

#[derive(Debug, Default)]
struct Wideband {
    decoder: g722::Decoder,
    down: Down,
    concealer: Concealer,
    up: Up,
    encoder: g722::Encoder,
}

#[derive(Debug)]
struct OpusPair {
    decoder: OpusDecoder,
    encoder: OpusEncoder,
}

/// Where the far side's stream stands.
#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    sequence: u16,
    /// Timestamp after its newest sound.
    end: u32,
}

/// What a packet came to: samples made up for what was lost right before it, then its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    pub made_up: usize,
    pub sound: usize,
}

/// Why a packet is not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unheard {
    /// It was overtaken; the decoder has gone on.
    Late,
    Malformed,
    /// More sound than time has passed.
    Flood,
}

impl Coder {
    /// `None` for a codec that needs none. `now`: the engine's clock.
    pub fn new(codec: Codec, now: u64) -> Option<Self> {
        let kind = match codec {
            Codec::G711(_) => return None,
            Codec::G722 => Kind::G722(Box::default()),
            Codec::Opus(opus) => Kind::Opus(Box::new(OpusPair::new(opus))),
        };
        Some(Self {
            kind,
            stream: None,
            credit: BURST,
            reckoned: now,
        })
    }

    /// Decodes a packet into `out`. The header's timestamp is in samples of ours.
    pub fn decode(
        &mut self,
        header: &Header,
        payload: &[u8],
        now: u64,
        out: &mut [i16; HEARD_MAX],
    ) -> Result<Heard, Unheard> {
        let sound = self.kind.samples(payload).ok_or(Unheard::Malformed)?;
        let (lost, is_new) = match self.stream {
            Some(stream) if stream.ssrc == header.ssrc => {
                match step(stream.sequence, header.sequence) {
                    Step::Ahead(ahead) => {
                        let gap = header.timestamp.wrapping_sub(stream.end).cast_signed();
                        let is_lost = ahead > 1 && (1..=MADE_UP_MAX as i32).contains(&gap);
                        (
                            if is_lost {
                                gap.unsigned_abs() as usize
                            } else {
                                0
                            },
                            false,
                        )
                    }
                    Step::Behind(_) => return Err(Unheard::Late),
                    Step::Jump => (0, true),
                }
            }
            Some(_) | None => (0, true),
        };
        self.spend((lost + sound) as u64, now)?;
        self.stream = Some(Stream {
            ssrc: header.ssrc,
            sequence: header.sequence,
            end: header.timestamp.wrapping_add(sound as u32),
        });
        self.kind
            .decode(is_new, lost, payload, sound, out)
            .ok_or(Unheard::Malformed)
    }

    /// Encodes 20 ms; the length of what stands in `out`.
    pub fn encode(&mut self, samples: &[i16; FRAME], out: &mut [u8; FRAME_MAX]) -> Option<usize> {
        match &mut self.kind {
            Kind::G722(wideband) => {
                for (octet, sample) in out.iter_mut().zip(samples) {
                    *octet = wideband.encoder.encode(wideband.up.push(*sample));
                }
                Some(FRAME)
            }
            Kind::Opus(opus) => opus.encoder.encode_s16(samples, FRAME, out).ok(),
        }
    }

    fn spend(&mut self, samples: u64, now: u64) -> Result<(), Unheard> {
        self.credit = (self.credit + now.saturating_sub(self.reckoned)).min(BURST);
        self.reckoned = now;
        self.credit = self.credit.checked_sub(samples).ok_or(Unheard::Flood)?;
        Ok(())
    }
}

impl Kind {
    /// How much sound a packet holds; `None`: it cannot be one.
    fn samples(&self, payload: &[u8]) -> Option<usize> {
        let samples = match self {
            // An octet is two samples of its own, one of ours.
            Self::G722(_) => payload.len(),
            Self::Opus(_) => packet::samples(payload, CLOCK_HZ as i32).ok()?,
        };
        (1..=PACKET_MAX).contains(&samples).then_some(samples)
    }

    fn decode(
        &mut self,
        is_new: bool,
        lost: usize,
        payload: &[u8],
        sound: usize,
        out: &mut [i16; HEARD_MAX],
    ) -> Option<Heard> {
        match self {
            Self::G722(wideband) => {
                if is_new {
                    wideband.decoder = g722::Decoder::default();
                    wideband.concealer = Concealer::default();
                }
                let (made_up, rest) = out.split_at_mut(lost);
                for (sample, octet) in rest.iter_mut().zip(payload) {
                    *sample = wideband.down.push(wideband.decoder.decode(*octet));
                }
                wideband.concealer.fill(made_up, &mut rest[..sound]);
                Some(Heard {
                    made_up: lost,
                    sound,
                })
            }
            Self::Opus(opus) => {
                if is_new {
                    opus.decoder.reset_state().ok()?;
                }
                let lost = lost - lost % OPUS_STEP;
                let made_up = if lost > 0 {
                    // What the packet itself says of the last, and a guess before that.
                    let decoder = &mut opus.decoder;
                    decoder
                        .decode_fec_s16(payload, lost, &mut out[..lost])
                        .ok()?
                } else {
                    0
                };
                let rest = &mut out[made_up..];
                let room = rest.len().min(PACKET_MAX);
                let sound = opus.decoder.decode_s16(payload, room, rest).ok()?;
                Some(Heard { made_up, sound })
            }
        }
    }
}

impl OpusPair {
    fn new(opus: Opus) -> Self {
        let rate = CLOCK_HZ as i32;
        let mut encoder =
            OpusEncoder::new(rate, 1, Application::Voip).expect("8 kHz mono is one of its rates");
        encoder.bitrate_bps = opus
            .bitrate_max
            .clamp(OPUS_BITS_MIN, OPUS_BITS)
            .cast_signed();
        encoder.complexity = OPUS_COMPLEXITY;
        encoder.use_inband_fec = opus.fec;
        encoder.packet_loss_perc = if opus.fec { OPUS_LOSS_PERCENT } else { 0 };
        Self {
            decoder: OpusDecoder::new(rate, 1).expect("8 kHz mono is one of its rates"),
            encoder,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    const OPUS: Codec = Codec::Opus(Opus {
        fec: true,
        bitrate_max: 510_000,
    });

    fn header(n: u32) -> Header {
        Header {
            marker: false,
            payload_type: 111,
            sequence: n as u16,
            timestamp: n.wrapping_mul(160),
            ssrc: 1,
        }
    }

    fn tone(hz: f64, frame: u32) -> [i16; FRAME] {
        std::array::from_fn(|n| {
            let at = f64::from(frame) * FRAME as f64 + n as f64;
            ((TAU * hz * at / 8_000.0).sin() * 6_000.0) as i16
        })
    }

    fn packets(codec: Codec, hz: f64, count: u32) -> Vec<Vec<u8>> {
        let mut coder = Coder::new(codec, 0).unwrap();
        (0..count)
            .map(|n| {
                let mut packet = [0; FRAME_MAX];
                let length = coder.encode(&tone(hz, n), &mut packet).unwrap();
                packet[..length].to_vec()
            })
            .collect()
    }

    /// The share of a tone in a sound, by Goertzel.
    fn share(samples: &[i16], hz: f64) -> f64 {
        let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
        let coefficient = 2.0 * (TAU * hz / 8_000.0).cos();
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in samples {
            (s1, s2) = (coefficient * s1 - s2 + f64::from(*sample), s1);
        }
        2.0 * (s1 * s1 + s2 * s2 - coefficient * s1 * s2) / (energy.max(1.0) * samples.len() as f64)
    }

    #[test]
    fn a_tone_comes_back_at_its_level_and_g711_needs_no_coder() {
        assert!(Coder::new(Codec::G711(Law::A), 0).is_none());
        for codec in [Codec::G722, OPUS] {
            let mut coder = Coder::new(codec, 0).unwrap();
            let mut heard = Vec::new();
            for (n, packet) in packets(codec, 440.0, 50).iter().enumerate() {
                let (n, mut out) = (n as u32, [0; HEARD_MAX]);
                let got = coder.decode(&header(n), packet, u64::from(n) * 160, &mut out);
                assert_eq!(
                    got,
                    Ok(Heard {
                        made_up: 0,
                        sound: FRAME
                    }),
                    "{codec:?}"
                );
                heard.extend_from_slice(&out[..FRAME]);
            }
            let settled = &heard[2_000..];
            assert!(
                share(settled, 440.0) > 0.95,
                "{codec:?} {}",
                share(settled, 440.0)
            );
            let energy: f64 = settled.iter().map(|s| f64::from(*s).powi(2)).sum();
            let level = (energy / settled.len() as f64).sqrt();
            assert!((3_800.0..4_700.0).contains(&level), "{codec:?} {level}");
        }
    }

    #[test]
    fn a_lost_packet_is_made_up_for_and_one_overtaken_is_dropped() {
        for codec in [Codec::G722, OPUS] {
            let packets = packets(codec, 440.0, 60);
            let mut coder = Coder::new(codec, 0).unwrap();
            let mut out = [0; HEARD_MAX];
            let mut decode = |n: u32, out: &mut [i16; HEARD_MAX]| {
                coder.decode(&header(n), &packets[n as usize], u64::from(n) * 160, out)
            };
            for n in 0..30 {
                decode(n, &mut out).unwrap();
            }
            let heard = decode(32, &mut out);
            assert_eq!(
                heard,
                Ok(Heard {
                    made_up: 320,
                    sound: FRAME
                }),
                "{codec:?}"
            );
            let (made_up, sound) = (share(&out[..320], 440.0), share(&out[320..480], 440.0));
            assert!(made_up > 0.6 && sound > 0.6, "{codec:?} {made_up} {sound}");
            assert_eq!(decode(31, &mut out), Err(Unheard::Late));
            // A pause is no loss: the numbers go on, the clock has moved.
            let mut later = header(33);
            later.timestamp += 8_000;
            let heard = coder.decode(&later, &packets[33], 20_000, &mut out);
            assert_eq!(
                heard,
                Ok(Heard {
                    made_up: 0,
                    sound: FRAME
                })
            );
        }
    }

    #[test]
    fn more_sound_than_time_is_a_flood() {
        for codec in [Codec::G722, OPUS] {
            let packet = &packets(codec, 440.0, 1)[0];
            let mut coder = Coder::new(codec, 0).unwrap();
            let mut decode =
                |n: u32, now: u64| coder.decode(&header(n), packet, now, &mut [0; HEARD_MAX]);
            let taken = (0..1_000).filter(|n| decode(*n, 0).is_ok()).count();
            assert_eq!(taken, BURST as usize / FRAME);
            assert!(decode(1_001, 160).is_ok());
            assert_eq!(decode(1_002, 160), Err(Unheard::Flood));
        }
    }

    #[test]
    fn packets_of_the_wrong_size_are_malformed() {
        let mut out = [0; HEARD_MAX];
        let mut g722 = Coder::new(Codec::G722, 0).unwrap();
        assert_eq!(
            g722.decode(&header(0), &[0; 961], 0, &mut out),
            Err(Unheard::Malformed)
        );
        let odd = g722.decode(&header(1), &[0; 7], 0, &mut out);
        assert_eq!(
            odd,
            Ok(Heard {
                made_up: 0,
                sound: 7
            })
        );
        let mut opus = Coder::new(OPUS, 0).unwrap();
        // Code 3 with no frame count; with 48 frames of 60 ms; with a frame longer than the packet.
        for packet in [&[0x03][..], &[0x1B, 0x30], &[0x02, 0xFC, 0xFF, 1]] {
            let got = opus.decode(&header(0), packet, 0, &mut out);
            assert_eq!(got, Err(Unheard::Malformed), "{packet:02x?}");
        }
        // DTX (RFC 7587 §3.1.3): a single octet is 20 ms of what the decoder makes up itself.
        let heard = opus.decode(&header(1), &[0x08], 0, &mut out);
        assert_eq!(
            heard,
            Ok(Heard {
                made_up: 0,
                sound: FRAME
            })
        );
    }

    #[test]
    fn the_far_sides_wishes_are_kept() {
        let size = |opus| -> usize {
            let packets = packets(Codec::Opus(opus), 440.0, 50);
            packets.iter().map(Vec::len).sum()
        };
        let plain = size(Opus::default());
        assert!((1_000..3_600).contains(&plain), "{plain} octets a second");
        let low = size(Opus {
            bitrate_max: 1,
            ..Opus::default()
        });
        assert!(low < plain * 4 / 5, "{low} octets a second");
    }

    proptest! {
        #[test]
        fn hostile_packets_never_panic(
            wideband: bool,
            packets in proptest::collection::vec((0_u16..200, any::<u32>(), proptest::collection::vec(any::<u8>(), 1..1_400)), 1..20),
        ) {
            let mut coder = Coder::new(if wideband { Codec::G722 } else { OPUS }, 0).unwrap();
            let mut now = 0;
            for (sequence, timestamp, payload) in packets {
                let header = Header { sequence, timestamp: timestamp % 4_000, ..header(0) };
                now += 8_000;
                if let Ok(heard) = coder.decode(&header, &payload, now, &mut [0; HEARD_MAX]) {
                    prop_assert!(heard.made_up + heard.sound <= HEARD_MAX);
                }
            }
        }
    }
}
