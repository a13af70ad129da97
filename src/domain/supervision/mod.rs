//! Supervision 督办 (articles 24 to 26): a case of its own beside a ticket, with an owner, an answer limit and a ladder
//! 跟踪 → 催办 → 回访复核 → 督办 → 专题协调 → 约谈、通报、信息专报 that is climbed by rule or by hand and never down.
//!
//! A case refers to its ticket and never edits it: an appointed lead unit is a wish to the ticket's front door, which may
//! refuse it. What the rules find in article 26's three situations is a proposal; a measure is taken by a person.

mod apply;
mod case;
mod command;
mod decide;
mod event;
mod notice;
mod refusal;

#[cfg(test)]
mod tests;

pub use apply::apply;
pub use case::{
    Answer, Case, Cause, Closing, Judgement, Level, Measure, MeasureKind, Meeting, Outcome, Policy,
    Proposal, Receipt, Rung, Settled, Trigger, Verdict,
};
pub use command::CaseCommand;
pub use decide::decide;
pub use event::CaseEvent;
pub use notice::{Form, Notice};
pub use refusal::Refusal;
