//! SRTP and SRTCP (RFC 3711; AES-256: RFC 6188; GCM: RFC 7714), in place and without allocating: [`Seal`] for what is sent,
//! [`Open`] for what is received. Key derivation rate 0, no MKI, SRTCP always encrypted, as SDES and DTLS-SRTP agree on it.
//!
//! What is received changes no state before its tag has been verified, and no packet is taken twice. What is sent never uses
//! an index twice: with counter mode that would give away what was said, with GCM the key.

use std::fmt;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use crate::rtp;
use crate::security::{SrtpKey, Suite};

/// How much longer a packet gets: the tag, and SRTCP's index.
pub const OVERHEAD_MAX: usize = 16 + INDEX_LEN;

/// E flag and index after an SRTCP packet (RFC 3711 §3.4).
const INDEX_LEN: usize = 4;
const ENCRYPTED: u32 = 0x8000_0000;
/// The first report's header and SSRC stay readable.
const RTCP_CLEAR: usize = 8;
const GCM_TAG_LEN: usize = 16;
/// SRTCP's HMAC tag, whatever SRTP's is (RFC 4568 §6.2.2, RFC 6188 §3).
const RTCP_TAG_LEN: usize = 10;

/// SSRCs one far side may use under one key. A phone takes a new one when it is put on hold, say; each has its own memory of what
/// came, which may not be forgotten, or it could all be played again.
const STREAMS_MAX: usize = 64;

/// Why a packet was not taken or not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("not an SRTP packet")]
    Malformed,
    #[error("the packet's tag is wrong")]
    Forged,
    /// Taken or sent before, or too old to tell.
    #[error("the packet was seen before")]
    Replayed,
    #[error("too many streams, or too many packets, under one key")]
    Exhausted,
}

/// Protects what is sent.
pub struct Seal {
    keys: Keys,
    streams: Streams,
    next_rtcp: u32,
}

/// Verifies and decrypts what is received.
pub struct Open {
    keys: Keys,
    streams: Streams,
    rtcp: Streams,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

impl Seal {
    pub fn new(key: &SrtpKey) -> Self {
        Self {
            keys: Keys::derive(key),
            streams: Streams::default(),
            next_rtcp: 1,
        }
    }

    /// Protects the RTP packet in the first `length` bytes; [`OVERHEAD_MAX`] more must be there. Returns its new length.
    pub fn rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Refused> {
        let header = header(buffer.get(..length).ok_or(Refused::Malformed)?)?;
        let place = self.streams.place(header.ssrc, header.sequence)?;
        let length = self.keys.rtp.seal(buffer, length, header, place.index)?;
        self.streams.take(header.ssrc, place);
        Ok(length)
    }

    /// Protects the RTCP packet in the first `length` bytes; [`OVERHEAD_MAX`] more must be there. Returns its new length.
    pub fn rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Refused> {
        let index = self.next_rtcp;
        if index >= ENCRYPTED {
            return Err(Refused::Exhausted);
        }
        let ssrc = rtcp_ssrc(buffer.get(..length).ok_or(Refused::Malformed)?)?;
        self.next_rtcp += 1;
        self.keys.rtcp.seal_rtcp(buffer, length, ssrc, index)
    }
}

impl Open {
    pub fn new(key: &SrtpKey) -> Self {
        Self {
            keys: Keys::derive(key),
            streams: Streams::default(),
            rtcp: Streams::default(),
        }
    }

    /// Verifies and decrypts an RTP packet. Returns its length; what is behind that is no part of it.
    pub fn rtp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let header = header(packet)?;
        let place = self.streams.place(header.ssrc, header.sequence)?;
        let length = self.keys.rtp.open(packet, header, place.index)?;
        self.streams.take(header.ssrc, place);
        Ok(length)
    }

    /// Verifies and decrypts an RTCP packet. Returns its length.
    pub fn rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let ssrc = rtcp_ssrc(packet)?;
        let (word_at, word) = self.keys.rtcp.index_word(packet)?;
        if word & ENCRYPTED == 0 {
            // Unencrypted SRTCP was not agreed on by anybody.
            return Err(Refused::Malformed);
        }
        let index = word & !ENCRYPTED;
        let place = self.rtcp.place_at(ssrc, u64::from(index))?;
        let length = self.keys.rtcp.open_rtcp(packet, word_at, ssrc, index)?;
        self.rtcp.take(ssrc, place);
        Ok(length)
    }
}

