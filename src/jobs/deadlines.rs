//! The deadline sweep: reminders and lapses become events of their tickets, many in one transaction.

use std::time::Duration;

use tracing::{error, warn};

use super::{Job, Pending, Report};
use crate::domain::id::TicketId;
use crate::domain::staff::By;
use crate::domain::ticket::Command;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::sweep::Swept;
use crate::storage::{Fault, Storage, Trouble};

/// Tickets a batch. On SQLite nobody else writes while a batch does: it is to be over in less than a caller hears.
const BATCH: u32 = 250;

/// Records in each ticket what is due.
pub struct Deadlines {
    pub storage: Storage,
    pub rules: RulesInForce,
}

impl Deadlines {
    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let swept = match self.storage.sweep(now, BATCH, &self.rules.now()).await {
            Ok(swept) => swept,
            // One of them cannot be written with the others: each by itself, so that it holds up nobody else.
            Err(fault) => {
                warn!(%fault, "a batch of tickets is swept one by one: {fault}");
                let alone = self.storage.due(now, BATCH).await?;
                Swept {
                    full: alone.len() == BATCH as usize,
                    alone,
                    ..Swept::default()
                }
            }
        };
        let mut report = Report {
            done: swept.done,
            ..Report::default()
        };
        for (id, refusal) in &swept.refused {
            warn!(ticket = %id, "ticket {id} was due but could not be swept: {refusal}");
            report.failed += 1;
        }
        for id in swept.alone {
            self.sweep_one(now, id, &mut report).await?;
        }
        // What was refused stands first in the next batch too: only progress is a reason to go on at once.
        report.more = swept.full && report.done > 0;
        Ok(report)
    }

    async fn sweep_one(
        &self,
        now: Timestamp,
        id: TicketId,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let rules = self.rules.now();
        let swept = self
            .storage
            .command(now, By::Server, id, Command::Sweep, &rules, None)
            .await;
        match swept {
            Ok(_) => report.done += 1,
            Err(Trouble::Refused(refusal)) => {
                warn!(ticket = %id, "ticket {id} was due but could not be swept: {refusal}");
                report.failed += 1;
            }
            Err(Trouble::Fault(fault)) if fault.retry() => return Err(fault),
            Err(Trouble::Fault(fault)) => {
                error!(ticket = %id, %fault, "ticket {id} cannot be swept: {fault}");
                report.failed += 1;
            }
        }
        Ok(())
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
