//! 附件 of a ticket (article 12: related material is saved with it). The bytes are kept before the ticket knows of them.

use super::{Wish, wrong};
use crate::domain::attachment::{Attachment, COUNT_MAX, FileSheet};
use crate::domain::id::AttachmentId;
use crate::domain::staff::{By, Role};
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Stage, Ticket};

/// Who takes what a petitioner brings.
const TAKERS: &[Role] = &[
    Role::Agent,
    Role::TeamLead,
    Role::Supervisor,
    Role::Revisitor,
];

impl Wish<'_> {
    pub(super) fn attach(
        &self,
        ticket: &Ticket,
        id: AttachmentId,
        file: &FileSheet,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = match self.by {
            By::Person(actor) if matches!(actor.role, Role::UnitHandler | Role::UnitHead) => {
                let of_unit = ticket
                    .work()
                    .is_some_and(|work| work.part_of(&actor.unit).is_some());
                if !of_unit {
                    return Err(super::NOT_ASSIGNED);
                }
                super::not_a_partners(ticket)?;
                actor
            }
            By::Person(_) | By::Server => self.desk_person(TAKERS, "12")?,
        };
        if let Stage::Archived { .. } | Stage::Voided { .. } = ticket.stage {
            return Err(wrong(ticket));
        }
        if ticket.attachments.len() >= COUNT_MAX {
            return Err(Refusal::Contradiction {
                why: "附件已达20个, 不能再添加",
                article: "12",
            });
        }
        let same = |known: &Attachment| known.file.sha256 == file.sha256;
        if ticket.attachments.iter().any(same) {
            return Err(Refusal::Contradiction {
                why: "该附件已在工单中",
                article: "12",
            });
        }
        Ok(vec![Event::Attached {
            attachment: Attachment {
                id,
                at: self.now,
                by: actor.username.clone(),
                unit: actor.unit.clone(),
                file: file.clone(),
            },
        }])
    }
}
