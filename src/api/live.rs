//! What is happening now, pushed to whoever may see it: `GET /api/v1/live`, server-sent events.
//!
//! - `board`: queues, agents and calls as far as the role sees them, at most once a second and only when changed;
//! - `ticket`, `revisit`, `supervision`, `cluster`, `callout`, `duty`: one of one's concern moved on, whoever moved it; read
//!   it again. Each commit tells of a thing once;
//! - `resync`: there was more than this reader is told one by one, or it was slow and lost some; read everything again.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::Method;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::access;
use super::auth::Caller;
use super::problem::{Answer, Problem};
use super::routes::AgentView;
use super::{Api, CallControl};
use crate::domain::acd::AgentState;
use crate::domain::call::LegRole;
use crate::domain::call::wish::{LiveAgent, LiveCall, Party};
use crate::domain::id::{CallId, ContactId, LegId, TicketId, Username};
use crate::domain::staff::{By, Role};
use crate::domain::time::Timestamp;
use crate::storage::news::{Fact, Moved, News};

/// Boards a reader may fall behind before it is told to resync.
const BACKLOG: usize = 64;
/// Things of one commit that a reader is told one by one: a sweep moves hundreds, and reading once is less than that.
const ONE_BY_ONE: usize = 50;
/// Streams open at once; the next is told 503.
const READERS_MAX: usize = 2000;
/// A stream ends by itself after this and the browser comes back: a session that ended is noticed.
const STREAM_MAX: Duration = Duration::from_secs(300);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Between two looks at the floor.
pub(crate) const BOARD_INTERVAL: Duration = Duration::from_secs(1);

/// The hub between the floor and those who watch; what is committed comes from storage.
///
/// Full means: the slowest reader loses the oldest news and is told so; nobody waits for it.
pub(crate) struct Live {
    boards: broadcast::Sender<Arc<Floor>>,
    room: Arc<Semaphore>,
}

/// All calls and agents of one moment.
#[derive(Debug)]
struct Floor {
    calls: Vec<LiveCall>,
    agents: Vec<LiveAgent>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            boards: broadcast::Sender::new(BACKLOG),
            room: Arc::new(Semaphore::new(READERS_MAX)),
        }
    }

    /// Looks at the floor once and tells the readers, if there are any.
    pub(crate) async fn look(&self, calls: &dyn CallControl) {
        if self.boards.receiver_count() > 0 {
            let (calls, agents) = calls.live().await;
            // Without readers there is nobody to tell: not a fault.
            let _ = self.boards.send(Arc::new(Floor { calls, agents }));
        }
    }
}

/// The floor as one reader sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Board {
    /// Citizens waiting in a queue.
    waiting: usize,
    /// Calls with somebody to talk to.
    talking: usize,
    /// Agents that could take a call now.
    ready: usize,
    /// Agents that are not offline.
    present: usize,
    calls: Vec<LiveCallView>,
    /// Those who are not offline, and oneself.
    agents: Vec<AgentView>,
}

/// One call that is up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveCallView {
    #[schema(value_type = uuid::Uuid)]
    id: CallId,
    /// Masked.
    caller: String,
    called: String,
    /// `queued`, `offered`, `talking`, `held`, `consulting` or `conference`.
    state: &'static str,
    queue: Option<String>,
    /// 1 for the head of the queue.
    position: Option<u32>,
    agent: Option<String>,
    #[schema(value_type = Vec<uuid::Uuid>)]
    legs: Vec<LegId>,
    parties: Vec<PartyView>,
    recording: bool,
    #[schema(value_type = Option<uuid::Uuid>)]
    contact: Option<ContactId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
}

/// One party of a call that is up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartyView {
    #[schema(value_type = uuid::Uuid)]
    leg: LegId,
    #[schema(value_type = String)]
    role: LegRole,
    /// Number or extension, masked.
    party: String,
    /// The person, when it is one of ours.
    user: Option<String>,
    name: Option<String>,
    /// `ringing` or `up`.
    state: &'static str,
    /// When they were rung, or rang.
    #[schema(value_type = String, format = DateTime)]
    rung_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    /// `main` is with the citizen, `aside` out of their hearing; a supervisor may be in `monitor` or `whisper`.
    room: &'static str,
}

