//! Whatever comes in: no panic, nothing unbounded, and what is read prints as something that reads the same.

use hotline_sip::header::{
    CSeq, ContentType, Credentials, HeaderName, NameAddr, Params, Replaces, RetryAfter, SipDate,
    Via,
};
use hotline_sip::message::Message;
use hotline_sip::parse::{Frame, Framer};
use hotline_sip::sdp::{Local, SessionDescription, accept_answer, answer, make_offer};
use hotline_sip::uri::Uri;
use hotline_sip::validate::{validate, validate_response};
use proptest::prelude::*;

/// Bytes that often almost are a message.
fn almost_sip() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("INVITE sip:a@b SIP/2.0\r\n".to_owned()),
        Just("SIP/2.0 200 OK\r\n".to_owned()),
        Just("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n".to_owned()),
        Just("Content-Length: ".to_owned()),
        Just("l:".to_owned()),
        Just("m: \"".to_owned()),
        Just("From: <".to_owned()),
        Just("\r\n ".to_owned()),
        Just("\r\n".to_owned()),
        Just("\r\n\r\n".to_owned()),
        "[ -~]{0,12}",
        "[0-9]{1,12}",
        "[<>\",;:@?=%\\\\\\[\\]\r\n\t ]{1,6}",
        "\\PC{0,4}",
    ];
    let bytes = proptest::collection::vec(any::<u8>(), 0..4);
    proptest::collection::vec((piece, bytes), 0..24).prop_map(|pieces| {
        pieces
            .into_iter()
            .flat_map(|(text, bytes)| [text.into_bytes(), bytes].concat())
            .collect()
    })
}

/// Uses everything a message offers.
fn use_up(message: &Message) {
    let headers = message.headers();
    match message {
        Message::Request(request) => {
            if let Err(rejection) = validate(request, &["timer"]) {
                let _ = Message::parse(&rejection.response(request).to_bytes());
            }
            let _ = request.sdp().map(SessionDescription::parse);
            assert!(request.uri.equivalent(&request.uri), "{}", request.uri);
        }
        Message::Response(response) => {
            let _ = validate_response(response);
        }
    }
    for field in headers.iter() {
        let text = field.text();
        check_value::<NameAddr>(&text);
        check_value::<Via>(&text);
        check_value::<Uri>(&text);
        check_value::<CSeq>(&text);
        check_value::<Params>(&text);
        check_value::<ContentType>(&text);
        check_value::<Credentials>(&text);
        check_value::<Replaces>(&text);
        check_value::<SipDate>(&text);
        let _ = text.parse::<RetryAfter>();
        let name = HeaderName::from(field.name);
        let mut copy = headers.clone();
        copy.set_first(name, "x");
        copy.set(name, "y");
        assert_eq!(copy.count(name), 1);
    }
    let _ = headers.credentials(HeaderName::Authorization);
}

/// What reads prints as text that reads as the same.
fn check_value<T: std::str::FromStr + std::fmt::Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let printed = value.to_string();
        match printed.parse::<T>() {
            Ok(again) => assert_eq!(again.to_string(), printed, "of {text:?}"),
            Err(_) => panic!("{text:?} reads, its print {printed:?} does not"),
        }
    }
}

fn frames(bytes: &[u8], cut: impl Fn(usize) -> usize) -> Vec<String> {
    let mut framer = Framer::new();
    let (mut seen, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = (at + cut(at).max(1)).min(bytes.len());
        framer.feed(&bytes[at..end]);
        at = end;
        loop {
            match framer.poll() {
                Ok(None) => break,
                Ok(Some(Frame::Message(message))) => seen.push(format!("{:?}", message.to_bytes())),
                Ok(Some(other)) => seen.push(format!("{other:?}")),
                Err(error) => seen.push(format!("{error:?}")),
            }
        }
    }
    seen
}

