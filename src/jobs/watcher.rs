//! The watcher: looks at every ticket that changed, keeps what the rules of articles 25, 26 and 28 find, and opens the
//! cases that follow by rule. A case is opened once for a finding, however often it is found again.

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::warn;

use super::{Job, Pending, Report};
use crate::domain::id::TicketId;
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::By;
use crate::domain::supervision::{CaseCommand, Level, Refusal};
use crate::domain::time::Timestamp;
use crate::domain::watch::{Finding, FindingKind, Policy, findings};
use crate::storage::rules::RulesInForce;
use crate::storage::watch::Due;
use crate::storage::{Fault, Storage, Trouble};

/// Tickets a batch.
const BATCH: u32 = 200;
/// A ticket is looked at a moment after it changed, so that replies of the same instant are all there to compare.
const SETTLE_MS: i64 = 2_000;

/// Looks at what changed.
pub struct Watcher {
    pub storage: Storage,
    pub rules: RulesInForce,
    pub policy: Policy,
}

impl Watcher {
    async fn look(&self, now: Timestamp) -> Result<Report, Fault> {
        let due = self
            .storage
            .watch_due(now.plus_millis(-SETTLE_MS), BATCH)
            .await?;
        let mut report = Report::default();
        if due.is_empty() {
            return Ok(report);
        }
        let staff = self.storage.staff_numbers().await?;
        for due in &due {
            report.waited(now, due.since);
            self.look_at(now, *due, &staff).await?;
            report.done += 1;
        }
        report.more = due.len() == BATCH as usize;
        Ok(report)
    }

    async fn look_at(
        &self,
        now: Timestamp,
        due: Due,
        staff: &BTreeSet<PhoneNumber>,
    ) -> Result<(), Fault> {
        let watched = self.storage.watched(due.ticket, staff).await?;
        let Some(watched) = watched else {
            return self
                .storage
                .watch_settled(due, Vec::new(), Vec::new())
                .await;
        };
        let found = findings(&watched.events, &watched.context, &self.policy);
        for finding in &found {
            if watched.opened.contains(&finding.key()) {
                continue;
            }
            if let Some(open) = case_for(due.ticket, &watched.number, finding) {
                self.open(now, due.ticket, open).await?;
            }
        }
        // Last: whatever failed above is looked at again.
        self.storage.watch_settled(due, watched.events, found).await
    }

    async fn open(&self, now: Timestamp, ticket: TicketId, open: CaseCommand) -> Result<(), Fault> {
        let opened = self
            .storage
            .case_command(now, By::Server, None, open, &self.rules.now(), None)
            .await;
        match opened {
            Ok(_) | Err(Trouble::Refused(Refusal::AlreadyOpen)) => Ok(()),
            Err(Trouble::Refused(refusal)) => {
                warn!(%ticket, "no case could be opened about ticket {ticket}: {refusal}");
                Ok(())
            }
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    }
}

/// The case that follows by rule, if one does.
fn case_for(ticket: TicketId, number: &str, finding: &Finding) -> Option<CaseCommand> {
    let (level, trigger) = match finding.kind {
        // A suspicion is about the ticket it was seen in; the unit asked is the one it is held against.
        FindingKind::Suspicion => (Level::Recheck, None),
        FindingKind::Overdue => (Level::Urge, None),
        FindingKind::Trigger { trigger } => (Level::Track, Some(trigger)),
        FindingKind::Key { .. } | FindingKind::Fact => return None,
    };
    Some(CaseCommand::Open {
        ticket,
        number: number.to_owned(),
        unit: finding.unit.clone(),
        level,
        reason: finding.reason.clone(),
        rule: Some(finding.key()),
        trigger,
    })
}

impl Job for Watcher {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.look(now))
    }
}
