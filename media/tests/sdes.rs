//! Hard phones and trunks whose SDP carries SRTP keys (RFC 4568). The far side's SRTP is webrtc-rs'.

#[expect(dead_code, reason = "shared with tests that need all of it")]
mod support;

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use hotline_media::{Event, Hears, Law, Rtcp, Security, SrtpKey, Suite};
use hotline_media::{rtcp, rtp};
use rtc_dtls::crypto_provider::default_provider;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use support::{FRAME, PATIENCE, Phone, Room, share, tone};

/// A phone with keys.
struct Secure {
    phone: Phone,
    seal: Context,
    open: Context,
    spoken: usize,
}

fn key(suite: Suite, seed: u8) -> SrtpKey {
    SrtpKey::fresh(suite, |bytes| {
        for (n, byte) in bytes.iter_mut().enumerate() {
            *byte = seed.wrapping_add((n as u8).wrapping_mul(31));
        }
    })
}

fn context(key: &SrtpKey) -> Context {
    let profile = match key.suite() {
        Suite::AesCm128Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::AesCm128Sha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
        Suite::AesCm256Sha1_80 => ProtectionProfile::Aes256CmHmacSha1_80,
        Suite::AesCm256Sha1_32 => ProtectionProfile::Aes256CmHmacSha1_32,
        Suite::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Suite::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
    };
    let (master, salt) = key.material().split_at(profile.key_len());
    let provider = default_provider().expect("there is one");
    Context::new(master, salt, profile, None, None, provider.crypto()).expect("a context")
}

fn secure(room: &mut Room, suite: Suite) -> Secure {
    let (ours, theirs) = (key(suite, 1), key(suite, 2));
    let phone = room.phone_with(|remote| {
        remote.rtcp = Rtcp::Mux;
        remote.security = Security::Sdes {
            send: ours.clone(),
            receive: theirs.clone(),
        };
    });
    Secure {
        phone,
        seal: context(&theirs),
        open: context(&ours),
        spoken: 0,
    }
}

impl Secure {
    fn say(&mut self, hz: f64) {
        let codes: Vec<u8> = tone(hz, self.spoken, FRAME)
            .iter()
            .map(|sample| Law::A.encode(*sample))
            .collect();
        self.spoken += FRAME;
        let plain = self.phone.packet(8, &codes);
        let packet = self.seal.encrypt_rtp(&plain).expect("it is sealed");
        self.phone.send(&packet);
        self.phone.advance();
    }

    fn hear_samples(&mut self) -> Vec<i16> {
        let mut buffer = [0; 2_048];
        loop {
            let length = self
                .phone
                .socket
                .recv(&mut buffer)
                .expect("it comes in time");
            if rtp::is_rtcp(&buffer[..length]) {
                continue;
            }
            let plain = self
                .open
                .decrypt_rtp(&buffer[..length])
                .expect("it was sealed for us");
            let (_, payload) = rtp::parse(&plain).expect("it is RTP");
            return plain[payload]
                .iter()
                .map(|code| Law::A.decode(*code))
                .collect();
        }
    }
}

fn bridge(room: &mut Room, one: &Phone, other: &Phone) {
    for (one, other) in [(one.leg, other.leg), (other.leg, one.leg)] {
        room.engine.hear(one, Hears::Legs(vec![other])).unwrap();
    }
    room.settle();
}

fn talk(secure: &mut Secure, plain: &mut Phone) {
    let (mut there, mut here) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        secure.say(1_000.0);
        plain.say(400.0);
        here.extend(plain.hear_samples());
        there.extend(secure.hear_samples());
    }
    assert!(share(&here, 1_000.0) > 0.98 && share(&there, 400.0) > 0.98);
}

#[test]
fn a_phone_with_keys_talks_to_one_without_in_every_suite() {
    for suite in Suite::ALL {
        let mut room = Room::new();
        let (mut secure, mut plain) = (secure(&mut room, suite), room.phone());
        bridge(&mut room, &secure.phone, &plain);
        // Across the wrap of the sequence number: the phone begins at 65,530.
        talk(&mut secure, &mut plain);
        room.engine.close(secure.phone.leg).unwrap();
        let stats = room.wait(|event| match event {
            Event::Closed { leg, stats } if *leg == secure.phone.leg => Some(*stats),
            _ => None,
        });
        assert_eq!((stats.packets_received, stats.packets_dropped), (20, 0));
    }
}

