//! Telephone keys: RFC 4733 events in ([`KeyReceiver`]) and out ([`KeySender`]), and keys as tones in the sound itself,
//! found ([`ToneDetector`]) and made ([`tone_frame`]).

use std::collections::VecDeque;
use std::f32::consts::TAU;

use crate::prompt::FRAME;
use crate::rtp::CLOCK_HZ;

const KEYS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

/// The RFC 4733 event code of a key (§3.2 table 3).
pub fn event_of(digit: char) -> Option<u8> {
    KEYS.iter()
        .position(|key| *key == digit)
        .map(|event| event as u8)
}

/// The key of an RFC 4733 event code; flash and the tones beyond 15 are no keys.
pub fn digit_of(event: u8) -> Option<char> {
    KEYS.get(usize::from(event)).copied()
}

/// A telephone-event payload (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEvent {
    pub event: u8,
    pub end: bool,
    /// Power below 0 dBm0, in dB.
    pub volume: u8,
    /// So far, in samples.
    pub duration: u16,
}

/// Length of a telephone-event payload.
pub const EVENT_LEN: usize = 4;

impl TelephoneEvent {
    /// Reads a payload. More than one event in it is not something anybody sends; the first counts.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let bytes = payload.first_chunk::<EVENT_LEN>()?;
        Some(Self {
            event: bytes[0],
            end: bytes[1] & 0x80 != 0,
            volume: bytes[1] & 0x3F,
            duration: u16::from_be_bytes([bytes[2], bytes[3]]),
        })
    }

    pub fn to_bytes(self) -> [u8; EVENT_LEN] {
        let duration = self.duration.to_be_bytes();
        let flags = (u8::from(self.end) << 7) | (self.volume & 0x3F);
        [self.event, flags, duration[0], duration[1]]
    }
}

/// A key pressed and released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressed {
    pub digit: char,
    pub duration_ms: u32,
}

/// An event older than the last one by less than this is a straggler; by more, the sender's clock has jumped.
const STRAGGLER: i32 = 2 * CLOCK_HZ as i32;
/// A key whose end was lost is over when sound goes on this long after it.
const END_LOST: i32 = CLOCK_HZ as i32 / 10;
/// What 16 bits can tell of the fastest clock, 48 kHz: 1.4 s. Nobody presses a key again in the very sample it is let go.
const SEGMENT: u16 = u16::MAX / 6;

/// Makes one key of the many packets an event is sent in: they share a timestamp (RFC 4733 §2.5.1.2).
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyReceiver {
    held: Option<Held>,
    /// The timestamp of the last key reported.
    done: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    timestamp: u32,
    event: u8,
    /// Of the segments before this one: an event longer than 16 bits can tell continues under a new timestamp (§2.5.1.3).
    before: u32,
    duration: u16,
}

impl Held {
    fn end(self) -> u32 {
        self.timestamp.wrapping_add(u32::from(self.duration))
    }

    fn pressed(self) -> Option<Pressed> {
        let samples = self.before + u32::from(self.duration);
        Some(Pressed {
            digit: digit_of(self.event)?,
            duration_ms: samples / (CLOCK_HZ as u32 / 1_000),
        })
    }
}

impl KeyReceiver {
    /// Takes one event packet; a key is reported once, at its end, or when the next begins because its end was lost.
    pub fn event(&mut self, timestamp: u32, event: TelephoneEvent) -> Option<Pressed> {
        if let Some(done) = self.done {
            let since = timestamp.wrapping_sub(done).cast_signed();
            if since <= 0 && since > -STRAGGLER {
                return None;
            }
        }
        let mut lost_end = None;
        let mut held = match self.held {
            Some(held) if held.timestamp == timestamp => held,
            Some(held)
                if held.event == event.event
                    && timestamp.wrapping_sub(held.end()) <= 1
                    && held.duration >= SEGMENT =>
            {
                Held {
                    timestamp,
                    event: held.event,
                    before: held.before + u32::from(held.duration),
                    duration: 0,
                }
            }
            other => {
                lost_end = other.and_then(Held::pressed);
                Held {
                    timestamp,
                    event: event.event,
                    before: 0,
                    duration: 0,
                }
            }
        };
        held.duration = held.duration.max(event.duration);
        if event.end {
            self.held = None;
            self.done = Some(timestamp);
            // Both at once only when the key before lost all its ends and this one all but its last packet: the later
            // key would be reported late, so the earlier one is given up.
            return held.pressed().or(lost_end);
        }
        self.held = Some(held);
        lost_end
    }

    /// Takes note that sound of this timestamp arrived: a key before it whose end was lost is over.
    pub fn sound(&mut self, timestamp: u32) -> Option<Pressed> {
        let held = self.held?;
        if timestamp.wrapping_sub(held.end()).cast_signed() < END_LOST {
            return None;
        }
        self.held = None;
        self.done = Some(held.timestamp);
        held.pressed()
    }

