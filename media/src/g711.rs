//! G.711: A-law (PCMA) and µ-law (PCMU) by tables computed at compile time from the segment rules of ITU-T G.711.
//!
//! Samples are linear 16-bit; A-law codes 13 of those bits, µ-law 14. Transcoding between the laws goes through the
//! linear value, which is what the ITU's own conversion tables do to within one quantisation step.

/// One of the two G.711 companding laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// PCMA, static payload type 8.
    A,
    /// PCMU, static payload type 0.
    Mu,
}

impl Law {
    /// RFC 3551 table 4.
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::A => 8,
            Self::Mu => 0,
        }
    }

    /// The code of the sample 0.
    pub const fn silence(self) -> u8 {
        match self {
            Self::A => 0xD5,
            Self::Mu => 0xFF,
        }
    }

    /// The linear value of one code.
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::A => A_TO_LINEAR[code as usize],
            Self::Mu => MU_TO_LINEAR[code as usize],
        }
    }

    /// The code nearest to one linear value.
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::A => a_encode(sample),
            Self::Mu => mu_encode(sample),
        }
    }

    /// Decodes `codes` into `samples`, as far as the shorter of the two reaches.
    pub fn decode_slice(self, codes: &[u8], samples: &mut [i16]) {
        let table = match self {
            Self::A => &A_TO_LINEAR,
            Self::Mu => &MU_TO_LINEAR,
        };
        for (sample, code) in samples.iter_mut().zip(codes) {
            *sample = table[usize::from(*code)];
        }
    }

    /// Encodes `samples` into `codes`, as far as the shorter of the two reaches.
    pub fn encode_slice(self, samples: &[i16], codes: &mut [u8]) {
        for (code, sample) in codes.iter_mut().zip(samples) {
            *code = self.encode(*sample);
        }
    }

    /// Turns codes of this law into codes of `other`, in place.
    pub fn transcode(self, other: Self, codes: &mut [u8]) {
        let table = match (self, other) {
            (Self::A, Self::Mu) => &A_TO_MU,
            (Self::Mu, Self::A) => &MU_TO_A,
            (Self::A, Self::A) | (Self::Mu, Self::Mu) => return,
        };
        for code in codes {
            *code = table[usize::from(*code)];
        }
    }
}

static A_TO_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = a_decode(code as u8);
        code += 1;
    }
    table
};

static MU_TO_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = mu_decode(code as u8);
        code += 1;
    }
    table
};

static A_TO_MU: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = mu_encode(a_decode(code as u8));
        code += 1;
    }
    table
};

static MU_TO_A: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = a_encode(mu_decode(code as u8));
        code += 1;
    }
    table
};

/// Even bits are inverted on the wire (G.711 table 1a, note 2).
const A_TOGGLE: u8 = 0x55;

const fn a_decode(code: u8) -> i16 {
    let code = code ^ A_TOGGLE;
    let segment = (code >> 4) & 7;
    let step = ((code & 0x0F) as i16) << 4;
    let magnitude = match segment {
        0 => step + 8,
        1 => step + 0x108,
        _ => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }
}

const fn a_encode(sample: i16) -> u8 {
    // Thirteen bits: the three lowest are below A-law's finest step.
    let (sign, magnitude) = if sample >= 0 {
        (0x80, sample as u16 >> 3)
    } else {
        (0x00, !(sample as u16) >> 3)
    };
    // `magnitude` has 12 bits; segment 0 and 1 share the finest step.
    let code = if magnitude < 32 {
        magnitude >> 1
    } else {
        let segment = 15 - magnitude.leading_zeros() - 4;
        ((segment as u16) << 4) | ((magnitude >> segment) & 0x0F)
    };
    (sign | code as u8) ^ A_TOGGLE
}

/// Added before the logarithm so that every segment begins at a power of two.
const MU_BIAS: i16 = 0x84;
const MU_CLIP: i16 = 32_635;

const fn mu_decode(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let magnitude = (((((code & 0x0F) as i16) << 3) + MU_BIAS) << segment) - MU_BIAS;
    if code & 0x80 != 0 {
        -magnitude
    } else {
        magnitude
    }
}

