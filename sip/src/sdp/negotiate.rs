//! Offer and answer (RFC 3264) for one audio stream. Other streams of an offer are refused with port 0.
//!
//! Towards a browser we are an ICE-lite agent with one candidate, and wait for its DTLS handshake (RFC 8839 §5.3, RFC 8842):
//! whatever candidates it names, its checks come to us, so none of them is looked at.
//!
//! An INVITE without description is the delayed offer: [`make_offer`] goes into the 200, [`accept_answer`] reads the ACK.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::security::Crypto;
use super::{
    Attribute, Codec, Connection, Direction, Dtls, Format, Media, OpusWishes, Origin, Profile,
    Protection, Security, SessionDescription, SrtpKey,
};

/// What our side has to say about one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Where we receive RTP: an advertised address, never `0.0.0.0`.
    pub rtp: SocketAddr,
    /// Number of the session in `o=`; the same for all descriptions of one dialog.
    pub session_id: u64,
    /// Codecs, most wanted first.
    pub codecs: Vec<Codec>,
    /// Codecs taken from a peer that offers none of those, most wanted first; we offer them only where they are spoken already.
    pub if_insisted: Vec<Codec>,
    /// Whether DTMF events are offered and accepted.
    pub dtmf: bool,
    /// What we want to do with the stream.
    pub direction: Direction,
    /// How much sound we like in one packet.
    pub ptime_ms: u32,
    /// Whether RTCP may share the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// How the stream is kept from other ears.
    pub protection: Protection,
}

impl Local {
    /// G.711 with DTMF, both ways, 20 ms.
    pub fn g711(rtp: SocketAddr, session_id: u64) -> Self {
        Self {
            rtp,
            session_id,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            if_insisted: Vec::new(),
            dtmf: true,
            direction: Direction::SendRecv,
            ptime_ms: 20,
            rtcp_mux: false,
            protection: Protection::Plain,
        }
    }

    /// The same, with G.722 and Opus for peers that speak nothing else.
    pub fn or_wideband(mut self) -> Self {
        self.if_insisted = vec![Codec::G722, Codec::Opus];
        self
    }

    /// The same, kept from other ears.
    pub fn protected(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// The same with another direction: hold is [`Direction::SendOnly`] or [`Direction::Inactive`].
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}

/// A payload type number. The sides may use different ones for the same codec: each sends what the other asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadType {
    /// What we put on packets: the peer's number.
    pub send: u8,
    /// What the peer puts on packets: our number.
    pub receive: u8,
}

/// How DTMF events go (RFC 4733).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Events {
    /// Their number.
    pub payload_type: PayloadType,
    /// The clock that their durations are told in.
    pub clock_rate: u32,
}

/// Where RTCP goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rtcp {
    /// To the RTP address.
    Mux,
    /// To an address of its own.
    At(SocketAddr),
}

/// What both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The codec.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: PayloadType,
    /// What the peer wishes of its Opus, if it is that.
    pub opus: Option<OpusWishes>,
    /// DTMF events, if both sides want them.
    pub dtmf: Option<Events>,
    /// Where to send RTP. Unspecified (`0.0.0.0`) when the peer holds in the old way (the direction then forbids sending), and
    /// where ICE finds the way.
    pub remote: SocketAddr,
    /// Where to send RTCP.
    pub rtcp: Rtcp,
    /// What we may do.
    pub direction: Direction,
    /// Milliseconds of sound per packet the peer wants to get.
    pub ptime_ms: u32,
    /// What protects it.
    pub security: Security,
}

/// An answer to send, and what it settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer.
    pub sdp: SessionDescription,
    /// What now holds.
    pub negotiated: Negotiated,
}

