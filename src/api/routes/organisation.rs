//! The organisation: units as they are and were, what they lack, the joint conference; specialists on duty, queues and
//! agents as they work now. Read only: `hotline apply` writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::duty::own_unit;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::accountability::Ground;
use crate::domain::acd::AgentState;
use crate::domain::call::wish::LiveAgent;
use crate::domain::id::{CallId, UnitCode};
use crate::domain::organisation::{ALWAYS, ConferenceSeat, Lack, Profile, Stand, seats_as_of};
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
    /// Since when it is so; null: since before it was written down.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The unit that has its duties since then.
    merged_into: Option<String>,
}

impl From<&Stand> for UnitView {
    fn from(stand: &Stand) -> Self {
        let unit = stand.unit.clone();
        Self {
            code: unit.code.0,
            name: unit.name,
            kind: unit.kind,
            parent: unit.parent.map(|parent| parent.0),
            from: (stand.from != ALWAYS).then_some(stand.from),
            merged_into: stand.merged_into.clone().map(|unit| unit.0),
        }
    }
}

/// The organisation of which moment.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// Left out: now.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// The units there are, or were at `as_of`.
#[utoipa::path(get, path = "/api/v1/units", tag = "organisation", params(AsOf), responses((status = 200, body = Page<UnitView>)))]
pub(crate) async fn units(
    State(api): State<Arc<Api>>,
    Query(asked): Query<AsOf>,
) -> Answer<Json<Page<UnitView>>> {
    let at = asked.as_of.unwrap_or_else(|| api.clock.now());
    let tree = api.storage.tree().await?;
    Ok(whole(tree.as_of(at).map(UnitView::from).collect()))
}

/// One unit: what it was and is, and what article 7 asks of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitDetail {
    /// Every stand, oldest first 沿革.
    history: Vec<UnitView>,
    /// Who has its duties now: itself, or the unit it was merged into.
    successor: Option<String>,
    /// The document that says how it handles demands.
    process: Option<String>,
    posts: PostsView,
    /// Of `process`, `sign`, `handle`, `review`, `duty`, `roster` (nobody on duty at this hour).
    #[schema(value_type = Vec<String>)]
    lacks: Vec<&'static str>,
}

/// Who does what in a unit, by name.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct PostsView {
    sign: Vec<String>,
    handle: Vec<String>,
    review: Vec<String>,
    duty: Vec<String>,
}

/// One unit.
#[utoipa::path(get, path = "/api/v1/units/{code}", tag = "organisation", params(("code" = String, Path)), responses((status = 200, body = UnitDetail)))]
pub(crate) async fn unit(
    State(api): State<Arc<Api>>,
    Path(code): Path<UnitCode>,
) -> Answer<Json<UnitDetail>> {
    let tree = api.storage.tree().await?;
    let history = tree.history(&code);
    if history.is_empty() {
        return Err(Problem::not_found());
    }
    let mut profiles = api.storage.profiles().await?;
    let profile = profiles.remove(&code).unwrap_or_default();
    let successor = tree.successor(&code, api.clock.now());
    let asked =
        successor.is_some_and(|stand| stand.unit.code == code && stand.unit.kind.handles_demands());
    let now = api.clock.now();
    let unmanned = api.storage.unmanned(now, now).await?;
    let roster = unmanned.contains(&code).then_some(Lack::Roster);
    let lacks: Vec<Lack> = if asked {
        profile.lacks().into_iter().chain(roster).collect()
    } else {
        Vec::new()
    };
    Ok(Json(UnitDetail {
        history: history.iter().map(UnitView::from).collect(),
        successor: successor.map(|stand| stand.unit.code.0.clone()),
        lacks: lacks.into_iter().map(Lack::code).collect(),
        process: profile.process,
        posts: PostsView {
            sign: profile.posts.sign,
            handle: profile.posts.handle,
            review: profile.posts.review,
            duty: profile.posts.duty,
        },
    }))
}

/// What a unit does not have yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LackView {
    unit: String,
    name: String,
    /// Of `process`, `sign`, `handle`, `review`, `duty`, `roster` (nobody on duty at this hour).
    #[schema(value_type = Vec<String>)]
    lacks: Vec<&'static str>,
    /// The same for a person, in Chinese.
    #[schema(value_type = Vec<String>)]
    lacks_names: Vec<&'static str>,
    /// Since when each is known to be lacking; what came up since the last look is not in it yet.
    #[schema(value_type = BTreeMap<String, String>)]
    since: BTreeMap<&'static str, Timestamp>,
}