    /// A new stream: its timestamps have nothing to do with the old one's.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Keys waiting to be sent; further ones are dropped.
const QUEUE_MAX: usize = 32;
/// Between two keys (Q.24 wants 40 ms at least).
const PAUSE_FRAMES: u8 = 3;
/// The end is sent three times (§2.5.1.4).
const END_COPIES: u8 = 3;

/// Plays keys out, one step every 20 ms.
#[derive(Debug, Clone, Default)]
pub struct KeySender {
    queue: VecDeque<(u8, u16)>,
    step: Step,
}

#[derive(Debug, Clone, Copy, Default)]
enum Step {
    #[default]
    Idle,
    Pressing {
        event: u8,
        elapsed: u16,
        total: u16,
    },
    Ending {
        event: u8,
        total: u16,
        copies: u8,
    },
    Pausing {
        frames: u8,
    },
}

/// What to send in this 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStep {
    /// No key: other sound may go.
    Idle,
    /// Silence between keys.
    Pause,
    /// A packet of an event. `first` begins it; `tone_from` is where a tone in its place stands, `None` in the copies of its end.
    Event {
        event: TelephoneEvent,
        first: bool,
        tone_from: Option<u16>,
    },
}

impl KeySender {
    /// Queues a key; false when too many wait already. Durations are held to 40 ms … 6 s.
    pub fn press(&mut self, event: u8, duration_ms: u32) -> bool {
        if self.queue.len() >= QUEUE_MAX {
            return false;
        }
        let samples = duration_ms.clamp(40, 6_000) * (CLOCK_HZ as u32 / 1_000);
        let frames = samples.div_ceil(FRAME as u32);
        self.queue
            .push_back((event, (frames * FRAME as u32) as u16));
        true
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && matches!(self.step, Step::Idle)
    }

    /// The next 20 ms.
    pub fn step(&mut self) -> KeyStep {
        if let (Step::Idle, Some((event, total))) = (self.step, self.queue.front().copied()) {
            self.queue.pop_front();
            self.step = Step::Pressing {
                event,
                elapsed: 0,
                total,
            };
        }
        let packet = |event, end, duration| TelephoneEvent {
            event,
            end,
            volume: 10,
            duration,
        };
        match self.step {
            Step::Idle => KeyStep::Idle,
            Step::Pressing {
                event,
                elapsed,
                total,
            } => {
                let duration = elapsed + FRAME as u16;
                let end = duration >= total;
                self.step = if end {
                    Step::Ending {
                        event,
                        total,
                        copies: END_COPIES - 1,
                    }
                } else {
                    Step::Pressing {
                        event,
                        elapsed: duration,
                        total,
                    }
                };
                KeyStep::Event {
                    event: packet(event, end, duration),
                    first: elapsed == 0,
                    tone_from: Some(elapsed),
                }
            }
            Step::Ending {
                event,
                total,
                copies,
            } => {
                self.step = if copies > 1 {
                    Step::Ending {
                        event,
                        total,
                        copies: copies - 1,
                    }
                } else {
                    Step::Pausing {
                        frames: PAUSE_FRAMES,
                    }
                };
                KeyStep::Event {
                    event: packet(event, true, total),
                    first: false,
                    tone_from: None,
                }
            }
            Step::Pausing { frames } => {
                self.step = if frames > 1 {
                    Step::Pausing { frames: frames - 1 }
                } else {
                    Step::Idle
                };
                KeyStep::Pause
            }
        }
    }
}

/// Q.23: a key is one of the low and one of the high tones.
const LOW_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH_HZ: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYPAD: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// 20 ms of a key's two tones, `from` samples into it, at −10 dBm0 each or so.
pub fn tone_frame(event: u8, from: u16, out: &mut [i16; FRAME]) {
    let digit = digit_of(event).unwrap_or('0');
    let (row, column) = (0..16)
        .map(|at| (at / 4, at % 4))
        .find(|(row, column)| KEYPAD[*row][*column] == digit)
        .expect("the keypad has all sixteen keys");
    for (index, sample) in out.iter_mut().enumerate() {
        let time = (f32::from(from) + index as f32) / CLOCK_HZ as f32;
        let wave = (TAU * LOW_HZ[row] * time).sin() + (TAU * HIGH_HZ[column] * time).sin();
        *sample = (wave * 6_000.0) as i16;
    }
}

