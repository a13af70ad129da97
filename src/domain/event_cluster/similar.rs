//! Which other demands may be about the same matter: by what is said, where, in which category, and when. A suggestion for
//! the desk with its reasons; nothing is merged by itself.

use std::cmp::Reverse;

use serde::Serialize;

use crate::domain::id::{ClusterId, TicketId};
use crate::domain::ticket::Demand;
use crate::domain::time::Timestamp;
use crate::domain::watch::{similarity, text_of};

/// How much each sign counts, in thousandths, and from where it is worth showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarPolicy {
    pub window_ms: i64,
    pub text: u32,
    pub place: u32,
    pub category: u32,
    pub shown_from: u32,
    pub shown_max: usize,
}

impl Default for SimilarPolicy {
    fn default() -> Self {
        Self {
            window_ms: 14 * 24 * 60 * 60 * 1000,
            text: 500,
            place: 350,
            category: 150,
            shown_from: 300,
            shown_max: 20,
        }
    }
}

/// Another demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub ticket: TicketId,
    pub number: String,
    pub opened_at: Timestamp,
    pub demand: Demand,
    /// The matter it belongs to already.
    pub cluster: Option<ClusterId>,
}

/// A demand that may be about the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    pub ticket: TicketId,
    pub number: String,
    pub title: String,
    pub opened_at: Timestamp,
    pub cluster: Option<ClusterId>,
    /// In thousandths.
    pub score: u32,
    /// The same citizen asks again.
    pub same_person: bool,
    /// In words, for a person.
    pub reasons: Vec<String>,
}

/// The likeliest first.
pub fn suggest(
    now: Timestamp,
    demand: &Demand,
    candidates: &[Candidate],
    policy: &SimilarPolicy,
) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = candidates
        .iter()
        .filter(|other| now.millis_since(other.opened_at) <= policy.window_ms)
        .map(|other| compared(demand, other, policy))
        .filter(|suggestion| suggestion.score >= policy.shown_from)
        .collect();
    found.sort_by_key(|likely| Reverse((likely.score, likely.opened_at, likely.ticket)));
    found.truncate(policy.shown_max);
    found
}

fn compared(demand: &Demand, other: &Candidate, policy: &SimilarPolicy) -> Suggestion {
    let theirs = &other.demand;
    let mut reasons = Vec::new();
    let alike = similarity(&text_of(demand), &text_of(theirs));
    // Half of the shingles in common is as much as two people ever write alike.
    let text = (alike * 2).min(1000);
    if text >= 300 {
        reasons.push(format!("内容相似度{}%", alike / 10));
    }
    let place = same_place(demand, theirs);
    if place > 0 {
        reasons.push("地点相近".to_owned());
    }
    let category = demand.category.is_some() && demand.category == theirs.category;
    if category {
        reasons.push("类别相同".to_owned());
    }
    let person =
        demand.petitioner.phone.is_some() && demand.petitioner.phone == theirs.petitioner.phone;
    if person {
        reasons.push("同一来电号码".to_owned());
    }
    Suggestion {
        ticket: other.ticket,
        number: other.number.clone(),
        title: theirs.title.clone(),
        opened_at: other.opened_at,
        cluster: other.cluster,
        score: (text * policy.text + place * policy.place) / 1000
            + if category { policy.category } else { 0 },
        same_person: person,
        reasons,
    }
}

/// In thousandths: how alike the addresses are, or whether one demand names the other's place in its text.
fn same_place(demand: &Demand, theirs: &Demand) -> u32 {
    match (&demand.address, &theirs.address) {
        (Some(ours), Some(other)) if ours.trim() == other.trim() => 1000,
        (Some(ours), Some(other)) if begins_alike(ours, other) => 800,
        (Some(ours), Some(other)) => similarity(ours, other),
        (Some(place), None) if named(place, theirs) => 1000,
        (None, Some(place)) if named(place, demand) => 1000,
        (Some(_) | None, None) | (None, Some(_)) => 0,
    }
}

/// The same street or estate, another door.
fn begins_alike(ours: &str, other: &str) -> bool {
    let alike = ours
        .trim()
        .chars()
        .zip(other.trim().chars())
        .take_while(|(a, b)| a == b);
    alike.count() >= 4
}

/// A place of fewer than four letters is in many texts.
fn named(place: &str, demand: &Demand) -> bool {
    let place = place.trim();
    place.chars().count() >= 4 && (demand.content.contains(place) || demand.title.contains(place))
}
