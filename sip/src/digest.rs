//! Digest authentication (RFC 7616, RFC 8760, and RFC 2617 for older peers): who is asking, and proving who we are.
//!
//! The server keeps no state: a nonce is the time it was made plus a keyed hash of it, so it expires by itself and none but
//! ours is accepted. Time and client nonces come in as arguments.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::header::{Challenge, Credentials};
use crate::message::Method;

/// A hash algorithm of Digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5: broken as a hash, still all that many phones and load tools speak.
    Md5,
    /// SHA-256 (RFC 8760).
    Sha256,
}

impl Algorithm {
    /// As it stands in a challenge.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// An `algorithm` parameter, and whether it is a `-sess` one. Absent means MD5.
    fn read(text: Option<&str>) -> Option<(Self, bool)> {
        let text = text.unwrap_or("MD5");
        [Self::Sha256, Self::Md5].into_iter().find_map(|algorithm| {
            let rest = text.get(algorithm.as_str().len()..)?;
            let name = &text[..algorithm.as_str().len()];
            match name.eq_ignore_ascii_case(algorithm.as_str()) {
                true if rest.is_empty() => Some((algorithm, false)),
                true if rest.eq_ignore_ascii_case("-sess") => Some((algorithm, true)),
                _ => None,
            }
        })
    }

    /// Lower-case hex of the hash of the parts joined by colons.
    fn hash(self, parts: &[&str]) -> String {
        let joined = parts.join(":");
        self.hash_bytes(joined.as_bytes())
    }

    fn hash_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(bytes)),
            Self::Sha256 => hex(&Sha256::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            write!(out, "{byte:02x}").expect("writing to a String cannot fail");
            out
        })
}

/// What the server keeps instead of a password: `H(username:realm:password)` for each algorithm. It is worth as much as the
/// password within its realm, so keep it as secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    md5: String,
    sha256: String,
}

impl Secret {
    /// From a password.
    pub fn from_password(username: &str, realm: &str, password: &str) -> Self {
        let parts = [username, realm, password];
        Self {
            md5: Algorithm::Md5.hash(&parts),
            sha256: Algorithm::Sha256.hash(&parts),
        }
    }

