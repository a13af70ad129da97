//! Supervision 督办: cases beside tickets, the papers they send out, and what is wished of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::chains::{self, ChainedEventView};
use super::people::{self, Peopled, named};
use super::{read_command, tickets};
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::idempotency::Wished;
use crate::api::problem::{Answer, Problem};
use crate::domain::id::{CaseId, TicketId, UnitCode, Username};
use crate::domain::staff::{By, Role};
use crate::domain::supervision::{Case, CaseCommand, Level, Notice, Refusal};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::storage::Trouble;
use crate::storage::supervision::{CaseFilter, CaseRecord};

/// A case as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseView {
    #[schema(value_type = uuid::Uuid)]
    id: CaseId,
    version: u64,
    #[schema(value_type = uuid::Uuid)]
    ticket_id: TicketId,
    ticket_number: String,
    /// 被督办单位.
    unit: String,
    /// 督办人; null while nobody took what a rule opened.
    owner: Option<String>,
    /// `track`, `urge`, `recheck`, `supervise`, `coordinate` or `account`.
    #[schema(value_type = String)]
    level: Level,
    level_name: &'static str,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// By when the present step wants its answer.
    #[schema(value_type = String, format = DateTime)]
    due: Timestamp,
    overdue: bool,
    open: bool,
    /// Numbers in the register of notices, for `/notices/{serial}`.
    notices: Vec<NoticeLine>,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
    /// Everything else: cause, steps with receipts and answers, meetings, proposals, measures, closing.
    #[schema(value_type = Object)]
    case: Value,
}

/// One paper of a case.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeLine {
    serial: u64,
    number: String,
    title: &'static str,
}

impl CaseView {
    fn of(now: Timestamp, record: CaseRecord) -> Self {
        let case = record.case;
        let rung = case.rung();
        let line = |form: crate::domain::supervision::Form, at, serial| NoticeLine {
            serial,
            number: form.number(at, serial),
            title: form.title(),
        };
        let notices = case
            .rungs
            .iter()
            .filter_map(|rung| Some(line(rung.level.form()?, rung.at, rung.notice?)))
            .chain(
                case.measures
                    .iter()
                    .map(|measure| line(measure.kind.form(), measure.at, measure.notice)),
            )
            .collect();
        Self {
            id: record.id,
            version: record.version,
            ticket_id: case.ticket,
            ticket_number: case.number.clone(),
            unit: case.unit.0.clone(),
            owner: case.owner.as_ref().map(|owner| owner.0.clone()),
            level: rung.level,
            level_name: rung.level.name(),
            opened_at: case.opened_at,
            updated_at: record.updated_at,
            due: rung.due,
            overdue: case.is_open() && rung.awaits_answer() && now > rung.due,
            open: case.is_open(),
            notices,
            names: BTreeMap::new(),
            case: serde_json::to_value(&case).expect("a case is plain data"),
        }
    }
}

impl Peopled for CaseView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    #[param(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    unit: Option<String>,
    owner: Option<String>,
    /// `track`, `urge`, `recheck`, `supervise`, `coordinate` or `account`.
    #[param(value_type = Option<String>)]
    level: Option<Level>,
    open: Option<bool>,
    /// Only open ones whose answer limit ran out.
    #[serde(default)]
    overdue: bool,
    /// Only those with a proposal (article 26) that waits for a person.
    #[serde(default)]
    proposed: bool,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Cases, the latest opened first. A unit sees its own.
#[utoipa::path(get, path = "/api/v1/supervision", tag = "supervision", params(Asked), responses((status = 200, body = Page<CaseView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<CaseView>>> {
    let now = api.clock.now();
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let filter = CaseFilter {
        ticket: asked.ticket,
        unit: asked.unit.map(UnitCode),
        owner: asked.owner.map(Username),
        level: asked.level,
        open: asked.open,
        overdue_at: asked.overdue.then_some(now),
        proposed: asked.proposed,
    };
    let by = By::Person(&caller.actor);
    let cases = api.storage.cases(by, &filter, &page).await?;
    let mut page = Page::of(cases, |record| CaseView::of(now, record));
    people::name(&api, &mut page.items).await?;
    Ok(Json(page))
}

