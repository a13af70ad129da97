//! What comes from elsewhere, who asks, and how the desk disposes of it: articles 8 to 11(2). Identity numbers are shown
//! masked everywhere; seeing one whole is a request of its own, with a purpose, and on record.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::clusters::{SuggestionView, alike};
use super::tickets::{TicketView, visible};
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::disposition::{
    CategoryEntry, OutsideHotline, Part, Question, find, in_use, propose, search,
};
use crate::domain::id::TicketId;
use crate::domain::identity::{BadNumber, IdKind, Identity, Verification};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{By, Role};
use crate::domain::ticket::intake::{
    self, Acceptance, Channel, Command, Origin, ServiceType, SourceGroup,
};
use crate::domain::ticket::{
    Applicant, Command as TicketCommand, Demand, FormField, Kind, Petitioner, Refusal,
};
use crate::domain::time::Timestamp;
use crate::storage::audit::Deed;
use crate::storage::tickets::{TicketFilter, TicketRecord};

/// The longest payload kept as it came.
const RAW_MAX: usize = 256 * 1024;
/// Longest demand, in characters, that is looked at while it is being written.
const WRITTEN_MAX: usize = 12_000;

/// A demand from elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDemand {
    /// The system it comes from, as the organisation names it; the system says which group of article 8 it is of.
    system: String,
    /// Its id there. The same id again is answered with the ticket it has.
    origin_id: String,
    /// `phone`, `web`, `app`, `sms`, `email`, `letter`, `walk_in`, `police110` or `platform`.
    #[schema(value_type = String)]
    channel: Channel,
    /// For 省级政务服务 (8(1)): `inquiry`, `joint_handling` or `efficacy_complaint`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    service: Option<ServiceType>,
    /// When it was received there; now when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    received_at: Option<Timestamp>,
    title: String,
    content: String,
    #[schema(value_type = String)]
    kind: Kind,
    petitioner: NewPetitioner,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    category: Option<String>,
    /// Of `GET /form`, by key.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// 交办单位, for 8(6).
    #[serde(default)]
    issuer: Option<String>,
    /// 文号, for 8(6).
    #[serde(default)]
    document: Option<String>,
    /// What came, as it came; kept beside the ticket.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    raw: Option<Value>,
}

/// Who asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPetitioner {
    name: String,
    #[serde(default)]
    phone: Option<String>,
    /// `person` or `enterprise`.
    #[schema(value_type = String)]
    applicant: Applicant,
    #[serde(default)]
    secrecy: bool,
    /// 企业名称, where the petitioner is an enterprise or speaks for one.
    #[serde(default)]
    firm: Option<String>,
    #[serde(default)]
    identity: Option<IdentityBody>,
    #[serde(default)]
    legal_person: Option<IdentityBody>,
}

/// A document and its number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityBody {
    /// `resident_id`, `credit_code`, `passport`, `travel_permit` or `foreign_permanent_resident`.
    #[schema(value_type = String)]
    id_kind: IdKind,
    id_number: String,
}

impl IdentityBody {
    fn read(self) -> Answer<Identity> {
        Identity::parse(self.id_kind, &self.id_number).map_err(Problem::from)
    }
}

impl From<BadNumber> for Problem {
    fn from(bad: BadNumber) -> Self {
        Self::invalid("bad_identity", bad.to_string())
    }
}

/// What a demand led to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptedView {
    #[schema(value_type = uuid::Uuid)]
    ticket: TicketId,
    /// For people.
    number: String,
    /// `false`: this id had its ticket already.
    new: bool,
}

impl AcceptedView {
    fn of(record: &TicketRecord, new: bool) -> Self {
        Self {
            ticket: record.id,
            number: record.number.clone(),
            new,
        }
    }
}

/// Takes a demand in: any channel, any of article 8's six groups, one ticket for each id of its origin.
#[utoipa::path(post, path = "/api/v1/intake", tag = "intake", request_body = NewDemand,
    responses((status = 201, body = AcceptedView), (status = 200, body = AcceptedView, description = "Had its ticket already"),
        (status = 409, description = "Refused")))]
