//! What a ticket's pages need beside the ticket: counters of the lists, what one may do, the calls about it.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::calls::CallView;
use super::tickets::visible;
use crate::api::Api;
use crate::api::access::may_listen;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path};
use crate::api::problem::Answer;
use crate::domain::id::TicketId;
use crate::domain::staff::{By, Role};
use crate::domain::ticket::{Task, possible};
use crate::domain::time::Timestamp;
use crate::storage::ticket_lists::View;

/// A saved list, as its role finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Waiting(Task),
    DueSoon,
    Overdue,
    Mine,
}

impl Named {
    const fn code(self) -> &'static str {
        match self {
            Self::Waiting(task) => task.code(),
            Self::DueSoon => "due_soon",
            Self::Overdue => "overdue",
            Self::Mine => "mine",
        }
    }

    /// The view called `code`, at `now`.
    pub(super) fn view(code: &str, now: Timestamp) -> Option<View> {
        match code {
            "due_soon" => Some(View::DueSoon(now)),
            "overdue" => Some(View::Overdue(now)),
            "mine" => Some(View::Mine),
            code => Task::ALL
                .into_iter()
                .find(|task| task.code() == code)
                .map(View::Waiting),
        }
    }
}

/// The lists of a role, in the order of its day.
fn lists_of(role: Role) -> &'static [Named] {
    use Named::{DueSoon, Mine, Overdue, Waiting};
    match role {
        Role::Agent => &[
            Mine,
            Waiting(Task::Register),
            Waiting(Task::Dispatch),
            Waiting(Task::FollowPartner),
            Waiting(Task::Acknowledge),
            DueSoon,
            Overdue,
        ],
        Role::TeamLead | Role::Supervisor => &[
            Waiting(Task::DecideReport),
            Waiting(Task::ReviewRefusal),
            Waiting(Task::AnswerAtSeat),
            Waiting(Task::Dispatch),
            Waiting(Task::FollowPartner),
            Waiting(Task::Acknowledge),
            DueSoon,
            Overdue,
            Waiting(Task::DecideSendBack),
            Waiting(Task::DecideExtension),
            Waiting(Task::DecideKind),
            Waiting(Task::Review),
            Waiting(Task::IssueOpinion),
            Waiting(Task::Revisit),
            Waiting(Task::Rectify),
            Waiting(Task::Register),
            Mine,
        ],
        Role::Reviewer => &[
            Waiting(Task::Review),
            Waiting(Task::DecideSendBack),
            Waiting(Task::DecideExtension),
            Waiting(Task::DecideKind),
            Waiting(Task::ReviewRefusal),
            DueSoon,
            Overdue,
            Mine,
        ],
        Role::Revisitor => &[
            Waiting(Task::Revisit),
            Waiting(Task::Rectify),
            Overdue,
            Mine,
        ],
        Role::UnitHandler | Role::UnitHead => &[
            Waiting(Task::Acknowledge),
            Waiting(Task::Handle),
            Waiting(Task::ReplyAgain),
            Waiting(Task::GiveOpinion),
            Waiting(Task::IssueOpinion),
            Waiting(Task::Rectify),
            DueSoon,
            Overdue,
            Mine,
        ],
        Role::Specialist => &[Waiting(Task::AnswerAtSeat), DueSoon, Overdue, Mine],
        Role::Analyst | Role::Auditor => &[
            Waiting(Task::Acknowledge),
            Waiting(Task::Handle),
            Waiting(Task::Review),
            Waiting(Task::Revisit),
            Waiting(Task::Rectify),
            DueSoon,
            Overdue,
        ],
        Role::Leader | Role::Admin => &[],
    }
}

/// How many tickets wait in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CounterView {
    /// What to ask `GET /tickets` with.
    view: &'static str,
    tickets: i64,
}

/// One's lists and how much waits in them, in the order of the day.
#[utoipa::path(get, path = "/api/v1/tickets/counters", tag = "tickets", responses((status = 200, body = Page<CounterView>)))]
pub(crate) async fn counters(
    State(api): State<Arc<Api>>,
    caller: Caller,
) -> Answer<Json<Page<CounterView>>> {
    let actor = &caller.actor;
    let unit = match actor.role {
        Role::UnitHandler | Role::UnitHead | Role::Specialist => Some(&actor.unit),
        Role::Agent
        | Role::TeamLead
        | Role::Supervisor
        | Role::Reviewer
        | Role::Revisitor
        | Role::Analyst
        | Role::Leader
        | Role::Auditor
        | Role::Admin => None,
    };
    let now = api.clock.now();
    let counters = api
        .storage
        .ticket_counters(now, &actor.username, unit)
        .await?;
    let count = |list: Named| match list {
        Named::Waiting(task) => counters.waiting.get(&task).copied().unwrap_or(0),
        Named::DueSoon => counters.due_soon,
        Named::Overdue => counters.overdue,
        Named::Mine => counters.mine,
    };
    Ok(Json(Page {
        items: lists_of(actor.role)
            .iter()
            .map(|list| CounterView {
                view: list.code(),
                tickets: count(*list),
            })
            .collect(),
        next_cursor: None,
    }))
}

/// A command of one's post on this ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionView {
    /// What to POST to `/tickets/{id}/commands/{command}`.
    command: &'static str,
    /// Why not now; null when it would be granted.
    refusal: Option<ActionRefusal>,
}

/// Why a command would be refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActionRefusal {
    code: &'static str,
    article: &'static str,
    detail: String,
}

/// What one may do with a ticket now. The rules themselves say so; they are asked again when it is done.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/actions", tag = "tickets", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Page<ActionView>)))]
pub(crate) async fn actions(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<ActionView>>> {
    let ticket = visible(&api, &caller, id).await?.ticket;
    let by = By::Person(&caller.actor);
    let items = possible(api.clock.now(), &ticket, by, &api.rules.now())
        .into_iter()
        .map(|possible| ActionView {
            command: possible.command,
            refusal: possible.refusal.map(|refusal| ActionRefusal {
                code: refusal.code(),
                article: refusal.article(),
                detail: refusal.detail(),
            }),
        })
        .collect();
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

/// A call about a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketCallView {
    #[serde(flatten)]
    call: CallView,
    /// Whether one may hear its recording.
    listenable: bool,
}

/// The calls about a ticket: the one it came from, those to the petitioner, the revisits. Whoever sees the ticket sees
/// that they were made; the sound is for those whose post includes it.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/calls", tag = "tickets", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Page<TicketCallView>)))]
pub(crate) async fn calls(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<TicketCallView>>> {
    visible(&api, &caller, id).await?;
    let calls = api.storage.calls_of_ticket(id).await?;
    let own = super::calls::scope(&caller);
    let items = calls
        .into_iter()
        .map(|cdr| TicketCallView {
            listenable: may_listen(caller.actor.role)
                && cdr.recording_id.is_some()
                && (own.is_none() || cdr.agent == own),
            call: CallView::seen_by(&caller, cdr),
        })
        .collect();
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_every_role_can_be_asked_for() {
        let now = Timestamp::from_millis(0);
        for role in Role::ALL {
            for list in lists_of(role) {
                assert!(Named::view(list.code(), now).is_some(), "{list:?}");
            }
        }
        assert_eq!(Named::view("everything", now), None);
    }
}
