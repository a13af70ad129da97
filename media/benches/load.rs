//! Recorded bridged calls on one media thread, on real sockets: what a packet costs and how late it gets.
//!
//! `cargo bench -p hotline-media --bench load [-- CALLS...]`. One process, both sides: a thread sends for all phones, another
//! receives for them and takes the one-way time; the media thread's processor time is the kernel's own account of it.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hotline_media::rtp::Header;
use hotline_media::{
    CallKey, Chunk, Config, Engine, Finished, Full, Hears, Law, LegId, RecordingKey, Remote, Tap,
};

const WARM: Duration = Duration::from_secs(1);
const WINDOW: Duration = Duration::from_secs(4);

/// Takes chunks and lets them go, as a writer that keeps up does.
struct Sink(AtomicU64);

impl Tap for Sink {
    fn chunk(&self, chunk: Chunk) -> Result<(), Full> {
        let codes: usize = chunk.tracks.iter().map(|track| track.codes.len()).sum();
        self.0.fetch_add(codes as u64, Ordering::Relaxed);
        Ok(())
    }

    fn finished(&self, _: Finished) -> Result<(), Full> {
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn main() {
    let mut levels: Vec<u64> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    if levels.is_empty() {
        levels = vec![100, 300, 600];
    }
    println!("calls  core %  µs/packet   p50 ms   p99 ms   max ms     lost  KiB/call");
    for calls in levels {
        run(calls);
    }
}

fn run(calls: u64) {
    let before = resident_kib();
    let mut config = Config::new(Arc::new(|_| {}));
    config.ports = 20_000..=59_999;
    let engine = Engine::start(config).expect("the engine starts");
    let phones = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    socket2::SockRef::from(&phones)
        .set_recv_buffer_size(8 << 20)
        .expect("a large buffer");
    let sink = Arc::new(Sink(AtomicU64::new(0)));
    let mut targets: Vec<SocketAddr> = Vec::new();
    for call in 0..calls {
        let key = CallKey(u128::from(call));
        let legs = [LegId(u128::from(call * 2)), LegId(u128::from(call * 2 + 1))];
        for leg in legs {
            let local = engine.open(leg, key).expect("the leg opens");
            targets.push((local.ip, local.rtp).into());
            let remote = Remote::new(phones.local_addr().expect("it is bound"), Law::A);
            engine.connect(leg, remote).expect("the leg connects");
        }
        for (leg, other) in [(legs[0], legs[1]), (legs[1], legs[0])] {
            engine
                .hear(leg, Hears::Legs(vec![other]))
                .expect("it hears");
        }
        let tracks = vec![(legs[0], 0), (legs[1], 1)];
        let tap = Arc::clone(&sink) as Arc<dyn Tap>;
        engine
            .record(RecordingKey(u128::from(call)), key, tracks, tap)
            .expect("it is recorded");
    }

    let begin = now();
    let is_over = Arc::new(AtomicBool::new(false));
    let (open, close) = (WARM.as_nanos() as u64, (WARM + WINDOW).as_nanos() as u64);
    let receiver = {
        let (phones, is_over) = (
            phones.try_clone().expect("a second handle"),
            Arc::clone(&is_over),
        );
        phones
            .set_read_timeout(Some(Duration::from_millis(100)))
            .expect("a time-out");
        std::thread::spawn(move || {
            let mut late_ns = Vec::new();
            let mut packet = [0; 200];
            while !is_over.load(Ordering::Relaxed) {
                if phones.recv(&mut packet).is_ok_and(|length| length == 172) {
                    let at = u64::from_le_bytes(packet[12..20].try_into().expect("eight bytes"));
                    if (open..close).contains(&at) {
                        late_ns.push((now() - begin).as_nanos() as u64 - at);
                    }
                }
            }
            late_ns
        })
    };
    let media = media_thread();
    let mut sent_in_window = 0_u64;
    let (mut cpu_before, mut cpu_after) = (0, 0);
    let round_of = |time: Duration| time.as_millis() as u64 / 20;
    for round in 0..round_of(WARM + WINDOW) + 10 {
        if round == round_of(WARM) {
            cpu_before = cpu_ns(&media);
        } else if round == round_of(WARM + WINDOW) {
            cpu_after = cpu_ns(&media);
        }
        for (index, target) in targets.iter().enumerate() {
            // The phones are spread over the 20 ms.
            let due = Duration::from_nanos(
                round * 20_000_000 + index as u64 * 20_000_000 / targets.len() as u64,
            );
            let elapsed = begin.elapsed();
            if due > elapsed + Duration::from_micros(50) {
                std::thread::sleep(due - elapsed);
            }
            let header = Header {
                marker: false,
                payload_type: 8,
                sequence: round as u16,
                timestamp: round as u32 * 160,
                ssrc: index as u32,
            };
            let mut packet = [0xD5; 172];
            packet[..12].copy_from_slice(&header.to_bytes());
            let at = (now() - begin).as_nanos() as u64;
            packet[12..20].copy_from_slice(&at.to_le_bytes());
            if (open..close).contains(&at) {
                sent_in_window += 1;
            }
            phones.send_to(&packet, target).expect("it is sent");
        }
    }
    std::thread::sleep(Duration::from_millis(300));
    is_over.store(true, Ordering::Relaxed);
    let mut late_ns = receiver.join().expect("the receiver ends");
    late_ns.sort_unstable();
    let after = resident_kib();
    let at = |share: f64| {
        let index = ((late_ns.len() as f64 * share) as usize).min(late_ns.len() - 1);
        late_ns[index] as f64 / 1e6
    };
    let cpu = (cpu_after - cpu_before) as f64;
    println!(
        "{calls:5}  {:6.1}  {:9.2}  {:7.3}  {:7.3}  {:7.3}  {:7}  {:8.1}",
        cpu / WINDOW.as_nanos() as f64 * 100.0,
        cpu / sent_in_window as f64 / 1e3,
        at(0.5),
        at(0.99),
        at(1.0),
        sent_in_window as i64 - late_ns.len() as i64,
        (after.saturating_sub(before)) as f64 / calls as f64,
    );
    engine.shutdown();
}

/// The media thread's account in /proc.
fn media_thread() -> String {
    std::fs::read_dir("/proc/self/task")
        .expect("Linux")
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .find(|path| {
            std::fs::read_to_string(format!("{path}/comm"))
                .is_ok_and(|name| name.starts_with("media-"))
        })
        .expect("the engine has a thread")
}

fn cpu_ns(thread: &str) -> u64 {
    std::fs::read_to_string(format!("{thread}/schedstat"))
        .ok()
        .and_then(|account| account.split(' ').next()?.parse().ok())
        .expect("the kernel keeps accounts")
}

fn resident_kib() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .expect("Linux")
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        })
        .expect("the kernel keeps accounts")
}
