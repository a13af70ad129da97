//! Tickets 工单: what they are, how they came to be so, and what is wished of them. What is shown of a petitioner
//! depends on the role.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::calls::GrantedView;
use super::intake::check_codes;
use super::people::{Peopled, named, names_of};
use super::read_command;
use super::ticket_lists::Named;
use crate::api::Api;
use crate::api::access::sees_whole_numbers;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::idempotency::Wished;
use crate::api::live::takes_part;
use crate::api::problem::{Answer, Problem};
use crate::domain::calendar::Limit;
use crate::domain::call::wish::{LiveCall, Purpose, Wish};
use crate::domain::id::{ClusterId, TicketId, UnitCode};
use crate::domain::phone::{PhoneNumber, mask};
use crate::domain::staff::{By, Role};
use crate::domain::ticket::{
    CheckKind, Command, DeadlineKind, Finding, Mark, Refusal, Remaining, Rules, Stage, Step,
    StepKind, Ticket, check_reply, intake, missing, remaining, shares, steps,
};
use crate::domain::time::Timestamp;
use crate::storage::tickets::{TicketEvent, TicketFilter, TicketRecord};

/// A ticket as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketView {
    #[schema(value_type = uuid::Uuid)]
    id: TicketId,
    /// For people, e.g. `20261123-000001`.
    number: String,
    /// Number of its last event.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// `draft`, `registered`, `dispatched`, `handling`, `replied`, `closed`, `archived` or `voided`.
    stage: &'static str,
    /// The stage for a person, in Chinese.
    stage_name: &'static str,
    title: Option<String>,
    /// The one unit that answers for it now.
    unit: String,
    /// The clocks that run.
    deadlines: Vec<DeadlineView>,
    /// The version of the rule set it keeps since its dispatch: `/api/v1/rules/{version}`.
    rules: Option<String>,
    /// It waits at the desk, and the rules ask that it be coded before it is disposed of (article 11(2)).
    classify_first: bool,
    /// The rule set its limits are of, or would be if it were dispatched now, and why that one.
    rule_profile: RuleProfileView,
    /// Everything else: demand, petitioner, work, replies, reviews, surveys, revisits, each as it was recorded.
    #[schema(value_type = Object)]
    ticket: Value,
}

/// Whose rules hold for a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleProfileView {
    version: String,
    title: String,
    /// `lane` (a special channel's own), `system` (of systems that demands come from), `source` (of article 8's groups), `city`
    /// or `province`: the nearest holds.
    scope: &'static str,
    /// Why such a set comes before the province's.
    #[schema(example = "11")]
    article: &'static str,
}

impl RuleProfileView {
    fn of(now: Timestamp, ticket: &Ticket, rules: &Rules) -> Self {
        let set = rules.of(now, ticket);
        let scope = rules.scope(set);
        Self {
            version: set.version.clone(),
            title: set.title.clone(),
            scope: scope.code(),
            article: scope.article(),
        }
    }
}

/// 时限. The same calculation is shown to the citizen, the unit and the platform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlineView {
    /// `acknowledge_by`, `handle_by` (the promise to the citizen), `reply_by` (a unit's own limit), `send_back_by` (the
    /// window for asking to send it back), `decide_send_back_by`, `decide_extension_by`, `decide_kind_by`, `review_by`,
    /// `written_opinion_by`, `revisit_by`, `rectify_by` or `decide_report_by` (a report to a superior).
    #[schema(value_type = String)]
    kind: DeadlineKind,
    /// In Chinese.
    name: &'static str,
    /// `/api/v1/articles/{article}` has its words.
    #[schema(example = "11(3)")]
    article: &'static str,
    /// Whom it runs against.
    unit: String,
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// The last instant in time; `null` while the calendar for it is not published.
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    /// The year whose notice is awaited, when `due` is `null`.
    awaits: Option<i16>,
    /// What was counted: `{working_days}`, `{working_hours}` or `{natural_hours}`.
    #[schema(value_type = Option<Object>)]
    limit: Option<Limit>,
    /// Four fifths of the limit's working time are gone, and it has not run out.
    due_soon: bool,
    overdue: bool,
    /// Until it is due; negative: by how much it is late.
    left_ms: Option<i64>,
    /// The same in working time of the unit.
    working_left_ms: Option<i64>,
    /// What is recorded: `half`, `most` (80 %) or `lapsed`.
    #[schema(value_type = Option<String>)]
    marked: Option<Mark>,
}