/// The units that lack a process document, people for a post (article 7), or anybody on duty at this hour (article 13).
#[utoipa::path(get, path = "/api/v1/lacks", tag = "organisation", responses((status = 200, body = Page<LackView>)))]
pub(crate) async fn lacks(
    State(api): State<Arc<Api>>,
    caller: Caller,
) -> Answer<Json<Page<LackView>>> {
    let tree = api.storage.tree().await?;
    let profiles = api.storage.profiles().await?;
    let now = api.clock.now();
    let unmanned = api.storage.unmanned(now, now).await?;
    let mut since: BTreeMap<UnitCode, BTreeMap<&'static str, Timestamp>> = BTreeMap::new();
    for open in api.storage.lacks_open().await? {
        let of_unit = since.entry(open.unit).or_default();
        of_unit.insert(open.lack.code(), open.since);
    }
    let nothing = Profile::default();
    let items = tree
        .as_of(api.clock.now())
        .filter(|stand| stand.unit.kind.handles_demands())
        .filter(|stand| own_unit(&caller, &stand.unit.code).is_ok())
        .filter_map(|stand| {
            let profile = profiles.get(&stand.unit.code).unwrap_or(&nothing);
            let roster = unmanned.contains(&stand.unit.code).then_some(Lack::Roster);
            let lacks: Vec<Lack> = profile.lacks().into_iter().chain(roster).collect();
            (!lacks.is_empty()).then(|| LackView {
                unit: stand.unit.code.0.clone(),
                name: stand.unit.name.clone(),
                lacks: lacks.iter().map(|lack| lack.code()).collect(),
                lacks_names: lacks.iter().map(|lack| lack.name()).collect(),
                since: since.remove(&stand.unit.code).unwrap_or_default(),
            })
        })
        .collect();
    Ok(whole(items))
}

/// A duty of article 7 that a unit did not meet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmetView {
    unit: String,
    /// `process`, `sign`, `handle`, `review`, `duty` or `roster`.
    lack: &'static str,
    /// In Chinese.
    name: &'static str,
    /// Where it belongs in the ledger of accountability.
    #[schema(example = "28(6)")]
    article: &'static str,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// `null` while it goes on.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Of which unit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnmetAsked {
    unit: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// What units lacked of the duties of article 7, from when to when, also when it is mended by now: facts for an entry
/// `duties_unmet` of the ledger of accountability (article 28(6)).
#[utoipa::path(get, path = "/api/v1/accountability/unmet", tag = "organisation", params(UnmetAsked),
    responses((status = 200, body = Page<UnmetView>)))]
pub(crate) async fn unmet(
    State(api): State<Arc<Api>>,
    Query(asked): Query<UnmetAsked>,
) -> Answer<Json<Page<UnmetView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let unit = asked.unit.map(UnitCode);
    let kept = api.storage.lacks_kept(unit.as_ref(), &page).await?;
    Ok(Json(Page::of(kept, |record| UnmetView {
        unit: record.unit.0,
        lack: record.lack.code(),
        name: record.lack.name(),
        article: Ground::DutiesUnmet.article(),
        since: record.since,
        until: record.until,
    })))
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeatsAsked {
    /// Left out: now.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// The register whole: also who headed a unit before, and who will from a later day.
    #[serde(default)]
    whole: bool,
}

/// A member of the joint conference 联席会议: the head of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConferenceSeatView {
    unit: String,
    head: String,
    title: String,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
}

/// The members of the joint conference (article 4), or who they were at `as_of`; with `whole`, every change of a head with its day.
#[utoipa::path(get, path = "/api/v1/conference", tag = "organisation", params(SeatsAsked), responses((status = 200, body = Page<ConferenceSeatView>)))]
pub(crate) async fn conference(
    State(api): State<Arc<Api>>,
    Query(asked): Query<SeatsAsked>,
) -> Answer<Json<Page<ConferenceSeatView>>> {
    let at = asked.as_of.unwrap_or_else(|| api.clock.now());
    let seats = api.storage.conference().await?;
    let view = |seat: &ConferenceSeat| ConferenceSeatView {
        unit: seat.unit.0.clone(),
        head: seat.head.clone(),
        title: seat.title.clone(),
        from: seat.from,
    };
    Ok(whole(if asked.whole {
        seats.iter().map(view).collect()
    } else {
        seats_as_of(&seats, at).into_iter().map(view).collect()
    }))
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
    /// Of a language seat 语种座席: what its callers speak.
    language: Option<String>,
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
                    language: queue.language,
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
