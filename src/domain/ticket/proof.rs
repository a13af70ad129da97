//! What somebody names as proof that the petitioner was spoken with must be about this ticket (article 11(3)): a call of its
//! own contact, one that was placed for it, or one with the petitioner; a message of its own.

use super::refusal::Refusal;
use super::state::Ticket;
use crate::domain::id::{ContactId, TicketId};

/// What the books say of a call or a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnRecord {
    Call {
        /// What it was placed for, or what came of it.
        ticket: Option<TicketId>,
        contact: Option<ContactId>,
        /// Both ends, as the network gave them.
        parties: [String; 2],
    },
    Message {
        ticket: TicketId,
    },
}

/// Refuses what is not about ticket `id`; `None`: the books know nothing of it.
pub fn is_about(id: TicketId, ticket: &Ticket, named: Option<&OnRecord>) -> Result<(), Refusal> {
    let holds = match named {
        None => false,
        Some(OnRecord::Message { ticket: of }) => *of == id,
        Some(OnRecord::Call {
            ticket: of,
            contact,
            parties,
        }) => {
            let with_petitioner = || {
                let mut numbers = ticket.phone().into_iter().chain(&ticket.caller);
                numbers.any(|number| parties.iter().any(|party| number.is_party(party)))
            };
            *of == Some(id)
                || (contact.is_some() && *contact == ticket.contact)
                || with_petitioner()
        }
    };
    if holds {
        Ok(())
    } else {
        Err(Refusal::ForeignProof)
    }
}
