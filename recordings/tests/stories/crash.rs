//! The server dies. What was written is kept, opens, and says what it is.

use std::fs;
use std::path::{Path, PathBuf};

use hotline_recordings::{GapCause, Manifest, Role, Store};
use proptest::prelude::*;

use crate::support::{START_MS, begin, id, party, read, tone};

const LATER_MS: i64 = START_MS + 60_000;

fn file(root: &Path, name: &str) -> PathBuf {
    root.join("2025/01/24").join(format!("{}.{name}", id(1)))
}

/// A call of three seconds with a third party in the last one, cut off by the crash.
fn crashed(root: &Path) {
    let store = Store::open(root).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    for second in 0..3 {
        let at = second * 8_000;
        let mut tracks = vec![(0, tone(440.0, at, 8_000)), (1, tone(1_000.0, at, 8_000))];
        if second == 2 {
            writer.join(party(2, Role::Specialist, "城管局")).unwrap();
            tracks.push((2, tone(1_700.0, at, 8_000)));
        }
        writer.append(at, &tracks).unwrap();
    }
}

fn recovered(root: &Path) -> Vec<Manifest> {
    let store = Store::open(root).unwrap();
    let recovered = store.recover(LATER_MS).unwrap();
    assert_eq!(store.archive().verify().unwrap(), []);
    assert!(
        store.recover(LATER_MS).unwrap().is_empty(),
        "nothing is left to do"
    );
    recovered
        .into_iter()
        .map(|one| one.outcome.unwrap())
        .collect()
}

#[test]
fn every_half_second_the_file_on_disk_is_a_good_wav() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    let mut sent = 0;
    while sent < 40_000 {
        writer.append(sent, &[(0, tone(440.0, sent, 160))]).unwrap();
        sent += 160;
        let on_disk = read(&file(dir.path(), "wav.part"))[0].len() as u64;
        assert!(
            sent - on_disk < 4_000,
            "{} samples are not in the header",
            sent - on_disk
        );
    }
}

#[test]
fn what_ran_at_the_crash_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    crashed(dir.path());
    let manifests = recovered(dir.path());
    let [manifest] = &manifests[..] else {
        panic!("one recording ran");
    };
    assert!(manifest.recovered);
    assert_eq!(manifest.call_id, "call-1");
    assert_eq!(manifest.samples, 24_000);
    assert_eq!(manifest.finished_at_ms, LATER_MS);
    assert_eq!(manifest.parties[2].label, "城管局");
    assert_eq!(manifest.files.len(), 2);
    assert!(!file(dir.path(), "wav.part").exists());
}

#[test]
fn a_pause_survives_the_crash() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(dir.path()).unwrap();
        let mut writer = store.begin(begin(1)).unwrap();
        writer.pause(0, "agent1000", "身份证号").unwrap();
        writer.append(0, &[(0, tone(440.0, 0, 8_000))]).unwrap();
    }
    let manifest = recovered(dir.path()).remove(0);
    assert_eq!(manifest.gaps[0].to_sample, 8_000);
    assert!(matches!(&manifest.gaps[0].cause, GapCause::Paused { by, .. } if by == "agent1000"));
    assert!(
        read(&file(dir.path(), "wav"))[0]
            .iter()
            .all(|sample| *sample == 0)
    );
}

#[test]
fn sound_whose_sheet_is_gone_is_kept_with_nobody_named() {
    let dir = tempfile::tempdir().unwrap();
    crashed(dir.path());
    fs::remove_file(dir.path().join(format!("open/{}.jsonl", id(1)))).unwrap();
    let manifest = recovered(dir.path()).remove(0);
    assert_eq!((manifest.samples, manifest.call_id.as_str()), (24_000, ""));
    assert_eq!(manifest.parties[0].role, Role::Unknown);
    assert_eq!(
        manifest.files.len(),
        2,
        "the third party's own sound is found too"
    );
}

/// Each moment of sealing at which the power may go, made by taking its later steps back.
#[test]
fn a_crash_while_sealing_seals_once() {
    let sheet = |root: &Path| root.join(format!("open/{}.jsonl", id(1)));
    type TakeBack = fn(&Path);
    let moments: [(&str, TakeBack); 4] = [
        ("after the chain", |_| {}),
        ("before the chain", |root| {
            fs::write(root.join("chain.log"), "").unwrap();
        }),
        ("in the middle of the chain's line", |root| {
            let chain = fs::read(root.join("chain.log")).unwrap();
            fs::write(root.join("chain.log"), &chain[..50]).unwrap();
        }),
        ("before the manifest", |root| {
            fs::write(root.join("chain.log"), "").unwrap();
            fs::remove_file(file(root, "json")).unwrap();
        }),
    ];
    for (moment, take_back) in moments {
        let dir = tempfile::tempdir().unwrap();
        crashed(dir.path());
        let open = fs::read(sheet(dir.path())).unwrap();
        recovered(dir.path());
        fs::write(sheet(dir.path()), open).unwrap();
        take_back(dir.path());

        let again = recovered(dir.path());
        assert_eq!(
            again.len(),
            usize::from(moment != "after the chain"),
            "{moment}"
        );
        let archive = hotline_recordings::Archive::open(dir.path());
        assert_eq!(archive.head().unwrap().unwrap().sequence, 0, "{moment}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// The file may end anywhere and the header may be anything: what is there is kept, to the last whole frame.
    #[test]
    fn a_file_cut_at_any_byte_opens_with_everything_before_the_cut(
        cut in 0_usize..96_044,
        header in proptest::option::of(proptest::array::uniform32(any::<u8>())),
    ) {
        let dir = tempfile::tempdir().unwrap();
        crashed(dir.path());
        let part = file(dir.path(), "wav.part");
        let mut bytes = fs::read(&part).unwrap();
        bytes.truncate(cut);
        if let Some(garbage) = header {
            let length = bytes.len().min(garbage.len());
            bytes[..length].copy_from_slice(&garbage[..length]);
        }
        fs::write(&part, &bytes).unwrap();

        let manifest = recovered(dir.path()).remove(0);
        let frames = cut.saturating_sub(44) / 4;
        prop_assert_eq!(manifest.samples, frames as u64);
        let stereo = read(&file(dir.path(), "wav"));
        prop_assert_eq!(&stereo[0], &tone(440.0, 0, frames));
        // From its third second on, the right side is two voices.
        let alone = frames.min(16_000);
        prop_assert_eq!(&stereo[1][..alone], &tone(1_000.0, 0, alone)[..]);
    }
}
