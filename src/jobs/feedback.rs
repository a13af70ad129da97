//! Results and revisits on their way back to where a demand came from (article 8). Delivered at least once; the id makes
//! the second time harmless.

use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{Job, Pending, Report};
use crate::domain::disposition::OriginEntry;
use crate::domain::time::Timestamp;
use crate::storage::intake::Feedback;
use crate::storage::outbox::{Work, WorkKind};
use crate::storage::{Fault, Storage};

const BATCH: u32 = 50;
const LEASE_MS: i64 = 120_000;
/// About two days of trying.
const ATTEMPTS_MAX: u32 = 50;
/// Between two tries: longer each time, an hour at most.
const RETRY_MS: i64 = 30_000;
const RETRY_MAX_MS: i64 = 3_600_000;

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Done,
    Later(String),
    Refused(String),
}

/// Whoever carries feedback to an origin.
pub trait OriginGateway: Send + Sync + 'static {
    fn deliver<'a>(
        &'a self,
        now: Timestamp,
        to: &'a OriginEntry,
        feedback: &'a Feedback,
    ) -> Pending<'a, Delivery>;
}

/// Delivers what the outbox holds.
pub struct OriginFeedback {
    pub storage: Storage,
    pub gateway: std::sync::Arc<dyn OriginGateway>,
}

impl OriginFeedback {
    async fn deliver_due(&self, now: Timestamp) -> Result<Report, Fault> {
        let claimed = self
            .storage
            .claim_work(now, WorkKind::OriginFeedback, LEASE_MS, BATCH)
            .await?;
        let mut report = Report {
            more: claimed.len() == BATCH as usize,
            ..Report::default()
        };
        if claimed.is_empty() {
            return Ok(report);
        }
        let origins = self.storage.origins().await?;
        for work in &claimed {
            report.waited(now, work.created_at);
            if self.deliver(now, work, &origins).await? {
                report.done += 1;
            } else {
                report.failed += 1;
            }
        }
        Ok(report)
    }

    async fn deliver(
        &self,
        now: Timestamp,
        work: &Work,
        origins: &[OriginEntry],
    ) -> Result<bool, Fault> {
        let id: Option<Uuid> = work.subject.parse().ok();
        let feedback = match id {
            Some(id) => self.storage.feedback(id).await?,
            None => None,
        };
        let Some(feedback) = feedback else {
            self.storage.work_given_up(work, "no such feedback").await?;
            return Ok(false);
        };
        let Some(origin) = origins.iter().find(|o| o.system == feedback.system) else {
            self.storage.work_given_up(work, "no such origin").await?;
            return Ok(false);
        };
        let why = match self.gateway.deliver(now, origin, &feedback).await {
            Delivery::Done => {
                self.storage.feedback_sent(now, feedback.id).await?;
                self.storage.work_done(work).await?;
                return Ok(true);
            }
            Delivery::Refused(why) => {
                self.storage.work_given_up(work, &why).await?;
                why
            }
            Delivery::Later(why) if work.attempt >= ATTEMPTS_MAX => {
                self.storage.work_given_up(work, &why).await?;
                why
            }
            Delivery::Later(why) => {
                let wait = (RETRY_MS << work.attempt.min(8)).min(RETRY_MAX_MS);
                self.storage
                    .work_failed(work, now.plus_millis(wait), &why)
                    .await?;
                why
            }
        };
        let system = &feedback.system;
        warn!(feedback = %feedback.id, %system, "feedback to {system} was not delivered: {why}");
        Ok(false)
    }
}

impl Job for OriginFeedback {
    fn name(&self) -> &'static str {
        "origin_feedback"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.deliver_due(now))
    }
}
