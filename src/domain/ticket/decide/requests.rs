//! 退回 and 延时: what a unit asks for and the desk decides, article 11(4). None of it moves a clock but a granted
//! extension.

use super::{DECIDERS, PROSE, Wish, with_units, written, wrong};
use crate::domain::ticket::command::Told;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Stage, Ticket};

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
        if self.now > work.send_back_until {
            return Err(Refusal::SendBackWindowClosed {
                since: work.send_back_until,
            });
        }
        written("退回依据", basis, PROSE, "11(4)")?;
        written("办理建议", suggestion, PROSE, "11(4)")?;
        Ok(vec![Event::SendBackRequested {
            at: self.now,
            by: actor.username.clone(),
            unit: actor.unit.clone(),
            basis: basis.to_owned(),
            suggestion: suggestion.to_owned(),
        }])
    }

    pub(super) fn decide_send_back(
        &self,
        ticket: &Ticket,
        granted: bool,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(DECIDERS, "11(4)")?;
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
        let handle_by = work.promise.handle.deadline.due;
        if self.now > handle_by {
            return Err(Refusal::AlreadyOverdue { since: handle_by });
        }
        let limits = &self.rules.limits;
        if work.promise.extensions >= limits.extensions_max {
            return Err(Refusal::NoExtensionsLeft {
                max: limits.extensions_max,
            });
        }
        let kind = ticket
            .demand
            .as_ref()
            .expect("a dispatched ticket has its demand")
            .kind;
        let max = limits.handle_days(kind);
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
        let old = work.promise.handle.deadline;
        let due = self.rules.due(old.due, request.working_days)?;
        let handle = self.rules.deadline(old.from, due)?;
        Ok(vec![Event::ExtensionGranted {
            at,
            by,
            reason,
            handle,
        }])
    }
}

fn not_replied(ticket: &Ticket) -> Result<(), Refusal> {
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
