//! The smaller typed headers.

use std::fmt;
use std::str::FromStr;

use super::scan::{is_token, number, seconds, trim};
use super::{Malformed, NameAddr, Params};
use crate::message::Method;

/// A bare number: Max-Forwards, RSeq.
pub(crate) struct Number(pub(crate) u32);

impl FromStr for Number {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        number(trim(text)).map(Self)
    }
}

/// Seconds, perhaps followed by parameters: Expires, Min-Expires, Min-SE.
pub(crate) struct Seconds(pub(crate) u32);

impl FromStr for Seconds {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        seconds(trim(text.split(';').next().unwrap_or(""))).map(Self)
    }
}

/// CSeq: the number and method of a request within a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// Sequence number, below 2³¹.
    pub seq: u32,
    /// Method of the request.
    pub method: Method,
}

impl FromStr for CSeq {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (seq, method) = cut_word(text);
        Ok(Self {
            seq: sequence(seq)?,
            method: method_token(method)?,
        })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}

/// RFC 3261 §8.1.1.5: a sequence number is below 2³¹.
fn sequence(text: &str) -> Result<u32, Malformed> {
    number(text).and_then(|seq| {
        if seq < 1 << 31 {
            Ok(seq)
        } else {
            Err(Malformed("number out of range"))
        }
    })
}

fn method_token(text: &str) -> Result<Method, Malformed> {
    if is_token(text) {
        Ok(Method::from(text))
    } else {
        Err(Malformed("no method"))
    }
}

/// The first word and the rest, both trimmed.
fn cut_word(text: &str) -> (&str, &str) {
    let text = trim(text);
    let (word, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
    (word, trim(rest))
}

/// RAck: which reliable provisional response a PRACK is for (RFC 3262 §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq number of the response.
    pub seq: u32,
    /// The CSeq method of the response.
    pub method: Method,
}

impl FromStr for RAck {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (rseq, rest) = cut_word(text);
        let (seq, method) = cut_word(rest);
        Ok(Self {
            rseq: number(rseq)?,
            seq: sequence(seq)?,
            method: method_token(method)?,
        })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.seq, self.method)
    }
}

/// Contact of a message: `*` (REGISTER only) or addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contacts {
    /// All bindings.
    Star,
    /// These; none when there is no Contact.
    List(Vec<NameAddr>),
}

impl Contacts {
    /// The addresses; none for `*`.
    pub fn addresses(&self) -> &[NameAddr] {
        match self {
            Self::Star => &[],
            Self::List(list) => list,
        }
    }
}

/// A media type with parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    /// `application`, as written.
    pub kind: String,
    /// `sdp`, as written.
    pub subtype: String,
    /// `boundary`, `charset`, …
    pub params: Params,
}

impl ContentType {
    /// True for that type and subtype, whatever their case and parameters.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl FromStr for ContentType {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (media, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let (kind, subtype) = media.split_once('/').ok_or(Malformed("no media subtype"))?;
        let (kind, subtype) = (trim(kind), trim(subtype));
        if !is_token(kind) || !is_token(subtype) {
            return Err(Malformed("bad media type"));
        }
        Ok(Self {
            kind: kind.to_owned(),
            subtype: subtype.to_owned(),
            params: params.parse()?,
        })
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

/// Who refreshes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answers it.
    Uas,
}

/// Session-Expires (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// Interval in seconds.
    pub seconds: u32,
    /// Who refreshes, when said.
    pub refresher: Option<Refresher>,
}

impl FromStr for SessionExpires {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (interval, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let params: Params = params.parse()?;
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return Err(Malformed("refresher is neither uac nor uas")),
            None => None,
        };
        Ok(Self {
            seconds: seconds(trim(interval))?,
            refresher,
        })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            None => Ok(()),
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
        }
    }
}

/// Replaces (RFC 3891 §6.1): the dialog a new call takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: String,
    /// Its To tag, as the receiver's local tag.
    pub to_tag: String,
    /// Its From tag, as the receiver's remote tag.
    pub from_tag: String,
    /// Only replace it while it rings.
    pub early_only: bool,
}

impl FromStr for Replaces {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (call_id, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let call_id = trim(call_id);
        if call_id.is_empty() || call_id.contains([' ', '\t', ',']) {
            return Err(Malformed("no Call-ID"));
        }
        let params: Params = params.parse()?;
        let tag = |name| {
            params
                .get(name)
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
        };
        Ok(Self {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag").ok_or(Malformed("no to-tag"))?,
            from_tag: tag("from-tag").ok_or(Malformed("no from-tag"))?,
            early_only: params.has("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{};to-tag={};from-tag={}",
            self.call_id, self.to_tag, self.from_tag
        )?;
        if self.early_only {
            f.write_str(";early-only")
        } else {
            Ok(())
        }
    }
}

/// Retry-After, in seconds; the comment is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryAfter {
    /// Wait so long.
    pub seconds: u32,
    /// `duration`, …
    pub params: Params,
}

impl FromStr for RetryAfter {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        // "18000 (in a meeting);duration=3600": comments may nest, and what follows the number never changes it.
        let digits = text.len()
            - trim(text)
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let (wait, rest) = text
            .split_at_checked(digits)
            .ok_or(Malformed("not a number of seconds"))?;
        let params = rest.rfind(')').map_or(rest, |close| &rest[close + 1..]);
        Ok(Self {
            seconds: seconds(trim(wait))?,
            params: params.parse().unwrap_or_default(),
        })
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seconds, self.params)
    }
}