impl From<Remaining> for DeadlineView {
    fn from(clock: Remaining) -> Self {
        Self {
            kind: clock.kind,
            name: clock.kind.name(),
            article: clock.kind.article(),
            unit: clock.unit.0,
            from: clock.from,
            due: clock.due,
            awaits: clock.awaits,
            limit: clock.limit,
            due_soon: clock.is_due_soon,
            overdue: clock.is_overdue,
            left_ms: clock.left_ms,
            working_left_ms: clock.working_left_ms,
            marked: clock.marked,
        }
    }
}

impl TicketView {
    pub(super) fn seen_by(
        caller: &Caller,
        now: Timestamp,
        rules: &Rules,
        record: TicketRecord,
    ) -> Self {
        let TicketRecord {
            id,
            number,
            version,
            updated_at,
            ticket,
        } = record;
        let mut whole = serde_json::to_value(&ticket).expect("a ticket is plain data");
        Veil::over(caller, &ticket).cover(&mut whole);
        Self {
            id,
            number,
            version,
            opened_at: ticket.opened_at,
            updated_at,
            stage: ticket.stage.code(),
            stage_name: match (&ticket.stage, ticket.intake.not_accepted()) {
                (Stage::Voided { .. }, Some(_)) => "不予受理",
                (stage, _) => stage.name(),
            },
            title: ticket.demand.as_ref().map(|demand| demand.title.clone()),
            unit: ticket.responsible().0.clone(),
            deadlines: remaining(now, &ticket, rules)
                .into_iter()
                .map(DeadlineView::from)
                .collect(),
            rules: ticket.promise().map(|promise| promise.rules.clone()),
            classify_first: ticket.wants_codes(&rules.of(now, &ticket).limits),
            rule_profile: RuleProfileView::of(now, &ticket, rules),
            ticket: whole,
        }
    }
}

/// What is hidden of the people in a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Veil {
    Nothing,
    /// The middle of phone numbers.
    Numbers,
    /// Numbers, names and addresses.
    People,
}

impl Veil {
    fn over(caller: &Caller, ticket: &Ticket) -> Self {
        let secret = ticket
            .demand
            .as_ref()
            .is_some_and(|demand| demand.petitioner.secrecy);
        match caller.actor.role {
            role if sees_whole_numbers(role) => Self::Nothing,
            Role::Reviewer => Self::Numbers,
            // 要求保密 is kept from everybody beyond the desk and the unit.
            Role::Specialist if !secret => Self::Numbers,
            _ => Self::People,
        }
    }

