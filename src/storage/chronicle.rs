//! How tickets, contacts and revisits change: decided by their rules, told as events, one append-only log for all.
//!
//! The events of one ticket (or contact, or revisit) are chained by hash, so that an edited or missing one shows.
//! A [`Chronicler`] carries commands out within a unit of work. Whatever the world does to a ticket comes through
//! it: a person's wish, a citizen's SMS, the result of a revisit.

use uuid::Uuid;

use super::db::{Row, Tx, values};
use super::{Fault, hex};
use crate::clock::Clock;
use crate::domain::staff::{Actor, By};
use crate::domain::ticket::{GENESIS, Rules, chain_hash};
use crate::domain::time::Timestamp;

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ticket,
    Contact,
    Revisit,
    Supervision,
    EventCluster,
    Accountability,
    LegalHold,
}

impl Kind {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Contact => "contact",
            Self::Revisit => "revisit",
            Self::Supervision => "supervision",
            Self::EventCluster => "event_cluster",
            Self::Accountability => "accountability",
            Self::LegalHold => "legal_hold",
        }
    }
}

/// Who carries commands out, when, for whom, and under which rules.
pub(super) struct Chronicler<'a> {
    pub(super) now: Timestamp,
    pub(super) by: By<'a>,
    pub(super) rules: &'a Rules,
    pub(super) clock: &'a dyn Clock,
}

/// The end of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// Number of the last event, 0 before the first.
    pub(super) version: u64,
    head: [u8; 32],
}

impl Chain {
    pub(super) const fn new() -> Self {
        Self {
            version: 0,
            head: GENESIS,
        }
    }

    /// From the columns `version` and `head_hash`.
    pub(super) fn of_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            version: row.get("version")?,
            head: hash_of(&row.get::<String>("head_hash")?)?,
        })
    }

    pub(super) fn head_hash(&self) -> String {
        hex(&self.head)
    }
}

impl Chronicler<'_> {
    /// The same, acting as the server: for what follows by itself.
    pub(super) const fn as_server(&self) -> Chronicler<'_> {
        Chronicler {
            by: By::Server,
            ..*self
        }
    }

    /// Appends one event to the log and moves the chain's end.
    pub(super) async fn append(
        &self,
        tx: &mut Tx,
        kind: Kind,
        subject: Uuid,
        chain: &mut Chain,
        name: &str,
        json: String,
    ) -> Result<(), Fault> {
        let prev_hash = chain.head_hash();
        chain.version += 1;
        chain.head = chain_hash(chain.head, chain.version, self.now, self.by.name(), &json);
        tx.execute(
            "INSERT INTO event (subject, seq, kind, at, actor, name, json, prev_hash, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &values![
                subject,
                chain.version,
                kind.code(),
                self.now,
                self.by.name(),
                name,
                json,
                prev_hash,
                chain.head_hash()
            ],
        )
        .await?;
        Ok(())
    }
}

/// The person who wishes, to travel with the wish; nobody for the server.
pub(super) fn actor_of(by: By<'_>) -> Option<Actor> {
    match by {
        By::Person(actor) => Some(actor.clone()),
        By::Server => None,
    }
}

/// 32 bytes from their hexadecimal text.
fn hash_of(text: &str) -> Result<[u8; 32], Fault> {
    let foreign = || Fault::Corrupt("a hash is not 64 hexadecimal digits".to_owned());
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(foreign());
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| foreign())?;
    }
    Ok(hash)
}
