//! Contacts 服务会话: what the agent says a call was, while it lasts and in wrap-up.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::read_command;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path, RawJson};
use crate::api::problem::{Answer, Problem};
use crate::domain::contact::{ContactCommand, ContactStage};
use crate::domain::id::{CallId, ContactId, TicketId};
use crate::domain::staff::{By, Role};
use crate::domain::time::Timestamp;
use crate::storage::contacts::ContactRecord;

/// One citizen contact, first ring to end of wrap-up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactView {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    version: u64,
    #[schema(value_type = uuid::Uuid)]
    call_id: CallId,
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    /// Masked for roles that need not call back.
    caller: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    agent: Option<String>,
    /// `live`, `wrap_up` or `ended`, with the disposition or the outcome.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    stage: ContactStage,
}

impl ContactView {
    fn seen_by(caller: &Caller, record: ContactRecord) -> Self {
        let contact = record.contact;
        Self {
            id: record.id,
            version: record.version,
            call_id: contact.call,
            ticket_id: contact.ticket,
            caller: contact.caller.map(|number| caller.sees(&number)),
            started_at: contact.started_at,
            agent: contact.agent.map(|agent| agent.0),
            stage: contact.stage,
        }
    }
}

/// One contact; an agent sees their own.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ContactView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Answer<Json<ContactView>> {
    let own = caller.actor.role == Role::Agent;
    let record = api
        .storage
        .contact(id)
        .await?
        .filter(|record| !own || record.contact.agent.as_ref() == Some(&caller.actor.username))
        .ok_or_else(Problem::not_found)?;
    Ok(Json(ContactView::seen_by(&caller, record)))
}

/// Commands for people. The others are the server's own.
const COMMANDS: &[&str] = &["dispose", "finish_wrap_up"];

/// Says what the contact was, or that wrap-up is over.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/commands/{command}", tag = "contacts",
    params(("id" = uuid::Uuid, Path), ("command" = String, Path, description = "dispose {disposition {code, …}}, finish_wrap_up")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = ContactView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, name)): Path<(ContactId, String)>,
    body: RawJson,
) -> Answer<Json<ContactView>> {
    let command: ContactCommand = read_command(COMMANDS, &name, body.parse()?)?;
    let by = By::Person(&caller.actor);
    let record = api
        .storage
        .contact_command(api.clock.now(), by, id, command, &api.rules.now())
        .await?;
    Ok(Json(ContactView::seen_by(&caller, record)))
}
