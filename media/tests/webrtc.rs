//! Browsers on the muxed port: who is let in, what they hear, what becomes of a leg whose far side moves, lies or goes away.
//! The peer's DTLS and SRTP are webrtc-rs'. As in `engine.rs`, tests wait for packets and events.

mod browser;
#[expect(dead_code, reason = "shared with tests that need all of it")]
mod support;

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use hotline_media::rtcp::{self, Report};
use hotline_media::{
    Breakdown, CallKey, Error, Event, Fingerprint, Hears, Law, LegId, Play, PlayId, Repeat,
    Security, Tap,
};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use browser::Browser;
use support::{CALL, Notebook, Phone, RECORDING, Room, prompt, share};

/// A browser and a phone that hear each other, once the browser has its keys.
fn bridged(room: &mut Room) -> (Browser, Phone) {
    let (browser, phone) = (room.talking_browser(CALL), room.phone());
    bridge(room, &browser, &phone);
    (browser, phone)
}

fn bridge(room: &mut Room, browser: &Browser, phone: &Phone) {
    room.wait_for(Event::Secured { leg: browser.leg });
    for (one, other) in [(browser.leg, phone.leg), (phone.leg, browser.leg)] {
        room.engine.hear(one, Hears::Legs(vec![other])).unwrap();
    }
    room.settle();
}

/// Both say something and hear each other.
fn talk(browser: &mut Browser, phone: &mut Phone) {
    let (mut at_browser, mut at_phone) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        browser.say(1_000.0);
        phone.say(400.0);
        at_phone.extend(phone.hear_samples());
        at_browser.extend(browser.hear_samples());
    }
    assert!(
        share(&at_phone, 1_000.0) > 0.98,
        "the phone hears the browser"
    );
    assert!(
        share(&at_browser, 400.0) > 0.98,
        "the browser hears the phone"
    );
}

fn broken(room: &mut Room, leg: LegId) -> Breakdown {
    room.wait(|event| match event {
        Event::Broken { leg: broken, why } if *broken == leg => Some(*why),
        _ => None,
    })
}

#[test]
fn a_browser_and_a_phone_hear_each_other_with_every_profile() {
    for profile in [
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
        SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
    ] {
        let mut room = Room::new();
        let mut browser = room.browser(CALL).with_profile(profile);
        browser.check(true);
        browser.handshake();
        let mut phone = room.phone();
        bridge(&mut room, &browser, &phone);
        for _ in 0..3 {
            talk(&mut browser, &mut phone);
        }
        room.wait_for(Event::FirstPacket { leg: browser.leg });
        room.engine.close(browser.leg).unwrap();
        let stats = room.wait(|event| match event {
            Event::Closed { leg, stats } if *leg == browser.leg => Some(*stats),
            _ => None,
        });
        assert_eq!((stats.packets_received, stats.packets_sent), (60, 60));
        assert_eq!((stats.packets_lost, stats.packets_dropped), (0, 0));
    }
}

#[test]
fn two_browsers_hear_each_other() {
    let mut room = Room::new();
    let mut one = room.talking_browser(CALL);
    let mut other = room
        .browser(CALL)
        .with_profile(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    other.check(true);
    other.handshake();
    for (leg, heard) in [(one.leg, other.leg), (other.leg, one.leg)] {
        room.wait_for(Event::Secured { leg });
        room.engine.hear(leg, Hears::Legs(vec![heard])).unwrap();
    }
    room.settle();
    let (mut at_one, mut at_other) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        one.say(500.0);
        other.say(1_500.0);
        at_other.extend(other.hear_samples());
        at_one.extend(one.hear_samples());
    }
    assert!(share(&at_one, 1_500.0) > 0.98 && share(&at_other, 500.0) > 0.98);
}

