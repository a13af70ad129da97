//! What every request passes on its way in and out, whatever route it is for.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::RequestExt;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::fmt::rfc2822::DateTimePrinter;
use tracing::{debug, info};
use uuid::Uuid;

use super::Api;
use super::access::{self, Who};
use super::auth::{self, Caller};
use super::problem::{Answer, Problem};
use crate::domain::staff::By;
use crate::domain::time::Timestamp;

/// From the whole request's arrival to the answer's head; streams and downloads go on after it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Who is asking, may they, is what they name kept from them, and is it a question this route knows? A matched route has a
/// rule or nobody passes.
pub(crate) async fn admit(
    State(api): State<Arc<Api>>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Answer<Response> {
    let path = path.as_str();
    let rule = access::rule_of(request.method(), path).ok_or_else(wrong_method_problem)?;
    if rule.who != Who::Anyone {
        let caller = auth::identify(&api, request.headers()).await?;
        if !rule.who.admits(Some(caller.actor.role)) || !caller.may_use(rule.scope) {
            return Err(Problem::forbidden());
        }
        if !request.method().is_safe() {
            caller.check_csrf(request.headers())?;
        }
        if let Some(about) = access::about(path)
            && let Some(id) = named_in(&mut request).await
        {
            let by = By::Person(&caller.actor);
            if api.storage.keeps_back(by, about, id).await? {
                return Err(Problem::not_found());
            }
        }
        request.extensions_mut().insert::<Caller>(caller);
    }
    if let Some(query) = request.uri().query()
        && let Some(key) = api.described.unknown_key(request.method(), path, query)
    {
        return Err(Problem::malformed(
            "unknown_query_key",
            format!("this route knows no query key {key:?}"),
        ));
    }
    Ok(next.run(request).await)
}

/// The `{id}` of the path; one that is none is for the route to refuse.
async fn named_in(request: &mut Request) -> Option<Uuid> {
    let params = request.extract_parts::<RawPathParams>().await.ok()?;
    let (_, id) = params.iter().find(|(name, _)| *name == "id")?;
    id.parse().ok()
}

/// Ends a request that takes too long: the client is told, and the work is dropped.
pub(crate) async fn time_limit(request: Request, next: Next) -> Response {
    tokio::time::timeout(ANSWER_TIMEOUT, next.run(request))
        .await
        .unwrap_or_else(|_| {
            Problem::unavailable("timeout", "the answer took too long").into_response()
        })
}

/// A panic is our bug; it ends this request and nothing else. The panic hook has told it already.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::bug().into_response()
}

/// Counts and logs the request (its route, never its query: that may hold a citizen's number), says what time it is here,
/// and forbids browsers whatever this API does not need.
pub(crate) async fn seal(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let is_api = request.uri().path().starts_with("/api/");
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let started = tokio::time::Instant::now();
    let mut response = next.run(request).await;
    let status = response.status();
    let took = started.elapsed();
    measure(&method, &route, status, took);
    let headers = response.headers_mut();
    // Pages count remaining times by this, and those are the clock's.
    headers.insert(header::DATE, http_date(api.clock.now()));
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        // The pages need more, and say what.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if is_api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// An instant as RFC 9110, section 5.6.7, writes it.
fn http_date(at: Timestamp) -> HeaderValue {
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at.in_beijing().timestamp());
    text.ok()
        .and_then(|text| HeaderValue::from_str(&text).ok())
        .expect("an instant of four-digit years has a date in ASCII")
}

fn measure(method: &Method, route: &str, status: StatusCode, took: Duration) {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let code = status.as_u16();
    metrics::counter!("http_requests_total", "method" => known(method), "route" => route.to_owned(),
        "status" => code.to_string())
    .increment(1);
    metrics::histogram!("http_request_seconds", "route" => route.to_owned())
        .record(took.as_secs_f64());
    if matches!(route, "/healthz" | "/readyz" | "/metrics") {
        return;
    }
    // What was only read and went well is counted: at four hundred desks it would bury the rest.
    if method.is_safe() && status.is_success() {
        debug!(%method, route, status = code, took_ms, "{method} {route}: {code} after {took_ms} ms");
    } else {
        info!(%method, route, status = code, took_ms, "{method} {route}: {code} after {took_ms} ms");
    }
}

/// A client can invent methods; the metrics do not follow.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// A known path asked with a method it has not.
pub(crate) async fn wrong_method() -> Problem {
    wrong_method_problem()
}

fn wrong_method_problem() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not know that method",
    )
}
