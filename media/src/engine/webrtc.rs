//! A leg's share of its thread's muxed port: its ICE agent, its DTLS association, and whether the far side is still there.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ice::Agent;
use crate::security::{Fingerprint, IceCredentials};

use super::Breakdown;
use super::dtls::{Association, Failed, Identity, Keys};

/// Handshakes that may fail before the leg is given up: one can be spoilt by a stranger's packet with a false source.
const FAILURES_MAX: u8 = 3;

pub(super) struct WebRtc {
    socket: Arc<UdpSocket>,
    identity: Arc<Identity>,
    pub(super) agent: Agent,
    association: Option<Association>,
    /// The association's keys are in use.
    is_secured: bool,
    failures: u8,
    /// The certificate that SDP named, once it has come.
    expected: Option<Fingerprint>,
    /// Since when a secured leg is waited for.
    awaited_since: Instant,
    /// When the far side last proved to be there: by a check or by an SRTP packet.
    pub(super) proven: Instant,
    /// Of no use until the next `connect`.
    pub(super) is_broken: bool,
    /// When the worker will come back for the association.
    pub(super) timer_at: Option<Instant>,
}

/// What has changed by a packet, a timer or a `connect`.
pub(super) enum Change {
    None,
    Secured(Keys),
    Broken(Breakdown),
}

impl WebRtc {
    pub(super) fn new(
        socket: Arc<UdpSocket>,
        identity: Arc<Identity>,
        credentials: &IceCredentials,
        now: Instant,
    ) -> Self {
        Self {
            socket,
            identity,
            agent: Agent::new(credentials),
            association: None,
            is_secured: false,
            failures: 0,
            expected: None,
            awaited_since: now,
            proven: now,
            is_broken: false,
            timer_at: None,
        }
    }

    /// Our SDP and theirs are known. True: what was agreed with another certificate holds no more.
    pub(super) fn connect(&mut self, fingerprint: Fingerprint, now: Instant) -> bool {
        let before = self.expected.replace(fingerprint);
        let is_another = before.is_some_and(|before| before != fingerprint);
        if before.is_none() || is_another || self.is_broken {
            self.awaited_since = now;
            self.failures = 0;
        }
        self.is_broken = false;
        self.proven = now;
        if is_another {
            self.drop_association();
        }
        is_another
    }

    /// One handshake more than before would go on.
    pub(super) fn is_handshaking(&self) -> bool {
        self.association
            .as_ref()
            .is_some_and(|association| association.agreed().is_none())
    }

    pub(super) fn has_association(&self) -> bool {
        self.association.is_some()
    }

    /// DTLS has done its work and is over.
    pub(super) fn is_past_dtls(&self) -> bool {
        self.is_secured && self.association.is_none()
    }

    pub(super) fn receive(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) -> Change {
        let target = self.agent.selected().or(Some(source));
        let association = self
            .association
            .get_or_insert_with(|| Association::new(&self.identity, now));
        let received = association.receive(datagram, now, send_to(&self.socket, target));
        self.after(received)
    }

    /// The association's time has come.
    pub(super) fn wake(&mut self, now: Instant) -> Change {
        let target = self.agent.selected();
        let Some(association) = &mut self.association else {
            return Change::None;
        };
        if association.wake_at() > now {
            return Change::None;
        }
        let woken = association.wake(now, send_to(&self.socket, target));
        self.after(woken)
    }

    /// When [`wake`](Self::wake) is due.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.association.as_ref().map(Association::wake_at)
    }

    /// Compares what was agreed with what SDP said, once both are known.
    pub(super) fn settle(&mut self) -> Change {
        let Some(association) = &self.association else {
            return Change::None;
        };
        if association.is_closed() {
            return Change::Broken(Breakdown::ClosedByPeer);
        }
        if self.is_secured {
            return Change::None;
        }
        match (association.agreed(), self.expected) {
            (Some((shown, _)), Some(expected)) if shown != expected => {
                Change::Broken(Breakdown::Fingerprint)
            }
            (Some((_, keys)), Some(_)) => {
                self.is_secured = true;
                Change::Secured(keys.clone())
            }
            (None, _) | (Some(_), None) => Change::None,
        }
    }

    /// Is it time to give the leg up, and if not, when to ask again?
    pub(super) fn check(
        &self,
        now: Instant,
        consent_after: Duration,
        setup_after: Duration,
    ) -> Result<Instant, Breakdown> {
        if self.is_broken {
            return Ok(now + setup_after);
        }
        let (deadline, why) = match (self.is_secured, self.failures) {
            (true, _) => (self.proven + consent_after, Breakdown::Gone),
            (false, 0) => (self.awaited_since + setup_after, Breakdown::NoPath),
            (false, _) => (self.awaited_since + setup_after, Breakdown::Handshake),
        };
        if deadline <= now {
            Err(why)
        } else {
            Ok(deadline)
        }
    }

    /// Nothing is sent or accepted from now on. A far side that is only gone may come back under the same keys.
    pub(super) fn give_up(&mut self, why: Breakdown) {
        self.is_broken = true;
        match why {
            Breakdown::Gone => {}
            Breakdown::Fingerprint
            | Breakdown::Handshake
            | Breakdown::NoPath
            | Breakdown::ClosedByPeer => self.drop_association(),
        }
    }

    pub(super) fn send(&self, packet: &[u8]) -> io::Result<usize> {
        match self.agent.selected() {
            Some(target) if !self.is_broken => self.socket.send_to(packet, target),
            Some(_) | None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    pub(super) fn answer(&self, packet: &[u8], source: SocketAddr) {
        // Lost or refused: the far side checks again.
        let _ = self.socket.send_to(packet, source);
    }

    pub(super) fn close(&mut self) {
        self.drop_association();
    }

    fn drop_association(&mut self) {
        self.is_secured = false;
        if let Some(mut association) = self.association.take() {
            association.close(send_to(&self.socket, self.agent.selected()));
        }
    }

    fn after(&mut self, result: Result<(), Failed>) -> Change {
        let settled = self.settle();
        match (result, settled) {
            (_, Change::Broken(why)) => Change::Broken(why),
            (Ok(()), settled) => settled,
            (Err(Failed(error)), _) => {
                tracing::debug!(%error, "a DTLS association failed");
                if self.is_secured {
                    // Its keys are agreed, and it has no other use: no stranger's packet shall end the call through it.
                    self.association = None;
                    return Change::None;
                }
                self.drop_association();
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FAILURES_MAX {
                    Change::Broken(Breakdown::Handshake)
                } else {
                    Change::None
                }
            }
        }
    }
}

/// Lost or refused: both sides send again.
fn send_to(socket: &UdpSocket, target: Option<SocketAddr>) -> impl FnMut(&[u8]) {
    move |packet| {
        if let Some(target) = target {
            let _ = socket.send_to(packet, target);
        }
    }
}
