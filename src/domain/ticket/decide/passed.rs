//! What becomes of a ticket's own stages when another platform works on it: it is dispatched to the hotline itself, and the
//! partner's result is the hotline's reply, to be reviewed as any (docs/decisions/0028).

use super::Wish;
use super::revisit::is_rectifying;
use crate::domain::calendar::Limit;
use crate::domain::id::Username;
use crate::domain::staff::By;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::rules::Rules;
use crate::domain::ticket::state::{Round, Stage, Ticket};
use crate::domain::time::Timestamp;

/// The dispatch of a ticket that stays ours while somebody else works on it.
pub(in crate::domain::ticket) fn to_ourselves(
    now: Timestamp,
    ticket: &Ticket,
    by: By<'_>,
    rules: &Rules,
) -> Result<Event, Refusal> {
    Wish { now, by, rules }.dispatched(ticket, &ticket.desk, &[], None, false)
}

/// The partner's result: a reply that waits for review, or what it put right after the citizen was called.
pub(in crate::domain::ticket) fn partner_answered(
    now: Timestamp,
    ticket: &Ticket,
    by: By<'_>,
    rules: &Rules,
    brought_by: Username,
    text: &str,
) -> Result<Vec<Event>, Refusal> {
    let wish = Wish { now, by, rules };
    let (unit, text) = (ticket.desk.clone(), text.to_owned());
    if is_rectifying(ticket) {
        let rectified = Event::Rectified {
            at: now,
            by: brought_by,
            unit,
            finding: text.clone(),
            measures: text,
        };
        return Ok(vec![rectified, wish.plan_revisit(ticket, Round::Second)?]);
    }
    let Stage::Handling { work } = &ticket.stage else {
        return Err(super::wrong(ticket));
    };
    let hours = Limit::WorkingHours(wish.limits(ticket).review_hours);
    let review = wish.starting_now(ticket, &ticket.desk, hours)?;
    let review = rules.capped(&ticket.desk, review, &work.promise.handle.deadline);
    Ok(vec![Event::Replied {
        at: now,
        by: brought_by,
        unit,
        text,
        no_contact_reason: None,
        review: Some(review),
    }])
}
