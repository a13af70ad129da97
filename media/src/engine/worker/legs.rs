//! Legs come, are joined, and go.

use std::cmp::Reverse;
use std::os::fd::AsRawFd;
use std::time::Duration;

use crate::playout::PlayOut;
use crate::sys;

use super::{BEAT, Core, PHASES, Timer, seat, token};
use crate::engine::leg::{Hearing, Leg, Playing, Slot, SourceLeg, Transport};
use crate::engine::{Event, Hears, LegId, Remote, Sockets, bump};

/// A lasting silence is told again after so many times the wait for the first.
const SILENCE_SAID_AGAIN: u32 = 10;

impl Core {
    pub(super) fn open(&mut self, epoll: &sys::Epoll, id: LegId, sockets: Sockets) {
        let (port, fds) = (
            sockets.port,
            [sockets.rtp.as_raw_fd(), sockets.rtcp.as_raw_fd()],
        );
        let leg = Leg::new(id, Transport::own(sockets), self.random(), self.now);
        let (slot, generation) = seat(&mut self.legs, leg, Some(port));
        let [rtp, rtcp] = fds;
        let added = epoll
            .add(rtp, token(slot, generation, false))
            .and_then(|()| epoll.add(rtcp, token(slot, generation, true)));
        self.slots.insert(id, slot);
        bump(&self.counters.legs_opened, 1);
        if let Err(error) = added {
            tracing::error!(%error, "a media socket cannot be watched");
            (self.events)(Event::Failed { leg: id });
            self.close(slot);
        }
    }

    pub(super) fn connect(&mut self, slot: Slot, remote: Remote) {
        let (now, clock) = (self.now, self.clock());
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let is_first = leg.far.is_none();
        let was_handshaking = leg.webrtc().is_some_and(|webrtc| webrtc.is_handshaking());
        let was_coded = leg.coder.is_some();
        leg.connect(remote, now, clock);
        let is_webrtc = leg.webrtc().is_some();
        if leg.coder.is_some() != was_coded {
            self.join_anew(slot);
        }
        if is_webrtc {
            self.settle(slot, was_handshaking);
        }
        self.set_phase(slot);
        if is_first {
            let generation = self.legs[slot as usize].generation;
            let silence_at = now + self.silence_after;
            self.timers
                .push(Reverse((silence_at, Timer::Silence { slot, generation })));
            let report_at = now + self.report_interval();
            self.timers
                .push(Reverse((report_at, Timer::Report { slot, generation })));
            if is_webrtc {
                let consent_at = now + self.setup_after.min(self.consent_after);
                self.timers
                    .push(Reverse((consent_at, Timer::Consent { slot, generation })));
            }
        }
    }

    /// Half to one and a half times the configured interval, so that reports of many legs do not come together.
    fn report_interval(&mut self) -> Duration {
        let thousandths = 500 + (self.random() % 1_000) as u32;
        self.rtcp_interval * thousandths / 1_000
    }

    pub(super) fn hear(&mut self, slot: Slot, hears: Hears) {
        let (legs, play) = match hears {
            Hears::Nothing => (Vec::new(), None),
            Hears::Echo => (vec![slot], None),
            Hears::Play(play) => (Vec::new(), Some(play)),
            Hears::Legs(legs) => (self.slots_of(&legs), None),
            Hears::LegsAndPlay(legs, play) => (self.slots_of(&legs), Some(play)),
        };
        let Some(leg) = self.leg(slot) else {
            return;
        };
        leg.playing = play.map(Playing::new);
        leg.out.interrupt();
        self.set_sources(slot, &legs);
    }

