//! `Idempotency-Key`: a client that got no answer asks again with the same key and gets the answer of the first time.
//! The key belongs to one actor, route and body; with another body it is refused.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Api;
use super::auth::Caller;
use super::extract::RawJson;
use super::problem::{Answer, Problem};
use crate::domain::staff::By;
use crate::storage::idempotency::{Once, Replay};

const HEADER: &str = "idempotency-key";
const KEY_MAX: usize = 128;

/// A request for something to happen once: who asks, the key if there is one, and the body. One that was answered before
/// gets the same answer again; no handler sees it.
pub(crate) struct Wished {
    pub(crate) caller: Caller,
    pub(crate) once: Option<Once>,
    body: RawJson,
}

impl Wished {
    pub(crate) const fn by(&self) -> By<'_> {
        By::Person(&self.caller.actor)
    }

    /// Reads the body as a `T`; an empty body reads as `{}`.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Answer<T> {
        self.body.parse()
    }

    /// Gives an answer, `status` where it went well, and remembers it when the request has a key. A fault is not
    /// remembered: it may pass.
    pub(crate) async fn answer<T: Serialize, E: Into<Problem>>(
        self,
        api: &Api,
        status: StatusCode,
        outcome: Result<T, E>,
    ) -> Answer<Response> {
        let (status, body) = match outcome.map_err(Into::into) {
            Ok(view) => (
                status,
                serde_json::to_string(&view).expect("a view is plain data"),
            ),
            Err(problem) if problem.is_refusal() => problem.into_parts(),
            Err(problem) => return Err(problem),
        };
        if let Some(once) = self.once {
            api.storage
                .remember(api.clock.now(), once, status.as_u16(), body.clone())
                .await?;
        }
        Ok(json(status, body))
    }
}

impl FromRequest<Arc<Api>> for Wished {
    /// The answer of the first time, or a problem.
    type Rejection = Response;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let read = async {
            let caller = Caller::from_request_parts(&mut parts, api).await?;
            let request = Request::from_parts(parts.clone(), body);
            let body = RawJson::from_request(request, api).await?;
            let once = key(&caller, &parts, &body.0)?;
            let answer = answered(api, once.as_ref()).await?;
            let wished = Self { caller, once, body };
            Ok((wished, answer))
        };
        match read.await {
            Ok((wished, None)) => Ok(wished),
            Ok((_, Some(answer))) => Err(answer),
            Err::<_, Problem>(problem) => Err(problem.into_response()),
        }
    }
}

/// The request's key, if it has one.
fn key(caller: &Caller, parts: &Parts, body: &[u8]) -> Answer<Option<Once>> {
    let Some(key) = parts.headers.get(HEADER) else {
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
    let route = format!("{} {}", parts.method, parts.uri.path());
    let actor = caller.actor.username.clone();
    Ok(Some(Once::new(actor, route, key.to_owned(), body)))
}

/// The answer that was given before, if any.
async fn answered(api: &Api, once: Option<&Once>) -> Answer<Option<Response>> {
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
