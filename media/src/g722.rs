//! G.722 at 64 kbit/s (ITU-T G.722, mode 1): two sub-bands of 4 kHz, each coded by an adaptive difference; 16 kHz on one side,
//! one octet for two samples on the other. Clause numbers are those of the recommendation; everything is its 16-bit arithmetic,
//! so a decoder anywhere makes the same samples of the same octets.

/// Turns 16 kHz sound into octets.
#[derive(Debug, Clone)]
pub struct Encoder {
    history: [i32; QMF_TAPS],
    low: Band,
    high: Band,
}

/// Turns octets into 16 kHz sound.
#[derive(Debug, Clone)]
pub struct Decoder {
    history: [i32; QMF_TAPS],
    low: Band,
    high: Band,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            history: [0; QMF_TAPS],
            low: Band::new(LOW_SCALE_AT_FIRST),
            high: Band::new(HIGH_SCALE_AT_FIRST),
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            history: [0; QMF_TAPS],
            low: Band::new(LOW_SCALE_AT_FIRST),
            high: Band::new(HIGH_SCALE_AT_FIRST),
        }
    }
}

impl Encoder {
    /// Two samples, the older first, become one octet.
    pub fn encode(&mut self, pair: [i16; 2]) -> u8 {
        let (low, high) = split(&mut self.history, pair);
        let low = self.low.encode_low(low);
        let high = self.high.encode_high(high);
        (high << 6) | low
    }
}

impl Decoder {
    /// One octet becomes two samples, the older first. Every octet is a valid code.
    pub fn decode(&mut self, octet: u8) -> [i16; 2] {
        let low = self.low.decode_low(octet & 0x3F);
        let high = self.high.decode_high(octet >> 6);
        join(&mut self.history, low, high)
    }
}

/// The quadrature mirror filters (clause 3.1, table 11): one half, the other is its mirror image.
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];
const QMF_TAPS: usize = 24;

/// 16 kHz into the two bands.
fn split(history: &mut [i32; QMF_TAPS], [older, newer]: [i16; 2]) -> (i32, i32) {
    let (even, odd) = filtered(history, i32::from(older), i32::from(newer));
    ((odd + even) >> 14, (odd - even) >> 14)
}

/// The two bands into 16 kHz.
fn join(history: &mut [i32; QMF_TAPS], low: i32, high: i32) -> [i16; 2] {
    let (even, odd) = filtered(history, low + high, low - high);
    [saturated(odd >> 11) as i16, saturated(even >> 11) as i16]
}

/// What the two halves of the filter make of the last 24 values.
fn filtered(history: &mut [i32; QMF_TAPS], older: i32, newer: i32) -> (i32, i32) {
    history.copy_within(2.., 0);
    history[QMF_TAPS - 2] = older;
    history[QMF_TAPS - 1] = newer;
    let pairs = history.as_chunks::<2>().0;
    let mut sums = (0, 0);
    for (index, [first, second]) in pairs.iter().enumerate() {
        sums.0 += first * QMF[index];
        sums.1 += second * QMF[11 - index];
    }
    sums
}

/// One sub-band: its scale factor and its predictor, which both sides adapt alike.
#[derive(Debug, Clone)]
struct Band {
    /// What the predictor expects next.
    expected: i32,
    zeros_expect: i32,
    /// The logarithm of the scale factor, and the factor.
    log_scale: i32,
    scale: i32,
    /// Coefficients of the two poles and the six zeros.
    poles: [i32; 2],
    zeros: [i32; 6],
    /// The last two reconstructed signals, the last two partly reconstructed, the last six differences; newest first.
    reconstructed: [i32; 2],
    partly: [i32; 2],
    differences: [i32; 6],
}

const LOW_SCALE_AT_FIRST: i32 = 32;
const HIGH_SCALE_AT_FIRST: i32 = 8;
const LOW_LOG_SCALE_MAX: i32 = 18_432;
const HIGH_LOG_SCALE_MAX: i32 = 22_528;

impl Band {
    fn new(scale: i32) -> Self {
        Self {
            expected: 0,
            zeros_expect: 0,
            log_scale: 0,
            scale,
            poles: [0; 2],
            zeros: [0; 6],
            reconstructed: [0; 2],
            partly: [0; 2],
            differences: [0; 6],
        }
    }

