//! Requests and responses: what a message is, how one is made and printed. Reading bytes is [`crate::parse`].

use std::fmt;

use crate::header::{ContentType, HeaderName, Headers};
use crate::limits::BODY_PARTS_MAX;
use crate::uri::Uri;

/// A request's method. Methods compare with case (RFC 3261 §7.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Method {
    /// INVITE
    Invite,
    /// ACK
    Ack,
    /// BYE
    Bye,
    /// CANCEL
    Cancel,
    /// OPTIONS
    Options,
    /// REGISTER
    Register,
    /// PRACK (RFC 3262)
    Prack,
    /// UPDATE (RFC 3311)
    Update,
    /// REFER (RFC 3515)
    Refer,
    /// SUBSCRIBE (RFC 6665)
    Subscribe,
    /// NOTIFY (RFC 6665)
    Notify,
    /// INFO (RFC 6086)
    Info,
    /// MESSAGE (RFC 3428)
    Message,
    /// PUBLISH (RFC 3903)
    Publish,
    /// Any other, as written.
    Other(Box<str>),
}

impl Method {
    /// As written on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Refer => "REFER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Info => "INFO",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Method {
    fn from(name: &str) -> Self {
        match name {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "PRACK" => Self::Prack,
            "UPDATE" => Self::Update,
            "REFER" => Self::Refer,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "INFO" => Self::Info,
            "MESSAGE" => Self::Message,
            "PUBLISH" => Self::Publish,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A response's status code, 100 to 699.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

macro_rules! statuses {
    ($($name:ident $code:literal $reason:literal;)*) => {
        impl Status {
            $(#[doc = concat!(stringify!($code), " ", $reason)] pub const $name: Self = Self($code);)*

            /// The usual reason phrase, or the one of the code's class.
            pub fn reason(self) -> &'static str {
                match self.0 {
                    $($code => $reason,)*
                    100..200 => "Progress",
                    200..300 => "OK",
                    300..400 => "Redirection",
                    400..500 => "Request Failure",
                    500..600 => "Server Failure",
                    _ => "Global Failure",
                }
            }
        }
    };
}

statuses! {
    TRYING 100 "Trying";
    RINGING 180 "Ringing";
    CALL_IS_BEING_FORWARDED 181 "Call Is Being Forwarded";
    QUEUED 182 "Queued";
    SESSION_PROGRESS 183 "Session Progress";
    OK 200 "OK";
    ACCEPTED 202 "Accepted";
    MULTIPLE_CHOICES 300 "Multiple Choices";
    MOVED_PERMANENTLY 301 "Moved Permanently";
    MOVED_TEMPORARILY 302 "Moved Temporarily";
    USE_PROXY 305 "Use Proxy";
    BAD_REQUEST 400 "Bad Request";
    UNAUTHORIZED 401 "Unauthorized";
    FORBIDDEN 403 "Forbidden";
    NOT_FOUND 404 "Not Found";
    METHOD_NOT_ALLOWED 405 "Method Not Allowed";
    NOT_ACCEPTABLE 406 "Not Acceptable";
    PROXY_AUTHENTICATION_REQUIRED 407 "Proxy Authentication Required";
    REQUEST_TIMEOUT 408 "Request Timeout";
    GONE 410 "Gone";
    REQUEST_ENTITY_TOO_LARGE 413 "Request Entity Too Large";
    REQUEST_URI_TOO_LONG 414 "Request-URI Too Long";
    UNSUPPORTED_MEDIA_TYPE 415 "Unsupported Media Type";
    UNSUPPORTED_URI_SCHEME 416 "Unsupported URI Scheme";
    BAD_EXTENSION 420 "Bad Extension";
    EXTENSION_REQUIRED 421 "Extension Required";
    SESSION_INTERVAL_TOO_SMALL 422 "Session Interval Too Small";
    INTERVAL_TOO_BRIEF 423 "Interval Too Brief";
    TEMPORARILY_UNAVAILABLE 480 "Temporarily Unavailable";
    CALL_DOES_NOT_EXIST 481 "Call/Transaction Does Not Exist";
    LOOP_DETECTED 482 "Loop Detected";
    TOO_MANY_HOPS 483 "Too Many Hops";
    ADDRESS_INCOMPLETE 484 "Address Incomplete";
    AMBIGUOUS 485 "Ambiguous";
    BUSY_HERE 486 "Busy Here";
    REQUEST_TERMINATED 487 "Request Terminated";
    NOT_ACCEPTABLE_HERE 488 "Not Acceptable Here";
    BAD_EVENT 489 "Bad Event";
    REQUEST_PENDING 491 "Request Pending";
    UNDECIPHERABLE 493 "Undecipherable";
    SERVER_INTERNAL_ERROR 500 "Server Internal Error";
    NOT_IMPLEMENTED 501 "Not Implemented";
    BAD_GATEWAY 502 "Bad Gateway";
    SERVICE_UNAVAILABLE 503 "Service Unavailable";
    SERVER_TIMEOUT 504 "Server Time-out";
    VERSION_NOT_SUPPORTED 505 "Version Not Supported";
    MESSAGE_TOO_LARGE 513 "Message Too Large";
    BUSY_EVERYWHERE 600 "Busy Everywhere";
    DECLINE 603 "Decline";
    DOES_NOT_EXIST_ANYWHERE 604 "Does Not Exist Anywhere";
    NOT_ACCEPTABLE_ANYWHERE 606 "Not Acceptable";
}

impl Status {
    /// A code from outside; `None` outside 100..=699.
    pub fn new(code: u16) -> Option<Self> {
        (100..700).contains(&code).then_some(Self(code))
    }

    /// The code.
    pub fn code(self) -> u16 {
        self.0
    }

    /// 1xx.
    pub fn is_provisional(self) -> bool {
        self.0 < 200
    }

    /// 2xx.
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }

    /// 200 and up.
    pub fn is_final(self) -> bool {
        self.0 >= 200
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The headers.
    pub headers: Headers,
    /// The body, as many bytes as Content-Length says.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// The reason phrase: for people only.
    pub reason: String,
    /// The headers.
    pub headers: Headers,
    /// The body, as many bytes as Content-Length says.
    pub body: Vec<u8>,
}

/// A request or a response.
#[derive(Debug, Clone)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    /// A response to this request: Via, From, To, Call-ID and CSeq are copied (RFC 3261 §8.2.6.2), Timestamp too for a 100.
    /// The To tag is the caller's to add.
    pub fn response(&self, status: Status) -> Response {
        Response::answering(&self.headers, status, status.reason())
    }

    /// Sets the body and its Content-Type, and drops any Content-Length: printing writes the right one.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        set_body(&mut self.headers, &mut self.body, content_type, body.into());
    }

    /// The session description in the body: the body itself, or the `application/sdp` part of a multipart.
    pub fn sdp(&self) -> Option<&[u8]> {
        sdp_of(&self.headers, &self.body)
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Vec<u8> {
        print(&self.headers, &self.body, |out| {
            for part in [self.method.as_str(), " ", self.uri.as_str(), " SIP/2.0\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        })
    }
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: Status) -> Self {
        Self {
            status,
            reason: status.reason().to_owned(),
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn answering(request: &Headers, status: Status, reason: &str) -> Self {
        let mut headers = Headers::new();
        for name in [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ] {
            headers.copy(request, name);
        }
        if status == Status::TRYING {
            headers.copy(request, HeaderName::Timestamp);
        }
        Self {
            status,
            reason: reason.to_owned(),
            headers,
            body: Vec::new(),
        }
    }

    /// Sets the body and its Content-Type, and drops any Content-Length: printing writes the right one.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        set_body(&mut self.headers, &mut self.body, content_type, body.into());
    }

    /// The session description in the body: the body itself, or the `application/sdp` part of a multipart.
    pub fn sdp(&self) -> Option<&[u8]> {
        sdp_of(&self.headers, &self.body)
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Vec<u8> {
        print(&self.headers, &self.body, |out| {
            let status = self.status.code().to_string();
            for part in ["SIP/2.0 ", &status, " "] {
                out.extend_from_slice(part.as_bytes());
            }
            // As in headers: a line ends only where we end it.
            out.extend(self.reason.bytes().map(|byte| {
                if matches!(byte, b'\r' | b'\n') {
                    b' '
                } else {
                    byte
                }
            }));
            out.extend_from_slice(b"\r\n");
        })
    }
}

impl Message {
    /// The headers.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The headers, to change.
    pub fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The bytes to send: what was parsed prints as it came, and Content-Length is added where it is absent.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl fmt::Debug for Request {
    /// What a log may show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?} {:?} +{} bytes",
            self.method,
            self.uri,
            self.headers,
            self.body.len()
        )
    }
}

impl fmt::Debug for Response {
    /// What a log may show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {:?} +{} bytes",
            self.status,
            self.reason,
            self.headers,
            self.body.len()
        )
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

fn set_body(headers: &mut Headers, body: &mut Vec<u8>, content_type: &str, new: Vec<u8>) {
    headers.remove(HeaderName::ContentLength);
    headers.set(HeaderName::ContentType, content_type);
    *body = new;
}

fn print(headers: &Headers, body: &[u8], start_line: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(headers.printed_length() + body.len() + 128);
    start_line(&mut out);
    headers.print(&mut out);
    if !headers.contains(HeaderName::ContentLength) {
        out.extend_from_slice(b"Content-Length: ");
        out.extend_from_slice(body.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

fn sdp_of<'a>(headers: &Headers, body: &'a [u8]) -> Option<&'a [u8]> {
    if body.is_empty() {
        return None;
    }
    let kind = headers.content_type().ok()??;
    if kind.is("application", "sdp") {
        return Some(body);
    }
    if !kind.kind.eq_ignore_ascii_case("multipart") {
        return None;
    }
    let boundary = kind
        .params
        .text("boundary")
        .filter(|boundary| !boundary.is_empty())?;
    parts(body, &boundary).find_map(|part| {
        let (headers, body) = crate::parse::headers(part).ok()?;
        let kind: ContentType = headers.content_type().ok()??;
        kind.is("application", "sdp").then_some(body)
    })
}

/// The parts of a multipart body (RFC 2046 §5.1.1), at most [`BODY_PARTS_MAX`].
fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let delimiter = format!("--{boundary}");
    let mut starts = Vec::new();
    let mut at = 0;
    // Delimiters stand at the start of a line. Each entry: where the delimiter starts, where its line ends.
    for line in body.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(delimiter.as_bytes()) && starts.len() <= BODY_PARTS_MAX {
            starts.push((at, at + line.len()));
        }
        at += line.len();
    }
    (1..starts.len()).map(move |index| {
        let part = &body[starts[index - 1].1..starts[index].0];
        // The line end before a delimiter belongs to the delimiter.
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        part.strip_suffix(b"\r").unwrap_or(part)
    })
}
