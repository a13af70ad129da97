//! `hotline check`, `backup`, `restore`: the operator's commands on what is kept.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use hotline_recordings::Archive;
use uuid::Uuid;

use super::attachments::Folder;
use super::{leftovers, open_storage};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::id::RecordingId;
use crate::storage::Storage;
use crate::storage::attachments::KeptFile;
use crate::storage::backup::{BackupSheet, sheet_of};

/// The recordings' part of a backup.
const MANIFESTS: &str = "recordings.jsonl";
/// The attachments' part.
const ATTACHMENTS: &str = "attachments";
/// The data key's copy, when the key is our own file and not the operator's.
const DATA_KEY: &str = "data.key";

/// Opens the database that is there. A mistyped folder must not look like an empty hotline in good order.
async fn open_existing(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Storage> {
    if let Some(file) = config.database_file()
        && !file.exists()
    {
        bail!(
            "there is no database at {}: are data_dir and storage.url right?",
            file.display()
        );
    }
    open_storage(config, clock).await
}

/// What is not wrong and wants somebody's attention.
pub async fn warnings(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Vec<String>> {
    let storage = open_existing(config, clock).await?;
    let warnings = super::warnings(&storage).await?;
    storage.close().await;
    Ok(warnings)
}

/// Every difference between what is kept and what should be; empty when all is well.
pub async fn check(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Vec<String>> {
    let storage = open_existing(config, Arc::clone(&clock)).await?;
    let mut differences: Vec<String> = storage
        .check(clock.now())
        .await?
        .iter()
        .map(ToString::to_string)
        .collect();
    let archive = Archive::open(config.recordings_folder());
    let wrong = tokio::task::spawn_blocking(move || archive.verify()).await??;
    differences.extend(wrong.iter().map(ToString::to_string));
    differences.extend(foreign_tombstones(&storage, config).await?);
    differences.extend(lost_attachments(&storage, config).await?);
    let left = leftovers::find(config, &storage, clock.now()).await?;
    differences.extend(left.iter().map(|path| {
        let path = path.display();
        format!("{path}: left behind by a crash, named by no row: the next start removes it")
    }));
    storage.close().await;
    Ok(differences)
}

/// Sound that was deleted by somebody else: its tombstone is not the one that the database laid.
async fn foreign_tombstones(storage: &Storage, config: &Config) -> anyhow::Result<Vec<String>> {
    let archive = Archive::open(config.recordings_folder());
    let found = tokio::task::spawn_blocking(move || archive.tombstones()).await??;
    let mut foreign = Vec::new();
    for (id, bytes) in found {
        let ours = storage
            .disposal(RecordingId(Uuid::from_u128(id.as_u128())))
            .await?;
        if ours.is_none_or(|ours| ours.tombstone.as_bytes() != bytes) {
            foreign.push(format!(
                "recording {id}: its tombstone was not laid by this server"
            ));
        }
    }
    Ok(foreign)
}

/// Files of tickets that are missing, or not what they were.
async fn lost_attachments(storage: &Storage, config: &Config) -> anyhow::Result<Vec<String>> {
    let folder = Folder::at(config.attachments_folder());
    let mut lost = Vec::new();
    each_attachment(storage, |file| {
        let trouble = match folder.read(&file.sha256) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => "is missing".to_owned(),
            Err(fault) => fault.to_string(),
        };
        lost.push(format!(
            "attachment {} of ticket {}: {trouble}",
            file.sha256, file.ticket
        ));
        Ok(())
    })
    .await?;
    Ok(lost)
}

/// Does something with every file that belongs to a ticket.
async fn each_attachment(
    storage: &Storage,
    mut with: impl FnMut(&KeptFile) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    const BATCH: u32 = 1_000;
    let mut after = String::new();
    loop {
        let files = storage.attachment_files(&after, BATCH).await?;
        let Some(last) = files.last() else {
            return Ok(());
        };
        after.clone_from(&last.sha256);
        for file in &files {
            with(file)?;
        }
    }
}

/// Copies the database, the recordings' manifests and the attachments' files into `dir`, while a server may be running. A line for
/// a person.
pub async fn backup(config: &Config, clock: Arc<dyn Clock>, dir: &Path) -> anyhow::Result<String> {
    let storage = open_existing(config, Arc::clone(&clock)).await?;
    let sheet = storage
        .backup(clock.now(), dir)
        .await
        .with_context(|| format!("cannot copy the database into {}", dir.display()))?;
    let mut attachments = 0;
    let (here, there) = (
        Folder::at(config.attachments_folder()),
        Folder::at(dir.join(ATTACHMENTS)),
    );
    each_attachment(&storage, |file| {
        attachments += u64::from(here.copy_to(&file.sha256, &there)?);
        Ok(())
    })
    .await?;
    storage.close().await;
    if config.storage.data_key_file.is_none() {
        // Keeps the mode of the original: readable by nobody else.
        std::fs::copy(config.data_key_file(), dir.join(DATA_KEY))
            .context("cannot copy the data key")?;
    }
    let archive = Archive::open(config.recordings_folder());
    let path = dir.join(MANIFESTS);
    let manifests = {
        let file =
            File::create_new(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut out = BufWriter::new(file);
        let manifests = archive.export(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        manifests
    };
    Ok(format!(
        "{} rows, {manifests} recordings' manifests, {attachments} attachments in {}",
        rows(&sheet),
        dir.display()
    ))
}

/// Brings a backup into an empty database and an empty recordings' folder.
pub async fn restore(config: &Config, clock: Arc<dyn Clock>, dir: &Path) -> anyhow::Result<String> {
    let folder = config.recordings_folder();
    let archive = Archive::open(&folder);
    if archive.head()?.is_some() {
        bail!(
            "{} holds recordings: restore needs an empty place",
            folder.display()
        );
    }
    // The key its rows are sealed with, unless there is one already: then it must be the same.
    let (kept, key) = (dir.join(DATA_KEY), config.data_key_file());
    let sheet = sheet_of(dir)
        .await
        .with_context(|| format!("no backup in {}", dir.display()))?;
    if sheet.is_sealed() && !kept.exists() && !key.exists() {
        bail!(
            "the backup's numbers are sealed with a key that is neither in it nor at {}: put the key there first, a new \
             one opens nothing",
            key.display()
        );
    }
    if kept.exists() && !key.exists() {
        std::fs::create_dir_all(&config.data_dir)?;
        std::fs::copy(&kept, &key).with_context(|| format!("cannot write {}", key.display()))?;
    }
    let storage = open_storage(config, clock).await?;
    let sheet = storage
        .restore(dir)
        .await
        .with_context(|| format!("cannot restore the database from {}", dir.display()))?;
    let mut attachments = 0;
    let (there, here) = (
        Folder::at(dir.join(ATTACHMENTS)),
        Folder::at(config.attachments_folder()),
    );
    each_attachment(&storage, |file| {
        attachments += u64::from(there.copy_to(&file.sha256, &here)?);
        Ok(())
    })
    .await?;
    storage.close().await;
    let path = dir.join(MANIFESTS);
    let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifests = archive.import(BufReader::new(file))?;
    Ok(format!(
        "{} rows, {manifests} recordings' manifests, {attachments} attachments from {}",
        rows(&sheet),
        dir.display()
    ))
}

fn rows(sheet: &BackupSheet) -> u64 {
    sheet.tables.iter().map(|table| table.rows).sum()
}