    /// From stored hashes, lower-case hex; `None` if they are not such.
    pub fn from_hashes(md5: &str, sha256: &str) -> Option<Self> {
        let is_hex = |text: &str, length| {
            text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        (is_hex(md5, 32) && is_hex(sha256, 64)).then(|| Self {
            md5: md5.to_owned(),
            sha256: sha256.to_owned(),
        })
    }

    /// The hash to store for an algorithm.
    pub fn hash(&self, algorithm: Algorithm) -> &str {
        match algorithm {
            Algorithm::Md5 => &self.md5,
            Algorithm::Sha256 => &self.sha256,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The server's side: makes challenges and checks what comes back.
#[derive(Clone)]
pub struct Authenticator {
    realm: String,
    key: [u8; 32],
    nonce_lifetime_s: u64,
    algorithms: Vec<Algorithm>,
}

/// What a check of credentials found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// They are who they say.
    Valid,
    /// The password is right and the nonce too old: challenge again with `stale`, and the client retries by itself.
    Stale,
    /// Wrong user, password, realm, nonce or form; nothing tells which.
    Invalid,
}

impl Authenticator {
    /// An authenticator for one realm. `key` signs nonces: random, and the same on every node that shares the realm.
    pub fn new(realm: impl Into<String>, key: [u8; 32], nonce_lifetime_s: u64) -> Self {
        Self {
            realm: realm.into(),
            key,
            nonce_lifetime_s,
            algorithms: vec![Algorithm::Md5, Algorithm::Sha256],
        }
    }

    /// The same offering these algorithms in this order.
    ///
    /// RFC 8760 §2.3 wants the strongest first. The default is MD5 first all the same: sipp 3.6.1 and JsSIP read only the first
    /// challenge and know no SHA-256, so nobody of theirs could register. Where all phones are newer, put SHA-256 first or alone.
    pub fn with_algorithms(mut self, algorithms: Vec<Algorithm>) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The challenges of a 401 or 407, one header line each, in the order to write them.
    pub fn challenges(&self, now_unix_s: u64, stale: bool) -> Vec<Challenge> {
        let nonce = self.nonce(now_unix_s);
        self.algorithms
            .iter()
            .map(|algorithm| {
                let mut challenge = Challenge::digest();
                challenge.add_quoted("realm", &self.realm);
                challenge.add_quoted("nonce", &nonce);
                if stale {
                    challenge.add("stale", "true");
                }
                challenge.add("algorithm", algorithm.as_str());
                challenge.add_quoted("qop", "auth");
                challenge
            })
            .collect()
    }

    /// Checks credentials. `secret` is that of the user they name, `None` if there is no such user: the answer and the time it
    /// takes are then those of a wrong password.
    ///
    /// The digest's `uri` is not held against the Request-URI: RFC 3261 §22.4 lets proxies change the latter, and load tools write
    /// the server's address. A response can thus be replayed while its nonce lives, which is why nonces live briefly.
    pub fn check(
        &self,
        now_unix_s: u64,
        credentials: &Credentials,
        method: &Method,
        secret: Option<&Secret>,
    ) -> Verdict {
        let param = |name| credentials.param(name);
        let (Some(_), Some(realm), Some(nonce), Some(uri), Some(response)) = (
            param("username"),
            param("realm"),
            param("nonce"),
            param("uri"),
            param("response"),
        ) else {
            return Verdict::Invalid;
        };
        let Some((algorithm, is_session)) = Algorithm::read(param("algorithm").as_deref()) else {
            return Verdict::Invalid;
        };
        if !credentials.is_digest() || realm != self.realm || !self.algorithms.contains(&algorithm)
        {
            return Verdict::Invalid;
        }
        let Some(age_s) = self.nonce_age_s(now_unix_s, &nonce) else {
            return Verdict::Invalid;
        };
        let cnonce = param("cnonce").unwrap_or_default();
        let nc = param("nc").unwrap_or_default();
        let has_count =
            nc.len() == 8 && nc.bytes().all(|b| b.is_ascii_hexdigit()) && nc != "00000000";
        let qop = param("qop");
        let is_well_formed = match &qop {
            Some(qop) => qop.eq_ignore_ascii_case("auth") && has_count && !cnonce.is_empty(),
            // RFC 2617 §3.2.2.1: a client older than qop knows only MD5, so nobody else is let off.
            None => algorithm == Algorithm::Md5 && !is_session,
        };
        if !is_well_formed {
            return Verdict::Invalid;
        }
        // For a stranger the same work is done, on a secret no password leads to, and the outcome does not count.
        let hash = secret.map_or("", |secret| secret.hash(algorithm));
        let terms = Terms {
            algorithm,
            is_session,
            nonce: &nonce,
            uri: &uri,
            cnonce: &cnonce,
            nc: &nc,
            qop: qop.as_deref(),
        };
        let expected = terms.response(hash, method, b"");
        let matches: bool = expected.as_bytes().ct_eq(response.as_bytes()).into();
        match matches && secret.is_some() {
            true if age_s <= self.nonce_lifetime_s => Verdict::Valid,
            true => Verdict::Stale,
            false => Verdict::Invalid,
        }
    }

    /// Eight bytes of time and sixteen of its keyed hash.
    fn nonce(&self, made_unix_s: u64) -> String {
        let time = made_unix_s.to_be_bytes();
        let mut nonce = time.to_vec();
        nonce.extend_from_slice(&self.sign(time));
        URL_SAFE_NO_PAD.encode(nonce)
    }

    /// How old a nonce is; `None` if it is not ours. A clock set back a little does not make it invalid.
    fn nonce_age_s(&self, now_unix_s: u64, nonce: &str) -> Option<u64> {
        let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let ours: bool = self.sign(*time)[..].ct_eq(signature).into();
        ours.then(|| now_unix_s.saturating_sub(u64::from_be_bytes(*time)))
    }

    fn sign(&self, time: [u8; 8]) -> [u8; 16] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(&time);
        mac.update(self.realm.as_bytes());
        let full = mac.finalize().into_bytes();
        *full.first_chunk().expect("SHA-256 gives 32 bytes")
    }
}

/// Everything that goes into a response besides the secret.
struct Terms<'a> {
    algorithm: Algorithm,
    is_session: bool,
    nonce: &'a str,
    uri: &'a str,
    cnonce: &'a str,
    nc: &'a str,
    qop: Option<&'a str>,
}

impl Terms<'_> {
    /// RFC 7616 §3.4.1 to §3.4.3.
    fn response(&self, secret: &str, method: &Method, body: &[u8]) -> String {
        let Self {
            algorithm,
            nonce,
            uri,
            cnonce,
            nc,
            ..
        } = *self;
        let session;
        let a1 = match self.is_session {
            true => {
                session = algorithm.hash(&[secret, nonce, cnonce]);
                &session
            }
            false => secret,
        };
        let a2 = match self.qop {
            Some(qop) if qop.eq_ignore_ascii_case("auth-int") => {
                algorithm.hash(&[method.as_str(), uri, &algorithm.hash_bytes(body)])
            }
            _ => algorithm.hash(&[method.as_str(), uri]),
        };
        match self.qop {
            Some(qop) => algorithm.hash(&[a1, nonce, nc, cnonce, qop, &a2]),
            None => algorithm.hash(&[a1, nonce, &a2]),
        }
    }
}

