//! The supervision sweep: what silence leads to, once an answer limit ran out.

use std::time::Duration;

use super::walk::Walk;
use super::{Job, Pending, Report};
use crate::domain::id::CaseId;
use crate::domain::staff::By;
use crate::domain::supervision::CaseCommand;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage};

/// Cases a batch.
const BATCH: u32 = 200;

/// Sends each case whose limit ran out the command `sweep`.
pub struct Supervision {
    storage: Storage,
    rules: RulesInForce,
    walk: Walk<(Timestamp, CaseId)>,
}

impl Supervision {
    pub fn new(storage: Storage, rules: RulesInForce) -> Self {
        Self {
            storage,
            rules,
            walk: Walk::default(),
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let due = self
            .storage
            .cases_due(now, self.walk.place(), BATCH)
            .await?;
        let mut report = Report::default();
        for (_, id) in &due {
            // Storage says how the ticket stands.
            let sweep = CaseCommand::Sweep { ticket_done: false };
            let swept = self
                .storage
                .case_command(now, By::Server, Some(*id), sweep, &self.rules.now(), None)
                .await;
            report.settle(format_args!("case {id}"), swept)?;
        }
        let full = due.len() == BATCH as usize;
        report.more = self.walk.moved(due.last().copied(), full);
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
