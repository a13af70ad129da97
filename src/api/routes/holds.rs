//! Legal holds: what may not be deleted whatever its retention class says.

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
use crate::domain::archive::{Held, HoldCommand};
use crate::domain::id::HoldId;
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::storage::about::About;
use crate::storage::holds::HoldRecord;

/// One hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldView {
    #[schema(value_type = uuid::Uuid)]
    id: HoldId,
    version: u64,
    /// `ticket` (every recording of its calls), `call` or `recording`.
    held: &'static str,
    held_id: uuid::Uuid,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    lifted_at: Option<Timestamp>,
    lifted_by: Option<String>,
    lift_reason: Option<String>,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
}

impl From<HoldRecord> for HoldView {
    fn from(record: HoldRecord) -> Self {
        let hold = record.hold;
        let lifted = hold.lifted;
        Self {
            id: record.id,
            version: record.version,
            held: hold.held.code(),
            held_id: hold.held.id(),
            reason: hold.reason,
            at: hold.at,
            by: hold.by.0,
            lifted_at: lifted.as_ref().map(|lifted| lifted.at),
            lifted_by: lifted.as_ref().map(|lifted| lifted.by.0.clone()),
            lift_reason: lifted.map(|lifted| lifted.reason),
            names: BTreeMap::new(),
        }
    }
}

impl Peopled for HoldView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `true`: not lifted.
    standing: Option<bool>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Holds, the latest first.
#[utoipa::path(get, path = "/api/v1/holds", tag = "holds", params(Asked), responses((status = 200, body = Page<HoldView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<HoldView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let by = By::Person(&caller.actor);
    let holds = api.storage.holds(by, asked.standing, &page).await?;
    let mut page = Page::of(holds, HoldView::from);
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// The whole chain of one hold in order.
#[utoipa::path(get, path = "/api/v1/holds/{id}/events", tag = "holds", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ChainedEventView>)))]
pub(crate) async fn events(
    State(api): State<Arc<Api>>,
    Path(id): Path<HoldId>,
) -> Answer<Json<Page<ChainedEventView>>> {
    let events = api.storage.hold_events(id).await?;
    if events.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(Json(chains::whole(events)))
}

/// Places a hold. It is in the audit trail.
#[utoipa::path(post, path = "/api/v1/holds", tag = "holds",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = Object, description = "{held: {ticket|call|recording: id}, reason}"),
    responses((status = 201, body = HoldView), (status = 409, description = "Refused")))]
pub(crate) async fn place(State(api): State<Arc<Api>>, wished: Wished) -> Answer<Response> {
    let command: HoldCommand = read_command(&["place"], "place", wished.parse()?)?;
    if let HoldCommand::Place { held, .. } = &command {
        let about = match held {
            Held::Ticket(_) => About::Ticket,
            Held::Call(_) => About::Call,
            Held::Recording(_) => About::Recording,
        };
        if api
            .storage
            .keeps_back(wished.by(), about, held.id())
            .await?
        {
            return Err(Problem::not_found());
        }
    }
    granted(&api, wished, None, command).await
}

/// Lifts a hold: supervisors only, with a reason, in the audit trail.
#[utoipa::path(post, path = "/api/v1/holds/{id}/commands/{command}", tag = "holds",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "lift {reason}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = HoldView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(HoldId, String)>,
    wished: Wished,
) -> Answer<Response> {
    let command: HoldCommand = read_command(&["lift"], &name, wished.parse()?)?;
    granted(&api, wished, Some(id), command).await
}

/// Carries out what was wished of `id` (`None`: of a new one, which is answered as created).
async fn granted(
    api: &Api,
    wished: Wished,
    id: Option<HoldId>,
    command: HoldCommand,
) -> Answer<Response> {
    let (now, rules) = (api.clock.now(), api.rules.now());
    let once = wished.once.clone();
    let done = api
        .storage
        .hold_command(now, wished.by(), id, command, &rules, once)
        .await;
    people::tell(api, wished, id.is_none(), done.map(HoldView::from)).await
}
