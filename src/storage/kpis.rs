//! Sums over calls and agents' states, of which figures are made ([`kpi`](crate::domain::kpi)).

use std::collections::BTreeMap;

use super::db::{Row, values};
use super::{Fault, Storage};
use crate::domain::acd::AgentState;
use crate::domain::id::{QueueName, Username};
use crate::domain::kpi::{CallSums, StateTimes, times_in_states};
use crate::domain::time::Timestamp;

/// The calls of one queue that came in one interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallInterval {
    /// Counted from the period's start, from 0.
    pub interval: i64,
    pub queue: QueueName,
    pub sums: CallSums,
}

impl Storage {
    /// Citizens' calls to queues from `since` up to, not including, `until`, in intervals of `interval_ms`.
    pub async fn call_sums(
        &self,
        since: Timestamp,
        until: Timestamp,
        interval_ms: i64,
    ) -> Result<Vec<CallInterval>, Fault> {
        let rows = self
            .db
            .rows(SUMS, &values![since, until, interval_ms.max(1)])
            .await?;
        rows.iter().map(interval_of).collect()
    }

    /// How long each agent stood in each state between `since` and `until`. Who was offline all the time is left out.
    pub async fn state_times(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<Username, StateTimes>, Fault> {
        let mut tx = self.db.snapshot().await?;
        let mut first: BTreeMap<Username, AgentState> = BTreeMap::new();
        for row in &tx.rows(STATES_BEFORE, &values![since]).await? {
            first.insert(row.get("username")?, row.json("state")?);
        }
        let mut changes: BTreeMap<Username, Vec<(Timestamp, AgentState)>> = BTreeMap::new();
        let within = "SELECT username, at, state FROM agent_state \
                      WHERE at >= $1 AND at < $2 ORDER BY at, seq";
        for row in &tx.rows(within, &values![since, until]).await? {
            let name: Username = row.get("username")?;
            let change = (row.get("at")?, row.json("state")?);
            changes.entry(name).or_default().push(change);
        }
        let mut times = BTreeMap::new();
        for name in first.keys().chain(changes.keys()) {
            let changed = changes.get(name).cloned().unwrap_or_default();
            let spent = times_in_states(first.get(name).cloned(), changed, since, until);
            if spent != StateTimes::default() {
                times.insert(name.clone(), spent);
            }
        }
        Ok(times)
    }
}

/// `agent` of a queue's call is whoever answered it.
const SUMS: &str = "SELECT (started_at - $1) / $3 AS slot, queue, \
    COUNT(*) AS offered, COUNT(agent) AS answered, \
    COUNT(CASE WHEN agent IS NOT NULL AND wait_ms <= 15000 THEN 1 END) AS within_15_s, \
    COUNT(CASE WHEN agent IS NOT NULL AND wait_ms <= 30000 THEN 1 END) AS within_30_s, \
    COUNT(CASE WHEN agent IS NULL AND ended_at IS NOT NULL THEN 1 END) AS abandoned, \
    CAST(COALESCE(SUM(CASE WHEN agent IS NOT NULL THEN wait_ms END), 0) AS BIGINT) AS wait_ms, \
    COALESCE(MAX(CASE WHEN agent IS NOT NULL THEN wait_ms END), 0) AS wait_max_ms, \
    CAST(COALESCE(SUM(CASE WHEN agent IS NOT NULL AND wait_ms IS NOT NULL AND ended_at >= answered_at + wait_ms \
        THEN ended_at - answered_at - wait_ms END), 0) AS BIGINT) AS talk_ms, \
    COUNT(CASE WHEN agent IS NOT NULL AND ended_at IS NOT NULL THEN 1 END) AS talked \
    FROM call WHERE started_at >= $1 AND started_at < $2 AND direction = 'inbound' AND queue IS NOT NULL \
    GROUP BY 1, 2 ORDER BY 1, 2";

const STATES_BEFORE: &str = "SELECT username, state FROM (SELECT s.username, \
    (SELECT a.state FROM agent_state a WHERE a.username = s.username AND a.at < $1 \
     ORDER BY a.at DESC, a.seq DESC LIMIT 1) AS state FROM staff s) latest WHERE state IS NOT NULL";

fn interval_of(row: &Row) -> Result<CallInterval, Fault> {
    Ok(CallInterval {
        interval: row.get("slot")?,
        queue: row.get("queue")?,
        sums: CallSums {
            offered: row.get("offered")?,
            answered: row.get("answered")?,
            answered_within_15_s: row.get("within_15_s")?,
            answered_within_30_s: row.get("within_30_s")?,
            abandoned: row.get("abandoned")?,
            wait_ms: row.get("wait_ms")?,
            wait_max_ms: row.get("wait_max_ms")?,
            talk_ms: row.get("talk_ms")?,
            talked: row.get("talked")?,
        },
    })
}
