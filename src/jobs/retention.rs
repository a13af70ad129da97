//! Retention: the sound of recordings whose class is over goes, unless somebody holds it (article 12). The tombstone is
//! laid in the database first; files that a crash left are taken away the next time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

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
}

/// Deletes what is past its class.
pub struct RetentionSweep {
    storage: Storage,
    retention: Retention,
    disposer: Arc<dyn Disposer>,
    /// Over all recordings.
    walk: Walk<(Timestamp, RecordingId)>,
}

impl RetentionSweep {
    pub fn new(storage: Storage, retention: Retention, disposer: Arc<dyn Disposer>) -> Self {
        Self {
            storage,
            retention,
            disposer,
            walk: Walk::default(),
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let mut report = Report::default();
        let (laid, next) = self
            .storage
            .dispose(now, &self.retention, self.walk.place(), BATCH)
            .await?;
        let further = self.walk.moved(next, true);
        let open = self.storage.disposals_open(BATCH).await?;
        for disposal in &open {
            if self.take_away(now, disposal).await? {
                report.done += 1;
            } else {
                report.failed += 1;
            }
        }
        report.more = further || (laid > 0 && report.failed == 0);
        Ok(report)
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
