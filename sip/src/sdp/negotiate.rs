//! Offer and answer (RFC 3264) for one audio stream. Other streams of an offer are refused with port 0.
//!
//! An INVITE without description is the delayed offer: [`make_offer`] goes into the 200, [`accept_answer`] reads the ACK.

use std::net::{IpAddr, SocketAddr};

use super::{Attribute, Codec, Connection, Direction, Format, Media, Origin, SessionDescription};

/// What our side has to say about one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Where we receive RTP: an advertised address, never `0.0.0.0`.
    pub rtp: SocketAddr,
    /// Number of the session in `o=`; the same for all descriptions of one dialog.
    pub session_id: u64,
    /// Codecs, most wanted first.
    pub codecs: Vec<Codec>,
    /// Whether DTMF events are offered and accepted.
    pub dtmf: bool,
    /// What we want to do with the stream.
    pub direction: Direction,
    /// How much sound we like in one packet.
    pub ptime_ms: u32,
    /// Whether RTCP may share the RTP port (RFC 5761).
    pub rtcp_mux: bool,
}

impl Local {
    /// G.711 with DTMF, both ways, 20 ms.
    pub fn g711(rtp: SocketAddr, session_id: u64) -> Self {
        Self {
            rtp,
            session_id,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            dtmf: true,
            direction: Direction::SendRecv,
            ptime_ms: 20,
            rtcp_mux: false,
        }
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
    /// DTMF events, if both sides want them.
    pub dtmf_payload: Option<PayloadType>,
    /// Where to send RTP. Unspecified (`0.0.0.0`) when the peer holds in the old way; the direction then forbids sending.
    pub remote: SocketAddr,
    /// Where to send RTCP.
    pub rtcp: Rtcp,
    /// What we may do.
    pub direction: Direction,
    /// Milliseconds of sound per packet the peer wants to get.
    pub ptime_ms: u32,
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
}

/// Payload type of DTMF events when the choice is ours; what nearly everyone uses.
const DTMF_PAYLOAD_TYPE: u8 = 101;
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
    for &codec in &local.codecs {
        let before = used
            .iter()
            .find(|format| format.is(codec))
            .map(|format| format.payload_type);
        add_format(
            &mut stream,
            before.unwrap_or(codec.payload_type()),
            &codec.rtpmap(),
            None,
        );
    }
    if local.dtmf {
        // One event format per clock the codecs use: 101 for 8 kHz, the next numbers for others.
        let mut clocks: Vec<u32> = local
            .codecs
            .iter()
            .map(|codec| codec.clock_rate())
            .collect();
        clocks.sort_unstable();
        clocks.dedup();
        for (clock, payload_type) in clocks.into_iter().zip(DTMF_PAYLOAD_TYPE..) {
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
    finish_stream(&mut stream, local, local.direction, local.rtcp_mux);
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
    description(local, media, previous)
}

/// Our answer to an offer. `previous` is our last description in this dialog, if any.
pub fn answer(
    offer: &SessionDescription,
    local: &Local,
    previous: Option<&SessionDescription>,
) -> Result<Answer, NegotiationError> {
    let index = audio_index(offer).ok_or(NegotiationError::NoAudio)?;
    let theirs = &offer.media[index];
    let formats = theirs.codecs();
    let (codec, format) = local
        .codecs
        .iter()
        .find_map(|&codec| {
            formats
                .iter()
                .find(|format| format.is(codec))
                .map(|format| (codec, format))
        })
        .ok_or(NegotiationError::NoCommonCodec)?;
    let event = formats
        .iter()
        .find(|f| local.dtmf && f.is_telephone_event(codec.clock_rate()));
    let direction = local.direction.and(offer.direction(theirs).reversed());
    let mux = local.rtcp_mux && theirs.attribute("rtcp-mux").is_some();

    let mut ours = stream(local);
    ours.protocol.clone_from(&theirs.protocol);
    add_format(&mut ours, format.payload_type, &codec.rtpmap(), None);
    if let Some(event) = event {
        let map = format!("telephone-event/{}", event.clock_rate);
        add_format(
            &mut ours,
            event.payload_type,
            &map,
            Some(event.fmtp.as_deref().unwrap_or("0-16")),
        );
    }
    finish_stream(&mut ours, local, direction, mux);

    // RFC 3264 §6.1: the answer uses the offer's numbers, so both directions are the same.
    let same = |format: &Format| PayloadType {
        send: format.payload_type,
        receive: format.payload_type,
    };
    let negotiated = Negotiated {
        codec,
        payload_type: same(format),
        dtmf_payload: event.map(same),
        remote: offer
            .rtp_address(theirs)
            .ok_or(NegotiationError::NoAddress)?,
        rtcp: rtcp(offer, theirs, mux).ok_or(NegotiationError::NoAddress)?,
        direction,
        ptime_ms: ptime_ms(theirs),
    };
    let mut media: Vec<Media> = offer.media.iter().map(refused).collect();
    media[index] = ours;
    Ok(Answer {
        sdp: description(local, media, previous),
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
        .filter(|m| m.port != 0 && m.is_rtp_audio())
        .ok_or(NegotiationError::NoAudio)?;
    let offered = ours.codecs();
    let answered = theirs.codecs();
    // The first format of the answer that we offered: the answerer lists what it wants to get first.
    let (codec, payload_type) = answered
        .iter()
        .find_map(|format| {
            let codec = format.codec()?;
            let ours = offered.iter().find(|format| format.is(codec))?;
            Some((
                codec,
                PayloadType {
                    send: format.payload_type,
                    receive: ours.payload_type,
                },
            ))
        })
        .ok_or(NegotiationError::NoCommonCodec)?;
    let event = |formats: &[Format]| {
        formats
            .iter()
            .find(|f| f.is_telephone_event(codec.clock_rate()))
            .map(|f| f.payload_type)
    };
    let dtmf_payload = event(&answered)
        .zip(event(&offered))
        .map(|(send, receive)| PayloadType { send, receive });
    let mux = ours.attribute("rtcp-mux").is_some() && theirs.attribute("rtcp-mux").is_some();
    Ok(Negotiated {
        codec,
        payload_type,
        dtmf_payload,
        remote: answer
            .rtp_address(theirs)
            .ok_or(NegotiationError::NoAddress)?,
        rtcp: rtcp(answer, theirs, mux).ok_or(NegotiationError::NoAddress)?,
        direction: offer
            .direction(ours)
            .and(answer.direction(theirs).reversed()),
        ptime_ms: ptime_ms(theirs),
    })
}

/// The stream to talk on: the first live audio line over RTP.
fn audio_index(description: &SessionDescription) -> Option<usize> {
    description
        .media
        .iter()
        .position(|media| media.port != 0 && media.is_rtp_audio())
}

fn stream(local: &Local) -> Media {
    Media {
        kind: "audio".to_owned(),
        port: local.rtp.port(),
        port_count: 1,
        protocol: "RTP/AVP".to_owned(),
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

fn finish_stream(media: &mut Media, local: &Local, direction: Direction, mux: bool) {
    media
        .attributes
        .push(Attribute::new("ptime", local.ptime_ms));
    media.attributes.push(Attribute::flag(direction.as_str()));
    if mux {
        media.attributes.push(Attribute::flag("rtcp-mux"));
    }
}

/// RFC 3264 §6: a refused line keeps its place, its kind and at least one format.
fn refused(media: &Media) -> Media {
    Media {
        port: 0,
        port_count: 1,
        connection: None,
        attributes: Vec::new(),
        other: Vec::new(),
        kind: media.kind.clone(),
        protocol: media.protocol.clone(),
        formats: media.formats.clone(),
    }
}

fn description(
    local: &Local,
    media: Vec<Media>,
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
        attributes: Vec::new(),
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
