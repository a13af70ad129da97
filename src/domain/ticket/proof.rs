//! What somebody names as proof that the petitioner was spoken with (article 11(3)) must be about this ticket and must show that
//! they were: a call that was answered since the ticket went to the unit, the citizen's own call in which the unit's
//! specialist took part, a message that a person's decision sent to the petitioner. That the citizen called, or that the
//! server sent a receipt or a survey, proves nothing of the unit.

use super::refusal::Refusal;
use super::state::{Ticket, Work};
use crate::domain::id::{ContactId, TicketId};
use crate::domain::time::Timestamp;

/// What the books say of a call or a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnRecord {
    Call {
        /// What it was placed for, or what came of it.
        ticket: Option<TicketId>,
        contact: Option<ContactId>,
        /// Both ends, as the network gave them.
        parties: [String; 2],
        started_at: Timestamp,
        /// By whom it went to: of a call placed for a unit, the outside.
        answered: bool,
    },
    Message {
        ticket: TicketId,
        queued_at: Timestamp,
        /// It tells the petitioner what a person decided.
        tells_petitioner: bool,
        /// It is known not to have arrived.
        failed: bool,
    },
}

/// Refuses what is not about ticket `id`, and what proves no contact; `None`: the books know nothing of it.
pub fn proves_contact(
    id: TicketId,
    ticket: &Ticket,
    named: Option<&OnRecord>,
) -> Result<(), Refusal> {
    let Some(named) = named.filter(|named| is_about(id, ticket, named)) else {
        return Err(Refusal::ForeignProof);
    };
    let proves = ticket.work().is_some_and(|work| shows(ticket, work, named));
    if proves {
        Ok(())
    } else {
        Err(Refusal::ProvesNoContact)
    }
}

fn is_about(id: TicketId, ticket: &Ticket, named: &OnRecord) -> bool {
    match named {
        OnRecord::Message { ticket: of, .. } => *of == id,
        OnRecord::Call {
            ticket: of,
            contact,
            parties,
            ..
        } => {
            let with_petitioner = || {
                let mut numbers = ticket.phone().into_iter().chain(&ticket.caller);
                numbers.any(|number| parties.iter().any(|party| number.is_party(party)))
            };
            *of == Some(id)
                || (contact.is_some() && *contact == ticket.contact)
                || with_petitioner()
        }
    }
}

fn shows(ticket: &Ticket, work: &Work, named: &OnRecord) -> bool {
    match named {
        OnRecord::Message {
            queued_at,
            tells_petitioner,
            failed,
            ..
        } => *tells_petitioner && !failed && *queued_at >= work.dispatched_at,
        OnRecord::Call {
            contact,
            started_at,
            answered,
            ..
        } => {
            let took_part = || {
                let mut units = ticket.three_ways.iter().map(|three_way| &three_way.unit);
                units.any(|unit| work.part_of(unit).is_some())
            };
            let own = contact.is_some() && *contact == ticket.contact;
            *answered && (*started_at >= work.dispatched_at || (own && took_part()))
        }
    }
}
