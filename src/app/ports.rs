//! What the API asks of the telephone side and of the recordings, answered.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use axum::body::Bytes;
use hotline_recordings::{Archive, AudioFile, RecordingId as FileId};

use crate::api::{Audio, CallControl, Pending, RecordingReader};
use crate::domain::call::wish::{CallRefusal, Granted, LiveAgent, LiveCall, Wish};
use crate::domain::id::RecordingId;
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

    fn healthy(&self) -> Pending<'_, bool> {
        Box::pin(self.0.is_alive())
    }
}
