//! Where sound meets evidence: the media engine's legs on one side, the recorder's files on the other. Call control speaks
//! to it through [`Media`]; the engine's events come back translated.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hotline_media as media;
use hotline_recordings as recordings;
use hotline_sip::sdp::{self, Codec, IceCredentials, Negotiated, Rtcp};
use tracing::{error, warn};

use super::prompts::Prompts;
use crate::clock::Clock;
use crate::domain::call::{LegRole, Quality};
use crate::domain::id::{CallId, LegId, RecordingId, Username};
use crate::signalling::media::{Carriage, Hears, Media, MediaEvent, MediaFault, Opened, Track};

/// The media side of call control.
pub(super) struct Studio {
    clock: Arc<dyn Clock>,
    engine: media::Engine,
    recorder: recordings::Recorder,
    prompts: Arc<Prompts>,
    marks: Arc<Marks>,
    plays: AtomicU64,
}

/// Who paused which recording and why, until the engine says at which sample.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<HashMap<u128, (Username, String)>>);

impl Studio {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        engine: media::Engine,
        recorder: recordings::Recorder,
        prompts: Arc<Prompts>,
        marks: Arc<Marks>,
    ) -> Self {
        Self {
            clock,
            engine,
            recorder,
            prompts,
            marks,
            plays: AtomicU64::new(0),
        }
    }

    /// A command that is refused here meets a leg that is just ending, or a thread that hangs: counted, never fatal.
    fn told(&self, what: &'static str, outcome: Result<(), media::Error>) {
        if let Err(fault) = outcome {
            metrics::counter!("hotline_media_refused", "command" => what).increment(1);
            warn!(%fault, "the media engine refused {what}: {fault}");
        }
    }

    fn play(&self, prompts: Vec<Arc<media::Prompt>>, repeat: media::Repeat) -> media::Play {
        let id = media::PlayId(self.plays.fetch_add(1, Ordering::Relaxed));
        media::Play {
            id,
            prompts,
            repeat,
        }
    }
}

impl Media for Studio {
    fn open(&mut self, call: CallId, leg: LegId, carriage: Carriage) -> Result<Opened, MediaFault> {
        let (leg, call) = (leg_key(leg), call_key(call));
        let fault = |fault: media::Error| MediaFault(fault.to_string());
        Ok(match carriage {
            Carriage::Rtp => {
                let port = self.engine.open(leg, call).map_err(fault)?;
                Opened {
                    address: SocketAddr::new(port.ip, port.rtp),
                    dtls: None,
                }
            }
            Carriage::WebRtc => {
                let opened = self.engine.open_webrtc(leg, call).map_err(fault)?;
                Opened {
                    address: opened.address,
                    dtls: Some(sdp::Dtls {
                        ice: described(opened.ice),
                        fingerprint: sdp::Fingerprint(opened.fingerprint.0),
                    }),
                }
            }
        })
    }

    fn restart_ice(&mut self, leg: LegId) -> Option<IceCredentials> {
        match self.engine.restart_ice(leg_key(leg)) {
            Ok(ice) => Some(described(ice)),
            Err(fault) => {
                self.told("restart_ice", Err(fault));
                None
            }
        }
    }

    fn connect(&mut self, leg: LegId, remote: &Negotiated, nat: bool) {
        let codec = match remote.codec {
            Codec::Pcma => media::Codec::G711(media::Law::A),
            Codec::Pcmu => media::Codec::G711(media::Law::Mu),
            Codec::G722 => media::Codec::G722,
            Codec::Opus => {
                let wishes = remote.opus.map(|wishes| media::Opus {
                    fec: wishes.fec,
                    bitrate_max: wishes.bitrate_max,
                });
                media::Codec::Opus(wishes.unwrap_or_default())
            }
        };
        let remote = media::Remote {
            rtp: remote.remote,
            rtcp: match remote.rtcp {
                Rtcp::Mux => media::Rtcp::Mux,
                Rtcp::At(address) => media::Rtcp::At(address),
            },
            codec,
            payload_type: remote.payload_type.send,
            dtmf_payload_type: remote.dtmf.map(|dtmf| dtmf.payload_type.send),
            dtmf_clock_hz: remote.dtmf.map_or(8_000, |dtmf| dtmf.clock_rate),
            direction: media::Direction {
                send: remote.direction.sends(),
                receive: remote.direction.receives(),
            },
            nat,
            detect_tones: remote.dtmf.is_none(),
            security: security(&remote.security),
        };
        self.told("connect", self.engine.connect(leg_key(leg), remote));
    }

