//! 诉求类型变更: from consultation to anything else or back, asked for by one person and decided by another. The limits
//! follow the new kind from where they started (article 11(3)); what was promised and counted before stays in the events.

use super::requests::{kind, not_replied, promised_days};
use super::{DECIDERS, PROSE, REGISTRARS, Wish, with_units, written};
use crate::domain::calendar::Limit;
use crate::domain::id::UnitCode;
use crate::domain::staff::By;
use crate::domain::ticket::deadline::{Deadline, DeadlineKind, Moved, Running};
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Kind, Stage, Ticket, Work};

impl Wish<'_> {
    pub(super) fn change_kind(
        &self,
        ticket: &Ticket,
        to: Kind,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let (by, unit) = match self.by {
            By::Person(actor) if REGISTRARS.contains(&actor.role) => {
                (actor.username.clone(), ticket.desk.clone())
            }
            By::Person(_) | By::Server => {
                let (actor, work) = self.lead(ticket)?;
                (actor.username.clone(), work.lead.unit.clone())
            }
        };
        let work = with_units(ticket)?;
        not_replied(ticket)?;
        if work.kind_change.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        let from = kind(ticket);
        if from == to {
            return Err(Refusal::Contradiction {
                why: "诉求类型没有变化",
                article: "11(3)",
            });
        }
        // As with an extension: what has run out is not made longer afterwards.
        let limits = self.limits(ticket);
        if limits.handle_days(to) > limits.handle_days(from)
            && let Some(since) = work.promise.handle.deadline.due()
            && self.now > since
        {
            return Err(Refusal::LongerKindTooLate { since });
        }
        written("变更理由", reason, PROSE, "11(3)")?;
        Ok(vec![Event::KindChangeRequested {
            at: self.now,
            by,
            unit,
            from,
            to,
            reason: reason.to_owned(),
            decide: Some(self.decide_by(ticket)?),
        }])
    }

    pub(super) fn decide_kind(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(DECIDERS, "11(3)")?;
        let work = with_units(ticket)?;
        let request = work.kind_change.as_ref().ok_or(Refusal::NothingToDecide)?;
        if request.by == actor.username {
            return Err(Refusal::OwnRequest);
        }
        written("审核理由", reason, PROSE, "11(3)")?;
        let (at, by, reason) = (self.now, actor.username.clone(), reason.to_owned());
        Ok(vec![if granted {
            Event::KindChanged {
                at,
                by,
                reason,
                kind: request.to,
                moved: self.moved_by_kind(ticket, work, request.to)?,
            }
        } else {
            Event::KindChangeDeclined { at, by, reason }
        }])
    }

    /// The limits that hang on the kind, each from its own start and with what was granted on top of it.
    fn moved_by_kind(&self, ticket: &Ticket, work: &Work, to: Kind) -> Result<Vec<Moved>, Refusal> {
        let limits = self.limits(ticket);
        let from = kind(ticket);
        let counted = |unit: &UnitCode, start, days| {
            let limit = Limit::WorkingDays(days);
            self.rules.deadline(unit, start, limit, limits.convention)
        };
        let longer =
            |days: u32, was: u32, is: u32| days.saturating_sub(was).saturating_add(is).max(1);
        let mut moved = Vec::new();
        let mut moves = |deadline, unit: &UnitCode, running: &Running, new: Deadline| {
            if !running.deadline.is_at(&new) {
                moved.push(Moved {
                    deadline,
                    unit: unit.clone(),
                    old: running.deadline,
                    new,
                    marked: running.moved_to(new, self.now).marked,
                });
            }
        };
        let promise = &work.promise;
        let promised = promised_days(ticket, promise, limits);
        let (was, is) = (limits.handle_days(from), limits.handle_days(to));
        let unit = promise.counted_for.as_ref().unwrap_or(&ticket.desk);
        let start = promise.handle.deadline.from();
        let handle = counted(unit, start, longer(promised, was, is))?;
        moves(
            DeadlineKind::HandleBy,
            &work.lead.unit,
            &promise.handle,
            handle,
        );
        let heard = (limits.co_handler_days(from), limits.co_handler_days(to));
        for part in work.assignments() {
            let Some(reply) = part.reply.as_ref().filter(|_| part.opinion.is_none()) else {
                continue;
            };
            let (was, is) = match part.unit == work.lead.unit {
                true => (was, is),
                false => heard,
            };
            let days = reply.deadline.working_days().unwrap_or(was);
            let start = reply.deadline.from();
            let new = counted(&part.unit, start, longer(days, was, is))?;
            moves(DeadlineKind::ReplyBy, &part.unit, reply, new);
        }
        if let Stage::Replied {
            review: Some(review),
            ..
        } = &ticket.stage
        {
            let hours = Limit::WorkingHours(limits.review_hours);
            let start = review.deadline.from();
            let new = self
                .rules
                .deadline(&ticket.desk, start, hours, limits.convention)?;
            let new = self.rules.capped(&ticket.desk, new, &handle);
            moves(DeadlineKind::ReviewBy, &ticket.desk, review, new);
        }
        moved.extend(self.window_again(ticket, work, to)?);
        Ok(moved)
    }
}
