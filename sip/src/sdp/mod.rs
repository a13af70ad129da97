//! Session descriptions (RFC 8866): what an offer or answer needs is typed, every other line is kept and printed in its place.
//! Who may send what, and with which codec, is worked out in [`make_offer`], [`answer`] and [`accept_answer`].

mod codec;
mod negotiate;
mod security;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

pub use codec::{Codec, Format, OpusWishes};
pub use negotiate::{
    Answer, Events, Local, Negotiated, NegotiationError, PayloadType, Rtcp, accept_answer, answer,
    make_offer,
};
pub use security::{Dtls, Fingerprint, IceCredentials, Protection, Security, SrtpKey, Suite};

use crate::header::scan;
use crate::limits::{SDP_CANDIDATES_MAX, SDP_FORMATS_MAX, SDP_LINES_MAX, SDP_MAX, SDP_MEDIA_MAX};

/// Media type of a session description in a message body.
pub const CONTENT_TYPE: &str = "application/sdp";

/// Why a text is no session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// More bytes, lines, media or formats than [`crate::limits`] allows.
    #[error("session description too large")]
    TooLarge,
    /// More ICE candidates than an honest peer has addresses.
    #[error("more than {SDP_CANDIDATES_MAX} ICE candidates")]
    TooManyCandidates,
    /// A line that cannot be read; lines count from one.
    #[error("bad session description, line {line}: {why}")]
    Line {
        /// Which line.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// `o=`
    pub origin: Origin,
    /// `s=`
    pub name: String,
    /// `c=` for every media that has none of its own.
    pub connection: Option<Connection>,
    /// Session-level `a=` lines in order.
    pub attributes: Vec<Attribute>,
    /// Session-level lines not read here (`i u e p b t r z k`), in order.
    pub other: Vec<OtherLine>,
    /// `m=` sections in order.
    pub media: Vec<Media>,
}

/// `o=`: who made this description, and which edition it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// User name, `-` when there is none.
    pub username: String,
    /// Number of the session.
    pub session_id: u64,
    /// Edition; grows with every change (RFC 3264 §8).
    pub version: u64,
    /// Address of the maker. It says nothing about where media goes.
    pub address: Connection,
}

/// An address in `c=` or `o=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// An IPv4 or IPv6 address; a multicast time-to-live is dropped.
    Ip(IpAddr),
    /// A host name.
    Name {
        /// `IP4` or `IP6`.
        kind: String,
        /// The name.
        host: String,
    },
}

/// One `a=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, before the colon.
    pub name: String,
    /// The value, after the colon.
    pub value: Option<String>,
}

/// A line kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherLine {
    /// The letter before the `=`.
    pub kind: char,
    /// What follows it.
    pub value: String,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, …
    pub kind: String,
    /// Port; 0 refuses or ends the stream.
    pub port: u16,
    /// Number of ports (`49170/2`), nearly always 1.
    pub port_count: u16,
    /// `RTP/AVP`, `UDP/TLS/RTP/SAVPF`, …
    pub protocol: String,
    /// Formats: payload types for RTP.
    pub formats: Vec<String>,
    /// `c=` of this media.
    pub connection: Option<Connection>,
    /// `a=` lines in order.
    pub attributes: Vec<Attribute>,
    /// Lines not read here (`i b k`), in order.
    pub other: Vec<OtherLine>,
}

/// The families of RTP profiles (RFC 3551, RFC 3711, RFC 5764), with feedback or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `RTP/AVP`
    Plain,
    /// `RTP/SAVP`: SRTP with keys from `a=crypto`.
    Sdes,
    /// `UDP/TLS/RTP/SAVP`: SRTP with keys from DTLS.
    Dtls,
}

/// Which way media flows, seen by whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// Only out: the other side is on hold.
    SendOnly,
    /// Only in.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    fn new(send: bool, receive: bool) -> Self {
        match (send, receive) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// May the writer send?
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// May the writer receive?
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream seen from the other end.
    pub fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self::new(
            self.sends() && other.sends(),
            self.receives() && other.receives(),
        )
    }

    /// As an attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn among(attributes: &[Attribute]) -> Option<Self> {
        let all = [
            Self::SendRecv,
            Self::SendOnly,
            Self::RecvOnly,
            Self::Inactive,
        ];
        attributes.iter().find_map(|attribute| {
            all.into_iter()
                .find(|direction| direction.as_str() == attribute.name)
        })
    }
}