    /// Six bits (clause 3.3: 60 levels).
    fn encode_low(&mut self, sample: i32) -> u8 {
        let difference = saturated(sample - self.expected);
        let magnitude = magnitude(difference);
        let interval = LOW_DECISIONS
            .iter()
            .position(|level| magnitude < (level * self.scale) >> 12)
            .unwrap_or(LOW_DECISIONS.len());
        let code = match difference < 0 {
            true => LOW_CODES_NEGATIVE[interval],
            false => LOW_CODES_POSITIVE[interval],
        };
        self.take_in_low(code);
        code
    }

    fn decode_low(&mut self, code: u8) -> i32 {
        let difference = (self.scale * LOW_LEVELS[usize::from(code)]) >> 15;
        let sample = (self.expected + difference).clamp(-16_384, 16_383);
        self.take_in_low(code);
        sample
    }

    /// Both sides adapt by the four upper bits alone: the lower two may be stolen on the way.
    fn take_in_low(&mut self, code: u8) {
        let upper = usize::from(code >> 2);
        let difference = (self.scale * LOW_LEVELS_OF_FOUR_BITS[upper]) >> 15;
        self.rescale(LOW_GAINS[upper], LOW_LOG_SCALE_MAX, 8);
        self.adapt(difference);
    }

    /// Two bits.
    fn encode_high(&mut self, sample: i32) -> u8 {
        let difference = saturated(sample - self.expected);
        let is_large = magnitude(difference) >= (564 * self.scale) >> 12;
        let code = match (difference < 0, is_large) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        self.take_in_high(code);
        code
    }

    fn decode_high(&mut self, code: u8) -> i32 {
        let expected = self.expected;
        let difference = self.take_in_high(code);
        (expected + difference).clamp(-16_384, 16_383)
    }

    fn take_in_high(&mut self, code: u8) -> i32 {
        let code = usize::from(code);
        let difference = (self.scale * HIGH_LEVELS[code]) >> 15;
        self.rescale(HIGH_GAINS[code], HIGH_LOG_SCALE_MAX, 10);
        self.adapt(difference);
        difference
    }

    /// Clause 3.5: the scale factor follows the size of the codes, and leaks. `octaves`: how far the band's largest is from 1.
    fn rescale(&mut self, gain: i32, log_max: i32, octaves: i32) {
        self.log_scale = (((self.log_scale * 127) >> 7) + gain).clamp(0, log_max);
        let mantissa = ANTILOG[(self.log_scale >> 6) as usize & 31];
        let down = octaves - (self.log_scale >> 11);
        let scale = if down < 0 {
            mantissa << -down
        } else {
            mantissa >> down
        };
        self.scale = scale << 2;
    }

