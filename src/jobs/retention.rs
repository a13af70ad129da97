//! Retention: the sound of recordings whose class is over goes, and the files of tickets, unless somebody holds them
//! (article 12). The tombstone is laid in the database first; what a crash left is taken away the next time.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::{info, warn};
use uuid::Uuid;

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
    pub storage: Storage,
    pub retention: Retention,
    pub disposer: Arc<dyn Disposer>,
    /// Where the walk over all recordings stands; it begins anew when it came to the end.
    pub place: Mutex<Option<(Timestamp, RecordingId)>>,
    /// The same over all files of tickets.
    pub file_place: Mutex<Option<(Timestamp, Uuid)>>,
}

/// A file that is younger may be of a ticket that is about to know of it.
const YOUNG_MS: i64 = 60 * 60_000;

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
        let files_left = self.sweep_files(now, &mut report).await?;
        report.more = next.is_some() || files_left || (laid > 0 && report.failed == 0);
        Ok(report)
    }

    /// Files of tickets; whether there are more to look at. One that is not deleted now goes at a start: nothing names it.
    async fn sweep_files(&self, now: Timestamp, report: &mut Report) -> Result<bool, Fault> {
        let place = *self
            .file_place
            .lock()
            .expect("nobody panics holding the place");
        let disposed = self
            .storage
            .dispose_attachments(now, &self.retention, place, BATCH)
            .await?;
        *self
            .file_place
            .lock()
            .expect("nobody panics holding the place") = disposed.next;
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
        Ok(disposed.next.is_some())
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
