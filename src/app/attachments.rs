//! The files of attachments: each under the hash of its bytes, written whole or not at all, read only if they are still
//! what the hash says.
//!
//! ```text
//! attachments/ab/ab12…     the bytes; the name is their SHA-256
//! ```

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use sha2::{Digest as _, Sha256};

use super::ports::blocking;
use crate::api::{AttachmentStore, Bytes, Pending};
use crate::domain::time::Timestamp;

/// A folder of attachments.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    pub const fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where the bytes with this hash are, if it is a hash.
    fn path(&self, sha256: &str) -> io::Result<PathBuf> {
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if sha256.len() == 64 && sha256.bytes().all(digits) {
            Ok(self.0.join(&sha256[..2]).join(sha256))
        } else {
            Err(io::Error::other("not the name of an attachment's file"))
        }
    }

    /// Keeps `bytes`, which have this hash. What is there already stays.
    pub(super) fn keep(&self, sha256: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(sha256)?;
        if hash(bytes) != sha256 {
            return Err(io::Error::other("the bytes have another hash"));
        }
        // One that is no longer what it was is written again. One that is there is young from now on: its ticket comes.
        if let Ok(Some(_)) = self.read(sha256) {
            return touch(&path);
        }
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        // Two at once write the same bytes under names of their own; the last rename stands.
        let mut part = tempfile_in(folder)?;
        part.file.write_all(bytes)?;
        part.file.sync_all()?;
        fs::rename(&part.path, &path)?;
        File::open(folder)?.sync_all()
    }

    /// The bytes with this hash; an error where the file says something else by now.
    pub(super) fn read(&self, sha256: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(sha256)?) {
            Ok(bytes) if hash(&bytes) == sha256 => Ok(Some(bytes)),
            Ok(_) => Err(io::Error::other("the file is not what it was")),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Deletes the file with this hash, if there is one and it was last brought in before `before`.
    pub(super) fn remove(&self, sha256: &str, before: Timestamp) -> io::Result<()> {
        let path = self.path(sha256)?;
        let before =
            UNIX_EPOCH + Duration::from_millis(u64::try_from(before.millis()).unwrap_or(0));
        let known = fs::metadata(&path).and_then(|known| known.modified());
        match known {
            Ok(brought) if brought < before => fs::remove_file(&path),
            Ok(_) => Ok(()),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Copies the file with this hash into `other`; whether there was one.
    pub(super) fn copy_to(&self, sha256: &str, other: &Self) -> io::Result<bool> {
        match self.read(sha256)? {
            Some(bytes) => other.keep(sha256, &bytes).map(|()| true),
            None => Ok(false),
        }
    }
}

/// As if the file had been written now.
fn touch(path: &Path) -> io::Result<()> {
    let now = || Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now(),
        last_modification: now(),
    };
    Ok(utimensat(CWD, path, &times, AtFlags::empty())?)
}

/// A new file, readable by nobody else.
struct Part {
    path: PathBuf,
    file: File,
}

fn tempfile_in(folder: &Path) -> io::Result<Part> {
    use std::os::unix::fs::OpenOptionsExt as _;
    for n in 0..1_000 {
        let path = folder.join(format!("part-{}-{n}", std::process::id()));
        let made = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(file) => return Ok(Part { path, file }),
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(io::Error::other("too many unfinished files"))
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl AttachmentStore for Folder {
    fn keep(&self, sha256: String, bytes: Bytes) -> Pending<'_, io::Result<()>> {
        let folder = self.clone();
        Box::pin(blocking(move || Self::keep(&folder, &sha256, &bytes)))
    }

    fn read(&self, sha256: String) -> Pending<'_, io::Result<Option<Bytes>>> {
        let folder = self.clone();
        Box::pin(blocking(move || {
            Ok(Self::read(&folder, &sha256)?.map(Bytes::from))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept_under_their_hash_and_a_changed_file_is_no_longer_read() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path().to_owned());
        let sha = hash(b"photo");
        assert_eq!(folder.read(&sha).unwrap(), None);
        folder.keep(&sha, b"photo").unwrap();
        folder.keep(&sha, b"photo").unwrap();
        assert_eq!(folder.read(&sha).unwrap().as_deref(), Some(&b"photo"[..]));
        assert!(folder.keep(&sha, b"another").is_err());
        // One that was brought in just now is somebody's; an old one goes, once.
        folder.remove(&sha, Timestamp::from_millis(0)).unwrap();
        assert!(folder.read(&sha).unwrap().is_some());
        let later = Timestamp::from_millis(i64::from(u32::MAX) * 1000);
        folder.remove(&sha, later).unwrap();
        folder.remove(&sha, later).unwrap();
        assert_eq!(folder.read(&sha).unwrap(), None);
        folder.keep(&sha, b"photo").unwrap();
        fs::write(folder.path(&sha).unwrap(), b"forged").unwrap();
        assert!(folder.read(&sha).is_err());
        for hostile in ["../../etc/passwd", "", &"A".repeat(64), &"/".repeat(64)] {
            assert!(folder.read(hostile).is_err(), "{hostile:?}");
        }
    }
}
