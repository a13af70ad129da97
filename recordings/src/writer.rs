//! One running recording: sound comes in by position, goes out to stereo and own-track files, and what is missing is
//! silence with a name.

use std::ops::Range;

use crate::error::Error;
use crate::manifest::{FIRST_OWN_TRACK, LAST_TRACK, Party};
use crate::sheet::{Line, Sheet};
use crate::store::{Begin, Store, part_path};
use crate::wav::{Frames, MAX_SAMPLES, Wav};
use crate::{Manifest, RecordingId};

/// Writes one recording. Dropped without [`Writer::finish`], it leaves files that [`Store::recover`] finishes.
pub struct Writer {
    store: Store,
    sheet: Sheet,
    stereo: Wav,
    own: Vec<(u8, Wav)>,
}

impl Writer {
    pub(crate) fn begin(store: Store, begin: Begin) -> Result<Self, Error> {
        let id = begin.id;
        let stereo = Wav::create(part_path(&store.archive().audio_path(id, None)), 2)?;
        if let Err(error) = store.note(id, &Line::Begin(begin.clone())) {
            // Nothing of it is worth recovering, and the next attempt must not find it in the way.
            let _ = std::fs::remove_file(part_path(&store.archive().audio_path(id, None)));
            return Err(error);
        }
        Ok(Self {
            store,
            sheet: Sheet::new(begin),
            stereo,
            own: Vec::new(),
        })
    }

    /// The recording.
    pub fn id(&self) -> RecordingId {
        self.sheet.begin.id
    }

    /// What it began with, and who joined since.
    pub fn about(&self) -> &Begin {
        &self.sheet.begin
    }

    /// Samples written so far; the next sound belongs here.
    pub fn position(&self) -> u64 {
        self.stereo.frames()
    }

    /// Says who is on a track that joins late.
    pub fn join(&mut self, party: Party) -> Result<(), Error> {
        self.note(Line::Join(party))
    }

    /// From `at_sample` on nothing is kept, whoever sends it. What lies on disk already stays. A pause within a pause is the
    /// first one.
    pub fn pause(
        &mut self,
        at_sample: u64,
        by: impl Into<String>,
        why: impl Into<String>,
    ) -> Result<(), Error> {
        self.note(Line::Pause {
            from_sample: at_sample.max(self.position()),
            by: by.into(),
            why: why.into(),
        })
    }

    /// Sound is kept again from `at_sample` on. Sound from before the pause may still come: positions count, not the order of
    /// calls.
    pub fn resume(&mut self, at_sample: u64) -> Result<(), Error> {
        self.note(Line::Resume {
            at_sample: at_sample.max(self.position()),
        })
    }

    /// Adds the sound of one interval: every track of it in one call, each from `start_sample` on. A missing or shorter track
    /// is silent; a jump ahead is a gap marked lost; what overlaps sound already written is left out.
    pub fn append<S: AsRef<[i16]>>(
        &mut self,
        start_sample: u64,
        tracks: &[(u8, S)],
    ) -> Result<(), Error> {
        let length = tracks
            .iter()
            .map(|(_, sound)| sound.as_ref().len())
            .max()
            .unwrap_or(0);
        self.stereo.heal()?;
        let end = start_sample.saturating_add(length as u64);
        if end > MAX_SAMPLES {
            return Err(Error::TooLong(self.id()));
        }
        if end <= self.position() {
            return Ok(());
        }
        self.fill_to(start_sample)?;
        // Not more than the chunk: a failed write returns, a good one moves the position on.
        let offset = |at: u64| usize::try_from(at - start_sample).expect("inside the chunk");
        while self.position() < end {
            let at = self.position();
            let (paused, until) = self.sheet.paused_at(at, end);
            if paused {
                self.stereo.append_silence(until - at)?;
            } else {
                self.write(offset(at)..offset(until), tracks)?;
            }
        }
        Ok(())
    }

    /// Says that the recording lasted up to this sample: what is missing there is a gap.
    pub fn extend_to(&mut self, end_sample: u64) -> Result<(), Error> {
        self.stereo.heal()?;
        self.fill_to(end_sample)
    }

    /// Ends the recording and seals it into the chain.
    pub fn finish(mut self, finished_at_ms: i64, reason: &str) -> Result<Manifest, Error> {
        let store = self.store.clone();
        let sheet = self.close()?;
        store.seal(&sheet, false, finished_at_ms, reason)
    }