    /// Covers a ticket or an event in its JSON form, wherever in it people are named.
    fn cover(self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("phone" | "caller", Value::String(number)) if self != Self::Nothing => {
                            *number = mask(number);
                        }
                        // Whole only by a request of its own, with a purpose.
                        ("id_number" | "mobile", Value::String(number)) => *number = mask(number),
                        ("petitioner", petitioner) => {
                            self.cover(petitioner);
                            for named in ["name", "firm"] {
                                if let Some(name) = petitioner.get_mut(named)
                                    && self == Self::People
                                {
                                    *name = Value::from("***");
                                }
                            }
                        }
                        ("address", address) if self == Self::People => *address = Value::Null,
                        // Nobody knows what a city's form asks for.
                        ("fields", Value::Object(fields)) if self == Self::People => {
                            for value in fields.values_mut() {
                                *value = Value::from("***");
                            }
                        }
                        // A file's name may name them too.
                        ("attachment", Value::Object(file)) if self == Self::People => {
                            file.insert("name".to_owned(), Value::from("***"));
                        }
                        ("attachments", Value::Array(files)) if self == Self::People => {
                            for file in files.iter_mut().filter_map(Value::as_object_mut) {
                                file.insert("name".to_owned(), Value::from("***"));
                            }
                        }
                        (_, value) => self.cover(value),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.cover(item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Which tickets.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// A stage's code.
    stage: Option<String>,
    /// A unit that answers for it or has a part in it.
    unit: Option<String>,
    /// The petitioner's whole number, or the one that called.
    phone: Option<String>,
    number: Option<String>,
    /// A group of article 8: `provincial_service`, `cross_city`, `national_platform`, `regional_platform`, `co_built` or
    /// `assigned_task`.
    source: Option<String>,
    /// Not accepted for this ground of article 9, 1 to 6.
    refusal: Option<u32>,
    /// `assigned` 交办, or `passed_for_acceptance` 由省委部门受理.
    handover: Option<String>,
    /// Of this special channel.
    lane: Option<String>,
    /// Members of this same-event cluster.
    #[param(value_type = Option<uuid::Uuid>)]
    cluster: Option<ClusterId>,
    /// Only those with a deadline that has run out.
    #[serde(default)]
    overdue: bool,
    /// A saved list: `due_soon`, `overdue`, `mine`, or what they wait for: `register`, `dispatch`, `acknowledge`,
    /// `handle`, `reply_again`, `give_opinion`, `decide_send_back`, `decide_extension`, `decide_kind`, `review`, `issue_opinion`, `revisit`,
    /// `rectify`, `decide_report`, `review_refusal` or `answer_at_seat`.
    view: Option<String>,
    /// What a person types to find one: a ticket's number, a whole phone number, or words of the title.
    q: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// The tickets one may see, newest first. A unit sees those it has a part in.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", params(Asked), responses((status = 200, body = Page<TicketView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<TicketView>>> {
    if asked.phone.is_some() && !sees_whole_numbers(caller.actor.role) {
        return Err(Problem::forbidden());
    }
    let now = api.clock.now();
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let phone = asked
        .phone
        .map(|text| PhoneNumber::parse(&text))
        .transpose()
        .map_err(|bad| Problem::malformed("invalid_phone", bad.to_string()))?;
    let view = asked
        .view
        .map(|code| {
            Named::view(&code, now)
                .ok_or_else(|| Problem::malformed("invalid_view", "there is no such list"))
        })
        .transpose()?;
    let mut filter = TicketFilter {
        stage: asked.stage,
        unit: asked.unit.map(UnitCode),
        phone,
        overdue_at: asked.overdue.then_some(now),
        number: asked.number,
        view,
        text: None,
        source: asked.source,
        refusal: asked.refusal,
        handover: asked.handover,
        lane: asked.lane,
        identity: None,
        cluster: asked.cluster,
    };
    if let Some(typed) = asked.q.as_deref().map(str::trim) {
        look_for(&caller, typed, &mut filter)?;
    }
    let by = By::Person(&caller.actor);
    let tickets = api.storage.tickets(by, &filter, &page).await?;
    let rules = api.rules.now();
    Ok(Json(Page::of(tickets, |record| {
        TicketView::seen_by(&caller, now, &rules, record)
    })))
}

/// Reads what somebody typed as what it looks like.
fn look_for(caller: &Caller, typed: &str, filter: &mut TicketFilter) -> Answer<()> {
    let digits = typed.bytes().filter(u8::is_ascii_digit).count();
    let like_number = typed.len() == 15 && digits == 14 && typed.as_bytes().get(8) == Some(&b'-');
    if like_number {
        filter.number = Some(typed.to_owned());
        return Ok(());
    }
    match PhoneNumber::parse(typed) {
        Ok(phone) if digits >= 7 && sees_whole_numbers(caller.actor.role) => {
            filter.phone = Some(phone);
        }
        // For whom numbers are masked they cannot be searched by: that would tell what masking hides.
        Ok(_) if digits >= 7 => return Err(Problem::forbidden()),
        Ok(_) | Err(_) if typed.chars().count() <= 100 => filter.text = Some(typed.to_owned()),
        Ok(_) | Err(_) => {
            return Err(Problem::malformed(
                "invalid_query",
                "搜索内容过长, 最多100字",
            ));
        }
    }
    Ok(())
}

/// One ticket.
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = TicketView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<TicketView>> {
    let record = visible(&api, &caller, id).await?;
    let (now, rules) = (api.clock.now(), api.rules.now());
    Ok(Json(TicketView::seen_by(&caller, now, &rules, record)))
}

/// The ticket, if `caller` may know of it.
pub(super) async fn visible(api: &Api, caller: &Caller, id: TicketId) -> Answer<TicketRecord> {
    let by = By::Person(&caller.actor);
    if let Some(record) = api.storage.ticket(by, id).await? {
        return Ok(record);
    }
    // A specialist who was brought into the call sees what it is about, for as long as they are in it.
    if caller.actor.role == Role::Specialist {
        let (calls, _) = api.calls.live().await;
        let about =
            |call: &LiveCall| call.ticket == Some(id) && takes_part(&caller.actor.username, call);
        if calls.iter().any(about)
            && let Some(record) = api.storage.ticket(By::Server, id).await?
        {
            return Ok(record);
        }
    }
    Err(Problem::not_found())
}

/// One fact in a ticket's chain.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// From 1, without gaps.
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// A username, `token:…`, or `@server`.
    actor: String,
    /// Their name, if they have a login.
    actor_name: Option<String>,
    name: &'static str,
    #[schema(value_type = Object)]
    event: Value,
    prev_hash: String,
    hash: String,
}

/// The whole chain in order.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/events", tag = "tickets", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<EventView>)))]
pub(crate) async fn events(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<EventView>>> {
    let record = visible(&api, &caller, id).await?;
    let veil = Veil::over(&caller, &record.ticket);
    let events = api.storage.ticket_events(id).await?;
    let names = names_of(&api, events.iter().map(|event| event.actor.as_str())).await?;
    let show = |event: TicketEvent| {
        let mut json = serde_json::to_value(&event.event).expect("an event is plain data");
        veil.cover(&mut json);
        EventView {
            seq: event.seq,
            at: event.at,
            actor_name: names.get(&event.actor).cloned(),
            actor: event.actor,
            name: event.event.name(),
            event: json,
            prev_hash: event.prev_hash,
            hash: event.hash,
        }
    };
    Ok(Json(Page {
        items: events.into_iter().map(show).collect(),
        next_cursor: None,
    }))
}

/// One of the five steps of article 6.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepView {
    /// `answer`, `register`, `resolve`, `dispatch` or `revisit`.
    #[schema(value_type = String)]
    kind: StepKind,
    /// 接听, 登记, 解答, 转交办 or 回访.
    name: &'static str,
    /// `null`: the server itself, or nobody yet.
    by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// `null` while it goes on.
    #[schema(value_type = Option<String>, format = DateTime)]
    end: Option<Timestamp>,
}

/// The five steps of a ticket, and in whose hands its time lay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepsView {
    items: Vec<StepView>,
    /// Names of the steps that a closed ticket lacks; empty when all is well.
    missing: Vec<&'static str>,
    desk_ms: i64,
    unit_ms: i64,
    reviewer_ms: i64,
    /// The names of everybody in it, by username.
    names: BTreeMap<String, String>,
}