impl Attribute {
    /// `a=name:value`
    pub fn new(name: &str, value: impl fmt::Display) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.to_string()),
        }
    }

    /// `a=name`
    pub fn flag(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
        }
    }
}

/// The value of the first attribute of that name; a flag reads as `""`.
fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|a| a.name == name)
        .map(|a| a.value.as_deref().unwrap_or(""))
}

impl SessionDescription {
    /// Reads a message body.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > SDP_MAX {
            return Err(SdpError::TooLarge);
        }
        Reader::default().read(body)
    }

    /// A session-level attribute's value; a flag reads as `""`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, name)
    }

    /// The direction a media section states: its own, or the session's, or both ways (RFC 8866 §6.7).
    ///
    /// `c=0.0.0.0` is the old way to hold (RFC 2543 §B.5): nothing may be sent there, whatever the attribute says.
    pub fn direction(&self, media: &Media) -> Direction {
        let stated = Direction::among(&media.attributes)
            .or_else(|| Direction::among(&self.attributes))
            .unwrap_or(Direction::SendRecv);
        match self.connection_of(media) {
            // Where ICE finds the way, `c=` says nothing: a browser that hides its address writes 0.0.0.0.
            _ if media.audio_profile() == Some(Profile::Dtls) => stated,
            Some(Connection::Ip(ip)) if ip.is_unspecified() => stated.and(Direction::SendOnly),
            _ => stated,
        }
    }

    /// The `c=` that holds for a media section.
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// Where RTP of a media section goes; `None` when `c=` is absent or a name.
    pub fn rtp_address(&self, media: &Media) -> Option<SocketAddr> {
        match self.connection_of(media)? {
            Connection::Ip(ip) => Some(SocketAddr::new(*ip, media.port)),
            Connection::Name { .. } => None,
        }
    }
}

impl Media {
    /// An attribute's value; a flag reads as `""`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.attributes, name)
    }

    /// What carries it, if it is audio over RTP.
    pub fn audio_profile(&self) -> Option<Profile> {
        (self.kind == "audio").then_some(())?;
        match self.protocol.as_str() {
            "RTP/AVP" | "RTP/AVPF" => Some(Profile::Plain),
            "RTP/SAVP" | "RTP/SAVPF" => Some(Profile::Sdes),
            "UDP/TLS/RTP/SAVP" | "UDP/TLS/RTP/SAVPF" => Some(Profile::Dtls),
            _ => None,
        }
    }

    /// The formats with their names and clock rates, in the maker's order of preference. A dynamic payload type without
    /// `rtpmap` means nothing and is left out.
    pub fn codecs(&self) -> Vec<Format> {
        self.formats
            .iter()
            .filter_map(|format| Format::of(self, format.parse().ok()?))
            .collect()
    }

    /// `a=ptime`, in milliseconds.
    pub fn ptime_ms(&self) -> Option<u32> {
        // "20.0" has been seen.
        self.attribute("ptime")?
            .trim()
            .split('.')
            .next()?
            .parse()
            .ok()
            .filter(|&ms| ms > 0)
    }
}

#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    name: Option<String>,
    connection: Option<Connection>,
    attributes: Vec<Attribute>,
    other: Vec<OtherLine>,
    media: Vec<Media>,
    candidates: usize,
}