/// What of the RTP header is needed here.
#[derive(Clone, Copy)]
struct Header {
    /// Up to here a packet stays readable: CSRCs and extension included.
    length: usize,
    sequence: u16,
    ssrc: u32,
}

fn header(packet: &[u8]) -> Result<Header, Refused> {
    let length = rtp::header_len(packet).map_err(|rtp::Malformed| Refused::Malformed)?;
    Ok(Header {
        length,
        sequence: u16::from_be_bytes([packet[2], packet[3]]),
        ssrc: u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]),
    })
}

fn rtcp_ssrc(packet: &[u8]) -> Result<u32, Refused> {
    match packet.first_chunk::<RTCP_CLEAR>() {
        Some([first, .., a, b, c, d]) if first >> 6 == 2 => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        Some(_) | None => Err(Refused::Malformed),
    }
}

/// What has passed, by SSRC.
#[derive(Default)]
struct Streams(Vec<Stream>);

struct Stream {
    ssrc: u32,
    /// Highest index so far.
    highest: u64,
    /// Bit n: the index n below the highest has passed.
    seen: u128,
}

/// A packet's place in its stream, not yet taken.
#[derive(Clone, Copy)]
struct Place {
    /// Among the streams; `None` for a new one.
    stream: Option<usize>,
    index: u64,
}

impl Streams {
    /// Where an RTP packet belongs: its 48-bit index guessed from 16 bits (RFC 3711 §3.3.1).
    fn place(&self, ssrc: u32, sequence: u16) -> Result<Place, Refused> {
        match self.find(ssrc) {
            Some(stream) => self.vacant(stream, guess(self.0[stream].highest, sequence)),
            None => self.fresh(u64::from(sequence)),
        }
    }

    /// Where a packet with an explicit index belongs.
    fn place_at(&self, ssrc: u32, index: u64) -> Result<Place, Refused> {
        match self.find(ssrc) {
            Some(stream) => self.vacant(stream, index),
            None => self.fresh(index),
        }
    }

    fn find(&self, ssrc: u32) -> Option<usize> {
        self.0.iter().rposition(|stream| stream.ssrc == ssrc)
    }

    fn fresh(&self, index: u64) -> Result<Place, Refused> {
        if self.0.len() >= STREAMS_MAX {
            return Err(Refused::Exhausted);
        }
        Ok(Place {
            stream: None,
            index,
        })
    }

    fn vacant(&self, stream: usize, index: u64) -> Result<Place, Refused> {
        let Stream { highest, seen, .. } = self.0[stream];
        let is_vacant = index > highest || {
            let behind = highest - index;
            behind < u64::from(u128::BITS) && seen >> behind & 1 == 0
        };
        is_vacant
            .then_some(Place {
                stream: Some(stream),
                index,
            })
            .ok_or(Refused::Replayed)
    }

    /// The packet was genuine.
    fn take(&mut self, ssrc: u32, place: Place) {
        let Some(stream) = place.stream else {
            self.0.push(Stream {
                ssrc,
                highest: place.index,
                seen: 1,
            });
            return;
        };
        let stream = &mut self.0[stream];
        if place.index > stream.highest {
            let ahead = place.index - stream.highest;
            let shifted = u32::try_from(ahead)
                .ok()
                .and_then(|ahead| stream.seen.checked_shl(ahead));
            stream.seen = shifted.unwrap_or(0) | 1;
            stream.highest = place.index;
        } else {
            stream.seen |= 1 << (stream.highest - place.index);
        }
    }
}

/// The index nearest to the highest so far that ends in this sequence number.
fn guess(highest: u64, sequence: u16) -> u64 {
    let same = (highest & !0xFFFF) | u64::from(sequence);
    let (last, sequence) = (highest as u16, sequence);
    if last < 0x8000 && sequence.saturating_sub(last) > 0x8000 {
        // Before the wrap; where there was none, a leap ahead.
        same.checked_sub(0x1_0000).unwrap_or(same)
    } else if last >= 0x8000 && sequence < last - 0x8000 {
        same + 0x1_0000
    } else {
        same
    }
}

