//! Whether what is stored still holds together: `hotline check`. Reads one snapshot, changes nothing.
//!
//! Every chain is unbroken, every state is what its events lead to, every answered call of a citizen has its
//! contact and ticket, every queued message has somebody who will send it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use super::audit::{self, chained, entry_of};
use super::chronicle::Kind;
use super::db::{Row, Tx, values};
use super::{Fault, Storage, hex};
use crate::domain::accountability::{self, EntryEvent};
use crate::domain::archive::{self, HoldEvent};
use crate::domain::caller::flagged::{self, FlagEvent};
use crate::domain::contact::{self, ContactEvent};
use crate::domain::event_cluster::{self, ClusterEvent};
use crate::domain::revisit::{self, RevisitEvent};
use crate::domain::supervision::{self, CaseEvent};
use crate::domain::ticket::{self, Event, GENESIS, chain_hash};
use crate::domain::time::Timestamp;

/// Something that should not be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `ticket`, `call`, `audit`, …
    pub kind: &'static str,
    pub id: String,
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.kind, self.id, self.what)
    }
}

/// After this many the list ends: the database is lost, not damaged.
const DIFFERENCES_MAX: usize = 1000;
const PAGE: i64 = 1000;
/// A recording is finished a moment after its call.
const FINISHING_MS: i64 = 60_000;

impl Storage {
    /// Everything that does not hold together; empty when all is well.
    pub async fn check(&self, now: Timestamp) -> Result<Vec<Difference>, Fault> {
        let mut tx = self.db.snapshot().await?;
        let mut found = Found(Vec::new());
        check_chains(&mut tx, &mut found).await?;
        check_audit(&mut tx, &mut found).await?;
        for (kind, what, sql) in RULES {
            let rows = tx.rows(sql, &[]).await?;
            found.all(kind, what, &rows)?;
        }
        let rows = tx
            .rows(LOST_RECORDINGS, &values![now.plus_millis(-FINISHING_MS)])
            .await?;
        found.all("call", "its recording has no manifest", &rows)?;
        Ok(found.0)
    }

    /// As [`Storage::check`], of the audit trail alone; with how many entries there are.
    pub async fn check_audit(&self) -> Result<(i64, Vec<Difference>), Fault> {
        let mut tx = self.db.snapshot().await?;
        let mut found = Found(Vec::new());
        let entries = check_audit(&mut tx, &mut found).await?;
        Ok((entries, found.0))
    }
}

/// Rows that should not be: kind, what is wrong, and the statement that finds them.
const RULES: [(&str, &str, &str); 16] = [
    (
        "ticket",
        "it has no events",
        "SELECT id FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = t.id)",
    ),
    (
        "contact",
        "it has no events",
        "SELECT id FROM contact c WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = c.id)",
    ),
    (
        "revisit",
        "it has no events",
        "SELECT id FROM revisit r WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = r.id)",
    ),
    (
        "call",
        "it was answered and its contact is missing",
        "SELECT id FROM call c WHERE answered_at IS NOT NULL AND contact_id IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM contact x WHERE x.id = c.contact_id AND x.call_id = c.id)",
    ),
    (
        "call",
        "it was answered and its ticket is missing",
        "SELECT id FROM call c WHERE answered_at IS NOT NULL AND ticket_id IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = c.ticket_id)",
    ),
    (
        "contact",
        "its call is missing",
        "SELECT id FROM contact x WHERE NOT EXISTS (SELECT 1 FROM call c WHERE c.id = x.call_id)",
    ),
    (
        "recording",
        "its call is missing",
        "SELECT id FROM recording r WHERE NOT EXISTS (SELECT 1 FROM call c WHERE c.id = r.call_id)",
    ),
    (
        "revisit",
        "its ticket is missing",
        "SELECT id FROM revisit r WHERE NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = r.ticket_id)",
    ),
    (
        "supervision",
        "it has no events",
        "SELECT id FROM supervision s WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = s.id)",
    ),
    (
        "supervision",
        "its ticket is missing",
        "SELECT id FROM supervision s WHERE NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = s.ticket_id)",
    ),
    (
        "event_cluster",
        "it has no events",
        "SELECT id FROM event_cluster c WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = c.id)",
    ),
    (
        "event_cluster",
        "a ticket of it is missing",
        "SELECT c.cluster_id AS id FROM cluster_ticket c \
         WHERE NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = c.ticket_id)",
    ),
    (
        "accountability",
        "it has no events",
        "SELECT id FROM accountability a WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = a.id)",
    ),
    (
        "legal_hold",
        "it has no events",
        "SELECT id FROM legal_hold h WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = h.id)",
    ),
    (
        "flagged_number",
        "it has no events",
        "SELECT id FROM flagged_number f WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.subject = f.id)",
    ),
    (
        "sms",
        "it is queued and nobody will send it",
        "SELECT id FROM sms s WHERE state = 'queued' AND NOT EXISTS (SELECT 1 FROM outbox o \
         WHERE o.kind = 'sms_send' AND o.subject = s.id)",
    ),
];

