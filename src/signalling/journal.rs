//! What call control wants kept. The shell hands each entry to storage, in order; an entry that waits for its
//! commit carries a token, and call control goes on when the token comes back.

use crate::domain::acd::AgentState;
use crate::domain::call::Cdr;
use crate::domain::id::{CallId, ContactId, TicketId, Username};
use crate::domain::time::Timestamp;

/// A fact of the telephone side, to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A citizen's call is about to be answered: call, contact and ticket draft become durable together,
    /// before the 200 OK leaves.
    Answered(Box<Answered>),
    /// The call's record as it stands: an agent answered, a specialist joined, a recording began.
    Progressed(Box<Cdr>),
    /// The call's last word: exactly one a call.
    Ended(Box<Cdr>),
    /// An agent changed state.
    AgentState(AgentStateChange),
}

/// What is committed before a citizen hears us.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub cdr: Cdr,
    pub contact: ContactId,
    pub ticket: TicketId,
}

/// One row of an agent's day.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentStateChange {
    pub agent: Username,
    pub from: AgentState,
    pub to: AgentState,
    pub at: Timestamp,
    pub reason: String,
    pub call: Option<CallId>,
}

/// Names the commit an answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitToken(pub u64);