/// One reason (RFC 3326): `Q.850;cause=16;text="Normal"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850`, …
    pub protocol: String,
    /// `cause`, `text`.
    pub params: Params,
}

impl Reason {
    /// A reason with cause and text.
    pub fn new(protocol: &str, cause: u16, text: &str) -> Self {
        let mut params = Params::new();
        params.set("cause", &cause.to_string());
        params.set_quoted("text", text);
        Self {
            protocol: protocol.to_owned(),
            params,
        }
    }

    /// The cause, if it is a number.
    pub fn cause(&self) -> Option<u16> {
        self.params.get("cause")?.parse().ok()
    }
}

impl FromStr for Reason {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (protocol, params) = token_and_params(text)?;
        Ok(Self { protocol, params })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

/// Event (RFC 6665): `refer;id=93809824`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event package.
    pub package: String,
    /// `id`, …
    pub params: Params,
}

impl FromStr for Event {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (package, params) = token_and_params(text)?;
        Ok(Self { package, params })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.params)
    }
}

/// Subscription-State (RFC 6665): `active;expires=60`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated`, …
    pub state: String,
    /// `expires`, `reason`, `retry-after`.
    pub params: Params,
}

impl SubscriptionState {
    /// True when the subscription is over.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }
}

impl FromStr for SubscriptionState {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (state, params) = token_and_params(text)?;
        Ok(Self { state, params })
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.state, self.params)
    }
}

fn token_and_params(text: &str) -> Result<(String, Params), Malformed> {
    let (token, params) = text.split_at(text.find(';').unwrap_or(text.len()));
    let token = trim(token);
    if !is_token(token) {
        return Err(Malformed("no token"));
    }
    Ok((token.to_owned(), params.parse()?))
}

/// Date: always GMT (RFC 3261 §20.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SipDate {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub unix_seconds: u64,
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl FromStr for SipDate {
    type Err = Malformed;

    /// Reads `Sat, 13 Nov 2010 23:29:00 GMT`.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        const BAD: Malformed = Malformed("not a date like Sat, 13 Nov 2010 23:29:00 GMT");
        let (weekday, rest) = trim(text).split_once(',').ok_or(BAD)?;
        let words: Vec<&str> = rest.split_ascii_whitespace().take(6).collect();
        let [day, month, year, time, zone] = words[..] else {
            return Err(BAD);
        };
        if zone != "GMT" || day.len() != 2 || year.len() != 4 || !DAYS.contains(&weekday) {
            return Err(BAD);
        }
        let month = MONTHS.iter().position(|m| *m == month).ok_or(BAD)? as u64 + 1;
        let (day, year) = (u64::from(number(day)?), u64::from(number(year)?));
        let mut clock = [0; 3];
        let mut parts = time.split(':');
        for (part, below) in clock.iter_mut().zip([24, 60, 61]) {
            *part = parts
                .next()
                .filter(|p| p.len() == 2)
                .map_or(Err(BAD), number)
                .map(u64::from)?;
            if *part >= below {
                return Err(BAD);
            }
        }
        if parts.next().is_some() || year < 1970 || !(1..=days_in_month(year, month)).contains(&day)
        {
            return Err(BAD);
        }
        let days =
            days_before_year(year) + (1..month).map(|m| days_in_month(year, m)).sum::<u64>() + day
                - 1;
        Ok(Self {
            unix_seconds: days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2],
        })
    }
}

impl fmt::Display for SipDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.unix_seconds / 86_400;
        // Years on either side of an estimate: no year is longer than 366 days.
        let mut year = 1970 + days / 366;
        while days_before_year(year + 1) <= days {
            year += 1;
        }
        let mut left = days - days_before_year(year);
        let mut month = 1;
        while left >= days_in_month(year, month) {
            left -= days_in_month(year, month);
            month += 1;
        }
        let (weekday, name) = (DAYS[(days % 7) as usize], MONTHS[month as usize - 1]);
        let clock = self.unix_seconds % 86_400;
        let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
        write!(
            f,
            "{weekday}, {:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT",
            left + 1
        )
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_before_year(year: u64) -> u64 {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
