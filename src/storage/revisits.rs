//! Manual revisits 人工回访: planned by a ticket's events, taken by somebody who had no part in it, called, recorded;
//! what the citizen said goes to the ticket in the same transaction.

use std::sync::Arc;

use serde::Serialize;

use super::about::unless_kept;
use super::chronicle::{Chain, Chronicler, Kind, Subject};
use super::db::{Row, Select, Tx, Value, values};
use super::idempotency::Once;
use super::news::{Fact, Moved, Whose, secrecy};
use super::tickets::CommandRefusal;
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::id::{RevisitId, TicketId};
use crate::domain::revisit::{Revisit, RevisitCommand, RevisitEvent, apply, decide};
use crate::domain::staff::By;
use crate::domain::ticket::{Limits, Refusal, Rules, Ticket};
use crate::domain::time::Timestamp;

/// A revisit as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevisitRecord {
    pub id: RevisitId,
    pub version: u64,
    pub planned_at: Timestamp,
    pub updated_at: Timestamp,
    pub revisit: Revisit,
}

/// Which revisits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevisitFilter {
    /// [`RevisitStage::code`](crate::domain::revisit::RevisitStage::code).
    pub stage: Option<String>,
    pub ticket: Option<TicketId>,
    /// Only those whose deadline ran out before this instant.
    pub overdue_at: Option<Timestamp>,
}

impl Storage {
    /// Carries out a command on a revisit; as [`Storage::command`] for a ticket.
    pub async fn revisit_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: RevisitId,
        command: RevisitCommand,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<RevisitRecord, Trouble<CommandRefusal>> {
        self.carry_out(now, by, Some(id), command, rules, once)
            .await
    }

    /// One revisit.
    pub async fn revisit(&self, id: RevisitId) -> Result<Option<RevisitRecord>, Fault> {
        let row = self.db.row(REVISIT, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    /// Revisits, the latest planned first.
    pub async fn revisits(
        &self,
        by: By<'_>,
        filter: &RevisitFilter,
        page: &Page,
    ) -> Result<Listing<RevisitRecord>, Fault> {
        let mut select = Select::new(
            "SELECT id, version, planned_at, updated_at, json FROM revisit WHERE 1 = 1",
        )
        .and_some("stage =", filter.stage.clone())
        .and_some("ticket_id =", filter.ticket);
        select = unless_kept(select, by, "t.id = ticket_id");
        if let Some(now) = filter.overdue_at {
            select = select
                .and("due_at <", now)
                .text(" AND stage NOT IN ('done', 'cancelled')");
        }
        if let Some(after) = &page.after {
            select = select.before("planned_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY planned_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.planned_at.millis(),
            id: record.id.to_string(),
        }))
    }
}

/// `due_at` of a revisit whose deadline waits for a calendar: after everything that is known.
const NOT_KNOWN_YET: Timestamp = Timestamp::from_millis(253_402_300_799_000);

const REVISIT: &str = "SELECT id, version, planned_at, updated_at, json FROM revisit WHERE id = $1";

impl Subject for RevisitRecord {
    type Id = RevisitId;
    type Command = RevisitCommand;
    type Refusal = CommandRefusal;

