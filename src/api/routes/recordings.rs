//! Recordings 录音: the evidence sheet, the sound by ranges, the waveform. Nothing of the sound leaves before who took it
//! is written in the audit trail.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tracing::error;
use utoipa::{IntoParams, ToSchema};

use super::calls::visible_call;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path, Query};
use crate::api::problem::{Answer, Problem};
use crate::api::{Api, Audio};
use crate::domain::id::{CallId, RecordingId};
use crate::domain::time::Timestamp;
use crate::storage::recordings::{Listening, RecordingRow};

/// Bytes read from the store at a time.
const CHUNK: usize = 64 * 1024;

/// A finished recording's evidence sheet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingView {
    #[schema(value_type = uuid::Uuid)]
    id: RecordingId,
    #[schema(value_type = uuid::Uuid)]
    call_id: CallId,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ended_at: Timestamp,
    duration_ms: i64,
    /// SHA-256 of the manifest file; the next manifest carries it.
    manifest_sha256: String,
    /// The manifest as the store wrote it: parties by track, gaps, files with their hashes. Numbers are masked for
    /// roles that need not call back, so it hashes to `manifest_sha256` only for the others.
    #[schema(value_type = Object)]
    manifest: serde_json::Value,
}

/// The evidence sheet.
#[utoipa::path(get, path = "/api/v1/recordings/{id}", tag = "recordings", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = RecordingView)))]
pub(crate) async fn manifest(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<RecordingId>,
) -> Answer<Json<RecordingView>> {
    let row = visible(&api, &caller, id).await?;
    let mut manifest = row.manifest;
    let parties = manifest
        .get_mut("parties")
        .and_then(|parties| parties.as_array_mut());
    for party in parties.into_iter().flatten() {
        if let Some(serde_json::Value::String(label)) = party.get_mut("label") {
            *label = caller.sees_text(label);
        }
    }
    Ok(Json(RecordingView {
        id: row.id,
        call_id: row.call,
        started_at: row.started_at,
        ended_at: row.ended_at,
        duration_ms: row.duration_ms,
        manifest_sha256: row.manifest_sha256,
        manifest,
    }))
}

/// The recording, if `caller` may know of it: an agent knows those of their own calls.
pub(super) async fn visible(api: &Api, caller: &Caller, id: RecordingId) -> Answer<RecordingRow> {
    let row = api
        .storage
        .recording(id)
        .await?
        .ok_or_else(Problem::not_found)?;
    visible_call(api, caller, row.call).await?;
    Ok(row)
}

/// Which sound.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// A third party's own track, from 2; without it both sides in stereo: left the citizen, right our side.
    track: Option<u8>,
    /// To be kept as a file, which the audit trail tells apart from listening.
    #[serde(default)]
    download: bool,
}

/// The sound, as WAV. Ranges and If-Range as in RFC 9110 §14; each answer with sound in it is audited.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/audio", tag = "recordings", params(("id" = uuid::Uuid, Path), Asked),
    responses((status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 416, description = "No such range")))]
pub(crate) async fn audio(
    State(api): State<Arc<Api>>,
    caller: Caller,
    method: Method,
    headers: HeaderMap,
    Path(id): Path<RecordingId>,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    let row = visible(&api, &caller, id).await?;
    let audio = opened(api.recordings.audio(id, asked.track).await)?;
    let length = audio.length_bytes();
    let etag = etag(&row, asked.track);
    let (status, start, end) = match wanted(&headers, etag.as_ref(), length) {
        Wanted::All => (StatusCode::OK, 0, length),
        Wanted::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
        Wanted::Nothing => return Ok(unsatisfiable(length)),
    };
    let mut response = if method == Method::HEAD {
        status.into_response()
    } else {
        let what = if asked.download {
            Listening::Download
        } else {
            Listening::Listen
        };
        api.storage
            .recording_listened(api.clock.now(), &caller.actor.username, id, what)
            .await?;
        (status, sound(audio, start, end)).into_response()
    };
    let track = asked.track.map_or(String::new(), |t| format!(".t{t}"));
    let disposition = if asked.download {
        "attachment"
    } else {
        "inline"
    };
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    answer.insert(
        header::CONTENT_DISPOSITION,
        text(format!("{disposition}; filename=\"{id}{track}.wav\"")),
    );
    if let Some(etag) = etag {
        answer.insert(header::ETAG, etag);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert(
            header::CONTENT_RANGE,
            text(format!("bytes {start}-{}/{length}", end - 1)),
        );
    }
    Ok(response)
}

