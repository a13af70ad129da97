//! Who is heard where, and where nobody is.

use hotline_recordings::{Error, GapCause, MAX_SAMPLES, Role, Store};

use crate::support::{begin, id, loudness, party, read, tone};

const CITIZEN: f64 = 440.0;
const AGENT: f64 = 1_000.0;
const SPECIALIST: f64 = 1_700.0;

fn day(root: &std::path::Path) -> std::path::PathBuf {
    root.join("2025/01/24")
}

#[test]
fn the_citizen_is_left_and_everybody_of_ours_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    writer
        .append(
            0,
            &[(0, tone(CITIZEN, 0, 8_000)), (1, tone(AGENT, 0, 8_000))],
        )
        .unwrap();
    writer.join(party(2, Role::Specialist, "城管局")).unwrap();
    writer
        .append(
            8_000,
            &[
                (0, tone(CITIZEN, 8_000, 8_000)),
                (1, tone(AGENT, 8_000, 8_000)),
                (2, tone(SPECIALIST, 8_000, 8_000)),
            ],
        )
        .unwrap();
    let manifest = writer.finish(0, "call_ended").unwrap();

    let stereo = read(&day(dir.path()).join(format!("{}.wav", id(1))));
    let (left, right) = (&stereo[0], &stereo[1]);
    let heard = |sound: &[i16]| [CITIZEN, AGENT, SPECIALIST].map(|hz| loudness(sound, hz) > 0.5);
    assert_eq!(heard(&left[..8_000]), [true, false, false]);
    assert_eq!(heard(&right[..8_000]), [false, true, false]);
    assert_eq!(heard(&left[8_000..]), [true, false, false]);
    assert_eq!(heard(&right[8_000..]), [false, true, true]);

    let own = read(&day(dir.path()).join(format!("{}.t2.wav", id(1))));
    assert_eq!(
        own[0].len(),
        left.len(),
        "the third track lies on the same timeline"
    );
    assert!(own[0][..8_000].iter().all(|sample| *sample == 0));
    assert_eq!(own[0][8_000..], tone(SPECIALIST, 8_000, 8_000));

    assert_eq!(manifest.samples, 16_000);
    assert_eq!(manifest.duration_ms, 2_000);
    assert_eq!(manifest.parties[2].joined_at_sample, 8_000);
    assert_eq!(manifest.files.len(), 2);
    assert_eq!(manifest.gaps, []);
    let head = store.archive().head().unwrap().unwrap();
    assert_eq!((head.id, head.manifest_sha256), (id(1), manifest.sha256()));
    assert_eq!(store.archive().manifest(id(1)).unwrap(), Some(manifest));
    assert_eq!(store.archive().verify().unwrap(), []);
}

#[test]
fn two_loud_voices_clip_and_do_not_wrap_round() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    writer
        .append(0, &[(1, vec![30_000; 100]), (2, vec![30_000; 100])])
        .unwrap();
    writer.finish(0, "call_ended").unwrap();
    let stereo = read(&day(dir.path()).join(format!("{}.wav", id(1))));
    assert!(stereo[1].iter().all(|sample| *sample == i16::MAX));
}

#[test]
fn a_pause_keeps_nothing_and_says_who_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    let chunk = |at| [(0, tone(CITIZEN, at, 8_000)), (1, tone(AGENT, at, 8_000))];
    writer.append(0, &chunk(0)).unwrap();
    writer.pause(10_000, "agent1000", "身份证号").unwrap();
    writer.append(8_000, &chunk(8_000)).unwrap();
    writer.append(16_000, &chunk(16_000)).unwrap();
    writer.resume(26_000).unwrap();
    writer.append(24_000, &chunk(24_000)).unwrap();
    let manifest = writer.finish(0, "call_ended").unwrap();

    let stereo = read(&day(dir.path()).join(format!("{}.wav", id(1))));
    for (side, hz) in [(&stereo[0], CITIZEN), (&stereo[1], AGENT)] {
        assert_eq!(side[..10_000], tone(hz, 0, 10_000));
        assert!(side[10_000..26_000].iter().all(|sample| *sample == 0));
        assert_eq!(side[26_000..], tone(hz, 26_000, 6_000));
    }
    let gap = &manifest.gaps[0];
    assert_eq!((gap.from_sample, gap.to_sample), (10_000, 26_000));
    assert_eq!(
        gap.cause,
        GapCause::Paused {
            by: "agent1000".to_owned(),
            why: "身份证号".to_owned(),
        }
    );
    assert_eq!(manifest.gaps.len(), 1);
}

