//! What a member unit is told about its tickets.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::TicketId;
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::storage::notices::{NoticeKind, UnitNotice};

/// One notice to one's unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitNoticeView {
    id: Uuid,
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `assigned`, `reminder`, `moved`, `decided` or `asked`.
    #[schema(value_type = String)]
    kind: NoticeKind,
    /// In Chinese.
    text: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    read_by: Option<String>,
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only those nobody has read.
    #[serde(default)]
    unread: bool,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// One's unit's notices, newest first.
#[utoipa::path(get, path = "/api/v1/unit_notices", tag = "units", params(Asked), responses((status = 200, body = Page<UnitNoticeView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<UnitNoticeView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let unit = &caller.actor.unit;
    let notices = api
        .storage
        .unit_notices(By::Person(&caller.actor), unit, asked.unread, &page)
        .await?;
    Ok(Json(Page::of(notices, |notice: UnitNotice| {
        UnitNoticeView {
            id: notice.id,
            ticket_id: notice.ticket,
            at: notice.at,
            kind: notice.kind,
            text: notice.text,
            read_at: notice.read_at,
            read_by: notice.read_by,
        }
    })))
}

/// Says that somebody of the unit has read it.
#[utoipa::path(post, path = "/api/v1/unit_notices/{id}/read", tag = "units", params(("id" = uuid::Uuid, Path)), responses((status = 204)))]
pub(crate) async fn read(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Answer<StatusCode> {
    let by = By::Person(&caller.actor);
    let now = api.clock.now();
    match api
        .storage
        .read_unit_notice(now, by, &caller.actor.unit, id)
        .await?
    {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
