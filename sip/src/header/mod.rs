//! Header lines and their typed values.
//!
//! [`Headers`] keeps every line as it came on the wire in one buffer and prints it so. Reading gives types, writing takes
//! anything that prints:
//!
//! ```
//! use hotline_sip::header::{Headers, HeaderName, CSeq};
//! use hotline_sip::message::Method;
//! let mut headers = Headers::new();
//! headers.push(HeaderName::CSeq, CSeq { seq: 1, method: Method::Invite });
//! headers.push(HeaderName::Supported, "timer, 100rel");
//! assert_eq!(headers.cseq()?.seq, 1);
//! assert!(headers.has_token(HeaderName::Supported, "timer"));
//! # Ok::<(), hotline_sip::header::HeaderError>(())
//! ```

mod auth;
mod name;
mod name_addr;
mod params;
pub(crate) mod scan;
mod values;
mod via;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;

pub use auth::{Challenge, Credentials};
pub use name::HeaderName;
pub(crate) use name::code_of;
pub use name_addr::NameAddr;
pub use params::Params;
pub use values::{
    CSeq, Contacts, ContentType, Event, RAck, Reason, Refresher, Replaces, RetryAfter,
    SessionExpires, SipDate, SubscriptionState,
};
pub use via::{MAGIC_COOKIE, Transport, Via};

use crate::limits::{HEADER_LENGTH_MAX, LIST_MAX};

/// Why a header's text is not what its type wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// A header that should be there and readable, and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// There is none.
    #[error("no {0} header")]
    Missing(&'static str),
    /// There are several where only one may be.
    #[error("more than one {0} header")]
    Repeated(&'static str),
    /// It cannot be read.
    #[error("bad {0} header: {1}")]
    Malformed(&'static str, &'static str),
}

/// The header lines of one message, in order.
#[derive(Clone, Default)]
pub struct Headers {
    /// All lines, parsed and written, back to back. A removed line stays here until the message goes.
    arena: Vec<u8>,
    lines: Vec<Line>,
}

/// One header line: offsets into the arena.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) code: u8,
    pub(crate) name_length: u16,
    pub(crate) start: u32,
    /// The value without the whitespace round it; folds inside are kept.
    pub(crate) value: (u32, u32),
    /// End of the line, its line end left out.
    pub(crate) end: u32,
}