pub(crate) async fn accept(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(new): Json<NewDemand>,
) -> Answer<(StatusCode, Json<AcceptedView>)> {
    caller.speak_for(&new.system)?;
    let now = api.clock.now();
    let origins = api.storage.origins().await?;
    let entry = origins
        .iter()
        .find(|entry| entry.system == new.system)
        .ok_or_else(|| Problem::invalid("unknown_origin", "没有登记的来源系统 (no such origin)"))?;
    let raw = new.raw.map(|raw| raw.to_string()).unwrap_or_default();
    if raw.len() > RAW_MAX {
        return Err(Problem::invalid(
            "raw_too_large",
            format!("raw has at most {RAW_MAX} bytes"),
        ));
    }
    let phone = |text: String| {
        PhoneNumber::parse(&text).map_err(|bad| Problem::invalid("invalid_phone", bad.to_string()))
    };
    let who = new.petitioner;
    let digest = Sha256::digest(raw.as_bytes());
    let command = Command::Accept(Box::new(Acceptance {
        origin: Origin {
            group: entry.group,
            service: new.service,
            channel: new.channel,
            system: new.system,
            id: new.origin_id,
            received_at: new.received_at.unwrap_or(now).min(now),
            raw_sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            issuer: new.issuer,
            document: new.document,
        },
        demand: Demand {
            title: new.title,
            content: new.content,
            kind: new.kind,
            petitioner: Petitioner {
                name: who.name,
                phone: who.phone.map(phone).transpose()?,
                applicant: who.applicant,
                secrecy: who.secrecy,
                firm: who.firm,
            },
            address: new.address,
            category: new.category,
            fields: new.fields,
        },
        identity: who.identity.map(IdentityBody::read).transpose()?,
        mobile: None,
        legal_person: who.legal_person.map(IdentityBody::read).transpose()?,
    }));
    let by = By::Person(&caller.actor);
    let accepted = api
        .storage
        .accept(now, by, command, raw, &api.rules.now())
        .await?;
    let status = if accepted.new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let view = AcceptedView::of(&accepted.record, accepted.new);
    Ok((status, Json(view)))
}

/// What a partner says of a ticket that was passed on to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWord {
    /// The partner, as the organisation names it.
    system: String,
    /// The ticket's number, as it was told in `passed_on`.
    ticket: String,
    /// The word's id there. The same id again changes nothing.
    id: String,
    /// `received`, `progress`, `result` or `returned`.
    #[schema(value_type = String)]
    kind: intake::WordKind,
    text: String,
}

/// Takes in what a partner says: that it has the ticket, how it goes, what came of it, or that it is not its own.
#[utoipa::path(post, path = "/api/v1/intake/words", tag = "intake", request_body = NewWord,
    responses((status = 200, body = AcceptedView, description = "Said before"), (status = 201, body = AcceptedView),
        (status = 404, description = "No such ticket with that partner"), (status = 409, description = "Refused")))]
pub(crate) async fn words(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(new): Json<NewWord>,
) -> Answer<(StatusCode, Json<AcceptedView>)> {
    caller.speak_for(&new.system)?;
    let by = By::Person(&caller.actor);
    let filter = TicketFilter {
        number: Some(new.ticket),
        ..TicketFilter::default()
    };
    let found = api
        .storage
        .tickets(by, &filter, &page(None, Some(1))?)
        .await?;
    let record = found.items.into_iter().next();
    let record = record.ok_or_else(Problem::not_found)?;
    let intake = &record.ticket.intake;
    if intake.heard(&new.system, &new.id) {
        return Ok((StatusCode::OK, Json(AcceptedView::of(&record, false))));
    }
    let theirs = intake.partner().map(|open| open.partner.as_str());
    if theirs != Some(new.system.as_str()) {
        return Err(Problem::not_found());
    }
    let word = TicketCommand::Intake(Command::HearPartner {
        kind: new.kind,
        text: new.text,
        id: Some(new.id),
    });
    let (now, rules) = (api.clock.now(), api.rules.now());
    api.storage
        .command(now, by, record.id, word, &rules, None)
        .await?;
    Ok((StatusCode::CREATED, Json(AcceptedView::of(&record, true))))
}

