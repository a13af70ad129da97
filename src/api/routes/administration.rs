//! The organisation, as its administrator sees and changes it. A change is the text of an organisation file, read by the
//! rules of `hotline apply`: shown as a difference first, then taken whole or not at all, audited, and handed to call
//! control at once.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::Json;
use crate::api::problem::{Answer, Problem};
use crate::config::organisation::{Faults, Known, parse};
use crate::domain::staff::{Destination, Organisation};
use crate::storage::audit::Deed;
use crate::storage::organisation::{Change, FieldChange};

/// Everything that can be set up, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganisationView {
    /// `{code, name, kind, parent?}`.
    #[schema(value_type = Vec<Object>)]
    units: Vec<Value>,
    /// `{username, display_name, role, unit}`.
    #[schema(value_type = Vec<Object>)]
    users: Vec<Value>,
    /// `{number, user?, auto_ready, toll, skills}`.
    #[schema(value_type = Vec<Object>)]
    extensions: Vec<Value>,
    /// `{name, allow, outbound, has_digest}`.
    #[schema(value_type = Vec<Object>)]
    trunks: Vec<Value>,
    /// `{name, strategy, ring_timeout_s, wrap_up_s, needs, priority}`.
    #[schema(value_type = Vec<Object>)]
    queues: Vec<Value>,
    /// `{number, queue | announce | extension | flow, record}`.
    #[schema(value_type = Vec<Object>)]
    numbers: Vec<Value>,
    /// `{unit, name, reach, duty, topics}`.
    #[schema(value_type = Vec<Object>)]
    specialists: Vec<Value>,
    /// `{name, kind, url, signed}`.
    #[schema(value_type = Vec<Object>)]
    sms_gateways: Vec<Value>,
    /// `{name, source, hours}`.
    #[schema(value_type = Vec<Object>)]
    calendars: Vec<Value>,
}

/// The whole organisation.
#[utoipa::path(get, path = "/api/v1/organisation", tag = "administration", responses((status = 200, body = OrganisationView)))]
pub(crate) async fn get(State(api): State<Arc<Api>>) -> Answer<Json<OrganisationView>> {
    let storage = &api.storage;
    let directory = storage.directory().await?;
    let extensions = directory.extensions.values().map(|e| {
        json!({"number": e.number, "user": e.user, "auto_ready": e.auto_ready, "toll": e.toll, "skills": e.skills})
    });
    let trunks = directory.trunks.iter().map(|t| {
        json!({"name": t.name, "allow": t.allow, "outbound": t.outbound, "has_digest": t.digest.is_some()})
    });
    let numbers = directory.numbers.values().map(|n| {
        let (kind, target) = match &n.to {
            Destination::Queue(queue) => ("queue", json!(queue)),
            Destination::Announce(prompt) => ("announce", json!(prompt)),
            Destination::Extension(extension) => ("extension", json!(extension)),
            Destination::Flow(flow) => ("flow", json!(flow)),
        };
        json!({"number": n.number.as_str(), kind: target, "record": n.record})
    });
    let gateways = storage.sms_gateways().await?;
    let gateways = gateways.iter().map(
        |g| json!({"name": g.name, "kind": g.kind, "url": g.url, "signed": g.secret.is_some()}),
    );
    Ok(Json(OrganisationView {
        units: plain(storage.units().await?),
        users: plain(directory.users.values()),
        extensions: extensions.collect(),
        trunks: trunks.collect(),
        queues: plain(directory.queues.values()),
        numbers: numbers.collect(),
        specialists: plain(&directory.specialists),
        sms_gateways: gateways.collect(),
        calendars: plain(storage.calendars().await?),
    }))
}

fn plain<T: Serialize>(entries: impl IntoIterator<Item = T>) -> Vec<Value> {
    entries
        .into_iter()
        .map(|entry| serde_json::to_value(entry).expect("an entry is plain data"))
        .collect()
}

/// An organisation file's text, or a part of one: what it does not mention stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationText {
    toml: String,
}

