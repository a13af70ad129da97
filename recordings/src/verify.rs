//! Is everything there, and is it what was sealed? Reads every byte: for `hotline check`, not for a start.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::archive::parse_manifest;
use crate::chain::{Entry, GENESIS, sha256_hex};
use crate::error::{At, Error};
use crate::store::hash_file;
use crate::{Archive, Manifest};

/// One thing that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A line of the chain that cannot be read; the rest was not checked.
    BadLine {
        /// Its place.
        sequence: u64,
    },
    /// A manifest or sound file of the chain is gone or cannot be read.
    Missing {
        /// Relative to the archive.
        path: PathBuf,
    },
    /// A manifest or sound file is not the one that was sealed.
    Changed {
        /// Relative to the archive.
        path: PathBuf,
    },
    /// A manifest does not name the one before it: something was taken out or slipped in.
    Unchained {
        /// Its place.
        sequence: u64,
    },
    /// Sound or a manifest that the chain does not know.
    Unknown {
        /// Relative to the archive.
        path: PathBuf,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadLine { sequence } => write!(f, "chain.log: line {sequence} cannot be read"),
            Self::Missing { path } => write!(f, "{}: missing", path.display()),
            Self::Changed { path } => write!(f, "{}: not what was sealed", path.display()),
            Self::Unchained { sequence } => {
                write!(
                    f,
                    "chain.log: entry {sequence} does not follow the one before it"
                )
            }
            Self::Unknown { path } => write!(f, "{}: not in the chain", path.display()),
        }
    }
}

impl Archive {
    /// Everything that differs from what was sealed; empty when all is well. Recordings that run meanwhile are left alone.
    pub fn verify(&self) -> Result<Vec<Difference>, Error> {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        if let Some(chain) = self.chain()? {
            let mut previous = GENESIS.to_owned();
            for sequence in 0..chain.length() {
                let Ok(entry) = chain.entry(sequence) else {
                    found.push(Difference::BadLine { sequence });
                    return Ok(found);
                };
                self.verify_entry(&entry, &previous, &mut known, &mut found);
                previous = entry.manifest_sha256;
            }
        }
        for (id, sha256) in self.adopted()? {
            self.verify_adopted(id, &sha256, &mut known, &mut found);
        }
        for path in self.sealed_names()? {
            // Asked last, when it is neither in the chain as first read nor running: it may have been sealed meanwhile.
            if !known.contains(&path) && !self.may_be_new(&path) {
                found.push(Difference::Unknown { path });
            }
        }
        Ok(found)
    }

    fn verify_entry(
        &self,
        entry: &Entry,
        previous: &str,
        known: &mut HashSet<PathBuf>,
        found: &mut Vec<Difference>,
    ) {
        let manifest_path = self.relative(&self.manifest_path(entry.id));
        known.insert(manifest_path.clone());
        let Ok(bytes) = fs::read(self.root().join(&manifest_path)) else {
            found.push(Difference::Missing {
                path: manifest_path,
            });
            return;
        };
        let manifest: Option<Manifest> = parse_manifest(&manifest_path, &bytes).ok();
        let Some(manifest) = manifest.filter(|_| sha256_hex(&bytes) == entry.manifest_sha256)
        else {
            found.push(Difference::Changed {
                path: manifest_path,
            });
            return;
        };
        if manifest.prev_manifest_sha256 != previous || manifest.sequence != entry.sequence {
            found.push(Difference::Unchained {
                sequence: entry.sequence,
            });
        }
        self.verify_sound(&manifest, known, found);
    }

    /// What another archive sealed has its place in that archive's chain, not in ours.
    fn verify_adopted(
        &self,
        id: crate::RecordingId,
        sha256: &str,
        known: &mut HashSet<PathBuf>,
        found: &mut Vec<Difference>,
    ) {
        let path = self.relative(&self.manifest_path(id));
        known.insert(path.clone());
        let Ok(bytes) = fs::read(self.root().join(&path)) else {
            found.push(Difference::Missing { path });
            return;
        };
        match parse_manifest(&path, &bytes) {
            Ok(manifest) if sha256_hex(&bytes) == sha256 => {
                self.verify_sound(&manifest, known, found);
            }
            Ok(_) | Err(_) => found.push(Difference::Changed { path }),
        }
    }

    fn verify_sound(
        &self,
        manifest: &Manifest,
        known: &mut HashSet<PathBuf>,
        found: &mut Vec<Difference>,
    ) {
        // Sound under a tombstone is gone by right. That the tombstone is right is for whoever keeps its hash to say.
        let gone = self.tombstone_path(manifest.id).exists();
        for file in &manifest.files {
            let path = manifest.id.day().join(&file.name);
            match hash_file(&self.root().join(&path), |_| {}) {
                Ok((_, sha256)) if sha256 == file.sha256 => {}
                Ok(_) => found.push(Difference::Changed { path: path.clone() }),
                Err(_) if gone => {}
                Err(_) => found.push(Difference::Missing { path: path.clone() }),
            }
            known.insert(path);
        }
    }

    /// Every `.wav` and `.json` in the day folders, relative to the root, in order.
    fn sealed_names(&self) -> Result<Vec<PathBuf>, Error> {
        let mut names = self.names("wav")?;
        names.extend(self.names("json")?);
        names.sort_unstable();
        Ok(names)
    }

    /// Every file with this ending in the day folders, relative to the root, in order.
    pub(crate) fn names(&self, ending: &str) -> Result<Vec<PathBuf>, Error> {
        let mut names = Vec::new();
        let mut folders = vec![(self.root().to_owned(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).at(&folder),
            };
            for entry in entries {
                let path = entry.at(&folder)?.path();
                let digits = path
                    .file_name()
                    .is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
                if depth < 3 && digits {
                    folders.push((path, depth + 1));
                } else if depth == 3 && path.extension().is_some_and(|end| end == ending) {
                    names.push(self.relative(&path));
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Running, being sealed, or sealed since the chain was read.
    fn may_be_new(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.split('.').next())
            .and_then(|id| id.parse().ok())
            .is_some_and(|id| self.sheet_path(id).exists() || self.sealed_with(id, path))
    }

    /// Whether the chain as it is now holds this recording, and its manifest this file.
    fn sealed_with(&self, id: crate::RecordingId, path: &Path) -> bool {
        let ours = |manifest: Manifest| {
            path.extension().is_some_and(|end| end == "json")
                || path
                    .file_name()
                    .is_some_and(|name| manifest.files.iter().any(|file| *file.name == *name))
        };
        self.is_sealed(id) && self.manifest(id).ok().flatten().is_some_and(ours)
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root())
            .expect("made from the root")
            .to_owned()
    }
}
