//! A leg's whole way for hostile datagrams: parse, count, keys, time line, play-out, relay. The input is a list of datagrams,
//! each after a length byte and a byte of time that passes.
#![no_main]

use hotline_media::Law;
use hotline_media::dtmf::{KeyReceiver, TelephoneEvent};
use hotline_media::playout::PlayOut;
use hotline_media::rtp::{self, OutStream, Reception};
use hotline_media::timeline::Timeline;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (mut reception, mut out, mut keys) = (
        Reception::default(),
        OutStream::new(1),
        KeyReceiver::default(),
    );
    let (mut timeline, mut playout) = (Timeline::new(), PlayOut::new());
    timeline.set_track(0);
    let (mut now, mut left_until, mut rest) = (0_u64, 0, input);
    while let [length, time, after @ ..] = rest {
        let (datagram, after) = after.split_at(after.len().min(usize::from(*length)));
        rest = after;
        now += u64::from(*time) * 40;
        match *time {
            7 => timeline.pause(now),
            8 => timeline.resume(now),
            9 => out.interrupt(),
            _ => {}
        }
        while let Some(stretch) = timeline.next_chunk(now) {
            assert!(stretch.start_sample >= left_until, "chunks overlap");
            left_until = stretch.start_sample + u64::from(stretch.samples);
        }
        let Ok((header, payload)) = rtp::parse(datagram) else {
            continue;
        };
        let codes = &datagram[payload];
        reception.receive(&header, now as u32, true);
        reception.fraction_lost();
        if let Some(event) = TelephoneEvent::parse(codes) {
            keys.event(header.timestamp, event);
        }
        keys.sound(header.timestamp);
        let law = if header.marker { Law::A } else { Law::Mu };
        timeline.place(0, law, &header, codes, now);
        let mut samples = vec![0; codes.len()];
        law.decode_slice(codes, &mut samples);
        playout.push(header.ssrc, header.timestamp, &samples);
        playout.pull(&mut [0; 160]);
        if let Some(sent) = out.forward(u64::from(*time % 3), &header, 8, codes.len(), now) {
            assert_eq!(sent.ssrc, out.ssrc());
        }
    }
});
