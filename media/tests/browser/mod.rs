//! A browser as far as media goes, of other people's making where it counts: DTLS and SRTP are webrtc-rs'. Its ICE is the
//! full side of what a leg answers, made with the checks that RFC 5769 proves in the crate's own tests.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use bytes::BytesMut;
use hotline_media::rtp::{self, Header};
use hotline_media::stun::{self, Password};
use hotline_media::{
    CallKey, Fingerprint, IceCredentials, Law, LegId, LocalWebRtc, Remote, RemoteWebRtc, Security,
};
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, default_provider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::support::{FRAME, PATIENCE, Room, tone};

/// Answers are repeated after so long without one.
const REPEAT: Duration = Duration::from_millis(100);

pub(crate) struct Browser {
    pub(crate) leg: LegId,
    pub(crate) local: LocalWebRtc,
    pub(crate) remote: Remote,
    pub(crate) socket: UdpSocket,
    certificate: Certificate,
    provider: Arc<dyn RTCCryptoProvider>,
    profile: SrtpProtectionProfile,
    dtls: Option<Endpoint>,
    seal: Option<Context>,
    open: Option<Context>,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    spoken: usize,
    checks: u32,
}

#[expect(clippy::disallowed_methods, reason = "the peer keeps real time")]
fn now() -> Instant {
    Instant::now()
}

impl Room {
    /// A browser whose SDP has been exchanged; not one packet has been sent yet.
    pub(crate) fn browser(&mut self, call: CallKey) -> Browser {
        let browser = self.unconnected(call);
        browser.connect(self);
        browser
    }

    /// A browser that talks already.
    pub(crate) fn talking_browser(&mut self, call: CallKey) -> Browser {
        let mut browser = self.browser(call);
        browser.check(true);
        browser.handshake();
        browser
    }

    /// A browser that knows our SDP; we do not know its.
    pub(crate) fn unconnected(&mut self, call: CallKey) -> Browser {
        let leg = self.next_leg();
        let local = self.engine.open_webrtc(leg, call).expect("the leg opens");
        let provider = default_provider().expect("there is one");
        let certificate =
            Certificate::generate_self_signed(vec!["browser".to_owned()], provider.crypto())
                .expect("a certificate");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        // A browser's SDP says nothing of use here: port 9 of nowhere.
        let mut remote = Remote::new("0.0.0.0:9".parse().unwrap(), Law::A);
        remote.dtmf_payload_type = Some(126);
        remote.security = Security::Dtls(RemoteWebRtc {
            ice: IceCredentials {
                ufrag: "brow".into(),
                pwd: "the password of the browser".into(),
            },
            fingerprint: fingerprint_of(&certificate),
        });
        Browser {
            leg,
            local,
            remote,
            socket,
            certificate,
            provider,
            profile: SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            dtls: None,
            seal: None,
            open: None,
            sequence: 65_500,
            timestamp: 0xFFFF_F000,
            ssrc: 9_000 + leg.0 as u32,
            spoken: 0,
            checks: 0,
        }
    }
}

pub(crate) fn fingerprint_of(certificate: &Certificate) -> Fingerprint {
    let hash = digest::digest(&digest::SHA256, &certificate.certificate[0]);
    Fingerprint(hash.as_ref().try_into().unwrap())
}

impl Browser {
    pub(crate) fn with_profile(mut self, profile: SrtpProtectionProfile) -> Self {
        self.profile = profile;
        self
    }

    pub(crate) fn connect(&self, room: &Room) {
        room.engine
            .connect(self.leg, self.remote.clone())
            .expect("the leg connects");
    }

    /// Names another certificate in its SDP than the one it will show.
    pub(crate) fn claim(&mut self, fingerprint: Fingerprint) {
        let Security::Dtls(remote) = &mut self.remote.security else {
            panic!("a browser speaks DTLS");
        };
        remote.fingerprint = fingerprint;
    }

    /// Comes with a new certificate, as a page does that was loaded again.
    pub(crate) fn renew_certificate(&mut self) {
        self.certificate =
            Certificate::generate_self_signed(vec!["browser".to_owned()], self.provider.crypto())
                .expect("a certificate");
        self.claim(fingerprint_of(&self.certificate));
        (self.dtls, self.seal, self.open) = (None, None, None);
    }

