//! What time alone brings about.

use super::Wish;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::intake;
use crate::domain::ticket::refusal::{Refusal, server_only};
use crate::domain::ticket::state::Ticket;

impl Wish<'_> {
    /// Each clock's furthest unrecorded mark. The ticket still runs: a lapse is a fact, not an end.
    pub(super) fn sweep(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        server_only(self.by)?;
        let late = ticket.report_lapses_at().is_some_and(|at| at <= self.now);
        let seat = ticket.intake.seat.as_ref();
        let seat = seat.filter(|_| ticket.seat_lapses_at().is_some_and(|at| at <= self.now));
        let seat_lapsed = seat.map(|seat| {
            Event::Intake(intake::Event::SeatLapsed {
                at: self.now,
                unit: seat.unit.clone(),
            })
        });
        let marks: Vec<Event> = ticket
            .swept()
            .filter_map(|clock| {
                Some(Event::Marked {
                    deadline: clock.kind,
                    unit: clock.unit.clone(),
                    mark: clock.running.reached(self.now)?,
                    due: clock.running.deadline.due()?,
                })
            })
            .chain(late.then_some(Event::Intake(intake::Event::ReportLapsed { at: self.now })))
            .chain(seat_lapsed)
            .collect();
        if marks.is_empty() {
            return Err(Refusal::NothingDue);
        }
        Ok(marks)
    }
}
