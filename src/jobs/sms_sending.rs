//! The outbox's short messages, handed to their gateway. A message is `submitting` in the database before it leaves;
//! what is not known to have stayed here is never sent again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tracing::{info, warn};

use super::{Job, Pending, Report};
use crate::domain::id::SmsId;
use crate::domain::sms::Submission;
use crate::domain::staff::SmsGatewayEntry;
use crate::domain::time::Timestamp;
use crate::storage::outbox::{Work, WorkKind};
use crate::storage::rules::RulesInForce;
use crate::storage::sms::Sms;
use crate::storage::{Fault, Storage};

/// Whoever carries messages to the outside.
pub trait SmsGateway: Send + Sync + 'static {
    /// Hands `sms` over once and says what is known of it afterwards.
    fn submit<'a>(&'a self, to: &'a SmsGatewayEntry, sms: &'a Sms) -> Pending<'a, Submission>;
}

const AT_ONCE: usize = 8;
/// Long enough for a batch whose every submission runs into its time limit. A lease that ends earlier sends nothing
/// twice: the message is `submitting` by then.
const LEASE_MS: i64 = 120_000;
/// Attempts that certainly did not leave us before a message is given up: some sixteen hours.
const ATTEMPTS_MAX: u32 = 20;

/// Sends what the outbox holds.
pub struct SmsSending {
    pub storage: Storage,
    pub rules: RulesInForce,
    pub gateway: Arc<dyn SmsGateway>,
    /// Messages a second at most: one batch, and never two in one second.
    pub per_second: u32,
}

impl SmsSending {
    async fn send_due(&self, now: Timestamp) -> Result<Report, Fault> {
        let claimed = self
            .storage
            .claim_work(now, WorkKind::SmsSend, LEASE_MS, self.per_second)
            .await?;
        let mut report = Report::default();
        for work in &claimed {
            report.waited(now, work.created_at);
        }
        if claimed.is_empty() {
            return Ok(report);
        }
        // One gateway serves all messages; choosing among several is a rule nobody has asked for yet.
        let gateway = self.storage.sms_gateways().await?.into_iter().next();
        // All are awaited before a fault is told: a submission dropped half-way would leave its message in doubt.
        let outcomes: Vec<Result<bool, Fault>> = stream::iter(claimed)
            .map(|work| self.send(now, gateway.as_ref(), work))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for sent in outcomes {
            if sent? {
                report.done += 1;
            } else {
                report.failed += 1;
            }
        }
        Ok(report)
    }

    /// One message; whether it is settled.
    async fn send(
        &self,
        now: Timestamp,
        gateway: Option<&SmsGatewayEntry>,
        work: Work,
    ) -> Result<bool, Fault> {
        let Ok(id) = work.subject.parse::<SmsId>() else {
            self.storage.work_given_up(&work, "not an SMS id").await?;
            return Ok(false);
        };
        let Some(gateway) = gateway else {
            let reason = "no SMS gateway is configured".to_owned();
            return self.put_off(now, id, &work, reason).await;
        };
        let Some(sms) = self.storage.submit_sms(now, id, &gateway.name).await? else {
            // Taken before: sent, failed, or left in doubt by a server that died. Not ours to send.
            self.storage.work_done(&work).await?;
            return Ok(true);
        };
        let submission = self.gateway.submit(gateway, &sms).await;
        info!(sms.id = %id, gateway = %gateway.name, to = %sms.phone, outcome = outcome(&submission),
            "message {id} to {}: {}", sms.phone, outcome(&submission));
        self.storage
            .sms_submitted(now, id, submission.clone(), &self.rules.now())
            .await?;
        match submission {
            Submission::NotSent { reason } => self.put_off(now, id, &work, reason).await,
            Submission::Accepted { .. }
            | Submission::Refused { .. }
            | Submission::Unknown { .. } => {
                self.storage.work_done(&work).await?;
                Ok(true)
            }
        }
    }

    /// It is still here: later, or never.
    async fn put_off(
        &self,
        now: Timestamp,
        id: SmsId,
        work: &Work,
        reason: String,
    ) -> Result<bool, Fault> {
        if work.attempt < ATTEMPTS_MAX {
            let due_at = now.plus_millis(pause_ms(work.attempt));
            self.storage.work_failed(work, due_at, &reason).await?;
            return Ok(false);
        }
        warn!(sms.id = %id, reason, "message {id} was given up: {reason}");
        self.storage.work_given_up(work, &reason).await?;
        let refused = Submission::Refused { reason };
        self.storage
            .sms_submitted(now, id, refused, &self.rules.now())
            .await?;
        Ok(false)
    }
}

/// 2 s after the first attempt, doubling to two hours.
fn pause_ms(attempt: u32) -> i64 {
    (1000 << attempt.clamp(1, 13)).min(2 * 60 * 60 * 1000)
}

const fn outcome(submission: &Submission) -> &'static str {
    match submission {
        Submission::Accepted { .. } => "accepted",
        Submission::Refused { .. } => "refused",
        Submission::NotSent { .. } => "not_sent",
        Submission::Unknown { .. } => "unknown",
    }
}

impl Job for SmsSending {
    fn name(&self) -> &'static str {
        "sms_sending"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.send_due(now))
    }
}
