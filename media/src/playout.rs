//! A small play-out buffer for sound that is decoded and mixed: packets in by timestamp, 20 ms out at every tick.
//!
//! It starts 40 ms behind, begins anew when it has run empty, and lets 20 ms go when it has been fuller than needed for a
//! second. Forwarded sound never passes through here.

use crate::prompt::FRAME;

/// Samples between the first packet's arrival and its play-out, one tick not counted.
const DELAY: u32 = 2 * FRAME as u32;
/// Half a second; a power of two so that a timestamp finds its place by a mask.
const RING: usize = 4_096;
/// How many ticks are watched before the buffer is found too full.
const WATCH: u32 = 50;

/// One source's sound on its way to one listener's mix.
#[derive(Debug)]
pub struct PlayOut {
    ring: Box<[i16; RING]>,
    /// Timestamp of the next sample to play; `None` until the first packet.
    next: Option<u32>,
    /// Timestamp after the newest sample.
    end: u32,
    ssrc: u32,
    /// The least that was left after a tick, and how many ticks were watched.
    least: u32,
    watched: u32,
}

impl Default for PlayOut {
    fn default() -> Self {
        Self::new()
    }
}

impl PlayOut {
    pub fn new() -> Self {
        Self {
            ring: Box::new([0; RING]),
            next: None,
            end: 0,
            ssrc: 0,
            least: u32::MAX,
            watched: 0,
        }
    }

    /// Takes a packet's samples. False when it came too late to be heard.
    pub fn push(&mut self, ssrc: u32, timestamp: u32, samples: &[i16]) -> bool {
        if samples.len() > RING / 2 {
            return false;
        }
        let length = samples.len() as u32;
        let next = match self.next {
            Some(next) if ssrc == self.ssrc => next,
            Some(_) | None => self.begin(ssrc, timestamp),
        };
        let ahead = timestamp.wrapping_sub(next);
        let is_late = ahead > u32::MAX / 2;
        let is_empty = self.end.wrapping_sub(next).cast_signed() <= 0;
        let next = if is_late && !is_empty && ahead.wrapping_neg() < RING as u32 {
            return false;
        } else if (is_late && is_empty) || ahead > RING as u32 - length {
            // It ran empty, or the sender's clock jumped.
            self.begin(ssrc, timestamp)
        } else {
            next
        };
        for (index, sample) in samples.iter().enumerate() {
            self.ring[timestamp.wrapping_add(index as u32) as usize % RING] = *sample;
        }
        let end = timestamp.wrapping_add(length);
        if end.wrapping_sub(next) > self.end.wrapping_sub(next) || self.end_is_behind(next) {
            self.end = end;
        }
        true
    }

    /// Takes what was made up for a loss, where its time is still to come.
    pub fn fill(&mut self, ssrc: u32, timestamp: u32, samples: &[i16]) {
        let is_to_come = |next: u32| timestamp.wrapping_sub(next) < RING as u32 / 2;
        if ssrc == self.ssrc && self.next.is_some_and(is_to_come) {
            self.push(ssrc, timestamp, samples);
        }
    }

    /// Adds the next 20 ms to `sum`; silence where nothing came. False when there was nothing at all.
    pub fn pull(&mut self, sum: &mut [i32; FRAME]) -> bool {
        let Some(next) = self.next else {
            return false;
        };
        let has_sound = !self.end_is_behind(next.wrapping_add(1));
        for (index, sum) in sum.iter_mut().enumerate() {
            let sample = &mut self.ring[next.wrapping_add(index as u32) as usize % RING];
            *sum += i32::from(*sample);
            *sample = 0;
        }
        let next = next.wrapping_add(FRAME as u32);
        self.next = Some(next);
        self.watch(next);
        has_sound
    }

    /// Lets 20 ms go when even the emptiest moment of the last second had more than the delay and a frame left.
    fn watch(&mut self, next: u32) {
        let left = self
            .end
            .wrapping_sub(next)
            .cast_signed()
            .max(0)
            .unsigned_abs();
        self.least = self.least.min(left);
        self.watched += 1;
        if self.watched < WATCH {
            return;
        }
        if self.least > DELAY + FRAME as u32 {
            self.clear(next, FRAME as u32);
            self.next = Some(next.wrapping_add(FRAME as u32));
        }
        self.least = u32::MAX;
        self.watched = 0;
    }

    fn begin(&mut self, ssrc: u32, timestamp: u32) -> u32 {
        self.ring.fill(0);
        let next = timestamp.wrapping_sub(DELAY);
        self.ssrc = ssrc;
        self.next = Some(next);
        self.end = next;
        self.least = u32::MAX;
        self.watched = 0;
        next
    }

    fn clear(&mut self, from: u32, length: u32) {
        for index in 0..length {
            self.ring[from.wrapping_add(index) as usize % RING] = 0;
        }
    }

    fn end_is_behind(&self, position: u32) -> bool {
        self.end.wrapping_sub(position).cast_signed() < 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pull(playout: &mut PlayOut) -> i32 {
        let mut sum = [0; FRAME];
        playout.pull(&mut sum);
        assert!(
            sum.iter().all(|sample| *sample == sum[0]),
            "a frame is whole"
        );
        sum[0]
    }

    #[test]
    fn steady_sound_comes_out_40_ms_later_in_order() {
        let mut playout = PlayOut::new();
        let mut heard = Vec::new();
        for n in 0..10_u32 {
            assert!(playout.push(1, n * 160, &[n as i16 + 1; FRAME]));
            heard.push(pull(&mut playout));
        }
        assert_eq!(heard, [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn packets_in_the_wrong_order_come_out_in_the_right_one_and_lost_ones_are_silence() {
        let mut playout = PlayOut::new();
        for n in [0_u32, 2, 1, 4] {
            playout.push(1, n * 160, &[n as i16 + 1; FRAME]);
        }
        let heard: Vec<i32> = (0..7).map(|_| pull(&mut playout)).collect();
        assert_eq!(heard, [0, 0, 1, 2, 3, 0, 5]);
    }

    #[test]
    fn a_source_that_stalled_or_jumped_is_heard_again_at_once() {
        for jump in [
            1_000_u32,
            0x7FFF_0000,
            0x9000_0000,
            0_u32.wrapping_sub(2_000),
        ] {
            let mut playout = PlayOut::new();
            playout.push(1, 0, &[1; FRAME]);
            for _ in 0..20 {
                pull(&mut playout);
            }
            playout.push(1, jump, &[7; FRAME]);
            let heard: Vec<i32> = (0..3).map(|_| pull(&mut playout)).collect();
            assert_eq!(heard, [0, 0, 7], "jump {jump:#x}");
        }
    }

    #[test]
    fn too_much_delay_is_given_back() {
        let mut playout = PlayOut::new();
        // Ten packets at once after a stall, then one each tick.
        for n in 0..10_u32 {
            playout.push(1, n * 160, &[1; FRAME]);
        }
        for n in 10..600_u32 {
            playout.push(1, n * 160, &[1; FRAME]);
            pull(&mut playout);
        }
        let left = playout.end.wrapping_sub(playout.next.unwrap());
        assert!(left <= DELAY + FRAME as u32, "{left} samples wait");
    }

    proptest! {
        #[test]
        fn hostile_timestamps_never_panic(packets in proptest::collection::vec((any::<u32>(), any::<u32>(), 0_usize..3_000), 0..100)) {
            let mut playout = PlayOut::new();
            for (ssrc, timestamp, length) in packets {
                playout.push(ssrc % 2, timestamp, &vec![1; length]);
                playout.pull(&mut [0; FRAME]);
            }
        }
    }
}
