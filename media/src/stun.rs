//! STUN as far as an ICE-lite agent needs it (RFC 8489; RFC 8445 §7.3): reading a Binding request, proving it, answering it.
//! Input is hostile: nothing is looked at beyond its lengths, nothing is trusted before its integrity is proven.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

const HEADER_LEN: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const INTEGRITY_LEN: usize = 20;
/// Longer names are nobody's (RFC 8489 §14.3).
const USERNAME_MAX: usize = 512;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802A;
/// From here on an attribute may be ignored by who does not know it.
const OPTIONAL: u16 = 0x8000;

/// Room for any message of ours.
pub const MESSAGE_MAX: usize = 256;

/// Not a Binding request as ICE sends them, with USERNAME, MESSAGE-INTEGRITY and FINGERPRINT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a connectivity check")]
pub struct Malformed;

/// A password as it is used.
pub struct Password(hmac::Key);

impl Password {
    pub fn new(pwd: &str) -> Self {
        Self(hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            pwd.as_bytes(),
        ))
    }
}

/// A connectivity check. Nothing of it is proven before [`is_genuine`](Self::is_genuine) says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    datagram: &'a [u8],
    username: &'a [u8],
    /// Where MESSAGE-INTEGRITY begins, and its value.
    integrity_at: usize,
    integrity: &'a [u8],
    /// The far side nominates the path this came by.
    pub use_candidate: bool,
    /// It believes to be controlled, as we are.
    pub is_controlled: bool,
    /// The first attribute that must be understood and is not.
    unknown: Option<u16>,
}

/// Is it STUN at all, among what shares the port (RFC 7983)?
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4)
}

/// Reads a connectivity check.
pub fn parse(datagram: &[u8]) -> Result<Request<'_>, Malformed> {
    let header = datagram.first_chunk::<HEADER_LEN>().ok_or(Malformed)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let is_request = u16::from_be_bytes([header[0], header[1]]) == BINDING_REQUEST
        && header[4..8] == COOKIE
        && length == datagram.len() - HEADER_LEN
        && length.is_multiple_of(4);
    if !is_request {
        return Err(Malformed);
    }
    let (mut username, mut integrity) = (None, None);
    let (mut use_candidate, mut is_controlled, mut unknown) = (false, false, None);
    let mut at = HEADER_LEN;
    while at < datagram.len() {
        let head = datagram[at..].first_chunk::<4>().ok_or(Malformed)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = datagram.get(at + 4..at + 4 + length).ok_or(Malformed)?;
        let next = at + 4 + length.next_multiple_of(4);
        match (kind, integrity) {
            (FINGERPRINT, Some((integrity_at, integrity))) => {
                let sum = (crc32(&datagram[..at]) ^ FINGERPRINT_MASK).to_be_bytes();
                if value != sum || next != datagram.len() {
                    return Err(Malformed);
                }
                return Ok(Request {
                    datagram,
                    username: username.ok_or(Malformed)?,
                    integrity_at,
                    integrity,
                    use_candidate,
                    is_controlled,
                    unknown,
                });
            }
            (FINGERPRINT, None) => return Err(Malformed),
            // What follows MESSAGE-INTEGRITY is not covered by it and is ignored (RFC 8489 §14.5).
            (_, Some(_)) => {}
            (MESSAGE_INTEGRITY, None) => {
                if length != INTEGRITY_LEN {
                    return Err(Malformed);
                }
                integrity = Some((at, value));
            }
            (USERNAME, None) if username.is_none() && length <= USERNAME_MAX => {
                username = Some(value);
            }
            (USERNAME, None) => return Err(Malformed),
            (USE_CANDIDATE, None) => use_candidate = true,
            (ICE_CONTROLLED, None) => is_controlled = true,
            (PRIORITY, None) => {}
            (kind, None) => {
                if kind < OPTIONAL {
                    unknown = unknown.or(Some(kind));
                }
            }
        }
        at = next;
    }
    Err(Malformed)
}

