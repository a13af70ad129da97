//! Is this message fit to be worked on? The checks a UAS makes before it looks at what is asked (RFC 3261 §8.2), with the
//! judgements of RFC 4475.
//!
//! Authentication, unknown methods (405, 501) and dialogs are not looked at here.

use std::borrow::Cow;
use std::str::FromStr;

use crate::header::{
    ContentType, Event, HeaderError, HeaderName, Headers, Malformed, NameAddr, RAck, Replaces,
    SessionExpires, SipDate, SubscriptionState,
};
use crate::message::{Method, Request, Response, Status};
use crate::uri::Scheme;

/// Why a request is refused, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The status to answer with.
    pub status: Status,
    /// The reason phrase.
    pub reason: Cow<'static, str>,
    /// A header the response must carry: Unsupported with a 420, Accept with a 415.
    pub header: Option<(HeaderName<'static>, String)>,
}

impl Rejection {
    fn new(status: Status) -> Self {
        Self {
            status,
            reason: status.reason().into(),
            header: None,
        }
    }

    /// The response to send. The To tag is the caller's to add; an ACK is never answered.
    pub fn response(&self, request: &Request) -> Response {
        let mut response = request.response(self.status);
        response
            .reason
            .clone_from(&self.reason.clone().into_owned());
        if let Some((name, value)) = &self.header {
            response.headers.push(*name, value);
        }
        response
    }
}

impl From<HeaderError> for Rejection {
    fn from(error: HeaderError) -> Self {
        Self {
            reason: format!("Bad Request ({error})").into(),
            ..Self::new(Status::BAD_REQUEST)
        }
    }
}

/// Judges a request. `supported` are the option tags we support.
pub fn validate(request: &Request, supported: &[&str]) -> Result<(), Rejection> {
    let headers = &request.headers;
    check_common(headers)?;
    if headers.cseq()?.method != request.method {
        return Err(Rejection {
            reason: "Bad Request (CSeq names another method)".into(),
            ..Rejection::new(Status::BAD_REQUEST)
        });
    }
    check_optional(headers)?;
    check_for_method(request)?;
    match request.uri.scheme() {
        // RFC 3261 §19.1.1: headers have no place in a Request-URI.
        Scheme::Sip | Scheme::Sips if request.uri.has_headers() => {
            let reason = "Bad Request (headers in Request-URI)".into();
            return Err(Rejection {
                reason,
                ..Rejection::new(Status::BAD_REQUEST)
            });
        }
        Scheme::Sip | Scheme::Sips | Scheme::Tel => {}
        Scheme::Other => return Err(Rejection::new(Status::UNSUPPORTED_URI_SCHEME)),
    }
    check_required_extensions(request, supported)?;
    check_body(request)
}

/// Judges a response: one that fails is dropped.
pub fn validate_response(response: &Response) -> Result<(), HeaderError> {
    check_common(&response.headers)?;
    // RFC 3261 §8.1.3.3: more than one Via means the response is not for us.
    if response.headers.vias()?.len() != 1 {
        return Err(HeaderError::Repeated("Via"));
    }
    Ok(())
}

/// What must be readable in every message, or nobody can tell what it belongs to.
fn check_common(headers: &Headers) -> Result<(), HeaderError> {
    if headers.vias()?.is_empty() {
        return Err(HeaderError::Missing("Via"));
    }
    headers.from()?;
    headers.to()?;
    headers.call_id()?;
    headers.cseq()?;
    headers.contacts()?;
    headers.record_routes()?;
    Ok(())
}

/// What a request may carry and then must be readable. A bad Expires is not among it: it counts as an hour (RFC 3261 §20.19).
fn check_optional(headers: &Headers) -> Result<(), HeaderError> {
    headers.max_forwards()?;
    headers.routes()?;
    headers.list::<NameAddr>(HeaderName::Path)?;
    headers.min_se()?;
    optional::<ContentType>(headers, HeaderName::ContentType)?;
    optional::<SessionExpires>(headers, HeaderName::SessionExpires)?;
    optional::<SipDate>(headers, HeaderName::Date)?;
    optional::<Replaces>(headers, HeaderName::Replaces)?;
    optional::<NameAddr>(headers, HeaderName::ReferTo)?;
    optional::<NameAddr>(headers, HeaderName::ReferredBy)
}

fn optional<T: FromStr<Err = Malformed>>(
    headers: &Headers,
    name: HeaderName<'static>,
) -> Result<(), HeaderError> {
    headers.one::<T>(name).map(|_| ())
}

fn required<T: FromStr<Err = Malformed>>(
    headers: &Headers,
    name: HeaderName<'static>,
) -> Result<(), HeaderError> {
    headers
        .one::<T>(name)?
        .map(|_| ())
        .ok_or(HeaderError::Missing(name.as_str()))
}

/// Headers without which a method says nothing.
fn check_for_method(request: &Request) -> Result<(), HeaderError> {
    let headers = &request.headers;
    match request.method {
        Method::Prack => required::<RAck>(headers, HeaderName::RAck),
        Method::Refer => required::<NameAddr>(headers, HeaderName::ReferTo),
        Method::Subscribe => required::<Event>(headers, HeaderName::Event),
        Method::Notify => {
            required::<Event>(headers, HeaderName::Event)?;
            required::<SubscriptionState>(headers, HeaderName::SubscriptionState)
        }
        Method::Invite
        | Method::Ack
        | Method::Bye
        | Method::Cancel
        | Method::Options
        | Method::Register
        | Method::Update
        | Method::Info
        | Method::Message
        | Method::Publish
        | Method::Other(_) => Ok(()),
    }
}

/// RFC 3261 §8.2.2.3: what is required and unknown is named in Unsupported. ACK and CANCEL cannot require anything.
fn check_required_extensions(request: &Request, supported: &[&str]) -> Result<(), Rejection> {
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return Ok(());
    }
    let mut unknown = request.headers.elements(HeaderName::Require);
    unknown.retain(|tag| {
        !supported
            .iter()
            .any(|known| known.eq_ignore_ascii_case(tag))
    });
    if unknown.is_empty() {
        return Ok(());
    }
    let header = Some((HeaderName::Unsupported, unknown.join(", ")));
    Err(Rejection {
        header,
        ..Rejection::new(Status::BAD_EXTENSION)
    })
}

/// A session can only be described in SDP: as the body, or as a part of a multipart.
fn check_body(request: &Request) -> Result<(), Rejection> {
    let describes_session = matches!(
        request.method,
        Method::Invite | Method::Update | Method::Prack
    );
    if !describes_session {
        return Ok(());
    }
    // RFC 3261 §13.3.1: without Accept, SDP is meant; with one that leaves it out, our answer could not be read.
    let accept = request.headers.elements(HeaderName::Accept);
    let takes_sdp = |range: &String| {
        let media = range.split(';').next().unwrap_or("").trim();
        ["application/sdp", "application/*", "*/*"]
            .iter()
            .any(|known| media.eq_ignore_ascii_case(known))
    };
    if request.method == Method::Invite
        && request.headers.contains(HeaderName::Accept)
        && !accept.iter().any(takes_sdp)
    {
        return Err(Rejection::new(Status::NOT_ACCEPTABLE));
    }
    if request.body.is_empty() || request.sdp().is_some() {
        return Ok(());
    }
    let header = Some((HeaderName::Accept, crate::sdp::CONTENT_TYPE.to_owned()));
    Err(Rejection {
        header,
        ..Rejection::new(Status::UNSUPPORTED_MEDIA_TYPE)
    })
}
