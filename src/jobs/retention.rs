//! Retention: the sound of recordings whose class is over goes, and the files of tickets, unless somebody holds them
//! (article 12). The tombstone is laid in the database first; what a crash left is taken away the next time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};
use uuid::Uuid;

use super::walk::Walk;
use super::{Job, Pending, Report};
use crate::domain::archive::Retention;
use crate::domain::id::RecordingId;
use crate::domain::time::Timestamp;
use crate::storage::holds::Disposal;
use crate::storage::{Fault, Storage};

/// Recordings a batch.
const BATCH: u32 = 100;

/// Who deletes the files.
pub trait Disposer: Send + Sync + 'static {
    /// Lays the tombstone beside the manifest, then deletes the sound. Done twice, the second time changes nothing.
    fn dispose(&self, id: RecordingId, tombstone: String) -> Pending<'_, io::Result<()>>;
    /// Deletes the file of attachments under this hash, unless it was brought in again since `before`.
    fn remove(&self, sha256: String, before: Timestamp) -> Pending<'_, io::Result<()>>;
}

/// Deletes what is past its class.
pub struct RetentionSweep {
    storage: Storage,
    retention: Retention,
    disposer: Arc<dyn Disposer>,
    recordings: Walk<(Timestamp, RecordingId)>,
    /// Over the files of tickets.
    files: Walk<(Timestamp, Uuid)>,
}

/// A file that is younger may be of a ticket that is about to know of it.
const YOUNG_MS: i64 = 60 * 60_000;

impl RetentionSweep {
    pub fn new(storage: Storage, retention: Retention, disposer: Arc<dyn Disposer>) -> Self {
        Self {
            storage,
            retention,
            disposer,
            recordings: Walk::default(),
            files: Walk::default(),
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let mut report = Report::default();
        let (laid, next) = self
            .storage
            .dispose(now, &self.retention, self.recordings.place(), BATCH)
            .await?;
        let recordings_left = self.recordings.moved(next, true);
        let open = self.storage.disposals_open(BATCH).await?;
        for disposal in &open {
            if self.take_away(now, disposal).await? {
                report.done += 1;
            } else {
                report.failed += 1;
            }
        }
        let files_left = self.sweep_files(now, &mut report).await?;
        report.more = recordings_left || files_left || (laid > 0 && report.failed == 0);
        Ok(report)
    }

    /// Files of tickets; whether there are more to look at. One that is not deleted now goes at a start: nothing names it.
    async fn sweep_files(&self, now: Timestamp, report: &mut Report) -> Result<bool, Fault> {
        let disposed = self
            .storage
            .dispose_attachments(now, &self.retention, self.files.place(), BATCH)
            .await?;
        report.done += disposed.count;
        for sha256 in disposed.unnamed {
            let gone = self
                .disposer
                .remove(sha256.clone(), now.plus_millis(-YOUNG_MS));
            match gone.await {
                Ok(()) => info!(
                    "the file {sha256} of attachments was deleted: its retention period is over"
                ),
                Err(fault) => {
                    report.failed += 1;
                    warn!("the file {sha256} of attachments could not be deleted: {fault}");
                }
            }
        }
        Ok(self.files.moved(disposed.next, true))
    }

    async fn take_away(&self, now: Timestamp, disposal: &Disposal) -> Result<bool, Fault> {
        let id = disposal.recording;
        let gone = self.disposer.dispose(id, disposal.tombstone.clone()).await;
        if let Err(fault) = gone {
            warn!(recording = %id, "the sound of recording {id} could not be deleted: {fault}");
            return Ok(false);
        }
        self.storage.disposal_done(now, id).await?;
        info!(recording = %id, "the sound of recording {id} was deleted: its retention period is over");
        Ok(true)
    }
}

impl Job for RetentionSweep {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.sweep(now))
    }
}
