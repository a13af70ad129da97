//! The joint conference 联席会议 of article 4: its members are the heads of member units.

use serde::{Deserialize, Serialize};

use crate::domain::id::UnitCode;
use crate::domain::time::Timestamp;

/// Who sits in the conference for a unit, from a day on. A new head is a new seat; the old one stays in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceSeat {
    pub unit: UnitCode,
    pub head: String,
    /// 职务, e.g. 局长.
    pub title: String,
    pub from: Timestamp,
}

/// The members at `at`: each unit's latest head.
pub fn seats_as_of(seats: &[ConferenceSeat], at: Timestamp) -> Vec<&ConferenceSeat> {
    let mut members: Vec<&ConferenceSeat> = Vec::new();
    for seat in seats.iter().filter(|seat| seat.from <= at) {
        match members.iter_mut().find(|known| known.unit == seat.unit) {
            Some(known) if known.from <= seat.from => *known = seat,
            Some(_) => {}
            None => members.push(seat),
        }
    }
    members
}
