//! How tickets, contacts and revisits change: decided by their rules, told as events, one append-only log for all.
//!
//! The events of one ticket (or contact, or revisit) are chained by hash, so that an edited or missing one shows.
//! A [`Chronicler`] carries commands out within a unit of work. Whatever the world does to a ticket comes through
//! it: a person's wish, a citizen's SMS, the result of a revisit. What people wish of a [`Subject`] happens once,
//! however often they ask ([`Storage::carry_out`]).

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::db::{Row, Tx, Work, Writing, values};
use super::idempotency::{Once, Replay, claim};
use super::organisation::UnitPhones;
use super::{Fault, Storage, Trouble, hex};
use crate::clock::Clock;
use crate::domain::staff::By;
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
    FlaggedNumber,
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
            Self::FlaggedNumber => "flagged_number",
        }
    }
}

/// Who carries commands out, when, for whom, and under which rules.
pub(super) struct Chronicler<'a> {
    pub(super) now: Timestamp,
    pub(super) by: By<'a>,
    pub(super) rules: &'a Rules,
    pub(super) clock: &'a dyn Clock,
    pub(super) phones: &'a UnitPhones,
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

/// What people wish things of, as it stands in the database.
pub(super) trait Subject: Sized + Send + 'static {
    type Id: Copy + From<Uuid> + fmt::Display + Send + Sync + 'static;
    type Command: Send + Sync + 'static;
    type Refusal: Send + 'static;

    /// The idempotency key was used with another body.
    const KEY_USED: Self::Refusal;

    /// The one with this id.
    fn stored(tx: &mut Tx, id: &str) -> impl Future<Output = Result<Option<Self>, Fault>> + Send;

    /// Carries `command` out on the one with this id; a `new` one begins with it.
    fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: Self::Id,
        new: bool,
        command: &Self::Command,
    ) -> impl Future<Output = Result<Self, Trouble<Self::Refusal>>> + Send;
}

/// A wish as it travels to the database.
struct Wish<I, C> {
    /// `None`: a new one.
    id: Option<I>,
    command: C,
    once: Option<Once>,
}

/// One fact in a chain of any kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainedEvent {
    pub seq: u64,
    pub at: Timestamp,
    pub actor: String,
    pub name: String,
    pub event: serde_json::Value,
    pub prev_hash: String,
    pub hash: String,
}

impl Storage {
    /// Carries out what somebody wishes of a subject (`None`: of a new one). A wish that was carried out before under the
    /// same [`Once`] is not carried out again; the subject is answered as it stands.
    pub(super) async fn carry_out<S: Subject>(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Option<S::Id>,
        command: S::Command,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<S, Trouble<S::Refusal>> {
        let wish = Wish { id, command, once };
        self.chronicle(now, by, rules, wish, |chronicler, tx, wish| {
            Box::pin(async move {
                let id = wish
                    .id
                    .unwrap_or_else(|| S::Id::from(chronicler.clock.new_id()));
                if let Some(once) = &wish.once {
                    match claim(tx, chronicler.now, once, &id.to_string()).await? {
                        (Replay::New, _) => {}
                        (Replay::Done | Replay::Answer { .. }, known) => {
                            let lost = || Fault::Corrupt(format!("{known} is gone"));
                            return Ok(S::stored(tx, &known).await?.ok_or_else(lost)?);
                        }
                        (Replay::OtherBody, _) => return Err(Trouble::Refused(S::KEY_USED)),
                    }
                }
                S::change(chronicler, tx, id, wish.id.is_none(), &wish.command).await
            })
        })
        .await
    }

    /// One unit of work that changes what is chained.
    pub(super) async fn chronicle<G, T, E, F>(
        &self,
        now: Timestamp,
        by: By<'_>,
        rules: &Arc<Rules>,
        given: G,
        work: F,
    ) -> Result<T, E>
    where
        G: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
        F: for<'t> Fn(&'t Chronicler<'t>, &'t mut Tx, &'t G) -> Work<'t, T, E>
            + Send
            + Sync
            + 'static,
    {
        let actor = match by {
            By::Person(actor) => Some(actor.clone()),
            By::Server => None,
        };
        let given = (given, work, actor, rules.clone(), self.clock.clone());
        self.db
            .write(given, move |tx, (given, work, actor, rules, clock)| {
                Box::pin(async move {
                    let phones = UnitPhones::default();
                    let chronicler = Chronicler {
                        now,
                        by: actor.as_ref().map_or(By::Server, By::Person),
                        rules,
                        clock: &**clock,
                        phones: &phones,
                    };
                    work(&chronicler, tx, given).await
                })
            })
            .await
    }

    /// A unit of work of the server's own.
    pub(super) async fn as_server<G, T, F>(
        &self,
        now: Timestamp,
        rules: &Arc<Rules>,
        given: G,
        work: F,
    ) -> Result<T, Fault>
    where
        G: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'t> Fn(&'t Chronicler<'t>, &'t mut Tx, &'t G) -> Work<'t, T, Fault>
            + Send
            + Sync
            + 'static,
    {
        self.chronicle(now, By::Server, rules, given, work).await
    }

    /// A subject's chain in order.
    pub(super) async fn chained_events(
        &self,
        kind: Kind,
        subject: Uuid,
    ) -> Result<Vec<ChainedEvent>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT seq, at, actor, name, json, prev_hash, hash FROM event \
                 WHERE subject = $1 AND kind = $2 ORDER BY seq",
                &values![subject, kind.code()],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ChainedEvent {
                    seq: row.get("seq")?,
                    at: row.get("at")?,
                    actor: row.get("actor")?,
                    name: row.get("name")?,
                    event: row.json("json")?,
                    prev_hash: row.get("prev_hash")?,
                    hash: row.get("hash")?,
                })
            })
            .collect()
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
        tx.put(
            EVENT,
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
        .await
    }
}

const EVENT: Writing = Writing {
    before: "INSERT INTO event (subject, seq, kind, at, actor, name, json, prev_hash, hash) VALUES",
    after: "",
};

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
