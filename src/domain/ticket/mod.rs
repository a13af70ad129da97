//! A ticket 工单: one citizen's demand from the first ring to the last word about it.
//!
//! The way through is that of article 11 of 苏政办发〔2020〕29号: 受理 → 处置 → 办理 → 答复认定 → 办结回访.
//! [`decide`] says what a wish leads to, or why it is refused; [`apply`] turns facts into state; nothing else changes
//! a ticket. The stages are few; send-backs, extensions, reviews and revisits are facets with records of their own.
//! Who knows ids, numbers and the order of events is storage, not this module.

mod apply;
mod chain;
mod checks;
mod command;
mod deadline;
mod decide;
mod event;
pub mod intake;
mod possible;
pub mod proof;
mod refusal;
mod remaining;
mod rules;
mod state;
mod steps;
mod todo;

#[cfg(test)]
mod tests;

pub use apply::{apply, fold};
pub use chain::{GENESIS, chain_hash};
pub use checks::{CheckKind, Finding, check_reply};
pub use command::{Command, Told};
pub use deadline::{CalendarChange, Deadline, DeadlineKind, Due, Mark, Moved, Pending, Running};
pub use decide::decide;
pub(in crate::domain) use decide::{PROSE, check_demand, written};
pub use event::{Event, UnitClocks};
pub use possible::{Possible, possible};
pub(in crate::domain) use refusal::server_only;
pub use refusal::{Article, Refusal};
pub use remaining::{Remaining, remaining};
pub use rules::{
    ARTICLES, BadRuleSet, Citation, Difference, FormField, Interpretation, LaneProfile, Limits,
    RuleSet, Rules, Scope, Way, article,
};
pub use state::{
    Applicant, Assignment, Clock, Closing, ContactProof, Decision, Demand, Extension,
    ExtensionRequest, FollowUp, FollowUpResult, Issued, Kind, KindChange, KindChangeRequest,
    Missed, Petitioner, Promise, Rating, Receipt, Rectification, Reply, Review, ReviewOutcome,
    RevisitOutcome, RevisitResult, Round, SendBack, SendBackRequest, Source, Stage, Survey,
    SurveyFailure, ThreeWay, Ticket, Work, WrittenOpinion,
};
pub use steps::{Shares, Step, StepKind, missing, shares, steps};
pub use todo::{Task, Todo};
