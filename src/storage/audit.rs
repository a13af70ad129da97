//! Who did what: logins, listens, downloads, exports, administration. Append-only, each entry chained to the
//! one before by its hash, so that a removed or altered line shows.

use serde::Serialize;

use super::db::{Row, Select, Tx, values};
use super::{Cursor, Fault, Listing, Page, Storage, sha256_hex, to_json};
use crate::domain::id::Username;
use crate::domain::time::Timestamp;

/// One thing somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    pub at: Timestamp,
    pub by: Username,
    /// `login`, `login_failed`, `logout`, `listen`, `download`, `token_created`, `apply`, …
    pub action: String,
    /// What it was done to: an id, a name; empty when there is none.
    pub object: String,
    /// Whatever else is worth knowing; no whole phone numbers, no secrets.
    pub detail: serde_json::Value,
}

/// A deed in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    pub seq: i64,
    #[serde(flatten)]
    pub deed: Deed,
    pub hash: String,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub by: Option<Username>,
    pub action: Option<String>,
    pub object: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// What the first entry is chained to.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Storage {
    /// Writes a deed down.
    pub async fn audit(&self, deed: Deed) -> Result<(), Fault> {
        self.db
            .write(deed, |tx, deed| Box::pin(append(tx, deed)))
            .await
    }

    /// The trail, newest first.
    pub async fn audit_trail(
        &self,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEntry>, Fault> {
        let rows = self
            .db
            .select(
                Select::new(
                    "SELECT seq, at, actor, action, object, detail, hash FROM audit WHERE 1 = 1",
                )
                .and_some("actor =", filter.by.clone())
                .and_some("action =", filter.action.clone())
                .and_some("object =", filter.object.clone())
                .and_some("at >=", filter.since)
                .and_some("at <", filter.until)
                .and_some("seq <", page.after.as_ref().map(|cursor| cursor.at))
                .text(" ORDER BY seq DESC")
                .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(entry_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |entry| Cursor {
            at: entry.seq,
            id: String::new(),
        }))
    }
}

pub(super) fn entry_of(row: &Row) -> Result<AuditEntry, Fault> {
    Ok(AuditEntry {
        seq: row.get("seq")?,
        deed: Deed {
            at: row.get("at")?,
            by: row.get("actor")?,
            action: row.get("action")?,
            object: row.get("object")?,
            detail: row.json("detail")?,
        },
        hash: row.get("hash")?,
    })
}

/// Appends within a unit of work. The head's row is updated first: that keeps other appenders out.
pub(super) async fn append(tx: &mut Tx, deed: &Deed) -> Result<(), Fault> {
    let head = tx
        .row(
            "UPDATE chain SET seq = seq + 1 WHERE name = 'audit' RETURNING seq, hash",
            &[],
        )
        .await?
        .ok_or_else(|| Fault::Corrupt("the audit chain has no head".to_owned()))?;
    let seq: i64 = head.get("seq")?;
    let prev_hash: String = head.get("hash")?;
    let hash = chained(&prev_hash, seq, deed);
    tx.execute(
        "INSERT INTO audit (seq, at, actor, action, object, detail, prev_hash, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &values![
            seq,
            deed.at,
            deed.by,
            deed.action,
            deed.object,
            to_json(&deed.detail),
            prev_hash,
            hash
        ],
    )
    .await?;
    tx.execute(
        "UPDATE chain SET hash = $1 WHERE name = 'audit'",
        &values![hash],
    )
    .await?;
    Ok(())
}

/// The hash of an entry: of the hash before it, its place, and what it says, each on a line.
pub(super) fn chained(prev_hash: &str, seq: i64, deed: &Deed) -> String {
    sha256_hex(format!("{prev_hash}\n{seq}\n{}", to_json(deed)).as_bytes())
}
