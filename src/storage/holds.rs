//! Legal holds, and the disposal of sound whose time is over (article 12). What is deleted leaves a tombstone: a row here,
//! its hash in the audit chain, the same text beside the recording's manifest.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::about::unless_kept;
use super::audit::{Deed, append};
use super::chronicle::{Chain, ChainedEvent, Chronicler, Kind, Subject};
use super::db::{Row, Select, Tx, Value, values};
use super::idempotency::Once;
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, sha256_hex, to_json};
use crate::domain::archive::{
    Held, Hold, HoldCommand, HoldEvent, Refusal, Retention, apply, decide, years_after,
};
use crate::domain::id::{HoldId, RecordingId, TicketId, Username};
use crate::domain::staff::By;
use crate::domain::ticket::{Rules, Ticket};
use crate::domain::time::Timestamp;

/// A hold as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldRecord {
    pub id: HoldId,
    pub version: u64,
    pub updated_at: Timestamp,
    pub hold: Hold,
}

/// What stays of deleted sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub recording: RecordingId,
    /// The manifest that stays.
    pub manifest_sha256: String,
    pub class: String,
    /// When its period ended.
    pub kept_until: Timestamp,
    pub at: Timestamp,
}

/// A tombstone in the words that were hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposal {
    pub recording: RecordingId,
    pub tombstone: String,
    pub tombstone_sha256: String,
}

impl Storage {
    /// Places a hold, or lifts one; both are in the audit trail.
    pub async fn hold_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Option<HoldId>,
        command: HoldCommand,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<HoldRecord, Trouble<Refusal>> {
        self.carry_out(now, by, id, command, rules, once).await
    }

