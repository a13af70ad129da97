//! 退回 and 延时: what a unit asks for and the desk decides, article 11(4). None of it moves a clock but a granted
//! extension; asking stops none.

use super::{COORDINATORS, DECIDERS, PROSE, Wish, with_units, written, wrong};
use crate::domain::calendar::Limit;
use crate::domain::ticket::command::Told;
use crate::domain::ticket::deadline::Deadline;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::rules::Limits;
use crate::domain::ticket::state::{Promise, Stage, Ticket};

impl Wish<'_> {
    pub(super) fn send_back(
        &self,
        ticket: &Ticket,
        basis: &str,
        suggestion: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, work) = self.lead(ticket)?;
        not_replied(ticket)?;
        if work.send_back.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        if ticket.coordinated.is_some() {
            return Err(Refusal::AppointedByCoordination);
        }
        if let Some(since) = work.send_back_until
            && self.now > since
        {
            return Err(Refusal::SendBackWindowClosed { since });
        }
        written("退回依据", basis, PROSE, "11(4)")?;
        written("办理建议", suggestion, PROSE, "11(4)")?;
        let asked = ticket.send_backs.len() + 1;
        Ok(vec![Event::SendBackRequested {
            at: self.now,
            by: actor.username.clone(),
            unit: actor.unit.clone(),
            basis: basis.to_owned(),
            suggestion: suggestion.to_owned(),
            // 反复退回 (article 28(3)): no further bounce from unit to unit.
            coordination: asked >= self.limits(ticket).send_backs_max as usize,
            decide: Some(self.decide_by(ticket)?),
        }])
    }

    pub(super) fn decide_send_back(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let request = match &ticket.stage {
            Stage::Dispatched { work } | Stage::Handling { work } | Stage::Replied { work, .. } => {
                work.send_back.as_ref()
            }
            Stage::Draft
            | Stage::Registered { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => None,
        };
        let actor = match request {
            Some(request) if request.coordination => self.desk_person(COORDINATORS, "26")?,
            Some(_) | None => self.desk_person(DECIDERS, "11(4)")?,
        };
        if with_units(ticket)?.send_back.is_none() {
            return Err(Refusal::NothingToDecide);
        }
        written("审核理由", reason, PROSE, "11(4)")?;
        Ok(vec![Event::SendBackDecided {
            at: self.now,
            by: actor.username.clone(),
            granted,
            reason: reason.to_owned(),
        }])
    }

    pub(super) fn extend(
        &self,
        ticket: &Ticket,
        working_days: u32,
        reason: &str,
        told_petitioner: &Told,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, work) = self.lead(ticket)?;
        not_replied(ticket)?;
        if work.extension.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        if let Some(since) = work.promise.handle.deadline.due()
            && self.now > since
        {
            return Err(Refusal::AlreadyOverdue { since });
        }
        let limits = self.limits(ticket);
        if work.promise.extensions >= limits.extensions_max {
            return Err(Refusal::NoExtensionsLeft {
                max: limits.extensions_max,
            });
        }
        let max = limits.handle_days(kind(ticket));
        if !(1..=max).contains(&working_days) {
            return Err(Refusal::ExtensionTooLong { max });
        }
        written("延时理由", reason, PROSE, "11(4)")?;
        match told_petitioner {
            Told::Call(_) | Told::Sms(_) => {}
            Told::NotNeeded(why) => written("无需告知的原因", why, PROSE, "11(4)")?,
        }
        Ok(vec![Event::ExtensionRequested {
            at: self.now,
            by: actor.username.clone(),
            unit: actor.unit.clone(),
            working_days,
            reason: reason.to_owned(),
            told_petitioner: told_petitioner.clone(),
            decide: Some(self.decide_by(ticket)?),
        }])
    }

    pub(super) fn decide_extension(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(DECIDERS, "11(4)")?;
        let work = with_units(ticket)?;
        let request = work.extension.as_ref().ok_or(Refusal::NothingToDecide)?;
        written("审核理由", reason, PROSE, "11(4)")?;
        let at = self.now;
        let by = actor.username.clone();
        let reason = reason.to_owned();
        if !granted {
            return Ok(vec![Event::ExtensionDeclined { at, by, reason }]);
        }
        let set = self.set(ticket);
        let more = |unit, deadline: &Deadline, days: u32| {
            let limit = Limit::WorkingDays(days + request.working_days);
            let convention = set.limits.convention;
            self.rules
                .deadline(unit, deadline.from(), limit, convention)
        };
        let promise = &work.promise;
        let counted_for = promise.counted_for.as_ref().unwrap_or(&ticket.desk);
        let days = promised_days(ticket, promise, &set.limits);
        // A later lead's own clock is as much longer as the promise.
        let own = work.lead.reply.as_ref().map(|own| {
            let days = own.deadline.working_days().unwrap_or(days);
            more(&work.lead.unit, &own.deadline, days)
        });
        Ok(vec![Event::ExtensionGranted {
            at,
            by,
            reason,
            handle: more(counted_for, &promise.handle.deadline, days)?,
            reply: own.transpose()?,
        }])
    }

    /// By when the desk answers a request.
    pub(super) fn decide_by(&self, ticket: &Ticket) -> Result<Deadline, Refusal> {
        let hours = self.limits(ticket).decide_hours;
        self.starting_now(ticket, &ticket.desk, Limit::WorkingHours(hours))
    }
}

/// Working days promised so far, with every extension.
pub(super) fn promised_days(ticket: &Ticket, promise: &Promise, limits: &Limits) -> u32 {
    let counted = promise.handle.deadline.working_days();
    counted.unwrap_or_else(|| {
        // Counted before limits were written down beside what came of them.
        let granted = ticket
            .extensions
            .iter()
            .rev()
            .filter(|e| e.decision.granted);
        let more = granted.take(promise.extensions as usize);
        let more: u32 = more.map(|e| e.request.working_days).sum();
        limits.handle_days(kind(ticket)) + more
    })
}

pub(super) fn kind(ticket: &Ticket) -> crate::domain::ticket::state::Kind {
    let demand = ticket.demand.as_ref();
    demand.expect("a dispatched ticket has its demand").kind
}

pub(super) fn not_replied(ticket: &Ticket) -> Result<(), Refusal> {
    match ticket.stage {
        Stage::Dispatched { .. } | Stage::Handling { .. } => Ok(()),
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Replied { .. }
        | Stage::Closed { .. }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}
