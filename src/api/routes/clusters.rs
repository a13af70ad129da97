//! Same-event clusters 同一事件: which demands may be one matter, merging and splitting, and one command for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::chains::{self, ChainedEventView};
use super::people::{self, Peopled, named};
use super::{read_command, tickets};
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::idempotency::{Wished, reused};
use crate::api::problem::{Answer, Problem};
use crate::domain::event_cluster::{
    CARRIED, ClusterCommand, ClusterKind, MEMBERS_MAX, Refusal, RefusedMember, SimilarPolicy,
    Suggestion, suggest,
};
use crate::domain::id::{ClusterId, TicketId};
use crate::domain::staff::By;
use crate::domain::ticket::{self, Demand};
use crate::domain::time::Timestamp;
use crate::storage::Trouble;
use crate::storage::event_clusters::ClusterRecord;
use crate::storage::tickets::CommandRefusal;

/// A cluster as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClusterView {
    #[schema(value_type = uuid::Uuid)]
    id: ClusterId,
    version: u64,
    title: String,
    /// `duplicate` or `same_event`.
    #[schema(value_type = String)]
    kind: ClusterKind,
    #[schema(value_type = uuid::Uuid)]
    lead_ticket_id: TicketId,
    #[schema(value_type = Vec<uuid::Uuid>)]
    member_ticket_ids: Vec<TicketId>,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    open: bool,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
    /// Commands carried to every member, with what came of them; and how it was dissolved.
    #[schema(value_type = Object)]
    cluster: Value,
}

impl From<ClusterRecord> for ClusterView {
    fn from(record: ClusterRecord) -> Self {
        let cluster = record.cluster;
        Self {
            id: record.id,
            version: record.version,
            title: cluster.title.clone(),
            kind: cluster.kind,
            lead_ticket_id: cluster.lead,
            member_ticket_ids: cluster.members.iter().copied().collect(),
            opened_at: cluster.opened_at,
            updated_at: record.updated_at,
            open: cluster.dissolved.is_none(),
            names: BTreeMap::new(),
            cluster: serde_json::to_value(&cluster).expect("a cluster is plain data"),
        }
    }
}

impl Peopled for ClusterView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Another demand that may be about the same matter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestionView {
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    ticket_number: String,
    title: String,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// The matter it belongs to already.
    #[schema(value_type = Option<uuid::Uuid>)]
    cluster_id: Option<ClusterId>,
    /// In thousandths.
    score: u32,
    /// The same number asks again.
    same_person: bool,
    /// In words, in Chinese.
    reasons: Vec<String>,
}

impl From<Suggestion> for SuggestionView {
    fn from(suggestion: Suggestion) -> Self {
        Self {
            ticket_id: suggestion.ticket,
            ticket_number: suggestion.number,
            title: suggestion.title,
            opened_at: suggestion.opened_at,
            cluster_id: suggestion.cluster,
            score: suggestion.score,
            same_person: suggestion.same_person,
            reasons: suggestion.reasons,
        }
    }
}

/// Demands of the last fortnight that may be about the same matter, the likeliest first, each with its reasons. A ticket
/// is found some ten seconds after it was registered.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/similar", tag = "clusters", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<SuggestionView>)))]
pub(crate) async fn similar(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<SuggestionView>>> {
    let record = tickets::visible(&api, &caller, id).await?;
    let items = match &record.ticket.demand {
        None => Vec::new(),
        Some(demand) => alike(&api, id, demand).await?,
    };
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// Other demands that may be about the matter of ticket `id`, if it read like `demand`.
pub(super) async fn alike(api: &Api, id: TicketId, demand: &Demand) -> Answer<Vec<SuggestionView>> {
    let now = api.clock.now();
    let policy = SimilarPolicy::default();
    let since = now.plus_millis(-policy.window_ms);
    let candidates = api.storage.candidates(id, demand, since).await?;
    let found = suggest(now, demand, &candidates, &policy);
    Ok(found.into_iter().map(Into::into).collect())
}

/// Which clusters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    open: Option<bool>,
    /// The one this ticket belongs to.
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Clusters, the latest opened first.
#[utoipa::path(get, path = "/api/v1/clusters", tag = "clusters", params(Asked), responses((status = 200, body = Page<ClusterView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<ClusterView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let clusters = api
        .storage
        .clusters(By::Person(&caller.actor), asked.open, asked.ticket, &page)
        .await?;
    let mut page = Page::of(clusters, ClusterView::from);
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// One cluster.
#[utoipa::path(get, path = "/api/v1/clusters/{id}", tag = "clusters", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = ClusterView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    Path(id): Path<ClusterId>,
) -> Answer<Json<ClusterView>> {
    Ok(Json(named(&api, found(&api, id).await?.into()).await?))
}

async fn found(api: &Api, id: ClusterId) -> Answer<ClusterRecord> {
    api.storage
        .cluster(id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// The whole chain in order.
#[utoipa::path(get, path = "/api/v1/clusters/{id}/events", tag = "clusters", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ChainedEventView>)))]
pub(crate) async fn events(
    State(api): State<Arc<Api>>,
    Path(id): Path<ClusterId>,
) -> Answer<Json<Page<ChainedEventView>>> {
    found(&api, id).await?;
    Ok(Json(chains::whole(api.storage.cluster_events(id).await?)))
}

const COMMANDS: &[&str] = &["join", "leave", "choose_lead", "dissolve"];

/// Merges tickets into one matter. Each keeps its citizen, its clocks and its survey.
#[utoipa::path(post, path = "/api/v1/clusters", tag = "clusters",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = Object, description = "{title, kind: duplicate|same_event, lead, members: [ticket id]}"),
    responses((status = 201, body = ClusterView), (status = 409, description = "Refused")))]
pub(crate) async fn open(State(api): State<Arc<Api>>, wished: Wished) -> Answer<Response> {
    let command: ClusterCommand = read_command(&["open"], "open", wished.parse()?)?;
    granted(&api, wished, None, command).await
}

/// Wishes something of a cluster.
#[utoipa::path(post, path = "/api/v1/clusters/{id}/commands/{command}", tag = "clusters",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "join {tickets}, leave {ticket, reason}, choose_lead {ticket}, dissolve {reason}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = ClusterView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(ClusterId, String)>,
    wished: Wished,
) -> Answer<Response> {
    let command: ClusterCommand = read_command(COMMANDS, &name, wished.parse()?)?;
    granted(&api, wished, Some(id), command).await
}

