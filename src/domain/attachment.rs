//! 附件: a petitioner's photo, a unit's proof. What it is is read from its bytes, never from its name; what is not known is
//! not taken. Nothing in it is ever opened here: a container is kept as it came.

use serde::{Deserialize, Serialize};

use super::id::{AttachmentId, UnitCode, Username};
use super::time::Timestamp;

/// Bytes of one.
pub const BYTES_MAX: usize = 10 * 1024 * 1024;
/// Of one ticket.
pub const COUNT_MAX: usize = 20;
const NAME_MAX: usize = 80;

/// One file, as its ticket knows it. The bytes are kept under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: AttachmentId,
    pub at: Timestamp,
    pub by: Username,
    /// Whose person brought it in.
    pub unit: UnitCode,
    #[serde(flatten)]
    pub file: FileSheet,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSheet {
    /// For people; cleaned of whatever a path or a screen could trip over.
    pub name: String,
    pub media: MediaType,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    pub purpose: Purpose,
}

/// What it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// 诉求材料.
    Demand,
    /// 办理佐证.
    Proof,
}

/// What is taken, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaType {
    Jpeg,
    Png,
    Gif,
    Webp,
    Pdf,
    Mp4,
    Wav,
    /// A ZIP container, office documents among them. Never opened.
    Zip,
}

impl MediaType {
    /// What `bytes` begin like. Text is nothing we take: HTML and SVG are text.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let riff = |kind: &[u8]| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(kind);
        Some(match bytes {
            _ if bytes.starts_with(b"\xFF\xD8\xFF") => Self::Jpeg,
            _ if bytes.starts_with(b"\x89PNG\r\n\x1A\n") => Self::Png,
            _ if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") => Self::Gif,
            _ if riff(b"WEBP") => Self::Webp,
            _ if riff(b"WAVE") => Self::Wav,
            _ if bytes.starts_with(b"%PDF-") => Self::Pdf,
            _ if bytes.get(4..8) == Some(b"ftyp") => Self::Mp4,
            _ if bytes.starts_with(b"PK\x03\x04") => Self::Zip,
            _ => return None,
        })
    }

    /// What a client is told it is.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
            Self::Wav => "audio/wav",
            Self::Zip => "application/octet-stream",
        }
    }

    /// Endings of names that go with it; the first where none was given.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Gif => &["gif"],
            Self::Webp => &["webp"],
            Self::Pdf => &["pdf"],
            Self::Mp4 => &["mp4", "mov", "m4a"],
            Self::Wav => &["wav"],
            Self::Zip => &["zip", "docx", "xlsx", "pptx"],
        }
    }
}

/// `given` as a name that is safe to show and to save: no folder, no sign that turns a line round, and an ending that says
/// what the bytes are.
pub fn clean_name(given: &str, media: MediaType) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !is_hostile(*c)).collect();
    let (stem, ending) = match shown.rsplit_once('.') {
        Some((stem, ending)) => (stem, ending.to_ascii_lowercase()),
        None => (shown.as_str(), String::new()),
    };
    let known = media.endings();
    let fits = known.iter().find(|known| **known == ending);
    let ending = fits.unwrap_or(&known[0]);
    let stem: String = stem.chars().take(NAME_MAX).collect();
    let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let stem = if stem.is_empty() { "附件" } else { stem };
    format!("{stem}.{ending}")
}

/// Control signs, those that turn a line round or have no width, and what systems reserve in names.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
        || matches!(
            c,
            '"' | '\'' | '<' | '>' | '|' | ':' | '*' | '?' | '%' | ';'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_is_in_its_bytes() {
        let table: [(&[u8], Option<MediaType>); 14] = [
            (b"\xFF\xD8\xFF\xE0", Some(MediaType::Jpeg)),
            (b"\x89PNG\r\n\x1A\n", Some(MediaType::Png)),
            (b"GIF89a", Some(MediaType::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(MediaType::Webp)),
            (b"RIFF\0\0\0\0WAVEfmt ", Some(MediaType::Wav)),
            (b"%PDF-1.7", Some(MediaType::Pdf)),
            (b"\0\0\0\x18ftypmp42", Some(MediaType::Mp4)),
            (b"PK\x03\x04", Some(MediaType::Zip)),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
            (b"<!DOCTYPE html><script>", None),
            (b"\xEF\xBB\xBF<html>", None),
            (b"#!/bin/sh", None),
            (b"MZ\x90\0", None),
            (b"", None),
        ];
        for (bytes, expected) in table {
            assert_eq!(MediaType::of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_hostile_name_becomes_a_harmless_one() {
        let table = [
            ("现场照片.JPG", MediaType::Jpeg, "现场照片.jpg"),
            ("../../etc/passwd", MediaType::Png, "passwd.png"),
            ("C:\\windows\\system32\\cmd.exe", MediaType::Pdf, "cmd.pdf"),
            ("evil.svg", MediaType::Png, "evil.png"),
            ("a\u{202E}gpj.exe", MediaType::Jpeg, "agpj.jpg"),
            (
                "x\r\nSet-Cookie: a=b.png",
                MediaType::Png,
                "xSet-Cookie a=b.png",
            ),
            ("\"><script>.gif", MediaType::Gif, "script.gif"),
            ("...", MediaType::Wav, "附件.wav"),
            ("", MediaType::Zip, "附件.zip"),
            ("报告.docx", MediaType::Zip, "报告.docx"),
        ];
        for (given, media, expected) in table {
            assert_eq!(clean_name(given, media), expected, "{given:?}");
        }
        let long = "长".repeat(500);
        assert_eq!(clean_name(&long, MediaType::Png).chars().count(), 84);
    }
}
