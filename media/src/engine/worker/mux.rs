//! The muxed port: what arrives on it belongs to the leg whose user fragment a check names, or whose far side has proven that
//! the source address is its own (RFC 7983 tells the kinds apart).

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use crate::ice::Forged;
use crate::rtp;
use crate::security::IceCredentials;
use crate::stun;

use super::{Core, DATAGRAM_MAX, Timer, seat};
use crate::engine::leg::{Leg, Slot, Transport};
use crate::engine::webrtc::{Change, WebRtc};
use crate::engine::{Breakdown, Event, LegId, bump};

/// Datagrams taken per wake-up; the others' sockets come in between.
const BATCH: usize = 64;
/// Handshakes that may go on at a time. Further ones wait: browsers repeat their first message.
const HANDSHAKES_MAX: usize = 64;
/// A timer is not worth less.
const TIMER_MIN: Duration = Duration::from_millis(5);

pub(super) struct Mux {
    pub(super) socket: Arc<UdpSocket>,
    ufrags: HashMap<Vec<u8>, Slot>,
    addresses: HashMap<SocketAddr, Slot>,
    handshakes: usize,
}

/// Whom a datagram is for.
enum For {
    Leg(Slot),
    Nobody,
    /// Nothing that travels here.
    Malformed,
}

impl Mux {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self {
            socket: Arc::new(socket),
            ufrags: HashMap::new(),
            addresses: HashMap::new(),
            handshakes: 0,
        }
    }

    fn whose(&self, datagram: &[u8], source: SocketAddr) -> For {
        let slot = match datagram.first() {
            Some(0..=3) => match stun::parse(datagram) {
                Ok(request) => self.ufrags.get(request.our_ufrag()),
                Err(stun::Malformed) => return For::Malformed,
            },
            Some(20..=63 | 128..=191) => self.addresses.get(&source),
            Some(_) | None => return For::Malformed,
        };
        slot.copied().map_or(For::Nobody, For::Leg)
    }
}

impl Core {
    /// Takes what has arrived; says how much that was.
    pub(super) fn drain_mux(&mut self) -> usize {
        let Some(socket) = self.mux.as_ref().map(|mux| Arc::clone(&mux.socket)) else {
            return 0;
        };
        for taken in 0..BATCH {
            let Ok((length, source)) = socket.recv_from(&mut self.buffer[..]) else {
                return taken;
            };
            self.take_muxed(length, source);
        }
        BATCH
    }

    fn take_muxed(&mut self, length: usize, source: SocketAddr) {
        let Some(mux) = &self.mux else {
            return;
        };
        let whose = if length == DATAGRAM_MAX {
            For::Malformed
        } else {
            mux.whose(&self.buffer[..length], source)
        };
        match whose {
            For::Leg(slot) => {
                let generation = self.legs[slot as usize].generation;
                self.guard_leg(slot, generation, |core| match core.buffer[0] {
                    0..=3 => core.take_check(slot, length, source),
                    20..=63 => core.take_dtls(slot, length, source),
                    _ if rtp::is_rtcp(&core.buffer[..length]) => {
                        core.take_rtcp(slot, length, source);
                    }
                    _ => core.take_rtp(slot, length, source),
                });
            }
            For::Nobody => bump(&self.counters.foreign, 1),
            For::Malformed => bump(&self.counters.malformed, 1),
        }
    }