/// Why there can be no stream. A UAS answers 488.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// No audio over RTP is offered, or the answer refuses ours.
    #[error("no audio stream")]
    NoAudio,
    /// No codec both know.
    #[error("no common codec")]
    NoCommonCodec,
    /// The peer's address is absent or a host name, which nobody here resolves.
    #[error("no usable media address")]
    NoAddress,
    /// Plain RTP where it must be encrypted.
    #[error("this stream must be encrypted")]
    NotEncrypted,
    /// Keys in the description where they are not taken: a browser's come from DTLS (RFC 8827 §6.5).
    #[error("keys in the description (SDES) are not taken here")]
    SdesNotWanted,
    /// A DTLS handshake where none is made.
    #[error("DTLS-SRTP is not spoken here")]
    DtlsNotWanted,
    /// SAVP without a key, suite and parameters that we can use.
    #[error("no usable crypto line")]
    NoKey,
    /// Nobody vouches for their certificate.
    #[error("no fingerprint")]
    NoFingerprint,
    /// Their certificate is vouched for by a hash that does not hold any more (RFC 8122 §5.1): SHA-256 is needed.
    #[error("the fingerprint is not SHA-256")]
    WeakFingerprint,
    /// The fingerprint cannot be read.
    #[error("the fingerprint is not 32 bytes in hexadecimal")]
    BadFingerprint,
    /// Nobody would begin the handshake: we wait for theirs.
    #[error("setup must be actpass or active in an offer, active in an answer")]
    WrongSetup,
    /// ICE without name and password.
    #[error("no usable ice-ufrag and ice-pwd")]
    NoIce,
    /// RTCP on a port of its own, which ICE would have to find too.
    #[error("RTCP must share the port (rtcp-mux)")]
    NoMux,
}

impl NegotiationError {
    /// The code of a Warning that says so (RFC 3261 §20.43).
    pub fn warning_code(self) -> u16 {
        match self {
            Self::NoAudio => 304,
            Self::NoCommonCodec => 305,
            Self::NoAddress => 302,
            Self::NotEncrypted
            | Self::SdesNotWanted
            | Self::DtlsNotWanted
            | Self::NoKey
            | Self::NoFingerprint
            | Self::WeakFingerprint
            | Self::BadFingerprint
            | Self::WrongSetup
            | Self::NoIce
            | Self::NoMux => 399,
        }
    }
}

/// Payload type of DTMF events when the choice is ours; what nearly everyone uses.
const DTMF_PAYLOAD_TYPE: u8 = 101;
/// The same towards browsers, which have used this one for ever.
const BROWSERS_DTMF_PAYLOAD_TYPE: u8 = 126;
/// Name of our only stream where it needs one (RFC 5888), until the peer names it.
const MID: &str = "0";
/// Priority of a host candidate (RFC 8445 §5.1.2): type 126, one address, one component.
const CANDIDATE_PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;
const DEFAULT_PTIME_MS: u32 = 20;
/// No more than this in one packet, whatever the peer asks.
const PTIME_MAX_MS: u32 = 60;

/// Our offer. `previous` is our last description in this dialog, if any: it keeps the number of media lines and gives `o=` its
/// next version when anything changed (RFC 3264 §8).
pub fn make_offer(local: &Local, previous: Option<&SessionDescription>) -> SessionDescription {
    let mut stream = stream(local);
    // A number once used for a format stays that format's (RFC 3264 §8.3.2).
    let used = previous
        .and_then(|previous| Some(previous.media[audio_index(previous)?].codecs()))
        .unwrap_or_default();
    // What is spoken goes on being offered: the peer may have nothing else.
    let spoken = local.if_insisted.iter().filter(|codec| {
        let mut used = used.iter();
        used.any(|format| format.is(**codec))
    });
    let codecs: Vec<Codec> = local.codecs.iter().chain(spoken).copied().collect();
    for &codec in &codecs {
        let before = used
            .iter()
            .find(|format| format.is(codec))
            .map(|format| format.payload_type);
        add_format(
            &mut stream,
            before.unwrap_or(codec.payload_type()),
            &codec.rtpmap(),
            codec.fmtp(),
        );
    }
    if local.dtmf {
        // One event format per clock the codecs use: 101 for 8 kHz, the next numbers for others.
        let mut clocks: Vec<u32> = codecs.iter().map(|codec| codec.clock_rate()).collect();
        clocks.sort_unstable();
        clocks.dedup();
        let first = match local.protection {
            Protection::Dtls(_) => BROWSERS_DTMF_PAYLOAD_TYPE,
            Protection::Plain | Protection::Possible(_) | Protection::Sdes(_) => DTMF_PAYLOAD_TYPE,
        };
        for (clock, payload_type) in clocks.into_iter().zip(first..) {
            let before = used
                .iter()
                .find(|format| format.is_telephone_event(clock))
                .map(|format| format.payload_type);
            let payload_type = before.unwrap_or(payload_type);
            add_format(
                &mut stream,
                payload_type,
                &format!("telephone-event/{clock}"),
                Some("0-16"),
            );
        }
    }
    let before = previous.and_then(|previous| Some(&previous.media[audio_index(previous)?]));
    let secured = Secured::offered(local, before);
    finish_stream(&mut stream, local, local.direction, &secured);
    let media = match previous {
        None => vec![stream],
        Some(previous) => {
            let ours = audio_index(previous).unwrap_or(0);
            let mut media: Vec<Media> = previous.media.iter().map(refused).collect();
            match media.get_mut(ours) {
                Some(slot) => *slot = stream,
                None => media.push(stream),
            }
            media
        }
    };
    description(local, media, secured.bundle(), previous)
}

