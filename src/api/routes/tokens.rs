//! Machine clients' tokens: an administrator makes them, sees them without their secret, and revokes them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::access::Scope;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::TokenId;
use crate::domain::staff::Role;
use crate::domain::time::Timestamp;
use crate::storage::audit::Deed;
use crate::storage::tokens::{MachineToken, TokenWish};

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    #[schema(value_type = uuid::Uuid)]
    id: TokenId,
    name: String,
    #[schema(value_type = String, example = "analyst")]
    role: Role,
    unit: String,
    #[schema(example = json!(["tickets:read"]))]
    scopes: Vec<String>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<MachineToken> for TokenView {
    fn from(token: MachineToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            role: token.role,
            unit: token.unit.0,
            scopes: token.scopes,
            created_by: token.created_by.0,
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A token to be made: it acts as `role` of `unit`, and only within `scopes`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    name: String,
    #[schema(value_type = String, example = "analyst")]
    role: Role,
    unit: String,
    scopes: Vec<Scope>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A token and, this once, its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeToken {
    token: TokenView,
    /// For `Authorization: Bearer`. It is not kept and cannot be shown again.
    secret: String,
}

/// Every token ever made.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", responses((status = 200, body = Page<TokenView>)))]
pub(crate) async fn list(State(api): State<Arc<Api>>) -> Answer<Json<Page<TokenView>>> {
    let tokens = api.storage.tokens().await?;
    Ok(Json(Page {
        items: tokens.into_iter().map(TokenView::from).collect(),
        next_cursor: None,
    }))
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken, responses((status = 201, body = MadeToken)))]
pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(new): Json<NewToken>,
) -> Answer<(StatusCode, Json<MadeToken>)> {
    let now = api.clock.now();
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Problem::invalid("name", "a name of 1 to 64 characters"));
    }
    if new.scopes.is_empty() {
        return Err(Problem::invalid(
            "scopes",
            "a token without a scope opens nothing",
        ));
    }
    if new.role == Role::Admin {
        return Err(Problem::invalid("role", "administration is for people"));
    }
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::invalid("expires_at", "already past"));
    }
    let units = api.storage.units().await?;
    let unit = units
        .into_iter()
        .map(|unit| unit.code)
        .find(|code| code.0 == new.unit)
        .ok_or_else(|| Problem::invalid("unit", "no such unit"))?;
    let mut scopes: Vec<String> = new.scopes.iter().map(|s| s.code().to_owned()).collect();
    scopes.sort();
    scopes.dedup();
    let wish = TokenWish {
        name: name.to_owned(),
        role: new.role,
        unit,
        scopes,
        expires_at: new.expires_at,
    };
    let (token, secret) = api.storage.create_token(now, &caller.actor, wish).await?;
    let detail =
        serde_json::json!({"role": token.role, "unit": token.unit, "scopes": token.scopes});
    audit(&api, &caller, "token_created", token.id, detail).await?;
    let made = MadeToken {
        token: token.into(),
        secret,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a token, at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = uuid::Uuid, Path)), responses((status = 204)))]
pub(crate) async fn revoke(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TokenId>,
) -> Answer<StatusCode> {
    if !api.storage.revoke_token(api.clock.now(), id).await? {
        return Err(Problem::not_found());
    }
    audit(&api, &caller, "token_revoked", id, serde_json::Value::Null).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn audit(
    api: &Api,
    caller: &Caller,
    action: &str,
    token: TokenId,
    detail: serde_json::Value,
) -> Answer<()> {
    let deed = Deed {
        at: api.clock.now(),
        by: caller.actor.username.clone(),
        action: action.to_owned(),
        object: token.to_string(),
        detail,
    };
    Ok(api.storage.audit(deed).await?)
}
