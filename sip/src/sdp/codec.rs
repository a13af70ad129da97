//! Codecs by name and payload type (RFC 3551, RFC 7587).

use super::Media;

/// An audio codec this crate knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
    /// G.722.
    G722,
    /// Opus.
    Opus,
}

impl Codec {
    /// The name in `rtpmap`.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The RTP clock. G.722 samples at 16 kHz and counts at 8 kHz, by an old mistake (RFC 3551 §4.5.2).
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => 8000,
            Self::Opus => 48_000,
        }
    }

    /// The payload type we use when the choice is ours: RFC 3551's own, or a dynamic one.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// What we say of it: Opus is played and captured in the telephone's band, and its redundancy is used (RFC 7587 §6.1).
    pub(super) fn fmtp(self) -> Option<&'static str> {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => None,
            Self::Opus => Some("maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1"),
        }
    }

    pub(super) fn rtpmap(self) -> String {
        let channels = if self == Self::Opus { "/2" } else { "" };
        format!("{}/{}{channels}", self.encoding(), self.clock_rate())
    }
}

/// What a peer wishes of the Opus that it is sent (RFC 7587 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusWishes {
    /// It makes use of forward error correction.
    pub fec: bool,
    /// Bits a second that it wants at most.
    pub bitrate_max: u32,
}

/// The most that `maxaveragebitrate` can say.
const OPUS_BITRATE_MAX: u32 = 510_000;

/// A payload type of one media section with what `rtpmap` and `fmtp` say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// The payload type.
    pub payload_type: u8,
    /// The encoding's name as written.
    pub encoding: String,
    /// The RTP clock.
    pub clock_rate: u32,
    /// `fmtp` parameters.
    pub fmtp: Option<String>,
}

impl Format {
    pub(super) fn of(media: &Media, payload_type: u8) -> Option<Self> {
        let fmtp = mapped(media, "fmtp", payload_type).map(str::to_owned);
        if let Some(map) = mapped(media, "rtpmap", payload_type) {
            let mut parts = map.trim().split('/');
            let (encoding, clock_rate) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
            return Some(Self {
                payload_type,
                encoding,
                clock_rate,
                fmtp,
            });
        }
        let known = [Codec::Pcma, Codec::Pcmu, Codec::G722]
            .into_iter()
            .find(|c| c.payload_type() == payload_type)?;
        Some(Self {
            payload_type,
            encoding: known.encoding().to_owned(),
            clock_rate: known.clock_rate(),
            fmtp,
        })
    }

    /// Which codec of ours it is.
    pub fn codec(&self) -> Option<Codec> {
        [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus]
            .into_iter()
            .find(|codec| self.is(*codec))
    }

    pub(super) fn is(&self, codec: Codec) -> bool {
        self.encoding.eq_ignore_ascii_case(codec.encoding())
            && self.clock_rate == codec.clock_rate()
    }

    /// What `fmtp` says of it as Opus. What cannot be read is passed over.
    pub(super) fn opus_wishes(&self) -> OpusWishes {
        let mut wishes = OpusWishes {
            fec: false,
            bitrate_max: OPUS_BITRATE_MAX,
        };
        let parameters = self.fmtp.iter().flat_map(|fmtp| fmtp.split(';'));
        for (name, value) in parameters.filter_map(|parameter| parameter.split_once('=')) {
            match (name.trim(), value.trim()) {
                ("useinbandfec", value) => wishes.fec = value == "1",
                ("maxaveragebitrate", value) => {
                    let bitrate = value.parse().unwrap_or(OPUS_BITRATE_MAX);
                    wishes.bitrate_max = bitrate.min(OPUS_BITRATE_MAX);
                }
                (_, _) => {}
            }
        }
        wishes
    }

    /// True for DTMF events (RFC 4733) on that clock.
    pub fn is_telephone_event(&self, clock_rate: u32) -> bool {
        self.encoding.eq_ignore_ascii_case("telephone-event") && self.clock_rate == clock_rate
    }
}

/// What `a=name:<payload type> <value>` says.
fn mapped<'a>(media: &'a Media, name: &str, payload_type: u8) -> Option<&'a str> {
    media
        .attributes
        .iter()
        .filter(|a| a.name == name)
        .find_map(|attribute| {
            let (number, value) = attribute
                .value
                .as_deref()?
                .trim_start()
                .split_once([' ', '\t'])?;
            (number.parse() == Ok(payload_type)).then_some(value)
        })
}
