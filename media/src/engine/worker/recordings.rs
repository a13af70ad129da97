//! Recordings: begun, fed by the legs' taps, handed over in chunks, ended.

use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::sys;
use crate::tap::{Chunk, Finished, Full, RecordingKey, Tap, TrackNo};
use crate::timeline::{Stretch, Timeline};

use super::{Core, Timer, seat};
use crate::engine::leg::Slot;
use crate::engine::{Counters, Event, LegId, bump};

/// A tap that was full is asked again so often.
const RETRY: Duration = Duration::from_millis(100);
/// How long the last sound of recordings may take to leave when the engine stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// One recording while it lasts, and until its tap has taken its end.
pub(super) struct Recording {
    key: RecordingKey,
    sink: Arc<dyn Tap>,
    /// The engine's clock when the recording's began.
    pub(super) started: u64,
    pub(super) timeline: Timeline,
    pub(super) tracks: Vec<(TrackNo, Slot)>,
    /// Samples that left but were not taken, since the last that were.
    dropped: u64,
    /// Once it is stopped.
    ending: Option<Ending>,
}

/// What a stopped recording's tap has not taken yet.
struct Ending {
    rest: Option<Stretch>,
    end_sample: u64,
}

impl Core {
    pub(super) fn record(
        &mut self,
        key: RecordingKey,
        tracks: Vec<(LegId, TrackNo)>,
        sink: Arc<dyn Tap>,
    ) {
        let recording = Recording {
            key,
            sink,
            started: self.clock(),
            timeline: Timeline::new(),
            tracks: Vec::new(),
            dropped: 0,
            ending: None,
        };
        let due = self.instant_of(recording.started + recording.timeline.next_due());
        let (slot, generation) = seat(&mut self.recordings, recording, None);
        self.recording_slots.insert(key, slot);
        for (leg, track) in tracks {
            self.set_track(slot, track, leg);
        }
        self.timers
            .push(Reverse((due, Timer::Recording { slot, generation })));
    }

    pub(super) fn set_track(&mut self, slot: Slot, track: TrackNo, leg: LegId) {
        let Some(recording) = self.recordings[slot as usize].tenant.as_mut() else {
            return;
        };
        if !recording.timeline.set_track(track) {
            return;
        }
        self.clear_track(slot, track);
        let Some(speaker) = self.slots.get(&leg).copied() else {
            return;
        };
        if let Some(leg) = self.leg(speaker) {
            leg.taps.push((slot, track));
            if let Some(recording) = self.recordings[slot as usize].tenant.as_mut() {
                recording.tracks.push((track, speaker));
            }
        }
    }

    pub(super) fn clear_track(&mut self, slot: Slot, track: TrackNo) {
        let Some(recording) = self.recordings[slot as usize].tenant.as_mut() else {
            return;
        };
        let before = recording
            .tracks
            .iter()
            .position(|(number, _)| *number == track);
        if let Some(index) = before {
            let (_, speaker) = recording.tracks.swap_remove(index);
            if let Some(speaker) = self.leg(speaker) {
                speaker.taps.retain(|tap| *tap != (slot, track));
            }
        }
    }

    pub(super) fn pause(&mut self, key: RecordingKey, is_pause: bool) {
        let clock = self.clock();
        let Some(recording) = self
            .recording_slots
            .get(&key)
            .and_then(|slot| self.recordings[*slot as usize].tenant.as_mut())
        else {
            return;
        };
        let at_sample = clock.saturating_sub(recording.started);
        if recording.timeline.is_paused() == is_pause {
            return;
        }
        (self.events)(if is_pause {
            recording.timeline.pause(at_sample);
            Event::RecordingPaused {
                recording: key,
                at_sample,
            }
        } else {
            recording.timeline.resume(at_sample);
            Event::RecordingResumed {
                recording: key,
                at_sample,
            }
        });
    }

    /// A recording's time has come: chunks leave, or its end is offered again.
    pub(super) fn record_on(&mut self, slot: Slot) {
        let clock = self.clock();
        let seat = &mut self.recordings[slot as usize];
        let generation = seat.generation;
        let Some(recording) = seat.tenant.as_mut() else {
            return;
        };
        if recording.ending.is_some() {
            self.end_recording(slot);
            return;
        }
        let elapsed = clock.saturating_sub(recording.started);
        while let Some(stretch) = recording.timeline.next_chunk(elapsed) {
            recording.offer(stretch, &self.counters);
        }
        let due = recording.started + recording.timeline.next_due();
        let at = self.instant_of(due);
        self.timers
            .push(Reverse((at, Timer::Recording { slot, generation })));
    }

