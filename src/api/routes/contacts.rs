//! Contacts 服务会话: what the agent says a call was, while it lasts and in wrap-up.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read_command;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path, RawJson};
use crate::api::problem::{Answer, Problem};
use crate::domain::caller::LanguageSeat;
use crate::domain::contact::{ContactCommand, ContactStage};
use crate::domain::id::{CallId, ContactId, QueueName, TicketId};
use crate::domain::staff::{By, Role};
use crate::domain::time::Timestamp;
use crate::storage::contacts::ContactRecord;
use crate::storage::flagged::FlagRecord;

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
    /// The number is flagged 重点号码: why, and until when.
    flag: Option<FlagHint>,
    /// The language seat that its number's calls go to first.
    language_seat: Option<LanguageSeatView>,
    /// `live`, `wrap_up` or `ended`, with the disposition or the outcome.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    stage: ContactStage,
}

/// Why a caller waited behind others.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlagHint {
    reason: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    proposed_by: String,
}

impl From<FlagRecord> for FlagHint {
    fn from(record: FlagRecord) -> Self {
        Self {
            until: record.flag.ends_at(),
            reason: record.flag.reason,
            proposed_by: record.flag.proposed_by.0,
        }
    }
}

/// 语种座席.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LanguageSeatView {
    queue: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
}

impl From<LanguageSeat> for LanguageSeatView {
    fn from(seat: LanguageSeat) -> Self {
        Self {
            queue: seat.queue.0,
            at: seat.at,
            by: seat.by.0,
        }
    }
}

impl ContactView {
    async fn seen_by(api: &Api, caller: &Caller, record: ContactRecord) -> Answer<Self> {
        let contact = record.contact;
        let (seat, flag) = match &contact.caller {
            Some(number) => (
                api.storage.language_seat(number).await?,
                api.storage.flag_of(api.clock.now(), number).await?,
            ),
            None => (None, None),
        };
        Ok(Self {
            flag: flag.map(FlagHint::from),
            language_seat: seat.map(LanguageSeatView::from),
            id: record.id,
            version: record.version,
            call_id: contact.call,
            ticket_id: contact.ticket,
            caller: contact.caller.map(|number| caller.sees(&number)),
            started_at: contact.started_at,
            agent: contact.agent.map(|agent| agent.0),
            stage: contact.stage,
        })
    }
}

/// One contact; an agent sees their own.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ContactView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Answer<Json<ContactView>> {
    let record = visible_contact(&api, &caller, id).await?;
    Ok(Json(ContactView::seen_by(&api, &caller, record).await?))
}

async fn visible_contact(api: &Api, caller: &Caller, id: ContactId) -> Answer<ContactRecord> {
    let own = caller.actor.role == Role::Agent;
    api.storage
        .contact(id)
        .await?
        .filter(|record| !own || record.contact.agent.as_ref() == Some(&caller.actor.username))
        .ok_or_else(Problem::not_found)
}

/// Which language seat; null forgets it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    #[schema(value_type = Option<String>)]
    queue: Option<QueueName>,
}

/// Says to which language seat 语种座席 the number's next calls go first, without handing this one over.
#[utoipa::path(put, path = "/api/v1/contacts/{id}/language", tag = "contacts", params(("id" = uuid::Uuid, Path)),
    request_body = Language, responses((status = 200, body = ContactView)))]
pub(crate) async fn language(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(wanted): Json<Language>,
) -> Answer<Json<ContactView>> {
    let record = visible_contact(&api, &caller, id).await?;
    if let Some(queue) = &wanted.queue {
        let directory = api.storage.directory().await?;
        let known = directory.queues.get(queue);
        if known.is_none_or(|queue| queue.language.is_none()) {
            return Err(Problem::invalid("no_such_seat", "没有这个语种座席"));
        }
    }
    let by = caller.actor.username.clone();
    api.storage
        .remember_language(api.clock.now(), by, id, wanted.queue)
        .await?;
    Ok(Json(ContactView::seen_by(&api, &caller, record).await?))
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
    Ok(Json(ContactView::seen_by(&api, &caller, record).await?))
}
