//! The organisation as it works now: units, specialists on duty, queues and agents. Read only: `hotline apply` writes.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page};
use crate::api::problem::Answer;
use crate::domain::acd::AgentState;
use crate::domain::call::wish::LiveAgent;
use crate::domain::id::CallId;
use crate::domain::staff::{Duty, Role, UnitKind};
use crate::domain::time::Timestamp;

fn whole<T>(items: Vec<T>) -> Json<Page<T>> {
    Json(Page {
        items,
        next_cursor: None,
    })
}

/// 成员单位 or a part of the platform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitView {
    code: String,
    name: String,
    /// `platform`, `city`, `department`, `party`, `enterprise` or `hotline`.
    #[schema(value_type = String)]
    kind: UnitKind,
    parent: Option<String>,
}

/// Every unit.
#[utoipa::path(get, path = "/api/v1/units", tag = "organisation", responses((status = 200, body = Page<UnitView>)))]
pub(crate) async fn units(State(api): State<Arc<Api>>) -> Answer<Json<Page<UnitView>>> {
    let units = api.storage.units().await?;
    Ok(whole(
        units
            .into_iter()
            .map(|unit| UnitView {
                code: unit.code.0,
                name: unit.name,
                kind: unit.kind,
                parent: unit.parent.map(|parent| parent.0),
            })
            .collect(),
    ))
}

/// A policy specialist who can be joined to a call 三方通话.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpecialistView {
    unit: String,
    name: String,
    /// What to give `consult` as its target.
    reach: String,
    duty: String,
    /// Whether the duty roster has them on duty now; null when the roster cannot be read.
    on_duty: Option<bool>,
    topics: Vec<String>,
}

/// Whom an agent can consult.
#[utoipa::path(get, path = "/api/v1/specialists", tag = "organisation", responses((status = 200, body = Page<SpecialistView>)))]
pub(crate) async fn specialists(State(api): State<Arc<Api>>) -> Answer<Json<Page<SpecialistView>>> {
    let now = api.clock.now();
    let directory = api.storage.directory().await?;
    Ok(whole(
        directory
            .specialists
            .into_iter()
            .map(|specialist| SpecialistView {
                on_duty: Duty::parse(&specialist.duty)
                    .ok()
                    .map(|duty| duty.covers(now)),
                unit: specialist.unit.0,
                name: specialist.name,
                reach: specialist.reach,
                duty: specialist.duty,
                topics: specialist.topics,
            })
            .collect(),
    ))
}

/// A waiting line, as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueView {
    name: String,
    ring_timeout_s: u32,
    wrap_up_s: u32,
    waiting: usize,
    talking: usize,
}

/// The queues and how many wait.
#[utoipa::path(get, path = "/api/v1/queues", tag = "organisation", responses((status = 200, body = Page<QueueView>)))]
pub(crate) async fn queues(State(api): State<Arc<Api>>) -> Answer<Json<Page<QueueView>>> {
    let directory = api.storage.directory().await?;
    let (calls, _) = api.calls.live().await;
    Ok(whole(
        directory
            .queues
            .into_values()
            .map(|queue| {
                let here = calls
                    .iter()
                    .filter(|call| call.queue.as_deref() == Some(queue.name.0.as_str()));
                let (waiting, talking): (Vec<_>, Vec<_>) =
                    here.partition(|call| matches!(call.state, "queued" | "offered"));
                QueueView {
                    waiting: waiting.len(),
                    talking: talking.len(),
                    name: queue.name.0,
                    ring_timeout_s: queue.ring_timeout_s,
                    wrap_up_s: queue.wrap_up_s,
                }
            })
            .collect(),
    ))
}

/// An agent, as they stand now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentView {
    username: String,
    display_name: String,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    state: AgentState,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When wrap-up runs out.
    #[schema(value_type = Option<String>, format = DateTime)]
    wrap_up_until: Option<Timestamp>,
    #[schema(value_type = Option<uuid::Uuid>)]
    call: Option<CallId>,
}

impl AgentView {
    pub(crate) fn new(agent: &LiveAgent, with_call: bool) -> Self {
        Self {
            username: agent.username.0.clone(),
            display_name: agent.display_name.clone(),
            state: agent.state.clone(),
            since: agent.since,
            wrap_up_until: agent.wrap_up_until,
            call: agent.call.filter(|_| with_call),
        }
    }
}

/// The agents and their states. Which call an agent is on is shown to team leads, supervisors and the agent.
#[utoipa::path(get, path = "/api/v1/agents", tag = "organisation", responses((status = 200, body = Page<AgentView>)))]
pub(crate) async fn agents(State(api): State<Arc<Api>>, caller: Caller) -> Json<Page<AgentView>> {
    let (_, agents) = api.calls.live().await;
    let leads = matches!(caller.actor.role, Role::TeamLead | Role::Supervisor);
    let view = |agent: &LiveAgent| {
        let own = agent.username == caller.actor.username;
        AgentView::new(agent, leads || own)
    };
    whole(agents.iter().map(view).collect())
}
