//! Which files belong to tickets 附件: what the ticket's own events say, in a table, so that whoever keeps, copies or checks
//! files finds them. The bytes are no business of the database.

use super::db::{Tx, values};
use super::{Fault, Storage};
use crate::domain::attachment::Attachment;
use crate::domain::id::TicketId;

/// A file that should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    pub sha256: String,
    /// A ticket that has it, by number.
    pub ticket: String,
}

impl Storage {
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
