//! `Idempotency-Key`: a client that got no answer asks again with the same key and gets the answer of the first time.
//! The key belongs to one actor, route and body; with another body it is refused.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Api;
use super::auth::Caller;
use super::problem::{Answer, Problem};
use crate::storage::idempotency::{Once, Replay};

const HEADER: &str = "idempotency-key";
const KEY_MAX: usize = 128;

/// The request's key, if it has one.
pub(crate) fn key(
    caller: &Caller,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Answer<Option<Once>> {
    let Some(key) = headers.get(HEADER) else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= KEY_MAX)
        .ok_or_else(|| {
            Problem::malformed(
                "invalid_idempotency_key",
                format!("a key is 1 to {KEY_MAX} visible characters"),
            )
        })?;
    let route = format!("{method} {}", uri.path());
    let actor = caller.actor.username.clone();
    Ok(Some(Once::new(actor, route, key.to_owned(), body)))
}

/// The answer that was given before, if any.
pub(crate) async fn answered(api: &Api, once: Option<&Once>) -> Answer<Option<Response>> {
    let Some(once) = once else { return Ok(None) };
    match api.storage.replay(once).await? {
        // `Done`: the work finds its own traces and answers as things stand.
        Replay::New | Replay::Done => Ok(None),
        Replay::Answer { status, body } => {
            let status = StatusCode::from_u16(status).map_err(|_| Problem::bug())?;
            Ok(Some(json(status, body)))
        }
        Replay::OtherBody => Err(reused()),
    }
}

/// Gives an answer, and remembers it when the request has a key. A fault is not remembered: it may pass.
pub(crate) async fn answer<T: Serialize>(
    api: &Api,
    once: Option<Once>,
    outcome: Answer<(StatusCode, T)>,
) -> Answer<Response> {
    let (status, body) = match outcome {
        Ok((status, body)) => (
            status,
            serde_json::to_string(&body).expect("a view is plain data"),
        ),
        Err(problem) if problem.is_refusal() => problem.into_parts(),
        Err(problem) => return Err(problem),
    };
    if let Some(once) = once {
        api.storage
            .remember(api.clock.now(), once, status.as_u16(), body.clone())
            .await?;
    }
    Ok(json(status, body))
}

fn json(status: StatusCode, body: String) -> Response {
    let kind = if status.is_success() {
        "application/json"
    } else {
        "application/problem+json"
    };
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// 422: the key was used for something else.
pub(crate) fn reused() -> Problem {
    Problem::invalid(
        "idempotency_key_reused",
        "该幂等键已用于内容不同的请求 (this key was used with another body)",
    )
}
