//! The reading side: any number of readers, also while the store is written.

use std::fs::{self, File};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

use crate::chain::{Entry, Reader, sha256_hex};
use crate::error::{At, Error};
use crate::store::{sync_folder, write_durably};
use crate::{Manifest, RecordingId};

/// A folder of recordings, for reading.
#[derive(Debug, Clone)]
pub struct Archive {
    root: PathBuf,
}

/// A sound file, open at its start.
#[derive(Debug)]
pub struct AudioFile {
    /// The bytes.
    pub file: File,
    /// How many there are.
    pub bytes: u64,
}

impl Archive {
    /// The folder need not exist yet.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The recording's manifest; None while it runs, or when there is no such recording.
    pub fn manifest(&self, id: RecordingId) -> Result<Option<Manifest>, Error> {
        let path = self.manifest_path(id);
        match fs::read(&path) {
            Ok(bytes) => parse_manifest(&path, &bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at(&path),
        }
    }

    /// The stereo WAV of a finished recording, or one further party's own track.
    pub fn audio(&self, id: RecordingId, track: Option<u8>) -> Result<Option<AudioFile>, Error> {
        let path = self.audio_path(id, track);
        match File::open(&path) {
            Ok(file) => {
                let bytes = file.metadata().at(&path)?.len();
                Ok(Some(AudioFile { file, bytes }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at(&path),
        }
    }

    /// The waveform as JSON text.
    pub fn peaks(&self, id: RecordingId) -> Result<Option<Vec<u8>>, Error> {
        let path = self.peaks_path(id);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at(&path),
        }
    }

    /// The newest entry of the chain. Kept elsewhere (a database, paper), it also shows a chain cut off at the end.
    pub fn head(&self) -> Result<Option<Entry>, Error> {
        match self.chain()? {
            Some(chain) if chain.length() > 0 => chain.entry(chain.length() - 1).map(Some),
            _ => Ok(None),
        }
    }

    /// Writes every manifest in the chain's order, one a line, as it stands on disk. The chain follows from their bytes.
    /// What is sealed while this runs is left for the next time. Returns how many.
    pub fn export(&self, out: &mut impl Write) -> Result<u64, Error> {
        let Some(chain) = self.chain()? else {
            return Ok(0);
        };
        for sequence in 0..chain.length() {
            let path = self.manifest_path(chain.entry(sequence)?.id);
            let bytes = fs::read(&path).at(&path)?;
            out.write_all(&bytes).at(&self.root)?;
        }
        Ok(chain.length())
    }

    /// Lays an export's manifests and chain into a folder that has none; sound files may be there already or come later.
    /// Refuses, leaving no chain, what is not an unbroken chain. Returns how many.
    pub fn import(&self, export: impl BufRead) -> Result<u64, Error> {
        let chain_path = self.chain_path();
        if chain_path.exists() && fs::metadata(&chain_path).at(&chain_path)?.len() > 0 {
            return Err(Error::damaged(&chain_path, "this archive is not empty"));
        }
        fs::create_dir_all(self.root.join("open")).at(&self.root)?;
        let new_path = chain_path.with_added_extension("import");
        if new_path.exists() {
            fs::remove_file(&new_path).at(&new_path)?;
        }
        let mut chain = crate::chain::Chain::open(new_path.clone())?;
        for line in export.lines() {
            let mut line = line.at(&self.root)?.into_bytes();
            line.push(b'\n');
            let manifest = parse_manifest(&new_path, &line)?;
            if manifest.prev_manifest_sha256 != chain.head() || manifest.sequence != chain.length()
            {
                return Err(Error::damaged(
                    &new_path,
                    format!("manifest {} does not follow its neighbour", manifest.id),
                ));
            }
            let path = self.manifest_path(manifest.id);
            let day = self.day(manifest.id);
            fs::create_dir_all(&day).at(&day)?;
            write_durably(&path, &line)?;
            chain.append(manifest.id, &line)?;
        }
        fs::rename(&new_path, &chain_path).at(&chain_path)?;
        sync_folder(&self.root)?;
        Ok(chain.length())
    }

    /// Whether the chain holds exactly the manifest that lies on disk for this recording.
    pub(crate) fn is_sealed(&self, id: RecordingId) -> bool {
        let Ok(bytes) = fs::read(self.manifest_path(id)) else {
            return false;
        };
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
            return false;
        };
        let Ok(Some(chain)) = self.chain() else {
            return false;
        };
        manifest.sequence < chain.length()
            && chain
                .entry(manifest.sequence)
                .is_ok_and(|entry| entry.id == id && entry.manifest_sha256 == sha256_hex(&bytes))
    }

    pub(crate) fn chain(&self) -> Result<Option<Reader>, Error> {
        Reader::open(self.chain_path())
    }

    pub(crate) fn chain_path(&self) -> PathBuf {
        self.root.join("chain.log")
    }

    pub(crate) fn day(&self, id: RecordingId) -> PathBuf {
        self.root.join(id.day())
    }

    /// Where the stereo file, or a track's own, lies when finished.
    pub(crate) fn audio_path(&self, id: RecordingId, track: Option<u8>) -> PathBuf {
        self.day(id).join(match track {
            None => format!("{id}.wav"),
            Some(track) => format!("{id}.t{track}.wav"),
        })
    }

    pub(crate) fn manifest_path(&self, id: RecordingId) -> PathBuf {
        self.day(id).join(format!("{id}.json"))
    }

    pub(crate) fn peaks_path(&self, id: RecordingId) -> PathBuf {
        self.day(id).join(format!("{id}.peaks"))
    }

    pub(crate) fn sheet_path(&self, id: RecordingId) -> PathBuf {
        self.open_folder().join(format!("{id}.jsonl"))
    }

    pub(crate) fn open_folder(&self) -> PathBuf {
        self.root.join("open")
    }
}

impl AudioFile {
    /// `length` bytes from `start`, as HTTP's Range asks for; shorter at the end of the file.
    pub fn range(mut self, start: u64, length: u64) -> io::Result<Take<File>> {
        self.file.seek(SeekFrom::Start(start))?;
        Ok(self.file.take(length))
    }
}

pub(crate) fn parse_manifest(path: &Path, bytes: &[u8]) -> Result<Manifest, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::damaged(path, error.to_string()))
}
