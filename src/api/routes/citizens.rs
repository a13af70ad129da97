//! What a citizen can ask without a login: how their ticket stands (article 11: 全过程跟踪), and whether a written
//! opinion is what its unit issued. Numbers are guessable, so each question needs the code that belongs to it, and
//! wrong codes are few and slow, for each number and for each source.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tickets::DeadlineView;
use crate::api::Api;
use crate::api::auth::Source;
use crate::api::extract::Json;
use crate::api::problem::{Answer, Problem};
use crate::domain::ticket::intake::{self, Ground, NotAccepted};
use crate::domain::ticket::{Closing, DeadlineKind, Event, Stage, Ticket, remaining};
use crate::domain::time::Timestamp;
use crate::storage::tickets::TicketRecord;

const NOT_ACCEPTED: &str = "不予受理";

/// Longest number and code that are looked at.
const TEXT_MAX: usize = 40;

/// A number and the code that belongs to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// e.g. `20261123-000001`; of a written opinion `20261123-000001-1`.
    number: String,
    /// Eight digits, told to the citizen.
    code: String,
}

/// How a ticket stands, as its citizen may see it: no name, no number, no address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketForCitizen {
    number: String,
    /// As in a ticket's `stage`.
    stage: &'static str,
    /// In Chinese.
    stage_name: &'static str,
    /// `null` where secrecy was asked for.
    title: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// The name of the unit that answers for it now.
    unit: String,
    /// The promise to the citizen, counted as everywhere; `null` when none runs.
    answer_by: Option<DeadlineView>,
    /// The unit's answer, once it passed review.
    reply: Option<String>,
    /// Why it was not accepted 不予受理, where it was not.
    not_accepted: Option<NotAcceptedForCitizen>,
    /// Every hand-over in order.
    steps: Vec<CitizenStep>,
}

/// 不予受理, as the citizen was told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotAcceptedForCitizen {
    /// The ground's words, in Chinese.
    ground: &'static str,
    /// The ground's place in article 9, 1 to 6.
    number: u8,
    explanation: String,
    /// The hotline whose matter it is, for 9(1).
    hotline: Option<String>,
    /// Of the procedure it is in, or must go, for 9(2).
    guidance: Option<String>,
    /// The law that says so.
    law: Option<String>,
}

impl From<&NotAccepted> for NotAcceptedForCitizen {
    fn from(refusal: &NotAccepted) -> Self {
        Self {
            ground: refusal.ground.name(),
            number: refusal.ground.number(),
            explanation: refusal.explanation.clone(),
            guidance: (refusal.guidance.as_ref()).map(|guidance| guidance.text.clone()),
            law: (refusal.guidance.as_ref()).map(|guidance| guidance.law.clone()),
            hotline: match &refusal.ground {
                Ground::OutsideJiangsu { hotline } => Some(hotline.clone()),
                Ground::OtherProcedure { .. }
                | Ground::Secret { .. }
                | Ground::MaliciousOrVague { .. }
                | Ground::Emergency { .. }
                | Ground::Other { .. } => None,
            },
        }
    }
}

/// One hand-over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CitizenStep {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// In Chinese.
    what: &'static str,
}

/// How does my ticket stand?
#[utoipa::path(post, path = "/api/v1/public/ticket", tag = "citizens", request_body = Question,
    responses((status = 200, body = TicketForCitizen), (status = 404, description = "No ticket of this number and code"),
        (status = 429, description = "Too many wrong codes")))]
pub(crate) async fn ticket(
    State(api): State<Arc<Api>>,
    source: Source,
    Json(question): Json<Question>,
) -> Answer<Json<TicketForCitizen>> {
    let question = question.checked()?;
    api.guesses
        .charge(api.clock.instant(), &question.number, source.0)?;
    let record = api
        .storage
        .ticket_for_citizen(&question.number, &question.code)
        .await?
        .ok_or_else(Problem::not_found)?;
    api.guesses.refund(&question.number, source.0);
    let unit = api.storage.unit_name(record.ticket.responsible()).await?;
    let events = api.storage.ticket_events(record.id).await?;
    let now = api.clock.now();
    let running = remaining(now, &record.ticket, &api.rules.now());
    let TicketRecord { number, ticket, .. } = record;
    let refusal = match ticket.stage {
        Stage::Voided { .. } => ticket.intake.not_accepted(),
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. } => None,
    };
    Ok(Json(TicketForCitizen {
        number,
        stage: ticket.stage.code(),
        stage_name: refusal.map_or(ticket.stage.name(), |_| NOT_ACCEPTED),
        title: ticket
            .demand
            .as_ref()
            .filter(|demand| !demand.petitioner.secrecy)
            .map(|demand| demand.title.clone()),
        opened_at: ticket.opened_at,
        unit,
        answer_by: running
            .into_iter()
            .find(|clock| clock.kind == DeadlineKind::HandleBy)
            .map(DeadlineView::from),
        reply: reply(&ticket),
        not_accepted: refusal.map(NotAcceptedForCitizen::from),
        steps: events
            .iter()
            .filter_map(|event| {
                Some(CitizenStep {
                    at: event.at,
                    what: match (&event.event, refusal) {
                        (Event::Voided { .. }, Some(_)) => NOT_ACCEPTED,
                        (event, _) => told(event)?,
                    },
                })
            })
            .collect(),
    }))
}

