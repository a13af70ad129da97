//! WAV files that are good at every moment: written at the end only, with the header brought up to date every 500 ms of
//! sound, and repaired from nothing but their length.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, SampleWriter16, WavSpec, WavWriter};

use crate::error::{At, Error};

/// Samples a second in every file.
pub const SAMPLE_RATE: u32 = 8_000;

/// The longest recording: one day. As 16-bit stereo that is 2.8 GB, inside WAV's 32-bit sizes.
pub const MAX_SAMPLES: u64 = 24 * 3_600 * SAMPLE_RATE as u64;

/// Frames after which the header on disk is made true again: 500 ms.
const CHECKPOINT_FRAMES: u64 = 4_000;

/// RIFF, fmt and data headers as hound writes them for 16-bit PCM.
pub(crate) const HEADER_BYTES: u64 = 44;

/// Bytes of one sample of one channel.
const SAMPLE_BYTES: u16 = 2;

/// Where a frame's samples go, one call of `write_sample` for each channel.
pub(crate) type Frames<'a> = SampleWriter16<'a, Positioned>;

/// One file being written. After a failed write it is opened again at its last good header, so that a disk that was full for
/// a while costs that while and nothing else.
pub(crate) struct Wav {
    path: PathBuf,
    channels: u16,
    /// None after a failure, until healed.
    hound: Option<WavWriter<Positioned>>,
    frames: u64,
    unflushed: u64,
}

impl Wav {
    /// A new file with a valid header and no sound. Fails if the file exists.
    pub(crate) fn create(path: PathBuf, channels: u16) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .at(&path)?;
        let begun = WavWriter::new(Positioned::new(file), spec(channels))
            .and_then(|mut hound| hound.flush().map(|()| hound));
        match begun {
            Ok(hound) => Ok(Self {
                path,
                channels,
                hound: Some(hound),
                frames: 0,
                unflushed: 0,
            }),
            Err(error) => {
                // Or the next attempt would find the file and refuse.
                let _ = std::fs::remove_file(&path);
                Err(io_error(error)).at(&path)
            }
        }
    }

    /// Frames written, as far as the file is good.
    pub(crate) fn frames(&self) -> u64 {
        self.frames
    }

    /// Appends `count` frames; `frame` is called with each one's number from 0 and writes its samples.
    pub(crate) fn append(
        &mut self,
        count: usize,
        frame: impl Fn(usize, &mut Frames<'_>),
    ) -> Result<(), Error> {
        let written = self.try_append(count, frame);
        if written.is_err() {
            self.hound = None;
        }
        written.map_err(io_error).at(&self.path)
    }

    /// Appends silence.
    pub(crate) fn append_silence(&mut self, count: u64) -> Result<(), Error> {
        let channels = self.channels;
        let count = usize::try_from(count).expect("a recording's length fits the address space");
        self.append(count, |_, frames| {
            for _ in 0..channels {
                frames.write_sample(0_i16);
            }
        })
    }

    fn try_append(
        &mut self,
        count: usize,
        frame: impl Fn(usize, &mut Frames<'_>),
    ) -> hound::Result<()> {
        let Some(hound) = &mut self.hound else {
            return Err(hound::Error::IoError(io::ErrorKind::BrokenPipe.into()));
        };
        let mut done = 0;
        while done < count {
            let room = CHECKPOINT_FRAMES - self.unflushed;
            let block = room.min((count - done) as u64);
            let samples = u32::try_from(block).expect("at most a checkpoint's frames")
                * u32::from(self.channels);
            let end = done + block as usize;
            let mut frames = hound.get_i16_writer(samples);
            for number in done..end {
                frame(number, &mut frames);
            }
            frames.flush()?;
            self.frames += block;
            self.unflushed += block;
            done = end;
            if self.unflushed == CHECKPOINT_FRAMES {
                hound.flush()?;
                self.unflushed = 0;
            }
        }
        Ok(())
    }

    /// After a failure, opens the file again at its last good header: [`Wav::frames`] may then be less than before. To be
    /// called before positions are compared; does nothing to a file that is well.
    pub(crate) fn heal(&mut self) -> Result<(), Error> {
        if self.hound.is_none() {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(&self.path)
                .at(&self.path)?;
            let hound = WavWriter::new_append(Positioned::new(file))
                .map_err(io_error)
                .at(&self.path)?;
            self.frames = u64::from(hound.duration());
            self.unflushed = 0;
            self.hound = Some(hound);
        }
        Ok(())
    }

    /// Makes the header true and lets go of the file.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.heal()?;
        let hound = self.hound.take().expect("healed above");
        hound.finalize().map_err(io_error).at(&self.path)
    }
}

