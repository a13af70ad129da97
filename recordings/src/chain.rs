//! The chain: which manifest followed which. One line of fixed width each, so that entry n is found without reading the
//! others; appended to and never changed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::RecordingId;
use crate::error::{At, Error};

/// What the first manifest names as the one before it.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// `sequence(12) sha256(64) id(36)\n`.
const LINE: usize = 12 + 1 + 64 + 1 + 36 + 1;

/// One line of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the chain, from 0.
    pub sequence: u64,
    /// SHA-256 of the manifest's bytes.
    pub manifest_sha256: String,
    /// The recording.
    pub id: RecordingId,
}

impl Entry {
    fn line(&self) -> String {
        format!(
            "{:012} {} {}\n",
            self.sequence, self.manifest_sha256, self.id
        )
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut words = line.split(' ');
        let entry = Self {
            sequence: words.next()?.parse().ok()?,
            manifest_sha256: words.next()?.to_owned(),
            id: words.next()?.parse().ok()?,
        };
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let whole = words.next().is_none()
            && entry.manifest_sha256.len() == 64
            && entry.manifest_sha256.bytes().all(hex);
        whole.then_some(entry)
    }
}

/// The chain as its one writer holds it.
pub(crate) struct Chain {
    path: PathBuf,
    file: File,
    length: u64,
    head: String,
}

impl Chain {
    /// Opens or begins the chain. A line torn by a power cut is cut off: its recording is still listed as open and will be
    /// sealed again.
    pub(crate) fn open(path: PathBuf) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .at(&path)?;
        let bytes = file.metadata().at(&path)?.len();
        let length = bytes / LINE as u64;
        if bytes % LINE as u64 != 0 {
            tracing::warn!("the chain's last line was torn and is written again");
            file.set_len(length * LINE as u64).at(&path)?;
        }
        let head = match length.checked_sub(1) {
            Some(last) => read_entry(&file, &path, last)?.manifest_sha256,
            None => GENESIS.to_owned(),
        };
        Ok(Self {
            path,
            file,
            length,
            head,
        })
    }

    /// The sequence number of the next manifest.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The hash the next manifest must name.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// Adds the manifest with these bytes; on disk when this returns.
    pub(crate) fn append(&mut self, id: RecordingId, manifest: &[u8]) -> Result<(), Error> {
        let entry = Entry {
            sequence: self.length,
            manifest_sha256: sha256_hex(manifest),
            id,
        };
        let at = self.length * LINE as u64;
        self.file
            .write_all_at(entry.line().as_bytes(), at)
            .and_then(|()| self.file.sync_data())
            .at(&self.path)?;
        self.length += 1;
        self.head = entry.manifest_sha256;
        Ok(())
    }
}

/// The chain as anybody may read it while it grows.
pub(crate) struct Reader {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Reader {
    /// The chain as long as it is now; None when there is none yet.
    pub(crate) fn open(path: PathBuf) -> Result<Option<Self>, Error> {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at(&path),
        };
        let length = file.metadata().at(&path)?.len() / LINE as u64;
        Ok(Some(Self { path, file, length }))
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn entry(&self, sequence: u64) -> Result<Entry, Error> {
        read_entry(&self.file, &self.path, sequence)
    }
}

fn read_entry(file: &File, path: &Path, sequence: u64) -> Result<Entry, Error> {
    let mut line = [0; LINE];
    file.read_exact_at(&mut line, sequence * LINE as u64)
        .at(path)?;
    Entry::parse(&line)
        .filter(|entry| entry.sequence == sequence)
        .ok_or_else(|| Error::damaged(path, format!("line {sequence} is not a chain entry")))
}

/// SHA-256 of `bytes` in hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}
