//! What one packet costs without the kernel: relayed and recorded, transcoded, mixed three ways, encrypted.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hotline_media::Law;
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
            mix.encode(Law::A, &mut out);
            black_box(out);
        });
    });
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

criterion_group!(benches, forward_and_tap, transcode, mix_of_three, srtp);
criterion_main!(benches);
