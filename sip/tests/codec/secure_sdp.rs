//! Streams kept from other ears: offers as browsers and desk phones really make them, our answers and offers, and what is
//! refused with which word.

use std::fmt::Write as _;

use hotline_sip::limits::SDP_CANDIDATES_MAX;
use hotline_sip::sdp::{
    Codec, Direction, Dtls, Fingerprint, IceCredentials, Local, NegotiationError, PayloadType,
    Protection, Rtcp, SdpError, Security, SessionDescription, SrtpKey, Suite, accept_answer,
    answer, make_offer,
};
use proptest::prelude::*;

/// JsSIP 3.13 in Chromium, host candidates hidden, some codecs' lines left out as the browser leaves none.
const CHROMIUM: &str = "v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 3c28eaf5-0a6c-4a2c-b5a1-7d9d1a4d1f36
m=audio 51472 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.44
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:3993072971 1 udp 2122260223 5d3fd2d0-51a4-4d06-8b1d-6a7f7f4a2f9a.local 51472 typ host generation 0 network-id 1
a=candidate:1603314 1 udp 2122194687 192.0.2.44 51472 typ host generation 0 network-id 2
a=candidate:2585640879 1 tcp 1518280447 192.0.2.44 9 typ host tcptype active generation 0 network-id 1
a=ice-ufrag:Xm7v
a=ice-pwd:k6sv/nVRGrqDbzEzBgjXM+pA
a=ice-options:trickle
a=fingerprint:sha-256 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:3c28eaf5-0a6c-4a2c-b5a1-7d9d1a4d1f36 0b1e7f5c-7c9c-4f0f-8a5b-1f1d4f0e2a33
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:2907184351 cname:1vXk0kmmJ3Y9Q6yH
";

/// Firefox: fingerprint for all sections, an address of nothing, `sendrecv` above the section.
const FIREFOX: &str = "v=0
o=mozilla...THIS_IS_SDPARTA-99.0 5934472113203541711 0 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 0.0.0.0
a=candidate:0 1 UDP 2122252543 192.0.2.45 49203 typ host
a=candidate:2 1 TCP 2105524479 192.0.2.45 9 typ host tcptype active
a=sendrecv
a=end-of-candidates
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=fmtp:101 0-15
a=ice-pwd:3f2c2d9a0c9f4e5f9a6f9a6b1c7d8e9f
a=ice-ufrag:9e12ab34
a=mid:0
a=msid:{6e1a} {0c8b}
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=rtpmap:9 G722/8000/1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000/1
a=setup:actpass
a=ssrc:3181239221 cname:{7b1d}
";

