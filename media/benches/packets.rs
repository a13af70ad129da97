//! What one packet costs without the kernel: relayed and recorded, transcoded, mixed three ways, decoded and encoded, encrypted.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hotline_media::Law;
use hotline_media::codec::{Codec, Coder, FRAME_MAX, HEARD_MAX, Opus};
use hotline_media::mix::Mix;
use hotline_media::playout::PlayOut;
use hotline_media::rtp::{self, Header, OutStream, Reception};
use hotline_media::srtp::{OVERHEAD_MAX, Open, Seal};
use hotline_media::timeline::Timeline;
use hotline_media::{SrtpKey, Suite};

fn datagram(n: u32) -> Vec<u8> {
    let header = Header {
        marker: false,
        payload_type: 8,
        sequence: n as u16,
        timestamp: n.wrapping_mul(160),
        ssrc: 7,
    };
    [&header.to_bytes()[..], &[0x2A; 160]].concat()
}

/// Parse, count, put on the recording's time line, new header; a chunk leaves every twentieth packet.
fn forward_and_tap(bench: &mut Criterion) {
    let (mut reception, mut out, mut timeline) =
        (Reception::default(), OutStream::new(1), Timeline::new());
    timeline.set_track(0);
    let (mut n, mut packet) = (0_u32, datagram(0));
    bench.bench_function("forward and tap", |bencher| {
        bencher.iter(|| {
            n = n.wrapping_add(1);
            packet[2..4].copy_from_slice(&(n as u16).to_be_bytes());
            packet[4..8].copy_from_slice(&n.wrapping_mul(160).to_be_bytes());
            let now = u64::from(n) * 160;
            let (header, payload) = rtp::parse(black_box(&packet)).expect("it is RTP");
            reception.receive(&header, now as u32, true);
            timeline.place(0, Law::A, &header, &packet[payload.clone()], now);
            let header = out
                .forward(1, &header, 8, payload.len(), now)
                .expect("it is in order");
            packet[..12].copy_from_slice(&header.to_bytes());
            black_box(timeline.next_chunk(now));
        });
    });
}

fn transcode(bench: &mut Criterion) {
    let mut codes = [0x2A; 160];
    bench.bench_function("transcode 20 ms", |bencher| {
        bencher.iter(|| Law::A.transcode(Law::Mu, black_box(&mut codes)));
    });
}

/// One listener of a three-way for 20 ms: two packets decoded and taken in, two pulled, one encoded.
fn mix_of_three(bench: &mut Criterion) {
    let mut sources = [PlayOut::new(), PlayOut::new()];
    let mut timestamp = 0_u32;
    bench.bench_function("mix of three, one listener", |bencher| {
        bencher.iter(|| {
            timestamp = timestamp.wrapping_add(160);
            let mut mix = Mix::default();
            for source in &mut sources {
                let mut samples = [0; 160];
                Law::A.decode_slice(black_box(&[0x2A; 160]), &mut samples);
                source.push(1, timestamp, &samples);
                source.pull(&mut mix.0);
            }
            let mut out = [0; 160];
            Law::A.encode_slice(&mix.samples(), &mut out);
            black_box(out);
        });
    });
}

/// 20 ms of noise out of the mix, and 20 ms into it.
fn coders(bench: &mut Criterion) {
    let opus = Opus {
        fec: true,
        ..Opus::default()
    };
    for (name, codec) in [("G.722", Codec::G722), ("Opus", Codec::Opus(opus))] {
        let mut coder = Coder::new(codec, 0).expect("neither is G.711");
        let (mut n, mut state) = (0_u32, 1_u32);
        bench.bench_function(&format!("encode and decode 20 ms, {name}"), |bencher| {
            bencher.iter(|| {
                let samples = std::array::from_fn(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 18) as i16
                });
                let mut frame = [0; FRAME_MAX];
                let length = coder.encode(&samples, &mut frame).expect("it is coded");
                n = n.wrapping_add(1);
                let header = Header {
                    marker: false,
                    payload_type: 111,
                    sequence: n as u16,
                    timestamp: n.wrapping_mul(160),
                    ssrc: 7,
                };
                let now = u64::from(n) * 160;
                let heard = coder.decode(&header, &frame[..length], now, &mut [0; HEARD_MAX]);
                black_box(heard).expect("it is decoded");
            });
        });
    }
}

/// SRTP of one 20 ms packet: sealed, and opened.
fn srtp(bench: &mut Criterion) {
    for suite in [
        Suite::AesCm128Sha1_80,
        Suite::AeadAes128Gcm,
        Suite::AeadAes256Gcm,
    ] {
        let key = SrtpKey::fresh(suite, |bytes| bytes.fill(7));
        let (mut seal, mut open) = (Seal::new(&key), Open::new(&key));
        let mut n = 0_u32;
        let name = format!("seal and open, {}", suite.name());
        bench.bench_function(&name, |bencher| {
            bencher.iter(|| {
                n = n.wrapping_add(1);
                let mut packet = [0; 172 + OVERHEAD_MAX];
                packet[..172].copy_from_slice(&datagram(n));
                let length = seal.rtp(black_box(&mut packet), 172).expect("it is sealed");
                black_box(open.rtp(&mut packet[..length])).expect("it opens");
            });
        });
    }
}

criterion_group!(
    benches,
    forward_and_tap,
    transcode,
    mix_of_three,
    coders,
    srtp
);
criterion_main!(benches);
