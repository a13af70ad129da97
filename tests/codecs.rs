//! Phones and carriers that speak no G.711, or nothing unencrypted, against the whole program: both sides hear each other, and
//! the recording has them. Tones are measured.

use std::net::SocketAddr;

use testkit::phone::Phone;
use testkit::server::organisation;
use testkit::site::{SOON, Site};
use testkit::story::{best_share, channels};
use testkit::voice::{Codec, Voice};

const CITIZEN: f64 = 440.0;
const AGENT: f64 = 700.0;

fn site() -> Site {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let text = organisation("demo")
        .replace("count = 800", "count = 5")
        .replace("wrap_up_s = 60", "wrap_up_s = 0")
        .replace("127.0.0.1:5090", &nowhere.to_string())
        .replace("127.0.0.1:9000", &nowhere.to_string())
        + "\n[[extension]]\nnumber = \"8900\"\npassword = \"secret\"\nsrtp = true\n\
            [[number]]\nnumber = \"12300\"\nextension = \"8900\"\n";
    Site::new(env!("CARGO_BIN_EXE_hotline"), &text, &[])
}

/// What the recording of a call has: the citizen left, our side right, and neither on the other's.
fn check_recording(site: &Site, sip_call_id: &str) {
    let record = site.record(sip_call_id);
    let recording = record["recording_id"].as_str().expect("it was recorded");
    let supervisor = site.supervisor();
    let path = format!("/api/v1/recordings/{recording}");
    supervisor.wait_for(&path, SOON, |stored| Some(stored.clone()));
    let (left, right) = channels(&supervisor.bytes(&format!("{path}/audio")));
    for (side, samples, hz, other) in [
        ("left", left, CITIZEN, AGENT),
        ("right", right, AGENT, CITIZEN),
    ] {
        assert!(best_share(hz, &samples) > 0.8, "{side} has no {hz} Hz");
        assert!(best_share(other, &samples) < 0.05, "{side} has {other} Hz");
    }
}

#[test]
fn a_citizen_whose_carrier_speaks_only_g722_or_opus_is_heard_and_recorded() {
    let site = site();
    let mut agent = site.phone("agent1000");
    for codec in [Codec::G722, Codec::Opus] {
        let mut citizen = site.citizen("13800138000");
        citizen.voice.codec = codec;
        let (mut here, mut there) = site.bridged((&mut citizen, CITIZEN), (&mut agent, AGENT));
        // Held, it hears music, and comes back; a new session keeps the codec.
        citizen.reoffer(&mut here, "sendonly");
        citizen.reoffer(&mut here, "sendrecv");
        assert!(here.audio.hears(AGENT, true, SOON), "{codec:?}");
        agent.attend(std::time::Duration::from_secs(1));
        assert!(there.audio.hears(CITIZEN, true, SOON), "{codec:?}");
        agent.hang_up(&mut there);
        citizen.wait_bye(&here);
        check_recording(&site, &here.call_id);
    }
    site.close();
}

#[test]
fn an_agents_phone_that_refuses_g711_is_offered_more() {
    let site = site();
    for codec in [Codec::G722, Codec::Opus] {
        let mut agent = site.phone("agent1000");
        agent.voice.codec = codec;
        let mut citizen = site.citizen("13800138001");
        let mut here = citizen.call("12345", CITIZEN).expect("12345 answers");
        let first = agent.ring();
        assert!(!first.offer().contains("opus"), "{}", first.offer());
        agent.refuse(&first, 488);
        let second = agent.ring();
        assert!(
            second.offer().contains("opus/48000/2"),
            "{}",
            second.offer()
        );
        assert!(second.offer().contains("telephone-event/48000"));
        let there = agent.answer(second, AGENT);
        assert!(here.audio.hears(AGENT, true, SOON), "{codec:?}");
        assert!(there.audio.hears(CITIZEN, true, SOON), "{codec:?}");
        citizen.hang_up(&mut here);
        agent.wait_bye(&there);
        check_recording(&site, &here.call_id);
        assert_eq!(agent.register(0), 200);
    }
    site.close();
}

#[test]
fn two_who_speak_the_same_codec_hear_each_other_and_the_echo_too() {
    let site = site();
    let mut extension = Phone::new(site.server.sip, "agent1001", "secret");
    assert_eq!(extension.register(3_600), 200);
    extension.voice.codec = Codec::Opus;
    let mut echo = extension.call("*43", CITIZEN).expect("the echo answers");
    assert!(echo.audio.hears(CITIZEN, true, SOON));
    extension.hang_up(&mut echo);
    site.close();
}

#[test]
fn a_hard_phone_with_srtp_calls_and_is_called_over_tcp() {
    let site = site();
    let srtp = Voice {
        srtp: true,
        ..Voice::default()
    };
    let mut hard = Phone::over_tcp(site.server.sip, "8900", "secret");
    assert_eq!(hard.register(3_600), 200);

    // In the clear this extension gets nothing.
    assert_eq!(hard.call("*43", AGENT).err(), Some(488));
    hard.voice = srtp;
    let mut echo = hard.call("*43", AGENT).expect("the echo answers");
    assert!(echo.audio.hears(AGENT, true, SOON));
    hard.hang_up(&mut echo);

    for codec in [Codec::Pcma, Codec::Opus] {
        hard.voice.codec = codec;
        let mut citizen = site.citizen("13800138002");
        std::thread::scope(|scope| {
            let calling = scope.spawn(|| citizen.call("12300", CITIZEN));
            let mut ringing = hard.ring();
            assert!(ringing.offer().contains("RTP/SAVP "), "{}", ringing.offer());
            assert!(
                ringing
                    .offer()
                    .contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80")
            );
            if codec == Codec::Opus {
                hard.refuse(&ringing, 488);
                ringing = hard.ring();
            }
            let mut there = hard.answer(ringing, AGENT);
            let here = calling.join().expect("it called").expect("it was answered");
            assert!(here.audio.hears(AGENT, true, SOON), "{codec:?}");
            assert!(there.audio.hears(CITIZEN, true, SOON), "{codec:?}");
            hard.hang_up(&mut there);
        });
    }
    site.close();
}
