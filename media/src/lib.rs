//! RTP legs, G.711, G.722 and Opus, DTMF, mixing, prompts and taps; one I/O engine on threads of its own.
//!
//! The pure half asks no time and does no I/O: [`g711`], [`g722`], [`codec`], [`rtp`], [`rtcp`], [`dtmf`], [`prompt`], [`playout`], [`mix`],
//! [`timeline`] and the [`tap`] trait. The other half is the [`engine`]: threads that own the legs' sockets. Signalling
//! talks to it through a cheap handle, [`Engine`]: open a leg, connect it to what the SDP said, say what it hears, close it.
//! The one file with `unsafe` is `sys.rs`.

pub mod codec;
mod conceal;
pub mod dtmf;
pub mod engine;
pub mod g711;
pub mod g722;
pub mod ice;
pub mod mix;
pub mod playout;
pub mod prompt;
mod resample;
pub mod rtcp;
pub mod rtp;
pub mod security;
pub mod srtp;
pub mod stun;
pub mod tap;
pub mod timeline;

mod sys;

pub use codec::{Codec, Opus};
pub use engine::{
    Breakdown, CallKey, Config, Direction, Engine, Error, Event, Hears, LegId, LegStats, LocalPort,
    LocalWebRtc, Metrics, Play, PlayId, Remote, Repeat, Rtcp, StartError,
};
pub use g711::Law;
pub use prompt::Prompt;
pub use security::{Fingerprint, IceCredentials, RemoteWebRtc, Security, SrtpKey, Suite};
pub use tap::{Chunk, Finished, Full, RecordingKey, Tap, TrackChunk, TrackNo};
