//! For load balancers and operators: is it alive, is it ready, how is it doing, what does it know.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::extract::Json;
use crate::api::problem::{Answer, Problem};

/// A part that does not answer in this time is not ready.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// What `/healthz` and `/readyz` say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// The database and the media engine answer, there is room on the disks, and calls are accepted. 503 while draining.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = Health), (status = 503, description = "Draining, a part does not answer, or a disk is nearly full")))]
pub(crate) async fn readyz(State(api): State<Arc<Api>>) -> Answer<Json<Health>> {
    if api.is_draining() {
        return Err(Problem::unavailable("draining", "no new calls: stopping"));
    }
    let parts = async { (api.storage.ping().await.is_ok(), api.calls.healthy().await) };
    match tokio::time::timeout(READY_TIMEOUT, parts).await {
        Ok((true, true)) => match (api.disks)() {
            Some(disk) => Err(Problem::unavailable("disk_full", disk)),
            None => Ok(Json(Health { status: "ready" })),
        },
        Ok((false, _)) => Err(Problem::unavailable(
            "database_down",
            "the database does not answer",
        )),
        Ok((true, false)) => Err(Problem::unavailable(
            "media_down",
            "the media engine does not answer",
        )),
        Err(_) => Err(Problem::unavailable(
            "not_ready",
            "a part does not answer in time",
        )),
    }
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(api): State<Arc<Api>>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        (api.metrics)(),
    )
        .into_response()
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", responses((status = 200, body = Object)))]
pub(crate) async fn openapi(State(api): State<Arc<Api>>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        api.described.document.clone(),
    )
        .into_response()
}
