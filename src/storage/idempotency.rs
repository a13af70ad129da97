//! A request repeated is answered, not repeated.
//!
//! A client that got no answer sends the same request with the same `Idempotency-Key` again. Commands on tickets
//! claim the key in their own transaction (the `Once` they are given), so that no crash lets one through twice;
//! the answer is remembered afterwards, by whoever made it.

use super::db::{Tx, values};
use super::{Fault, Storage, sha256_hex};
use crate::domain::id::Username;
use crate::domain::time::Timestamp;

/// One request that is to happen once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub actor: Username,
    /// Method and path.
    pub route: String,
    /// The client's key.
    pub key: String,
    body_sha256: String,
}

impl Once {
    pub fn new(actor: Username, route: String, key: String, body: &[u8]) -> Self {
        Self {
            actor,
            route,
            key,
            body_sha256: sha256_hex(body),
        }
    }
}

/// What is known of a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// Never seen.
    New,
    /// Its work is committed; the answer was not remembered (the server died, or it is on its way).
    Done,
    /// Answer this.
    Answer { status: u16, body: String },
    /// The key was used before with another body: a mistake of the client.
    OtherBody,
}

/// How long keys are kept: a client that repeats itself later than this is not repeating itself.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

impl Storage {
    /// What is known of this request.
    pub async fn replay(&self, once: &Once) -> Result<Replay, Fault> {
        let row = self.db.row(FIND, &place(once)).await?;
        row.map_or(Ok(Replay::New), |row| replay_of(once, &row))
    }

    /// Remembers the answer for the next time. The first answer stands.
    pub async fn remember(
        &self,
        now: Timestamp,
        once: Once,
        status: u16,
        body: String,
    ) -> Result<(), Fault> {
        self.db
            .write(
                (now, once, status, body),
                |tx, (now, once, status, body)| {
                    Box::pin(async move {
                        tx.execute(
                            "DELETE FROM idempotency WHERE at < $1",
                            &values![now.plus_millis(-KEPT_MS)],
                        )
                        .await?;
                        claim(tx, *now, once, "").await?;
                        tx.execute(
                            "UPDATE idempotency SET status = $4, body = $5 \
                         WHERE actor = $1 AND route = $2 AND key = $3 AND status IS NULL",
                            &values![once.actor, once.route, once.key, i64::from(*status), *body],
                        )
                        .await?;
                        Ok(())
                    })
                },
            )
            .await
    }
}

const FIND: &str = "SELECT body_sha256, status, body, subject FROM idempotency \
                    WHERE actor = $1 AND route = $2 AND key = $3";

fn place(once: &Once) -> [super::db::Value; 3] {
    values![once.actor, once.route, once.key]
}

fn replay_of(once: &Once, row: &super::db::Row) -> Result<Replay, Fault> {
    if row.get::<String>("body_sha256")? != once.body_sha256 {
        return Ok(Replay::OtherBody);
    }
    let status: Option<i64> = row.opt("status")?;
    let body: Option<String> = row.opt("body")?;
    Ok(match (status, body) {
        (Some(status), Some(body)) => Replay::Answer {
            status: status
                .try_into()
                .map_err(|_| Fault::Corrupt(format!("status {status} in idempotency")))?,
            body,
        },
        (Some(_), None) | (None, _) => Replay::Done,
    })
}

/// Claims the key inside a unit of work, for work on `subject`: [`Replay::New`] for the first; for everybody
/// after that what is known, and what it was about.
pub(super) async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    once: &Once,
    subject: &str,
) -> Result<(Replay, String), Fault> {
    let claimed = tx
        .execute(
            "INSERT INTO idempotency (actor, route, key, body_sha256, subject, at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (actor, route, key) DO NOTHING",
            &values![
                once.actor,
                once.route,
                once.key,
                once.body_sha256,
                subject,
                now
            ],
        )
        .await?;
    if claimed == 1 {
        return Ok((Replay::New, subject.to_owned()));
    }
    let row = tx
        .row(FIND, &place(once))
        .await?
        .ok_or_else(|| Fault::Busy("the idempotency key is being forgotten".to_owned()))?;
    Ok((replay_of(once, &row)?, row.get("subject")?))
}
