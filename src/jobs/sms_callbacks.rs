//! Reads the callbacks that gateways left: receipts become a message's fate, replies become survey answers. What
//! cannot be read or matched goes into quarantine for a person; nothing is dropped.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tracing::info;
use uuid::Uuid;

use super::{Job, Pending, Report};
use crate::domain::sms::no_such_number;
use crate::domain::time::Timestamp;
use crate::storage::outbox::{Work, WorkKind};
use crate::storage::rules::RulesInForce;
use crate::storage::sms::{Callback, CallbackKind, Heard, Receipt, Reply};
use crate::storage::{Fault, Storage};

const BATCH: u32 = 64;
const LEASE_MS: i64 = 60_000;
/// Items in one callback, and characters in one text: more is not a gateway of ours.
const ITEMS_MAX: usize = 1000;
const ID_MAX: usize = 128;
const TEXT_MAX: usize = 2000;

/// Reads what the outbox holds of callbacks.
pub struct SmsCallbacks {
    pub storage: Storage,
    pub rules: RulesInForce,
}

/// `{message_id, to, status, at}`.
#[derive(Deserialize)]
struct GivenReceipt {
    message_id: String,
    status: String,
}

/// `{id, from, text, at}`.
#[derive(Deserialize)]
struct GivenReply {
    id: String,
    from: String,
    text: String,
}

/// One, or several at once.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl SmsCallbacks {
    async fn read_due(&self, now: Timestamp) -> Result<Report, Fault> {
        let claimed = self
            .storage
            .claim_work(now, WorkKind::SmsCallback, LEASE_MS, BATCH)
            .await?;
        let mut report = Report {
            more: claimed.len() == BATCH as usize,
            ..Report::default()
        };
        for work in &claimed {
            report.waited(now, work.created_at);
            if self.read(now, work).await? {
                report.done += 1;
            } else {
                report.failed += 1;
            }
        }
        Ok(report)
    }

    /// One callback; whether all of it was understood. Items heard twice (after a crash) count once.
    async fn read(&self, now: Timestamp, work: &Work) -> Result<bool, Fault> {
        let id: Option<Uuid> = work.subject.parse().ok();
        let callback = match id {
            Some(id) => self.storage.callback(id).await?.map(|found| (id, found)),
            None => None,
        };
        let Some((id, callback)) = callback else {
            self.storage.work_given_up(work, "no such callback").await?;
            return Ok(false);
        };
        let why_not = match callback.kind {
            CallbackKind::Receipt => self.receipts(now, &callback).await?,
            CallbackKind::Reply => self.replies(now, &callback).await?,
        };
        if let Some(why) = why_not {
            self.storage
                .sms_unreadable(now, &callback.gateway, callback.kind, id, why)
                .await?;
        }
        self.storage.work_done(work).await?;
        Ok(why_not.is_none())
    }

    async fn receipts(
        &self,
        now: Timestamp,
        callback: &Callback,
    ) -> Result<Option<&'static str>, Fault> {
        let Some(items) = items::<GivenReceipt>(&callback.body) else {
            return Ok(Some("unreadable"));
        };
        let mut why_not = None;
        for GivenReceipt { message_id, status } in items {
            let fits = message_id.len() <= ID_MAX && status.len() <= ID_MAX;
            let Some(fate) = fate(&status).filter(|_| fits) else {
                why_not = Some("unknown_status");
                continue;
            };
            let delivered = match fate {
                Fate::Delivered => true,
                Fate::Failed => false,
                Fate::OnItsWay => continue,
            };
            let receipt = Receipt {
                message_id,
                delivered,
                status,
            };
            let heard = self
                .storage
                .sms_receipt(now, &callback.gateway, receipt, &self.rules.now())
                .await?;
            tell("receipt", heard);
        }
        Ok(why_not)
    }

    async fn replies(
        &self,
        now: Timestamp,
        callback: &Callback,
    ) -> Result<Option<&'static str>, Fault> {
        let Some(items) = items::<GivenReply>(&callback.body) else {
            return Ok(Some("unreadable"));
        };
        let mut why_not = None;
        for GivenReply { id, from, text } in items {
            let fits = id.len() <= ID_MAX && from.len() <= ID_MAX && text.len() <= TEXT_MAX * 4;
            if !fits || id.is_empty() {
                why_not = Some("out_of_bounds");
                continue;
            }
            let reply = Reply { id, from, text };
            let heard = self
                .storage
                .sms_reply(now, &callback.gateway, reply, &self.rules.now())
                .await?;
            tell("reply", heard);
        }
        Ok(why_not)
    }
}

fn items<T: DeserializeOwned>(body: &[u8]) -> Option<Vec<T>> {
    let items = match serde_json::from_slice(body).ok()? {
        OneOrMany::Many(items) => items,
        OneOrMany::One(item) => vec![item],
    };
    (items.len() <= ITEMS_MAX).then_some(items)
}

enum Fate {
    Delivered,
    Failed,
    OnItsWay,
}

/// The words of our own contract and those of SMPP (v3.4 appendix B), which most gateways pass through.
fn fate(status: &str) -> Option<Fate> {
    match status.to_ascii_lowercase().as_str() {
        "delivered" | "delivrd" => Some(Fate::Delivered),
        "failed" | "undelivered" | "undeliv" | "expired" | "deleted" | "rejected" | "rejectd" => {
            Some(Fate::Failed)
        }
        "accepted" | "acceptd" | "enroute" | "sent" | "queued" => Some(Fate::OnItsWay),
        _ if no_such_number(status) => Some(Fate::Failed),
        _ => None,
    }
}

fn tell(kind: &'static str, heard: Heard) {
    let what = match heard {
        Heard::Matched => "matched",
        Heard::Again => "again",
        Heard::Quarantined(why) => {
            info!(kind, why, "an SMS {kind} went into quarantine: {why}");
            "quarantined"
        }
    };
    metrics::counter!("sms_callbacks_total", "kind" => kind, "outcome" => what).increment(1);
}

impl Job for SmsCallbacks {
    fn name(&self) -> &'static str {
        "sms_callbacks"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.read_due(now))
    }
}