#[test]
fn one_voice_reaches_every_ear_whatever_protects_it() {
    let mut room = Room::new();
    let mut speaker = room.phone();
    let mut browsers = [room.talking_browser(CALL), room.talking_browser(CALL)];
    let phones = [
        room.phone(),
        room.phone_with(|remote| remote.codec = Law::Mu.into()),
    ];
    for browser in &browsers {
        room.wait_for(Event::Secured { leg: browser.leg });
    }
    let ears = [
        browsers[0].leg,
        phones[0].leg,
        browsers[1].leg,
        phones[1].leg,
    ];
    for ear in ears {
        let voice = Hears::Legs(vec![speaker.leg]);
        room.engine.hear(ear, voice).unwrap();
    }
    room.settle();
    let mut heard = [const { Vec::new() }; 4];
    for _ in 0..20 {
        speaker.say(700.0);
        heard[0].extend(browsers[0].hear_samples());
        heard[1].extend(browsers[1].hear_samples());
        heard[2].extend(phones[0].hear_samples());
        heard[3].extend(phones[1].hear_samples());
    }
    for heard in heard {
        assert!(share(&heard, 700.0) > 0.98);
    }
}

#[test]
fn a_browser_is_mixed_and_recorded_like_any_leg() {
    let mut room = Room::new();
    let (mut browser, mut phone) = (room.talking_browser(CALL), room.phone());
    let listener = room.phone();
    room.wait_for(Event::Secured { leg: browser.leg });
    let (notebook, reading) = Notebook::new();
    let sink = Arc::clone(&notebook) as Arc<dyn Tap>;
    let tracks = vec![(phone.leg, 0), (browser.leg, 1)];
    room.engine.record(RECORDING, CALL, tracks, sink).unwrap();
    let both = Hears::Legs(vec![browser.leg, phone.leg]);
    room.engine.hear(listener.leg, both).unwrap();
    let music = Hears::LegsAndPlay(vec![phone.leg], play(2_000.0, 10, Repeat::Forever));
    room.engine.hear(browser.leg, music).unwrap();
    room.settle();
    let (mut heard, mut at_browser) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        browser.say(1_000.0);
        phone.say(400.0);
        heard.extend(listener.hear_samples());
        at_browser.extend(browser.hear_samples());
    }
    let tail = &heard[heard.len() / 2..];
    assert!(share(tail, 1_000.0) > 0.3 && share(tail, 400.0) > 0.3);
    let tail = &at_browser[at_browser.len() / 2..];
    assert!(share(tail, 2_000.0) > 0.3 && share(tail, 400.0) > 0.3);
    room.engine.stop_recording(RECORDING).unwrap();
    reading.finished();
    let tracks = notebook.tracks();
    assert!(share(&tracks[&0][800..4_000], 400.0) > 0.9);
    assert!(share(&tracks[&1][800..4_000], 1_000.0) > 0.9);
}

fn play(hz: f64, frames: usize, repeat: Repeat) -> Play {
    Play {
        id: PlayId(1),
        prompts: vec![prompt(hz, frames)],
        repeat,
    }
}

#[test]
fn a_prompt_waits_for_the_browser_to_be_able_to_hear_it() {
    let mut room = Room::new();
    let mut browser = room.browser(CALL);
    let greeting = Hears::Play(play(700.0, 15, Repeat::Once));
    room.engine.hear(browser.leg, greeting).unwrap();
    browser.check(true);
    browser.handshake();
    let mut heard = Vec::new();
    for _ in 0..15 {
        heard.extend(browser.hear_samples());
    }
    assert!(share(&heard, 700.0) > 0.98);
    room.wait_for(Event::PromptDone {
        leg: browser.leg,
        id: PlayId(1),
    });
}

#[test]
fn keys_pass_both_ways() {
    let mut room = Room::new();
    let (mut browser, phone) = bridged(&mut room);
    browser.say(400.0);
    for (n, end) in [(1_u16, false), (2, false), (3, true), (3, true), (3, true)] {
        let event = [5, u8::from(end) << 7 | 10, 0, (n * 160 / 256) as u8];
        let packet = browser.packet(126, n == 1, &event);
        browser.send(&packet);
        browser.sequence = browser.sequence.wrapping_add(1);
    }
    let digit = room.wait(|event| match event {
        Event::Dtmf { leg, digit, .. } if *leg == browser.leg => Some(*digit),
        _ => None,
    });
    assert_eq!(digit, '5');
    let _ = phone.hear();
    let (header, _) = phone.hear();
    assert_eq!(header.payload_type, 101, "the phone's name for it");
    room.engine
        .dtmf_out(browser.leg, '#', Duration::from_millis(100))
        .unwrap();
    let (header, event) = browser.hear();
    assert_eq!((header.payload_type, event[0]), (126, 11));
}

