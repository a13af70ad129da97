//! Flagged numbers 重点号码 whose time is over: that they ended is written down. They held nobody back from their last day on.

use std::time::Duration;

use super::walk::Walk;
use super::{Job, Pending, Report};
use crate::domain::caller::flagged::FlagCommand;
use crate::domain::id::FlagId;
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage};

/// Flags a batch.
const BATCH: u32 = 100;

/// Ends what is over.
pub struct Flags {
    storage: Storage,
    rules: RulesInForce,
    walk: Walk<(Timestamp, FlagId)>,
}

impl Flags {
    pub fn new(storage: Storage, rules: RulesInForce) -> Self {
        Self {
            storage,
            rules,
            walk: Walk::default(),
        }
    }

    async fn end(&self, now: Timestamp) -> Result<Report, Fault> {
        let over = self
            .storage
            .flags_over(now, self.walk.place(), BATCH)
            .await?;
        let mut report = Report::default();
        let rules = self.rules.now();
        for (_, id) in &over {
            let lapse = FlagCommand::Lapse;
            let ended = self
                .storage
                .flag_command(now, By::Server, Some(*id), lapse, &rules, None)
                .await;
            report.settle(format_args!("flag {id}"), ended)?;
        }
        let full = over.len() == BATCH as usize;
        report.more = self.walk.moved(over.last().copied(), full);
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
