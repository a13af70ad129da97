//! Room on the disks that must not run full: the one with the database (or, where that is PostgreSQL's, the data folder), and
//! the recordings'. `/readyz` and the metrics read the same.

use std::path::{Path, PathBuf};

use crate::config::Config;

/// The disks this server writes to.
pub(super) struct Disks(Vec<Disk>);

struct Disk {
    /// `data` or `recordings`.
    name: &'static str,
    folder: PathBuf,
    /// Bytes that must be left; 0 where nobody asks.
    least: u64,
}

/// What is there of one disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    /// That may still be written by us.
    free: u64,
    size: u64,
}

impl Disks {
    pub(super) fn of(config: &Config) -> Self {
        let bytes = |mb: u32| u64::from(mb) * 1024 * 1024;
        let data = match config.database_file() {
            Some(file) => Disk {
                name: "data",
                folder: match file.parent() {
                    Some(folder) if folder != Path::new("") => folder.to_owned(),
                    Some(_) | None => PathBuf::from("."),
                },
                least: bytes(config.storage.min_free_mb),
            },
            None => Disk {
                name: "data",
                folder: config.data_dir.clone(),
                least: 0,
            },
        };
        let recordings = Disk {
            name: "recordings",
            folder: config.recordings_folder(),
            least: bytes(config.recordings.min_free_mb),
        };
        Self(vec![data, recordings])
    }

    /// The first folder whose disk has too little room left, in words. What cannot be asked is not full.
    pub(super) fn nearly_full(&self) -> Option<String> {
        self.0.iter().find_map(|disk| {
            let Room { free, .. } = disk.room()?;
            (free < disk.least).then(|| {
                let mb = |bytes: u64| bytes / 1024 / 1024;
                format!(
                    "{} MB are left on the disk of {}, less than {}",
                    mb(free),
                    disk.folder.display(),
                    mb(disk.least)
                )
            })
        })
    }

    /// Sets the gauges.
    pub(super) fn measure(&self) {
        for disk in &self.0 {
            if let Some(Room { free, size }) = disk.room() {
                // Bytes below 2^53 are whole in a float.
                metrics::gauge!("hotline_disk_free_bytes", "disk" => disk.name).set(free as f64);
                metrics::gauge!("hotline_disk_size_bytes", "disk" => disk.name).set(size as f64);
            }
        }
    }
}

impl Disk {
    /// Of the nearest folder that is there.
    fn room(&self) -> Option<Room> {
        let here = self.folder.ancestors().find(|folder| folder.exists())?;
        let disk = rustix::fs::statvfs(here).ok()?;
        Some(Room {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            size: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    fn recordings(folder: &Path, least: u64) -> Disks {
        Disks(vec![Disk {
            name: "recordings",
            folder: folder.join("not/yet/there"),
            least,
        }])
    }

    #[test]
    fn a_disk_with_less_room_than_asked_for_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(recordings(folder.path(), 1).nearly_full(), None);
        let said = recordings(folder.path(), u64::MAX).nearly_full().unwrap();
        assert!(said.contains("not/yet/there"), "{said}");
        // Nobody asked.
        assert_eq!(recordings(folder.path(), 0).nearly_full(), None);
    }

    #[test]
    fn every_disk_is_measured_whatever_holds_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: folder.path().to_owned(),
            ..Config::default()
        };
        for url in [None, Some("postgres://hotline@localhost/hotline")] {
            config.storage.url = url.map(|url| url.to_owned().try_into().unwrap());
            let disks = Disks::of(&config);
            for disk in &disks.0 {
                let Room { free, size } = disk.room().unwrap();
                assert!(0 < free && free <= size, "{free} of {size}");
            }
            let recorder = PrometheusBuilder::new().build_recorder();
            metrics::with_local_recorder(&recorder, || disks.measure());
            let page = recorder.handle().render();
            for name in ["data", "recordings"] {
                for what in ["free", "size"] {
                    let gauge = format!("hotline_disk_{what}_bytes{{disk=\"{name}\"}}");
                    assert!(page.contains(&gauge), "{gauge} is not in\n{page}");
                }
            }
        }
    }
}
