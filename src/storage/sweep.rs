//! The sweep's writing: reminders and lapses of many tickets in one transaction, with what follows from each as if it had
//! been alone: its events chained, its units told, their phones too.
//!
//! A ticket that somebody is changing at this moment is left for the next time. What is refused is refused before anything is
//! written. Whatever cannot go with the others is named, so that the job takes it alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use super::chronicle::Chronicler;
use super::db::{Dialect, Row, Tx, values};
use super::tickets::Locked;
use super::{Fault, Storage, Trouble};
use crate::domain::id::TicketId;
use crate::domain::ticket::{Command, Refusal, Rules};
use crate::domain::time::Timestamp;

/// What one batch came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Tickets that recorded something.
    pub done: u32,
    pub refused: Vec<(TicketId, Refusal)>,
    /// To be sent [`Command::Sweep`] one by one: those whose calendar changed, which are counted again first, and those that
    /// cannot be read.
    pub alone: Vec<TicketId>,
    /// There was more than the limit.
    pub full: bool,
    /// When the first and the last of the batch were due; the next begins behind the last.
    pub first: Option<(Timestamp, TicketId)>,
    pub last: Option<(Timestamp, TicketId)>,
}

impl Storage {
    /// Records what is due by now in at most `limit` tickets behind `after`, the longest waiting first, all of it or (when a
    /// single one cannot be written) nothing.
    pub async fn sweep(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, TicketId)>,
        limit: u32,
        rules: &Arc<Rules>,
    ) -> Result<Swept, Fault> {
        self.as_server(now, rules, (after, limit), |server, tx, (after, limit)| {
            Box::pin(server.sweep(tx, *after, *limit))
        })
        .await
    }
}

impl Chronicler<'_> {
    async fn sweep(
        &self,
        tx: &mut Tx,
        after: Option<(Timestamp, TicketId)>,
        limit: u32,
    ) -> Result<Swept, Fault> {
        let due = match tx.dialect() {
            Dialect::Sqlite => DUE_SQLITE,
            Dialect::Postgres => DUE_POSTGRES,
        };
        let (since, last) = after.unwrap_or((Timestamp::MIN, TicketId(Uuid::nil())));
        let rows = tx.rows(due, &values![self.now, since, last, limit]).await?;
        let place = |row: &Row| Ok::<_, Fault>((row.get("wake_at")?, row.get("id")?));
        let mut swept = Swept {
            full: rows.len() == limit as usize,
            first: rows.first().map(place).transpose()?,
            last: rows.last().map(place).transpose()?,
            ..Swept::default()
        };
        let mut batch = Vec::with_capacity(rows.len());
        for row in &rows {
            match Locked::of_row(row) {
                Ok(locked) if locked.counted_after >= self.rules.change.revision => {
                    batch.push(locked);
                }
                Ok(_) | Err(_) => swept.alone.push(row.get("id")?),
            }
        }
        let told: BTreeSet<_> = batch
            .iter()
            .flat_map(|locked| locked.record.ticket.clocks())
            .map(|clock| clock.unit)
            .filter(|unit| **unit != self.rules.desk)
            .cloned()
            .collect();
        self.phones.look_up(tx, told, self.now).await?;
        tx.gather();
        for locked in batch {
            let id = locked.record.id;
            match self.change_locked(tx, locked, &Command::Sweep).await {
                Ok(_) => swept.done += 1,
                Err(Trouble::Refused(refusal)) => swept.refused.push((id, refusal)),
                Err(Trouble::Fault(fault)) => return Err(fault),
            }
        }
        tx.flush().await?;
        Ok(swept)
    }
}

const DUE_SQLITE: &str = "SELECT id, number, version, updated_at, json, head_hash, counted_after, wake_at FROM ticket \
    WHERE wake_at <= $1 AND (wake_at, id) > ($2, $3) ORDER BY wake_at, id LIMIT $4";
const DUE_POSTGRES: &str = "SELECT id, number, version, updated_at, json, head_hash, counted_after, wake_at FROM ticket \
    WHERE wake_at <= $1 AND (wake_at, id) > ($2, $3) ORDER BY wake_at, id LIMIT $4 FOR UPDATE SKIP LOCKED";
