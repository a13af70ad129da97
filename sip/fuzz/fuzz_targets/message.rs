#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use hotline_sip::header::{CSeq, ContentType, Credentials, HeaderName, NameAddr, Params, Reason, Replaces, RetryAfter, SipDate, Via};
use hotline_sip::message::Message;
use hotline_sip::uri::Uri;
use hotline_sip::validate::{validate, validate_response};
use libfuzzer_sys::fuzz_target;

fn check<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let printed = value.to_string();
        let Ok(again) = printed.parse::<T>() else { panic!("{text:?} reads, its print {printed:?} does not") };
        assert_eq!(again.to_string(), printed, "of {text:?}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            if let Some(reply) = error.reply() {
                Message::parse(&reply.to_bytes()).expect("a reply can be read");
            }
            return;
        }
    };
    match &message {
        Message::Request(request) => {
            if let Err(rejection) = validate(request, &["timer"]) {
                Message::parse(&rejection.response(request).to_bytes()).expect("a rejection can be read");
            }
            let _ = request.sdp();
            assert!(request.uri.equivalent(&request.uri));
            check::<Uri>(request.uri.as_str());
        }
        Message::Response(response) => drop(validate_response(response)),
    }
    for field in message.headers().iter() {
        let text = field.text();
        check::<NameAddr>(&text);
        check::<Via>(&text);
        check::<Uri>(&text);
        check::<CSeq>(&text);
        check::<Params>(&text);
        check::<ContentType>(&text);
        check::<Credentials>(&text);
        check::<Reason>(&text);
        check::<Replaces>(&text);
        check::<RetryAfter>(&text);
        check::<SipDate>(&text);
        let mut copy = message.headers().clone();
        copy.set_first(HeaderName::from(field.name), "x");
        copy.set(HeaderName::from(field.name), "y");
    }
    let printed = message.to_bytes();
    let again = Message::parse(&printed).expect("what was read can be read again");
    assert_eq!(again.to_bytes(), printed);
    assert_eq!(again.body(), message.body());
});