    pub(super) fn stop_recording(&mut self, key: RecordingKey) {
        if let Some(slot) = self.recording_slots.remove(&key) {
            let generation = self.recordings[slot as usize].generation;
            self.guard_recording(slot, generation, |core| core.finish_recording(slot));
        }
    }

    fn finish_recording(&mut self, slot: Slot) {
        let clock = self.clock();
        let Some(recording) = self.recordings[slot as usize].tenant.as_mut() else {
            return;
        };
        let end_sample = clock.saturating_sub(recording.started);
        let mut rest = None;
        while let Some(stretch) = recording.timeline.next_rest(end_sample) {
            // The last stretch may wait for a tap that is full; one before it has had its time.
            if let Some(earlier) = rest.replace(stretch) {
                recording.offer(earlier, &self.counters);
            }
        }
        recording.ending = Some(Ending { rest, end_sample });
        self.unhear(slot);
        self.end_recording(slot);
    }

    /// The legs of a recording that has ended need not be tapped.
    fn unhear(&mut self, slot: Slot) {
        let Some(recording) = self.recordings[slot as usize].tenant.as_mut() else {
            return;
        };
        for (_, speaker) in std::mem::take(&mut recording.tracks) {
            if let Some(leg) = self.leg(speaker) {
                leg.taps.retain(|(recording, _)| *recording != slot);
            }
        }
    }

    /// Hands over what is left, or comes back later.
    fn end_recording(&mut self, slot: Slot) {
        let seat = &mut self.recordings[slot as usize];
        let generation = seat.generation;
        let Some(recording) = seat.tenant.as_mut() else {
            return;
        };
        if recording.finish(&self.counters).is_ok() {
            seat.tenant = None;
            seat.generation = seat.generation.wrapping_add(1);
        } else {
            let at = self.now + RETRY;
            self.timers
                .push(Reverse((at, Timer::Recording { slot, generation })));
        }
    }

    /// The tap is another's code: its panic ends this recording alone.
    pub(super) fn guard_recording(
        &mut self,
        slot: Slot,
        generation: u32,
        handle: impl FnOnce(&mut Self),
    ) {
        let seat = &self.recordings[slot as usize];
        if seat.generation != generation || seat.tenant.is_none() {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| handle(self))).is_ok() {
            return;
        }
        bump(&self.counters.failures, 1);
        self.unhear(slot);
        let seat = &mut self.recordings[slot as usize];
        seat.generation = seat.generation.wrapping_add(1);
        if let Some(recording) = seat.tenant.take() {
            tracing::error!(recording.id = %format_args!("{:032x}", recording.key.0), "recording met a bug and is abandoned");
            self.recording_slots.remove(&recording.key);
        }
    }

    /// The engine stops: recordings end, legs are closed.
    pub(super) fn farewell(&mut self) {
        self.now = sys::now();
        let recordings: Vec<RecordingKey> = self.recording_slots.keys().copied().collect();
        for key in recordings {
            self.stop_recording(key);
        }
        let legs: Vec<Slot> = self.slots.values().copied().collect();
        for slot in legs {
            self.close(slot);
        }
        let deadline = self.now + FAREWELL;
        while self.recordings.iter().any(|seat| seat.tenant.is_some()) && sys::now() < deadline {
            std::thread::sleep(RETRY);
            for slot in 0..self.recordings.len() {
                let generation = self.recordings[slot].generation;
                let slot = slot as Slot;
                self.guard_recording(slot, generation, |core| core.end_recording(slot));
            }
        }
    }
}

impl Recording {
    /// Hands a stretch over, or notes its loss.
    fn offer(&mut self, stretch: Stretch, counters: &Counters) {
        let samples = u64::from(stretch.samples);
        match self.sink.chunk(self.chunk(stretch)) {
            Ok(()) => {
                self.dropped = 0;
                bump(&counters.chunks, 1);
            }
            Err(Full) => {
                self.dropped += samples;
                bump(&counters.chunks_dropped, 1);
            }
        }
    }

    fn chunk(&self, stretch: Stretch) -> Chunk {
        Chunk {
            recording: self.key,
            start_sample: stretch.start_sample,
            samples: stretch.samples,
            dropped_before: self.dropped,
            tracks: stretch.tracks,
        }
    }

    fn finish(&mut self, counters: &Counters) -> Result<(), Full> {
        let Some(ending) = &mut self.ending else {
            return Ok(());
        };
        let end_sample = ending.end_sample;
        if let Some(rest) = ending.rest.clone() {
            self.sink.chunk(self.chunk(rest))?;
            self.dropped = 0;
            bump(&counters.chunks, 1);
            if let Some(ending) = &mut self.ending {
                ending.rest = None;
            }
        }
        self.sink.finished(Finished {
            recording: self.key,
            end_sample,
            dropped_before: self.dropped,
        })
    }
}
