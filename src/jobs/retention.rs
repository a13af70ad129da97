//! Retention: the sound of recordings whose class is over goes, unless somebody holds it (article 12). The tombstone is
//! laid in the database first; files that a crash left are taken away the next time.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::{info, warn};

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
    pub storage: Storage,
    pub retention: Retention,
    pub disposer: Arc<dyn Disposer>,
    /// Where the walk over all recordings stands; it begins anew when it came to the end.
    pub place: Mutex<Option<(Timestamp, RecordingId)>>,
}

impl RetentionSweep {
    async fn sweep(&self, now: Timestamp) -> Result<Report, Fault> {
        let mut report = Report::default();
        let place = *self.place.lock().expect("nobody panics holding the place");
        let (laid, next) = self
            .storage
            .dispose(now, &self.retention, place, BATCH)
            .await?;
        *self.place.lock().expect("nobody panics holding the place") = next;
        let open = self.storage.disposals_open(BATCH).await?;
        for disposal in &open {
            if self.take_away(now, disposal).await? {
                report.done += 1;
            } else {
                report.failed += 1;
            }
        }
        report.more = next.is_some() || (laid > 0 && report.failed == 0);
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
