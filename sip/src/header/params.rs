//! Parameters after a header element: `;tag=abc;lr`. They are kept as one string; a look-up walks it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::Malformed;
use super::scan::{is_token, is_token_byte, quoted_end, trim, unquote};
use crate::limits::PARAMS_MAX;

/// Header parameters in their order, names compared without case.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Params {
    /// `;name=value;flag`, no whitespace outside quotes.
    text: String,
}

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self {
            text: String::new(),
        }
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The value as written, without quotes; a flag without value reads as `""`. Escapes inside quotes are left alone, see
    /// [`Params::text`].
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        let value = value.unwrap_or("");
        Some(
            value
                .strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .unwrap_or(value),
        )
    }

    /// The value with quoting undone.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(unquote)
    }

    /// True when the parameter is there, with or without value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names and raw values (quotes kept) in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut rest = self.text.as_str();
        std::iter::from_fn(move || {
            let text = rest.strip_prefix(';')?;
            let end = param_end(text);
            let (param, tail) = text.split_at(end);
            rest = tail;
            Some(match param.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (param, None),
            })
        })
    }

    /// Sets a parameter, in its place if it is there, else at the end. A value that is no token or host is quoted.
    pub fn set(&mut self, name: &str, value: &str) {
        let plain = !value.is_empty()
            && value
                .bytes()
                .all(|b| is_token_byte(b) || matches!(b, b'[' | b']' | b':'));
        if plain {
            self.put(name, Some(value));
        } else {
            self.set_quoted(name, value);
        }
    }

    /// Sets a parameter whose value is always in quotes, as `text` of a Reason.
    pub fn set_quoted(&mut self, name: &str, value: &str) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        self.put(name, Some(&format!("\"{escaped}\"")));
    }

    /// Sets a parameter without value.
    pub fn set_flag(&mut self, name: &str) {
        self.put(name, None);
    }

    /// Removes a parameter; nothing happens when it is absent.
    pub fn remove(&mut self, name: &str) {
        let kept = self.iter().filter(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.text = join(kept);
    }

    fn put(&mut self, name: &str, value: Option<&str>) {
        debug_assert!(is_token(name), "parameter names are tokens");
        let mut found = false;
        let replaced = join(self.iter().filter_map(|(n, v)| {
            if !n.eq_ignore_ascii_case(name) {
                return Some((n, v));
            }
            // A duplicate goes with the first one's new value.
            (!std::mem::replace(&mut found, true)).then_some((n, value))
        }));
        self.text = replaced;
        if !found {
            push(&mut self.text, name, value);
        }
    }
}

fn join<'a>(params: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut out = String::new();
    for (name, value) in params {
        push(&mut out, name, value);
    }
    out
}

fn push(out: &mut String, name: &str, value: Option<&str>) {
    out.push(';');
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(value);
    }
}

/// Where a parameter ends: at the next `;` outside quotes.
fn param_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b';' => break,
            b'"' => at += quoted_end(&text[at..]).unwrap_or(bytes.len() - at),
            _ => at += 1,
        }
    }
    at
}

impl FromStr for Params {
    type Err = Malformed;

    /// Reads `;a=b;c`, whitespace allowed round `;` and `=`.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut rest = trim(text);
        if is_plain(rest) {
            return Ok(Self {
                text: rest.to_owned(),
            });
        }
        let mut out = String::with_capacity(rest.len());
        let mut count = 0;
        while !rest.is_empty() {
            rest = rest
                .strip_prefix(';')
                .ok_or(Malformed("text before a parameter"))?;
            count += 1;
            if count > PARAMS_MAX {
                return Err(Malformed("too many parameters"));
            }
            let end = param_end(rest);
            let (param, tail) = rest.split_at(end);
            rest = tail;
            let (name, value) = match param.split_once('=') {
                Some((name, value)) => (trim(name), Some(trim(value))),
                None => (trim(param), None),
            };
            if !is_token(name) {
                return Err(Malformed("parameter without a name"));
            }
            if let Some(value) = value
                && !is_value(value)
            {
                return Err(Malformed("bad parameter value"));
            }
            push(&mut out, name, value);
        }
        Ok(Self { text: out })
    }
}

/// The usual case in one pass: `;name=value;flag`, all tokens or host characters.
fn is_plain(text: &str) -> bool {
    let (mut count, mut names, mut length) = (0, false, 0);
    for byte in text.bytes() {
        match byte {
            b';' if count == 0 || length > 0 => (count, names, length) = (count + 1, true, 0),
            b'=' if names && length > 0 => (names, length) = (false, 0),
            b'[' | b']' | b':' if !names => length += 1,
            _ if is_token_byte(byte) && count > 0 => length += 1,
            _ => return false,
        }
    }
    count == 0 || (length > 0 && count <= PARAMS_MAX)
}

/// token, host or quoted string. Peers put more than tokens here (`transport=tcp/x`, UTF-8), so only what would change how
/// the line reads is refused.
fn is_value(value: &str) -> bool {
    if value.starts_with('"') {
        return quoted_end(value) == Some(value.len());
    }
    // "rport=" with nothing after it has been seen; it reads as a flag.
    !value
        .bytes()
        .any(|b| b <= b' ' || matches!(b, b'"' | b'<' | b'>' | b',' | 0x7f))
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}
