//! One file per resource: what it takes, what it shows, to whom it shows less.

mod administration;
mod audit;
mod calendars;
mod callbacks;
mod calls;
mod conference;
mod contacts;
mod duty;
mod health;
mod intake;
mod kpis;
mod messages;
mod organisation;
mod recording_notes;
mod recordings;
mod revisits;
mod session;
mod ticket_lists;
mod tickets;
mod tokens;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use organisation::AgentView;

use super::problem::{Answer, Problem, ProblemBody};
use super::{Api, live};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hotline 12345",
        description = "Calls, recordings, tickets and revisits of a 12345 government hotline. Lists answer \
                       `{items, next_cursor}`; times are RFC 3339 with offset; durations are milliseconds. Each \
                       operation names its roles in `x-roles` and the scope a machine token needs in `x-scope`.",
        license(name = "Apache-2.0")
    ),
    components(schemas(ProblemBody))
)]
struct Document;

/// Every route of this server, with its description.
pub(super) fn all() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(health::openapi))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(session::me))
        .routes(routes!(session::set_state))
        .routes(routes!(live::live))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(calls::list))
        .routes(routes!(calls::get))
        .routes(routes!(calls::command))
        .routes(routes!(recordings::manifest))
        .routes(routes!(recordings::audio))
        .routes(routes!(recordings::peaks))
        .routes(routes!(recording_notes::listens))
        .routes(routes!(recording_notes::marks, recording_notes::mark))
        .routes(routes!(recording_notes::unmark))
        .routes(routes!(tickets::list, tickets::create))
        .routes(routes!(ticket_lists::counters))
        .routes(routes!(ticket_lists::actions))
        .routes(routes!(ticket_lists::calls))
        .routes(routes!(tickets::get))
        .routes(routes!(tickets::events))
        .routes(routes!(tickets::command))
        .routes(routes!(tickets::call))
        .routes(routes!(messages::of_ticket))
        .routes(routes!(messages::quarantine))
        .routes(routes!(contacts::get))
        .routes(routes!(contacts::command))
        .routes(routes!(revisits::list))
        .routes(routes!(revisits::command))
        .routes(routes!(calendars::day))
        .routes(routes!(calendars::deadline))
        .routes(routes!(organisation::units))
        .routes(routes!(organisation::lacks))
        .routes(routes!(organisation::unit))
        .routes(routes!(organisation::conference))
        .routes(routes!(conference::list, conference::enter))
        .routes(routes!(conference::command))
        .routes(routes!(duty::roster, duty::publish))
        .routes(routes!(intake::accept))
        .routes(routes!(intake::origin))
        .routes(routes!(intake::unmask))
        .routes(routes!(intake::history))
        .routes(routes!(intake::proposals))
        .routes(routes!(intake::categories))
        .routes(routes!(intake::lanes))
        .routes(routes!(intake::origins))
        .routes(routes!(intake::refusals))
        .routes(routes!(duty::gaps))
        .routes(routes!(duty::list))
        .routes(routes!(duty::start))
        .routes(routes!(duty::log))
        .routes(routes!(duty::command))
        .routes(routes!(organisation::specialists))
        .routes(routes!(organisation::queues))
        .routes(routes!(organisation::agents))
        .routes(routes!(kpis::get))
        .routes(routes!(administration::get))
        .routes(routes!(administration::preview))
        .routes(routes!(administration::apply))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verification))
        .routes(routes!(callbacks::receipt))
        .routes(routes!(callbacks::reply))
}

/// Reads a command named in the URL with its body. `T` is tagged by `command`; a key it does not know is refused.
fn read_command<T>(known: &[&str], name: &str, mut body: Map<String, Value>) -> Answer<T>
where
    T: Serialize + DeserializeOwned,
{
    if !known.contains(&name) {
        return Err(Problem::not_found());
    }
    let invalid = |detail: String| Problem::invalid("invalid_body", detail);
    let keys: Vec<String> = body.keys().cloned().collect();
    body.insert("command".to_owned(), Value::from(name));
    let command: T =
        serde_json::from_value(Value::Object(body)).map_err(|error| invalid(error.to_string()))?;
    let read = serde_json::to_value(&command).expect("a command is plain data");
    match keys
        .iter()
        .find(|key| *key == "command" || read.get(*key).is_none())
    {
        Some(key) => Err(invalid(format!("{name} knows no field {key:?}"))),
        None => Ok(command),
    }
}