/// A written opinion as its unit issued it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpinionForCitizen {
    number: String,
    /// The unit's name on the day it was issued.
    unit: String,
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    text: String,
    /// SHA-256 of the text in UTF-8, to hold a copy against.
    sha256: String,
}

/// Is this written opinion 书面办理意见 genuine?
#[utoipa::path(post, path = "/api/v1/public/written_opinion", tag = "citizens", request_body = Question,
    responses((status = 200, body = OpinionForCitizen), (status = 404, description = "None of this number and code"),
        (status = 429, description = "Too many wrong codes")))]
pub(crate) async fn written_opinion(
    State(api): State<Arc<Api>>,
    source: Source,
    Json(question): Json<Question>,
) -> Answer<Json<OpinionForCitizen>> {
    let question = question.checked()?;
    api.guesses
        .charge(api.clock.instant(), &question.number, source.0)?;
    let opinion = api
        .storage
        .written_opinion(&question.number, &question.code)
        .await?
        .ok_or_else(Problem::not_found)?;
    api.guesses.refund(&question.number, source.0);
    Ok(Json(OpinionForCitizen {
        number: opinion.number,
        unit: opinion.unit_name,
        issued_at: opinion.issued_at,
        text: opinion.text,
        sha256: opinion.sha256,
    }))
}

impl Question {
    fn checked(self) -> Answer<Self> {
        let short = |text: &str| !text.is_empty() && text.len() <= TEXT_MAX;
        if short(&self.number) && short(&self.code) {
            Ok(self)
        } else {
            Err(Problem::not_found())
        }
    }
}

/// What may be told of the answer: nothing before it passed review.
fn reply(ticket: &Ticket) -> Option<String> {
    let (Stage::Closed { closing, .. } | Stage::Archived { closing, .. }) = &ticket.stage else {
        return None;
    };
    Some(match closing {
        Closing::AnsweredOnCall { answer, .. } => answer.clone(),
        Closing::Replied { reply, .. } => reply.text.clone(),
    })
}

/// What of the chain concerns the citizen; the rest is between offices.
const fn told(event: &Event) -> Option<&'static str> {
    match event {
        Event::Registered { .. } => Some("已受理"),
        Event::AnsweredOnCall { .. } => Some("已直接答复"),
        Event::Dispatched { .. } => Some("已转交承办单位"),
        Event::Acknowledged { .. } => Some("承办单位已签收"),
        Event::ContactRecorded { .. } => Some("承办单位已联系"),
        Event::Replied { .. } => Some("承办单位已答复, 待审核"),
        Event::Closed { .. } => Some("已办结"),
        Event::SendBackDecided { granted: true, .. } => Some("已退回重新分派"),
        Event::ExtensionGranted { .. } => Some("已同意延时"),
        Event::KindChanged { .. } => Some("已变更诉求类型, 办理时限随之调整"),
        Event::DeadlinesMoved { .. } => Some("因节假日安排调整办理时限"),
        Event::Reopened { .. } => Some("已重新办理"),
        Event::RectificationOrdered { .. } => Some("已要求整改"),
        Event::Rectified { .. } => Some("已整改"),
        Event::WrittenOpinionIssued { .. } => Some("已出具书面办理意见"),
        Event::Voided { .. } => Some("已作废"),
        Event::Intake(intake::Event::PassedOn { .. }) => Some("已转请其他平台办理"),
        Event::Intake(event) if event.comes_back() => Some("已由本热线继续处理"),
        Event::Opened { .. }
        | Event::ThreeWayNoted { .. }
        | Event::HandedDown { .. }
        | Event::Inherited { .. }
        | Event::OpinionGiven { .. }
        | Event::Reviewed { .. }
        | Event::SurveyRequested { .. }
        | Event::SurveyResent { .. }
        | Event::SendBackRequested { .. }
        | Event::SendBackDecided { granted: false, .. }
        | Event::ExtensionRequested { .. }
        | Event::ExtensionDeclined { .. }
        | Event::KindChangeRequested { .. }
        | Event::KindChangeDeclined { .. }
        | Event::Attached { .. }
        | Event::Archived { .. }
        | Event::SurveyAnswered { .. }
        | Event::SurveyFailed { .. }
        | Event::RevisitPlanned { .. }
        | Event::Revisited { .. }
        | Event::FollowUpEnded { .. }
        | Event::Marked { .. }
        | Event::WrittenOpinionRequested { .. }
        | Event::Intake(_) => None,
    }
}
