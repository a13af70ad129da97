//! The deadline sweep: reminders and lapses become events of their tickets.

use std::time::Duration;

use tracing::warn;

use super::{Job, Pending, Report};
use crate::domain::staff::By;
use crate::domain::ticket::Command;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

/// Tickets a batch.
const BATCH: u32 = 200;

/// Sends each ticket with something due the command `sweep`.
pub struct Deadlines {
    pub storage: Storage,
    pub rules: RulesInForce,
}

impl Deadlines {
    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let due = self.storage.due(now, BATCH).await?;
        let mut report = Report::default();
        for id in &due {
            let swept = self
                .storage
                .command(
                    now,
                    By::Server,
                    *id,
                    Command::Sweep,
                    &self.rules.now(),
                    None,
                )
                .await;
            match swept {
                Ok(_) => report.done += 1,
                Err(Trouble::Refused(refusal)) => {
                    warn!(ticket = %id, "ticket {id} was due but could not be swept: {refusal}");
                    report.failed += 1;
                }
                Err(Trouble::Fault(fault)) => return Err(fault),
            }
        }
        // What was refused stands first in the next batch too: only progress is a reason to go on at once.
        report.more = due.len() == BATCH as usize && report.done > 0;
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