/// What came, as it came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OriginView {
    system: String,
    origin_id: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    raw_sha256: String,
    raw: String,
}

/// A ticket's payload as it came. It may name people in any form, so it is for leads, and looking is on record.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/origin", tag = "intake", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = OriginView)))]
pub(crate) async fn origin(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<OriginView>> {
    visible(&api, &caller, id).await?;
    let raw = api
        .storage
        .raw_origin(id)
        .await?
        .ok_or_else(Problem::not_found)?;
    audit(&api, &caller, "origin_read", id.to_string(), Value::Null).await?;
    Ok(Json(OriginView {
        system: raw.system,
        origin_id: raw.origin_id,
        received_at: raw.received_at,
        raw_sha256: raw.raw_sha256,
        raw: raw.raw,
    }))
}

/// Why somebody needs to see it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unmask {
    purpose: String,
}

/// Who asks, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnmaskedView {
    name: Option<String>,
    phone: Option<String>,
    /// `{id_kind, id_number}`.
    #[schema(value_type = Option<Object>)]
    identity: Option<Identity>,
    mobile: Option<String>,
    #[schema(value_type = Option<Object>)]
    legal_person: Option<Identity>,
    #[schema(value_type = Option<Object>)]
    verification: Option<Verification>,
}

/// Shows who asks, whole. For those who work on the ticket; every time is written down with its purpose.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/unmask", tag = "intake", params(("id" = uuid::Uuid, Path)), request_body = Unmask,
    responses((status = 200, body = UnmaskedView), (status = 409, description = "Refused")))]
pub(crate) async fn unmask(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
    Json(asked): Json<Unmask>,
) -> Answer<Json<UnmaskedView>> {
    let ticket = visible(&api, &caller, id).await?.ticket;
    let purpose = asked.purpose.trim();
    if purpose.is_empty() || purpose.chars().count() > 200 {
        return Err(Refusal::Missing {
            field: "查看目的",
            article: "11(1)",
        }
        .into());
    }
    let petitioner = ticket.demand.map(|demand| demand.petitioner);
    // 要求保密: a lead's or the handling unit's, not every agent's.
    let secret = petitioner
        .as_ref()
        .is_some_and(|petitioner| petitioner.secrecy);
    if secret && caller.actor.role == Role::Agent {
        return Err(Refusal::NotYours {
            need: "诉求人要求保密, 应由班长或承办单位查看",
            article: "11(1)",
        }
        .into());
    }
    // Written down first: what was not put on record was not shown.
    audit(
        &api,
        &caller,
        "unmasked",
        id.to_string(),
        json!({"purpose": purpose}),
    )
    .await?;
    let named = ticket.intake.real_name;
    let whole = |number: PhoneNumber| number.as_str().to_owned();
    Ok(Json(UnmaskedView {
        name: petitioner
            .as_ref()
            .map(|petitioner| petitioner.name.clone()),
        phone: petitioner
            .and_then(|petitioner| petitioner.phone)
            .map(whole),
        mobile: named
            .as_ref()
            .and_then(|named| named.mobile.clone())
            .map(whole),
        legal_person: named.as_ref().and_then(|named| named.legal_person.clone()),
        verification: named.as_ref().map(|named| named.verification.clone()),
        identity: named.map(|named| named.identity),
    }))
}

/// Whose history.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoseHistory {
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    identity: Option<IdentityBody>,
    /// Of whoever was identified in this ticket, so that nobody has to read the number first. None was: nobody's.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    ticket: Option<TicketId>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// Somebody's tickets, by their number or their identity: a body, so that no number stands in a log of addresses.
