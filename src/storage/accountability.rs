//! The accountability ledger 问责台账 (article 28): entries by hand with approval. Computed facts are findings
//! ([`watch`](super::watch)).

use std::sync::Arc;

use serde::Serialize;

use super::about::unless_kept;
use super::chronicle::{Chain, ChainedEvent, Chronicler, Kind, Subject};
use super::db::{Row, Select, Tx, Value, values};
use super::idempotency::Once;
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::accountability::{Entry, EntryCommand, EntryEvent, Refusal, apply, decide};
use crate::domain::id::{EntryId, TicketId, UnitCode};
use crate::domain::staff::By;
use crate::domain::ticket::Rules;
use crate::domain::time::Timestamp;

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryRecord {
    pub id: EntryId,
    pub version: u64,
    pub updated_at: Timestamp,
    pub entry: Entry,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    pub unit: Option<UnitCode>,
    /// e.g. `28(7)`.
    pub article: Option<String>,
    pub ticket: Option<TicketId>,
    pub decided: Option<bool>,
}

impl Storage {
    /// Records an entry, or decides about one.
    pub async fn entry_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Option<EntryId>,
        command: EntryCommand,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<EntryRecord, Trouble<Refusal>> {
        self.carry_out(now, by, id, command, rules, once).await
    }

    /// One entry.
    pub async fn entry(&self, id: EntryId) -> Result<Option<EntryRecord>, Fault> {
        let row = self.db.row(ENTRY, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    /// The chain of an entry in order.
    pub async fn entry_events(&self, id: EntryId) -> Result<Vec<ChainedEvent>, Fault> {
        self.chained_events(Kind::Accountability, id.0).await
    }

    /// Entries, the latest first.
    pub async fn ledger(
        &self,
        by: By<'_>,
        filter: &EntryFilter,
        page: &Page,
    ) -> Result<Listing<EntryRecord>, Fault> {
        let mut select =
            Select::new("SELECT id, version, updated_at, json FROM accountability WHERE 1 = 1")
                .and_some("unit =", filter.unit.clone())
                .and_some("article =", filter.article.clone())
                .and_some("ticket_id =", filter.ticket);
        select = unless_kept(select, by, "t.id = ticket_id");
        select = match filter.decided {
            Some(true) => select.text(" AND decided > 0"),
            Some(false) => select.text(" AND decided = 0"),
            None => select,
        };
        if let Some(after) = &page.after {
            select = select.before("at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.entry.at.millis(),
            id: record.id.to_string(),
        }))
    }
}

const ENTRY: &str = "SELECT id, version, updated_at, json FROM accountability WHERE id = $1";

impl Subject for EntryRecord {
    type Id = EntryId;
    type Command = EntryCommand;
    type Refusal = Refusal;

    const KEY_USED: Refusal = Refusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx.row(ENTRY, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: EntryId,
        new: bool,
        command: &EntryCommand,
    ) -> Result<Self, Trouble<Refusal>> {
        let row = tx
            .row(
                "UPDATE accountability SET version = version WHERE id = $1 \
                 RETURNING id, version, updated_at, json, head_hash",
                &values![id],
            )
            .await?;
        let mut chain = row.as_ref().map_or(Ok(Chain::new()), Chain::of_row)?;
        let before = row.as_ref().map(record_of).transpose()?;
        let entry = before.map(|record| record.entry);
        let event = decide(chronicler.now, entry.as_ref(), command, chronicler.by)
            .map_err(Trouble::Refused)?;
        if let EntryEvent::Recorded { unit, .. } = &event {
            known_unit(tx, unit).await?;
        }
        let json = to_json(&event);
        chronicler
            .append(
                tx,
                Kind::Accountability,
                id.0,
                &mut chain,
                event.name(),
                json,
            )
            .await?;
        let record = EntryRecord {
            id,
            version: chain.version,
            updated_at: chronicler.now,
            entry: apply(entry, &event),
        };
        let columns = columns(&record, &chain);
        let sql = if new {
            "INSERT INTO accountability (id, ticket_id, article, unit, at, updated_at, decided, version, \
             head_hash, json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        } else {
            "UPDATE accountability SET ticket_id = $2, article = $3, unit = $4, at = $5, updated_at = $6, \
             decided = $7, version = $8, head_hash = $9, json = $10 WHERE id = $1"
        };
        tx.execute(sql, &columns).await?;
        Ok(record)
    }
}

async fn known_unit(tx: &mut Tx, unit: &UnitCode) -> Result<(), Trouble<Refusal>> {
    let known = tx
        .row(
            "SELECT code FROM unit_stand WHERE code = $1 LIMIT 1",
            &values![unit.clone()],
        )
        .await?;
    match known {
        Some(_) => Ok(()),
        None => Err(Trouble::Refused(Refusal::NoSuchUnit)),
    }
}

fn columns(record: &EntryRecord, chain: &Chain) -> [Value; 10] {
    let entry = &record.entry;
    let decided = match &entry.decision {
        None => 0_u32,
        Some(decision) if decision.approved => 1,
        Some(_) => 2,
    };
    values![
        record.id,
        entry.ticket,
        entry.ground.article(),
        entry.unit.clone(),
        entry.at,
        record.updated_at,
        decided,
        chain.version,
        chain.head_hash(),
        to_json(entry)
    ]
}

fn record_of(row: &Row) -> Result<EntryRecord, Fault> {
    Ok(EntryRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
        entry: row.json("json")?,
    })
}