impl Peopled for StepsView {
    fn names(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.names
    }
}

/// 接听、登记、解答、转交办、回访 (article 6): who, from when to when; and how the time is shared between desk, unit and
/// reviewer.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/steps", tag = "tickets", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = StepsView)))]
pub(crate) async fn five_steps(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<StepsView>> {
    visible(&api, &caller, id).await?;
    let told = api.storage.ticket_events(id).await?;
    let events = || told.iter().map(|event| &event.event);
    let share = shares(api.clock.now(), events());
    let show = |step: Step| StepView {
        kind: step.kind,
        name: step.kind.name(),
        by: step.by.map(|by| by.0),
        start: step.start,
        end: step.end,
    };
    let view = StepsView {
        items: steps(events()).into_iter().map(show).collect(),
        missing: missing(events())
            .into_iter()
            .map(|step| step.name())
            .collect(),
        desk_ms: share.desk_ms,
        unit_ms: share.unit_ms,
        reviewer_ms: share.reviewer_ms,
        names: BTreeMap::new(),
    };
    Ok(Json(named(&api, view).await?))
}

/// What a reviewer's eye should rest on. It decides nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplyFindingView {
    /// `empty`, `copied_demand`, `copied_reply`, `evasive`, `no_date`, `nobody_to_ask` or `off_topic`.
    #[schema(value_type = String)]
    kind: CheckKind,
    /// In Chinese, with the words it rests on.
    why: String,
}

/// Checks the reply that waits for review (or passed it) and says what it saw.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/reply_checks", tag = "tickets", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ReplyFindingView>), (status = 404, description = "No reply yet")))]
pub(crate) async fn reply_checks(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<ReplyFindingView>>> {
    let record = visible(&api, &caller, id).await?;
    let reply = record.ticket.reply().ok_or_else(Problem::not_found)?;
    let demand = record.ticket.demand.as_ref();
    let demand = demand.map_or("", |demand| demand.content.as_str());
    let others = api.storage.replies_of_unit(&reply.unit, id).await?;
    let show = |finding: Finding| ReplyFindingView {
        kind: finding.kind,
        why: finding.why,
    };
    Ok(Json(Page {
        items: check_reply(&reply.text, demand, &others)
            .into_iter()
            .map(show)
            .collect(),
        next_cursor: None,
    }))
}

/// The code with which the citizen can ask after the ticket, to be told to them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryCodeView {
    number: String,
    #[schema(example = "04711742")]
    code: String,
}

