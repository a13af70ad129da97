//! The deadline sweep: reminders and lapses become events of their tickets, many in one transaction.

use std::time::Duration;

use tracing::warn;

use super::walk::Walk;
use super::{Job, Pending, Report};
use crate::domain::id::TicketId;
use crate::domain::staff::By;
use crate::domain::ticket::Command;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::sweep::Swept;
use crate::storage::{Fault, Storage};

/// Tickets a batch. On SQLite nobody else writes while a batch does: it is to be over in less than a caller hears.
const BATCH: u32 = 250;

/// Records in each ticket what is due.
pub struct Deadlines {
    storage: Storage,
    rules: RulesInForce,
    walk: Walk<(Timestamp, TicketId)>,
}

impl Deadlines {
    pub fn new(storage: Storage, rules: RulesInForce) -> Self {
        Self {
            storage,
            rules,
            walk: Walk::default(),
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let (rules, after) = (self.rules.now(), self.walk.place());
        let swept = match self.storage.sweep(now, after, BATCH, &rules).await {
            Ok(swept) => swept,
            // One of them cannot be written with the others: each by itself, so that it holds up nobody else.
            Err(fault) => {
                warn!(%fault, "a batch of tickets is swept one by one: {fault}");
                let due = self.storage.due(now, after, BATCH).await?;
                Swept {
                    full: due.len() == BATCH as usize,
                    last: due.last().copied(),
                    alone: due.into_iter().map(|(_, id)| id).collect(),
                    ..Swept::default()
                }
            }
        };
        let mut report = Report {
            done: swept.done,
            ..Report::default()
        };
        if let Some((since, _)) = swept.first {
            report.waited(now, since);
        }
        for (id, refusal) in &swept.refused {
            warn!(ticket = %id, "ticket {id} was due but could not be swept: {refusal}");
            report.failed += 1;
        }
        for id in swept.alone {
            let sweep = Command::Sweep;
            let outcome = self
                .storage
                .command(now, By::Server, id, sweep, &rules, None)
                .await;
            report.settle(format_args!("ticket {id}"), outcome)?;
        }
        report.more = self.walk.moved(swept.last, swept.full);
        Ok(report)
    }
}

impl Job for Deadlines {
    fn name(&self) -> &'static str {
        "deadlines"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.sweep(now))
    }
}
