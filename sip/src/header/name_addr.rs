//! `"Name" <sip:…>;params`: From, To, Contact, Route, Record-Route, Path, Refer-To, Referred-By, P-Asserted-Identity.

use std::fmt;
use std::str::FromStr;

use super::scan::{quoted_end, seconds, trim, unquote, write_quoted};
use super::{Malformed, Params};
use crate::uri::Uri;

/// An address with an optional display name and header parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// Display name with quoting undone.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Parameters after the address: they belong to the header, not to the URI.
    pub params: Params,
}

impl NameAddr {
    /// An address without name and parameters.
    pub fn new(uri: Uri) -> Self {
        Self {
            display: None,
            uri,
            params: Params::new(),
        }
    }

    /// The same with a `tag`.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.set_tag(tag);
        self
    }

    /// The `tag` of a From or To.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Sets the `tag`.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", tag);
    }

    /// A Contact's own `expires`, in seconds; a value that is no number counts as absent (RFC 3261 §10.2.1.1).
    pub fn expires(&self) -> Option<u32> {
        self.params
            .get("expires")
            .and_then(|value| seconds(value).ok())
    }

    /// A Contact's `q` in thousandths; absent or unreadable is 1000 (RFC 3261 §20.10).
    pub fn q_thousandths(&self) -> u16 {
        self.params.get("q").and_then(thousandths).unwrap_or(1000)
    }
}

/// A qvalue: `0`, `0.25`, `1.000`.
pub(crate) fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u16 = match whole {
        "" | "0" => 0,
        "1" => 1000,
        _ => return None,
    };
    let mut part = 0;
    for at in 0..3 {
        part = part * 10 + u16::from(fraction.as_bytes().get(at).map_or(0, |b| b - b'0'));
    }
    (whole + part <= 1000).then_some(whole + part)
}

impl FromStr for NameAddr {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let text = trim(text);
        let (display, rest) = if text.starts_with('"') {
            let end = quoted_end(text).ok_or(Malformed("display name's quote is not closed"))?;
            let rest = trim(&text[end..]);
            if !rest.starts_with('<') {
                return Err(Malformed("no <address> after the display name"));
            }
            (Some(unquote(&text[1..end - 1]).into_owned()), rest)
        } else if let Some(open) = text.find('<') {
            let name = trim(&text[..open]);
            // RFC 3261 wants tokens here; phones write unquoted UTF-8 and brackets, which cannot be misread.
            if name
                .bytes()
                .any(|byte| matches!(byte, b',' | b';' | b'"' | b'>' | b'='))
            {
                return Err(Malformed("display name needs quotes"));
            }
            ((!name.is_empty()).then(|| name.to_owned()), &text[open..])
        } else {
            (None, text)
        };
        let (uri, params) = if let Some(rest) = rest.strip_prefix('<') {
            rest.split_once('>')
                .ok_or(Malformed("address has no closing >"))?
        } else {
            let (uri, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
            // RFC 3261 §20: a bare address holding a comma, question mark or semicolon must be in angle brackets.
            if uri.bytes().any(|byte| matches!(byte, b'?' | b',')) {
                return Err(Malformed("address needs angle brackets"));
            }
            (trim(uri), params)
        };
        Ok(Self {
            display,
            uri: uri.parse().map_err(|_| Malformed("bad URI"))?,
            params: params.parse()?,
        })
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write_quoted(f, display)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

impl fmt::Debug for NameAddr {
    /// Without the name: it is a person's, or their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?}>{}", self.uri, self.params)
    }
}