/// What to tell a citizen who wants to ask after their ticket themselves.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/query_code", tag = "tickets", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = QueryCodeView)))]
pub(crate) async fn query_code(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<QueryCodeView>> {
    let record = visible(&api, &caller, id).await?;
    let code = api.storage.query_code(id).await?;
    Ok(Json(QueryCodeView {
        number: record.number,
        code: code.ok_or_else(Problem::not_found)?,
    }))
}

/// A written opinion as it was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WrittenOpinionView {
    #[schema(example = "20261123-000001-1")]
    number: String,
    unit: String,
    unit_name: String,
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    text: String,
    sha256: String,
    /// The message that told the citizen: its state is among the ticket's messages.
    sms_id: Option<uuid::Uuid>,
}

/// A ticket's written opinions 书面办理意见, in order.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/written_opinions", tag = "tickets", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<WrittenOpinionView>)))]
pub(crate) async fn written_opinions(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<WrittenOpinionView>>> {
    visible(&api, &caller, id).await?;
    let issued = api.storage.written_opinions(id).await?;
    Ok(Json(Page {
        items: issued
            .into_iter()
            .map(|opinion| WrittenOpinionView {
                number: opinion.number,
                unit: opinion.unit.0,
                unit_name: opinion.unit_name,
                issued_at: opinion.issued_at,
                text: opinion.text,
                sha256: opinion.sha256,
                sms_id: opinion.sms.map(|sms| sms.0),
            })
            .collect(),
        next_cursor: None,
    }))
}

/// Commands for people. The others are the server's own.
const COMMANDS: &[&str] = &[
    "register",
    "answer_on_call",
    "note_three_way",
    "dispatch",
    "acknowledge",
    "hand_down",
    "record_contact",
    "reply",
    "review",
    "send_back",
    "decide_send_back",
    "extend",
    "decide_extension",
    "change_kind",
    "decide_kind",
    "void",
    "archive",
    "reopen",
    "rectify",
    "read_survey",
    "request_written_opinion",
    "issue_written_opinion",
];

/// Commands of the intake for people.
const INTAKE_COMMANDS: &[&str] = &[
    "identify",
    "verify_identity",
    "classify",
    "refuse",
    "review_refusal",
    "seal",
    "explain",
    "report_up",
    "decide_report",
    "notify_petitioner",
    "hand_to_seat",
    "take_at_seat",
    "answer_at_seat",
    "enter_lane",
    "pass_on",
    "hear_partner",
    "take_back",
];

/// Registers a ticket without a call. The body is that of the command `register`.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = Object, description = "{title, content, kind, petitioner {name, phone?, applicant, secrecy?, firm?}, address?, category?, fields?}"),
    responses((status = 201, body = TicketView), (status = 409, description = "Refused")))]
pub(crate) async fn create(State(api): State<Arc<Api>>, wished: Wished) -> Answer<Response> {
    let fields: Map<String, Value> = wished.parse()?;
    let command: Command = read_command(COMMANDS, "register", fields)?;
    let now = api.clock.now();
    let rules = api.rules.now();
    let done = api
        .storage
        .open_ticket(now, wished.by(), command, &rules, wished.once.clone())
        .await;
    let outcome = done.map(|record| TicketView::seen_by(&wished.caller, now, &rules, record));
    wished.answer(&api, StatusCode::CREATED, outcome).await
}