#[utoipa::path(post, path = "/api/v1/petitioners/history", tag = "intake", request_body = WhoseHistory, responses((status = 200, body = Page<TicketView>)))]
pub(crate) async fn history(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(asked): Json<WhoseHistory>,
) -> Answer<Json<Page<TicketView>>> {
    let named = match asked.ticket {
        None => None,
        Some(id) => {
            let known = visible(&api, &caller, id).await?.ticket.intake.real_name;
            Some(known.ok_or_else(Problem::not_found)?.identity)
        }
    };
    if asked.phone.is_none() && asked.identity.is_none() && named.is_none() {
        return Err(Problem::invalid(
            "nobody",
            "name a phone, an identity or a ticket",
        ));
    }
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let phone = asked
        .phone
        .map(|text| PhoneNumber::parse(&text))
        .transpose();
    let phone = phone.map_err(|bad| Problem::invalid("invalid_phone", bad.to_string()))?;
    let identity = asked
        .identity
        .map(IdentityBody::read)
        .transpose()?
        .or(named);
    let whose = json!({
        "phone": phone.as_ref().map(PhoneNumber::masked),
        "identity": identity.as_ref().map(Identity::masked),
    });
    audit(&api, &caller, "history_read", String::new(), whose).await?;
    let filter = TicketFilter {
        phone,
        identity: identity.map(|identity| identity.number().to_owned()),
        ..TicketFilter::default()
    };
    let now = api.clock.now();
    let by = By::Person(&caller.actor);
    let tickets = api.storage.tickets(by, &filter, &page).await?;
    let rules = api.rules.now();
    Ok(Json(Page::of(tickets, |record| {
        TicketView::seen_by(&caller, now, &rules, record)
    })))
}

/// A unit the rules propose.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    unit: String,
    name: String,
    /// `competent` 谁主管 or `supervising` 谁监管.
    #[schema(value_type = String)]
    part: Part,
    score: i32,
    /// The rule, the law it rests on, and what of the demand met it.
    rule: String,
    basis: String,
    met: Vec<String>,
    /// A Party department accepts the matter itself 由省委部门受理 (article 3); it is passed, not assigned.
    passed_for_acceptance: bool,
}

/// Whose matter it is, by the rule base, best first, each with its basis (article 10).
#[utoipa::path(get, path = "/api/v1/tickets/{id}/proposals", tag = "intake", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Page<ProposalView>)))]
pub(crate) async fn proposals(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<ProposalView>>> {
    let ticket = visible(&api, &caller, id).await?.ticket;
    let Some(demand) = &ticket.demand else {
        return Ok(whole(Vec::new()));
    };
    let classified = ticket.intake.classification.as_ref();
    let category = classified
        .map(|coded| coded.category.as_str())
        .or(demand.category.as_deref());
    Ok(whole(whose(&api, demand, category).await?))
}

/// A demand as it stands in a form, not saved yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    #[serde(default)]
    title: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    address: Option<String>,
    /// A code of `GET /categories`.
    #[serde(default)]
    category: Option<String>,
}

/// What the desk may want to know of a demand that is being written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdviceView {
    /// As of `GET /tickets/{id}/similar`.
    similar: Vec<SuggestionView>,
    /// As of `GET /tickets/{id}/proposals`.
    proposals: Vec<ProposalView>,
}

/// Similar demands and proposed units for a ticket whose demand is still being written: nothing is saved. A body, so that
/// no demand stands in a log of addresses.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/advice", tag = "intake", params(("id" = uuid::Uuid, Path)), request_body = Written,
    responses((status = 200, body = AdviceView), (status = 422, description = "Too long")))]
