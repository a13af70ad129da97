//! What a client is told when the answer is no: `application/problem+json` (RFC 9457) with a stable `code`, and
//! for a refused command the `article` it rests on and a Chinese `detail`. Nothing inside this crate answers an
//! error in any other form.

use std::borrow::Cow;

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::{error, warn};
use utoipa::ToSchema;

use super::idempotency;
use crate::domain::call::wish::CallRefusal;
use crate::domain::caller::flagged;
use crate::domain::ticket::Refusal;
use crate::domain::{accountability, archive, event_cluster, supervision};
use crate::storage::organisation::Unknown;
use crate::storage::tickets::CommandRefusal;
use crate::storage::{Fault, Trouble};

/// A refused request. Build one with the constructor that fits; `?` turns rejections and refusals into it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    article: Option<String>,
    retry_after_s: Option<u64>,
}

/// The body of every answer that is not a success (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:hotline:problem:<code>`.
    r#type: String,
    title: String,
    status: u16,
    /// For a person; in Chinese when a rule refused the command.
    detail: String,
    /// For a program; never changes its meaning.
    code: String,
    /// The article of the regulation a refusal rests on, e.g. `11(4)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<String>,
}

/// The result of a handler.
pub(crate) type Answer<T> = Result<T, Problem>;

/// Longest detail told: a parser's message may quote what it was sent.
const DETAIL_MAX: usize = 400;

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(DETAIL_MAX) {
            detail.truncate(end);
        }
        Self {
            status,
            code: code.into(),
            detail,
            article: None,
            retry_after_s: None,
        }
    }

    /// 400: the request cannot be understood.
    pub(crate) fn malformed(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 422: the request is understood and its content is wrong.
    pub(crate) fn invalid(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 401: nobody is signed in, or no longer.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "请先登录 (sign in first)",
        )
    }

    /// 403: signed in, but this is not theirs to do.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "您的角色无权进行此操作 (your role may not do this)",
        )
    }

    /// 404: nothing there, or nothing this role may know of.
    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "没有找到 (no such thing)",
        )
    }

    /// 409: the rules say no.
    pub(crate) fn refused(
        code: impl Into<Cow<'static, str>>,
        article: Option<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            article,
            ..Self::new(StatusCode::CONFLICT, code, detail)
        }
    }

    /// 429: too many attempts; come back after `retry_after_s`.
    pub(crate) fn too_many(retry_after_s: u64) -> Self {
        Self {
            retry_after_s: Some(retry_after_s.max(1)),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "尝试次数过多, 请稍后再试 (too many attempts)",
            )
        }
    }

    /// 503: the server, or something it needs, cannot answer now.
    pub(crate) fn unavailable(
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            retry_after_s: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
        }
    }

    /// 500: we were wrong. The cause goes to the log, not to the client.
    pub(crate) fn bug() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "服务器内部错误 (internal error)",
        )
    }

    /// The rules said no: asked again, they would say it again.
    pub(crate) fn is_refusal(&self) -> bool {
        self.status == StatusCode::CONFLICT
    }

    /// Status and JSON text, for an answer that is kept.
    pub(crate) fn into_parts(self) -> (StatusCode, String) {
        let status = self.status;
        let body = ProblemBody {
            r#type: format!("urn:hotline:problem:{}", self.code),
            title: self
                .status
                .canonical_reason()
                .unwrap_or("Problem")
                .to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.into_owned(),
            article: self.article,
        };
        let text = serde_json::to_string(&body).expect("strings and numbers always serialise");
        (status, text)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry_after_s = self.retry_after_s;
        let (status, body) = self.into_parts();
        let mut response = (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body,
        )
            .into_response();
        let headers = response.headers_mut();
        if let Some(after) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1: a 401 names at least one scheme.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"hotline\""),
            );
        }
        response
    }
}

impl<R: Into<Self>> From<Trouble<R>> for Problem {
    fn from(trouble: Trouble<R>) -> Self {
        match trouble {
            Trouble::Refused(refusal) => refusal.into(),
            Trouble::Fault(fault) => fault.into(),
        }
    }
}

impl From<Unknown> for Problem {
    fn from(unknown: Unknown) -> Self {
        Self::invalid("invalid_organisation", unknown.to_string())
    }
}

impl From<CommandRefusal> for Problem {
    fn from(refusal: CommandRefusal) -> Self {
        match refusal {
            CommandRefusal::Rules(refusal) => refusal.into(),
            CommandRefusal::KeyUsed => idempotency::reused(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchTicket => Self::not_found(),
            refusal => Self::refused(
                refusal.code(),
                Some(refusal.article().to_owned()),
                refusal.detail(),
            ),
        }
    }
}

impl From<supervision::Refusal> for Problem {
    fn from(refusal: supervision::Refusal) -> Self {
        match refusal {
            supervision::Refusal::NoSuchCase => Self::not_found(),
            supervision::Refusal::KeyUsed => idempotency::reused(),
            supervision::Refusal::Ticket(refusal) => refusal.into(),
            refusal => Self::refused(
                refusal.code(),
                Some(refusal.article().to_owned()),
                refusal.detail(),
            ),
        }
    }
}

/// Refusals of one shape: a code, an article, a Chinese sentence.
macro_rules! refusals {
    ($($domain:ident: $missing:ident),+ $(,)?) => {$(
        impl From<$domain::Refusal> for Problem {
            fn from(refusal: $domain::Refusal) -> Self {
                match refusal {
                    $domain::Refusal::$missing => Self::not_found(),
                    $domain::Refusal::KeyUsed => idempotency::reused(),
                    refusal => Self::refused(
                        refusal.code(),
                        Some(refusal.article().to_owned()),
                        refusal.detail(),
                    ),
                }
            }
        }
    )+};
}

refusals! {
    event_cluster: NoSuchCluster,
    accountability: NoSuchEntry,
    archive: NoSuchHold,
    flagged: NoSuchFlag,
}

impl From<CallRefusal> for Problem {
    fn from(refusal: CallRefusal) -> Self {
        let status = match refusal {
            CallRefusal::NoSuchCall => StatusCode::NOT_FOUND,
            CallRefusal::NotYourCall => StatusCode::FORBIDDEN,
            CallRefusal::WrongState(_)
            | CallRefusal::NoPhone
            | CallRefusal::Busy
            | CallRefusal::NoRecording => StatusCode::CONFLICT,
            CallRefusal::BadTarget(_) => StatusCode::UNPROCESSABLE_ENTITY,
            CallRefusal::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Busy(_) | Fault::Down(_) => {
                warn!(%fault, "a request failed: {fault}");
                Self::unavailable("database_unavailable", "the database does not answer")
            }
            Fault::Conflict(_) | Fault::Corrupt(_) => {
                error!(%fault, "a request failed: {fault}");
                Self::bug()
            }
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::MissingJsonContentType(_) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "send the body as application/json",
            ),
            JsonRejection::JsonDataError(error) => Self::invalid("invalid_body", error.body_text()),
            JsonRejection::BytesRejection(error) => error.into(),
            // `JsonSyntaxError`, and whatever a later axum adds.
            error => Self::new(error.status(), "malformed_json", error.body_text()),
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let status = rejection.status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = "提交的内容过长, 一次最多 1 MiB (the body is over 1 MiB)";
            return Self::new(status, "body_too_large", detail);
        }
        Self::new(status, "unreadable_body", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::malformed("invalid_query", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        // An id that is no id names nothing.
        if rejection.status().is_server_error() {
            Self::bug()
        } else {
            Self::not_found()
        }
    }
}
