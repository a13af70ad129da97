//! How a stream is kept from other ears: keys in the description (SDES, RFC 4568), or a handshake on the media path whose
//! certificate the description vouches for (DTLS-SRTP, RFC 5763), reached by way of ICE (RFC 8839).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Media, NegotiationError, SessionDescription, attribute};

/// Shortest and longest ufrag and password (RFC 8839 §5.4).
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD: std::ops::RangeInclusive<usize> = 22..=256;
/// Most `a=crypto` lines looked at; a phone offers a handful.
const CRYPTO_MAX: usize = 16;

/// What our side of a stream can and must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// Plain RTP, whatever is offered.
    Plain,
    /// Plain RTP is offered; an offer of SRTP is answered with this key.
    Possible(SrtpKey),
    /// SRTP with this key, or no stream.
    Sdes(SrtpKey),
    /// DTLS-SRTP: a browser takes nothing else (RFC 8827 §6.5), so it is given nothing else.
    Dtls(Dtls),
}

/// What protects a stream, as both sides agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// Nothing.
    None,
    /// SRTP with keys from the descriptions.
    Sdes {
        /// Ours: what we send is encrypted with it.
        send: SrtpKey,
        /// Theirs.
        receive: SrtpKey,
    },
    /// SRTP with keys from a DTLS handshake that they begin; what they said of themselves.
    Dtls(Dtls),
}

/// An SRTP protection profile that can be named in `a=crypto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: the one everybody has.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    AesCm128HmacSha1_32,
}

impl Suite {
    const ALL: [Self; 2] = [Self::AesCm128HmacSha1_80, Self::AesCm128HmacSha1_32];

    fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }
}

/// A master key with its salt, for one direction.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey {
    /// The profile it is for.
    pub suite: Suite,
    /// Master key.
    pub key: [u8; 16],
    /// Master salt.
    pub salt: [u8; 14],
}

impl SrtpKey {
    /// A key of [`Suite::AesCm128HmacSha1_80`] from 30 unpredictable bytes.
    pub fn new(random: [u8; 30]) -> Self {
        Self::of(Suite::AesCm128HmacSha1_80, &random).expect("thirty bytes are a key and a salt")
    }

    fn of(suite: Suite, bytes: &[u8]) -> Option<Self> {
        let (key, salt) = bytes.split_at_checked(16)?;
        Some(Self {
            suite,
            key: key.try_into().ok()?,
            salt: salt.try_into().ok()?,
        })
    }

    /// The same key for the profile that they chose.
    fn for_suite(&self, suite: Suite) -> Self {
        Self {
            suite,
            ..self.clone()
        }
    }

    pub(super) fn crypto(&self, tag: u32) -> String {
        let bytes = [&self.key[..], &self.salt[..]].concat();
        format!(
            "{tag} {} inline:{}",
            self.suite.name(),
            STANDARD.encode(bytes)
        )
    }
}

impl fmt::Debug for SrtpKey {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SrtpKey({})", self.suite.name())
    }
}

/// One `a=crypto` line that we can use.
pub(super) struct Crypto {
    pub(super) tag: u32,
    pub(super) key: SrtpKey,
}

impl Crypto {
    /// `1 AES_CM_128_HMAC_SHA1_80 inline:<base64>[|lifetime] [session parameters]`. A line with a master key identifier or a
    /// session parameter that must be understood (RFC 4568 §6.3.7) is none of ours.
    fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag: u32 = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = words.next()?;
        let suite = Suite::ALL.into_iter().find(|known| known.name() == suite)?;
        let mut key = words.next()?.strip_prefix("inline:")?.split('|');
        let material = STANDARD.decode(key.next()?).ok()?;
        let has_identifier = key.any(|part| part.contains(':'));
        if has_identifier || words.any(|parameter| !parameter.starts_with('-')) {
            return None;
        }
        Some(Self {
            tag,
            key: SrtpKey::of(suite, &material)?,
        })
    }

    /// The first line of an offer that we can use.
    pub(super) fn first(media: &Media) -> Option<Self> {
        media
            .attributes
            .iter()
            .filter(|line| line.name == "crypto")
            .take(CRYPTO_MAX)
            .find_map(|line| Self::parse(line.value.as_deref()?))
    }

    /// What our answer to this line says, and what holds then.
    pub(super) fn answered_with(&self, ours: &SrtpKey) -> (String, Security) {
        let send = ours.for_suite(self.key.suite);
        let line = send.crypto(self.tag);
        let receive = self.key.clone();
        (line, Security::Sdes { send, receive })
    }
}