pub(crate) async fn advice(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
    Json(written): Json<Written>,
) -> Answer<Json<AdviceView>> {
    let ticket = visible(&api, &caller, id).await?.ticket;
    let texts = [
        Some(&written.title),
        Some(&written.content),
        written.address.as_ref(),
        written.category.as_ref(),
    ];
    let letters: usize = texts
        .into_iter()
        .flatten()
        .map(|text| text.chars().count())
        .sum();
    if letters > WRITTEN_MAX {
        let detail = format!("诉求内容最多{WRITTEN_MAX}字");
        return Err(Problem::invalid("too_long", detail));
    }
    let demand = Demand {
        title: written.title,
        content: written.content,
        kind: Kind::HelpRequest,
        petitioner: Petitioner {
            name: String::new(),
            phone: ticket.caller,
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: written.address,
        category: written.category,
        fields: BTreeMap::new(),
    };
    Ok(Json(AdviceView {
        similar: alike(&api, id, &demand).await?,
        proposals: whose(&api, &demand, demand.category.as_deref()).await?,
    }))
}

/// Whose matter `demand` is, by the rule base.
async fn whose(api: &Api, demand: &Demand, category: Option<&str>) -> Answer<Vec<ProposalView>> {
    let now = api.clock.now();
    let disposition = api.storage.disposition().await?;
    let tree = api.storage.tree().await?;
    let text = format!("{}\n{}", demand.title, demand.content);
    let question = Question {
        at: now,
        category,
        text: &text,
        place: demand.address.as_deref(),
    };
    let proposed = propose(&disposition.rules, &disposition.categories, &question);
    let mut views: Vec<ProposalView> = Vec::new();
    for proposal in proposed {
        // A rule may name a unit that was merged since: its duties are its heir's.
        let Some(stand) = tree.successor(&proposal.unit, now) else {
            continue;
        };
        if views.iter().any(|known| known.unit == stand.unit.code.0) {
            continue;
        }
        views.push(ProposalView {
            unit: stand.unit.code.0.clone(),
            name: stand.unit.name.clone(),
            part: proposal.part,
            score: proposal.score,
            rule: proposal.because.rule,
            basis: proposal.because.basis,
            met: proposal.because.met,
            passed_for_acceptance: stand.unit.kind == crate::domain::staff::UnitKind::Party,
        });
    }
    Ok(views)
}

/// A category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryView {
    code: String,
    name: String,
    parent: Option<String>,
    field: String,
    initials: String,
    /// The code of GB/T 39666 it is mapped to.
    standard: Option<String>,
}

/// What was typed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Typed {
    /// A code, a part of the name, or initials of its pinyin; left out: all.
    q: Option<String>,
}

/// The categories in use at a desk of this person's.
fn of_desk(api: &Api, caller: &Caller, categories: &[CategoryEntry]) -> Vec<CategoryEntry> {
    let (rules, unit) = (api.rules.now(), &caller.actor.unit);
    in_use(
        categories,
        |city| rules.is_of(unit, city),
        rules.without_categories(api.clock.now(), unit),
    )
}

/// One field of a demand's form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FormFieldView {
    key: String,
    /// For people.
    name: String,
    required: bool,
    /// One of these; none: any line of text.
    choices: Vec<String>,
}

impl From<FormField> for FormFieldView {
    fn from(field: FormField) -> Self {
        Self {
            key: field.key,
            name: field.name,
            required: field.required,
            choices: field.choices,
        }
    }
}

/// What the form of a demand asks at this person's desk beside what every demand has: the province's fields and its city's own
/// (article 32). They go into a demand's `fields`, by key.
#[utoipa::path(get, path = "/api/v1/form", tag = "intake", responses((status = 200, body = Page<FormFieldView>)))]
pub(crate) async fn form(
    State(api): State<Arc<Api>>,
    caller: Caller,
) -> Answer<Json<Page<FormFieldView>>> {
    let form = api.rules.now().form(api.clock.now(), &caller.actor.unit);
    Ok(whole(form.into_iter().map(FormFieldView::from).collect()))
}