/// Samples in one look: 12.75 ms, short enough for Q.24's 40 ms keys, long enough to tell the tones apart.
const BLOCK: usize = 102;
/// Looks in a row that must agree before a key counts as pressed, and as released.
const BLOCKS_ON: u8 = 2;
const BLOCKS_OFF: u8 = 3;
/// −37 dBm0 or so: mean square below this is silence.
const LEVEL_MIN: f32 = 100.0 * 100.0;
/// Both tones together must make up this part of all the sound, or it is speech.
const PURITY_MIN: f32 = 0.75;
/// A tone must stand out from the others of its group (8 dB).
const PEAK_MIN: f32 = 6.3;
/// Q.24: high tone at most 4 dB stronger, low tone at most 8 dB stronger.
const HIGH_TWIST_MAX: f32 = 2.5;
const LOW_TWIST_MAX: f32 = 6.3;

/// Finds keys in sound (Goertzel's filter on the eight tones), for trunks that do not negotiate telephone-event.
#[derive(Debug, Clone)]
pub struct ToneDetector {
    /// Two past values per tone.
    past: [[f32; 2]; 8],
    energy: f32,
    filled: usize,
    candidate: Option<char>,
    agreeing: u8,
    held: Option<char>,
    missing: u8,
    blocks: u32,
}

impl Default for ToneDetector {
    fn default() -> Self {
        Self {
            past: [[0.0; 2]; 8],
            energy: 0.0,
            filled: 0,
            candidate: None,
            agreeing: 0,
            held: None,
            missing: 0,
            blocks: 0,
        }
    }
}

impl ToneDetector {
    /// Listens to a frame; reports each key released in it.
    pub fn listen(&mut self, samples: &[i16], mut pressed: impl FnMut(Pressed)) {
        for sample in samples {
            let sample = f32::from(*sample);
            self.energy += sample * sample;
            for (past, coefficient) in self.past.iter_mut().zip(coefficients()) {
                let next = coefficient * past[0] - past[1] + sample;
                *past = [next, past[0]];
            }
            self.filled += 1;
            if self.filled == BLOCK
                && let Some(key) = self.end_block()
            {
                pressed(key);
            }
        }
    }

    fn end_block(&mut self) -> Option<Pressed> {
        let found = self.look();
        self.past = [[0.0; 2]; 8];
        self.energy = 0.0;
        self.filled = 0;
        self.agreeing = if found.is_some() && found == self.candidate {
            self.agreeing.saturating_add(1)
        } else {
            u8::from(found.is_some())
        };
        self.candidate = found;
        let Some(held) = self.held else {
            if self.agreeing >= BLOCKS_ON {
                self.held = found;
                self.missing = 0;
                self.blocks = u32::from(self.agreeing);
            }
            return None;
        };
        self.blocks += 1;
        self.missing = if found == Some(held) {
            0
        } else {
            self.missing + 1
        };
        if self.missing < BLOCKS_OFF {
            return None;
        }
        let blocks = self.blocks - u32::from(self.missing);
        // The next key may have begun already.
        self.held = found.filter(|_| self.agreeing >= BLOCKS_ON);
        self.missing = 0;
        self.blocks = u32::from(self.agreeing);
        Some(Pressed {
            digit: held,
            duration_ms: blocks * BLOCK as u32 / (CLOCK_HZ as u32 / 1_000),
        })
    }

    fn look(&self) -> Option<char> {
        if self.energy < LEVEL_MIN * BLOCK as f32 {
            return None;
        }
        let mut power = [0.0_f32; 8];
        for ((power, past), coefficient) in power.iter_mut().zip(&self.past).zip(coefficients()) {
            *power = past[0] * past[0] + past[1] * past[1] - coefficient * past[0] * past[1];
        }
        let (low, low_power) = strongest(&power[..4])?;
        let (high, high_power) = strongest(&power[4..])?;
        if high_power > low_power * HIGH_TWIST_MAX || low_power > high_power * LOW_TWIST_MAX {
            return None;
        }
        // A pure tone of amplitude a has energy a²N/2 and Goertzel power a²N²/4.
        let tones = (low_power + high_power) * 2.0 / BLOCK as f32;
        (tones > self.energy * PURITY_MIN).then_some(KEYPAD[low][high])
    }
}

/// The strongest of a group, when it stands out.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (index, power) = powers
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    powers
        .iter()
        .enumerate()
        .all(|(other, weaker)| other == index || weaker * PEAK_MIN < power)
        .then_some((index, power))
}

