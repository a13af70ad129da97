//! What strangers can send to the muxed port, and to SRTP: read, checked, refused; never a panic, never let in.
#![no_main]

use std::time::Instant;

use hotline_media::ice::Agent;
use hotline_media::srtp::Open;
use hotline_media::stun::{self, MESSAGE_MAX};
use hotline_media::{IceCredentials, SrtpKey, Suite};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    if let Ok(request) = stun::parse(datagram) {
        let credentials = IceCredentials {
            ufrag: "leg1".into(),
            pwd: "nobody can guess this one".into(),
        };
        let mut agent = Agent::new(&credentials);
        let source = ([192, 0, 2, 1], 9).into();
        let checked = agent.check(&request, source, true, Instant::now(), &mut [0; MESSAGE_MAX]);
        assert!(checked.is_err() && agent.selected().is_none());
    }
    for suite in Suite::ALL {
        let mut open = Open::new(&SrtpKey::fresh(suite, |material| material.fill(7)));
        assert!(open.rtp(&mut datagram.to_vec()).is_err());
        assert!(open.rtcp(&mut datagram.to_vec()).is_err());
    }
});