/// The categories of this desk, or those that what was typed may mean.
#[utoipa::path(get, path = "/api/v1/categories", tag = "intake", params(Typed), responses((status = 200, body = Page<CategoryView>)))]
pub(crate) async fn categories(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(typed): Query<Typed>,
) -> Answer<Json<Page<CategoryView>>> {
    let disposition = api.storage.disposition().await?;
    let categories = of_desk(&api, &caller, &disposition.categories);
    let found = find(&categories, typed.q.as_deref().unwrap_or_default());
    Ok(whole(
        found
            .into_iter()
            .map(|category| CategoryView {
                code: category.code.clone(),
                name: category.name.clone(),
                parent: category.parent.clone(),
                field: category.field.clone(),
                initials: category.initials.clone(),
                standard: category.standard.clone(),
            })
            .collect(),
    ))
}

/// A special channel 专项服务通道.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LaneView {
    code: String,
    name: String,
    queue: Option<String>,
    unit: Option<String>,
    /// The version of the rule set of its own: `/api/v1/rules/{version}`.
    rules: Option<String>,
    /// Its tickets are seen by leads and the assigned units only.
    restricted: bool,
    /// Its tickets are key matters (article 25) from the start.
    key_supervision: bool,
    statistics: String,
}

/// The special channels.
#[utoipa::path(get, path = "/api/v1/lanes", tag = "intake", responses((status = 200, body = Page<LaneView>)))]
pub(crate) async fn lanes(State(api): State<Arc<Api>>) -> Answer<Json<Page<LaneView>>> {
    let disposition = api.storage.disposition().await?;
    let view = |lane: crate::domain::disposition::LaneEntry| LaneView {
        code: lane.code,
        name: lane.name,
        queue: lane.queue.map(|queue| queue.0),
        unit: lane.unit.map(|unit| unit.0),
        rules: lane.rules,
        restricted: lane.restricted,
        key_supervision: lane.key_supervision,
        statistics: lane.statistics,
    };
    Ok(whole(disposition.lanes.into_iter().map(view).collect()))
}

/// A hotline that is not ours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutsideHotlineView {
    code: String,
    name: String,
    region: String,
    number: String,
    purpose: String,
    /// The system that tickets may be passed on to.
    partner: Option<String>,
}

/// Hotlines that are not ours, or those that what was typed may mean: for somebody whose matter is not this province's
/// (article 9(1)).
#[utoipa::path(get, path = "/api/v1/outside_hotlines", tag = "intake", params(Typed), responses((status = 200, body = Page<OutsideHotlineView>)))]
pub(crate) async fn outside_hotlines(
    State(api): State<Arc<Api>>,
    Query(typed): Query<Typed>,
) -> Answer<Json<Page<OutsideHotlineView>>> {
    let hotlines = api.storage.outside_hotlines().await?;
    let found = search(&hotlines, typed.q.as_deref().unwrap_or_default());
    let view = |one: &OutsideHotline| OutsideHotlineView {
        code: one.code.clone(),
        name: one.name.clone(),
        region: one.region.clone(),
        number: one.number.as_str().to_owned(),
        purpose: one.purpose.clone(),
        partner: one.partner.clone(),
    };
    Ok(whole(found.into_iter().map(view).collect()))
}

/// A system that demands come from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OriginEntryView {
    system: String,
    name: String,
    #[schema(value_type = String)]
    group: SourceGroup,
    /// Of article 8, e.g. `8(2)`.
    article: &'static str,
    /// Results and revisits go back to it.
    feedback: bool,
    /// Tickets may be passed on to it.
    partner: bool,
    /// Its tickets are seen by leads and the assigned units only.
    restricted: bool,
    /// Its tickets are key matters (article 25) from the start.
    key_supervision: bool,
}

