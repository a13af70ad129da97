//! What the rules of articles 25, 26 and 28 see in a ticket: the five key categories 重点督办事项, suspicions that call for a
//! recheck 回访复核, and facts for accountability 问责. A pure function over the ticket's events and what was looked up for
//! them; each finding names its rule, the event that shows it, and the reason in words.
//!
//! It looks back only: at events, earlier replies, earlier tickets, calls that are over. So the same events lead to the same
//! findings whenever they are asked, and the findings can be deleted and found again.

mod finding;
mod rules;
mod similarity;

#[cfg(test)]
mod tests;

pub use finding::{Category, Finding, FindingKind, Rule};
pub use rules::{Context, Earlier, LinkedCall, Policy, Told, Twin, findings, is_repeat, text_of};
pub use similarity::{SKETCH_CHARS_MIN, Sketch, similarity};
