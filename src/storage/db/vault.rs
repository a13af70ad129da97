//! What names a person is sealed before it reaches a disk: phones, identity numbers, codes of firms; names and places.
//!
//! Equal numbers are sealed alike, so a sealed column is its own blind index: `=` finds it, and nobody without the key can
//! tell what it says. Nobody looks for a name or a place, and a few names are a great many people's: equal ones are sealed
//! differently. In JSON the values of [`KEYS`] and of [`is_told`] are sealed where they stand, so no writer can forget it.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What does the sealing. One provider now; a national one (SM4-GCM with HMAC-SM3) has the same shape.
pub trait Cipher: Send + Sync + 'static {
    /// Seals `plain`: the same for the same, and nothing else.
    fn seal(&self, plain: &[u8]) -> Vec<u8>;
    /// Seals `plain`, which stands after `before`: the same only for both the same.
    fn seal_after(&self, before: &[u8], plain: &[u8]) -> Vec<u8>;
    /// What was sealed, if it was by this key and is whole.
    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>>;
}

/// AES-256-GCM with a synthetic nonce: the first bytes of an HMAC-SHA-256 of what is sealed, and of what it stands after.
/// Two equal texts have equal nonces and are equal sealed; two different texts share a nonce with a chance of 2⁻⁹⁶.
pub struct Aes256 {
    key: LessSafeKey,
    nonces: Hmac<Sha256>,
    nonces_after: Hmac<Sha256>,
}

impl Aes256 {
    /// From 32 random bytes; the two keys in use are derived from them.
    pub fn new(master: &[u8; 32]) -> Self {
        let derived = |what: &[u8]| {
            let mut mac = hmac_of(master);
            mac.update(what);
            mac.finalize().into_bytes()
        };
        let key = UnboundKey::new(&AES_256_GCM, &derived(b"hotline sealed value"))
            .expect("AES-256 takes 32 bytes");
        Self {
            key: LessSafeKey::new(key),
            nonces: hmac_of(&derived(b"hotline synthetic nonce")),
            nonces_after: hmac_of(&derived(b"hotline synthetic nonce after")),
        }
    }

    fn sealed_by(&self, mac: Hmac<Sha256>, plain: &[u8]) -> Vec<u8> {
        let tag = mac.finalize().into_bytes();
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&tag[..NONCE_LEN]);
        let mut text = plain.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
            .expect("a short text can be sealed");
        [&nonce[..], &text].concat()
    }
}

fn hmac_of(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl Cipher for Aes256 {
    fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut mac = self.nonces.clone();
        mac.update(plain);
        self.sealed_by(mac, plain)
    }

    fn seal_after(&self, before: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut mac = self.nonces_after.clone();
        mac.update(&(before.len() as u64).to_be_bytes());
        mac.update(before);
        mac.update(plain);
        self.sealed_by(mac, plain)
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, Aad::empty(), &mut text)
            .ok()?;
        Some(plain.to_vec())
    }
}

/// The values of these keys are sealed in every JSON text we write, when they are numbers.
const KEYS: [&str; 9] = [
    "phone",
    "caller",
    "called",
    "mobile",
    "from",
    "to",
    "id_number",
    "deputy_phone",
    "sender",
];

/// Is the value of `key` in an object that is itself the value of `parent` sealed whatever it says? A petitioner's name and firm, what
/// a city's form asked, and where the matter is or an emergency was said to be.
fn is_told(parent: &str, key: &str) -> bool {
    matches!(
        (parent, key),
        ("petitioner", "name" | "firm") | ("fields", _) | (_, "address" | "location")
    )
}

const MARK: &str = "sealed:";
/// Shorter numbers name services: 110, 12345, an extension.
const NUMBER_MIN: usize = 7;

/// Seals and opens what goes into the database and comes out of it.
pub struct Vault {
    cipher: Box<dyn Cipher>,
}