impl From<&Party> for PartyView {
    fn from(party: &Party) -> Self {
        Self {
            leg: party.leg,
            role: party.role,
            party: party.party.clone(),
            user: party.user.as_ref().map(|user| user.0.clone()),
            name: party.name.clone(),
            state: party.state,
            rung_at: party.rung_at,
            answered_at: party.answered_at,
            room: party.room,
        }
    }
}

impl From<&LiveCall> for LiveCallView {
    fn from(call: &LiveCall) -> Self {
        Self {
            id: call.id,
            caller: call.caller.clone(),
            called: call.called.clone(),
            state: call.state,
            queue: call.queue.clone(),
            position: call.position,
            agent: call.agent.as_ref().map(|agent| agent.0.clone()),
            legs: call.legs.clone(),
            parties: call.parties.iter().map(PartyView::from).collect(),
            recording: call.recording,
            contact: call.contact,
            ticket: call.ticket,
        }
    }
}

/// Whether `user` is a party of the call, or the agent it is offered to.
pub(crate) fn takes_part(user: &Username, call: &LiveCall) -> bool {
    call.agent.as_ref() == Some(user)
        || call
            .parties
            .iter()
            .any(|party| party.user.as_ref() == Some(user))
}

impl Board {
    /// `None` when `caller` has no business on the floor.
    fn seen_by(caller: &Caller, floor: &Floor) -> Option<Self> {
        let me = &caller.actor.username;
        let (calls, agents): (Vec<&LiveCall>, Vec<&LiveAgent>) = match caller.actor.role {
            Role::TeamLead | Role::Supervisor => {
                (floor.calls.iter().collect(), floor.agents.iter().collect())
            }
            Role::Agent | Role::Specialist | Role::Revisitor => {
                let calls = floor.calls.iter();
                let agents = floor.agents.iter();
                (
                    calls.filter(|call| takes_part(me, call)).collect(),
                    agents.filter(|agent| agent.username == *me).collect(),
                )
            }
            Role::Leader => (Vec::new(), Vec::new()),
            Role::Reviewer
            | Role::UnitHandler
            | Role::UnitHead
            | Role::Analyst
            | Role::Auditor
            | Role::Admin => return None,
        };
        let in_state = |wanted: fn(&AgentState) -> bool| {
            floor
                .agents
                .iter()
                .filter(|agent| wanted(&agent.state))
                .count()
        };
        let waiting = floor
            .calls
            .iter()
            .filter(|call| matches!(call.state, "queued" | "offered"))
            .count();
        Some(Self {
            waiting,
            talking: floor.calls.len() - waiting,
            ready: in_state(|state| *state == AgentState::Ready),
            present: in_state(|state| *state != AgentState::Offline),
            calls: calls.into_iter().map(LiveCallView::from).collect(),
            agents: agents
                .into_iter()
                .filter(|agent| agent.state != AgentState::Offline || agent.username == *me)
                .map(|agent| AgentView::new(agent, true))
                .collect(),
        })
    }
}

/// The list that shows such a thing: whoever may open it is told.
const fn listed(moved: &Moved) -> &'static str {
    match moved {
        Moved::Ticket { .. } => "/api/v1/tickets",
        Moved::Revisit { .. } => "/api/v1/revisits",
        Moved::Case { .. } => "/api/v1/supervision",
        Moved::Cluster { .. } => "/api/v1/clusters",
        Moved::CallOut { .. } => "/api/v1/callouts",
        Moved::Duty { .. } => "/api/v1/duty/gaps",
    }
}

