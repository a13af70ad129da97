//! `hotline export`, `hotline import`: tickets with everything that belongs to them, as a folder (article 12).
//!
//! ```text
//! archive.json             which tickets, and the SHA-256 of each file; written last, so a folder with it is whole
//! tickets/<number>.json    each ticket for a reader: state, events, supervision with minutes
//! rows/<table>.jsonl       the same for a server
//! recordings/<id>.json     manifests as they were sealed, with the sound, or the tombstone of what was deleted
//! attachments/<ab>/<hash>  files of the tickets under the hash of their bytes
//! ```

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Component, Path};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use hotline_recordings::Archive;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::attachments;
use super::open_storage;
use super::ports::file_id;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::id::RecordingId;
use crate::domain::time::Timestamp;
use crate::storage::Storage;
use crate::storage::archive::{Exported, Selection};

const FORMAT: &str = "hotline-archive/1";
const SHEET: &str = "archive.json";
const RECORDINGS: &str = "recordings";
const ATTACHMENTS: &str = "attachments";

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    format: String,
    /// Version of the tables.
    schema: i64,
    made_at: Timestamp,
    tickets: Vec<String>,
    files: Vec<FileSheet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSheet {
    path: String,
    bytes: u64,
    sha256: String,
}

/// What an archive is made from.
#[derive(Clone)]
pub(super) struct Making {
    pub(super) storage: Storage,
    pub(super) recordings: Archive,
    pub(super) attachments: attachments::Folder,
}

/// Writes the selected tickets into the new folder `dir`; the paths of the files, the sheet last.
pub(super) async fn make(
    making: &Making,
    now: Timestamp,
    selection: &Selection,
    dir: &Path,
) -> anyhow::Result<Vec<String>> {
    let sheet = made(making, now, selection, dir).await?;
    let files = sheet.files.into_iter().map(|file| file.path);
    Ok(files.chain([SHEET.to_owned()]).collect())
}

/// Writes the selected tickets into the new folder `dir`. A line for a person.
pub async fn export(
    config: &Config,
    clock: Arc<dyn Clock>,
    selection: &Selection,
    dir: &Path,
) -> anyhow::Result<String> {
    let making = Making {
        storage: open_storage(config, Arc::clone(&clock)).await?,
        recordings: Archive::open(config.recordings_folder()),
        attachments: attachments::Folder::at(config.attachments_folder()),
    };
    let sheet = made(&making, clock.now(), selection, dir).await?;
    making.storage.close().await;
    Ok(format!(
        "{} tickets, {} files in {}",
        sheet.tickets.len(),
        sheet.files.len(),
        dir.display()
    ))
}

async fn made(
    making: &Making,
    now: Timestamp,
    selection: &Selection,
    dir: &Path,
) -> anyhow::Result<Sheet> {
    fs::DirBuilder::new()
        .recursive(true)
        .create(dir)
        .with_context(|| format!("cannot make {}", dir.display()))?;
    ensure!(
        fs::read_dir(dir)?.next().is_none(),
        "{} holds files already: an archive wants a new folder",
        dir.display()
    );
    restrict(dir)?;
    let tickets = making.storage.selected(selection).await?;
    ensure!(!tickets.is_empty(), "no ticket is selected");
    let exported = making
        .storage
        .export(&tickets, dir)
        .await
        .context("cannot export the tickets")?;
    let (making, dir) = (making.clone(), dir.to_owned());
    tokio::task::spawn_blocking(move || {
        finish(&making.recordings, &making.attachments, exported, now, &dir)
    })
    .await?
}

/// What was asked for on the command line; a day is Beijing's.
pub fn selection(
    numbers: Vec<String>,
    cluster: Option<&str>,
    period: Option<(String, String)>,
) -> anyhow::Result<Selection> {
    let day = |text: String| {
        let day: jiff::civil::Date = text
            .parse()
            .with_context(|| format!("{text:?} is not a day"))?;
        anyhow::Ok(Timestamp::from_beijing(day.at(0, 0, 0, 0)))
    };
    Ok(Selection {
        numbers,
        cluster: cluster
            .map(|id| id.parse().with_context(|| format!("{id:?} is not an id")))
            .transpose()?,
        period: period
            .map(|(since, until)| anyhow::Ok((day(since)?, day(until)?)))
            .transpose()?,
    })
}