/// Inputs that once hung or broke the codec.
#[test]
fn what_once_went_wrong_does_not_again() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/regressions");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        if let Ok(message) = Message::parse(&bytes) {
            use_up(&message);
        }
        assert_eq!(frames(&bytes, |_| 1), frames(&bytes, |_| bytes.len()));
        let _ = SessionDescription::parse(&bytes);
        count += 1;
    }
    assert!(count > 0, "no inputs in {folder}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_that_reads_prints_as_one_that_reads_the_same(bytes in almost_sip()) {
        match Message::parse(&bytes) {
            Ok(message) => {
                use_up(&message);
                let printed = message.to_bytes();
                let again = Message::parse(&printed).expect("what was read can be read again");
                prop_assert_eq!(again.to_bytes(), printed);
                prop_assert_eq!(again.body(), message.body());
            }
            Err(error) => {
                if let Some(reply) = error.reply() {
                    let _ = Message::parse(&reply.to_bytes());
                }
            }
        }
    }

    #[test]
    fn a_stream_gives_the_same_frames_however_it_is_cut(bytes in almost_sip(), step in 1_usize..40) {
        let whole = frames(&bytes, |_| usize::MAX / 2);
        prop_assert_eq!(frames(&bytes, |_| step), whole);
    }

    #[test]
    fn a_well_formed_header_line_prints_byte_for_byte(
        lines in proptest::collection::vec(("[a-zA-Z][a-zA-Z0-9.!%*_+`'~-]{0,20}", "[ \t]{0,2}", "([ -~]|\r\n |é){0,40}"), 0..20),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = b"FOO sip:a@b SIP/2.0\r\n".to_vec();
        for (name, space, value) in &lines {
            prop_assume!(!name.eq_ignore_ascii_case("l") && !name.eq_ignore_ascii_case("content-length"));
            bytes.extend_from_slice(format!("{name}{space}:{value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(&body);
        let message = Message::parse(&bytes).expect("well-formed");
        prop_assert_eq!(message.headers().len(), lines.len() + 1);
        prop_assert_eq!(message.to_bytes(), bytes);
    }

    #[test]
    fn any_address_we_build_reads_back(display in "\\PC{0,20}", user in "\\PC{1,20}", tag in "[a-z0-9]{1,8}") {
        let uri = Uri::sip(Some(&user), "example.com", None).expect("the user is escaped");
        let user_again = uri.user_decoded().map(std::borrow::Cow::into_owned);
        prop_assert_eq!(user_again.as_deref(), Some(user.as_str()));
        let mut address = NameAddr::new(uri).with_tag(&tag);
        address.display = Some(display);
        prop_assert_eq!(address.to_string().parse::<NameAddr>(), Ok(address));
    }

    #[test]
    fn a_description_that_reads_prints_as_itself_and_is_negotiated_without_panic(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("m=audio 4000 RTP/AVP 0 8 101".to_owned()),
                Just("a=rtpmap:101 telephone-event/8000".to_owned()),
                Just("c=IN IP4 192.0.2.1".to_owned()),
                Just("c=IN IP6 ::".to_owned()),
                "m=(audio|video) [0-9]{1,5}(/[0-9])? RTP/AVPF?( [0-9]{1,3}){0,5}",
                "a=(rtcp|ptime|maxptime|rtpmap|fmtp|rtcp-mux):[ -~]{0,20}",
                "a=(rtpmap|fmtp):[0-9]{1,3} [a-zA-Z0-9-]{1,10}/[0-9]{1,6}(/[0-9])?",
                "[a-zA-Z]=[ -~]{0,30}",
            ],
            0..20,
        ),
    ) {
        let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n{}", lines.join("\r\n"));
        if let Ok(read) = SessionDescription::parse(text.as_bytes()) {
            let printed = read.to_string();
            let again = SessionDescription::parse(printed.as_bytes()).expect("what was read can be read again");
            prop_assert_eq!(again.to_string(), printed);
            let local = Local::g711("192.0.2.2:4000".parse().unwrap(), 1);
            if let Ok(answered) = answer(&read, &local, None) {
                prop_assert_eq!(answered.sdp.media.len(), read.media.len());
            }
            let _ = accept_answer(&make_offer(&local, None), &read);
            let _ = accept_answer(&make_offer(&local, Some(&read)), &read);
        }
    }
}
