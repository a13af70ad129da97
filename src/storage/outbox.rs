//! Work that follows from a change, written in the change's own transaction and done afterwards by a relay.
//!
//! A relay claims work under a lease; whoever claims it after the lease ran out knows that the first one died.
//! Work that failed is tried again at a time the relay chooses, and kept as a dead letter when it gives up.

use uuid::Uuid;

use super::db::{Dialect, Row, Tx, Writing, values};
use super::{Fault, Storage};
use crate::domain::time::Timestamp;

/// What kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkKind {
    /// Hand a short message to a gateway; the subject is its id.
    SmsSend,
    /// Read an SMS gateway's callback that was stored before it was acknowledged; the subject is its id.
    SmsCallback,
    /// Ring the person on duty whom a call-out is at; the subject is its id.
    DutyCall,
    /// Tell an origin what became of its demand; the subject is the feedback's id.
    OriginFeedback,
}

impl WorkKind {
    /// The kind's name in tables and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SmsSend => "sms_send",
            Self::SmsCallback => "sms_callback",
            Self::DutyCall => "duty_call",
            Self::OriginFeedback => "origin_feedback",
        }
    }
}

/// One piece of work, claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    pub id: Uuid,
    pub kind: WorkKind,
    /// What it is about: an id of the kind's own.
    pub subject: String,
    /// This attempt's number, from 1.
    pub attempt: u32,
    pub created_at: Timestamp,
    /// Whoever does not finish by then has lost it to the next claim.
    pub lease_until: Timestamp,
}

/// How much work stands where: for metrics and readiness.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxDepth {
    pub waiting: i64,
    pub dead: i64,
    /// When the oldest waiting piece was created.
    pub oldest: Option<Timestamp>,
}

impl Storage {
    /// Claims up to `limit` pieces of `kind` that are due, oldest first, until `now + lease_ms`.
    pub async fn claim_work(
        &self,
        now: Timestamp,
        kind: WorkKind,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<Work>, Fault> {
        let lease_until = now.plus_millis(lease_ms);
        let rows = self
            .db
            .write(
                (now, kind, lease_until, limit),
                |tx, (now, kind, lease_until, limit)| {
                    Box::pin(async move {
                        let claim = match tx.dialect() {
                            Dialect::Sqlite => CLAIM_SQLITE,
                            Dialect::Postgres => CLAIM_POSTGRES,
                        };
                        // What a clock that ran ahead wrote down is not held until that time comes.
                        let ahead = lease_until.plus_millis(AHEAD_MS);
                        let limit = i64::from(*limit);
                        tx.rows(
                            claim,
                            &values![kind.code(), *now, *lease_until, limit, ahead],
                        )
                        .await
                    })
                },
            )
            .await?;
        let mut claimed = rows
            .iter()
            .map(|row| work_of(row, kind, lease_until))
            .collect::<Result<Vec<_>, _>>()?;
        claimed.sort_by_key(|work| work.id);
        Ok(claimed)
    }

    /// The work is done: its row goes. A claim that was lost to somebody else changes nothing.
    pub async fn work_done(&self, work: &Work) -> Result<(), Fault> {
        self.db
            .write(values![work.id, work.lease_until], |tx, claim| {
                Box::pin(async move {
                    tx.execute(
                        "DELETE FROM outbox WHERE id = $1 AND lease_until = $2",
                        claim,
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// The work failed; try again at `due_at`.
    pub async fn work_failed(
        &self,
        work: &Work,
        due_at: Timestamp,
        error: &str,
    ) -> Result<(), Fault> {
        self.settle_work(work, "waiting", Some(due_at), Some(error))
            .await
    }

    /// The work failed for good: kept as a dead letter for a person to look at.
    pub async fn work_given_up(&self, work: &Work, error: &str) -> Result<(), Fault> {
        self.settle_work(work, "dead", None, Some(error)).await
    }

    /// How much stands where.
    pub async fn outbox_depth(&self) -> Result<OutboxDepth, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT state, count(*) AS count, min(created_at) AS oldest FROM outbox \
                 GROUP BY state",
                &[],
            )
            .await?;
        let mut depth = OutboxDepth::default();
        for row in &rows {
            let count: i64 = row.get("count")?;
            if row.get::<String>("state")? == "dead" {
                depth.dead = count;
            } else {
                depth.waiting = count;
                depth.oldest = row.opt("oldest")?;
            }
        }
        Ok(depth)
    }

    /// Ends a claim that is still ours.
    async fn settle_work(
        &self,
        work: &Work,
        state: &'static str,
        due_at: Option<Timestamp>,
        error: Option<&str>,
    ) -> Result<(), Fault> {
        let row = values![work.id, work.lease_until, state, due_at, error];
        self.db
            .write(row, |tx, row| {
                Box::pin(async move {
                    tx.execute(
                        "UPDATE outbox SET state = $3, due_at = coalesce($4, due_at), error = $5, \
                         lease_until = NULL WHERE id = $1 AND lease_until = $2",
                        row,
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}

/// Clocks of several processes may differ by this much; what is written down further ahead is from a clock that was wrong.
const AHEAD_MS: i64 = 3_600_000;

const CLAIM_SQLITE: &str = "UPDATE outbox SET lease_until = $3, attempts = attempts + 1 \
    WHERE id IN (SELECT id FROM outbox WHERE kind = $1 AND state = 'waiting' \
    AND (due_at <= $2 OR created_at > $5) \
    AND (lease_until IS NULL OR lease_until <= $2 OR lease_until > $5) ORDER BY due_at, id LIMIT $4) \
    RETURNING id, subject, attempts, created_at";

/// Several claimers at once each take what the others have not.
const CLAIM_POSTGRES: &str = "UPDATE outbox SET lease_until = $3, attempts = attempts + 1 \
    WHERE id = ANY (ARRAY (SELECT id FROM outbox WHERE kind = $1 AND state = 'waiting' \
    AND (due_at <= $2 OR created_at > $5) \
    AND (lease_until IS NULL OR lease_until <= $2 OR lease_until > $5) ORDER BY due_at, id LIMIT $4 \
    FOR UPDATE SKIP LOCKED)) RETURNING id, subject, attempts, created_at";

fn work_of(row: &Row, kind: WorkKind, lease_until: Timestamp) -> Result<Work, Fault> {
    Ok(Work {
        id: row.get("id")?,
        kind,
        subject: row.get("subject")?,
        attempt: row.get("attempts")?,
        created_at: row.get("created_at")?,
        lease_until,
    })
}

/// Adds a piece of work within a unit of work.
pub(super) async fn enqueue(
    tx: &mut Tx,
    id: Uuid,
    now: Timestamp,
    kind: WorkKind,
    subject: &str,
) -> Result<(), Fault> {
    tx.put(
        WAITING,
        &values![id, kind.code(), subject, now, now, 0_i64, "waiting"],
    )
    .await
}

const WAITING: Writing = Writing {
    before: "INSERT INTO outbox (id, kind, subject, created_at, due_at, attempts, state) VALUES",
    after: "",
};