impl<'a> Request<'a> {
    /// The fragment that names one of our legs: what stands before the colon (RFC 8445 §7.2.2).
    pub fn our_ufrag(&self) -> &'a [u8] {
        let end = self.username.iter().position(|byte| *byte == b':');
        &self.username[..end.unwrap_or(self.username.len())]
    }

    fn transaction(&self) -> [u8; 12] {
        let bytes = self.datagram[8..].first_chunk();
        *bytes.expect("its header was read")
    }

    /// Was it made by somebody who knows the password?
    pub fn is_genuine(&self, password: &Password) -> bool {
        let expected = integrity(&self.datagram[..self.integrity_at], password);
        verify_slices_are_equal(expected.as_ref(), self.integrity).is_ok()
    }

    /// Writes the answer to a genuine check that came from `source`. Returns its length, and whether it is a success: then the
    /// path is good.
    pub fn answer(
        &self,
        source: SocketAddr,
        password: &Password,
        out: &mut [u8; MESSAGE_MAX],
    ) -> (usize, bool) {
        let mut answer = Message { out, length: 0 };
        let success = match (self.unknown, self.is_controlled) {
            (Some(unknown), _) => {
                answer.begin(BINDING_ERROR, self.transaction());
                answer.put(ERROR_CODE, &[0, 0, 4, 20]);
                answer.put(UNKNOWN_ATTRIBUTES, &unknown.to_be_bytes());
                false
            }
            (None, true) => {
                // A lite agent is always controlled: the other side has to change its mind (RFC 8445 §7.3.1.1).
                answer.begin(BINDING_ERROR, self.transaction());
                answer.put(ERROR_CODE, &[0, 0, 4, 87]);
                false
            }
            (None, false) => {
                answer.begin(BINDING_SUCCESS, self.transaction());
                let (address, length) = xored(source, self.transaction());
                answer.put(XOR_MAPPED_ADDRESS, &address[..length]);
                true
            }
        };
        (answer.finish(password), success)
    }
}

/// HMAC over what stands before MESSAGE-INTEGRITY, with the length as if the message ended with it (RFC 8489 §14.5).
fn integrity(before: &[u8], password: &Password) -> hmac::Tag {
    let length = (before.len() - HEADER_LEN + 4 + INTEGRITY_LEN) as u16;
    let mut context = hmac::Context::with_key(&password.0);
    context.update(&before[..2]);
    context.update(&length.to_be_bytes());
    context.update(&before[4..]);
    context.sign()
}

/// Port and address, mixed with cookie and transaction so that no helpful router rewrites them (RFC 8489 §14.2).
fn xored(source: SocketAddr, transaction: [u8; 12]) -> ([u8; 20], usize) {
    let mut value = [0; 20];
    value[2..4].copy_from_slice(&source.port().to_be_bytes());
    let length = match source.ip() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value[4..8].copy_from_slice(&ip.octets());
            8
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value[4..20].copy_from_slice(&ip.octets());
            20
        }
    };
    value[2] ^= COOKIE[0];
    value[3] ^= COOKIE[1];
    let masks = COOKIE.into_iter().chain(transaction);
    for (byte, mask) in value[4..length].iter_mut().zip(masks) {
        *byte ^= mask;
    }
    (value, length)
}

struct Message<'a> {
    out: &'a mut [u8; MESSAGE_MAX],
    length: usize,
}

impl Message<'_> {
    fn begin(&mut self, kind: u16, transaction: [u8; 12]) {
        self.out[..2].copy_from_slice(&kind.to_be_bytes());
        self.out[4..8].copy_from_slice(&COOKIE);
        self.out[8..HEADER_LEN].copy_from_slice(&transaction);
        self.length = HEADER_LEN;
    }

    fn put(&mut self, kind: u16, value: &[u8]) {
        let padded = value.len().next_multiple_of(4);
        let place = &mut self.out[self.length..self.length + 4 + padded];
        place.fill(0);
        place[..2].copy_from_slice(&kind.to_be_bytes());
        place[2..4].copy_from_slice(&(value.len() as u16).to_be_bytes());
        place[4..4 + value.len()].copy_from_slice(value);
        self.length += 4 + padded;
    }

    fn finish(mut self, password: &Password) -> usize {
        let proof = integrity(&self.out[..self.length], password);
        self.put(MESSAGE_INTEGRITY, proof.as_ref());
        let length = (self.length - HEADER_LEN + 8) as u16;
        self.out[2..4].copy_from_slice(&length.to_be_bytes());
        let sum = crc32(&self.out[..self.length]) ^ FINGERPRINT_MASK;
        self.put(FINGERPRINT, &sum.to_be_bytes());
        self.length
    }
}

const FINGERPRINT_MASK: u32 = 0x5354_554E;

/// ISO 3309's sum, which FINGERPRINT uses (RFC 8489 §14.7).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (sum >> 8) ^ CRC_TABLE[usize::from(sum as u8 ^ byte)]
    })
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = index as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
};

