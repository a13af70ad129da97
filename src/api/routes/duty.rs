//! Duty when the offices are closed (article 13): rosters, their gaps, and call-outs 应急叫应.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::people::{self, Peopled, named, names_of};
use super::{read_command, tickets};
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, RawJson, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::callout::{Command, Event, Rung, Stage, ladder};
use crate::domain::id::{CallOutId, TicketId, UnitCode};
use crate::domain::organisation::{DUTY_LINES_MAX, DutyEntry, DutyRoster};
use crate::domain::staff::{By, Role};
use crate::domain::ticket::Refusal;
use crate::domain::time::Timestamp;
use crate::storage::callouts::{CallOutEvent, CallOutFilter, CallOutRecord, DutyGap};

/// One line of a roster 值班表; earlier lines are called first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DutyLine {
    person: String,
    /// Masked for roles that need not call.
    phone: String,
    /// 副班.
    #[serde(default)]
    deputy: Option<DeputyLine>,
    /// e.g. `Mon-Fri 18:00-09:00; Sat,Sun 00:00-24:00`.
    when: String,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// 副班.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeputyLine {
    person: String,
    phone: String,
}

/// A unit's whole roster.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RosterBody {
    lines: Vec<DutyLine>,
}

/// A unit's roster, and who it names for now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RosterView {
    lines: Vec<DutyLine>,
    /// Whom a call-out would ring now, in order.
    on_duty: Vec<RungView>,
}

impl DutyLine {
    fn seen_by(caller: &Caller, entry: DutyEntry) -> Self {
        Self {
            person: entry.person,
            phone: caller.sees(&entry.phone),
            deputy: entry.deputy.map(|deputy| DeputyLine {
                person: deputy.person,
                phone: caller.sees(&deputy.phone),
            }),
            when: entry.when.into(),
            from: entry.from,
            until: entry.until,
        }
    }
}

/// A unit's roster.
#[utoipa::path(get, path = "/api/v1/units/{code}/duty", tag = "duty", params(("code" = String, Path)), responses((status = 200, body = RosterView)))]
pub(crate) async fn roster(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(code): Path<UnitCode>,
) -> Answer<Json<RosterView>> {
    own_unit(&caller, &code)?;
    let roster = api.storage.duty_roster(&code).await?;
    let on_duty = ladder(&roster, api.clock.now()).into_iter();
    let lines = roster.0.into_iter();
    Ok(Json(RosterView {
        on_duty: on_duty
            .map(|rung| RungView::seen_by(&caller, rung))
            .collect(),
        lines: lines.map(|line| DutyLine::seen_by(&caller, line)).collect(),
    }))
}

/// Publishes a unit's roster, in place of the one before. A head of the unit itself, or the platform's supervisor.
#[utoipa::path(put, path = "/api/v1/units/{code}/duty", tag = "duty", params(("code" = String, Path)), request_body = RosterBody,
    responses((status = 204)))]
pub(crate) async fn publish(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(code): Path<UnitCode>,
    Json(body): Json<RosterBody>,
) -> Answer<StatusCode> {
    own_unit(&caller, &code)?;
    let now = api.clock.now();
    if api.storage.tree().await?.at(&code, now).is_none() {
        return Err(Problem::not_found());
    }
    if body.lines.len() > DUTY_LINES_MAX {
        let detail = format!("a roster has at most {DUTY_LINES_MAX} lines");
        return Err(Problem::invalid("too_many_lines", detail));
    }
    let lines: Result<Vec<DutyEntry>, Problem> = body.lines.into_iter().map(read_line).collect();
    let by = &caller.actor.username;
    let published = api.storage.publish_duty(now, by, code, DutyRoster(lines?));
    published.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read_line(line: DutyLine) -> Answer<DutyEntry> {
    let invalid = |why: String| Problem::invalid("invalid_duty", why);
    let names = [Some(&line.person), line.deputy.as_ref().map(|d| &d.person)];
    for name in names.into_iter().flatten() {
        if name.trim().is_empty() || name.chars().count() > 100 {
            return Err(invalid("a name has 1 to 100 characters".to_owned()));
        }
    }
    if line
        .from
        .zip(line.until)
        .is_some_and(|(from, until)| until <= from)
    {
        return Err(invalid("until is not after from".to_owned()));
    }
    let entry = serde_json::to_value(line).expect("a line is plain data");
    serde_json::from_value(entry).map_err(|error| invalid(error.to_string()))
}

/// A unit's people know of their own unit's matters only.
pub(super) fn own_unit(caller: &Caller, unit: &UnitCode) -> Answer<()> {
    match caller.actor.role {
        Role::UnitHandler | Role::UnitHead if caller.actor.unit != *unit => {
            Err(Problem::not_found())
        }
        _ => Ok(()),
    }
}

/// A closed stretch in which a unit has nobody on duty.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DutyGapView {
    unit: String,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    noticed_at: Timestamp,
}

