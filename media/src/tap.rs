//! What a recording receives: chunks of what each leg said, on one 8 kHz clock. The engine hands them over without ever
//! waiting; a receiver that is full loses sound (marked and counted), never time.

use crate::g711::Law;

/// The recording's name, chosen by the caller (a UUID's 128 bits, say).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingKey(pub u128);

/// A track's number in its recording: 0 the citizen, 1 our side, 2 a third party, and so on.
pub type TrackNo = u8;

/// The receiver cannot take it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the receiver of the recording is full")]
pub struct Full;

/// Where a recording's sound goes. Called on a media thread: an implementation must return at once (a `try_send`).
pub trait Tap: Send + Sync {
    /// Takes the next stretch of sound. [`Full`]: the stretch is lost; the next chunk says how much in `dropped_before`.
    fn chunk(&self, chunk: Chunk) -> Result<(), Full>;
    /// Nothing follows. [`Full`]: it is offered again every 100 ms until it is taken or the engine stops.
    fn finished(&self, finished: Finished) -> Result<(), Full>;
}

/// A stretch of one recording. Stretches never overlap and come in order. Where `start_sample` is beyond the end of
/// the stretch before, the sound between is silence: paused, or lost (`dropped_before`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub recording: RecordingKey,
    /// Position on the recording's clock: 8,000 a second, 0 at `record`.
    pub start_sample: u64,
    /// Length; the same for all tracks.
    pub samples: u32,
    /// Samples lost since the stretch before because the tap was full.
    pub dropped_before: u64,
    /// Every track the recording has so far, by number; once there, a track stays.
    pub tracks: Vec<TrackChunk>,
}

/// One track's part of a [`Chunk`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackChunk {
    pub track: TrackNo,
    pub law: Law,
    /// One code a sample, silence filled in; empty when nothing was heard in the whole stretch.
    pub codes: Vec<u8>,
}

impl TrackChunk {
    /// Appends the stretch's samples to `out`, decoded; `samples` is the chunk's length.
    pub fn decode_into(&self, samples: u32, out: &mut Vec<i16>) {
        let start = out.len();
        out.resize(start + samples as usize, 0);
        self.law.decode_slice(&self.codes, &mut out[start..]);
    }
}

/// A recording's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    pub recording: RecordingKey,
    /// The clock at the end; silence fills what no chunk covered.
    pub end_sample: u64,
    /// Samples lost at the very end because the tap was full.
    pub dropped_before: u64,
}
