//! Short messages as people see them: what became of a ticket's, and what came in that nobody could match.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::tickets;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::{SmsId, TicketId};
use crate::domain::staff::By;
use crate::domain::ticket::Rating;
use crate::domain::time::Timestamp;
use crate::storage::sms::{Quarantined, Sms, SmsState};

/// One outgoing message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Also its idempotency key at the gateway.
    #[schema(value_type = uuid::Uuid)]
    id: SmsId,
    /// `survey`, `extension_told`, `written_opinion`, `reminder`, `callout` or `receipt`.
    purpose: String,
    /// Masked for roles that need not call back.
    to: String,
    text: String,
    /// `queued`, `submitting`, `accepted`, `delivered`, `failed` or `unknown` (it may have left; never sent again).
    #[schema(value_type = String)]
    state: SmsState,
    gateway: Option<String>,
    message_id: Option<String>,
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    queued_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A ticket's messages, in order.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/messages", tag = "messages", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<MessageView>)))]
pub(crate) async fn of_ticket(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<MessageView>>> {
    tickets::visible(&api, &caller, id).await?;
    let show = |sms: Sms| MessageView {
        id: sms.id,
        purpose: sms.purpose,
        to: caller.sees(&sms.phone),
        text: sms.text,
        state: sms.state,
        gateway: sms.gateway,
        message_id: sms.message_id,
        reason: sms.reason,
        queued_at: sms.queued_at,
        updated_at: sms.updated_at,
    };
    let messages = api.storage.sms_of_ticket(id).await?;
    Ok(Json(Page {
        items: messages.into_iter().map(show).collect(),
        next_cursor: None,
    }))
}

/// Which of them, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only what nobody has read.
    #[serde(default)]
    unread: bool,
    /// Only replies that nobody has read from the number of this ticket's petitioner; all of them on one page.
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// A receipt or a reply that could not be matched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuarantinedView {
    id: Uuid,
    gateway: String,
    /// `receipt` or `reply`.
    kind: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `unknown_message`, `no_such_survey`, `several_surveys_open`, `not_a_rating`, `unreadable`, …
    why: String,
    /// Of a reply `{id, from, text}`, of a receipt `{message_id, delivered, status}`, of what is no callback `{callback}`.
    #[schema(value_type = Object)]
    content: serde_json::Value,
    /// When and by whom it was read; `null`: nobody has.
    #[schema(value_type = Option<String>, format = DateTime)]
    resolved_at: Option<Timestamp>,
    resolved_by: Option<String>,
    resolution: Option<String>,
}

/// What gateways told us that nobody could match, newest first, for a person to read.
#[utoipa::path(get, path = "/api/v1/messages/quarantine", tag = "messages", params(Asked), responses((status = 200, body = Page<QuarantinedView>)))]
pub(crate) async fn quarantine(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<QuarantinedView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let Some(ticket) = asked.ticket else {
        let kept = api.storage.sms_quarantine(&page, asked.unread).await?;
        return Ok(Json(Page::of(kept, QuarantinedView::from)));
    };
    let record = tickets::visible(&api, &caller, ticket).await?;
    let theirs = match record.ticket.phone() {
        Some(phone) => api.storage.unread_replies(phone).await?,
        None => Vec::new(),
    };
    Ok(Json(Page {
        items: theirs.into_iter().map(QuarantinedView::from).collect(),
        next_cursor: None,
    }))
}

impl From<Quarantined> for QuarantinedView {
    fn from(kept: Quarantined) -> Self {
        Self {
            id: kept.id,
            gateway: kept.gateway,
            kind: kept.kind,
            at: kept.at,
            why: kept.why,
            content: kept.content,
            resolved_at: kept.resolved_at,
            resolved_by: kept.resolved_by,
            resolution: kept.resolution,
        }
    }
}

/// What a person makes of something that could not be matched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    /// Whose survey it answers, and with what: both, or neither.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    ticket_id: Option<TicketId>,
    /// `very_satisfied`, `satisfied`, `basically_satisfied`, `dissatisfied` or `very_dissatisfied`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    rating: Option<Rating>,
    /// Why it was read so.
    remark: String,
}

/// Reads what could not be matched: it is a citizen's answer to a ticket's survey, or nothing of the kind. Once.
#[utoipa::path(post, path = "/api/v1/messages/quarantine/{id}/read", tag = "messages", params(("id" = uuid::Uuid, Path)),
    request_body = Reading, responses((status = 204), (status = 409, description = "Refused by the ticket"), (status = 404, description = "Not there, or read already")))]
pub(crate) async fn read(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(reading): Json<Reading>,
) -> Answer<StatusCode> {
    const REMARK_MAX: usize = 500;
    let answer = match (reading.ticket_id, reading.rating) {
        (Some(ticket), Some(rating)) => Some((ticket, rating)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Problem::invalid(
                "invalid_body",
                "give ticket_id and rating, or neither",
            ));
        }
    };
    if reading.remark.trim().is_empty() || reading.remark.chars().count() > REMARK_MAX {
        return Err(Problem::invalid(
            "invalid_body",
            "remark says why, in at most 500 characters",
        ));
    }
    let now = api.clock.now();
    let by = By::Person(&caller.actor);
    let rules = api.rules.now();
    let read = api
        .storage
        .read_quarantined(now, by, id, answer, reading.remark, &rules)
        .await?;
    if read {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