/// One key before and after. Secrets are not shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldView {
    field: String,
    #[schema(value_type = Object)]
    before: Value,
    #[schema(value_type = Object)]
    after: Value,
}

impl From<FieldChange> for FieldView {
    fn from(change: FieldChange) -> Self {
        Self {
            field: change.field,
            before: change.before,
            after: change.after,
        }
    }
}

/// One entry that is new or differs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// `unit`, `user`, `extension`, … as the file's tables are called.
    kind: &'static str,
    name: String,
    added: bool,
    fields: Vec<FieldView>,
    /// Taken up when the server starts next: deadlines are not recomputed under people's hands.
    at_next_start: bool,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        Self {
            at_next_start: change.kind == "calendar",
            kind: change.kind,
            name: change.name,
            added: change.added,
            fields: change.fields.into_iter().map(FieldView::from).collect(),
        }
    }
}

/// Why a text was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultView {
    /// From 1.
    line: usize,
    reason: String,
}

/// What a text would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// Empty when nothing would change, or when there are faults.
    changes: Vec<ChangeView>,
    /// Every line that cannot be taken; with any, nothing can.
    faults: Vec<FaultView>,
}

/// What applying a text would change. Changes nothing.
#[utoipa::path(post, path = "/api/v1/organisation/preview", tag = "administration", request_body = OrganisationText,
    responses((status = 200, body = PreviewView)))]
pub(crate) async fn preview(
    State(api): State<Arc<Api>>,
    Json(text): Json<OrganisationText>,
) -> Answer<Json<PreviewView>> {
    let organisation = match read(&api, &text.toml).await? {
        Ok(organisation) => organisation,
        Err(Faults(faults)) => {
            let faults = faults
                .into_iter()
                .map(|fault| FaultView {
                    line: fault.line,
                    reason: fault.reason,
                })
                .collect();
            return Ok(Json(PreviewView {
                changes: Vec::new(),
                faults,
            }));
        }
    };
    let changes = api.storage.try_out(api.clock.now(), organisation).await?;
    Ok(Json(PreviewView {
        changes: changes.into_iter().map(ChangeView::from).collect(),
        faults: Vec::new(),
    }))
}

/// What was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppliedView {
    changes: Vec<ChangeView>,
}

/// Applies a text: all of it or nothing. Call control works with it from the next call on.
#[utoipa::path(post, path = "/api/v1/organisation/apply", tag = "administration", request_body = OrganisationText,
    responses((status = 200, body = AppliedView), (status = 422, description = "A line that cannot be taken")))]
pub(crate) async fn apply(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(text): Json<OrganisationText>,
) -> Answer<Json<AppliedView>> {
    let organisation = read(&api, &text.toml)
        .await?
        .map_err(|faults| Problem::invalid("invalid_organisation", faults.to_string()))?;
    let now = api.clock.now();
    let changes = api.storage.apply(now, organisation).await?;
    if !changes.is_empty() {
        let named: Vec<Value> = changes
            .iter()
            .map(|change| {
                let fields: Vec<&str> = change.fields.iter().map(|f| f.field.as_str()).collect();
                json!({"kind": change.kind, "name": change.name, "added": change.added, "fields": fields})
            })
            .collect();
        api.storage
            .audit(Deed {
                at: now,
                by: caller.actor.username.clone(),
                action: "apply".to_owned(),
                object: String::new(),
                detail: json!({"changes": named}),
            })
            .await?;
        let directory = api.storage.directory().await?;
        api.calls.organisation_changed(Arc::new(directory)).await;
    }
    Ok(Json(AppliedView {
        changes: changes.into_iter().map(ChangeView::from).collect(),
    }))
}

async fn read(api: &Api, text: &str) -> Answer<Result<Organisation, Faults>> {
    let units = api.storage.units().await?;
    let directory = api.storage.directory().await?;
    let disposition = api.storage.disposition().await?;
    let rules = api.rules.now();
    let known = Known::new(&units, &directory)
        .with_categories(&disposition.categories)
        .with_origins(&disposition.origins)
        .with_rules(rules.sets());
    Ok(parse(text, &known))
}
