//! Every message of RFC 4475 and RFC 5118, judged as the RFC says, as a datagram and as a stream.

use hotline_sip::message::{Message, Method, Status};
use hotline_sip::parse::{Frame, Framer};
use hotline_sip::sdp::SessionDescription;
use hotline_sip::validate::{validate, validate_response};

/// How a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// A request to work on.
    Request,
    /// A response to work on.
    Response,
    /// A request answered with that status.
    Answered(u16),
    /// Nothing can be said back.
    Dropped,
    /// The stream waits for bytes that never come.
    Waiting,
}

use Verdict::{Answered, Dropped, Request, Response, Waiting};

/// File, RFC 4475 section, verdict as a datagram, verdicts of what a stream of these bytes holds.
const RFC4475: &[(&str, &str, Verdict, &[Verdict])] = &[
    ("wsinv", "3.1.1.1", Request, &[Request]),
    ("intmeth", "3.1.1.2", Request, &[Request]),
    ("esc01", "3.1.1.3", Request, &[Request]),
    ("escnull", "3.1.1.4", Request, &[Request]),
    ("esc02", "3.1.1.5", Request, &[Request]),
    ("lwsdisp", "3.1.1.6", Request, &[Request]),
    ("longreq", "3.1.1.7", Request, &[Request]),
    // As a datagram the second request is trailing octets; on a stream it is a request, and what its body has beyond
    // Content-Length is noise.
    ("dblreq", "3.1.1.8", Request, &[Request, Request, Dropped]),
    ("semiuri", "3.1.1.9", Request, &[Request]),
    ("transports", "3.1.1.10", Request, &[Request]),
    ("mpart01", "3.1.1.11", Request, &[Request]),
    ("unreason", "3.1.1.12", Response, &[Response]),
    ("noreason", "3.1.1.13", Response, &[Response]),
    ("badinv01", "3.1.2.1", Answered(400), &[Answered(400)]),
    ("clerr", "3.1.2.2", Answered(400), &[Waiting]),
    ("ncl", "3.1.2.3", Answered(400), &[Answered(400)]),
    ("scalar02", "3.1.2.4", Answered(400), &[Answered(400)]),
    ("scalarlg", "3.1.2.5", Dropped, &[Dropped]),
    ("quotbal", "3.1.2.6", Answered(400), &[Answered(400)]),
    ("ltgtruri", "3.1.2.7", Answered(400), &[Answered(400)]),
    ("lwsruri", "3.1.2.8", Answered(400), &[Answered(400)]),
    ("lwsstart", "3.1.2.9", Answered(400), &[Answered(400)]),
    ("trws", "3.1.2.10", Answered(400), &[Answered(400)]),
    ("escruri", "3.1.2.11", Answered(400), &[Answered(400)]),
    ("baddate", "3.1.2.12", Answered(400), &[Answered(400)]),
    ("regbadct", "3.1.2.13", Answered(400), &[Answered(400)]),
    ("badaspec", "3.1.2.14", Answered(400), &[Answered(400)]),
    // The archive's copy has no empty line, so a stream waits for it.
    ("baddn", "3.1.2.15", Answered(400), &[Waiting]),
    ("badvers", "3.1.2.16", Answered(505), &[Answered(505)]),
    ("mismatch01", "3.1.2.17", Answered(400), &[Answered(400)]),
    ("mismatch02", "3.1.2.18", Answered(400), &[Answered(400)]),
    ("bigcode", "3.1.2.19", Dropped, &[Dropped]),
    // No transaction id: matched as RFC 2543 requests are, see the test below.
    ("badbranch", "3.2.1", Request, &[Request]),
    ("insuf", "3.3.1", Answered(400), &[Answered(400)]),
    ("unkscm", "3.3.2", Answered(416), &[Answered(416)]),
    ("novelsc", "3.3.3", Answered(416), &[Answered(416)]),
    // Well-formed; whether that To is registered here is the registrar's to say.
    ("unksm2", "3.3.4", Request, &[Request]),
    ("bext01", "3.3.5", Answered(420), &[Answered(420)]),
    ("invut", "3.3.6", Answered(415), &[Answered(415)]),
    // An unknown scheme is no credentials; the registrar challenges.
    ("regaut01", "3.3.7", Request, &[Request]),
    ("multi01", "3.3.8", Answered(400), &[Answered(400)]),
    ("mcl01", "3.3.9", Answered(400), &[Answered(400)]),
    ("bcast", "3.3.10", Dropped, &[Dropped]),
    // A UAS answers; only a proxy may not forward.
    ("zeromf", "3.3.11", Request, &[Request]),
    ("cparam01", "3.3.12", Request, &[Request]),
    ("cparam02", "3.3.13", Request, &[Request]),
    ("regescrt", "3.3.14", Request, &[Request]),
    ("sdp01", "3.3.15", Answered(406), &[Answered(406)]),
    // RFC 2543 allowed a request without Content-Length on UDP; on a stream nobody knows where it ends.
    ("inv2543", "3.4.1", Request, &[Answered(400)]),
];

