//! What handlers take in: axum's extractors with our refusals, and the pieces every list shares.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::problem::{Answer, Problem};
use crate::storage::{self, Listing};

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

impl<T> Page<T> {
    /// A page of storage's, each item as this caller may see it.
    pub(crate) fn of<R>(listing: Listing<R>, show: impl FnMut(R) -> T) -> Self {
        Self {
            items: listing.items.into_iter().map(show).collect(),
            next_cursor: listing.next_cursor,
        }
    }
}

/// Where a list goes on, and how far.
pub(crate) fn page(cursor: Option<&str>, limit: Option<u32>) -> Answer<storage::Page> {
    if limit.is_some_and(|limit| !(1..=storage::Page::LIMIT_MAX).contains(&limit)) {
        return Err(Problem::malformed(
            "invalid_limit",
            format!("a page has 1 to {} items", storage::Page::LIMIT_MAX),
        ));
    }
    let after = cursor
        .map(str::parse)
        .transpose()
        .map_err(|bad: storage::BadCursor| Problem::malformed("invalid_cursor", bad.to_string()))?;
    Ok(storage::Page { after, limit })
}
