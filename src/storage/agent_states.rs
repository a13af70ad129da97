//! Where each agent stood, and when that changed: a row a change, never edited.

use serde::Serialize;

use super::db::{Tx, count_up, values};
use super::{Fault, Storage, to_json};
use crate::domain::acd::AgentState;
use crate::domain::id::{CallId, Username};
use crate::domain::time::Timestamp;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentStateChange {
    pub username: Username,
    pub at: Timestamp,
    #[serde(flatten)]
    pub state: AgentState,
    /// The call it was about.
    pub call: Option<CallId>,
}

impl Storage {
    /// Writes changes down, in the order given. The telephone side hands them over in bunches and does not wait.
    pub async fn agent_states_changed(&self, changes: Vec<AgentStateChange>) -> Result<(), Fault> {
        self.db
            .write(changes, |tx, changes| Box::pin(append(tx, changes)))
            .await
    }

    /// One agent's changes from `since` up to, not including, `until`, in order.
    pub async fn agent_states(
        &self,
        username: &Username,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<AgentStateChange>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT username, at, state, call_id FROM agent_state \
                 WHERE username = $1 AND at >= $2 AND at < $3 ORDER BY at, seq",
                &values![username.clone(), since, until],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AgentStateChange {
                    username: row.get("username")?,
                    at: row.get("at")?,
                    state: row.json("state")?,
                    call: row.opt("call_id")?,
                })
            })
            .collect()
    }
}

/// Appends within a unit of work. Several changes in one millisecond keep their order by number.
async fn append(tx: &mut Tx, changes: &[AgentStateChange]) -> Result<(), Fault> {
    let count = changes.len() as u64;
    let last = count_up(tx, "agent_state", count).await?;
    for (change, seq) in changes.iter().zip(last + 1 - count..) {
        tx.execute(
            "INSERT INTO agent_state (seq, username, at, state, call_id) \
             VALUES ($1, $2, $3, $4, $5)",
            &values![
                seq,
                change.username,
                change.at,
                to_json(&change.state),
                change.call
            ],
        )
        .await?;
    }
    Ok(())
}

/// Writes down that everybody who was not offline is: a server that starts has no phones. Returns how many.
pub(super) async fn all_offline(tx: &mut Tx, now: Timestamp) -> Result<u64, Fault> {
    let offline = AgentState::Offline;
    let rows = tx
        .rows(
            "SELECT username FROM staff s WHERE (SELECT state FROM agent_state a \
             WHERE a.username = s.username ORDER BY seq DESC LIMIT 1) <> $1 ORDER BY username",
            &values![to_json(&offline)],
        )
        .await?;
    let changes = rows
        .iter()
        .map(|row| {
            Ok(AgentStateChange {
                username: row.get("username")?,
                at: now,
                state: offline.clone(),
                call: None,
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    append(tx, &changes).await?;
    Ok(changes.len() as u64)
}
