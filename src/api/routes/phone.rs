//! `/sip`: the door for phones in browsers, and for desk phones that speak SIP over a WebSocket (RFC 7118). Frames are carried
//! and bounded here; what is in them is the telephone side's business.
//!
//! Who comes with a login is that person, and needs no password of the phone. The cookie goes with a request from any page, so
//! it counts only with an Origin of ours. Who comes without must prove every request with the phone's password (digest), and is
//! let in only where nobody on the way can read along: over TLS, or from this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tracing::debug;
use utoipa::IntoParams;

use crate::api::auth::{self, Peer, Source};
use crate::api::extract::Query;
use crate::api::lines::Place;
use crate::api::problem::{Answer, Problem};
use crate::api::{Api, PhoneLine, ToPhone};
use crate::domain::call::AtLine;

/// RFC 7118 §4.
const PROTOCOL: &str = "sip";
/// Larger than any SIP message we read; what is larger ends the connection with 1009.
const FRAME_MAX: usize = 64 * 1024;
/// Memory of one connection for reading. Most messages are smaller.
const READ_BUFFER: usize = 8 * 1024;
/// What waits for a reader that has stopped reading, on top of the telephone side's own queue.
const WRITE_BUFFER_MAX: usize = 256 * 1024;
/// A phone that reads nothing for so long has lost its place.
const SEND_TIMEOUT: Duration = Duration::from_secs(4);
/// How often we ask whether the other end is there (RFC 6455 §5.5.2).
const PING_EVERY: Duration = Duration::from_secs(15);
/// How long an end may say nothing, not even that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(40);
/// A phone must say its first word within this.
const FIRST_WORD: Duration = Duration::from_secs(30);
/// How often a login is looked at again.
const LOGIN_EVERY: Duration = Duration::from_secs(10);
/// How long a connection that broke a rule is kept for the other end to read why.
const LINGER: Duration = Duration::from_secs(2);

/// Close codes of our own (RFC 6455 §7.4.2): the phone is at another page now; the login is over.
const REPLACED: u16 = 4001;
const SIGNED_OUT: u16 = 4003;

/// How one comes in.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// A citizen's pass from `POST /api/v1/guest_calls`.
    guest: Option<String>,
}

/// SIP over WebSocket (RFC 7118), subprotocol `sip`.
///
/// With the session's cookie and an Origin of ours the connection is that person's phone: their own extension registers and
/// calls without a password. Without, digest; only over TLS or from this machine. Closed with 4001 when another page took the
/// phone, with 4003 when the login is over, with 1009 after a message of more than 64 KiB.
#[utoipa::path(get, path = "/sip", tag = "phone", params(Asked), responses((status = 101, description = "The WebSocket is open")))]
pub(crate) async fn sip(
    State(api): State<Arc<Api>>,
    Source(source): Source,
    Peer(peer): Peer,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    let upgrade = upgrade.map_err(|why| {
        Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "websocket_required",
            format!("this is a WebSocket: {why}"),
        )
    })?;
    let origin = headers.get(header::ORIGIN);
    let is_ours = origin.is_some_and(|origin| api.doors.is_ours(origin, headers.get(header::HOST)));
    if origin.is_some() && !is_ours {
        metrics::counter!("hotline_websockets_refused", "reason" => "origin").increment(1);
        return Err(forbidden(
            "foreign_origin",
            "不接受来自其他网站的连接 (this page may not open a phone here)",
        ));
    }
    let is_guest = match &asked.guest {
        None => false,
        Some(pass) if is_ours && api.guests.admits(api.clock.instant(), source, pass) => true,
        Some(_) => {
            return Err(forbidden(
                "no_pass",
                "通话凭证无效或已过期, 请重新拨打 (this pass is not, or no longer, good for a call)",
            ));
        }
    };
    let login = match auth::session_of(&api, &headers).await? {
        // At the citizens' page everybody is a citizen.
        _ if is_guest => None,
        Some(_) if !is_ours => {
            return Err(forbidden(
                "no_origin",
                "a login counts only with an Origin of ours",
            ));
        }
        login => login,
    };
    match &login {
        Some(login) if api.calls.phone(&login.person).await.is_none() => {
            return Err(forbidden(
                "no_extension",
                "您没有分机, 无法使用网页话机 (no extension belongs to you)",
            ));
        }
        None if !is_guest && !api.doors.is_private(peer.ip()) => {
            return Err(forbidden(
                "not_private",
                "without a login a phone is let in over TLS, or from this machine",
            ));
        }
        Some(_) | None => {}
    }
    let asks = |protocol: &header::HeaderValue| protocol.as_bytes() == PROTOCOL.as_bytes();
    if !upgrade.requested_protocols().any(asks) {
        return Err(Problem::malformed(
            "no_subprotocol",
            "Sec-WebSocket-Protocol must name sip (RFC 7118 §4)",
        ));
    }
    let place = api
        .doors
        .take(login.as_ref().map(|login| &login.person), source)
        .ok_or_else(|| {
            metrics::counter!("hotline_websockets_refused", "reason" => "full").increment(1);
            Problem::unavailable("overloaded", "too many phones are connected")
        })?;
    // The address a front tells us, with a port that tells its connections apart.
    let remote = SocketAddr::new(
        auth::told_source(&api, &headers).unwrap_or(peer.ip()),
        peer.port(),
    );
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(FRAME_MAX)
        .max_frame_size(FRAME_MAX)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_MAX);
    Ok(upgrade
        .on_upgrade(move |socket| async move {
            let at = match &login {
                Some(login) => AtLine::Person(login.person.clone()),
                None if is_guest => AtLine::Citizen,
                None => AtLine::Unknown,
            };
            let encrypted = api.doors.is_encrypted();
            if let Some(line) = api.calls.open_line(remote, encrypted, at).await {
                let phone = Phone { socket, line };
                phone.carry(&api, login, place).await;
            }
        })
        .into_response())
}

