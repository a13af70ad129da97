//! Surveys nobody answers come to an end: silence is an outcome of its own and never counts as satisfied.

use std::time::Duration;

use tracing::warn;

use super::{Job, Pending, Report};
use crate::domain::staff::By;
use crate::domain::ticket::{Command, SurveyFailure};
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

const BATCH: u32 = 200;

/// Ends the surveys that were not answered in time.
pub struct Surveys {
    pub storage: Storage,
    pub rules: RulesInForce,
}

impl Surveys {
    async fn end_silent(&self, now: Timestamp) -> Result<Report, Fault> {
        let rules = self.rules.now();
        let silent = self.storage.silent_surveys(now, BATCH).await?;
        let mut report = Report::default();
        for id in &silent {
            let failed = Command::SurveyFailed {
                why: SurveyFailure::Silent,
            };
            let ended = self
                .storage
                .command(now, By::Server, *id, failed, &rules, None)
                .await;
            match ended {
                Ok(_) => report.done += 1,
                Err(Trouble::Refused(refusal)) => {
                    warn!(ticket = %id, "the survey of ticket {id} could not be ended: {refusal}");
                    report.failed += 1;
                }
                Err(Trouble::Fault(fault)) => return Err(fault),
            }
        }
        report.more = silent.len() == BATCH as usize && report.done > 0;
        Ok(report)
    }
}

impl Job for Surveys {
    fn name(&self) -> &'static str {
        "surveys"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.end_silent(now))
    }
}
