//! Messages as a whole: framing, printing, building, limits.

use hotline_sip::header::{CSeq, HeaderName, NameAddr, Transport, Via};
use hotline_sip::limits::{HEADERS_MAX, MESSAGE_MAX, URI_LENGTH_MAX};
use hotline_sip::message::{Message, Method, Request, Response, Status};
use hotline_sip::parse::{Frame, Framer, Problem};

fn request(text: &str) -> Request {
    match Message::parse(text.replace('\n', "\r\n").as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn invite() -> Request {
    let mut invite = Request::new(Method::Invite, "sip:12345@hotline.example".parse().unwrap());
    invite.headers.push(
        HeaderName::Via,
        Via::new(Transport::Udp, "192.0.2.1", Some(5060), "z9hG4bK1"),
    );
    invite.headers.push(
        HeaderName::From,
        "<sip:13900000000@carrier.example>;tag=a"
            .parse::<NameAddr>()
            .unwrap(),
    );
    invite
        .headers
        .push(HeaderName::To, "<sip:12345@hotline.example>");
    invite.headers.push(HeaderName::CallId, "call-1");
    invite.headers.push(
        HeaderName::CSeq,
        CSeq {
            seq: 1,
            method: Method::Invite,
        },
    );
    invite
}

#[test]
fn a_built_request_prints_as_it_goes_on_the_wire() {
    let mut invite = invite();
    invite.set_body("application/sdp", "v=0\r\n");
    let expected = "INVITE sip:12345@hotline.example SIP/2.0\n\
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\n\
        From: <sip:13900000000@carrier.example>;tag=a\n\
        To: <sip:12345@hotline.example>\n\
        Call-ID: call-1\n\
        CSeq: 1 INVITE\n\
        Content-Type: application/sdp\n\
        Content-Length: 5\n\
        \n\
        v=0\n";
    assert_eq!(
        String::from_utf8(invite.to_bytes()).unwrap(),
        expected.replace('\n', "\r\n")
    );
}

#[test]
fn a_response_copies_what_identifies_the_transaction_and_nothing_else() {
    let mut request = invite();
    request
        .headers
        .push(HeaderName::Via, "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK0");
    request.headers.push(HeaderName::Timestamp, "54");
    request.headers.push(HeaderName::UserAgent, "phone");
    let names = |response: Response| {
        response
            .headers
            .iter()
            .map(|f| f.name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(request.response(Status::RINGING)),
        ["Via", "Via", "From", "To", "Call-ID", "CSeq"]
    );
    assert!(names(request.response(Status::TRYING)).contains(&"Timestamp".to_owned()));
}

#[test]
fn what_one_side_wrote_cannot_add_a_header_on_the_other() {
    let mut request = invite();
    request
        .headers
        .push(HeaderName::Subject, "hello\r\nX-Admin: yes\nY: z");
    let mut busy = request.response(Status::BUSY_HERE);
    busy.reason = "Busy\r\nContact: <sip:evil@example.com>".to_owned();
    for bytes in [request.to_bytes(), busy.to_bytes()] {
        let read = Message::parse(&bytes).unwrap();
        assert!(!read.headers().contains("X-Admin".into()));
        assert!(!read.headers().contains(HeaderName::Contact));
    }
}

#[test]
fn a_datagram_ends_where_content_length_says_and_else_at_its_end() {
    let with = |length: &str, body: &str| {
        Message::parse(format!("MESSAGE sip:a@b SIP/2.0\r\n{length}\r\n{body}").as_bytes())
            .map(|m| m.body().to_vec())
    };
    assert_eq!(with("Content-Length: 3\r\n", "abcdef").unwrap(), b"abc");
    assert_eq!(with("", "abcdef").unwrap(), b"abcdef");
    assert_eq!(
        with("l: 9\r\n", "abcdef").unwrap_err().problem,
        Problem::Truncated
    );
    assert_eq!(
        with("l: 3\r\nContent-Length: 3\r\n", "abc").unwrap(),
        b"abc"
    );
    assert_eq!(
        with("l: 3\r\nContent-Length: 2\r\n", "abc")
            .unwrap_err()
            .problem,
        Problem::ContentLength
    );
    assert_eq!(
        with("l: 99999999999999999999999999\r\n", "abc")
            .unwrap_err()
            .problem,
        Problem::ContentLength
    );
}

#[test]
fn a_keep_alive_datagram_is_no_message() {
    for bytes in [b"".as_slice(), b"\r\n\r\n", b"\r\n", b"\0\0\0\0"] {
        assert_eq!(Message::parse(bytes).unwrap_err().problem, Problem::Empty);
    }
}

#[test]
fn bytes_that_are_no_text_survive_in_headers_and_body() {
    let mut bytes =
        b"MESSAGE sip:a@b SIP/2.0\r\nSubject: M\xfcller\r\nFrom: M\xfcller <sip:m@b>;tag=1\r\n"
            .to_vec();
    bytes.extend_from_slice(b"Content-Length: 4\r\n\r\n\x00\xff\x0d\x0a");
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(
        message.headers().text(HeaderName::Subject).unwrap(),
        "Müller"
    );
    assert_eq!(
        message.headers().from().unwrap().display.as_deref(),
        Some("Müller")
    );
    assert_eq!(message.body(), b"\x00\xff\x0d\x0a");
    assert_eq!(message.to_bytes(), bytes);
}

#[test]
fn bare_line_feeds_are_read_as_line_ends() {
    let message = Message::parse(b"OPTIONS sip:a@b SIP/2.0\nCSeq: 1 OPTIONS\nl: 0\n\n").unwrap();
    assert_eq!(message.headers().cseq().unwrap().seq, 1);
}

#[test]
fn a_broken_request_is_answered_with_what_could_be_read_of_it() {
    let bytes =
        b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nthis is no header\r\n\
        From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 7 INVITE\r\n\r\n";
    let error = Message::parse(bytes).unwrap_err();
    assert_eq!(error.problem, Problem::HeaderLine);
    let reply = error.reply().unwrap();
    assert_eq!(
        (reply.status, reply.reason.as_str()),
        (Status::BAD_REQUEST, "Bad Request (bad header line)")
    );
    assert_eq!(reply.headers.cseq().unwrap().seq, 7);
    assert_eq!(reply.headers.via().unwrap().branch(), Some("z9hG4bK1"));
}

#[test]
fn a_broken_ack_and_a_broken_response_are_never_answered() {
    let tail = "Via: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nbroken\r\n";
    for (start, method) in [
        ("ACK sip:a@b SIP/2.0", "ACK"),
        ("ACK  sip:a@b SIP/2.0", "ACK"),
        ("SIP/2.0 99999 x", "INVITE"),
    ] {
        let bytes = format!("{start}\r\n{tail}CSeq: 1 {method}\r\n\r\n");
        assert!(
            Message::parse(bytes.as_bytes())
                .unwrap_err()
                .reply()
                .is_none(),
            "{start}"
        );
    }
}

#[test]
fn each_limit_has_its_own_refusal() {
    let base = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\n\
        Call-ID: x\r\nCSeq: 1 OPTIONS\r\n";
    let many = format!("{base}{}\r\n", "X: y\r\n".repeat(HEADERS_MAX));
    let long = format!("{base}X: {}\r\n\r\n", "y".repeat(9000));
    let head = format!(
        "{base}{}\r\n",
        format!("X: {}\r\n", "y".repeat(8000)).repeat(5)
    );
    let uri = base.replacen(
        "sip:a@b",
        &format!("sip:{}@b", "a".repeat(URI_LENGTH_MAX)),
        1,
    ) + "\r\n";
    let refusals = [
        (many, Problem::TooManyHeaders, 400),
        (long, Problem::HeaderTooLong, 400),
        (head, Problem::TooLarge, 513),
        (uri, Problem::UriTooLong, 414),
    ];
    for (text, problem, status) in refusals {
        let error = Message::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.problem, problem);
        assert_eq!(error.reply().unwrap().status.code(), status, "{problem:?}");
    }
    assert_eq!(
        Message::parse(&vec![b'a'; MESSAGE_MAX + 1])
            .unwrap_err()
            .problem,
        Problem::TooLarge
    );
}

#[test]
fn a_stream_gives_messages_pings_and_waits_for_the_rest() {
    let message = "OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 5\r\n\r\nhello";
    let stream = format!("\r\n\r\n{message}{message}\r\n\r\n\r\n");
    for step in 1..stream.len() {
        let mut framer = Framer::new();
        let mut seen = String::new();
        for piece in stream.as_bytes().chunks(step) {
            framer.feed(piece);
            while let Some(frame) = framer.poll().unwrap() {
                seen.push(match frame {
                    Frame::Message(message) => {
                        assert_eq!(message.body(), b"hello");
                        'm'
                    }
                    Frame::Ping => 'p',
                    Frame::Bad(_) => 'b',
                });
            }
        }
        assert_eq!(seen, "pmmp", "{step} bytes at a time");
    }
}

#[test]
fn a_bad_message_of_known_length_does_not_end_the_stream() {
    let mut framer = Framer::new();
    framer.feed(b"OPTIONS  sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nxyOPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n");
    assert!(matches!(framer.poll(), Ok(Some(Frame::Bad(_)))));
    assert!(matches!(framer.poll(), Ok(Some(Frame::Message(_)))));
    assert!(framer.is_empty() && !framer.is_lost());
}

#[test]
fn a_stream_without_end_is_cut_off_before_it_fills_memory() {
    let endless_head =
        b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(16);
    let mut framer = Framer::new();
    let lost = (0..100).any(|_| {
        framer.feed(&endless_head);
        framer.poll().is_err()
    });
    assert!(lost && framer.is_lost());

    for length in [1_000_000, usize::MAX] {
        let mut framer = Framer::new();
        framer.feed(
            format!("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\n").as_bytes(),
        );
        assert_eq!(framer.poll().unwrap_err().problem, Problem::TooLarge);
        assert!(
            matches!(framer.poll(), Ok(None)),
            "nothing comes after an error"
        );
    }
}

#[test]
fn the_description_is_found_inside_a_multipart() {
    let mut invite = invite();
    let body = "preamble\r\n--b\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--b\r\nContent-Type: application/sdp\r\n\r\n\
        v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n\r\n--b--\r\n";
    invite.set_body("multipart/mixed;boundary=\"b\"", body);
    assert_eq!(
        invite.sdp(),
        Some(b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n".as_slice())
    );
    invite.set_body("multipart/mixed;boundary=c", body);
    assert_eq!(invite.sdp(), None);
    invite.set_body("application/sdp", "v=0\r\n");
    assert_eq!(invite.sdp(), Some(b"v=0\r\n".as_slice()));
}

#[test]
fn a_reply_from_a_peer_without_reason_space_is_read() {
    let Ok(Message::Response(response)) = Message::parse(b"SIP/2.0 200\r\nl: 0\r\n\r\n") else {
        panic!("no response")
    };
    assert_eq!(
        (response.status, response.reason.as_str()),
        (Status::OK, "")
    );
}

#[test]
fn jssip_over_websocket_is_read() {
    // What JsSIP 3.13 sends from a browser, identifiers replaced.
    let invite = request(
        "INVITE sip:12345@hotline.example SIP/2.0
Via: SIP/2.0/WSS 8v1a2b3c4d5e.invalid;branch=z9hG4bK4729352
Max-Forwards: 69
To: <sip:12345@hotline.example>
From: \"坐席 1000\" <sip:agent1000@hotline.example>;tag=q7d1o6b2vm
Call-ID: 6ibmgnm3v5vhhm9gt1qr
CSeq: 5174 INVITE
Contact: <sip:n4k3v2s8@8v1a2b3c4d5e.invalid;transport=ws;ob>
Content-Type: application/sdp
Session-Expires: 90
Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY
Supported: timer,ice,replaces,outbound
User-Agent: JsSIP 3.13.8
Content-Length: 0

",
    );
    hotline_sip::validate::validate(&invite, &[]).unwrap();
    let contact = invite.headers.contact().unwrap().unwrap();
    assert_eq!(contact.uri.param("transport"), Some("ws"));
    assert!(contact.uri.has_param("ob"));
    assert_eq!(invite.headers.via().unwrap().transport, Transport::Wss);
    assert_eq!(
        invite.headers.from().unwrap().display.as_deref(),
        Some("坐席 1000")
    );
    assert!(invite.headers.has_token(HeaderName::Supported, "Timer"));
}

#[test]
fn a_log_shows_no_number_no_name_and_no_body() {
    let mut invite = invite();
    invite
        .headers
        .push(HeaderName::Authorization, "Digest response=\"cafe\"");
    invite.set_body("text/plain", "private");
    let from = invite.headers.from().unwrap();
    let shown = format!("{invite:?} {from:?} {:?}", invite.response(Status::OK));
    for secret in ["13900000000", "12345", "cafe", "private"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
