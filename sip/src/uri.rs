//! URIs: sip and sips in full, tel, and any other scheme kept as it came.
//!
//! A [`Uri`] is its text plus the places where its parts start, so it prints as it was written. `==` compares text;
//! [`Uri::equivalent`] compares meaning (RFC 3261 §19.1.4).

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::header::scan::is_token_byte;
use crate::limits::{PARAMS_MAX, URI_LENGTH_MAX};

/// Why a text is no URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bad URI: {0}")]
pub struct UriError(pub &'static str);

/// What comes before the first colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966)
    Tel,
    /// Any other; see [`Uri::scheme_str`].
    Other,
}

/// A parsed URI.
#[derive(Clone)]
pub struct Uri {
    text: Box<str>,
    scheme: Scheme,
    /// Offsets into `text`: all at most [`URI_LENGTH_MAX`].
    scheme_end: u16,
    /// End of `user[:password]`, at the `@`; equal to `scheme_end` when there is none.
    userinfo_end: u16,
    /// Host, or a tel number, or an unknown scheme's opaque part.
    host: (u16, u16),
    port: Option<u16>,
    /// Start of the headers, at the `?`, or the end of the text. Parameters lie between the port and here.
    headers_at: u16,
    params_at: u16,
}

impl Uri {
    /// `sip:user@host:port`, the user escaped as needed. `None` if `host` is no host.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Result<Self, UriError> {
        let mut text = String::from("sip:");
        if let Some(user) = user {
            escape_user(&mut text, user);
            text.push('@');
        }
        text.push_str(host);
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        text.parse()
    }

    /// The whole URI.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The scheme as written.
    pub fn scheme_str(&self) -> &str {
        &self.text[..usize::from(self.scheme_end) - 1]
    }

    /// True for `sips:`: to be reached by TLS alone.
    pub fn is_sips(&self) -> bool {
        self.scheme == Scheme::Sips
    }

    /// True for `sip:` and `sips:`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part as written, without password.
    pub fn user(&self) -> Option<&str> {
        self.userinfo()
            .map(|info| info.split_once(':').map_or(info, |(user, _)| user))
    }

    /// The user part with escapes undone: what a person dialled.
    pub fn user_decoded(&self) -> Option<Cow<'_, str>> {
        self.user().map(unescape)
    }

    /// The password part as written. RFC 3261 §19.1.1 advises against its use.
    pub fn password(&self) -> Option<&str> {
        self.userinfo()
            .and_then(|info| info.split_once(':'))
            .map(|(_, password)| password)
    }

    /// The dialled number or user name, whatever the scheme: a tel number without its visual separators, or the decoded user.
    pub fn subscriber(&self) -> Option<Cow<'_, str>> {
        match self.scheme {
            Scheme::Sip | Scheme::Sips => self.user_decoded(),
            Scheme::Tel => Some(Cow::Owned(without_separators(self.host()))),
            Scheme::Other => None,
        }
    }

    /// Host as written (IPv6 keeps its brackets); of tel and unknown schemes what follows the colon.
    pub fn host(&self) -> &str {
        &self.text[usize::from(self.host.0)..usize::from(self.host.1)]
    }

    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        if self.is_sip() {
            host_ip(self.host())
        } else {
            None
        }
    }

    /// The port, when written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// A parameter's value as written; a flag reads as `""`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// True when the parameter is there.
    pub fn has_param(&self, name: &str) -> bool {
        self.param(name).is_some()
    }

    /// All parameters in order.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let text = &self.text[usize::from(self.params_at)..usize::from(self.headers_at)];
        pairs(text.strip_prefix(';'), ';')
    }

    /// The `?name=value` headers in order, as written.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        pairs(
            self.text[usize::from(self.headers_at)..].strip_prefix('?'),
            '&',
        )
    }

    /// True when there is any `?header`.
    pub fn has_headers(&self) -> bool {
        usize::from(self.headers_at) < self.text.len()
    }

    /// The same URI with a parameter set (in its place, or added last). `None` value: a flag.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<Self, UriError> {
        let mut text = self.text[..usize::from(self.params_at)].to_owned();
        for (n, v) in self
            .params()
            .filter(|(n, _)| !n.eq_ignore_ascii_case(name))
            .chain([(name, value)])
        {
            text.push(';');
            text.push_str(n);
            if let Some(v) = v {
                text.push('=');
                text.push_str(v);
            }
        }
        text.push_str(&self.text[usize::from(self.headers_at)..]);
        text.parse()
    }

    /// The same URI without parameters and headers: an address of record.
    pub fn without_params(&self) -> Self {
        let text: Box<str> = self.text[..usize::from(self.params_at)].into();
        Self {
            headers_at: self.params_at,
            text,
            ..*self
        }
    }

    /// The same URI without `?headers`, as a Request-URI must be (RFC 3261 §19.1.1).
    pub fn without_headers(&self) -> Self {
        let text: Box<str> = self.text[..usize::from(self.headers_at)].into();
        Self { text, ..*self }
    }

    /// RFC 3261 §19.1.4 for sip and sips, RFC 3966 §4 for tel; unknown schemes compare by text.
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self.scheme, other.scheme) {
            (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => self.equivalent_sip(other),
            (Scheme::Tel, Scheme::Tel) => self.equivalent_tel(other),
            (Scheme::Other, Scheme::Other) => {
                self.scheme_str().eq_ignore_ascii_case(other.scheme_str())
                    && self.host() == other.host()
            }
            _ => false,
        }
    }

    fn equivalent_sip(&self, other: &Self) -> bool {
        let userinfo = match (self.userinfo(), other.userinfo()) {
            (Some(a), Some(b)) => same_unescaped(a, b, false),
            (None, None) => true,
            _ => false,
        };
        let host = match (self.ip(), other.ip()) {
            (Some(a), Some(b)) => a == b,
            _ => self.host().eq_ignore_ascii_case(other.host()),
        };
        let param_matches = |a: &Self, b: &Self| {
            a.params().all(|(name, value)| match b.param(name) {
                Some(theirs) => same_unescaped(value.unwrap_or(""), theirs, true),
                // These four never match when only one side has them; transport too, by the section's examples.
                None => !["user", "ttl", "method", "maddr", "transport"]
                    .iter()
                    .any(|k| name.eq_ignore_ascii_case(k)),
            })
        };
        let headers_match = |a: &Self, b: &Self| {
            a.headers().all(|(name, value)| {
                b.headers().any(|(n, v)| {
                    n.eq_ignore_ascii_case(name)
                        && same_unescaped(value.unwrap_or(""), v.unwrap_or(""), false)
                })
            })
        };
        userinfo
            && host
            && self.port == other.port
            && param_matches(self, other)
            && param_matches(other, self)
            && headers_match(self, other)
            && headers_match(other, self)
    }

    fn equivalent_tel(&self, other: &Self) -> bool {
        let number = |uri: &Self| without_separators(uri.host()).to_ascii_lowercase();
        let covered = |a: &Self, b: &Self| {
            a.params().all(|(name, value)| {
                b.param(name)
                    .is_some_and(|theirs| same_unescaped(value.unwrap_or(""), theirs, true))
            })
        };
        number(self) == number(other) && covered(self, other) && covered(other, self)
    }

    fn userinfo(&self) -> Option<&str> {
        // An empty user before the "@" is refused by the parser, so equal offsets mean no "@".
        (self.userinfo_end > self.scheme_end)
            .then(|| &self.text[usize::from(self.scheme_end)..usize::from(self.userinfo_end)])
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.len() > URI_LENGTH_MAX {
            return Err(UriError("too long"));
        }
        let colon = text.find(':').ok_or(UriError("no scheme"))?;
        let name = &text[..colon];
        let mut letters = name.bytes();
        if !letters.next().is_some_and(|b| b.is_ascii_alphabetic())
            || !letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return Err(UriError("bad scheme"));
        }
        let scheme = if name.eq_ignore_ascii_case("sip") {
            Scheme::Sip
        } else if name.eq_ignore_ascii_case("sips") {
            Scheme::Sips
        } else if name.eq_ignore_ascii_case("tel") {
            Scheme::Tel
        } else {
            Scheme::Other
        };
        let start = colon + 1;
        let marks = Marks::find(text.as_bytes(), start)?;
        match scheme {
            Scheme::Sip | Scheme::Sips => parse_sip(text, scheme, start, marks),
            Scheme::Tel => parse_tel(text, start, marks),
            Scheme::Other if start == text.len() => Err(UriError("nothing after the scheme")),
            Scheme::Other => Ok(assemble(
                text,
                Scheme::Other,
                start,
                start,
                (start, text.len()),
                None,
                text.len(),
                text.len(),
            )),
        }
    }
}