    fn take_check(&mut self, slot: Slot, length: usize, source: SocketAddr) {
        let (now, Some(mux)) = (self.now, &mut self.mux) else {
            return;
        };
        let owner = mux.addresses.get(&source).copied();
        let is_free = match owner {
            Some(other) if other != slot => {
                let other = self.legs[other as usize].tenant.as_deref_mut();
                let is_alive = other
                    .and_then(Leg::webrtc)
                    .is_some_and(|webrtc| webrtc.agent.is_alive(source, now));
                !is_alive
            }
            Some(_) | None => true,
        };
        let Ok(request) = stun::parse(&self.buffer[..length]) else {
            return;
        };
        let Some(leg) = self.legs[slot as usize].tenant.as_deref_mut() else {
            return;
        };
        let Some(webrtc) = leg.webrtc() else {
            return;
        };
        if webrtc.is_broken {
            // Answering would say that we still want its packets (RFC 7675 §5.1).
            leg.dropped += 1;
            return bump(&self.counters.unexpected, 1);
        }
        let mut out = [0; stun::MESSAGE_MAX];
        let answered = match webrtc.agent.check(&request, source, is_free, now, &mut out) {
            Ok(answered) => answered,
            Err(Forged) => {
                leg.dropped += 1;
                return bump(&self.counters.forged, 1);
            }
        };
        webrtc.proven = now;
        webrtc.answer(&out[..answered.length], source);
        bump(&self.counters.checks_in, 1);
        if let Some(retired) = answered.retired {
            mux.ufrags.remove(retired.as_bytes());
        }
        if let Some(left) = answered.left {
            mux.addresses.remove(&left);
        }
        if answered.moved {
            bump(&self.counters.moves, 1);
        }
        if let Some(joined) = answered.joined {
            mux.addresses.insert(joined, slot);
            // The leg that had this address has not proven it for long.
            if let Some(other) = owner.filter(|other| *other != slot)
                && let Some(other) = self.leg(other).and_then(Leg::webrtc)
            {
                other.agent.forget(joined);
            }
        }
    }

    fn take_dtls(&mut self, slot: Slot, length: usize, source: SocketAddr) {
        let (now, Some(mux)) = (self.now, &mut self.mux) else {
            return;
        };
        let Some(leg) = self.legs[slot as usize].tenant.as_deref_mut() else {
            return;
        };
        let Some(webrtc) = leg.webrtc() else {
            return;
        };
        if webrtc.is_broken || webrtc.is_past_dtls() {
            leg.dropped += 1;
            return bump(&self.counters.unexpected, 1);
        }
        let was_handshaking = webrtc.is_handshaking();
        if !webrtc.has_association() && mux.handshakes >= HANDSHAKES_MAX {
            leg.dropped += 1;
            return bump(&self.counters.handshakes_refused, 1);
        }
        let change = webrtc.receive(&self.buffer[..length], source, now);
        self.dtls_went_on(slot, was_handshaking, change);
    }

    pub(super) fn wake_dtls(&mut self, slot: Slot) {
        let now = self.now;
        let Some(webrtc) = self.leg(slot).and_then(Leg::webrtc) else {
            return;
        };
        webrtc.timer_at = None;
        let was_handshaking = webrtc.is_handshaking();
        let change = webrtc.wake(now);
        self.dtls_went_on(slot, was_handshaking, change);
    }

    /// The SDP is known, at first or anew: what was agreed before may now be compared.
    pub(super) fn settle(&mut self, slot: Slot, was_handshaking: bool) {
        let Some(webrtc) = self.leg(slot).and_then(Leg::webrtc) else {
            return;
        };
        let change = webrtc.settle();
        self.dtls_went_on(slot, was_handshaking, change);
    }

    fn dtls_went_on(&mut self, slot: Slot, was_handshaking: bool, change: Change) {
        let (now, generation) = (self.now, self.legs[slot as usize].generation);
        let Some(leg) = self.legs[slot as usize].tenant.as_deref_mut() else {
            return;
        };
        let id = leg.id;
        match change {
            Change::None => {}
            Change::Secured(keys) => {
                leg.protect(keys);
                bump(&self.counters.handshakes, 1);
                (self.events)(Event::Secured { leg: id });
                self.set_phase(slot);
            }
            Change::Broken(why) => self.give_up(slot, why),
        }
        let Some(webrtc) = self.leg(slot).and_then(Leg::webrtc) else {
            return;
        };
        let is_handshaking = webrtc.is_handshaking();
        if let Some(at) = webrtc.wake_at()
            && webrtc.timer_at.is_none_or(|timer| at < timer)
        {
            let at = at.max(now + TIMER_MIN);
            webrtc.timer_at = Some(at);
            self.timers
                .push(Reverse((at, Timer::Dtls { slot, generation })));
        }
        self.count_handshake(was_handshaking, is_handshaking);
    }

