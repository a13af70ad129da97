//! What the joint conference took up (article 4): agenda, decision, who carries it out until when, and the check.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::people::{self, Peopled};
use super::read_command;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, RawJson, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::{ClusterId, ConferenceItemId, TicketId};
use crate::domain::organisation::{ConferenceItem, ItemCommand};
use crate::domain::staff::By;
use crate::storage::conference::{ItemFilter, ItemRecord};

/// An item as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemView {
    #[schema(value_type = uuid::Uuid)]
    id: ConferenceItemId,
    /// `entered`, `decided`, `closed` or `checked`.
    stage: &'static str,
    /// Decided, not closed, and its day is past.
    overdue: bool,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
    /// Numbers of the tickets and titles of the clusters it links, by id.
    links: BTreeMap<Uuid, String>,
    /// Agenda, tickets, clusters, decision {unit, due}, closing and check, each as it was recorded.
    #[schema(value_type = Object)]
    item: ConferenceItem,
}

impl ItemView {
    fn of(api: &Api, record: ItemRecord) -> Self {
        let now = api.clock.now();
        let due = record.item.decision.as_ref().map(|decision| decision.due);
        Self {
            id: record.id,
            stage: record.item.stage(),
            names: BTreeMap::new(),
            links: BTreeMap::new(),
            overdue: record.item.closing.is_none() && due.is_some_and(|due| now > due),
            item: record.item,
        }
    }
}

impl Peopled for ItemView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which items.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `entered`, `decided`, `closed` or `checked`.
    stage: Option<String>,
    /// Those about this ticket, or about the event it is one of.
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    #[param(value_type = Option<uuid::Uuid>)]
    cluster: Option<ClusterId>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// The items, the latest first.
#[utoipa::path(get, path = "/api/v1/conference/items", tag = "conference", params(Asked), responses((status = 200, body = Page<ItemView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<ItemView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    if let Some(ticket) = asked.ticket {
        super::tickets::visible(&api, &caller, ticket).await?;
    }
    let filter = ItemFilter {
        stage: asked.stage,
        ticket: asked.ticket,
        cluster: asked.cluster,
    };
    let items = api.storage.conference_items(filter, &page).await?;
    let mut page = Page::of(items, |record| ItemView::of(&api, record));
    tell(&api, &caller, &mut page.items).await?;
    Ok(Json(page))
}

/// Adds who acted in `views` and what they link.
async fn tell(api: &Api, caller: &Caller, views: &mut [ItemView]) -> Answer<()> {
    people::name(api, views).await?;
    let items: Vec<ConferenceItem> = views.iter().map(|view| view.item.clone()).collect();
    let by = By::Person(&caller.actor);
    let known = api.storage.conference_links(by, &items).await?;
    for view in views {
        let tickets = view.item.tickets.iter().map(|id| id.0);
        let links = tickets.chain(view.item.clusters.iter().map(|id| id.0));
        view.links = links
            .filter_map(|id| known.get(&id).map(|name| (id, name.clone())))
            .collect();
    }
    Ok(())
}

async fn told(api: &Api, caller: &Caller, record: ItemRecord) -> Answer<ItemView> {
    let mut views = [ItemView::of(api, record)];
    tell(api, caller, &mut views).await?;
    let [view] = views;
    Ok(view)
}

/// Enters an item: `{agenda, held_at, tickets?, clusters?}`.
#[utoipa::path(post, path = "/api/v1/conference/items", tag = "conference",
    request_body(content = Object, description = "{agenda, held_at, tickets?, clusters?}"),
    responses((status = 201, body = ItemView), (status = 409, description = "Refused")))]
pub(crate) async fn enter(
    State(api): State<Arc<Api>>,
    caller: Caller,
    body: RawJson,
) -> Answer<(StatusCode, Json<ItemView>)> {
    let fields: Map<String, Value> = body.parse()?;
    let command = read_command(&["enter"], "enter", fields)?;
    let record = change(&api, &caller, None, command).await?;
    let view = told(&api, &caller, record).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Commands on an item that is there.
const COMMANDS: &[&str] = &["link_ticket", "link_cluster", "decide", "close", "check"];

/// Decides, links, closes or checks an item.
#[utoipa::path(post, path = "/api/v1/conference/items/{id}/commands/{command}", tag = "conference",
    params(("id" = uuid::Uuid, Path), ("command" = String, Path,
        description = "link_ticket {ticket}, link_cluster {cluster}, decide {decision, unit, due}, close {evidence}, check {met, finding}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = ItemView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, name)): Path<(ConferenceItemId, String)>,
    body: RawJson,
) -> Answer<Json<ItemView>> {
    let fields: Map<String, Value> = body.parse()?;
    let command = read_command(COMMANDS, &name, fields)?;
    let record = change(&api, &caller, Some(id), command).await?;
    Ok(Json(told(&api, &caller, record).await?))
}

async fn change(
    api: &Api,
    caller: &Caller,
    id: Option<ConferenceItemId>,
    command: ItemCommand,
) -> Answer<ItemRecord> {
    let now = api.clock.now();
    if let ItemCommand::Decide { unit, .. } = &command
        && api.storage.tree().await?.at(unit, now).is_none()
    {
        return Err(Problem::invalid(
            "unknown_unit",
            format!("没有代码为“{unit}”的单位 (no such unit)"),
        ));
    }
    let done = api
        .storage
        .conference_command(now, &caller.actor, id, command);
    Ok(done.await?)
}