    /// Moves to another network.
    pub(crate) fn move_away(&mut self) {
        self.socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    pub(crate) fn check_datagram(&mut self, use_candidate: bool) -> Vec<u8> {
        self.checks += 1;
        let mut transaction = [0; 12];
        transaction[..4].copy_from_slice(&self.checks.to_be_bytes());
        stun::check(
            &format!("{}:brow", self.local.ice.ufrag),
            &Password::new(&self.local.ice.pwd),
            use_candidate,
            transaction,
        )
    }

    /// A connectivity check that is answered.
    pub(crate) fn check(&mut self, use_candidate: bool) {
        let check = self.check_datagram(use_candidate);
        self.send(&check);
        loop {
            let datagram = self.receive();
            if stun::is_stun(&datagram) {
                assert_eq!(datagram[..2], [1, 1], "a success");
                assert_eq!(datagram[8..20], check[8..20], "of this check");
                return;
            }
        }
    }

    pub(crate) fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.local.address).unwrap();
    }

    pub(crate) fn receive(&self) -> Vec<u8> {
        let mut buffer = [0; 2_048];
        let length = self.socket.recv(&mut buffer).expect("it comes in time");
        buffer[..length].to_vec()
    }

    /// True when nothing at all has come.
    pub(crate) fn hears_nothing(&self) -> bool {
        self.socket.set_nonblocking(true).unwrap();
        let heard = self.socket.recv(&mut [0; 2_048]).is_ok();
        self.socket.set_nonblocking(false).unwrap();
        !heard
    }

    /// Ends well or panics.
    pub(crate) fn handshake(&mut self) {
        assert!(self.try_handshake(PATIENCE), "the handshake ends in time");
    }

    /// Says hello and goes on until both sides have finished, or for so long.
    pub(crate) fn try_handshake(&mut self, patience: Duration) -> bool {
        let (local, remote) = (self.socket.local_addr().unwrap(), self.local.address);
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&self.provider))
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![self.profile])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(REPEAT)
            .with_insecure_skip_verify(true)
            .build(true, Some(remote))
            .expect("a configuration");
        let mut dtls = Endpoint::new(local, TransportProtocol::UDP, None);
        dtls.connect(now(), remote, Arc::new(config), None)
            .expect("it begins");
        self.socket.set_read_timeout(Some(REPEAT)).unwrap();
        let deadline = now() + patience;
        let mut is_complete = false;
        while !is_complete && now() < deadline {
            while let Some(packet) = dtls.poll_transmit() {
                self.socket.send_to(&packet.message, remote).unwrap();
            }
            let mut buffer = [0; 2_048];
            match self.socket.recv(&mut buffer) {
                Ok(length) if (20..64).contains(&buffer[0]) => {
                    let datagram = BytesMut::from(&buffer[..length]);
                    let events = dtls.read(now(), remote, None, datagram);
                    is_complete = events.is_ok_and(|events| {
                        events
                            .iter()
                            .any(|event| matches!(event, EndpointEvent::HandshakeComplete))
                    });
                }
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if dtls.handle_timeout(remote, now()).is_err() {
                        break;
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
        while let Some(packet) = dtls.poll_transmit() {
            self.socket.send_to(&packet.message, remote).unwrap();
        }
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        if is_complete {
            self.take_keys(&dtls, remote);
        }
        self.dtls = Some(dtls);
        is_complete
    }

    fn take_keys(&mut self, dtls: &Endpoint, remote: SocketAddr) {
        let state = dtls.get_connection_state(remote).expect("it is connected");
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => ProtectionProfile::AeadAes256Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => {
                ProtectionProfile::Aes128CmHmacSha1_80
            }
            _ => panic!("a profile that nobody offered"),
        };
        let mut config = rtc_srtp::config::Config {
            profile,
            ..Default::default()
        };
        let length = config.keying_material_len();
        let material = state
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], length)
            .expect("keys");
        config
            .set_session_keys_from_keying_material(material.as_ref(), true)
            .expect("keys of that length");
        let (keys, crypto) = (config.keys, self.provider.crypto());
        let context = |key: &[u8], salt: &[u8]| {
            Context::new(key, salt, profile, None, None, crypto).expect("a context")
        };
        self.seal = Some(context(&keys.local_master_key, &keys.local_master_salt));
        self.open = Some(context(&keys.remote_master_key, &keys.remote_master_salt));
    }

    /// The page is closed in an orderly way.
    pub(crate) fn hang_up(&mut self) {
        let dtls = self.dtls.as_mut().expect("it is connected");
        dtls.close(now()).expect("it closes");
        while let Some(packet) = dtls.poll_transmit() {
            self.socket
                .send_to(&packet.message, self.local.address)
                .unwrap();
        }
    }

    /// Sends 20 ms of a tone.
    pub(crate) fn say(&mut self, hz: f64) {
        let codes: Vec<u8> = tone(hz, self.spoken, FRAME)
            .iter()
            .map(|sample| Law::A.encode(*sample))
            .collect();
        self.spoken += FRAME;
        let packet = self.packet(8, false, &codes);
        self.send(&packet);
        self.advance();
    }

    /// An SRTP packet at the browser's present place in its stream.
    pub(crate) fn packet(&mut self, payload_type: u8, marker: bool, payload: &[u8]) -> Vec<u8> {
        let header = Header {
            marker,
            payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        let plain = [&header.to_bytes(), payload].concat();
        let seal = self.seal.as_mut().expect("it has keys");
        seal.encrypt_rtp(&plain).expect("it is sealed").to_vec()
    }

    pub(crate) fn advance(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
    }

    /// The next RTP packet.
    pub(crate) fn hear(&mut self) -> (Header, Vec<u8>) {
        loop {
            let datagram = self.receive();
            let is_media = (128..192).contains(&datagram[0]);
            if is_media && !rtp::is_rtcp(&datagram) {
                let open = self.open.as_mut().expect("it has keys");
                let plain = open.decrypt_rtp(&datagram).expect("it was sealed for us");
                let (header, payload) = rtp::parse(&plain).expect("it is RTP");
                return (header, plain[payload].to_vec());
            }
        }
    }

    /// The next RTCP packet.
    pub(crate) fn hear_report(&mut self) -> Vec<u8> {
        loop {
            let datagram = self.receive();
            if (128..192).contains(&datagram[0]) && rtp::is_rtcp(&datagram) {
                let open = self.open.as_mut().expect("it has keys");
                return open
                    .decrypt_rtcp(&datagram)
                    .expect("it was sealed for us")
                    .to_vec();
            }
        }
    }

    pub(crate) fn send_report(&mut self, plain: &[u8]) {
        let seal = self.seal.as_mut().expect("it has keys");
        let packet = seal.encrypt_rtcp(plain).expect("it is sealed");
        self.send(&packet);
    }

    /// The next packet's samples.
    pub(crate) fn hear_samples(&mut self) -> Vec<i16> {
        let (_, codes) = self.hear();
        codes.iter().map(|code| Law::A.decode(*code)).collect()
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.local.address.ip()
    }
}