#[test]
fn hold_and_resume_keep_the_keys() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    talk(&mut browser, &mut phone);
    browser.remote.direction.receive = false;
    browser.connect(&room);
    room.settle();
    browser.say(1_000.0);
    room.settle();
    assert!(phone.hears_nothing());
    browser.remote.direction.receive = true;
    browser.connect(&room);
    room.settle();
    talk(&mut browser, &mut phone);
    assert_eq!(room.engine.metrics().handshakes, 1);
}

#[test]
fn a_browser_that_changes_its_network_is_followed_in_mid_call() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    talk(&mut browser, &mut phone);
    browser.move_away();
    // It is believed because it knows the password, and followed because it asks for it.
    browser.check(false);
    phone.say(400.0);
    room.settle();
    assert!(browser.hears_nothing());
    browser.check(true);
    talk(&mut browser, &mut phone);
    let metrics = room.engine.metrics();
    assert_eq!((metrics.moves, metrics.handshakes), (1, 1));
}

#[test]
fn an_ice_restart_keeps_the_call() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    let fresh = room.engine.restart_ice(browser.leg).unwrap();
    assert_ne!(fresh, browser.local.ice);
    browser.connect(&room);
    // The old ones hold while the answer is under way.
    browser.check(true);
    talk(&mut browser, &mut phone);
    let old = std::mem::replace(&mut browser.local.ice, fresh);
    browser.move_away();
    browser.check(true);
    talk(&mut browser, &mut phone);
    let foreign = room.engine.metrics().foreign;
    browser.local.ice = old;
    let stale = browser.check_datagram(true);
    browser.send(&stale);
    talk(&mut browser, &mut phone);
    assert_eq!(room.engine.metrics().foreign, foreign + 1);
}

#[test]
fn a_page_loaded_again_comes_with_a_new_certificate() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    talk(&mut browser, &mut phone);
    browser.renew_certificate();
    browser.local.ice = room.engine.restart_ice(browser.leg).unwrap();
    browser.connect(&room);
    browser.move_away();
    browser.check(true);
    browser.handshake();
    while room.engine.metrics().handshakes < 2 {
        room.settle();
    }
    talk(&mut browser, &mut phone);
}

#[test]
fn a_browser_may_be_quicker_than_its_own_answer() {
    let mut room = Room::new();
    let (mut browser, mut phone) = (room.unconnected(CALL), room.phone());
    browser.check(true);
    browser.handshake();
    // It has keys; we do not know yet whether it is who it should be.
    browser.say(1_000.0);
    room.settle();
    assert_eq!(room.engine.metrics().unexpected, 1);
    browser.connect(&room);
    bridge(&mut room, &browser, &phone);
    talk(&mut browser, &mut phone);
}

#[test]
fn another_certificate_than_the_sdp_named_is_refused() {
    let mut room = Room::new();
    let (mut other, mut phone) = bridged(&mut room);
    let mut liar = room.unconnected(CALL);
    liar.claim(Fingerprint([7; 32]));
    liar.connect(&room);
    room.engine
        .hear(liar.leg, Hears::Legs(vec![phone.leg]))
        .unwrap();
    liar.check(true);
    liar.handshake();
    assert_eq!(broken(&mut room, liar.leg), Breakdown::Fingerprint);
    liar.say(1_000.0);
    talk(&mut other, &mut phone);
    room.settle();
    assert!((20..64).contains(&liar.receive()[0]), "told so by DTLS");
    assert!(liar.hears_nothing(), "and not one packet of sound");
    assert_eq!(room.engine.metrics().breakdowns, 1);
}

