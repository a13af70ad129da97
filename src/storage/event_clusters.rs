//! Same-event clusters 同一事件: which demands are one matter, and where to look for more of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::about::{is_kept, unless_kept};
use super::chronicle::{Chain, ChainedEvent, Chronicler, Kind, Subject};
use super::db::{Row, Select, Tx, Value, values};
use super::idempotency::Once;
use super::news::{Fact, Moved, Whose, secrecy};
use super::{Cursor, Fault, Listing, Page, Storage, Trouble, to_json};
use crate::domain::event_cluster::{
    Candidate, ClusterCommand, ClusterEvent, EventCluster, Refusal, apply, decide,
};
use crate::domain::id::{ClusterId, TicketId};
use crate::domain::staff::By;
use crate::domain::ticket::{Demand, Event, Rules, Ticket};
use crate::domain::time::Timestamp;
use crate::domain::watch::{Sketch, text_of};

/// A cluster as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterRecord {
    pub id: ClusterId,
    pub version: u64,
    pub updated_at: Timestamp,
    pub cluster: EventCluster,
}

/// How many citizens asked, and about how many things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Registered tickets: each demand once, merged or not.
    pub demands: i64,
    /// The same with each cluster once.
    pub matters: i64,
}

/// Hashes kept of a demand: two texts a third alike share one of eight with 96 %.
const PRINTS: usize = 8;
/// Tickets looked at for each hash: a common word does not make the search long.
const EACH: i64 = 50;
const CANDIDATES: usize = 200;

impl Storage {
    /// Opens a cluster, or carries out a command on one; as [`Storage::command`] for a ticket.
    pub async fn cluster_command(
        &self,
        now: Timestamp,
        by: By<'_>,
        id: Option<ClusterId>,
        command: ClusterCommand,
        rules: &Arc<Rules>,
        once: Option<Once>,
    ) -> Result<ClusterRecord, Trouble<Refusal>> {
        self.carry_out(now, by, id, command, rules, once).await
    }