/// Wishes something of a ticket: 200 and the new state, or 409 and the article that says no.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/commands/{command}", tag = "tickets",
    params(("id" = uuid::Uuid, Path), ("Idempotency-Key" = Option<String>, Header),
        ("command" = String, Path, description = "register, answer_on_call {answer}, note_three_way {specialist, unit}, \
            dispatch {lead, co_handlers?, basis?, urgent?}, acknowledge, hand_down {unit}, record_contact {summary, call? | recording? | sms?}, \
            reply {text, no_contact_reason?}, review {outcome, remark?}, send_back {basis, suggestion}, \
            decide_send_back {granted, reason}, extend {working_days, reason, told_petitioner}, \
            decide_extension {granted, reason}, \
            change_kind {kind, reason}, decide_kind {granted, reason}, void {reason}, archive, reopen {reason}, rectify {finding, measures}, \
            read_survey {rating}, request_written_opinion, issue_written_opinion {text}, \
            identify {identity {id_kind, id_number}, mobile?, legal_person?}, verify_identity {matches, method}, \
            classify {category, field, department?}, refuse {ground {code, ..}, explanation}, review_refusal {granted, reason}, \
            seal {kind}, explain {explanation, guidance?}, report_up {question}, decide_report {in_scope, decision}, \
            notify_petitioner {how}, hand_to_seat {unit, note, call?}, take_at_seat, answer_at_seat {answer, knowledge?}, \
            enter_lane {lane}, pass_on {partner, reason, call?}, hear_partner {kind, text, id?}, take_back {reason}")),
    request_body(content = Object, description = "The command's own fields"),
    responses((status = 200, body = TicketView), (status = 409, description = "Refused")))]
pub(crate) async fn command(
    State(api): State<Arc<Api>>,
    Path((id, name)): Path<(TicketId, String)>,
    wished: Wished,
) -> Answer<Response> {
    let command = if INTAKE_COMMANDS.contains(&name.as_str()) {
        let mut command = read_command(INTAKE_COMMANDS, &name, wished.parse()?)?;
        check_codes(&api, &wished.caller, &mut command).await?;
        Command::Intake(command)
    } else {
        read_command(COMMANDS, &name, wished.parse()?)?
    };
    check_assignment(&api, &command).await?;
    let now = api.clock.now();
    let rules = api.rules.now();
    let done = api
        .storage
        .command(now, wished.by(), id, command, &rules, wished.once.clone())
        .await;
    let outcome = done.map(|record| TicketView::seen_by(&wished.caller, now, &rules, record));
    wished.answer(&api, StatusCode::OK, outcome).await
}

/// 主动联系: places a recorded call between one's own extension and the petitioner. `record_contact` with the call and
/// recording that are answered here proves it (article 11(3)).
#[utoipa::path(post, path = "/api/v1/tickets/{id}/call", tag = "tickets", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = GrantedView), (status = 409, description = "Refused")))]
pub(crate) async fn call(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<GrantedView>> {
    let ticket = visible(&api, &caller, id).await?.ticket;
    match ticket.stage {
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. } => {}
        Stage::Archived { .. } | Stage::Voided { .. } => {
            return Err(Refusal::WrongStage {
                stage: ticket.stage.name(),
            }
            .into());
        }
    }
    let to = ticket.phone().or(ticket.caller.as_ref()).ok_or_else(|| {
        let article = Some("11(3)".to_owned());
        Problem::refused("no_number", article, "工单没有可联系的电话号码")
    })?;
    let wish = Wish::PlaceCall {
        to: to.clone(),
        by: caller.actor,
        purpose: Purpose::Contact { ticket: id },
    };
    Ok(Json(api.calls.wish(wish).await?.into()))
}

/// The rules judge an assignment; whether the units exist at all is known here.
pub(super) async fn check_assignment(api: &Api, command: &Command) -> Answer<()> {
    match command {
        Command::Dispatch {
            lead, co_handlers, ..
        } => check_units(api, std::iter::once(lead).chain(co_handlers)).await,
        Command::Intake(intake::Command::HandToSeat { unit, .. }) => {
            check_units(api, std::iter::once(unit)).await
        }
        _ => Ok(()),
    }
}

/// Each of `codes` is a unit that has work now: not unknown, not merged into another.
pub(super) async fn check_units(
    api: &Api,
    codes: impl Iterator<Item = &UnitCode> + Send,
) -> Answer<()> {
    let tree = api.storage.tree().await?;
    let now = api.clock.now();
    for code in codes {
        let Some(stand) = tree.at(code, now) else {
            return Err(Problem::invalid(
                "unknown_unit",
                format!("没有代码为“{code}”的单位 (no such unit)"),
            ));
        };
        if stand.merged_into.is_some() {
            let heir = tree.successor(code, now).map(|stand| &stand.unit);
            let heir = heir.map_or("其他单位", |unit| &unit.name);
            let detail = format!("“{}”已并入“{heir}”, 请改派", stand.unit.name);
            return Err(Problem::refused(
                "unit_merged",
                Some("3".to_owned()),
                detail,
            ));
        }
    }
    Ok(())
}
