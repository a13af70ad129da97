//! Back to where a demand came from: one POST of JSON, signed as our own callbacks are.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::disposition::OriginEntry;
use crate::domain::time::Timestamp;

/// The longest receipt kept.
const RECEIPT_MAX: usize = 4096;

/// An HTTP client for origins' addresses.
#[derive(Debug, Clone)]
pub struct OriginClient {
    client: reqwest::Client,
}

/// Why the origin does not have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// It may be tried again; the id makes it harmless.
    #[error("{0}")]
    Later(String),
    /// The origin does not want it.
    #[error("{0}")]
    Refused(String),
}

impl OriginClient {
    pub fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client })
    }

    /// Delivers `body` under `id`; what was answered, as far as it is short.
    pub async fn deliver(
        &self,
        now: Timestamp,
        to: &OriginEntry,
        id: &str,
        body: String,
    ) -> Result<String, NotDelivered> {
        let Some(url) = &to.url else {
            return Ok(String::new());
        };
        let mut request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("idempotency-key", id);
        if let Some(secret) = &to.secret {
            request = request.header("x-hotline-signature", signature(secret, now, &body));
        }
        let answer = request.body(body).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(receipt(answer).await),
            // Too early, too often or too slow are no refusal.
            Ok(answer)
                if answer.status().is_client_error()
                    && !matches!(answer.status().as_u16(), 408 | 425 | 429) =>
            {
                Err(NotDelivered::Refused(format!(
                    "HTTP {}",
                    answer.status().as_u16()
                )))
            }
            Ok(answer) => Err(NotDelivered::Later(format!(
                "HTTP {}",
                answer.status().as_u16()
            ))),
            // The error may quote the address.
            Err(fault) => Err(NotDelivered::Later(fault.without_url().to_string())),
        }
    }
}

/// What came with the yes. It was delivered whatever this says: too long or cut off is none.
async fn receipt(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > RECEIPT_MAX {
            return String::new();
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn signature(secret: &str, now: Timestamp, body: &str) -> String {
    let at = now.millis() / 1000;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{at}.{body}").as_bytes());
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={at},v1={hex}")
}