/// All offsets fit: the text is at most [`URI_LENGTH_MAX`] long.
fn assemble(
    text: &str,
    scheme: Scheme,
    scheme_end: usize,
    userinfo_end: usize,
    host: (usize, usize),
    port: Option<u16>,
    params_at: usize,
    headers_at: usize,
) -> Uri {
    let offset = |at: usize| u16::try_from(at).expect("URI_LENGTH_MAX is below 64 KiB");
    Uri {
        text: text.into(),
        scheme,
        scheme_end: offset(scheme_end),
        userinfo_end: offset(userinfo_end),
        host: (offset(host.0), offset(host.1)),
        port,
        params_at: offset(params_at),
        headers_at: offset(headers_at),
    }
}

/// Where the delimiters of a URI are, found in the one pass that also checks its characters.
#[derive(Clone, Copy)]
struct Marks {
    /// The only "@". It is escaped everywhere but after the user part, which may itself hold ";", "?" and "/".
    at: Option<usize>,
    /// First ";" and first "?" after the "@", or the end.
    params: usize,
    headers: usize,
}

impl Marks {
    /// No whitespace, controls or brackets anywhere, and every `%` followed by two hex digits. Bytes above ASCII are let
    /// through: some phones put UTF-8 user names in the clear.
    fn find(bytes: &[u8], start: usize) -> Result<Self, UriError> {
        let end = bytes.len();
        let mut marks = Self {
            at: None,
            params: end,
            headers: end,
        };
        for (index, &byte) in bytes.iter().enumerate().skip(start) {
            if is_token_byte(byte) && byte != b'%' {
                continue;
            }
            match byte {
                0..=b' ' | 0x7f | b'<' | b'>' | b'"' => {
                    return Err(UriError("character that must be escaped"));
                }
                b'%' if !bytes
                    .get(index + 1..index + 3)
                    .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
                {
                    return Err(UriError("bad escape"));
                }
                b'@' if marks.at.is_some() => return Err(UriError("second @")),
                b'@' => {
                    marks = Self {
                        at: Some(index),
                        params: end,
                        headers: end,
                    }
                }
                b';' => marks.params = marks.params.min(index),
                b'?' => marks.headers = marks.headers.min(index),
                _ => {}
            }
        }
        marks.params = marks.params.min(marks.headers);
        Ok(marks)
    }
}