    /// Holds, the latest first.
    pub async fn holds(
        &self,
        by: By<'_>,
        standing: Option<bool>,
        page: &Page,
    ) -> Result<Listing<HoldRecord>, Fault> {
        let mut select =
            Select::new("SELECT id, version, updated_at, json FROM legal_hold WHERE 1 = 1");
        select = match standing {
            Some(true) => select.text(" AND lifted_at IS NULL"),
            Some(false) => select.text(" AND lifted_at IS NOT NULL"),
            None => select,
        };
        select = unless_kept(
            select,
            by,
            "t.id IN (SELECT held_id UNION SELECT c.ticket_id FROM call c WHERE c.id = held_id \
             UNION SELECT c.ticket_id FROM recording r JOIN call c ON c.id = r.call_id \
             WHERE r.id = held_id)",
        );
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
            at: record.hold.at.millis(),
            id: record.id.to_string(),
        }))
    }

    /// The chain of a hold in order.
    pub async fn hold_events(&self, id: HoldId) -> Result<Vec<ChainedEvent>, Fault> {
        self.chained_events(Kind::LegalHold, id.0).await
    }

    /// Lays down the tombstones of up to `limit` recordings after `after` whose class is over and that nobody holds; the place
    /// to go on from, `None` at the end. The files are still there: see [`Storage::disposals_open`].
    pub async fn dispose(
        &self,
        now: Timestamp,
        retention: &Retention,
        after: Option<(Timestamp, RecordingId)>,
        limit: u32,
    ) -> Result<(u32, Option<(Timestamp, RecordingId)>), Fault> {
        let Some(shortest) = retention.shortest_years() else {
            return Ok((0, None));
        };
        let (at, id) = after.unwrap_or((Timestamp::MIN, RecordingId(uuid::Uuid::nil())));
        let rows = self
            .db
            .rows(
                "SELECT r.id, r.ended_at, r.manifest_sha256, c.ticket_id FROM recording r \
                 LEFT JOIN call c ON c.id = r.call_id WHERE (r.ended_at, r.id) > ($1, $2) \
                 AND NOT EXISTS (SELECT 1 FROM disposal d WHERE d.recording_id = r.id) \
                 ORDER BY r.ended_at, r.id LIMIT $3",
                &values![at, id, limit],
            )
            .await?;
        let mut last = None;
        let mut laid = 0;
        for row in &rows {
            let ended_at: Timestamp = row.get("ended_at")?;
            // Younger than the shortest class, and so are all that follow.
            if years_after(ended_at, shortest) > now {
                return Ok((laid, None));
            }
            let recording = RecordingId(row.get("id")?);
            last = Some((ended_at, recording));
            let ticket: Option<TicketId> = row.opt("ticket_id")?;
            let Some((class, kept_until)) = self.over(now, retention, ended_at, ticket).await?
            else {
                continue;
            };
            let tombstone = Tombstone {
                recording,
                manifest_sha256: row.get("manifest_sha256")?,
                class,
                kept_until,
                at: now,
            };
            laid += u32::from(self.lay(tombstone).await?);
        }
        Ok((laid, last.filter(|_| rows.len() == limit as usize)))
    }

    /// The class that is over, and since when; `None` while the recording is kept.
    async fn over(
        &self,
        now: Timestamp,
        retention: &Retention,
        ended_at: Timestamp,
        ticket: Option<TicketId>,
    ) -> Result<Option<(String, Timestamp)>, Fault> {
        let mut demand = None;
        let mut from = ended_at;
        if let Some(id) = ticket {
            let record = self.ticket(By::Server, id).await?;
            let Some(record) = record else {
                return Ok(None);
            };
            // The period runs from the ticket's own end; one that is open is kept.
            let Some(end) = end_of(&record.ticket) else {
                return Ok(None);
            };
            from = from.max(end);
            demand = record.ticket.demand;
        }
        let (class, years) = retention.class_of(demand.as_ref());
        let until = years.map(|years| years_after(from, years));
        Ok(until
            .filter(|until| *until <= now)
            .map(|until| (class.to_owned(), until)))
    }

    /// One tombstone, unless somebody holds the recording: asked in the same transaction.
    async fn lay(&self, tombstone: Tombstone) -> Result<bool, Fault> {
        self.db
            .write(tombstone, |tx, tombstone| {
                Box::pin(async move {
                    if is_held(tx, tombstone.recording).await? {
                        return Ok(false);
                    }
                    let text = to_json(tombstone);
                    let hash = sha256_hex(text.as_bytes());
                    let laid = tx
                        .execute(
                            "INSERT INTO disposal (recording_id, at, class, tombstone, tombstone_sha256) \
                             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (recording_id) DO NOTHING",
                            &values![
                                tombstone.recording,
                                tombstone.at,
                                tombstone.class,
                                text,
                                hash.clone()
                            ],
                        )
                        .await?;
                    if laid == 0 {
                        return Ok(false);
                    }
                    let deed = Deed {
                        at: tombstone.at,
                        by: Username::from("@server"),
                        action: "disposed".to_owned(),
                        object: tombstone.recording.to_string(),
                        detail: serde_json::json!({
                            "class": tombstone.class, "tombstone_sha256": hash,
                        }),
                    };
                    append(tx, &deed).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Tombstones whose files are still there.
    pub async fn disposals_open(&self, limit: u32) -> Result<Vec<Disposal>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT recording_id, tombstone, tombstone_sha256 FROM disposal \
                 WHERE done_at IS NULL ORDER BY at, recording_id LIMIT $1",
                &values![limit],
            )
            .await?;
        rows.iter().map(disposal_of).collect()
    }

    /// The files are gone.
    pub async fn disposal_done(&self, now: Timestamp, id: RecordingId) -> Result<(), Fault> {
        self.db
            .write((now, id), |tx, (now, id)| {
                Box::pin(async move {
                    tx.execute(
                        "UPDATE disposal SET done_at = $2 WHERE recording_id = $1",
                        &values![*id, *now],
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The tombstone of one recording.
    pub async fn disposal(&self, id: RecordingId) -> Result<Option<Disposal>, Fault> {
        let row = self
            .db
            .row(
                "SELECT recording_id, tombstone, tombstone_sha256 FROM disposal WHERE recording_id = $1",
                &values![id],
            )
            .await?;
        row.as_ref().map(disposal_of).transpose()
    }
}

/// When a ticket came to its end.
pub(super) fn end_of(ticket: &Ticket) -> Option<Timestamp> {
    use crate::domain::ticket::Stage;
    match &ticket.stage {
        Stage::Closed { at, .. } | Stage::Archived { at, .. } | Stage::Voided { at, .. } => {
            Some(*at)
        }
        Stage::Draft
        | Stage::Registered { .. }
        | Stage::Dispatched { .. }
        | Stage::Handling { .. }
        | Stage::Replied { .. } => None,
    }
}

fn disposal_of(row: &Row) -> Result<Disposal, Fault> {
    Ok(Disposal {
        recording: row.get("recording_id")?,
        tombstone: row.get("tombstone")?,
        tombstone_sha256: row.get("tombstone_sha256")?,
    })
}

/// A standing hold on the recording, its call, or its call's ticket.
async fn is_held(tx: &mut Tx, recording: RecordingId) -> Result<bool, Fault> {
    let row = tx
        .row(
            "SELECT h.id FROM legal_hold h WHERE h.lifted_at IS NULL AND (h.held_id = $1 \
             OR h.held_id IN (SELECT call_id FROM recording WHERE id = $1) \
             OR h.held_id IN (SELECT c.ticket_id FROM call c JOIN recording r ON r.call_id = c.id \
                 WHERE r.id = $1)) LIMIT 1",
            &values![recording],
        )
        .await?;
    Ok(row.is_some())
}

const HOLD: &str = "SELECT id, version, updated_at, json FROM legal_hold WHERE id = $1";

impl Subject for HoldRecord {
    type Id = HoldId;
    type Command = HoldCommand;
    type Refusal = Refusal;

    const KEY_USED: Refusal = Refusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx.row(HOLD, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: HoldId,
        new: bool,
        command: &HoldCommand,
    ) -> Result<Self, Trouble<Refusal>> {
        let row = tx
            .row(
                "UPDATE legal_hold SET version = version WHERE id = $1 \
                 RETURNING id, version, updated_at, json, head_hash",
                &values![id],
            )
            .await?;
        let mut chain = row.as_ref().map_or(Ok(Chain::new()), Chain::of_row)?;
        let before = row.as_ref().map(record_of).transpose()?;
        let hold = before.map(|record| record.hold);
        let event = decide(chronicler.now, hold.as_ref(), command, chronicler.by)
            .map_err(Trouble::Refused)?;
        if let HoldEvent::Placed { held, .. } = &event {
            there_is(tx, *held).await?;
        }
        let json = to_json(&event);
        chronicler
            .append(tx, Kind::LegalHold, id.0, &mut chain, event.name(), json)
            .await?;
        let record = HoldRecord {
            id,
            version: chain.version,
            updated_at: chronicler.now,
            hold: apply(hold, &event),
        };
        let sql = if new {
            "INSERT INTO legal_hold (id, held_kind, held_id, at, updated_at, lifted_at, version, head_hash, \
             json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        } else {
            "UPDATE legal_hold SET held_kind = $2, held_id = $3, at = $4, updated_at = $5, lifted_at = $6, \
             version = $7, head_hash = $8, json = $9 WHERE id = $1"
        };
        tx.execute(sql, &columns(&record, &chain)).await?;
        let deed = Deed {
            at: chronicler.now,
            by: Username(chronicler.by.name().to_owned()),
            action: format!("hold_{}", event.name()),
            object: record.hold.held.id().to_string(),
            detail: serde_json::json!({"hold": id, "kind": record.hold.held.code()}),
        };
        append(tx, &deed).await?;
        Ok(record)
    }
}

/// Nothing can be held that is not there, and no sound that is gone.
async fn there_is(tx: &mut Tx, held: Held) -> Result<(), Trouble<Refusal>> {
    let sql = match held {
        Held::Ticket(_) => "SELECT id FROM ticket WHERE id = $1",
        Held::Call(_) => "SELECT id FROM call WHERE id = $1",
        Held::Recording(_) => "SELECT id FROM recording WHERE id = $1",
    };
    if tx.row(sql, &values![held.id()]).await?.is_none() {
        return Err(Trouble::Refused(Refusal::NothingToHold));
    }
    if let Held::Recording(id) = held {
        let gone = tx
            .row(
                "SELECT recording_id FROM disposal WHERE recording_id = $1",
                &values![id],
            )
            .await?;
        if gone.is_some() {
            return Err(Trouble::Refused(Refusal::AlreadyDisposed));
        }
    }
    Ok(())
}

fn columns(record: &HoldRecord, chain: &Chain) -> [Value; 9] {
    let hold = &record.hold;
    values![
        record.id,
        hold.held.code(),
        hold.held.id(),
        hold.at,
        record.updated_at,
        hold.lifted.as_ref().map(|lifted| lifted.at),
        chain.version,
        chain.head_hash(),
        to_json(hold)
    ]
}

fn record_of(row: &Row) -> Result<HoldRecord, Fault> {
    Ok(HoldRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
        hold: row.json("json")?,
    })
}