impl Vault {
    pub fn new(cipher: impl Cipher) -> Self {
        Self {
            cipher: Box::new(cipher),
        }
    }

    /// One value, sealed if it is a number of somebody's.
    pub(in crate::storage) fn seal<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !is_number(text) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.seal_whole(text))
    }

    /// A text as one, whatever it says.
    pub(super) fn seal_whole(&self, text: &str) -> String {
        format!("{MARK}{}", BASE64.encode(self.cipher.seal(text.as_bytes())))
    }

    /// Every value of [`KEYS`] and [`is_told`] in a JSON text of ours, sealed where it stands; the rest is as it was, byte for
    /// byte. A text that only begins like JSON comes to no harm: it is opened again the same.
    pub(super) fn seal_json<'t>(&self, json: &'t str) -> Cow<'t, str> {
        let mut sealed = String::new();
        let mut kept = 0;
        // The keys of the objects that are open, and the key whose value comes next.
        let mut parents: Vec<&str> = Vec::new();
        let mut key = "";
        let mut at = 0;
        while let Some(found) = json[at..].find(['"', '{', '}']) {
            let mark = at + found;
            at = mark + 1;
            match json.as_bytes()[mark] {
                b'{' => parents.push(std::mem::take(&mut key)),
                b'}' => {
                    parents.pop();
                    key = "";
                }
                _ => {
                    let end = end_of_string(json, at);
                    let text = &json[at..end];
                    let after = (end + 1).min(json.len());
                    if json[after..].starts_with(':') {
                        key = text;
                    } else {
                        let parent = parents.last().copied().unwrap_or("");
                        if let Some(token) = self.sealed_value(parent, key, &json[..at], text) {
                            sealed.push_str(&json[kept..at]);
                            sealed.push_str(&token);
                            kept = end;
                        }
                    }
                    at = after;
                }
            }
        }
        if kept == 0 {
            return Cow::Borrowed(json);
        }
        sealed.push_str(&json[kept..]);
        Cow::Owned(sealed)
    }

    /// The value `text` of `key` in the object of `parent`, which stands after `before`; `None`: as it is.
    fn sealed_value(&self, parent: &str, key: &str, before: &str, text: &str) -> Option<String> {
        if is_told(parent, key) {
            if text.is_empty() || self.is_sealed(text) {
                return None;
            }
            let token = self.cipher.seal_after(before.as_bytes(), text.as_bytes());
            return Some(format!("{MARK}{}", BASE64.encode(token)));
        }
        match KEYS.contains(&key).then(|| self.seal(text)) {
            Some(Cow::Owned(token)) => Some(token),
            Some(Cow::Borrowed(_)) | None => None,
        }
    }

    /// Was it this key that sealed the whole of `text`?
    fn is_sealed(&self, text: &str) -> bool {
        text.strip_prefix(MARK)
            .and_then(|token| BASE64.decode(token).ok())
            .is_some_and(|sealed| self.cipher.open(&sealed).is_some())
    }

    /// Everything sealed in `text`, opened. What this key did not seal stays as it is.
    pub(super) fn open<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains(MARK) {
            return Cow::Borrowed(text);
        }
        let mut opened = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(MARK) {
            let token = &rest[at + MARK.len()..];
            let end = token
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
                .unwrap_or(token.len());
            opened.push_str(&rest[..at]);
            let plain = BASE64
                .decode(&token[..end])
                .ok()
                .and_then(|sealed| self.cipher.open(&sealed))
                .and_then(|plain| String::from_utf8(plain).ok());
            match plain {
                Some(plain) => opened.push_str(&plain),
                None => opened.push_str(&rest[at..at + MARK.len() + end]),
            }
            rest = &token[end..];
        }
        opened.push_str(rest);
        Cow::Owned(opened)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// Where the string that begins at `at` has its closing quote; the end of a text that has none.