fn event_of(moved: &Moved) -> Event {
    let (name, body) = match moved {
        Moved::Ticket { id, stage, version } => (
            "ticket",
            json!({"id": id, "stage": stage, "version": version}),
        ),
        Moved::Revisit {
            id,
            ticket,
            version,
        } => (
            "revisit",
            json!({"id": id, "ticket_id": ticket, "version": version}),
        ),
        Moved::Case {
            id,
            ticket,
            version,
        } => (
            "supervision",
            json!({"id": id, "ticket_id": ticket, "version": version}),
        ),
        Moved::Cluster { id, version } => ("cluster", json!({"id": id, "version": version})),
        Moved::CallOut { id, ticket } => ("callout", json!({"id": id, "ticket_id": ticket})),
        Moved::Duty { unit } => ("duty", json!({"unit": unit})),
    };
    Event::default().event(name).data(body.to_string())
}

fn resync() -> Event {
    Event::default().event("resync").data("{}")
}

/// One open stream.
struct Reader {
    caller: Caller,
    boards: broadcast::Receiver<Arc<Floor>>,
    news: broadcast::Receiver<News>,
    /// Of the last commit, what is not yet told: at most [`ONE_BY_ONE`].
    untold: VecDeque<Event>,
    /// What one's own calls are about.
    talked_about: Vec<TicketId>,
    shown: Option<String>,
    ends_at: Instant,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// The next event for this reader, or the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.untold.pop_front() {
                return Some(event);
            }
            let event = tokio::select! {
                () = tokio::time::sleep_until(self.ends_at) => return None,
                floor = self.boards.recv() => match floor {
                    Ok(floor) => self.board(&floor),
                    Err(RecvError::Lagged(_)) => self.lost(),
                    Err(RecvError::Closed) => return None,
                },
                news = self.news.recv() => match news {
                    Ok(facts) => self.told(&facts),
                    Err(RecvError::Lagged(_)) => self.lost(),
                    Err(RecvError::Closed) => return None,
                },
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn lost(&mut self) -> Option<Event> {
        self.shown = None;
        Some(resync())
    }

    fn is_concerned(&self, fact: &Fact) -> bool {
        let actor = &self.caller.actor;
        let list = access::rule_of(&Method::GET, listed(&fact.moved));
        let within = match (&fact.moved, actor.role) {
            // Thousands of agents sit at the desk: each hears of what the call is about, and reads a list when it is opened.
            (Moved::Ticket { id, .. }, Role::Agent) => self.talked_about.contains(id),
            (_, role) => list.is_some_and(|list| list.who.admits(Some(role))),
        };
        within && fact.is_for(By::Person(actor))
    }

    /// What of a commit is of this reader's concern.
    fn told(&mut self, facts: &[Fact]) -> Option<Event> {
        let own = facts.iter().filter(|fact| self.is_concerned(fact));
        self.untold = own
            .take(ONE_BY_ONE + 1)
            .map(|fact| event_of(&fact.moved))
            .collect();
        if self.untold.len() > ONE_BY_ONE {
            self.untold.clear();
            return Some(resync());
        }
        self.untold.pop_front()
    }

    fn board(&mut self, floor: &Floor) -> Option<Event> {
        let board = Board::seen_by(&self.caller, floor)?;
        self.talked_about = board.calls.iter().filter_map(|call| call.ticket).collect();
        let text = serde_json::to_string(&board).expect("a board is plain data");
        if self.shown.as_ref() == Some(&text) {
            return None;
        }
        let event = Event::default().event("board").data(&text);
        self.shown = Some(text);
        Some(event)
    }
}

/// Live events, as far as the role sees them.
#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    responses((status = 200, description = "Events `board`, `ticket`, `revisit`, `supervision`, `cluster`, `callout`, `duty`, `resync`", content_type = "text/event-stream", body = Board)))]
pub(crate) async fn live(
    State(api): State<Arc<Api>>,
    caller: Caller,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let place = Arc::clone(&api.live.room)
        .try_acquire_owned()
        .map_err(|_| Problem::unavailable("overloaded", "too many live streams"))?;
    let reader = Reader {
        caller,
        boards: api.live.boards.subscribe(),
        news: api.storage.news(),
        untold: VecDeque::new(),
        talked_about: Vec::new(),
        shown: None,
        ends_at: Instant::now() + STREAM_MAX,
        _place: place,
    };
    let events = stream::unfold(reader, |mut reader| async {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
