//! Signing in and out, and what concerns only oneself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::{self, Caller, Source};
use crate::api::extract::Json;
use crate::api::live::{LiveCallView, takes_part};
use crate::api::problem::{Answer, Problem};
use crate::api::routes::AgentView;
use crate::domain::acd::AgentState;
use crate::domain::call::wish::{Granted, Wish, WishedState};
use crate::domain::id::Username;
use crate::domain::staff::Role;

/// Longest reason for a break or more wrap-up, in characters.
const REASON_MAX: usize = 64;

/// A person, as the API shows them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    #[schema(value_type = String)]
    pub(crate) username: Username,
    pub(crate) display_name: String,
    #[schema(value_type = String, example = "agent")]
    pub(crate) role: Role,
    pub(crate) unit: String,
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    username: String,
    password: String,
}

/// Who signed in, and the token that unsafe requests must carry as `X-CSRF-Token`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    csrf: String,
    user: UserView,
}

/// Signs in; the answer sets the session cookie.
#[utoipa::path(post, path = "/api/v1/login", tag = "session", request_body = Login, responses((status = 200, body = SignedIn)))]
pub(crate) async fn login(
    State(api): State<Arc<Api>>,
    Source(source): Source,
    Json(login): Json<Login>,
) -> Answer<Response> {
    let (user, session) =
        auth::sign_in(&api, source, Username(login.username), login.password).await?;
    let cookie = api.gatekeeper.cookie(&session.token);
    let body = SignedIn {
        csrf: session.csrf,
        user: UserView {
            username: user.username,
            display_name: user.display_name,
            role: user.role,
            unit: user.unit.0,
        },
    };
    Ok(([(header::SET_COOKIE, cookie)], Json(body)).into_response())
}

/// Signs out.
#[utoipa::path(post, path = "/api/v1/logout", tag = "session", responses((status = 204)))]
pub(crate) async fn logout(
    State(api): State<Arc<Api>>,
    Source(source): Source,
    caller: Caller,
) -> Answer<Response> {
    auth::sign_out(&api, &caller, source).await?;
    let cookie = api.gatekeeper.cookie("");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Oneself, with the CSRF token again for a page that was reloaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    user: UserView,
    csrf: Option<String>,
    /// Where one stands as an agent; null for those who take no calls.
    #[schema(value_type = Option<Object>)]
    state: Option<AgentState>,
    /// The phone that one may have in this page; null for those without an extension.
    phone: Option<PhoneView>,
}

/// What a page needs to be a person's phone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PhoneView {
    extension: String,
    /// Its address of record.
    #[schema(example = "sip:agent1000@127.0.0.1")]
    sip_uri: String,
    /// Where SIP over WebSocket is served on this host; no password is needed.
    #[schema(example = "/sip")]
    websocket: &'static str,
}

/// Who am I?
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, body = Me)))]
pub(crate) async fn me(State(api): State<Arc<Api>>, caller: Caller) -> Json<Me> {
    let (_, agents) = api.calls.live().await;
    let state = agents
        .into_iter()
        .find(|agent| agent.username == caller.actor.username)
        .map(|agent| agent.state);
    let phone = api.calls.phone(&caller.actor.username).await;
    Json(Me {
        phone: phone.map(|phone| PhoneView {
            extension: phone.extension,
            sip_uri: phone.sip_uri,
            websocket: "/sip",
        }),
        csrf: caller.csrf().map(str::to_owned),
        user: UserView {
            username: caller.actor.username,
            display_name: caller.display_name,
            role: caller.actor.role,
            unit: caller.actor.unit.0,
        },
        state,
    })
}

/// The state one wishes for oneself; a break needs its reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateWish {
    state: StateName,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateName {
    Ready,
    Break,
    Offline,
}

impl StateWish {
    fn read(self) -> Answer<WishedState> {
        let reason = self.reason.filter(|reason| !reason.trim().is_empty());
        match (self.state, reason) {
            (StateName::Ready, None) => Ok(WishedState::Ready),
            (StateName::Offline, None) => Ok(WishedState::Offline),
            (StateName::Break, Some(reason)) if reason.chars().count() <= REASON_MAX => {
                Ok(WishedState::Break { reason })
            }
            (StateName::Break, _) => Err(Problem::invalid(
                "reason",
                "小休须说明原因, 64字以内 (a break needs a reason of at most 64 characters)",
            )),
            (StateName::Ready | StateName::Offline, Some(_)) => {
                Err(Problem::invalid("reason", "only a break has a reason"))
            }
        }
    }
}

/// The call one's phone is in, ringing included, and where one stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyLine {
    call: Option<LiveCallView>,
    agent: Option<AgentView>,
}

/// What my phone is doing now: what `board` would say within a second.
#[utoipa::path(get, path = "/api/v1/me/call", tag = "session", responses((status = 200, body = MyLine)))]
pub(crate) async fn my_call(State(api): State<Arc<Api>>, caller: Caller) -> Json<MyLine> {
    let (calls, agents) = api.calls.live().await;
    let me = &caller.actor.username;
    Json(MyLine {
        call: calls
            .iter()
            .find(|call| takes_part(me, call))
            .map(LiveCallView::from),
        agent: agents
            .iter()
            .find(|agent| agent.username == *me)
            .map(|agent| AgentView::new(agent, true)),
    })
}

/// Why more time is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoreTime {
    reason: String,
}

/// As much time again for wrap-up 话后处理.
#[utoipa::path(post, path = "/api/v1/me/wrap_up", tag = "session", request_body = MoreTime,
    responses((status = 200, description = "The state one is in now", body = Object), (status = 409, description = "Refused")))]
pub(crate) async fn extend_wrap_up(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(MoreTime { reason }): Json<MoreTime>,
) -> Answer<Json<AgentState>> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Problem::invalid(
            "reason",
            "延长话后处理须说明原因, 64字以内 (more time needs a reason of at most 64 characters)",
        ));
    }
    let by = caller.actor;
    match api.calls.wish(Wish::ExtendWrapUp { by, reason }).await? {
        Granted::State(state) => Ok(Json(state)),
        Granted::Done | Granted::Leg(_) | Granted::Placed { .. } => Err(Problem::bug()),
    }
}

/// Ready, on a break, or gone.
#[utoipa::path(put, path = "/api/v1/me/state", tag = "session", request_body = StateWish,
    responses((status = 200, description = "The state one is in now", body = Object)))]
pub(crate) async fn set_state(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(wish): Json<StateWish>,
) -> Answer<Json<AgentState>> {
    let state = wish.read()?;
    let wish = Wish::SetState {
        by: caller.actor,
        state,
    };
    match api.calls.wish(wish).await? {
        Granted::State(state) => Ok(Json(state)),
        Granted::Done | Granted::Leg(_) | Granted::Placed { .. } => Err(Problem::bug()),
    }
}