    /// Legs that have gone since the command was given are not heard.
    fn slots_of(&self, legs: &[LegId]) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::with_capacity(legs.len());
        for leg in legs {
            if let Some(slot) = self.slots.get(leg)
                && !slots.contains(slot)
            {
                slots.push(*slot);
            }
        }
        slots
    }

    /// A leg's sound can be forwarded where it was mixed before, or the other way round.
    fn join_anew(&mut self, slot: Slot) {
        let leg = self.leg(slot).expect("the caller found it");
        let mut listeners = vec![slot];
        listeners.extend(leg.heard_by.iter().chain(&leg.mixed_by));
        for listener in listeners {
            if let Some(leg) = self.leg(listener) {
                let sources: Vec<Slot> = leg.sources.iter().map(|source| source.slot).collect();
                self.set_sources(listener, &sources);
            }
        }
    }

    /// Joins a leg to those it hears, and leaves the others.
    pub(super) fn set_sources(&mut self, slot: Slot, sources: &[Slot]) {
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let mut before = std::mem::take(&mut leg.sources);
        for source in &before {
            if let Some(heard) = self.leg(source.slot) {
                heard.heard_by.retain(|listener| *listener != slot);
                heard.mixed_by.retain(|listener| *listener != slot);
            }
        }
        let is_coded = std::iter::once(&slot)
            .chain(sources)
            .any(|slot| self.leg(*slot).is_some_and(|leg| leg.coder.is_some()));
        let leg = self.leg(slot).expect("it was there above");
        let is_mix = match sources {
            [] => false,
            [_] => is_coded || leg.playing.is_some(),
            [_, _, ..] => true,
        };
        leg.sources = sources
            .iter()
            .map(|source| SourceLeg {
                slot: *source,
                // A voice that goes on being mixed goes on without a break.
                playout: is_mix.then(|| {
                    before
                        .iter_mut()
                        .find(|old| old.slot == *source)
                        .and_then(|old| old.playout.take())
                        .unwrap_or_else(PlayOut::new)
                }),
            })
            .collect();
        for source in sources {
            if let Some(heard) = self.leg(*source) {
                let listeners = if is_mix {
                    &mut heard.mixed_by
                } else {
                    &mut heard.heard_by
                };
                listeners.push(slot);
            }
        }
        self.set_phase(slot);
    }

    /// Gives the leg a tick when it needs one, takes it away when not.
    pub(super) fn set_phase(&mut self, slot: Slot) {
        let Some(leg) = self.leg(slot) else {
            return;
        };
        let needs_tick = leg.far.is_some() && leg.is_ready() && leg.hearing() == Hearing::Ticked;
        match (leg.phase, needs_tick) {
            (None, true) => {
                if self.phases.iter().all(Vec::is_empty) {
                    // Nobody beat while nobody listened: begin with the present.
                    let elapsed = self.now.saturating_duration_since(self.epoch);
                    self.next_beat = elapsed.as_millis() as u64 / BEAT.as_millis() as u64 + 1;
                }
                let phase = (0..PHASES)
                    .min_by_key(|phase| self.phases[*phase].len())
                    .expect("there are four phases");
                self.phases[phase].push(slot);
                self.legs[slot as usize]
                    .tenant
                    .as_mut()
                    .expect("it was there above")
                    .phase = Some(phase);
            }
            (Some(phase), false) => {
                leg.phase = None;
                self.leave_phase(phase, slot);
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    fn leave_phase(&mut self, phase: usize, slot: Slot) {
        let legs = &mut self.phases[phase];
        if let Some(index) = legs.iter().position(|leg| *leg == slot) {
            legs.swap_remove(index);
        }
    }

    pub(super) fn close(&mut self, slot: Slot) {
        let us = self.us();
        let seat = &mut self.legs[slot as usize];
        let port = seat.port;
        seat.generation = seat.generation.wrapping_add(1);
        let Some(mut leg) = seat.tenant.take() else {
            return;
        };
        self.slots.remove(&leg.id);
        if let Some(phase) = leg.phase {
            self.leave_phase(phase, slot);
        }
        for source in &leg.sources {
            if let Some(heard) = self.leg(source.slot) {
                heard.heard_by.retain(|listener| *listener != slot);
                heard.mixed_by.retain(|listener| *listener != slot);
            }
        }
        for listener in leg.heard_by.iter().chain(&leg.mixed_by) {
            let left: Vec<Slot> = match self.leg(*listener) {
                Some(listener) => listener.sources.iter().map(|source| source.slot).collect(),
                None => continue,
            };
            let left: Vec<Slot> = left.into_iter().filter(|source| *source != slot).collect();
            self.set_sources(*listener, &left);
        }
        for (recording, track) in &leg.taps {
            if let Some(recording) = self.recordings[*recording as usize].tenant.as_mut() {
                recording.tracks.retain(|(number, _)| number != track);
            }
        }
        if leg.report(&mut self.report, &self.cname, us, true) {
            bump(&self.counters.rtcp_out, 1);
        }
        self.leave_mux(slot, &mut leg);
        let stats = leg.stats();
        let id = leg.id;
        drop(leg);
        if let Some(port) = port {
            self.ports
                .lock()
                .expect("no panic happens while the ports are held")
                .give_back(port, self.now);
        }
        bump(&self.counters.legs_closed, 1);
        (self.events)(Event::Closed { leg: id, stats });
    }

    pub(super) fn report(&mut self, slot: Slot) {
        let us = self.us();
        let generation = self.legs[slot as usize].generation;
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        if leg.report(&mut self.report, &self.cname, us, false) {
            bump(&self.counters.rtcp_out, 1);
        }
        let at = self.now + self.report_interval();
        self.timers
            .push(Reverse((at, Timer::Report { slot, generation })));
    }

    pub(super) fn check_silence(&mut self, slot: Slot) {
        let (now, silence_after) = (self.now, self.silence_after);
        let generation = self.legs[slot as usize].generation;
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let is_expected = leg.heard_first && leg.far.is_some_and(|far| far.direction.receive);
        if !is_expected {
            leg.last_heard = now;
        }
        let mut at = leg.last_heard + silence_after;
        if at <= now {
            at = now + silence_after;
            let again = silence_after * SILENCE_SAID_AGAIN;
            if leg.silence_reported.is_none_or(|told| now >= told + again) {
                leg.silence_reported = Some(now);
                let leg = leg.id;
                (self.events)(Event::Silent { leg });
            }
        }
        self.timers
            .push(Reverse((at, Timer::Silence { slot, generation })));
    }
}
