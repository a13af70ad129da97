//! What SDP says about a leg's security: SDES keys (RFC 4568), ICE credentials and certificate fingerprints (RFC 8839,
//! RFC 8122). None of these prints a key or a password.

use std::fmt;
use std::str::FromStr;

/// How a leg's packets are protected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Security {
    /// Plain RTP.
    #[default]
    None,
    /// SRTP with the keys that both SDPs carried: `send` is ours, `receive` theirs. A change of keys begins anew; the same keys
    /// again go on where they were.
    Sdes { send: SrtpKey, receive: SrtpKey },
    /// ICE and DTLS-SRTP; only for legs opened with [`Engine::open_webrtc`](crate::Engine::open_webrtc).
    Dtls(RemoteWebRtc),
}

/// A browser's side, from its SDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteWebRtc {
    pub ice: IceCredentials,
    /// Of the certificate it must show. Another than before makes a new DTLS association.
    pub fingerprint: Fingerprint,
}

/// `a=ice-ufrag` and `a=ice-pwd`.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    pub ufrag: String,
    pub pwd: String,
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials")
            .field("ufrag", &self.ufrag)
            .finish_non_exhaustive()
    }
}

impl IceCredentials {
    const UFRAG_LEN: usize = 12;
    /// 144 bits; RFC 8445 §5.3 wants 128.
    const PWD_LEN: usize = 24;

    /// Fresh ones; `fill` writes random bytes that nobody can guess.
    pub fn fresh(mut fill: impl FnMut(&mut [u8])) -> Self {
        let mut text = |length: usize| {
            let mut random = [0; Self::PWD_LEN];
            fill(&mut random);
            random[..length]
                .iter()
                .map(|byte| char::from(ICE_CHARS[usize::from(byte & 63)]))
                .collect::<String>()
        };
        Self {
            ufrag: text(Self::UFRAG_LEN),
            pwd: text(Self::PWD_LEN),
        }
    }
}

/// RFC 8839 §5.4, six bits each.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// SHA-256 of a certificate, as `a=fingerprint:sha-256` has it. It prints and parses as `AB:CD:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Not 32 pairs of hexadecimal digits with colons between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 fingerprint")]
pub struct BadFingerprint;

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, BadFingerprint> {
        let mut bytes = [0; 32];
        let mut pairs = text.split(':');
        for byte in &mut bytes {
            let pair = pairs.next().ok_or(BadFingerprint)?;
            let is_pair = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            if !is_pair {
                return Err(BadFingerprint);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadFingerprint)?;
        }
        match pairs.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(BadFingerprint),
        }
    }
}

/// How SRTP encrypts and authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// RFC 4568 §6.2.1: every phone has it.
    AesCm128Sha1_80,
    /// RFC 4568 §6.2.2: a shorter tag.
    AesCm128Sha1_32,
    /// RFC 6188.
    AesCm256Sha1_80,
    /// RFC 6188.
    AesCm256Sha1_32,
    /// RFC 7714.
    AeadAes128Gcm,
    /// RFC 7714.
    AeadAes256Gcm,
}

impl Suite {
    pub const ALL: [Self; 6] = [
        Self::AesCm128Sha1_80,
        Self::AesCm128Sha1_32,
        Self::AesCm256Sha1_80,
        Self::AesCm256Sha1_32,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
    ];

    /// What `a=crypto` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesCm256Sha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::AesCm256Sha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite of that name; `None` for one that is not spoken here.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Length of the master key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm128Sha1_32 | Self::AeadAes128Gcm => 16,
            Self::AesCm256Sha1_80 | Self::AesCm256Sha1_32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCm128Sha1_80
            | Self::AesCm128Sha1_32
            | Self::AesCm256Sha1_80
            | Self::AesCm256Sha1_32 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// Length of key ‖ salt, which `a=crypto` carries as base64 after `inline:`.
    pub const fn material_len(self) -> usize {
        self.key_len() + self.salt_len()
    }
}

/// The longest key ‖ salt of all suites.
const MATERIAL_MAX: usize = 46;

/// An SRTP master key with its salt.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey {
    suite: Suite,
    material: [u8; MATERIAL_MAX],
}

/// The key ‖ salt is not as long as its suite wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an SRTP key of the wrong length")]
pub struct BadKey;

impl SrtpKey {
    /// From what `inline:` carried, decoded.
    pub fn new(suite: Suite, material: &[u8]) -> Result<Self, BadKey> {
        if material.len() != suite.material_len() {
            return Err(BadKey);
        }
        let mut whole = [0; MATERIAL_MAX];
        whole[..material.len()].copy_from_slice(material);
        Ok(Self {
            suite,
            material: whole,
        })
    }

    /// A fresh one; `fill` writes random bytes that nobody can guess.
    pub fn fresh(suite: Suite, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut material = [0; MATERIAL_MAX];
        fill(&mut material[..suite.material_len()]);
        Self { suite, material }
    }

    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Key ‖ salt, for the SDP and for nothing else.
    pub fn material(&self) -> &[u8] {
        &self.material[..self.suite.material_len()]
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.material[..self.suite.key_len()]
    }

    pub(crate) fn salt(&self) -> &[u8] {
        &self.material[self.suite.key_len()..self.suite.material_len()]
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKey")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_prints_as_it_parses() {
        let text = (0..32)
            .map(|n| format!("{:02X}", n * 7))
            .collect::<Vec<_>>()
            .join(":");
        let fingerprint: Fingerprint = text.parse().unwrap();
        assert_eq!(fingerprint.to_string(), text);
        assert_eq!(text.to_lowercase().parse(), Ok(fingerprint));
        let (_, shorter) = text.split_at(3);
        for bad in [
            "",
            shorter,
            &format!("{text}:00"),
            &text.replace("0E", "+E"),
            &text.replace(':', ""),
        ] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(BadFingerprint), "{bad}");
        }
    }

    #[test]
    fn keys_and_passwords_are_not_printed() {
        let key = SrtpKey::fresh(Suite::AesCm128Sha1_80, |bytes| bytes.fill(0xAB));
        let ice = IceCredentials {
            ufrag: "abcd".into(),
            pwd: "s3cret".into(),
        };
        let printed = format!("{key:?} {ice:?}");
        assert!(!printed.contains("171") && !printed.to_lowercase().contains("ab, ab"));
        assert!(!printed.contains("s3cret"));
    }

    #[test]
    fn a_key_is_as_long_as_its_suite_says() {
        for suite in Suite::ALL {
            let material = vec![7; suite.material_len()];
            let key = SrtpKey::new(suite, &material).unwrap();
            assert_eq!(key.material(), material);
            assert_eq!(SrtpKey::new(suite, &material[1..]), Err(BadKey));
            assert_eq!(Suite::named(suite.name()), Some(suite));
        }
        assert_eq!(Suite::AesCm128Sha1_80.material_len(), 30);
        assert_eq!(Suite::named("F8_128_HMAC_SHA1_80"), None);
    }

    #[test]
    fn fresh_credentials_keep_to_the_characters_ice_allows() {
        let mut next = 0_u8;
        let ice = IceCredentials::fresh(|bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(37);
            }
        });
        assert!(ice.ufrag.len() >= 4 && ice.pwd.len() >= 22);
        let is_ice_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        assert!(ice.ufrag.chars().chain(ice.pwd.chars()).all(is_ice_char));
    }
}
