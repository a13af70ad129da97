//! The small scanner every typed header is read with. It works on unfolded text, so whitespace is only space and tab.

use std::borrow::Cow;
use std::fmt;

use super::Malformed;

/// What may stand in a token (RFC 3261 §25.1).
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    TOKEN[byte as usize]
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
            | b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        byte += 1;
    }
    table
};

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Header bytes as text: unfolded, and read as Latin-1 when they are not UTF-8, so that nothing a peer wrote is lost.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let decoded = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    };
    // Without an early exit this loop is a few vector instructions.
    let folds = bytes.iter().fold(false, |found, &byte| {
        found | (byte == b'\r') | (byte == b'\n')
    });
    if folds {
        Cow::Owned(unfold(&decoded))
    } else {
        decoded
    }
}

/// RFC 3261 §7.3.1: a line end followed by whitespace means one space.
fn unfold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut folding = false;
    for c in text.chars() {
        match c {
            '\r' | '\n' => folding = true,
            ' ' | '\t' if folding => {}
            _ => {
                if folding {
                    out.push(' ');
                    folding = false;
                }
                out.push(c);
            }
        }
    }
    out
}

/// Where a quoted string that starts at `text[0] == '"'` ends: the index after its closing quote.
pub(crate) fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The text inside a quoted string, its quotes already taken off.
pub(crate) fn unquote(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        // A lone backslash at the end cannot be inside a closed quoted string; keep it if it ever is.
        out.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    Cow::Owned(out)
}

/// Writes `text` as a quoted string.
pub(crate) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write as _;
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

/// Cuts a comma-separated list, leaving commas inside quotes and angle brackets alone. Elements come trimmed; an element may
/// be empty.
pub(crate) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = list_element_end(text);
        rest = text.get(end + 1..);
        Some(trim(&text[..end]))
    })
}

fn list_element_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.contains(&b',') {
        return bytes.len();
    }
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b',' => return at,
            b'"' => at += quoted_end(&text[at..]).unwrap_or(bytes.len() - at),
            b'<' => {
                at += bytes[at..]
                    .iter()
                    .position(|&b| b == b'>')
                    .unwrap_or(bytes.len() - at)
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A number of up to 32 bits, digits only.
pub(crate) fn number(text: &str) -> Result<u32, Malformed> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Malformed("not a number"));
    }
    text.parse().map_err(|_| Malformed("number out of range"))
}

/// delta-seconds: a number too large to hold counts as the largest one (RFC 4475 §3.1.2.4 calls the alternative fatal).
pub(crate) fn seconds(text: &str) -> Result<u32, Malformed> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Malformed("not a number of seconds"));
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}
