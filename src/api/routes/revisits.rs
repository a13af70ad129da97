//! Manual revisits 人工回访: who is to be called, the call itself, and what they said.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::error;
use utoipa::{IntoParams, ToSchema};

use super::people::{self, Peopled, named};
use super::read_command;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::idempotency::Wished;
use crate::api::problem::{Answer, Problem};
use crate::domain::call::wish::{Granted, Purpose, Wish};
use crate::domain::id::{RevisitId, TicketId};
use crate::domain::revisit::{RevisitCommand, RevisitStage};
use crate::domain::staff::By;
use crate::domain::ticket::Round;
use crate::domain::time::Timestamp;
use crate::storage::Trouble;
use crate::storage::revisits::{RevisitFilter, RevisitRecord};

/// A planned contact after closing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisitView {
    #[schema(value_type = uuid::Uuid)]
    id: RevisitId,
    version: u64,
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    /// `first` after a dissatisfied survey, `second` after rectification.
    #[schema(value_type = String)]
    round: Round,
    /// Masked for roles that need not call.
    phone: String,
    #[schema(value_type = String, format = DateTime)]
    planned_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// `null` while the calendar for it is not published.
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    overdue: bool,
    /// Calls that reached nobody.
    #[schema(value_type = Vec<Object>)]
    attempts: Value,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
    /// `planned`, `taken`, `calling`, `done` or `cancelled`, with what belongs to it: who, the call, its recording, the
    /// outcome.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    stage: RevisitStage,
}

impl RevisitView {
    fn seen_by(caller: &Caller, now: Timestamp, record: RevisitRecord) -> Self {
        let revisit = record.revisit;
        let open = match revisit.stage {
            RevisitStage::Planned | RevisitStage::Taken { .. } | RevisitStage::Calling { .. } => {
                true
            }
            RevisitStage::Done { .. } | RevisitStage::Cancelled { .. } => false,
        };
        Self {
            id: record.id,
            version: record.version,
            ticket_id: revisit.ticket,
            round: revisit.round,
            phone: caller.sees(&revisit.phone),
            planned_at: record.planned_at,
            updated_at: record.updated_at,
            due: revisit.due,
            overdue: open && revisit.due.is_some_and(|due| now > due),
            attempts: serde_json::to_value(&revisit.attempts).expect("attempts are plain data"),
            names: BTreeMap::new(),
            stage: revisit.stage,
        }
    }
}

impl Peopled for RevisitView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which revisits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `planned`, `taken`, `calling`, `done` or `cancelled`.
    stage: Option<String>,
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    /// Only those that should have been made by now.
    #[serde(default)]
    overdue: bool,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Revisits, the latest planned first.
#[utoipa::path(get, path = "/api/v1/revisits", tag = "revisits", params(Asked), responses((status = 200, body = Page<RevisitView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<RevisitView>>> {
    let now = api.clock.now();
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let filter = RevisitFilter {
        stage: asked.stage,
        ticket: asked.ticket,
        overdue_at: asked.overdue.then_some(now),
    };
    let by = By::Person(&caller.actor);
    let revisits = api.storage.revisits(by, &filter, &page).await?;
    let mut page = Page::of(revisits, |record| {
        RevisitView::seen_by(&caller, now, record)
    });
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// Commands for people. The others are the server's own.
const COMMANDS: &[&str] = &["call", "release", "record"];

/// `call` places the recorded call between one's own extension and the citizen; `record` writes down what came of it.
#[utoipa::path(post, path = "/api/v1/revisits/{id}/commands/{command}", tag = "revisits",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "call, release, record {outcome, rating?, solved?, remark?}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = RevisitView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(RevisitId, String)>,
    mut wished: Wished,
) -> Answer<Response> {
    let command: RevisitCommand = read_command(COMMANDS, &name, wished.parse()?)?;
    let done = match command {
        RevisitCommand::Call => {
            let done = call(&api, &wished.caller, id).await;
            // Not one transaction: a refusal may only mean that the same request is under way already.
            wished.once = wished.once.filter(|_| done.is_ok());
            done
        }
        command => api
            .storage
            .revisit_command(
                api.clock.now(),
                wished.by(),
                id,
                command,
                &api.rules.now(),
                wished.once.clone(),
            )
            .await
            .map_err(Problem::from),
    };
    let now = api.clock.now();
    let outcome = match done {
        Ok(record) => named(&api, RevisitView::seen_by(&wished.caller, now, record)).await,
        Err(problem) => Err(problem),
    };
    wished.answer(&api, StatusCode::OK, outcome).await
}

/// Takes the revisit, so that nobody else calls the citizen too; places the call; notes it, or gives the revisit back.
async fn call(api: &Api, caller: &Caller, id: RevisitId) -> Answer<RevisitRecord> {
    let storage = &api.storage;
    let by = By::Person(&caller.actor);
    let taken = storage
        .revisit_command(
            api.clock.now(),
            by,
            id,
            RevisitCommand::Call,
            &api.rules.now(),
            None,
        )
        .await?;
    let wish = Wish::PlaceCall {
        by: caller.actor.clone(),
        to: taken.revisit.phone,
        purpose: Purpose::Revisit {
            revisit: id,
            ticket: taken.revisit.ticket,
        },
    };
    let (next, problem) = match api.calls.wish(wish).await {
        Ok(Granted::Placed { call, recording }) => {
            (RevisitCommand::Placed { call, recording }, None)
        }
        Ok(Granted::Done | Granted::Leg(_) | Granted::State(_)) => {
            (RevisitCommand::Release, Some(Problem::bug()))
        }
        Err(refusal) => (RevisitCommand::Release, Some(refusal.into())),
    };
    let noted = storage
        .revisit_command(
            api.clock.now(),
            By::Server,
            id,
            next,
            &api.rules.now(),
            None,
        )
        .await;
    match (noted, problem) {
        (_, Some(problem)) => Err(problem),
        (Ok(record), None) => Ok(record),
        (Err(trouble), None) => {
            if let Trouble::Fault(fault) = &trouble {
                error!(revisit = %id, %fault, "the call of revisit {id} is up, but could not be noted: {fault}");
            }
            Err(trouble.into())
        }
    }
}
