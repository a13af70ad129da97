//! Prompts: sound encoded once for each law and shared by all who play it. Reads the one kind of WAV a prompt is:
//! mono, 8 kHz, 16-bit PCM.

use crate::g711::Law;

/// Samples in a packet of 20 ms.
pub const FRAME: usize = 160;

/// The longest prompt accepted: ten minutes. A larger file is a mistake, not a prompt.
const SAMPLES_MAX: usize = 8_000 * 600;

/// Why a file is no prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    #[error("not a RIFF/WAVE file")]
    NotWave,
    #[error("cut short")]
    Truncated,
    #[error(
        "must be mono 16-bit PCM at 8000 Hz, is format {format}, {channels} channels, {bits} bits, {rate} Hz"
    )]
    WrongFormat {
        format: u16,
        channels: u16,
        bits: u16,
        rate: u32,
    },
    #[error("holds no sound")]
    Empty,
    #[error("longer than ten minutes")]
    TooLong,
}

/// One audio, whole frames of 20 ms (the last padded with silence), ready to send in either law.
pub struct Prompt {
    a: Box<[u8]>,
    mu: Box<[u8]>,
}

impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prompt({} ms)", self.duration_ms())
    }
}

impl Prompt {
    /// Reads a WAV file's bytes.
    pub fn from_wav(bytes: &[u8]) -> Result<Self, PromptError> {
        Self::from_samples(&wav_samples(bytes)?)
    }

    /// Takes samples at 8 kHz.
    pub fn from_samples(samples: &[i16]) -> Result<Self, PromptError> {
        if samples.is_empty() {
            return Err(PromptError::Empty);
        }
        if samples.len() > SAMPLES_MAX {
            return Err(PromptError::TooLong);
        }
        let encoded = |law: Law| {
            let mut codes = vec![law.silence(); samples.len().next_multiple_of(FRAME)];
            law.encode_slice(samples, &mut codes);
            codes.into_boxed_slice()
        };
        Ok(Self {
            a: encoded(Law::A),
            mu: encoded(Law::Mu),
        })
    }

    /// How many 20 ms frames it has; at least one.
    pub fn frames(&self) -> usize {
        self.a.len() / FRAME
    }

    /// How long it plays.
    pub fn duration_ms(&self) -> u64 {
        self.frames() as u64 * 20
    }

    /// One frame's codes.
    pub fn frame(&self, law: Law, index: usize) -> Option<&[u8]> {
        let codes = match law {
            Law::A => &self.a,
            Law::Mu => &self.mu,
        };
        codes.get(index * FRAME..(index + 1) * FRAME)
    }
}

fn wav_samples(bytes: &[u8]) -> Result<Vec<i16>, PromptError> {
    let u16_at = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|b| u16::from_le_bytes([b[0], b[1]]))
    };
    let u32_at = |at: usize| {
        bytes
            .get(at..at + 4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    };
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(PromptError::NotWave);
    }
    let mut at = 12;
    let mut format_seen = false;
    loop {
        let (Some(tag), Some(size)) = (bytes.get(at..at + 4), u32_at(at + 4)) else {
            return Err(PromptError::Truncated);
        };
        let (body, size) = (at + 8, size as usize);
        if tag == b"fmt " {
            let (Some(format), Some(channels), Some(rate), Some(bits)) = (
                u16_at(body),
                u16_at(body + 2),
                u32_at(body + 4),
                u16_at(body + 14),
            ) else {
                return Err(PromptError::Truncated);
            };
            if (format, channels, bits, rate) != (1, 1, 16, 8_000) {
                return Err(PromptError::WrongFormat {
                    format,
                    channels,
                    bits,
                    rate,
                });
            }
            format_seen = true;
        } else if tag == b"data" && format_seen {
            let end = body.checked_add(size).ok_or(PromptError::Truncated)?;
            let data = bytes.get(body..end).ok_or(PromptError::Truncated)?;
            return Ok(data
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect());
        }
        // RIFF chunks are padded to an even length.
        at = body
            .checked_add(size.next_multiple_of(2))
            .ok_or(PromptError::Truncated)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wav(channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut wav = b"RIFF\0\0\0\0WAVE".to_vec();
        // A chunk of odd length that means nothing to us, with its padding.
        wav.extend(b"LIST\x03\0\0\0abc\0");
        wav.extend(b"fmt \x10\0\0\0\x01\0");
        wav.extend(channels.to_le_bytes());
        wav.extend(rate.to_le_bytes());
        wav.extend((rate * 2).to_le_bytes());
        wav.extend([2, 0]);
        wav.extend(bits.to_le_bytes());
        wav.extend(b"data");
        wav.extend((data.len() as u32).to_le_bytes());
        wav.extend(data);
        wav
    }

    #[test]
    fn a_prompt_is_whole_frames_in_both_laws() {
        let samples: Vec<u8> = [1_000_i16; 200]
            .iter()
            .flat_map(|s| s.to_le_bytes())
            .collect();
        let prompt = Prompt::from_wav(&wav(1, 8_000, 16, &samples)).unwrap();
        assert_eq!((prompt.frames(), prompt.duration_ms()), (2, 40));
        for law in [Law::A, Law::Mu] {
            let frame = prompt.frame(law, 1).unwrap();
            assert_eq!(frame[39], law.encode(1_000));
            assert_eq!(frame[40..], [law.silence(); 120]);
            assert_eq!(prompt.frame(law, 2), None);
        }
    }

    #[test]
    fn a_file_that_is_no_prompt_is_refused_with_its_reason() {
        let two = [0; 2];
        let wrong = Prompt::from_wav(&wav(2, 44_100, 16, &two)).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "must be mono 16-bit PCM at 8000 Hz, is format 1, 2 channels, 16 bits, 44100 Hz"
        );
        let refusals = [
            (b"OggS".to_vec(), PromptError::NotWave),
            (wav(1, 8_000, 16, &[]), PromptError::Empty),
            (
                wav(1, 8_000, 16, &two)[..40].to_vec(),
                PromptError::Truncated,
            ),
            (
                wav(1, 8_000, 16, &vec![0; SAMPLES_MAX * 2 + 2]),
                PromptError::TooLong,
            ),
        ];
        for (bytes, reason) in refusals {
            assert_eq!(Prompt::from_wav(&bytes).unwrap_err(), reason);
        }
    }

    proptest! {
        #[test]
        fn hostile_files_never_panic(noise in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..80) {
            let mut bytes = wav(1, 8_000, 16, &noise);
            bytes.truncate(cut);
            bytes.extend(&noise);
            let _ = Prompt::from_wav(&bytes);
        }
    }
}
