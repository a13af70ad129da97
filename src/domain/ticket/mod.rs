//! A ticket 工单: one citizen's demand from the first ring to the last word about it.
//!
//! The way through is that of article 11 of 苏政办发〔2020〕29号: 受理 → 处置 → 办理 → 答复认定 → 办结回访.
//! [`decide`] says what a wish leads to, or why it is refused; [`apply`] turns facts into state; nothing else changes
//! a ticket. The stages are few; send-backs, extensions, reviews and revisits are facets with records of their own.
//! Who knows ids, numbers and the order of events is storage, not this module.

mod apply;
mod chain;
mod command;
mod deadline;
mod decide;
mod event;
pub mod intake;
mod possible;
mod refusal;
mod rules;
mod state;
mod todo;

#[cfg(test)]
mod tests;

pub use apply::{apply, fold};
pub use chain::{GENESIS, chain_hash};
pub use command::{Command, Told};
pub use deadline::{Deadline, DeadlineKind, Mark, Running};
pub use decide::decide;
pub(in crate::domain) use decide::{PROSE, check_demand, written};
pub use event::Event;
pub use possible::{Possible, possible};
pub(in crate::domain) use refusal::server_only;
pub use refusal::{Article, Refusal};
pub use rules::{Limits, Rules};
pub use state::{
    Applicant, Assignment, Closing, ContactProof, Decision, Demand, Extension, ExtensionRequest,
    FollowUp, FollowUpResult, Kind, Missed, Petitioner, Promise, Rating, Receipt, Rectification,
    Reply, Review, ReviewOutcome, RevisitOutcome, RevisitResult, Round, SendBack, SendBackRequest,
    Source, Stage, Survey, SurveyFailure, ThreeWay, Ticket, Work,
};
pub use todo::{Task, Todo};
