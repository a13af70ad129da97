//! The disk is full for a while. The calls live on, and what could be written is there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use hotline_recordings::{
    Chunk, Event, GapCause, PoolOptions, Recorder, Store, Trouble, WriterPool,
};

use crate::support::{begin, id, read, tone};

/// A file system of its own, small enough to fill; gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this process may not mount.
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(dir.path())
            .output()
            .is_ok_and(|done| done.status.success());
        mounted.then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        // Ends in an error, which is the point; what fits stays.
        let _ = fs::write(self.path().join("ballast"), vec![1; 2 << 20]);
    }

    fn free(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .output();
    }
}

fn second(n: u64) -> Chunk {
    let at = n * 8_000;
    Chunk {
        start_sample: at,
        tracks: vec![(0, tone(440.0, at, 8_000)), (1, tone(1_000.0, at, 8_000))],
    }
}

/// Waits until everything handed over is done: when a job for nobody has been taken, the jobs before it are.
fn settle(recorder: &Recorder) {
    recorder.chunk(id(9), second(0)).unwrap();
    while recorder.counters().waiting > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_costs_its_own_time_and_nothing_else() {
    let Some(disk) = SmallDisk::mount() else {
        return; // Only root may mount; CI is root.
    };
    let store = Store::open(disk.path()).unwrap();
    let (tell, told) = sync_channel(64);
    let pool = WriterPool::start(store.clone(), PoolOptions::default(), move |event| {
        tell.send(event).unwrap()
    })
    .unwrap();
    let recorder = pool.recorder();
    let next = || told.recv_timeout(Duration::from_secs(20)).unwrap();

    recorder.begin(begin(1)).unwrap();
    recorder.chunk(id(1), second(0)).unwrap();
    settle(&recorder);
    disk.fill();
    for n in 1..5 {
        recorder.chunk(id(1), second(n)).unwrap();
    }
    let Event::Failed {
        trouble: Trouble::Write,
        call_id,
        ..
    } = next()
    else {
        panic!("the first thing told is that writing failed");
    };
    assert_eq!(call_id, "call-1");
    // A call that begins now has no file yet, and is told so.
    recorder.begin(begin(2)).unwrap();
    let Event::Failed {
        trouble: Trouble::Begin,
        ..
    } = next()
    else {
        panic!("the next thing told is the second call's");
    };
    recorder.chunk(id(2), second(0)).unwrap();
    settle(&recorder);
    disk.free();
    recorder.chunk(id(1), second(5)).unwrap();
    recorder.chunk(id(2), second(1)).unwrap();
    for n in [1, 2] {
        recorder.finish(id(n), 0, 0, "call_ended").unwrap();
    }
    for (n, from) in [(1, 8_000..=20_000), (2, 0..=0)] {
        let Event::Stored(manifest) = next() else {
            panic!("with the disk free, both are stored");
        };
        assert_eq!(manifest.id, id(n));
        let [gap] = &manifest.gaps[..] else {
            panic!("one spell of trouble is one gap: {:?}", manifest.gaps);
        };
        assert_eq!(gap.cause, GapCause::Lost);
        assert!(from.contains(&gap.from_sample), "{gap:?}");
        assert_eq!(gap.to_sample, manifest.samples - 8_000);
        let left = &read(&disk.path().join(format!("2025/01/24/{}.wav", id(n))))[0];
        let end = gap.to_sample as usize;
        assert_eq!(
            left[..gap.from_sample as usize],
            tone(440.0, 0, gap.from_sample as usize)
        );
        assert!(
            left[gap.from_sample as usize..end]
                .iter()
                .all(|sample| *sample == 0)
        );
        assert_eq!(left[end..], tone(440.0, gap.to_sample, 8_000));
    }
    pool.drain();
    assert_eq!(store.archive().verify().unwrap(), []);
}

#[test]
fn what_cannot_be_sealed_is_sealed_when_it_can() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    {
        let store = Store::open(disk.path()).unwrap();
        let mut writer = store.begin(begin(1)).unwrap();
        writer.append(0, &[(0, tone(440.0, 0, 8_000))]).unwrap();
        disk.fill();
        assert!(writer.finish(0, "call_ended").is_err());
    }
    disk.free();
    let store = Store::open(disk.path()).unwrap();
    let recovered = store.recover(crate::support::START_MS).unwrap();
    assert_eq!(recovered[0].outcome.as_ref().unwrap().samples, 8_000);
    assert_eq!(store.archive().verify().unwrap(), []);
}

#[test]
fn the_sealer_comes_back_to_what_the_disk_refused() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let store = Store::open(disk.path()).unwrap();
    let (tell, told) = sync_channel(64);
    let pool = WriterPool::start(store.clone(), PoolOptions::default(), move |event| {
        tell.send(event).unwrap();
    })
    .unwrap();
    let recorder = pool.recorder();
    let next = || told.recv_timeout(Duration::from_secs(20)).unwrap();
    for n in 1..=3 {
        recorder.begin(begin(n)).unwrap();
        recorder.chunk(id(n), second(0)).unwrap();
    }
    settle(&recorder);
    for n in 1..=2 {
        disk.fill();
        recorder.finish(id(n), 8_000, 0, "call_ended").unwrap();
        let refused = next();
        assert!(
            matches!(
                refused,
                Event::Failed {
                    trouble: Trouble::Seal,
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    disk.free();
    recorder.finish(id(3), 8_000, 0, "call_ended").unwrap();
    let order = [next(), next(), next()].map(|event| match event {
        Event::Stored(manifest) => manifest.id,
        failed @ Event::Failed { .. } => panic!("{failed:?}"),
    });
    assert_eq!(order, [id(3), id(1), id(2)]);
    pool.drain();
    assert_eq!(store.archive().verify().unwrap(), []);
}