    fn hear(&mut self, leg: LegId, hears: Hears) {
        let hears = match hears {
            Hears::Nothing => media::Hears::Nothing,
            Hears::Echo => media::Hears::Echo,
            Hears::Legs(legs) => media::Hears::Legs(legs.into_iter().map(leg_key).collect()),
            Hears::Announcement(file) => media::Hears::Play(
                self.play(vec![self.prompts.announcement(&file)], media::Repeat::Once),
            ),
            Hears::Prompts {
                prompts,
                then_music,
            } => {
                let mut sounds: Vec<_> = prompts
                    .iter()
                    .map(|name| self.prompts.named(name))
                    .collect();
                if then_music {
                    // What was said is said again after each round of music: the caller knows that the line is alive.
                    sounds.push(self.prompts.music());
                }
                let repeat = if then_music {
                    media::Repeat::Forever
                } else {
                    media::Repeat::Once
                };
                media::Hears::Play(self.play(sounds, repeat))
            }
        };
        self.told("hear", self.engine.hear(leg_key(leg), hears));
    }

    fn record(&mut self, recording: RecordingId, call: CallId, tracks: Vec<Track>) {
        let id = recording_id(recording);
        let begin = recordings::Begin {
            id,
            call_id: call.to_string(),
            started_at_ms: self.clock.now().millis(),
            parties: tracks.iter().map(party).collect(),
        };
        if let Err(refused) = self.recorder.begin(begin) {
            error!(call.id = %call, %refused, "the recording of call {call} could not begin: {refused}");
            metrics::counter!("hotline_recordings_failed").increment(1);
            return;
        }
        let legs = tracks
            .iter()
            .map(|track| (leg_key(track.leg), track.number))
            .collect();
        let tap = Tap {
            clock: Arc::clone(&self.clock),
            recorder: self.recorder.clone(),
            id,
        };
        let key = media::RecordingKey(recording.0.as_u128());
        self.told(
            "record",
            self.engine.record(key, call_key(call), legs, Arc::new(tap)),
        );
    }

    fn track(&mut self, recording: RecordingId, track: Track) {
        let _ = self.recorder.join(recording_id(recording), party(&track));
        let key = media::RecordingKey(recording.0.as_u128());
        self.told(
            "track",
            self.engine.set_track(key, track.number, leg_key(track.leg)),
        );
    }

    fn untrack(&mut self, recording: RecordingId, number: u8) {
        let key = media::RecordingKey(recording.0.as_u128());
        self.told("untrack", self.engine.clear_track(key, number));
    }

    fn pause(&mut self, recording: RecordingId, by: Username, why: String) {
        self.marks.note(recording, by, why);
        let key = media::RecordingKey(recording.0.as_u128());
        self.told("pause", self.engine.pause_recording(key));
    }

    fn resume(&mut self, recording: RecordingId) {
        let key = media::RecordingKey(recording.0.as_u128());
        self.told("resume", self.engine.resume_recording(key));
    }

    fn finish(&mut self, recording: RecordingId) {
        let key = media::RecordingKey(recording.0.as_u128());
        self.told("finish", self.engine.stop_recording(key));
    }

    fn close(&mut self, leg: LegId) {
        self.told("close", self.engine.close(leg_key(leg)));
    }
}

impl Marks {
    fn note(&self, recording: RecordingId, by: Username, why: String) {
        let mut marks = self
            .0
            .lock()
            .expect("no panic happens while the marks are held");
        marks.insert(recording.0.as_u128(), (by, why));
    }

    fn take(&self, key: media::RecordingKey) -> Option<(Username, String)> {
        self.0
            .lock()
            .expect("no panic happens while the marks are held")
            .remove(&key.0)
    }
}

