//! What the joint conference took up 联席会议议题, with every change in the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::about::unless_kept;
use super::audit::{self, Deed};
use super::db::{Row, Select, Tx, values};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::event_cluster::EventCluster;
use crate::domain::id::{ClusterId, ConferenceItemId, TicketId};
use crate::domain::organisation::{ConferenceItem, ItemCommand, carry_out};
use crate::domain::staff::{Actor, By};
use crate::domain::ticket::Refusal;
use crate::domain::time::Timestamp;

/// An item as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemRecord {
    pub id: ConferenceItemId,
    pub item: ConferenceItem,
}

/// Which items.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    pub stage: Option<String>,
    /// Those about this ticket, or about the event it is one of.
    pub ticket: Option<TicketId>,
    pub cluster: Option<ClusterId>,
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

    /// The items, the latest first.
    pub async fn conference_items(
        &self,
        filter: ItemFilter,
        page: &Page,
    ) -> Result<Listing<ItemRecord>, Fault> {
        let mut select = Select::new("SELECT id, json FROM conference_item WHERE 1 = 1");
        if let Some(after) = &page.after {
            select = select.before("entered_at", "id", after);
        }
        if let Some(ticket) = filter.ticket {
            let event = self.cluster_of(ticket).await?;
            let event = event.map_or_else(|| holding(ticket.0), |event| holding(event.0));
            select = select
                .and("(json LIKE", holding(ticket.0))
                .bind(" OR json LIKE", event)
                .text(")");
        }
        let rows = self
            .db
            .select(
                select
                    .and_some(
                        "json LIKE",
                        filter.cluster.map(|cluster| holding(cluster.0)),
                    )
                    .and_some("stage =", filter.stage)
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

impl Storage {
    /// What people call the tickets and clusters that `items` link: numbers and titles, by id, as far as `by` may know them.
    pub async fn conference_links(
        &self,
        by: By<'_>,
        items: &[ConferenceItem],
    ) -> Result<BTreeMap<Uuid, String>, Fault> {
        let tickets: BTreeSet<Uuid> = items
            .iter()
            .flat_map(|item| &item.tickets)
            .map(|id| id.0)
            .collect();
        let clusters: BTreeSet<Uuid> = items
            .iter()
            .flat_map(|item| &item.clusters)
            .map(|id| id.0)
            .collect();
        let mut names = BTreeMap::new();
        let numbers = Select::new("SELECT id, number FROM ticket WHERE 1 = 1");
        for row in self.db.select(numbers.among("id", tickets)).await? {
            names.insert(row.get("id")?, row.get("number")?);
        }
        let titles = Select::new("SELECT id, json FROM event_cluster WHERE 1 = 1");
        let titles = unless_kept(
            titles,
            by,
            "(t.id = lead_id OR t.id IN \
             (SELECT c.ticket_id FROM cluster_ticket c WHERE c.cluster_id = event_cluster.id))",
        );
        for row in self.db.select(titles.among("id", clusters)).await? {
            let cluster: EventCluster = row.json("json")?;
            names.insert(row.get("id")?, cluster.title);
        }
        Ok(names)
    }
}

/// Items that hold `id` among their links. In JSON nothing else is an id between quotation marks: those of a text are escaped.
fn holding(id: Uuid) -> String {
    format!("%\"{id}\"%")
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
    there(tx, command).await?;
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

/// What `command` links is there.
async fn there(tx: &mut Tx, command: &ItemCommand) -> Result<(), Trouble<Refusal>> {
    let (tickets, clusters) = command.links();
    for ticket in tickets {
        let which = values![*ticket];
        let known = tx.row("SELECT id FROM ticket WHERE id = $1", &which);
        if known.await?.is_none() {
            return Err(Trouble::Refused(Refusal::NoSuchTicket));
        }
    }
    for cluster in clusters {
        let which = values![*cluster];
        let known = tx.row("SELECT id FROM event_cluster WHERE id = $1", &which);
        if known.await?.is_none() {
            return Err(Trouble::Refused(Refusal::Contradiction {
                why: "没有这个同一事件",
                article: "4",
            }));
        }
    }
    Ok(())
}

fn record_of(row: &Row) -> Result<ItemRecord, Fault> {
    Ok(ItemRecord {
        id: row.get("id")?,
        item: row.json("json")?,
    })
}
