//! What a crash leaves behind: an attachment's file whose ticket never came to know of it, a file that was being written, the
//! folder of an archive that was being taken away. No row names them. The next start removes them; `hotline check`, which may
//! run beside a server that is at work, names them.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tracing::{info, warn};
use uuid::Uuid;

use super::ports::blocking;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::storage::Storage;

/// Whatever is younger may be somebody's work that goes on: of an import or a restore in another process.
const YOUNG: Duration = Duration::from_secs(60 * 60);
/// Rows read at once.
const BATCH: u32 = 1_000;

/// Removes what the last run left. What cannot be removed is told, and hinders nobody.
pub(super) async fn clear(config: &Config, storage: &Storage, now: Timestamp) {
    let left = match find(config, storage, now).await {
        Ok(left) => left,
        Err(fault) => {
            warn!("what the last run left behind was not looked for: {fault:#}");
            return;
        }
    };
    for path in left {
        let removed = blocking({
            let path = path.clone();
            move || match path.is_dir() {
                true => fs::remove_dir_all(path),
                false => fs::remove_file(path),
            }
        });
        let path = path.display();
        match removed.await {
            Ok(()) => info!("removed what a crash left behind: {path}"),
            Err(fault) => warn!(%fault, "what a crash left behind stays: {path}: {fault}"),
        }
    }
}

/// What no row names and nobody works on any more, in order.
pub(super) async fn find(
    config: &Config,
    storage: &Storage,
    now: Timestamp,
) -> anyhow::Result<Vec<PathBuf>> {
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
    let old = now.checked_sub(YOUNG).unwrap_or(UNIX_EPOCH);
    let data = config.data_dir.clone();
    let mut left = blocking(move || exports(&data, old)).await?;
    let attachments = config.attachments_folder();
    let folders = {
        let attachments = attachments.clone();
        blocking(move || entries(&attachments)).await?
    };
    for folder in folders.iter().filter(|folder| is_hex(&name(folder), 2)) {
        let path = folder.path();
        let (unfinished, mut files) = blocking(move || old_files(&path, old)).await?;
        left.extend(unfinished);
        if !files.is_empty() {
            let named = named(storage, &name(folder)).await?;
            files.retain(|file| !named.contains(&file_name(file)));
            left.extend(files);
        }
    }
    left.sort();
    Ok(left)
}

/// The hashes of tickets' files that begin so.
async fn named(storage: &Storage, prefix: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    let mut after = prefix.to_owned();
    loop {
        let files = storage
            .attachment_files(&after, BATCH)
            .await
            .context("cannot read which files belong to tickets")?;
        let Some(last) = files.last() else {
            return Ok(named);
        };
        after.clone_from(&last.sha256);
        let own = files
            .into_iter()
            .map(|file| file.sha256)
            .take_while(|sha256| sha256.starts_with(prefix));
        named.extend(own);
        if !after.starts_with(prefix) {
            return Ok(named);
        }
    }
}

/// Folders of archives that were being taken away.
fn exports(data: &Path, old: SystemTime) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for entry in entries(data)? {
        let made_by_us = name(&entry)
            .strip_prefix("export-")
            .is_some_and(|id| Uuid::parse_str(id).is_ok());
        if made_by_us && entry.file_type()?.is_dir() && is_old(&entry, old)? {
            left.push(entry.path());
        }
    }
    Ok(left)
}

/// The files of one folder of attachments: those that were being written, and those under a hash.
fn old_files(folder: &Path, old: SystemTime) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut unfinished, mut files) = (Vec::new(), Vec::new());
    for entry in entries(folder)? {
        if !entry.file_type()?.is_file() || !is_old(&entry, old)? {
            continue;
        }
        let name = name(&entry);
        if is_hex(&name, 64) {
            files.push(entry.path());
        } else if name.starts_with("part-") {
            unfinished.push(entry.path());
        }
    }
    Ok((unfinished, files))
}

/// What is in `folder`; nothing, where there is none.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}

fn is_old(entry: &DirEntry, old: SystemTime) -> io::Result<bool> {
    Ok(entry.metadata()?.modified()? < old)
}

fn name(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn is_hex(name: &str, digits: usize) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    name.len() == digits && name.bytes().all(hex)
}
