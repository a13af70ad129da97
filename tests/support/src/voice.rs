//! How a test phone's sound is coded, and kept from other ears. Opus and SRTP are others' code; G.722 is the server's own, whose
//! octets its unit tests compare with an independent codec's.

use std::sync::Mutex;

use hotline_media::g722;
use opus_pure::{Application, OpusDecoder, OpusEncoder};
use rtc_dtls::crypto_provider::default_provider;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::sound::{alaw, from_alaw};

/// Samples in 20 ms.
pub(crate) const FRAME: usize = 160;

/// The one codec that a phone speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Codec {
    #[default]
    Pcma,
    G722,
    /// With keys on its own clock, as browsers have them.
    Opus,
}

/// What a phone says of its sound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Voice {
    pub codec: Codec,
    /// `RTP/SAVP` with a key in the description (RFC 4568), and nothing else.
    pub srtp: bool,
}

/// Our key; a real phone has another for each call.
const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const KEY_BYTES: &[u8; 30] = b"YS___semctl () {\t220;}\n}\nunles";

impl Codec {
    pub(crate) fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// Of the RTP clock in 20 ms.
    pub(crate) fn ticks(self) -> u32 {
        match self {
            Self::Pcma | Self::G722 => 160,
            Self::Opus => 960,
        }
    }

    /// Sound as packets' payloads.
    pub(crate) fn frames(self, samples: &[i16]) -> Vec<Vec<u8>> {
        let frames = samples.chunks_exact(FRAME);
        match self {
            Self::Pcma => frames
                .map(|frame| frame.iter().map(|sample| alaw(*sample)).collect())
                .collect(),
            Self::G722 => {
                let mut encoder = g722::Encoder::default();
                frames
                    .map(|frame| frame.iter().map(|s| encoder.encode([*s; 2])).collect())
                    .collect()
            }
            Self::Opus => {
                let mut encoder =
                    OpusEncoder::new(8_000, 1, Application::Voip).expect("a rate of Opus");
                let mut packet = [0; 1_275];
                let encode = |frame| {
                    let length = encoder.encode_s16(frame, FRAME, &mut packet);
                    packet[..length.expect("a frame is coded")].to_vec()
                };
                frames.map(encode).collect()
            }
        }
    }

    pub(crate) fn ear(self) -> Ear {
        match self {
            Self::Pcma => Ear::Pcma,
            Self::G722 => Ear::G722(Box::default()),
            Self::Opus => Ear::Opus(Box::new(
                OpusDecoder::new(8_000, 1).expect("a rate of Opus"),
            )),
        }
    }
}

/// Decodes what a phone gets, packet by packet.
pub(crate) enum Ear {
    Pcma,
    G722(Box<g722::Decoder>),
    Opus(Box<OpusDecoder>),
}

impl Ear {
    pub(crate) fn hear(&mut self, payload: &[u8]) -> Vec<i16> {
        match self {
            Self::Pcma => payload.iter().map(|code| from_alaw(*code)).collect(),
            Self::G722(decoder) => payload
                .iter()
                .map(|octet| {
                    let [older, newer] = decoder.decode(*octet).map(i32::from);
                    ((older + newer) / 2) as i16
                })
                .collect(),
            Self::Opus(decoder) => {
                let mut samples = [0; 960];
                let length = decoder.decode_s16(payload, 960, &mut samples);
                samples[..length.expect("the server sends Opus")].to_vec()
            }
        }
    }
}

impl Voice {
    /// The description of a phone that receives at `port`.
    pub(crate) fn sdp(self, port: u16) -> String {
        let (codec, keys, clock) = match self.codec {
            Codec::Pcma => ("8 PCMA/8000", 101, 8_000),
            Codec::G722 => ("9 G722/8000", 101, 8_000),
            Codec::Opus => ("111 opus/48000/2", 110, 48_000),
        };
        let number = self.codec.payload_type();
        let (profile, crypto) = match self.srtp {
            false => ("RTP/AVP", String::new()),
            true => (
                "RTP/SAVP",
                format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"),
            ),
        };
        format!(
            "v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} {profile} {number} {keys}\r\na=rtpmap:{codec}\r\n\
             a=rtpmap:{keys} telephone-event/{clock}\r\n{crypto}a=ptime:20\r\na=sendrecv\r\n"
        )
    }
}

/// SRTP both ways, or nothing.
pub(crate) struct Seal(Option<Mutex<(Context, Context)>>);

impl Seal {
    /// For the answer or offer that the other side gave.
    pub(crate) fn with(voice: Voice, sdp: &str) -> Self {
        if !voice.srtp {
            return Self(None);
        }
        let inline = sdp
            .lines()
            .find_map(|line| line.strip_prefix("a=crypto:"))
            .and_then(|line| line.split_once("inline:"));
        let (_, inline) = inline.unwrap_or_else(|| panic!("no key in {sdp}"));
        let theirs = base64(inline.split('|').next().expect("a first part").trim());
        Self(Some(Mutex::new((context(KEY_BYTES), context(&theirs)))))
    }

    pub(crate) fn seal(&self, packet: Vec<u8>) -> Vec<u8> {
        match &self.0 {
            None => packet,
            Some(contexts) => {
                let sealing = &mut contexts.lock().expect("no panic holds this").0;
                sealing.encrypt_rtp(&packet).expect("it is sealed").to_vec()
            }
        }
    }

    /// `None` for what was not sealed for us.
    pub(crate) fn open(&self, packet: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            None => Some(packet.to_vec()),
            Some(contexts) => {
                let opening = &mut contexts.lock().expect("no panic holds this").1;
                opening.decrypt_rtp(packet).ok().map(|plain| plain.to_vec())
            }
        }
    }
}

fn context(key: &[u8]) -> Context {
    let (master, salt) = key.split_at(16);
    let profile = ProtectionProfile::Aes128CmHmacSha1_80;
    let provider = default_provider().expect("there is one");
    Context::new(master, salt, profile, None, None, provider.crypto()).expect("a context")
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |digit: u8| DIGITS.iter().position(|d| *d == digit).unwrap_or(0) as u32;
    let digits: Vec<u8> = text.bytes().filter(|digit| *digit != b'=').collect();
    let bytes = digits.chunks_exact(4).flat_map(|four| {
        let bits = four.iter().fold(0, |bits, digit| bits << 6 | value(*digit));
        [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_key_is_what_we_say() {
        assert_eq!(base64(KEY), KEY_BYTES);
    }
}
