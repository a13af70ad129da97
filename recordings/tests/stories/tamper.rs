//! Somebody was at the files. Each way is found, and named.

use std::fs;
use std::path::{Path, PathBuf};

use hotline_recordings::{Archive, Difference, Store};

use crate::support::{begin, id, tone};

fn day() -> PathBuf {
    PathBuf::from("2025/01/24")
}

fn name(n: u128, end: &str) -> PathBuf {
    day().join(format!("{}.{end}", id(n)))
}

/// Three sealed recordings.
fn three(root: &Path) -> Archive {
    let store = Store::open(root).unwrap();
    for n in 0..3 {
        let mut writer = store.begin(begin(n)).unwrap();
        writer.append(0, &[(0, tone(440.0, 0, 1_000))]).unwrap();
        writer.finish(0, "call_ended").unwrap();
    }
    let archive = store.archive().clone();
    assert_eq!(archive.verify().unwrap(), []);
    archive
}

#[test]
fn every_change_shows() {
    let edit = |root: &Path, from: &str, to: &str| {
        let path = root.join(name(1, "json"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replace(from, to)).unwrap();
    };
    type Deed = Box<dyn Fn(&Path)>;
    let deeds: Vec<(&str, Deed, Vec<Difference>)> = vec![
        (
            "a word is changed in the sound",
            Box::new(|root| {
                let path = root.join(name(1, "wav"));
                let mut bytes = fs::read(&path).unwrap();
                bytes[2_000] ^= 1;
                fs::write(path, bytes).unwrap();
            }),
            vec![Difference::Changed {
                path: name(1, "wav"),
            }],
        ),
        (
            "a recording's sound is deleted",
            Box::new(|root| fs::remove_file(root.join(name(1, "wav"))).unwrap()),
            vec![Difference::Missing {
                path: name(1, "wav"),
            }],
        ),
        (
            "a manifest is edited",
            Box::new(move |root| edit(root, "call-1", "call-9")),
            vec![
                Difference::Changed {
                    path: name(1, "json"),
                },
                Difference::Unknown {
                    path: name(1, "wav"),
                },
            ],
        ),
        (
            "a manifest is deleted",
            Box::new(|root| fs::remove_file(root.join(name(1, "json"))).unwrap()),
            vec![
                Difference::Missing {
                    path: name(1, "json"),
                },
                Difference::Unknown {
                    path: name(1, "wav"),
                },
            ],
        ),
        (
            "a recording is taken out, its line too",
            Box::new(|root| {
                for end in ["json", "wav", "peaks"] {
                    fs::remove_file(root.join(name(1, end))).unwrap();
                }
                let path = root.join("chain.log");
                let chain = fs::read_to_string(&path).unwrap();
                let lines: Vec<&str> = chain.lines().collect();
                let third = lines[2].replacen("000000000002", "000000000001", 1);
                fs::write(path, format!("{}\n{third}\n", lines[0])).unwrap();
            }),
            vec![Difference::Unchained { sequence: 1 }],
        ),
        (
            "sound is slipped in",
            Box::new(|root| {
                fs::copy(root.join(name(1, "wav")), root.join(name(7, "wav"))).unwrap();
            }),
            vec![Difference::Unknown {
                path: name(7, "wav"),
            }],
        ),
        (
            "the chain is scribbled on",
            Box::new(|root| {
                let path = root.join("chain.log");
                let mut chain = fs::read(&path).unwrap();
                chain[115 + 20] = b'?';
                fs::write(path, chain).unwrap();
            }),
            vec![Difference::BadLine { sequence: 1 }],
        ),
    ];
    for (deed, act, shows) in deeds {
        let dir = tempfile::tempdir().unwrap();
        let archive = three(dir.path());
        act(dir.path());
        assert_eq!(archive.verify().unwrap(), shows, "{deed}");
    }
}

#[test]
fn a_chain_cut_off_at_the_end_shows_against_a_head_kept_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let archive = three(dir.path());
    let kept = archive.head().unwrap().unwrap();
    let path = dir.path().join("chain.log");
    let chain = fs::read(&path).unwrap();
    fs::write(path, &chain[..2 * 115]).unwrap();
    for end in ["json", "wav", "peaks"] {
        fs::remove_file(dir.path().join(name(2, end))).unwrap();
    }
    assert_eq!(archive.verify().unwrap(), [], "the rest is whole in itself");
    assert_ne!(archive.head().unwrap().unwrap(), kept);
}
