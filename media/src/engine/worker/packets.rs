//! What arrives: to the recordings, to whoever hears it alone, into the mixes.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;

use crate::codec::{HEARD_MAX, Unheard};
use crate::dtmf::{Pressed, TelephoneEvent, event_of};
use crate::g711::Law;
use crate::rtcp;
use crate::rtp::{self, HEADER_LEN, Header, Order};
use crate::tap::TrackNo;
use crate::timeline::Placed;

use super::recordings::Recording;
use super::{Core, DATAGRAM_MAX, Seat, from_token};
use crate::engine::leg::{Accepted, Kind, Leg, Refused, Slot, put_header};
use crate::engine::{Counters, Event, LegId, bump};

impl Core {
    pub(super) fn readable(&mut self, token: u64) {
        let (slot, _, is_rtcp_socket) = from_token(token);
        // One datagram a turn: epoll reports the rest again, and nobody waits behind a flood.
        let Some(leg) = self.legs[slot as usize].tenant.as_deref_mut() else {
            return;
        };
        let received = if is_rtcp_socket {
            leg.receive_rtcp(&mut self.buffer[..])
        } else {
            leg.receive_rtp(&mut self.buffer[..])
        };
        // An error here is an ICMP answer to something we sent, or nothing to read after all.
        let Ok((length, source)) = received else {
            return;
        };
        if length == DATAGRAM_MAX {
            leg.dropped += 1;
            bump(&self.counters.malformed, 1);
        } else if is_rtcp_socket || rtp::is_rtcp(&self.buffer[..length]) {
            self.take_rtcp(slot, length, source);
        } else {
            self.take_rtp(slot, length, source);
        }
    }

    pub(super) fn take_rtcp(&mut self, slot: Slot, length: usize, source: SocketAddr) {
        let us = self.us();
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        if !leg.is_rtcp_source(source) {
            return self.refuse(slot, Refused::Foreign);
        }
        let opened = leg.open_rtcp(&mut self.buffer[..length], self.now);
        let report = opened.and_then(|length| {
            rtcp::parse(&self.buffer[..length], leg.out.ssrc())
                .map_err(|rtp::Malformed| Refused::Malformed)
        });
        match report {
            Ok(report) => {
                leg.reported(&report, us);
                // A phone that suppresses silence still reports.
                if leg.lives(self.now) {
                    (self.events)(Event::Audible { leg: leg.id });
                }
                bump(&self.counters.rtcp_in, 1);
            }
            Err(refused) => self.refuse(slot, refused),
        }
    }

    /// Counts a packet that is dropped.
    fn refuse(&mut self, slot: Slot, refused: Refused) {
        if let Some(leg) = self.leg(slot) {
            leg.dropped += 1;
        }
        let counter = match refused {
            Refused::Malformed => &self.counters.malformed,
            Refused::Unexpected => &self.counters.unexpected,
            Refused::UnknownPayload => &self.counters.unknown_payload,
            Refused::Foreign => &self.counters.foreign,
            Refused::Forged => &self.counters.forged,
            Refused::Replayed => &self.counters.replayed,
        };
        bump(counter, 1);
    }

