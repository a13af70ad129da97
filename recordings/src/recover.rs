//! After a crash or a power cut: every recording that was running becomes a finished one.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{At, Error};
use crate::id::day_folder;
use crate::manifest::{FIRST_OWN_TRACK, LAST_TRACK, Party};
use crate::sheet::{self, Line, Sheet};
use crate::store::part_path;
use crate::wav::repair;
use crate::{Manifest, RecordingId, Store};

/// Days back from now in which sound without a sheet is looked for. A power cut can take a sheet that was seconds old; looking
/// through years of folders at every start would take longer than a start may.
const STRAY_DAYS: i64 = 3;

const DAY_MS: i64 = 86_400_000;

/// One recording the last run did not finish.
#[derive(Debug)]
pub struct Recovered {
    /// The recording.
    pub id: RecordingId,
    /// Its manifest, marked `recovered`; or why there is none yet.
    pub outcome: Result<Manifest, Error>,
}

impl Store {
    /// Finishes what the last run left, and says what that was. One recording that cannot be finished does not keep the others;
    /// the next start tries again.
    pub fn recover(&self, now_ms: i64) -> Result<Vec<Recovered>, Error> {
        for back in 0..STRAY_DAYS {
            self.adopt_strays(
                &self
                    .archive()
                    .root()
                    .join(day_folder(now_ms - back * DAY_MS)),
            )?;
        }
        let folder = self.archive().open_folder();
        let mut ids = Vec::new();
        for entry in fs::read_dir(&folder).at(&folder)? {
            let name = entry.at(&folder)?.file_name();
            if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".jsonl"))
                && let Ok(id) = id.parse::<RecordingId>()
            {
                ids.push(id);
            }
        }
        // Oldest first: the ids' own time is the best order there is.
        ids.sort_unstable();
        let mut recovered = Vec::new();
        for id in ids {
            // None: sealed already, only its sheet was left.
            if let Some(outcome) = self.recover_one(id, now_ms).transpose() {
                recovered.push(Recovered { id, outcome });
            }
        }
        Ok(recovered)
    }

    fn recover_one(&self, id: RecordingId, now_ms: i64) -> Result<Option<Manifest>, Error> {
        let archive = self.archive();
        let sheet_path = archive.sheet_path(id);
        if archive.is_sealed(id) {
            fs::remove_file(&sheet_path).at(&sheet_path)?;
            return Ok(None);
        }
        let mut sheet = Sheet::read(&sheet_path, id);
        fs::create_dir_all(archive.day(id)).at(&archive.day(id))?;
        repair_one(&archive.audio_path(id, None), 2)?;
        for track in FIRST_OWN_TRACK..=LAST_TRACK {
            let own = archive.audio_path(id, Some(track));
            if own.exists() || part_path(&own).exists() {
                repair_one(&own, 1)?;
                if !sheet.begin.parties.iter().any(|p| p.track == track) {
                    sheet.apply(Line::Join(Party::unknown(track, 0)));
                }
            }
        }
        self.seal(&sheet, true, now_ms, "recovered").map(Some)
    }

    /// Gives sound without a sheet a sheet.
    fn adopt_strays(&self, day: &Path) -> Result<(), Error> {
        let entries = match fs::read_dir(day) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).at(day),
        };
        for entry in entries {
            let name = entry.at(day)?.file_name();
            if let Some(id) = name
                .to_str()
                .and_then(|name| name.strip_suffix(".wav.part"))
                && let Ok(id) = id.parse::<RecordingId>()
                && !self.archive().sheet_path(id).exists()
            {
                let sheet = Sheet::read(&self.archive().sheet_path(id), id);
                sheet::append(&self.archive().sheet_path(id), &Line::Begin(sheet.begin))?;
            }
        }
        Ok(())
    }
}

/// A crash may have come before or after the file got its final name.
fn repair_one(path: &Path, channels: u16) -> Result<(), Error> {
    if path.exists() {
        repair(path, channels)
    } else {
        repair(&part_path(path), channels)
    }
    .map(|_| ())
}