/// Our answer to an offer. `previous` is our last description in this dialog, if any.
pub fn answer(
    offer: &SessionDescription,
    local: &Local,
    previous: Option<&SessionDescription>,
) -> Result<Answer, NegotiationError> {
    let (index, secured, security) = chosen(offer, local)?;
    let theirs = &offer.media[index];
    let formats = theirs.codecs();
    let (codec, format) = local
        .codecs
        .iter()
        .chain(&local.if_insisted)
        .find_map(|&codec| {
            formats
                .iter()
                .find(|format| format.is(codec))
                .map(|format| (codec, format))
        })
        .ok_or(NegotiationError::NoCommonCodec)?;
    let event = event_of(&formats, codec).filter(|_| local.dtmf);
    let direction = local.direction.and(offer.direction(theirs).reversed());

    let mut ours = stream(local);
    ours.protocol.clone_from(&theirs.protocol);
    add_format(
        &mut ours,
        format.payload_type,
        &codec.rtpmap(),
        codec.fmtp(),
    );
    if let Some(event) = event {
        let map = format!("telephone-event/{}", event.clock_rate);
        add_format(
            &mut ours,
            event.payload_type,
            &map,
            Some(event.fmtp.as_deref().unwrap_or("0-16")),
        );
    }
    finish_stream(&mut ours, local, direction, &secured);

    // RFC 3264 §6.1: the answer uses the offer's numbers, so both directions are the same.
    let same = |format: &Format| PayloadType {
        send: format.payload_type,
        receive: format.payload_type,
    };
    let negotiated = Negotiated {
        codec,
        payload_type: same(format),
        opus: (codec == Codec::Opus).then(|| format.opus_wishes()),
        dtmf: event.map(|event| Events {
            payload_type: same(event),
            clock_rate: event.clock_rate,
        }),
        remote: remote(offer, theirs, &security)?,
        rtcp: rtcp(offer, theirs, secured.mux).ok_or(NegotiationError::NoAddress)?,
        direction,
        ptime_ms: ptime_ms(theirs),
        security,
    };
    let mut media: Vec<Media> = offer.media.iter().map(refused).collect();
    media[index] = ours;
    Ok(Answer {
        sdp: description(local, media, secured.bundle(), previous),
        negotiated,
    })
}

/// What a peer's answer to our offer settles.
pub fn accept_answer(
    offer: &SessionDescription,
    answer: &SessionDescription,
) -> Result<Negotiated, NegotiationError> {
    let index = audio_index(offer).ok_or(NegotiationError::NoAudio)?;
    let ours = &offer.media[index];
    let theirs = answer
        .media
        .get(index)
        .filter(|m| m.port != 0 && m.audio_profile() == ours.audio_profile())
        .ok_or(NegotiationError::NoAudio)?;
    let security = match ours.audio_profile().ok_or(NegotiationError::NoAudio)? {
        Profile::Plain => Security::None,
        Profile::Sdes => sdes_answered(ours, theirs)?,
        Profile::Dtls => Security::Dtls(Dtls::of_peer(answer, theirs, true)?),
    };
    let offered = ours.codecs();
    let answered = theirs.codecs();
    // The first format of the answer that we offered: the answerer lists what it wants to get first.
    let (codec, format, payload_type) = answered
        .iter()
        .find_map(|format| {
            let codec = format.codec()?;
            let ours = offered.iter().find(|format| format.is(codec))?;
            Some((
                codec,
                format,
                PayloadType {
                    send: format.payload_type,
                    receive: ours.payload_type,
                },
            ))
        })
        .ok_or(NegotiationError::NoCommonCodec)?;
    let dtmf = event_of(&answered, codec).and_then(|theirs| {
        let clock_rate = theirs.clock_rate;
        let ours = offered.iter().find(|f| f.is_telephone_event(clock_rate))?;
        Some(Events {
            payload_type: PayloadType {
                send: theirs.payload_type,
                receive: ours.payload_type,
            },
            clock_rate,
        })
    });
    let mux = ours.attribute("rtcp-mux").is_some() && theirs.attribute("rtcp-mux").is_some();
    Ok(Negotiated {
        codec,
        payload_type,
        opus: (codec == Codec::Opus).then(|| format.opus_wishes()),
        dtmf,
        remote: remote(answer, theirs, &security)?,
        rtcp: rtcp(answer, theirs, mux).ok_or(NegotiationError::NoAddress)?,
        direction: offer
            .direction(ours)
            .and(answer.direction(theirs).reversed()),
        ptime_ms: ptime_ms(theirs),
        security,
    })
}

