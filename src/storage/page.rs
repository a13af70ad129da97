//! Lists page by cursor: the last row's place, not a count, so that rows added meanwhile move nothing.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where a page ended: the sort key and the id of its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(super) at: i64,
    pub(super) id: String,
}

/// The text is not a cursor of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: pass next_cursor of the previous page as it was")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (at, id) = text.split_once('.').ok_or(BadCursor)?;
        // A row's key, of several columns where it has them: `ticket/kind/rule/…`.
        let of_a_key = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
        let known = id.len() <= 160 && id.bytes().all(of_a_key);
        if !known {
            return Err(BadCursor);
        }
        Ok(Self {
            at: at.parse().map_err(|_| BadCursor)?,
            id: id.to_owned(),
        })
    }
}

/// How much of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub after: Option<Cursor>,
    /// 1 to [`Page::LIMIT_MAX`]; 50 when nothing is said.
    pub limit: Option<u32>,
}

impl Page {
    pub const LIMIT_MAX: u32 = 500;

    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, Self::LIMIT_MAX)
    }
}

/// One page of a list, as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl<T> Listing<T> {
    pub(super) const fn empty() -> Self {
        Self {
            items: Vec::new(),
            next_cursor: None,
        }
    }

    /// Cuts the one row too many that was read to learn whether there is more.
    pub(super) fn cut(mut items: Vec<T>, page: &Page, place: impl Fn(&T) -> Cursor) -> Self {
        let limit = page.limit() as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|last| place(last).to_string());
        Self { items, next_cursor }
    }
}
