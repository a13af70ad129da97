//! What the rules see: findings about one ticket, key matters 重点督办事项 (article 25) by category, computed facts for
//! accountability (article 28); and key matters marked by hand.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::people::names_of;
use super::tickets;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, RawJson, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::{TicketId, UnitCode};
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::domain::watch::Category;
use crate::storage;
use crate::storage::watch::{FindingFilter, FindingRow, KeyMark};

/// Something a rule found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingView {
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    ticket_number: String,
    /// `key`, `suspicion`, `overdue`, `trigger` or `fact`.
    kind: String,
    /// Which rule found it.
    rule: String,
    /// The event of the ticket that shows it.
    seq: u64,
    /// Whom it is about.
    unit: String,
    /// Of a key matter: `livelihood`, `poor_quality`, `assigned`, `many_units` or `unresolved`.
    category: Option<String>,
    article: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// In words, in Chinese.
    reason: String,
    /// The other ticket it takes to see it.
    #[schema(value_type = Option<uuid::Uuid>)]
    other_ticket_id: Option<TicketId>,
}

impl From<FindingRow> for FindingView {
    fn from(row: FindingRow) -> Self {
        Self {
            ticket_id: row.ticket,
            ticket_number: row.number,
            kind: row.kind,
            rule: row.rule,
            seq: row.seq,
            unit: row.unit.0,
            category: row.category,
            article: row.article,
            at: row.at,
            reason: row.reason,
            other_ticket_id: row.other,
        }
    }
}

/// A key matter marked by hand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyMarkView {
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    ticket_number: String,
    category: &'static str,
    category_name: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    /// Their name, if they have a login.
    by_name: Option<String>,
    reason: String,
    /// Where the media reported it.
    link: Option<String>,
}

impl From<KeyMark> for KeyMarkView {
    fn from(mark: KeyMark) -> Self {
        Self {
            ticket_id: mark.ticket,
            ticket_number: mark.number,
            category: mark.category.code(),
            category_name: mark.category.name(),
            at: mark.at,
            by: mark.by.0,
            by_name: None,
            reason: mark.reason,
            link: mark.link,
        }
    }
}

/// Marks with the names of who made them.
async fn shown(api: &Api, marks: Vec<KeyMark>) -> Answer<Vec<KeyMarkView>> {
    let names = names_of(api, marks.iter().map(|mark| mark.by.0.as_str())).await?;
    let view = |mark: KeyMark| KeyMarkView {
        by_name: names.get(&mark.by.0).cloned(),
        ..mark.into()
    };
    Ok(marks.into_iter().map(view).collect())
}

/// Everything marked on one ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarksView {
    findings: Vec<FindingView>,
    by_hand: Vec<KeyMarkView>,
}

/// What the rules found in a ticket, and what was marked by hand.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/marks", tag = "watch", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = MarksView)))]
pub(crate) async fn of_ticket(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<MarksView>> {
    tickets::visible(&api, &caller, id).await?;
    let page = storage::Page {
        limit: Some(storage::Page::LIMIT_MAX),
        after: None,
    };
    let filter = FindingFilter {
        ticket: Some(id),
        ..FindingFilter::default()
    };
    let by = By::Person(&caller.actor);
    let findings = api.storage.findings(by, &filter, &page).await?;
    let by_hand = api.storage.key_marks(by, Some(id), None, &page).await?;
    Ok(Json(MarksView {
        findings: findings.items.into_iter().map(Into::into).collect(),
        by_hand: shown(&api, by_hand.items).await?,
    }))
}

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `key`, `suspicion`, `overdue`, `trigger` or `fact`.
    kind: Option<String>,
    /// Of key matters: `livelihood`, `poor_quality`, `assigned`, `many_units` or `unresolved`.
    category: Option<String>,
    unit: Option<String>,
    /// e.g. `28(3)`.
    article: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What the rules found, the latest first: key matters by category, suspicions, facts for accountability.
#[utoipa::path(get, path = "/api/v1/findings", tag = "watch", params(Asked), responses((status = 200, body = Page<FindingView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<FindingView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let kind = asked.kind.as_deref().map(kind_of).transpose()?;
    let filter = FindingFilter {
        kind,
        category: asked.category.as_deref().map(category_of).transpose()?,
        unit: asked.unit.map(UnitCode),
        article: asked.article,
        ticket: None,
    };
    let by = By::Person(&caller.actor);
    let findings = api.storage.findings(by, &filter, &page).await?;
    Ok(Json(Page::of(findings, Into::into)))
}