/// The events that go with a codec: on its clock (RFC 4733 §2.3); with Opus also on 8 kHz, which is all that some peers know.
fn event_of(formats: &[Format], codec: Codec) -> Option<&Format> {
    let on = |clock_rate| {
        let mut formats = formats.iter();
        formats.find(move |format: &&Format| format.is_telephone_event(clock_rate))
    };
    on(codec.clock_rate()).or_else(|| on(Codec::Pcma.clock_rate()))
}

/// The stream we talk on: the first live audio line over RTP.
fn audio_index(description: &SessionDescription) -> Option<usize> {
    description
        .media
        .iter()
        .position(|media| media.port != 0 && media.audio_profile().is_some())
}

/// The first live audio line of an offer that can be protected as we wish, and how. When there is none: what was wrong with
/// the first that might have been it.
fn chosen(
    offer: &SessionDescription,
    local: &Local,
) -> Result<(usize, Secured, Security), NegotiationError> {
    let mut why = None;
    for (index, media) in offer.media.iter().enumerate() {
        let Some(profile) = media.audio_profile().filter(|_| media.port != 0) else {
            continue;
        };
        match Secured::answering(offer, media, profile, local) {
            Ok((secured, security)) => return Ok((index, secured, security)),
            Err(error) => {
                why.get_or_insert(error);
            }
        }
    }
    Err(why.unwrap_or(NegotiationError::NoAudio))
}

/// The lines of a stream that say how it is protected and found.
struct Secured {
    /// What `m=` must say; in an answer the offer's own word stands.
    protocol: &'static str,
    mux: bool,
    /// Name of the stream, where it has one.
    mid: Option<String>,
    /// The streams share one way (RFC 9143).
    bundle: bool,
    lines: Vec<Attribute>,
    /// Lines of the session.
    lite: bool,
}

impl Secured {
    fn plain(mux: bool) -> Self {
        Self {
            protocol: "RTP/AVP",
            mux,
            mid: None,
            bundle: false,
            lines: Vec::new(),
            lite: false,
        }
    }

    fn sdes(mux: bool, crypto: String) -> Self {
        Self {
            protocol: "RTP/SAVP",
            lines: vec![Attribute::new("crypto", crypto)],
            ..Self::plain(mux)
        }
    }

    fn dtls(
        ours: &Dtls,
        address: SocketAddr,
        setup: &str,
        mid: Option<&str>,
        bundle: bool,
    ) -> Self {
        let (ip, port) = (address.ip(), address.port());
        let lines = vec![
            Attribute::new("ice-ufrag", &ours.ice.ufrag),
            Attribute::new("ice-pwd", &ours.ice.pwd),
            Attribute::new("fingerprint", ours.fingerprint),
            Attribute::new("setup", setup),
            Attribute::new(
                "candidate",
                format_args!("1 1 udp {CANDIDATE_PRIORITY} {ip} {port} typ host"),
            ),
            Attribute::flag("end-of-candidates"),
            // A browser makes no stream of sound that belongs to none (RFC 8830).
            Attribute::new("msid", "hotline audio"),
        ];
        Self {
            protocol: "UDP/TLS/RTP/SAVPF",
            mux: true,
            mid: mid.map(str::to_owned),
            bundle,
            lines,
            lite: true,
        }
    }

