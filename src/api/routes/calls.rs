//! Calls: their records, and what a person may wish of one that is up.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tracing::error;
use utoipa::{IntoParams, ToSchema};

use super::read_command;
use crate::api::Api;
use crate::api::access::sees_whole_numbers;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, RawJson, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::call::wish::{CallCommand, Granted, Wish};
use crate::domain::call::{Cdr, Direction, Leg, LegRole, Termination, TerminationResult};
use crate::domain::id::{CallId, ContactId, LegId, QueueName, RecordingId, TicketId, Username};
use crate::domain::staff::{By, Role};
use crate::domain::ticket::{Command, intake};
use crate::domain::time::Timestamp;
use crate::storage::audit::Deed;
use crate::storage::calls::CallFilter;

/// How long a call to a hotline or an emergency service waits for its ticket's number.
const REFERENCE_WAIT: Duration = Duration::from_millis(500);

/// One call's record 话单.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallView {
    #[schema(value_type = uuid::Uuid)]
    id: CallId,
    sip_call_id: String,
    /// `inbound`, `outbound` or `internal`.
    #[schema(value_type = String)]
    direction: Direction,
    /// Masked for roles that need not call back.
    caller: String,
    called: String,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    wait_ms: Option<i64>,
    termination: Option<TerminationView>,
    legs: Vec<LegView>,
    queue: Option<String>,
    agent: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    recording_id: Option<RecordingId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    contact_id: Option<ContactId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    ticket_id: Option<TicketId>,
    /// A specialist was joined 三方通话.
    three_way: bool,
}

/// Why, and by whose fault, a call ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TerminationView {
    /// `success`, `caller`, `ours`, `upstream` or `unknown`.
    #[schema(value_type = String)]
    result: TerminationResult,
    reason: String,
}

/// One party's side of a call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LegView {
    #[schema(value_type = uuid::Uuid)]
    id: LegId,
    #[schema(value_type = String)]
    role: LegRole,
    party: String,
    sip_call_id: String,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Final SIP status of an attempt that was not answered.
    status: Option<u16>,
    packets_received: u64,
    packets_lost: u64,
    packets_sent: u64,
    jitter_us: u64,
}

impl CallView {
    pub(super) fn seen_by(caller: &Caller, cdr: Cdr) -> Self {
        Self {
            id: cdr.id,
            sip_call_id: cdr.sip_call_id,
            direction: cdr.direction,
            caller: caller.sees_text(&cdr.caller),
            called: caller.sees_text(&cdr.called),
            started_at: cdr.started_at,
            answered_at: cdr.answered_at,
            ended_at: cdr.ended_at,
            wait_ms: cdr.wait_ms,
            termination: cdr
                .termination
                .map(|Termination { result, reason }| TerminationView { result, reason }),
            legs: cdr
                .legs
                .into_iter()
                .map(|leg| LegView::seen_by(caller, leg))
                .collect(),
            queue: cdr.queue.map(|queue| queue.0),
            agent: cdr.agent.map(|agent| agent.0),
            recording_id: cdr.recording_id,
            contact_id: cdr.contact_id,
            ticket_id: cdr.ticket_id,
            three_way: cdr.three_way,
        }
    }
}

impl LegView {
    fn seen_by(caller: &Caller, leg: Leg) -> Self {
        Self {
            id: leg.id,
            role: leg.role,
            party: caller.sees_text(&leg.party),
            sip_call_id: leg.sip_call_id,
            started_at: leg.started_at,
            answered_at: leg.answered_at,
            ended_at: leg.ended_at,
            status: leg.status,
            packets_received: leg.quality.packets_received,
            packets_lost: leg.quality.packets_lost,
            packets_sent: leg.quality.packets_sent,
            jitter_us: leg.quality.jitter_us,
        }
    }
}

