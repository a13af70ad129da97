//! The evidence sheet of one recording. Written once, never edited; its bytes are hashed into the next one.

use serde::{Deserialize, Serialize};

use crate::RecordingId;
use crate::chain::sha256_hex;

/// Names the shape of the JSON, for readers years from now.
pub(crate) const FORMAT: &str = "hotline-recording/1";

/// Everything known of a finished recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `hotline-recording/1`.
    pub format: String,
    /// The recording.
    pub id: RecordingId,
    /// The call it is of.
    pub call_id: String,
    /// Place in the chain, from 0.
    pub sequence: u64,
    /// UTC milliseconds of sample 0.
    pub started_at_ms: i64,
    /// UTC milliseconds at which it was finished, or found after a crash.
    pub finished_at_ms: i64,
    /// Why it ended, e.g. `call_ended`.
    pub reason: String,
    /// The server died while it ran: sound after the last write is missing.
    pub recovered: bool,
    /// Samples a second.
    pub sample_rate: u32,
    /// Length in samples.
    pub samples: u64,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Who is heard, by track.
    pub parties: Vec<Party>,
    /// Where there is silence because nothing was kept.
    pub gaps: Vec<Gap>,
    /// The sound files and their hashes; the first is the stereo one.
    pub files: Vec<AudioHash>,
    /// SHA-256 of the manifest before this one, 64 zeros for the first.
    pub prev_manifest_sha256: String,
}

impl Manifest {
    /// As it stands on disk: one line of JSON.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a manifest is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// The hash under which the chain knows a manifest that was sealed just now. Kept in the server's database, it ties the
    /// two together. For older ones ask the chain: their bytes may be another version's.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.line())
    }
}

/// The first track with a file of its own.
pub(crate) const FIRST_OWN_TRACK: u8 = 2;

/// The last track there may be. Sound of higher ones is left out: no phone call has so many parties.
pub const LAST_TRACK: u8 = 15;

/// Who is on a track. Track 0 is the citizen (left); 1 is the agent; 2 and up are further parties of ours (right).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The track's number.
    pub track: u8,
    /// What the party is to the call.
    pub role: Role,
    /// Number, extension or name, as the server wants it kept as evidence.
    pub label: String,
    /// First sample of the party's own file: silence before.
    #[serde(default)]
    pub joined_at_sample: u64,
}

impl Party {
    /// Somebody nobody announced.
    pub(crate) fn unknown(track: u8, joined_at_sample: u64) -> Self {
        Self {
            track,
            role: Role::Unknown,
            label: String::new(),
            joined_at_sample,
        }
    }
}

/// What a party is to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 诉求人.
    Citizen,
    /// 坐席.
    Agent,
    /// 专席.
    Specialist,
    /// Listens in or takes over.
    Supervisor,
    /// An extension that is none of these.
    Extension,
    /// Sound came for a track nobody announced.
    Unknown,
}

/// A stretch in which the files hold silence in place of sound: `from_sample` up to, not including, `to_sample`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First silent sample.
    pub from_sample: u64,
    /// First sample with sound again.
    pub to_sample: u64,
    /// Whose doing.
    #[serde(flatten)]
    pub cause: GapCause,
}

/// Why there is a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum GapCause {
    /// Somebody paused the recording.
    Paused {
        /// Username.
        by: String,
        /// What they gave as the reason.
        why: String,
    },
    /// Sound did not reach the disk: it was full, or the writers could not keep up.
    Lost,
}

/// One sound file and what it must hash to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioHash {
    /// Name inside the manifest's own folder.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}
