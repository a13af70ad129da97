//! Recorded bridged calls on one media thread, on real sockets: what a packet costs and how late it gets.
//!
//! `cargo bench -p hotline-media --bench load [-- plain | sdes | webrtc] [CALLS...]`. In each call one side is a plain phone; the
//! other is that too, or a phone with SRTP keys, or a browser. One process, all sides: a thread sends for everybody, others
//! receive and take the one-way time; the media thread's processor time is the kernel's own account of it.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use dimpl::{Dtls, Output};
use hotline_media::rtp::Header;
use hotline_media::srtp::{OVERHEAD_MAX, Open, Seal};
use hotline_media::stun::{self, Password};
use hotline_media::{
    CallKey, Chunk, Config, Engine, Event, Fingerprint, Finished, Full, Hears, IceCredentials, Law,
    LegId, LocalWebRtc, RecordingKey, Remote, RemoteWebRtc, Security, SrtpKey, Suite, Tap,
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

/// What the second side of each call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Sdes,
    WebRtc,
}

/// Somebody who sends.
struct Party {
    socket: Arc<UdpSocket>,
    target: SocketAddr,
    seal: Option<Seal>,
}

fn main() {
    let (mut levels, mut kinds) = (Vec::new(), Vec::new());
    for argument in std::env::args() {
        match argument.as_str() {
            "plain" => kinds.push(Kind::Plain),
            "sdes" => kinds.push(Kind::Sdes),
            "webrtc" => kinds.push(Kind::WebRtc),
            other => levels.extend(other.parse::<u64>()),
        }
    }
    if levels.is_empty() {
        levels = vec![100, 300, 600];
    }
    if kinds.is_empty() {
        kinds = vec![Kind::Plain];
    }
    println!("kind    calls  core %  µs/packet   p50 ms   p99 ms   max ms     lost  KiB/call");
    for calls in levels {
        for kind in &kinds {
            run(*kind, calls);
        }
    }
}

