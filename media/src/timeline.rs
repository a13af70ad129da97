//! A recording's clock: packets of several tracks placed on one 8 kHz time line by their RTP timestamps, silence filled
//! in, cut into chunks of 400 ms that leave 200 ms after their end, so that late packets still find their place.
//!
//! Sound stays encoded; whoever writes it decodes. A track has the law of the first sound it gets, and another law is
//! transcoded by table.

use crate::g711::Law;
use crate::rtp::{CLOCK_HZ, Header};
use crate::tap::{TrackChunk, TrackNo};

/// Samples in a chunk: 400 ms. With [`HOLD`] a killed server misses less than a second of sound.
pub const CHUNK: usize = 3_200;
/// How long a chunk waits for late packets: 200 ms.
pub const HOLD: usize = 1_600;
/// Room for packets that come earlier than their timestamps say, because the first one was late: 200 ms.
const AHEAD: usize = 1_600;
const WINDOW: usize = CHUNK + HOLD + AHEAD;
/// What is noted about silence is noted per 20 ms.
const SLOT: usize = 160;

const _: () = assert!(CHUNK.is_multiple_of(SLOT) && WINDOW / SLOT <= 64);

/// More tracks than a call has parties.
pub const TRACKS_MAX: usize = 16;

/// A timestamp this far from where time says it should be is the sender's clock jumping: 5 s.
const JUMP: i64 = 5 * CLOCK_HZ as i64;
/// Late for this long is no burst after a stall but the sender's clock: 200 ms.
const LATE_FOR: u64 = CLOCK_HZ / 5;
/// A sender's clock may run this far from ours before its place is corrected: 60 ms.
const DRIFT: i64 = 60 * CLOCK_HZ as i64 / 1_000;

/// All tracks of one recording, from `base` on.
#[derive(Debug)]
pub struct Timeline {
    /// Everything before has left.
    base: u64,
    tracks: Vec<Track>,
    /// Stretches without sound, the last perhaps open; those before `base` are forgotten.
    pauses: Vec<(u64, Option<u64>)>,
}

#[derive(Debug)]
struct Track {
    number: TrackNo,
    law: Option<Law>,
    /// One code a sample from `base` on; as long as the window once there was sound.
    codes: Vec<u8>,
    /// Which slots of the window had sound.
    heard: u64,
    source: Option<Source>,
}

/// How one stream's timestamps lie on the time line.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    /// The newest timestamp and its position.
    timestamp: u32,
    position: i64,
    /// How much later than its position sound has been coming, smoothed over some 256 packets; in 256ths of a sample.
    lag_x256: i64,
    late_since: Option<u64>,
}

/// A stretch that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    pub start_sample: u64,
    pub samples: u32,
    pub tracks: Vec<TrackChunk>,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    InTime,
    /// Its place has left already.
    Late,
    /// No such track.
    NoTrack,
}

impl Timeline {
    /// An empty one, its clock at 0.
    pub fn new() -> Self {
        Self {
            base: 0,
            tracks: Vec::new(),
            pauses: Vec::new(),
        }
    }

    /// Makes sure that the track is there and forgets what was known of the stream it had: another leg speaks on it now.
    /// False when there are too many.
    pub fn set_track(&mut self, number: TrackNo) -> bool {
        match self
            .tracks
            .binary_search_by_key(&number, |track| track.number)
        {
            Ok(index) => self.tracks[index].source = None,
            Err(_) if self.tracks.len() >= TRACKS_MAX => return false,
            Err(index) => self.tracks.insert(
                index,
                Track {
                    number,
                    law: None,
                    codes: Vec::new(),
                    heard: 0,
                    source: None,
                },
            ),
        }
        true
    }