/// The systems that demands come from.
#[utoipa::path(get, path = "/api/v1/origins", tag = "intake", responses((status = 200, body = Page<OriginEntryView>)))]
pub(crate) async fn origins(State(api): State<Arc<Api>>) -> Answer<Json<Page<OriginEntryView>>> {
    let origins = api.storage.origins().await?;
    let view = |entry: crate::domain::disposition::OriginEntry| {
        let profile = entry.group.profile();
        let feedback = entry.wants_feedback() && entry.url.is_some();
        OriginEntryView {
            system: entry.system,
            name: entry.name,
            group: entry.group,
            article: profile.article,
            feedback,
            partner: entry.partner,
            restricted: profile.restricted,
            key_supervision: profile.key_supervision,
        }
    };
    Ok(whole(origins.into_iter().map(view).collect()))
}

/// Between which instants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// How often a ground of article 9 was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusalCountView {
    /// Its number in article 9, 1 to 6. `GET /tickets?refusal=` lists them, for a sample.
    ground: u32,
    count: u64,
}

/// Refusals of each ground, by when their tickets were opened.
#[utoipa::path(get, path = "/api/v1/refusals", tag = "intake", params(Between), responses((status = 200, body = Page<RefusalCountView>)))]
pub(crate) async fn refusals(
    State(api): State<Arc<Api>>,
    Query(between): Query<Between>,
) -> Answer<Json<Page<RefusalCountView>>> {
    let since = between.since.unwrap_or(Timestamp::from_millis(0));
    let until = between
        .until
        .unwrap_or_else(|| api.clock.now().plus_millis(1));
    let counts = api.storage.refusal_counts(since, until).await?;
    Ok(whole(
        counts
            .into_iter()
            .map(|count| RefusalCountView {
                ground: count.ground,
                count: count.count,
            })
            .collect(),
    ))
}

/// The codes a command names must be the organisation's; what they mean is the rules'.
/// A category brings its code in GB/T 39666 with it.
pub(super) async fn check_codes(api: &Api, caller: &Caller, command: &mut Command) -> Answer<()> {
    match command {
        Command::Classify {
            category,
            department,
            standard,
            ..
        } => {
            let disposition = api.storage.disposition().await?;
            let mut known = of_desk(api, caller, &disposition.categories).into_iter();
            let Some(known) = known.find(|known| known.code == *category) else {
                return Err(Problem::invalid(
                    "unknown_category",
                    "没有这一诉求分类 (no such category)",
                ));
            };
            *standard = known.standard;
            match department {
                Some(unit) => known_unit(api, unit).await,
                None => Ok(()),
            }
        }
        Command::EnterLane { lane } => {
            let disposition = api.storage.disposition().await?;
            if disposition.lanes.iter().any(|known| known.code == *lane) {
                Ok(())
            } else {
                Err(Problem::invalid(
                    "unknown_lane",
                    "没有这一专项通道 (no such lane)",
                ))
            }
        }
        Command::HandToSeat { unit, .. } => known_unit(api, unit).await,
        Command::PassOn { partner, .. } => {
            let origins = api.storage.origins().await?;
            if origins
                .iter()
                .any(|one| one.system == *partner && one.partner)
            {
                Ok(())
            } else {
                Err(Problem::invalid(
                    "unknown_partner",
                    "没有这一协作平台 (no such partner)",
                ))
            }
        }
        _ => Ok(()),
    }
}

async fn known_unit(api: &Api, unit: &crate::domain::id::UnitCode) -> Answer<()> {
    let tree = api.storage.tree().await?;
    match tree.at(unit, api.clock.now()) {
        Some(stand) if stand.merged_into.is_none() => Ok(()),
        Some(_) | None => Err(Problem::invalid(
            "unknown_unit",
            format!("没有代码为“{unit}”的单位 (no such unit)"),
        )),
    }
}

fn whole<T>(items: Vec<T>) -> Json<Page<T>> {
    Json(Page {
        items,
        next_cursor: None,
    })
}

async fn audit(
    api: &Api,
    caller: &Caller,
    action: &str,
    object: String,
    detail: Value,
) -> Answer<()> {
    let deed = Deed {
        at: api.clock.now(),
        by: caller.actor.username.clone(),
        action: action.to_owned(),
        object,
        detail,
    };
    Ok(api.storage.audit(deed).await?)
}
