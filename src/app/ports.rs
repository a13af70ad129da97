//! What the API and the jobs ask of the telephone side and of the recordings, answered.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use hotline_recordings::{self as recordings, Archive};

use crate::api::{Audio, Bytes, CallControl, Pending, RecordingReader};
use crate::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Wish};
use crate::domain::id::RecordingId;
use crate::domain::staff::Directory;
use crate::jobs;
use crate::signalling::shell::Signalling;

/// Call control behind the API's port.
pub(super) struct Telephone(pub(super) Signalling);

impl CallControl for Telephone {
    fn wish(&self, wish: Wish) -> Pending<'_, Result<Granted, CallRefusal>> {
        Box::pin(self.0.wish(wish))
    }

    fn live(&self) -> Pending<'_, (Vec<LiveCall>, Vec<LiveAgent>)> {
        Box::pin(async {
            let live = self.0.live().await;
            (live.calls, live.agents)
        })
    }

    fn organisation_changed(&self, directory: Arc<Directory>) -> Pending<'_, ()> {
        Box::pin(self.0.directory(directory))
    }

    fn healthy(&self) -> Pending<'_, bool> {
        Box::pin(self.0.is_alive())
    }
}

impl jobs::Telephone for Telephone {
    fn place(&self, wish: Wish) -> jobs::Pending<'_, Result<Granted, CallRefusal>> {
        Box::pin(self.0.wish(wish))
    }
}

/// The recordings' folder behind the API's port. Files are read on tokio's blocking threads.
pub(super) struct Archives(pub(super) Archive);

impl RecordingReader for Archives {
    fn peaks(&self, id: RecordingId) -> Pending<'_, io::Result<Option<Bytes>>> {
        let archive = self.0.clone();
        Box::pin(blocking(move || {
            let Some(id) = file_id(id) else {
                return Ok(None);
            };
            archive
                .peaks(id)
                .map(|peaks| peaks.map(Bytes::from))
                .map_err(io::Error::other)
        }))
    }

    fn audio(
        &self,
        id: RecordingId,
        track: Option<u8>,
    ) -> Pending<'_, io::Result<Option<Box<dyn Audio>>>> {
        let archive = self.0.clone();
        Box::pin(blocking(move || {
            let Some(id) = file_id(id) else {
                return Ok(None);
            };
            let found = archive.audio(id, track).map_err(io::Error::other)?;
            Ok(found.map(|audio| {
                Box::new(OpenAudio {
                    file: audio.file,
                    bytes: audio.bytes,
                }) as Box<dyn Audio>
            }))
        }))
    }
}

struct OpenAudio {
    file: File,
    bytes: u64,
}

impl Audio for OpenAudio {
    fn length_bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&mut self, offset: u64, length: usize) -> Pending<'_, io::Result<Bytes>> {
        let file = self.file.try_clone();
        Box::pin(blocking(move || {
            let mut file = file?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::with_capacity(length);
            file.take(length as u64).read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        }))
    }
}

async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)?
}

/// An id of another version names no recording of ours.
fn file_id(id: RecordingId) -> Option<recordings::RecordingId> {
    recordings::RecordingId::from_u128(id.0.as_u128()).ok()
}