/// One header line as the caller sees it.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a str,
    /// The value as written, trimmed; folds are kept.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// The value as text: unfolded; Latin-1 if it is not UTF-8.
    pub fn text(&self) -> Cow<'a, str> {
        scan::text(self.value)
    }
}

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Self {
            arena: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn from_parts(arena: Vec<u8>, lines: Vec<Line>) -> Self {
        Self { arena, lines }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True when there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Every line in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        self.lines.iter().map(|line| self.field(line))
    }

    /// The lines of one name in order.
    pub fn all(&self, name: HeaderName<'_>) -> impl Iterator<Item = Field<'_>> {
        self.matching(name).map(|line| self.field(line))
    }

    /// The first line's value.
    pub fn value(&self, name: HeaderName<'_>) -> Option<&[u8]> {
        self.all(name).next().map(|field| field.value)
    }

    /// The first line's value as text: unfolded; Latin-1 if it is not UTF-8.
    pub fn text(&self, name: HeaderName<'_>) -> Option<Cow<'_, str>> {
        self.value(name).map(scan::text)
    }

    /// True when there is such a line.
    pub fn contains(&self, name: HeaderName<'_>) -> bool {
        self.value(name).is_some()
    }

    /// Number of lines of that name.
    pub fn count(&self, name: HeaderName<'_>) -> usize {
        self.all(name).count()
    }

    /// The elements of all lines of that name, commas cut.
    pub fn elements(&self, name: HeaderName<'_>) -> Vec<String> {
        let mut out = Vec::new();
        for field in self.all(name) {
            let text = field.text();
            out.extend(
                scan::split_list(&text)
                    .filter(|e| !e.is_empty())
                    .take(LIST_MAX - out.len())
                    .map(str::to_owned),
            );
        }
        out
    }

    /// True when a list header (Supported, Require, Allow, …) holds that token, whatever its case.
    pub fn has_token(&self, name: HeaderName<'_>, token: &str) -> bool {
        self.all(name).any(|field| {
            scan::split_list(&field.text()).any(|element| element.eq_ignore_ascii_case(token))
        })
    }

    /// The value of a header that may stand at most once.
    pub fn one<T: FromStr<Err = Malformed>>(
        &self,
        name: HeaderName<'_>,
    ) -> Result<Option<T>, HeaderError> {
        let label = label(name);
        let mut lines = self.all(name);
        let Some(first) = lines.next() else {
            return Ok(None);
        };
        if lines.next().is_some() {
            return Err(HeaderError::Repeated(label));
        }
        first
            .text()
            .parse()
            .map(Some)
            .map_err(|Malformed(why)| HeaderError::Malformed(label, why))
    }

    /// The elements of a comma-separated header over all its lines.
    pub fn list<T: FromStr<Err = Malformed>>(
        &self,
        name: HeaderName<'_>,
    ) -> Result<Vec<T>, HeaderError> {
        let label = label(name);
        let mut out = Vec::new();
        for field in self.all(name) {
            let text = field.text();
            for element in scan::split_list(&text) {
                if out.len() == LIST_MAX {
                    return Err(HeaderError::Malformed(label, "too many elements"));
                }
                out.push(
                    element
                        .parse()
                        .map_err(|Malformed(why)| HeaderError::Malformed(label, why))?,
                );
            }
        }
        Ok(out)
    }

    /// The first element of a comma-separated header.
    pub fn first<T: FromStr<Err = Malformed>>(
        &self,
        name: HeaderName<'_>,
    ) -> Result<Option<T>, HeaderError> {
        let Some(field) = self.all(name).next() else {
            return Ok(None);
        };
        let text = field.text();
        let element = scan::split_list(&text).next().unwrap_or("");
        element
            .parse()
            .map(Some)
            .map_err(|Malformed(why)| HeaderError::Malformed(label(name), why))
    }

    /// The topmost Via.
    pub fn via(&self) -> Result<Via, HeaderError> {
        self.first(HeaderName::Via)?
            .ok_or(HeaderError::Missing("Via"))
    }

    /// All Vias, topmost first.
    pub fn vias(&self) -> Result<Vec<Via>, HeaderError> {
        self.list(HeaderName::Via)
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.one(HeaderName::From)?
            .ok_or(HeaderError::Missing("From"))
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.one(HeaderName::To)?.ok_or(HeaderError::Missing("To"))
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<&str, HeaderError> {
        let mut lines = self.all(HeaderName::CallId);
        let first = lines.next().ok_or(HeaderError::Missing("Call-ID"))?;
        if lines.next().is_some() {
            return Err(HeaderError::Repeated("Call-ID"));
        }
        let text = std::str::from_utf8(first.value)
            .map_err(|_| HeaderError::Malformed("Call-ID", "not text"))?;
        if text.is_empty() || text.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return Err(HeaderError::Malformed("Call-ID", "not one word"));
        }
        Ok(text)
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        self.one(HeaderName::CSeq)?
            .ok_or(HeaderError::Missing("CSeq"))
    }

    /// All Contacts, or the `*` of a REGISTER.
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        let starred = self
            .all(HeaderName::Contact)
            .any(|field| field.value == b"*");
        match (starred, self.count(HeaderName::Contact)) {
            (true, 1) => Ok(Contacts::Star),
            (true, _) => Err(HeaderError::Malformed("Contact", "* beside other contacts")),
            (false, _) => self.list(HeaderName::Contact).map(Contacts::List),
        }
    }

    /// The first Contact: the remote target of a dialog.
    pub fn contact(&self) -> Result<Option<NameAddr>, HeaderError> {
        self.first(HeaderName::Contact)
    }

    /// The Route set in order.
    pub fn routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.list(HeaderName::Route)
    }

    /// The Record-Route set in order.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.list(HeaderName::RecordRoute)
    }

    /// Max-Forwards, 0 to 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        match self.one::<values::Number>(HeaderName::MaxForwards)? {
            None => Ok(None),
            Some(values::Number(hops)) => {
                let hops = u8::try_from(hops)
                    .map_err(|_| HeaderError::Malformed("Max-Forwards", "above 255"))?;
                Ok(Some(hops))
            }
        }
    }

    /// Expires, in seconds. RFC 3261 §20.19: one that cannot be read counts as 3600.
    pub fn expires(&self) -> Result<Option<u32>, HeaderError> {
        Ok(self
            .one::<values::Seconds>(HeaderName::Expires)?
            .map(|seconds| seconds.0))
    }

    /// Min-Expires, in seconds.
    pub fn min_expires(&self) -> Result<Option<u32>, HeaderError> {
        Ok(self
            .one::<values::Seconds>(HeaderName::MinExpires)?
            .map(|seconds| seconds.0))
    }

    /// Min-SE, in seconds; its parameters are ignored.
    pub fn min_se(&self) -> Result<Option<u32>, HeaderError> {
        Ok(self
            .one::<values::Seconds>(HeaderName::MinSe)?
            .map(|seconds| seconds.0))
    }

    /// RSeq.
    pub fn rseq(&self) -> Result<Option<u32>, HeaderError> {
        Ok(self
            .one::<values::Number>(HeaderName::RSeq)?
            .map(|number| number.0))
    }

    /// Content-Type.
    pub fn content_type(&self) -> Result<Option<ContentType>, HeaderError> {
        self.one(HeaderName::ContentType)
    }

    /// What Authorization or Proxy-Authorization hold, one a line. An unreadable line proves nothing and is left out.
    pub fn credentials(&self, name: HeaderName<'_>) -> Vec<Credentials> {
        self.each_line(name)
    }

    /// What WWW-Authenticate or Proxy-Authenticate ask, one a line. An unreadable line is left out.
    pub fn challenges(&self, name: HeaderName<'_>) -> Vec<Challenge> {
        self.each_line(name)
    }

    fn each_line<T: FromStr>(&self, name: HeaderName<'_>) -> Vec<T> {
        self.all(name)
            .filter_map(|field| field.text().parse().ok())
            .collect()
    }

    /// Adds a line at the end.
    ///
    /// A line break inside the value becomes a space: what one side of a call wrote can never add a header on the other.
    pub fn push(&mut self, name: HeaderName<'_>, value: impl fmt::Display) {
        let line = self.write_line(name, value);
        self.lines.push(line);
    }

    /// Adds a line above all others.
    pub fn push_front(&mut self, name: HeaderName<'_>, value: impl fmt::Display) {
        let line = self.write_line(name, value);
        self.lines.insert(0, line);
    }

    /// Makes this the only line of that name, in the place of the first one.
    pub fn set(&mut self, name: HeaderName<'_>, value: impl fmt::Display) {
        let line = self.write_line(name, value);
        match self.position(name) {
            None => self.lines.push(line),
            Some(at) => {
                self.lines[at] = line;
                let mut index = 0;
                let (arena, wanted) = (&self.arena, Wanted::new(name));
                self.lines.retain(|line| {
                    index += 1;
                    index - 1 <= at || !wanted.is(arena, line)
                });
            }
        }
    }

    /// Replaces the first element of a comma-separated header, leaving the rest of its line; adds the line if there is none.
    pub fn set_first(&mut self, name: HeaderName<'_>, value: impl fmt::Display) {
        let Some(at) = self.position(name) else {
            return self.push(name, value);
        };
        let text = self.field(&self.lines[at]).text().into_owned();
        let first = scan::split_list(&text).next().map_or(0, |element| {
            let start = text.len() - text.trim_start_matches([' ', '\t']).len();
            start + element.len()
        });
        let line = self.write_line(name, format_args!("{value}{}", &text[first..]));
        self.lines[at] = line;
    }

    /// Removes every line of that name.
    pub fn remove(&mut self, name: HeaderName<'_>) {
        let (arena, wanted) = (&self.arena, Wanted::new(name));
        self.lines.retain(|line| !wanted.is(arena, line));
    }

    /// Adds the lines of that name from another message, as they are.
    pub fn copy(&mut self, from: &Self, name: HeaderName<'_>) {
        for line in from.matching(name) {
            let shift = self.arena.len() as u32;
            self.arena
                .extend_from_slice(&from.arena[line.start as usize..line.end as usize]);
            let moved = |at: u32| at - line.start + shift;
            self.lines.push(Line {
                start: shift,
                value: (moved(line.value.0), moved(line.value.1)),
                end: moved(line.end),
                ..*line
            });
        }
    }

    /// Writes all lines as they go on the wire, without the empty line after them.
    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        for line in &self.lines {
            out.extend_from_slice(&self.arena[line.start as usize..line.end as usize]);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Bytes [`Headers::print`] will write, or a little more.
    pub(crate) fn printed_length(&self) -> usize {
        self.lines
            .iter()
            .map(|line| (line.end - line.start) as usize + 2)
            .sum()
    }

    fn field(&self, line: &Line) -> Field<'_> {
        Field {
            name: self.name(line),
            value: &self.arena[line.value.0 as usize..line.value.1 as usize],
        }
    }

    fn name(&self, line: &Line) -> &str {
        name_of(&self.arena, line)
    }

    fn matching(&self, name: HeaderName<'_>) -> impl Iterator<Item = &Line> {
        let wanted = Wanted::new(name);
        self.lines
            .iter()
            .filter(move |line| wanted.is(&self.arena, line))
    }

    fn position(&self, name: HeaderName<'_>) -> Option<usize> {
        let wanted = Wanted::new(name);
        self.lines
            .iter()
            .position(|line| wanted.is(&self.arena, line))
    }

    fn write_line(&mut self, name: HeaderName<'_>, value: impl fmt::Display) -> Line {
        // The name of an unknown header comes from our own code or from a parsed line; either way keep it one token.
        let mut out = LineWriter {
            arena: &mut self.arena,
        };
        let start = out.arena.len();
        write!(out, "{name}").expect("writing to a buffer cannot fail");
        let name_length = out.arena.len() - start;
        out.arena.extend_from_slice(b": ");
        let value_start = out.arena.len();
        write!(out, "{value}").expect("writing to a buffer cannot fail");
        let end = out.arena.len();
        let offset = |at: usize| u32::try_from(at).expect("a message's headers stay below 4 GiB");
        Line {
            code: Wanted::new(name).code,
            name_length: u16::try_from(name_length).expect("header names are short"),
            start: offset(start),
            value: (offset(value_start), offset(end)),
            end: offset(end),
        }
    }
}

