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
    let (sign, magnitude) = if sample < 0 {
        (
            0x80,
            if sample == i16::MIN {
                i16::MAX
            } else {
                -sample
            },
        )
    } else {
        (0x00, sample)
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
