//! The supervision sweep: what silence leads to, once an answer limit ran out.

use std::time::Duration;

use tracing::warn;

use super::{Job, Pending, Report};
use crate::domain::staff::By;
use crate::domain::supervision::CaseCommand;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

/// Cases a batch.
const BATCH: u32 = 200;

/// Sends each case whose limit ran out the command `sweep`.
pub struct Supervision {
    pub storage: Storage,
    pub rules: RulesInForce,
}

impl Supervision {
    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let due = self.storage.cases_due(now, BATCH).await?;
        let mut report = Report::default();
        for id in &due {
            // Storage says how the ticket stands.
            let sweep = CaseCommand::Sweep { ticket_done: false };
            let swept = self
                .storage
                .case_command(now, By::Server, Some(*id), sweep, &self.rules.now(), None)
                .await;
            match swept {
                Ok(_) => report.done += 1,
                Err(Trouble::Refused(refusal)) => {
                    warn!(case = %id, "case {id} was due but could not be swept: {refusal}");
                    report.failed += 1;
                }
                Err(Trouble::Fault(fault)) => return Err(fault),
            }
        }
        report.more = due.len() == BATCH as usize && report.done > 0;
        Ok(report)
    }
}

impl Job for Supervision {
    fn name(&self) -> &'static str {
        "supervision"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.sweep(now))
    }
}