/// Whose calls a role sees: `Some` limits it to the agent's own.
pub(super) fn scope(caller: &Caller) -> Option<Username> {
    match caller.actor.role {
        Role::TeamLead | Role::Supervisor | Role::Reviewer | Role::Analyst | Role::Auditor => None,
        Role::Agent
        | Role::Specialist
        | Role::Revisitor
        | Role::UnitHandler
        | Role::UnitHead
        | Role::Leader
        | Role::Admin => Some(caller.actor.username.clone()),
    }
}

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    sip_call_id: Option<String>,
    /// The whole number, as the network gave it.
    caller: Option<String>,
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Call records, newest first; an agent sees their own.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(Asked), responses((status = 200, body = Page<CallView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<CallView>>> {
    if asked.caller.is_some() && !sees_whole_numbers(caller.actor.role) {
        // Asking for a number would tell what masking hides.
        return Err(Problem::forbidden());
    }
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let filter = CallFilter {
        sip_call_id: asked.sip_call_id,
        caller: asked.caller,
        since: asked.since,
        until: asked.until,
        agent: scope(&caller),
    };
    let calls = api.storage.calls(&filter, &page).await?;
    Ok(Json(Page::of(calls, |cdr| CallView::seen_by(&caller, cdr))))
}

/// One call's record.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = CallView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<CallId>,
) -> Answer<Json<CallView>> {
    let cdr = visible_call(&api, &caller, id).await?;
    Ok(Json(CallView::seen_by(&caller, cdr)))
}

/// The record of a call that `caller` may know of.
pub(super) async fn visible_call(api: &Api, caller: &Caller, id: CallId) -> Answer<Cdr> {
    let own = scope(caller);
    api.storage
        .call(id)
        .await?
        .filter(|cdr| own.is_none() || cdr.agent == own)
        .ok_or_else(Problem::not_found)
}

/// The commands a live call knows.
const COMMANDS: &[&str] = &[
    "hold",
    "resume",
    "consult",
    "transfer",
    "hand_to_queue",
    "emergency",
    "conference",
    "drop_leg",
    "hang_up",
    "monitor",
    "whisper",
    "barge",
    "take_over",
    "pause_recording",
    "resume_recording",
];

/// What was granted: `done`, `leg_added` with `leg`, or `placed` with `call` and `recording`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "granted", rename_all = "snake_case")]
pub(crate) enum GrantedView {
    Done,
    LegAdded {
        #[schema(value_type = uuid::Uuid)]
        leg: LegId,
    },
    Placed {
        #[schema(value_type = uuid::Uuid)]
        call: CallId,
        #[schema(value_type = uuid::Uuid)]
        recording: RecordingId,
    },
}

impl From<Granted> for GrantedView {
    fn from(granted: Granted) -> Self {
        match granted {
            // A state is what `PUT /me/state` asks for; here it says no more than done.
            Granted::Done | Granted::State(_) => Self::Done,
            Granted::Leg(leg) => Self::LegAdded { leg },
            Granted::Placed { call, recording } => Self::Placed { call, recording },
        }
    }
}

/// Does something to a live call. Monitor, whisper, barge and take over are for team leads and supervisors.
#[utoipa::path(post, path = "/api/v1/calls/{id}/commands/{command}", tag = "calls",
    params(("id" = uuid::Uuid, Path),
        ("command" = String, Path, description = "hold, resume, consult {target}, transfer {target?}, hand_to_queue {queue}, conference, drop_leg {leg}, \
            emergency {service, location?}, hang_up, monitor, whisper, barge, take_over, pause_recording {reason}, resume_recording")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = GrantedView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((call, command)): Path<(CallId, String)>,
    body: RawJson,
) -> Answer<Json<GrantedView>> {
    let body: Map<String, Value> = body.parse()?;
    let command: CallCommand = read_command(COMMANDS, &command, body)?;
    check(&caller, &command)?;
    if listens_in(&command) {
        // Written before anything is heard, as with recordings.
        api.storage
            .audit(Deed {
                at: api.clock.now(),
                by: caller.actor.username.clone(),
                action: command.name().to_owned(),
                object: call.to_string(),
                detail: Value::Null,
            })
            .await?;
    }
    let emergency = match &command {
        CallCommand::Emergency { service, location } => Some((service.clone(), location.clone())),
        _ => None,
    };
    refer(&api, call, &command).await;
    let seat = match &command {
        CallCommand::HandToQueue { queue } => Some(queue.clone()),
        _ => None,
    };
    let wish = Wish::Call {
        by: caller.actor.clone(),
        call,
        command,
    };
    let granted = api.calls.wish(wish).await?;
    if let (Some((service, location)), Granted::Leg(leg)) = (emergency, &granted) {
        note_emergency(&api, &caller, call, *leg, service, location).await;
    }
    if let Some(seat) = seat {
        remember_language(&api, &caller, call, seat).await;
    }
    Ok(Json(granted.into()))
}

/// The number's next call goes to those who understood it. The citizen is on their way already: what cannot be written is
/// told, and refuses nothing.
async fn remember_language(api: &Api, caller: &Caller, call: CallId, seat: QueueName) {
    let (live, _) = api.calls.live().await;
    let Some(contact) = live.iter().find(|l| l.id == call).and_then(|l| l.contact) else {
        return;
    };
    let by = caller.actor.username.clone();
    let remembered = api
        .storage
        .remember_language(api.clock.now(), by, contact, Some(seat));
    if let Err(fault) = remembered.await {
        error!(call.id = %call, %fault, "a caller's language is not remembered: {fault}");
    }
}

/// A call that may be handed to a hotline outside or an emergency service carries its ticket's number there, and the place.
/// Nobody waits for it: help that is called at once is better than help that knows the number.
async fn refer(api: &Api, call: CallId, command: &CallCommand) {
    let place = match command {
        CallCommand::Emergency { location, .. } => location.as_deref(),
        CallCommand::Consult { .. } | CallCommand::Transfer { target: Some(_) } => None,
        _ => return,
    };
    let known = tokio::time::timeout(REFERENCE_WAIT, async {
        let (live, _) = api.calls.live().await;
        let ticket = live.iter().find(|live| live.id == call)?.ticket?;
        let record = api.storage.ticket(By::Server, ticket).await.ok()??;
        let place = place.map_or_else(String::new, |place| format!(";place={place}"));
        let reference = format!("ticket={}{place}", record.number);
        api.calls.wish(Wish::Refer { call, reference }).await.ok()
    });
    // Without it the call goes as it went before.
    let _ = known.await;
}

/// The ticket says who was called for what and where. Help is on its way already: what cannot be written is told, and
/// refuses nothing.
async fn note_emergency(
    api: &Api,
    caller: &Caller,
    call: CallId,
    leg: LegId,
    service: String,
    location: Option<String>,
) {
    let (live, _) = api.calls.live().await;
    let Some(ticket) = live.iter().find(|l| l.id == call).and_then(|l| l.ticket) else {
        return;
    };
    let note = Command::Intake(intake::Command::NoteEmergency {
        by: caller.actor.username.clone(),
        service,
        call,
        leg,
        location,
    });
    let noted = api
        .storage
        .command(
            api.clock.now(),
            By::Server,
            ticket,
            note,
            &api.rules.now(),
            None,
        )
        .await;
    if let Err(trouble) = noted {
        error!(call.id = %call, %trouble, "an emergency transfer is not in its ticket: {trouble}");
    }
}

/// Whether a third person comes into a call that is not theirs.
const fn listens_in(command: &CallCommand) -> bool {
    matches!(
        command,
        CallCommand::Monitor | CallCommand::Whisper | CallCommand::Barge | CallCommand::TakeOver
    )
}

fn check(caller: &Caller, command: &CallCommand) -> Answer<()> {
    let bounded = |field: &str, text: &str, max: usize| {
        if text.trim().is_empty() || text.chars().count() > max {
            Err(Problem::invalid(
                "invalid_body",
                format!("{field} has 1 to {max} characters"),
            ))
        } else {
            Ok(())
        }
    };
    match command {
        CallCommand::Monitor
        | CallCommand::Whisper
        | CallCommand::Barge
        | CallCommand::TakeOver => match caller.actor.role {
            Role::TeamLead | Role::Supervisor => Ok(()),
            Role::Agent
            | Role::Specialist
            | Role::Reviewer
            | Role::Revisitor
            | Role::UnitHandler
            | Role::UnitHead
            | Role::Analyst
            | Role::Leader
            | Role::Auditor
            | Role::Admin => Err(Problem::forbidden()),
        },
        CallCommand::Emergency { service, location } => {
            bounded("service", service, 16)?;
            location
                .as_deref()
                .map_or(Ok(()), |text| bounded("location", text, 500))
        }
        CallCommand::Consult { target }
        | CallCommand::Transfer {
            target: Some(target),
        } => bounded("target", target, 256),
        CallCommand::HandToQueue { queue } => bounded("queue", &queue.0, 64),
        CallCommand::PauseRecording { reason } => bounded("reason", reason, 200),
        CallCommand::Hold
        | CallCommand::Resume
        | CallCommand::Transfer { target: None }
        | CallCommand::Conference
        | CallCommand::DropLeg { .. }
        | CallCommand::HangUp
        | CallCommand::ResumeRecording => Ok(()),
    }
}
