//! How much time is left: one calculation for the citizen, the unit, the platform and every report.

use serde::Serialize;

use super::deadline::{Deadline, DeadlineKind, Mark};
use super::rules::Rules;
use super::state::Ticket;
use crate::domain::calendar::Limit;
use crate::domain::id::UnitCode;
use crate::domain::time::Timestamp;

/// One clock of a ticket as it is read at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remaining {
    pub kind: DeadlineKind,
    /// Whom it runs against.
    pub unit: UnitCode,
    pub from: Timestamp,
    /// The last instant in time; `None` while the calendar for it is not published.
    pub due: Option<Timestamp>,
    /// The year whose notice is awaited.
    pub awaits: Option<i16>,
    pub limit: Option<Limit>,
    /// Four fifths of the working time are gone, and it has not run out.
    pub is_due_soon: bool,
    pub is_overdue: bool,
    /// Until it is due; negative by how much it is late.
    pub left_ms: Option<i64>,
    /// The same in working time of the unit.
    pub working_left_ms: Option<i64>,
    /// What the sweep has recorded.
    pub marked: Option<Mark>,
}

/// Every clock of `ticket` that runs at `now`. A window that has closed is gone.
pub fn remaining(now: Timestamp, ticket: &Ticket, rules: &Rules) -> Vec<Remaining> {
    ticket
        .clocks()
        .into_iter()
        .filter(|clock| {
            clock.kind != DeadlineKind::SendBackBy || !clock.running.deadline.is_over(now)
        })
        .map(|clock| {
            let deadline = clock.running.deadline;
            let due = deadline.due();
            let counted_for = match (clock.kind, ticket.promise()) {
                (DeadlineKind::HandleBy, Some(promise)) => promise.counted_for.as_ref(),
                _ => None,
            };
            let calendar = rules.calendar(counted_for.unwrap_or(clock.unit));
            let natural = matches!(
                clock.kind,
                DeadlineKind::DecideReportBy | DeadlineKind::AnswerAtSeatBy
            ) || matches!(deadline.limit(), Some(Limit::NaturalHours(_)));
            let working = |due: Timestamp| {
                if natural {
                    return Some(due.millis_since(now));
                }
                // In one of the two directions there is nothing between.
                let ahead = calendar.working_ms_between(now, due).ok()?;
                let behind = calendar.working_ms_between(due, now).ok()?;
                Some(ahead - behind)
            };
            Remaining {
                kind: clock.kind,
                unit: clock.unit.clone(),
                from: deadline.from(),
                due,
                awaits: match deadline {
                    Deadline::Set(_) => None,
                    Deadline::Pending(pending) => Some(pending.awaits),
                },
                limit: deadline.limit(),
                is_due_soon: deadline.is_due_soon(now),
                is_overdue: deadline.is_over(now),
                left_ms: due.map(|due| due.millis_since(now)),
                working_left_ms: due.and_then(working),
                marked: clock.running.marked,
            }
        })
        .collect()
}
