//! Typed headers.

use std::net::IpAddr;
use std::str::FromStr;

use hotline_sip::header::{
    Challenge, Contacts, Credentials, Event, HeaderError, HeaderName, Headers, NameAddr, Params,
    RAck, Reason, Refresher, Replaces, RetryAfter, SessionExpires, SipDate, SubscriptionState,
    Transport, Via,
};
use hotline_sip::message::Method;

fn headers(lines: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in lines {
        headers.push((*name).into(), value);
    }
    headers
}

#[test]
fn a_name_addr_is_read_however_it_is_written() {
    let table: &[(&str, Option<&str>, &str, Option<&str>)] = &[
        ("sip:a@b;tag=1", None, "sip:a@b", Some("1")),
        ("<sip:a@b>;tag=1", None, "sip:a@b", Some("1")),
        ("<sip:a@b;tag=2>", None, "sip:a@b;tag=2", None),
        ("Alice<sip:a@b>", Some("Alice"), "sip:a@b", None),
        (
            "  Alice  Smith \t<sip:a@b> ; tag = 1",
            Some("Alice  Smith"),
            "sip:a@b",
            Some("1"),
        ),
        (
            "\"Smith, <Alice>; x\" <sip:a@b>;tag=1",
            Some("Smith, <Alice>; x"),
            "sip:a@b",
            Some("1"),
        ),
        (
            r#""a \"b\" \\" <sip:a@b>"#,
            Some(r#"a "b" \"#),
            "sip:a@b",
            None,
        ),
        ("\"\" <sip:a@b>", Some(""), "sip:a@b", None),
        (
            "张三 <tel:+862512345>;tag=1",
            Some("张三"),
            "tel:+862512345",
            Some("1"),
        ),
        (
            "<sip:a@b>;x=\"quoted; tag=2\";tag=1",
            None,
            "sip:a@b",
            Some("1"),
        ),
        ("<sip:a@b>;tag=1;tag=2", None, "sip:a@b", Some("1")),
        ("<sip:a@b>;TAG=1", None, "sip:a@b", Some("1")),
    ];
    for (text, display, uri, tag) in table {
        let address: NameAddr = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            (
                address.display.as_deref(),
                address.uri.as_str(),
                address.tag()
            ),
            (*display, *uri, *tag),
            "{text}"
        );
        assert_eq!(
            address.to_string().parse::<NameAddr>().unwrap(),
            address,
            "{text} printed"
        );
    }
}

#[test]
fn an_address_that_could_be_read_two_ways_is_refused() {
    let table = [
        "",
        "<>",
        "<sip:a@b",
        "\"Alice <sip:a@b>",
        "\"Alice\" sip:a@b",
        "A, B <sip:a@b>",
        "< sip:a@b>",
        "<sip:a@b >",
        "<sip:a@b>x",
        "<sip:a@b>;",
        "<sip:a@b>;;tag=1",
        "<sip:a@b>;=1",
        "<sip:a@b>;x=a b",
        "sip:a@b?Route=c",
        "<sip:a@b>, <sip:c@d>",
    ];
    for text in table {
        assert!(text.parse::<NameAddr>().is_err(), "{text}");
    }
}

#[test]
fn a_list_is_the_same_on_one_line_or_several() {
    let one = headers(&[(
        "Contact",
        "\"x, y\" <sip:a@b>;q=0.5, <sip:c@d;p=1,2>;expires=60 , sip:e@f",
    )]);
    let several = headers(&[
        ("m", "\"x, y\" <sip:a@b>;q=0.5"),
        ("Contact", "<sip:c@d;p=1,2>;expires=60,sip:e@f"),
    ]);
    let contacts = one.contacts().unwrap();
    assert_eq!(contacts, several.contacts().unwrap());
    let [first, second, third] = contacts.addresses() else {
        panic!("three contacts")
    };
    assert_eq!(
        (
            first.display.as_deref(),
            first.q_thousandths(),
            first.expires()
        ),
        (Some("x, y"), 500, None)
    );
    assert_eq!(
        (
            second.uri.param("p"),
            second.expires(),
            second.q_thousandths()
        ),
        (Some("1,2"), Some(60), 1000)
    );
    assert_eq!(third.uri.as_str(), "sip:e@f");
}

#[test]
fn a_star_stands_alone() {
    assert_eq!(
        headers(&[("Contact", "*")]).contacts().unwrap(),
        Contacts::Star
    );
    assert!(
        headers(&[("Contact", "*"), ("Contact", "<sip:a@b>")])
            .contacts()
            .is_err()
    );
    assert_eq!(headers(&[]).contacts().unwrap(), Contacts::List(vec![]));
}

