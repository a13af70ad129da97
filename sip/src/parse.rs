//! From bytes to messages: one datagram ([`Message::parse`]), or a stream cut into messages ([`Framer`]).
//!
//! The head is scanned once. A bad line does not stop the scan, so that a request that can be answered is answered:
//! [`ParseError::reply`] makes the response from what was readable.

use std::fmt;

use crate::header::scan::is_token_byte;
use crate::header::{HeaderName, Headers, Line, code_of};
use crate::limits::{HEAD_MAX, HEADER_LENGTH_MAX, HEADERS_MAX, MESSAGE_MAX, URI_LENGTH_MAX};
use crate::message::{Message, Method, Request, Response, Status};

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing but line ends or zeros: a keep-alive, not an error worth counting.
    #[error("empty")]
    Empty,
    /// Longer than [`MESSAGE_MAX`], or its head longer than [`HEAD_MAX`].
    #[error("message too large")]
    TooLarge,
    /// More lines than [`HEADERS_MAX`].
    #[error("too many headers")]
    TooManyHeaders,
    /// A line longer than [`HEADER_LENGTH_MAX`].
    #[error("header too long")]
    HeaderTooLong,
    /// The Request-URI is longer than [`URI_LENGTH_MAX`].
    #[error("Request-URI too long")]
    UriTooLong,
    /// The first line is neither a request line nor a status line.
    #[error("bad start line: {0}")]
    StartLine(&'static str),
    /// The version is not SIP/2.0.
    #[error("version not supported")]
    Version,
    /// A header line has no colon or no name.
    #[error("bad header line")]
    HeaderLine,
    /// Content-Length is no number, or is given twice with two values.
    #[error("bad Content-Length")]
    ContentLength,
    /// On a stream only: without Content-Length nobody knows where the message ends.
    #[error("no Content-Length")]
    NoContentLength,
    /// The body is shorter than Content-Length.
    #[error("body shorter than Content-Length")]
    Truncated,
}

impl Problem {
    fn status(self) -> Status {
        match self {
            Self::TooLarge => Status::MESSAGE_TOO_LARGE,
            Self::UriTooLong => Status::REQUEST_URI_TOO_LONG,
            Self::Version => Status::VERSION_NOT_SUPPORTED,
            Self::Empty
            | Self::TooManyHeaders
            | Self::HeaderTooLong
            | Self::StartLine(_)
            | Self::HeaderLine
            | Self::ContentLength
            | Self::NoContentLength
            | Self::Truncated => Status::BAD_REQUEST,
        }
    }
}

/// A message that cannot be used, and what could be read of it.
#[derive(Clone)]
pub struct ParseError {
    /// The first thing that was wrong.
    pub problem: Problem,
    /// The readable header lines of a request; `None` for a response, for an ACK and where there was no head.
    request_headers: Option<Box<Headers>>,
}

impl ParseError {
    /// The response to send, if the message was a request, is not an ACK, and named its Via, From, To, Call-ID and CSeq.
    /// The To tag is the caller's to add.
    pub fn reply(&self) -> Option<Response> {
        let headers = self.request_headers.as_deref()?;
        // There is enough: an unreadable Via still goes back as it came, to where the request came from.
        let all = [
            HeaderName::Via,
            HeaderName::From,
            HeaderName::To,
            HeaderName::CallId,
            HeaderName::CSeq,
        ];
        if !all.iter().all(|name| headers.contains(*name)) {
            return None;
        }
        let status = self.problem.status();
        Some(match status {
            Status::BAD_REQUEST => {
                Response::answering(headers, status, &format!("Bad Request ({})", self.problem))
            }
            _ => Response::answering(headers, status, status.reason()),
        })
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({:?})", self.problem)
    }
}

impl std::error::Error for ParseError {}

impl From<Problem> for ParseError {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            request_headers: None,
        }
    }
}

impl Message {
    /// Reads one datagram or WebSocket message (RFC 3261 §18.3): without Content-Length the body runs to the end, bytes past
    /// it are dropped, a body shorter than it is an error.
    pub fn parse(datagram: &[u8]) -> Result<Self, ParseError> {
        if datagram.len() > MESSAGE_MAX {
            return Err(Problem::TooLarge.into());
        }
        // Keep-alives are line ends, or the four zero bytes of older soft phones.
        if datagram
            .iter()
            .all(|byte| matches!(byte, b'\r' | b'\n' | 0))
        {
            return Err(Problem::Empty.into());
        }
        let datagram = skip_line_ends(datagram);
        let head = Head::scan(datagram)?;
        let body = &datagram[head.length..];
        let body = match head.content_length {
            Ok(Some(length)) if length <= body.len() => Ok(&body[..length]),
            Ok(Some(_)) => Err(Problem::Truncated),
            Ok(None) => Ok(body),
            Err(problem) => Err(problem),
        };
        head.into_message(datagram, body)
    }
}

