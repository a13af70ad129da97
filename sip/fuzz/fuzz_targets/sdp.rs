#![no_main]

use hotline_sip::sdp::{Local, SessionDescription, accept_answer, answer, make_offer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = SessionDescription::parse(bytes) else { return };
    let printed = read.to_string();
    // Printing adds lines the peer left out, so a description at the limit may pass it.
    let Ok(again) = SessionDescription::parse(printed.as_bytes()) else {
        assert!(bytes.len() > 30_000 || read.media.len() > 900, "{printed:?} cannot be read again");
        return;
    };
    assert_eq!(again.to_string(), printed);
    let local = Local::g711("192.0.2.2:4000".parse().expect("an address"), 1);
    if let Ok(answered) = answer(&read, &local, None) {
        assert_eq!(answered.sdp.media.len(), read.media.len());
        SessionDescription::parse(answered.sdp.to_string().as_bytes()).expect("our answer can be read");
    }
    let _ = accept_answer(&make_offer(&local, None), &read);
    let _ = accept_answer(&make_offer(&local, Some(&read)), &read);
});