/// A direction's session keys.
struct Keys {
    rtp: Cipher,
    rtcp: Cipher,
}

#[expect(
    clippy::large_enum_variant,
    reason = "both are large, and one lives as long as its leg"
)]
enum Cipher {
    Counter {
        key: EncryptingKey,
        salt: [u8; 14],
        auth: hmac::Key,
        tag_len: usize,
    },
    Gcm {
        key: LessSafeKey,
        salt: [u8; 12],
    },
}

/// Labels of RFC 3711 §4.3.1: encryption, authentication, salt.
const RTP_LABELS: [u8; 3] = [0, 1, 2];
const RTCP_LABELS: [u8; 3] = [3, 4, 5];
const AUTH_KEY_LEN: usize = 20;

impl Keys {
    fn derive(key: &SrtpKey) -> Self {
        let tag_len = match key.suite() {
            Suite::AesCm128Sha1_80 | Suite::AesCm256Sha1_80 => 10,
            Suite::AesCm128Sha1_32 | Suite::AesCm256Sha1_32 => 4,
            Suite::AeadAes128Gcm | Suite::AeadAes256Gcm => GCM_TAG_LEN,
        };
        Self {
            rtp: Cipher::derive(key, RTP_LABELS, tag_len),
            rtcp: Cipher::derive(key, RTCP_LABELS, RTCP_TAG_LEN),
        }
    }
}

/// AES in counter mode.
fn counter_key(key: &[u8]) -> EncryptingKey {
    let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
    UnboundCipherKey::new(algorithm, key)
        .and_then(EncryptingKey::ctr)
        .expect("an AES key is 16 or 32 bytes long")
}

fn count(key: &EncryptingKey, iv: [u8; 16], bytes: &mut [u8]) {
    key.less_safe_encrypt(bytes, EncryptionContext::Iv128(iv.into()))
        .expect("counter mode takes any length");
}