/// 2·cos(2πf/8000) of the eight tones.
fn coefficients() -> &'static [f32; 8] {
    static COEFFICIENTS: std::sync::OnceLock<[f32; 8]> = std::sync::OnceLock::new();
    COEFFICIENTS.get_or_init(|| {
        std::array::from_fn(|tone| {
            let hz = if tone < 4 {
                LOW_HZ[tone]
            } else {
                HIGH_HZ[tone - 4]
            };
            2.0 * (TAU * hz / CLOCK_HZ as f32).cos()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;

    fn packet(event: u8, duration: u16, end: bool) -> TelephoneEvent {
        TelephoneEvent {
            event,
            end,
            volume: 10,
            duration,
        }
    }

    #[test]
    fn a_key_sent_in_many_packets_is_pressed_once() {
        let mut keys = KeyReceiver::default();
        assert_eq!(keys.event(1_000, packet(5, 160, false)), None);
        assert_eq!(keys.event(1_000, packet(5, 320, false)), None);
        let pressed = keys.event(1_000, packet(5, 800, true));
        assert_eq!(
            pressed,
            Some(Pressed {
                digit: '5',
                duration_ms: 100
            })
        );
        for _ in 0..2 {
            assert_eq!(keys.event(1_000, packet(5, 800, true)), None);
        }
        // Overtaken packets of it, after the next key has begun.
        assert_eq!(keys.event(3_000, packet(5, 160, false)), None);
        assert_eq!(keys.event(1_000, packet(5, 480, false)), None);
        assert_eq!(
            keys.event(3_000, packet(5, 800, true)).map(|p| p.digit),
            Some('5')
        );
    }

    #[test]
    fn a_key_whose_ends_are_all_lost_is_still_pressed() {
        let mut keys = KeyReceiver::default();
        keys.event(1_000, packet(1, 640, false));
        assert_eq!(
            keys.event(4_000, packet(2, 160, false)).map(|p| p.digit),
            Some('1')
        );
        assert_eq!(keys.sound(4_160), None);
        assert_eq!(keys.sound(4_000 + 160 + 800).map(|p| p.digit), Some('2'));
        assert_eq!(keys.event(4_000, packet(2, 800, true)), None);
    }

    #[test]
    fn a_key_held_longer_than_eight_seconds_is_one_key() {
        let mut keys = KeyReceiver::default();
        assert_eq!(keys.event(0, packet(11, u16::MAX, false)), None);
        assert_eq!(keys.event(65_535, packet(11, 800, false)), None);
        let pressed = keys.event(65_535, packet(11, 1_600, true)).unwrap();
        assert_eq!((pressed.digit, pressed.duration_ms), ('#', 8_391));
    }

    #[test]
    fn what_the_sender_sends_the_receiver_hears() {
        let mut sender = KeySender::default();
        for digit in "12345#*D".chars() {
            assert!(sender.press(event_of(digit).unwrap(), 100));
        }
        let mut receiver = KeyReceiver::default();
        let (mut heard, mut timestamp, mut clock) = (String::new(), 0, 0);
        while !sender.is_idle() {
            if let KeyStep::Event { event, first, .. } = sender.step() {
                if first {
                    timestamp = clock;
                }
                let pressed =
                    receiver.event(timestamp, TelephoneEvent::parse(&event.to_bytes()).unwrap());
                heard.extend(pressed.map(|pressed| pressed.digit));
            }
            clock += FRAME as u32;
        }
        assert_eq!(heard, "12345#*D");
    }

    #[test]
    fn the_queue_of_keys_is_bounded() {
        let mut sender = KeySender::default();
        assert_eq!((0..100).filter(|_| sender.press(1, 100)).count(), QUEUE_MAX);
    }

    #[test]
    fn every_key_is_found_in_sound_that_went_through_g711() {
        for law in [Law::A, Law::Mu] {
            let mut detector = ToneDetector::default();
            let mut heard = String::new();
            for digit in KEYS {
                // 60 ms of tone, 60 ms of silence, not aligned with the detector's blocks.
                for frame in 0..6_u16 {
                    let mut samples = [0; FRAME];
                    if frame < 3 {
                        tone_frame(event_of(digit).unwrap(), frame * 160, &mut samples);
                    }
                    for sample in &mut samples {
                        *sample = law.decode(law.encode(*sample));
                    }
                    detector.listen(&samples, |pressed| heard.push(pressed.digit));
                }
            }
            assert_eq!(heard, KEYS.iter().collect::<String>());
        }
    }

    #[test]
    fn speech_like_sound_and_single_tones_are_no_keys() {
        let mut detector = ToneDetector::default();
        let mut seed = 1_u32;
        for n in 0..80_000_u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f32::from((seed >> 16) as i16) / 8.0;
            let time = n as f32 / 8_000.0;
            let harmonics: f32 = (1..12)
                .map(|k| (TAU * 180.0 * k as f32 * time).sin() / k as f32)
                .sum();
            let tone = (TAU * 697.0 * time).sin() * 8_000.0;
            let sample = match n / 20_000 {
                0 => noise,
                1 => harmonics * 5_000.0,
                2 => tone,
                _ => harmonics * 3_000.0 + noise,
            };
            detector.listen(&[sample as i16], |pressed| panic!("heard {pressed:?}"));
        }
    }
}
