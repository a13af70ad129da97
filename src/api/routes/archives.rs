//! Archives over HTTP (article 12): tickets with everything that belongs to them, for another server or another keeper.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::Json;
use crate::api::problem::{Answer, Problem};
use crate::domain::id::ClusterId;
use crate::domain::time::Timestamp;
use crate::storage::Fault;
use crate::storage::archive::Selection;
use crate::storage::audit::Deed;

/// More is the operator's, with `hotline export`.
const TICKETS_MAX: usize = 1_000;
const PURPOSE_MAX: usize = 500;

/// Which tickets, and what for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Ticket numbers.
    #[serde(default)]
    #[schema(example = json!(["20261123-000001"]))]
    numbers: Vec<String>,
    /// All tickets of one matter.
    #[serde(default)]
    cluster: Option<uuid::Uuid>,
    /// Opened from this instant on; with `until`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// What it is for: in the audit trail.
    purpose: String,
}

/// An archive of the selected tickets, as a tar: what `hotline export` writes into a folder, with the hash of every file in
/// `archive.json`, which comes last. A tar without it broke off. At most 1,000 tickets.
#[utoipa::path(post, path = "/api/v1/archives", tag = "archives", request_body = Wanted,
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>), (status = 404, description = "No such ticket"),
        (status = 409, description = "No purpose, or too much"), (status = 503, description = "Too many at once")))]
pub(crate) async fn make(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(wanted): Json<Wanted>,
) -> Answer<Response> {
    let article = || Some("12".to_owned());
    let purpose = wanted.purpose.trim();
    if purpose.is_empty() || purpose.chars().count() > PURPOSE_MAX {
        let detail = "请填写导出用途 (最多500字)";
        return Err(Problem::refused("missing", article(), detail));
    }
    let period = match (wanted.since, wanted.until) {
        (Some(since), Some(until)) => Some((since, until)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let detail = "since and until belong together";
            return Err(Problem::malformed("invalid_period", detail));
        }
    };
    if wanted.numbers.len() > TICKETS_MAX {
        return Err(too_many(article()));
    }
    let selection = Selection {
        numbers: wanted.numbers,
        cluster: wanted.cluster.map(ClusterId),
        period,
    };
    let tickets = match api.storage.selected(&selection).await {
        Ok(tickets) => tickets,
        // A number that is none.
        Err(Fault::Conflict(_)) => return Err(Problem::not_found()),
        Err(fault) => return Err(fault.into()),
    };
    if tickets.is_empty() {
        return Err(Problem::not_found());
    }
    if tickets.len() > TICKETS_MAX {
        return Err(too_many(article()));
    }
    let now = api.clock.now();
    let deed = Deed {
        at: now,
        by: caller.actor.username.clone(),
        action: "archive_taken".to_owned(),
        object: String::new(),
        detail: json!({"purpose": purpose, "tickets": tickets.len(), "numbers": selection.numbers,
            "cluster": selection.cluster, "since": wanted.since, "until": wanted.until}),
    };
    api.storage.audit(deed).await?;
    let chunks = api.archives.make(selection).await.ok_or_else(|| {
        Problem::unavailable("archives_busy", "other archives are being made: try again")
    })?;
    let body = stream::unfold(chunks, |mut chunks| async move {
        let chunk = chunks.recv().await?;
        Some((chunk, chunks))
    });
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-tar"),
    );
    let day = now.in_beijing().strftime("%Y%m%d");
    let name = format!("attachment; filename=\"hotline-archive-{day}.tar\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn too_many(article: Option<String>) -> Problem {
    let detail = "一次最多导出1000件, 更多请用命令行导出";
    Problem::refused("too_many", article, detail)
}
