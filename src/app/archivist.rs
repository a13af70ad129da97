//! An archive for whoever may take it away over HTTP: made in a folder of its own, sent as a tar while it is read, and gone
//! afterwards whatever happens.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tracing::error;

use super::archive::{Making, make};
use crate::api::{ArchiveChunks, ArchiveMaker, Bytes, Pending};
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::storage::archive::Selection;

/// At once; each copies sound.
const AT_ONCE: usize = 2;
/// Chunks that wait for a slow reader; then the writing waits.
const UNREAD: usize = 8;
const CHUNK: usize = 64 * 1024;

pub(super) struct Archivist {
    making: Making,
    clock: Arc<dyn Clock>,
    /// Where folders of a moment are made.
    folder: PathBuf,
    room: Arc<Semaphore>,
}

impl Archivist {
    pub(super) fn new(making: Making, clock: Arc<dyn Clock>, folder: PathBuf) -> Self {
        Self {
            making,
            clock,
            folder,
            room: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl ArchiveMaker for Archivist {
    fn make(&self, selection: Selection) -> Pending<'_, Option<ArchiveChunks>> {
        Box::pin(async move {
            let permit = Arc::clone(&self.room).try_acquire_owned().ok()?;
            let (out, chunks) = mpsc::channel(UNREAD);
            let place = Place(self.folder.join(format!("export-{}", self.clock.new_id())));
            let (making, now) = (self.making.clone(), self.clock.now());
            tokio::spawn(async move {
                let _permit = permit;
                let done = write(&making, now, &selection, place, &out).await;
                if let Err(fault) = done {
                    error!(
                        fault = format!("{fault:#}"),
                        "an archive broke off: {fault:#}"
                    );
                    let _ = out
                        .send(Err(io::Error::other("the archive broke off")))
                        .await;
                }
            });
            Some(chunks)
        })
    }
}

/// A folder that goes when it is no longer needed.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(fault) = fs::remove_dir_all(&self.0)
            && fault.kind() != io::ErrorKind::NotFound
        {
            error!(%fault, folder = %self.0.display(), "an export's folder stays behind: {fault}");
        }
    }
}

async fn write(
    making: &Making,
    now: Timestamp,
    selection: &Selection,
    place: Place,
    out: &mpsc::Sender<io::Result<Bytes>>,
) -> anyhow::Result<()> {
    let paths = make(making, now, selection, &place.0).await?;
    let out = out.clone();
    tokio::task::spawn_blocking(move || {
        let place = place;
        let sent = tar(&place.0, &paths, |chunk| {
            // A reader that went away ends it; that is no fault.
            out.blocking_send(Ok(chunk)).is_ok()
        });
        sent.map_err(anyhow::Error::from)
    })
    .await?
}

/// The files as a tar (POSIX.1-1988 ustar), a chunk at a time, until `send` says that nobody reads.
fn tar(folder: &Path, paths: &[String], mut send: impl FnMut(Bytes) -> bool) -> io::Result<()> {
    for path in paths {
        let mut file = File::open(folder.join(path))?;
        let bytes = file.metadata()?.len();
        if !send(Bytes::copy_from_slice(&header(path, bytes)?)) {
            return Ok(());
        }
        let mut left = bytes;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let mut chunk = vec![0; most];
            file.read_exact(&mut chunk)?;
            left -= most as u64;
            if !send(Bytes::from(chunk)) {
                return Ok(());
            }
        }
        let over = usize::try_from(bytes % BLOCK as u64).unwrap_or(0);
        if over > 0 && !send(Bytes::from(vec![0; BLOCK - over])) {
            return Ok(());
        }
    }
    send(Bytes::from(vec![0; 2 * BLOCK]));
    Ok(())
}

const BLOCK: usize = 512;

/// One file's header: name, mode, owner, size, time, checksum, kind.
fn header(path: &str, bytes: u64) -> io::Result<[u8; BLOCK]> {
    const SIZE_MAX: u64 = 0o777_7777_7777;
    if path.len() > 100 || bytes > SIZE_MAX {
        return Err(io::Error::other(format!("{path} does not fit into a tar")));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, path.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{bytes:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tar_reads_is_what_was_there() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("rows")).unwrap();
        let long = vec![7; 100_000];
        fs::write(place.path().join("rows/ticket.jsonl"), &long).unwrap();
        fs::write(place.path().join("archive.json"), b"{}").unwrap();
        let paths = ["rows/ticket.jsonl".to_owned(), "archive.json".to_owned()];
        let mut sent = Vec::new();
        tar(place.path(), &paths, |chunk| {
            sent.extend_from_slice(&chunk);
            true
        })
        .unwrap();
        let there = tempfile::tempdir().unwrap();
        let file = there.path().join("a.tar");
        fs::write(&file, sent).unwrap();
        let done = std::process::Command::new("tar")
            .args(["-xf", "a.tar"])
            .current_dir(there.path())
            .status()
            .unwrap();
        assert!(done.success());
        assert_eq!(fs::read(there.path().join(&paths[0])).unwrap(), long);
        assert_eq!(fs::read(there.path().join(&paths[1])).unwrap(), b"{}");
    }
}
