//! Citizens who call from the page `/call`, where the configuration lets them.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::auth::Source;
use crate::api::extract::Json;
use crate::api::problem::Answer;

/// What a page needs for one call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestPass {
    /// What to call oneself; the server calls every guest anonymous.
    sip_uri: &'static str,
    /// Where SIP over WebSocket is served for this pass, on this host.
    websocket: String,
    /// What to dial.
    target: &'static str,
}

/// A pass for one call from a page, good for half an hour. 404 where citizens may not call, 429 when one source asks too often.
#[utoipa::path(post, path = "/api/v1/guest_calls", tag = "guests", responses((status = 200, body = GuestPass)))]
pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    Source(source): Source,
) -> Answer<Json<GuestPass>> {
    let token = api.guests.issue(&*api.clock, source)?;
    Ok(Json(GuestPass {
        // RFC 2606 §2: a name that leads nowhere; the number alone says where to.
        sip_uri: "sip:citizen@hotline.invalid",
        websocket: format!("/sip?guest={token}"),
        target: "sip:12345@hotline.invalid",
    }))
}
