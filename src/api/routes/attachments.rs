//! 附件 of a ticket: brought in as raw bytes, listed with it, taken away as a file. Never shown by this server: what
//! somebody else wrote is nothing that a browser opens in our name.

use std::io;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tracing::error;
use utoipa::{IntoParams, ToSchema};

use super::people::names_of;
use super::tickets::visible;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query};
use crate::api::problem::{Answer, Problem};
use crate::domain::attachment::{Attachment, BYTES_MAX, FileSheet, MediaType, Purpose, clean_name};
use crate::domain::id::{AttachmentId, TicketId};
use crate::domain::staff::By;
use crate::domain::ticket::{Command, decide};
use crate::domain::time::Timestamp;
use crate::storage::audit::Deed;

/// A file of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttachmentView {
    id: uuid::Uuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    by: String,
    /// Their name, if they have a login.
    by_name: Option<String>,
    unit: String,
    /// For people; with an ending that says what the bytes are.
    name: String,
    /// What it is by its bytes.
    #[schema(example = "image/jpeg")]
    media_type: &'static str,
    bytes: u64,
    sha256: String,
    /// `demand` 诉求材料 or `proof` 办理佐证.
    #[schema(value_type = String)]
    purpose: Purpose,
    /// When its bytes were deleted because their retention class was over; what it was stays on record.
    #[schema(value_type = Option<String>, format = DateTime)]
    disposed_at: Option<Timestamp>,
}

impl From<&Attachment> for AttachmentView {
    fn from(attachment: &Attachment) -> Self {
        let file = &attachment.file;
        Self {
            id: attachment.id.0,
            at: attachment.at,
            by: attachment.by.0.clone(),
            by_name: None,
            unit: attachment.unit.0.clone(),
            name: file.name.clone(),
            media_type: file.media.mime(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            purpose: file.purpose,
            disposed_at: None,
        }
    }
}

/// Files of a ticket with the names of who brought them in, and which are gone.
async fn shown(api: &Api, ticket: TicketId, files: &[Attachment]) -> Answer<Vec<AttachmentView>> {
    let disposed = api.storage.disposed_attachments(ticket).await?;
    let names = names_of(api, files.iter().map(|file| file.by.0.as_str())).await?;
    let view = |file: &Attachment| AttachmentView {
        by_name: names.get(&file.by.0).cloned(),
        disposed_at: disposed.get(&file.id).copied(),
        ..file.into()
    };
    Ok(files.iter().map(view).collect())
}

/// What is brought in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Brought {
    /// What it is called where it comes from; only its last part is kept.
    #[serde(default)]
    name: String,
    /// `demand` 诉求材料 or `proof` 办理佐证.
    #[param(value_type = String)]
    purpose: Purpose,
}

/// Adds a file to a ticket: the body is its bytes, at most 10 MiB; at most 20 a ticket. What it is is read from the bytes:
/// JPEG, PNG, GIF, WebP, PDF, MP4, WAV and ZIP containers (office documents) are taken, text of any kind is not.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/attachments", tag = "attachments", params(("id" = uuid::Uuid, Path), Brought),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = AttachmentView), (status = 409, description = "Refused"), (status = 413, description = "Too large"),
        (status = 415, description = "Nothing that is taken")))]
pub(crate) async fn add(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
    Query(brought): Query<Brought>,
    body: Body,
) -> Answer<(StatusCode, Json<AttachmentView>)> {
    let record = visible(&api, &caller, id).await?;
    let bytes = to_bytes(body, BYTES_MAX).await.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "attachment_too_large",
            "附件最大10MB (at most 10 MiB)",
        )
    })?;
    let media = MediaType::of(&bytes).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unknown_media_type",
            "只接收图片、PDF、MP4、WAV和办公文档 (by content, not by name)",
        )
    })?;
    let digest = Sha256::digest(&bytes);
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let attachment = AttachmentId(api.clock.new_id());
    let command = Command::Attach {
        id: attachment,
        file: FileSheet {
            name: clean_name(&brought.name, media),
            media,
            bytes: bytes.len() as u64,
            sha256: sha256.clone(),
            purpose: brought.purpose,
        },
    };
    let (now, rules) = (api.clock.now(), api.rules.now());
    let by = By::Person(&caller.actor);
    // What the rules refuse leaves no file behind.
    decide(now, Some(&record.ticket), &command, by, &rules)?;
    api.attachments
        .keep(sha256, bytes)
        .await
        .map_err(|fault| unavailable(&fault))?;
    let record = api
        .storage
        .command(now, by, id, command, &rules, None)
        .await?;
    let added = record.ticket.attachments.iter();
    let added = added.rev().find(|known| known.id == attachment);
    let added = added.map(std::slice::from_ref).unwrap_or_default();
    let shown = shown(&api, id, added).await?.pop();
    Ok((
        StatusCode::CREATED,
        Json(shown.ok_or_else(Problem::not_found)?),
    ))
}

/// The files of a ticket, in the order they came.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/attachments", tag = "attachments", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Page<AttachmentView>)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<TicketId>,
) -> Answer<Json<Page<AttachmentView>>> {
    let record = visible(&api, &caller, id).await?;
    Ok(Json(Page {
        items: shown(&api, id, &record.ticket.attachments).await?,
        next_cursor: None,
    }))
}

/// A file's bytes, to be saved: never shown in place. Each time is in the audit trail before the first byte leaves.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/attachments/{attachment}", tag = "attachments",
    params(("id" = uuid::Uuid, Path), ("attachment" = uuid::Uuid, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 410, description = "Deleted: its retention class was over")))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, attachment)): Path<(TicketId, AttachmentId)>,
) -> Answer<Response> {
    let record = visible(&api, &caller, id).await?;
    let mut all = record.ticket.attachments.iter();
    let found = all.find(|known| known.id == attachment);
    let file = &found.ok_or_else(Problem::not_found)?.file;
    let disposed = api.storage.disposed_attachments(id).await?;
    if disposed.contains_key(&attachment) {
        return Err(Problem::new(
            StatusCode::GONE,
            "attachment_disposed",
            "附件已按保管期限处置 (its retention period is over)",
        ));
    }
    let bytes = api
        .attachments
        .read(file.sha256.clone())
        .await
        .map_err(|fault| unavailable(&fault))?
        .ok_or_else(|| unavailable(&io::Error::other("the file is gone")))?;
    let deed = Deed {
        at: api.clock.now(),
        by: caller.actor.username.clone(),
        action: "attachment_taken".to_owned(),
        object: attachment.to_string(),
        detail: json!({"ticket": id, "sha256": file.sha256}),
    };
    api.storage.audit(deed).await?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.media.mime()),
    );
    headers.insert(header::CONTENT_DISPOSITION, disposition(&file.name));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    Ok(response)
}

/// RFC 6266 with RFC 8187: the name in UTF-8, and one for those that cannot read it.
fn disposition(name: &str) -> HeaderValue {
    let ending = name.rsplit('.').next().unwrap_or_default();
    let coded: String = name
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let text = format!("attachment; filename=\"attachment.{ending}\"; filename*=UTF-8''{coded}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

fn unavailable(fault: &io::Error) -> Problem {
    error!(%fault, "an attachment cannot be kept or read: {fault}");
    Problem::unavailable(
        "attachments_unavailable",
        "the attachments' store does not answer",
    )
}