/// The waveform, as audiowaveform's JSON.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/peaks", tag = "recordings", params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Object)))]
pub(crate) async fn peaks(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<RecordingId>,
) -> Answer<Response> {
    visible(&api, &caller, id).await?;
    let peaks = opened(api.recordings.peaks(id).await)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], peaks).into_response())
}

fn opened<T>(found: io::Result<Option<T>>) -> Answer<T> {
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Problem::not_found()),
        Err(fault) => {
            error!(%fault, "a recording cannot be read: {fault}");
            Err(Problem::unavailable(
                "recordings_unavailable",
                "the recording store does not answer",
            ))
        }
    }
}

/// A strong validator: the hash that the manifest has of this file.
fn etag(row: &RecordingRow, track: Option<u8>) -> Option<HeaderValue> {
    let name = match track {
        None => format!("{}.wav", row.id),
        Some(track) => format!("{}.t{track}.wav", row.id),
    };
    row.manifest["files"]
        .as_array()?
        .iter()
        .find(|file| file["name"] == name)
        .and_then(|file| file["sha256"].as_str())
        .and_then(|hash| HeaderValue::from_str(&format!("\"{hash}\"")).ok())
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// From `start` up to, not including, `end`; never empty.
    Part {
        start: u64,
        end: u64,
    },
    Nothing,
}

/// What of `length` bytes a request asks for. A Range we do not understand, or several, is answered with everything,
/// as RFC 9110 §14.2 allows; so is one whose If-Range names another version (§13.1.5).
fn wanted(headers: &HeaderMap, etag: Option<&HeaderValue>, length: u64) -> Wanted {
    let same_version = headers
        .get(header::IF_RANGE)
        .is_none_or(|version| Some(version) == etag);
    let range = headers
        .get(header::RANGE)
        .filter(|_| same_version)
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.trim().split_once('-'));
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More digits than fit are past any end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (start, end) = match range {
        None => return Wanted::All,
        Some(("", last)) => match number(last) {
            None => return Wanted::All,
            Some(last) => (length.saturating_sub(last), length),
        },
        Some((first, "")) => match number(first) {
            None => return Wanted::All,
            Some(first) => (first, length),
        },
        Some((first, last)) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => {
                (first, last.saturating_add(1).min(length))
            }
            (Some(_) | None, Some(_) | None) => return Wanted::All,
        },
    };
    if start < end {
        Wanted::Part { start, end }
    } else {
        Wanted::Nothing
    }
}

fn unsatisfiable(length: u64) -> Response {
    let mut response = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "no_such_range",
        format!("the file has {length} bytes"),
    )
    .into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_RANGE, text(format!("bytes */{length}")));
    response
}

fn sound(audio: Box<dyn Audio>, start: u64, end: u64) -> Body {
    let chunks = stream::try_unfold((audio, start), move |(mut audio, at)| async move {
        if at == end {
            return Ok(None);
        }
        let most = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
        let chunk: Bytes = audio.read(at, most).await?;
        if chunk.is_empty() || chunk.len() > most {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let next = at + chunk.len() as u64;
        Ok(Some((chunk, (audio, next))))
    });
    Body::from_stream(chunks)
}

fn text(value: String) -> HeaderValue {
    HeaderValue::from_str(&value).expect("ids, numbers and our own words are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let part = |start, end| Wanted::Part { start, end };
        let table = [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-99", part(0, 100)),
            ("bytes=10-", part(10, 100)),
            ("bytes=-10", part(90, 100)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=50-1000", part(50, 100)),
            ("bytes=0-99999999999999999999999", part(0, 100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=200-300", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("bytes=-", Wanted::All),
            ("seconds=1-2", Wanted::All),
        ];
        for (range, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static(range));
            assert_eq!(wanted(&headers, None, 100), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_gets_everything() {
        let etag = HeaderValue::from_static("\"abc\"");
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=1-2"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"abc\""));
        assert_eq!(
            wanted(&headers, Some(&etag), 100),
            Wanted::Part { start: 1, end: 3 }
        );
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"old\""));
        assert_eq!(wanted(&headers, Some(&etag), 100), Wanted::All);
    }
}