/// What the engine says, for call control; marks in recordings go straight to the recorder. Called on a media thread:
/// nothing here waits.
pub(super) fn translate(
    event: media::Event,
    recorder: &recordings::Recorder,
    marks: &Marks,
) -> Option<MediaEvent> {
    match event {
        media::Event::PromptDone { leg, .. } => Some(MediaEvent::Played { leg: leg_of(leg) }),
        media::Event::Silent { leg } => Some(MediaEvent::Silent { leg: leg_of(leg) }),
        media::Event::FirstPacket { leg } | media::Event::Audible { leg } => {
            Some(MediaEvent::Heard { leg: leg_of(leg) })
        }
        media::Event::Dtmf { leg, digit, .. } => Some(MediaEvent::Dtmf {
            leg: leg_of(leg),
            digit,
        }),
        media::Event::Closed { leg, stats } => {
            let quality = Quality {
                packets_received: stats.packets_received,
                packets_lost: stats.packets_lost,
                packets_sent: stats.packets_sent,
                jitter_us: stats.jitter_us,
            };
            Some(MediaEvent::Closed {
                leg: leg_of(leg),
                quality,
            })
        }
        media::Event::RecordingPaused {
            recording,
            at_sample,
        } => {
            if let (Some((by, why)), Ok(id)) = (
                marks.take(recording),
                recordings::RecordingId::from_u128(recording.0),
            ) {
                let _ = recorder.pause(id, at_sample, by.0, why);
            }
            None
        }
        media::Event::RecordingResumed {
            recording,
            at_sample,
        } => {
            if let Ok(id) = recordings::RecordingId::from_u128(recording.0) {
                let _ = recorder.resume(id, at_sample);
            }
            None
        }
        media::Event::Broken { leg, why } => Some(MediaEvent::Broken {
            leg: leg_of(leg),
            why: match why {
                media::Breakdown::Fingerprint => "dtls_fingerprint",
                media::Breakdown::Handshake => "dtls_failed",
                media::Breakdown::NoPath => "no_media_path",
                media::Breakdown::Gone => "consent_lost",
                media::Breakdown::ClosedByPeer => "dtls_closed",
            },
        }),
        media::Event::Secured { .. } => None,
        media::Event::Failed { leg } => {
            metrics::counter!("hotline_media_failures").increment(1);
            error!(leg = leg.0, "a media leg met a bug of ours and was closed");
            None
        }
    }
}

/// Hands a recording's sound from the media thread to the recorder.
struct Tap {
    clock: Arc<dyn Clock>,
    recorder: recordings::Recorder,
    id: recordings::RecordingId,
}

impl media::Tap for Tap {
    fn chunk(&self, chunk: media::Chunk) -> Result<(), media::Full> {
        // Decoded on the writer's thread: the media thread has packets to forward.
        let decode = move || {
            let tracks = chunk
                .tracks
                .iter()
                .map(|track| {
                    let mut samples = Vec::with_capacity(chunk.samples as usize);
                    track.decode_into(chunk.samples, &mut samples);
                    (track.track, samples)
                })
                .collect();
            recordings::Chunk {
                start_sample: chunk.start_sample,
                tracks,
            }
        };
        self.recorder
            .chunk_with(self.id, decode)
            .map_err(|_| media::Full)
    }

    fn finished(&self, finished: media::Finished) -> Result<(), media::Full> {
        self.recorder
            .finish(
                self.id,
                finished.end_sample,
                self.clock.now().millis(),
                "call_ended",
            )
            .map_err(|_| media::Full)
    }
}

fn party(track: &Track) -> recordings::Party {
    recordings::Party {
        track: track.number,
        role: match track.role {
            LegRole::Citizen => recordings::Role::Citizen,
            LegRole::Agent => recordings::Role::Agent,
            LegRole::Specialist => recordings::Role::Specialist,
            LegRole::Supervisor => recordings::Role::Supervisor,
            LegRole::Extension => recordings::Role::Extension,
        },
        label: track.label.clone(),
        joined_at_sample: 0,
    }
}

/// The same words on the two sides of us.
fn described(ice: media::IceCredentials) -> IceCredentials {
    IceCredentials {
        ufrag: ice.ufrag,
        pwd: ice.pwd,
    }
}

fn security(agreed: &sdp::Security) -> media::Security {
    match agreed {
        sdp::Security::None => media::Security::None,
        sdp::Security::Sdes { send, receive } => media::Security::Sdes {
            send: srtp_key(send),
            receive: srtp_key(receive),
        },
        sdp::Security::Dtls(peer) => media::Security::Dtls(media::RemoteWebRtc {
            ice: media::IceCredentials {
                ufrag: peer.ice.ufrag.clone(),
                pwd: peer.ice.pwd.clone(),
            },
            fingerprint: media::Fingerprint(peer.fingerprint.0),
        }),
    }
}

fn srtp_key(key: &sdp::SrtpKey) -> media::SrtpKey {
    let suite = match key.suite {
        sdp::Suite::AesCm128HmacSha1_80 => media::Suite::AesCm128Sha1_80,
        sdp::Suite::AesCm128HmacSha1_32 => media::Suite::AesCm128Sha1_32,
    };
    media::SrtpKey::new(suite, &[&key.key[..], &key.salt[..]].concat())
        .expect("both suites have 16 bytes of key and 14 of salt")
}

fn leg_key(leg: LegId) -> media::LegId {
    media::LegId(leg.0.as_u128())
}

fn leg_of(leg: media::LegId) -> LegId {
    LegId(uuid::Uuid::from_u128(leg.0))
}

fn call_key(call: CallId) -> media::CallKey {
    media::CallKey(call.0.as_u128())
}

fn recording_id(recording: RecordingId) -> recordings::RecordingId {
    recordings::RecordingId::from_u128(recording.0.as_u128())
        .expect("our clock makes UUIDs of version 7")
}