/// Header lines and what follows their empty line: a part of a multipart body.
pub(crate) fn headers(part: &[u8]) -> Result<(Headers, &[u8]), ParseError> {
    let mut head = Head::empty();
    head.scan_lines(part);
    if let Some(problem) = head.problem {
        return Err(problem.into());
    }
    Ok((head.headers(part), &part[head.length..]))
}

/// The start line's parts, as ranges of the message.
#[derive(Clone, Copy)]
enum StartLine<'a> {
    Request { method: &'a str, uri: &'a str },
    Response { status: Status, reason: &'a [u8] },
    Bad { is_response: bool },
}

/// A scanned head. The first problem is kept, and scanning goes on.
struct Head<'a> {
    start: StartLine<'a>,
    lines: Vec<Line>,
    /// Bytes up to and including the empty line.
    length: usize,
    content_length: Result<Option<usize>, Problem>,
    problem: Option<Problem>,
}

impl<'a> Head<'a> {
    fn empty() -> Self {
        Self {
            start: StartLine::Bad { is_response: false },
            lines: Vec::new(),
            length: 0,
            content_length: Ok(None),
            problem: None,
        }
    }

    fn scan(message: &'a [u8]) -> Result<Self, ParseError> {
        if message.is_empty() {
            return Err(Problem::Empty.into());
        }
        let mut head = Self::empty();
        head.lines.reserve(24);
        let line_end = find_line_end(message, 0);
        head.scan_start_line(trim_line_end(&message[..line_end]));
        head.length = line_end;
        head.scan_lines(message);
        Ok(head)
    }

    fn fail(&mut self, problem: Problem) {
        self.problem.get_or_insert(problem);
    }

    fn scan_start_line(&mut self, line: &'a [u8]) {
        if line
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
        {
            match status_line(line) {
                Ok(start) => self.start = start,
                Err(problem) => {
                    self.start = StartLine::Bad { is_response: true };
                    self.fail(problem);
                }
            }
            return;
        }
        match request_line(line) {
            Ok(start) => self.start = start,
            Err(problem) => self.fail(problem),
        }
    }

    /// Reads header lines from `self.length` to the empty line or the end.
    fn scan_lines(&mut self, message: &[u8]) {
        let mut at = self.length;
        loop {
            let start = at;
            if start > HEAD_MAX {
                self.fail(Problem::TooLarge);
                break;
            }
            if start >= message.len() {
                // No empty line. A datagram ends here, so the head is whole all the same.
                break;
            }
            let mut end = find_line_end(message, at);
            if trim_line_end(&message[start..end]).is_empty() {
                at = end;
                break;
            }
            // RFC 3261 §7.3.1: a line that starts with whitespace continues the one before.
            while matches!(message.get(end), Some(b' ' | b'\t')) {
                end = find_line_end(message, end);
            }
            at = end;
            match header_line(message, start, end) {
                _ if self.lines.len() == HEADERS_MAX => self.fail(Problem::TooManyHeaders),
                Ok(line) => {
                    if line.code == HeaderName::ContentLength.code() {
                        self.note_content_length(
                            &message[line.value.0 as usize..line.value.1 as usize],
                        );
                    }
                    self.lines.push(line);
                }
                Err(problem) => self.fail(problem),
            }
        }
        self.length = at.min(message.len());
    }

    fn note_content_length(&mut self, value: &[u8]) {
        let parsed = std::str::from_utf8(value)
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or(Problem::ContentLength);
        self.content_length = match (self.content_length, parsed) {
            (Ok(None), parsed) => parsed.map(Some),
            (Ok(Some(before)), Ok(now)) if before == now => Ok(Some(now)),
            _ => Err(Problem::ContentLength),
        };
    }

    fn headers(&self, message: &[u8]) -> Headers {
        Headers::from_parts(message[..self.length].to_vec(), self.lines.clone())
    }

    fn into_message(
        mut self,
        message: &[u8],
        body: Result<&[u8], Problem>,
    ) -> Result<Message, ParseError> {
        let lines = std::mem::take(&mut self.lines);
        let headers = Headers::from_parts(message[..self.length].to_vec(), lines);
        let body = match (self.problem, body) {
            (None, Ok(body)) => body,
            (Some(problem), _) | (None, Err(problem)) => return Err(self.error(problem, headers)),
        };
        match self.start {
            StartLine::Request { method, uri } => match uri.parse() {
                Ok(uri) => {
                    let method = Method::from(method);
                    Ok(Message::Request(Request {
                        method,
                        uri,
                        headers,
                        body: body.to_vec(),
                    }))
                }
                Err(crate::uri::UriError(why)) => Err(self.error(Problem::StartLine(why), headers)),
            },
            StartLine::Response { status, reason } => {
                let reason = crate::header::scan::text(reason).into_owned();
                Ok(Message::Response(Response {
                    status,
                    reason,
                    headers,
                    body: body.to_vec(),
                }))
            }
            StartLine::Bad { .. } => unreachable!("a bad start line sets a problem"),
        }
    }

