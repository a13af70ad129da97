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

/// What somebody noted at a place in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    pub id: uuid::Uuid,
    pub offset_ms: i64,
    pub text: String,
    pub by: Username,
    pub at: Timestamp,
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

    /// The marks of one recording, from its beginning.
    pub async fn recording_marks(&self, recording: RecordingId) -> Result<Vec<Mark>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT id, offset_ms, text, noted_by, noted_at FROM recording_mark \
                 WHERE recording_id = $1 ORDER BY offset_ms, id LIMIT 1000",
                &values![recording],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Mark {
                    id: row.get("id")?,
                    offset_ms: row.get("offset_ms")?,
                    text: row.get("text")?,
                    by: row.get("noted_by")?,
                    at: row.get("noted_at")?,
                })
            })
            .collect()
    }

    /// Notes something at a place in a recording.
    pub async fn mark_recording(
        &self,
        now: Timestamp,
        by: &Username,
        recording: RecordingId,
        offset_ms: i64,
        text: String,
    ) -> Result<Mark, Fault> {
        let mark = Mark {
            id: self.new_id(),
            offset_ms,
            text,
            by: by.clone(),
            at: now,
        };
        let row = values![
            mark.id,
            recording,
            mark.offset_ms,
            mark.text,
            mark.by,
            mark.at
        ];
        self.db
            .write(row, |tx, row| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO recording_mark \
                         (id, recording_id, offset_ms, text, noted_by, noted_at) \
                         VALUES ($1, $2, $3, $4, $5, $6)",
                        row,
                    )
                    .await?;
                    Ok::<_, Fault>(())
                })
            })
            .await?;
        Ok(mark)
    }

    /// Takes back one's own mark. `false` when there is none.
    pub async fn unmark_recording(
        &self,
        by: &Username,
        recording: RecordingId,
        mark: uuid::Uuid,
    ) -> Result<bool, Fault> {
        let key = values![mark, recording, by.clone()];
        self.db
            .write(key, |tx, key| {
                Box::pin(async move {
                    let gone = tx
                        .execute(
                            "DELETE FROM recording_mark \
                             WHERE id = $1 AND recording_id = $2 AND noted_by = $3",
                            key,
                        )
                        .await?;
                    Ok::<_, Fault>(gone > 0)
                })
            })
            .await
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
