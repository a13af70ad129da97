//! URIs.

use hotline_sip::uri::{Scheme, Uri, UriError};

fn uri(text: &str) -> Uri {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn the_parts_of_a_sip_uri_are_found() {
    let full =
        uri("sips:al%20ice;x:se:cret@[2001:db8::1]:5061;transport=tcp;lr?Subject=a%20b&Route=c");
    assert_eq!(full.scheme(), Scheme::Sips);
    assert_eq!(
        (full.user(), full.user_decoded().as_deref()),
        (Some("al%20ice;x"), Some("al ice;x"))
    );
    assert_eq!(full.password(), Some("se:cret"));
    assert_eq!((full.host(), full.port()), ("[2001:db8::1]", Some(5061)));
    assert_eq!(full.ip(), "2001:db8::1".parse().ok());
    assert_eq!(
        (full.param("TRANSPORT"), full.param("lr"), full.param("ttl")),
        (Some("tcp"), Some(""), None)
    );
    assert_eq!(
        full.headers().collect::<Vec<_>>(),
        [("Subject", Some("a%20b")), ("Route", Some("c"))]
    );
    assert_eq!(
        full.without_headers().as_str(),
        "sips:al%20ice;x:se:cret@[2001:db8::1]:5061;transport=tcp;lr"
    );
    assert_eq!(
        full.without_params().as_str(),
        "sips:al%20ice;x:se:cret@[2001:db8::1]:5061"
    );
    assert_eq!(
        full.without_params().params().count() + full.without_params().headers().count(),
        0
    );
}

#[test]
fn a_parameter_is_set_in_a_copy() {
    let plain = uri("sip:a@b;lr?x=y");
    assert_eq!(
        plain.with_param("transport", Some("tcp")).unwrap().as_str(),
        "sip:a@b;lr;transport=tcp?x=y"
    );
    assert_eq!(
        plain.with_param("LR", Some("1")).unwrap().as_str(),
        "sip:a@b;LR=1?x=y"
    );
    assert!(plain.with_param("x", Some("a b")).is_err());
}

#[test]
fn a_built_uri_escapes_the_user_and_refuses_a_bad_host() {
    let built = Uri::sip(Some("a b@c"), "example.com", Some(5080)).unwrap();
    assert_eq!(built.as_str(), "sip:a%20b%40c@example.com:5080");
    assert_eq!(built.user_decoded().as_deref(), Some("a b@c"));
    assert!(Uri::sip(Some("a"), "exa mple", None).is_err());
    assert!(Uri::sip(Some("a"), "b>\r\nX: y", None).is_err());
}

#[test]
fn a_dialled_number_is_found_in_sip_and_tel() {
    assert_eq!(
        uri("tel:+86-25-(8880).1234;phone-context=x")
            .subscriber()
            .as_deref(),
        Some("+8625888 01234".replace(' ', "").as_str())
    );
    assert_eq!(
        uri("sip:12345@hotline.example;user=phone")
            .subscriber()
            .as_deref(),
        Some("12345")
    );
    assert_eq!(uri("sip:hotline.example").subscriber(), None);
    assert_eq!(uri("urn:service:sos").subscriber(), None);
}

#[test]
fn unknown_schemes_are_kept() {
    let soap = uri("soap.beep://192.0.2.103:3002");
    assert_eq!(
        (soap.scheme(), soap.scheme_str(), soap.host()),
        (Scheme::Other, "soap.beep", "//192.0.2.103:3002")
    );
    assert_eq!(soap.to_string(), "soap.beep://192.0.2.103:3002");
}

#[test]
fn what_is_no_uri_is_refused() {
    let table = [
        "",
        "sip",
        "sip:",
        "sip:@b",
        "sip::pw@b",
        "sip:a@",
        "sip:a@b:",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@b c",
        "sip:a@b;",
        "sip:a@b;;lr",
        "sip:a@b;=1",
        "sip:a%2@b",
        "sip:a%zz@b",
        "sip:a@[::1",
        "sip:a@[::g]",
        "sip:a@::1",
        "sip:a@[::1]x",
        "<sip:a@b>",
        "sip:a\"b@c",
        "1sip:a@b",
        "tel:",
        "tel:+",
        "tel:12 34",
        "tel:12?x=y",
        "tel:zz",
        "other:",
        "sip:a@b@c",
        "sip:a@b\u{0}",
    ];
    for text in table {
        assert!(text.parse::<Uri>().is_err(), "{text}");
    }
    assert_eq!(
        "sip:a@b".repeat(1000).parse::<Uri>(),
        Err(UriError("too long"))
    );
}

#[test]
fn comparison_follows_the_examples_of_rfc_3261() {
    let equal = [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8:0::1]", "sip:a@[2001:DB8::1]"),
        ("tel:+86-25-1234", "tel:+86251234"),
    ];
    let different = [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a@b", "sips:a@b"),
        ("sip:a%3Bb@c", "sip:a;b@c"),
        ("tel:1234;phone-context=+86", "tel:1234"),
    ];
    for (a, b) in equal {
        assert!(
            uri(a).equivalent(&uri(b)) && uri(b).equivalent(&uri(a)),
            "{a} = {b}"
        );
    }
    for (a, b) in different {
        assert!(
            !uri(a).equivalent(&uri(b)) && !uri(b).equivalent(&uri(a)),
            "{a} ≠ {b}"
        );
    }
}
