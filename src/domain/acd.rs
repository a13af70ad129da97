//! The distributor: who waits, who is free, who is offered whom.

use serde::{Deserialize, Serialize};

/// Where an agent stands. Exactly one at any time; each change is a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    Offline,
    /// 就绪.
    Ready,
    /// 响铃.
    Offered,
    /// 通话.
    Talking,
    /// 话后处理.
    WrapUp,
    /// 小休.
    Break {
        reason: String,
    },
}