/// One key of a session (RFC 3711 §4.3.3; a 96-bit salt is filled up behind, RFC 7714 §11).
fn derive<const N: usize>(master: &EncryptingKey, salt: &[u8], label: u8) -> [u8; N] {
    let mut iv = [0; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label;
    let mut key = [0; N];
    count(master, iv, &mut key);
    key
}

impl Cipher {
    fn derive(master: &SrtpKey, labels: [u8; 3], tag_len: usize) -> Self {
        let (prf, salt) = (counter_key(master.key()), master.salt());
        let [encryption, authentication, salting] = labels;
        let whole: [u8; 32] = derive(&prf, salt, encryption);
        let session_key = &whole[..master.suite().key_len()];
        match master.suite() {
            Suite::AesCm128Sha1_80
            | Suite::AesCm128Sha1_32
            | Suite::AesCm256Sha1_80
            | Suite::AesCm256Sha1_32 => {
                let auth: [u8; AUTH_KEY_LEN] = derive(&prf, salt, authentication);
                Self::Counter {
                    key: counter_key(session_key),
                    salt: derive(&prf, salt, salting),
                    auth: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth),
                    tag_len,
                }
            }
            Suite::AeadAes128Gcm | Suite::AeadAes256Gcm => {
                let algorithm = if session_key.len() == 16 {
                    &AES_128_GCM
                } else {
                    &AES_256_GCM
                };
                Self::Gcm {
                    key: UnboundKey::new(algorithm, session_key)
                        .map(LessSafeKey::new)
                        .expect("an AES key is 16 or 32 bytes long"),
                    salt: derive(&prf, salt, salting),
                }
            }
        }
    }

    fn seal(
        &self,
        buffer: &mut [u8],
        length: usize,
        header: Header,
        index: u64,
    ) -> Result<usize, Refused> {
        if buffer.len() < length + OVERHEAD_MAX {
            return Err(Refused::Malformed);
        }
        match self {
            Self::Counter {
                key,
                salt,
                auth,
                tag_len,
            } => {
                let iv = counter_iv(*salt, header.ssrc, index);
                count(key, iv, &mut buffer[header.length..length]);
                let tag = tag(auth, &[&buffer[..length], &rollovers(index)]);
                buffer[length..length + tag_len].copy_from_slice(&tag.as_ref()[..*tag_len]);
                Ok(length + tag_len)
            }
            Self::Gcm { key, salt } => {
                let (aad, rest) = buffer.split_at_mut(header.length);
                let (text, rest) = rest.split_at_mut(length - header.length);
                let nonce = gcm_nonce(*salt, header.ssrc, index);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(&*aad), text)
                    .map_err(|_| Refused::Exhausted)?;
                rest[..GCM_TAG_LEN].copy_from_slice(tag.as_ref());
                Ok(length + GCM_TAG_LEN)
            }
        }
    }

    fn open(&self, packet: &mut [u8], header: Header, index: u64) -> Result<usize, Refused> {
        match self {
            Self::Counter {
                key,
                salt,
                auth,
                tag_len,
            } => {
                let length = packet
                    .len()
                    .checked_sub(*tag_len)
                    .filter(|length| *length >= header.length)
                    .ok_or(Refused::Malformed)?;
                let expected = tag(auth, &[&packet[..length], &rollovers(index)]);
                verify_slices_are_equal(&expected.as_ref()[..*tag_len], &packet[length..])
                    .map_err(|_| Refused::Forged)?;
                let iv = counter_iv(*salt, header.ssrc, index);
                count(key, iv, &mut packet[header.length..length]);
                Ok(length)
            }
            Self::Gcm { key, salt } => {
                if packet.len() < header.length + GCM_TAG_LEN {
                    return Err(Refused::Malformed);
                }
                let (aad, text) = packet.split_at_mut(header.length);
                let nonce = gcm_nonce(*salt, header.ssrc, index);
                let opened = key
                    .open_in_place(nonce, Aad::from(&*aad), text)
                    .map_err(|_| Refused::Forged)?;
                Ok(header.length + opened.len())
            }
        }
    }

    fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        length: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<usize, Refused> {
        if buffer.len() < length + OVERHEAD_MAX {
            return Err(Refused::Malformed);
        }
        let word = (ENCRYPTED | index).to_be_bytes();
        match self {
            Self::Counter {
                key,
                salt,
                auth,
                tag_len,
            } => {
                let iv = counter_iv(*salt, ssrc, u64::from(index));
                count(key, iv, &mut buffer[RTCP_CLEAR..length]);
                let end = length + INDEX_LEN;
                buffer[length..end].copy_from_slice(&word);
                let tag = tag(auth, &[&buffer[..end]]);
                buffer[end..end + tag_len].copy_from_slice(&tag.as_ref()[..*tag_len]);
                Ok(end + tag_len)
            }
            Self::Gcm { key, salt } => {
                let aad = rtcp_aad(buffer, word);
                let (text, rest) = buffer[RTCP_CLEAR..].split_at_mut(length - RTCP_CLEAR);
                let nonce = gcm_rtcp_nonce(*salt, ssrc, index);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(aad), text)
                    .map_err(|_| Refused::Exhausted)?;
                rest[..GCM_TAG_LEN].copy_from_slice(tag.as_ref());
                rest[GCM_TAG_LEN..OVERHEAD_MAX].copy_from_slice(&word);
                Ok(length + OVERHEAD_MAX)
            }
        }
    }

    /// Where E flag and index stand, and what they are.
    fn index_word(&self, packet: &[u8]) -> Result<(usize, u32), Refused> {
        let behind = match self {
            Self::Counter { tag_len, .. } => INDEX_LEN + tag_len,
            Self::Gcm { .. } => INDEX_LEN,
        };
        let at = packet
            .len()
            .checked_sub(behind)
            .filter(|at| *at >= RTCP_CLEAR)
            .ok_or(Refused::Malformed)?;
        let word = packet[at..].first_chunk().ok_or(Refused::Malformed)?;
        Ok((at, u32::from_be_bytes(*word)))
    }

    fn open_rtcp(
        &self,
        packet: &mut [u8],
        word_at: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<usize, Refused> {
        match self {
            Self::Counter {
                key,
                salt,
                auth,
                tag_len,
            } => {
                let end = word_at + INDEX_LEN;
                let expected = tag(auth, &[&packet[..end]]);
                verify_slices_are_equal(&expected.as_ref()[..*tag_len], &packet[end..])
                    .map_err(|_| Refused::Forged)?;
                let iv = counter_iv(*salt, ssrc, u64::from(index));
                count(key, iv, &mut packet[RTCP_CLEAR..word_at]);
                Ok(word_at)
            }
            Self::Gcm { key, salt } => {
                if word_at < RTCP_CLEAR + GCM_TAG_LEN {
                    return Err(Refused::Malformed);
                }
                let aad = rtcp_aad(packet, (ENCRYPTED | index).to_be_bytes());
                let nonce = gcm_rtcp_nonce(*salt, ssrc, index);
                let opened = key
                    .open_in_place(nonce, Aad::from(aad), &mut packet[RTCP_CLEAR..word_at])
                    .map_err(|_| Refused::Forged)?;
                Ok(RTCP_CLEAR + opened.len())
            }
        }
    }
}

