//! What call control asks of the media side, and what it hears back. Call control speaks of legs and of what each
//! leg hears; sockets, codecs and mixing are none of its business.

use std::net::SocketAddr;

use hotline_sip::sdp::{Dtls, IceCredentials, Negotiated};

use crate::domain::call::{LegRole, Quality};
use crate::domain::id::{CallId, LegId, RecordingId, Username};

/// What one leg hears. Bridge, hold, three-way, monitor, whisper and barge are all said with this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hears {
    Nothing,
    /// The sum of what these legs say, as the media side knows them.
    Legs(Vec<LegId>),
    /// Prompts one after the other, by name; then silence, or hold music until told otherwise.
    Prompts {
        prompts: Vec<&'static str>,
        then_music: bool,
    },
    /// One announcement file; its end is reported.
    Announcement(String),
    /// Itself.
    Echo,
}

/// What carries a leg's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// RTP or SRTP on ports of its own, with keys from the descriptions.
    Rtp,
    /// ICE and DTLS-SRTP: browsers.
    WebRtc,
}

/// A leg's place on the media side, as its description must say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub address: SocketAddr,
    /// With [`Carriage::WebRtc`].
    pub dtls: Option<Dtls>,
}

/// Why no port could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no media port: {0}")]
pub struct MediaFault(pub String);

/// One side of a recording: which leg is heard on which track, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    pub leg: LegId,
    /// 0 the citizen (left), 1 our side (right), 2 and more third parties (right, and a file of their own).
    pub number: u8,
    pub role: LegRole,
    /// Extension or masked number, for the manifest.
    pub label: String,
}

/// The media side. Commands never block and never fail late: what goes wrong comes back as an event.
pub trait Media: Send {
    /// Opens a port for `leg`, on the thread where its call lives. Returns what to put into SDP.
    fn open(&mut self, call: CallId, leg: LegId, carriage: Carriage) -> Result<Opened, MediaFault>;
    /// Fresh credentials for the answer to an offer that restarts ICE (RFC 8445 §9); `None` where it cannot be restarted.
    fn restart_ice(&mut self, leg: LegId) -> Option<IceCredentials>;
    /// Points the leg at its remote side; again after each offer/answer. A phone may be behind a NAT and move once, early;
    /// a carrier sends from where it said.
    fn connect(&mut self, leg: LegId, remote: &Negotiated, nat: bool);
    fn hear(&mut self, leg: LegId, hears: Hears);
    /// Starts a recording; its clock begins now.
    fn record(&mut self, recording: RecordingId, call: CallId, tracks: Vec<Track>);
    /// Adds a leg to a running recording, or replaces the leg of that track.
    fn track(&mut self, recording: RecordingId, track: Track);
    /// Takes the leg of that track out of a running recording.
    fn untrack(&mut self, recording: RecordingId, number: u8);
    /// Nothing said until `resume` reaches the file; the gap is marked with who and why.
    fn pause(&mut self, recording: RecordingId, by: Username, why: String);
    fn resume(&mut self, recording: RecordingId);
    fn finish(&mut self, recording: RecordingId);
    /// Closes the leg's port. `MediaEvent::Closed` follows.
    fn close(&mut self, leg: LegId);
}

/// What the media side reports.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// The announcement, or the last of the prompts, was played to its end.
    Played {
        leg: LegId,
    },
    /// No packet for longer than the configured time from a leg that sent before and should be sending. Said again every
    /// fifteen seconds or so while that lasts.
    Silent {
        leg: LegId,
    },
    /// The first packet came, or one after `Silent`.
    Heard {
        leg: LegId,
    },
    Dtmf {
        leg: LegId,
        digit: char,
    },
    /// A WebRTC leg has no other end, or none any more, and why, as a code for the record.
    Broken {
        leg: LegId,
        why: &'static str,
    },
    /// The leg's last word on its quality.
    Closed {
        leg: LegId,
        quality: Quality,
    },
}
