//! `X-Hotline-Signature: t=<unix>,v1=<hex hmac-sha256(secret, t "." body)>` on callbacks from a gateway that shares a
//! secret with us. Pure: the time comes in.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::auth::{hex, same};
use crate::domain::time::Timestamp;

/// The header's name, as HTTP compares it.
pub(crate) const HEADER: &str = "x-hotline-signature";
/// A signature older, or further ahead, than this is a replay or a clock gone wrong.
const AGE_MAX_S: i64 = 300;

/// Why a signature is not accepted. The client is told no more than that it was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadSignature {
    Unreadable,
    Stale,
    Wrong,
}

/// Checks `header` against `body`; several `v1` are allowed so that a secret can be rotated.
pub(crate) fn check(
    now: Timestamp,
    secret: &str,
    header: &str,
    body: &[u8],
) -> Result<(), BadSignature> {
    let mut at = None;
    let mut given = Vec::new();
    for part in header.split(',').take(8) {
        match part.trim().split_once('=') {
            Some(("t", value)) => at = Some(value),
            Some(("v1", value)) => given.push(value),
            // Later versions may stand beside v1.
            Some(_) => {}
            None => return Err(BadSignature::Unreadable),
        }
    }
    let at = at.ok_or(BadSignature::Unreadable)?;
    let signed_s: i64 = at.parse().map_err(|_| BadSignature::Unreadable)?;
    let age_s = (now.millis() / 1000).saturating_sub(signed_s);
    if !(-AGE_MAX_S..=AGE_MAX_S).contains(&age_s) {
        return Err(BadSignature::Stale);
    }
    let expected = sign(secret, at, body);
    if given
        .iter()
        .any(|value| same(value.as_bytes(), expected.as_bytes()))
    {
        Ok(())
    } else {
        Err(BadSignature::Wrong)
    }
}

fn sign(secret: &str, at: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_any_other_tool_computes() {
        // printf '1700000000.{"id":"1"}' | openssl dgst -sha256 -hmac k
        assert_eq!(
            sign("k", "1700000000", br#"{"id":"1"}"#),
            "8e4d2e46d941e016f0a5cb0474f5dec3509be60cea9237f805fea6fa18ab5c70"
        );
    }

    #[test]
    fn only_a_fresh_signature_over_this_body_is_accepted() {
        let now = Timestamp::from_millis(1_700_000_100_000);
        let good = sign("secret", "1700000000", b"body");
        let old = sign("secret", "1699999799", b"body");
        let ahead = sign("secret", "1700000401", b"body");
        let cases = [
            (format!("t=1700000000,v1={good}"), Ok(())),
            (format!("t=1700000000, v1=00, v1={good}, v2=x"), Ok(())),
            (format!("t=1699999799,v1={old}"), Err(BadSignature::Stale)),
            (format!("t=1700000401,v1={ahead}"), Err(BadSignature::Stale)),
            (format!("t=1700000001,v1={good}"), Err(BadSignature::Wrong)),
            ("t=1700000000".to_owned(), Err(BadSignature::Wrong)),
            (format!("v1={good}"), Err(BadSignature::Unreadable)),
            (format!("t=now,v1={good}"), Err(BadSignature::Unreadable)),
            (String::new(), Err(BadSignature::Unreadable)),
        ];
        for (header, expected) in cases {
            assert_eq!(check(now, "secret", &header, b"body"), expected, "{header}");
        }
        let header = format!("t=1700000000,v1={good}");
        assert_eq!(
            check(now, "other", &header, b"body"),
            Err(BadSignature::Wrong)
        );
        assert_eq!(
            check(now, "secret", &header, b"bodY"),
            Err(BadSignature::Wrong)
        );
    }
}
