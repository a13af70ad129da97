//! Call records 话单: inserted when a call is answered, completed when it ended, found by whoever asks for them.
//! How an answered call becomes durable together with its contact and ticket draft is in [`contacts`](super::contacts).

use super::db::{Personal, Select, Tx, Value, values};
use super::{Cursor, Fault, Listing, Page, Storage, to_json};
use crate::domain::call::{Cdr, Direction, TerminationResult};
use crate::domain::id::{CallId, TicketId, Username};
use crate::domain::time::Timestamp;

/// Which calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    pub sip_call_id: Option<String>,
    /// Whole number, as the network gave it.
    pub caller: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Only this agent's calls: the data scope of somebody who sees no others.
    pub agent: Option<Username>,
}

impl Storage {
    /// Writes a call's record as it stands: the first word of it, a step on, or its end.
    /// A record that is complete stays as it is: a call ends once.
    pub async fn call_written(&self, cdr: Cdr) -> Result<(), Fault> {
        self.db.write(cdr, |tx, cdr| Box::pin(write(tx, cdr))).await
    }

    /// One call's record.
    pub async fn call(&self, id: CallId) -> Result<Option<Cdr>, Fault> {
        let row = self
            .db
            .row("SELECT json FROM call WHERE id = $1", &values![id])
            .await?;
        row.map(|row| row.json("json")).transpose()
    }

    /// The calls about one ticket, in order: the one it came from, those to the petitioner, the revisits.
    pub async fn calls_of_ticket(&self, ticket: TicketId) -> Result<Vec<Cdr>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT json FROM call WHERE ticket_id = $1 ORDER BY started_at, id LIMIT 500",
                &values![ticket],
            )
            .await?;
        rows.iter().map(|row| row.json("json")).collect()
    }

    /// Call records, newest first.
    pub async fn calls(&self, filter: &CallFilter, page: &Page) -> Result<Listing<Cdr>, Fault> {
        let mut select = Select::new("SELECT json FROM call WHERE 1 = 1")
            .and_some("sip_call_id =", filter.sip_call_id.clone())
            .and_some("caller =", filter.caller.clone().map(Personal))
            .and_some("started_at >=", filter.since)
            .and_some("started_at <", filter.until)
            .and_some("agent =", filter.agent.clone());
        if let Some(after) = &page.after {
            select = select.before("started_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY started_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows
            .iter()
            .map(|row| row.json("json"))
            .collect::<Result<Vec<Cdr>, _>>()?;
        Ok(Listing::cut(items, page, |cdr| Cursor {
            at: cdr.started_at.millis(),
            id: cdr.id.to_string(),
        }))
    }
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

const fn result(result: TerminationResult) -> &'static str {
    match result {
        TerminationResult::Success => "success",
        TerminationResult::Caller => "caller",
        TerminationResult::Ours => "ours",
        TerminationResult::Upstream => "upstream",
        TerminationResult::Unknown => "unknown",
    }
}

/// Inserts a call's record, if it is not there.
pub(super) async fn insert(tx: &mut Tx, cdr: &Cdr) -> Result<bool, Fault> {
    let inserted = tx
        .execute(
            "INSERT INTO call (id, sip_call_id, direction, caller, called, started_at, answered_at, \
             ended_at, result, reason, queue, agent, recording_id, contact_id, ticket_id, json, wait_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
             ON CONFLICT (id) DO NOTHING",
            &row_of(cdr),
        )
        .await?;
    Ok(inserted == 1)
}

/// Inserts a call's record, or brings it up to date unless it is complete.
pub(super) async fn write(tx: &mut Tx, cdr: &Cdr) -> Result<(), Fault> {
    if insert(tx, cdr).await? {
        return Ok(());
    }
    tx.execute(
        "UPDATE call SET sip_call_id = $2, direction = $3, caller = $4, called = $5, \
         started_at = $6, answered_at = $7, ended_at = $8, result = $9, reason = $10, queue = $11, \
         agent = $12, recording_id = $13, contact_id = $14, ticket_id = $15, json = $16, \
         wait_ms = $17 \
         WHERE id = $1 AND ended_at IS NULL",
        &row_of(cdr),
    )
    .await?;
    Ok(())
}

fn row_of(cdr: &Cdr) -> [Value; 17] {
    let termination = cdr.termination.as_ref();
    values![
        cdr.id,
        cdr.sip_call_id,
        direction(cdr.direction),
        Personal(cdr.caller.clone()),
        Personal(cdr.called.clone()),
        cdr.started_at,
        cdr.answered_at,
        cdr.ended_at,
        termination.map(|t| result(t.result)),
        termination.map(|t| t.reason.as_str()),
        cdr.queue,
        cdr.agent,
        cdr.recording_id,
        cdr.contact_id,
        cdr.ticket_id,
        to_json(cdr),
        cdr.wait_ms
    ]
}
