//! Ids, parties, tones and the ear that tells them apart.

use std::path::Path;

use hotline_recordings::{Begin, Party, RecordingId, Role};

/// 2025-01-24T01:00:00Z.
pub(crate) const START_MS: i64 = 1_737_680_400_000;

/// The n-th recording of the day.
pub(crate) fn id(n: u128) -> RecordingId {
    let bits = u128::from(START_MS.unsigned_abs()) << 80 | 7 << 76 | 0b10 << 62 | n;
    RecordingId::from_u128(bits).unwrap()
}

pub(crate) fn party(track: u8, role: Role, label: &str) -> Party {
    Party {
        track,
        role,
        label: label.to_owned(),
        joined_at_sample: 0,
    }
}

/// A citizen and agent1000.
pub(crate) fn begin(n: u128) -> Begin {
    Begin {
        id: id(n),
        call_id: format!("call-{n}"),
        started_at_ms: START_MS,
        parties: vec![
            party(0, Role::Citizen, "13800000000"),
            party(1, Role::Agent, "agent1000"),
        ],
    }
}

/// Samples `from..from + length` of a tone that never stops.
pub(crate) fn tone(hz: f64, from: u64, length: usize) -> Vec<i16> {
    (from..from + length as u64)
        .map(|at| {
            let turn = std::f64::consts::TAU * hz * at as f64 / 8_000.0;
            (turn.sin() * 8_000.0) as i16
        })
        .collect()
}

/// Goertzel: how loud `hz` is in the sound, 1.0 for a full [`tone`].
pub(crate) fn loudness(sound: &[i16], hz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hz / 8_000.0;
    let (mut before, mut last) = (0.0, 0.0);
    for &sample in sound {
        let next = f64::from(sample) + 2.0 * turn.cos() * last - before;
        (before, last) = (last, next);
    }
    let power = last * last + before * before - 2.0 * turn.cos() * last * before;
    power.max(0.0).sqrt() / (sound.len() as f64 / 2.0) / 8_000.0
}

/// The channels of a WAV, by a reader that is not ours.
pub(crate) fn read(path: &Path) -> Vec<Vec<i16>> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let channels = usize::from(reader.spec().channels);
    assert_eq!(reader.spec().sample_rate, 8_000);
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    (0..channels)
        .map(|channel| {
            samples
                .iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect()
        })
        .collect()
}