/// Lines end only where we end them.
struct LineWriter<'a> {
    arena: &'a mut Vec<u8>,
}

impl fmt::Write for LineWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.arena.extend(text.bytes().map(|byte| {
            if matches!(byte, b'\r' | b'\n') {
                b' '
            } else {
                byte
            }
        }));
        Ok(())
    }
}

fn name_of<'a>(arena: &'a [u8], line: &Line) -> &'a str {
    let start = line.start as usize;
    std::str::from_utf8(&arena[start..start + usize::from(line.name_length)])
        .expect("header names are tokens")
}

/// A name made ready to be looked for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    code: u8,
    /// Only looked at for names we do not know.
    text: &'a str,
}

impl<'a> Wanted<'a> {
    fn new(name: HeaderName<'a>) -> Self {
        match name {
            HeaderName::Other(text) => Self {
                code: code_of(text.as_bytes()),
                text,
            },
            known => Self {
                code: known.code(),
                text: "",
            },
        }
    }

    fn is(self, arena: &[u8], line: &Line) -> bool {
        line.code == self.code
            && (self.code != 0 || name_of(arena, line).eq_ignore_ascii_case(self.text))
    }
}

/// A name for error messages, which outlive the message.
fn label(name: HeaderName<'_>) -> &'static str {
    match HeaderName::of(name.code(), "") {
        HeaderName::Other(_) => "extension",
        known => known.as_str(),
    }
}

impl fmt::Debug for Headers {
    /// Names only: values hold telephone numbers and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|field| field.name))
            .finish()
    }
}

const _: () = assert!(
    HEADER_LENGTH_MAX < u16::MAX as usize,
    "name lengths are u16"
);