fn kind_of(text: &str) -> Answer<&'static str> {
    ["key", "suspicion", "overdue", "trigger", "fact"]
        .into_iter()
        .find(|kind| *kind == text)
        .ok_or_else(|| Problem::malformed("invalid_kind", "no such kind of finding"))
}

fn category_of(text: &str) -> Answer<Category> {
    Category::from_code(text)
        .ok_or_else(|| Problem::malformed("invalid_category", "no such category"))
}

/// Which key matters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedMarks {
    category: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Key matters marked by hand, the latest first.
#[utoipa::path(get, path = "/api/v1/key-marks", tag = "watch", params(AskedMarks), responses((status = 200, body = Page<KeyMarkView>)))]
pub(crate) async fn key_marks(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<AskedMarks>,
) -> Answer<Json<Page<KeyMarkView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let category = asked.category.as_deref().map(category_of).transpose()?;
    let by = By::Person(&caller.actor);
    let marks = api.storage.key_marks(by, None, category, &page).await?;
    Ok(Json(Page {
        items: shown(&api, marks.items).await?,
        next_cursor: marks.next_cursor,
    }))
}

/// A mark by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marking {
    reason: String,
    /// For what the media reported: an http or https address.
    #[serde(default)]
    link: Option<String>,
}

const REASON_MAX: usize = 2_000;
const LINK_MAX: usize = 500;

/// Marks a key matter by hand; of two the latest reason stands. Marked in the audit trail.
#[utoipa::path(put, path = "/api/v1/tickets/{id}/marks/{category}", tag = "watch",
    params(("id" = uuid::Uuid, Path), ("category" = String, Path)), request_body = Marking,
    responses((status = 200, body = KeyMarkView)))]
pub(crate) async fn mark(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, category)): Path<(TicketId, String)>,
    body: RawJson,
) -> Answer<Json<KeyMarkView>> {
    let category = Category::from_code(&category).ok_or_else(Problem::not_found)?;
    let record = tickets::visible(&api, &caller, id).await?;
    let marking: Marking = body.parse()?;
    if marking.reason.trim().is_empty() || marking.reason.chars().count() > REASON_MAX {
        return Err(Problem::refused(
            "missing",
            Some("25".to_owned()),
            "请填写标记理由 (最多2000字)",
        ));
    }
    let web = |link: &String| {
        link.len() <= LINK_MAX
            && (link.starts_with("https://") || link.starts_with("http://"))
            && !link.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    if !marking.link.as_ref().is_none_or(web) {
        return Err(Problem::invalid(
            "invalid_link",
            "媒体链接应为http或https地址 (not a web address)",
        ));
    }
    let mark = KeyMark {
        ticket: id,
        number: record.number,
        category,
        at: api.clock.now(),
        by: caller.actor.username.clone(),
        reason: marking.reason,
        link: marking.link,
    };
    api.storage.mark_key(mark.clone()).await?;
    let shown = shown(&api, vec![mark]).await?.pop();
    Ok(Json(shown.ok_or_else(Problem::not_found)?))
}

/// Takes a mark by hand away. What a rule found stays until it is no longer so.
#[utoipa::path(delete, path = "/api/v1/tickets/{id}/marks/{category}", tag = "watch",
    params(("id" = uuid::Uuid, Path), ("category" = String, Path)), responses((status = 204)))]
pub(crate) async fn unmark(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, category)): Path<(TicketId, String)>,
) -> Answer<StatusCode> {
    let category = Category::from_code(&category).ok_or_else(Problem::not_found)?;
    let by = caller.actor.username.clone();
    let now = api.clock.now();
    if api.storage.unmark_key(now, by, id, category).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