/// A connectivity check as a full agent makes it; tests and benches play the browser with it.
pub fn check(
    username: &str,
    password: &Password,
    use_candidate: bool,
    transaction: [u8; 12],
) -> Vec<u8> {
    let mut out = [0; MESSAGE_MAX];
    let mut message = Message {
        out: &mut out,
        length: HEADER_LEN,
    };
    message.begin(BINDING_REQUEST, transaction);
    message.put(USERNAME, username.as_bytes());
    message.put(PRIORITY, &[0x6E, 0, 1, 0xFF]);
    message.put(ICE_CONTROLLING, &[7; 8]);
    if use_candidate {
        message.put(USE_CANDIDATE, &[]);
    }
    let length = message.finish(password);
    out[..length].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn password() -> Password {
        Password::new("VOkJxbRl1RmTxUk/WvJxBt")
    }

    /// RFC 5769 §2.1: a request by another implementation.
    const REQUEST: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
        \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\
        \x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09evtj:h6vY\x20\x20\x20\
        \x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\
        \x80\x28\x00\x04\xe5\x7a\x3b\xcf";

    #[test]
    fn a_check_of_rfc_5769_is_read_and_proven() {
        let request = parse(REQUEST).unwrap();
        assert_eq!(request.our_ufrag(), b"evtj");
        assert!(request.is_controlled && !request.use_candidate);
        assert!(request.is_genuine(&password()));
        assert!(!request.is_genuine(&Password::new("another")));
    }

    /// RFC 5769 §2.2 and §2.3, without SOFTWARE, which we do not send.
    #[test]
    fn the_address_in_an_answer_is_that_of_rfc_5769() {
        let check = check(
            "evtj:h6vY",
            &password(),
            true,
            *b"\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae",
        );
        let request = parse(&check).unwrap();
        assert!(request.use_candidate && request.is_genuine(&password()));
        let mut out = [0; MESSAGE_MAX];
        let source = "192.0.2.1:32853".parse().unwrap();
        let (length, is_good) = request.answer(source, &password(), &mut out);
        assert!(is_good);
        assert_eq!(out[..2], BINDING_SUCCESS.to_be_bytes());
        assert_eq!(
            out[HEADER_LEN..HEADER_LEN + 12],
            *b"\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"
        );
        assert_eq!(length, HEADER_LEN + 12 + 24 + 8);
        let source = "[2001:db8:1234:5678:11:2233:4455:6677]:32853"
            .parse()
            .unwrap();
        let (_, is_good) = request.answer(source, &password(), &mut out);
        assert!(is_good);
        assert_eq!(
            out[HEADER_LEN..HEADER_LEN + 24],
            *b"\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9"
        );
    }

    #[test]
    fn who_is_controlled_as_we_are_is_told_to_change() {
        let request = parse(REQUEST).unwrap();
        let mut out = [0; MESSAGE_MAX];
        let (_, is_good) = request.answer("192.0.2.1:1".parse().unwrap(), &password(), &mut out);
        assert!(!is_good);
        assert_eq!(out[HEADER_LEN + 4..HEADER_LEN + 8], [0, 0, 4, 87]);
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let mut out = [0; MESSAGE_MAX];
        let mut message = Message {
            out: &mut out,
            length: 0,
        };
        message.begin(BINDING_REQUEST, [1; 12]);
        message.put(USERNAME, b"evtj:h6vY");
        message.put(0x7FFF, b"odd");
        let length = message.finish(&password());
        let request = parse(&out[..length]).unwrap();
        assert!(request.is_genuine(&password()));
        let mut answer = [0; MESSAGE_MAX];
        let (_, is_good) = request.answer("192.0.2.1:1".parse().unwrap(), &password(), &mut answer);
        assert!(!is_good);
        assert_eq!(answer[HEADER_LEN + 4..HEADER_LEN + 8], [0, 0, 4, 20]);
        assert_eq!(answer[HEADER_LEN + 12..HEADER_LEN + 14], [0x7F, 0xFF]);
    }

    proptest! {
        #[test]
        fn no_changed_byte_passes(at in 0..REQUEST.len(), bit in 0..8) {
            let mut changed = REQUEST.to_vec();
            changed[at] ^= 1_u8 << bit;
            let genuine = parse(&changed).is_ok_and(|request| request.is_genuine(&password()));
            prop_assert!(!genuine);
        }

        #[test]
        fn no_part_of_a_check_is_one(length in 0..REQUEST.len()) {
            prop_assert_eq!(parse(&REQUEST[..length]), Err(Malformed));
        }

        #[test]
        fn junk_is_refused(mut junk in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse(&junk).is_err());
            // Behind a header that is right.
            if junk.len() >= HEADER_LEN {
                junk[..2].copy_from_slice(&BINDING_REQUEST.to_be_bytes());
                junk[4..8].copy_from_slice(&COOKIE);
                let length = junk.len() / 4 * 4;
                junk[2..4].copy_from_slice(&((length - HEADER_LEN) as u16).to_be_bytes());
                let genuine = parse(&junk[..length]).is_ok_and(|request| request.is_genuine(&password()));
                prop_assert!(!genuine);
            }
        }
    }
}