    /// One cluster.
    pub async fn cluster(&self, id: ClusterId) -> Result<Option<ClusterRecord>, Fault> {
        let row = self.db.row(CLUSTER, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    /// The cluster a ticket belongs to.
    pub async fn cluster_of(&self, ticket: TicketId) -> Result<Option<ClusterId>, Fault> {
        let row = self
            .db
            .row(
                "SELECT cluster_id FROM cluster_ticket WHERE ticket_id = $1",
                &values![ticket],
            )
            .await?;
        row.map(|row| row.get("cluster_id")).transpose()
    }

    /// Clusters, the latest opened first; with `ticket`, the one it belongs to.
    pub async fn clusters(
        &self,
        by: By<'_>,
        open: Option<bool>,
        ticket: Option<TicketId>,
        page: &Page,
    ) -> Result<Listing<ClusterRecord>, Fault> {
        let mut select =
            Select::new("SELECT id, version, updated_at, json FROM event_cluster WHERE 1 = 1");
        select = match open {
            Some(true) => select.text(" AND dissolved_at IS NULL"),
            Some(false) => select.text(" AND dissolved_at IS NOT NULL"),
            None => select,
        };
        select = unless_kept(
            select,
            by,
            "(t.id = lead_id OR t.id IN \
             (SELECT c.ticket_id FROM cluster_ticket c WHERE c.cluster_id = event_cluster.id))",
        );
        if let Some(ticket) = ticket {
            select = select
                .and(
                    "id IN (SELECT cluster_id FROM cluster_ticket WHERE ticket_id =",
                    ticket,
                )
                .text(")");
        }
        if let Some(after) = &page.after {
            select = select.before("opened_at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY opened_at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.cluster.opened_at.millis(),
            id: record.id.to_string(),
        }))
    }

    /// The chain of a cluster in order.
    pub async fn cluster_events(&self, id: ClusterId) -> Result<Vec<ChainedEvent>, Fault> {
        self.chained_events(Kind::EventCluster, id.0).await
    }

    /// How many demands were opened in `[since, until)`, and how many matters they are. A merged demand is counted once, as
    /// a demand; a matter once, with the ticket that leads it.
    pub async fn counted(&self, since: Timestamp, until: Timestamp) -> Result<Counted, Fault> {
        let row = self
            .db
            .row(
                "SELECT count(*) AS demands, \
                 count(CASE WHEN c.cluster_id IS NULL OR k.lead_id = t.id THEN 1 END) AS matters \
                 FROM ticket t LEFT JOIN cluster_ticket c ON c.ticket_id = t.id \
                 LEFT JOIN event_cluster k ON k.id = c.cluster_id \
                 WHERE t.opened_at >= $1 AND t.opened_at < $2 AND t.stage NOT IN ('draft', 'voided')",
                &values![since, until],
            )
            .await?
            .ok_or_else(|| Fault::Corrupt("a count without a row".to_owned()))?;
        Ok(Counted {
            demands: row.get("demands")?,
            matters: row.get("matters")?,
        })
    }

    /// Other tickets worth comparing with `demand`, opened after `since`: those that share a rare run of letters with it.
    pub async fn candidates(
        &self,
        ticket: TicketId,
        demand: &Demand,
        since: Timestamp,
    ) -> Result<Vec<Candidate>, Fault> {
        let mut ids = BTreeSet::new();
        for hash in prints(demand) {
            let rows = self
                .db
                .rows(
                    "SELECT ticket_id FROM demand_print WHERE hash = $1 AND at >= $2 AND ticket_id <> $3 \
                     ORDER BY at DESC, ticket_id DESC LIMIT $4",
                    &values![hash, since, ticket, EACH],
                )
                .await?;
            for row in &rows {
                ids.insert(row.get::<TicketId>("ticket_id")?);
            }
        }
        let mut found = Vec::new();
        // Ids grow with time: the latest first.
        for id in ids.into_iter().rev().take(CANDIDATES) {
            let row = self
                .db
                .row(
                    "SELECT t.id, t.number, t.opened_at, t.stage, t.json, c.cluster_id FROM ticket t \
                     LEFT JOIN cluster_ticket c ON c.ticket_id = t.id WHERE t.id = $1 AND t.sealed = 0 \
                     AND t.restricted = 0",
                    &values![id],
                )
                .await?;
            let Some(row) = row else { continue };
            let other: Ticket = row.json("json")?;
            if row.get::<String>("stage")? == "voided" {
                continue;
            }
            if let Some(demand) = other.demand {
                found.push(Candidate {
                    ticket: id,
                    number: row.get("number")?,
                    opened_at: row.get("opened_at")?,
                    demand,
                    cluster: row.opt("cluster_id")?,
                });
            }
        }
        Ok(found)
    }
}

/// What a demand is found by.
fn prints(demand: &Demand) -> Vec<i64> {
    Sketch::of(&text_of(demand))
        .map(|sketch| sketch.smallest(PRINTS).map(i64::from).collect())
        .unwrap_or_default()
}

/// Keeps what the demand of a ticket is found by, as it was last registered.
pub(super) async fn print_demand(
    tx: &mut Tx,
    ticket: TicketId,
    events: &[Event],
) -> Result<(), Fault> {
    let registered = events.iter().rev().find_map(|event| match event {
        Event::Registered { at, demand, .. } => Some((*at, demand)),
        _ => None,
    });
    let Some((at, demand)) = registered else {
        return Ok(());
    };
    tx.execute(
        "DELETE FROM demand_print WHERE ticket_id = $1",
        &values![ticket],
    )
    .await?;
    for hash in prints(demand) {
        tx.execute(
            "INSERT INTO demand_print (ticket_id, hash, at) VALUES ($1, $2, $3)",
            &values![ticket, hash, at],
        )
        .await?;
    }
    Ok(())
}

const CLUSTER: &str = "SELECT id, version, updated_at, json FROM event_cluster WHERE id = $1";

impl Subject for ClusterRecord {
    type Id = ClusterId;
    type Command = ClusterCommand;
    type Refusal = Refusal;

    const KEY_USED: Refusal = Refusal::KeyUsed;

    async fn stored(tx: &mut Tx, id: &str) -> Result<Option<Self>, Fault> {
        let row = tx.row(CLUSTER, &values![id]).await?;
        row.as_ref().map(record_of).transpose()
    }