    pub(super) fn take_rtp(&mut self, slot: Slot, length: usize, source: SocketAddr) {
        let clock = self.clock();
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let opened = leg.open_rtp(&mut self.buffer[..length], source, self.now);
        let accepted = opened.and_then(|length| leg.accept(&self.buffer[..length], source));
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(refused) => {
                if refused == Refused::UnknownPayload && leg.is_peer(source) {
                    // Comfort noise, say: no sound, but the phone is there.
                    if leg.lives(self.now) {
                        (self.events)(Event::Audible { leg: leg.id });
                    }
                }
                return self.refuse(slot, refused);
            }
        };
        let Accepted {
            header,
            payload,
            kind,
        } = accepted;
        bump(&self.counters.packets_in, 1);
        let id = leg.id;
        if leg.lives(self.now) {
            (self.events)(Event::Audible { leg: id });
        }
        if !leg.heard_first {
            leg.heard_first = true;
            (self.events)(Event::FirstPacket { leg: id });
        }
        let order = leg
            .reception
            .receive(&header, clock as u32, kind != Kind::Key);
        if order == Order::First {
            leg.keys_in.reset();
        }
        match kind {
            Kind::Key => {
                let event = TelephoneEvent::parse(&self.buffer[payload.clone()]);
                let event = event.map(|event| leg.far.map_or(event, |far| far.event_in(event)));
                let pressed = event.and_then(|event| leg.keys_in.event(header.timestamp, event));
                self.pressed(id, pressed);
                self.press_again(slot, pressed);
                self.forward_key(slot, &header, payload);
            }
            Kind::Coded => {
                let pressed = leg.keys_in.sound(header.timestamp);
                self.pressed(id, pressed);
                self.press_again(slot, pressed);
                self.coded_sound(slot, &header, payload, clock);
            }
            Kind::Sound(law) => {
                let pressed = leg.keys_in.sound(header.timestamp);
                self.pressed(id, pressed);
                self.sound(slot, &header, law, payload, clock);
            }
        }
    }

    fn pressed(&self, leg: LegId, pressed: Option<Pressed>) {
        if let Some(Pressed { digit, duration_ms }) = pressed {
            (self.events)(Event::Dtmf {
                leg,
                digit,
                duration_ms,
            });
        }
    }

    /// What a leg says: to the recordings, to whoever hears it alone, into the mixes.
    fn sound(&mut self, slot: Slot, header: &Header, law: Law, payload: Range<usize>, clock: u64) {
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let codes = &self.buffer[payload.clone()];
        record(
            &leg.taps,
            &mut self.recordings,
            &self.counters,
            (law, header, codes),
            clock,
        );
        if !leg.mixed_by.is_empty() || leg.tones.is_some() {
            law.decode_slice(codes, &mut self.samples[..codes.len()]);
            self.listen(slot, 0..codes.len());
            self.feed_mixes(slot, header, 0..payload.len());
        }
        for index in 0..self.legs[slot as usize].listeners() {
            let listener = self.legs[slot as usize].listener(index);
            self.forward(slot, listener, header, law, payload.clone(), clock);
        }
    }

    /// What a leg says that needs decoding. What is made up for a lost packet is for ears, not for the record.
    fn coded_sound(&mut self, slot: Slot, header: &Header, payload: Range<usize>, clock: u64) {
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let Some(coder) = &mut leg.coder else {
            return;
        };
        let samples: &mut [i16; HEARD_MAX] = self
            .samples
            .first_chunk_mut()
            .expect("the buffer is longer than any packet's sound");
        let heard = match coder.decode(header, &self.buffer[payload], clock, samples) {
            Ok(heard) => heard,
            Err(Unheard::Late) => return bump(&self.counters.late, 1),
            Err(Unheard::Malformed) => return self.refuse(slot, Refused::Malformed),
            Err(Unheard::Flood) => return self.refuse(slot, Refused::Unexpected),
        };
        let sound = heard.made_up..heard.made_up + heard.sound;
        if !leg.taps.is_empty() {
            let codes = &mut self.packet[..heard.sound];
            Law::A.encode_slice(&samples[sound.clone()], codes);
            record(
                &leg.taps,
                &mut self.recordings,
                &self.counters,
                (Law::A, header, codes),
                clock,
            );
        }
        self.listen(slot, sound.clone());
        if heard.made_up > 0 {
            let timestamp = header.timestamp.wrapping_sub(heard.made_up as u32);
            for index in 0..self.legs[slot as usize].mixers() {
                let listener = self.legs[slot as usize].mixer(index);
                let listener = self.legs[listener as usize].tenant.as_deref_mut();
                if let Some(playout) = listener.and_then(|listener| listener.playout_of(slot)) {
                    playout.fill(header.ssrc, timestamp, &self.samples[..heard.made_up]);
                }
            }
        }
        self.feed_mixes(slot, header, sound);
    }

    /// Keys in the sound itself.
    fn listen(&mut self, slot: Slot, at: Range<usize>) {
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let id = leg.id;
        if let Some(tones) = &mut leg.tones {
            tones.listen(&self.samples[at], |Pressed { digit, duration_ms }| {
                (self.events)(Event::Dtmf {
                    leg: id,
                    digit,
                    duration_ms,
                });
            });
        }
    }

    /// Decoded sound into the mixes that this leg is part of.
    fn feed_mixes(&mut self, slot: Slot, header: &Header, at: Range<usize>) {
        for index in 0..self.legs[slot as usize].mixers() {
            let listener = self.legs[slot as usize].mixer(index);
            let Some(listener) = self.legs[listener as usize].tenant.as_deref_mut() else {
                continue;
            };
            if let Some(playout) = listener.playout_of(slot)
                && !playout.push(header.ssrc, header.timestamp, &self.samples[at.clone()])
            {
                bump(&self.counters.late, 1);
            }
        }
    }

    /// One packet on its way from leg to leg: a new header in place; in a copy for another law or for SRTP.
    fn forward(
        &mut self,
        from: Slot,
        to: Slot,
        header: &Header,
        law: Law,
        payload: Range<usize>,
        clock: u64,
    ) {
        let source = source_name(from, self.legs[from as usize].generation);
        let Some(leg) = self.legs[to as usize].tenant.as_deref_mut() else {
            return;
        };
        let Some((own_law, payload_type)) = leg.sending().map(|far| (far.law, far.payload_type))
        else {
            return;
        };
        // Keys of ours are being sent: they replace the sound.
        if leg.phase.is_some() {
            return;
        }
        let Some(header) = leg
            .out
            .forward(source, header, payload_type, payload.len(), clock)
        else {
            return;
        };
        let sent = if own_law == law && !leg.is_protected() {
            let start = put_header(&mut self.buffer[..], payload.start, header);
            leg.send_rtp(&mut self.buffer[..], start..payload.end)
        } else {
            let end = HEADER_LEN + payload.len();
            put_header(&mut self.packet[..], HEADER_LEN, header);
            self.packet[HEADER_LEN..end].copy_from_slice(&self.buffer[payload]);
            if own_law != law {
                law.transcode(own_law, &mut self.packet[HEADER_LEN..end]);
            }
            leg.send_rtp(&mut self.packet[..], 0..end)
        };
        count_sent(&self.counters, &sent);
    }

    /// Keys pass a bridge that mixes, between the two codecs of a call, as presses of ours. A conference has no keys.
    fn press_again(&mut self, slot: Slot, pressed: Option<Pressed>) {
        let Some((pressed, event)) =
            pressed.and_then(|pressed| Some((pressed, event_of(pressed.digit)?)))
        else {
            return;
        };
        for index in 0..self.legs[slot as usize].mixers() {
            let listener = self.legs[slot as usize].mixer(index);
            if let Some(leg) = self.leg(listener)
                && leg.sources.len() == 1
                && leg.playing.is_none()
            {
                leg.keys_out.press(event, pressed.duration_ms);
                self.set_phase(listener);
            }
        }
    }

    /// Keys pass a bridge as they are, where the other side speaks RFC 4733 too.
    fn forward_key(&mut self, slot: Slot, header: &Header, payload: Range<usize>) {
        let clock = self.clock();
        let source = source_name(slot, self.legs[slot as usize].generation);
        for index in 0..self.legs[slot as usize].listeners() {
            let listener = self.legs[slot as usize].listener(index);
            let Some(leg) = self.legs[listener as usize].tenant.as_deref_mut() else {
                continue;
            };
            let payload_type = leg.sending().and_then(|far| far.dtmf_payload_type);
            let (Some(payload_type), None) = (payload_type, leg.phase) else {
                continue;
            };
            if let Some(header) =
                leg.out
                    .forward(source, header, payload_type, payload.len(), clock)
            {
                // Others may hear the same key, and a protected leg encrypts its packet where it lies: a copy.
                let end = HEADER_LEN + payload.len();
                put_header(&mut self.packet[..], HEADER_LEN, header);
                self.packet[HEADER_LEN..end].copy_from_slice(&self.buffer[payload.clone()]);
                let sent = leg.send_rtp(&mut self.packet[..], 0..end);
                count_sent(&self.counters, &sent);
            }
        }
    }
}