fn end_of_string(json: &str, mut at: usize) -> usize {
    while let Some(found) = json[at..].find(['"', '\\']) {
        at += found;
        if json.as_bytes()[at] == b'"' {
            return at;
        }
        // What is escaped may be a letter of more than one byte, in a text that is not JSON.
        at += 1;
        at += json[at..].chars().next().map_or(0, char::len_utf8);
    }
    json.len()
}

fn is_number(text: &str) -> bool {
    text.len() >= NUMBER_MIN
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')
        && text.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::new(Aes256::new(&[7; 32]))
    }

    #[test]
    fn equal_numbers_are_sealed_alike_and_another_key_opens_nothing() {
        let (a, b) = (vault().seal("13812345678").into_owned(), vault());
        assert_eq!(a, b.seal("13812345678"));
        assert_ne!(a, b.seal("13812345679"));
        assert!(!a.contains("138"), "{a}");
        assert_eq!(b.open(&a), "13812345678");
        let other = Vault::new(Aes256::new(&[8; 32]));
        assert_eq!(other.open(&a), a);
    }

    #[test]
    fn in_json_numbers_are_sealed_where_they_stand_and_come_back_byte_for_byte() {
        let json = r#"{"at":"2025-01-24T09:00:00.000+08:00","caller":"13812345678","called":"12345","text":"打\"phone\":\"13812345678\"给我","demand":{"petitioner":{"name":"王\"氏","phone":"+8613812345678"},"address":"建邺路168号"},"unit":{"name":"城管局"},"identity":{"id_kind":"resident_id","id_number":"11010519491231002X"},"from":"2025-01-24T09:00:00Z"}"#;
        let sealed = vault().seal_json(json).into_owned();
        assert_eq!(sealed.matches(MARK).count(), 5, "{sealed}");
        assert!(
            !sealed.contains('王') && !sealed.contains("建邺路"),
            "{sealed}"
        );
        assert!(sealed.contains("城管局"), "{sealed}");
        assert!(
            !sealed.contains("19491231") && !sealed.contains("+86138"),
            "{sealed}"
        );
        assert!(sealed.contains(r#""called":"12345""#) && sealed.contains("09:00:00Z"));
        assert_eq!(vault().open(&sealed), json);
        assert_eq!(
            vault().seal_json(&sealed),
            sealed,
            "what is sealed is not sealed again"
        );
    }

    #[test]
    fn a_name_that_many_bear_is_sealed_differently_for_each() {
        let of = |id: u32| {
            let json =
                format!(r#"{{"id":{id},"petitioner":{{"applicant":"person","name":"王女士"}}}}"#);
            let sealed = vault().seal_json(&json).into_owned();
            assert_eq!(vault().open(&sealed), json);
            sealed.split_once(MARK).expect("it is sealed").1.to_owned()
        };
        assert_ne!(of(1), of(2));
        assert_eq!(of(1), of(1));
    }

    #[test]
    fn a_text_that_only_looks_sealed_stays_as_it_is() {
        for text in [
            "sealed:",
            "sealed:abc",
            "他说sealed:AAAA, 完",
            r#"{"address":"sealed"#,
            r#"{"a":"sealed:!"}"#,
        ] {
            assert_eq!(vault().open(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_written_comes_back(text in "\\PC{0,40}", phone in "[0-9]{7,15}") {
            let json = serde_json::json!({
                "content": text, "phone": phone, "mobile": text, "address": text, "petitioner": {"name": text},
            })
            .to_string();
            let sealed = vault().seal_json(&json).into_owned();
            proptest::prop_assert_eq!(vault().open(&sealed), json.as_str());
            let expected = format!("\"phone\":\"{phone}\"");
            proptest::prop_assert!(!sealed.contains(&expected));
        }

        #[test]
        fn what_is_not_json_comes_back_too(text in "[{\\[]([{}\\[\"\\\\:a路]|\"address\":){0,30}") {
            let sealed = vault().seal_json(&text).into_owned();
            proptest::prop_assert_eq!(vault().open(&sealed), text.as_str());
        }
    }
}