/// File, RFC 5118 section, verdict.
const RFC5118: &[(&str, &str, Verdict)] = &[
    ("ipv6-good", "4.1", Request),
    ("ipv6-bad", "4.2", Answered(400)),
    ("port-ambiguous", "4.3", Request),
    ("port-unambiguous", "4.4", Request),
    ("via-received-param-with-delim", "4.5", Request),
    ("via-received-param-no-delim", "4.5", Request),
    ("ipv6-in-sdp", "4.6", Request),
    ("mult-ip-in-header", "4.7", Request),
    ("mult-ip-in-sdp", "4.8", Request),
    ("ipv4-mapped-ipv6", "4.9", Request),
    // An implementation may guess which colon is too many. We do not.
    ("ipv6-bug-abnf-3-colons", "4.10", Answered(400)),
    ("ipv6-correct-abnf-2-colons", "4.10", Request),
];

fn fixture(rfc: &str, name: &str) -> Vec<u8> {
    let path = format!(
        "{}/tests/fixtures/{rfc}/{name}.dat",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn judge(message: Message) -> Verdict {
    match message {
        Message::Request(request) => match validate(&request, &["100rel", "timer"]) {
            Ok(()) => Request,
            Err(rejection) => Answered(rejection.response(&request).status.code()),
        },
        Message::Response(response) => match validate_response(&response) {
            Ok(()) => Response,
            Err(_) => Dropped,
        },
    }
}

fn as_datagram(bytes: &[u8]) -> Verdict {
    match Message::parse(bytes) {
        Ok(message) => judge(message),
        Err(error) => error
            .reply()
            .map_or(Dropped, |response| Answered(response.status.code())),
    }
}

/// Feeds a stream in pieces of `step` bytes.
fn as_stream(bytes: &[u8], step: usize) -> Vec<Verdict> {
    let mut framer = Framer::new();
    let mut verdicts = Vec::new();
    for piece in bytes.chunks(step) {
        framer.feed(piece);
        loop {
            match framer.poll() {
                Ok(Some(Frame::Message(message))) => verdicts.push(judge(message)),
                Ok(Some(Frame::Bad(error))) | Err(error) => {
                    let lost = framer.is_lost();
                    verdicts.push(
                        error
                            .reply()
                            .map_or(Dropped, |response| Answered(response.status.code())),
                    );
                    if lost {
                        return verdicts;
                    }
                }
                Ok(Some(Frame::Ping)) => {}
                Ok(None) => break,
            }
        }
    }
    if !framer.is_empty() {
        verdicts.push(Waiting);
    }
    verdicts
}

#[test]
fn every_rfc_4475_message_is_judged_as_a_datagram() {
    assert_eq!(RFC4475.len(), 49);
    let wrong: Vec<_> = RFC4475
        .iter()
        .map(|(name, section, expected, _)| {
            (
                name,
                section,
                as_datagram(&fixture("rfc4475", name)),
                *expected,
            )
        })
        .filter(|(_, _, verdict, expected)| verdict != expected)
        .collect();
    assert!(
        wrong.is_empty(),
        "(file, section, judged, expected): {wrong:#?}"
    );
}

#[test]
fn every_rfc_4475_message_is_judged_on_a_stream_however_it_is_cut() {
    let mut wrong = Vec::new();
    for (name, section, _, expected) in RFC4475 {
        for step in [1, 7, 100_000] {
            let verdicts = as_stream(&fixture("rfc4475", name), step);
            if &verdicts != expected {
                wrong.push((name, section, step, verdicts, expected));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "(file, section, step, judged, expected): {wrong:#?}"
    );
}

#[test]
fn every_rfc_5118_message_is_judged() {
    for (name, section, expected) in RFC5118 {
        let bytes = fixture("rfc5118", name);
        assert_eq!(as_datagram(&bytes), *expected, "{name} (§{section})");
        assert_eq!(
            as_stream(&bytes, 100_000),
            [*expected],
            "{name} (§{section})"
        );
    }
}

#[test]
fn a_usable_message_prints_the_bytes_it_came_as() {
    for (rfc, name) in RFC4475
        .iter()
        .map(|m| ("rfc4475", m.0))
        .chain(RFC5118.iter().map(|m| ("rfc5118", m.0)))
    {
        let bytes = fixture(rfc, name);
        let Ok(message) = Message::parse(&bytes) else {
            continue;
        };
        let printed = message.to_bytes();
        // inv2543 has no Content-Length, which printing adds.
        if name != "inv2543" && name != "baddn" {
            assert_eq!(printed.as_slice(), &bytes[..printed.len()], "{name}");
        }
        let again = Message::parse(&printed).unwrap();
        assert_eq!(again.to_bytes(), printed, "{name}");
    }
}

#[test]
fn the_short_tortuous_invite_reads_as_the_rfc_explains_it() {
    let Ok(Message::Request(invite)) = Message::parse(&fixture("rfc4475", "wsinv")) else {
        panic!("wsinv")
    };
    let headers = &invite.headers;
    assert_eq!(headers.cseq().unwrap().seq, 9);
    assert_eq!(headers.max_forwards().unwrap(), Some(68));
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(
        headers.from().unwrap().display.as_deref(),
        Some(r#"J Rosenberg \""#)
    );
    assert_eq!(headers.from().unwrap().tag(), Some("98asjd8"));
    let vias = headers.vias().unwrap();
    let branches: Vec<_> = vias
        .iter()
        .map(|via| (via.host.as_str(), via.branch().unwrap()))
        .collect();
    assert_eq!(
        branches,
        [
            ("192.0.2.2", "390skdjuw"),
            ("spindle.example.com", "z9hG4bK9ikj8"),
            ("192.168.255.111", "z9hG4bK30239")
        ]
    );
    let contact = headers.contact().unwrap().unwrap();
    assert_eq!(contact.display.as_deref(), Some(r#"Quoted string """#));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert_eq!(contact.q_thousandths(), 330);
    assert_eq!(
        headers.text("NewFangledHeader".into()).as_deref(),
        Some("newfangled value continued newfangled value")
    );
}

#[test]
fn parameters_are_the_headers_without_brackets_and_the_uris_inside_them() {
    let contact = |name| {
        let message = Message::parse(&fixture("rfc4475", name)).unwrap();
        message.headers().contact().unwrap().unwrap()
    };
    let header_parameter = contact("cparam01");
    assert!(
        header_parameter.params.has("unknownparam")
            && !header_parameter.uri.has_param("unknownparam")
    );
    let uri_parameter = contact("cparam02");
    assert!(
        !uri_parameter.params.has("unknownparam") && uri_parameter.uri.has_param("unknownparam")
    );
}

#[test]
fn a_bare_magic_cookie_names_no_transaction() {
    let message = Message::parse(&fixture("rfc4475", "badbranch")).unwrap();
    assert_eq!(message.headers().via().unwrap().transaction_branch(), None);
}

#[test]
fn percent_in_a_method_or_header_name_is_no_escape() {
    let Ok(Message::Request(request)) = Message::parse(&fixture("rfc4475", "esc02")) else {
        panic!("esc02")
    };
    assert_eq!(request.method, Method::Other("RE%47IST%45R".into()));
    let contacts = request.headers.contacts().unwrap();
    assert_eq!(
        contacts.addresses().len(),
        2,
        "C%6Fntact is some other header"
    );
    assert_eq!(
        request.headers.to().unwrap().display.as_deref(),
        Some("%Z%45")
    );
}

#[test]
fn a_420_names_what_the_server_lacks_and_leaves_proxies_alone() {
    let Ok(Message::Request(request)) = Message::parse(&fixture("rfc4475", "bext01")) else {
        panic!("bext01")
    };
    let response = validate(&request, &[]).unwrap_err().response(&request);
    assert_eq!(response.status, Status::BAD_EXTENSION);
    let unsupported = response.headers.text("Unsupported".into());
    assert_eq!(
        unsupported.as_deref(),
        Some("nothingSupportsThis, nothingSupportsThisEither")
    );
}

#[test]
fn an_ipv6_description_reads_its_addresses_per_media() {
    let message = Message::parse(&fixture("rfc5118", "mult-ip-in-sdp")).unwrap();
    let sdp = SessionDescription::parse(message.body()).unwrap();
    let addresses: Vec<String> = sdp
        .media
        .iter()
        .map(|m| sdp.rtp_address(m).unwrap().to_string())
        .collect();
    assert_eq!(addresses, ["192.0.2.1:22334", "[2001:db8::1]:6024"]);
}

#[test]
fn received_is_read_with_and_without_brackets() {
    for name in [
        "via-received-param-with-delim",
        "via-received-param-no-delim",
    ] {
        let message = Message::parse(&fixture("rfc5118", name)).unwrap();
        let received = message.headers().via().unwrap().received().unwrap();
        assert_eq!(received.to_string(), "2001:db8::9:255", "{name}");
    }
}
