//! The waveform a player draws before it has loaded the sound: smallest and largest sample of each stretch, as the
//! audiowaveform JSON format (version 2, 8 bits), which the common browser players read as it is.

use serde::Serialize;

use crate::wav::SAMPLE_RATE;

/// At most this many stretches, whatever the length: about 20 KB of JSON.
const MOST: u64 = 2_048;

/// At least this many frames a stretch: 10 ms.
const FINEST: u64 = 80;

#[derive(Serialize)]
struct Peaks<'a> {
    version: u8,
    channels: u8,
    sample_rate: u32,
    samples_per_pixel: u64,
    bits: u8,
    length: usize,
    /// Minimum and maximum of the left channel, then of the right, stretch after stretch.
    data: &'a [i8],
}

/// Takes a stereo file's sound bytes in pieces of any size.
pub(crate) struct PeaksBuilder {
    stretch: u64,
    /// Bytes of a frame cut by the border between two pieces.
    cut: Vec<u8>,
    in_stretch: u64,
    low_high: [(i16, i16); 2],
    data: Vec<i8>,
}

impl PeaksBuilder {
    pub(crate) fn new() -> Self {
        Self {
            stretch: FINEST,
            cut: Vec::with_capacity(4),
            in_stretch: 0,
            low_high: EMPTY,
            data: Vec::new(),
        }
    }

    /// Says before the first piece how long the sound is.
    pub(crate) fn expect_frames(&mut self, frames: u64) {
        self.stretch = frames.div_ceil(MOST).max(FINEST);
    }

    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        while !self.cut.is_empty() && !bytes.is_empty() {
            self.cut.push(bytes[0]);
            bytes = &bytes[1..];
            if let [a, b, c, d] = self.cut[..] {
                self.frame([a, b, c, d]);
                self.cut.clear();
            }
        }
        let (frames, rest) = bytes.as_chunks::<4>();
        for frame in frames {
            self.frame(*frame);
        }
        self.cut.extend_from_slice(rest);
    }

    fn frame(&mut self, [a, b, c, d]: [u8; 4]) {
        for (side, sample) in [[a, b], [c, d]].into_iter().enumerate() {
            let sample = i16::from_le_bytes(sample);
            let (low, high) = &mut self.low_high[side];
            *low = sample.min(*low);
            *high = sample.max(*high);
        }
        self.in_stretch += 1;
        if self.in_stretch == self.stretch {
            self.end_stretch();
        }
    }

    fn end_stretch(&mut self) {
        for (low, high) in std::mem::replace(&mut self.low_high, EMPTY) {
            self.data.extend([eight_bits(low), eight_bits(high)]);
        }
        self.in_stretch = 0;
    }

    /// The file's text.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.in_stretch > 0 {
            self.end_stretch();
        }
        serde_json::to_vec(&Peaks {
            version: 2,
            channels: 2,
            sample_rate: SAMPLE_RATE,
            samples_per_pixel: self.stretch,
            bits: 8,
            length: self.data.len() / 4,
            data: &self.data,
        })
        .expect("peaks are plain data")
    }
}

const EMPTY: [(i16, i16); 2] = [(i16::MAX, i16::MIN); 2];

fn eight_bits(sample: i16) -> i8 {
    i8::try_from(sample >> 8).expect("the upper half of 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peaks(frames: &[[i16; 2]], piece: usize) -> serde_json::Value {
        let bytes: Vec<u8> = frames
            .iter()
            .flatten()
            .flat_map(|s| s.to_le_bytes())
            .collect();
        let mut builder = PeaksBuilder::new();
        builder.expect_frames(frames.len() as u64);
        bytes.chunks(piece).for_each(|piece| builder.push(piece));
        serde_json::from_slice(&builder.finish()).unwrap()
    }

    #[test]
    fn each_side_keeps_its_own_extremes_however_the_sound_is_cut() {
        let mut frames = vec![[0, 0]; 200];
        frames[5] = [0x7F00, -0x8000];
        frames[90] = [-0x100, 0x100];
        for piece in [1, 3, 4, 7, 800] {
            let peaks = peaks(&frames, piece);
            assert_eq!(peaks["samples_per_pixel"], 80);
            assert_eq!(peaks["length"], 3);
            assert_eq!(
                peaks["data"],
                serde_json::json!([0, 127, -128, 0, -1, 0, 0, 1, 0, 0, 0, 0])
            );
        }
    }

    #[test]
    fn a_long_call_has_no_more_peaks_than_a_player_can_draw() {
        let peaks = peaks(&vec![[1, 1]; 2_000_000], 65_536);
        assert!(peaks["length"].as_u64().unwrap() <= MOST);
        assert_eq!(peaks["samples_per_pixel"], 977);
    }
}