#[test]
fn strangers_are_counted_and_nobody_else_notices() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    let before = room.engine.metrics();
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let muxed = browser.local.address;
    let send = |datagram: &[u8]| {
        stranger.send_to(datagram, muxed).unwrap();
    };
    let real = browser.local.ice.clone();
    // Another leg's name, then the right name with a wrong password.
    browser.local.ice.ufrag = "somebody".into();
    send(&browser.check_datagram(true));
    browser.local.ice = real.clone();
    browser.local.ice.pwd = "a guess that is long enough".into();
    send(&browser.check_datagram(true));
    browser.local.ice = real;
    // A hello without a check before it, and SRTP stolen from the wire.
    send(&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    send(&browser.packet(8, false, &[0xD5; 160]));
    for junk in [
        &[][..],
        &[0],
        &[0, 1, 0, 0],
        &[70; 40],
        &[255; 3_000],
        &[2; 20],
    ] {
        send(junk);
    }
    talk(&mut browser, &mut phone);
    let after = room.engine.metrics();
    assert_eq!(after.foreign - before.foreign, 3);
    assert_eq!(after.forged - before.forged, 1);
    assert_eq!(after.malformed - before.malformed, 6);
    stranger.set_nonblocking(true).unwrap();
    assert!(
        stranger.recv(&mut [0; 100]).is_err(),
        "no stranger is answered"
    );
}

#[test]
fn a_flood_on_the_muxed_port_does_not_stop_a_call() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let own = UdpSocket::try_clone(&browser.socket).unwrap();
    let hello = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0];
    for round in 0..100_u8 {
        for n in 0..50_u8 {
            let junk = [
                round.wrapping_mul(3),
                n,
                7,
                round,
                n,
                n,
                9,
                9,
                9,
                9,
                9,
                9,
                9,
                round,
            ];
            stranger.send_to(&junk, browser.local.address).unwrap();
            // From the browser's own address, as far as a source can be believed.
            own.send_to(&hello, browser.local.address).unwrap();
            own.send_to(
                &[0x80, 8, round, n, 0, 0, 0, 0, 0, 0, 0, 1, 5, 5],
                browser.local.address,
            )
            .unwrap();
        }
        browser.say(1_000.0);
        let _ = phone.hear();
    }
    talk(&mut browser, &mut phone);
    let metrics = room.engine.metrics();
    assert_eq!(metrics.packets_in, 100 + 20 + 20);
    assert_eq!((metrics.breakdowns, metrics.failures), (0, 0));
}

#[test]
fn half_open_handshakes_are_few() {
    let mut room = Room::new();
    let mut hellos: Vec<Browser> = (0..70).map(|_| room.browser(CALL)).collect();
    for browser in &mut hellos {
        browser.check(true);
        assert!(!browser.try_handshake(Duration::ZERO));
    }
    room.settle();
    assert_eq!(room.engine.metrics().handshakes_refused, 6);
    // Those that are given up or closed make room.
    for browser in hellos.iter().take(10) {
        room.engine.close(browser.leg).unwrap();
    }
    let mut late = room.talking_browser(CALL);
    let mut phone = room.phone();
    bridge(&mut room, &late, &phone);
    talk(&mut late, &mut phone);
}

#[test]
fn a_packet_played_again_is_heard_once() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    let packet = browser.packet(8, false, &[0xD5; 160]);
    browser.advance();
    browser.send(&packet);
    browser.send(&packet);
    let _ = phone.hear();
    talk(&mut browser, &mut phone);
    assert_eq!(room.engine.metrics().replayed, 1);
}

#[test]
fn a_leg_cannot_take_another_ones_address() {
    let mut room = Room::new();
    let (mut browser, mut phone) = bridged(&mut room);
    let mut thief = room.browser(CALL);
    // It knows its own password and pretends to come from its neighbour's address.
    thief.socket = browser.socket.try_clone().unwrap();
    thief.check(true);
    talk(&mut browser, &mut phone);
}

#[test]
fn a_browser_that_never_comes_is_given_up() {
    let mut room = Room::with(|config| config.setup_after = Duration::from_millis(150));
    let never = room.browser(CALL);
    assert_eq!(broken(&mut room, never.leg), Breakdown::NoPath);
}

