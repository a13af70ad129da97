//! G.722 and Opus as a leg gets them: datagrams of one far side, taken in by their clock, decoded, made up for, played out. The
//! input begins with a byte for the codec; then datagrams, each after two bytes of length and one of time that passes.
#![no_main]

use hotline_media::codec::{Codec, Coder, FRAME_MAX, HEARD_MAX, Opus};
use hotline_media::playout::PlayOut;
use hotline_media::rtp::{self, WireClock};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [kind, rest @ ..] = input else {
        return;
    };
    let opus = Codec::Opus(Opus {
        fec: kind & 2 != 0,
        ..Opus::default()
    });
    let codec = if kind & 1 == 0 { Codec::G722 } else { opus };
    let mut coder = Coder::new(codec, 0).expect("neither is G.711");
    let (mut clock, mut playout) = (WireClock::default(), PlayOut::new());
    let (mut now, mut rest) = (0_u64, rest);
    while let [high, low, time, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([high & 7, *low]));
        let (datagram, after) = after.split_at(after.len().min(length));
        rest = after;
        now += u64::from(*time) * 40;
        let Ok((mut header, payload)) = rtp::parse(datagram) else {
            continue;
        };
        header.timestamp = clock.samples(codec.ticks(), &header);
        let mut samples = [0; HEARD_MAX];
        let Ok(heard) = coder.decode(&header, &datagram[payload], now, &mut samples) else {
            continue;
        };
        let (made_up, sound) = samples[..heard.made_up + heard.sound].split_at(heard.made_up);
        let before = header.timestamp.wrapping_sub(heard.made_up as u32);
        playout.fill(header.ssrc, before, made_up);
        playout.push(header.ssrc, header.timestamp, sound);
        let mut sum = [0; 160];
        playout.pull(&mut sum);
        let frame = sum.map(|sample| sample as i16);
        let length = coder.encode(&frame, &mut [0; FRAME_MAX]);
        assert!(length.is_some_and(|length| length > 0));
    }
});