    /// Clause 3.6: the predictor takes in a difference and expects the next sample.
    fn adapt(&mut self, difference: i32) {
        let reconstructed = saturated(self.expected + difference);
        let partly = saturated(self.zeros_expect + difference);

        let is_same = |earlier: i32| (partly < 0) == (earlier < 0);
        let [first, second] = self.poles;
        let push = saturated(first << 2);
        let push = match is_same(self.partly[0]) {
            true => (-push).min(32_767),
            false => push,
        };
        let second = (push >> 7)
            + if is_same(self.partly[1]) { 128 } else { -128 }
            + ((second * 32_512) >> 15);
        let second = second.clamp(-12_288, 12_288);
        let first = if is_same(self.partly[0]) { 192 } else { -192 } + ((first * 32_640) >> 15);
        let bound = saturated(15_360 - second);
        let first = saturated(first).clamp(-bound, bound);

        let step = if difference == 0 { 0 } else { 128 };
        for (zero, earlier) in self.zeros.iter_mut().zip(&self.differences) {
            let step = match (difference < 0) == (*earlier < 0) {
                true => step,
                false => -step,
            };
            *zero = saturated(step + ((*zero * 32_640) >> 15));
        }

        self.poles = [first, second];
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partly = [partly, self.partly[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;

        let by_pole = |pole: i32, sample: i32| (pole * saturated(2 * sample)) >> 15;
        let poles_expect = saturated(
            by_pole(first, self.reconstructed[0]) + by_pole(second, self.reconstructed[1]),
        );
        let zeros_expect = self.zeros.iter().zip(&self.differences);
        self.zeros_expect = saturated(zeros_expect.map(|(b, d)| by_pole(*b, *d)).sum());
        self.expected = saturated(poles_expect + self.zeros_expect);
    }
}

fn saturated(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// One's complement, so that both signs have the same intervals.
fn magnitude(difference: i32) -> i32 {
    if difference < 0 {
        !difference
    } else {
        difference
    }
}

/// Upper ends of the intervals of the low band (table 14), in units of the scale factor.
const LOW_DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
/// The code of each interval (table 16).
const LOW_CODES_NEGATIVE: [u8; 30] = [
    63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
    9, 8, 7, 6, 5, 4,
];
const LOW_CODES_POSITIVE: [u8; 30] = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38,
    37, 36, 35, 34, 33, 32,
];
/// What a code of six bits stands for, and what its upper four do.
const LOW_LEVELS: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
const LOW_LEVELS_OF_FOUR_BITS: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
/// How a code moves the scale factor.
const LOW_GAINS: [i32; 16] = [
    -60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60,
];
const HIGH_LEVELS: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];
const HIGH_GAINS: [i32; 4] = [798, -214, 798, -214];
/// 2048 · 2^(n/32) (table 17).
const ANTILOG: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn random(state: &mut u32) -> i32 {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 16).cast_signed()
    }

    /// Silence, then noise and a triangle wave at four levels, the loudest beyond full scale.
    fn signal() -> Vec<i16> {
        let mut state = 1;
        (0_i32..32_000)
            .map(|n| {
                let noise = random(&mut state) - 32_768;
                let triangle = ((n * 7) % 800 - 400).abs() * 40 - 8_000;
                let level = [0, 64, 8, 1, 2][n as usize / 1_600 % 5];
                if level == 0 {
                    return 0;
                }
                let sample = noise.div_euclid(level).div_euclid(2) + triangle.div_euclid(level);
                saturated(sample) as i16
            })
            .collect()
    }

    fn encoded(samples: &[i16]) -> Vec<u8> {
        let mut encoder = Encoder::default();
        let pairs = samples.as_chunks::<2>().0;
        pairs.iter().map(|pair| encoder.encode(*pair)).collect()
    }

    fn decoded(octets: &[u8]) -> Vec<i16> {
        let mut decoder = Decoder::default();
        octets
            .iter()
            .flat_map(|octet| decoder.decode(*octet))
            .collect()
    }

    /// FNV-1a.
    fn digest(bytes: impl IntoIterator<Item = u8>) -> u64 {
        bytes.into_iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
    }

    #[test]
    fn octets_and_samples_are_those_of_an_independent_codec() {
        // What spandsp 0.0.6 (whose codec passes the vectors of G.722 appendix II) makes of the same signal at 64 kbit/s.
        let octets = encoded(&signal());
        assert_eq!(octets[..4], [0xFA; 4]);
        assert_eq!(
            octets[4_000..4_008],
            [0x5B, 0x31, 0xAC, 0x33, 0x7D, 0xF7, 0x5C, 0xDF]
        );
        assert_eq!(digest(octets.iter().copied()), 0x5899_A515_FDFF_464A);
        let samples = decoded(&octets);
        assert_eq!(
            samples[8_000..8_006],
            [2_162, 6_380, -1_060, -499, 9_817, 6_927]
        );
        let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
        assert_eq!(digest(bytes), 0x6236_18FD_A5C8_2EAB);
    }

    #[test]
    fn any_octets_are_decoded_as_elsewhere() {
        // Compared sample by sample with spandsp's, but for 166 of 32,000 that are limited here and wrap there.
        let mut state = 7;
        let octets: Vec<u8> = (0..16_000)
            .map(|_| (random(&mut state) >> 8) as u8)
            .collect();
        let bytes = decoded(&octets).into_iter().flat_map(i16::to_le_bytes);
        assert_eq!(digest(bytes), 0xE5EE_9005_73E4_A25E);
    }

    #[test]
    fn a_voice_comes_back_with_little_noise() {
        // Two tones in the lower band and one in the upper; the filters take 22 samples.
        let tone = |n: usize, hz: f64| (TAU * hz * n as f64 / 16_000.0).sin();
        let samples: Vec<i16> = (0..16_000)
            .map(|n| {
                (4_000.0 * (tone(n, 440.0) + tone(n, 1_330.0) + tone(n, 5_000.0) / 4.0)) as i16
            })
            .collect();
        let heard = decoded(&encoded(&samples));
        let (mut signal, mut noise) = (0.0, 0.0);
        for (said, heard) in samples.iter().zip(&heard[22..]).skip(1_600) {
            signal += f64::from(*said).powi(2);
            noise += (f64::from(*said) - f64::from(*heard)).powi(2);
        }
        let ratio = 10.0 * (signal / noise).log10();
        assert!(ratio > 20.0, "{ratio} dB");
    }
}