    /// For our offer; `before` is our stream as last described.
    fn offered(local: &Local, before: Option<&Media>) -> Self {
        let mux = local.rtcp_mux;
        let was = before.and_then(Media::audio_profile);
        match &local.protection {
            Protection::Plain => Self::plain(mux),
            // What was encrypted stays it, and with the key it had.
            Protection::Possible(key) if was == Some(Profile::Sdes) => {
                Self::sdes(mux, crypto_before(key, before))
            }
            Protection::Possible(_) => Self::plain(mux),
            Protection::Sdes(key) => Self::sdes(mux, crypto_before(key, before)),
            Protection::Dtls(dtls) => {
                let mid = before.and_then(|before| before.attribute("mid"));
                // RFC 8842 §5.2: every offer leaves it open who begins.
                Self::dtls(dtls, local.rtp, "actpass", Some(mid.unwrap_or(MID)), true)
            }
        }
    }

    /// For our answer to one line of theirs.
    fn answering(
        offer: &SessionDescription,
        theirs: &Media,
        profile: Profile,
        local: &Local,
    ) -> Result<(Self, Security), NegotiationError> {
        let mux = local.rtcp_mux && theirs.attribute("rtcp-mux").is_some();
        match (profile, &local.protection) {
            (Profile::Plain, Protection::Plain | Protection::Possible(_)) => {
                Ok((Self::plain(mux), Security::None))
            }
            (Profile::Sdes, Protection::Possible(key) | Protection::Sdes(key)) => {
                let crypto = Crypto::first(theirs).ok_or(NegotiationError::NoKey)?;
                let (line, security) = crypto.answered_with(key);
                Ok((Self::sdes(mux, line), security))
            }
            (Profile::Dtls, Protection::Dtls(dtls)) => {
                let peer = Dtls::of_peer(offer, theirs, false)?;
                let mid = theirs.attribute("mid");
                let bundle = mid.is_some_and(|mid| is_bundled(offer, mid));
                let secured = Self::dtls(dtls, local.rtp, "passive", mid, bundle);
                Ok((secured, Security::Dtls(peer)))
            }
            (Profile::Plain, Protection::Sdes(_) | Protection::Dtls(_)) => {
                Err(NegotiationError::NotEncrypted)
            }
            (Profile::Sdes, Protection::Plain | Protection::Dtls(_)) => {
                Err(NegotiationError::SdesNotWanted)
            }
            (Profile::Dtls, Protection::Plain | Protection::Possible(_) | Protection::Sdes(_)) => {
                Err(NegotiationError::DtlsNotWanted)
            }
        }
    }

    /// The lines of the session that go with the stream's.
    fn bundle(&self) -> Vec<Attribute> {
        let group = self.mid.as_ref().filter(|_| self.bundle);
        let group = group.map(|mid| Attribute::new("group", format_args!("BUNDLE {mid}")));
        let lite = self.lite.then(|| Attribute::flag("ice-lite"));
        group.into_iter().chain(lite).collect()
    }
}

/// Our key's line as it stood, or the first one.
fn crypto_before(key: &SrtpKey, before: Option<&Media>) -> String {
    let line = before.and_then(|before| before.attribute("crypto"));
    line.map_or_else(|| key.crypto(1), str::to_owned)
}

/// What their answer to our `a=crypto` settles: our line with its key, theirs with the same tag and suite (RFC 4568 §5.1.3).
fn sdes_answered(ours: &Media, theirs: &Media) -> Result<Security, NegotiationError> {
    let (ours, theirs) = (Crypto::first(ours), Crypto::first(theirs));
    match (ours, theirs) {
        (Some(ours), Some(theirs))
            if ours.tag == theirs.tag && ours.key.suite == theirs.key.suite =>
        {
            Ok(Security::Sdes {
                send: ours.key,
                receive: theirs.key,
            })
        }
        (_, _) => Err(NegotiationError::NoKey),
    }
}

/// The offer groups the stream of that name with others, or alone, on one way.
fn is_bundled(offer: &SessionDescription, mid: &str) -> bool {
    let groups = offer.attributes.iter().filter(|line| line.name == "group");
    groups
        .filter_map(|line| line.value.as_deref())
        .any(|group| {
            let mut words = group.split_ascii_whitespace();
            words.next() == Some("BUNDLE") && words.any(|word| word == mid)
        })
}

