//! The category tree 诉求分类: codes of two or three levels, found by words or by the initials of their pinyin.

use serde::{Deserialize, Serialize};

use crate::domain::id::UnitCode;

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    pub code: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// 涉及领域, e.g. 城市管理.
    pub field: String,
    /// First letters of the name's pinyin, e.g. `ldbl` for 路灯不亮.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub initials: String,
    /// The code that GB/T 39666 gives the same matters; none: nobody has mapped it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// A city's own (article 32): for the desks under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<UnitCode>,
}

impl CategoryEntry {
    /// Is `code` written as a code of the standard is? Digits, letters, dots and hyphens.
    pub fn is_standard_code(code: &str) -> bool {
        let written = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
        (1..=20).contains(&code.len()) && code.bytes().all(written)
    }
}

/// The categories of a desk: the province's and those of its own city, less what its rules leave out. Of all, in order.
pub fn in_use(
    categories: &[CategoryEntry],
    is_of: impl Fn(&UnitCode) -> bool,
    without: &[String],
) -> Vec<CategoryEntry> {
    let ours = |one: &&CategoryEntry| match &one.city {
        Some(city) => is_of(city),
        None => !without
            .iter()
            .any(|code| one.code.starts_with(code.as_str())),
    };
    categories.iter().filter(ours).cloned().collect()
}

/// The codes of `categories` that have none of GB/T 39666.
pub fn unmapped(categories: &[CategoryEntry]) -> Vec<&str> {
    let without = categories.iter().filter(|one| one.standard.is_none());
    without.map(|one| one.code.as_str()).collect()
}

/// The categories that `typed` may mean, best first: the code, the beginning of the name or its initials, then anywhere
/// in them. Nothing typed means all.
pub fn find<'c>(categories: &'c [CategoryEntry], typed: &str) -> Vec<&'c CategoryEntry> {
    let typed = typed.trim().to_lowercase();
    let rank = |category: &CategoryEntry| {
        let texts = [&category.code, &category.name, &category.initials];
        if texts.iter().any(|text| ***text == typed) {
            Some(0)
        } else if texts.iter().any(|text| text.starts_with(&typed)) {
            Some(1)
        } else if texts.iter().any(|text| text.contains(&typed)) {
            Some(2)
        } else {
            None
        }
    };
    let mut found: Vec<(u8, &CategoryEntry)> = categories
        .iter()
        .filter_map(|category| Some((rank(category)?, category)))
        .collect();
    found.sort_by(|(a, x), (b, y)| (a, &x.code).cmp(&(b, &y.code)));
    found.into_iter().map(|(_, category)| category).collect()
}
