//! What handlers take in: axum's extractors with our refusals, and the pieces every list shares.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Answer, Problem};

/// A JSON body, in or out.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Query parameters. Keys the OpenAPI document does not name are refused before the handler runs.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(crate) struct Query<T>(pub(crate) T);

/// Path parameters.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(crate) struct Path<T>(pub(crate) T);

/// A JSON body kept as it came, for handlers that need its bytes as well (idempotency, signatures).
pub(crate) struct RawJson(pub(crate) Bytes);

impl RawJson {
    /// Reads the body as a `T`; an empty body reads as `{}`.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Answer<T> {
        let bytes: &[u8] = if self.0.is_empty() { b"{}" } else { &self.0 };
        Ok(axum::Json::<T>::from_bytes(bytes)?.0)
    }
}

impl<S: Send + Sync> FromRequest<S> for RawJson {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await?;
        if bytes.is_empty() || json {
            Ok(Self(bytes))
        } else {
            Err(Problem::new(
                axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "send the body as application/json",
            ))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Give it back as `cursor` for the next page; null on the last.
    pub(crate) next_cursor: Option<String>,
}

/// A place in a list, opaque to the client: whatever orders the list, as JSON in base64url.
pub(crate) fn write_cursor<T: Serialize>(place: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).expect("a place is ids and numbers"))
}

/// Reads what `write_cursor` wrote; anything else is the client's mistake.
pub(crate) fn read_cursor<T: for<'de> Deserialize<'de>>(text: &str) -> Answer<T> {
    (text.len() <= 512)
        .then(|| URL_SAFE_NO_PAD.decode(text).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::malformed("invalid_cursor", "not a cursor of this list"))
}
