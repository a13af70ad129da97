//! What people leave at a recording: that they listened, and what they noted at a place in it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::names_of;
use super::recordings::visible;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::RecordingId;
use crate::domain::time::Timestamp;
use crate::storage;
use crate::storage::audit::AuditFilter;
use crate::storage::recordings::Mark;

const TEXT_MAX: usize = 500;
const MARKS_MAX: usize = 200;

/// Somebody heard it, or took it away.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListenView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    by_name: Option<String>,
    /// `listen` or `download`.
    action: String,
}

/// Who listened, the latest first: the last hundred answers that carried sound.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/listens", tag = "recordings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Page<ListenView>)))]
pub(crate) async fn listens(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<RecordingId>,
) -> Answer<Json<Page<ListenView>>> {
    visible(&api, &caller, id).await?;
    let filter = AuditFilter {
        object: Some(id.to_string()),
        ..AuditFilter::default()
    };
    let page = storage::Page {
        after: None,
        limit: Some(100),
    };
    let entries = api.storage.audit_trail(&filter, &page).await?.items;
    let names = names_of(&api, entries.iter().map(|entry| entry.deed.by.0.as_str())).await?;
    let items = entries
        .into_iter()
        .filter(|entry| matches!(entry.deed.action.as_str(), "listen" | "download"))
        .map(|entry| ListenView {
            at: entry.deed.at,
            by_name: names.get(&entry.deed.by.0).cloned(),
            by: entry.deed.by.0,
            action: entry.deed.action,
        })
        .collect();
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// A note at a place in a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarkView {
    id: uuid::Uuid,
    offset_ms: i64,
    text: String,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<Mark> for MarkView {
    fn from(mark: Mark) -> Self {
        Self {
            id: mark.id,
            offset_ms: mark.offset_ms,
            text: mark.text,
            by: mark.by.0,
            at: mark.at,
        }
    }
}

/// The marks, from the recording's beginning.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/marks", tag = "recordings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Page<MarkView>)))]
pub(crate) async fn marks(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<RecordingId>,
) -> Answer<Json<Page<MarkView>>> {
    visible(&api, &caller, id).await?;
    let marks = api.storage.recording_marks(id).await?;
    Ok(Json(Page {
        items: marks.into_iter().map(MarkView::from).collect(),
        next_cursor: None,
    }))
}

/// What to note, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMark {
    offset_ms: i64,
    text: String,
}

/// Notes something at a place in the recording.
#[utoipa::path(post, path = "/api/v1/recordings/{id}/marks", tag = "recordings", params(("id" = uuid::Uuid, Path)),
    request_body = NewMark, responses((status = 201, body = MarkView)))]
pub(crate) async fn mark(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<RecordingId>,
    Json(new): Json<NewMark>,
) -> Answer<Response> {
    let row = visible(&api, &caller, id).await?;
    let length = new.text.trim().chars().count();
    if !(1..=TEXT_MAX).contains(&length) || !(0..=row.duration_ms).contains(&new.offset_ms) {
        return Err(Problem::invalid(
            "invalid_mark",
            format!("标记须在录音时长之内, 内容1至{TEXT_MAX}字"),
        ));
    }
    if api.storage.recording_marks(id).await?.len() >= MARKS_MAX {
        return Err(Problem::refused(
            "too_many_marks",
            None,
            format!("一段录音最多{MARKS_MAX}个标记"),
        ));
    }
    let text = new.text.trim().to_owned();
    let by = &caller.actor.username;
    let mark = api
        .storage
        .mark_recording(api.clock.now(), by, id, new.offset_ms, text)
        .await?;
    Ok((StatusCode::CREATED, Json(MarkView::from(mark))).into_response())
}

/// Takes back a mark of one's own.
#[utoipa::path(delete, path = "/api/v1/recordings/{id}/marks/{mark}", tag = "recordings",
    params(("id" = uuid::Uuid, Path), ("mark" = uuid::Uuid, Path)), responses((status = 204)))]
pub(crate) async fn unmark(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, mark)): Path<(RecordingId, uuid::Uuid)>,
) -> Answer<StatusCode> {
    visible(&api, &caller, id).await?;
    let by = &caller.actor.username;
    match api.storage.unmark_recording(by, id, mark).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
