//! Results and revisits on their way back to where a demand came from (article 8), and tickets that are passed on to
//! another platform. Delivered at least once; the id makes
//! the second time harmless.

use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{Job, Pending, Report};
use crate::domain::disposition::OriginEntry;
use crate::domain::staff::By;
use crate::domain::ticket::Command;
use crate::domain::ticket::intake::{self, WordKind};
use crate::domain::time::Timestamp;
use crate::storage::intake::{Feedback, PASSED_ON};
use crate::storage::outbox::{Work, WorkKind};
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

const BATCH: u32 = 50;
const LEASE_MS: i64 = 120_000;
/// About two days of trying.
const ATTEMPTS_MAX: u32 = 50;
/// Between two tries: longer each time, an hour at most.
const RETRY_MS: i64 = 30_000;
const RETRY_MAX_MS: i64 = 3_600_000;
/// Of a partner's own number.
const NUMBER_MAX: usize = 100;

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It has it, and answered this.
    Done(String),
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
    pub rules: RulesInForce,
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
        match self.turn_of(&feedback).await? {
            Turn::Now => {}
            Turn::Later => {
                let soon = now.plus_millis(RETRY_MS);
                let why = "the ticket itself is not there yet";
                self.storage.work_failed(work, soon, why).await?;
                return Ok(false);
            }
            Turn::Never => {
                self.storage.work_done(work).await?;
                return Ok(true);
            }
        }
        let Some(origin) = origins.iter().find(|o| o.system == feedback.system) else {
            self.did_not_take(now, &feedback, "没有登记的平台").await?;
            self.storage.work_given_up(work, "no such origin").await?;
            return Ok(false);
        };
        let why = match self.gateway.deliver(now, origin, &feedback).await {
            Delivery::Done(receipt) => {
                self.took(now, &feedback, &receipt).await?;
                self.storage
                    .feedback_sent(now, feedback.id, receipt)
                    .await?;
                self.storage.work_done(work).await?;
                return Ok(true);
            }
            Delivery::Refused(why) => {
                self.did_not_take(now, &feedback, &why).await?;
                self.storage.work_given_up(work, &why).await?;
                why
            }
            Delivery::Later(why) if work.attempt >= ATTEMPTS_MAX => {
                self.did_not_take(now, &feedback, &why).await?;
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

/// When a message to a partner may go.
enum Turn {
    Now,
    /// What it is about has not arrived.
    Later,
    /// What it is about came back before it arrived.
    Never,
}

impl OriginFeedback {
    /// A partner is not given what was taken back meanwhile, and hears nothing of a ticket before the ticket itself.
    async fn turn_of(&self, feedback: &Feedback) -> Result<Turn, Fault> {
        if !feedback.is_for_partner() {
            return Ok(Turn::Now);
        }
        let record = self.storage.ticket(By::Server, feedback.ticket).await?;
        let open = record.as_ref().and_then(|r| r.ticket.intake.partner());
        let has_it = open.is_some_and(|open| open.partner == feedback.system);
        if feedback.kind == PASSED_ON {
            return Ok(if has_it { Turn::Now } else { Turn::Never });
        }
        let told = self.storage.feedback_of_ticket(feedback.ticket).await?;
        let knows = told.iter().any(|one| {
            one.kind == PASSED_ON && one.system == feedback.system && one.sent_at.is_some()
        });
        Ok(match (knows, has_it) {
            (true, _) => Turn::Now,
            (false, true) => Turn::Later,
            (false, false) => Turn::Never,
        })
    }

    /// A partner has the ticket: its receipt, with its own number where it told one, is in the ticket's story.
    async fn took(&self, now: Timestamp, sent: &Feedback, receipt: &str) -> Result<(), Fault> {
        let theirs: Option<String> = serde_json::from_str::<serde_json::Value>(receipt)
            .ok()
            .and_then(|receipt| Some(receipt.get("id")?.as_str()?.trim().to_owned()))
            .filter(|id| !id.is_empty());
        let text = match theirs {
            Some(id) => format!("编号 {}", id.chars().take(NUMBER_MAX).collect::<String>()),
            None => "已接收".to_owned(),
        };
        self.partner_said(now, sent, WordKind::Received, text).await
    }

    /// It does not take it, or cannot be reached: the ticket is the desk's again, and the desk sees why.
    async fn did_not_take(&self, now: Timestamp, sent: &Feedback, why: &str) -> Result<(), Fault> {
        let text = format!("对方平台未接收: {why}");
        self.partner_said(now, sent, WordKind::Returned, text).await
    }

    async fn partner_said(
        &self,
        now: Timestamp,
        sent: &Feedback,
        kind: WordKind,
        text: String,
    ) -> Result<(), Fault> {
        if sent.kind != PASSED_ON {
            return Ok(());
        }
        let word = Command::Intake(intake::Command::HearPartner {
            kind,
            text,
            id: Some(sent.id.to_string()),
        });
        let rules = self.rules.now();
        let heard = self
            .storage
            .command(now, By::Server, sent.ticket, word, &rules, None);
        match heard.await {
            // Told twice, or it came back meanwhile.
            Ok(_) | Err(Trouble::Refused(_)) => Ok(()),
            Err(Trouble::Fault(fault)) => Err(fault),
        }
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
