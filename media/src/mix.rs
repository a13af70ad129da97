//! What one listener hears of several: the sum of the others, held to 16 bits. Each listener has a mix of its own, so N − 1
//! needs no subtraction and a whisper is simply not in the citizen's sum.

use crate::g711::Law;
use crate::prompt::FRAME;

/// One listener's 20 ms, summed up.
#[derive(Debug, Clone)]
pub struct Mix(pub [i32; FRAME]);

impl Default for Mix {
    fn default() -> Self {
        Self([0; FRAME])
    }
}

impl Mix {
    /// Adds a prompt's frame.
    pub fn add_codes(&mut self, law: Law, codes: &[u8]) {
        for (sum, code) in self.0.iter_mut().zip(codes) {
            *sum += i32::from(law.decode(*code));
        }
    }

    /// The frame to encode. Two people rarely shout at once: clipping is heard less than a lower level all the time.
    pub fn samples(&self) -> [i16; FRAME] {
        self.0
            .map(|sum| sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loud_voices_together_clip_and_do_not_wrap() {
        let mut mix = Mix::default();
        for _ in 0..3 {
            mix.add_codes(Law::A, &[Law::A.encode(30_000); FRAME]);
        }
        assert!(mix.samples()[0] > 32_000);
    }
}