/// Makes a good WAV of whatever a crash left: the header is written anew from the file's length, a torn last frame is
/// cut off. Returns the frames.
pub(crate) fn repair(path: &Path, channels: u16) -> Result<u64, Error> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .at(path)?;
    let frame_bytes = u64::from(channels * SAMPLE_BYTES);
    let length = file.metadata().at(path)?.len();
    let frames = (length.saturating_sub(HEADER_BYTES) / frame_bytes).min(MAX_SAMPLES);
    let sound_bytes = u32::try_from(frames * frame_bytes).expect("a day of stereo fits 32 bits");
    file.set_len(HEADER_BYTES + u64::from(sound_bytes))
        .at(path)?;
    file.write_all_at(&header(channels, sound_bytes), 0)
        .at(path)?;
    Ok(frames)
}

/// The header hound writes, for sound of a known length.
fn header(channels: u16, sound_bytes: u32) -> [u8; HEADER_BYTES as usize] {
    let frame_bytes = channels * SAMPLE_BYTES;
    let mut header = [0; HEADER_BYTES as usize];
    let fields: [(usize, &[u8]); 13] = [
        (0, b"RIFF"),
        (4, &(sound_bytes + HEADER_BYTES as u32 - 8).to_le_bytes()),
        (8, b"WAVE"),
        (12, b"fmt "),
        (16, &16_u32.to_le_bytes()),
        (20, &1_u16.to_le_bytes()),
        (22, &channels.to_le_bytes()),
        (24, &SAMPLE_RATE.to_le_bytes()),
        (28, &(SAMPLE_RATE * u32::from(frame_bytes)).to_le_bytes()),
        (32, &frame_bytes.to_le_bytes()),
        (34, &(SAMPLE_BYTES * 8).to_le_bytes()),
        (36, b"data"),
        (40, &sound_bytes.to_le_bytes()),
    ];
    for (at, bytes) in fields {
        header[at..at + bytes.len()].copy_from_slice(bytes);
    }
    header
}

fn spec(channels: u16) -> WavSpec {
    WavSpec {
        channels,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: SAMPLE_BYTES * 8,
        sample_format: SampleFormat::Int,
    }
}

fn io_error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

/// A file whose position is ours, so that seeking costs no system call, and which does not move when a write fails: hound's
/// idea of the length and the file's stay the same.
pub(crate) struct Positioned {
    file: File,
    at: u64,
}

impl Positioned {
    fn new(file: File) -> Self {
        Self { file, at: 0 }
    }
}

impl Write for Positioned {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Read for Positioned {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Positioned {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.file.metadata()?.len(), by),
        };
        self.at = base
            .checked_add_signed(by)
            .ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_header_is_hounds() {
        let dir = tempfile::tempdir().unwrap();
        for channels in [1, 2] {
            let path = dir.path().join(format!("{channels}.wav"));
            let mut wav = Wav::create(path.clone(), channels).unwrap();
            wav.append_silence(4_321).unwrap();
            wav.close().unwrap();
            let bytes = std::fs::read(path).unwrap();
            let sound = u32::try_from(bytes.len()).unwrap() - 44;
            assert_eq!(bytes[..44], header(channels, sound));
        }
    }
}