    /// Completes the sound files; what remains to be done needs no writer.
    /// Can be called again after a failure.
    pub(crate) fn close(&mut self) -> Result<Sheet, Error> {
        self.stereo.close()?;
        let end = self.position();
        for (_, wav) in &mut self.own {
            wav.heal()?;
            wav.append_silence(end.saturating_sub(wav.frames()))?;
            wav.close()?;
        }
        Ok(self.sheet.clone())
    }

    /// Writes this part of the tracks.
    fn write<S: AsRef<[i16]>>(
        &mut self,
        part: Range<usize>,
        tracks: &[(u8, S)],
    ) -> Result<(), Error> {
        let (start, length) = (self.position(), part.len());
        let tracks: Vec<(u8, &[i16])> = tracks
            .iter()
            .filter(|(track, _)| *track <= LAST_TRACK)
            .map(|(track, sound)| {
                let sound = sound.as_ref();
                (
                    *track,
                    &sound[part.start.min(sound.len())..part.end.min(sound.len())],
                )
            })
            .collect();
        for &(track, sound) in &tracks {
            if track >= FIRST_OWN_TRACK && !sound.is_empty() {
                self.write_own(track, start, sound)?;
            }
        }
        let citizen = tracks.iter().find(|(track, _)| *track == 0);
        let citizen = citizen.map_or(&[][..], |(_, sound)| sound);
        let mut ours = tracks.iter().filter(|(track, _)| *track != 0);
        match (ours.next(), ours.next()) {
            // The usual call, and a fifth of the cost of the general case.
            (Some((_, agent)), None) if citizen.len() >= length && agent.len() >= length => {
                let (citizen, agent) = (&citizen[..length], &agent[..length]);
                self.stereo.append(length, |at, out: &mut Frames<'_>| {
                    out.write_sample(citizen[at]);
                    out.write_sample(agent[at]);
                })
            }
            _ => self.stereo.append(length, |at, out: &mut Frames<'_>| {
                let sample = |sound: &[i16]| sound.get(at).copied().unwrap_or(0);
                let right = tracks
                    .iter()
                    .filter(|(track, _)| *track != 0)
                    .fold(0_i16, |sum, (_, sound)| sum.saturating_add(sample(sound)));
                out.write_sample(sample(citizen));
                out.write_sample(right);
            }),
        }
    }

    /// A further party's own file: begun at its first sound, silent before.
    fn write_own(&mut self, track: u8, start: u64, sound: &[i16]) -> Result<(), Error> {
        let at = match self.own.iter().position(|(known, _)| *known == track) {
            Some(at) => at,
            None => {
                self.announce(track, start)?;
                let path = self.store.archive().audio_path(self.id(), Some(track));
                self.own.push((track, Wav::create(part_path(&path), 1)?));
                self.own.len() - 1
            }
        };
        let wav = &mut self.own[at].1;
        wav.heal()?;
        wav.append_silence(start.saturating_sub(wav.frames()))?;
        wav.append(sound.len(), |at, out| out.write_sample(sound[at]))
    }

    /// Every track with a file is in the sheet, so that sealing and recovery find the file.
    fn announce(&mut self, track: u8, start: u64) -> Result<(), Error> {
        let known = self.sheet.begin.parties.iter().find(|p| p.track == track);
        let party = known.cloned().unwrap_or(Party::unknown(track, start));
        self.join(Party {
            joined_at_sample: start,
            ..party
        })
    }

    /// Silence up to `target`: by wish while paused, lost otherwise.
    fn fill_to(&mut self, target: u64) -> Result<(), Error> {
        let from = self.position();
        if target <= from {
            return Ok(());
        }
        if target > MAX_SAMPLES {
            return Err(Error::TooLong(self.id()));
        }
        self.stereo.append_silence(target - from)?;
        let mut at = from;
        while at < target {
            let (paused, until) = self.sheet.paused_at(at, target);
            if !paused {
                self.note(Line::Lost {
                    from_sample: at,
                    to_sample: until,
                })?;
            }
            at = until;
        }
        Ok(())
    }

    /// Into memory always, to the disk if it can: a full disk must not lose the pause of a call that lives on.
    fn note(&mut self, line: Line) -> Result<(), Error> {
        let noted = self.store.note(self.id(), &line);
        self.sheet.apply(line);
        noted
    }

    /// How much of it was lost so far, in samples.
    pub fn lost_samples(&self) -> u64 {
        self.sheet.lost_samples()
    }
}
