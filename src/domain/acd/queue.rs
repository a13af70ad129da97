//! One waiting line: its callers in turn, and the free agents who may answer it.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::domain::id::{CallId, Username};
use crate::domain::staff::QueueEntry;

/// Where a caller joins a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before all who never spoke with anyone: the caller's agent was lost. Among these, first come first served.
    Head,
    Back,
    /// Behind all of those, for a while: then at the turn of their arrival.
    Behind,
}

/// A caller's turn: smaller goes first. Kept through failed offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    pub place: Place,
    pub number: u64,
}

/// One waiting line.
#[derive(Debug, Clone)]
pub struct Line {
    pub rules: QueueEntry,
    /// Callers who are offered to nobody.
    pub waiting: BTreeMap<Turn, CallId>,
    /// Free agents who may answer this line, by idle turn.
    pub free: BTreeMap<u64, Username>,
    /// Taken out of the organisation: those who wait are still served, nobody joins.
    pub(super) closed: bool,
    /// A timer for position announcements is set.
    pub(super) announcing: bool,
    /// How far the present round of position announcements has come.
    round: Option<Round>,
}

/// A round of announcements in progress. `passed` callers with a turn up to `after` were dealt with.
#[derive(Debug, Clone, Copy)]
struct Round {
    after: Turn,
    passed: usize,
}

impl Line {
    /// An empty line.
    pub fn new(rules: QueueEntry) -> Self {
        Self {
            rules,
            waiting: BTreeMap::new(),
            free: BTreeMap::new(),
            closed: false,
            announcing: false,
            round: None,
        }
    }

    pub(super) fn join(&mut self, turn: Turn, call: CallId) {
        self.waiting.insert(turn, call);
        if let Some(round) = &mut self.round
            && turn <= round.after
        {
            round.passed += 1;
        }
    }

    pub(super) fn leave(&mut self, turn: Turn) {
        let left = self.waiting.remove(&turn);
        if left.is_some()
            && let Some(round) = &mut self.round
            && turn <= round.after
        {
            round.passed -= 1;
        }
    }

    /// 1 for the caller who is next. Walks the callers before `turn`: for those who join at the head.
    pub(super) fn position(&self, turn: Turn) -> usize {
        match turn.place {
            Place::Back
                if self
                    .waiting
                    .last_key_value()
                    .is_some_and(|(last, _)| *last == turn) =>
            {
                self.waiting.len()
            }
            Place::Back | Place::Behind | Place::Head => self.waiting.range(..=turn).count(),
        }
    }

    /// The next `limit` callers of the present round with their positions. True with it: the round is over.
    pub(super) fn announce(&mut self, limit: usize) -> (Vec<(CallId, usize)>, bool) {
        let passed = self.round.map_or(0, |round| round.passed);
        let from = self
            .round
            .map_or(Bound::Unbounded, |round| Bound::Excluded(round.after));
        let mut last = None;
        let told: Vec<_> = self
            .waiting
            .range((from, Bound::Unbounded))
            .take(limit)
            .zip(passed + 1..)
            .map(|((turn, call), position)| {
                last = Some(*turn);
                (*call, position)
            })
            .collect();
        self.round = last.filter(|_| told.len() == limit).map(|after| Round {
            after,
            passed: passed + told.len(),
        });
        (told, self.round.is_none())
    }
}
