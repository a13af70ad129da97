//! What SMS gateways tell us. A callback is checked, stored as it came, acknowledged; reading it is a job's work, so
//! nothing a gateway sends can be lost to what it says.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::Api;
use crate::api::auth::same;
use crate::api::extract::{Json, Path};
use crate::api::problem::{Answer, Problem};
use crate::api::signature;
use crate::storage::sms::{Callback, CallbackKind};

/// The largest callback: a few hundred receipts.
const BODY_MAX: usize = 256 * 1024;

/// Stored; it will be read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stored {
    callback: Uuid,
}

/// Delivery receipts: `{message_id, to, status, at}`, or an array of them. Signed when the gateway has a secret.
#[utoipa::path(post, path = "/gateway/sms/{gateway}/{token}/receipt", tag = "gateways",
    params(("gateway" = String, Path), ("token" = String, Path), ("X-Hotline-Signature" = Option<String>, Header)),
    request_body(content = Object), responses((status = 200, body = Stored)))]
pub(crate) async fn receipt(
    State(api): State<Arc<Api>>,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Answer<Json<Stored>> {
    store(&api, CallbackKind::Receipt, place, &headers, body?).await
}

/// Citizens' replies: `{id, from, text, at}`, or an array of them. Signed when the gateway has a secret.
#[utoipa::path(post, path = "/gateway/sms/{gateway}/{token}/reply", tag = "gateways",
    params(("gateway" = String, Path), ("token" = String, Path), ("X-Hotline-Signature" = Option<String>, Header)),
    request_body(content = Object), responses((status = 200, body = Stored)))]
pub(crate) async fn reply(
    State(api): State<Arc<Api>>,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Answer<Json<Stored>> {
    store(&api, CallbackKind::Reply, place, &headers, body?).await
}

async fn store(
    api: &Api,
    kind: CallbackKind,
    (name, token): (String, String),
    headers: &HeaderMap,
    body: Bytes,
) -> Answer<Json<Stored>> {
    if body.len() > BODY_MAX {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("a callback has at most {BODY_MAX} bytes"),
        ));
    }
    let gateways = api.storage.sms_gateways().await?;
    let gateway = gateways
        .into_iter()
        .find(|gateway| gateway.name == name)
        // The same answer as for a name that does not exist.
        .filter(|gateway| same(token.as_bytes(), gateway.callback_token.as_bytes()))
        .ok_or_else(Problem::not_found)?;
    let now = api.clock.now();
    if let Some(secret) = &gateway.secret {
        let header = headers
            .get(signature::HEADER)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        signature::check(now, secret, header, &body).map_err(|bad| {
            warn!(gateway = %gateway.name, ?bad, "a callback of gateway {} was refused: {bad:?} signature", gateway.name);
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "bad_signature",
                "X-Hotline-Signature is missing, stale or wrong",
            )
        })?;
    }
    let callback = Callback {
        gateway: gateway.name,
        kind,
        received_at: now,
        body: body.into(),
    };
    let callback = api.storage.sms_callback(callback).await?;
    Ok(Json(Stored { callback }))
}