fn parse_sip(text: &str, scheme: Scheme, start: usize, marks: Marks) -> Result<Uri, UriError> {
    let Marks {
        at,
        params,
        headers,
    } = marks;
    let host_at = match at {
        Some(at) if at == start || text.as_bytes()[start] == b':' => {
            return Err(UriError("empty user"));
        }
        Some(at) => at + 1,
        None => start,
    };
    let (host, port) = split_host_port(&text[host_at..params])?;
    check_params(&text[params..headers])?;
    let host_range = (host_at, host_at + host.len());
    Ok(assemble(
        text,
        scheme,
        start,
        at.unwrap_or(start),
        host_range,
        port,
        params,
        headers,
    ))
}

fn parse_tel(text: &str, start: usize, marks: Marks) -> Result<Uri, UriError> {
    let params_at = marks.params;
    let number = &text[start..params_at];
    let digits = number.strip_prefix('+').unwrap_or(number);
    let allowed =
        |b: u8| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#' | b'-' | b'.' | b'(' | b')');
    if !digits.bytes().all(allowed)
        || !digits
            .bytes()
            .any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'))
    {
        return Err(UriError("bad telephone number"));
    }
    check_params(&text[params_at..])?;
    Ok(assemble(
        text,
        Scheme::Tel,
        start,
        start,
        (start, params_at),
        None,
        params_at,
        text.len(),
    ))
}

fn check_params(text: &str) -> Result<(), UriError> {
    if text.is_empty() {
        return Ok(());
    }
    let text = text
        .strip_prefix(';')
        .ok_or(UriError("headers where there can be none"))?;
    let mut count = 1;
    let mut before = b';';
    for byte in text.bytes() {
        match byte {
            b';' | b'=' if before == b';' => return Err(UriError("parameter without a name")),
            b';' => count += 1,
            _ => {}
        }
        before = byte;
    }
    if before == b';' {
        return Err(UriError("parameter without a name"));
    }
    if count > PARAMS_MAX {
        return Err(UriError("too many parameters"));
    }
    Ok(())
}

