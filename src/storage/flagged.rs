//! Flagged numbers 重点号码: each flag a chain of its own, every step in the audit trail too.

use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::audit::{Deed, append};
use super::chronicle::{Chain, ChainedEvent, Chronicler, Kind, Subject};
use super::db::{Row, Select, Tx, Value, values};
use super::idempotency::Once;
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::caller::flagged::{
    FlagCommand, FlagEvent, FlaggedNumber, Refusal, apply, decide,
};
use crate::domain::id::{FlagId, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::By;
use crate::domain::ticket::Rules;
use crate::domain::time::Timestamp;

/// A flag as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlagRecord {
    pub id: FlagId,
    pub version: u64,
    pub updated_at: Timestamp,
    pub flag: FlaggedNumber,
}

/// Which flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagFilter {
    /// [`FlagStage::code`](crate::domain::caller::flagged::FlagStage::code).
    pub stage: Option<String>,
    /// Standing, and to be looked at again since this instant or earlier.
    pub review_due_at: Option<Timestamp>,
}

impl Storage {
    /// Carries out what somebody wishes of a flag (`None`: of a new one).
    pub async fn flag_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Option<FlagId>,
        command: FlagCommand,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<FlagRecord, Trouble<Refusal>> {
        self.carry_out(now, by, id, command, rules, once).await
    }

    /// Flags, the latest first.
    pub async fn flags(
        &self,
        filter: &FlagFilter,
        page: &Page,
    ) -> Result<Listing<FlagRecord>, Fault> {
        let mut select =
            Select::new("SELECT id, version, updated_at, json FROM flagged_number WHERE 1 = 1")
                .and_some("stage =", filter.stage.clone())
                .and_some("review_at <=", filter.review_due_at);
        if let Some(after) = &page.after {
            select = select.before("proposed_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY proposed_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.flag.proposed_at.millis(),
            id: record.id.to_string(),
        }))
    }

    /// The flag that holds for a number at `now`.
    pub async fn flag_of(
        &self,
        now: Timestamp,
        number: &PhoneNumber,
    ) -> Result<Option<FlagRecord>, Fault> {
        let row = self.db.row(HOLDS, &values![number.clone(), now]).await?;
        row.as_ref().map(record_of).transpose()
    }

    /// The chain of a flag in order.
    pub async fn flag_events(&self, id: FlagId) -> Result<Vec<ChainedEvent>, Fault> {
        self.chained_events(Kind::FlaggedNumber, id.0).await
    }

    /// Flags whose time is over at `now`: each is to be sent [`FlagCommand::Lapse`].
    pub async fn flags_over(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, FlagId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, FlagId)>, Fault> {
        let (since, last) = after.unwrap_or((Timestamp::MIN, FlagId(Uuid::nil())));
        let rows = self
            .db
            .rows(
                "SELECT id, ends_at FROM flagged_number WHERE ends_at <= $1 AND (ends_at, id) > ($2, $3) \
                 ORDER BY ends_at, id LIMIT $4",
                &values![now, since, last, limit],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("ends_at")?, row.get("id")?)))
            .collect()
    }
}

/// Whether a number's calls wait behind others at `now`.
pub(super) async fn is_flagged(
    tx: &mut Tx,
    now: Timestamp,
    number: &PhoneNumber,
) -> Result<bool, Fault> {
    let row = tx.row(HOLDS, &values![number.clone(), now]).await?;
    Ok(row.is_some())
}

/// A flag ends on its day, whether or not anybody has written that down yet.
const HOLDS: &str = "SELECT id, version, updated_at, json FROM flagged_number \
    WHERE phone = $1 AND ends_at > $2";

impl Subject for FlagRecord {
    type Id = FlagId;
    type Command = FlagCommand;
    type Refusal = Refusal;

    const KEY_USED: Refusal = Refusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx
            .row(
                "SELECT id, version, updated_at, json FROM flagged_number WHERE id = $1",
                &values![id],
            )
            .await?;
        row.as_ref().map(record_of).transpose()
    }

    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: FlagId,
        new: bool,
        command: &FlagCommand,
    ) -> Result<Self, Trouble<Refusal>> {
        let row = tx
            .row(
                "UPDATE flagged_number SET version = version WHERE id = $1 \
                 RETURNING id, version, updated_at, json, head_hash",
                &values![id],
            )
            .await?;
        let mut chain = row.as_ref().map_or(Ok(Chain::new()), Chain::of_row)?;
        let before = row.as_ref().map(record_of).transpose()?;
        let flag = before.map(|record| record.flag);
        let event = decide(chronicler.now, flag.as_ref(), command, chronicler.by)
            .map_err(Trouble::Refused)?;
        if let FlagEvent::Proposed { phone, .. } = &event {
            let open = tx
                .row(
                    "SELECT id FROM flagged_number WHERE phone = $1 AND open = 1",
                    &values![phone.clone()],
                )
                .await?;
            if open.is_some() {
                return Err(Trouble::Refused(Refusal::AlreadyFlagged));
            }
        }
        let json = to_json(&event);
        chronicler
            .append(
                tx,
                Kind::FlaggedNumber,
                id.0,
                &mut chain,
                event.name(),
                json,
            )
            .await?;
        let record = FlagRecord {
            id,
            version: chain.version,
            updated_at: chronicler.now,
            flag: apply(flag, &event),
        };
        let sql = if new {
            "INSERT INTO flagged_number (id, phone, stage, open, proposed_at, updated_at, review_at, ends_at, \
             version, head_hash, json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        } else {
            "UPDATE flagged_number SET phone = $2, stage = $3, open = $4, proposed_at = $5, updated_at = $6, \
             review_at = $7, ends_at = $8, version = $9, head_hash = $10, json = $11 WHERE id = $1"
        };
        tx.execute(sql, &columns(&record, &chain)).await?;
        let deed = Deed {
            at: chronicler.now,
            by: Username(chronicler.by.name().to_owned()),
            action: format!("flag_{}", event.name()),
            object: id.to_string(),
            detail: serde_json::json!({"phone": record.flag.phone.masked()}),
        };
        append(tx, &deed).await?;
        Ok(record)
    }
}

fn columns(record: &FlagRecord, chain: &Chain) -> [Value; 11] {
    let flag = &record.flag;
    values![
        record.id,
        flag.phone.clone(),
        flag.stage.code(),
        i64::from(flag.is_open()),
        flag.proposed_at,
        record.updated_at,
        flag.review_at(),
        flag.ends_at(),
        chain.version,
        chain.head_hash(),
        to_json(flag)
    ]
}

fn record_of(row: &Row) -> Result<FlagRecord, Fault> {
    Ok(FlagRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
        flag: row.json("json")?,
    })
}