/// Name and password of an ICE agent (RFC 8839 §5.4).
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// Name.
    pub ufrag: String,
    /// Password.
    pub pwd: String,
}

impl fmt::Debug for IceCredentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IceCredentials({})", self.ufrag)
    }
}

/// SHA-256 of a certificate, as `a=fingerprint` says it (RFC 8122 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    fn parse(value: &str) -> Result<Self, NegotiationError> {
        let (hash, text) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        if !hash.eq_ignore_ascii_case("sha-256") {
            return Err(NegotiationError::WeakFingerprint);
        }
        let mut bytes = [0; 32];
        let mut pairs = text.trim().split(':');
        for byte in &mut bytes {
            let pair = pairs.next().filter(|pair| pair.len() == 2);
            *byte = pair
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or(NegotiationError::BadFingerprint)?;
        }
        match pairs.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(NegotiationError::BadFingerprint),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha-256 ")?;
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// What one side says of itself for ICE and DTLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dtls {
    /// Who may send checks.
    pub ice: IceCredentials,
    /// Whose certificate is to be believed.
    pub fingerprint: Fingerprint,
}

/// Who begins the handshake (RFC 4145 §4, RFC 8842 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setup {
    Active,
    Passive,
    ActPass,
}

impl Dtls {
    /// What the peer says of itself. `is_answer`: to an offer of ours, which left it to them who begins.
    pub(super) fn of_peer(
        description: &SessionDescription,
        media: &Media,
        is_answer: bool,
    ) -> Result<Self, NegotiationError> {
        // In the section or, for all sections, above it.
        let stated = |name| {
            media
                .attribute(name)
                .or_else(|| description.attribute(name))
        };
        let setup = match stated("setup").map(str::trim) {
            Some("active") => Setup::Active,
            Some("passive") => Setup::Passive,
            Some("actpass") => Setup::ActPass,
            Some(_) | None => return Err(NegotiationError::WrongSetup),
        };
        match (setup, is_answer) {
            (Setup::Active, _) | (Setup::ActPass, false) => {}
            // Both would wait; and an answer must say which it is.
            (Setup::Passive, _) | (Setup::ActPass, true) => {
                return Err(NegotiationError::WrongSetup);
            }
        }
        if media.attribute("rtcp-mux").is_none() {
            return Err(NegotiationError::NoMux);
        }
        Ok(Self {
            ice: ice(stated("ice-ufrag"), stated("ice-pwd"))?,
            fingerprint: fingerprint(description, media)?,
        })
    }
}

fn ice(ufrag: Option<&str>, pwd: Option<&str>) -> Result<IceCredentials, NegotiationError> {
    let word = |text: Option<&str>, length: std::ops::RangeInclusive<usize>| {
        let text = text?.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        // RFC 8839 allows these alone; "=" and "-" have been seen and cannot be misread.
        let fits = length.contains(&text.len())
            && text
                .bytes()
                .all(|byte| plain(byte) || b"=-_".contains(&byte));
        fits.then(|| text.to_owned())
    };
    match (word(ufrag, UFRAG), word(pwd, PASSWORD)) {
        (Some(ufrag), Some(pwd)) => Ok(IceCredentials { ufrag, pwd }),
        (_, None) | (None, _) => Err(NegotiationError::NoIce),
    }
}

/// The SHA-256 fingerprint among those stated. A certificate vouched for by something weaker alone is not believed.
fn fingerprint(
    description: &SessionDescription,
    media: &Media,
) -> Result<Fingerprint, NegotiationError> {
    let own = attribute(&media.attributes, "fingerprint").is_some();
    let lines = if own {
        &media.attributes
    } else {
        &description.attributes
    };
    let mut why = NegotiationError::NoFingerprint;
    for line in lines.iter().filter(|line| line.name == "fingerprint") {
        match Fingerprint::parse(line.value.as_deref().unwrap_or("")) {
            Ok(fingerprint) => return Ok(fingerprint),
            Err(error) => why = error,
        }
    }
    Err(why)
}
