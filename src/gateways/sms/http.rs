//! The generic HTTP gateway: `POST url {id, to, text}` with `Idempotency-Key: id`; 2xx `{message_id}` is accepted.

use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};
use serde::{Deserialize, Serialize};

use crate::domain::id::SmsId;
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::Submission;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// An answer is a message id; more than this is not one.
const ANSWER_MAX: usize = 16 * 1024;
const MESSAGE_ID_MAX: usize = 128;

/// Reaches providers over HTTP; one for all of them, whatever their URLs.
#[derive(Debug, Clone)]
pub struct HttpGateway {
    client: Client,
}

#[derive(Serialize)]
struct Submit<'a> {
    id: SmsId,
    to: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Taken {
    message_id: String,
}

impl HttpGateway {
    /// A submission without an answer after `timeout` is in doubt. Redirects and proxies are not followed: a message
    /// goes to the provider and nowhere else.
    pub fn new(timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }

    /// Hands one message to the provider at `url`. Safe to repeat only when the outcome says so.
    pub async fn submit(&self, url: &str, id: SmsId, to: &PhoneNumber, text: &str) -> Submission {
        let sent = self
            .client
            .post(url)
            .header("Idempotency-Key", id.to_string())
            .json(&Submit {
                id,
                to: to.as_str(),
                text,
            })
            .send()
            .await;
        match sent {
            Ok(answer) => read(answer).await,
            Err(fault) if fault.is_connect() => Submission::NotSent {
                reason: "no connection to the gateway".to_owned(),
            },
            Err(fault) if fault.is_builder() => Submission::NotSent {
                reason: "the gateway's url is not one".to_owned(),
            },
            Err(fault) => Submission::Unknown {
                reason: cause(&fault).to_owned(),
            },
        }
    }
}

async fn read(mut answer: reqwest::Response) -> Submission {
    let status = answer.status();
    let reason = || format!("the gateway answered {}", status.as_u16());
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            return Submission::NotSent { reason: reason() };
        }
        _ if status.is_client_error() || status.is_redirection() => {
            return Submission::Refused { reason: reason() };
        }
        _ if !status.is_success() => return Submission::Unknown { reason: reason() },
        _ => {}
    }
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_MAX => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => break,
            Ok(None) => {
                return match serde_json::from_slice::<Taken>(&body) {
                    Ok(Taken { message_id })
                        if !message_id.is_empty() && message_id.len() <= MESSAGE_ID_MAX =>
                    {
                        Submission::Accepted { message_id }
                    }
                    Ok(_) | Err(_) => unnamed(),
                };
            }
            Err(fault) => {
                return Submission::Unknown {
                    reason: cause(&fault).to_owned(),
                };
            }
        }
    }
    unnamed()
}

/// A 2xx that names no message: probably sent, but no receipt could ever be matched to it.
fn unnamed() -> Submission {
    Submission::Unknown {
        reason: "the gateway accepted without a message_id".to_owned(),
    }
}

/// Without the URL, which may carry a provider's key.
fn cause(fault: &reqwest::Error) -> &'static str {
    if fault.is_timeout() {
        "the gateway did not answer in time"
    } else {
        "the connection to the gateway broke"
    }
}
