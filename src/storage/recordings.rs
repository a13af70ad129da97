//! Recordings 录音 as the database knows them: the manifest beside the sound, found by call, and who listened.
//! The sound itself and the chain of manifests are the recording store's.

use serde::Serialize;

use super::audit::{Deed, append};
use super::db::{Row, values};
use super::{Fault, Storage, to_json};
use crate::domain::id::{CallId, RecordingId, Username};
use crate::domain::time::Timestamp;

/// A finished recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordingRow {
    pub id: RecordingId,
    pub call: CallId,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub duration_ms: i64,
    /// SHA-256 of the manifest file, in hexadecimal.
    pub manifest_sha256: String,
    /// The manifest as the store wrote it.
    pub manifest: serde_json::Value,
}

/// What somebody did with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    Listen,
    Download,
}

impl Storage {
    /// Keeps a finished recording's manifest. Told twice (after a crash), the first stands.
    pub async fn recording_finished(&self, row: RecordingRow) -> Result<(), Fault> {
        let row = values![
            row.id,
            row.call,
            row.started_at,
            row.ended_at,
            row.duration_ms,
            row.manifest_sha256,
            to_json(&row.manifest)
        ];
        self.db
            .write(row, |tx, row| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO recording (id, call_id, started_at, ended_at, duration_ms, \
                         manifest_sha256, manifest) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                         ON CONFLICT (id) DO NOTHING",
                        row,
                    )
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// One recording.
    pub async fn recording(&self, id: RecordingId) -> Result<Option<RecordingRow>, Fault> {
        let row = self
            .db
            .row(
                "SELECT id, call_id, started_at, ended_at, duration_ms, manifest_sha256, manifest \
                 FROM recording WHERE id = $1",
                &values![id],
            )
            .await?;
        row.as_ref().map(recording_of).transpose()
    }

    /// The recordings of one call, in order.
    pub async fn recordings_of(&self, call: CallId) -> Result<Vec<RecordingRow>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT id, call_id, started_at, ended_at, duration_ms, manifest_sha256, manifest \
                 FROM recording WHERE call_id = $1 ORDER BY started_at, id",
                &values![call],
            )
            .await?;
        rows.iter().map(recording_of).collect()
    }

    /// Audits a listen or a download before the sound leaves.
    pub async fn recording_listened(
        &self,
        now: Timestamp,
        by: &Username,
        recording: RecordingId,
        what: Listening,
    ) -> Result<(), Fault> {
        let deed = Deed {
            at: now,
            by: by.clone(),
            action: match what {
                Listening::Listen => "listen",
                Listening::Download => "download",
            }
            .to_owned(),
            object: recording.to_string(),
            detail: serde_json::Value::Null,
        };
        self.db
            .write(deed, |tx, deed| Box::pin(append(tx, deed)))
            .await
    }
}

fn recording_of(row: &Row) -> Result<RecordingRow, Fault> {
    Ok(RecordingRow {
        id: row.get("id")?,
        call: row.get("call_id")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        duration_ms: row.get("duration_ms")?,
        manifest_sha256: row.get("manifest_sha256")?,
        manifest: row.json("manifest")?,
    })
}