const HEAD: &str = "v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n";
const THEIR_KEY: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn sdp(text: &str) -> SessionDescription {
    SessionDescription::parse(text.replace('\n', "\r\n").as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn ours() -> Dtls {
    Dtls {
        ice: IceCredentials {
            ufrag: "hot1".to_owned(),
            pwd: "0123456789abcdef01234567".to_owned(),
        },
        fingerprint: Fingerprint([0xAB; 32]),
    }
}

fn plain() -> Local {
    Local::g711("198.51.100.1:20000".parse().unwrap(), 42)
}

fn browser_leg() -> Local {
    plain().protected(Protection::Dtls(ours()))
}

fn key() -> SrtpKey {
    SrtpKey::new([7; 30])
}

fn desk_phone_leg() -> Local {
    plain().protected(Protection::Possible(key()))
}

#[test]
fn chromiums_offer_is_answered_as_a_lite_agent_that_waits_for_the_handshake() {
    let answer = answer(&sdp(CHROMIUM), &browser_leg(), None).unwrap();
    let expected = "v=0
o=- 42 42 IN IP4 198.51.100.1
s=-
c=IN IP4 198.51.100.1
t=0 0
a=group:BUNDLE 0
a=ice-lite
m=audio 20000 UDP/TLS/RTP/SAVPF 8 126
a=rtpmap:8 PCMA/8000
a=rtpmap:126 telephone-event/8000
a=fmtp:126 0-16
a=mid:0
a=ptime:20
a=sendrecv
a=rtcp-mux
a=ice-ufrag:hot1
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
a=setup:passive
a=candidate:1 1 udp 2130706431 198.51.100.1 20000 typ host
a=end-of-candidates
a=msid:hotline audio
";
    assert_eq!(answer.sdp.to_string().replace("\r\n", "\n"), expected);
    let settled = answer.negotiated;
    assert_eq!(settled.codec, Codec::Pcma);
    let event = settled.dtmf.map(|event| event.payload_type.send);
    assert_eq!((settled.payload_type.send, event), (8, Some(126)));
    assert_eq!(settled.rtcp, Rtcp::Mux);
    assert_eq!(settled.direction, Direction::SendRecv);
    let Security::Dtls(peer) = settled.security else {
        panic!("{:?}", settled.security)
    };
    assert_eq!(peer.ice.ufrag, "Xm7v");
    assert_eq!(peer.ice.pwd, "k6sv/nVRGrqDbzEzBgjXM+pA");
    assert_eq!(peer.fingerprint.0[..3], [0x6B, 0x8B, 0xF0]);
}

#[test]
fn firefoxs_offer_is_answered_though_it_hides_its_address() {
    let answer = answer(&sdp(FIREFOX), &browser_leg(), None).unwrap();
    assert_eq!(answer.sdp.media[0].formats, ["8", "101"]);
    assert_eq!(answer.sdp.attribute("group"), Some("BUNDLE 0"));
    assert_eq!(answer.negotiated.direction, Direction::SendRecv);
    assert!(matches!(answer.negotiated.security, Security::Dtls(_)));
}

#[test]
fn both_ends_of_our_offer_to_a_browser_settle_the_same() {
    let offer = make_offer(&browser_leg(), None);
    let line = &offer.media[0];
    assert_eq!(line.protocol, "UDP/TLS/RTP/SAVPF");
    assert_eq!(line.formats, ["8", "0", "126"]);
    assert_eq!(line.attribute("setup"), Some("actpass"));
    assert_eq!(line.attribute("mid"), Some("0"));
    assert_eq!(offer.attribute("group"), Some("BUNDLE 0"));
    assert_eq!(offer.attribute("ice-lite"), Some(""));

    // As Chromium answers it.
    let reply = CHROMIUM
        .replace("111 63 9 0 8 13 110 126", "8 126")
        .replace("setup:actpass", "setup:active");
    let settled = accept_answer(&offer, &sdp(&reply)).unwrap();
    let same = |number| PayloadType {
        send: number,
        receive: number,
    };
    assert_eq!(settled.payload_type, same(8));
    assert_eq!(
        settled.dtmf.map(|event| event.payload_type),
        Some(same(126))
    );
    assert!(matches!(settled.security, Security::Dtls(_)));
    for setup in ["passive", "actpass", "holdconn"] {
        let wrong = reply.replace("setup:active", &format!("setup:{setup}"));
        assert_eq!(
            accept_answer(&offer, &sdp(&wrong)),
            Err(NegotiationError::WrongSetup),
            "{setup}"
        );
    }
}

#[test]
fn hold_and_resume_by_a_browser_keep_everything_but_the_direction() {
    let first = answer(&sdp(CHROMIUM), &browser_leg(), None).unwrap().sdp;
    for (theirs, settled) in [
        ("sendonly", Direction::RecvOnly),
        ("recvonly", Direction::SendOnly),
        ("inactive", Direction::Inactive),
        ("sendrecv", Direction::SendRecv),
    ] {
        let again = CHROMIUM.replace("a=sendrecv", &format!("a={theirs}"));
        let held = answer(&sdp(&again), &browser_leg(), Some(&first)).unwrap();
        assert_eq!(held.negotiated.direction, settled, "{theirs}");
        let line = |sdp: &SessionDescription, name| sdp.media[0].attribute(name).map(str::to_owned);
        for name in ["mid", "ice-ufrag", "ice-pwd", "fingerprint", "setup"] {
            assert_eq!(line(&held.sdp, name), line(&first, name), "{name}");
        }
    }
}

#[test]
fn refused_sections_keep_their_names_and_places() {
    let offer = CHROMIUM.replace("a=group:BUNDLE 0", "a=group:BUNDLE v 0");
    let video =
        "m=video 9 UDP/TLS/RTP/SAVPF 96\nc=IN IP4 0.0.0.0\na=mid:v\na=rtpmap:96 VP8/90000\nm=audio";
    let offer = offer.replacen("m=audio", video, 1);
    let answer = answer(&sdp(&offer), &browser_leg(), None).unwrap().sdp;
    let mids: Vec<_> = answer
        .media
        .iter()
        .map(|m| (m.attribute("mid").unwrap(), m.port))
        .collect();
    assert_eq!(mids, [("v", 0), ("0", 20000)]);
    assert_eq!(answer.attribute("group"), Some("BUNDLE 0"));
    // Our next offer: the same two in the same order.
    let next = make_offer(&browser_leg(), Some(&answer));
    let mids: Vec<_> = next
        .media
        .iter()
        .map(|m| m.attribute("mid").unwrap())
        .collect();
    assert_eq!(mids, ["v", "0"]);
    assert_eq!(next.media[1].attribute("setup"), Some("actpass"));
}

#[test]
fn what_a_browser_leg_refuses_and_with_which_word() {
    let fingerprint = CHROMIUM
        .lines()
        .find(|line| line.starts_with("a=fingerprint"))
        .unwrap();
    let without = |name: &str| {
        let mut text = String::new();
        for line in CHROMIUM.lines().filter(|line| !line.starts_with(name)) {
            writeln!(text, "{line}").unwrap();
        }
        text
    };
    let sdes =
        format!("{HEAD}m=audio 4000 RTP/SAVPF 8\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\n");
    let table = [
        (
            "no fingerprint",
            without("a=fingerprint"),
            NegotiationError::NoFingerprint,
        ),
        (
            "SHA-1",
            CHROMIUM.replace(
                fingerprint,
                "a=fingerprint:sha-1 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64",
            ),
            NegotiationError::WeakFingerprint,
        ),
        (
            "a short one",
            CHROMIUM.replace(":19:08", ":19"),
            NegotiationError::BadFingerprint,
        ),
        (
            "a long one",
            CHROMIUM.replace(":19:08", ":19:08:00"),
            NegotiationError::BadFingerprint,
        ),
        (
            "no hexadecimal",
            CHROMIUM.replace(":19:08", ":19:0g"),
            NegotiationError::BadFingerprint,
        ),
        (
            "passive",
            CHROMIUM.replace("setup:actpass", "setup:passive"),
            NegotiationError::WrongSetup,
        ),
        (
            "holdconn",
            CHROMIUM.replace("setup:actpass", "setup:holdconn"),
            NegotiationError::WrongSetup,
        ),
        ("no setup", without("a=setup"), NegotiationError::WrongSetup),
        ("no ufrag", without("a=ice-ufrag"), NegotiationError::NoIce),
        ("no password", without("a=ice-pwd"), NegotiationError::NoIce),
        (
            "a short password",
            CHROMIUM.replace("k6sv/nVRGrqDbzEzBgjXM+pA", "short"),
            NegotiationError::NoIce,
        ),
        (
            "blanks in the ufrag",
            CHROMIUM.replace("ufrag:Xm7v", "ufrag:X m7v"),
            NegotiationError::NoIce,
        ),
        ("RTCP apart", without("a=rtcp-mux"), NegotiationError::NoMux),
        (
            "plain RTP",
            format!("{HEAD}m=audio 4000 RTP/AVP 8\n"),
            NegotiationError::NotEncrypted,
        ),
        ("SDES", sdes, NegotiationError::SdesNotWanted),
        (
            "no codec of ours",
            CHROMIUM.replace("111 63 9 0 8 13 110 126", "111 63 13"),
            NegotiationError::NoCommonCodec,
        ),
        (
            "no sound",
            CHROMIUM.replace("m=audio", "m=video"),
            NegotiationError::NoAudio,
        ),
    ];
    for (what, text, why) in table {
        assert_eq!(
            answer(&sdp(&text), &browser_leg(), None).err(),
            Some(why),
            "{what}"
        );
    }
    // One good fingerprint among weak ones is enough.
    let both = CHROMIUM.replace(
        fingerprint,
        &format!("a=fingerprint:sha-1 00:11\n{fingerprint}"),
    );
    assert!(answer(&sdp(&both), &browser_leg(), None).is_ok());
    assert_eq!(
        answer(&sdp(CHROMIUM), &plain(), None).err(),
        Some(NegotiationError::DtlsNotWanted)
    );
}

#[test]
fn ten_thousand_candidates_are_refused_before_they_are_kept() {
    let with = |count: usize| {
        let candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
        format!(
            "{}{}",
            CHROMIUM.replace('\n', "\r\n"),
            candidate.repeat(count)
        )
    };
    let read = |text: String| SessionDescription::parse(text.as_bytes()).err();
    assert_eq!(read(with(SDP_CANDIDATES_MAX - 3)), None);
    assert_eq!(
        read(with(SDP_CANDIDATES_MAX - 2)),
        Some(SdpError::TooManyCandidates)
    );
    assert_eq!(read(with(10_000)), Some(SdpError::TooLarge));
}

#[test]
fn a_desk_phones_keys_are_answered_with_ours() {
    let offer = sdp(&format!(
        "{HEAD}m=audio 4000 RTP/SAVP 8 101\na=rtpmap:101 telephone-event/8000\n\
         a=crypto:1 AEAD_AES_256_GCM inline:x\na=crypto:2 AES_CM_128_HMAC_SHA1_32 {THEIR_KEY}|2^20\n\
         a=crypto:3 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}|2^20|1:4\n"
    ));
    let answer = answer(&offer, &desk_phone_leg(), None).unwrap();
    let line = &answer.sdp.media[0];
    assert_eq!(line.protocol, "RTP/SAVP");
    assert_eq!(
        line.attribute("crypto"),
        Some("2 AES_CM_128_HMAC_SHA1_32 inline:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH")
    );
    let Security::Sdes { send, receive } = answer.negotiated.security else {
        panic!("{:?}", answer.negotiated.security)
    };
    assert_eq!(
        (send.suite, receive.suite),
        (Suite::AesCm128HmacSha1_32, Suite::AesCm128HmacSha1_32)
    );
    assert_eq!((send.key, &receive.key[..4]), ([7; 16], &b"YS__"[..]));
    // They ask us for an offer later: encrypted still, with the key it had.
    let next = make_offer(&desk_phone_leg(), Some(&answer.sdp));
    assert_eq!(next.media[0].protocol, "RTP/SAVP");
    assert_eq!(next.media[0].attribute("crypto"), line.attribute("crypto"));
}

#[test]
fn a_crypto_line_we_cannot_use_is_no_line() {
    let table = [
        ("", NegotiationError::NoKey),
        (
            "a=crypto:1 AEAD_AES_128_GCM inline:AAAA\n",
            NegotiationError::NoKey,
        ),
        (
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\n",
            NegotiationError::NoKey,
        ),
        (
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80\n",
            NegotiationError::NoKey,
        ),
        (
            "a=crypto:x AES_CM_128_HMAC_SHA1_80 KEY\n",
            NegotiationError::NoKey,
        ),
        (
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 KEY|1:4\n",
            NegotiationError::NoKey,
        ),
        (
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 KEY UNENCRYPTED_SRTP\n",
            NegotiationError::NoKey,
        ),
    ];
    for (lines, why) in table {
        let lines = lines.replace("KEY", THEIR_KEY);
        let offer = sdp(&format!("{HEAD}m=audio 4000 RTP/SAVP 8\n{lines}"));
        assert_eq!(
            answer(&offer, &desk_phone_leg(), None).err(),
            Some(why),
            "{lines}"
        );
    }
    // A parameter that need not be understood is no hindrance; nor is a worse line before a good one.
    let fine = format!(
        "{HEAD}m=audio 4000 RTP/SAVP 8\na=crypto:1 NULL x\na=crypto:2 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY} -X=1\n"
    );
    assert!(answer(&sdp(&fine), &desk_phone_leg(), None).is_ok());
}

#[test]
fn a_trunk_that_must_encrypt_offers_keys_and_takes_nothing_less() {
    let trunk = plain().protected(Protection::Sdes(key()));
    let offer = make_offer(&trunk, None);
    assert_eq!(offer.media[0].protocol, "RTP/SAVP");
    let theirs = plain().protected(Protection::Possible(SrtpKey::new([9; 30])));
    let reply = answer(&offer, &theirs, None).unwrap();
    let settled = accept_answer(&offer, &reply.sdp).unwrap();
    let Security::Sdes { send, receive } = &settled.security else {
        panic!("{:?}", settled.security)
    };
    assert_eq!((send.key, receive.key), ([7; 16], [9; 16]));
    assert_eq!(
        reply.negotiated.security,
        Security::Sdes {
            send: receive.clone(),
            receive: send.clone()
        }
    );
    let unencrypted = sdp(&format!("{HEAD}m=audio 4000 RTP/AVP 8\n"));
    assert_eq!(
        answer(&unencrypted, &trunk, None).err(),
        Some(NegotiationError::NotEncrypted)
    );
    assert_eq!(
        accept_answer(&offer, &unencrypted).err(),
        Some(NegotiationError::NoAudio)
    );
    let other_tag = sdp(&format!(
        "{HEAD}m=audio 4000 RTP/SAVP 8\na=crypto:5 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\n"
    ));
    assert_eq!(
        accept_answer(&offer, &other_tag).err(),
        Some(NegotiationError::NoKey)
    );
}

#[test]
fn a_phone_that_offers_both_is_given_the_encrypted_one_if_it_comes_first() {
    let both = sdp(&format!(
        "{HEAD}m=audio 4000 RTP/SAVP 8\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}\nm=audio 4000 RTP/AVP 8\n"
    ));
    let settled = answer(&both, &desk_phone_leg(), None).unwrap();
    assert!(matches!(settled.negotiated.security, Security::Sdes { .. }));
    let ports: Vec<u16> = settled.sdp.media.iter().map(|media| media.port).collect();
    assert_eq!(ports, [20000, 0]);
}

#[test]
fn no_secret_is_printed_by_debug() {
    let shown = format!("{:?} {:?}", ours(), key());
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
    assert!(!shown.contains("7, 7"), "{shown}");
}

/// Lines that make and break offers, thrown together.
fn any_offer() -> impl Strategy<Value = String> {
    let profile = prop::sample::select(vec![
        "RTP/AVP",
        "RTP/AVPF",
        "RTP/SAVP",
        "RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
        "TCP/TLS/RTP/SAVPF",
    ]);
    let lines = vec![
        "a=mid:0".to_owned(),
        "a=mid:audio".to_owned(),
        "a=rtcp-mux".to_owned(),
        "a=setup:actpass".to_owned(),
        "a=setup:active".to_owned(),
        "a=setup:passive".to_owned(),
        "a=ice-ufrag:abcd".to_owned(),
        "a=ice-ufrag:".to_owned(),
        "a=ice-pwd:0123456789012345678901".to_owned(),
        "a=sendonly".to_owned(),
        "a=rtpmap:126 telephone-event/8000".to_owned(),
        format!("a=fingerprint:sha-256 {}", ["1f"; 32].join(":")),
        "a=fingerprint:sha-1 00".to_owned(),
        format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {THEIR_KEY}"),
        format!("a=crypto:2 AES_CM_128_HMAC_SHA1_32 {THEIR_KEY}|2^31"),
        "a=crypto".to_owned(),
    ];
    let section = (
        profile,
        prop::sample::select(vec![0u16, 9, 4000]),
        prop::collection::vec(prop::sample::select(lines), 0..14),
    );
    prop::collection::vec(section, 0..4).prop_map(|sections| {
        let mut text = format!("{HEAD}a=group:BUNDLE 0 audio\n");
        for (profile, port, lines) in sections {
            writeln!(text, "m=audio {port} {profile} 111 0 8 126").unwrap();
            for line in lines {
                writeln!(text, "{line}").unwrap();
            }
        }
        text
    })
}

proptest! {
    #[test]
    fn whatever_is_answered_is_an_answer_to_what_was_offered(text in any_offer(), kind in 0..4) {
        let offer = sdp(&text);
        let local = match kind {
            0 => plain(),
            1 => desk_phone_leg(),
            2 => plain().protected(Protection::Sdes(key())),
            _ => browser_leg(),
        };
        if let Ok(answered) = answer(&offer, &local, None) {
            let printed = answered.sdp.to_string();
            let again = SessionDescription::parse(printed.as_bytes()).unwrap();
            prop_assert_eq!(again.to_string(), printed);
            prop_assert_eq!(again.media.len(), offer.media.len());
            let live: Vec<usize> = (0..again.media.len()).filter(|at| again.media[*at].port != 0).collect();
            prop_assert_eq!(live.len(), 1);
            let (ours, theirs) = (&again.media[live[0]], &offer.media[live[0]]);
            prop_assert_eq!(&ours.protocol, &theirs.protocol);
            prop_assert!(theirs.port != 0);
            prop_assert_eq!(ours.attribute("mid").is_some(), theirs.attribute("mid").is_some() && kind == 3);
            match answered.negotiated.security {
                Security::None => prop_assert!(kind < 2),
                Security::Sdes { .. } => prop_assert!(kind == 1 || kind == 2),
                Security::Dtls(_) => prop_assert_eq!(kind, 3),
            }
        }
    }

    #[test]
    fn two_of_us_always_agree(kind in 0..4, seed in any::<u8>()) {
        let of = |byte: u8| match kind {
            0 => plain(),
            1 => plain().protected(Protection::Possible(SrtpKey::new([byte; 30]))),
            2 => plain().protected(Protection::Sdes(SrtpKey::new([byte; 30]))),
            _ => browser_leg(),
        };
        let offer = make_offer(&of(seed), None);
        let reply = answer(&offer, &of(seed.wrapping_add(1)), None);
        let reply = reply.unwrap();
        // Two lite agents that wait for each other never speak; every other pair does.
        match accept_answer(&offer, &reply.sdp) {
            Ok(settled) => {
                prop_assert_eq!(settled.codec, reply.negotiated.codec);
                prop_assert_eq!(settled.direction, reply.negotiated.direction);
            }
            Err(why) => prop_assert_eq!((kind, why), (3, NegotiationError::WrongSetup)),
        }
    }
}