/// Carries out what was wished of `id` (`None`: of a new one, which is answered as created).
async fn granted(
    api: &Api,
    wished: Wished,
    id: Option<ClusterId>,
    command: ClusterCommand,
) -> Answer<Response> {
    let (now, rules) = (api.clock.now(), api.rules.now());
    let once = wished.once.clone();
    let done = api
        .storage
        .cluster_command(now, wished.by(), id, command, &rules, once)
        .await;
    people::tell(api, wished, id.is_none(), done.map(ClusterView::from)).await
}

/// What came of a carried command.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CarriedView {
    cluster: ClusterView,
    /// Members that granted it.
    #[schema(value_type = Vec<uuid::Uuid>)]
    granted: Vec<TicketId>,
    /// Members that did not, and why.
    refused: Vec<RefusedView>,
}

/// A member that said no.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedView {
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    code: &'static str,
    article: &'static str,
    detail: String,
}

/// One ticket command, carried to every member's own front door, the leading ticket first: one reply answers all, and
/// each citizen is asked. Members that refuse are named and do not hold the others up.
#[utoipa::path(post, path = "/api/v1/clusters/{id}/carry/{command}", tag = "clusters",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "dispatch, acknowledge, record_contact, reply, review or rectify, as for one ticket")),
    request_body(content = Object, description = "The ticket command's own fields"),
    responses((status = 200, body = CarriedView), (status = 409, description = "Refused")))]
pub(crate) async fn carry(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(ClusterId, String)>,
    wished: Wished,
) -> Answer<Response> {
    let fields: Map<String, Value> = wished.parse()?;
    let command: ticket::Command = read_command(&CARRIED, &name, fields)?;
    tickets::check_assignment(&api, &command).await?;
    let outcome = carried(&api, wished.by(), id, &name, &command).await;
    wished.answer(&api, StatusCode::OK, outcome).await
}

async fn carried(
    api: &Api,
    by: By<'_>,
    id: ClusterId,
    name: &str,
    command: &ticket::Command,
) -> Answer<CarriedView> {
    let cluster = found(api, id).await?.cluster;
    if cluster.dissolved.is_some() {
        return Err(Refusal::AlreadyDissolved.into());
    }
    let (mut granted, mut refused) = (Vec::new(), Vec::new());
    let others = cluster
        .members
        .iter()
        .filter(|member| **member != cluster.lead);
    for member in std::iter::once(&cluster.lead)
        .chain(others)
        .take(MEMBERS_MAX)
    {
        let now = api.clock.now();
        let done = api
            .storage
            .command(now, by, *member, command.clone(), &api.rules.now(), None)
            .await;
        match done {
            Ok(_) => granted.push(*member),
            Err(Trouble::Refused(CommandRefusal::Rules(refusal))) => refused.push(RefusedView {
                ticket_id: *member,
                code: refusal.code(),
                article: refusal.article(),
                detail: refusal.detail(),
            }),
            Err(Trouble::Refused(CommandRefusal::KeyUsed)) => return Err(reused()),
            // What was granted stands; asked again, those refuse and the rest are carried on.
            Err(Trouble::Fault(fault)) => return Err(fault.into()),
        }
    }
    let note = ClusterCommand::NoteCarried {
        name: name.to_owned(),
        granted: granted.len(),
        refused: refused
            .iter()
            .map(|no| RefusedMember {
                ticket: no.ticket_id,
                code: no.code.to_owned(),
            })
            .collect(),
    };
    let record = api
        .storage
        .cluster_command(api.clock.now(), by, Some(id), note, &api.rules.now(), None)
        .await?;
    Ok(CarriedView {
        cluster: named(api, record.into()).await?,
        granted,
        refused,
    })
}