    /// Places a packet's codes. `now`: the clock when it arrived.
    pub fn place(
        &mut self,
        number: TrackNo,
        law: Law,
        header: &Header,
        codes: &[u8],
        now: u64,
    ) -> Placed {
        let Ok(index) = self
            .tracks
            .binary_search_by_key(&number, |track| track.number)
        else {
            return Placed::NoTrack;
        };
        let track = &mut self.tracks[index];
        let base = self.base.cast_signed();
        let Some(position) = track.position(header, base, codes.len(), now) else {
            return Placed::Late;
        };
        let skipped = usize::try_from(base - position).unwrap_or(0);
        let from = usize::try_from(position - base).unwrap_or(0);
        let (Some(codes), Some(room)) = (codes.get(skipped..), WINDOW.checked_sub(from)) else {
            return Placed::Late;
        };
        let codes = &codes[..codes.len().min(room)];
        track.write(law, from, codes);
        for (start, end) in &self.pauses {
            let quiet = |position: u64| {
                usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX)
            };
            track.silence(
                quiet(*start).max(from),
                end.map_or(usize::MAX, quiet).min(from + codes.len()),
            );
        }
        if skipped > 0 {
            Placed::Late
        } else {
            Placed::InTime
        }
    }

    /// From `now` on no sound is taken. Pausing twice is pausing once.
    pub fn pause(&mut self, now: u64) {
        if self.is_paused() {
            return;
        }
        let now = now.max(self.base);
        self.pauses.push((now, None));
        let from = usize::try_from(now - self.base).unwrap_or(usize::MAX);
        for track in &mut self.tracks {
            track.silence(from, usize::MAX);
        }
    }

    /// Sound is taken again.
    pub fn resume(&mut self, now: u64) {
        if let Some((start, end @ None)) = self.pauses.last_mut() {
            *end = Some(now.max(*start));
        }
    }

    pub fn is_paused(&self) -> bool {
        matches!(self.pauses.last(), Some((_, None)))
    }

    /// When the next chunk may leave.
    pub fn next_due(&self) -> u64 {
        self.base + (CHUNK + HOLD) as u64
    }

    /// The next chunk, when its time has come. Stretches that were paused as a whole are passed over.
    pub fn next_chunk(&mut self, now: u64) -> Option<Stretch> {
        while now >= self.next_due() {
            if let Some(stretch) = self.cut(CHUNK) {
                return Some(stretch);
            }
        }
        None
    }

    /// Everything up to `now`, at the end, chunk by chunk.
    pub fn next_rest(&mut self, now: u64) -> Option<Stretch> {
        while now > self.base {
            let samples = usize::try_from(now - self.base).map_or(CHUNK, |left| left.min(CHUNK));
            if let Some(stretch) = self.cut(samples) {
                return Some(stretch);
            }
        }
        None
    }

    /// Moves the base; `None` when all of it was paused.
    fn cut(&mut self, samples: usize) -> Option<Stretch> {
        let (start, end) = (self.base, self.base + samples as u64);
        let paused = self
            .pauses
            .iter()
            .any(|pause| pause.0 <= start && pause.1.is_none_or(|resumed| resumed >= end));
        let tracks = self
            .tracks
            .iter_mut()
            .map(|track| track.cut(samples))
            .collect();
        self.base = end;
        self.pauses
            .retain(|(_, resumed)| resumed.is_none_or(|resumed| resumed > end));
        (!paused).then_some(Stretch {
            start_sample: start,
            samples: samples as u32,
            tracks,
        })
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Track {
    /// Where on the time line a packet's first sample is; `None` when that has left for good.
    fn position(&mut self, header: &Header, base: i64, len: usize, now: u64) -> Option<i64> {
        let arrived = now.cast_signed();
        let anchor = Source {
            ssrc: header.ssrc,
            timestamp: header.timestamp,
            position: arrived,
            lag_x256: 0,
            late_since: None,
        };
        let Some(source) = self
            .source
            .as_mut()
            .filter(|source| source.ssrc == header.ssrc)
        else {
            self.source = Some(anchor);
            return Some(arrived);
        };
        let step = header
            .timestamp
            .wrapping_sub(source.timestamp)
            .cast_signed();
        let position = source.position + i64::from(step);
        let lag = arrived - position;
        let window_end = base + WINDOW as i64;
        // No packet can come before its sound was made: a place beyond the window means that the clock jumped.
        if lag.abs() > JUMP || position + len as i64 > window_end.max(arrived + AHEAD as i64) {
            *source = anchor;
            return Some(arrived);
        }
        if lag > HOLD as i64 {
            // A burst after a stall is over in an instant; who stays late, or begins to talk late, has a clock of their own.
            let since = *source.late_since.get_or_insert(now);
            if step > 0 && (header.marker || now - since >= LATE_FOR) {
                *source = anchor;
                return Some(arrived);
            }
        } else {
            source.late_since = None;
        }
        if step > 0 {
            source.timestamp = header.timestamp;
            source.position = position;
            // Held to the window, so that one burst after a stall does not look like a drift.
            source.lag_x256 += lag.clamp(-(HOLD as i64), HOLD as i64) - source.lag_x256 / 256;
            let drift = source.lag_x256 / 256;
            if drift.abs() > DRIFT {
                source.position += drift;
                source.lag_x256 = 0;
                return Some(position + drift);
            }
        }
        (position + len as i64 > base).then_some(position)
    }

    /// Puts codes at `from` samples after the base.
    fn write(&mut self, law: Law, from: usize, codes: &[u8]) {
        if codes.is_empty() {
            return;
        }
        let own = *self.law.get_or_insert(law);
        self.codes.resize(WINDOW, own.silence());
        let place = &mut self.codes[from..from + codes.len()];
        place.copy_from_slice(codes);
        law.transcode(own, place);
        for slot in from / SLOT..=(from + codes.len() - 1) / SLOT {
            self.heard |= 1 << slot;
        }
    }

    fn silence(&mut self, from: usize, to: usize) {
        let (Some(law), to) = (self.law, to.min(self.codes.len())) else {
            return;
        };
        if let Some(place) = self.codes.get_mut(from..to) {
            place.fill(law.silence());
        }
    }

    /// Takes the first samples out and moves the rest up.
    fn cut(&mut self, samples: usize) -> TrackChunk {
        let law = self.law.unwrap_or(Law::A);
        let slots = samples.div_ceil(SLOT);
        let heard = self.heard & ((1 << slots) - 1) != 0;
        let codes = if heard {
            self.codes[..samples].to_vec()
        } else {
            Vec::new()
        };
        if self.heard != 0 {
            self.codes.copy_within(samples.., 0);
            let kept = self.codes.len() - samples;
            self.codes[kept..].fill(law.silence());
        }
        self.heard >>= samples / SLOT;
        TrackChunk {
            track: self.number,
            law,
            codes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(sequence: u32, timestamp: u32) -> Header {
        Header {
            marker: false,
            payload_type: 8,
            sequence: sequence as u16,
            timestamp,
            ssrc: 7,
        }
    }

    /// What a writer makes of one track: one byte a sample, `.` for silence, `-` for what never came.
    #[derive(Default)]
    struct Writer(Vec<u8>);

    impl Writer {
        fn take(&mut self, stretch: Option<Stretch>) -> bool {
            let Some(stretch) = stretch else {
                return false;
            };
            self.0.resize(stretch.start_sample as usize, b'-');
            let chunk = &stretch.tracks[0];
            if chunk.codes.is_empty() {
                let end = self.0.len() + stretch.samples as usize;
                self.0.resize(end, b'.');
            }
            let silence = chunk.law.silence();
            let written = |code: &u8| if *code == silence { b'.' } else { *code };
            self.0.extend(chunk.codes.iter().map(written));
            true
        }
    }

    fn written(timeline: &mut Timeline, now: u64) -> Vec<u8> {
        let mut writer = Writer::default();
        while writer.take(timeline.next_rest(now)) {}
        writer.0
    }

    /// The same as runs: (what, how long).
    fn runs(bytes: &[u8]) -> Vec<(char, usize)> {
        let mut runs: Vec<(char, usize)> = Vec::new();
        for byte in bytes {
            match runs.last_mut() {
                Some((last, length)) if *last == char::from(*byte) => *length += 1,
                _ => runs.push((char::from(*byte), 1)),
            }
        }
        runs
    }

    #[test]
    fn a_chunk_leaves_600_ms_after_its_first_sound_and_not_before() {
        let mut timeline = Timeline::new();
        timeline.set_track(0);
        timeline.place(0, Law::A, &header(0, 0), &[1; 160], 0);
        assert_eq!(timeline.next_chunk(4_799), None);
        let stretch = timeline.next_chunk(4_800).unwrap();
        assert_eq!((stretch.start_sample, stretch.samples), (0, 3_200));
        assert!((CHUNK + HOLD) as u64 * 1_000 / CLOCK_HZ <= 600);
    }

    #[test]
    fn lost_late_and_overtaken_packets_leave_each_sound_in_its_place() {
        let mut timeline = Timeline::new();
        timeline.set_track(0);
        // c comes 180 ms late, after d and e in the wrong order; f is lost.
        for (name, number, at) in [
            (b'a', 0_u32, 0_u64),
            (b'b', 1, 165),
            (b'e', 4, 650),
            (b'd', 3, 655),
            (b'c', 2, 320 + 1_440),
            (b'g', 6, 970),
        ] {
            let placed = timeline.place(0, Law::A, &header(number, number * 160), &[name; 160], at);
            assert_eq!(placed, Placed::InTime);
        }
        assert_eq!(
            runs(&written(&mut timeline, 1_280)),
            [
                ('a', 160),
                ('b', 160),
                ('c', 160),
                ('d', 160),
                ('e', 160),
                ('.', 160),
                ('g', 160),
                ('.', 160)
            ]
        );
    }

    #[test]
    fn a_jump_of_the_senders_timestamps_leaves_no_hole_and_no_overlap() {
        for jump in [
            0x7000_0000_u32,
            0x9000_0000,
            900_000,
            0_u32.wrapping_sub(900_000),
        ] {
            let mut timeline = Timeline::new();
            timeline.set_track(0);
            for n in 0..20_u32 {
                let timestamp = n * 160 + if n < 10 { 0 } else { jump };
                timeline.place(
                    0,
                    Law::A,
                    &header(n, timestamp),
                    &[b'a'; 160],
                    u64::from(n) * 160,
                );
            }
            assert_eq!(runs(&written(&mut timeline, 3_200)), [('a', 3_200)]);
        }
    }

    #[test]
    fn a_burst_after_a_stall_is_not_spread_over_what_follows() {
        let mut timeline = Timeline::new();
        timeline.set_track(0);
        let mut out = Vec::new();
        let mut sent = 0_u32;
        for tick in 0..100_u64 {
            let now = tick * 160;
            // The network holds everything from 0.4 s to 1.4 s, then delivers it at once.
            if (20..70).contains(&tick) {
                if let Some(stretch) = timeline.next_chunk(now) {
                    out.push(stretch);
                }
                continue;
            }
            while u64::from(sent) <= tick {
                timeline.place(
                    0,
                    Law::A,
                    &header(sent, sent * 160),
                    &[sent as u8 | 1; 160],
                    now,
                );
                sent += 1;
            }
            if let Some(stretch) = timeline.next_chunk(now) {
                out.push(stretch);
            }
        }
        // After the burst every packet is again where its timestamp says.
        let last = out.last().unwrap();
        assert_eq!(last.start_sample % 3_200, 0);
        let first_packet = last.start_sample / 160;
        for (index, codes) in last.tracks[0].codes.chunks(160).enumerate() {
            assert_eq!(codes, [(first_packet as u8 + index as u8) | 1; 160]);
        }
    }

    #[test]
    fn a_sender_whose_clock_stood_still_is_in_its_place_again_soon() {
        for (stall, marker, lost_max) in [(50, false, 12), (50, true, 0), (400, false, 12)] {
            let mut timeline = Timeline::new();
            let mut writer = Writer::default();
            timeline.set_track(0);
            for n in 0..100_u32 {
                let now = u64::from(n + if n < 20 { 0 } else { stall }) * 160;
                let mut header = header(n, n * 160);
                header.marker = marker && n == 20;
                while writer.take(timeline.next_chunk(now)) {}
                timeline.place(0, Law::A, &header, &[b'a'; 160], now);
            }
            let end = u64::from(100 + stall) * 160;
            while writer.take(timeline.next_rest(end)) {}
            let heard = writer.0.iter().filter(|code| **code == b'a').count() / 160;
            assert!(heard >= 100 - lost_max, "{heard} of 100 after {stall}");
            let (sound, length) = *runs(&writer.0).last().unwrap();
            assert!(sound == 'a' && length > 60 * 160);
        }
    }

    #[test]
    fn nothing_said_while_paused_leaves_and_the_clock_goes_on() {
        let mut timeline = Timeline::new();
        let mut writer = Writer::default();
        timeline.set_track(0);
        for n in 0..200_u32 {
            let now = u64::from(n) * 160;
            if n == 30 {
                timeline.pause(now);
            }
            if n == 130 {
                timeline.resume(now);
            }
            let name = if timeline.is_paused() { b'S' } else { b'a' };
            timeline.place(0, Law::A, &header(n, n * 160), &[name; 160], now);
            if n == 131 {
                // A secret that comes late, when sound is taken again.
                timeline.place(0, Law::A, &header(128, 128 * 160), &[b'S'; 160], now);
            }
            writer.take(timeline.next_chunk(now));
        }
        while writer.take(timeline.next_rest(200 * 160)) {}
        let heard: Vec<(char, usize)> = runs(&writer.0);
        assert_eq!(
            heard,
            [
                ('a', 4_800),
                ('.', 1_600),
                // Whole chunks of nothing do not even leave.
                ('-', 12_800),
                ('.', 1_600),
                ('a', 11_200)
            ]
        );
    }

    #[test]
    fn a_track_keeps_its_law_when_the_next_leg_has_another() {
        let mut timeline = Timeline::new();
        timeline.set_track(1);
        timeline.place(1, Law::Mu, &header(0, 0), &[Law::Mu.encode(4_000); 160], 0);
        timeline.set_track(1);
        let other = Header {
            ssrc: 9,
            ..header(0, 500_000)
        };
        timeline.place(1, Law::A, &other, &[Law::A.encode(4_000); 160], 160);
        let stretch = timeline.next_rest(320).unwrap();
        let mut samples = Vec::new();
        stretch.tracks[0].decode_into(stretch.samples, &mut samples);
        assert_eq!(stretch.tracks[0].law, Law::Mu);
        assert!(samples.iter().all(|sample| (sample - 4_000).abs() < 200));
    }

    #[test]
    fn tracks_are_silent_until_somebody_speaks_and_bounded_in_number() {
        let mut timeline = Timeline::new();
        for number in 0..=u8::MAX {
            assert_eq!(timeline.set_track(number), usize::from(number) < TRACKS_MAX);
        }
        assert_eq!(
            timeline.place(200, Law::A, &header(0, 0), &[1; 160], 0),
            Placed::NoTrack
        );
        let stretch = timeline.next_chunk(4_800).unwrap();
        assert_eq!(stretch.tracks.len(), TRACKS_MAX);
        assert!(stretch.tracks.iter().all(|track| track.codes.is_empty()));
    }

    #[test]
    fn a_senders_clock_that_runs_differently_is_followed() {
        // 1,000 ppm fast and slow, one minute: 480 samples apart at the end.
        for ppm in [-1_000_i64, 1_000] {
            let mut timeline = Timeline::new();
            timeline.set_track(0);
            let mut late = 0;
            for n in 0..3_000_i64 {
                let now = (n * 160 + n * 160 * ppm / 1_000_000) as u64;
                let placed =
                    timeline.place(0, Law::A, &header(n as u32, n as u32 * 160), &[1; 160], now);
                late += usize::from(placed != Placed::InTime);
                timeline.next_chunk(now);
            }
            assert_eq!(late, 0);
        }
    }

    proptest! {
        #[test]
        fn hostile_timestamps_never_panic_and_chunks_never_overlap(
            packets in proptest::collection::vec((any::<u32>(), 0_usize..1_600, 0_u64..4_000, 0_u8..6), 0..200)
        ) {
            let mut timeline = Timeline::new();
            timeline.set_track(0);
            let (mut now, mut end) = (0, 0);
            for (timestamp, length, step, action) in packets {
                now += step;
                match action {
                    0 => timeline.pause(now),
                    1 => timeline.resume(now),
                    _ => { timeline.place(0, Law::A, &header(0, timestamp >> (action * 4)), &vec![1; length], now); }
                }
                while let Some(stretch) = timeline.next_chunk(now) {
                    prop_assert!(stretch.start_sample >= end);
                    end = stretch.start_sample + u64::from(stretch.samples);
                    prop_assert!(stretch.tracks.iter().all(|track| track.codes.is_empty() || track.codes.len() == stretch.samples as usize));
                }
            }
        }
    }
}
