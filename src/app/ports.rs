//! What the API and the jobs ask of the telephone side and of the recordings, answered.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::sync::Arc;

use hotline_recordings::{self as recordings, Archive};

use tokio::sync::mpsc;

use super::attachments::Folder;
use crate::api::{
    Audio, Bytes, CallControl, OwnPhone, Pending, PhoneEar, PhoneLine, PhoneMouth, RecordingReader,
    ToPhone,
};
use crate::domain::call::AtLine;
use crate::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Wish};
use crate::domain::id::{RecordingId, Username};
use crate::domain::staff::Directory;
use crate::domain::time::Timestamp;
use crate::jobs::{self, Disposer};
use crate::signalling::line::Ear;
use crate::signalling::shell::Signalling;
use crate::signalling::transport::{Farewell, ToPeer};

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

    fn phone(&self, person: &Username) -> Pending<'_, Option<OwnPhone>> {
        let found = self.0.extension_of(person.clone());
        Box::pin(async {
            let (extension, sip_uri) = found.await?;
            let extension = extension.to_string();
            Some(OwnPhone { extension, sip_uri })
        })
    }

    fn open_line(
        &self,
        remote: SocketAddr,
        encrypted: bool,
        at: AtLine,
    ) -> Pending<'_, Option<PhoneLine>> {
        Box::pin(async move {
            let (ear, mouth) = self.0.lines().open(remote, encrypted, at).await.ok()?;
            Some(PhoneLine {
                ear: Box::new(LineEar(ear)),
                mouth: Box::new(LineMouth(mouth)),
            })
        })
    }
}

struct LineEar(Ear);

impl PhoneEar for LineEar {
    fn message(&self, bytes: Bytes) -> Pending<'_, bool> {
        Box::pin(async move { self.0.message(&bytes).await.is_ok() })
    }

    fn signed_out(&self) -> Pending<'_, ()> {
        Box::pin(self.0.signed_out())
    }

    fn closed(&self) -> Pending<'_, ()> {
        Box::pin(self.0.closed())
    }
}

struct LineMouth(mpsc::Receiver<ToPeer>);

impl PhoneMouth for LineMouth {
    fn next(&mut self) -> Pending<'_, Option<ToPhone>> {
        Box::pin(async {
            Some(match self.0.recv().await? {
                ToPeer::Message(bytes) => ToPhone::Message(bytes),
                ToPeer::Close(Farewell::Replaced) => ToPhone::Replaced,
                ToPeer::Close(Farewell::SignedOut) => ToPhone::SignedOut,
            })
        })
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

/// Where retention takes things away.
pub(super) struct Kept {
    pub(super) recordings: Archive,
    pub(super) attachments: Folder,
}

impl Disposer for Kept {
    fn remove(&self, sha256: String, before: Timestamp) -> jobs::Pending<'_, io::Result<()>> {
        let folder = self.attachments.clone();
        Box::pin(blocking(move || folder.remove(&sha256, before)))
    }

    fn dispose(&self, id: RecordingId, tombstone: String) -> jobs::Pending<'_, io::Result<()>> {
        let archive = self.recordings.clone();
        Box::pin(blocking(move || {
            let id =
                file_id(id).ok_or_else(|| io::Error::other("an id that is none of the store's"))?;
            archive
                .dispose(id, tombstone.as_bytes())
                .map_err(io::Error::other)
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

pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)?
}

/// An id of another version names no recording of ours.
pub(super) fn file_id(id: RecordingId) -> Option<recordings::RecordingId> {
    recordings::RecordingId::from_u128(id.0.as_u128()).ok()
}
