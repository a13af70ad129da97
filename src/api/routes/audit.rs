//! The audit trail, for auditors.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::extract::{Json, Page, Query, page};
use crate::api::problem::Answer;
use crate::domain::id::Username;
use crate::domain::time::Timestamp;
use crate::storage::audit::{AuditEntry, AuditFilter};

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    #[param(value_type = Option<String>)]
    by: Option<Username>,
    /// `login`, `login_failed`, `listen`, `download`, `token_created`, …
    action: Option<String>,
    /// An id or a name.
    object: Option<String>,
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// One thing somebody did, in its place in the hash chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    seq: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    action: String,
    object: String,
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Over the entry and the hash before it.
    hash: String,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.deed.at,
            by: entry.deed.by.0,
            action: entry.deed.action,
            object: entry.deed.object,
            detail: entry.deed.detail,
            hash: entry.hash,
        }
    }
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Asked), responses((status = 200, body = Page<AuditView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<AuditView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let filter = AuditFilter {
        by: asked.by,
        action: asked.action,
        object: asked.object,
        since: asked.since,
        until: asked.until,
    };
    let entries = api.storage.audit_trail(&filter, &page).await?;
    Ok(Json(Page::of(entries, AuditView::from)))
}

/// Whether the trail is whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Entries whose hashes were computed anew.
    entries: i64,
    whole: bool,
    /// Where it is broken, and how.
    faults: Vec<String>,
}

/// Computes every entry's hash anew and compares. Reads the whole trail: some seconds for a million entries.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "audit", responses((status = 200, body = VerificationView)))]
pub(crate) async fn verification(State(api): State<Arc<Api>>) -> Answer<Json<VerificationView>> {
    let (entries, differences) = api.storage.check_audit().await?;
    Ok(Json(VerificationView {
        at: api.clock.now(),
        entries,
        whole: differences.is_empty(),
        faults: differences.iter().map(ToString::to_string).collect(),
    }))
}