/// Sound reaches the writer half a second after it was said; marks do not wait for it.
#[test]
fn a_short_pause_takes_nothing_of_the_sound_still_on_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    for (from, to) in [(1_000, 2_000), (3_000, 3_500)] {
        writer.pause(from, "agent1000", "银行卡").unwrap();
        writer.resume(to).unwrap();
    }
    writer.append(0, &[(0, tone(CITIZEN, 0, 4_000))]).unwrap();
    let manifest = writer.finish(0, "call_ended").unwrap();
    let left = &read(&day(dir.path()).join(format!("{}.wav", id(1))))[0];
    for (from, to, kept) in [
        (0, 1_000, true),
        (1_000, 2_000, false),
        (2_000, 3_000, true),
        (3_000, 3_500, false),
        (3_500, 4_000, true),
    ] {
        let heard = left[from..to] == tone(CITIZEN, from as u64, to - from);
        assert_eq!(heard, kept, "{from}..{to}");
    }
    let gaps = manifest
        .gaps
        .iter()
        .map(|gap| (gap.from_sample, gap.to_sample));
    assert_eq!(gaps.collect::<Vec<_>>(), [(1_000, 2_000), (3_000, 3_500)]);
}

#[test]
fn a_pause_nobody_ends_lasts_to_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    writer.pause(0, "agent1000", "银行卡").unwrap();
    writer.append(0, &[(0, tone(CITIZEN, 0, 8_000))]).unwrap();
    let manifest = writer.finish(0, "call_ended").unwrap();
    assert_eq!(manifest.gaps[0].to_sample, 8_000);
}

#[test]
fn what_never_came_is_silence_marked_lost_and_what_comes_twice_is_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    writer.append(0, &[(0, tone(CITIZEN, 0, 8_000))]).unwrap();
    writer
        .append(16_000, &[(0, tone(CITIZEN, 16_000, 8_000))])
        .unwrap();
    writer
        .append(20_000, &[(0, tone(CITIZEN, 20_000, 8_000))])
        .unwrap();
    writer.append(0, &[(0, tone(AGENT, 0, 8_000))]).unwrap();
    assert_eq!(writer.lost_samples(), 8_000);
    let manifest = writer.finish(0, "call_ended").unwrap();

    let left = &read(&day(dir.path()).join(format!("{}.wav", id(1))))[0];
    assert_eq!(left[..8_000], tone(CITIZEN, 0, 8_000));
    assert!(left[8_000..16_000].iter().all(|sample| *sample == 0));
    assert_eq!(left[16_000..], tone(CITIZEN, 16_000, 12_000));
    assert_eq!(manifest.gaps.len(), 1);
    assert_eq!(manifest.gaps[0].cause, GapCause::Lost);
    assert_eq!(
        (manifest.gaps[0].from_sample, manifest.gaps[0].to_sample),
        (8_000, 16_000)
    );
}

#[test]
fn a_position_beyond_a_day_is_refused_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    for start in [MAX_SAMPLES, u64::MAX - 1] {
        let refused = writer.append(start, &[(0, vec![1_i16; 10])]);
        assert!(matches!(refused, Err(Error::TooLong(_))));
    }
    writer.append(0, &[(0, vec![1_i16; 10])]).unwrap();
    assert_eq!(writer.finish(0, "call_ended").unwrap().samples, 10);
}

#[test]
fn an_id_is_used_once_and_a_folder_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(Error::InUse(_))));
    let running = store.begin(begin(1)).unwrap();
    assert!(store.begin(begin(1)).is_err());
    running.finish(0, "call_ended").unwrap();
    assert!(matches!(store.begin(begin(1)), Err(Error::Exists(_))));
}

#[test]
fn a_player_gets_the_bytes_it_asks_for_and_peaks_of_both_sides() {
    use std::io::Read;

    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut writer = store.begin(begin(1)).unwrap();
    writer.append(0, &[(0, vec![0x4000_i16; 160])]).unwrap();
    let archive = store.archive();
    assert!(
        archive.audio(id(1), None).unwrap().is_none(),
        "still running"
    );
    writer.finish(0, "call_ended").unwrap();

    let audio = archive.audio(id(1), None).unwrap().unwrap();
    assert_eq!(audio.bytes, 44 + 160 * 4);
    let mut bytes = Vec::new();
    audio
        .range(36, 12)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    assert_eq!(bytes, *b"data\x80\x02\x00\x00\x00\x40\x00\x00");
    let mut tail = Vec::new();
    let audio = archive.audio(id(1), None).unwrap().unwrap();
    audio
        .range(44 + 159 * 4, 1_000)
        .unwrap()
        .read_to_end(&mut tail)
        .unwrap();
    assert_eq!(tail.len(), 4);

    let peaks: serde_json::Value =
        serde_json::from_slice(&archive.peaks(id(1)).unwrap().unwrap()).unwrap();
    assert_eq!(
        peaks["data"],
        serde_json::json!([64, 64, 0, 0, 64, 64, 0, 0])
    );
}
