//! Hotlines that are not ours (article 9(1)): whom to name to somebody whose matter is another province's, or an emergency
//! service's, and where to pass a call on to.

use serde::{Deserialize, Serialize};

use crate::domain::phone::PhoneNumber;

/// One of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideHotline {
    pub code: String,
    pub name: String,
    /// Where it answers for, e.g. 上海市.
    pub region: String,
    pub number: PhoneNumber,
    /// What it is for.
    pub purpose: String,
    /// The system of `[[origin]]` behind it, where tickets may be passed on to it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
}

/// Those that what was typed may mean: a code, a number from its beginning, a part of name, region or purpose. Nothing
/// typed: all, in the file's order.
pub fn search<'a>(hotlines: &'a [OutsideHotline], typed: &str) -> Vec<&'a OutsideHotline> {
    let typed = typed.trim().to_lowercase();
    let means = |one: &&OutsideHotline| {
        one.code.to_lowercase() == typed
            || one.number.as_str().starts_with(&typed)
            || [&one.name, &one.region, &one.purpose]
                .iter()
                .any(|text| text.to_lowercase().contains(&typed))
    };
    hotlines.iter().filter(means).collect()
}