#[test]
fn two_phones_with_keys_of_their_own_hear_each_other() {
    let mut room = Room::new();
    let mut one = secure(&mut room, Suite::AesCm128Sha1_80);
    let mut other = secure(&mut room, Suite::AesCm128Sha1_32);
    bridge(&mut room, &one.phone, &other.phone);
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        one.say(500.0);
        other.say(1_500.0);
        there.extend(other.hear_samples());
        here.extend(one.hear_samples());
    }
    assert!(share(&there, 500.0) > 0.98 && share(&here, 1_500.0) > 0.98);
}

#[test]
fn nothing_is_taken_without_the_key() {
    let mut room = Room::new();
    let (mut secure, mut plain) = (secure(&mut room, Suite::AesCm128Sha1_80), room.phone());
    bridge(&mut room, &secure.phone, &plain);
    // In the clear, under another key, and again.
    let packet = secure.phone.packet(8, &[0xD5; FRAME]);
    secure.phone.send(&packet);
    let mut wrong = context(&key(Suite::AesCm128Sha1_80, 9));
    secure.phone.send(&wrong.encrypt_rtp(&packet).unwrap());
    let right = secure.seal.encrypt_rtp(&packet).unwrap();
    secure.phone.send(&right);
    secure.phone.send(&right);
    secure.phone.advance();
    let _ = plain.hear();
    talk(&mut secure, &mut plain);
    let metrics = room.engine.metrics();
    assert_eq!((metrics.forged, metrics.replayed), (2, 1));
}

#[test]
fn reports_on_a_port_of_their_own_are_protected_too() {
    let mut room = Room::with(|config| config.rtcp_interval = Duration::from_millis(50));
    let mut secure = secure(&mut room, Suite::AesCm128Sha1_32);
    let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    control.set_read_timeout(Some(PATIENCE)).unwrap();
    secure.phone.remote.rtcp = Rtcp::At(control.local_addr().unwrap());
    room.engine
        .connect(secure.phone.leg, secure.phone.remote.clone())
        .unwrap();
    room.engine.hear(secure.phone.leg, Hears::Echo).unwrap();
    room.settle();
    secure.say(400.0);
    let _ = secure.hear_samples();
    let mut buffer = [0; 2_048];
    let length = control.recv(&mut buffer).expect("a report comes");
    let plain = secure.open.decrypt_rtcp(&buffer[..length]).unwrap();
    let report = rtcp::parse(&plain, secure.phone.ssrc).unwrap();
    assert!(report.sender.is_some() && report.about_us.is_some());
    let theirs = secure.seal.encrypt_rtcp(&plain).unwrap();
    let port = (secure.phone.local.ip, secure.phone.local.rtcp);
    control.send_to(&plain, port).unwrap();
    control.send_to(&theirs, port).unwrap();
    while room.engine.metrics().rtcp_in == 0 {
        room.settle();
    }
    let metrics = room.engine.metrics();
    assert_eq!(metrics.forged + metrics.malformed, 1);
}

#[test]
fn the_same_keys_again_go_on_and_others_begin_anew() {
    let mut room = Room::new();
    let (mut secure, mut plain) = (secure(&mut room, Suite::AesCm128Sha1_80), room.phone());
    bridge(&mut room, &secure.phone, &plain);
    talk(&mut secure, &mut plain);
    // Past the wrap: counters begun anew would not open what comes now.
    room.engine
        .connect(secure.phone.leg, secure.phone.remote.clone())
        .unwrap();
    room.settle();
    talk(&mut secure, &mut plain);
    let (send, receive) = (
        key(Suite::AesCm256Sha1_80, 3),
        key(Suite::AesCm256Sha1_80, 4),
    );
    (secure.seal, secure.open) = (context(&receive), context(&send));
    secure.phone.remote.security = Security::Sdes { send, receive };
    room.engine
        .connect(secure.phone.leg, secure.phone.remote.clone())
        .unwrap();
    room.settle();
    talk(&mut secure, &mut plain);
    assert_eq!(room.engine.metrics().forged, 0);
}
