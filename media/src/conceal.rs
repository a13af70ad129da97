//! Sound in the place of what was lost: the last period of what was heard, said again and fading (the idea of ITU-T G.711
//! appendix I), joined to what follows.

/// What is remembered: 40 ms.
const MEMORY: usize = 320;
/// A voice's period: 2.5 to 15 ms (66 to 400 Hz).
const PERIOD: std::ops::RangeInclusive<usize> = 20..=120;
/// Over this stretch two periods are compared: 10 ms.
const COMPARED: usize = 80;
/// After 60 ms nothing is left of it.
const FADE: i32 = 480;
/// The repeated and the new are blended over 4 ms.
const BLEND: usize = 32;

/// The end of one stream's sound.
#[derive(Debug, Clone)]
pub(crate) struct Concealer {
    memory: [i16; MEMORY],
}

impl Default for Concealer {
    fn default() -> Self {
        Self {
            memory: [0; MEMORY],
        }
    }
}

impl Concealer {
    /// Fills `lost`, which came between what was heard before and `sound`, and remembers the end of `sound`.
    pub(crate) fn fill(&mut self, lost: &mut [i16], sound: &mut [i16]) {
        if !lost.is_empty() {
            let last = &self.memory[MEMORY - self.period()..];
            let repeated = |index: usize| {
                let sample = i32::from(last[index % last.len()]);
                (sample * (FADE - index as i32).max(0) / FADE) as i16
            };
            for (index, sample) in lost.iter_mut().enumerate() {
                *sample = repeated(index);
            }
            let blended = BLEND.min(sound.len());
            for (index, sample) in sound[..blended].iter_mut().enumerate() {
                let (old, new) = (i32::from(repeated(lost.len() + index)), i32::from(*sample));
                let share = index as i32;
                *sample = ((old * (BLEND as i32 - share) + new * share) / BLEND as i32) as i16;
            }
        }
        let kept = sound.len().min(MEMORY);
        self.memory.copy_within(kept.., 0);
        self.memory[MEMORY - kept..].copy_from_slice(&sound[sound.len() - kept..]);
    }

    /// How long ago the last 10 ms were most like themselves.
    fn period(&self) -> usize {
        let end = &self.memory[MEMORY - COMPARED..];
        let likeness = |period: usize| {
            let earlier = &self.memory[MEMORY - COMPARED - period..MEMORY - period];
            let products = end.iter().zip(earlier);
            let both: i64 = products.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
            let energy: i64 = earlier.iter().map(|sample| i64::from(*sample).pow(2)).sum();
            both as f64 / (energy.max(1) as f64).sqrt()
        };
        PERIOD
            .max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)))
            .expect("there are periods")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn a_lost_frame_of_a_voice_is_like_the_voice_and_a_long_loss_fades() {
        // 200 Hz and two harmonics.
        let voice: Vec<i16> = (0..1_600)
            .map(|n| {
                let wave = |k: f64| (TAU * 200.0 * k * n as f64 / 8_000.0).sin();
                (3_000.0 * (wave(1.0) + wave(2.0) / 2.0 + wave(3.0) / 3.0)) as i16
            })
            .collect();
        let mut concealer = Concealer::default();
        concealer.fill(&mut [], &mut voice[..480].to_vec());
        let (mut lost, mut sound) = ([0; 160], voice[640..800].to_vec());
        concealer.fill(&mut lost, &mut sound);
        let energy = |samples: &[i16]| -> f64 {
            samples
                .iter()
                .map(|sample| f64::from(*sample).powi(2))
                .sum()
        };
        let wrong: Vec<i16> = lost.iter().zip(&voice[480..]).map(|(a, b)| a - b).collect();
        assert!(energy(&wrong) < energy(&voice[480..640]) / 10.0);
        assert_eq!(sound[BLEND..], voice[640 + BLEND..800]);

        let mut long = [0; 480];
        concealer.fill(&mut long, &mut []);
        assert!(energy(&long[400..]) < energy(&long[..80]) / 30.0);
    }

    #[test]
    fn silence_and_full_scale_are_no_trouble() {
        let mut concealer = Concealer::default();
        let (mut lost, mut sound) = ([1; 480], [i16::MIN; 400]);
        concealer.fill(&mut lost, &mut sound);
        assert_eq!(lost, [0; 480]);
        concealer.fill(&mut lost, &mut [i16::MAX]);
        concealer.fill(&mut lost, &mut []);
        assert_eq!(lost[479], lost[479].clamp(-100, 100));
    }
}
