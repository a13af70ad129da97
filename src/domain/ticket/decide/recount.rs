//! What a changed calendar or organisation does to a ticket: every clock that runs is counted again from where it started, by
//! the ticket's own rule set, and a merged unit's part goes to its heir. Nothing else about it changes.

use super::Wish;
use super::requests::{kind, promised_days};
use crate::domain::calendar::Limit;
use crate::domain::ticket::deadline::{Deadline, DeadlineKind, Moved, Pending};
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::{Refusal, server_only};
use crate::domain::ticket::rules::Limits;
use crate::domain::ticket::state::{Clock, Kind, Stage, Ticket, Work};

impl Wish<'_> {
    pub(super) fn recount(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        server_only(self.by)?;
        let mut moved = Vec::new();
        let mut promise = None;
        for clock in ticket.clocks() {
            if !clock.kind.is_swept() {
                continue;
            }
            let old = clock.running.deadline;
            let mut new = self.counted_again(ticket, &clock)?;
            match clock.kind {
                DeadlineKind::HandleBy => promise = Some(new),
                DeadlineKind::ReviewBy => {
                    let cap = promise.unwrap_or(new);
                    new = self.rules.capped(clock.unit, new, &cap);
                }
                DeadlineKind::AcknowledgeBy
                | DeadlineKind::ReplyBy
                | DeadlineKind::SendBackBy
                | DeadlineKind::DecideSendBackBy
                | DeadlineKind::DecideExtensionBy
                | DeadlineKind::DecideKindBy
                | DeadlineKind::WrittenOpinionBy
                | DeadlineKind::RevisitBy
                | DeadlineKind::RectifyBy
                | DeadlineKind::DecideReportBy
                | DeadlineKind::AnswerAtSeatBy => {}
            }
            if !old.is_at(&new) {
                moved.push(Moved {
                    deadline: clock.kind,
                    unit: clock.unit.clone(),
                    old,
                    new,
                    marked: clock.running.moved_to(new, self.now).marked,
                });
            }
        }
        if let Stage::Dispatched { work } | Stage::Handling { work } = &ticket.stage {
            moved.extend(self.window_again(ticket, work, kind(ticket))?);
        }
        let counted = (!moved.is_empty()).then(|| Event::DeadlinesMoved {
            at: self.now,
            cause: self.rules.change.clone(),
            moved,
        });
        let events: Vec<Event> = counted.into_iter().chain(self.inherited(ticket)).collect();
        if events.is_empty() {
            return Err(Refusal::NothingMoved);
        }
        Ok(events)
    }

    /// What units that were merged into others leave to them: somebody has every part at every instant.
    fn inherited<'t>(&'t self, ticket: &'t Ticket) -> impl Iterator<Item = Event> + 't {
        let open = !matches!(ticket.stage, Stage::Archived { .. });
        let work = ticket.work().filter(|_| open).into_iter();
        work.flat_map(Work::assignments).filter_map(|part| {
            Some(Event::Inherited {
                at: self.now,
                from: part.unit.clone(),
                to: self.rules.heir(&part.unit)?.clone(),
            })
        })
    }

    fn counted_again(&self, ticket: &Ticket, clock: &Clock<'_>) -> Result<Deadline, Refusal> {
        let limits = self.limits(ticket);
        let deadline = &clock.running.deadline;
        let limit = deadline
            .limit()
            .unwrap_or_else(|| limit_of(ticket, clock.kind, limits));
        let unit = match (clock.kind, ticket.promise()) {
            (DeadlineKind::HandleBy, Some(promise)) => {
                promise.counted_for.as_ref().unwrap_or(&ticket.desk)
            }
            _ => clock.unit,
        };
        let convention = limits.convention;
        Ok(self
            .rules
            .deadline(unit, deadline.from(), limit, convention)?)
    }

    /// The window for sending it back, were it of `kind`.
    pub(super) fn window_again(
        &self,
        ticket: &Ticket,
        work: &Work,
        kind: Kind,
    ) -> Result<Option<Moved>, Refusal> {
        let limits = self.limits(ticket);
        let from = work.dispatched_at;
        let limit = Limit::WorkingDays(limits.send_back_days(kind));
        let unit = &work.lead.unit;
        let new = self.rules.deadline(unit, from, limit, limits.convention)?;
        if new.due() == work.send_back_until {
            return Ok(None);
        }
        let old = work.send_back_until.map_or(
            Deadline::Pending(Pending {
                from,
                limit,
                awaits: from.in_beijing().year() + 1,
            }),
            |until| Deadline::until(from, until),
        );
        Ok(Some(Moved {
            deadline: DeadlineKind::SendBackBy,
            unit: unit.clone(),
            old,
            new,
            marked: None,
        }))
    }
}

/// The limit of a clock that was counted before limits were written down beside what came of them.
fn limit_of(ticket: &Ticket, clock: DeadlineKind, limits: &Limits) -> Limit {
    match clock {
        DeadlineKind::AcknowledgeBy => limits.acknowledge(false),
        DeadlineKind::HandleBy | DeadlineKind::ReplyBy => {
            let promise = ticket.promise();
            Limit::WorkingDays(promise.map_or(limits.handle_days(kind(ticket)), |promise| {
                promised_days(ticket, promise, limits)
            }))
        }
        DeadlineKind::SendBackBy => Limit::WorkingDays(limits.send_back_days(kind(ticket))),
        // Never counted again: it runs on natural time.
        DeadlineKind::DecideReportBy | DeadlineKind::AnswerAtSeatBy => Limit::NaturalHours(1),
        DeadlineKind::DecideSendBackBy
        | DeadlineKind::DecideExtensionBy
        | DeadlineKind::DecideKindBy => Limit::WorkingHours(limits.decide_hours),
        DeadlineKind::ReviewBy => Limit::WorkingHours(limits.review_hours),
        DeadlineKind::WrittenOpinionBy => Limit::WorkingDays(limits.written_opinion_days),
        DeadlineKind::RevisitBy => Limit::WorkingDays(limits.revisit_days),
        DeadlineKind::RectifyBy => Limit::WorkingDays(limits.rectify_days),
    }
}
