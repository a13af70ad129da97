//! One file per resource: what it takes, what it shows, to whom it shows less.

mod accountability;
mod administration;
mod archives;
mod attachments;
mod audit;
mod calendars;
mod callbacks;
mod calls;
mod chains;
mod citizens;
mod clusters;
mod conference;
mod contacts;
mod duty;
mod flagged;
mod guests;
mod health;
mod holds;
mod intake;
mod kpis;
mod messages;
mod notices;
mod organisation;
mod people;
mod phone;
mod recording_notes;
mod recordings;
mod revisits;
mod rules;
mod session;
mod statistics;
mod supervision;
mod ticket_lists;
mod tickets;
mod tokens;
mod watch;

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
        .routes(routes!(guests::create))
        .routes(routes!(session::logout))
        .routes(routes!(session::me))
        .routes(routes!(session::set_state))
        .routes(routes!(session::my_call))
        .routes(routes!(session::extend_wrap_up))
        .routes(routes!(live::live))
        .routes(routes!(phone::sip))
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
        .routes(routes!(attachments::list, attachments::add))
        .routes(routes!(attachments::get))
        .routes(routes!(tickets::five_steps))
        .routes(routes!(tickets::reply_checks))
        .routes(routes!(tickets::query_code))
        .routes(routes!(tickets::written_opinions))
        .routes(routes!(messages::of_ticket))
        .routes(routes!(messages::quarantine))
        .routes(routes!(messages::read))
        .routes(routes!(notices::list))
        .routes(routes!(notices::read))
        .routes(routes!(citizens::ticket))
        .routes(routes!(citizens::written_opinion))
        .routes(routes!(rules::list))
        .routes(routes!(rules::get))
        .routes(routes!(rules::differences))
        .routes(routes!(rules::articles))
        .routes(routes!(rules::one_article))
        .routes(routes!(rules::changes, rules::publish))
        .routes(routes!(rules::moved))
        .routes(routes!(contacts::get))
        .routes(routes!(contacts::command))
        .routes(routes!(contacts::language))
        .routes(routes!(revisits::list))
        .routes(routes!(revisits::command))
        .routes(routes!(supervision::list, supervision::open))
        .routes(routes!(supervision::owners))
        .routes(routes!(supervision::get))
        .routes(routes!(supervision::events))
        .routes(routes!(supervision::notice))
        .routes(routes!(supervision::command))
        .routes(routes!(watch::of_ticket))
        .routes(routes!(watch::mark, watch::unmark))
        .routes(routes!(watch::list))
        .routes(routes!(watch::key_marks))
        .routes(routes!(clusters::similar))
        .routes(routes!(clusters::list, clusters::open))
        .routes(routes!(clusters::get))
        .routes(routes!(clusters::events))
        .routes(routes!(clusters::command))
        .routes(routes!(clusters::carry))
        .routes(routes!(accountability::list, accountability::record))
        .routes(routes!(organisation::unmet))
        .routes(routes!(accountability::events))
        .routes(routes!(accountability::command))
        .routes(routes!(flagged::list, flagged::propose))
        .routes(routes!(flagged::events))
        .routes(routes!(flagged::command))
        .routes(routes!(holds::list, holds::place))
        .routes(routes!(holds::events))
        .routes(routes!(holds::command))
        .routes(routes!(archives::make))
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
        .routes(routes!(intake::advice))
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
        .routes(routes!(statistics::get))
        .routes(routes!(statistics::sample))
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
