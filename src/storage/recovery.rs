//! What a server that died left open, settled by the next one before it answers its first call.
//!
//! One node owns what is live today. When several share a database, each will settle only what was its own.

use std::sync::Arc;

use tracing::warn;

use super::chronicle::Chronicler;
use super::db::{Tx, values};
use super::{Fault, Storage, Trouble, agent_states, calls, ticket_lists};
use crate::domain::call::{Cdr, Termination, TerminationResult};
use crate::domain::contact::ContactCommand;
use crate::domain::revisit::RevisitCommand;
use crate::domain::ticket::{Refusal, Rules};
use crate::domain::time::Timestamp;

/// How much was left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Calls ended as `server_restarted`.
    pub calls: u64,
    pub contacts: u64,
    /// Revisits somebody had taken but not yet called.
    pub revisits: u64,
    /// Agents who were not offline, and are now.
    pub agents: u64,
    /// Messages that may have left: now `unknown`, never sent again.
    pub messages: u64,
}

impl Storage {
    /// Settles what was left open. To be called once, at start-up, before anything is live.
    pub async fn recover(&self, now: Timestamp, rules: &Arc<Rules>) -> Result<Recovered, Fault> {
        self.as_server(now, rules, (), |server, tx, ()| {
            Box::pin(server.recover(tx))
        })
        .await
    }
}

impl Chronicler<'_> {
    async fn recover(&self, tx: &mut Tx) -> Result<Recovered, Fault> {
        // The dead cannot finish what they claimed, and a citizen should not wait for their leases to run out.
        tx.execute(
            "UPDATE outbox SET lease_until = NULL WHERE lease_until IS NOT NULL",
            &[],
        )
        .await?;
        ticket_lists::build(tx).await?;
        Ok(Recovered {
            calls: self.end_calls(tx).await?,
            contacts: self.end_contacts(tx).await?,
            revisits: self.release_revisits(tx).await?,
            agents: agent_states::all_offline(tx, self.now).await?,
            messages: tx
                .execute(
                    "UPDATE sms SET state = 'unknown', reason = 'server_restarted', \
                     updated_at = $1 WHERE state = 'submitting'",
                    &values![self.now],
                )
                .await?,
        })
    }

    async fn end_calls(&self, tx: &mut Tx) -> Result<u64, Fault> {
        let open = tx
            .rows("SELECT json FROM call WHERE ended_at IS NULL", &[])
            .await?;
        for row in &open {
            let mut cdr: Cdr = row.json("json")?;
            cdr.ended_at = Some(self.now);
            cdr.termination = Some(Termination {
                result: TerminationResult::Unknown,
                reason: "server_restarted".to_owned(),
            });
            for leg in &mut cdr.legs {
                leg.ended_at.get_or_insert(self.now);
            }
            calls::write(tx, &cdr).await?;
        }
        Ok(open.len() as u64)
    }

    async fn end_contacts(&self, tx: &mut Tx) -> Result<u64, Fault> {
        let open = tx
            .rows("SELECT id, stage FROM contact WHERE stage <> 'ended'", &[])
            .await?;
        for row in &open {
            let id = row.get("id")?;
            if row.get::<String>("stage")? == "live" {
                let hung_up = self.change_contact(tx, id, &ContactCommand::HungUp).await;
                go_on(hung_up)?;
            }
            let finish = ContactCommand::FinishWrapUp;
            // Refused when nobody had answered: hanging up ended it.
            go_on(self.change_contact(tx, id, &finish).await)?;
        }
        Ok(open.len() as u64)
    }

    async fn release_revisits(&self, tx: &mut Tx) -> Result<u64, Fault> {
        let taken = tx
            .rows("SELECT id FROM revisit WHERE stage = 'taken'", &[])
            .await?;
        for row in &taken {
            let id = row.get("id")?;
            go_on(self.change_revisit(tx, id, &RevisitCommand::Release).await)?;
        }
        Ok(taken.len() as u64)
    }
}

/// A refusal does not keep the server from starting.
fn go_on<T>(result: Result<T, Trouble<Refusal>>) -> Result<(), Fault> {
    match result {
        Ok(_) => Ok(()),
        Err(Trouble::Refused(refusal)) => {
            warn!(
                code = refusal.code(),
                "left as it was at start-up: {refusal}"
            );
            Ok(())
        }
        Err(Trouble::Fault(fault)) => Err(fault),
    }
}
