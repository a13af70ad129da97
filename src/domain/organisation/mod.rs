//! The organisation 组织体系 of article 3, as it was on any day: the tree of units with their renames and mergers, what
//! article 7 asks each of them to have, who is on duty when offices are closed, and the joint conference of article 4.

mod conference;
mod profile;
mod roster;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::id::UnitCode;
use super::staff::Unit;
use super::time::Timestamp;

pub use conference::{
    ConferenceItem, ConferenceSeat, ItemCheck, ItemClosing, ItemCommand, ItemDecision, carry_out,
    seats_as_of,
};
pub use profile::{Lack, Post, Posts, Profile};
pub use roster::{DUTY_LINES_MAX, Deputy, DutyEntry, DutyRoster, Shift, Span};

/// What a unit is from a day on 沿革: until its next stand. A rename or a move is a new stand; nothing is overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    pub from: Timestamp,
    #[serde(flatten)]
    pub unit: Unit,
    /// From this day on its duties are another unit's 并入.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<UnitCode>,
}

/// A unit as an organisation file tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitEntry {
    pub unit: Unit,
    /// Since when. Left out: always for a unit that is new, from now on for a change.
    pub from: Option<Timestamp>,
    pub merged_into: Option<UnitCode>,
    /// Left out: stays as it is.
    pub profile: Option<Profile>,
}

impl From<Unit> for UnitEntry {
    fn from(unit: Unit) -> Self {
        Self {
            unit,
            from: None,
            merged_into: None,
            profile: None,
        }
    }
}

impl UnitEntry {
    /// The stand that `known` lacks, if this entry tells anything new.
    pub fn news(&self, known: &[Stand], now: Timestamp) -> Option<Stand> {
        let told = |from| Stand {
            from,
            unit: self.unit.clone(),
            merged_into: self.merged_into.clone(),
        };
        let stand = match self.from {
            Some(from) => told(from),
            None => match in_force(known, now) {
                Some(present) => told(present.from),
                None => told(known.first().map_or(ALWAYS, |first| first.from)),
            },
        };
        if known.contains(&stand) {
            return None;
        }
        // Without a day of its own, a change of what holds now holds from now on.
        let changes = self.from.is_none() && in_force(known, now).is_some();
        Some(if changes { told(now) } else { stand })
    }
}

/// Since before anybody wrote it down.
pub const ALWAYS: Timestamp = Timestamp::from_millis(0);

fn in_force(stands: &[Stand], at: Timestamp) -> Option<&Stand> {
    stands.iter().rfind(|stand| stand.from <= at)
}

/// Every unit with its whole history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Each unit's stands, oldest first; never empty.
    stands: BTreeMap<UnitCode, Vec<Stand>>,
}

impl Tree {
    pub fn new(stands: impl IntoIterator<Item = Stand>) -> Self {
        let mut tree = Self::default();
        for stand in stands {
            let of_unit = tree.stands.entry(stand.unit.code.clone()).or_default();
            of_unit.push(stand);
            of_unit.sort_by_key(|stand| stand.from);
        }
        tree
    }

    /// Every stand of a unit, oldest first.
    pub fn history(&self, code: &UnitCode) -> &[Stand] {
        self.stands.get(code).map_or(&[], Vec::as_slice)
    }

    /// What `code` was at `at`, merged or not.
    pub fn at(&self, code: &UnitCode, at: Timestamp) -> Option<&Stand> {
        in_force(self.history(code), at)
    }

    /// The units there were at `at`. Those merged away by then are not among them.
    pub fn as_of(&self, at: Timestamp) -> impl Iterator<Item = &Stand> {
        self.stands
            .values()
            .filter_map(move |stands| in_force(stands, at))
            .filter(|stand| stand.merged_into.is_none())
    }

    /// Every unit ever named, as it is at `at` (or will be, when it is yet to come): what a file may refer to.
    pub fn known(&self, at: Timestamp) -> impl Iterator<Item = &Stand> {
        self.stands
            .values()
            .filter_map(move |stands| in_force(stands, at).or_else(|| stands.first()))
    }

    /// Who has the duties of `code` at `at`: itself, or the unit it was merged into, however often. `None` when it is
    /// unknown or not there yet, or its mergers lead in a circle.
    pub fn successor(&self, code: &UnitCode, at: Timestamp) -> Option<&Stand> {
        let mut stand = self.at(code, at)?;
        for _ in 0..self.stands.len() {
            match &stand.merged_into {
                None => return Some(stand),
                Some(next) => stand = self.at(next, at)?,
            }
        }
        None
    }

    /// Is `code` the unit `of` or below it at `at`? A member unit's sub-units act for it (article 7).
    pub fn is_within(&self, code: &UnitCode, of: &UnitCode, at: Timestamp) -> bool {
        let mut seen = BTreeSet::new();
        let mut here = Some(code);
        while let Some(unit) = here.filter(|unit| seen.insert((*unit).clone())) {
            if unit == of {
                return true;
            }
            here = self
                .at(unit, at)
                .and_then(|stand| stand.unit.parent.as_ref());
        }
        false
    }
}

#[cfg(test)]
mod tests;