#[test]
fn a_browser_that_proves_nothing_any_more_is_gone_until_signalling_brings_it_back() {
    let mut room = Room::with(|config| config.consent_after = Duration::from_secs(1));
    let mut gone = room.talking_browser(CALL);
    room.wait_for(Event::Secured { leg: gone.leg });
    // Checks keep it alive for longer than it would be without.
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(250));
        gone.check(true);
    }
    assert_eq!(broken(&mut room, gone.leg), Breakdown::Gone);
    // Nothing more is sent, not even an answer, until signalling says so.
    let check = gone.check_datagram(true);
    gone.send(&check);
    room.settle();
    assert!(gone.hears_nothing());
    gone.local.ice = room.engine.restart_ice(gone.leg).unwrap();
    gone.connect(&room);
    gone.check(true);
    let mut phone = room.phone();
    bridge(&mut room, &gone, &phone);
    talk(&mut gone, &mut phone);
}

#[test]
fn a_browser_that_hangs_up_is_reported_at_once() {
    let mut room = Room::new();
    let mut browser = room.talking_browser(CALL);
    room.wait_for(Event::Secured { leg: browser.leg });
    browser.hang_up();
    assert_eq!(broken(&mut room, browser.leg), Breakdown::ClosedByPeer);
}

#[test]
fn a_browser_that_speaks_no_dtls_we_know_is_given_up() {
    let mut room = Room::with(|config| config.setup_after = Duration::from_millis(300));
    let mut browser = room
        .browser(CALL)
        .with_profile(SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_32);
    browser.check(true);
    browser.try_handshake(Duration::from_millis(200));
    let why = broken(&mut room, browser.leg);
    assert!(
        matches!(why, Breakdown::Handshake | Breakdown::NoPath),
        "{why:?}"
    );
}

#[test]
fn reports_travel_muxed_and_protected() {
    let mut room = Room::with(|config| config.rtcp_interval = Duration::from_millis(50));
    let (mut browser, mut phone) = bridged(&mut room);
    talk(&mut browser, &mut phone);
    let report = browser.hear_report();
    let received = rtcp::parse(&report, browser.ssrc).unwrap();
    assert!(received.sender.is_some(), "what we sent");
    assert_eq!(received.about_us.map(|block| block.lost), Some(0));
    let mut plain = Vec::new();
    Report {
        ssrc: browser.ssrc,
        sender: None,
        about: None,
        cname: "browser",
        goodbye: false,
    }
    .write(&mut plain);
    browser.send_report(&plain);
    browser.send_report(&plain);
    while room.engine.metrics().rtcp_in < 2 {
        room.settle();
    }
    let forged = room.engine.metrics().forged;
    browser.send(&plain);
    while room.engine.metrics().malformed + room.engine.metrics().forged == forged {
        room.settle();
    }
    assert_eq!(room.engine.metrics().rtcp_in, 2);
}

#[test]
fn a_leg_takes_only_the_security_it_was_opened_for() {
    let mut room = Room::new();
    let (browser, phone) = (room.browser(CALL), room.phone());
    let mut plain = browser.remote.clone();
    plain.security = Security::None;
    assert!(matches!(
        room.engine.connect(browser.leg, plain),
        Err(Error::WrongSecurity(_))
    ));
    assert!(matches!(
        room.engine.connect(phone.leg, browser.remote.clone()),
        Err(Error::WrongSecurity(_))
    ));
    assert!(matches!(
        room.engine.restart_ice(phone.leg),
        Err(Error::WrongSecurity(_))
    ));
    assert!(matches!(
        room.engine.open_webrtc(browser.leg, CALL),
        Err(Error::DuplicateLeg(_))
    ));
    assert_eq!(browser.remote.codec, Law::A.into());
}

#[test]
fn legs_of_one_thread_share_its_muxed_port() {
    let mut room = Room::with(|config| config.threads = 2);
    let ports: std::collections::HashSet<u16> = (0..8)
        .map(|key| room.browser(CallKey(key)).local.address.port())
        .collect();
    assert!(ports.len() <= 2);
    let mut browser = room.talking_browser(CallKey(3));
    assert!(browser.ip().is_loopback());
    room.engine.hear(browser.leg, Hears::Echo).unwrap();
    room.wait_for(Event::Secured { leg: browser.leg });
    room.settle();
    browser.say(500.0);
    browser.say(500.0);
    let heard = [browser.hear_samples(), browser.hear_samples()].concat();
    assert!(share(&heard, 500.0) > 0.98);
}
