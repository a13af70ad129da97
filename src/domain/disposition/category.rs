//! The category tree 诉求分类: codes of two or three levels, found by words or by the initials of their pinyin.

use serde::{Deserialize, Serialize};

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