const LOST_RECORDINGS: &str = "SELECT id FROM call c WHERE ended_at < $1 \
    AND recording_id IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM recording r WHERE r.id = c.recording_id)";

struct Found(Vec<Difference>);

impl Found {
    fn one(&mut self, kind: &'static str, id: impl Into<String>, what: impl Into<String>) {
        if self.0.len() < DIFFERENCES_MAX {
            self.0.push(Difference {
                kind,
                id: id.into(),
                what: what.into(),
            });
        }
    }

    fn all(&mut self, kind: &'static str, what: &str, rows: &[Row]) -> Result<(), Fault> {
        for row in rows {
            self.one(kind, row.get::<String>("id")?, what);
        }
        Ok(())
    }
}

/// One stored event, as its bytes are.
struct Link {
    subject: String,
    seq: u64,
    kind: String,
    at: Timestamp,
    actor: String,
    json: String,
    prev_hash: String,
    hash: String,
}

impl Link {
    fn of_row(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            subject: row.get("subject")?,
            seq: row.get("seq")?,
            kind: row.get("kind")?,
            at: row.get("at")?,
            actor: row.get("actor")?,
            json: row.get("json")?,
            prev_hash: row.get("prev_hash")?,
            hash: row.get("hash")?,
        })
    }
}

/// Walks the whole log, subject by subject.
async fn check_chains(tx: &mut Tx, found: &mut Found) -> Result<(), Fault> {
    let mut chain: Vec<Link> = Vec::new();
    let (mut subject, mut seq) = (String::new(), 0);
    loop {
        let rows = tx
            .rows(
                "SELECT subject, seq, kind, at, actor, json, prev_hash, hash FROM event \
                 WHERE (subject, seq) > ($1, $2) ORDER BY subject, seq LIMIT $3",
                &values![subject, seq, PAGE],
            )
            .await?;
        for row in &rows {
            let link = Link::of_row(row)?;
            if chain
                .first()
                .is_some_and(|first| first.subject != link.subject)
            {
                check_chain(tx, &chain, found).await?;
                chain.clear();
            }
            chain.push(link);
        }
        let Some(last) = chain.last() else { break };
        if rows.is_empty() {
            check_chain(tx, &chain, found).await?;
            break;
        }
        subject.clone_from(&last.subject);
        seq = last.seq;
    }
    Ok(())
}