const fn mu_encode(sample: i16) -> u8 {
    // One's complement as in A-law, so that both halves have the same steps.
    let (sign, magnitude) = if sample >= 0 {
        (0x00, sample)
    } else {
        (0x80, !sample)
    };
    let magnitude = if magnitude > MU_CLIP {
        MU_CLIP
    } else {
        magnitude
    } + MU_BIAS;
    let segment = 8 - (magnitude as u16).leading_zeros() as u8;
    let step = ((magnitude >> (segment + 3)) & 0x0F) as u8;
    !(sign | (segment << 4) | step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoder_outputs_are_those_of_g711_tables_1_and_2() {
        // Decoder output values at both ends of every segment, scaled to 16 bits (A-law × 8, µ-law × 4).
        let a = [
            (0xD5, 8),
            (0xDA, 248),
            (0xC5, 264),
            (0xCA, 504),
            (0xF5, 528),
            (0xFA, 1_008),
            (0xE5, 1_056),
            (0xEA, 2_016),
            (0x95, 2_112),
            (0x9A, 4_032),
            (0x85, 4_224),
            (0x8A, 8_064),
            (0xB5, 8_448),
            (0xBA, 16_128),
            (0xA5, 16_896),
            (0xAA, 32_256),
        ];
        let mu = [
            (0xFF, 0),
            (0xF0, 120),
            (0xEF, 132),
            (0xE0, 372),
            (0xDF, 396),
            (0xD0, 876),
            (0xCF, 924),
            (0xC0, 1_884),
            (0xBF, 1_980),
            (0xB0, 3_900),
            (0xAF, 4_092),
            (0xA0, 7_932),
            (0x9F, 8_316),
            (0x90, 15_996),
            (0x8F, 16_764),
            (0x80, 32_124),
        ];
        for (law, table) in [(Law::A, a), (Law::Mu, mu)] {
            for (code, value) in table {
                assert_eq!(law.decode(code), value, "{law:?} {code:#x}");
                assert_eq!(law.decode(code ^ 0x80), -value, "{law:?} {code:#x}");
            }
        }
    }

    #[test]
    fn every_code_survives_a_round_trip() {
        for code in 0..=u8::MAX {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code);
            // µ-law has two zeros; the negative one becomes the positive.
            let expected = if code == 0x7F { 0xFF } else { code };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(code)), expected);
        }
    }

    #[test]
    fn every_sample_is_coded_in_order_and_to_within_half_a_step() {
        for law in [Law::A, Law::Mu] {
            let mut before = i32::from(i16::MIN);
            for sample in i16::MIN..=i16::MAX {
                let coded = i32::from(law.decode(law.encode(sample)));
                let sample = i32::from(sample);
                assert!(coded >= before, "{law:?} {sample}");
                // Sixteen steps a segment, and each segment begins at half its end.
                assert!(
                    (coded - sample).abs() <= sample.abs() / 31 + 8,
                    "{law:?} {sample}"
                );
                before = coded;
            }
        }
    }

    #[test]
    fn decision_values_are_those_of_g711_tables_1a_and_2a() {
        // The least sample of a code in the middle of each segment, scaled to 16 bits, and the code below it.
        let a = [
            (16, 0xD4, 0xD5),
            (512, 0xF5, 0xCA),
            (1_024, 0xE5, 0xFA),
            (16_384, 0xA5, 0xBA),
            (31_744, 0xAA, 0xAB),
        ];
        for (sample, code, below) in a {
            assert_eq!(
                (Law::A.encode(sample), Law::A.encode(sample - 1)),
                (code, below)
            );
        }
        let mu = [
            (4, 0xFE, 0xFF),
            (124, 0xEF, 0xF0),
            (892, 0xCF, 0xD0),
            (16_252, 0x8F, 0x90),
            (31_612, 0x80, 0x81),
        ];
        for (sample, code, below) in mu {
            assert_eq!(
                (Law::Mu.encode(sample), Law::Mu.encode(sample - 1)),
                (code, below),
                "{sample}"
            );
        }
    }

    #[test]
    fn sound_in_the_other_law_is_the_same_to_within_its_steps() {
        for code in 0..=u8::MAX {
            for (from, to) in [(Law::A, Law::Mu), (Law::Mu, Law::A)] {
                let mut codes = [code];
                from.transcode(to, &mut codes);
                let (before, after) = (from.decode(code), to.decode(codes[0]));
                let step = (i32::from(before).abs() / 16).max(8);
                assert!((i32::from(before) - i32::from(after)).abs() <= step);
            }
        }
        let mut silence = [Law::A.silence(), Law::Mu.silence()];
        Law::A.transcode(Law::A, &mut silence);
        assert_eq!(silence, [Law::A.silence(), Law::Mu.silence()]);
    }
}