fn run(kind: Kind, calls: u64) {
    let before = resident_kib();
    let (secured, is_secured) = sync_channel(calls as usize + 1);
    let mut config = Config::new(Arc::new(move |event| {
        if matches!(event, Event::Secured { .. }) {
            let _ = secured.try_send(());
        }
    }));
    config.ports = 20_000..=59_999;
    let engine = Engine::start(config).expect("the engine starts");
    let phones = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free"));
    socket2::SockRef::from(&*phones)
        .set_recv_buffer_size(8 << 20)
        .expect("a large buffer");
    let sink = Arc::new(Sink(AtomicU64::new(0)));
    let begin = now();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut ears = vec![listen(Arc::clone(&phones), None, begin, &is_over)];
    let mut parties: Vec<Party> = Vec::new();
    for call in 0..calls {
        let key = CallKey(u128::from(call));
        let legs = [LegId(u128::from(call * 2)), LegId(u128::from(call * 2 + 1))];
        parties.push(phone(&engine, legs[0], key, &phones, Security::None));
        match kind {
            Kind::Plain => parties.push(phone(&engine, legs[1], key, &phones, Security::None)),
            Kind::Sdes => {
                let [send, receive] = [1, 2]
                    .map(|seed| SrtpKey::fresh(Suite::AesCm128Sha1_80, |bytes| bytes.fill(seed)));
                let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
                let (seal, open) = (Seal::new(&receive), Open::new(&send));
                let security = Security::Sdes { send, receive };
                let mut party = phone(&engine, legs[1], key, &socket, security);
                party.seal = Some(seal);
                parties.push(party);
                ears.push(listen(socket, Some(open), begin, &is_over));
            }
            Kind::WebRtc => {
                let local = engine.open_webrtc(legs[1], key).expect("the leg opens");
                let (party, open) = browser(&engine, legs[1], &local);
                is_secured.recv().expect("it is secured");
                ears.push(listen(
                    Arc::clone(&party.socket),
                    Some(open),
                    begin,
                    &is_over,
                ));
                parties.push(party);
            }
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

    let media = media_thread();
    let start = begin.elapsed();
    let (open, close) = (start + WARM, start + WARM + WINDOW);
    let mut sent_in_window = 0_u64;
    let (mut cpu_before, mut cpu_after) = (0, 0);
    let round_of = |time: Duration| time.as_millis() as u64 / 20;
    for round in 0..round_of(WARM + WINDOW) + 10 {
        if round == round_of(WARM) {
            cpu_before = cpu_ns(&media);
        } else if round == round_of(WARM + WINDOW) {
            cpu_after = cpu_ns(&media);
        }
        let count = parties.len();
        for (index, party) in parties.iter_mut().enumerate() {
            // They are spread over the 20 ms.
            let due = start
                + Duration::from_nanos(
                    round * 20_000_000 + index as u64 * 20_000_000 / count as u64,
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
            let mut packet = [0xD5; 172 + OVERHEAD_MAX];
            packet[..12].copy_from_slice(&header.to_bytes());
            let at = now() - begin;
            packet[12..20].copy_from_slice(&(at.as_nanos() as u64).to_le_bytes());
            if (open..close).contains(&at) {
                sent_in_window += 1;
            }
            let length = match &mut party.seal {
                Some(seal) => seal.rtp(&mut packet, 172).expect("it is sealed"),
                None => 172,
            };
            party
                .socket
                .send_to(&packet[..length], party.target)
                .expect("it is sent");
        }
    }
    std::thread::sleep(Duration::from_millis(300));
    is_over.store(true, Ordering::Relaxed);
    let mut late_ns: Vec<u64> = ears
        .into_iter()
        .flat_map(|ear| ear.join().expect("the receiver ends"))
        .filter(|(at, _)| (open..close).contains(&Duration::from_nanos(*at)))
        .map(|(_, late)| late)
        .collect();
    late_ns.sort_unstable();
    let after = resident_kib();
    let at = |share: f64| {
        let index = ((late_ns.len() as f64 * share) as usize).min(late_ns.len() - 1);
        late_ns[index] as f64 / 1e6
    };
    let cpu = (cpu_after - cpu_before) as f64;
    println!(
        "{:6}  {calls:5}  {:6.1}  {:9.2}  {:7.3}  {:7.3}  {:7.3}  {:7}  {:8.1}",
        format!("{kind:?}").to_lowercase(),
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

/// Receives until it is over: when each packet was sent, and how long it took.
fn listen(
    socket: Arc<UdpSocket>,
    mut open: Option<Open>,
    begin: Instant,
    is_over: &Arc<AtomicBool>,
) -> std::thread::JoinHandle<Vec<(u64, u64)>> {
    let is_over = Arc::clone(is_over);
    std::thread::spawn(move || {
        socket
            .set_read_timeout(Some(Duration::from_millis(100)))
            .expect("a time-out");
        let (mut heard, mut packet) = (Vec::new(), [0; 2_048]);
        while !is_over.load(Ordering::Relaxed) {
            let Ok(length) = socket.recv(&mut packet) else {
                continue;
            };
            let arrived = (now() - begin).as_nanos() as u64;
            let length = match &mut open {
                Some(open) => open.rtp(&mut packet[..length]).unwrap_or(0),
                None => length,
            };
            if length == 172 {
                let at = u64::from_le_bytes(packet[12..20].try_into().expect("eight bytes"));
                heard.push((at, arrived.saturating_sub(at)));
            }
        }
        heard
    })
}

fn phone(
    engine: &Engine,
    leg: LegId,
    call: CallKey,
    socket: &Arc<UdpSocket>,
    security: Security,
) -> Party {
    let local = engine.open(leg, call).expect("the leg opens");
    let mut remote = Remote::new(socket.local_addr().expect("it is bound"), Law::A);
    remote.security = security;
    engine.connect(leg, remote).expect("the leg connects");
    Party {
        socket: Arc::clone(socket),
        target: (local.ip, local.rtp).into(),
        seal: None,
    }
}

/// Checks, shakes hands, and has its keys.
fn browser(engine: &Engine, leg: LegId, local: &LocalWebRtc) -> (Party, Open) {
    let certificate =
        dimpl::certificate::generate_self_signed_certificate().expect("a certificate");
    let mut remote = Remote::new("0.0.0.0:9".parse().expect("an address"), Law::A);
    remote.security = Security::Dtls(RemoteWebRtc {
        ice: IceCredentials {
            ufrag: "brow".into(),
            pwd: "the password of the browser".into(),
        },
        fingerprint: Fingerprint(certificate.fingerprint().try_into().expect("32 bytes")),
    });
    engine.connect(leg, remote).expect("the leg connects");
    let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free"));
    socket.connect(local.address).expect("it is connected");
    let name = format!("{}:brow", local.ice.ufrag);
    let check = stun::check(&name, &Password::new(&local.ice.pwd), true, [1; 12]);
    socket.send(&check).expect("it is sent");
    let mut datagram = [0; 2_048];
    socket.recv(&mut datagram).expect("an answer");
    let mut dtls = Dtls::new_auto(Arc::new(dimpl::Config::default()), certificate, now());
    dtls.set_active(true);
    let (mut keys, mut out) = (None, [0; 2_048]);
    dtls.handle_timeout(now()).expect("it goes on");
    while keys.is_none() {
        loop {
            match dtls.poll_output(&mut out) {
                Output::Packet(packet) => drop(socket.send(packet)),
                Output::KeyingMaterial(material, profile) => keys = Some((material, profile)),
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        if keys.is_none() {
            let length = socket.recv(&mut datagram).expect("an answer");
            dtls.handle_timeout(now()).expect("it goes on");
            dtls.handle_packet(&datagram[..length]).expect("it is DTLS");
        }
    }
    let (material, profile) = keys.expect("the loop ends with them");
    let suite = match profile {
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => Suite::AesCm128Sha1_80,
        dimpl::SrtpProfile::AEAD_AES_128_GCM => Suite::AeadAes128Gcm,
        _ => Suite::AeadAes256Gcm,
    };
    let (keys, salts) = material.split_at(suite.key_len() * 2);
    let half = |half: usize| {
        let key = &keys[half * suite.key_len()..][..suite.key_len()];
        let salt = &salts[half * suite.salt_len()..][..suite.salt_len()];
        SrtpKey::new(suite, &[key, salt].concat()).expect("keys of that length")
    };
    let party = Party {
        socket: Arc::clone(&socket),
        target: local.address,
        seal: Some(Seal::new(&half(0))),
    };
    (party, Open::new(&half(1)))
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
