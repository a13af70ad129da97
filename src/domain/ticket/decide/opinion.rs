//! 书面办理意见 (article 11: 要求出具书面办理意见的, 由相关成员单位负责出具).

use super::{PROSE, Wish, written, wrong};
use crate::domain::calendar::Limit;
use crate::domain::staff::Role;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Closing, Stage, Ticket};

/// Who hears the citizen ask.
const HEARERS: &[Role] = &[
    Role::Agent,
    Role::TeamLead,
    Role::Supervisor,
    Role::Revisitor,
];

impl Wish<'_> {
    pub(super) fn request_written_opinion(&self, ticket: &Ticket) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(HEARERS, "11(5)")?;
        has_a_unit(ticket)?;
        if ticket.intake.partner().is_some() {
            return Err(Refusal::Contradiction {
                why: "由外部平台办理的工单, 书面意见由该平台出具",
                article: "11(5)",
            });
        }
        if ticket.open_opinion().is_some() {
            return Err(Refusal::OpinionAskedFor);
        }
        let days = self.limits(ticket).written_opinion_days;
        let number = ticket.written_opinions.len() + 1;
        Ok(vec![Event::WrittenOpinionRequested {
            at: self.now,
            by: actor.username.clone(),
            number: u32::try_from(number).expect("nobody asks four billion times"),
            issue: self.starting_now(ticket, ticket.responsible(), Limit::WorkingDays(days))?,
        }])
    }

    pub(super) fn issue_written_opinion(
        &self,
        ticket: &Ticket,
        text: &str,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.unit_person()?;
        has_a_unit(ticket)?;
        super::not_a_partners(ticket)?;
        if !ticket.is_answered_by(&actor.unit) {
            return Err(super::NOT_ASSIGNED);
        }
        let open = ticket.open_opinion().ok_or(Refusal::NoOpinionAskedFor)?;
        written("书面办理意见", text, PROSE, "11(5)")?;
        Ok(vec![Event::WrittenOpinionIssued {
            at: self.now,
            by: actor.username.clone(),
            unit: ticket.responsible().clone(),
            number: open.number,
            text: text.to_owned(),
        }])
    }
}

/// A unit answers for it, and it is not put away.
fn has_a_unit(ticket: &Ticket) -> Result<(), Refusal> {
    match &ticket.stage {
        Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. }
        | Stage::Closed {
            closing: Closing::Replied { .. },
            ..
        } => Ok(()),
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Closed {
            closing: Closing::AnsweredOnCall { .. },
            ..
        }
        | Stage::Archived { .. }
        | Stage::Voided { .. } => Err(wrong(ticket)),
    }
}