async fn check_chain(tx: &mut Tx, chain: &[Link], found: &mut Found) -> Result<(), Fault> {
    let first = chain.first().expect("a chain has a first event");
    let id = first.subject.as_str();
    let (kind, sql) = match first.kind.as_str() {
        "contact" => (
            Kind::Contact,
            "SELECT version, head_hash, json FROM contact WHERE id = $1",
        ),
        "revisit" => (
            Kind::Revisit,
            "SELECT version, head_hash, json FROM revisit WHERE id = $1",
        ),
        "supervision" => (
            Kind::Supervision,
            "SELECT version, head_hash, json FROM supervision WHERE id = $1",
        ),
        "event_cluster" => (
            Kind::EventCluster,
            "SELECT version, head_hash, json FROM event_cluster WHERE id = $1",
        ),
        "accountability" => (
            Kind::Accountability,
            "SELECT version, head_hash, json FROM accountability WHERE id = $1",
        ),
        "legal_hold" => (
            Kind::LegalHold,
            "SELECT version, head_hash, json FROM legal_hold WHERE id = $1",
        ),
        "flagged_number" => (
            Kind::FlaggedNumber,
            "SELECT version, head_hash, json FROM flagged_number WHERE id = $1",
        ),
        _ => (
            Kind::Ticket,
            "SELECT version, head_hash, json FROM ticket WHERE id = $1",
        ),
    };
    let row = tx.row(sql, &values![id]).await?;
    let Some(row) = row else {
        found.one(kind.code(), id, "its events are there, it is not");
        return Ok(());
    };
    let head = match unbroken(chain) {
        Ok(head) => head,
        Err(seq) => {
            found.one(
                kind.code(),
                id,
                format!("its chain is broken at event {seq}"),
            );
            return Ok(());
        }
    };
    let last = chain.last().expect("a chain has a last event");
    if row.get::<u64>("version")? != last.seq || row.get::<String>("head_hash")? != head {
        found.one(kind.code(), id, "its chain does not end where its row says");
        return Ok(());
    }
    let state: serde_json::Value = row.json("json")?;
    let told = match kind {
        Kind::Ticket => retold::<Event, _>(chain, ticket::apply),
        Kind::Contact => retold::<ContactEvent, _>(chain, contact::apply),
        Kind::Revisit => retold::<RevisitEvent, _>(chain, revisit::apply),
        Kind::Supervision => retold::<CaseEvent, _>(chain, supervision::apply),
        Kind::EventCluster => retold::<ClusterEvent, _>(chain, event_cluster::apply),
        Kind::Accountability => retold::<EntryEvent, _>(chain, accountability::apply),
        Kind::LegalHold => retold::<HoldEvent, _>(chain, archive::apply),
        Kind::FlaggedNumber => retold::<FlagEvent, _>(chain, flagged::apply),
    };
    match told {
        Some(told) if told == state => {
            if kind == Kind::Ticket {
                check_steps(id, chain, found);
            }
        }
        Some(_) => found.one(kind.code(), id, "its state is not what its events lead to"),
        None => found.one(kind.code(), id, "its events cannot be read"),
    }
    Ok(())
}

/// None of the five steps of article 6 is missing from a closed ticket.
fn check_steps(id: &str, chain: &[Link], found: &mut Found) {
    let events: Vec<Event> = chain
        .iter()
        .filter_map(|link| serde_json::from_str(&link.json).ok())
        .collect();
    for step in ticket::missing(&events) {
        found.one(
            "ticket",
            id,
            format!("it is closed without {}", step.name()),
        );
    }
}

/// The hash at the end, or the first event that does not fit.
fn unbroken(chain: &[Link]) -> Result<String, u64> {
    let mut head = GENESIS;
    for (link, seq) in chain.iter().zip(1..) {
        let hash = chain_hash(head, seq, link.at, &link.actor, &link.json);
        if link.seq != seq || link.prev_hash != hex(&head) || link.hash != hex(&hash) {
            return Err(seq);
        }
        head = hash;
    }
    Ok(hex(&head))
}

/// The state that the events lead to, as JSON; `None` when they cannot be read or do not fit each other.
fn retold<E: DeserializeOwned, S: serde::Serialize>(
    chain: &[Link],
    apply: impl Fn(Option<S>, &E) -> S,
) -> Option<serde_json::Value> {
    let events: Vec<E> = chain
        .iter()
        .map(|link| serde_json::from_str(&link.json))
        .collect::<Result<_, _>>()
        .ok()?;
    // `apply` panics at events that never were: whoever forged the hashes too shows here.
    let state = catch_unwind(AssertUnwindSafe(|| {
        events
            .iter()
            .fold(None, |state, event| Some(apply(state, event)))
    }));
    serde_json::to_value(state.ok()??).ok()
}

async fn check_audit(tx: &mut Tx, found: &mut Found) -> Result<i64, Fault> {
    let mut head = audit::GENESIS.to_owned();
    let mut seq = 0;
    loop {
        let rows = tx
            .rows(
                "SELECT seq, at, actor, action, object, detail, prev_hash, hash FROM audit \
                 WHERE seq > $1 ORDER BY seq LIMIT $2",
                &values![seq, PAGE],
            )
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let entry = entry_of(row)?;
            seq += 1;
            let fits = entry.seq == seq
                && row.get::<String>("prev_hash")? == head
                && entry.hash == chained(&head, seq, &entry.deed);
            if !fits {
                found.one("audit", seq.to_string(), "the chain is broken here");
                return Ok(seq);
            }
            head = entry.hash;
        }
    }
    let end = tx
        .row("SELECT seq, hash FROM chain WHERE name = 'audit'", &[])
        .await?;
    let ends = end
        .map(|end| Ok::<_, Fault>((end.get::<i64>("seq")?, end.get::<String>("hash")?)))
        .transpose()?;
    if ends != Some((seq, head)) {
        found.one(
            "audit",
            seq.to_string(),
            "the chain does not end where its head says",
        );
    }
    Ok(seq)
}
