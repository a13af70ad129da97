//! 限时办理: what assigned units do with a ticket, article 11(3).

use super::{PROSE, Wish, optional, with_units, written, wrong};
use crate::domain::calendar::Limit;
use crate::domain::id::{CallId, RecordingId, SmsId, UnitCode};
use crate::domain::staff::By;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Assignment, Stage, Ticket};
use crate::domain::time::Timestamp;

impl Wish<'_> {
    pub(super) fn acknowledge(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        let (actor, _, assignment) = self.assigned(ticket)?;
        if assignment.acknowledged.is_some() {
            return Err(Refusal::AlreadyAcknowledged);
        }
        Ok(vec![Event::Acknowledged {
            at: self.now,
            by: actor.username.clone(),
            unit: assignment.unit.clone(),
        }])
    }

    /// To a unit below one's own. What is handed down is in the hands of whoever has it, and of everybody above who had it;
    /// no clock stops or starts.
    pub(super) fn hand_down(&self, ticket: &Ticket, to: &UnitCode) -> Result<Vec<Event>, Refusal> {
        let (actor, work, assignment) = self.assigned(ticket)?;
        if !self.rules.is_below(to, &actor.unit) {
            return Err(Refusal::Contradiction {
                why: "只能交由本单位的下属单位办理",
                article: "7",
            });
        }
        if assignment.worker() == to || work.assignment(to).is_some() {
            return Err(Refusal::Contradiction {
                why: "该单位已在承办",
                article: "7",
            });
        }
        Ok(vec![Event::HandedDown {
            at: self.now,
            by: actor.username.clone(),
            unit: assignment.unit.clone(),
            from: actor.unit.clone(),
            to: to.clone(),
        }])
    }

    pub(super) fn record_contact(
        &self,
        ticket: &Ticket,
        call: Option<CallId>,
        recording: Option<RecordingId>,
        sms: Option<SmsId>,
        summary: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let unit = self.contacting_unit(ticket)?;
        if call.is_none() && recording.is_none() && sms.is_none() {
            return Err(Refusal::ContactWithoutLink);
        }
        written("沟通内容", summary, PROSE, "11(3)")?;
        Ok(vec![Event::ContactRecorded {
            at: self.now,
            by: self.person_name(),
            unit,
            call,
            recording,
            sms,
            summary: summary.to_owned(),
        }])
    }

    /// The unit that spoke with the petitioner; for a call the server placed itself, the lead.
    fn contacting_unit(&self, ticket: &Ticket) -> Result<UnitCode, Refusal> {
        match self.by {
            By::Server => Ok(with_units(ticket)?.lead.unit.clone()),
            By::Person(_) => Ok(self.assigned(ticket)?.2.unit.clone()),
        }
    }

    pub(super) fn reply(
        &self,
        ticket: &Ticket,
        text: &str,
        no_contact_reason: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let (actor, work, assignment) = self.assigned(ticket)?;
        if assignment.acknowledged.is_none() {
            return Err(Refusal::NotAcknowledged);
        }
        written("答复内容", text, PROSE, "11(3)")?;
        optional("未联系原因", no_contact_reason, PROSE)?;
        let at = self.now;
        let by = actor.username.clone();
        let unit = assignment.unit.clone();
        let text = text.to_owned();
        if unit != work.lead.unit {
            return Ok(vec![Event::OpinionGiven { at, by, unit, text }]);
        }
        let Stage::Handling { .. } = ticket.stage else {
            return Err(wrong(ticket));
        };
        if work.send_back.is_some() {
            return Err(Refusal::AwaitingDecision);
        }
        if !assignment.contacted && no_contact_reason.is_none() {
            return Err(Refusal::NoContactProof);
        }
        let limits = self.limits(ticket);
        if limits.co_handlers_first
            && let Some(awaited) = work.co_handlers.iter().find(|unit| unit.is_awaited(at))
        {
            return Err(Refusal::CoHandlersFirst {
                unit: awaited.unit.clone(),
            });
        }
        // Inside the citizen's limit, whatever is left of it (article 11(4)).
        let hours = Limit::WorkingHours(limits.review_hours);
        let review = self.starting_now(ticket, &ticket.desk, hours)?;
        let review = self
            .rules
            .capped(&ticket.desk, review, &work.promise.handle.deadline);
        Ok(vec![Event::Replied {
            at,
            by,
            unit,
            text,
            no_contact_reason: no_contact_reason.map(str::to_owned),
            review: Some(review),
        }])
    }
}

impl Assignment {
    /// Is its answer still to be waited for at `now`? A co-handler whose time is over holds nobody up.
    fn is_awaited(&self, now: Timestamp) -> bool {
        let running = self.reply.as_ref();
        self.opinion.is_none() && running.is_some_and(|clock| !clock.deadline.is_over(now))
    }
}