/// Cuts `host[:port]`; an IPv6 address must be in brackets (RFC 3261 §25.1, RFC 5118 §4.2).
pub(crate) fn split_host_port(text: &str) -> Result<(&str, Option<u16>), UriError> {
    let (host, port) = if text.starts_with('[') {
        let end = text
            .find(']')
            .ok_or(UriError("IPv6 reference is not closed"))?;
        let host = &text[..=end];
        if host_ip(host).is_none() {
            return Err(UriError("bad IPv6 reference"));
        }
        match text[end + 1..].trim_start_matches([' ', '\t']) {
            "" => (host, None),
            rest => (
                host,
                Some(
                    rest.strip_prefix(':')
                        .ok_or(UriError("text after the IPv6 reference"))?,
                ),
            ),
        }
    } else {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host.trim_end_matches([' ', '\t']), Some(port)),
            None => (text, None),
        };
        // "_" is no host name character, but names of private zones and containers hold it.
        if host.is_empty()
            || !host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        {
            return Err(UriError("bad host"));
        }
        (host, port)
    };
    let port = match port.map(|port| port.trim_matches([' ', '\t'])) {
        None => None,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| UriError("port out of range"))?)
        }
        Some(_) => return Err(UriError("bad port")),
    };
    Ok((host, port))
}

/// An address with or without brackets.
pub(crate) fn host_ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(inner) => inner
            .strip_suffix(']')?
            .parse::<Ipv6Addr>()
            .ok()
            .map(IpAddr::V6),
        None => host
            .parse::<Ipv4Addr>()
            .map(IpAddr::V4)
            .or_else(|_| host.parse::<Ipv6Addr>().map(IpAddr::V6))
            .ok(),
    }
}

/// How an address stands in a URI, a Via or a Contact.
pub fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// Undoes `%xx`. Bytes that are no UTF-8 afterwards become U+FFFD.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(String::from_utf8_lossy(&unescaped_bytes(text).collect::<Vec<_>>()).into_owned())
}

fn unescaped_bytes(text: &str) -> impl Iterator<Item = u8> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (&first, tail) = rest.split_first()?;
        if first == b'%'
            && let [high, low, ..] = tail
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = &tail[2..];
            return Some(high << 4 | low);
        }
        rest = tail;
        Some(first)
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Equal once escapes are undone. An escaped delimiter is not the delimiter: `%3B` differs from `;` (§19.1.4).
fn same_unescaped(a: &str, b: &str, ignore_case: bool) -> bool {
    let fold = |byte: u8| {
        if ignore_case {
            byte.to_ascii_lowercase()
        } else {
            byte
        }
    };
    units(a)
        .map(|(byte, kept)| (fold(byte), kept))
        .eq(units(b).map(|(byte, kept)| (fold(byte), kept)))
}

/// Bytes with a mark on those that were escaped delimiters.
fn units(text: &str) -> impl Iterator<Item = (u8, bool)> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (&first, tail) = rest.split_first()?;
        if first == b'%'
            && let [high, low, ..] = tail
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = &tail[2..];
            let byte = high << 4 | low;
            return Some((byte, b";/?:@&=+$,%".contains(&byte)));
        }
        rest = tail;
        Some((first, false))
    })
}

fn escape_user(out: &mut String, user: &str) {
    use fmt::Write as _;
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
}

fn without_separators(number: &str) -> String {
    number
        .chars()
        .filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
        .collect()
}

fn pairs(text: Option<&str>, separator: char) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.into_iter()
        .flat_map(move |text| text.split(separator))
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        })
}

impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Uri {}

impl std::hash::Hash for Uri {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Uri {
    /// What a log may show: of a telephone number or user only both ends.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (person, place) = match self.scheme {
            Scheme::Sip | Scheme::Sips => (self.user(), self.host()),
            Scheme::Tel | Scheme::Other => (Some(self.host()), ""),
        };
        write!(f, "{}:", self.scheme_str())?;
        if let Some(person) = person {
            let mut ends = person.chars();
            let (first, last) = (ends.next().unwrap_or('…'), ends.next_back().unwrap_or('…'));
            write!(
                f,
                "{first}…{last}{}",
                if place.is_empty() { "" } else { "@" }
            )?;
        }
        f.write_str(place)
    }
}
