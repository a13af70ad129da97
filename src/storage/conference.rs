//! What the joint conference took up 联席会议议题, with every change in the audit trail.

use serde::Serialize;
use serde_json::json;

use super::audit::{self, Deed};
use super::db::{Row, Select, Tx, values};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::id::{ConferenceItemId, TicketId};
use crate::domain::organisation::{ConferenceItem, ItemCommand, carry_out};
use crate::domain::staff::Actor;
use crate::domain::ticket::Refusal;
use crate::domain::time::Timestamp;

/// An item as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemRecord {
    pub id: ConferenceItemId,
    pub item: ConferenceItem,
}

impl Storage {
    /// Carries out a command on an item, or enters a new one.
    pub async fn conference_command(
        &self,
        now: Timestamp,
        by: &Actor,
        id: Option<ConferenceItemId>,
        command: ItemCommand,
    ) -> Result<ItemRecord, Trouble<Refusal>> {
        let new = ConferenceItemId(self.new_id());
        self.db
            .write(
                (now, by.clone(), id, new, command),
                |tx, (now, by, id, new, command)| {
                    Box::pin(change(tx, *now, by, *id, *new, command))
                },
            )
            .await
    }

    /// The items, the latest first; about one ticket, if asked.
    pub async fn conference_items(
        &self,
        stage: Option<String>,
        ticket: Option<TicketId>,
        page: &Page,
    ) -> Result<Listing<ItemRecord>, Fault> {
        let mut select = Select::new("SELECT id, json FROM conference_item WHERE 1 = 1");
        if let Some(ticket) = ticket {
            select = select
                .text(" AND id IN (SELECT item_id FROM conference_ticket WHERE")
                .bind(" ticket =", ticket)
                .text(")");
        }
        if let Some(after) = &page.after {
            select = select.before("entered_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .and_some("stage =", stage)
                    .text(" ORDER BY entered_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.item.entered_at.millis(),
            id: record.id.to_string(),
        }))
    }
}

async fn change(
    tx: &mut Tx,
    now: Timestamp,
    by: &Actor,
    id: Option<ConferenceItemId>,
    new: ConferenceItemId,
    command: &ItemCommand,
) -> Result<ItemRecord, Trouble<Refusal>> {
    let known = match id {
        None => None,
        Some(id) => {
            let row = tx
                .row(
                    "UPDATE conference_item SET stage = stage WHERE id = $1 RETURNING id, json",
                    &values![id],
                )
                .await?;
            let row = row.ok_or(Trouble::Refused(Refusal::NoSuchTicket))?;
            Some(record_of(&row)?.item)
        }
    };
    let item = carry_out(now, known, command, by).map_err(Trouble::Refused)?;
    let record = ItemRecord {
        id: id.unwrap_or(new),
        item,
    };
    let decision = record.item.decision.as_ref();
    tx.execute(
        "INSERT INTO conference_item (id, stage, unit, due_at, entered_at, json) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, \
         unit = excluded.unit, due_at = excluded.due_at, json = excluded.json",
        &values![
            record.id,
            record.item.stage(),
            decision.map(|decision| decision.unit.clone()),
            decision.map(|decision| decision.due),
            record.item.entered_at,
            to_json(&record.item)
        ],
    )
    .await?;
    for ticket in &record.item.tickets {
        tx.execute(
            "INSERT INTO conference_ticket (ticket, item_id) VALUES ($1, $2) \
             ON CONFLICT (ticket, item_id) DO NOTHING",
            &values![*ticket, record.id],
        )
        .await?;
    }
    let deed = Deed {
        at: now,
        by: by.username.clone(),
        action: "conference_item".to_owned(),
        object: record.id.to_string(),
        detail: json!({ "wish": command }),
    };
    audit::append(tx, &deed).await?;
    Ok(record)
}

fn record_of(row: &Row) -> Result<ItemRecord, Fault> {
    Ok(ItemRecord {
        id: row.get("id")?,
        item: row.json("json")?,
    })
}