    fn error(&self, problem: Problem, headers: Headers) -> ParseError {
        let answerable = match self.start {
            StartLine::Request { method, .. } => method != "ACK",
            // A start line we could not read may have been an ACK's: CSeq tells.
            StartLine::Bad { is_response } => {
                !is_response
                    && headers
                        .text(HeaderName::CSeq)
                        .is_none_or(|cseq| !cseq.ends_with("ACK"))
            }
            StartLine::Response { .. } => false,
        };
        ParseError {
            problem,
            request_headers: answerable.then(|| Box::new(headers)),
        }
    }
}

fn request_line(line: &[u8]) -> Result<StartLine<'_>, Problem> {
    let line = std::str::from_utf8(line).map_err(|_| Problem::StartLine("not text"))?;
    // RFC 3261 §7.1: single spaces, nothing before, between or after them.
    let mut parts = line.split(' ');
    let (Some(method), Some(uri), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Problem::StartLine("not METHOD URI VERSION"));
    };
    if method.is_empty() || !method.bytes().all(is_token_byte) {
        return Err(Problem::StartLine("method is no token"));
    }
    check_version(version)?;
    if uri.len() > URI_LENGTH_MAX {
        return Err(Problem::UriTooLong);
    }
    Ok(StartLine::Request { method, uri })
}

fn status_line(line: &[u8]) -> Result<StartLine<'_>, Problem> {
    let mut parts = line.splitn(3, |&b| b == b' ');
    let version = parts
        .next()
        .and_then(|version| std::str::from_utf8(version).ok())
        .unwrap_or("");
    check_version(version)?;
    let code = parts.next().unwrap_or(b"");
    let status = match code {
        [b'1'..=b'6', b'0'..=b'9', b'0'..=b'9'] => Status::new(
            code.iter()
                .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')),
        ),
        _ => None,
    };
    let status = status.ok_or(Problem::StartLine("bad status code"))?;
    // Some peers leave out the space before an empty reason.
    Ok(StartLine::Response {
        status,
        reason: parts.next().unwrap_or(b""),
    })
}

fn check_version(version: &str) -> Result<(), Problem> {
    if version.eq_ignore_ascii_case("SIP/2.0") {
        return Ok(());
    }
    let numbers = version
        .get(..4)
        .filter(|name| name.eq_ignore_ascii_case("SIP/"))
        .and_then(|_| version[4..].split_once('.'));
    match numbers {
        Some((major, minor)) if is_number(major) && is_number(minor) => Err(Problem::Version),
        _ => Err(Problem::StartLine("no SIP version")),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads the header line at `message[start..end]`, its line end and folds included.
fn header_line(message: &[u8], start: usize, end: usize) -> Result<Line, Problem> {
    if end - start > HEADER_LENGTH_MAX {
        return Err(Problem::HeaderTooLong);
    }
    let line = &message[start..end];
    let name_length = line
        .iter()
        .position(|&b| !is_token_byte(b))
        .unwrap_or(line.len());
    // "Via :" is allowed, whatever RFC 7230 says of HTTP.
    let colon = name_length
        + line[name_length..]
            .iter()
            .position(|b| !matches!(b, b' ' | b'\t'))
            .unwrap_or(0);
    if name_length == 0 || line.get(colon) != Some(&b':') {
        return Err(Problem::HeaderLine);
    }
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let value = &line[colon + 1..];
    let value_start = colon
        + 1
        + value
            .iter()
            .position(|b| !is_space(b))
            .unwrap_or(value.len());
    let value_end = line
        .iter()
        .rposition(|b| !is_space(b))
        .map_or(value_start, |last| (last + 1).max(value_start));
    let line_end = start + trim_line_end(line).len();
    // A message is at most MESSAGE_MAX long, so every offset fits.
    let offset = |at: usize| (start + at) as u32;
    Ok(Line {
        code: code_of(&line[..name_length]),
        name_length: name_length as u16,
        start: start as u32,
        value: (offset(value_start), offset(value_end)),
        end: line_end as u32,
    })
}

/// The index after the next LF, or the end.
fn find_line_end(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = from;
    // Eight bytes at a time: a byte equal to LF becomes zero, and borrowing from it sets its high bit.
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("the slice is eight bytes"))
            ^ (ONES * b'\n' as u64);
        let found = word.wrapping_sub(ONES) & !word & HIGHS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8 + 1;
        }
        at += 8;
    }
    bytes[at..]
        .iter()
        .position(|&b| b == b'\n')
        .map_or(bytes.len(), |found| at + found + 1)
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// RFC 3261 §7.5: line ends before a start line are ignored.
fn skip_line_ends(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|b| !matches!(b, b'\r' | b'\n'))
        .unwrap_or(bytes.len());
    &bytes[start..]
}