/// One case.
#[utoipa::path(get, path = "/api/v1/supervision/{id}", tag = "supervision", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = CaseView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<CaseId>,
) -> Answer<Json<CaseView>> {
    let record = visible(&api, &caller, id).await?;
    Ok(Json(
        named(&api, CaseView::of(api.clock.now(), record)).await?,
    ))
}

/// The whole chain in order.
#[utoipa::path(get, path = "/api/v1/supervision/{id}/events", tag = "supervision", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ChainedEventView>)))]
pub(crate) async fn events(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<CaseId>,
) -> Answer<Json<Page<ChainedEventView>>> {
    visible(&api, &caller, id).await?;
    Ok(Json(chains::whole(api.storage.case_events(id).await?)))
}

async fn visible(api: &Api, caller: &Caller, id: CaseId) -> Answer<CaseRecord> {
    api.storage
        .case(By::Person(&caller.actor), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// How a paper is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskedPaper {
    /// `text` (the default) or `html`.
    #[serde(default, rename = "as")]
    #[param(rename = "as", value_type = Option<String>)]
    form: PaperForm,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaperForm {
    #[default]
    Text,
    Html,
}

/// One paper of a case, as text or as a page for print. It names no citizen.
#[utoipa::path(get, path = "/api/v1/supervision/{id}/notices/{serial}", tag = "supervision",
    params(("id" = uuid::Uuid, Path), ("serial" = u64, Path), AskedPaper),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn notice(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, serial)): Path<(CaseId, u64)>,
    Query(asked): Query<AskedPaper>,
) -> Answer<Response> {
    let record = visible(&api, &caller, id).await?;
    let ticket = api
        .storage
        .ticket(By::Server, record.case.ticket)
        .await?
        .ok_or_else(Problem::not_found)?;
    let units = api.storage.units().await?;
    let name = units
        .iter()
        .find(|unit| unit.code == record.case.unit)
        .map_or(record.case.unit.0.as_str(), |unit| unit.name.as_str());
    let notice =
        paper(&record.case, serial, &ticket.ticket, name).ok_or_else(Problem::not_found)?;
    let (kind, body) = match asked.form {
        PaperForm::Text => ("text/plain; charset=utf-8", notice.text()),
        PaperForm::Html => ("text/html; charset=utf-8", notice.html()),
    };
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}

fn paper(case: &Case, serial: u64, ticket: &Ticket, unit_name: &str) -> Option<Notice> {
    if let Some(rung) = case.rungs.iter().find(|rung| rung.notice == Some(serial)) {
        return Notice::of_rung(case, rung, ticket, unit_name);
    }
    let measure = case.measures.iter().find(|m| m.notice == serial)?;
    Some(Notice::of_measure(case, measure, ticket))
}

/// What opens a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    #[schema(value_type = uuid::Uuid)]
    ticket: TicketId,
    /// `track`, `urge`, `recheck`, `supervise` or `coordinate`.
    #[schema(value_type = String)]
    level: Level,
    reason: String,
    /// Instead of the unit that answers for the ticket now.
    #[serde(default)]
    unit: Option<String>,
}

/// Opens a case about a ticket, at any level but the last.
#[utoipa::path(post, path = "/api/v1/supervision", tag = "supervision",
    params(("Idempotency-Key" = Option<String>, Header)), request_body = Opening,
    responses((status = 201, body = CaseView), (status = 409, description = "Refused")))]
pub(crate) async fn open(State(api): State<Arc<Api>>, wished: Wished) -> Answer<Response> {
    let opening: Opening = wished.parse()?;
    let record = tickets::visible(&api, &wished.caller, opening.ticket).await?;
    let command = case_about(&record.ticket, &record.number, opening);
    granted(&api, wished, None, command).await
}

