//! Flagged numbers 重点号码 (article 9(4)): proposed at the desk, granted for a limited time by a supervisor, looked at again.

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
use crate::domain::caller::flagged::{EVIDENCE_MAX, FlagCommand, FlagStage, Refusal};
use crate::domain::id::{ContactId, FlagId};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{By, Role};
use crate::domain::time::Timestamp;
use crate::storage::flagged::{FlagFilter, FlagRecord};

/// One flag on one number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlagView {
    #[schema(value_type = uuid::Uuid)]
    id: FlagId,
    version: u64,
    /// Masked for roles that need not call back.
    phone: String,
    /// The contacts that speak for it.
    #[schema(value_type = Vec<uuid::Uuid>)]
    evidence: Vec<ContactId>,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    proposed_at: Timestamp,
    proposed_by: String,
    /// `proposed`, `declined`, `standing` or `ended`, with what belongs to it.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    stage: FlagStage,
    /// A supervisor should look at it again.
    review_due: bool,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
}

impl FlagView {
    fn seen_by(caller: &Caller, now: Timestamp, record: FlagRecord) -> Self {
        let flag = record.flag;
        Self {
            id: record.id,
            version: record.version,
            phone: caller.sees(&flag.phone),
            review_due: flag.review_is_due(now),
            evidence: flag.evidence,
            reason: flag.reason,
            proposed_at: flag.proposed_at,
            proposed_by: flag.proposed_by.0,
            stage: flag.stage,
            names: BTreeMap::new(),
        }
    }
}

impl Peopled for FlagView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which flags.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `proposed`, `declined`, `standing` or `ended`.
    stage: Option<String>,
    /// Only those that a supervisor should look at again.
    review_due: Option<bool>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Flagged numbers, the latest first.
#[utoipa::path(get, path = "/api/v1/flagged_numbers", tag = "flagged_numbers", params(Asked), responses((status = 200, body = Page<FlagView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<FlagView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let now = api.clock.now();
    let filter = FlagFilter {
        stage: asked.stage,
        review_due_at: asked.review_due.unwrap_or(false).then_some(now),
    };
    let flags = api.storage.flags(&filter, &page).await?;
    let mut page = Page::of(flags, |flag| FlagView::seen_by(&caller, now, flag));
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// The whole chain of one flag in order.
#[utoipa::path(get, path = "/api/v1/flagged_numbers/{id}/events", tag = "flagged_numbers", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ChainedEventView>)))]
pub(crate) async fn events(
    State(api): State<Arc<Api>>,
    Path(id): Path<FlagId>,
) -> Answer<Json<Page<ChainedEventView>>> {
    let events = api.storage.flag_events(id).await?;
    if events.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(Json(chains::whole(events)))
}

/// What is proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposal {
    /// Contacts of one number; an agent names their own.
    #[schema(value_type = Vec<uuid::Uuid>)]
    evidence: Vec<ContactId>,
    reason: String,
}

/// Proposes that the number of some contacts be flagged.
#[utoipa::path(post, path = "/api/v1/flagged_numbers", tag = "flagged_numbers",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = Proposal,
    responses((status = 201, body = FlagView), (status = 409, description = "Refused")))]
pub(crate) async fn propose(
    State(api): State<Arc<Api>>,
    caller: Caller,
    wished: Wished,
) -> Answer<Response> {
    let proposal: Proposal = wished.parse()?;
    let phone = number_of(&api, &caller, &proposal.evidence).await?;
    let command = FlagCommand::Propose {
        phone,
        evidence: proposal.evidence,
        reason: proposal.reason,
    };
    granted(&api, &caller, wished, None, command).await
}

/// The one number that all of these contacts came from.
async fn number_of(api: &Api, caller: &Caller, evidence: &[ContactId]) -> Answer<PhoneNumber> {
    let own = caller.actor.role == Role::Agent;
    let mut number = None;
    for id in evidence.iter().take(EVIDENCE_MAX) {
        let record = api.storage.contact(*id).await?;
        let contact = record
            .map(|record| record.contact)
            .filter(|contact| !own || contact.agent.as_ref() == Some(&caller.actor.username))
            .ok_or_else(Problem::not_found)?;
        let of = contact.caller.ok_or(Refusal::NoEvidence)?;
        if number.get_or_insert_with(|| of.clone()) != &of {
            return Err(Refusal::NoEvidence.into());
        }
    }
    number.ok_or_else(|| Refusal::NoEvidence.into())
}

/// Grants a flag (for at most 90 days), declines it, looks at it again, or lifts it: supervisors only.
#[utoipa::path(post, path = "/api/v1/flagged_numbers/{id}/commands/{command}", tag = "flagged_numbers",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "grant {days, review_after_days}, decline {reason}, review {remark, review_after_days}, lift {reason}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = FlagView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, name)): Path<(FlagId, String)>,
    wished: Wished,
) -> Answer<Response> {
    const COMMANDS: &[&str] = &["grant", "decline", "review", "lift"];
    let command: FlagCommand = read_command(COMMANDS, &name, wished.parse()?)?;
    granted(&api, &caller, wished, Some(id), command).await
}

/// Carries out what was wished of `id` (`None`: of a new one, which is answered as created).
async fn granted(
    api: &Api,
    caller: &Caller,
    wished: Wished,
    id: Option<FlagId>,
    command: FlagCommand,
) -> Answer<Response> {
    let (now, rules) = (api.clock.now(), api.rules.now());
    let once = wished.once.clone();
    let by = By::Person(&caller.actor);
    let done = api
        .storage
        .flag_command(now, by, id, command, &rules, once)
        .await
        .map(|record| FlagView::seen_by(caller, now, record));
    people::tell(api, wished, id.is_none(), done).await
}
