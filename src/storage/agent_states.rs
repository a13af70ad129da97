//! Where each agent stood, and when that changed: a row a change, never edited.

use serde::Serialize;

use super::db::values;
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
        let rows: Vec<_> = changes
            .iter()
            .map(|change| {
                values![
                    self.new_id(),
                    change.username,
                    change.at,
                    to_json(&change.state),
                    change.call
                ]
            })
            .collect();
        self.db
            .write(rows, |tx, rows| {
                Box::pin(async move {
                    for row in rows {
                        tx.execute(
                            "INSERT INTO agent_state (id, username, at, state, call_id) \
                             VALUES ($1, $2, $3, $4, $5)",
                            row,
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
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
                 WHERE username = $1 AND at >= $2 AND at < $3 ORDER BY at, id",
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