/// What a stream holds next.
#[derive(Debug)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// A double CRLF between messages: the peer asks for one CRLF back (RFC 5626 §4.4.1).
    Ping,
    /// A message that cannot be used. Its end is known, so reading goes on; [`ParseError::reply`] may answer it.
    Bad(ParseError),
}

/// Cuts a byte stream into messages.
///
/// Feed what was read, then call [`Framer::poll`] until it returns `None`. It never holds more than one message and what was
/// last fed. After an error the stream is lost: answer if [`ParseError::reply`] can, then close the connection.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// How far `buffer` has been handed out.
    taken: usize,
    /// No empty line before here: a head that trickles in is not scanned from its start each time.
    scanned: usize,
    /// Length the buffer must reach before the current message is whole, once its head has told.
    wanted: usize,
    is_lost: bool,
}

impl Framer {
    /// An empty one.
    pub const fn new() -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            scanned: 0,
            wanted: 0,
            is_lost: false,
        }
    }

    /// Adds bytes that were read.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.is_lost {
            return;
        }
        self.buffer.drain(..self.taken);
        self.scanned = self.scanned.saturating_sub(self.taken);
        self.wanted = self.wanted.saturating_sub(self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// True when nothing is left over: the peer may close here without cutting a message.
    pub fn is_empty(&self) -> bool {
        self.taken == self.buffer.len()
    }

    /// True after an error: where the next message starts is unknown, and nothing more will come.
    pub fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The next message or keep-alive, `None` when more bytes are needed.
    pub fn poll(&mut self) -> Result<Option<Frame>, ParseError> {
        if self.is_lost || self.buffer.len() < self.wanted {
            return Ok(None);
        }
        let polled = self.cut();
        if polled.is_err() {
            self.is_lost = true;
            self.buffer = Vec::new();
            self.taken = 0;
        }
        polled
    }

    fn cut(&mut self) -> Result<Option<Frame>, ParseError> {
        const PING: &[u8] = b"\r\n\r\n";
        loop {
            let rest = &self.buffer[self.taken..];
            if rest.starts_with(PING) {
                self.taken += PING.len();
                return Ok(Some(Frame::Ping));
            }
            // What may become a ping is waited for. One line end at a time, so that cuts in the stream change nothing.
            if PING.starts_with(rest) {
                return Ok(None);
            }
            if !matches!(rest[0], b'\r' | b'\n') {
                break;
            }
            self.taken += 1;
        }
        let rest = &self.buffer[self.taken..];
        let Some(head_length) = head_end(rest, self.scanned.saturating_sub(self.taken)) else {
            if rest.len() > HEAD_MAX {
                return Err(Head::scan(rest).map_or_else(
                    |e| e,
                    |head| head.error(Problem::TooLarge, head.headers(rest)),
                ));
            }
            self.scanned = self.buffer.len();
            return Ok(None);
        };
        let head = Head::scan(&rest[..head_length])?;
        let length = match head.content_length {
            Ok(Some(length)) if length <= MESSAGE_MAX.saturating_sub(head_length) => length,
            Ok(Some(_)) => return Err(head.error(Problem::TooLarge, head.headers(rest))),
            Ok(None) => return Err(head.error(Problem::NoContentLength, head.headers(rest))),
            Err(problem) => return Err(head.error(problem, head.headers(rest))),
        };
        let Some(body) = rest.get(head_length..head_length + length) else {
            self.wanted = self.taken + head_length + length;
            return Ok(None);
        };
        let frame = match head.into_message(rest, Ok(body)) {
            Ok(message) => Frame::Message(message),
            Err(error) => Frame::Bad(error),
        };
        self.taken += head_length + length;
        Ok(Some(frame))
    }
}

/// The length of the head, its empty line included; bytes before `from` are known to hold no end.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    // The empty line may have begun in what was scanned before.
    let mut at = from.saturating_sub(3);
    loop {
        let line_end = find_line_end(bytes, at);
        if line_end == bytes.len() {
            return None;
        }
        match &bytes[line_end..] {
            [b'\n', ..] => return Some(line_end + 1),
            [b'\r', b'\n', ..] => return Some(line_end + 2),
            _ => at = line_end,
        }
    }
}
