//! The writing side: begins recordings, and seals them one after the other into the chain.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::chain::{Chain, hex};
use crate::error::{At, Error};
use crate::manifest::{AudioHash, FIRST_OWN_TRACK, FORMAT, Manifest, Party};
use crate::peaks::PeaksBuilder;
use crate::sheet::{self, Line, Sheet};
use crate::wav::{HEADER_BYTES, SAMPLE_RATE};
use crate::{Archive, RecordingId, Writer};

/// What is known when a recording begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The recording; its own time names its folder.
    pub id: RecordingId,
    /// The call it is of.
    pub call_id: String,
    /// UTC milliseconds of sample 0.
    pub started_at_ms: i64,
    /// Who is heard from the start; others [`Writer::join`].
    pub parties: Vec<Party>,
}

/// The one writer of a folder of recordings. Clones share it.
#[derive(Clone)]
pub struct Store {
    archive: Archive,
    chain: Arc<Mutex<Chain>>,
    _lock: Arc<Lock>,
}

/// Gives the folder back itself: closing the file would not while a process being started still holds a copy of it.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that cannot be given back goes with the process.
        let _ = self.0.unlock();
    }
}

impl Store {
    /// Opens or makes the folder, for this process alone. Call [`Store::recover`] before the first recording.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let open = root.join("open");
        fs::create_dir_all(&open).at(&open)?;
        let lock_path = root.join("lock");
        let lock = File::create(&lock_path).at(&lock_path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::InUse(root)),
            Err(fs::TryLockError::Error(error)) => return Err(error).at(&lock_path),
        }
        let chain = Chain::open(root.join("chain.log"))?;
        Ok(Self {
            archive: Archive::open(root),
            chain: Arc::new(Mutex::new(chain)),
            _lock: Arc::new(Lock(lock)),
        })
    }

    /// The reading side of the same folder.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Begins one recording: its files are there, empty and valid, when this returns.
    pub fn begin(&self, begin: Begin) -> Result<Writer, Error> {
        let id = begin.id;
        let day = self.archive.day(id);
        make_day(self.archive.root(), &day)?;
        if self.archive.manifest_path(id).exists() || self.archive.audio_path(id, None).exists() {
            return Err(Error::Exists(id));
        }
        Writer::begin(self.clone(), begin)
    }

    /// Closes the books on a recording whose sound files are complete: hashes, syncs, names the one before, joins the chain.
    /// When it fails, nothing is lost: it can be called again, and [`Store::recover`] will.
    pub(crate) fn seal(
        &self,
        sheet: &Sheet,
        recovered: bool,
        finished_at_ms: i64,
        reason: &str,
    ) -> Result<Manifest, Error> {
        let id = sheet.begin.id;
        let day = self.archive.day(id);
        let stereo = self.archive.audio_path(id, None);
        let mut peaks = PeaksBuilder::new();
        let mut files = vec![finish_file(&stereo, Some(&mut peaks))?];
        let tracks = sheet.begin.parties.iter().map(|party| party.track);
        for track in tracks.filter(|track| *track >= FIRST_OWN_TRACK) {
            let own = self.archive.audio_path(id, Some(track));
            if own.exists() || part_path(&own).exists() {
                files.push(finish_file(&own, None)?);
            }
        }
        let peaks_path = self.archive.peaks_path(id);
        fs::write(&peaks_path, peaks.finish()).at(&peaks_path)?;

        let samples = (files[0].bytes.saturating_sub(HEADER_BYTES)) / 4;
        let mut parties = sheet.begin.parties.clone();
        parties.sort_by_key(|party| party.track);

        let mut chain = self.chain.lock().expect("no panic while the chain is held");
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            id,
            call_id: sheet.begin.call_id.clone(),
            sequence: chain.length(),
            started_at_ms: sheet.begin.started_at_ms,
            finished_at_ms,
            reason: reason.to_owned(),
            recovered,
            sample_rate: SAMPLE_RATE,
            samples,
            duration_ms: samples * 1_000 / u64::from(SAMPLE_RATE),
            parties,
            gaps: sheet.gaps(samples),
            files,
            prev_manifest_sha256: chain.head().to_owned(),
        };
        let bytes = manifest.line();
        write_durably(&self.archive.manifest_path(id), &bytes)?;
        sync_folder(&day)?;
        chain.append(id, &bytes)?;
        drop(chain);

        let sheet_path = self.archive.sheet_path(id);
        match fs::remove_file(&sheet_path) {
            // Left behind, the sheet only makes the next start look and find the recording sealed.
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, recording.id = %id, "sheet of a sealed recording stays")
            }
        }
        Ok(manifest)
    }

    /// Adds one fact to the recording's sheet on disk.
    pub(crate) fn note(&self, id: RecordingId, line: &Line) -> Result<(), Error> {
        sheet::append(&self.archive.sheet_path(id), line)
    }
}

/// Gives a finished sound file its name, reads it once for its hash (and peaks), and brings it to the disk.
fn finish_file(path: &Path, mut peaks: Option<&mut PeaksBuilder>) -> Result<AudioHash, Error> {
    let part = part_path(path);
    if part.exists() {
        fs::rename(&part, path).at(path)?;
    }
    let file = File::open(path).at(path)?;
    let bytes = file.metadata().at(path)?.len();
    if let Some(peaks) = &mut peaks {
        peaks.expect_frames(bytes.saturating_sub(HEADER_BYTES) / 4);
    }
    let mut header_left = usize::try_from(HEADER_BYTES).expect("44 bytes");
    let (_, sha256) = hash_file(path, |piece| {
        let header = header_left.min(piece.len());
        header_left -= header;
        if let Some(peaks) = &mut peaks {
            peaks.push(&piece[header..]);
        }
    })?;
    file.sync_all().at(path)?;
    let name = path.file_name().expect("an audio path has a name");
    Ok(AudioHash {
        name: name.to_string_lossy().into_owned(),
        bytes,
        sha256,
    })
}

/// Reads a file once, showing each piece on the way: its length and SHA-256.
pub(crate) fn hash_file(path: &Path, mut see: impl FnMut(&[u8])) -> Result<(u64, String), Error> {
    let mut file = File::open(path).at(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hex(&hash.finalize()))),
            Ok(read) => {
                hash.update(&buffer[..read]);
                see(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error).at(path),
        }
    }
}

/// The name a sound file has while it runs.
pub(crate) fn part_path(path: &Path) -> PathBuf {
    path.with_added_extension("part")
}

/// Writes a small file so that it is there whole or not at all, also after a power cut (once its folder is synced).
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let new = path.with_added_extension("new");
    File::create(&new)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .at(&new)?;
    fs::rename(&new, path).at(path)
}

pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .at(path)
}

/// Makes the day's folder and puts every new name on the way there on the disk.
fn make_day(root: &Path, day: &Path) -> Result<(), Error> {
    if day.exists() {
        return Ok(());
    }
    fs::create_dir_all(day).at(day)?;
    for folder in day.ancestors().skip(1) {
        sync_folder(folder)?;
        if folder == root {
            break;
        }
    }
    Ok(())
}
