//! Sound for test phones: G.711 A-law written out independently of the server's tables (ITU-T G.711), tones, and the
//! question "is this tone in there?" (Goertzel).

use std::f64::consts::TAU;

pub const RATE: f64 = 8_000.0;

/// One second and more of a pure tone at a comfortable level, as samples.
pub fn tone(hz: f64, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| ((TAU * hz * n as f64 / RATE).sin() * 8_000.0) as i16)
        .collect()
}

/// A citizen's report in Mandarin, as samples.
pub fn citizen_speech() -> Vec<i16> {
    let wav: &[u8] = include_bytes!("../sound/citizen.wav");
    let mut reader = hound::WavReader::new(wav).expect("a sound WAV is kept beside the code");
    reader
        .samples()
        .collect::<Result<_, _>>()
        .expect("whole samples")
}

/// How alike two sounds are, best over all shifts of `said` against `heard` up to `shift_max` samples: 1 for the same
/// sound, near 0 for others (normalised cross-correlation).
pub fn likeness(said: &[i16], heard: &[i16], shift_max: usize) -> f64 {
    let power = |samples: &[i16]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    (0..shift_max.min(heard.len().saturating_sub(said.len())))
        .map(|shift| {
            let window = &heard[shift..shift + said.len()];
            let dot: f64 = said
                .iter()
                .zip(window)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            dot / (power(said) * power(window)).sqrt().max(1.0)
        })
        .fold(0.0, f64::max)
}

/// The power of `hz` in `samples`, as a share of all power: near 1 for that pure tone, near 0 for anything else.
pub fn share_of(hz: f64, samples: &[i16]) -> f64 {
    let total: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    if samples.is_empty() || total < samples.len() as f64 * 100.0 {
        // Silence, or the noise of a quiet line: nothing is in there.
        return 0.0;
    }
    let coefficient = 2.0 * (TAU * hz / RATE).cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for sample in samples {
        let s0 = f64::from(*sample) + coefficient * s1 - s2;
        s2 = s1;
        s1 = s0;
    }
    let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    2.0 * power / (total * samples.len() as f64)
}

/// A-law code of one 16-bit sample (ITU-T G.711, 13 bits, even bits inverted).
pub fn alaw(sample: i16) -> u8 {
    let value = i32::from(sample);
    let (sign, magnitude) = if value >= 0 {
        (0x80_u8, value)
    } else {
        (0x00, -value - 1)
    };
    let magnitude = (magnitude >> 4).min(0x7FF) as u32;
    let code = if magnitude < 32 {
        (magnitude >> 1) as u8
    } else {
        let exponent = 31 - magnitude.leading_zeros() - 4;
        ((exponent << 4) | ((magnitude >> exponent) & 0x0F)) as u8
    };
    (sign | code) ^ 0x55
}

/// The sample of one A-law code.
pub fn from_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let exponent = (code >> 4) & 7;
    let mantissa = i32::from(code & 0x0F);
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    (if code & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_survives_the_law_and_is_told_from_another() {
        let heard: Vec<i16> = tone(440.0, 4_000)
            .into_iter()
            .map(|s| from_alaw(alaw(s)))
            .collect();
        assert!(share_of(440.0, &heard) > 0.9);
        assert!(share_of(700.0, &heard) < 0.05);
    }
}
