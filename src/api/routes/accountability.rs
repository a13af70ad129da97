//! The accountability ledger 问责台账 (article 28): entries by hand with approval. Computed facts are `GET /findings?kind=fact`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::chains::{self, ChainedEventView};
use super::people::{self, Peopled};
use super::read_command;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::idempotency::Wished;
use crate::api::problem::{Answer, Problem};
use crate::domain::accountability::{Culpability, EntryCommand, Ground};
use crate::domain::id::{EntryId, TicketId, UnitCode};
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::storage::accountability::{EntryFilter, EntryRecord};

/// One entry. Person, unit and leaders are recorded apart.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    #[schema(value_type = uuid::Uuid)]
    id: EntryId,
    version: u64,
    /// e.g. `28(7)`.
    article: &'static str,
    #[schema(value_type = String)]
    ground: Ground,
    /// Of mishandling: `intent` or `negligence`.
    #[schema(value_type = Option<String>)]
    culpability: Option<Culpability>,
    #[schema(value_type = Option<uuid::Uuid>)]
    ticket_id: Option<TicketId>,
    /// 责任单位.
    unit: String,
    /// 直接责任人.
    person: Option<String>,
    /// 领导干部.
    leaders: Vec<String>,
    facts: String,
    evidence: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    /// Null until somebody else decided.
    approved: Option<bool>,
    decided_by: Option<String>,
    decision_reason: Option<String>,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
}

impl From<EntryRecord> for EntryView {
    fn from(record: EntryRecord) -> Self {
        let entry = record.entry;
        let decision = entry.decision;
        Self {
            id: record.id,
            version: record.version,
            article: entry.ground.article(),
            ground: entry.ground,
            culpability: entry.culpability,
            ticket_id: entry.ticket,
            unit: entry.unit.0,
            person: entry.person,
            leaders: entry.leaders,
            facts: entry.facts,
            evidence: entry.evidence,
            at: entry.at,
            by: entry.by.0,
            approved: decision.as_ref().map(|decision| decision.approved),
            decided_by: decision.as_ref().map(|decision| decision.by.0.clone()),
            decision_reason: decision.map(|decision| decision.reason),
            names: BTreeMap::new(),
        }
    }
}

impl Peopled for EntryView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    unit: Option<String>,
    /// e.g. `28(7)`.
    article: Option<String>,
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    decided: Option<bool>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// The ledger, the latest entry first.
#[utoipa::path(get, path = "/api/v1/accountability", tag = "accountability", params(Asked), responses((status = 200, body = Page<EntryView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<EntryView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let filter = EntryFilter {
        unit: asked.unit.map(UnitCode),
        article: asked.article,
        ticket: asked.ticket,
        decided: asked.decided,
    };
    let by = By::Person(&caller.actor);
    let entries = api.storage.ledger(by, &filter, &page).await?;
    let mut page = Page::of(entries, EntryView::from);
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// The whole chain of one entry in order.
#[utoipa::path(get, path = "/api/v1/accountability/{id}/events", tag = "accountability", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ChainedEventView>)))]
pub(crate) async fn events(
    State(api): State<Arc<Api>>,
    Path(id): Path<EntryId>,
) -> Answer<Json<Page<ChainedEventView>>> {
    api.storage
        .entry(id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Json(chains::whole(api.storage.entry_events(id).await?)))
}

/// Records an entry by hand; it stands when another supervisor approved it.
#[utoipa::path(post, path = "/api/v1/accountability", tag = "accountability",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = Object, description = "{ground: inaction|mishandling|lead_failed|co_handler_failed|untrue|duties_unmet|other, \
        culpability (of mishandling): intent|negligence, unit, ticket?, person?, leaders?, facts, evidence}"),
    responses((status = 201, body = EntryView), (status = 409, description = "Refused")))]
pub(crate) async fn record(State(api): State<Arc<Api>>, wished: Wished) -> Answer<Response> {
    let command: EntryCommand = read_command(&["record"], "record", wished.parse()?)?;
    if let EntryCommand::Record {
        ticket: Some(ticket),
        ..
    } = &command
    {
        super::tickets::visible(&api, &wished.caller, *ticket).await?;
    }
    granted(&api, wished, None, command).await
}

/// Decides about an entry that somebody else recorded.
#[utoipa::path(post, path = "/api/v1/accountability/{id}/commands/{command}", tag = "accountability",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "decide {approved, reason}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = EntryView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(EntryId, String)>,
    wished: Wished,
) -> Answer<Response> {
    let command: EntryCommand = read_command(&["decide"], &name, wished.parse()?)?;
    granted(&api, wished, Some(id), command).await
}

/// Carries out what was wished of `id` (`None`: of a new one, which is answered as created).
async fn granted(
    api: &Api,
    wished: Wished,
    id: Option<EntryId>,
    command: EntryCommand,
) -> Answer<Response> {
    let (now, rules) = (api.clock.now(), api.rules.now());
    let once = wished.once.clone();
    let done = api
        .storage
        .entry_command(now, wished.by(), id, command, &rules, once)
        .await;
    people::tell(api, wished, id.is_none(), done.map(EntryView::from)).await
}