    pub(super) fn count_handshake(&mut self, before: bool, after: bool) {
        let Some(mux) = &mut self.mux else {
            return;
        };
        match (before, after) {
            (false, true) => mux.handshakes += 1,
            (true, false) => mux.handshakes = mux.handshakes.saturating_sub(1),
            (false, false) | (true, true) => {}
        }
    }

    /// Is the far side still there?
    pub(super) fn check_consent(&mut self, slot: Slot) {
        let (now, generation) = (self.now, self.legs[slot as usize].generation);
        let (consent_after, setup_after) = (self.consent_after, self.setup_after);
        let Some(webrtc) = self.leg(slot).and_then(Leg::webrtc) else {
            return;
        };
        let at = match webrtc.check(now, consent_after, setup_after) {
            // Not later than the shorter of both: what is waited for may have changed by then.
            Ok(at) => at.min(now + setup_after.min(consent_after)),
            Err(why) => {
                let was_handshaking = webrtc.is_handshaking();
                self.dtls_went_on(slot, was_handshaking, Change::Broken(why));
                now + setup_after
            }
        };
        self.timers
            .push(Reverse((at, Timer::Consent { slot, generation })));
    }

    fn give_up(&mut self, slot: Slot, why: Breakdown) {
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let id = leg.id;
        let Some(webrtc) = leg.webrtc().filter(|webrtc| !webrtc.is_broken) else {
            return;
        };
        webrtc.give_up(why);
        leg.unprotect(why);
        bump(&self.counters.breakdowns, 1);
        (self.events)(Event::Broken { leg: id, why });
        self.set_phase(slot);
    }

    pub(super) fn open_webrtc(&mut self, id: LegId, ice: &IceCredentials) {
        let (now, random) = (self.now, self.random());
        let Some(mux) = &mut self.mux else {
            return;
        };
        let webrtc = WebRtc::new(
            Arc::clone(&mux.socket),
            Arc::clone(&self.identity),
            ice,
            now,
        );
        let leg = Leg::new(id, Transport::Muxed(Box::new(webrtc)), random, now);
        let (slot, _) = seat(&mut self.legs, leg, None);
        mux.ufrags.insert(ice.ufrag.clone().into_bytes(), slot);
        self.slots.insert(id, slot);
        bump(&self.counters.legs_opened, 1);
    }

    pub(super) fn restart_ice(&mut self, slot: Slot, ice: &IceCredentials) {
        let (Some(mux), Some(leg)) = (
            &mut self.mux,
            self.legs[slot as usize].tenant.as_deref_mut(),
        ) else {
            return;
        };
        let Some(webrtc) = leg.webrtc() else {
            return;
        };
        if let Some(retired) = webrtc.agent.restart(ice) {
            mux.ufrags.remove(retired.as_bytes());
        }
        mux.ufrags.insert(ice.ufrag.clone().into_bytes(), slot);
    }

    /// A leg that is closed leaves the muxed port.
    pub(super) fn leave_mux(&mut self, slot: Slot, leg: &mut Leg) {
        let (Some(mux), Some(webrtc)) = (&mut self.mux, leg.webrtc()) else {
            return;
        };
        let was_handshaking = webrtc.is_handshaking();
        webrtc.close();
        for ufrag in webrtc.agent.ufrags() {
            mux.ufrags.remove(ufrag.as_bytes());
        }
        for address in webrtc.agent.addresses() {
            if mux.addresses.get(&address) == Some(&slot) {
                mux.addresses.remove(&address);
            }
        }
        self.count_handshake(was_handshaking, false);
    }
}
