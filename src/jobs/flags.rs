//! Flagged numbers 重点号码 whose time is over: that they ended is written down. They held nobody back from their last day on.

use std::time::Duration;

use super::{Job, Pending, Report};
use crate::domain::caller::flagged::FlagCommand;
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

/// Flags a batch.
const BATCH: u32 = 100;

/// Ends what is over.
pub struct Flags {
    pub storage: Storage,
    pub rules: RulesInForce,
}

impl Flags {
    async fn end(&self, now: Timestamp) -> Result<Report, Fault> {
        let over = self.storage.flags_over(now, BATCH).await?;
        let mut report = Report {
            more: over.len() == BATCH as usize,
            ..Report::default()
        };
        for id in over {
            let rules = self.rules.now();
            let lapse = FlagCommand::Lapse;
            let ended = self
                .storage
                .flag_command(now, By::Server, Some(id), lapse, &rules, None);
            match ended.await {
                Ok(_) => report.done += 1,
                // A supervisor lifted it meanwhile.
                Err(Trouble::Refused(_)) => {}
                Err(Trouble::Fault(fault)) => return Err(fault),
            }
        }
        Ok(report)
    }
}

impl Job for Flags {
    fn name(&self) -> &'static str {
        "flags"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.end(now))
    }
}
