//! Manifests and chain can be carried to another place and are the same there.

use std::fs;

use hotline_recordings::{Archive, Difference, Store};

use crate::support::{begin, id, tone};

#[test]
fn an_export_brings_back_the_same_chain_and_asks_for_its_sound() {
    let from = tempfile::tempdir().unwrap();
    let store = Store::open(from.path()).unwrap();
    for n in 0..3 {
        let mut writer = store.begin(begin(n)).unwrap();
        writer.append(0, &[(0, tone(440.0, 0, 1_000))]).unwrap();
        writer.finish(0, "call_ended").unwrap();
    }
    let mut export = Vec::new();
    assert_eq!(store.archive().export(&mut export).unwrap(), 3);

    let to = tempfile::tempdir().unwrap();
    let archive = Archive::open(to.path());
    assert_eq!(archive.import(&export[..]).unwrap(), 3);
    assert_eq!(archive.head().unwrap(), store.archive().head().unwrap());
    let missing = |n| Difference::Missing {
        path: format!("2025/01/24/{}.wav", id(n)).into(),
    };
    assert_eq!(
        archive.verify().unwrap(),
        [missing(0), missing(1), missing(2)]
    );

    for n in 0..3 {
        let name = format!("2025/01/24/{}.wav", id(n));
        fs::copy(from.path().join(&name), to.path().join(&name)).unwrap();
    }
    assert_eq!(archive.verify().unwrap(), []);
    assert!(
        archive.import(&export[..]).is_err(),
        "never over another archive"
    );

    // The chain goes on where it was.
    let store = Store::open(to.path()).unwrap();
    let manifest = store
        .begin(begin(3))
        .unwrap()
        .finish(0, "call_ended")
        .unwrap();
    assert_eq!(manifest.sequence, 3);
    assert_eq!(archive.verify().unwrap(), []);
}

#[test]
fn an_export_that_was_meddled_with_is_refused() {
    let from = tempfile::tempdir().unwrap();
    let store = Store::open(from.path()).unwrap();
    for n in 0..3 {
        store
            .begin(begin(n))
            .unwrap()
            .finish(0, "call_ended")
            .unwrap();
    }
    let mut export = Vec::new();
    store.archive().export(&mut export).unwrap();
    let text = String::from_utf8(export).unwrap();
    let without_second: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(n, _)| *n != 1)
        .map(|(_, line)| line)
        .collect();
    for bad in [
        text.replace("call-0", "call-9"),
        without_second.join("\n"),
        text[..text.len() - 20].to_owned(),
    ] {
        let to = tempfile::tempdir().unwrap();
        let archive = Archive::open(to.path());
        assert!(archive.import(bad.as_bytes()).is_err());
        assert_eq!(archive.head().unwrap(), None);
    }
}