/// Where RTP goes. ICE finds that out by itself.
fn remote(
    description: &SessionDescription,
    media: &Media,
    security: &Security,
) -> Result<SocketAddr, NegotiationError> {
    match security {
        Security::None | Security::Sdes { .. } => description
            .rtp_address(media)
            .ok_or(NegotiationError::NoAddress),
        Security::Dtls(_) => Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
    }
}

fn stream(local: &Local) -> Media {
    Media {
        kind: "audio".to_owned(),
        port: local.rtp.port(),
        port_count: 1,
        protocol: String::new(),
        formats: Vec::new(),
        connection: None,
        attributes: Vec::new(),
        other: Vec::new(),
    }
}

fn add_format(media: &mut Media, payload_type: u8, rtpmap: &str, fmtp: Option<&str>) {
    media.formats.push(payload_type.to_string());
    media.attributes.push(Attribute::new(
        "rtpmap",
        format_args!("{payload_type} {rtpmap}"),
    ));
    if let Some(fmtp) = fmtp {
        media.attributes.push(Attribute::new(
            "fmtp",
            format_args!("{payload_type} {fmtp}"),
        ));
    }
}

fn finish_stream(media: &mut Media, local: &Local, direction: Direction, secured: &Secured) {
    if media.protocol.is_empty() {
        secured.protocol.clone_into(&mut media.protocol);
    }
    if let Some(mid) = &secured.mid {
        media.attributes.push(Attribute::new("mid", mid));
    }
    media
        .attributes
        .push(Attribute::new("ptime", local.ptime_ms));
    media.attributes.push(Attribute::flag(direction.as_str()));
    if secured.mux {
        media.attributes.push(Attribute::flag("rtcp-mux"));
    }
    media.attributes.extend(secured.lines.iter().cloned());
}

/// RFC 3264 §6: a refused line keeps its place, its kind, its name and at least one format.
fn refused(media: &Media) -> Media {
    let mid = media.attribute("mid").map(|mid| Attribute::new("mid", mid));
    Media {
        port: 0,
        port_count: 1,
        connection: None,
        attributes: mid.into_iter().collect(),
        other: Vec::new(),
        kind: media.kind.clone(),
        protocol: media.protocol.clone(),
        formats: media.formats.clone(),
    }
}

fn description(
    local: &Local,
    media: Vec<Media>,
    attributes: Vec<Attribute>,
    previous: Option<&SessionDescription>,
) -> SessionDescription {
    let address = Connection::Ip(local.rtp.ip());
    let mut made = SessionDescription {
        origin: Origin {
            username: "-".to_owned(),
            session_id: local.session_id,
            version: previous.map_or(local.session_id, |previous| previous.origin.version),
            address: address.clone(),
        },
        name: "-".to_owned(),
        connection: Some(address),
        attributes,
        other: Vec::new(),
        media,
    };
    if let Some(previous) = previous
        && *previous != made
    {
        made.origin.version = previous.origin.version.wrapping_add(1);
    }
    made
}

/// RFC 3605's `a=rtcp:port [IN IP4 address]`, or the next port.
fn rtcp(description: &SessionDescription, media: &Media, mux: bool) -> Option<Rtcp> {
    if mux {
        return Some(Rtcp::Mux);
    }
    let rtp = description.rtp_address(media)?;
    let stated = media.attribute("rtcp").and_then(|value| {
        let mut words = value.split_ascii_whitespace();
        let port: u16 = words.next()?.parse().ok()?;
        let ip = words
            .nth(2)
            .and_then(|word| word.parse::<IpAddr>().ok())
            .unwrap_or(rtp.ip());
        Some(SocketAddr::new(ip, port))
    });
    // RTP on 65535 leaves no next port: share it.
    Some(
        match stated.or_else(|| Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))) {
            Some(address) => Rtcp::At(address),
            None => Rtcp::Mux,
        },
    )
}

fn ptime_ms(media: &Media) -> u32 {
    let longest = media
        .attribute("maxptime")
        .and_then(|ms| ms.trim().parse().ok())
        .unwrap_or(PTIME_MAX_MS);
    media
        .ptime_ms()
        .unwrap_or(DEFAULT_PTIME_MS)
        .min(longest)
        .clamp(10, PTIME_MAX_MS)
}