    const KEY_USED: CommandRefusal = CommandRefusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx.row(REVISIT, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    /// Nobody wishes a new one: a ticket's events plan it.
    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: RevisitId,
        _new: bool,
        command: &RevisitCommand,
    ) -> Result<Self, Trouble<CommandRefusal>> {
        let changed = chronicler.change_revisit(tx, id, command).await;
        changed.map_err(Trouble::widen)
    }
}

impl Chronicler<'_> {
    /// Plans a revisit: what a ticket's `revisit_planned` leads to.
    pub(super) async fn plan_revisit(
        &self,
        tx: &mut Tx,
        plan: &RevisitCommand,
    ) -> Result<(), Fault> {
        let server = self.as_server();
        let events = decide(self.now, None, plan, server.by, &Limits::default())
            .map_err(|refusal| Fault::Corrupt(format!("a revisit cannot be planned: {refusal}")))?;
        let revisit = events
            .iter()
            .fold(None, |revisit, event| Some(apply(revisit, event)))
            .expect("planning is one event");
        let mut chain = Chain::new();
        let id = RevisitId(self.clock.new_id());
        server
            .append_all(
                tx,
                (Kind::Revisit, id.0),
                &mut chain,
                &events,
                RevisitEvent::name,
            )
            .await?;
        let record = RevisitRecord {
            id,
            version: chain.version,
            planned_at: self.now,
            updated_at: self.now,
            revisit,
        };
        tx.execute(
            "INSERT INTO revisit (id, updated_at, stage, version, head_hash, json, ticket_id, \
             planned_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                &columns(&record, &chain)[..],
                &values![
                    record.revisit.ticket,
                    self.now,
                    record.revisit.due.unwrap_or(NOT_KNOWN_YET)
                ],
            ]
            .concat(),
        )
        .await?;
        tell(tx, &record).await
    }

    /// Carries `command` out on revisit `id`; its result is told to the ticket, which may refuse it, and then
    /// nothing has happened.
    pub(super) async fn change_revisit(
        &self,
        tx: &mut Tx,
        id: RevisitId,
        command: &RevisitCommand,
    ) -> Result<RevisitRecord, Trouble<Refusal>> {
        // The ticket before the revisit, as everywhere: two orders of locking would be a deadlock.
        let row = tx
            .row(
                "UPDATE ticket SET version = version \
                 WHERE id = (SELECT ticket_id FROM revisit WHERE id = $1) RETURNING json",
                &values![id],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::NoOpenRevisit))?;
        let ticket: Ticket = row.json("json")?;
        let row = tx
            .row(
                "UPDATE revisit SET version = version WHERE id = $1 \
                 RETURNING id, version, planned_at, updated_at, json, head_hash",
                &values![id],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::NoOpenRevisit))?;
        let mut record = record_of(&row)?;
        let mut chain = Chain::of_row(&row)?;
        let limits = &self.rules.of(self.now, &ticket).limits;
        let events = decide(self.now, Some(&record.revisit), command, self.by, limits)
            .map_err(Trouble::Refused)?;
        self.append_all(
            tx,
            (Kind::Revisit, id.0),
            &mut chain,
            &events,
            RevisitEvent::name,
        )
        .await?;
        record.revisit = events
            .iter()
            .fold(record.revisit, |revisit, event| apply(Some(revisit), event));
        record.version = chain.version;
        record.updated_at = self.now;
        tx.execute(
            "UPDATE revisit SET updated_at = $2, stage = $3, version = $4, head_hash = $5, \
             json = $6, due_at = $7 WHERE id = $1",
            &[
                &columns(&record, &chain)[..],
                &values![record.revisit.due.unwrap_or(NOT_KNOWN_YET)],
            ]
            .concat(),
        )
        .await?;
        tell(tx, &record).await?;
        for event in &events {
            if let Some(result) = event.for_ticket(id) {
                self.change_ticket(tx, record.revisit.ticket, &result)
                    .await?;
            }
        }
        Ok(record)
    }

    /// Tells what is still planned for a ticket by when it is to be done now.
    pub(super) async fn reschedule_revisits(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        due: Option<Timestamp>,
    ) -> Result<(), Fault> {
        self.tell_revisits(tx, ticket, &RevisitCommand::Reschedule { due })
            .await
    }

    /// Cancels what is still planned for a ticket that moved on.
    pub(super) async fn cancel_revisits(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), Fault> {
        self.tell_revisits(tx, ticket, &RevisitCommand::Cancel)
            .await
    }

    async fn tell_revisits(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        command: &RevisitCommand,
    ) -> Result<(), Fault> {
        let open = tx
            .rows(
                "SELECT id FROM revisit WHERE ticket_id = $1 \
                 AND stage NOT IN ('done', 'cancelled')",
                &values![ticket],
            )
            .await?;
        for row in &open {
            let server = self.as_server();
            // Boxed: a revisit's result changes a ticket, whose change may cancel revisits.
            let told = Box::pin(server.change_revisit(tx, row.get("id")?, command));
            match told.await {
                Ok(_) => {}
                Err(Trouble::Fault(fault)) => return Err(fault),
                Err(Trouble::Refused(refusal)) => {
                    return Err(Fault::Corrupt(format!(
                        "an open revisit refuses {}: {refusal}",
                        command.name()
                    )));
                }
            }
        }
        Ok(())
    }
}

async fn tell(tx: &mut Tx, record: &RevisitRecord) -> Result<(), Fault> {
    let ticket = record.revisit.ticket;
    let fact = Fact {
        moved: Moved::Revisit {
            id: record.id,
            ticket,
            version: record.version,
        },
        secrecy: secrecy(tx, [ticket]).await?,
        whose: Whose::Everybodys,
    };
    tx.tell(fact);
    Ok(())
}

fn columns(record: &RevisitRecord, chain: &Chain) -> [Value; 6] {
    values![
        record.id,
        record.updated_at,
        record.revisit.stage.code(),
        chain.version,
        chain.head_hash(),
        to_json(&record.revisit)
    ]
}

fn record_of(row: &Row) -> Result<RevisitRecord, Fault> {
    Ok(RevisitRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        planned_at: row.get("planned_at")?,
        updated_at: row.get("updated_at")?,
        revisit: row.json("json")?,
    })
}
