//! What a leg is sent every 20 ms when nobody is simply forwarded to it: keys, mixes, prompts.

use crate::codec::FRAME_MAX;
use crate::dtmf::{EVENT_LEN, KeyStep, tone_frame};
use crate::g711::Law;
use crate::mix::Mix;
use crate::prompt::FRAME;
use crate::rtp::HEADER_LEN;

use super::Core;
use super::packets::count_sent;
use crate::engine::leg::{Far, Leg, Slot, put_header};
use crate::engine::{Event, bump};

impl Core {
    /// One leg's frame: a key, else the mix, else the prompt.
    pub(super) fn tick(&mut self, slot: Slot) {
        let clock = self.clock();
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        let Some(far) = leg.far else {
            return;
        };
        let step = leg.keys_out.step();
        if step != KeyStep::Idle {
            self.tick_key(slot, step, far, clock);
            return;
        }
        let is_mix = !leg.sources.is_empty();
        let mut prompt_done = None;
        let frame: &mut [u8; FRAME_MAX] = self.packet[HEADER_LEN..]
            .first_chunk_mut()
            .expect("the buffer is longer than a frame");
        // How much of it is sound.
        let mut length = None;
        if is_mix || leg.coder.is_some() {
            let mut mix = Mix::default();
            for source in &mut leg.sources {
                if let Some(playout) = &mut source.playout {
                    playout.pull(&mut mix.0);
                }
            }
            if let Some(playing) = &mut leg.playing {
                match playing.next(far.law) {
                    Some(codes) => mix.add_codes(far.law, codes),
                    None => prompt_done = Some(playing.id),
                }
            }
            if is_mix || prompt_done.is_none() {
                length = encode(leg, far.law, &mix.samples(), frame);
                bump(&self.counters.frames_mixed, 1);
            }
        } else {
            match leg
                .playing
                .as_mut()
                .map(|playing| (playing.id, playing.next(far.law)))
            {
                Some((_, Some(codes))) => {
                    frame[..FRAME].copy_from_slice(codes);
                    length = Some(FRAME);
                    bump(&self.counters.frames_played, 1);
                }
                Some((id, None)) => prompt_done = Some(id),
                None => {}
            }
        }
        if let Some(length) = length.filter(|_| far.direction.send) {
            let header = leg.out.own_frame(far.payload_type, FRAME, clock);
            put_header(&mut self.packet[..], HEADER_LEN, far.on_wire(header));
            let sent = leg.send_rtp(&mut self.packet[..], 0..HEADER_LEN + length);
            count_sent(&self.counters, &sent);
        }
        if let Some(id) = prompt_done {
            leg.playing = None;
            let (leg_id, sources) = (
                leg.id,
                leg.sources.iter().map(|s| s.slot).collect::<Vec<_>>(),
            );
            (self.events)(Event::PromptDone { leg: leg_id, id });
            self.set_sources(slot, &sources);
        } else if !is_mix && length.is_none() {
            self.set_phase(slot);
        }
    }

    /// A key in the place of a frame: as an event where that was negotiated, else as its tones.
    fn tick_key(&mut self, slot: Slot, step: KeyStep, far: Far, clock: u64) {
        let leg = self.legs[slot as usize]
            .tenant
            .as_deref_mut()
            .expect("the caller found it");
        for source in &mut leg.sources {
            if let Some(playout) = &mut source.playout {
                // Its time passes unheard.
                playout.pull(&mut [0; FRAME]);
            }
        }
        let length = match (step, far.dtmf_payload_type) {
            (KeyStep::Event { event, first, .. }, Some(payload_type)) => {
                let header = leg.out.own_event(payload_type, first, EVENT_LEN, clock);
                put_header(&mut self.packet[..], HEADER_LEN, far.on_wire(header));
                let event = far.event_out(event).to_bytes();
                self.packet[HEADER_LEN..HEADER_LEN + EVENT_LEN].copy_from_slice(&event);
                EVENT_LEN
            }
            (
                KeyStep::Event {
                    event,
                    tone_from: Some(from),
                    ..
                },
                None,
            ) => {
                let mut samples = [0; FRAME];
                tone_frame(event.event, from, &mut samples);
                let header = leg.out.own_frame(far.payload_type, FRAME, clock);
                put_header(&mut self.packet[..], HEADER_LEN, far.on_wire(header));
                let frame = self.packet[HEADER_LEN..]
                    .first_chunk_mut()
                    .expect("the buffer is longer than a frame");
                encode(leg, far.law, &samples, frame).unwrap_or(0)
            }
            (KeyStep::Event { .. } | KeyStep::Pause | KeyStep::Idle, None)
            | (KeyStep::Pause | KeyStep::Idle, Some(_)) => {
                // What follows a key is a new stretch of sound.
                leg.out.interrupt();
                0
            }
        };
        if length > 0 && far.direction.send {
            let sent = leg.send_rtp(&mut self.packet[..], 0..HEADER_LEN + length);
            count_sent(&self.counters, &sent);
        }
        self.set_phase(slot);
    }
}

/// 20 ms as this leg's far side wants them; their length.
fn encode(
    leg: &mut Leg,
    law: Law,
    samples: &[i16; FRAME],
    frame: &mut [u8; FRAME_MAX],
) -> Option<usize> {
    match &mut leg.coder {
        Some(coder) => coder.encode(samples, frame),
        None => {
            law.encode_slice(samples, &mut frame[..FRAME]);
            Some(FRAME)
        }
    }
}