/// Carries out what was wished of `id` (`None`: of a new one, which is answered as created), if it could be told.
async fn granted(
    api: &Api,
    wished: Wished,
    id: Option<CaseId>,
    command: Result<CaseCommand, Refusal>,
) -> Answer<Response> {
    let (now, rules) = (api.clock.now(), api.rules.now());
    let once = wished.once.clone();
    let done = match command {
        Ok(command) => {
            let by = wished.by();
            api.storage
                .case_command(now, by, id, command, &rules, once)
                .await
        }
        Err(refusal) => Err(Trouble::Refused(refusal)),
    };
    let done = done.map(|record| CaseView::of(now, record));
    people::tell(api, wished, id.is_none(), done).await
}

fn case_about(ticket: &Ticket, number: &str, opening: Opening) -> Result<CaseCommand, Refusal> {
    let unit = opening.unit.map(UnitCode);
    if unit.is_none() && ticket.work().is_none() {
        match opening.level {
            // Whose duty it is may be the very question.
            Level::Track | Level::Coordinate => {}
            Level::Urge | Level::Recheck | Level::Supervise | Level::Account => {
                return Err(Refusal::NobodyToSupervise);
            }
        }
    }
    Ok(CaseCommand::Open {
        ticket: opening.ticket,
        number: number.to_owned(),
        unit: unit.unwrap_or_else(|| ticket.responsible().clone()),
        level: opening.level,
        reason: opening.reason,
        rule: None,
        trigger: None,
    })
}

/// Commands for people. The others are the server's own.
const COMMANDS: &[&str] = &[
    "assign", "step_up", "receive", "answer", "judge", "convene", "rebind", "propose", "confirm",
    "dismiss", "close",
];

/// Wishes something of a case: 200 and the new state, or 409 and the article that says no. `rebind` dispatches the
/// ticket to the appointed lead by the ticket's own rules.
#[utoipa::path(post, path = "/api/v1/supervision/{id}/commands/{command}", tag = "supervision",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "assign {owner}, step_up {level, reason, answer_days?}, receive, answer {text}, \
            judge {verdict: accepted|insufficient|evasive, remark?}, convene {attendees, minutes, lead?}, rebind {co_handlers?}, \
            propose {trigger, reason}, confirm {proposal, kind: talk|circular|special_report, addressee, text}, \
            dismiss {proposal, reason}, close {outcome: resolved|unfounded|to_accountability, evidence, finding?}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = CaseView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(CaseId, String)>,
    wished: Wished,
) -> Answer<Response> {
    let command: CaseCommand = read_command(COMMANDS, &name, wished.parse()?)?;
    match &command {
        CaseCommand::Assign { owner } => assignable(&api, owner).await?,
        CaseCommand::Convene { lead, .. } => tickets::check_units(&api, lead.iter()).await?,
        CaseCommand::Rebind { co_handlers } => {
            tickets::check_units(&api, co_handlers.iter()).await?;
        }
        _ => {}
    }
    granted(&api, wished, Some(id), Ok(command)).await
}

/// Somebody who may own a case 督办人.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnerView {
    username: String,
    display_name: String,
    /// `team_lead` or `supervisor`.
    #[schema(value_type = String)]
    role: Role,
    unit: String,
}

/// Whom a case may be assigned to.
#[utoipa::path(get, path = "/api/v1/supervision/owners", tag = "supervision", responses((status = 200, body = Page<OwnerView>)))]
pub(crate) async fn owners(State(api): State<Arc<Api>>) -> Answer<Json<Page<OwnerView>>> {
    let users = api.storage.users().await?.into_iter();
    let items = users
        .filter(|user| may_own(user.role))
        .map(|user| OwnerView {
            username: user.username.0,
            display_name: user.display_name,
            role: user.role,
            unit: user.unit.0,
        });
    Ok(Json(Page {
        items: items.collect(),
        next_cursor: None,
    }))
}

const fn may_own(role: Role) -> bool {
    matches!(role, Role::Supervisor | Role::TeamLead)
}

/// A case's owner is somebody who may oversee one.
async fn assignable(api: &Api, owner: &Username) -> Answer<()> {
    let known = api.storage.login(owner).await?;
    match known {
        Some((user, _)) if may_own(user.role) => Ok(()),
        Some(_) | None => Err(Problem::invalid(
            "no_such_owner",
            "督办人应为班长或督办人员 (no such team lead or supervisor)",
        )),
    }
}
