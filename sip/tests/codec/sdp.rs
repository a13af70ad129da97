//! Session descriptions: reading, printing, offer and answer.

use std::net::SocketAddr;

use hotline_sip::limits::{SDP_LINES_MAX, SDP_MAX, SDP_MEDIA_MAX};
use hotline_sip::sdp::{
    Codec, Connection, Direction, Events, Local, Negotiated, NegotiationError, PayloadType, Rtcp,
    SdpError, Security, SessionDescription, accept_answer, answer, make_offer,
};

const HEAD: &str = "v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n";

fn sdp(text: &str) -> SessionDescription {
    SessionDescription::parse(text.replace('\n', "\r\n").as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn offer(media: &str) -> SessionDescription {
    sdp(&format!("{HEAD}{media}"))
}

fn local() -> Local {
    Local::g711("198.51.100.1:20000".parse().unwrap(), 42)
}

fn same(number: u8) -> PayloadType {
    PayloadType {
        send: number,
        receive: number,
    }
}

fn settled(media: &str) -> Result<Negotiated, NegotiationError> {
    answer(&offer(media), &local(), None).map(|answer| answer.negotiated)
}

#[test]
fn a_phones_offer_is_answered_with_one_codec_and_dtmf() {
    let offer = offer(
        "m=audio 4000 RTP/AVP 0 8 18 101\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:18 G729/8000\n\
         a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=ptime:20\na=sendrecv\n",
    );
    let answer = answer(&offer, &local(), None).unwrap();
    let expected = "v=0\no=- 42 42 IN IP4 198.51.100.1\ns=-\nc=IN IP4 198.51.100.1\nt=0 0\n\
        m=audio 20000 RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=ptime:20\na=sendrecv\n";
    assert_eq!(answer.sdp.to_string().replace("\r\n", "\n"), expected);
    let expected = Negotiated {
        codec: Codec::Pcma,
        payload_type: same(8),
        opus: None,
        dtmf: Some(Events {
            payload_type: same(101),
            clock_rate: 8_000,
        }),
        remote: "192.0.2.9:4000".parse().unwrap(),
        rtcp: Rtcp::At("192.0.2.9:4001".parse().unwrap()),
        direction: Direction::SendRecv,
        ptime_ms: 20,
        security: Security::None,
    };
    assert_eq!(answer.negotiated, expected);
}

#[test]
fn both_ends_of_an_exchange_settle_the_same() {
    let caller = local();
    let callee = Local::g711("203.0.113.5:30000".parse().unwrap(), 7);
    let offer = make_offer(&caller, None);
    let answer = answer(&offer, &callee, None).unwrap();
    let ours = accept_answer(&offer, &answer.sdp).unwrap();
    assert_eq!(ours.remote, callee.rtp);
    assert_eq!(answer.negotiated.remote, caller.rtp);
    assert_eq!(
        (
            ours.codec,
            ours.payload_type,
            ours.dtmf.map(|dtmf| dtmf.payload_type)
        ),
        (Codec::Pcma, same(8), Some(same(101)))
    );
    assert_eq!(
        (ours.codec, ours.dtmf),
        (answer.negotiated.codec, answer.negotiated.dtmf)
    );
}

#[test]
fn codecs_are_found_by_number_name_and_clock() {
    let table = [
        ("m=audio 4000 RTP/AVP 0\n", Ok((Codec::Pcmu, 0, None))),
        ("m=audio 4000 RTP/AVP 0 8\n", Ok((Codec::Pcma, 8, None))),
        (
            "m=audio 4000 RTP/AVP 0 96\na=rtpmap:96 pcma/8000\n",
            Ok((Codec::Pcma, 96, None)),
        ),
        (
            "m=audio 4000 RTP/AVP 8 97\na=rtpmap:97 telephone-event/8000\n",
            Ok((Codec::Pcma, 8, Some(97))),
        ),
        (
            "m=audio 4000 RTP/AVP 8 97\na=rtpmap:97 telephone-event/48000\n",
            Ok((Codec::Pcma, 8, None)),
        ),
        (
            "m=audio 4000 RTP/AVP 96\na=rtpmap:96 PCMA/16000\n",
            Err(NegotiationError::NoCommonCodec),
        ),
        (
            "m=audio 4000 RTP/AVP 18 101\na=rtpmap:101 telephone-event/8000\n",
            Err(NegotiationError::NoCommonCodec),
        ),
        (
            "m=audio 4000 RTP/AVP 96\n",
            Err(NegotiationError::NoCommonCodec),
        ),
        ("m=audio 0 RTP/AVP 8\n", Err(NegotiationError::NoAudio)),
        ("m=video 4000 RTP/AVP 31\n", Err(NegotiationError::NoAudio)),
        (
            "m=audio 4000 RTP/SAVP 8\n",
            Err(NegotiationError::SdesNotWanted),
        ),
        (
            "m=audio 4000 RTP/AVP 8\nc=IN IP4 phone.example\n",
            Err(NegotiationError::NoAddress),
        ),
        ("", Err(NegotiationError::NoAudio)),
    ];
    for (media, expected) in table {
        let found = settled(media).map(|n| {
            (
                n.codec,
                n.payload_type.send,
                n.dtmf.map(|p| p.payload_type.send),
            )
        });
        assert_eq!(found, expected, "{media}");
    }
}

#[test]
fn hold_in_every_form_is_answered_from_our_side() {
    let table = [
        ("a=sendrecv\n", Direction::SendRecv),
        ("", Direction::SendRecv),
        ("a=sendonly\n", Direction::RecvOnly),
        ("a=recvonly\n", Direction::SendOnly),
        ("a=inactive\n", Direction::Inactive),
        ("c=IN IP4 0.0.0.0\n", Direction::RecvOnly),
        ("c=IN IP4 0.0.0.0\na=inactive\n", Direction::Inactive),
        ("c=IN IP4 0.0.0.0\na=recvonly\n", Direction::Inactive),
    ];
    for (lines, expected) in table {
        let answer = answer(
            &offer(&format!("m=audio 4000 RTP/AVP 8\n{lines}")),
            &local(),
            None,
        )
        .unwrap();
        assert_eq!(answer.negotiated.direction, expected, "{lines}");
        assert_eq!(
            answer.sdp.direction(&answer.sdp.media[0]),
            expected,
            "{lines} as printed"
        );
    }
    let session_wide = sdp(&format!("{HEAD}a=sendonly\nm=audio 4000 RTP/AVP 8\n"));
    assert_eq!(
        answer(&session_wide, &local(), None)
            .unwrap()
            .negotiated
            .direction,
        Direction::RecvOnly
    );
    let held = local().with_direction(Direction::SendOnly);
    let both_hold = answer(&offer("m=audio 4000 RTP/AVP 8\na=sendonly\n"), &held, None).unwrap();
    assert_eq!(both_hold.negotiated.direction, Direction::Inactive);
}

#[test]
fn our_hold_settles_what_the_answer_leaves() {
    let held = make_offer(&local().with_direction(Direction::SendOnly), None);
    for (lines, expected) in [
        ("a=recvonly\n", Direction::SendOnly),
        ("a=inactive\n", Direction::Inactive),
        ("", Direction::SendOnly),
    ] {
        let settled =
            accept_answer(&held, &offer(&format!("m=audio 4000 RTP/AVP 8\n{lines}"))).unwrap();
        assert_eq!(settled.direction, expected, "{lines}");
    }
}

#[test]
fn other_streams_keep_their_place_with_port_0() {
    let offer = offer(
        "m=video 5000 RTP/AVP 31 32\na=sendrecv\nm=audio 4000 RTP/SAVP 8\nm=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 8\nm=image 0 udptl t38\n",
    );
    let answer = answer(&offer, &local(), None).unwrap();
    let lines: Vec<_> = answer
        .sdp
        .media
        .iter()
        .map(|m| (m.kind.as_str(), m.port, m.formats.join(" ")))
        .collect();
    let expected = [
        ("video", 0, "31 32"),
        ("audio", 0, "8"),
        ("audio", 20000, "8"),
        ("audio", 0, "8"),
        ("image", 0, "t38"),
    ];
    assert_eq!(
        lines,
        expected.map(|(kind, port, formats)| (kind, port, formats.to_owned()))
    );
    assert_eq!(answer.negotiated.remote.port(), 4002);
    // Our next offer in that dialog keeps all five, ours in its place.
    let next = make_offer(&local(), Some(&answer.sdp));
    assert_eq!(
        next.media.iter().map(|m| m.port).collect::<Vec<_>>(),
        [0, 0, 20000, 0, 0]
    );
}

#[test]
fn the_version_grows_only_when_something_changed() {
    let first = make_offer(&local(), None);
    let same = make_offer(&local(), Some(&first));
    assert_eq!(same, first);
    let held = make_offer(&local().with_direction(Direction::Inactive), Some(&same));
    assert_eq!(
        (held.origin.session_id, held.origin.version),
        (42, first.origin.version + 1)
    );
    let resumed = make_offer(&local(), Some(&held));
    assert_eq!(resumed.origin.version, first.origin.version + 2);
}

#[test]
fn a_later_offer_keeps_the_numbers_the_peer_chose() {
    let theirs = offer("m=audio 4000 RTP/AVP 8 126\na=rtpmap:126 telephone-event/8000\n");
    let ours = answer(&theirs, &local(), None).unwrap();
    let next = make_offer(&local(), Some(&ours.sdp));
    assert_eq!(next.media[0].formats, ["8", "0", "126"]);
}

#[test]
fn a_peer_that_answers_with_its_own_number_gets_it_and_we_get_ours() {
    let ours = make_offer(&local(), None);
    let theirs = offer("m=audio 4000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n");
    let settled = accept_answer(&ours, &theirs).unwrap();
    assert_eq!(
        settled.dtmf.map(|dtmf| dtmf.payload_type),
        Some(PayloadType {
            send: 96,
            receive: 101
        })
    );
}

#[test]
fn an_answer_without_our_stream_or_codec_is_refused() {
    let ours = make_offer(&local(), None);
    for (media, error) in [
        ("", NegotiationError::NoAudio),
        ("m=audio 0 RTP/AVP 8\n", NegotiationError::NoAudio),
        ("m=audio 4000 RTP/AVP 18\n", NegotiationError::NoCommonCodec),
        ("m=audio 4000 RTP/AVP 9\n", NegotiationError::NoCommonCodec),
    ] {
        assert_eq!(
            accept_answer(&ours, &offer(media)).unwrap_err(),
            error,
            "{media}"
        );
    }
}

#[test]
fn rtcp_goes_to_the_next_port_or_where_it_is_told() {
    let at = |text: &str| Rtcp::At(text.parse::<SocketAddr>().unwrap());
    let table = [
        ("", at("192.0.2.9:4001")),
        ("a=rtcp:5003\n", at("192.0.2.9:5003")),
        ("a=rtcp:5003 IN IP4 192.0.2.77\n", at("192.0.2.77:5003")),
        ("a=rtcp-mux\n", Rtcp::Mux),
    ];
    let mux = Local {
        rtcp_mux: true,
        ..local()
    };
    for (lines, expected) in table {
        let answer = answer(
            &offer(&format!("m=audio 4000 RTP/AVP 8\n{lines}")),
            &mux,
            None,
        )
        .unwrap();
        assert_eq!(answer.negotiated.rtcp, expected, "{lines}");
        assert_eq!(
            answer.sdp.media[0].attribute("rtcp-mux").is_some(),
            expected == Rtcp::Mux
        );
    }
    assert_eq!(
        settled("m=audio 4000 RTP/AVP 8\na=rtcp-mux\n")
            .unwrap()
            .rtcp,
        at("192.0.2.9:4001"),
        "we did not want it"
    );
    assert_eq!(
        settled("m=audio 65535 RTP/AVP 8\n").unwrap().rtcp,
        Rtcp::Mux
    );
}

#[test]
fn packet_time_is_the_peers_within_reason() {
    for (lines, expected) in [
        ("", 20),
        ("a=ptime:30\n", 30),
        ("a=ptime:500\n", 60),
        ("a=ptime:40\na=maxptime:20\n", 20),
        ("a=ptime:x\n", 20),
    ] {
        assert_eq!(
            settled(&format!("m=audio 4000 RTP/AVP 8\n{lines}"))
                .unwrap()
                .ptime_ms,
            expected,
            "{lines}"
        );
    }
}

#[test]
fn an_ipv6_stream_is_reached_at_its_own_address() {
    let offer =
        sdp("v=0\no=- 1 1 IN IP6 ::1\ns=-\nt=0 0\nm=audio 4000 RTP/AVP 8\nc=IN IP6 2001:db8::7\n");
    assert_eq!(
        answer(&offer, &local(), None).unwrap().negotiated.remote,
        "[2001:db8::7]:4000".parse().unwrap()
    );
    let v6 = make_offer(&Local::g711("[2001:db8::1]:4000".parse().unwrap(), 1), None).to_string();
    assert!(v6.contains("c=IN IP6 2001:db8::1\r\n"), "{v6}");
}

#[test]
fn wideband_and_opus_are_offered_with_an_event_clock_each() {
    let wide = Local {
        codecs: vec![Codec::Opus, Codec::Pcma],
        ..local()
    };
    let offer = make_offer(&wide, None);
    assert_eq!(offer.media[0].formats, ["111", "8", "101", "102"]);
    let answer = answer(&offer, &wide, None).unwrap();
    assert_eq!(
        (answer.negotiated.codec, answer.negotiated.dtmf),
        (
            Codec::Opus,
            Some(Events {
                payload_type: same(102),
                clock_rate: 48_000
            })
        )
    );
    assert_eq!(answer.sdp.media[0].codecs()[0].clock_rate, 48_000);
}

#[test]
fn who_speaks_nothing_else_gets_g722_or_opus_and_nobody_is_offered_it() {
    let local = local().or_wideband();
    assert_eq!(make_offer(&local, None).media[0].formats, ["8", "0", "101"]);
    let opus = "a=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1; maxaveragebitrate=12000\n";
    let table = [
        ("m=audio 4000 RTP/AVP 96 9 8\n", Codec::Pcma),
        ("m=audio 4000 RTP/AVP 96 9 0\n", Codec::Pcmu),
        ("m=audio 4000 RTP/AVP 96 9\n", Codec::G722),
        ("m=audio 4000 RTP/AVP 9\n", Codec::G722),
        ("m=audio 4000 RTP/AVP 96\n", Codec::Opus),
    ];
    for (line, expected) in table {
        let answer = answer(&offer(&format!("{line}{opus}")), &local, None).unwrap();
        assert_eq!(answer.negotiated.codec, expected, "{line}");
        let wishes = answer.negotiated.opus;
        assert_eq!(wishes.is_some(), expected == Codec::Opus);
        // An offer of ours that follows has the codec that is spoken, or the peer could not answer it.
        let next = make_offer(&local, Some(&answer.sdp));
        let codecs = next.media[0].codecs();
        assert!(codecs.iter().any(|format| format.codec() == Some(expected)));
        let wished = wishes.map(|wishes| (wishes.fec, wishes.bitrate_max));
        assert!([None, Some((true, 12_000))].contains(&wished));
    }
    let answer = answer(
        &offer(&format!("m=audio 4000 RTP/AVP 96\n{opus}")),
        &local,
        None,
    )
    .unwrap();
    let fmtp = answer.sdp.media[0].attribute("fmtp");
    assert_eq!(
        fmtp,
        Some("96 maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1")
    );
}

#[test]
fn keys_go_on_the_clock_of_opus_where_the_peer_has_them_there() {
    let local = local().or_wideband();
    let on_8 = "a=rtpmap:126 telephone-event/8000\n";
    let on_48 = "a=rtpmap:110 telephone-event/48000\n";
    let table = [
        (format!("{on_8}{on_48}"), Some((110, 48_000))),
        // Some phones know no other.
        (on_8.to_owned(), Some((126, 8_000))),
        (String::new(), None),
    ];
    for (lines, expected) in table {
        let offer = offer(&format!(
            "m=audio 4000 RTP/AVP 96 126 110\na=rtpmap:96 opus/48000/2\n{lines}"
        ));
        let settled = answer(&offer, &local, None).unwrap().negotiated;
        let keys = settled.dtmf;
        let keys = keys.map(|keys| (keys.payload_type.send, keys.clock_rate));
        assert_eq!(keys, expected, "{lines}");
    }
}

#[test]
fn unknown_lines_come_back_in_their_places() {
    let text = "v=0\r\no=bob 1 2 IN IP4 host.example\r\ns= \r\ni=info\r\nu=http://x\r\nc=IN IP4 192.0.2.1\r\nb=AS:64\r\nt=1 2\r\nk=clear:x\r\n\
        a=group:BUNDLE 0\r\nm=audio 4000/2 UDP/TLS/RTP/SAVPF 111\r\ni=talk\r\nc=IN IP6 2001:db8::1\r\nb=TIAS:1\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    let read = SessionDescription::parse(text.as_bytes()).unwrap();
    assert_eq!(read.to_string(), text);
    assert_eq!(read.attribute("group"), Some("BUNDLE 0"));
    assert_eq!(
        read.origin.address,
        Connection::Name {
            kind: "IP4".to_owned(),
            host: "host.example".to_owned()
        }
    );
}

#[test]
fn a_sloppy_description_is_read() {
    // Bare line feeds, no s= and no t=, empty lines, Latin-1, numbers past 64 bits, a multicast suffix.
    let text = b"v=0\no=- 99999999999999999999999 1 IN IP4 192.0.2.1\n\nc=IN IP4 224.2.1.1/127\ni=caf\xe9\nm=audio 4000 RTP/AVP 8\n\n\n";
    let read = SessionDescription::parse(text).unwrap();
    assert_eq!(
        read.connection,
        Some(Connection::Ip("224.2.1.1".parse().unwrap()))
    );
    assert_eq!(read.other[0].value, "café");
}

#[test]
fn what_is_no_description_is_refused_with_its_line() {
    let table = [
        ("", 0),
        ("x", 1),
        ("o=- 1 1 IN IP4 192.0.2.1\n", 1),
        ("v=1\n", 1),
        ("v=0\nv=0\n", 2),
        ("v=0\nm =video\n", 2),
        ("v=0\no=- 1 1 IN IP4\n", 2),
        ("v=0\no=- x 1 IN IP4 192.0.2.1\n", 2),
        ("v=0\no=- 1 1 IN IP4 ::1\n", 2),
        ("v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio x RTP/AVP 8\n", 3),
        (
            "v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 70000 RTP/AVP 8\n",
            3,
        ),
        ("v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4000\n", 3),
        ("v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 a b\n", 3),
        ("v=0\ns=-\n", 2),
    ];
    for (text, expected) in table {
        match SessionDescription::parse(text.as_bytes()) {
            Err(SdpError::Line { line, .. }) => assert_eq!(line, expected, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn a_description_past_a_limit_is_refused() {
    let head = "v=0\no=- 1 1 IN IP4 192.0.2.1\n";
    for text in [
        format!("{head}{}", "a=x\n".repeat(SDP_LINES_MAX)),
        format!(
            "{head}{}",
            "m=audio 1 RTP/AVP 0\n".repeat(SDP_MEDIA_MAX + 1)
        ),
        format!("{head}m=audio 1 RTP/AVP{}\n", " 0".repeat(100)),
        format!("{head}a={}\n", "x".repeat(SDP_MAX)),
    ] {
        assert_eq!(
            SessionDescription::parse(text.as_bytes()),
            Err(SdpError::TooLarge)
        );
    }
}