/// Lays a packet's codes on the time lines of the recordings that have this leg.
fn record(
    taps: &[(Slot, TrackNo)],
    recordings: &mut [Seat<Recording>],
    counters: &Counters,
    (law, header, codes): (Law, &Header, &[u8]),
    clock: u64,
) {
    for (recording, track) in taps {
        let Some(recording) = recordings[*recording as usize].tenant.as_mut() else {
            continue;
        };
        let now = clock.saturating_sub(recording.started);
        let placed = recording.timeline.place(*track, law, header, codes, now);
        if placed == Placed::Late {
            bump(&counters.late, 1);
        }
    }
}

impl Seat<Leg> {
    fn listeners(&self) -> usize {
        self.tenant.as_ref().map_or(0, |leg| leg.heard_by.len())
    }

    fn listener(&self, index: usize) -> Slot {
        self.tenant.as_ref().expect("it has listeners").heard_by[index]
    }

    fn mixers(&self) -> usize {
        self.tenant.as_ref().map_or(0, |leg| leg.mixed_by.len())
    }

    fn mixer(&self, index: usize) -> Slot {
        self.tenant.as_ref().expect("it has listeners").mixed_by[index]
    }
}

/// What a stream forwarded is remembered by.
fn source_name(slot: Slot, generation: u32) -> u64 {
    (u64::from(generation) << 32) | u64::from(slot)
}

pub(super) fn count_sent(counters: &Counters, sent: &io::Result<usize>) {
    match sent {
        Ok(_) => bump(&counters.packets_out, 1),
        Err(_) => bump(&counters.send_errors, 1),
    }
}