/// The gaps that are not over yet, the next first.
#[utoipa::path(get, path = "/api/v1/duty/gaps", tag = "duty", responses((status = 200, body = Page<DutyGapView>)))]
pub(crate) async fn gaps(
    State(api): State<Arc<Api>>,
    caller: Caller,
) -> Answer<Json<Page<DutyGapView>>> {
    let gaps = api.storage.duty_gaps(api.clock.now()).await?;
    let items = gaps
        .into_iter()
        .filter(|gap| own_unit(&caller, &gap.unit).is_ok())
        .map(|gap: DutyGap| DutyGapView {
            unit: gap.unit.0,
            from: gap.span.from,
            until: gap.span.until,
            noticed_at: gap.noticed_at,
        })
        .collect();
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// A call-out as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallOutView {
    #[schema(value_type = uuid::Uuid)]
    id: CallOutId,
    #[schema(value_type = uuid::Uuid)]
    ticket: TicketId,
    unit: String,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    started_by: String,
    /// Who is called, in order.
    ladder: Vec<RungView>,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
    /// `{stage: "calling", round, rung, until}`, `escalated`, `acknowledged` or `cancelled`.
    #[schema(value_type = Object)]
    stage: Stage,
}

/// Somebody who may be called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RungView {
    person: String,
    /// Masked for roles that need not call.
    phone: String,
    deputy: bool,
}

impl RungView {
    fn seen_by(caller: &Caller, rung: Rung) -> Self {
        Self {
            person: rung.person,
            phone: caller.sees(&rung.phone),
            deputy: rung.deputy,
        }
    }
}

impl CallOutView {
    fn seen_by(caller: &Caller, record: CallOutRecord) -> Self {
        let rung = |rung| RungView::seen_by(caller, rung);
        let callout = record.callout;
        Self {
            id: record.id,
            ticket: callout.ticket,
            unit: callout.unit.0,
            reason: callout.reason,
            started_at: callout.started_at,
            started_by: callout.started_by.0,
            ladder: callout.ladder.into_iter().map(rung).collect(),
            names: BTreeMap::new(),
            stage: callout.stage,
        }
    }
}

impl Peopled for CallOutView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which call-outs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    /// `calling`, `escalated`, `acknowledged` or `cancelled`.
    stage: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Call-outs, the latest first. A unit sees its own.
#[utoipa::path(get, path = "/api/v1/callouts", tag = "duty", params(Asked), responses((status = 200, body = Page<CallOutView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<CallOutView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let own = matches!(caller.actor.role, Role::UnitHandler | Role::UnitHead);
    let filter = CallOutFilter {
        ticket: asked.ticket,
        unit: own.then(|| caller.actor.unit.clone()),
        stage: asked.stage,
    };
    let by = By::Person(&caller.actor);
    let callouts = api.storage.callouts(by, &filter, &page).await?;
    let mut page = Page::of(callouts, |record| CallOutView::seen_by(&caller, record));
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// What a desk person tells to start a call-out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCallOut {
    /// Whose duty; left out: the unit that answers for the ticket.
    #[serde(default)]
    unit: Option<String>,
    /// 紧急事由.
    reason: String,
}

/// Calls out the duty of a unit for an urgent ticket: those on duty now are rung and texted one after the other until one
/// of them has it.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/callout", tag = "duty", params(("id" = uuid::Uuid, Path)), request_body = NewCallOut,
    responses((status = 201, body = CallOutView), (status = 409, description = "Refused")))]
