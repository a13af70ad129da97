//! What was committed, told to whoever listens: once, after the commit, whoever caused it. A unit of work says what it
//! moved ([`Tx::tell`](super::db)); when it is rolled back, nobody hears of it.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::db::{Select, Tx};
use super::tickets::{Sight, sees_restricted, sees_sealed};
use super::{Fault, Storage};
use crate::domain::id::{CallOutId, CaseId, ClusterId, RevisitId, TicketId, UnitCode};
use crate::domain::staff::By;

/// What one commit moved.
pub type News = Arc<[Fact]>;

/// Commits a listener may be behind. One that is further behind loses the oldest, and is told so.
const BACKLOG: usize = 256;

/// Something moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub moved: Moved,
    pub(super) secrecy: Secrecy,
    pub(super) whose: Whose,
}

/// What moved on, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    Ticket {
        id: TicketId,
        /// [`Stage::code`](crate::domain::ticket::Stage::code).
        stage: &'static str,
        version: u64,
    },
    Revisit {
        id: RevisitId,
        ticket: TicketId,
        version: u64,
    },
    Case {
        id: CaseId,
        ticket: TicketId,
        version: u64,
    },
    Cluster {
        id: ClusterId,
        version: u64,
    },
    CallOut {
        id: CallOutId,
        ticket: TicketId,
    },
    /// A roster, or the gaps in one.
    Duty {
        unit: UnitCode,
    },
}

/// How far the tickets behind it may be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Secrecy {
    pub(super) sealed: bool,
    pub(super) restricted: bool,
}

/// Which units it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// For any, as clusters are.
    Everybodys,
    /// Those with a part in it, and those above them.
    Units {
        parts: Vec<UnitCode>,
        above: Vec<UnitCode>,
    },
}

impl Whose {
    /// This unit's alone.
    pub(super) fn of(unit: &UnitCode) -> Self {
        Self::Units {
            parts: vec![unit.clone()],
            above: Vec::new(),
        }
    }
}

impl Storage {
    /// What is committed from now on.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.db.news()
    }
}

impl Fact {
    /// Are both about the same thing?
    pub(super) fn is_of(&self, other: &Self) -> bool {
        match (&self.moved, &other.moved) {
            (Moved::Ticket { id, .. }, Moved::Ticket { id: other, .. }) => id == other,
            (Moved::Revisit { id, .. }, Moved::Revisit { id: other, .. }) => id == other,
            (Moved::Case { id, .. }, Moved::Case { id: other, .. }) => id == other,
            (Moved::Cluster { id, .. }, Moved::Cluster { id: other, .. }) => id == other,
            (Moved::CallOut { id, .. }, Moved::CallOut { id: other, .. }) => id == other,
            (Moved::Duty { unit }, Moved::Duty { unit: other }) => unit == other,
            _ => false,
        }
    }

    /// May `by` know of it? Which roles are to hear of such things at all is the listener's to say.
    pub fn is_for(&self, by: By<'_>) -> bool {
        let Secrecy { sealed, restricted } = self.secrecy;
        if (sealed && !sees_sealed(by)) || (restricted && !sees_restricted(by)) {
            return false;
        }
        match (Sight::of(by), &self.whose) {
            (Sight::Nothing, _) => false,
            (_, Whose::Everybodys) | (Sight::All, Whose::Units { .. }) => true,
            (Sight::Unit(unit), Whose::Units { parts, above }) => {
                parts.contains(&unit) || above.contains(&unit)
            }
            (Sight::Seat(unit), Whose::Units { parts, .. }) => parts.contains(&unit),
        }
    }
}

/// A channel for the news of one database.
pub(super) fn channel() -> broadcast::Sender<News> {
    broadcast::Sender::new(BACKLOG)
}

/// Tells what was committed. Without listeners there is nobody to tell: not a fault.
pub(super) fn tell(news: &broadcast::Sender<News>, facts: Vec<Fact>) {
    if !facts.is_empty() {
        let _ = news.send(facts.into());
    }
}

/// The most secret of `tickets`.
pub(super) async fn secrecy(
    tx: &mut Tx,
    tickets: impl IntoIterator<Item = TicketId>,
) -> Result<Secrecy, Fault> {
    let select = Select::new("SELECT sealed, restricted FROM ticket WHERE 1 = 1");
    let mut secrecy = Secrecy::default();
    for row in tx.select(select.among("id", tickets)).await? {
        secrecy.sealed |= row.get::<i64>("sealed")? > 0;
        secrecy.restricted |= row.get::<i64>("restricted")? > 0;
    }
    Ok(secrecy)
}