/// Readable by nobody else: what is in it is about people.
fn restrict(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// Adds the recordings, then the sheet.
fn finish(
    archive: &Archive,
    attachments: &attachments::Folder,
    exported: Exported,
    now: Timestamp,
    dir: &Path,
) -> anyhow::Result<Sheet> {
    let mut paths = exported.files;
    let folder = dir.join(RECORDINGS);
    fs::create_dir_all(&folder)?;
    for id in &exported.recordings {
        paths.extend(copy_recording(archive, *id, &folder)?);
    }
    let there = attachments::Folder::at(dir.join(ATTACHMENTS));
    for sha256 in &exported.attachments {
        // One that is missing here is for `hotline check` to tell.
        if attachments.copy_to(sha256, &there)? {
            paths.push(format!("{ATTACHMENTS}/{}/{sha256}", &sha256[..2]));
        }
    }
    let mut files = Vec::new();
    for path in paths {
        let (bytes, sha256) = hash(&dir.join(&path))?;
        files.push(FileSheet {
            path,
            bytes,
            sha256,
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let sheet = Sheet {
        format: FORMAT.to_owned(),
        schema: exported.schema,
        made_at: now,
        tickets: exported.tickets,
        files,
    };
    let mut file = File::create_new(dir.join(SHEET))?;
    file.write_all(serde_json::to_string_pretty(&sheet)?.as_bytes())?;
    file.sync_all()?;
    Ok(sheet)
}

fn copy_recording(
    archive: &Archive,
    id: RecordingId,
    folder: &Path,
) -> anyhow::Result<Vec<String>> {
    let Some(file_id) = file_id(id) else {
        bail!("recording {id} has an id that is none of the store's");
    };
    let Some((manifest, bytes)) = archive.manifest_bytes(file_id)? else {
        // The call ended a moment ago, or its sound was never written: `hotline check` says which.
        return Ok(Vec::new());
    };
    let mut names = vec![format!("{id}.json")];
    fs::write(folder.join(&names[0]), bytes)?;
    if let Some(tombstone) = archive.tombstone(file_id)? {
        let name = format!("{id}.gone");
        fs::write(folder.join(&name), tombstone)?;
        names.push(name);
    } else {
        for sound in &manifest.files {
            let from = archive.sound_path(file_id, &sound.name);
            fs::copy(&from, folder.join(&sound.name))
                .with_context(|| format!("cannot copy {}", from.display()))?;
            names.push(sound.name.clone());
        }
    }
    Ok(names
        .into_iter()
        .map(|name| format!("{RECORDINGS}/{name}"))
        .collect())
}

/// Takes an archive in, after every file was found to be what the sheet says.
pub async fn import(config: &Config, clock: Arc<dyn Clock>, dir: &Path) -> anyhow::Result<String> {
    let path = dir.join(SHEET);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let sheet: Sheet = serde_json::from_str(&text)
        .with_context(|| format!("{} is not an archive's sheet", path.display()))?;
    ensure!(
        sheet.format == FORMAT,
        "an archive of format {:?} is not understood",
        sheet.format
    );
    for file in &sheet.files {
        verify(dir, file)?;
    }
    let storage = open_storage(config, Arc::clone(&clock)).await?;
    let rows = storage
        .import(clock.now(), dir, sheet.schema)
        .await
        .context("cannot take the tickets in")?;
    storage.close().await;
    let archive = Archive::open(config.recordings_folder());
    let folder = dir.join(RECORDINGS);
    let mut recordings = 0;
    let there = attachments::Folder::at(dir.join(ATTACHMENTS));
    let here = attachments::Folder::at(config.attachments_folder());
    for file in &sheet.files {
        if file.path.starts_with("attachments/") {
            let sha256 = file.path.rsplit('/').next().unwrap_or_default();
            ensure!(
                there.copy_to(sha256, &here)?,
                "{} is not where an attachment's file would be",
                file.path
            );
        }
        let name = file.path.strip_prefix("recordings/");
        if let Some(id) = name.and_then(|name| name.strip_suffix(".json")) {
            let manifest = fs::read(folder.join(format!("{id}.json")))?;
            let stone = folder.join(format!("{id}.gone"));
            let stone = stone.exists().then(|| fs::read(stone)).transpose()?;
            archive.adopt(&manifest, &folder, stone.as_deref())?;
            recordings += 1;
        }
    }
    Ok(format!(
        "{} tickets, {rows} rows, {recordings} recordings from {}",
        sheet.tickets.len(),
        dir.display()
    ))
}

fn verify(dir: &Path, file: &FileSheet) -> anyhow::Result<()> {
    let path = Path::new(&file.path);
    // A sheet is somebody's word: it names files inside its folder and nothing else.
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    ensure!(inside, "the sheet names {:?}, which is outside", file.path);
    let (bytes, sha256) = hash(&dir.join(path))?;
    ensure!(
        bytes == file.bytes && sha256 == file.sha256,
        "{} is not what the sheet says",
        file.path
    );
    Ok(())
}

fn hash(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
        bytes += read as u64;
    }
    let sha256 = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok((bytes, sha256))
}