impl Reader {
    fn read(mut self, body: &[u8]) -> Result<SessionDescription, SdpError> {
        let mut count = 0;
        for (index, line) in body.split(|&b| b == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            // Empty lines are no SDP, but peers end a body with some.
            if line.is_empty() {
                continue;
            }
            count += 1;
            if count > SDP_LINES_MAX {
                return Err(SdpError::TooLarge);
            }
            let text = scan::text(line);
            self.line(&text, count == 1).map_err(|why| match why {
                TOO_MANY => SdpError::TooLarge,
                TOO_MANY_CANDIDATES => SdpError::TooManyCandidates,
                why => SdpError::Line {
                    line: index + 1,
                    why,
                },
            })?;
        }
        let end = |why| SdpError::Line { line: count, why };
        Ok(SessionDescription {
            origin: self.origin.ok_or(end("no o= line"))?,
            // RFC 3264 §5 wants s=; peers leave it out.
            name: self.name.unwrap_or_else(|| "-".to_owned()),
            connection: self.connection,
            attributes: self.attributes,
            other: self.other,
            media: self.media,
        })
    }

    fn line(&mut self, line: &str, first: bool) -> Result<(), &'static str> {
        let mut chars = line.chars();
        let (Some(kind), Some('=')) = (chars.next(), chars.next()) else {
            return Err("not kind=value");
        };
        let value = chars.as_str();
        if !kind.is_ascii_alphabetic() {
            return Err("kind is no letter");
        }
        match kind {
            'v' if first && value.trim() == "0" => {}
            _ if first => return Err("does not start with v=0"),
            'v' => return Err("second v= line"),
            'm' if self.media.len() == SDP_MEDIA_MAX => return Err(TOO_MANY),
            'm' => self.media.push(media_line(value)?),
            'o' if self.origin.is_none() => self.origin = Some(origin_line(value)?),
            'o' => return Err("second o= line"),
            's' if self.name.is_none() => self.name = Some(value.to_owned()),
            's' => return Err("second s= line"),
            // A second c= of one media is for layered multicast; the first is the one to use.
            'c' => {
                let slot = self
                    .media
                    .last_mut()
                    .map_or(&mut self.connection, |media| &mut media.connection);
                let connection = connection_line(value)?;
                slot.get_or_insert(connection);
            }
            'a' => {
                // Counted before they are kept: ten thousand cost no more than sixty-four.
                if value.starts_with("candidate:") {
                    self.candidates += 1;
                    if self.candidates > SDP_CANDIDATES_MAX {
                        return Err(TOO_MANY_CANDIDATES);
                    }
                }
                let attribute = match value.split_once(':') {
                    Some((name, value)) => Attribute {
                        name: name.to_owned(),
                        value: Some(value.to_owned()),
                    },
                    None => Attribute {
                        name: value.to_owned(),
                        value: None,
                    },
                };
                self.media
                    .last_mut()
                    .map_or(&mut self.attributes, |media| &mut media.attributes)
                    .push(attribute);
            }
            _ => {
                let other = OtherLine {
                    kind,
                    value: value.to_owned(),
                };
                self.media
                    .last_mut()
                    .map_or(&mut self.other, |media| &mut media.other)
                    .push(other);
            }
        }
        Ok(())
    }
}

/// Told apart from the other complaints by [`Reader::read`].
const TOO_MANY: &str = "too many";
const TOO_MANY_CANDIDATES: &str = "too many candidates";

fn origin_line(value: &str) -> Result<Origin, &'static str> {
    let words: Vec<&str> = value.split_ascii_whitespace().take(7).collect();
    let [username, session_id, version, "IN", kind, address] = words[..] else {
        return Err("o= is not user id version IN kind address");
    };
    // Numbers past 64 bits have been seen; nothing but equality is asked of them.
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.parse().unwrap_or(u64::MAX)),
        false => Err("o= holds no number"),
    };
    Ok(Origin {
        username: username.to_owned(),
        session_id: number(session_id)?,
        version: number(version)?,
        address: connection(kind, address)?,
    })
}

fn connection_line(value: &str) -> Result<Connection, &'static str> {
    let words: Vec<&str> = value.split_ascii_whitespace().take(4).collect();
    let ["IN", kind, address] = words[..] else {
        return Err("c= is not IN kind address");
    };
    connection(kind, address)
}

