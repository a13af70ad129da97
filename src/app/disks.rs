//! Room on the disks that must not run full: the database's and the recordings'.

use std::path::{Path, PathBuf};

use crate::config::Config;

/// Folders, each with the room in bytes that must be left on its disk.
pub(super) struct Disks(Vec<(PathBuf, u64)>);

impl Disks {
    pub(super) fn of(config: &Config) -> Self {
        let bytes = |mb: u32| u64::from(mb) * 1024 * 1024;
        let database = config.database_file().map(|file| {
            let folder = match file.parent() {
                Some(folder) if folder != Path::new("") => folder.to_owned(),
                Some(_) | None => PathBuf::from("."),
            };
            (folder, bytes(config.storage.min_free_mb))
        });
        let recordings = (
            config.recordings_folder(),
            bytes(config.recordings.min_free_mb),
        );
        Self(database.into_iter().chain([recordings]).collect())
    }

    /// The first folder whose disk has too little room left, in words. What cannot be asked is not full.
    pub(super) fn nearly_full(&self) -> Option<String> {
        self.0.iter().find_map(|(folder, least)| {
            let free = free(folder)?;
            (*least > 0 && free < *least).then(|| {
                let mb = |bytes: u64| bytes / 1024 / 1024;
                format!(
                    "{} MB are left on the disk of {}, less than {}",
                    mb(free),
                    folder.display(),
                    mb(*least)
                )
            })
        })
    }
}

/// Bytes that may still be written below `folder`; that of the nearest folder that is there.
fn free(folder: &Path) -> Option<u64> {
    let here = folder.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(here).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_room_than_asked_for_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = folder.path().join("not/yet/there");
        let disks = |least| Disks(vec![(recordings.clone(), least)]);
        assert_eq!(disks(1).nearly_full(), None);
        let said = disks(u64::MAX).nearly_full().unwrap();
        assert!(said.contains("not/yet/there"), "{said}");
        // Nobody asked.
        assert_eq!(disks(0).nearly_full(), None);
    }
}