fn forbidden(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, code, detail)
}

/// Why a connection ends.
enum End {
    /// The other end closed it, or is gone.
    Theirs,
    /// The telephone side wants it closed, or has stopped.
    Ours(u16, &'static str),
    /// The other end broke a rule: it is told which.
    Broken(u16, &'static str),
}

struct Phone {
    socket: WebSocket,
    line: PhoneLine,
}

impl Phone {
    /// Carries messages both ways until either side ends it.
    async fn carry(mut self, api: &Api, login: Option<auth::Login>, place: Place) {
        let end = self.talk(api, login).await;
        self.line.ear.closed().await;
        let (code, reason, lingers) = match end {
            End::Theirs => return,
            End::Ours(code, reason) => (code, reason, false),
            End::Broken(code, reason) => (code, reason, true),
        };
        debug!(code, "a phone's WebSocket was closed: {reason}");
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        let sent = timeout(SEND_TIMEOUT, self.socket.send(Message::Close(Some(frame)))).await;
        if lingers && matches!(sent, Ok(Ok(()))) {
            // What it sends on cannot be read any more; a connection closed over unread bytes is reset, and the frame lost.
            sleep(LINGER).await;
        } else {
            // The other end's own Close.
            let _ = timeout(LINGER, self.socket.recv()).await;
        }
        drop(place);
    }

    async fn talk(&mut self, api: &Api, mut login: Option<auth::Login>) -> End {
        let mut asks = interval(PING_EVERY);
        asks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks = interval(LOGIN_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut first_word = Some(Instant::now() + FIRST_WORD);
        loop {
            tokio::select! {
                came = self.socket.recv() => {
                    heard = Instant::now();
                    match came {
                        None => return End::Theirs,
                        Some(Err(error)) => return broken(&error),
                        Some(Ok(Message::Close(_))) => return End::Theirs,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                            let bytes = message.into_data();
                            if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                                // RFC 5626 §4.4.1: a double line end asks for a single one.
                                if !self.say(Arc::from(&b"\r\n"[..])).await {
                                    return End::Theirs;
                                }
                                continue;
                            }
                            first_word = None;
                            if !self.line.ear.message(bytes).await {
                                return End::Ours(close_code::AWAY, "the server stops");
                            }
                        }
                    }
                }
                says = self.line.mouth.next() => match says {
                    Some(ToPhone::Message(bytes)) => {
                        if !self.say(bytes).await {
                            return End::Theirs;
                        }
                    }
                    Some(ToPhone::Replaced) => return End::Ours(REPLACED, "another page has the phone now"),
                    Some(ToPhone::SignedOut) => return End::Ours(SIGNED_OUT, "signed out"),
                    None => return End::Ours(close_code::AWAY, "the server stops, or you read too slowly"),
                },
                _ = asks.tick() => {
                    let now = Instant::now();
                    if now > heard + SILENCE_MAX {
                        return End::Theirs;
                    }
                    if first_word.is_some_and(|by| now > by) {
                        return End::Broken(close_code::POLICY, "nothing was said");
                    }
                    let ping = self.socket.send(Message::Ping(Default::default()));
                    if !matches!(timeout(SEND_TIMEOUT, ping).await, Ok(Ok(()))) {
                        return End::Theirs;
                    }
                }
                _ = looks.tick(), if login.is_some() => {
                    // A database that does not answer signs nobody out.
                    let over = match &login {
                        Some(login) => matches!(auth::is_still_in(api, login).await, Ok(false)),
                        None => false,
                    };
                    if over {
                        login = None;
                        self.line.ear.signed_out().await;
                    }
                }
            }
        }
    }

    /// False when the other end does not take it.
    async fn say(&mut self, bytes: Arc<[u8]>) -> bool {
        let message = match str::from_utf8(&bytes) {
            Ok(text) => Message::text(text),
            Err(_) => Message::binary(bytes.to_vec()),
        };
        matches!(
            timeout(SEND_TIMEOUT, self.socket.send(message)).await,
            Ok(Ok(()))
        )
    }
}

/// What was wrong with a frame.
fn broken(error: &axum::Error) -> End {
    use tungstenite::Error;
    let inner = std::error::Error::source(error);
    match inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::Capacity(_)) => End::Broken(close_code::SIZE, "a message may have 65536 bytes"),
        Some(Error::Protocol(_)) => End::Broken(close_code::PROTOCOL, "not RFC 6455"),
        Some(Error::Utf8(_)) => End::Broken(close_code::INVALID, "text must be UTF-8"),
        Some(_) | None => End::Theirs,
    }
}