    async fn change(
        chronicler: &Chronicler<'_>,
        tx: &mut Tx,
        id: ClusterId,
        new: bool,
        command: &ClusterCommand,
    ) -> Result<Self, Trouble<Refusal>> {
        let row = tx
            .row(
                "UPDATE event_cluster SET version = version WHERE id = $1 \
                 RETURNING id, version, updated_at, json, head_hash",
                &values![id],
            )
            .await?;
        let before = row.as_ref().map(record_of).transpose()?;
        let mut chain = row.as_ref().map_or(Ok(Chain::new()), Chain::of_row)?;
        let cluster = before.map(|record| record.cluster);
        let events = decide(chronicler.now, cluster.as_ref(), command, chronicler.by)
            .map_err(Trouble::Refused)?;
        for event in &events {
            chronicler
                .follow_cluster(tx, id, cluster.as_ref(), event)
                .await?;
            let json = to_json(event);
            chronicler
                .append(tx, Kind::EventCluster, id.0, &mut chain, event.name(), json)
                .await?;
        }
        let cluster = events
            .iter()
            .fold(cluster, |cluster, event| Some(apply(cluster, event)))
            .ok_or(Trouble::Refused(Refusal::NoSuchCluster))?;
        let record = ClusterRecord {
            id,
            version: chain.version,
            updated_at: chronicler.now,
            cluster,
        };
        let columns = columns(&record, &chain);
        if new {
            tx.execute(
                "INSERT INTO event_cluster (id, kind, lead_id, opened_at, updated_at, dissolved_at, \
                 demands, version, head_hash, json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                &columns,
            )
            .await?;
        } else {
            tx.execute(
                "UPDATE event_cluster SET kind = $2, lead_id = $3, opened_at = $4, updated_at = $5, \
                 dissolved_at = $6, demands = $7, version = $8, head_hash = $9, json = $10 WHERE id = $1",
                &columns,
            )
            .await?;
        }
        let cluster = &record.cluster;
        let tickets = cluster.members.iter().copied().chain([cluster.lead]);
        let fact = Fact {
            moved: Moved::Cluster {
                id,
                version: record.version,
            },
            secrecy: secrecy(tx, tickets).await?,
            whose: Whose::Everybodys,
        };
        tx.tell(fact);
        Ok(record)
    }
}

impl Chronicler<'_> {
    /// Who belongs where, and whose findings may look different now.
    async fn follow_cluster(
        &self,
        tx: &mut Tx,
        id: ClusterId,
        cluster: Option<&EventCluster>,
        event: &ClusterEvent,
    ) -> Result<(), Trouble<Refusal>> {
        match event {
            ClusterEvent::Opened {
                members: tickets, ..
            }
            | ClusterEvent::Joined { tickets, .. } => {
                for ticket in tickets {
                    self.join(tx, id, *ticket).await?;
                }
            }
            ClusterEvent::Left { ticket, .. } => self.part(tx, *ticket).await?,
            ClusterEvent::Dissolved { .. } => {
                for ticket in cluster.into_iter().flat_map(|cluster| &cluster.members) {
                    self.part(tx, *ticket).await?;
                }
            }
            ClusterEvent::LeadChosen { .. } | ClusterEvent::Carried { .. } => {}
        }
        Ok(())
    }

    async fn join(
        &self,
        tx: &mut Tx,
        id: ClusterId,
        ticket: TicketId,
    ) -> Result<(), Trouble<Refusal>> {
        let row = tx
            .row(
                "SELECT number, stage, sealed, restricted FROM ticket WHERE id = $1",
                &values![ticket],
            )
            .await?
            .ok_or(Trouble::Refused(Refusal::NoSuchTicket))?;
        if row.get::<String>("stage")? == "voided" || is_kept(self.by, &row)? {
            return Err(Trouble::Refused(Refusal::NoSuchTicket));
        }
        let joined = tx
            .execute(
                "INSERT INTO cluster_ticket (ticket_id, cluster_id) VALUES ($1, $2) \
                 ON CONFLICT (ticket_id) DO NOTHING",
                &values![ticket, id],
            )
            .await?;
        if joined == 0 {
            return Err(Trouble::Refused(Refusal::InAnother {
                number: row.get("number")?,
            }));
        }
        self.watch_again(tx, ticket).await?;
        Ok(())
    }

    async fn part(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), Fault> {
        tx.execute(
            "DELETE FROM cluster_ticket WHERE ticket_id = $1",
            &values![ticket],
        )
        .await?;
        self.watch_again(tx, ticket).await
    }
}

fn columns(record: &ClusterRecord, chain: &Chain) -> [Value; 10] {
    let cluster = &record.cluster;
    values![
        record.id,
        cluster.kind.code(),
        cluster.lead,
        cluster.opened_at,
        record.updated_at,
        cluster.dissolved.as_ref().map(|end| end.at),
        u32::try_from(cluster.members.len()).unwrap_or(u32::MAX),
        chain.version,
        chain.head_hash(),
        to_json(cluster)
    ]
}

fn record_of(row: &Row) -> Result<ClusterRecord, Fault> {
    Ok(ClusterRecord {
        id: row.get("id")?,
        version: row.get("version")?,
        updated_at: row.get("updated_at")?,
        cluster: row.json("json")?,
    })
}