pub(crate) async fn start(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
    Json(new): Json<NewCallOut>,
) -> Answer<(StatusCode, Json<CallOutView>)> {
    let ticket = tickets::visible(&api, &caller, id).await?.ticket;
    let now = api.clock.now();
    let unit = new
        .unit
        .map_or_else(|| ticket.responsible().clone(), UnitCode);
    let tree = api.storage.tree().await?;
    let stand = tree
        .successor(&unit, now)
        .filter(|stand| stand.unit.kind.handles_demands())
        .ok_or(Refusal::BadAssignment {
            why: "请指明应叫应的成员单位",
        })?;
    let unit = stand.unit.code.clone();
    let of = |roster: DutyRoster| ladder(&roster, now);
    let command = Command::Start {
        ticket: id,
        ladder: of(api.storage.duty_roster(&unit).await?),
        beyond: of(api.storage.duty_roster(&api.rules.now().desk).await?),
        unit,
        reason: new.reason,
    };
    let by = By::Person(&caller.actor);
    let rules = api.rules.now();
    let started = api.storage.start_callout(now, by, command, &rules);
    let view = CallOutView::seen_by(&caller, started.await?);
    Ok((StatusCode::CREATED, Json(named(&api, view).await?)))
}

/// One line of a call-out's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallOutEventView {
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    /// Who that is, where it is a person who is still known.
    actor_name: Option<String>,
    name: &'static str,
    #[schema(value_type = Object)]
    event: Value,
}

/// A call-out's whole log, in order: who was called and texted when, and what came of it.
#[utoipa::path(get, path = "/api/v1/callouts/{id}/events", tag = "duty", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<CallOutEventView>)))]
pub(crate) async fn log(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<CallOutId>,
) -> Answer<Json<Page<CallOutEventView>>> {
    visible(&api, &caller, id).await?;
    let log = api.storage.callout_log(id).await?;
    let names = names_of(&api, log.iter().map(|line| line.actor.as_str())).await?;
    let show = |line: CallOutEvent| CallOutEventView {
        seq: line.seq,
        at: line.at,
        actor_name: names.get(&line.actor).cloned(),
        actor: line.actor,
        name: line.event.name(),
        event: covered(&caller, &line.event),
    };
    Ok(Json(Page {
        items: log.into_iter().map(show).collect(),
        next_cursor: None,
    }))
}

/// An event with its numbers as `caller` may see them.
fn covered(caller: &Caller, event: &Event) -> Value {
    let mut value = serde_json::to_value(event).expect("an event is plain data");
    for list in ["ladder", "beyond"] {
        for rung in value[list].as_array_mut().into_iter().flatten() {
            let number = rung["phone"].as_str().unwrap_or_default();
            rung["phone"] = caller.sees_text(number).into();
        }
    }
    value
}

async fn visible(api: &Api, caller: &Caller, id: CallOutId) -> Answer<CallOutRecord> {
    let record = api.storage.callout(id).await?;
    record
        .filter(|record| own_unit(caller, &record.callout.unit).is_ok())
        .ok_or_else(Problem::not_found)
}

/// Commands for people. The others are the server's own.
const COMMANDS: &[&str] = &["acknowledge", "cancel"];

/// Says that somebody has it, or that it is not needed any more.
#[utoipa::path(post, path = "/api/v1/callouts/{id}/commands/{command}", tag = "duty",
    params(("id" = uuid::Uuid, Path), ("command" = String, Path, description = "acknowledge {person, remark?}, cancel {reason}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = CallOutView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, name)): Path<(CallOutId, String)>,
    body: RawJson,
) -> Answer<Json<CallOutView>> {
    let fields: Map<String, Value> = body.parse()?;
    let command: Command = read_command(COMMANDS, &name, fields)?;
    visible(&api, &caller, id).await?;
    let by = By::Person(&caller.actor);
    let done = api
        .storage
        .callout_command(api.clock.now(), by, id, command, &api.rules.now())
        .await?;
    let view = CallOutView::seen_by(&caller, done);
    Ok(Json(named(&api, view).await?))
}
