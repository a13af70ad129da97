//! Which files belong to tickets 附件: what the ticket's own events say, in a table, so that whoever keeps, copies or checks
//! files finds them. The bytes are no business of the database.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::audit::{Deed, append};
use super::db::{Tx, values};
use super::holds::end_of;
use super::{Fault, Storage};
use crate::domain::archive::{Retention, years_after};
use crate::domain::attachment::Attachment;
use crate::domain::id::{AttachmentId, TicketId, Username};
use crate::domain::staff::By;
use crate::domain::time::Timestamp;

/// A file that should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    pub sha256: String,
    /// A ticket that has it, by number.
    pub ticket: String,
}

/// A file that is past its class.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Over {
    attachment: Uuid,
    ticket: TicketId,
    sha256: String,
    class: String,
    kept_until: Timestamp,
}

/// What came of one look at files that may be past their class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disposed {
    /// Hashes that no ticket names any more: their files are to go.
    pub unnamed: Vec<String>,
    /// Attachments that were disposed of.
    pub count: u32,
    /// Where to go on; `None` at the end.
    pub next: Option<(Timestamp, Uuid)>,
}

impl Storage {
    /// Disposes of up to `limit` files after `after` whose ticket came to its end, whose class is over and whose ticket nobody
    /// holds. Which they were is on record, in the audit trail too; the bytes go after that.
    pub async fn dispose_attachments(
        &self,
        now: Timestamp,
        retention: &Retention,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Disposed, Fault> {
        let mut disposed = Disposed::default();
        let Some(shortest) = retention.shortest_years() else {
            return Ok(disposed);
        };
        let (at, id) = after.unwrap_or((Timestamp::MIN, Uuid::nil()));
        let rows = self
            .db
            .rows(
                "SELECT a.id, a.ticket_id, a.at, a.sha256, t.stage FROM attachment a \
                 JOIN ticket t ON t.id = a.ticket_id WHERE (a.at, a.id) > ($1, $2) \
                 ORDER BY a.at, a.id LIMIT $3",
                &values![at, id, limit],
            )
            .await?;
        for row in &rows {
            let brought_at: Timestamp = row.get("at")?;
            // Younger than the shortest class, and so are all that follow.
            if years_after(brought_at, shortest) > now {
                return Ok(disposed);
            }
            let attachment: Uuid = row.get("id")?;
            disposed.next = Some((brought_at, attachment));
            // Nothing more happens to these; what is closed may be asked about still.
            let stage: String = row.get("stage")?;
            if stage != "archived" && stage != "voided" {
                continue;
            }
            let ticket: TicketId = row.get("ticket_id")?;
            let Some(record) = self.ticket(By::Server, ticket).await? else {
                continue;
            };
            let Some(end) = end_of(&record.ticket) else {
                continue;
            };
            let (class, years) = retention.class_of(record.ticket.demand.as_ref());
            let until = years.map(|years| years_after(brought_at.max(end), years));
            let Some(kept_until) = until.filter(|until| *until <= now) else {
                continue;
            };
            let over = Over {
                attachment,
                ticket,
                sha256: row.get("sha256")?,
                class: class.to_owned(),
                kept_until,
            };
            if let Some(unnamed) = self.dispose_attachment(now, over).await? {
                disposed.count += 1;
                disposed.unnamed.extend(unnamed);
            }
        }
        if rows.len() < limit as usize {
            disposed.next = None;
        }
        Ok(disposed)
    }

    /// One of them, unless its ticket is held: asked in the same transaction. Its hash, where no ticket names it any more.
    async fn dispose_attachment(
        &self,
        now: Timestamp,
        over: Over,
    ) -> Result<Option<Option<String>>, Fault> {
        self.db
            .write((now, over), |tx, (now, over)| {
                Box::pin(async move {
                    let held = tx
                        .row(
                            "SELECT id FROM legal_hold WHERE held_id = $1 AND lifted_at IS NULL LIMIT 1",
                            &values![over.ticket],
                        )
                        .await?;
                    if held.is_some() {
                        return Ok(None);
                    }
                    let gone = tx
                        .execute(
                            "DELETE FROM attachment WHERE id = $1",
                            &values![over.attachment],
                        )
                        .await?;
                    if gone == 0 {
                        return Ok(None);
                    }
                    tx.execute(
                        "INSERT INTO attachment_disposal (id, ticket_id, at, class, kept_until, sha256) \
                         VALUES ($1, $2, $3, $4, $5, $6)",
                        &values![
                            over.attachment,
                            over.ticket,
                            *now,
                            over.class.as_str(),
                            over.kept_until,
                            over.sha256.as_str()
                        ],
                    )
                    .await?;
                    let deed = Deed {
                        at: *now,
                        by: Username::from("@server"),
                        action: "attachment_disposed".to_owned(),
                        object: over.attachment.to_string(),
                        detail: serde_json::json!({
                            "ticket": over.ticket, "class": over.class,
                            "kept_until": over.kept_until, "sha256": over.sha256,
                        }),
                    };
                    append(tx, &deed).await?;
                    let another = tx
                        .row(
                            "SELECT id FROM attachment WHERE sha256 = $1 LIMIT 1",
                            &values![over.sha256.as_str()],
                        )
                        .await?;
                    Ok(Some(another.is_none().then(|| over.sha256.clone())))
                })
            })
            .await
    }

    /// The files of a ticket that were disposed of, and when.
    pub async fn disposed_attachments(
        &self,
        ticket: TicketId,
    ) -> Result<BTreeMap<AttachmentId, Timestamp>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT id, at FROM attachment_disposal WHERE ticket_id = $1",
                &values![ticket],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((AttachmentId(row.get("id")?), row.get("at")?)))
            .collect()
    }

    /// Up to `limit` files of tickets, by hash, after the hash `after`.
    pub async fn attachment_files(&self, after: &str, limit: u32) -> Result<Vec<KeptFile>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT a.sha256, MIN(t.number) AS number FROM attachment a \
                 JOIN ticket t ON t.id = a.ticket_id WHERE a.sha256 > $1 \
                 GROUP BY a.sha256 ORDER BY a.sha256 LIMIT $2",
                &values![after, i64::from(limit)],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(KeptFile {
                    sha256: row.get("sha256")?,
                    ticket: row.get("number")?,
                })
            })
            .collect()
    }
}

pub(super) async fn list_attachment(
    tx: &mut Tx,
    ticket: TicketId,
    attachment: &Attachment,
) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO attachment (id, ticket_id, at, sha256, bytes) VALUES ($1, $2, $3, $4, $5)",
        &values![
            attachment.id.0,
            ticket,
            attachment.at,
            attachment.file.sha256.as_str(),
            attachment.file.bytes
        ],
    )
    .await?;
    Ok(())
}
