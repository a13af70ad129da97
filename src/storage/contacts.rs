//! Contacts 服务会话, and the one commit on the call path: an answered call with its contact and its ticket draft.

use std::sync::Arc;

use serde::Serialize;

use super::chronicle::{Chain, Chronicler, Kind};
use super::db::{Row, Tx, Value, values};
use super::{Fault, Storage, Trouble, callers, calls, to_json};
use crate::domain::call::Cdr;
use crate::domain::caller::Known;
use crate::domain::contact::{Contact, ContactCommand, ContactEvent, apply, decide};
use crate::domain::id::{ContactId, TicketId};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::By;
use crate::domain::ticket::{Command, Refusal, Rules, Source};
use crate::domain::time::Timestamp;

/// A citizen's call that is about to be answered. The telephone side has made the ids already; they are in the
/// call's record too.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub cdr: Cdr,
    pub contact: ContactId,
    pub ticket: TicketId,
}

/// A contact as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactRecord {
    pub id: ContactId,
    pub version: u64,
    pub contact: Contact,
}

impl Storage {
    /// Makes an answered call durable, with its contact and ticket draft: to be awaited before the 200 OK leaves.
    /// Told twice, it is durable once. Answers what is known of the number that calls.
    pub async fn answered(
        &self,
        now: Timestamp,
        answered: Answered,
        rules: &Arc<Rules>,
    ) -> Result<Known, Fault> {
        self.as_server(now, rules, answered, |server, tx, answered| {
            Box::pin(server.answer(tx, answered))
        })
        .await
    }

    /// Carries out a command on a contact.
    pub async fn contact_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: ContactId,
        command: ContactCommand,
        rules: &Arc<Rules>,
    ) -> Result<ContactRecord, Trouble<Refusal>> {
        let wish = (id, command);
        self.chronicle(now, by, rules, wish, |chronicler, tx, (id, command)| {
            Box::pin(chronicler.change_contact(tx, *id, command))
        })
        .await
    }

    /// One contact.
    pub async fn contact(&self, id: ContactId) -> Result<Option<ContactRecord>, Fault> {
        let row = self
            .db
            .row(
                "SELECT id, version, json FROM contact WHERE id = $1",
                &values![id],
            )
            .await?;
        row.as_ref().map(record_of).transpose()
    }
}

impl Chronicler<'_> {
    async fn answer(&self, tx: &mut Tx, answered: &Answered) -> Result<Known, Fault> {
        let caller = PhoneNumber::parse(&answered.cdr.caller).ok();
        let known = callers::known(tx, self.now, caller.as_ref()).await?;
        let mut cdr = answered.cdr.clone();
        cdr.contact_id = Some(answered.contact);
        cdr.ticket_id = Some(answered.ticket);
        if !calls::insert(tx, &cdr).await? {
            // Its record was written before: by an earlier word of the call, or by this same one.
            calls::write(tx, &cdr).await?;
            let contact = tx
                .row(
                    "SELECT id FROM contact WHERE id = $1",
                    &values![answered.contact],
                )
                .await?;
            if contact.is_some() {
                return Ok(known);
            }
        }
        let open_contact = ContactCommand::Open {
            call: cdr.id,
            caller: caller.clone(),
            ticket: answered.ticket,
        };
        let open_ticket = Command::Open {
            source: Source::Phone,
            contact: Some(answered.contact),
            call: Some(cdr.id),
            caller,
        };
        let refused = |refusal| Fault::Corrupt(format!("a draft was refused: {refusal}"));
        self.open_contact(tx, answered.contact, &open_contact)
            .await
            .map_err(|trouble| trouble.or_fault(refused))?;
        self.open_ticket(tx, answered.ticket, &open_ticket)
            .await
            .map_err(|trouble| trouble.or_fault(refused))?;
        Ok(known)
    }

    async fn open_contact(
        &self,
        tx: &mut Tx,
        id: ContactId,
        command: &ContactCommand,
    ) -> Result<(), Trouble<Refusal>> {
        let events = decide(self.now, None, command, self.by).map_err(Trouble::Refused)?;
        let contact = events
            .iter()
            .fold(None, |contact, event| Some(apply(contact, event)))
            .expect("opening a contact is one event");
        let mut chain = Chain::new();
        self.append_contact(tx, id, &mut chain, &events).await?;
        tx.execute(
            "INSERT INTO contact (id, agent, stage, version, head_hash, json, call_id, ticket_id, \
             caller, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                &columns(id, &contact, &chain)[..],
                &values![
                    contact.call,
                    contact.ticket,
                    contact.caller,
                    contact.started_at
                ],
            ]
            .concat(),
        )
        .await?;
        Ok(())
    }

    pub(super) async fn change_contact(
        &self,
        tx: &mut Tx,
        id: ContactId,
        command: &ContactCommand,
    ) -> Result<ContactRecord, Trouble<Refusal>> {
        let row = tx
            .row(
                "UPDATE contact SET version = version WHERE id = $1 \
                 RETURNING id, version, json, head_hash",
                &values![id],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::WrongStage { stage: "不存在" }))?;
        let mut record = record_of(&row)?;
        let mut chain = Chain::of_row(&row)?;
        let events =
            decide(self.now, Some(&record.contact), command, self.by).map_err(Trouble::Refused)?;
        self.append_contact(tx, id, &mut chain, &events).await?;
        record.contact = events
            .iter()
            .fold(record.contact, |contact, event| apply(Some(contact), event));
        record.version = chain.version;
        tx.execute(
            "UPDATE contact SET agent = $2, stage = $3, version = $4, head_hash = $5, json = $6 \
             WHERE id = $1",
            &columns(id, &record.contact, &chain),
        )
        .await?;
        if let Some(reason) = events.iter().find_map(ContactEvent::nothing_asked) {
            self.void_draft(tx, record.contact.ticket, reason).await?;
        }
        Ok(record)
    }

    /// A contact in which nothing was asked leaves no draft for somebody to register.
    async fn void_draft(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        reason: &str,
    ) -> Result<(), Trouble<Refusal>> {
        let draft = tx
            .row(
                "UPDATE ticket SET version = version WHERE id = $1 AND stage = 'draft' RETURNING id",
                &values![ticket],
            )
            .await?;
        if draft.is_some() {
            let void = Command::Void {
                reason: reason.to_owned(),
            };
            self.as_server().change_ticket(tx, ticket, &void).await?;
        }
        Ok(())
    }

    async fn append_contact(
        &self,
        tx: &mut Tx,
        id: ContactId,
        chain: &mut Chain,
        events: &[ContactEvent],
    ) -> Result<(), Fault> {
        for event in events {
            self.append(tx, Kind::Contact, id.0, chain, event.name(), to_json(event))
                .await?;
        }
        Ok(())
    }
}

fn columns(id: ContactId, contact: &Contact, chain: &Chain) -> [Value; 6] {
    values![
        id,
        contact.agent,
        contact.stage.code(),
        chain.version,
        chain.head_hash(),
        to_json(contact)
    ]
}

fn record_of(row: &Row) -> Result<ContactRecord, Fault> {
    Ok(ContactRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        contact: row.json("json")?,
    })
}
