//! What can go wrong with a recording.

use std::io;
use std::path::{Path, PathBuf};

use crate::RecordingId;

/// The world failed (a full disk, a missing file), or the caller asked for what cannot be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes into this folder.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// `begin` for an id that is already there.
    #[error("recording {0} exists already")]
    Exists(RecordingId),
    /// Sound beyond [`crate::MAX_SAMPLES`].
    #[error("recording {0} would be longer than a WAV file of ours may be")]
    TooLong(RecordingId),
    /// A file that is not what we wrote.
    #[error("{}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}

/// Says of an I/O result which file it was about.
pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })
    }
}