fn tag(auth: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(auth);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

fn rollovers(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

/// RFC 3711 §4.1.1.
fn counter_iv(salt: [u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[4..8].copy_from_slice(&ssrc.to_be_bytes());
    iv[8..14].copy_from_slice(&index.to_be_bytes()[2..]);
    for (byte, salt) in iv.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    iv
}

/// RFC 7714 §8.1: the index is rollovers and sequence number in one.
fn gcm_nonce(salt: [u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
    nonce[6..12].copy_from_slice(&index.to_be_bytes()[2..]);
    salted(nonce, salt)
}

/// RFC 7714 §9.1.
fn gcm_rtcp_nonce(salt: [u8; 12], ssrc: u32, index: u32) -> Nonce {
    let mut nonce = [0; 12];
    nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
    nonce[8..12].copy_from_slice(&index.to_be_bytes());
    salted(nonce, salt)
}

fn salted(mut nonce: [u8; 12], salt: [u8; 12]) -> Nonce {
    for (byte, salt) in nonce.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    Nonce::assume_unique_for_key(nonce)
}

/// RFC 7714 §9.2: the readable part, then E flag and index.
fn rtcp_aad(packet: &[u8], word: [u8; 4]) -> [u8; RTCP_CLEAR + INDEX_LEN] {
    let mut aad = [0; RTCP_CLEAR + INDEX_LEN];
    aad[..RTCP_CLEAR].copy_from_slice(&packet[..RTCP_CLEAR]);
    aad[RTCP_CLEAR..].copy_from_slice(&word);
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .chars()
            .filter_map(|c| c.to_digit(16))
            .map(|digit| digit as u8)
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }

    /// The key of RFC 3711 B.3.
    fn rfc_key() -> SrtpKey {
        let material = bytes("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
        SrtpKey::new(Suite::AesCm128Sha1_80, &material).unwrap()
    }

    fn key(suite: Suite) -> SrtpKey {
        SrtpKey::fresh(suite, |material| {
            for (n, byte) in material.iter_mut().enumerate() {
                *byte = (n as u8).wrapping_mul(7);
            }
        })
    }

    fn packet(sequence: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
        let header = rtp::Header {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp: 160,
            ssrc,
        };
        [&header.to_bytes()[..], payload].concat()
    }

    fn sealed(seal: &mut Seal, packet: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut buffer = [packet, &[0; OVERHEAD_MAX]].concat();
        let length = seal.rtp(&mut buffer, packet.len())?;
        buffer.truncate(length);
        Ok(buffer)
    }

    fn opened(open: &mut Open, packet: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut buffer = packet.to_vec();
        let length = open.rtp(&mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    }

    #[test]
    fn keys_are_derived_as_in_rfc_3711_b_3() {
        let (master, key) = (rfc_key(), counter_key(rfc_key().key()));
        assert_eq!(
            derive::<16>(&key, master.salt(), 0).to_vec(),
            bytes("C61E7A93744F39EE10734AFE3FF7A087")
        );
        assert_eq!(
            derive::<14>(&key, master.salt(), 2).to_vec(),
            bytes("30CBBC08863D8C85D49DB34A9AE1")
        );
        assert_eq!(
            derive::<20>(&key, master.salt(), 1).to_vec(),
            bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
        );
    }

    #[test]
    fn the_key_stream_is_that_of_rfc_3711_b_2() {
        let key = counter_key(&bytes("2B7E151628AED2A6ABF7158809CF4F3C"));
        let salt: [u8; 14] = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
        let mut stream = [0; 48];
        count(&key, counter_iv(salt, 0, 0), &mut stream);
        assert_eq!(
            stream.to_vec(),
            bytes(
                "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
                 41E95B3BB0A2E8DD477901E4FCA894C0"
            )
        );
    }

    /// The packets with which libsrtp checks itself, made with the key of RFC 3711 B.3.
    #[test]
    fn a_packet_is_protected_as_another_implementation_does_it() {
        let mut seal = Seal::new(&rfc_key());
        let plain = bytes("800F1234DECAFBADCAFEBABE ABABABABABABABABABABABABABABABAB");
        let expected =
            bytes("800F1234DECAFBADCAFEBABE 4E55DC4CE79978D88CA4D215949D2402 B78D6ACC99EA179B8DBB");
        assert_eq!(sealed(&mut seal, &plain).unwrap(), expected);
        assert_eq!(
            opened(&mut Open::new(&rfc_key()), &expected).unwrap(),
            plain
        );
        let report = bytes("81C8000BCAFEBABE ABABABABABABABABABABABABABABABAB");
        let expected = bytes(
            "81C8000BCAFEBABE 7128035BE487B9BDBEF89041F977A5A8 80000001 993E08CD54D6C1230798",
        );
        let mut buffer = [&report[..], &[0; OVERHEAD_MAX]].concat();
        let length = seal.rtcp(&mut buffer, report.len()).unwrap();
        assert_eq!(buffer[..length], expected);
        let length = Open::new(&rfc_key()).rtcp(&mut buffer[..length]).unwrap();
        assert_eq!(buffer[..length], report);
    }

    /// As before, with libsrtp's key for AES-128-GCM.
    #[test]
    fn a_gcm_packet_is_protected_as_another_implementation_does_it() {
        let material = bytes("000102030405060708090A0B0C0D0E0F A0A1A2A3A4A5A6A7A8A9AAAB");
        let key = SrtpKey::new(Suite::AeadAes128Gcm, &material).unwrap();
        let mut seal = Seal::new(&key);
        let plain = bytes("800F1234DECAFBADCAFEBABE ABABABABABABABABABABABABABABABAB");
        let expected = bytes(
            "800F1234DECAFBADCAFEBABE C5002EDE04CFDD2EB91159E0880AA06E
             D2976826F796B201DF3131A127E8A392",
        );
        assert_eq!(sealed(&mut seal, &plain).unwrap(), expected);
        let report = bytes("81C8000BCAFEBABE ABABABABABABABABABABABABABABABAB");
        let expected = bytes(
            "81C8000BCAFEBABE C98B8B5DF0392A55852B6C21AC8E7025
             C52C6FBEA2B3B446EA31123BA88CE61E 80000001",
        );
        let mut buffer = [&report[..], &[0; OVERHEAD_MAX]].concat();
        let length = seal.rtcp(&mut buffer, report.len()).unwrap();
        assert_eq!(buffer[..length], expected);
        let length = Open::new(&key).rtcp(&mut buffer[..length]).unwrap();
        assert_eq!(buffer[..length], report);
    }

    #[test]
    fn what_is_sealed_opens_once_across_the_wrap_of_the_sequence_number() {
        for suite in Suite::ALL {
            let (mut seal, mut open) = (Seal::new(&key(suite)), Open::new(&key(suite)));
            for n in 65_000..67_000_u32 {
                // Began high: the first sequence number need not be small.
                let plain = packet(n as u16, 7, &[n as u8; 160]);
                let wire = sealed(&mut seal, &plain).unwrap();
                assert_ne!(wire[12..172], plain[12..]);
                assert_eq!(opened(&mut open, &wire).unwrap(), plain, "{suite:?} {n}");
                assert_eq!(opened(&mut open, &wire), Err(Refused::Replayed));
            }
        }
    }

    #[test]
    fn late_packets_open_within_the_window_and_never_twice() {
        let key = key(Suite::AesCm128Sha1_80);
        let (mut seal, mut open) = (Seal::new(&key), Open::new(&key));
        let wires: Vec<Vec<u8>> = (0..300)
            .map(|n| sealed(&mut seal, &packet(n, 7, b"sound")).unwrap())
            .collect();
        assert!(opened(&mut open, &wires[0]).is_ok());
        assert!(opened(&mut open, &wires[200]).is_ok());
        assert_eq!(opened(&mut open, &wires[72]), Err(Refused::Replayed));
        assert!(opened(&mut open, &wires[73]).is_ok());
        assert_eq!(opened(&mut open, &wires[73]), Err(Refused::Replayed));
        assert!(opened(&mut open, &wires[299]).is_ok());
    }

    #[test]
    fn an_index_is_never_sent_twice() {
        let mut seal = Seal::new(&key(Suite::AeadAes128Gcm));
        sealed(&mut seal, &packet(10, 7, b"one")).unwrap();
        assert_eq!(
            sealed(&mut seal, &packet(10, 7, b"two")),
            Err(Refused::Replayed)
        );
        sealed(&mut seal, &packet(9, 7, b"late")).unwrap();
    }

    #[test]
    fn a_forged_packet_leaves_no_trace() {
        for suite in Suite::ALL {
            let (mut seal, mut open) = (Seal::new(&key(suite)), Open::new(&key(suite)));
            let wire = sealed(&mut seal, &packet(1, 7, &[1; 160])).unwrap();
            for at in [1, 3, 9, 12, 100, wire.len() - 1] {
                let mut forged = wire.clone();
                forged[at] ^= 1;
                assert_eq!(
                    opened(&mut open, &forged),
                    Err(Refused::Forged),
                    "{suite:?} {at}"
                );
            }
            assert!(open.streams.0.is_empty());
            assert!(opened(&mut open, &wire).is_ok());
        }
    }

    #[test]
    fn one_key_serves_a_bounded_number_of_streams() {
        let key = key(Suite::AesCm128Sha1_80);
        let mut open = Open::new(&key);
        let wire = |ssrc| {
            let mut seal = Seal::new(&key);
            sealed(&mut seal, &packet(1, ssrc, b"sound")).unwrap()
        };
        for ssrc in 0..STREAMS_MAX as u32 {
            assert!(opened(&mut open, &wire(ssrc)).is_ok());
        }
        assert_eq!(opened(&mut open, &wire(1_000)), Err(Refused::Exhausted));
        assert_eq!(opened(&mut open, &wire(0)), Err(Refused::Replayed));
    }

    proptest! {
        #[test]
        fn nothing_from_outside_opens_or_panics(
            mut junk in proptest::collection::vec(any::<u8>(), 0..300),
            suite in 0..6_usize,
        ) {
            let mut open = Open::new(&key(Suite::ALL[suite]));
            prop_assert!(open.rtcp(&mut junk.clone()).is_err());
            prop_assert!(open.rtp(&mut junk).is_err());
        }

        #[test]
        fn reports_open_as_they_were(body in proptest::collection::vec(any::<u8>(), 0..300), suite in 0..6_usize) {
            let key = key(Suite::ALL[suite]);
            let plain = [&[0x80, 200, 0, 1, 0, 0, 0, 7][..], &body].concat();
            let mut buffer = [&plain[..], &[0; OVERHEAD_MAX]].concat();
            let length = Seal::new(&key).rtcp(&mut buffer, plain.len()).unwrap();
            let mut open = Open::new(&key);
            let mut copy = buffer[..length].to_vec();
            let opened = open.rtcp(&mut copy).unwrap();
            prop_assert_eq!(&copy[..opened], &plain[..]);
            prop_assert_eq!(open.rtcp(&mut buffer[..length]), Err(Refused::Replayed));
        }
    }
}