fn connection(kind: &str, address: &str) -> Result<Connection, &'static str> {
    let host = address.split('/').next().unwrap_or(address);
    let wants_v6 = match kind {
        "IP4" => false,
        "IP6" => true,
        _ => return Err("address is neither IP4 nor IP6"),
    };
    match host.parse::<IpAddr>() {
        Ok(ip) if ip.is_ipv6() == wants_v6 => Ok(Connection::Ip(ip)),
        Ok(_) => Err("address is not of its kind"),
        Err(_)
            if host.is_empty()
                || !host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) =>
        {
            Err("bad address")
        }
        Err(_) => Ok(Connection::Name {
            kind: kind.to_owned(),
            host: host.to_owned(),
        }),
    }
}

fn media_line(value: &str) -> Result<Media, &'static str> {
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next())
    else {
        return Err("m= is not kind port protocol formats");
    };
    let (port, port_count) = port.split_once('/').unwrap_or((port, "1"));
    let formats: Vec<String> = words.take(SDP_FORMATS_MAX + 1).map(str::to_owned).collect();
    if formats.len() > SDP_FORMATS_MAX {
        return Err(TOO_MANY);
    }
    Ok(Media {
        kind: kind.to_owned(),
        port: port.parse().map_err(|_| "bad port")?,
        port_count: port_count.parse().map_err(|_| "bad number of ports")?,
        protocol: protocol.to_owned(),
        formats,
        connection: None,
        attributes: Vec::new(),
        other: Vec::new(),
    })
}

impl FromStr for SessionDescription {
    type Err = SdpError;
    fn from_str(text: &str) -> Result<Self, SdpError> {
        Self::parse(text.as_bytes())
    }
}

impl From<IpAddr> for Connection {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip @ IpAddr::V4(_)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(ip @ IpAddr::V6(_)) => write!(f, "IN IP6 {ip}"),
            Self::Name { kind, host } => write!(f, "IN {kind} {host}"),
        }
    }
}

impl fmt::Display for SessionDescription {
    /// Lines in the order RFC 8866 §5 wants them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin {
            username,
            session_id,
            version,
            address,
        } = &self.origin;
        write!(
            f,
            "v=0\r\no={username} {session_id} {version} {address}\r\ns={}\r\n",
            self.name
        )?;
        print_others(f, &self.other, |kind| matches!(kind, 'i' | 'u' | 'e' | 'p'))?;
        print_connection(f, self.connection.as_ref())?;
        print_others(f, &self.other, |kind| kind == 'b')?;
        if !self.other.iter().any(|line| line.kind == 't') {
            f.write_str("t=0 0\r\n")?;
        }
        print_others(f, &self.other, |kind| {
            !matches!(kind, 'i' | 'u' | 'e' | 'p' | 'b')
        })?;
        print_attributes(f, &self.attributes)?;
        for media in &self.media {
            media.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if self.port_count != 1 {
            write!(f, "/{}", self.port_count)?;
        }
        write!(f, " {}", self.protocol)?;
        for format in &self.formats {
            write!(f, " {format}")?;
        }
        f.write_str("\r\n")?;
        print_others(f, &self.other, |kind| kind == 'i')?;
        print_connection(f, self.connection.as_ref())?;
        print_others(f, &self.other, |kind| kind != 'i')?;
        print_attributes(f, &self.attributes)
    }
}

fn print_others(
    f: &mut fmt::Formatter<'_>,
    lines: &[OtherLine],
    which: impl Fn(char) -> bool,
) -> fmt::Result {
    lines
        .iter()
        .filter(|line| which(line.kind))
        .try_for_each(|line| write!(f, "{}={}\r\n", line.kind, line.value))
}

fn print_connection(f: &mut fmt::Formatter<'_>, connection: Option<&Connection>) -> fmt::Result {
    connection.map_or(Ok(()), |connection| write!(f, "c={connection}\r\n"))
}

fn print_attributes(f: &mut fmt::Formatter<'_>, attributes: &[Attribute]) -> fmt::Result {
    attributes
        .iter()
        .try_for_each(|attribute| match &attribute.value {
            Some(value) => write!(f, "a={}:{value}\r\n", attribute.name),
            None => write!(f, "a={}\r\n", attribute.name),
        })
}
