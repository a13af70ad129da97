//! Surveys nobody answers come to an end: silence is an outcome of its own and never counts as satisfied.

use std::time::Duration;

use super::walk::Walk;
use super::{Job, Pending, Report};
use crate::domain::id::SmsId;
use crate::domain::staff::By;
use crate::domain::ticket::{Command, SurveyFailure};
use crate::domain::time::Timestamp;
use crate::storage::rules::RulesInForce;
use crate::storage::sms::SilentSurvey;
use crate::storage::{Fault, Storage};

const BATCH: u32 = 200;

/// Ends the surveys that were not answered in time.
pub struct Surveys {
    storage: Storage,
    rules: RulesInForce,
    walk: Walk<(Timestamp, SmsId)>,
}

impl Surveys {
    pub fn new(storage: Storage, rules: RulesInForce) -> Self {
        Self {
            storage,
            rules,
            walk: Walk::default(),
        }
    }

    async fn end_silent(&self, now: Timestamp) -> Result<Report, Fault> {
        let rules = self.rules.now();
        let silent = self
            .storage
            .silent_surveys(now, self.walk.place(), BATCH)
            .await?;
        let mut report = Report::default();
        for SilentSurvey { ticket, .. } in &silent {
            let failed = Command::SurveyFailed {
                why: SurveyFailure::Silent,
            };
            let ended = self
                .storage
                .command(now, By::Server, *ticket, failed, &rules, None)
                .await;
            report.settle(format_args!("the survey of ticket {ticket}"), ended)?;
        }
        let last = silent.last().map(|survey| (survey.since, survey.sms));
        report.more = self.walk.moved(last, silent.len() == BATCH as usize);
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