#[test]
fn a_browsers_contact_is_read() {
    let text = "<sip:k3@8v1a.invalid;transport=ws;ob>;+sip.ice;reg-id=1;+sip.instance=\"<urn:uuid:0a-1,b>\";expires=600";
    let Contacts::List(list) = headers(&[("Contact", text)]).contacts().unwrap() else {
        panic!("a list")
    };
    assert_eq!(list.len(), 1, "the comma is inside quotes");
    assert_eq!(
        list[0].params.get("+sip.instance"),
        Some("<urn:uuid:0a-1,b>")
    );
    assert!(list[0].params.has("+sip.ice"));
    assert_eq!(list[0].expires(), Some(600));
}

#[test]
fn a_header_that_may_stand_once_is_refused_twice() {
    let twice = headers(&[("From", "<sip:a@b>"), ("f", "<sip:c@d>")]);
    assert_eq!(twice.from().unwrap_err(), HeaderError::Repeated("From"));
    assert_eq!(twice.to().unwrap_err(), HeaderError::Missing("To"));
}

#[test]
fn parameters_are_set_removed_and_quoted_where_needed() {
    let mut params: Params = "; a = 1 ;b;c=\"x;y\"".parse().unwrap();
    assert_eq!(params.to_string(), ";a=1;b;c=\"x;y\"");
    assert_eq!(
        (params.get("B"), params.get("c"), params.get("d")),
        (Some(""), Some("x;y"), None)
    );
    params.set("b", "2");
    params.set("text", "say \"hi\"\\");
    params.remove("A");
    assert_eq!(
        params.to_string(),
        ";b=2;c=\"x;y\";text=\"say \\\"hi\\\"\\\\\""
    );
    assert_eq!(params.text("text").unwrap(), "say \"hi\"\\");
}

#[test]
fn the_top_via_notes_where_the_request_came_from() {
    let mut headers = headers(&[(
        "Via",
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa;rport, SIP/2.0/TCP x:5070;branch=z9hG4bKb",
    )]);
    let mut top = headers.via().unwrap();
    top.set_source(IpAddr::from([192, 0, 2, 7]), 6000);
    headers.set_first(HeaderName::Via, &top);
    let vias = headers.vias().unwrap();
    assert_eq!(vias.len(), 2);
    assert_eq!(
        (vias[0].received(), vias[0].rport()),
        (Some(IpAddr::from([192, 0, 2, 7])), Some(Some(6000)))
    );
    assert_eq!(
        (vias[1].transport.clone(), vias[1].port),
        (Transport::Tcp, Some(5070))
    );
}

#[test]
fn an_empty_rport_asks_for_one() {
    let mut via: Via = "SIP/2.0/UDP 192.0.2.7;rport=;branch=z9hG4bKa"
        .parse()
        .unwrap();
    via.set_source(IpAddr::from([192, 0, 2, 7]), 6000);
    assert_eq!(via.rport(), Some(Some(6000)));
}

#[test]
fn a_via_that_tells_the_truth_gets_no_received_unless_it_asked_for_rport() {
    let mut via: Via = "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa".parse().unwrap();
    via.set_source(IpAddr::from([192, 0, 2, 7]), 6000);
    assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa");
}

#[test]
fn vias_are_read_with_and_without_spaces_ports_and_brackets() {
    let table = [
        ("SIP/2.0/UDP a.example;branch=z9hG4bK1", "a.example", None),
        (
            "SIP / 2.0 / UDP  a.example : 5061 ;branch=z9hG4bK1",
            "a.example",
            Some(5061),
        ),
        (
            "SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bK1",
            "[2001:db8::1]",
            Some(5061),
        ),
        ("sip/2.0/udp 192.0.2.1 ;branch=z9hG4bK1", "192.0.2.1", None),
    ];
    for (text, host, port) in table {
        let via: Via = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            (via.host.as_str(), via.port, via.transaction_branch()),
            (host, port, Some("z9hG4bK1")),
            "{text}"
        );
    }
    for text in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 UDP a",
        "SIP/3.0/UDP a",
        "SIP/2.0/UDP a:b",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP a b",
    ] {
        assert!(text.parse::<Via>().is_err(), "{text}");
    }
}

fn prints<T: FromStr + ToString>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    let value: T = text.parse().unwrap();
    assert_eq!(value.to_string(), text);
    value
}

