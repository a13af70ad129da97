//! Passing a ticket on to another platform 转外部平台: another 12345 of the Yangtze delta (article 8(4)), or 110 with what is no
//! emergency. We still answer for it to whoever asked (docs/decisions/0028): the ticket is dispatched to the hotline itself,
//! which follows it, and the partner's words are written down as they come.

use serde::{Deserialize, Serialize};

use crate::domain::id::{CallId, Username};
use crate::domain::time::Timestamp;

/// A ticket that another platform works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOn {
    pub at: Timestamp,
    pub by: Username,
    /// The partner, a system of the organisation's.
    pub partner: String,
    pub reason: String,
    /// The call that was handed over with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// What the partner said, in order; its receipt first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<PartnerWord>,
    /// When the partner had no more to do with it: it returned it, we took it back, or the ticket was reopened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// One thing a partner said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerWord {
    pub at: Timestamp,
    /// Who brought it in; `None`: the server, from what the partner answered.
    pub by: Option<Username>,
    pub kind: WordKind,
    pub text: String,
    /// Its id there: told twice it counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What a partner may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordKind {
    /// 接收回执, with the partner's own number.
    Received,
    /// 办理进展.
    Progress,
    /// 办理结果: waits for review as any answer.
    Result,
    /// 退回: not theirs.
    Returned,
}

impl PassedOn {
    /// Was a word of this id told already?
    pub fn knows(&self, id: &str) -> bool {
        let told = |word: &PartnerWord| word.id.as_deref() == Some(id);
        self.words.iter().any(told)
    }
}
