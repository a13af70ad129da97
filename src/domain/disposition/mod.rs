//! What the desk needs to dispose of a demand well (articles 10 and 11(2)): categories it is coded by, channels for
//! special matters, and the rules that say whose matter it is 谁主管, 谁监管. All of it is the organisation's data.

mod category;
mod outside;
mod proposal;

use serde::{Deserialize, Serialize};

use super::id::{QueueName, UnitCode};
use super::ticket::intake::SourceGroup;

pub use category::{CategoryEntry, find, in_use, unmapped};
pub use outside::{OutsideHotline, search};
pub use proposal::{Basis, DispatchRule, Part, Proposal, Question, propose};

/// All of it, as a file tells it or as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disposition {
    pub categories: Vec<CategoryEntry>,
    pub lanes: Vec<LaneEntry>,
    pub origins: Vec<OriginEntry>,
    pub rules: Vec<DispatchRule>,
    pub hotlines: Vec<OutsideHotline>,
}

/// 专项服务通道: demands of one kind with a queue and statistics of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneEntry {
    pub code: String,
    pub name: String,
    /// Whose calls are of this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueName>,
    /// The seat that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitCode>,
    /// The version of the rule set that holds for its demands, and for no others; that of source, city or province when
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Its tickets are seen by leads and the assigned units only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// Its tickets are 重点督办 from the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key_supervision: bool,
    /// What statistics count it under.
    pub statistics: String,
}

/// A system that demands come from by machine.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginEntry {
    pub system: String,
    pub name: String,
    pub group: SourceGroup,
    /// Where results and revisits go back to; nowhere when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Signs what goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Tickets may be passed on to it (article 8(4), 110), and what became of its own demands goes back to it, whatever
    /// its group says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partner: bool,
}

impl OriginEntry {
    /// Does it hear what became of its demands?
    pub const fn wants_feedback(&self) -> bool {
        self.partner || self.group.profile().feedback
    }
}

impl std::fmt::Debug for OriginEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OriginEntry")
            .field("system", &self.system)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