#[test]
fn the_smaller_headers_read_and_print() {
    assert_eq!(prints::<RAck>("776656 1 INVITE").method, Method::Invite);
    assert_eq!(
        prints::<SessionExpires>("90;refresher=uac").refresher,
        Some(Refresher::Uac)
    );
    assert_eq!(prints::<SessionExpires>("1800").seconds, 1800);
    assert_eq!(
        prints::<Reason>("Q.850;cause=16;text=\"Normal call clearing\"").cause(),
        Some(16)
    );
    assert_eq!(prints::<Event>("refer;id=93809824").package, "refer");
    assert!(prints::<SubscriptionState>("terminated;reason=noresource").is_terminated());
    assert!(prints::<Replaces>("98732@sip.example;to-tag=r33;from-tag=ff8;early-only").early_only);
    assert_eq!(
        Reason::new("SIP", 200, "Call completed elsewhere").to_string(),
        "SIP;cause=200;text=\"Call completed elsewhere\""
    );
    assert!("98732@sip.example;to-tag=r33".parse::<Replaces>().is_err());
}

#[test]
fn retry_after_is_read_past_its_comment() {
    let table = [
        ("120", 120),
        ("18000 (in a meeting, (really);)", 18000),
        ("5;duration=3600", 5),
        (" 7 ", 7),
    ];
    for (text, seconds) in table {
        assert_eq!(
            text.parse::<RetryAfter>().map(|wait| wait.seconds),
            Ok(seconds),
            "{text}"
        );
    }
    let with_params: RetryAfter = "5 (maintenance);duration=3600".parse().unwrap();
    assert_eq!(with_params.params.get("duration"), Some("3600"));
    assert!("soon".parse::<RetryAfter>().is_err());
}

#[test]
fn dates_are_gmt_and_exist() {
    assert_eq!(
        prints::<SipDate>("Sat, 13 Nov 2010 23:29:00 GMT").unix_seconds,
        1_289_690_940
    );
    assert_eq!(
        prints::<SipDate>("Thu, 01 Jan 1970 00:00:00 GMT").unix_seconds,
        0
    );
    assert_eq!(
        prints::<SipDate>("Thu, 29 Feb 2024 12:00:00 GMT").unix_seconds,
        1_709_208_000
    );
    for text in [
        "Fri, 01 Jan 2010 16:00:00 EST",
        "Thu, 30 Feb 2024 12:00:00 GMT",
        "Sat, 13 Nov 2010 24:00:00 GMT",
        "x",
        "",
    ] {
        assert!(text.parse::<SipDate>().is_err(), "{text}");
    }
}

#[test]
fn a_quoted_comma_does_not_cut_credentials_and_a_doubled_parameter_is_refused() {
    let text = "Digest username=\"a, \\\"b\\\"\", realm=\"r\", nc=00000001";
    let credentials: Credentials = text.parse().unwrap();
    assert_eq!(credentials.param("username").unwrap(), "a, \"b\"");
    assert_eq!(credentials.to_string(), text);
    assert!(
        "Digest nonce=\"1\", nonce=\"2\""
            .parse::<Challenge>()
            .is_err()
    );
    assert_eq!(
        format!("{credentials:?}"),
        "Credentials(Digest …)",
        "logs show no secrets"
    );
}

#[test]
fn setting_a_header_keeps_its_place_and_drops_its_doubles() {
    let mut headers = headers(&[
        ("To", "<sip:a@b>"),
        ("X-A", "1"),
        ("t", "<sip:c@d>"),
        ("X-B", "2"),
    ]);
    headers.set(HeaderName::To, "<sip:a@b>;tag=1");
    let lines: Vec<String> = headers
        .iter()
        .map(|f| format!("{}: {}", f.name, f.text()))
        .collect();
    assert_eq!(lines, ["To: <sip:a@b>;tag=1", "X-A: 1", "X-B: 2"]);
    headers.remove("x-a".into());
    assert_eq!((headers.len(), headers.count("X-B".into())), (2, 1));
}

#[test]
fn a_known_name_written_as_text_is_the_same_header() {
    let mut headers = Headers::new();
    headers.push(HeaderName::Other("via"), "SIP/2.0/UDP a;branch=z9hG4bK1");
    headers.push(HeaderName::Other("X-Trace"), "1");
    assert_eq!(headers.via().unwrap().host, "a");
    assert!(headers.contains("x-trace".into()) && !headers.contains("x-other".into()));
}
