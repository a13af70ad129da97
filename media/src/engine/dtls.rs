//! DTLS for one leg: always the server, always asking for the far side's certificate. It gives the SRTP keys (RFC 5764) and
//! the fingerprint of the certificate that the far side has proven to hold; whether that is the right one is for the leg to say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use dimpl::{Dtls, DtlsCertificate, KeyingMaterial, Output, SrtpProfile};

use crate::security::{Fingerprint, SrtpKey, Suite};

/// Below every path's limit, with room for IPv6 and UDP.
const MTU: usize = 1_200;
/// Larger than anything dimpl makes with that [`MTU`].
const RECORD_MAX: usize = 2_048;
/// First retransmission; the browser retransmits on its own, this covers our lost answers.
const RETRANSMIT_AFTER: Duration = Duration::from_millis(400);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);

/// The engine's certificate, and how it speaks.
pub(super) struct Identity {
    config: Arc<dimpl::Config>,
    certificate: DtlsCertificate,
    pub(super) fingerprint: Fingerprint,
}

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoIdentity(String);

impl Identity {
    /// A new one, self-signed: SDP's fingerprint is what vouches for it.
    pub(super) fn new() -> Result<Self, NoIdentity> {
        let certificate = dimpl::certificate::generate_self_signed_certificate()
            .map_err(|error| NoIdentity(error.to_string()))?;
        let config = dimpl::Config::builder()
            .mtu(MTU)
            .flight_start_rto(RETRANSMIT_AFTER)
            .handshake_timeout(HANDSHAKE_TIMEOUT)
            .build()
            .map_err(|error| NoIdentity(error.to_string()))?;
        Ok(Self {
            fingerprint: fingerprint(&certificate.certificate),
            config: Arc::new(config),
            certificate,
        })
    }
}

fn fingerprint(certificate: &[u8]) -> Fingerprint {
    let hash = digest::digest(&digest::SHA256, certificate);
    let bytes = hash.as_ref().first_chunk();
    Fingerprint(*bytes.expect("SHA-256 is 32 bytes long"))
}

/// One association with a far side.
pub(super) struct Association {
    dtls: Dtls,
    shown: Option<Fingerprint>,
    keys: Option<Keys>,
    is_connected: bool,
    is_closed: bool,
    wake_at: Instant,
}

/// SRTP's two master keys.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) send: SrtpKey,
    pub(super) receive: SrtpKey,
}

/// The association is of no more use.
#[derive(Debug)]
pub(super) struct Failed(pub(super) dimpl::Error);

impl Association {
    pub(super) fn new(identity: &Identity, now: Instant) -> Self {
        Self {
            dtls: Dtls::new_auto(
                Arc::clone(&identity.config),
                identity.certificate.clone(),
                now,
            ),
            shown: None,
            keys: None,
            is_connected: false,
            is_closed: false,
            wake_at: now,
        }
    }

    pub(super) fn receive(
        &mut self,
        datagram: &[u8],
        now: Instant,
        send: impl FnMut(&[u8]),
    ) -> Result<(), Failed> {
        self.dtls.handle_timeout(now).map_err(Failed)?;
        let received = self.dtls.handle_packet(datagram);
        // What it has to say, it says also when it fails: an alert.
        self.drain(send);
        received.map_err(Failed)
    }

    pub(super) fn wake(&mut self, now: Instant, send: impl FnMut(&[u8])) -> Result<(), Failed> {
        self.dtls.handle_timeout(now).map_err(Failed)?;
        self.drain(send);
        Ok(())
    }

    /// When [`wake`](Self::wake) is due.
    pub(super) fn wake_at(&self) -> Instant {
        self.wake_at
    }

    /// Tells the far side that nothing follows.
    pub(super) fn close(&mut self, send: impl FnMut(&[u8])) {
        if self.dtls.close().is_ok() {
            self.drain(send);
        }
    }

    /// Both sides have finished: who the far side has proven to be, and the keys agreed with it.
    pub(super) fn agreed(&self) -> Option<(Fingerprint, &Keys)> {
        if !self.is_connected {
            return None;
        }
        Some((self.shown?, self.keys.as_ref()?))
    }

    /// The far side has said that nothing follows.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn drain(&mut self, mut send: impl FnMut(&[u8])) {
        let mut buffer = [0; RECORD_MAX];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => send(packet),
                Output::PeerCert(certificate) => self.shown = Some(fingerprint(certificate)),
                Output::KeyingMaterial(material, profile) => {
                    self.keys = Keys::of_server(&material, profile);
                }
                Output::Connected => self.is_connected = true,
                Output::CloseNotify => self.is_closed = true,
                Output::Timeout(at) => {
                    self.wake_at = at;
                    return;
                }
                // No data channels here.
                Output::ApplicationData(_) => {}
                // Cannot be: the buffer is larger than the MTU. Unsent, it is as good as lost.
                Output::BufferTooSmall { .. } => return,
                // A later version's news.
                _ => {}
            }
        }
    }
}

impl Keys {
    /// RFC 5764 §4.2: client's key, server's key, client's salt, server's salt. `None`: a profile not spoken here.
    fn of_server(material: &KeyingMaterial, profile: SrtpProfile) -> Option<Self> {
        let suite = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128Sha1_80,
            SrtpProfile::AEAD_AES_128_GCM => Suite::AeadAes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Suite::AeadAes256Gcm,
            // A later version's; it would have to be offered by us first.
            _ => return None,
        };
        let (keys, salts) = material.split_at_checked(suite.key_len() * 2)?;
        let (client_key, server_key) = keys.split_at(suite.key_len());
        let (client_salt, server_salt) = salts.split_at_checked(suite.salt_len())?;
        let key = |key: &[u8], salt: &[u8]| SrtpKey::new(suite, &[key, salt].concat()).ok();
        Some(Self {
            send: key(server_key, server_salt)?,
            receive: key(client_key, client_salt)?,
        })
    }
}