/// Why a challenge cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// No Digest challenge with an algorithm and a `qop` we know.
    #[error("no challenge with a known algorithm")]
    Unknown,
    /// The peer refuses what we just sent: the password is wrong, and trying again would lock the account.
    #[error("credentials were refused")]
    Refused,
}

/// The client's side: our account at a carrier.
#[derive(Clone)]
pub struct Account {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(…)")
    }
}

impl Account {
    /// Answers the challenges of a 401 or 407: the first one we know, as RFC 8760 §2.4 has it.
    ///
    /// `before` is what the refused request carried, if anything: unless the nonce was stale, answering again is pointless.
    /// `cnonce` is fresh random text; `uri` the Request-URI as sent; `nc` counts the uses of this nonce from 1.
    pub fn authorize(
        &self,
        challenges: &[Challenge],
        before: Option<&Credentials>,
        method: &Method,
        uri: &str,
        body: &[u8],
        cnonce: &str,
        nc: u32,
    ) -> Result<Credentials, ChallengeError> {
        let (challenge, algorithm, is_session, qop) = challenges
            .iter()
            .filter(|challenge| challenge.is_digest())
            .find_map(|challenge| {
                let (algorithm, is_session) =
                    Algorithm::read(challenge.param("algorithm").as_deref())?;
                Some((challenge, algorithm, is_session, chosen_qop(challenge)?))
            })
            .ok_or(ChallengeError::Unknown)?;
        let (Some(realm), Some(nonce)) = (challenge.param("realm"), challenge.param("nonce"))
        else {
            return Err(ChallengeError::Unknown);
        };
        let is_stale = challenge
            .param("stale")
            .is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        if !is_stale
            && before.is_some_and(|before| before.param("realm").as_deref() == Some(&realm))
        {
            return Err(ChallengeError::Refused);
        }
        let nc = format!("{nc:08x}");
        let secret = algorithm.hash(&[&self.username, &realm, &self.password]);
        let terms = Terms {
            algorithm,
            is_session,
            nonce: &nonce,
            uri,
            cnonce,
            nc: &nc,
            qop,
        };
        let mut credentials = Credentials::digest();
        credentials.add_quoted("username", &self.username);
        credentials.add_quoted("realm", &realm);
        credentials.add_quoted("nonce", &nonce);
        credentials.add_quoted("uri", uri);
        credentials.add_quoted("response", &terms.response(&secret, method, body));
        if let Some(algorithm) = challenge.param("algorithm") {
            credentials.add("algorithm", algorithm);
        }
        if let Some(opaque) = challenge.param("opaque") {
            credentials.add_quoted("opaque", &opaque);
        }
        if qop.is_some() || is_session {
            credentials.add_quoted("cnonce", cnonce);
        }
        if let Some(qop) = qop {
            credentials.add("qop", qop);
            credentials.add("nc", nc);
        }
        Ok(credentials)
    }
}

/// `None`: the challenge asks for protection we do not know; `Some(None)`: it has no `qop` at all (RFC 2069).
fn chosen_qop(challenge: &Challenge) -> Option<Option<&'static str>> {
    let Some(offered) = challenge.param("qop") else {
        return Some(None);
    };
    let offers = |name: &str| {
        offered
            .split(',')
            .any(|qop| qop.trim().eq_ignore_ascii_case(name))
    };
    ["auth", "auth-int"]
        .into_iter()
        .find(|name| offers(name))
        .map(Some)
}
