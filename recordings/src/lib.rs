//! What a recording is: the sound of one call, its evidence sheet, and a chain in which no sheet can be changed,
//! dropped or slipped in without the next one showing it.
//!
//! On disk, under one folder:
//!
//! ```text
//! 2025/01/24/<id>.wav         left: the citizen; right: our side, every party of ours mixed
//! 2025/01/24/<id>.t2.wav      a third party's own track
//! 2025/01/24/<id>.json        the manifest: one line of JSON
//! 2025/01/24/<id>.peaks       the waveform for a player, audiowaveform JSON
//! 2025/01/24/<id>.wav.part    while it runs
//! open/<id>.jsonl             what is known of a recording that is not sealed yet
//! chain.log                   one fixed-width line for each manifest, in the order they were sealed
//! <yyyy>/<mm>/<dd>/<id>.gone   tombstone of a recording whose sound was deleted
//! adopted.log                 manifests that another archive sealed
//! lock                        held by the one process that writes
//! ```
//!
//! The day is the UTC day inside the recording's id (a UUID version 7), so an id alone finds its files.
//!
//! - [`Store`] writes: [`Writer`] for one recording, [`WriterPool`] for a server full of them; [`Store::recover`] once at start.
//! - [`Archive`] reads: manifests, byte ranges, peaks, [`Archive::verify`], [`Archive::export`]; it also
//!   deletes ([`Archive::dispose`]) and takes in what another archive sealed ([`Archive::adopt`]).
//!
//! Nothing here asks the time: times come in as UTC milliseconds, positions as samples at 8 kHz.

mod archive;
mod chain;
mod dispose;
mod error;
mod id;
mod manifest;
mod peaks;
mod pool;
mod recover;
mod sheet;
mod store;
mod verify;
mod wav;
mod writer;

pub use archive::{Archive, AudioFile};
pub use chain::Entry as ChainEntry;
pub use error::Error;
pub use id::{BadId, RecordingId};
pub use manifest::{AudioHash, Gap, GapCause, LAST_TRACK, Manifest, Party, Role};
pub use pool::{Chunk, Counters, Event, PoolOptions, Recorder, Refused, Trouble, WriterPool};
pub use recover::Recovered;
pub use store::{Begin, Store};
pub use verify::Difference;
pub use wav::{MAX_SAMPLES, SAMPLE_RATE};
pub use writer::Writer;
