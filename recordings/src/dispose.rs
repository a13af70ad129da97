//! The end of a recording, and its second home: sound that is deleted leaves its manifest and a tombstone; sound that
//! another archive sealed is adopted with its manifest as it is, beside our own chain.
//!
//! Neither touches the chain. A tombstone `<id>.gone` lies beside the manifest; who laid it and why is for its text to
//! say, and for whoever keeps that text's hash. `adopted.log` has a line for each manifest that came from elsewhere.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::archive::parse_manifest;
use crate::chain::sha256_hex;
use crate::error::{At, Error};
use crate::store::{hash_file, sync_folder, write_durably};
use crate::{Archive, Manifest, RecordingId};

/// `sha256(64) id(36)\n`.
const LINE: usize = 64 + 1 + 36 + 1;

impl Archive {
    /// Deletes the sound and the peaks of a recording. The tombstone is on the disk before the first file goes, so a power
    /// cut in between leaves what can be gone on with; done twice, the second time changes nothing.
    pub fn dispose(&self, id: RecordingId, tombstone: &[u8]) -> Result<(), Error> {
        let path = self.manifest_path(id);
        let manifest = self
            .manifest(id)?
            .ok_or_else(|| Error::damaged(&path, "there is no such recording"))?;
        let stone = self.tombstone_path(id);
        if !stone.exists() {
            write_durably(&stone, tombstone)?;
        }
        let day = self.day(id);
        sync_folder(&day)?;
        let sounds = manifest.files.iter().map(|file| day.join(&file.name));
        for path in sounds.chain([self.peaks_path(id)]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).at(&path);
                }
                Ok(()) | Err(_) => {}
            }
        }
        sync_folder(&day)
    }

    /// The manifest as its bytes are: what another archive takes in.
    pub fn manifest_bytes(&self, id: RecordingId) -> Result<Option<(Manifest, Vec<u8>)>, Error> {
        let path = self.manifest_path(id);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some((parse_manifest(&path, &bytes)?, bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at(&path),
        }
    }

    /// Where a sound file that a manifest names lies.
    pub fn sound_path(&self, id: RecordingId, name: &str) -> PathBuf {
        self.day(id).join(name)
    }

    /// What was left of a deleted recording.
    pub fn tombstone(&self, id: RecordingId) -> Result<Option<Vec<u8>>, Error> {
        let path = self.tombstone_path(id);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at(&path),
        }
    }

    /// Every tombstone there is.
    pub fn tombstones(&self) -> Result<Vec<(RecordingId, Vec<u8>)>, Error> {
        let mut found = Vec::new();
        for path in self.names("gone")? {
            let id = path
                .file_stem()
                .and_then(|name| name.to_str()?.parse().ok());
            if let Some(id) = id
                && let Some(bytes) = self.tombstone(id)?
            {
                found.push((id, bytes));
            }
        }
        Ok(found)
    }

    /// Takes a recording in that another archive sealed: its manifest byte for byte, and its sound from `folder`, which must
    /// be what the manifest says. Sound that was deleted there has a `tombstone` instead. Taken in twice, the second changes nothing.
    pub fn adopt(
        &self,
        manifest: &[u8],
        folder: &Path,
        tombstone: Option<&[u8]>,
    ) -> Result<RecordingId, Error> {
        let sheet = parse_manifest(folder, manifest)?;
        let id = sheet.id;
        let sha256 = sha256_hex(manifest);
        if self.adopted()?.get(&id) == Some(&sha256) {
            return Ok(id);
        }
        let path = self.manifest_path(id);
        if path.exists() {
            return Err(Error::Exists(id));
        }
        let day = self.day(id);
        fs::create_dir_all(&day).at(&day)?;
        match tombstone {
            Some(tombstone) => write_durably(&self.tombstone_path(id), tombstone)?,
            None => self.take_sound(&sheet, folder, &day)?,
        }
        write_durably(&path, manifest)?;
        sync_folder(&day)?;
        let log = self.adopted_path();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .at(&log)?;
        file.write_all(format!("{sha256} {id}\n").as_bytes())
            .and_then(|()| file.sync_data())
            .at(&log)?;
        Ok(id)
    }

    fn take_sound(&self, sheet: &Manifest, folder: &Path, day: &Path) -> Result<(), Error> {
        for sound in &sheet.files {
            // A name with a path in it would be written somewhere else.
            let from = folder.join(&sound.name);
            if Path::new(&sound.name)
                .file_name()
                .and_then(|name| name.to_str())
                != Some(&sound.name)
            {
                return Err(Error::damaged(&from, "a sound file's name is a path"));
            }
            let (_, sha256) = hash_file(&from, |_| {})?;
            if sha256 != sound.sha256 {
                return Err(Error::damaged(&from, "not what was sealed"));
            }
            let to = day.join(&sound.name);
            fs::copy(&from, &to).at(&to)?;
            fs::File::open(&to)
                .and_then(|file| file.sync_all())
                .at(&to)?;
        }
        Ok(())
    }

    /// The manifests that came from elsewhere, by their hash.
    pub(crate) fn adopted(&self) -> Result<BTreeMap<RecordingId, String>, Error> {
        let path = self.adopted_path();
        let mut text = String::new();
        match fs::File::open(&path).and_then(|mut file| file.read_to_string(&mut text)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(error).at(&path),
        }
        // A line torn by a power cut is of a recording that will be taken in again.
        let whole = text.lines().filter(|line| line.len() + 1 == LINE);
        Ok(whole
            .filter_map(|line| {
                let (sha256, id) = line.split_once(' ')?;
                Some((id.parse().ok()?, sha256.to_owned()))
            })
            .collect())
    }

    fn adopted_path(&self) -> PathBuf {
        self.root().join("adopted.log")
    }

    pub(crate) fn tombstone_path(&self, id: RecordingId) -> PathBuf {
        self.day(id).join(format!("{id}.gone"))
    }
}
