//! A page's sound without a browser: connectivity checks, DTLS and SRTP of other people's making, and whatever else somebody
//! might send to the port that all pages share.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hotline_media::stun::{self, Password};
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::{RTCCryptoProvider, default_provider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use sha2::{Digest as _, Sha256};

use crate::page::{Heard, description};
use crate::phone::PATIENCE;
use crate::voice::{Codec, FRAME};

const REPEAT: Duration = Duration::from_millis(100);

/// What a page says and hears.
pub struct PageSound {
    pub socket: UdpSocket,
    certificate: Certificate,
    provider: Arc<dyn RTCCryptoProvider>,
    seal: Option<Context>,
    open: Option<Context>,
    server: Option<Server>,
    frames: Vec<Vec<u8>>,
    said: u32,
    checks: u32,
}

/// Where the server is, from its description.
struct Server {
    address: SocketAddr,
    ufrag: String,
    pwd: String,
}

impl PageSound {
    pub fn new(hz: f64) -> Self {
        let provider = default_provider().expect("there is one");
        let certificate =
            Certificate::generate_self_signed(vec!["page".to_owned()], provider.crypto())
                .expect("a certificate");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free UDP port");
        Self {
            socket,
            certificate,
            provider,
            seal: None,
            open: None,
            server: None,
            frames: Codec::Pcma.frames(&crate::sound::tone(hz, 8_000)),
            said: 0,
            checks: 0,
        }
    }

    /// The page's offer, with the fingerprint of the certificate that it will show.
    pub fn offer(&self) -> String {
        let hash = Sha256::digest(&self.certificate.certificate[0]);
        let fingerprint: Vec<String> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        description("actpass").replace(&["1F"; 32].join(":"), &fingerprint.join(":"))
    }

    /// The page's answer to an offer of G.711 among others.
    pub fn answer(&self) -> String {
        let offer = self.offer().replace("actpass", "active");
        offer.replace(" 111 63 9 0 8 13 110 126", " 8")
    }

    /// Takes the server's answer, or its offer.
    pub fn answered(&mut self, answer: &Heard) {
        let line = |name: &str| {
            let mut lines = answer.body().lines();
            let value = lines.find_map(|line| line.strip_prefix(name));
            value.unwrap_or_else(|| panic!("no {name} in {}", answer.body()))
        };
        let candidate: Vec<&str> = line("a=candidate:").split(' ').collect();
        let address = format!("{}:{}", candidate[4], candidate[5]);
        self.server = Some(Server {
            address: address.parse().expect("an address"),
            ufrag: line("a=ice-ufrag:").to_owned(),
            pwd: line("a=ice-pwd:").to_owned(),
        });
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("the call is answered")
    }

    /// The port that all pages share.
    pub fn address(&self) -> SocketAddr {
        self.server().address
    }

    /// A connectivity check: one each few seconds keeps the server's consent fresh (RFC 7675).
    pub fn check(&mut self) -> Vec<u8> {
        let Server { ufrag, pwd, .. } = self.server();
        let (ufrag, pwd) = (ufrag.clone(), pwd.clone());
        self.check_of(&ufrag, &pwd)
    }

    /// A check with a wrong password, for the page's own leg.
    pub fn forged_check(&mut self) -> Vec<u8> {
        let ufrag = self.server().ufrag.clone();
        self.check_of(&ufrag, "guessed by somebody else")
    }

    /// A check for this user fragment.
    pub fn check_of(&mut self, ufrag: &str, pwd: &str) -> Vec<u8> {
        self.checks += 1;
        let mut transaction = [0; 12];
        transaction[..4].copy_from_slice(&self.checks.to_be_bytes());
        let password = Password::new(pwd);
        stun::check(&format!("{ufrag}:Xm7v"), &password, true, transaction)
    }

    /// Finds the way and shakes hands. False when the server does not go along.
    pub fn connects(&mut self) -> bool {
        let check = self.check();
        let remote = self.address();
        self.socket.send_to(&check, remote).expect("it leaves");
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&self.provider))
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(REPEAT)
            .with_insecure_skip_verify(true)
            .build(true, Some(remote))
            .expect("a configuration");
        let local = self.socket.local_addr().expect("it is bound");
        let mut dtls = Endpoint::new(local, TransportProtocol::UDP, None);
        dtls.connect(Instant::now(), remote, Arc::new(config), None)
            .expect("it begins");
        self.socket
            .set_read_timeout(Some(REPEAT))
            .expect("a time-out");
        let deadline = Instant::now() + PATIENCE;
        let mut is_complete = false;
        let mut buffer = [0; 2_048];
        while !is_complete && Instant::now() < deadline {
            while let Some(packet) = dtls.poll_transmit() {
                self.socket
                    .send_to(&packet.message, remote)
                    .expect("it leaves");
            }
            match self.socket.recv(&mut buffer) {
                Ok(length) if (20..64).contains(&buffer[0]) => {
                    let datagram = BytesMut::from(&buffer[..length]);
                    let Ok(events) = dtls.read(Instant::now(), remote, None, datagram) else {
                        return false;
                    };
                    is_complete = events
                        .iter()
                        .any(|event| matches!(event, EndpointEvent::HandshakeComplete));
                }
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if dtls.handle_timeout(remote, Instant::now()).is_err() {
                        return false;
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
        while let Some(packet) = dtls.poll_transmit() {
            self.socket
                .send_to(&packet.message, remote)
                .expect("it leaves");
        }
        if is_complete {
            self.take_keys(&dtls, remote);
        }
        is_complete
    }

    fn take_keys(&mut self, dtls: &Endpoint, remote: SocketAddr) {
        let profile = ProtectionProfile::Aes128CmHmacSha1_80;
        let mut config = rtc_srtp::config::Config {
            profile,
            ..Default::default()
        };
        let state = dtls.get_connection_state(remote).expect("it is connected");
        let material = state
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())
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

    /// An RTP packet as it is sent.
    pub fn seal(&mut self, packet: &[u8]) -> BytesMut {
        let seal = self.seal.as_mut().expect("it has keys");
        seal.encrypt_rtp(packet).expect("it is sealed")
    }

    /// The RTP packet in a datagram, if there is one.
    pub fn open(&mut self, datagram: &[u8]) -> Option<BytesMut> {
        // RFC 5761 §4: RTCP's types lie where no payload type with a marker does.
        let is_rtp = matches!(datagram, [128..192, second, ..] if !(192..224).contains(second));
        let open = self.open.as_mut().expect("it has keys");
        is_rtp.then(|| open.decrypt_rtp(datagram).ok()).flatten()
    }

    /// Talks and listens for so long, keeping its consent fresh; what was heard.
    pub fn talk(&mut self, time: Duration) -> Vec<i16> {
        let (started, mut heard) = (Instant::now(), Vec::new());
        let mut ear = Codec::Pcma.ear();
        for n in 0.. {
            let due = started + Duration::from_millis(20) * n;
            let wait = due.saturating_duration_since(Instant::now());
            let wait = wait.max(Duration::from_millis(1));
            self.socket
                .set_read_timeout(Some(wait))
                .expect("a time-out");
            let mut buffer = [0; 2_048];
            while Instant::now() < due
                && let Ok(length) = self.socket.recv(&mut buffer)
            {
                if let Some(plain) = self.open(&buffer[..length]) {
                    heard.extend(ear.hear(&plain[12..]));
                }
            }
            if started.elapsed() >= time {
                return heard;
            }
            if n % 50 == 0 {
                let check = self.check();
                self.socket
                    .send_to(&check, self.address())
                    .expect("it leaves");
            }
            let mut packet = vec![0x80, 8];
            packet.extend((self.said as u16).to_be_bytes());
            packet.extend((self.said * FRAME as u32).to_be_bytes());
            packet.extend([0, 0, 0, 77]);
            packet.extend(&self.frames[self.said as usize % self.frames.len()]);
            self.said += 1;
            let sealed = self.seal(&packet);
            self.socket
                .send_to(&sealed, self.address())
                .expect("it leaves");
        }
        heard
    }
}
