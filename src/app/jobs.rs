//! Which jobs run, and the way from the outbox to an SMS provider.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hotline_recordings::Archive;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::attachments::Folder;
use super::ports::Kept;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::disposition::OriginEntry;
use crate::domain::sms::Submission;
use crate::domain::staff::{SmsGatewayEntry, SmsGatewayKind};
use crate::domain::time::Timestamp;
use crate::domain::watch::Policy;
use crate::gateways::origin::{NotDelivered, OriginClient};
use crate::gateways::sms::http::HttpGateway;
use crate::jobs::{
    CallOuts, Deadlines, Delivery, DutyGaps, Flags, Job, Lacks, OriginFeedback, OriginGateway,
    Pending, Recount, RetentionSweep, SmsCallbacks, SmsGateway, SmsSending, Supervision, Surveys,
    Telephone, Watcher, keep_running,
};
use crate::storage::Storage;
use crate::storage::intake::Feedback;
use crate::storage::rules::RulesInForce;
use crate::storage::sms::Sms;

/// Starts every job; each ends when `stop` says true.
pub(super) fn start(
    config: &Config,
    storage: &Storage,
    clock: &Arc<dyn Clock>,
    rules: &RulesInForce,
    telephone: Arc<dyn Telephone>,
    stop: &watch::Receiver<bool>,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let timeout = Duration::from_secs(config.sms.timeout_s.get().into());
    let per_second = config.sms.per_second.get();
    let gateway = Arc::new(Gateways {
        http: HttpGateway::new(timeout).context("cannot make the HTTP client for SMS gateways")?,
    });
    let (storage, rules) = (storage.clone(), rules.clone());
    let jobs: Vec<Arc<dyn Job>> = vec![
        Arc::new(Deadlines::new(storage.clone(), rules.clone())),
        Arc::new(SmsSending {
            storage: storage.clone(),
            rules: rules.clone(),
            gateway,
            per_second,
        }),
        Arc::new(SmsCallbacks {
            storage: storage.clone(),
            rules: rules.clone(),
        }),
        Arc::new(Supervision::new(storage.clone(), rules.clone())),
        Arc::new(Recount::new(storage.clone(), rules.clone())),
        Arc::new(DutyGaps {
            storage: storage.clone(),
            rules: rules.clone(),
        }),
        Arc::new(Lacks {
            storage: storage.clone(),
        }),
        Arc::new(Flags::new(storage.clone(), rules.clone())),
        Arc::new(CallOuts {
            storage: storage.clone(),
            rules: rules.clone(),
            telephone,
        }),
        Arc::new(RetentionSweep::new(
            storage.clone(),
            config.retention.rules(),
            Arc::new(Kept {
                recordings: Archive::open(config.recordings_folder()),
                attachments: Folder::at(config.attachments_folder()),
            }),
        )),
        Arc::new(Watcher {
            storage: storage.clone(),
            rules: rules.clone(),
            policy: Policy::default(),
        }),
        Arc::new(OriginFeedback {
            storage: storage.clone(),
            rules: rules.clone(),
            gateway: Arc::new(Origins(
                OriginClient::new(timeout).context("cannot make the HTTP client for origins")?,
            )),
        }),
        Arc::new(Surveys::new(storage, rules)),
    ];
    let start = |job: Arc<dyn Job>| {
        let (clock, stop) = (Arc::clone(clock), stop.clone());
        tokio::spawn(async move { keep_running(&*job, &*clock, stop).await })
    };
    Ok(jobs.into_iter().map(start).collect())
}

/// The way back to where demands came from.
struct Origins(OriginClient);

impl OriginGateway for Origins {
    fn deliver<'a>(
        &'a self,
        now: Timestamp,
        to: &'a OriginEntry,
        feedback: &'a Feedback,
    ) -> Pending<'a, Delivery> {
        Box::pin(async move {
            let (id, body) = (feedback.id.to_string(), feedback.body.to_string());
            match self.0.deliver(now, to, &id, body).await {
                Ok(receipt) => Delivery::Done(receipt),
                Err(NotDelivered::Later(why)) => Delivery::Later(why),
                Err(NotDelivered::Refused(why)) => Delivery::Refused(why),
            }
        })
    }
}

/// Each gateway by its own dialect.
struct Gateways {
    http: HttpGateway,
}

impl SmsGateway for Gateways {
    fn submit<'a>(&'a self, to: &'a SmsGatewayEntry, sms: &'a Sms) -> Pending<'a, Submission> {
        match to.kind {
            SmsGatewayKind::Http => {
                Box::pin(self.http.submit(&to.url, sms.id, &sms.phone, &sms.text))
            }
        }
    }
}
