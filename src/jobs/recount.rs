//! Keeps the rules as they are published: reads them again when anybody changed them or a unit's day has come, and counts the deadlines that run
//! on a changed calendar again, ticket by ticket, with the cause in each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::info;

use super::walk::Walk;
use super::{Job, Pending, Report};
use crate::domain::id::TicketId;
use crate::domain::staff::By;
use crate::domain::ticket::Command;
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage};

/// Tickets a batch.
const BATCH: u32 = 200;

/// Reads the rules and recounts tickets.
pub struct Recount {
    storage: Storage,
    rules: RulesInForce,
    /// The version of the rules that was read last.
    read: AtomicU64,
    walk: Walk<(u64, TicketId)>,
}

impl Recount {
    pub fn new(storage: Storage, rules: RulesInForce) -> Self {
        Self {
            storage,
            rules,
            read: AtomicU64::new(0),
            walk: Walk::default(),
        }
    }

    async fn recount(&self, now: Timestamp) -> Result<Report, Fault> {
        let begun = self.storage.begin_stands(now).await?;
        if begun > 0 {
            info!(
                begun,
                "{begun} units are from now on what was decided for this day"
            );
        }
        self.read_again().await?;
        let rules = self.rules.now();
        let revision = rules.change.revision;
        let stale = self
            .storage
            .counted_before(revision, self.walk.place(), BATCH)
            .await?;
        let mut report = Report::default();
        for (_, id) in &stale {
            let recounted = self
                .storage
                .command(now, By::Server, *id, Command::Recount, &rules, None)
                .await;
            report.settle(format_args!("counting ticket {id} again"), recounted)?;
        }
        let full = stale.len() == BATCH as usize;
        report.more = self.walk.moved(stale.last().copied(), full);
        Ok(report)
    }

    async fn read_again(&self) -> Result<(), Fault> {
        let version = self.storage.rules_version().await?;
        if version == self.read.load(Ordering::Relaxed) {
            return Ok(());
        }
        let signature = self.rules.now().signature.clone();
        self.rules.replace(self.storage.rules(&signature).await?);
        self.read.store(version, Ordering::Relaxed);
        info!(version, "the rules were read, version {version}");
        Ok(())
    }
}

impl Job for Recount {
    fn name(&self) -> &'static str {
        "recount"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.recount(now))
    }
}
