//! What is known of numbers that call: the language seat 语种座席 that understood them.

use super::audit::{Deed, append};
use super::db::{Row, Tx, values};
use super::flagged::is_flagged;
use super::{Fault, Storage};
use crate::domain::caller::{Known, LanguageSeat};
use crate::domain::id::{ContactId, QueueName, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;

impl Storage {
    /// Remembers, or with `None` forgets, which language seat the caller of a contact is served by. `false`: the network gave
    /// no number, so there is nothing to remember it for.
    pub async fn remember_language(
        &self,
        now: Timestamp,
        by: Username,
        contact: ContactId,
        seat: Option<QueueName>,
    ) -> Result<bool, Fault> {
        self.db
            .write((now, by, contact, seat), |tx, (now, by, contact, seat)| {
                Box::pin(remember(tx, *now, by, *contact, seat.as_ref()))
            })
            .await
    }

    /// The language seat of a number.
    pub async fn language_seat(&self, number: &PhoneNumber) -> Result<Option<LanguageSeat>, Fault> {
        let row = self.db.row(SEAT, &values![number.clone()]).await?;
        row.as_ref().map(seat_of).transpose()
    }
}

const SEAT: &str = "SELECT queue, at, said_by FROM language_seat WHERE number = $1";

/// What call control is told of who rings.
pub(super) async fn known(
    tx: &mut Tx,
    now: Timestamp,
    number: Option<&PhoneNumber>,
) -> Result<Known, Fault> {
    let Some(number) = number else {
        return Ok(Known::default());
    };
    let row = tx.row(SEAT, &values![number.clone()]).await?;
    let seat = row.as_ref().map(seat_of).transpose()?;
    Ok(Known {
        seat: seat.map(|seat| seat.queue),
        flagged: is_flagged(tx, now, number).await?,
    })
}

async fn remember(
    tx: &mut Tx,
    now: Timestamp,
    by: &Username,
    contact: ContactId,
    seat: Option<&QueueName>,
) -> Result<bool, Fault> {
    let row = tx
        .row(
            "SELECT caller FROM contact WHERE id = $1",
            &values![contact],
        )
        .await?;
    let caller: Option<PhoneNumber> = row.map(|row| row.opt("caller")).transpose()?.flatten();
    let Some(caller) = caller else {
        return Ok(false);
    };
    match seat {
        Some(queue) => {
            tx.execute(
                "INSERT INTO language_seat (number, queue, at, said_by) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (number) DO UPDATE SET queue = $2, at = $3, said_by = $4",
                &values![caller, queue.clone(), now, by.clone()],
            )
            .await?;
        }
        None => {
            tx.execute(
                "DELETE FROM language_seat WHERE number = $1",
                &values![caller],
            )
            .await?;
        }
    }
    let deed = Deed {
        at: now,
        by: by.clone(),
        action: "language_seat".to_owned(),
        object: contact.to_string(),
        detail: serde_json::json!({"queue": seat}),
    };
    append(tx, &deed).await?;
    Ok(true)
}

fn seat_of(row: &Row) -> Result<LanguageSeat, Fault> {
    Ok(LanguageSeat {
        queue: row.get("queue")?,
        at: row.get("at")?,
        by: row.get("said_by")?,
    })
}
